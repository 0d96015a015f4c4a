//! The rows of one transaction: entries -> rows, chained.

use super::batch::{Batch, Kind, Row};
use super::stretch::{self, Stretch};
use crate::audit::chain::{Hash, link};
use crate::audit::{AuditError, AuditErrorKind, RecordId};
use crate::verdict::Verdict;
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// What the file has under which number: forgotten with the connection, as a transaction that failed may have put it
/// there.
#[derive(Default)]
pub(super) struct Names {
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

/// Adds rows to a transaction. The statements are found once for all of them.
pub(super) struct Rows<'a> {
    connection: &'a Connection,
    intent: CachedStatement<'a>,
    plain: CachedStatement<'a>,
    outcome: CachedStatement<'a>,
    names: &'a mut Names,
    /// The last row and its hash.
    head: &'a mut (RecordId, Hash),
    stretch: &'a mut Stretch,
    path: &'a Path,
}

const INTENT: &str = "INSERT INTO record (id, time, session, decision, action_type, action_target, action_params, \
    action_desc, human_decision, approver, approved_at, approval_shown, rollback_of, agent_id, parent_agent_id, \
    chain_id, chain_depth, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Of an intent that nobody was asked about, without a description, an agent, a chain, or something to roll back.
const PLAIN: &str = "INSERT INTO record (id, time, session, decision, action_type, action_target, action_params, \
    chain_depth, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

const OUTCOME: &str = "INSERT INTO record (id, intent, time, session, result_status, result_data, result_error, \
    attempts, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

impl<'a> Rows<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        names: &'a mut Names,
        head: &'a mut (RecordId, Hash),
        stretch: &'a mut Stretch,
        path: &'a Path,
    ) -> Result<Self, AuditError> {
        let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "write", path);
        let intent = connection.prepare_cached(INTENT).map_err(failed)?;
        let plain = connection.prepare_cached(PLAIN).map_err(failed)?;
        let outcome = connection.prepare_cached(OUTCOME).map_err(failed)?;
        Ok(Rows { connection, intent, plain, outcome, names, head, stretch, path })
    }

    /// Adds rows; says of each entry the number of its intent.
    pub(super) fn add(&mut self, batch: &Batch, ids: &mut Vec<RecordId>) -> Result<(), AuditError> {
        let path = self.path;
        let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "write", path);
        let sessions = batch.sessions.iter().map(|name| self.session(name));
        let sessions = sessions.collect::<rusqlite::Result<Vec<_>>>().map_err(failed)?;
        let decisions = batch.verdicts.iter().map(|verdict| self.decision(verdict));
        let decisions = decisions.collect::<rusqlite::Result<Vec<_>>>().map_err(failed)?;
        for row in &batch.rows {
            let session = sessions.get(row.session).copied().unwrap_or_default();
            let (intent, answers) = match &row.kind {
                Kind::Outcome { of: Some(of), .. } if !(1..=self.head.0).contains(of) => {
                    return Err(self.misplaced(*of));
                }
                Kind::Outcome { of, .. } => (Some(of.unwrap_or(self.head.0)), of.is_some()),
                Kind::Intent { .. } => (None, true),
            };
            let id = self.head.0.saturating_add(1);
            *self.head = (id, link(self.head.1, id, intent, &row.digest));
            self.row(batch, row, session, &decisions, intent).map_err(failed)?;
            if answers {
                ids.push(intent.unwrap_or(id));
            }
            if intent.is_none() {
                self.stretch.add(row.time, session);
            }
            if stretch::ends_with(id) {
                self.stretch.write(self.connection, id).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Adds one row: the head is its number and its hash.
    fn row(
        &mut self,
        batch: &Batch,
        row: &Row,
        session: i64,
        decisions: &[i64],
        intent: Option<RecordId>,
    ) -> rusqlite::Result<()> {
        let (id, hash) = *self.head;
        match &row.kind {
            Kind::Intent { verdict, human, rollback_of, chain_depth } => {
                let [kind, target, action_params, others @ ..] = batch.texts(row);
                let decision = decisions.get(*verdict);
                if human.is_none() && rollback_of.is_none() && others == [None; 6] {
                    self.plain.execute(params![
                        id,
                        row.time,
                        session,
                        decision,
                        kind,
                        target,
                        action_params,
                        chain_depth,
                        hash.0
                    ])?;
                    return Ok(());
                }
                let [desc, by, shown, agent, parent, chain] = others;
                self.intent.execute(params![
                    id,
                    row.time,
                    session,
                    decision,
                    kind,
                    target,
                    action_params,
                    desc,
                    human.map(|(said, _)| said),
                    by,
                    human.map(|(_, at)| at),
                    shown,
                    rollback_of,
                    agent,
                    parent,
                    chain,
                    chain_depth,
                    hash.0,
                ])?;
            }
            Kind::Outcome { status, attempts, .. } => {
                let [data, error, ..] = batch.texts(row);
                self.outcome.execute(params![
                    id,
                    intent,
                    row.time,
                    session,
                    status.as_str(),
                    data,
                    error,
                    attempts,
                    hash.0,
                ])?;
            }
        }
        Ok(())
    }

    fn misplaced(&self, of: RecordId) -> AuditError {
        let message = format!("there is no intent {of} in the audit log `{}`", self.path.display());
        AuditError::new(AuditErrorKind::Misplaced, message)
    }

    fn session(&mut self, name: &Arc<str>) -> rusqlite::Result<i64> {
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
