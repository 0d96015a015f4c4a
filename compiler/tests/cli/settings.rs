//! `aegisc.toml`, the environment and the flags: who wins, and what is refused.

use super::{Run, command, finish, folder};
use std::path::Path;

/// Draws one error, one warning and one note.
const LAYER: &str =
    "defaults: {approval: auto}\nrules:\n  - aproval: block\n    conditions: {time_after: '10:00:00'}\n";

/// The short lines of a check, as `level name` each.
fn levels(at: &Path, variables: &[(&str, &str)], flags: &[&str]) -> Vec<String> {
    let run = check(at, variables, &[&["--format", "short"], flags].concat());
    let findings = run.err.lines().filter(|line| line.ends_with(']'));
    findings
        .map(|line| {
            let level = line.split(": ").nth(1).unwrap();
            let name = line.rsplit_once('[').unwrap().1.trim_end_matches(']');
            format!("{level} {name}")
        })
        .collect()
}

fn check(at: &Path, variables: &[(&str, &str)], flags: &[&str]) -> Run {
    let mut command = command(at, &["check", "p.yaml"]);
    command.args(flags).envs(variables.iter().copied());
    finish(command, b"")
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let default = ["warning fail_open_defaults", "error unknown_key", "note ignored_seconds"];
    let file =
        "[lints]\nwarnings = \"deny\"\nunknown_key = \"warn\"\nall = \"warn\"\nignored_seconds = \"allow\"\n";
    let with_file = folder(&[("p.yaml", LAYER), ("aegisc.toml", file)]);
    let without = folder(&[("p.yaml", LAYER)]);
    assert_eq!(levels(without.path(), &[], &[]), default);
    // `all`, then `warnings`, then the names, in whatever order they are written.
    assert_eq!(levels(with_file.path(), &[], &[]), ["error fail_open_defaults", "warning unknown_key"]);
    assert_eq!(levels(with_file.path(), &[], &["--no-config"]), default);
    let deny = [("AEGISC_DENY", "unknown_key, ignored-seconds"), ("AEGISC_ALLOW", "all")];
    assert_eq!(levels(with_file.path(), &deny, &[]), ["error unknown_key", "error ignored_seconds"]);
    assert_eq!(
        levels(with_file.path(), &deny, &["-W", "unknown_key"]),
        ["warning unknown_key", "error ignored_seconds"]
    );
    assert_eq!(
        levels(without.path(), &[("AEGISC_CAP_LINTS", "warn")], &[]),
        ["warning fail_open_defaults", "warning unknown_key", "note ignored_seconds"]
    );
    assert!(levels(without.path(), &[("AEGISC_CAP_LINTS", "warn")], &["--cap-lints", "allow"]).is_empty());
    assert_eq!(levels(without.path(), &[("AEGISC_DENY", "")], &[]), default);
}

#[test]
fn limits_and_forms_are_settings_too() {
    let file = "format = \"short\"\nmax-depth = 2\n";
    let at = folder(&[("p.yaml", "rules: [{match: {type: a}}]\n"), ("aegisc.toml", file)]);
    let run = check(at.path(), &[], &[]);
    assert_eq!(run.code, 1);
    assert!(run.err.starts_with("p.yaml:1:") && run.err.contains("[too_deep]"), "{}", run.err);
    assert_eq!(check(at.path(), &[("AEGISC_MAX_DEPTH", "4")], &[]).code, 0);
    assert_eq!(check(at.path(), &[("AEGISC_MAX_DEPTH", "2")], &["--max-depth", "4"]).code, 0);
    let json = check(at.path(), &[("AEGISC_FORMAT", "json")], &[]);
    assert!(json.out.starts_with("{\"name\":\"too_deep\""), "{}", json.out);
    assert!(check(at.path(), &[("AEGISC_COLOR", "always")], &[]).err.contains("\u{1b}["));
}

#[test]
fn the_nearest_file_above_counts() {
    let at = folder(&[
        ("aegisc.toml", "nonsense"),
        ("a/aegisc.toml", "[lints]\nall = \"allow\"\n"),
        ("a/b/c/p.yaml", LAYER),
        ("d/p.yaml", LAYER),
    ]);
    assert!(levels(&at.path().join("a/b/c"), &[], &[]).is_empty());
    let run = check(&at.path().join("d"), &[], &[]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains(" --> ../aegisc.toml:1:"), "{}", run.err);
}

#[test]
fn what_no_setting_knows_is_refused() {
    let file = "\
format = \"shrt\"
max-depht = 3
unknown_key = \"warn\"
owner = \"me\"
max-scalar = 0x10
max-depth = 99999
verify = true
max-file = -1
[lints]
unknow_key = \"warn\"
all = 3
unanchored_regex = \"forbid\"
";
    let at = folder(&[("p.yaml", LAYER), ("aegisc.toml", file)]);
    let variables =
        [("AEGISC_DENNY", "x"), ("AEGISC_WARN", "nothing"), ("AEGISC_VERIFY", "most"), ("AEGISC_LOG", "1")];
    let run = check(at.path(), &variables, &[]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    let expected = [
        "error: the environment variable `AEGISC_DENNY`: there is no such setting; did you mean `AEGISC_DENY`?",
        "error: the environment variable `AEGISC_LOG`: there is no such setting",
        "error: the environment variable `AEGISC_VERIFY`: `most` is none of `fast`, `full`, `off`",
        "error: the environment variable `AEGISC_WARN`: unknown lint `nothing`",
        "error[settings]: `shrt` is none of `pretty`, `short`, `json`, `sarif`, `github`",
        "error[settings]: unknown key `max-depht`",
        "error[settings]: unknown key `unknown_key`",
        "error[settings]: unknown key `owner`",
        "error[settings]: `max-scalar` must be a text or a number, found a number that is not decimal",
        "error[settings]: expected a whole number from 1 to 1024",
        "error[settings]: `verify` must be a text or a number, found a boolean",
        "error[settings]: expected a whole number from 0",
        "error[settings]: unknown lint `unknow_key`; did you mean `unknown_key`?",
        "error[settings]: `all` must be `\"allow\"`, `\"warn\"` or `\"deny\"`",
        "error[settings]: `unanchored_regex` must be `\"allow\"`, `\"warn\"` or `\"deny\"`",
    ];
    let said: Vec<&str> = run.err.lines().filter(|line| line.starts_with("error")).collect();
    assert_eq!(said, expected);
    // What is not read is not judged.
    let run = check(at.path(), &[], &["--no-config"]);
    assert_eq!(run.code, 1);
    let file = folder(&[("p.yaml", LAYER), ("aegisc.toml/x", "")]);
    let run = check(file.path(), &[], &[]);
    assert!(run.code == 2 && run.err == "error: cannot read `aegisc.toml`: it is no file\n", "{}", run.err);
}
