//! The one thread that writes: entries -> rows of one transaction -> the disk -> receipts.
//!
//! SQLite is told not to sync a commit itself (`synchronous = NORMAL`, under which it still syncs around a copy of the
//! write-ahead log); a commit counts only when the sync here, which comes after it, has succeeded.

use super::batch::Batch;
use super::checkpoint::{self, Checkpointer};
use super::file::{self, Files};
use super::queue::Queue;
use super::rows::{Names, Rows};
use super::stretch::Stretch;
use super::{repair, schema};
use crate::audit::chain::{Hash, genesis};
use crate::audit::{AuditError, RecordId};
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
        let (log_id, last) = (open.log_id.clone(), open.head);
        Ok(Writer { path, wait, open: Some(open), log_id, last, failed: false, checkpointer })
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
            let entries = batches.iter().map(Batch::len).sum();
            let receipts = batches.iter_mut().flat_map(|batch| batch.receipts.drain(..));
            match written {
                Ok(()) => {
                    self.failed = false;
                    receipts.zip(ids.drain(..)).for_each(|(receipt, id)| receipt.send(Ok(id)));
                    telemetry::audit_written(entries, since.elapsed());
                    if self.checkpointer.committed(rows) {
                        self.checkpoint();
                    }
                }
                Err(error) => {
                    ids.clear();
                    self.close(&error);
                    receipts.for_each(|receipt| receipt.send(Err(error.clone())));
                }
            }
            batches.iter_mut().for_each(Batch::clear);
        }
    }

    /// Copies what is left of the write-ahead log into the file.
    fn checkpoint(&mut self) {
        let Some(open) = &self.open else { return };
        let copied = match self.checkpointer.failed() {
            Some(error) => Err(error),
            None => checkpoint::copy_by(&open.connection, &self.path),
        };
        if let Err(error) = copied {
            // Dropped as it is, it leaves the write-ahead log to be repaired.
            self.open = None;
            self.say(&error);
        }
    }

    /// After an error: what is known of the file may be wrong now, and SQLite may hold what did not get to the disk.
    fn close(&mut self, error: &AuditError) {
        self.end();
        self.say(error);
    }

    fn say(&mut self, error: &AuditError) {
        telemetry::audit_failed(&self.path, error, std::mem::replace(&mut self.failed, true));
    }

    /// Closes the file. If no copy failed, and nobody else has it open, SQLite copies into it what is left of the
    /// write-ahead log.
    fn end(&mut self) {
        let failed = self.checkpointer.failed().is_some();
        if let Some(open) = self.open.take()
            && !failed
        {
            // A connection that cannot be told so leaves it to the next.
            let _ = open.connection.set_db_config(LEAVE, false);
        }
    }

    /// Brings all of them to the disk, in one transaction, or says that none counts. The first is there; the others are
    /// for what comes meanwhile.
    fn write(
        &mut self,
        batches: &mut [Batch],
        queue: &Queue,
        ids: &mut Vec<RecordId>,
    ) -> Result<(), AuditError> {
        let open = match &mut self.open {
            Some(open) => open,
            none => {
                if !self.path.exists() {
                    return Err(file::gone(&self.path));
                }
                let open = Open::new(&self.path, self.wait)?;
                if open.log_id != self.log_id || !open.holds(self.last, &self.path)? {
                    return Err(file::gone(&self.path));
                }
                none.insert(open)
            }
        };
        open.write(batches, queue, ids, &self.path)?;
        open.files.sync()?;
        self.last = open.head;
        Ok(())
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
        repair::write_again(&connection, path, wait)?;
        checkpoint::copy_by(&connection, path)?;
        let mut open = Open {
            files: Files::new(path, before)?,
            connection,
            head: (0, genesis(&log_id)),
            log_id,
            data_version: -1,
            names: Names::default(),
            stretch: Stretch::default(),
        };
        open.refresh().map_err(failed)?;
        Ok(open)
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
