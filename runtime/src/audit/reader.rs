//! Reading a log: actions by filter, one after the other, whatever their number.

use super::chain::Hash;
use super::sqlite::{head, schema};
use super::{AuditError, RecordId, Status};
use crate::time::rfc3339;
use aegis_vm::RiskLevel;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use serde::{Serialize, Serializer};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// A log, open for reading alone; whoever writes it is not held up.
#[derive(Debug)]
pub struct AuditReader {
    pub(super) connection: Connection,
    pub(super) log_id: String,
    pub(super) path: PathBuf,
}

/// The end of a log's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last row; 0 if there is none.
    pub row: RecordId,
    /// Its hash: what to keep elsewhere.
    pub hash: Hash,
}

/// Which actions to read. Each field that is set must hold.
///
/// # Examples
///
/// ```
/// use aegis_runtime::audit::{Filter, Status};
///
/// let mut filter = Filter::default();
/// filter.action_type = Some("deploy".to_owned());
/// filter.result = Some(Status::Blocked);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// The session, exactly.
    pub session: Option<String>,
    /// The action's type, exactly.
    pub action_type: Option<String>,
    /// The risk level.
    pub risk_level: Option<RiskLevel>,
    /// The result; [`Status::Unknown`] also for intents without an outcome.
    pub result: Option<Status>,
    /// The agent, exactly.
    pub agent: Option<String>,
    /// Microseconds after 1970, from which on.
    pub since: Option<i64>,
    /// Microseconds after 1970, before which.
    pub until: Option<i64>,
    /// Only the last so many of what is left.
    pub last: Option<u32>,
}

/// An action as a log has it: both its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditRow {
    /// The number of the intent.
    pub id: RecordId,
    /// The session of the runtime.
    pub session_id: String,
    /// When it was decided, in microseconds after 1970; as JSON, RFC 3339.
    #[serde(serialize_with = "time")]
    pub timestamp: i64,
    /// The action's type.
    pub action_type: String,
    /// The action's target.
    pub action_target: String,
    /// The params, as JSON, redacted.
    #[serde(serialize_with = "raw")]
    pub action_params: Option<String>,
    /// What the action is for.
    pub action_desc: Option<String>,
    /// `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`.
    pub risk_level: String,
    /// `auto`, `approve` or `block`.
    pub approval: String,
    /// The rule's name.
    pub matched_rule: String,
    /// `approved` or `denied`, if someone was asked.
    pub human_decision: Option<String>,
    /// How it ended; `unknown` without an outcome.
    pub result_status: String,
    /// What it gave back, as JSON.
    #[serde(serialize_with = "raw")]
    pub result_data: Option<String>,
    /// What went wrong.
    pub result_error: Option<String>,
    /// The agent that acted.
    pub agent_id: Option<String>,
    /// The agent that had it done.
    pub parent_agent_id: Option<String>,
    /// The chain of delegations.
    pub chain_id: Option<String>,
    /// How deep in the chain the action stood.
    pub chain_depth: i64,
    /// The digest of the policy, in hexadecimal.
    pub policy_digest: String,
    /// The policy's revision.
    pub policy_revision: i64,
    /// Where the rule stands.
    pub rule_origin: Option<String>,
    /// Why the action could not be judged.
    pub decision_error: Option<String>,
    /// Who answered.
    pub approver: Option<String>,
    /// When, in microseconds after 1970; as JSON, RFC 3339.
    #[serde(serialize_with = "maybe_time")]
    pub approved_at: Option<i64>,
    /// What they saw.
    pub approval_shown: Option<String>,
    /// The intent that this action rolled back.
    pub rollback_of: Option<RecordId>,
    /// The number of the outcome.
    pub outcome_id: Option<RecordId>,
    /// When it ended, in microseconds after 1970; as JSON, RFC 3339.
    #[serde(serialize_with = "maybe_time")]
    pub ended_at: Option<i64>,
    /// How often it was begun.
    pub attempts: Option<i64>,
    /// The hash of the intent, in hexadecimal.
    pub hash: String,
}

fn time<S: Serializer>(micros: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*micros))
}

#[expect(clippy::ref_option, reason = "serde's form")]
fn maybe_time<S: Serializer>(micros: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    micros.map(rfc3339).serialize(serializer)
}

/// JSON within JSON as it is; what is none, as text.
#[expect(clippy::ref_option, reason = "serde's form")]
fn raw<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(text) = text else { return serializer.serialize_none() };
    match serde_json::from_str::<&serde_json::value::RawValue>(text) {
        Ok(raw) => raw.serialize(serializer),
        Err(_) => serializer.serialize_str(text),
    }
}

/// The columns of an [`AuditRow`], in its order.
const COLUMNS: &str = "i.id, s.name, i.time, i.action_type, i.action_target, i.action_params, i.action_desc, \
    upper(d.risk_level), d.approval, d.matched_rule, i.human_decision, coalesce(o.result_status, 'unknown'), \
    o.result_data, o.result_error, i.agent_id, i.parent_agent_id, i.chain_id, i.chain_depth, \
    lower(hex(d.policy_digest)), d.policy_revision, d.rule_origin, d.decision_error, i.approver, i.approved_at, \
    i.approval_shown, i.rollback_of, o.id, o.time, o.attempts, lower(hex(i.hash))";

const TABLES: &str = "record i CROSS JOIN session s ON s.id = i.session CROSS JOIN decision d ON d.id = i.decision \
    LEFT JOIN record o ON o.intent = i.id";

impl AuditRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(AuditRow {
            id: row.get(0)?,
            session_id: row.get(1)?,
            timestamp: row.get(2)?,
            action_type: row.get(3)?,
            action_target: row.get(4)?,
            action_params: row.get(5)?,
            action_desc: row.get(6)?,
            risk_level: row.get(7)?,
            approval: row.get(8)?,
            matched_rule: row.get(9)?,
            human_decision: row.get(10)?,
            result_status: row.get(11)?,
            result_data: row.get(12)?,
            result_error: row.get(13)?,
            agent_id: row.get(14)?,
            parent_agent_id: row.get(15)?,
            chain_id: row.get(16)?,
            chain_depth: row.get(17)?,
            policy_digest: row.get(18)?,
            policy_revision: row.get(19)?,
            rule_origin: row.get(20)?,
            decision_error: row.get(21)?,
            approver: row.get(22)?,
            approved_at: row.get(23)?,
            approval_shown: row.get(24)?,
            rollback_of: row.get(25)?,
            outcome_id: row.get(26)?,
            ended_at: row.get(27)?,
            attempts: row.get(28)?,
            hash: row.get(29)?,
        })
    }
}

/// How often a rule decided, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleCount {
    /// The rule's name.
    pub rule: String,
    /// Where it stands.
    pub origin: Option<String>,
    /// What it says.
    pub approval: String,
    /// The actions that it decided.
    pub actions: u64,
    /// Those that ended so, in the order of [`Status::ALL`].
    pub by_status: [u64; Status::ALL.len()],
}

impl AuditReader {
    /// Opens a log.
    ///
    /// # Errors
    ///
    /// [`AuditError`] if the file is not there, cannot be read, is no log, or is one of another version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, AuditError> {
        let path = path.as_ref().to_owned();
        let (connection, log_id) = schema::open_to_read(&path)?;
        Ok(AuditReader { connection, log_id, path })
    }

    pub(super) fn failed(&self) -> impl Fn(rusqlite::Error) -> AuditError + '_ {
        |error| AuditError::sqlite(&error, "read", &self.path)
    }

    /// The end of the chain.
    ///
    /// # Errors
    ///
    /// [`AuditError`] if the log cannot be read.
    pub fn head(&self) -> Result<Head, AuditError> {
        let (row, hash) = head(&self.connection, &self.log_id).map_err(self.failed())?;
        Ok(Head { row, hash })
    }

    /// Gives the actions that pass the filter to a closure, in order, until it breaks; one is in memory at a time.
    /// (With [`Filter::last`], so many.) Says how many were given.
    ///
    /// # Errors
    ///
    /// [`AuditError`] if the log cannot be read.
    pub fn query(
        &self,
        filter: &Filter,
        mut each: impl FnMut(AuditRow) -> ControlFlow<()>,
    ) -> Result<u64, AuditError> {
        let (sql, values) = sql(filter);
        let mut statement = self.connection.prepare_cached(&sql).map_err(self.failed())?;
        let mut rows = statement.query(params_from_iter(values)).map_err(self.failed())?;
        let mut given = 0;
        while let Some(row) = rows.next().map_err(self.failed())? {
            given += 1;
            if each(AuditRow::read(row).map_err(self.failed())?).is_break() {
                break;
            }
        }
        Ok(given)
    }

    /// How the query of a filter is answered, as SQLite says it: which index, one step a line.
    ///
    /// # Errors
    ///
    /// [`AuditError`] if the log cannot be read.
    pub fn query_plan(&self, filter: &Filter) -> Result<String, AuditError> {
        let (sql, values) = sql(filter);
        let mut statement =
            self.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).map_err(self.failed())?;
        let rows = statement.query_map(params_from_iter(values), |row| row.get::<_, String>(3));
        let steps: rusqlite::Result<Vec<String>> = rows.map_err(self.failed())?.collect();
        Ok(steps.map_err(self.failed())?.join("\n"))
    }

    /// How often each rule decided, the most frequent first.
    ///
    /// # Errors
    ///
    /// [`AuditError`] if the log cannot be read.
    pub fn rules(&self, filter: &Filter) -> Result<Vec<RuleCount>, AuditError> {
        let (mut conditions, mut values) = conditions(filter);
        if let Some(last) = filter.last {
            conditions =
                format!("i.id IN (SELECT i.id FROM {TABLES} WHERE {conditions} ORDER BY i.id DESC LIMIT ?)");
            values.push(Value::Integer(i64::from(last)));
        }
        let counts = Status::ALL
            .map(|status| format!("sum(coalesce(o.result_status, 'unknown') = '{}')", status.as_str()));
        let sql = format!(
            "SELECT d.matched_rule, d.rule_origin, d.approval, count(*), {} FROM {TABLES} WHERE {conditions} \
             GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2",
            counts.join(", ")
        );
        let mut statement = self.connection.prepare(&sql).map_err(self.failed())?;
        let rows = statement.query_map(params_from_iter(values), |row| {
            let mut by_status = [0; Status::ALL.len()];
            for (at, count) in by_status.iter_mut().enumerate() {
                *count = count_of(row, 4 + at)?;
            }
            Ok(RuleCount {
                rule: row.get(0)?,
                origin: row.get(1)?,
                approval: row.get(2)?,
                actions: count_of(row, 3)?,
                by_status,
            })
        });
        rows.map_err(self.failed())?.collect::<rusqlite::Result<_>>().map_err(self.failed())
    }

    /// Begins to follow the log, from its end.
    ///
    /// # Errors
    ///
    /// [`AuditError`] if the log cannot be read.
    pub fn follow(&self, filter: Filter) -> Result<Follow<'_>, AuditError> {
        let from = self.head()?.row;
        Ok(Follow { reader: self, filter: Filter { last: None, ..filter }, from })
    }
}

/// Follows a log: the actions that have ended since it was last asked.
#[derive(Debug)]
pub struct Follow<'r> {
    reader: &'r AuditReader,
    filter: Filter,
    from: RecordId,
}

impl Follow<'_> {
    /// The actions that pass the filter and ended since the last call, in the order in which they ended.
    ///
    /// # Errors
    ///
    /// [`AuditError`] if the log cannot be read.
    pub fn ended(&mut self) -> Result<Vec<AuditRow>, AuditError> {
        let reader = self.reader;
        let (mut conditions, mut values) = but_for_times(&self.filter);
        for (sign, time) in [(">=", self.filter.since), ("<", self.filter.until)] {
            if let Some(time) = time {
                conditions.push_str(&format!(" AND i.time {sign} ?"));
                values.push(Value::Integer(time));
            }
        }
        // Rows past the end of now are for the next call.
        let end = reader.head()?.row;
        values.extend([Value::Integer(self.from), Value::Integer(end)]);
        let sql = format!(
            "SELECT {COLUMNS} FROM record o CROSS JOIN record i ON i.id = o.intent CROSS JOIN session s ON s.id = \
             i.session CROSS JOIN decision d ON d.id = i.decision WHERE {conditions} AND o.intent IS NOT NULL AND \
             o.id > ? AND o.id <= ? ORDER BY o.id"
        );
        let mut statement = reader.connection.prepare_cached(&sql).map_err(reader.failed())?;
        let rows = statement.query_map(params_from_iter(values), AuditRow::read).map_err(reader.failed())?;
        let rows = rows.collect::<rusqlite::Result<Vec<_>>>().map_err(reader.failed())?;
        self.from = end;
        Ok(rows)
    }
}

/// What SQLite counted: never below zero.
fn count_of(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|count| u64::try_from(count).unwrap_or(0))
}

fn sql(filter: &Filter) -> (String, Vec<Value>) {
    let (conditions, mut values) = conditions(filter);
    let select = format!("SELECT {COLUMNS} FROM {TABLES} WHERE {conditions}");
    match filter.last {
        None => (format!("{select} ORDER BY i.id"), values),
        Some(last) => {
            values.push(Value::Integer(i64::from(last)));
            // The names of the columns do not matter to the outer select.
            (format!("SELECT * FROM ({select} ORDER BY i.id DESC LIMIT ?) ORDER BY 1"), values)
        }
    }
}

/// What a filter asks of an intent `i`. Its times are looked up by their index, if no session says better where to look:
/// the numbers that it gives are sorted, and no row has to be.
fn conditions(filter: &Filter) -> (String, Vec<Value>) {
    let (mut sql, mut values) = but_for_times(filter);
    let times = [(">=", filter.since), ("<", filter.until)];
    let times: Vec<_> = times.into_iter().filter_map(|(sign, time)| Some((sign, time?))).collect();
    if filter.session.is_some() || times.is_empty() {
        times.iter().for_each(|(sign, _)| sql.push_str(&format!(" AND +i.time {sign} ?")));
    } else {
        sql.push_str(
            " AND i.id IN (SELECT t.id FROM record t INDEXED BY intent_at_time WHERE t.intent IS NULL",
        );
        times.iter().for_each(|(sign, _)| sql.push_str(&format!(" AND t.time {sign} ?")));
        sql.push(')');
    }
    values.extend(times.into_iter().map(|(_, time)| Value::Integer(time)));
    (sql, values)
}

/// What a filter asks of an intent `i`, apart from its time.
fn but_for_times(filter: &Filter) -> (String, Vec<Value>) {
    let mut sql = "i.intent IS NULL".to_owned();
    let mut values = Vec::new();
    let mut add = |condition: &str, value: Value| {
        sql.push_str(" AND ");
        sql.push_str(condition);
        values.push(value);
    };
    let text = |text: &String| Value::Text(text.clone());
    if let Some(session) = &filter.session {
        add("i.session = (SELECT id FROM session WHERE name = ?)", text(session));
    }
    if let Some(action_type) = &filter.action_type {
        add("i.action_type = ?", text(action_type));
    }
    if let Some(level) = filter.risk_level {
        add("d.risk_level = ?", Value::Text(level.as_str().to_owned()));
    }
    if let Some(status) = filter.result {
        add("coalesce(o.result_status, 'unknown') = ?", Value::Text(status.as_str().to_owned()));
    }
    if let Some(agent) = &filter.agent {
        add("i.agent_id = ?", text(agent));
    }
    (sql, values)
}
