//! `aegis run`.

use super::{RULES, Run, command, ended, finish, folder, run, shipped, until};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

fn rows(folder: &Path) -> Vec<Value> {
    let run = run(folder, &["audit", "--format", "jsonl"]);
    assert_eq!(run.code, 0, "{}", run.err);
    run.lines()
}

/// Runs lines with the rules of the tests, nobody being asked.
fn lines(folder: &Path, input: &str, args: &[&str]) -> Run {
    let always = ["run", "rules.yaml", "--actions", "-", "--approve", "deny"];
    finish(command(folder, &[&always, args].concat()), input.as_bytes())
}

fn looks(targets: impl IntoIterator<Item = String>) -> String {
    let line = |target: String| format!("{}\n", json!({ "type": "look", "target": target }));
    targets.into_iter().map(line).collect()
}

/// Writes down what is done.
const TELL: &str = r#"echo "$AEGIS_ACTION_TYPE $AEGIS_ACTION_TARGET" >> did.txt"#;

#[test]
fn what_the_shipped_policies_block_is_never_done() {
    let folder = folder(&[]);
    let at = folder.path();
    let (base, team, actions) =
        (shipped("base.yaml"), shipped("devops-agent.yaml"), shipped("demo-actions.jsonl"));
    let args = ["run", &base, &team, "--actions", &actions, "--approve", "deny", "--exec", TELL];
    let ran = run(at, &[&args[..], &["--session", "demo"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.err);
    let results = ran.lines();
    assert_eq!(results.len(), 16);
    // What the time decides is left out of what is expected here, but not of what follows from it.
    let status = |line: usize| results[line - 1]["status"].as_str().unwrap();
    for (line, expected) in [(1, "success"), (2, "success"), (3, "denied"), (10, "success"), (11, "denied")] {
        assert_eq!(status(line), expected, "{line}");
    }
    for line in [12, 13, 15, 16] {
        assert_eq!(status(line), "blocked", "{line}");
    }
    assert_eq!(results[14]["error"], "blocked by `destroy_block` (base.yaml:40)");
    let done = results.iter().filter(|result| result["status"] == "success");
    let done: String = done
        .map(|result| {
            format!("{} {}\n", result["type"].as_str().unwrap(), result["target"].as_str().unwrap())
        })
        .collect();
    assert_eq!(fs::read_to_string(at.join("did.txt")).unwrap(), done);
    let count = |status: &str| results.iter().filter(|result| result["status"] == status).count();
    let summary = format!(
        "ended 16 actions: {} success, {} blocked, {} denied (session demo in aegis_audit.db)\n",
        count("success"),
        count("blocked"),
        count("denied")
    );
    assert_eq!(ran.err, summary);
    let rows = rows(at);
    assert_eq!(rows.len(), 16);
    for (row, result) in rows.iter().zip(&results) {
        assert_eq!((&row["result_status"], &row["id"]), (&result["status"], &result["record"]));
    }
}

#[test]
fn a_line_that_is_no_action_is_blocked_and_the_run_goes_on() {
    let folder = folder(&[("rules.yaml", RULES)]);
    let long = format!("{{\"type\":\"look\",\"target\":\"{}\"}}", "x".repeat(200));
    let mut input = b"\xef\xbb\xbf".to_vec();
    input.extend(format!("{}\n\n[1]\n{long}\n", looks(["a".to_owned()])).bytes());
    input.extend(b"\"\xff\"\n");
    input.extend(br#"{"type":"look","target":"b","chain_depth":-1}"#);
    input.extend(format!("\n{}", looks(["c".to_owned()]).trim_end()).bytes());
    let args =
        ["run", "rules.yaml", "--actions", "-", "--exec", TELL, "--max-line", "100", "--parallel", "2"];
    let ran = finish(command(folder.path(), &args), &input);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert_eq!(ran.all("line"), [1, 4, 5, 6, 7, 8]);
    let blocked = "blocked";
    assert_eq!(ran.all("status"), ["success", blocked, blocked, blocked, blocked, "success"]);
    let errors = ran.all("error");
    let words = [
        "found a list",
        "longer than the limit of 100 bytes (`--max-line`)",
        "is not UTF-8",
        "`chain_depth`",
    ];
    for (error, words) in errors[1..5].iter().zip(words) {
        let error = error.as_str().unwrap();
        assert!(error.starts_with("not an action: ") && error.contains(words), "{error}");
    }
    let bad = &ran.lines()[1];
    assert_eq!(
        (&bad["matched_rule"], &bad["approval"], &bad["record"]),
        (&json!("<error>"), &json!("block"), &json!(null))
    );
    let last = ran.err.lines().last().unwrap();
    assert!(last.starts_with("error: 4 bad action lines, blocked; the first at line 4: "), "{last}");
    let mut did: Vec<String> =
        fs::read_to_string(folder.path().join("did.txt")).unwrap().lines().map(str::to_owned).collect();
    did.sort();
    assert_eq!(did, ["look a", "look c"]);
}

#[test]
fn results_keep_the_order_and_so_many_run_at_a_time() {
    let folder = folder(&[("rules.yaml", RULES)]);
    // Each third takes longest, so that those after it end first.
    let slow = r#"echo + >> did.txt; sleep 0.$(( AEGIS_ACTION_TARGET % 3 ))5; echo - >> did.txt"#;
    let input = looks((1..=24).map(|n| n.to_string()));
    let ran = lines(folder.path(), &input, &["--exec", slow, "--parallel", "3"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.all("line"), (1..=24).collect::<Vec<_>>());
    let did = fs::read_to_string(folder.path().join("did.txt")).unwrap();
    let (mut now, mut most) = (0, 0);
    for line in did.lines() {
        now += if line == "+" { 1 } else { -1 };
        most = most.max(now);
    }
    assert_eq!((now, most), (0, 3));
}

#[test]
fn the_first_failure_skips_the_rest_if_so_asked() {
    let folder = folder(&[("rules.yaml", RULES)]);
    let input = "{\"type\":\"look\",\"target\":\"1\"}\n{\"type\":\"drop\",\"target\":\"2\"}\nno\n\
                 {\"type\":\"look\",\"target\":\"3\"}\n{\"type\":\"look\",\"target\":\"4\"}\nno\n";
    let fails = r#"echo "did $AEGIS_ACTION_TARGET" >> did.txt; test "$AEGIS_ACTION_TARGET" != 3"#;
    let ran = lines(folder.path(), input, &["--exec", fails, "--fail-fast"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    let statuses = ["success", "blocked", "blocked", "failed", "skipped", "blocked"];
    assert_eq!(ran.all("status"), statuses);
    assert_eq!(ran.lines()[4]["error"], "skipped: look on 3 before it was failed");
    assert_eq!(fs::read_to_string(folder.path().join("did.txt")).unwrap(), "did 1\ndid 3\n");
    assert_eq!(rows(folder.path()).last().unwrap()["result_status"], "skipped");
    // Without it, the rest runs; a failed one may be tried again.
    let ran =
        lines(folder.path(), &looks(["3".to_owned(), "4".to_owned()]), &["--exec", fails, "--retries", "1"]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        (ran.all("status"), ran.all("attempts")),
        (vec!["failed".into(), "success".into()], vec![2.into(), 1.into()])
    );
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_terminal_what_needs_approval_is_denied() {
    let folder = folder(&[("rules.yaml", RULES), ("a.jsonl", "{\"type\":\"change\",\"target\":\"web\"}\n")]);
    let aegis = env!("CARGO_BIN_EXE_aegis");
    let with = |args: &[&str]| {
        let mut command = std::process::Command::new("setsid");
        super::prepare(&mut command, folder.path());
        command.args(["--wait", aegis, "run", "rules.yaml", "--actions", "a.jsonl", "--exec", TELL]);
        command.args(args);
        finish(command, b"")
    };
    let ran = with(&[]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let error = "denied by nobody: there is no terminal to ask on; `--approve URL` asks elsewhere";
    assert_eq!(ran.all("error"), [error]);
    assert!(!folder.path().join("did.txt").exists());
    let ran = with(&["--approve", "terminal"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(
        ran.err.starts_with("error: `--approve terminal`: there is no terminal to ask on"),
        "{}",
        ran.err
    );
    let ran = with(&["--approve", "https://localhost:9/ask"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("set AEGIS_WEBHOOK_SECRET"), "{}", ran.err);
}

#[test]
fn a_dry_run_writes_and_runs_nothing() {
    let folder = folder(&[("rules.yaml", RULES)]);
    let input = "{\"type\":\"look\",\"target\":\"1\"}\n{\"type\":\"change\",\"target\":\"2\"}\n";
    let ran = lines(folder.path(), input, &["--dry-run"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.all("approval"), ["auto", "approve"]);
    assert_eq!(ran.err, "decided 1 would run, 1 would be asked about, 0 would be blocked; nothing was run\n");
    let ran = lines(folder.path(), "{\"type\":\"drop\",\"target\":\"1\"}\n", &["--dry-run"]);
    assert_eq!((ran.code, ran.all("matched_rule")), (1, vec!["<default>".into()]));
    assert_eq!(lines(folder.path(), "?", &["--dry-run"]).code, 2);
    assert!(!folder.path().join("aegis_audit.db").exists());
    let ran = lines(folder.path(), "", &["--dry-run", "--exec", "true"]);
    assert!(ran.err.contains("cannot be used with"), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_that_it_does_not_know() {
    let folder = folder(&[("rules.yaml", RULES)]);
    let at = folder.path();
    let args =
        ["run", "rules.yaml", "--actions", "-", "--exec", "touch begun; sleep 60", "--approve", "deny"];
    let mut child = command(at, &args).spawn().unwrap();
    // The input stays open: lines could still come.
    let mut input = child.stdin.take().unwrap();
    input.write_all(looks(["a".to_owned(), "b".to_owned()]).as_bytes()).unwrap();
    until("the action", || at.join("begun").exists());
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let ran = ended(child);
    drop(input);
    assert_eq!(ran.code, 130, "{}", ran.err);
    assert_eq!(ran.all("status"), ["unknown"]);
    assert!(ran.err.starts_with("interrupted 1 action: 1 unknown (session "), "{}", ran.err);
    let rows = rows(at);
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["result_status"], rows[0]["outcome_id"].is_i64()), (&json!("unknown"), true));
    assert_eq!(run(at, &["audit", "verify"]).code, 0);
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let folder = folder(&[("rules.yaml", RULES)]);
    let args = ["run", "rules.yaml", "--actions", "-", "--exec", TELL];
    let mut child = command(folder.path(), &args).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    input.write_all(looks(["a".to_owned()]).as_bytes()).unwrap();
    out.read_line(&mut String::new()).unwrap();
    drop(out);
    // Nobody reads: at some line the command ends, and its input is closed.
    while input.write_all(looks(["b".to_owned()]).as_bytes()).is_ok() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let ran = ended(child);
    assert_eq!(ran.code, 2);
    assert!(!ran.err.contains("error"), "{}", ran.err);
}

#[test]
fn who_acts_and_what_is_hidden_is_in_the_log() {
    let folder = folder(&[("rules.yaml", RULES)]);
    let input = r#"{"type":"look","target":"x","params":{"iban":"DE02","n":1,"token":"abc"},"chain_id":"c-1","chain_depth":2}"#;
    let args = ["--exec", "cat", "--redact", "iban", "--session", "s-1", "--agent", "ops", "--log", "my.db"];
    let ran = lines(folder.path(), input, &args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    // The command gets all of it, and so does whoever asked for it.
    assert_eq!(ran.lines()[0]["data"]["params"]["iban"], "DE02");
    let ran = run(folder.path(), &["audit", "--log", "my.db", "--format", "jsonl"]);
    let row = &ran.lines()[0];
    assert_eq!(row["action_params"], json!({ "iban": "[REDACTED]", "n": 1, "token": "[REDACTED]" }));
    assert_eq!(
        (&row["session_id"], &row["agent_id"], &row["chain_depth"]),
        (&json!("s-1"), &json!("ops"), &json!(2))
    );
    assert!(!ran.out.contains("DE02"));
    // The log is also named by the environment.
    let mut command = command(folder.path(), &["audit"]);
    command.env("AEGIS_LOG", "my.db");
    assert_eq!(finish(command, b"").code, 0);
    assert!(!folder.path().join("aegis_audit.db").exists());
}

#[test]
fn a_policy_that_changes_is_replaced_while_it_runs() {
    let folder = folder(&[("rules.yaml", RULES)]);
    let at = folder.path();
    let build = |yaml: &str| fs::write(at.join("new"), super::artifact(yaml)).unwrap();
    build(RULES);
    fs::rename(at.join("new"), at.join("p.aegisb")).unwrap();
    let args = ["run", "p.aegisb", "--watch", "--actions", "-", "--exec", "true", "--approve", "deny"];
    let mut child = command(at, &args).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut look = |input: &mut std::process::ChildStdin| {
        input.write_all(looks(["a".to_owned()]).as_bytes()).unwrap();
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        (line["status"].as_str().unwrap().to_owned(), line["generation"].clone())
    };
    assert_eq!(look(&mut input), ("success".to_owned(), json!(1)));
    build("version: '1'\n");
    fs::rename(at.join("new"), at.join("p.aegisb")).unwrap();
    let mut said = String::new();
    err.read_line(&mut said).unwrap();
    assert!(said.starts_with("replaced the policy: generation 2, "), "{said}");
    assert_eq!(look(&mut input), ("blocked".to_owned(), json!(2)));
    drop(input);
    err.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
    for args in [&["rules.yaml"][..], &["p.aegisb", "p.aegisb"]] {
        let ran = run(at, &[&["run", "--watch", "--actions", "-", "--exec", "true"], args].concat());
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains("`--watch`") && ran.err.contains("aegisc build"), "{}", ran.err);
    }
}

#[test]
fn a_web_service_carries_out() {
    let folder = folder(&[("rules.yaml", RULES)]);
    let service = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/run", service.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = service.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            let mut bytes = [0; 1024];
            let read = stream.read(&mut bytes).unwrap();
            request.extend_from_slice(&bytes[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"done\": 7}").unwrap();
        String::from_utf8(request).unwrap()
    });
    let ran = lines(folder.path(), &looks(["x".to_owned()]), &["--http", &url]);
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    assert_eq!(ran.lines()[0]["data"], json!({ "done": 7 }));
    assert!(served.join().unwrap().starts_with("POST /run "));
    let ran = lines(folder.path(), "", &["--http", "ftp://x"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.starts_with("error: `--http`: "), "{}", ran.err);
}

#[test]
fn wrong_usage_is_two_and_says_what_is_wrong() {
    let folder = folder(&[("rules.yaml", RULES)]);
    let cases: &[(&[&str], &str)] = &[
        (&[], "--exec <COMMAND>|--http <URL>|--dry-run"),
        (&["--exec", "true", "--http", "http://localhost"], "cannot be used with"),
        (&["--exec", "true", "--approve", "me"], "expected `terminal`, `deny`, or a URL"),
        (&["--exec", "true", "--timeout", "0"], "expected seconds above 0"),
        (&["--exec", "true", "--parallel", "0"], "--parallel"),
        (&["--exec", "true", "--session", ""], "--session"),
        (&["--exec", "true", "--log", "."], "cannot open the audit log `/"),
        (&["--exec", "true", "--log", "no/such.db"], "no/such.db`: "),
    ];
    for (args, words) in cases {
        let run = run(folder.path(), &[&["run", "rules.yaml", "--actions", "-"], *args].concat());
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{args:?}: {}", run.err);
        assert!(run.err.contains(words), "{args:?}: {}", run.err);
    }
    let run = run(folder.path(), &["run", "rules.yaml", "--actions", "none", "--exec", "true"]);
    assert!(run.err.starts_with("error: cannot read `none`: "), "{}", run.err);
    assert!(!folder.path().join("aegis_audit.db").exists());
}
