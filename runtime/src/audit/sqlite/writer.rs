//! The one thread that writes: entries -> rows of one transaction -> the disk -> receipts.
//!
//! SQLite is told not to sync a commit itself (`synchronous = NORMAL`, under which it still syncs around a copy of the
//! write-ahead log); a commit counts only when the sync here, which comes after it, has succeeded.

use super::batch::Batch;
use super::checkpoint::{self, Checkpointer};
use super::file::{self, Files, Identity};
use super::queue::Queue;
use super::rows::{Names, Rows};
use super::stretch::Stretch;
use super::{repair, schema};
use crate::audit::chain::{Hash, genesis};
use crate::audit::{AuditError, AuditErrorKind, RecordId};
use crate::telemetry;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often entries are taken for one commit: while some are written, more come.
const TAKES: usize = 3;

/// Closing the last connection does not copy the write-ahead log into the file.
const LEAVE: DbConfig = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;

pub(super) struct Writer {
    path: PathBuf,
    wait: Duration,
    open: Option<Open>,
    /// The log's own id.
    log_id: String,
    /// The last row that was acknowledged, and its hash.
    last: (RecordId, Hash),
    /// Which file it is.
    known: Identity,
    /// Why the file is not open, said once.
    failed: bool,
    checkpointer: Checkpointer,
}

/// The file, open, and what is known of it.
struct Open {
    connection: Connection,
    files: Files,
    log_id: String,
    /// The last row and its hash.
    head: (RecordId, Hash),
    /// Changes when another connection has written.
    data_version: i64,
    names: Names,
    stretch: Stretch,
}

impl Writer {
    pub(super) fn open(path: &Path, wait: Duration) -> Result<Self, AuditError> {
        // It stays the same file when the process goes to another folder.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let open = Open::new(&path, wait)?;
        let checkpointer = Checkpointer::new(path.clone());
        let (log_id, last, known) = (open.log_id.clone(), open.head, open.files.identity());
        Ok(Writer { path, wait, open: Some(open), log_id, last, known, failed: false, checkpointer })
    }

    /// Writes what comes until the queue is closed and empty.
    pub(super) fn run(&mut self, queue: &Queue) {
        let mut batches: [Batch; TAKES] = std::array::from_fn(|_| Batch::default());
        let mut ids = Vec::new();
        loop {
            let [first, ..] = &mut batches;
            queue.take(first);
            let Some(since) = first.since else { return self.end() };
            let written = self.write(&mut batches, queue, &mut ids);
            let rows = batches.iter().map(|batch| batch.rows.len()).sum();
            let bytes = batches.iter().map(Batch::bytes).sum();
            let entries = batches.iter().map(Batch::len).sum();
            let receipts = batches.iter_mut().flat_map(|batch| batch.receipts.drain(..));
            match written {
                Ok(()) => {
                    self.failed = false;
                    receipts.zip(ids.drain(..)).for_each(|(receipt, id)| receipt.send(Ok(id)));
                    telemetry::audit_written(entries, since.elapsed());
                    self.copy(rows, bytes);
                }
                Err(error) => {
                    ids.clear();
                    self.say(&error);
                    receipts.for_each(|receipt| receipt.send(Err(error.clone())));
                }
            }
            batches.iter_mut().for_each(Batch::clear);
        }
    }

    /// After a commit: copies what is left of the write-ahead log into the file, if it is time.
    fn copy(&mut self, rows: usize, bytes: usize) {
        let Some(open) = &self.open else { return };
        if !self.checkpointer.committed(rows, bytes, open.files.copied()) {
            return;
        }
        let copied = match self.checkpointer.failed() {
            Some(error) => Err(error),
            None => open.copy_all("FULL", self.wait, &self.path),
        };
        if let Err(error) = copied {
            // Dropped as it is, it leaves the write-ahead log to be repaired.
            self.open = None;
            self.say(&error);
        }
    }

    fn say(&mut self, error: &AuditError) {
        telemetry::audit_failed(&self.path, error, std::mem::replace(&mut self.failed, true));
    }

    /// Closes a file whose commits are all on the disk, and copies into it what is left of the write-ahead log, unless a
    /// copy failed.
    fn end(&mut self) {
        let failed = self.checkpointer.failed().is_some();
        if let Some(open) = self.open.take()
            && !failed
            && open.copy_all("TRUNCATE", self.wait, &self.path).is_ok()
        {
            // A connection that cannot be told so leaves it to the next.
            let _ = open.connection.set_db_config(LEAVE, false);
        }
    }

    /// Brings all of them to the disk, in one transaction, or says that none counts. The first is there; the others are
    /// for what comes meanwhile.
    ///
    /// After an error of the file what is known of it may be wrong, and SQLite may hold what did not get to the disk:
    /// it is opened anew for the next entries, and nothing is copied before it was repaired.
    fn write(
        &mut self,
        batches: &mut [Batch],
        queue: &Queue,
        ids: &mut Vec<RecordId>,
    ) -> Result<(), AuditError> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.reopen()?,
        };
        if let Err(error) = open.write(batches, queue, ids, &self.path) {
            let of_file = !matches!(error.kind(), AuditErrorKind::Locked | AuditErrorKind::Misplaced);
            if !of_file && open.roll_back().is_ok() {
                self.open = Some(open);
            }
            return Err(error);
        }
        open.files.sync()?;
        let still_there = open.files.still_there();
        let head = open.head;
        self.open = Some(open);
        if !still_there {
            // What was acknowledged is saved into the file, wherever it is now.
            self.end();
            return Err(file::gone(&self.path));
        }
        self.last = head;
        Ok(())
    }

    /// Opens the log again, if it is the one that was written.
    fn reopen(&self) -> Result<Open, AuditError> {
        // Looked at before SQLite does: it would apply the write-ahead log to whatever stands there.
        if !self.path.exists() || file::known(&self.path) != self.known {
            return Err(file::gone(&self.path));
        }
        let open = Open::new(&self.path, self.wait)?;
        if open.log_id == self.log_id && open.holds(self.last, &self.path)? {
            Ok(open)
        } else {
            Err(file::gone(&self.path))
        }
    }
}

impl Open {
    /// Opens the file, as it is on the disk.
    fn new(path: &Path, wait: Duration) -> Result<Self, AuditError> {
        let before = file::known(path);
        let (connection, log_id) = schema::open_to_write(path, wait)?;
        let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "open", path);
        connection.set_db_config(LEAVE, true).map_err(failed)?;
        // An error of a copy within a commit would be told to nobody.
        connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(failed)?;
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(16);
        let files = Files::new(path, before)?;
        repair::write_again(&connection, files.written(), path, wait)?;
        let mut open = Open {
            files,
            connection,
            head: (0, genesis(&log_id)),
            log_id,
            data_version: -1,
            names: Names::default(),
            stretch: Stretch::default(),
        };
        open.refresh().map_err(failed)?;
        open.copy_all("PASSIVE", wait, path)?;
        Ok(open)
    }

    /// Copies what can be copied of the write-ahead log into the file, without waiting for anybody.
    fn copy_all(&self, mode: &str, wait: Duration, path: &Path) -> Result<(), AuditError> {
        let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "write", path);
        self.connection.busy_timeout(Duration::ZERO).map_err(failed)?;
        let copied = checkpoint::copy_all(&self.connection, self.files.written(), mode, path);
        self.connection.busy_timeout(wait).map_err(failed)?;
        copied
    }

    /// Takes back a transaction that failed, if it was begun, and all that is known of the file.
    fn roll_back(&mut self) -> rusqlite::Result<()> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        self.names = Names::default();
        self.data_version = -1;
        Ok(())
    }

    /// Whether a row that was acknowledged is there.
    fn holds(&self, (id, hash): (RecordId, Hash), path: &Path) -> Result<bool, AuditError> {
        let found: Option<[u8; 32]> = self
            .connection
            .query_row("SELECT hash FROM record WHERE id = ?", [id], |row| row.get(0))
            .optional()
            .map_err(|error| AuditError::sqlite(&error, "read", path))?;
        Ok(id == 0 || found == Some(hash.0))
    }

    /// Looks again at what another connection may have changed.
    fn refresh(&mut self) -> rusqlite::Result<()> {
        let version: i64 =
            self.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if version != self.data_version {
            self.head = head(&self.connection, &self.log_id)?;
            self.stretch = Stretch::from(self.head.0.saturating_add(1));
            self.data_version = version;
        }
        Ok(())
    }

    fn write(
        &mut self,
        batches: &mut [Batch],
        queue: &Queue,
        ids: &mut Vec<RecordId>,
        path: &Path,
    ) -> Result<(), AuditError> {
        let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "write", path);
        self.connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut s| s.execute([])).map_err(failed)?;
        // Dropping the connection rolls back.
        self.refresh().map_err(failed)?;
        let mut rows = Rows::new(&self.connection, &mut self.names, &mut self.head, &mut self.stretch, path)?;
        for (at, batch) in batches.iter_mut().enumerate() {
            if at > 0 && !queue.take_more(batch) {
                break;
            }
            rows.add(batch, ids)?;
        }
        drop(rows);
        self.connection.prepare_cached("COMMIT").and_then(|mut s| s.execute([])).map_err(failed)?;
        Ok(())
    }
}

/// The last row of a log and its hash.
pub(in crate::audit) fn head(connection: &Connection, log_id: &str) -> rusqlite::Result<(RecordId, Hash)> {
    let last = connection
        .prepare_cached("SELECT id, hash FROM record ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, Hash(row.get(1)?))))
        .optional()?;
    Ok(last.unwrap_or_else(|| (0, genesis(log_id))))
}
