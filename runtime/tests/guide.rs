//! The guide, run as it is written: every `sh` block in one folder, its output compared with the `text` block after it.
//! On Linux, for `setsid`.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may fail")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const GUIDE: &str = include_str!("../../docs/runtime.md");

/// The fenced blocks of a page: their language and their text.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let mut blocks = Vec::new();
    let mut rest = page;
    while let Some((_, from)) = rest.split_once("\n```") {
        let (language, from) = from.split_once('\n').unwrap();
        let (text, after) = from.split_once("\n```\n").unwrap();
        blocks.push((language, text));
        rest = after;
    }
    blocks
}

/// Whether the lines are as expected; `…` stands for anything, on a line of its own for any lines.
fn fits(expected: &[&str], lines: &[&str]) -> bool {
    let Some((first, others)) = expected.split_first() else { return lines.is_empty() };
    if *first == "…" {
        return (0..=lines.len()).any(|skip| fits(others, &lines[skip..]));
    }
    lines.split_first().is_some_and(|(line, rest)| line_fits(first, line) && fits(others, rest))
}

fn line_fits(expected: &str, line: &str) -> bool {
    let mut parts = expected.split('…');
    let first = parts.next().unwrap();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut open = false;
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
        open = part.is_empty();
    }
    open || rest.is_empty()
}

/// The folder of the built programs, with `aegisc` and the example in it.
fn programs() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap().to_owned();
    let build = |args: &[&str]| {
        let mut build = Command::new(env!("CARGO"));
        build.arg("build").args(args).arg("--target-dir").arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success());
    };
    if !profile.join("aegisc").exists() {
        build(&["-p", "aegisc", "--bin", "aegisc"]);
    }
    if !profile.join("examples/agent").exists() {
        build(&["-p", "aegis-runtime", "--example", "agent"]);
    }
    profile
}

fn run(script: &str, folder: &Path, programs: &Path) -> String {
    let path = format!(
        "{}:{}:{}",
        programs.display(),
        programs.join("examples").display(),
        std::env::var("PATH").unwrap()
    );
    // A session of its own: a terminal that the tests run in is not there to be asked.
    let mut shell = Command::new("setsid");
    shell.args(["--wait", "bash", "-e", "-o", "pipefail", "-c", &format!("exec 2>&1; {script}")]);
    let output = shell.env("PATH", path).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{script}\n{text}");
    text
}

#[test]
fn every_command_of_the_guide_says_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let programs = programs();
    let blocks = blocks(GUIDE);
    let mut compared = 0;
    for (at, (language, script)) in blocks.iter().enumerate() {
        if *language != "sh" {
            continue;
        }
        let output = run(script, folder.path(), &programs);
        if let Some(("text", expected)) = blocks.get(at + 1) {
            let (expected, lines): (Vec<_>, Vec<_>) = (expected.lines().collect(), output.lines().collect());
            let loose = script.contains("aegis stats");
            let fit = if loose {
                // Of commands with tables the lines that are named.
                expected.iter().all(|expected| lines.iter().any(|line| line_fits(expected, line)))
            } else {
                fits(&expected, &lines)
            };
            assert!(fit, "{script}\nexpected:\n{}\nsaid:\n{output}", expected.join("\n"));
            compared += 1;
        }
    }
    assert!(compared > 6, "{compared} outputs were compared");
}

#[test]
fn the_program_of_the_guide_is_the_example() {
    let example = include_str!("../examples/agent.rs");
    let (_, program) = example.split_once("\n\n").unwrap();
    assert!(
        GUIDE.contains(&format!("```rust\n{program}```")),
        "docs/runtime.md and examples/agent.rs differ"
    );
}

#[test]
fn dots_stand_for_anything() {
    assert!(line_fits("a…c…", "abcd") && line_fits("…c", "abc") && line_fits("abc", "abc"));
    assert!(!line_fits("a…c", "abcd") && !line_fits("a", "ab") && !line_fits("…b…", "ac"));
    assert!(fits(&["…", "b"], &["a", "a", "b"]) && !fits(&["b"], &["a", "b"]));
}
