//! The one thread that writes: entries -> rows of one transaction -> what is to be synced.

use super::checkpoint::Checkpointer;
use super::file::{self, Files};
use super::queue::{Job, Queue};
use super::rows::{Names, Rows};
use super::schema;
use super::syncer::{Batch, Syncer};
use crate::audit::chain::{Hash, genesis};
use crate::audit::{AuditError, AuditErrorKind, RecordId};
use crate::telemetry;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Closing the last connection does not copy the write-ahead log into the file.
const LEAVE: DbConfig = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;

pub(super) struct Writer {
    path: PathBuf,
    wait: Duration,
    open: Option<Open>,
    /// How often the file was opened.
    openings: u64,
    /// The log's own id.
    log_id: String,
    /// Why the file is not open, said once.
    failed: bool,
    /// Whether a copy of the write-ahead log failed, so that all of it has to be copied anew.
    recopy: bool,
    syncer: Syncer,
    checkpointer: Checkpointer,
}

/// The file, open, and what is known of it.
struct Open {
    connection: Connection,
    files: Arc<Files>,
    log_id: String,
    /// The last row and its hash.
    head: (RecordId, Hash),
    /// Changes when another connection has written.
    data_version: i64,
    names: Names,
}

impl Writer {
    pub(super) fn open(path: &Path, wait: Duration) -> Result<Self, AuditError> {
        // It stays the same file when the process goes to another folder.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let open = Open::new(&path, wait, "PASSIVE")?;
        let syncer = Syncer::new(&path, open.head).map_err(|error| AuditError::io(&error, "open", &path))?;
        let checkpointer = Checkpointer::new(path.clone());
        let log_id = open.log_id.clone();
        Ok(Writer {
            path,
            wait,
            open: Some(open),
            openings: 1,
            log_id,
            failed: false,
            recopy: false,
            syncer,
            checkpointer,
        })
    }

    /// Writes what comes until the queue is closed and empty.
    pub(super) fn run(&mut self, queue: &Queue) {
        let mut jobs = Vec::new();
        let mut ids = Vec::new();
        loop {
            queue.take(&mut jobs);
            if jobs.is_empty() {
                // The connection is closed after all is on the disk.
                self.syncer.flush();
                self.drop_open();
                return;
            }
            ids.clear();
            let rows = jobs.len();
            match self.write(&jobs, &mut ids) {
                Ok((files, head)) => {
                    self.failed = false;
                    let since = jobs.first().map(|job| job.since);
                    let receipts = jobs.drain(..).map(|job| job.sender).zip(ids.drain(..)).collect();
                    self.syncer.push(Batch { opening: self.openings, files, receipts, head, since });
                    if self.checkpointer.committed(rows) {
                        self.checkpoint();
                    }
                }
                Err(error) => {
                    self.close(&error);
                    jobs.drain(..).for_each(|job| job.sender.send(Err(error.clone())));
                }
            }
        }
    }

    /// Copies what is left of the write-ahead log into the file.
    fn checkpoint(&mut self) {
        let Some(open) = &self.open else { return };
        let copied = match self.checkpointer.failed() {
            Some(error) => Err(error),
            None => open
                .connection
                .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
                .map_err(|error| AuditError::sqlite(&error, "write", &self.path)),
        };
        if let Err(error) = copied {
            self.recopy = true;
            self.close(&error);
        }
    }

    /// After an error: what is known of the file may be wrong now, and SQLite may hold what did not get to the disk.
    fn close(&mut self, error: &AuditError) {
        // What was committed before is answered first, while its files are what they were.
        self.syncer.flush();
        self.drop_open();
        telemetry::audit_failed(&self.path, error, std::mem::replace(&mut self.failed, true));
    }

    /// Closes the file. If a copy failed it is left as it is: SQLite would copy what is left, and be done.
    fn drop_open(&mut self) {
        self.recopy |= self.checkpointer.failed().is_some();
        if let Some(open) = self.open.take()
            && self.recopy
        {
            // A connection that cannot be told so is one that cannot copy.
            let _ = open.connection.set_db_config(LEAVE, true);
        }
    }

    /// Writes all of them in one transaction, or none.
    fn write(
        &mut self,
        jobs: &[Job],
        ids: &mut Vec<RecordId>,
    ) -> Result<(Arc<Files>, (RecordId, Hash)), AuditError> {
        if self.syncer.has_failed(self.openings) {
            self.syncer.flush();
            self.drop_open();
        }
        let open = match &mut self.open {
            Some(open) => open,
            // After an error the system may hold pages that never reached the disk, and count them as written. Nothing
            // may follow them in the write-ahead log: it is emptied into the file first, whole.
            none => {
                if !self.path.exists() {
                    return Err(file::gone(&self.path));
                }
                if self.recopy {
                    schema::copy_anew(&self.path, self.wait)?;
                    self.recopy = false;
                }
                let open = Open::new(&self.path, self.wait, "TRUNCATE")
                    .inspect_err(|error| self.recopy = error.kind() != AuditErrorKind::Locked)?;
                if open.log_id != self.log_id || !open.holds(self.syncer.last(), &self.path)? {
                    return Err(file::gone(&self.path));
                }
                self.openings += 1;
                none.insert(open)
            }
        };
        open.write(jobs, ids, &self.path)?;
        Ok((Arc::clone(&open.files), open.head))
    }
}

impl Open {
    /// Opens the file and copies the write-ahead log into it: what can be without waiting for readers, or all.
    fn new(path: &Path, wait: Duration, checkpoint: &str) -> Result<Self, AuditError> {
        let before = file::known(path);
        let (connection, log_id) = schema::open_to_write(path, wait)?;
        let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "open", path);
        connection.set_db_config(LEAVE, true).map_err(failed)?;
        // An error of a copy within a commit would be told to nobody.
        connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(failed)?;
        // The sync of a commit is the syncer's.
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(16);
        let (held, frames): (i64, i64) = connection
            .query_row(&format!("PRAGMA wal_checkpoint({checkpoint})"), [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .map_err(failed)?;
        if held != 0 && checkpoint != "PASSIVE" {
            let message = format!(
                "cannot empty the write-ahead log of `{}` after an error while others read it: no action runs until \
                 they have ended",
                path.display()
            );
            return Err(AuditError::new(AuditErrorKind::Locked, message));
        }
        file::settle(&connection, path, frames)?;
        connection.set_db_config(LEAVE, false).map_err(failed)?;
        let mut open = Open {
            files: Arc::new(Files::new(path, before)?),
            connection,
            head: (0, genesis(&log_id)),
            log_id,
            data_version: -1,
            names: Names::default(),
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
            self.data_version = version;
        }
        Ok(())
    }

    fn write(&mut self, jobs: &[Job], results: &mut Vec<RecordId>, path: &Path) -> Result<(), AuditError> {
        let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "write", path);
        self.connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut s| s.execute([])).map_err(failed)?;
        // Dropping the connection rolls back.
        self.refresh().map_err(failed)?;
        let mut rows = Rows::new(&self.connection, &mut self.names, &mut self.head, path)?;
        for job in jobs {
            results.push(rows.add(job)?);
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
