//! Files that are no log of ours, or cannot be used now.

use super::{RULES, folder, log, run};
use rusqlite::Connection;
use std::fs;
use std::path::Path;

/// Every command that opens the log.
const COMMANDS: [&[&str]; 5] = [
    &["audit"],
    &["audit", "head"],
    &["audit", "verify"],
    &["stats"],
    &["run", "rules.yaml", "--actions", "rules.yaml", "--exec", "touch ran"],
];

fn all_refuse(folder: &Path, words: &str) {
    let before = fs::read(folder.join("aegis_audit.db")).ok();
    for args in COMMANDS {
        let run = run(folder, args);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{args:?}: {}", run.err);
        assert!(run.err.starts_with("error: ") && run.err.contains(words), "{args:?}: {}", run.err);
        assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    }
    assert_eq!(fs::read(folder.join("aegis_audit.db")).ok(), before);
    assert!(!folder.join("ran").exists());
}

#[test]
fn a_file_that_is_no_database() {
    let text = "this is no database, however long it is. ".repeat(40);
    let folder = folder(&[("rules.yaml", RULES), ("aegis_audit.db", &text)]);
    all_refuse(folder.path(), "it is no SQLite database; name another file");
}

#[test]
fn a_log_of_the_python_library() {
    let folder = folder(&[("rules.yaml", RULES)]);
    let connection = Connection::open(folder.path().join("aegis_audit.db")).unwrap();
    connection.execute_batch("CREATE TABLE audit_log (id INTEGER PRIMARY KEY, session_id TEXT)").unwrap();
    drop(connection);
    all_refuse(folder.path(), "is a log of the Python library");
}

#[test]
fn a_log_of_another_version() {
    let folder = folder(&[("rules.yaml", RULES)]);
    let connection = Connection::open(log(folder.path())).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    let mode: String = connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete");
    drop(connection);
    all_refuse(folder.path(), "is of version 1, and this program knows version 2");
}

#[test]
fn a_log_that_another_holds() {
    let folder = folder(&[("rules.yaml", RULES)]);
    let connection = Connection::open(log(folder.path())).unwrap();
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // Who reads is not held up.
    assert_eq!(run(folder.path(), &["audit"]).code, 0);
    let input = "{\"type\":\"look\",\"target\":\"a\"}\n";
    let args = ["run", "rules.yaml", "--actions", "-", "--exec", "touch ran"];
    let ran = super::finish(super::command(folder.path(), &args), input.as_bytes());
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    assert!(ran.err.starts_with("error: cannot open the audit log "), "{}", ran.err);
    assert!(ran.err.contains("another process holds it"), "{}", ran.err);
    assert!(!folder.path().join("ran").exists());
}

#[test]
fn no_log_at_all() {
    let folder = folder(&[]);
    for args in &COMMANDS[..4] {
        let run = run(folder.path(), args);
        assert_eq!((run.code, run.out.as_str()), (2, ""));
        assert!(run.err.starts_with("error: there is no audit log `aegis_audit.db`"), "{}", run.err);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
