//! Whether a log is what was written: every row, in the order of the chain.

use super::chain::{Hash, genesis, link};
use super::reader::AuditReader;
use super::record::{self, IntentFields, OutcomeFields, Status};
use super::sqlite::schema;
use super::sqlite::stretch::{self, Stretch};
use super::{AuditError, AuditErrorKind, RecordId};
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::BTreeSet;
use std::fmt;

/// The most intents without an outcome that are named.
const NAMED: usize = 1_000;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The rows that were read; with a fault, up to it.
    pub rows: u64,
    /// The hash of the last of them that is right.
    pub head: Hash,
    /// The first row that is wrong, and why.
    pub fault: Option<Fault>,
    /// Whether the head that was kept elsewhere is in the chain.
    pub anchored: Anchored,
    /// How many intents have no outcome.
    pub unknown: u64,
    /// The first thousand of them.
    pub first_unknown: Vec<RecordId>,
}

impl Verified {
    /// Whether nothing is wrong, and the anchor, if there is one, was found.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.fault.is_none() && self.anchored != Anchored::Lost
    }
}

/// Whether a head that was kept elsewhere is in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchored {
    /// None was given: rows that were cut from the end would not be missed.
    NotGiven,
    /// It is the hash of this row; 0 is before the first.
    At(RecordId),
    /// It is the hash of no row: rows were cut from the end, or the chain was written anew.
    Lost,
}

/// The first row that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the row; 0 if it is not about one.
    pub row: RecordId,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            0 => f.write_str(&self.what),
            row => write!(f, "row {row}: {}", self.what),
        }
    }
}

const ROWS: &str = "SELECT r.id, r.intent, r.time, s.name, r.hash, \
    r.action_type, r.action_target, r.action_params, r.action_desc, d.approval, d.risk_level, d.matched_rule, \
    d.rule_origin, d.decision_error, d.policy_digest, d.policy_revision, r.human_decision, r.approver, r.approved_at, \
    r.approval_shown, r.rollback_of, r.agent_id, r.parent_agent_id, r.chain_id, r.chain_depth, \
    r.result_status, r.result_data, r.result_error, r.attempts, r.decision, r.session \
    FROM record r LEFT JOIN session s ON s.id = r.session LEFT JOIN decision d ON d.id = r.decision ORDER BY r.id";

/// What a row says, or what is wrong with it.
type Content = Result<[u8; 32], &'static str>;

impl AuditReader {
    /// Reads the whole log and looks whether every row is as it was written, nothing stands between two rows or is
    /// missing, and every outcome belongs to an intent before it. With a head that was kept elsewhere, as
    /// [`head`](Self::head) gave it, also whether the log still holds what it held then.
    ///
    /// In memory are one row and the numbers of intents without an outcome.
    ///
    /// # Errors
    ///
    /// [`AuditError`] if the log cannot be read to its end; what is wrong with it is no error.
    pub fn verify(&self, anchor: Option<Hash>) -> Result<Verified, AuditError> {
        let start = genesis(&self.log_id);
        let mut found = Verified {
            rows: 0,
            head: start,
            fault: None,
            anchored: match anchor {
                None => Anchored::NotGiven,
                Some(anchor) if anchor == start => Anchored::At(0),
                Some(_) => Anchored::Lost,
            },
            unknown: 0,
            first_unknown: Vec::new(),
        };
        // All of it is read in one transaction, so that a writer changes nothing in between.
        let transaction = self.connection.unchecked_transaction().map_err(self.failed())?;
        let mut open = BTreeSet::new();
        let of_file = |what| Fault { row: 0, what };
        // A view shows what it likes. The first row that is wrong says more.
        let changed = schema::changed(&self.connection).map_err(self.failed())?.map(of_file);
        found.fault = self.rows(&mut found, &mut open, anchor, changed.is_none())?.or(changed);
        if found.fault.is_none() {
            // An index that was changed hides rows from whoever looks for them by it.
            found.fault = schema::damage(&self.connection).map_err(self.failed())?.map(of_file);
        }
        transaction.finish().map_err(self.failed())?;
        found.unknown = u64::try_from(open.len()).unwrap_or(u64::MAX);
        found.first_unknown = open.into_iter().take(NAMED).collect();
        Ok(found)
    }

    /// What is wrong with the rows, or with the stretches of them, if their tables are there.
    fn rows(
        &self,
        found: &mut Verified,
        open: &mut BTreeSet<RecordId>,
        anchor: Option<Hash>,
        with_stretches: bool,
    ) -> Result<Option<Fault>, AuditError> {
        // A damaged page is a fault of the log, not of its reader.
        let fault = |row, error: rusqlite::Error| {
            let error = self.failed()(error);
            let damaged = error.kind() == AuditErrorKind::Damaged;
            if damaged { Ok(Some(Fault { row, what: error.to_string() })) } else { Err(error) }
        };
        let mut stretches = Stretches::default();
        let mut statement = self.connection.prepare(ROWS).map_err(self.failed())?;
        let mut rows = statement.query([]).map_err(self.failed())?;
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(error) => return fault(found.next(), error),
            };
            if let Err(what) = found.row(row, open, anchor) {
                return Ok(Some(Fault { row: found.next(), what: what.to_owned() }));
            }
            if with_stretches && let Err(error) = stretches.row(&self.connection, row) {
                return fault(0, error);
            }
        }
        if !with_stretches {
            return Ok(None);
        }
        stretches.fault(&self.connection).or_else(|error| fault(0, error))
    }
}

impl Verified {
    /// The number that the next row has to have.
    fn next(&self) -> RecordId {
        RecordId::try_from(self.rows).unwrap_or(RecordId::MAX).saturating_add(1)
    }

    fn row(
        &mut self,
        row: &Row<'_>,
        open: &mut BTreeSet<RecordId>,
        anchor: Option<Hash>,
    ) -> Result<(), &'static str> {
        let wrong_kind = |_| "a column holds something of another kind";
        let id: RecordId = row.get(0).map_err(wrong_kind)?;
        if id != self.next() {
            return Err("it is missing: the rows after it have other numbers");
        }
        let intent: Option<RecordId> = row.get(1).map_err(wrong_kind)?;
        let hash = Hash(row.get(4).map_err(|_| "its hash is no hash")?);
        let content = content(row, intent).map_err(wrong_kind)??;
        if link(self.head, id, intent, &content) != hash {
            return Err(
                "it is not what was written: its hash does not fit its content and the row before it",
            );
        }
        match intent {
            None => {
                open.insert(id);
            }
            Some(intent) => {
                if !open.remove(&intent) {
                    return Err("it is an outcome of no intent that waits for one");
                }
            }
        }
        self.rows += 1;
        self.head = hash;
        if anchor == Some(hash) {
            self.anchored = Anchored::At(id);
        }
        Ok(())
    }
}

/// Whether the stretches say of the rows what they are.
#[derive(Default)]
struct Stretches {
    now: Stretch,
    complete: i64,
    sessions: i64,
    /// The first row of the first one that is wrong.
    wrong: Option<RecordId>,
}

impl Stretches {
    /// Takes in a row that is right.
    fn row(&mut self, connection: &Connection, row: &Row<'_>) -> rusqlite::Result<()> {
        let id: RecordId = row.get(0)?;
        if row.get::<_, Option<RecordId>>(1)?.is_none() {
            self.now.add(row.get(2)?, row.get(30)?);
        }
        if !stretch::ends_with(id) {
            return Ok(());
        }
        let stretch = id / stretch::ROWS;
        let sql = "SELECT earliest, latest FROM stretch WHERE id = ?";
        let times: Option<(Option<i64>, Option<i64>)> = connection
            .prepare_cached(sql)?
            .query_row([stretch], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let mut right = times == Some(self.now.times.unzip());
        let sql = "SELECT count(*) FROM session_stretch WHERE session = ? AND stretch = ?";
        for session in &self.now.sessions {
            let count: i64 =
                connection.prepare_cached(sql)?.query_row([*session, stretch], |row| row.get(0))?;
            right &= count == 1;
            self.sessions += 1;
        }
        if !right {
            self.wrong.get_or_insert(stretch * stretch::ROWS);
        }
        self.complete += 1;
        self.now = Stretch::default();
        Ok(())
    }

    /// What is wrong with them.
    fn fault(&self, connection: &Connection) -> rusqlite::Result<Option<Fault>> {
        if let Some(first) = self.wrong {
            let what = format!(
                "who looks by a session or a time misses rows from {} to {}: `stretch` or `session_stretch` was changed",
                first.max(1),
                first + stretch::ROWS - 1
            );
            return Ok(Some(Fault { row: 0, what }));
        }
        let sql = "SELECT (SELECT count(*) FROM stretch), (SELECT count(*) FROM session_stretch)";
        let counts: (i64, i64) = connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let fault = || Fault {
            row: 0,
            what: "`stretch` or `session_stretch` has more than belongs there".to_owned(),
        };
        Ok((counts != (self.complete, self.sessions)).then(fault))
    }
}

/// The digest of what a row says.
fn content(row: &Row<'_>, intent: Option<RecordId>) -> rusqlite::Result<Content> {
    let text =
        |column: usize| -> rusqlite::Result<Option<&str>> { Ok(row.get_ref(column)?.as_str_or_null()?) };
    let needed = |column: usize| -> rusqlite::Result<&str> { Ok(row.get_ref(column)?.as_str()?) };
    // Columns of the other kind of row are empty, or they would say what no hash covers.
    let empty = |columns: std::ops::Range<usize>| -> rusqlite::Result<bool> {
        for column in columns {
            if row.get_ref(column)? != rusqlite::types::ValueRef::Null {
                return Ok(false);
            }
        }
        Ok(true)
    };
    let time: i64 = row.get(2)?;
    let session = needed(3)?;
    if intent.is_some() {
        if !empty(5..25)? || !empty(29..30)? {
            return Ok(Err("it is an outcome with columns of an intent"));
        }
        let status = needed(25)?;
        if !Status::ALL.iter().any(|known| known.as_str() == status) {
            return Ok(Err("it has a status that there is not"));
        }
        let fields = OutcomeFields {
            time,
            session,
            status,
            data: text(26)?,
            error: text(27)?,
            attempts: row.get(28)?,
        };
        return Ok(Ok(fields.digest()));
    }
    if !empty(25..29)? {
        return Ok(Err("it is an intent with columns of an outcome"));
    }
    let (approval, risk_level) = (needed(9)?, needed(10)?);
    if record::approval(approval).is_none() || record::risk_level(risk_level).is_none() {
        return Ok(Err("it has an approval or a risk level that there is not"));
    }
    let fields = IntentFields {
        time,
        session,
        action_type: needed(5)?,
        action_target: needed(6)?,
        action_params: needed(7)?,
        action_desc: text(8)?,
        approval,
        risk_level,
        rule: needed(11)?,
        origin: text(12)?,
        error: text(13)?,
        policy_digest: row.get_ref(14)?.as_blob()?,
        policy_revision: row.get(15)?,
        human_decision: text(16)?,
        approver: text(17)?,
        approved_at: row.get(18)?,
        approval_shown: text(19)?,
        rollback_of: row.get(20)?,
        agent_id: text(21)?,
        parent_agent_id: text(22)?,
        chain_id: text(23)?,
        chain_depth: row.get(24)?,
    };
    Ok(Ok(fields.digest()))
}
