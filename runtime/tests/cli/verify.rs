//! `aegis audit head` and `aegis audit verify`: what was changed is found.

use super::{folder, log, run};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::Path;

/// Changes a log as someone would who may write its file.
fn tamper(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    let triggers = "DROP TRIGGER record_is_not_updated; DROP TRIGGER record_is_not_deleted;";
    connection.execute_batch(&format!("BEGIN; {triggers} {sql}; COMMIT;")).unwrap();
}

/// As before, and without a trace in the schema.
fn tamper_unseen(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    let mut triggers = connection.prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger'").unwrap();
    let triggers: Vec<String> =
        triggers.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    tamper(path, &format!("{sql}; {}", triggers.join(";")));
}

#[test]
fn a_log_as_it_was_written_is_whole() {
    let folder = folder(&[]);
    let at = folder.path();
    log(at);
    let head = run(at, &["audit", "head"]);
    assert_eq!((head.code, head.err.as_str()), (0, ""));
    let (hash, rest) = head.out.split_at(64);
    assert_eq!(rest, "  row 10\n");
    let found = run(at, &["audit", "verify"]);
    assert_eq!((found.code, found.err.as_str()), (0, ""));
    assert!(
        found.out.starts_with(&format!("whole: 10 rows, 5 actions; head {hash}\nnot anchored: ")),
        "{}",
        found.out
    );
    // The whole line of `head` will do as an anchor.
    let found = run(at, &["audit", "verify", "--anchor", head.out.trim_end()]);
    assert_eq!(found.code, 0);
    let anchored = "anchored: the head that was kept is that of row 10; 0 rows came after it\n";
    assert!(found.out.ends_with(anchored), "{}", found.out);
    let found = run(at, &["audit", "verify", "--json", "--anchor", hash]);
    let found: Value = serde_json::from_str(&found.out).unwrap();
    let expected = json!({
        "good": true, "rows": 10, "actions": 5, "head": hash, "fault": null, "anchor": { "row": 10 },
        "unknown": 0, "first_unknown": [],
    });
    assert_eq!(found, expected);
    let wrong = run(at, &["audit", "verify", "--anchor", "12"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("64 hexadecimal digits"), "{}", wrong.err);
}

#[test]
fn what_was_changed_is_named() {
    let cases = [
        ("UPDATE record SET action_target = 'other' WHERE id = 5", "row 5: it is not what was written"),
        ("UPDATE record SET result_status = 'success' WHERE id = 4", "row 4: it is not what was written"),
        (
            "UPDATE record SET id = 100 WHERE id = 1; UPDATE record SET id = 1 WHERE id = 3; \
             UPDATE record SET id = 3 WHERE id = 100;",
            "row 1: it is not what was written",
        ),
        ("DELETE FROM record WHERE id = 6", "row 6: it is missing"),
        (
            "UPDATE decision SET approval = 'auto' WHERE approval = 'approve'",
            "row 9: it is not what was written",
        ),
        ("UPDATE session SET name = 'three' WHERE name = 'two'", "row 7: it is not what was written"),
    ];
    for (sql, words) in cases {
        let folder = folder(&[]);
        let path = log(folder.path());
        tamper_unseen(&path, sql);
        let found = run(folder.path(), &["audit", "verify"]);
        assert_eq!(found.code, 1, "{sql}: {}", found.out);
        assert!(found.out.starts_with(&format!("wrong: {words}")), "{sql}: {}", found.out);
        assert!(found.out.contains(" before it, "), "{}", found.out);
        let json = run(folder.path(), &["audit", "verify", "--json"]);
        let json: Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!(json["good"], false);
    }
}

#[test]
fn a_table_without_its_guard_is_named() {
    let folder = folder(&[]);
    let path = log(folder.path());
    tamper(&path, "");
    let found = run(folder.path(), &["audit", "verify"]);
    assert_eq!(found.code, 1);
    let words = "wrong: trigger record_is_not_deleted is not as this program defines it\n10 rows, 5 actions, and each";
    assert!(found.out.starts_with(words), "{}", found.out);
}

#[test]
fn rows_cut_from_the_end_are_missed_with_an_anchor_alone() {
    let folder = folder(&[]);
    let at = folder.path();
    let path = log(at);
    let head = run(at, &["audit", "head"]).out;
    tamper_unseen(&path, "DELETE FROM record WHERE id > 8");
    let found = run(at, &["audit", "verify"]);
    assert_eq!(found.code, 0);
    assert!(found.out.contains("not anchored: rows cut from the end would not be missed"), "{}", found.out);
    let found = run(at, &["audit", "verify", "--anchor", head.trim_end()]);
    assert_eq!(found.code, 1);
    assert!(
        found.out.contains("anchor lost: ") && found.out.contains("rows were cut from the end"),
        "{}",
        found.out
    );
}

#[test]
fn actions_without_an_outcome_are_named() {
    let folder = folder(&[]);
    let path = log(folder.path());
    tamper_unseen(&path, "DELETE FROM record WHERE id = 10");
    let found = run(folder.path(), &["audit", "verify"]);
    assert_eq!(found.code, 0, "{}", found.out);
    assert!(found.out.starts_with("whole: 9 rows, 5 actions; "), "{}", found.out);
    assert!(found.out.ends_with("no outcome: 1 action, running still or cut short: 9\n"), "{}", found.out);
    let unknown = run(folder.path(), &["audit", "--result", "unknown", "--format", "jsonl"]);
    assert_eq!(unknown.all("id"), [9]);
}
