//! The files of a log beside SQLite: whether they are still those that are written, and on the disk.

use crate::audit::{AuditError, AuditErrorKind};
use rusqlite::Connection;
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// What is copied at a time.
const CHUNK: u64 = 1 << 20;

/// The files of a log as they were when it was opened.
pub(super) struct Files {
    log: PathBuf,
    ahead: PathBuf,
    known: Known,
    /// The greatest length of the log that was seen.
    length: AtomicU64,
    /// The write-ahead log, to sync it.
    written: File,
}

/// Which files stand under the two names, and how long the first was. A log never gets shorter.
#[derive(Clone, Copy)]
struct Known {
    log: Option<(u64, u64)>,
    ahead: Option<(u64, u64)>,
    length: u64,
}

impl Files {
    /// Of a log that is open, so that both its files are there, and what stood there before.
    pub(super) fn new(path: &Path, before: Option<(u64, u64)>) -> Result<Self, AuditError> {
        let failed = |error: io::Error| AuditError::io(&error, "open", path);
        let ahead = ahead(path).map_err(failed)?;
        let known = look(path, &ahead).map_err(failed)?;
        if before.is_some() && before != known.log {
            return Err(gone(path));
        }
        // SQLite locks nothing of this file, so that no lock is lost when it is closed here.
        let written = File::options().read(true).write(true).open(&ahead).map_err(failed)?;
        if written.metadata().ok().as_ref().and_then(identity) != known.ahead {
            return Err(gone(path));
        }
        let length = AtomicU64::new(known.length);
        Ok(Files { log: path.to_owned(), ahead, known, length, written })
    }

    /// Brings to the disk what stands in the write-ahead log, and looks whether it is still where it was.
    pub(super) fn sync(&self) -> Result<(), AuditError> {
        self.written.sync_data().map_err(|error| AuditError::io(&error, "write", &self.log))?;
        self.still_there()
    }

    /// Whether whoever opens the log now finds what this process writes. SQLite goes on writing a file that was
    /// deleted or moved away; what it says is written then is lost.
    fn still_there(&self) -> Result<(), AuditError> {
        let now = look(&self.log, &self.ahead).ok().filter(|now| {
            now.log == self.known.log
                && now.ahead == self.known.ahead
                && now.length >= self.length.fetch_max(now.length, Ordering::Relaxed)
        });
        now.map(drop).ok_or_else(|| gone(&self.log))
    }
}

/// Which file a path names, if there is one.
pub(super) fn known(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().as_ref().and_then(identity)
}

/// A log that is not where it was.
pub(super) fn gone(path: &Path) -> AuditError {
    let message = format!(
        "the audit log `{}`, or its write-ahead log, was deleted, moved or replaced while it was written: no action \
         runs until it is back, or another is begun by starting this program anew",
        path.display()
    );
    AuditError::new(AuditErrorKind::Io, message)
}

/// Makes sure that what stands in the write-ahead log is on the disk, before anything follows it.
///
/// A process may have ended after a sync that failed. The system then holds pages that never reached the disk, and
/// counts them as written: no later sync writes them. So they are written again, as they are. Nobody else writes
/// meanwhile, and who reads finds the same bytes. SQLite locks nothing of this file, so that no lock is lost when it
/// is closed here.
pub(super) fn settle(connection: &Connection, path: &Path, frames: i64) -> Result<(), AuditError> {
    let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "open", path);
    if frames <= 0 {
        return Ok(());
    }
    let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(failed)?;
    // A header of 32 bytes, and one of 24 before each page.
    let length = frames.saturating_mul(page.saturating_add(24)).saturating_add(32);
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    connection.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
    let written = ahead(path).and_then(|ahead| write_again(&ahead, length));
    connection.execute_batch("ROLLBACK").map_err(failed)?;
    written.map_err(|error| AuditError::io(&error, "write", path))
}

fn write_again(path: &Path, length: u64) -> io::Result<()> {
    let mut file = match File::options().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut chunk = Vec::new();
    let mut at = 0;
    while at < length {
        chunk.clear();
        file.seek(SeekFrom::Start(at))?;
        let read = (&mut file).take(CHUNK.min(length - at)).read_to_end(&mut chunk)?;
        if read == 0 {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&chunk)?;
        at = at.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
    file.sync_data()
}

fn look(log: &Path, ahead: &Path) -> io::Result<Known> {
    let (log, ahead) = (std::fs::metadata(log)?, std::fs::metadata(ahead)?);
    Ok(Known { log: identity(&log), ahead: identity(&ahead), length: log.len() })
}

#[cfg(unix)]
fn identity(file: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((file.dev(), file.ino()))
}

/// A file that is open cannot be deleted elsewhere.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// The write-ahead log of a log: beside the file itself, if the path is a link to it.
fn ahead(path: &Path) -> io::Result<PathBuf> {
    let mut name = OsString::from(path.canonicalize()?);
    name.push("-wal");
    Ok(PathBuf::from(name))
}
