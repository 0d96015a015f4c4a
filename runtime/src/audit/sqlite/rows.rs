//! The rows of one transaction: entries -> rows, chained.

use super::queue::Job;
use crate::audit::chain::{Hash, link};
use crate::audit::{AuditError, AuditErrorKind, Entry, Intent, Outcome, RecordId};
use crate::verdict::Verdict;
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// What the file has under which number: forgotten with the connection, as a transaction that failed may have put it
/// there.
#[derive(Default)]
pub(super) struct Names {
    /// The last one that was asked for.
    session: Option<(Arc<str>, i64)>,
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

/// Adds rows to a transaction. The two statements are found once for all of them.
pub(super) struct Rows<'a> {
    connection: &'a Connection,
    intent: CachedStatement<'a>,
    outcome: CachedStatement<'a>,
    names: &'a mut Names,
    /// The last row and its hash.
    head: &'a mut (RecordId, Hash),
    path: &'a Path,
}

const INTENT: &str = "INSERT INTO record (id, time, session, decision, action_type, action_target, action_params, \
    action_desc, human_decision, approver, approved_at, approval_shown, rollback_of, agent_id, parent_agent_id, \
    chain_id, chain_depth, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const OUTCOME: &str = "INSERT INTO record (id, intent, time, session, result_status, result_data, result_error, \
    attempts, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

impl<'a> Rows<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        names: &'a mut Names,
        head: &'a mut (RecordId, Hash),
        path: &'a Path,
    ) -> Result<Self, AuditError> {
        let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "write", path);
        let intent = connection.prepare_cached(INTENT).map_err(failed)?;
        let outcome = connection.prepare_cached(OUTCOME).map_err(failed)?;
        Ok(Rows { connection, intent, outcome, names, head, path })
    }

    /// Adds the rows of an entry; says the number of its intent.
    pub(super) fn add(&mut self, job: &Job) -> Result<RecordId, AuditError> {
        let path = self.path;
        let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "write", path);
        match &job.entry {
            Entry::Intent(intent) => self.add_intent(intent, &job.digests.first).map_err(failed),
            Entry::Outcome { of, outcome } => {
                self.add_outcome(*of, outcome, &job.digests.first)?;
                Ok(*of)
            }
            Entry::Refusal(intent, outcome) => {
                let id = self.add_intent(intent, &job.digests.first).map_err(failed)?;
                self.add_outcome(id, outcome, &job.digests.second)?;
                Ok(id)
            }
        }
    }

    fn next(&mut self, intent: Option<RecordId>, digest: &[u8; 32]) -> (RecordId, Hash) {
        let id = self.head.0.saturating_add(1);
        *self.head = (id, link(self.head.1, id, intent, digest));
        *self.head
    }

    fn add_intent(&mut self, intent: &Intent, digest: &[u8; 32]) -> rusqlite::Result<RecordId> {
        let session = self.session(&intent.session)?;
        let decision = self.decision(&intent.verdict)?;
        let (id, hash) = self.next(None, digest);
        let human = intent.human.as_ref();
        self.intent.execute(params![
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

    fn add_outcome(&mut self, of: RecordId, outcome: &Outcome, digest: &[u8; 32]) -> Result<(), AuditError> {
        if !(1..=self.head.0).contains(&of) {
            let message = format!("there is no intent {of} in the audit log `{}`", self.path.display());
            return Err(AuditError::new(AuditErrorKind::Misplaced, message));
        }
        let path = self.path;
        let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "write", path);
        let session = self.session(&outcome.session).map_err(failed)?;
        let (id, hash) = self.next(Some(of), digest);
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
        self.outcome.execute(row).map_err(failed)?;
        Ok(())
    }

    fn session(&mut self, name: &Arc<str>) -> rusqlite::Result<i64> {
        if let Some((last, id)) = &self.names.session
            && Arc::ptr_eq(last, name)
        {
            return Ok(*id);
        }
        let id = self.session_of(name)?;
        self.names.session = Some((Arc::clone(name), id));
        Ok(id)
    }

    fn session_of(&mut self, name: &Arc<str>) -> rusqlite::Result<i64> {
        if let Some(&id) = self.names.sessions.get(name) {
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
        if self.names.sessions.len() >= 10_000 {
            self.names.sessions.clear();
        }
        self.names.sessions.insert(Arc::clone(name), id);
        Ok(id)
    }

    fn decision(&mut self, verdict: &Verdict) -> rusqlite::Result<i64> {
        let policy = verdict.policy_digest();
        let key =
            DecisionKey { policy, rule: verdict.rule_index(), error: verdict.error().map(str::to_owned) };
        if let Some(&id) = self.names.decisions.get(&key) {
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
        if self.names.decisions.len() >= 100_000 {
            self.names.decisions.clear();
        }
        self.names.decisions.insert(key, id);
        Ok(id)
    }
}
