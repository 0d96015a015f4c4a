//! The log that is used by default: an SQLite file, written by one thread, many entries a commit.
//!
//! Whoever has an entry puts it into a queue; the writer takes all that is there, writes it in one transaction, brings
//! that to the disk and fills the receipts. So one fsync serves all that came while the one before it ran.
//! After an error nothing of that transaction counts: its receipts say so, the file is opened anew, and what comes
//! next is tried again.

mod batch;
mod checkpoint;
mod file;
mod queue;
mod repair;
mod rows;
pub(super) mod schema;
pub(super) mod stretch;
mod writer;

use super::{AuditError, AuditErrorKind, AuditLog, Entry, Receipt};
use queue::Queue;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use writer::Writer;
pub(super) use writer::head;

/// How a log is opened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SqliteLogOptions {
    /// How long another process may hold the file before an entry counts as not written: 5 seconds.
    pub wait: Duration,
    /// The most entries that wait, apart from those that are being written; more are refused, and their actions do not
    /// run: 65,536.
    pub most_pending: usize,
}

impl Default for SqliteLogOptions {
    fn default() -> Self {
        SqliteLogOptions { wait: Duration::from_secs(5), most_pending: 65_536 }
    }
}

/// A log in an SQLite file, durable when the receipt is there.
///
/// Several processes may write one file; they take turns. Dropping the log writes what waits. A handle of the file may
/// stay open until the process ends: closing it would drop SQLite's locks.
///
/// A log that is deleted, moved or replaced while it is written takes no more entries, and none is begun in its place;
/// once the same file is back, it goes on.
///
/// # Examples
///
/// ```
/// use aegis_runtime::audit::{AuditReader, SqliteLog};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("audit.db");
/// let log = SqliteLog::open(&path)?;
/// drop(log);
/// assert_eq!(AuditReader::open(&path)?.verify(None)?.rows, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteLog {
    path: PathBuf,
    queue: Arc<Queue>,
    writer: Option<JoinHandle<()>>,
}

impl SqliteLog {
    /// Opens a log, and begins it if the file is not there or is empty.
    ///
    /// # Errors
    ///
    /// [`AuditError`] if the file cannot be opened or written, is held by another process, is no log, or is one of
    /// another version. A file that is refused is left as it is.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, AuditError> {
        Self::open_with(path, SqliteLogOptions::default())
    }

    /// As [`open`](Self::open), otherwise than by default.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: SqliteLogOptions) -> Result<Self, AuditError> {
        let path = path.as_ref().to_owned();
        let mut writer = Writer::open(&path, options.wait)?;
        let queue = Arc::new(Queue::new(options.most_pending));
        let jobs = Arc::clone(&queue);
        let thread = std::thread::Builder::new().name("aegis-audit".to_owned());
        let thread = thread.spawn(move || {
            // Also if it ends by a panic of a recorder of metrics, nobody waits for it.
            let jobs = Abandons(jobs);
            writer.run(&jobs.0);
        });
        let thread = thread.map_err(|error| {
            AuditError::new(AuditErrorKind::Io, format!("cannot start the writer of the audit log: {error}"))
        })?;
        Ok(SqliteLog { path, queue, writer: Some(thread) })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Answers what waits when the writer is gone.
struct Abandons(Arc<Queue>);

impl Drop for Abandons {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl AuditLog for SqliteLog {
    fn record(&self, entry: Entry) -> Receipt {
        let (sender, receipt) = Receipt::channel();
        self.queue.push(&entry, sender);
        receipt
    }

    fn pending(&self) -> usize {
        self.queue.len()
    }
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing left to write.
            let _ = writer.join();
        }
    }
}

impl fmt::Debug for SqliteLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteLog").field("path", &self.path).field("pending", &self.pending()).finish()
    }
}
