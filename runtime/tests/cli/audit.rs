//! `aegis audit` and `aegis stats`: forms, filters, files, following.

use super::{command, ended, finish, folder, log, run};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

#[test]
fn a_table_shows_and_a_terminal_obeys_nothing() {
    let folder = folder(&[]);
    log(folder.path());
    let run = run(folder.path(), &["audit"]);
    assert_eq!((run.code, run.err.as_str()), (0, "5 actions\n"));
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines.len(), 6, "{}", run.out);
    let heads: Vec<&str> = lines[0].split("  ").map(str::trim).filter(|head| !head.is_empty()).collect();
    assert_eq!(
        heads,
        ["id", "time (UTC)", "session", "action", "risk", "approval", "rule", "human", "result"]
    );
    assert!(lines[3].contains("drop:␛[2J\u{fffd}x"), "{}", lines[3]);
    assert!(lines[5].contains("change:web") && lines[5].contains("denied by deny-all"), "{}", lines[5]);
    assert!(!run.out.contains('\u{1b}'));
    let starts: Vec<usize> = lines.iter().filter_map(|line| line.find("look")).collect();
    assert!(starts.windows(2).all(|pair| pair[0] == pair[1]), "{}", run.out);
}

#[test]
fn a_table_fits() {
    let folder = folder(&[]);
    log(folder.path());
    for (columns, has_session) in [("200", true), ("70", false)] {
        let mut command = command(folder.path(), &["audit"]);
        command.env("COLUMNS", columns);
        let run = finish(command, b"");
        let widest = run.out.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= columns.parse().unwrap(), "{}", run.out);
        assert_eq!(run.out.contains("session"), has_session, "{}", run.out);
        assert!(run.out.contains("result\n") && run.out.contains("blocked\n"), "{}", run.out);
    }
    let run = run(folder.path(), &["audit", "--color", "always", "--result", "failed"]);
    assert!(run.out.contains("\u{1b}[91mfailed"), "{}", run.out);
}

#[test]
fn forms_hold_the_same() {
    let folder = folder(&[]);
    log(folder.path());
    let lines = run(folder.path(), &["audit", "--format", "jsonl"]);
    assert_eq!((lines.code, lines.err.as_str()), (0, ""));
    let array = run(folder.path(), &["audit", "--format", "json"]);
    assert_eq!(serde_json::from_str::<Vec<Value>>(&array.out).unwrap(), lines.lines());
    let rows = lines.lines();
    assert_eq!(rows[2]["action_target"], "\u{1b}[2J\u{202e}x");
    assert_eq!((&rows[1]["result_error"], &rows[1]["risk_level"]), (&json!("it fails"), &json!("LOW")));
    let none = run(folder.path(), &["audit", "--format", "json", "--session", "none"]);
    assert_eq!((none.code, none.out.as_str()), (0, "[]\n"));
}

#[test]
fn filters_hold_together() {
    let folder = folder(&[]);
    log(folder.path());
    let targets = |args: &[&str]| -> Vec<String> {
        let run = run(folder.path(), &[&["audit", "--format", "jsonl"], args].concat());
        assert_eq!(run.code, 0, "{}", run.err);
        run.all("id").iter().map(ToString::to_string).collect()
    };
    let cases: &[(&[&str], &[&str])] = &[
        (&[], &["1", "3", "5", "7", "9"]),
        (&["--session", "two"], &["7", "9"]),
        (&["--type", "look"], &["1", "3", "7"]),
        (&["--risk", "HIGH"], &["5"]),
        (&["--result", "failed"], &["3"]),
        (&["--agent", "bob"], &["7", "9"]),
        (&["--agent", "bob", "--type", "look"], &["7"]),
        (&["--last", "2"], &["7", "9"]),
        (&["--last", "1", "--type", "look", "--since", "1h"], &["7"]),
        (&["--since", "10m"], &["1", "3", "5", "7", "9"]),
        (&["--until", "10m"], &[]),
        (&["--since", "2099-01-01T00:00:00Z"], &[]),
        (&["--until", "2099-01-01T00:00:00+09:00", "--since", "2000-01-01T00:00:00Z", "--last", "1"], &["9"]),
    ];
    for (args, ids) in cases {
        assert_eq!(targets(args), *ids, "{args:?}");
    }
    for (args, words) in [
        (["--since", "yesterday"], "such as `30m`, `2h` or `7d`"),
        (["--risk", "huge"], "expected low, medium, high or critical"),
        (["--result", "good"], "expected success, failed"),
    ] {
        let run = run(folder.path(), &["audit", args[0], args[1]]);
        assert_eq!(run.code, 2);
        assert!(run.err.contains(words), "{}", run.err);
    }
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = folder(&[("out.jsonl", "old")]);
    let at = folder.path();
    log(at);
    let to_file = run(at, &["audit", "--format", "jsonl", "-o", "out.jsonl"]);
    assert_eq!(
        (to_file.code, to_file.out.as_str(), to_file.err.as_str()),
        (0, "", "wrote 5 actions to out.jsonl\n")
    );
    let printed = run(at, &["audit", "--format", "jsonl"]);
    assert_eq!(fs::read_to_string(at.join("out.jsonl")).unwrap(), printed.out);
    assert_eq!(run(at, &["audit", "--color", "always", "-o", "out.txt"]).code, 0);
    assert!(!fs::read_to_string(at.join("out.txt")).unwrap().contains('\u{1b}'));
    for (path, words) in [
        ("aegis_audit.db", "is the log itself"),
        ("./aegis_audit.db", "is the log itself"),
        ("no/such.json", "cannot write `no/such.json`: "),
        (".", "cannot write `.`: "),
    ] {
        let run = run(at, &["audit", "-o", path]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{path}");
        assert!(run.err.contains(words), "{}", run.err);
    }
    let left: Vec<_> = fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".aegisc-")), "{left:?}");
}

#[test]
fn who_follows_sees_what_ends() {
    let folder = folder(&[("rules.yaml", super::RULES)]);
    let at = folder.path();
    log(at);
    let args = ["audit", "--tail", "--last", "1", "--type", "look", "--format", "jsonl"];
    let mut child = command(at, &args).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut next = || {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        serde_json::from_str::<Value>(&line).unwrap()["action_target"].as_str().unwrap().to_owned()
    };
    assert_eq!(next(), "b");
    let new = "{\"type\":\"drop\",\"target\":\"c\"}\n{\"type\":\"look\",\"target\":\"d\"}\n";
    let run_args = ["run", "rules.yaml", "--actions", "-", "--exec", "true"];
    assert_eq!(finish(command(at, &run_args), new.as_bytes()).code, 1);
    assert_eq!(next(), "d");
    // It ends by itself once nobody reads, though nothing comes.
    drop(out);
    let ran = ended(child);
    assert_eq!((ran.code, ran.err.as_str()), (2, ""));
    let refused = run(at, &["audit", "--tail", "--format", "json"]);
    assert!(refused.err.contains("use `--format jsonl`"), "{}", refused.err);
}

#[test]
fn a_pipe_that_closes_is_no_error() {
    let folder = folder(&[]);
    log(folder.path());
    for args in [&["audit"][..], &["audit", "--format", "json"], &["stats"], &["audit", "verify"]] {
        let mut command = command(folder.path(), args);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        command.stdout(Stdio::from(writer));
        let run = finish(command, b"");
        assert_eq!((run.code, run.err.as_str()), (2, ""), "{args:?}");
    }
}

#[test]
fn rules_are_counted_with_bars() {
    let folder = folder(&[]);
    log(folder.path());
    let drawn = run(folder.path(), &["stats"]);
    assert_eq!((drawn.code, drawn.err.as_str()), (0, "5 actions by 3 rules\n"));
    let lines: Vec<&str> = drawn.out.lines().collect();
    assert!(lines[0].starts_with("rule "), "{}", drawn.out);
    let bar = |line: &str| line.chars().filter(|c| *c == '█').count();
    assert!(lines[1].starts_with("look ") && lines[1].ends_with("2 success, 1 failed"), "{}", drawn.out);
    assert_eq!((bar(lines[1]), bar(lines[2])), (40, 13), "{}", drawn.out);
    let plain = run(folder.path(), &["stats", "--ascii", "--agent", "bob"]);
    assert!(plain.out.is_ascii() && plain.out.contains("####"), "{}", plain.out);
    let mut command = command(folder.path(), &["stats"]);
    command.env("LC_ALL", "C");
    assert!(finish(command, b"").out.is_ascii());
    let json = run(folder.path(), &["stats", "--json", "--last", "3"]);
    let rules: Vec<Value> = serde_json::from_str(&json.out).unwrap();
    assert_eq!(rules.len(), 3);
    let change = rules.iter().find(|rule| rule["rule"] == "change").unwrap();
    assert_eq!(
        (&change["actions"], &change["denied"], &change["approval"]),
        (&json!(1), &json!(1), &json!("approve"))
    );
}
