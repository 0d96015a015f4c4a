//! `check --fix`: what is written, what is left alone, and patches that other programs take.

use super::{BAD, GOOD, command, finish, folder, names, run};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Two passes: the second mends what the first made count.
const MENDABLE: &str = "\
# base
rules:
  - name: a   # kept
    match: {type: 'x**'}
    condition: {time_after: '10:30:59'}
    aproval: forbid
";
const MENDED: &str = "\
# base
rules:
  - name: a   # kept
    match: {type: 'x*'}
    conditions: {time_after: '10:30'}
    approval: block
";
const SAID: &str = "\
p.yaml:4:21: write `*`; there is no glob for one folder only [glob_looks_like_regex], keeps every decision
p.yaml:5:5: write `conditions` [unknown_key], may change decisions
p.yaml:6:5: write `approval` [unknown_key], may change decisions
p.yaml:5:30: write `'10:30'` [ignored_seconds], keeps every decision
p.yaml:6:15: write `block` [unknown_approval], may change decisions
";
const TOTAL: &str = "5 mends in 1 file; 3 may change decisions\n";
const PATCH: &str = "\
--- a/p.yaml
+++ b/p.yaml
@@ -1,6 +1,6 @@
 # base
 rules:
   - name: a   # kept
-    match: {type: 'x**'}
-    condition: {time_after: '10:30:59'}
-    aproval: forbid
+    match: {type: 'x*'}
+    conditions: {time_after: '10:30'}
+    approval: block
";

fn said(verb: &str) -> String {
    SAID.lines().map(|line| format!("{verb} {line}\n")).collect()
}

fn read(at: &Path, name: &str) -> String {
    fs::read_to_string(at.join(name)).unwrap()
}

#[test]
fn a_fix_writes_the_mended_file_and_checks_it() {
    let folder = folder(&[("p.yaml", MENDABLE), ("good.yaml", GOOD)]);
    let at = folder.path();
    let fix = run(at, &["check", "p.yaml", "good.yaml", "--fix"]);
    let last = "checked 2 layers, 4 rules: nothing found\n";
    assert_eq!((fix.code, fix.out.as_str()), (0, ""));
    assert_eq!(fix.err, format!("{}{last}{TOTAL}", said("fixed")));
    assert_eq!(read(at, "p.yaml"), MENDED);
    assert_eq!(read(at, "good.yaml"), GOOD);
    assert_eq!(names(at), ["good.yaml", "p.yaml"]);
    let again = run(at, &["check", "p.yaml", "--fix"]);
    assert_eq!(
        (again.code, again.err.as_str()),
        (0, "checked 1 layer, 1 rule: nothing found\nnothing to mend\n")
    );
    assert_eq!(read(at, "p.yaml"), MENDED);
}

#[test]
fn the_exit_code_is_that_of_the_mended_layers() {
    let folder = folder(&[("bad.yaml", BAD), ("good.yaml", GOOD)]);
    let at = folder.path();
    for args in [&["--fix", "--diff"][..], &["--fix"]] {
        let fix = run(at, &[&["check", "bad.yaml", "--format", "short"], args].concat());
        assert_eq!(fix.code, 1);
        assert!(fix.err.contains("error: `match.type` must be one glob"), "{}", fix.err);
        let end = "error: could not compile: 1 error\n1 mend in 1 file; 1 may change decisions\n";
        assert!(fix.err.ends_with(end), "{}", fix.err);
    }
    assert_eq!(read(at, "bad.yaml"), BAD.replace("aproval", "approval"));
    for (args, code) in [(["bad.yaml"], 1), (["good.yaml"], 0)] {
        let diff = run(at, &[&["check", "--fix", "--diff"], &args[..]].concat());
        assert_eq!((diff.code, diff.out.as_str()), (code, ""), "{}", diff.err);
        assert!(diff.err.ends_with("nothing to mend\n"), "{}", diff.err);
    }
}

#[test]
fn a_diff_writes_nothing_and_patches() {
    let folder = folder(&[("p.yaml", MENDABLE)]);
    let at = folder.path();
    let diff = run(at, &["check", "p.yaml", "--fix", "--diff"]);
    assert_eq!((diff.code, diff.out.as_str()), (1, PATCH));
    assert_eq!(diff.err, format!("{}checked 1 layer, 1 rule: nothing found\n{TOTAL}", said("would fix")));
    assert_eq!((read(at, "p.yaml").as_str(), names(at)), (MENDABLE, vec!["p.yaml".to_owned()]));
    let piped = finish(command(at, &["check", "-", "--fix", "--diff"]), MENDABLE.as_bytes());
    assert_eq!((piped.code, piped.out), (1, PATCH.replace("p.yaml", "<stdin>")));
    let colored = run(at, &["check", "p.yaml", "--fix", "--diff", "--color", "always"]);
    for line in ["\u{1b}[31m-    aproval: forbid\u{1b}[0m\n", "\u{1b}[32m+    approval: block\u{1b}[0m\n"] {
        assert!(colored.out.contains(line), "{:?}", colored.out);
    }
    let usage = run(at, &["check", "p.yaml", "--diff"]);
    assert_eq!((usage.code, usage.out.as_str()), (2, ""));
    assert!(usage.err.contains("--fix"), "{}", usage.err);
}

/// Whatever the form of the files, their patch does what `--fix` does.
#[test]
fn patches_are_taken_by_git_and_patch() {
    let long: String =
        (0..20).map(|n| format!("  - name: r{n}\n    aproval: block\n    risk_level: low\n")).collect();
    let crlf = MENDABLE.replace('\n', "\r\n");
    let files = [
        ("p.yaml", MENDABLE.to_owned()),
        ("sub/a b.yaml", MENDABLE.trim_end().to_owned()),
        ("정책.yaml", format!("\u{feff}{MENDABLE}# \u{1f600} e\u{301}\t\n")),
        ("crlf.yaml", crlf.trim_end().to_owned()),
        ("long.yaml", format!("rules:\n{long}")),
        ("good.yaml", GOOD.to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let (fixed, patched) = (folder(&files), folder(&files));
    let layers: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let diff = run(patched.path(), &[&["check", "--fix", "--diff"], &layers[..]].concat());
    assert_eq!(diff.code, 1, "{}", diff.err);
    run(fixed.path(), &[&["check", "--fix"], &layers[..]].concat());
    let tools: [&[&str]; 2] = [&["git", "apply", "-"], &["patch", "-p1", "--binary", "--silent"]];
    let mut taken = 0;
    for tool in tools {
        for (name, text) in &files {
            fs::write(patched.path().join(name), text).unwrap();
        }
        let mut command = Command::new(tool[0]);
        command.args(&tool[1..]).current_dir(patched.path());
        // A folder above may be a repository, in which git would look for the files.
        command.env("GIT_DIR", patched.path().join("none")).env("GIT_CEILING_DIRECTORIES", patched.path());
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::piped());
        if Command::new(tool[0]).arg("--version").output().is_err() {
            continue;
        }
        let run = finish(command, diff.out.as_bytes());
        assert_eq!(run.code, 0, "{tool:?}\n{}\n{}", run.err, diff.out);
        for name in &layers {
            let (is, expected) = (read(patched.path(), name), read(fixed.path(), name));
            assert_eq!(is, expected, "{tool:?} {name}");
        }
        taken += 1;
    }
    assert!(taken > 0 || cfg!(not(unix)), "neither git nor patch is here");
}

#[test]
fn what_cannot_be_mended_is_refused_before_anything_is_written() {
    let folder = folder(&[("p.yaml", MENDABLE), ("q.yaml", MENDABLE), ("sub/x", "")]);
    let at = folder.path();
    let mut permissions = fs::metadata(at.join("q.yaml")).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(at.join("q.yaml"), permissions).unwrap();
    let cases: [(&[&str], &str); 4] = [
        (&["p.yaml", "q.yaml"], "cannot write `q.yaml`: it is read-only; make it writable first"),
        (
            &["p.yaml", "-"],
            "`--fix` cannot write to standard input (`-`): name a file, or print the mends with `--fix --diff`",
        ),
        (&["p.yaml", "sub/../p.yaml"], "`sub/../p.yaml` is given twice: `--fix` mends each file once"),
        (&["p.yaml", "no.yaml"], "cannot read `no.yaml`: No such file or directory (os error 2)"),
    ];
    for (layers, why) in cases {
        let fix = run(at, &[&["check", "--fix"], layers].concat());
        assert_eq!((fix.code, fix.out.as_str(), fix.err), (2, "", format!("error: {why}\n")));
        assert_eq!(read(at, "p.yaml"), MENDABLE);
    }
    assert_eq!(read(at, "q.yaml"), MENDABLE);
    assert_eq!(names(at), ["p.yaml", "q.yaml", "sub"]);
}

#[test]
fn levels_decide_what_is_mended() {
    let folder = folder(&[("p.yaml", MENDABLE)]);
    let at = folder.path();
    for args in [&["-A", "all"][..], &["--cap-lints", "allow"]] {
        let fix = run(at, &[&["check", "p.yaml", "--fix"], args].concat());
        assert!(fix.err.ends_with("nothing to mend\n"), "{}", fix.err);
        assert_eq!((fix.code, read(at, "p.yaml").as_str()), (0, MENDABLE));
    }
    let fix = run(
        at,
        &["check", "p.yaml", "--fix", "-A", "all", "-D", "ignored_seconds", "-D", "glob_looks_like_regex"],
    );
    assert!(fix.err.ends_with("1 mend in 1 file; every decision is kept\n"), "{}", fix.err);
    assert_eq!(read(at, "p.yaml"), MENDABLE.replace("x**", "x*"));
}

/// Findings for programs stay alone on their stream.
#[test]
fn data_and_patches_are_apart() {
    let folder = folder(&[("p.yaml", &format!("{MENDABLE}  - approval: [auto]\n"))]);
    let at = folder.path();
    let diff = run(at, &["check", "p.yaml", "--fix", "--diff", "--format", "json"]);
    assert!(diff.out.starts_with("--- a/p.yaml\n"), "{}", diff.out);
    let left: Vec<Value> = diff.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0]["name"].as_str(), diff.code), (Some("wrong_kind"), 1));
    let before = run(at, &["check", "p.yaml", "--format", "json"]);
    let before: Vec<Value> = before.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kept: Vec<_> = before.iter().filter_map(|found| found["fix"]["decisions"].as_str()).collect();
    assert_eq!(kept, ["kept", "may_change", "may_change"]);
    let fix = run(at, &["check", "p.yaml", "--fix", "--format", "json"]);
    let left: Vec<Value> = fix.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((left.len(), fix.code), (1, 1));
    assert_eq!(fix.err, format!("{}{TOTAL}", said("fixed")));
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder(&[("real.yaml", MENDABLE)]);
    let at = folder.path();
    symlink("real.yaml", at.join("p.yaml")).unwrap();
    fs::set_permissions(at.join("real.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(run(at, &["check", "p.yaml", "--fix"]).code, 0);
    assert!(fs::symlink_metadata(at.join("p.yaml")).unwrap().is_symlink());
    assert_eq!(read(at, "real.yaml"), MENDED);
    assert_eq!(fs::metadata(at.join("real.yaml")).unwrap().permissions().mode() & 0o777, 0o640);
    let device = finish(command(at, &["check", "/dev/stdin", "--fix"]), MENDABLE.as_bytes());
    assert_eq!(device.code, 2);
    assert_eq!(device.err, "error: cannot write `/dev/stdin`: it is a device or a pipe, not a file\n");
}
