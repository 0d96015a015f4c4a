//! The command as scripts meet it: exit codes, streams, files, and whole lines of output.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bench;
mod decide;
mod files;
#[cfg(unix)]
mod hostile;
mod mend;
mod settings;

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A finished run.
struct Run {
    code: i32,
    out: String,
    err: String,
}

/// A folder of its own with files in it.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aegisc"));
    command.args(args).current_dir(folder);
    for variable in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    for (variable, _) in std::env::vars().filter(|(name, _)| name.starts_with("AEGISC_")) {
        command.env_remove(variable);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn finish(mut command: Command, input: &[u8]) -> Run {
    let mut child = command.spawn().unwrap();
    // A command that ends without reading its input closes the pipe: nothing to fail for.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn run(folder: &Path, args: &[&str]) -> Run {
    finish(command(folder, args), b"")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const GOOD: &str = "\
rules:
  - name: reads
    match: { type: read }
    approval: auto
    risk_level: low
  - name: small
    match: { type: pay }
    conditions:
      param_lte: { amount: 100 }
    approval: auto
  - name: hours
    match: { type: deploy, target: prod, agent: 'ci-*' }
    conditions:
      time_after: '09:00'
      weekdays: [1, 2, 3, 4, 5]
    approval: approve
";
const BAD: &str = "rules:\n  - aproval: block\n    match: { type: [a, b] }\n";
const WARNS: &str = "rules:\n  - match: { type: a }\n    conditions: { param_eq: {} }\n";

#[test]
fn exit_codes_and_last_lines() {
    let folder =
        folder(&[("good.yaml", GOOD), ("bad.yaml", BAD), ("warns.yaml", WARNS), ("sub/a.yaml", GOOD)]);
    let at = folder.path();
    assert_eq!(run(at, &["build", "good.yaml", "-o", "good.aegisb"]).code, 0);
    let cases: &[(&[&str], i32, &str)] = &[
        (&["check", "good.yaml"], 0, "checked 1 layer, 3 rules: nothing found"),
        (&["validate", "good.yaml", "sub/a.yaml", "--color", "never"], 0, "checked 2 layers, 6 rules: "),
        (&["check", "warns.yaml"], 0, "checked 1 layer, 1 rule: 1 warning"),
        (&["check", "warns.yaml", "-D", "warnings"], 1, "error: could not compile: 1 error"),
        (&["check", "warns.yaml", "-D", "vacuous-condition"], 1, "error: could not compile: 1 error"),
        (&["check", "bad.yaml"], 1, "error: could not compile: 2 errors"),
        (&["check", "bad.yaml", "-A", "unknown_key"], 1, "error: could not compile: 1 error"),
        (&["check", "bad.yaml", "--cap-lints", "warn"], 1, "error: could not compile: 1 error, 1 warning"),
        (&["check", "bad.yaml", "good.yaml"], 1, "error: could not compile: 2 errors"),
        (&["simulate", "bad.yaml", "a:b"], 1, "error: could not compile: 2 errors"),
        (&["eval", "bad.yaml", "--actions", "-"], 1, "error: could not compile: 2 errors"),
        (&["check", "no.yaml"], 2, "error: cannot read `no.yaml`: "),
        (&["check", "sub"], 2, "error: cannot read `sub`: it is a folder; name the files in it"),
        (&["check", "good.aegisb"], 2, "error: `good.aegisb` is a compiled artifact; "),
        (&["check", "-", "-"], 2, "error: standard input (`-`) can be one layer only"),
        (&["eval", "good.aegisb", "--actions", "no.jsonl"], 2, "error: cannot read `no.jsonl`: "),
        (&["eval", "good.aegisb", "--actions", "sub"], 2, "error: cannot read `sub`: it is a folder"),
        (&["eval", "no.aegisb", "--actions", "-"], 2, "error: cannot load `no.aegisb`: "),
        (
            &["eval", "good.aegisb", "good.yaml", "--actions", "-"],
            2,
            "error: `good.aegisb` is compiled and cannot",
        ),
        (
            &["eval", "good.aegisb", "good.aegisb", "--actions", "-"],
            2,
            "error: only one artifact can be the policy",
        ),
        (&["simulate", "good.yaml"], 2, "error: an action is missing after the policy"),
        (&["simulate", "a:b"], 2, "error: a policy is missing before `a:b`"),
        (&["simulate", "good.yaml", "a:b", "--param", "x"], 2, "error: `--param x` has no `=`"),
        (&["explain", "good.yaml", "a:b", "c:d"], 2, "error: `explain` takes one action"),
        (
            &["inspect", "good.yaml"],
            2,
            "error: cannot load `good.yaml`: it is no compiled artifact; build it first: `aegisc build good.yaml -o good.aegisb`",
        ),
        (&["inspect", "sub"], 2, "error: cannot load `sub`: it is a folder"),
        (&["lints", "unknwon_key"], 2, "error: unknown lint `unknwon_key`; did you mean `unknown_key`?"),
        (&["lints", "all"], 2, "error: `all` stands for several lints"),
    ];
    for (args, code, last) in cases {
        let run = run(at, args);
        assert_eq!(run.code, *code, "{args:?}\n{}", run.err);
        let line = run.err.lines().last().unwrap_or_default();
        assert!(line.starts_with(last), "{args:?}\n{}", run.err);
        assert_eq!(run.out, "", "{args:?}");
    }
}

#[test]
fn wrong_usage_is_two_and_says_what_is_wrong() {
    let folder = folder(&[("good.yaml", GOOD)]);
    let long = "x".repeat(65);
    let cases: &[(&[&str], &str)] = &[
        (&[], "Usage: aegisc"),
        (&["bild"], "unrecognized subcommand 'bild'"),
        (&["build", "good.yaml"], "--output <OUT.aegisb>"),
        (&["build", "-o", "x.aegisb"], "<LAYER.yaml>..."),
        (&["build", "good.yaml", "-o", "x.aegisb", "--revision", "-1"], "expected a whole number from 0"),
        (&["build", "good.yaml", "-o", "x.aegisb", "--revision", "1.5"], "expected a whole number from 0"),
        (
            &["build", "good.yaml", "-o", "x.aegisb", "--revision", "18446744073709551616"],
            "at most 18446744073709551615",
        ),
        (&["build", "good.yaml", "-o", "x.aegisb", "--policy-id", &long], "it has 65 bytes; at most 64 fit"),
        (&["build", "good.yaml", "-o", "x.aegisb", "--policy-id", "a\nb"], "a control character"),
        (&["build", "good.yaml", "-o", "x.aegisb", "--verify", "some"], "[possible values: fast, full, off]"),
        (&["check", "good.yaml", "-A", "unknwon_key"], "did you mean `unknown_key`?"),
        (
            &["check", "good.yaml", "--format", "html"],
            "[possible values: pretty, short, json, sarif, github]",
        ),
        (&["check", "good.yaml", "--cap-lints", "deny"], "[possible values: warn, allow]"),
        (&["check", "good.yaml", "--max-depth", "0"], "a whole number from 1 to"),
        (&["eval", "good.yaml"], "--actions <FILE>"),
        (&["eval", "good.yaml", "--actions", "-", "--at", "noon"], "expected a time such as"),
        (&["simulate", "good.yaml", "a:b", "--at", "2026-03-18T14:30:00"], "the offset is missing"),
    ];
    for (args, words) in cases {
        let run = run(folder.path(), args);
        assert_eq!(run.code, 2, "{args:?}\n{}", run.err);
        assert!(run.err.contains(words), "{args:?}\n{}", run.err);
        assert_eq!(run.out, "", "{args:?}");
    }
    assert_eq!(names(folder.path()), ["good.yaml"]);
}

#[test]
fn the_later_of_two_levels_wins() {
    let folder = folder(&[("warns.yaml", WARNS)]);
    let name = "vacuous_condition";
    let cases: &[(&[&str], i32, &str)] = &[
        (&["-A", name, "-D", name], 1, "1 error"),
        (&["-D", name, "-A", name], 0, "nothing found"),
        (&["-D", "all", "-W", name], 0, "1 warning"),
        (&["-W", name, "-D", "all"], 1, "1 error"),
        (&["-Dall", "-Aall", "-Wall"], 0, "1 warning"),
        (&["-W", name, "-D", "warnings", "-A", "all"], 0, "nothing found"),
        (&["-A", "all", "-D", "warnings"], 0, "nothing found"),
        (&["--deny", name, "--cap-lints", "warn"], 0, "1 warning"),
        (&["--cap-lints", "allow", "--deny", name], 0, "nothing found"),
    ];
    for (flags, code, words) in cases {
        let run = run(folder.path(), &[&["check", "warns.yaml"], *flags].concat());
        assert_eq!(run.code, *code, "{flags:?}\n{}", run.err);
        assert!(run.err.lines().last().unwrap().ends_with(words), "{flags:?}\n{}", run.err);
    }
}

#[test]
fn findings_go_where_scripts_look() {
    let folder = folder(&[("bad.yaml", BAD)]);
    let json = run(folder.path(), &["check", "bad.yaml", "--format", "json"]);
    assert_eq!((json.code, json.err.as_str()), (1, ""));
    let entries: Vec<Value> = json.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0]["name"], "unknown_key");
    assert_eq!(entries[0]["level"], "error");
    let place = ["line", "column", "end_line", "end_column"].map(|key| entries[0][key].as_u64().unwrap());
    assert_eq!(place, [2, 5, 2, 12]);
    let build = run(folder.path(), &["build", "bad.yaml", "-o", "x.aegisb", "--format", "json"]);
    assert_eq!((build.code, build.out.as_str()), (1, ""));
    assert_eq!(build.err, json.out);
    let short = run(folder.path(), &["check", "bad.yaml", "--format", "short"]);
    assert_eq!(short.out, "");
    assert!(short.err.starts_with("bad.yaml:2:5: error: "), "{}", short.err);
    assert_eq!(short.err.lines().count(), 3);
}

#[test]
fn sarif_is_one_document_whatever_is_found() {
    let folder = folder(&[("good.yaml", GOOD), ("bad.yaml", BAD), ("warns.yaml", WARNS)]);
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&["good.yaml"], 0, &[]),
        (&["warns.yaml"], 0, &["warning"]),
        (&["warns.yaml", "-D", "warnings"], 1, &["error"]),
        (&["good.yaml", "bad.yaml"], 1, &["error", "error"]),
    ];
    for (args, code, levels) in cases {
        let check = run(folder.path(), &[&["check", "--format", "sarif"], *args].concat());
        assert_eq!((check.code, check.err.as_str()), (*code, ""), "{args:?}");
        let log: Value = serde_json::from_str(&check.out).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let results = log["runs"][0]["results"].as_array().unwrap();
        let found: Vec<_> = results.iter().map(|result| result["level"].as_str().unwrap()).collect();
        assert_eq!(found, *levels, "{args:?}");
        // Of a build the artifact was asked for: the same document goes to standard error.
        let build = [&["build", "-o", "x.aegisb", "--format", "sarif"], *args].concat();
        let build = run(folder.path(), &build);
        assert_eq!((build.code, build.out.as_str(), build.err), (*code, "", check.out), "{args:?}");
    }
    let missing = run(folder.path(), &["check", "no.yaml", "--format", "sarif"]);
    assert_eq!((missing.code, missing.out.as_str()), (2, ""));
    assert!(missing.err.starts_with("error: cannot read `no.yaml`"), "{}", missing.err);
}

#[test]
fn github_annotations_are_lines_of_their_own() {
    let folder = folder(&[("good.yaml", GOOD), ("bad.yaml", BAD), ("warns.yaml", WARNS)]);
    let cases: &[(&[&str], i32, &[&str], &str)] = &[
        (&["good.yaml"], 0, &[], "checked 1 layer, 3 rules: nothing found"),
        (&["warns.yaml"], 0, &["::warning file=warns.yaml,line=3,"], "checked 1 layer, 1 rule: 1 warning"),
        (&["warns.yaml", "-D", "warnings"], 1, &["::error file=warns.yaml,line=3,"], "error: could not"),
        (
            &["bad.yaml", "--color", "always"],
            1,
            &["::error file=bad.yaml,line=2,", "::error file=bad.yaml,line=3,"],
            "",
        ),
    ];
    for (args, code, starts, last) in cases {
        let check = run(folder.path(), &[&["check", "--format", "github"], *args].concat());
        assert_eq!(check.code, *code, "{args:?}");
        let lines: Vec<_> = check.out.lines().collect();
        assert_eq!(lines.len(), starts.len(), "{args:?}\n{}", check.out);
        assert!(lines.iter().zip(*starts).all(|(line, start)| line.starts_with(start)), "{}", check.out);
        assert_eq!(check.err.lines().count(), 1, "{}", check.err);
        assert!(check.err.starts_with(last), "{}", check.err);
    }
    let build = run(folder.path(), &["build", "bad.yaml", "-o", "x.aegisb", "--format", "github"]);
    assert_eq!((build.code, build.out.as_str()), (1, ""));
    assert_eq!(build.err.lines().filter(|line| line.starts_with("::error file=bad.yaml,")).count(), 2);
}

#[test]
fn every_format_gives_the_reason() {
    let cases = [
        ("time_after: '24:30'", "`24:30` is no time of day", "the hour must be 0 to 23", [4, 19, 4, 26]),
        (
            "param_matches: {a: '*b'}",
            "`*b` is no regular expression: the condition never holds",
            "nothing to repeat",
            [4, 27, 4, 28],
        ),
        (
            "param_matches: {a: 'x(?<=b)'}",
            "the pattern `x(?<=b)` cannot be compiled",
            "a lookbehind cannot be followed by an automaton",
            [4, 28, 4, 34],
        ),
    ];
    for (condition, message, reason, place) in cases {
        let text = format!("rules:\n  - name: r\n    conditions:\n      {condition}\n");
        let folder = folder(&[("p.yaml", &text)]);
        let json = run(folder.path(), &["check", "p.yaml", "--format", "json"]);
        let entry: Value = serde_json::from_str(json.out.lines().next().unwrap()).unwrap();
        assert_eq!(entry["message"], message);
        let label = &entry["labels"][0];
        assert_eq!(label["message"], reason);
        let keys = ["line", "column", "end_line", "end_column"];
        assert_eq!(keys.map(|key| label[key].as_u64().unwrap()), place, "{condition}");
        let short = run(folder.path(), &["check", "p.yaml", "--format", "short"]);
        let name = entry["name"].as_str().unwrap();
        let [line, column, ..] = place;
        assert_eq!(
            short.err.lines().next().unwrap(),
            format!("p.yaml:{line}:{column}: error: {message}: {reason} [{name}]")
        );
    }
}

#[test]
fn paths_do_not_depend_on_where_the_build_runs() {
    let folder = folder(&[("in/bad.yaml", BAD)]);
    let inside = folder.path().canonicalize().unwrap().join("in");
    let absolute = inside.join("bad.yaml");
    let absolute = absolute.to_str().unwrap();
    let cases = [
        (folder.path(), "in/bad.yaml", "in/bad.yaml"),
        (folder.path(), "./in/bad.yaml", "in/bad.yaml"),
        (folder.path(), absolute, "in/bad.yaml"),
        (Path::new("/"), absolute, &absolute[1..]),
        (&std::env::temp_dir().join("."), "-", "<stdin>"),
    ];
    for (at, path, shown) in cases {
        let run = finish(command(at, &["check", path, "--format", "short"]), BAD.as_bytes());
        assert!(run.err.starts_with(&format!("{shown}:2:5: ")), "{path}\n{}", run.err);
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let run = run(elsewhere.path(), &["check", absolute, "--format", "short"]);
    assert!(run.err.starts_with("bad.yaml:2:5: "), "{}", run.err);
}

#[test]
fn colour_is_asked_for_or_forced() {
    let folder = folder(&[("good.yaml", GOOD), ("bad.yaml", BAD)]);
    type Case = (&'static [&'static str], &'static [(&'static str, &'static str)], bool);
    let cases: &[Case] = &[
        (&[], &[], false),
        (&["--color", "always"], &[], true),
        (&["--color", "always"], &[("NO_COLOR", "1")], true),
        (&["--color", "never"], &[("FORCE_COLOR", "1")], false),
        (&[], &[("FORCE_COLOR", "1")], true),
        (&[], &[("FORCE_COLOR", "0")], false),
        (&[], &[("CLICOLOR_FORCE", "1")], true),
        (&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false),
    ];
    for (flags, variables, colored) in cases {
        for args in [&["simulate", "good.yaml", "read:x"][..], &["check", "bad.yaml"]] {
            let mut command = command(folder.path(), &[args, *flags].concat());
            command.envs(variables.iter().copied());
            let run = finish(command, b"");
            assert_eq!((run.out + &run.err).contains('\u{1b}'), *colored, "{args:?} {flags:?} {variables:?}");
        }
    }
}

#[test]
fn init_writes_a_policy_that_passes() {
    let folder = folder(&[]);
    let at = folder.path();
    let first = run(at, &["init"]);
    assert_eq!((first.code, first.out.as_str()), (0, ""), "{}", first.err);
    assert_eq!(
        run(at, &["check", "policy.yaml", "-D", "all"]).err,
        "checked 1 layer, 5 rules: nothing found\n"
    );
    fs::write(at.join("policy.yaml"), "mine").unwrap();
    let again = run(at, &["init"]);
    assert_eq!(
        (again.code, again.err.as_str()),
        (2, "error: `policy.yaml` is there already; `--force` writes over it\n")
    );
    assert_eq!(fs::read_to_string(at.join("policy.yaml")).unwrap(), "mine");
    assert_eq!(run(at, &["init", "--force"]).code, 0);
    assert_ne!(fs::read_to_string(at.join("policy.yaml")).unwrap(), "mine");
    assert_eq!(run(at, &["init", "no/such/folder.yaml"]).code, 2);
    assert_eq!(names(at), ["policy.yaml"]);
}

#[test]
fn init_writes_the_schema_where_it_is_asked_for() {
    const SCHEMA: &str = "aegis-policy.schema.json";
    let folder = folder(&[]);
    let at = folder.path();
    let printed = run(at, &["schema"]).out;
    let first = run(at, &["init", "--schema"]);
    assert_eq!(
        (first.code, first.err.as_str()),
        (0, "wrote aegis-policy.schema.json\nwrote policy.yaml; next: aegisc check policy.yaml\n")
    );
    assert_eq!(fs::read_to_string(at.join(SCHEMA)).unwrap(), printed);
    let policy = fs::read_to_string(at.join("policy.yaml")).unwrap();
    assert!(policy.starts_with("# yaml-language-server: $schema=./aegis-policy.schema.json\n"), "{policy}");
    assert_eq!(run(at, &["check", "policy.yaml", "-D", "all"]).code, 0);

    // Another policy in the folder shares the schema; one that differs is kept, unless force is used.
    let second = run(at, &["init", "other.yaml", "--schema"]);
    assert_eq!(second.err, "wrote other.yaml; next: aegisc check other.yaml\n");
    fs::write(at.join(SCHEMA), "mine").unwrap();
    let third = run(at, &["init", "third.yaml", "--schema"]);
    assert!(third.err.starts_with("kept aegis-policy.schema.json, which differs; `aegisc schema -o"));
    assert_eq!(fs::read_to_string(at.join(SCHEMA)).unwrap(), "mine");
    assert_eq!(run(at, &["init", "third.yaml", "--schema", "--force"]).code, 0);
    assert_eq!(fs::read_to_string(at.join(SCHEMA)).unwrap(), printed);

    // Nothing is written beside a policy that is there.
    fs::remove_file(at.join(SCHEMA)).unwrap();
    assert_eq!(run(at, &["init", "policy.yaml", "--schema"]).code, 2);
    assert!(!at.join(SCHEMA).exists());
}

#[test]
fn schema_writes_a_file_or_says_why_not() {
    let folder = folder(&[]);
    let at = folder.path();
    let written = run(at, &["schema", "-o", "s.json"]);
    assert_eq!((written.code, written.out.as_str(), written.err.as_str()), (0, "", "wrote s.json\n"));
    assert_eq!(fs::read_to_string(at.join("s.json")).unwrap(), run(at, &["schema"]).out);
    let failed = run(at, &["schema", "-o", "no/such/s.json"]);
    assert_eq!(failed.code, 2);
    assert!(failed.err.starts_with("error: cannot write `no/such/s.json`: "), "{}", failed.err);
    assert_eq!(names(at), ["s.json"]);
}

#[test]
fn the_rest_prints_what_was_asked_for() {
    let folder = folder(&[]);
    let at = folder.path();
    let schema = run(at, &["schema"]);
    assert_eq!((schema.code, schema.err.as_str()), (0, ""));
    let schema: Value = serde_json::from_str(&schema.out).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(at, &["completions", shell]);
        assert_eq!((script.code, script.err.as_str()), (0, ""), "{shell}");
        assert!(script.out.contains("simulate"), "{shell}");
    }
    let lints = run(at, &["lints"]);
    assert!(lints.out.contains("deny  unknown_key "), "{}", lints.out);
    for lint in aegisc::diag::Lint::ALL {
        let (name, described) = (lint.name(), run(at, &["lints", lint.name()]));
        assert_eq!((described.code, described.err.as_str()), (0, ""), "{name}");
        assert!(described.out.contains(lint.summary()), "{}", described.out);
        assert!(lints.out.contains(&format!(" {name} ")), "{}", lints.out);
    }
    for name in ["non_integer_weekday", "text_threshold"] {
        assert!(run(at, &["lints", name]).out.starts_with(&format!("{name} (warn by default)\n")));
    }
    assert!(run(at, &["lints", "unknown-key"]).out.starts_with("unknown_key (deny by default)\n"));
    for command in [
        "build",
        "check",
        "validate",
        "eval",
        "simulate",
        "explain",
        "inspect",
        "bench",
        "schema",
        "init",
        "lints",
        "completions",
    ] {
        let help = run(at, &[command, "--help"]);
        assert_eq!((help.code, help.err.as_str()), (0, ""), "{command}");
        assert!(help.out.contains("Example"), "{command}\n{}", help.out);
    }
    assert!(run(at, &["--version"]).out.starts_with("aegisc "));
}
