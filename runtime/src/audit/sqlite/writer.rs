//! The one thread that writes: entries -> rows of one transaction -> receipts.

use super::checkpoint::Checkpointer;
use super::file::{self, Files};
use super::queue::{Job, Queue};
use super::schema;
use crate::audit::chain::{Hash, genesis, link};
use crate::audit::{AuditError, AuditErrorKind, Entry, Intent, Outcome, RecordId};
use crate::telemetry;
use crate::verdict::Verdict;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The pages of the write-ahead log after which it is copied into the file within a commit, should it not have been
/// before.
const CHECKPOINT_PAGES: i64 = 16_000;

pub(super) struct Writer {
    path: PathBuf,
    wait: Duration,
    open: Option<Open>,
    /// The log's own id, and the last row of it that was acknowledged, with its hash.
    log_id: String,
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
    sessions: HashMap<Arc<str>, i64>,
    decisions: HashMap<DecisionKey, i64>,
}

/// What a decision of a policy is known by.
#[derive(PartialEq, Eq, Hash)]
struct DecisionKey {
    policy: [u8; 32],
    rule: Option<u32>,
    error: Option<String>,
}

impl Writer {
    pub(super) fn open(path: &Path, wait: Duration) -> Result<Self, AuditError> {
        // It stays the same file when the process goes to another folder.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let open = Open::new(&path, wait, "PASSIVE")?;
        let (log_id, last) = (open.log_id.clone(), open.head);
        let checkpointer = Checkpointer::new(path.clone());
        Ok(Writer { path, wait, open: Some(open), log_id, last, failed: false, checkpointer })
    }

    /// Writes what comes until the queue is closed and empty.
    pub(super) fn run(&mut self, queue: &Queue) {
        let mut jobs = Vec::new();
        let mut results = Vec::new();
        loop {
            queue.take(&mut jobs);
            if jobs.is_empty() {
                return;
            }
            results.clear();
            let written = self.write(&jobs, &mut results);
            match &written {
                Ok(()) => {
                    self.failed = false;
                    if let Some(job) = jobs.first() {
                        telemetry::audit_written(jobs.len(), job.since.elapsed());
                    }
                }
                Err(error) => {
                    // What is known of the file may be wrong now, and SQLite may hold what did not get to the disk.
                    self.open = None;
                    telemetry::audit_failed(&self.path, error, std::mem::replace(&mut self.failed, true));
                }
            }
            let rows = jobs.len();
            let mut results = results.iter();
            for job in jobs.drain(..) {
                let result = match &written {
                    Ok(()) => results.next().map_or_else(|| Err(AuditError::closed()), |&id| Ok(id)),
                    Err(error) => Err(error.clone()),
                };
                job.sender.send(result);
            }
            // Between two commits, when nobody waits for the one before.
            if written.is_ok() && self.checkpointer.committed(rows) {
                self.checkpoint();
            }
        }
    }

    /// Copies what is left of the write-ahead log into the file.
    fn checkpoint(&mut self) {
        let Some(open) = &self.open else { return };
        let copied = open.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = copied {
            let error = AuditError::sqlite(&error, "write", &self.path);
            self.open = None;
            telemetry::audit_failed(&self.path, &error, std::mem::replace(&mut self.failed, true));
        }
    }

    /// Writes all of them in one transaction, or none.
    fn write(&mut self, jobs: &[Job], results: &mut Vec<RecordId>) -> Result<(), AuditError> {
        let open = match &mut self.open {
            Some(open) => open,
            // After an error the system may hold pages that never reached the disk, and count them as written. Nothing
            // may follow them in the write-ahead log: it is emptied into the file first, whole.
            none => {
                if !self.path.exists() {
                    return Err(file::gone(&self.path));
                }
                let open = Open::new(&self.path, self.wait, "TRUNCATE")?;
                if open.log_id != self.log_id || !open.holds(self.last, &self.path)? {
                    return Err(file::gone(&self.path));
                }
                none.insert(open)
            }
        };
        open.write(jobs, results, &self.path)?;
        self.last = open.head;
        Ok(())
    }
}

impl Open {
    /// Opens the file and copies the write-ahead log into it: what can be without waiting for readers, or all.
    fn new(path: &Path, wait: Duration, checkpoint: &str) -> Result<Self, AuditError> {
        let before = file::known(path);
        let (connection, log_id) = schema::open_to_write(path, wait)?;
        let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "open", path);
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(failed)?;
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
        let mut open = Open {
            files: Files::new(path, before)?,
            connection,
            head: (0, genesis(&log_id)),
            log_id,
            data_version: -1,
            sessions: HashMap::new(),
            decisions: HashMap::new(),
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
        for job in jobs {
            let id = match &job.entry {
                Entry::Intent(intent) => self.intent(intent, &job.digests.first).map_err(failed)?,
                Entry::Outcome { of, outcome } => {
                    self.outcome(*of, outcome, &job.digests.first, path)?;
                    *of
                }
                Entry::Refusal(intent, outcome) => {
                    let id = self.intent(intent, &job.digests.first).map_err(failed)?;
                    self.outcome(id, outcome, &job.digests.second, path)?;
                    id
                }
            };
            results.push(id);
        }
        self.connection.prepare_cached("COMMIT").and_then(|mut s| s.execute([])).map_err(failed)?;
        self.files.still_there()
    }

    fn next(&mut self, intent: Option<RecordId>, digest: &[u8; 32]) -> (RecordId, Hash) {
        let id = self.head.0.saturating_add(1);
        self.head = (id, link(self.head.1, id, intent, digest));
        self.head
    }

    fn intent(&mut self, intent: &Intent, digest: &[u8; 32]) -> rusqlite::Result<RecordId> {
        let session = self.session(&intent.session)?;
        let decision = self.decision(&intent.verdict)?;
        let (id, hash) = self.next(None, digest);
        let human = intent.human.as_ref();
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO record (id, time, session, decision, action_type, action_target, action_params, action_desc, \
             human_decision, approver, approved_at, approval_shown, rollback_of, agent_id, parent_agent_id, chain_id, \
             chain_depth, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        insert.execute(params![
            id,
            intent.time,
            session,
            decision,
            intent.action_type,
            intent.action_target,
            intent.action_params,
            intent.action_desc,
            human.map(|human| human.as_str()),
            human.map(|human| &human.by),
            human.map(|human| human.at),
            human.map(|human| &human.shown),
            intent.rollback_of,
            intent.agent_id,
            intent.parent_agent_id,
            intent.chain_id,
            intent.chain_depth,
            hash.0,
        ])?;
        Ok(id)
    }

    fn outcome(
        &mut self,
        of: RecordId,
        outcome: &Outcome,
        digest: &[u8; 32],
        path: &Path,
    ) -> Result<(), AuditError> {
        if !(1..=self.head.0).contains(&of) {
            let message = format!("there is no intent {of} in the audit log `{}`", path.display());
            return Err(AuditError::new(AuditErrorKind::Misplaced, message));
        }
        let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "write", path);
        let session = self.session(&outcome.session).map_err(failed)?;
        let (id, hash) = self.next(Some(of), digest);
        let mut insert = self
            .connection
            .prepare_cached(
                "INSERT INTO record (id, intent, time, session, result_status, result_data, result_error, attempts, \
                 hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .map_err(failed)?;
        let row = params![
            id,
            of,
            outcome.time,
            session,
            outcome.status.as_str(),
            outcome.data,
            outcome.error,
            outcome.attempts,
            hash.0,
        ];
        insert.execute(row).map_err(failed)?;
        Ok(())
    }

    fn session(&mut self, name: &Arc<str>) -> rusqlite::Result<i64> {
        if let Some(&id) = self.sessions.get(name) {
            return Ok(id);
        }
        self.connection
            .prepare_cached("INSERT INTO session (name) VALUES (?) ON CONFLICT DO NOTHING")?
            .execute([&**name])?;
        let id = self
            .connection
            .prepare_cached("SELECT id FROM session WHERE name = ?")?
            .query_row([&**name], |row| row.get(0))?;
        // Sessions come and go: what is forgotten is looked up again.
        if self.sessions.len() >= 10_000 {
            self.sessions.clear();
        }
        self.sessions.insert(Arc::clone(name), id);
        Ok(id)
    }

    fn decision(&mut self, verdict: &Verdict) -> rusqlite::Result<i64> {
        let policy = verdict.policy_digest();
        let key =
            DecisionKey { policy, rule: verdict.rule_index(), error: verdict.error().map(str::to_owned) };
        if let Some(&id) = self.decisions.get(&key) {
            return Ok(id);
        }
        let found = self
            .connection
            .prepare_cached(
                "SELECT id FROM decision WHERE policy_digest = ? AND rule_index IS ? AND decision_error IS ?",
            )?
            .query_row(params![policy, key.rule, key.error], |row| row.get(0))
            .optional()?;
        let id = match found {
            Some(id) => id,
            None => {
                self.connection
                    .prepare_cached(
                        "INSERT INTO decision (approval, risk_level, matched_rule, rule_index, rule_origin, \
                         decision_error, policy_digest, policy_revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    )?
                    .execute(params![
                        verdict.approval().as_str(),
                        verdict.risk_level().as_str(),
                        verdict.rule_name(),
                        key.rule,
                        verdict.origin_text(),
                        key.error,
                        policy,
                        verdict.logged_revision(),
                    ])?;
                self.connection.last_insert_rowid()
            }
        };
        if self.decisions.len() >= 100_000 {
            self.decisions.clear();
        }
        self.decisions.insert(key, id);
        Ok(id)
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
