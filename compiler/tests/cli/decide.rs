//! Actions in, answers out: `eval` line by line, `simulate` and `explain` word by word.

use super::{GOOD, Run, command, finish, folder, run};
use serde_json::Value;
use std::fs;
use std::io::Write;

/// Evaluates lines and gives the answers.
fn eval(lines: &[u8], more: &[&str]) -> (Run, Vec<Value>) {
    let folder = folder(&[("good.yaml", GOOD)]);
    let args = [&["eval", "good.yaml", "--actions", "-"], more].concat();
    let run = finish(command(folder.path(), &args), lines);
    let answers = run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (run, answers)
}

#[test]
fn decisions_come_in_order_with_every_key() {
    let lines = r#"{"type":"read","target":"x","unknown":[1]}
{"type":"other","target":"x"}

   
{"type":"pay","target":"x","params":{"amount":"much"}}
{"type":"deploy","target":"prod","agent_id":"ci-7","now":"2026-03-18T23:59:59.999999999+09:00"}
{"type":"deploy","target":"prod","agent_id":"ci-7","now":null}"#;
    let (run, _) = eval(lines.as_bytes(), &["--at", "2026-03-22T14:00:00Z"]);
    let expected = r#"{"approval":"auto","risk_level":"low","matched_rule":"reads","rule_index":0,"origin":{"file":"good.yaml","line":2},"error":null}
{"approval":"block","risk_level":"medium","matched_rule":"<default>","rule_index":null,"origin":null,"error":null}
{"approval":"block","risk_level":"critical","matched_rule":"small","rule_index":1,"origin":{"file":"good.yaml","line":6},"error":{"kind":"type_error","condition":"param_lte","param":"amount","expected":"a number","found":"a string","message":"`param_lte` needs `amount` to be a number, found a string"}}
{"approval":"approve","risk_level":"medium","matched_rule":"hours","rule_index":2,"origin":{"file":"good.yaml","line":11},"error":null}
{"approval":"block","risk_level":"medium","matched_rule":"<default>","rule_index":null,"origin":null,"error":null}
"#;
    assert_eq!(run.out, expected);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "a type error is an answer");
}

#[test]
fn every_bad_line_blocks_and_the_run_goes_on() {
    let deep = |n: usize| {
        format!(r#"{{"type":"read","target":"x","params":{{"a":{}{}}}}}"#, "[".repeat(n), "]".repeat(n))
    };
    let deepest = deep(200);
    let cases: &[(&[u8], &str)] = &[
        (b"nonsense", "not JSON: "),
        (b"{\"type\":\"read\",\"target\":\"x\"", "not JSON: "),
        (b"{\"type\":\"read\",\"target\":\"x\"} {}", "not JSON: "),
        (b"{\"type\":\"read\",\"target\":\"x\",\"params\":{\"a\":NaN}}", "not JSON: "),
        (b"{\"type\":\"read\",\"target\":\"x\",\"params\":{\"a\":-Infinity}}", "not JSON: "),
        (b"{\"type\":\"read\",\"target\":\"\\ud800\"}", "not JSON: a lone surrogate"),
        (deepest.as_bytes(), "not JSON: "),
        (b"{\"type\":\"read\",\"target\":\"\xff\"}", "not UTF-8: "),
        (b"[]", "an action is a JSON object, found a list"),
        (b"\"read\"", "an action is a JSON object, found a string"),
        (b"null", "an action is a JSON object, found null"),
        (b"{\"target\":\"x\"}", "`type` is missing"),
        (b"{\"type\":\"read\"}", "`target` is missing"),
        (b"{\"type\":null,\"target\":\"x\"}", "`type` must be a string"),
        (b"{\"type\":\"read\",\"target\":1}", "`target` must be a string"),
        (b"{\"type\":\"read\",\"target\":\"x\",\"agent_id\":7}", "`agent_id` must be a string"),
        (b"{\"type\":\"read\",\"target\":\"x\",\"description\":[]}", "`description` must be a string"),
        (b"{\"type\":\"read\",\"target\":\"x\",\"params\":[]}", "`params` must be an object"),
        (b"{\"type\":\"read\",\"target\":\"x\",\"params\":null}", "`params` must be an object"),
        (b"{\"type\":\"read\",\"target\":\"x\",\"now\":\"soon\"}", "`now`: expected a time"),
        (
            b"{\"type\":\"read\",\"target\":\"x\",\"now\":\"2026-03-18T14:30:00\"}",
            "`now`: the offset is missing",
        ),
        (
            b"{\"type\":\"read\",\"target\":\"x\",\"now\":1773844200}",
            "`now` must be a string such as `2026-03-18T14:30:00Z`, found an integer",
        ),
    ];
    for (line, message) in cases {
        let good = b"{\"type\":\"read\",\"target\":\"x\"}\n";
        let (run, answers) = eval(&[good, *line, b"\n", good].concat(), &[]);
        let shown = String::from_utf8_lossy(line);
        assert_eq!(answers.len(), 3, "{shown}");
        let bad = &answers[1];
        assert_eq!((bad["approval"].as_str(), bad["risk_level"].as_str()), (Some("block"), Some("critical")));
        assert_eq!(
            (bad["matched_rule"].as_str(), bad["error"]["kind"].as_str()),
            (Some("<error>"), Some("bad_action"))
        );
        assert!(bad["rule_index"].is_null() && bad["origin"].is_null());
        assert!(bad["error"]["message"].as_str().unwrap().starts_with(message), "{shown}: {bad}");
        for answer in [&answers[0], &answers[2]] {
            assert_eq!(answer["matched_rule"], "reads", "{shown}");
        }
        assert_eq!(run.code, 2, "{shown}");
        assert!(
            run.err.starts_with("error: 1 bad action line, blocked; at line 2: "),
            "{shown}\n{}",
            run.err
        );
    }
    let (run, answers) = eval(deep(100).as_bytes(), &[]);
    assert_eq!((run.code, answers.len()), (0, 1), "nesting up to the limit is read");
}

#[test]
fn line_ends_marks_and_long_lines() {
    let line = "{\"type\":\"read\",\"target\":\"x\"}";
    let (run, answers) = eval(format!("\u{feff}{line}\r\n\r\n{line}\r\n").as_bytes(), &[]);
    assert_eq!((run.code, answers.len()), (0, 2), "{}", run.err);
    let (run, answers) = eval(b"", &[]);
    assert_eq!((run.code, answers.len()), (0, 0));
    let long = format!("{{\"type\":\"read\",\"target\":\"{}\"}}", "x".repeat(4 << 20));
    let (run, answers) = eval(format!("{long}\n{line}\n{long}").as_bytes(), &[]);
    let kinds: Vec<_> = answers.iter().map(|answer| answer["matched_rule"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["<error>", "reads", "<error>"]);
    assert_eq!(
        answers[0]["error"]["message"],
        "the line is longer than the limit of 4194304 bytes (`--max-line`)"
    );
    assert_eq!(
        run.err,
        "error: 2 bad action lines, blocked; the first at line 1: the line is longer than the limit of 4194304 bytes (`--max-line`)\n"
    );
    let (run, answers) = eval(format!("{line}\n{line} \n{line}").as_bytes(), &["--max-line", "28"]);
    let kinds: Vec<_> = answers.iter().map(|answer| answer["matched_rule"].as_str().unwrap()).collect();
    assert_eq!((run.code, kinds.as_slice()), (2, ["reads", "<error>", "reads"].as_slice()), "{}", run.err);
}

/// The answers of many lines, good and bad ones mixed, do not depend on the threads, nor does what is said of the
/// bad ones.
#[test]
fn threads_keep_the_order_of_the_actions() {
    let mut lines = String::new();
    for at in 0..30_000 {
        match at % 7 {
            0 => lines.push_str(&format!(
                "{{\"type\":\"pay\",\"target\":\"{at}\",\"params\":{{\"amount\":{at}}}}}\n"
            )),
            3 if at > 20_000 => lines.push_str(&format!("{{\"type\":\"read\",\"target\":{at}}}\n")),
            5 => lines.push_str("\n \n"),
            _ => lines.push_str(&format!("{{\"type\":\"read\",\"target\":\"{at}\"}}\n")),
        }
    }
    let folder = folder(&[("good.yaml", GOOD)]);
    fs::write(folder.path().join("a.jsonl"), lines).unwrap();
    let eval =
        |threads| run(folder.path(), &["eval", "good.yaml", "--actions", "a.jsonl", "--threads", threads]);
    let one = eval("1");
    let wrong = one.out.lines().filter(|answer| answer.contains("\"<error>\"")).count();
    assert_eq!((one.code, wrong), (2, 1_429), "{}", one.err);
    for threads in ["2", "3", "16"] {
        let more = eval(threads);
        assert_eq!((more.code, &more.err), (one.code, &one.err), "{threads} threads");
        assert!(more.out == one.out, "{threads} threads give other answers");
    }
    assert_eq!(eval("0").code, 2);
    // Short lines, of which each is longer than it may be, do not pile up in one batch.
    fs::write(folder.path().join("a.jsonl"), "{}\n".repeat(50_000)).unwrap();
    let args = ["eval", "good.yaml", "--actions", "a.jsonl", "--max-line", "1", "--threads", "1000000"];
    let short = run(folder.path(), &args);
    assert_eq!((short.code, short.out.lines().count()), (2, 50_000));
}

#[test]
fn an_answer_does_not_wait_for_the_next_action() {
    use std::io::{BufRead, BufReader};
    let folder = folder(&[("good.yaml", GOOD)]);
    let mut child = command(folder.path(), &["eval", "good.yaml", "--actions", "-"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..3 {
        input.write_all(b"{\"type\":\"read\",\"target\":\"x\"}\n").unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert!(answer.contains("\"reads\""), "{answer}");
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let folder = folder(&[("good.yaml", GOOD)]);
    let lines = "{\"type\":\"read\",\"target\":\"x\"}\n".repeat(20_000);
    fs::write(folder.path().join("a.jsonl"), lines).unwrap();
    for args in [&["eval", "good.yaml", "--actions", "a.jsonl"][..], &["schema"], &["lints"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = command(folder.path(), args);
        command.stdout(writer);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: not all was said");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{args:?}");
    }
}

#[test]
fn simulate_says_what_nearly_matched() {
    let folder = folder(&[("good.yaml", GOOD)]);
    let cases: &[(&[&str], &str)] = &[
        (
            &["read:a:b", "read"],
            "read:a:b -> LOW / AUTO (matched: reads)\nread:* -> LOW / AUTO (matched: reads)\n",
        ),
        (&["other:x.yaml"], "other:x.yaml -> MEDIUM / BLOCK (matched: <default>)\n"),
        (
            &["pay:x"],
            "pay:x -> MEDIUM / BLOCK (matched: <default>)\n  `small` did not match: param `amount` is missing (param_lte: {amount: 100})\n",
        ),
        (
            &["pay:x", "--param", "amount=null"],
            "pay:x -> MEDIUM / BLOCK (matched: <default>)\n  `small` did not match: param `amount` is null (param_lte: {amount: 100})\n",
        ),
        (
            &["pay:x", "--param", "amount=1e400"],
            "pay:x -> MEDIUM / BLOCK (matched: <default>)\n  `small` did not match: param `amount` is inf (param_lte: {amount: 100})\n",
        ),
        (
            &["pay:x", "--param", "amount=a=b"],
            "pay:x -> CRITICAL / BLOCK (could not be judged: small)\n  error: `param_lte` needs `amount` to be a number, found a string\n",
        ),
        (
            &["deploy:prod", "--agent", "ci-7", "--at", "2026-03-18T08:59:59Z"],
            "deploy:prod -> MEDIUM / BLOCK (matched: <default>)\n  `hours` did not match: it is 08:59 UTC (time_after: \"09:00\")\n",
        ),
        (
            &["deploy:prod", "--agent", "ci-7", "--at", "2026-03-22T09:00:00Z"],
            "deploy:prod -> MEDIUM / BLOCK (matched: <default>)\n  `hours` did not match: it is Sunday in UTC (weekdays: [1, 2, 3, 4, 5])\n",
        ),
        (
            &["deploy:prod", "--agent", "ci-7", "--at", "2026-03-18T18:00:00+09:00"],
            "deploy:prod -> MEDIUM / APPROVE (matched: hours)\n",
        ),
    ];
    for (args, expected) in cases {
        // An action may look like a layer once the actions have begun.
        let first = if args[0].ends_with(".yaml") {
            &["simulate", "good.yaml", "a:b"][..]
        } else {
            &["simulate", "good.yaml"]
        };
        let run = run(folder.path(), &[first, *args].concat());
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{args:?}");
        assert!(run.out.ends_with(expected), "{args:?}\n{}", run.out);
    }
}

#[test]
fn explain_walks_every_rule() {
    let folder = folder(&[("good.yaml", GOOD)]);
    let explain = |args: &[&str]| run(folder.path(), &[&["explain", "good.yaml"], args].concat());
    let paid = explain(&["pay:x", "--param", "amount=101"]);
    assert_eq!((paid.code, paid.err.as_str()), (0, ""));
    assert_eq!(
        paid.out,
        "   0 reads (good.yaml:2): type `read` does not match `pay`
   1 small (good.yaml:6): param `amount` is 101 (param_lte: {amount: 100} at good.yaml:9)
   2 hours (good.yaml:11): type `deploy` does not match `pay`
     no rule matched: the defaults of good.yaml hold, MEDIUM / BLOCK
pay:x -> MEDIUM / BLOCK (matched: <default>)
"
    );
    let read = explain(&["read:x"]);
    let expected = "   0 reads (good.yaml:2): matched: LOW / AUTO\n     2 later rules not reached\n";
    assert!(read.out.starts_with(expected), "{}", read.out);
    let nobody = explain(&["deploy:prod"]);
    assert!(nobody.out.contains("agent `ci-*` is not met: no agent is named"), "{}", nobody.out);
    let judged = explain(&["pay:x", "--param", "amount=[]"]);
    assert!(
        judged.out.contains("   1 small (good.yaml:6): could not be judged: `param_lte` "),
        "{}",
        judged.out
    );
}

#[test]
fn terminal_codes_in_an_action_are_shown_not_obeyed() {
    let folder = folder(&[("good.yaml", GOOD)]);
    let run = run(folder.path(), &["simulate", "good.yaml", "pay:\u{1b}[2J", "--param", "amount=999\u{9b}"]);
    assert!(!(run.out + &run.err).contains(|c: char| c.is_control() && c != '\n'));
}
