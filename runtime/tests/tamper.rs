//! Whoever changes a log behind its back is found out: `verify` names the first row that is wrong.
//!
//! Each row is changed in one way, one after the other; `TAMPER=all` changes every row in every way, and every column.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod support;

use aegis_runtime::approval::{Answer, callback};
use aegis_runtime::audit::{Anchored, AuditReader, Hash, SqliteLog, Verified};
use aegis_runtime::executor::{ExecuteError, from_fn};
use aegis_runtime::policy::PolicyHandle;
use aegis_runtime::{Action, Retry, Runtime, Task};
use rusqlite::{Connection, params};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use support::policy;
use tempfile::TempDir;

const RULES: &str = "
version: '1'
defaults: { approval: block, risk_level: high }
rules:
  - { name: look, match: { type: look }, approval: auto, risk_level: low }
  - { name: change, match: { type: change }, approval: approve, risk_level: medium }
  - { name: undo, match: { type: undo }, approval: auto, risk_level: critical }
  - name: small
    match: { type: scale }
    conditions: { param_lte: { n: 3 } }
    approval: auto
    risk_level: low
";

/// The columns of a row but for its number.
const COLUMNS: [&str; 22] = [
    "intent",
    "time",
    "session",
    "decision",
    "action_type",
    "action_target",
    "action_params",
    "action_desc",
    "human_decision",
    "approver",
    "approved_at",
    "approval_shown",
    "rollback_of",
    "agent_id",
    "parent_agent_id",
    "chain_id",
    "chain_depth",
    "result_status",
    "result_data",
    "result_error",
    "attempts",
    "hash",
];

fn all() -> bool {
    std::env::var("TAMPER").is_ok_and(|tamper| tamper == "all")
}

/// The bytes of a log of at least 1,000 rows with every column filled in some of them, made once.
fn source() -> &'static [u8] {
    static SOURCE: OnceLock<Vec<u8>> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.db");
        let log = Arc::new(SqliteLog::open(&path).unwrap());
        let tokio =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
        tokio.block_on(async {
            let sessions = ["one", "two", "three"].map(|session| write(&log, session));
            futures(sessions).await;
        });
        drop(tokio);
        drop(Arc::into_inner(log).expect("nobody else has the log"));
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA journal_mode = DELETE").unwrap();
        let rows: i64 = connection.query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap();
        assert!(rows >= 1_000, "{rows}");
        for column in COLUMNS {
            let sql = format!("SELECT count({column}) FROM record");
            let filled: i64 = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert!(filled >= 10, "{column} is filled in {filled} rows");
        }
        for column in ["rule_index", "rule_origin", "decision_error"] {
            let sql = format!("SELECT count({column}) FROM decision");
            let filled: i64 = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert!(filled >= 1, "{column} is filled in {filled} rows");
        }
        drop(connection);
        std::fs::read(&path).unwrap()
    })
}

/// Futures of one kind, at the same time.
async fn futures(all: [impl Future<Output = ()> + Send + 'static; 3]) {
    for task in all.map(tokio::spawn) {
        task.await.unwrap();
    }
}

/// 170 actions of a session.
fn write(log: &Arc<SqliteLog>, session: &'static str) -> impl Future<Output = ()> + Send + use<> {
    let executor = from_fn(|task| async move {
        if task.action().target() == "fails" { Err(ExecuteError::new("it fails")) } else { Ok("done".into()) }
    });
    let approval = callback(|request| async move {
        let denied = request.task.action().target() == "no";
        Ok(if denied { Answer::denied("bob", "not now") } else { Answer::approved("alice") })
    });
    let retry = Retry::times(1).wait(Duration::from_millis(1));
    let retry = retry.rollback(|task, _| Some(Action::new("undo", task.action().target())));
    let builder = Runtime::builder().policy(PolicyHandle::new(policy(RULES))).executor(executor);
    let builder = builder.approval(approval).retry(retry).session(session).audit(Arc::clone(log));
    let runtime = builder.build().unwrap();
    async move {
        for n in 0..170 {
            let action = match n % 7 {
                0 => Action::new("look", "web"),
                1 => Action::new("change", "web"),
                2 => Action::new("change", "no"),
                3 => Action::new("look", "fails"),
                4 => Action::new("drop", "web"),
                5 => Action::new("scale", "web").param("n", "5"),
                _ => Action::new("scale", "web").param("n", 2).description("more of it"),
            };
            let task = Task::new(if n % 2 == 0 { action.agent("ops-7") } else { action });
            let task = if n % 3 == 0 { task.parent("planner").chain(format!("c-{n}"), n) } else { task };
            let _ = runtime.run_one(task).await;
        }
    }
}

/// A copy of the log, open to be changed and, apart from that, to be verified.
struct Copy {
    _folder: TempDir,
    path: PathBuf,
    connection: Connection,
    reader: AuditReader,
    rows: i64,
    guards: String,
    anchor: Hash,
}

impl Copy {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.db");
        std::fs::write(&path, source()).unwrap();
        let connection = Connection::open(&path).unwrap();
        let prepare = "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; \
                       CREATE TEMP TABLE r AS SELECT * FROM record; CREATE TEMP TABLE s AS SELECT * FROM session; \
                       CREATE TEMP TABLE d AS SELECT * FROM decision; CREATE TEMP TABLE l AS SELECT * FROM log; \
                       CREATE UNIQUE INDEX temp.r_id ON r (id)";
        connection.execute_batch(prepare).unwrap();
        let guards = "SELECT group_concat(sql, ';') FROM sqlite_schema WHERE type = 'trigger'";
        let guards = connection.query_row(guards, [], |row| row.get(0)).unwrap();
        let reader = AuditReader::open(&path).unwrap();
        let verified = reader.verify(None).unwrap();
        assert!(verified.is_good() && verified.anchored == Anchored::NotGiven, "{verified:?}");
        let anchor = reader.head().unwrap();
        assert_eq!((anchor.hash, u64::try_from(anchor.row)), (verified.head, Ok(verified.rows)));
        let rows = anchor.row;
        Copy { _folder: folder, path, connection, reader, rows, guards, anchor: anchor.hash }
    }

    fn change(&self, sql: &str) {
        self.connection
            .execute_batch(&format!("BEGIN; {sql}; COMMIT"))
            .unwrap_or_else(|e| panic!("{sql}: {e}"));
    }

    /// Takes away the triggers that keep rows as they are.
    fn unguard(&self) {
        self.change("DROP TRIGGER record_is_not_updated; DROP TRIGGER record_is_not_deleted");
    }

    fn guard(&self) {
        self.change(&self.guards);
    }

    fn verify(&self) -> Verified {
        self.reader.verify(Some(self.anchor)).unwrap()
    }

    /// After this change that row is the first that is wrong. Rows from one to another are put back.
    #[track_caller]
    fn found(&self, sql: &str, row: i64, (from, to): (i64, i64)) {
        self.change(sql);
        let verified = self.verify();
        let fault = verified.fault.unwrap_or_else(|| panic!("nothing was found after {sql}"));
        assert_eq!(fault.row, row, "{fault} after {sql}");
        assert_eq!(u64::try_from(row - 1), Ok(verified.rows));
        self.change(&format!(
            "DELETE FROM record WHERE id BETWEEN {from} AND {to} OR id > {0}; \
             INSERT INTO record SELECT * FROM r WHERE id BETWEEN {from} AND {to}",
            self.rows
        ));
    }

    /// The content of two rows, hash and all, is exchanged.
    fn swap(one: i64, other: i64) -> String {
        let columns = COLUMNS.join(", ");
        format!(
            "DELETE FROM record WHERE id IN ({one}, {other}); \
             INSERT INTO record (id, {columns}) SELECT {one} + {other} - id, {columns} FROM r WHERE id IN ({one}, {other})"
        )
    }

    /// All is as it was.
    fn is_whole(&self) {
        self.guard();
        let verified = self.verify();
        assert!(verified.is_good() && verified.anchored == Anchored::At(self.rows), "{verified:?}");
    }
}

/// Another value of the same kind, or one where there was none.
fn other(column: &str, row: i64) -> String {
    match column {
        "intent" => format!("intent = {}", 100_000 + row),
        "session" => "session = session % 3 + 1".to_owned(),
        "decision" => "decision = coalesce(decision, 0) % 5 + 1".to_owned(),
        "hash" => format!("hash = (SELECT hash FROM r WHERE id = {row} % 1000 + 1)"),
        "time" | "approved_at" | "rollback_of" | "chain_depth" | "attempts" => {
            format!("{column} = coalesce({column}, 0) + 1")
        }
        "result_status" => "result_status = iif(result_status = 'success', 'failed', 'success')".to_owned(),
        _ => format!("{column} = coalesce({column}, '') || 'x'"),
    }
}

#[test]
fn a_column_of_a_row() {
    let copy = Copy::new();
    copy.unguard();
    for row in 1..=copy.rows {
        for (at, column) in COLUMNS.iter().enumerate() {
            if all() || (row % 4 == 3 && row / 4 % 22 == i64::try_from(at).unwrap()) {
                let change = other(column, row);
                copy.found(&format!("UPDATE record SET {change} WHERE id = {row}"), row, (row, row));
            }
        }
    }
    copy.is_whole();
}

#[test]
fn a_column_that_is_emptied() {
    let copy = Copy::new();
    copy.unguard();
    for column in COLUMNS {
        if ["time", "session", "hash"].contains(&column) {
            continue;
        }
        let filled = format!("SELECT id FROM record WHERE {column} IS NOT NULL ORDER BY random() LIMIT 3");
        let rows: Vec<i64> = {
            let mut statement = copy.connection.prepare(&filled).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
        };
        for row in rows {
            copy.found(&format!("UPDATE record SET {column} = NULL WHERE id = {row}"), row, (row, row));
        }
    }
    copy.is_whole();
}

#[test]
fn rows_that_go_or_change_places() {
    let copy = Copy::new();
    copy.unguard();
    for row in 1..copy.rows {
        let next = row + 1;
        let (gone, swapped, hashes) =
            if all() { (true, true, true) } else { (row % 4 == 0, row % 4 == 1, row % 4 == 2) };
        if gone {
            copy.found(&format!("DELETE FROM record WHERE id = {row}"), row, (row, row));
        }
        if swapped {
            copy.found(&Copy::swap(row, next), row, (row, next));
        }
        if hashes {
            let far = (row * 7 + 300) % copy.rows + 1;
            if far != row {
                let sql = format!(
                    "UPDATE record SET hash = (SELECT hash FROM r WHERE id = {row} + {far} - record.id) \
                     WHERE id IN ({row}, {far})"
                );
                let (first, last) = (row.min(far), row.max(far));
                copy.found(&sql, first, (first, last));
            }
        }
    }
    copy.is_whole();
}

#[test]
fn rows_in_between() {
    let copy = Copy::new();
    copy.unguard();
    let columns = COLUMNS.join(", ");
    for row in 1..=copy.rows + 1 {
        if !all() && row % 40 != 1 && row <= copy.rows {
            continue;
        }
        // An intent that is somewhere in the log is there once more, and all after it move on.
        let insert = format!(
            "INSERT INTO record (id, {columns}) SELECT {row}, {columns} FROM r \
             WHERE intent IS NULL AND id <> {row} ORDER BY random() LIMIT 1"
        );
        let sql = format!(
            "UPDATE record SET id = -id - 1 WHERE id >= {row}; UPDATE record SET id = -id WHERE id < 0; {insert}"
        );
        copy.found(&sql, row, (row, copy.rows));
    }
    // Before the first, where no number is right.
    copy.found(
        &format!("INSERT INTO record (id, {columns}) SELECT 0, {columns} FROM r WHERE id = 1"),
        1,
        (0, 1),
    );
    copy.is_whole();
}

#[test]
fn sessions_and_decisions() {
    let copy = Copy::new();
    let put_back = "DELETE FROM session; INSERT INTO session SELECT * FROM s; DELETE FROM decision; \
                    INSERT INTO decision SELECT * FROM d; DELETE FROM log; INSERT INTO log SELECT * FROM l";
    let number = |sql: &str| copy.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let found = |sql: &str, row: i64| {
        copy.change(sql);
        let fault = copy.verify().fault.unwrap_or_else(|| panic!("nothing was found after {sql}"));
        assert_eq!(fault.row, row, "{fault} after {sql}");
        copy.change(put_back);
    };
    for session in 1..=number("SELECT max(id) FROM session") {
        let first = number(&format!("SELECT min(id) FROM record WHERE session = {session}"));
        found(&format!("UPDATE session SET name = name || 'x' WHERE id = {session}"), first);
        found(&format!("DELETE FROM session WHERE id = {session}"), first);
    }
    for decision in 1..=number("SELECT max(id) FROM decision") {
        let first = number(&format!("SELECT min(id) FROM record WHERE decision = {decision}"));
        for change in [
            "approval = iif(approval = 'auto', 'block', 'auto')",
            "approval = 'x'",
            "risk_level = iif(risk_level = 'low', 'high', 'low')",
            "risk_level = 'x'",
            "matched_rule = matched_rule || 'x'",
            "rule_origin = coalesce(rule_origin, '') || 'x'",
            "decision_error = coalesce(decision_error, '') || 'x'",
            "policy_digest = zeroblob(32)",
            "policy_revision = policy_revision + 1",
        ] {
            found(&format!("UPDATE decision SET {change} WHERE id = {decision}"), first);
        }
        found(&format!("DELETE FROM decision WHERE id = {decision}"), first);
    }
    // The beginning of the chain.
    let sql = "UPDATE log SET value = lower(hex(randomblob(16))) WHERE key = 'id'";
    copy.change(sql);
    let fault = AuditReader::open(&copy.path).unwrap().verify(None).unwrap().fault.unwrap();
    assert_eq!(fault.row, 1);
    copy.change(put_back);
    assert!(copy.verify().is_good());
}

/// The index of a rule is no content: it is how the writer finds a decision again. One that is changed misleads it,
/// and the row that follows is found.
#[test]
fn a_decision_that_misleads_the_writer() {
    let copy = Copy::new();
    let rules = |name: &str| {
        let sql = "SELECT rule_index FROM decision WHERE matched_rule = ? AND decision_error IS NULL";
        copy.connection.query_row(sql, [name], |row| row.get::<_, i64>(0)).unwrap()
    };
    let (look, change) = (rules("look"), rules("change"));
    let swap = "UPDATE decision SET rule_index = ?1 + ?2 - rule_index WHERE rule_index IN (?1, ?2)";
    copy.connection.execute(swap, params![look, change]).unwrap();
    assert!(copy.verify().is_good());
    let log = Arc::new(SqliteLog::open(&copy.path).unwrap());
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    tokio.block_on(write(&log, "four"));
    let fault = copy.verify().fault.unwrap();
    assert_eq!(fault.row, copy.rows + 1, "{fault}");
}

#[test]
fn a_tail_that_is_cut() {
    let copy = Copy::new();
    for cut in 1..=copy.rows {
        let left = copy.rows - cut;
        if !all() && cut > 5 && left % 100 != 0 {
            continue;
        }
        copy.unguard();
        copy.change(&format!("DELETE FROM record WHERE id > {left}"));
        copy.guard();
        // Whoever cuts knows what else to cut.
        let first = (left + 1) / 64;
        let sql = format!(
            "DELETE FROM stretch WHERE id >= {first}; DELETE FROM session_stretch WHERE stretch >= {first}"
        );
        copy.connection.execute_batch(&sql).unwrap();
        let verified = copy.verify();
        assert_eq!((&verified.fault, verified.anchored), (&None, Anchored::Lost));
        assert!(!verified.is_good());
        assert_eq!(i64::try_from(verified.rows), Ok(left));
        // Whoever has no anchor cannot know, and is told that there was none.
        let verified = copy.reader.verify(None).unwrap();
        assert!(verified.is_good());
        assert_eq!(verified.anchored, Anchored::NotGiven);
    }
}

#[test]
fn rows_after_the_anchor() {
    let copy = Copy::new();
    let log = Arc::new(SqliteLog::open(&copy.path).unwrap());
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    tokio.block_on(write(&log, "four"));
    let verified = copy.verify();
    assert!(verified.is_good(), "{verified:?}");
    assert_eq!(verified.anchored, Anchored::At(copy.rows));
    assert!(i64::try_from(verified.rows).unwrap() > copy.rows);
}

#[test]
fn indexes_views_and_triggers() {
    // What is changed, and the words in which it is found.
    let changes = [
        ("DROP VIEW audit_log; CREATE VIEW audit_log AS SELECT 1 AS id", "view audit_log is not as"),
        ("DROP VIEW audit_log", "view audit_log is not as"),
        ("DROP TRIGGER record_is_not_updated", "trigger record_is_not_updated is not as"),
        ("DROP INDEX outcome_of_intent", "index outcome_of_intent is not as"),
        ("CREATE INDEX more ON record (attempts)", "index more is not as"),
        ("CREATE TABLE more (x)", "table more is not as"),
        ("DROP TABLE stretch", "table stretch is not as"),
        ("DROP TABLE session_stretch", "table session_stretch is not as"),
        (
            "CREATE TRIGGER more AFTER INSERT ON record BEGIN DELETE FROM session; END",
            "trigger more is not as",
        ),
        (
            "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT 'trigger', 'sqlite_stat', 'record', 0, \
             'CREATE TRIGGER sqlite_stat AFTER INSERT ON record BEGIN DELETE FROM session; END'",
            "trigger sqlite_stat is not as",
        ),
    ];
    for (sql, words) in changes {
        let copy = Copy::new();
        copy.connection.execute_batch(sql).unwrap();
        let reader = AuditReader::open(&copy.path).unwrap();
        let fault = reader.verify(Some(copy.anchor)).unwrap().fault.unwrap_or_else(|| panic!("{sql}"));
        assert!(fault.row == 0 && fault.what.contains(words), "{fault} after {sql}");
    }
    // Who looks by a session or a time does so in the stretches that have them.
    let misses = "who looks by a session or a time misses rows from ";
    for (sql, words) in [
        ("DELETE FROM stretch WHERE id = 0", "misses rows from 1 to 63:"),
        ("DELETE FROM stretch WHERE id = (SELECT max(id) FROM stretch)", misses),
        ("UPDATE stretch SET earliest = earliest + 1 WHERE id = 3", "misses rows from 192 to 255:"),
        ("UPDATE stretch SET latest = latest - 1 WHERE id = 3", misses),
        ("UPDATE stretch SET latest = NULL WHERE id = 3", misses),
        ("UPDATE stretch SET id = 1000 WHERE id = 3", misses),
        ("DELETE FROM session_stretch WHERE stretch = 3 AND session = 2", misses),
        ("UPDATE session_stretch SET session = 9 WHERE stretch = 3 AND session = 2", misses),
        ("INSERT INTO session_stretch VALUES (9, 3)", "more than belongs there"),
        ("INSERT INTO stretch VALUES (1000, 0, 0)", "more than belongs there"),
    ] {
        let copy = Copy::new();
        copy.connection.execute_batch(sql).unwrap();
        assert_eq!(copy.connection.changes(), 1, "{sql}");
        let fault = copy.verify().fault.unwrap_or_else(|| panic!("{sql}"));
        assert!(fault.row == 0 && fault.what.contains(words), "{fault} after {sql}");
    }
    // A row that an index leaves out is a row that nobody finds by it.
    let indexes = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    let indexes: Vec<String> = {
        let copy = Copy::new();
        let mut statement = copy.connection.prepare(indexes).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    assert!(!indexes.is_empty());
    for index in indexes {
        let copy = Copy::new();
        let schema = |sql: &str| {
            copy.connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
            copy.connection
                .execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", params![sql, &index])
                .unwrap();
            copy.connection.execute_batch("PRAGMA writable_schema = RESET").unwrap();
        };
        let find = "SELECT sql FROM sqlite_schema WHERE name = ?";
        let sql: String = copy.connection.query_row(find, [&index], |row| row.get(0)).unwrap();
        let and = if sql.contains(" WHERE ") { "AND" } else { "WHERE" };
        schema(&format!("{sql} {and} id % 2 = 0"));
        copy.connection.execute_batch(&format!("REINDEX {index}")).unwrap();
        schema(&sql);
        let reader = AuditReader::open(&copy.path).unwrap();
        let fault = reader.verify(Some(copy.anchor)).unwrap().fault.unwrap_or_else(|| panic!("{index}"));
        assert!(fault.row == 0 && fault.what.starts_with("the file is damaged: "), "{fault}");
    }
}
