//! Reading a log: actions by filter, one after the other, whatever their number.

use super::chain::Hash;
use super::sqlite::{head, schema, stretch};
use super::{AuditError, RecordId, Status};
use crate::time::rfc3339;
use aegis_vm::RiskLevel;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, HashMap};
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

/// What belongs to an intent `i`.
const JOINED: &str = "CROSS JOIN session s ON s.id = i.session CROSS JOIN decision d ON d.id = i.decision \
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
    /// While a log is written, its last rows can be read a moment before they are on the disk; nobody was told yet
    /// that they are. Should the power fail right then, a head of that moment is not found any more.
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
        let mut given = 0;
        let mut give = |row| {
            given += 1;
            each(row)
        };
        if filter.last.is_none() {
            self.select(COLUMNS, filter, |row| Ok(give(AuditRow::read(row)?)))?;
        } else {
            let mut last = Vec::new();
            self.select(COLUMNS, filter, |row| {
                last.push(AuditRow::read(row)?);
                Ok(ControlFlow::Continue(()))
            })?;
            let _ = last.into_iter().rev().try_for_each(give);
        }
        Ok(given)
    }

    /// Gives columns of the actions that pass the filter to a closure, in order; with [`Filter::last`], in the order
    /// of the last first.
    fn select(
        &self,
        columns: &str,
        filter: &Filter,
        mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<ControlFlow<()>>,
    ) -> Result<(), AuditError> {
        let mut left = filter.last.map(i64::from);
        // All of it is as it is now, whatever is written meanwhile.
        let transaction = match self.connection.is_autocommit() {
            true => Some(self.connection.unchecked_transaction().map_err(self.failed())?),
            false => None,
        };
        for Select { from, conditions, order, mut values } in selects(filter) {
            let mut sql =
                format!("SELECT {columns} FROM {from} {JOINED} WHERE {conditions} ORDER BY {order}");
            if let Some(left) = left {
                sql.push_str(" LIMIT ?");
                values.push(Value::Integer(left));
            }
            let mut statement = self.connection.prepare_cached(&sql).map_err(self.failed())?;
            let mut rows = statement.query(params_from_iter(values)).map_err(self.failed())?;
            while let Some(row) = rows.next().map_err(self.failed())? {
                left = left.map(|left| left.saturating_sub(1));
                if each(row).map_err(self.failed())?.is_break() {
                    return Ok(());
                }
            }
        }
        transaction.map_or(Ok(()), |transaction| transaction.finish().map_err(self.failed()))
    }

    /// How the query of a filter is answered, as SQLite says it: which index, one step a line.
    ///
    /// # Errors
    ///
    /// [`AuditError`] if the log cannot be read.
    pub fn query_plan(&self, filter: &Filter) -> Result<String, AuditError> {
        let mut plan = Vec::new();
        for Select { from, conditions, order, values } in selects(filter) {
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT {COLUMNS} FROM {from} {JOINED} WHERE {conditions} ORDER BY {order}"
            );
            let mut statement = self.connection.prepare(&sql).map_err(self.failed())?;
            let rows = statement.query_map(params_from_iter(values), |row| row.get::<_, String>(3));
            for step in rows.map_err(self.failed())? {
                plan.push(step.map_err(self.failed())?);
            }
        }
        Ok(plan.join("\n"))
    }

    /// How often each rule decided, the most frequent first.
    ///
    /// # Errors
    ///
    /// [`AuditError`] if the log cannot be read.
    pub fn rules(&self, filter: &Filter) -> Result<Vec<RuleCount>, AuditError> {
        let mut counts: HashMap<i64, [u64; Status::ALL.len()]> = HashMap::new();
        self.select("d.id, coalesce(o.result_status, 'unknown')", filter, |row| {
            let status = row.get_ref(1)?.as_str()?;
            let counted = counts.entry(row.get(0)?).or_default();
            let counted = counted.iter_mut().zip(Status::ALL).find(|(_, known)| known.as_str() == status);
            if let Some((count, _)) = counted {
                *count += 1;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let sql = "SELECT matched_rule, rule_origin, approval FROM decision WHERE id = ?";
        let mut statement = self.connection.prepare(sql).map_err(self.failed())?;
        let mut rules = BTreeMap::new();
        for (decision, by_status) in counts {
            let rule: (String, Option<String>, String) = statement
                .query_row([decision], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .map_err(self.failed())?;
            let sums: &mut [u64; Status::ALL.len()] = rules.entry(rule).or_default();
            sums.iter_mut().zip(by_status).for_each(|(sum, count)| *sum += count);
        }
        let count = |((rule, origin, approval), by_status): (_, [u64; Status::ALL.len()])| RuleCount {
            rule,
            origin,
            approval,
            actions: by_status.iter().sum(),
            by_status,
        };
        let mut rules: Vec<_> = rules.into_iter().map(count).collect();
        // Those as frequent stay in the order of their names.
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.actions));
        Ok(rules)
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
        let (conditions, mut values) = conditions(&self.filter);
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

/// A part of a query.
struct Select {
    /// Where intents `i` are looked for.
    from: String,
    conditions: String,
    order: String,
    values: Vec<Value>,
}

/// What answers a filter, one after the other. A session or times are looked for in the stretches of rows that may have
/// them, and then in the rows after the last stretch that is complete.
fn selects(filter: &Filter) -> Vec<Select> {
    let backwards = if filter.last.is_some() { " DESC" } else { "" };
    let (mut conditions, values) = conditions(filter);
    let rows = |conditions: String, values| Select {
        from: "record i".to_owned(),
        conditions,
        order: format!("i.id{backwards}"),
        values,
    };
    if filter.session.is_none() && filter.since.is_none() && filter.until.is_none() {
        return vec![rows(conditions, values)];
    }
    let within = |stretch: &str| {
        let length = stretch::ROWS;
        format!(
            "CROSS JOIN record i ON i.id BETWEEN {stretch} * {length} AND {stretch} * {length} + {length} - 1"
        )
    };
    let after = format!(
        "{conditions} AND i.id >= (SELECT coalesce(max(id) + 1, 0) * {} FROM stretch)",
        stretch::ROWS
    );
    let after = rows(after, values.clone());
    let mut all = values;
    let stretches = if let Some(session) = &filter.session {
        conditions.push_str(" AND z.session = (SELECT id FROM session WHERE name = ?)");
        all.push(Value::Text(session.clone()));
        Select {
            from: format!("session_stretch z {}", within("z.stretch")),
            conditions,
            order: format!("z.stretch{backwards}, i.id{backwards}"),
            values: all,
        }
    } else {
        for (condition, time) in [("z.latest >= ?", filter.since), ("z.earliest < ?", filter.until)] {
            if let Some(time) = time {
                conditions.push_str(&format!(" AND {condition}"));
                all.push(Value::Integer(time));
            }
        }
        Select {
            from: format!("stretch z {}", within("z.id")),
            conditions,
            order: format!("z.id{backwards}, i.id{backwards}"),
            values: all,
        }
    };
    if filter.last.is_some() { vec![after, stretches] } else { vec![stretches, after] }
}

/// What a filter asks of an intent `i`.
fn conditions(filter: &Filter) -> (String, Vec<Value>) {
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
    if let Some(since) = filter.since {
        add("i.time >= ?", Value::Integer(since));
    }
    if let Some(until) = filter.until {
        add("i.time < ?", Value::Integer(until));
    }
    (sql, values)
}
