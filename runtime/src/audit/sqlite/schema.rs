//! The file of a log: its tables, how it is opened, and what is refused.
//!
//! ```text
//! log       what the file is: its own id, when it began
//! session   a session's name once, however many rows it has
//! decision  a decision of a policy once: which rule, what it says, of which policy
//! record    the rows: an intent has a decision and no `intent`, an outcome has an `intent` and no decision
//! stretch   of 64 rows each, between which times their intents lie; session_stretch, of which sessions they are
//! audit_log a view of one row an action, in the columns of the Python library's log, and ours behind them
//! ```

use super::file;
use crate::audit::{AuditError, AuditErrorKind};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags, OptionalExtension};
use std::path::Path;
use std::time::Duration;

/// `AEGI`, in the header of the file.
const APPLICATION: i64 = 0x4145_4749;

/// The version of the tables.
const VERSION: i64 = 2;

const TABLES: &str = "
CREATE TABLE log (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE session (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE decision (
    id              INTEGER PRIMARY KEY,
    approval        TEXT NOT NULL,
    risk_level      TEXT NOT NULL,
    matched_rule    TEXT NOT NULL,
    rule_index      INTEGER,
    rule_origin     TEXT,
    decision_error  TEXT,
    policy_digest   BLOB NOT NULL,
    policy_revision INTEGER NOT NULL
) STRICT;
CREATE INDEX decision_of_policy ON decision (policy_digest, rule_index);
CREATE TABLE record (
    id              INTEGER PRIMARY KEY,
    intent          INTEGER,
    time            INTEGER NOT NULL,
    session         INTEGER NOT NULL,
    decision        INTEGER,
    action_type     TEXT,
    action_target   TEXT,
    action_params   TEXT,
    action_desc     TEXT,
    human_decision  TEXT,
    approver        TEXT,
    approved_at     INTEGER,
    approval_shown  TEXT,
    rollback_of     INTEGER,
    agent_id        TEXT,
    parent_agent_id TEXT,
    chain_id        TEXT,
    chain_depth     INTEGER,
    result_status   TEXT,
    result_data     TEXT,
    result_error    TEXT,
    attempts        INTEGER,
    hash            BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX outcome_of_intent ON record (intent) WHERE intent IS NOT NULL;
CREATE TABLE stretch (id INTEGER PRIMARY KEY, earliest INTEGER, latest INTEGER) STRICT;
CREATE TABLE session_stretch (
    session INTEGER NOT NULL,
    stretch INTEGER NOT NULL,
    PRIMARY KEY (session, stretch)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER record_is_not_updated BEFORE UPDATE ON record
BEGIN SELECT RAISE(ABORT, 'rows of an audit log are never updated'); END;
CREATE TRIGGER record_is_not_deleted BEFORE DELETE ON record
BEGIN SELECT RAISE(ABORT, 'rows of an audit log are never deleted'); END;
CREATE VIEW audit_log AS SELECT
    i.id                         AS id,
    s.name                       AS session_id,
    strftime('%Y-%m-%dT%H:%M:%S', i.time / 1000000, 'unixepoch')
        || printf('.%06d+00:00', i.time % 1000000) AS timestamp,
    i.action_type                AS action_type,
    i.action_target              AS action_target,
    i.action_params              AS action_params,
    i.action_desc                AS action_desc,
    upper(d.risk_level)          AS risk_level,
    d.approval                   AS approval,
    d.matched_rule               AS matched_rule,
    i.human_decision             AS human_decision,
    coalesce(o.result_status, 'unknown') AS result_status,
    o.result_data                AS result_data,
    o.result_error               AS result_error,
    i.agent_id                   AS agent_id,
    i.parent_agent_id            AS parent_agent_id,
    i.chain_id                   AS chain_id,
    i.chain_depth                AS chain_depth,
    lower(hex(d.policy_digest))  AS policy_digest,
    d.policy_revision            AS policy_revision,
    d.rule_origin                AS rule_origin,
    d.decision_error             AS decision_error,
    i.approver                   AS approver,
    CASE WHEN i.approved_at IS NULL THEN NULL ELSE
        strftime('%Y-%m-%dT%H:%M:%S', i.approved_at / 1000000, 'unixepoch')
        || printf('.%06d+00:00', i.approved_at % 1000000) END AS approved_at,
    i.approval_shown             AS approval_shown,
    i.rollback_of                AS rollback_of,
    o.id                         AS outcome_id,
    CASE WHEN o.time IS NULL THEN NULL ELSE
        strftime('%Y-%m-%dT%H:%M:%S', o.time / 1000000, 'unixepoch')
        || printf('.%06d+00:00', o.time % 1000000) END AS ended_at,
    o.attempts                   AS attempts,
    lower(hex(i.hash))           AS hash
FROM record i
JOIN session s ON s.id = i.session
JOIN decision d ON d.id = i.decision
LEFT JOIN record o ON o.intent = i.id
WHERE i.intent IS NULL;
";

/// Opens a log for writing; a file that is not there, or is empty, becomes one.
pub(super) fn open_to_write(path: &Path, wait: Duration) -> Result<(Connection, String), AuditError> {
    let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "open", path);
    file::guard(path)?;
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(wait).map_err(failed)?;
    // SQLite opens what may not be written for reading alone.
    if connection.is_readonly(MAIN_DB).map_err(failed)? {
        let error = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        return Err(AuditError::io(&error, "write", path));
    }
    // Closing a file that is refused must not empty its write-ahead log into it.
    let leave = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    connection.set_db_config(leave, true).map_err(failed)?;
    let is_new = is_empty(&connection).map_err(failed)?;
    if !is_new {
        recognise(&connection, path)?;
    }
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        let message = format!(
            "cannot keep the audit log `{}` durable: its file system does not allow a write-ahead log",
            path.display()
        );
        return Err(AuditError::new(AuditErrorKind::Io, message));
    }
    // The sort of a query never waits for a disk.
    let pragmas = "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000; \
                   PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";
    connection.execute_batch(pragmas).map_err(failed)?;
    if is_new {
        create(&mut connection).map_err(failed)?;
        // Another process may have been first: either way the file is now one or is not.
        recognise(&connection, path)?;
    }
    let id = log_id(&connection).map_err(failed)?;
    Ok((connection, id))
}

/// Opens a log that is there to copy its write-ahead log into it; nothing is begun.
pub(super) fn open_to_copy(path: &Path) -> Result<Connection, AuditError> {
    let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "open", path);
    file::guard(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    // Should it be the last to close, it leaves all as it is.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(failed)?;
    recognise(&connection, path)?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;").map_err(failed)?;
    Ok(connection)
}

/// Opens a log for reading alone.
pub(in crate::audit) fn open_to_read(path: &Path) -> Result<(Connection, String), AuditError> {
    let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "read", path);
    if !path.exists() {
        let message = format!("there is no audit log `{}`", path.display());
        return Err(AuditError::new(AuditErrorKind::Io, message));
    }
    file::guard(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
    let pragmas = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -16000;";
    connection.execute_batch(pragmas).map_err(failed)?;
    recognise(&connection, path)?;
    let id = log_id(&connection).map_err(failed)?;
    Ok((connection, id))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    if is_empty(&transaction)? {
        transaction.execute_batch(TABLES)?;
        transaction.execute(
            "INSERT INTO log VALUES ('id', lower(hex(randomblob(16)))), ('began', strftime('%Y-%m-%dT%H:%M:%SZ'))",
            [],
        )?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

/// Refuses a file that is no log, or is one of another version.
fn recognise(connection: &Connection, path: &Path) -> Result<(), AuditError> {
    let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "read", path);
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = number("application_id").map_err(failed)?;
    let version = number("user_version").map_err(failed)?;
    if application != APPLICATION {
        let python = "SELECT 1 FROM sqlite_schema WHERE name = 'audit_log' AND type = 'table'";
        let python = connection.query_row(python, [], |_| Ok(())).optional().map_err(failed)?.is_some();
        let what = if python { "is a log of the Python library" } else { "is a database of something else" };
        let message = format!(
            "`{}` {what}, not an audit log of this runtime: it was left as it is; name another file",
            path.display()
        );
        return Err(AuditError::new(AuditErrorKind::Foreign, message));
    }
    if version != VERSION {
        let message = format!(
            "the audit log `{}` is of version {version}, and this program knows version {VERSION}: use the program \
             that wrote it, or name another file",
            path.display()
        );
        return Err(AuditError::new(AuditErrorKind::Version, message));
    }
    Ok(())
}

fn log_id(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("SELECT value FROM log WHERE key = 'id'", [], |row| row.get(0))
}

/// Which table, index, view or trigger of a log is not as it is to be.
pub(in crate::audit) fn changed(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let definitions = |connection: &Connection| -> rusqlite::Result<Vec<(String, Option<String>)>> {
        let mut statement = connection
            .prepare("SELECT type || ' ' || name, sql FROM sqlite_schema WHERE type <> 'table' OR name NOT LIKE 'sqlite_stat%' ORDER BY 1")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    let ours = Connection::open_in_memory()?;
    ours.execute_batch(TABLES)?;
    let (expected, found) = (definitions(&ours)?, definitions(connection)?);
    let changed = expected.iter().find(|definition| !found.contains(definition));
    let added = found.iter().find(|definition| !expected.contains(definition));
    Ok(changed.or(added).map(|(name, _)| format!("{name} is not as this program defines it")))
}

/// What is wrong with the file and its indexes, apart from what the rows say.
pub(in crate::audit) fn damage(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let answer: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok((answer != "ok").then(|| format!("the file is damaged: {answer}")))
}
