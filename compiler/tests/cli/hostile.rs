//! Layers, patterns and actions that are made to take long or much: the command answers within bounds that
//! are generous, and finite. `benches/hostile` measures the release build on the same layers, in full size.

#[expect(unreachable_pub, reason = "the examples have it too")]
#[path = "../support/hostile.rs"]
mod layers;

use super::{Run, finish, folder};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs the command with 1 GiB of addresses, 2 MiB of stack and two minutes of a processor.
fn bounded(folder: &Path, args: &[&str], input: &[u8]) -> Run {
    let mut command = Command::new("sh");
    let bounds = r#"ulimit -v 1048576 && ulimit -s 2048 && ulimit -t 120 && exec "$0" "$@""#;
    command.args(["-c", bounds, env!("CARGO_BIN_EXE_aegisc")]).args(args).current_dir(folder);
    command.env("NO_COLOR", "1").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    finish(command, input)
}

#[test]
fn hostile_layers_end_within_bounds() {
    let folder = folder(&[]);
    let mut wrong = Vec::new();
    // Of many large patterns the work is the same in every size, and long without optimisation.
    let quick = |layer: &layers::Hostile| !layer.name.contains("patterns");
    for layers::Hostile { name, bytes, end } in layers::layers(80).into_iter().filter(quick) {
        let file = format!("{name}.yaml");
        std::fs::write(folder.path().join(&file), bytes).unwrap();
        let run = bounded(folder.path(), &["check", "--format", "short", &file], b"");
        let as_expected = match end {
            layers::End::Fine => run.code == 0,
            layers::End::Refused(finding) => run.code == 1 && run.err.contains(&format!("[{finding}]")),
        };
        if !as_expected {
            let said: String = run.err.chars().take(300).collect();
            wrong.push(format!("{name}, expected {end:?}: {}: {said}", run.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn limits_hold_for_every_command_that_reads_layers() {
    let folder = folder(&[
        ("p.yaml", "rules:\n- {name: a, match: {type: x}}\n- {name: b, match: {type: y}}\n"),
        ("q.yaml", "rules: []\n"),
        ("a.jsonl", "{\"type\":\"x\",\"target\":\"\"}\n"),
    ]);
    let commands: [&[&str]; 5] = [
        &["check", "p.yaml", "q.yaml"],
        &["build", "p.yaml", "q.yaml", "-o", "p.aegisb"],
        &["eval", "p.yaml", "q.yaml", "--actions", "a.jsonl"],
        &["simulate", "p.yaml", "q.yaml", "x:y"],
        &["explain", "p.yaml", "q.yaml", "x:y"],
    ];
    let limits: [(&[&str], i32, &str); 8] = [
        (&["--max-depth", "2"], 1, "too_deep"),
        (&["--max-scalar", "3"], 1, "scalar_size"),
        (&["--max-nodes", "9"], 1, "the file has more than 9 nodes"),
        (&["--max-file", "20"], 1, "the file is longer than the limit of 20 bytes"),
        (&["--max-file", "66"], 2, "`q.yaml` are together longer than the limit of 66 bytes (`--max-file`)"),
        (&["--max-layers", "1"], 2, "2 layers are more than the limit of 1 (`--max-layers`)"),
        (&["--max-rules", "1"], 1, "the policy has more than 1 rules, which is the limit"),
        (
            &[
                "--max-depth",
                "5",
                "--max-nodes",
                "30",
                "--max-file",
                "80",
                "--max-layers",
                "2",
                "--max-rules",
                "2",
            ],
            0,
            "",
        ),
    ];
    for command in commands {
        for (flags, code, words) in limits {
            // One long layer is refused before the second is read.
            let layers = if flags == ["--max-file", "20"] { "p.yaml" } else { "" };
            let args: Vec<&str> = command
                .iter()
                .filter(|arg| layers.is_empty() || **arg != "q.yaml")
                .chain(flags)
                .copied()
                .collect();
            let run = bounded(folder.path(), &args, b"");
            assert_eq!(run.code, code, "{args:?}: {}", run.err);
            assert!(run.err.contains(words), "{args:?}: {}", run.err);
        }
    }
}

/// Of many findings some are shown, errors first.
#[test]
fn findings_that_nobody_reads_are_counted() {
    let rule = |at: usize| format!("- {{name: same, match: {{type: t{at}}}}}\n");
    let yaml = format!("rules:\n{}- {{naem: x}}\n", (0..2_500).map(rule).collect::<String>());
    let folder = folder(&[("p.yaml", &yaml)]);
    let run = bounded(folder.path(), &["check", "--format", "short", "p.yaml"], b"");
    assert_eq!(run.err.matches("[duplicate_name]").count(), 1_999, "{} bytes", run.err.len());
    assert_eq!(run.err.matches("[unknown_key]").count(), 1);
    assert!(run.err.contains("\n500 more findings are not shown (`--max-findings`)\n"), "{}", run.err);
    let run = bounded(folder.path(), &["check", "--max-findings", "9", "--format", "json", "p.yaml"], b"");
    assert_eq!((run.out.lines().count(), run.err.as_str()), (9, ""));
}

/// No more is read of what begins as no artifact, and no more than an artifact says that it has.
#[test]
fn a_file_without_end_is_no_artifact() {
    let folder = folder(&[]);
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("zeros.aegisb")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("zeros.yaml")).unwrap();
    for args in [&["inspect", "zeros.aegisb"][..], &["simulate", "zeros.aegisb", "x"]] {
        let run = bounded(folder.path(), args, b"");
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(run.err.contains("not an aegis artifact"), "{}", run.err);
    }
    let run = bounded(folder.path(), &["check", "--max-file", "1000000", "zeros.yaml"], b"");
    assert_eq!(run.code, 1, "{}", run.err);
}

/// A policy with one rule a pattern.
fn yaml(patterns: &[&str]) -> String {
    let mut yaml = String::from("rules:\n");
    for (at, pattern) in patterns.iter().enumerate() {
        writeln!(yaml, "- name: r{at}\n  match: {{type: t{at}}}\n  approval: auto").unwrap();
        writeln!(yaml, "  conditions:\n    param_matches:\n      p: '{pattern}'").unwrap();
    }
    yaml
}

fn refused(pattern: &str, words: &[&str]) {
    let folder = folder(&[("p.yaml", &yaml(&["fine", pattern]))]);
    for args in [&["check", "p.yaml"][..], &["build", "p.yaml", "-o", "p.aegisb"]] {
        let run = bounded(folder.path(), args, b"");
        let start: String = run.err.chars().take(2_000).collect();
        assert_eq!(run.code, 1, "{start}");
        for words in words {
            assert!(run.err.contains(words), "expected `{words}`: {start}");
        }
        // The line of the pattern, and the summary alone.
        assert!(run.err.contains("--> p.yaml:13:"), "{start}");
        assert_eq!(run.err.matches("error").count(), 3, "{start}");
        assert!(run.err.ends_with("error: could not compile: 1 error\n"), "{start}");
        assert!(run.err.len() < 2_000, "{start}");
        assert!(!folder.path().join("p.aegisb").exists());
    }
}

#[test]
fn hostile_patterns_are_refused_within_bounds() {
    refused(
        "(a|b)*a(a|b){200}",
        &["error[regex_too_large]: `(a|b)*a(a|b){200}` is", "most of them for `(a|b){200}`"],
    );
    refused("a{4294967294}", &["error[regex_too_large]: `a{4294967294}` is", "4294967294 steps long"]);
    refused("((a{1,99}){1,99}){1,99}", &["error[regex_too_large]: ", "1940597 steps long"]);
    let nested = |depth: usize, inner: &str| "(".repeat(depth) + inner + &")".repeat(depth);
    let long = "the pattern is 100001 bytes long; the limit is 16384";
    refused(&nested(50_000, "a"), &["error[regex_too_large]: ", long]);
    refused(&nested(8_000, "a"), &["error[regex_too_large]: ", "groups are nested more than 250 deep"]);
    refused(&nested(251, "a*"), &["error[regex_too_large]: ", "groups are nested more than 250 deep"]);
    refused(&"(?:a|".repeat(3_000), &["error[regex_too_large]: ", "groups are nested more than 250 deep"]);
    refused(&"(a?){1,999}".repeat(99), &["error[regex_too_large]: ", " steps long"]);
}

/// What a search that tries one way after the other would never end on.
#[test]
fn hostile_patterns_that_are_accepted_decide_within_bounds() {
    let patterns = [
        r"(?:\w{1,50}){1,50}x",
        "^(a+)+$",
        "(a|b)*a(a|b){20}",
        "(a|a|b)*(c|d?)*e",
        "^(?:a?){99}a{99}$",
        r"^(\w*\w*)*\d$",
    ];
    let long = |piece: &str, times: usize, end: &str| piece.repeat(times) + end;
    let b_and_20 = |text: String| format!("{text}b{}", "a".repeat(20));
    let cases = [
        (0, "x".to_owned(), false),
        (0, "é_x".to_owned(), true),
        (0, long("w", 3_000, "x"), true),
        (0, long("w", 3_000, ""), false),
        (0, long("w ", 3_000, "x"), false),
        (0, long("w", 3_000, "-x"), false),
        (1, long("a", 100_000, ""), true),
        (1, long("a", 100_000, "\n"), true),
        (1, long("a", 100_000, "!"), false),
        (1, String::new(), false),
        (2, long("b", 50_000, ""), false),
        (2, format!("{}a{}", long("b", 50_000, ""), "b".repeat(20)), true),
        (2, b_and_20(long("c", 50_000, "")), false),
        (2, b_and_20(long("ab", 9, "")), true),
        (3, long("a", 100_000, "f"), false),
        (3, long("acd", 30_000, "e"), true),
        (4, long("a", 198, "\n"), true),
        (4, long("a", 99, ""), true),
        (4, long("a", 199, ""), false),
        (4, long("a", 98, ""), false),
        (5, long("w", 100_000, "-"), false),
        (5, long("w", 100_000, "7"), true),
    ];
    let folder = folder(&[("p.yaml", &yaml(&patterns))]);
    let at = folder.path();
    let checked = bounded(at, &["check", "p.yaml"], b"");
    assert_eq!((checked.code, checked.out.as_str()), (0, ""), "{}", checked.err);
    let built = bounded(at, &["build", "p.yaml", "-o", "p.aegisb"], b"");
    assert_eq!(built.code, 0, "{}", built.err);
    let mut lines = String::new();
    for (rule, text, _) in &cases {
        // A list of it as well, which is written in pieces.
        for value in [json!(text), json!([text])] {
            writeln!(lines, "{}", json!({"type": format!("t{rule}"), "target": "", "params": {"p": value}}))
                .unwrap();
        }
    }
    let decided = bounded(at, &["eval", "p.aegisb", "--actions", "-"], lines.as_bytes());
    assert_eq!(decided.code, 0, "{}", decided.err);
    let answers: Vec<Value> = decided.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), cases.len() * 2);
    for ((rule, text, found), answers) in cases.iter().zip(answers.chunks(2)) {
        let start: String = text.chars().take(40).collect();
        let what = format!("`{}` in {start}… of {} bytes", patterns[*rule], text.len());
        assert_eq!(answers[0]["rule_index"] == json!(rule), *found, "{what}: {}", answers[0]);
        // What is bound to the start or the end of the text is not found in a list.
        let in_list = *found && ![1, 4, 5].contains(rule);
        assert_eq!(answers[1]["rule_index"] == json!(rule), in_list, "in a list: {what}: {}", answers[1]);
        assert!(answers.iter().all(|answer| answer["error"].is_null()), "{what}");
    }
}
