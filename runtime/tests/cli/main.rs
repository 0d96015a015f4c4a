//! The command `aegis` as scripts meet it: exit codes, streams, files, and whole lines of output.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod audit;
#[cfg(target_os = "linux")]
mod large;
mod refused;
mod run;
#[path = "../support/mod.rs"]
mod support;
mod verify;

use aegis_runtime::audit::SqliteLog;
use aegis_runtime::executor::{ExecuteError, from_fn};
use aegis_runtime::policy::PolicyHandle;
use aegis_runtime::{Action, Runtime, Task};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A finished run.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    /// The lines of standard output, as JSON.
    fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// One key of each line.
    fn all(&self, key: &str) -> Vec<Value> {
        self.lines().iter().map(|line| line[key].clone()).collect()
    }
}

/// A folder of its own with files in it.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aegis"));
    prepare(&mut command, folder);
    command.args(args);
    command
}

fn prepare(command: &mut Command, folder: &Path) {
    command.current_dir(folder);
    for variable in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LC_ALL", "LC_CTYPE"]
    {
        command.env_remove(variable);
    }
    for (variable, _) in std::env::vars().filter(|(name, _)| name.starts_with("AEGIS")) {
        command.env_remove(variable);
    }
    command.env("LANG", "C.UTF-8");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
}

fn finish(mut command: Command, input: &[u8]) -> Run {
    let mut child = command.spawn().unwrap();
    // A command that ends without reading its input closes the pipe: nothing to fail for.
    let _ = child.stdin.take().unwrap().write_all(input);
    ended(child)
}

fn ended(child: Child) -> Run {
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn run(folder: &Path, args: &[&str]) -> Run {
    finish(command(folder, args), b"")
}

/// Waits until something is so, for a while.
fn until(what: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if is() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("{what} does not come");
}

fn shipped(name: &str) -> String {
    format!("{}/../policies/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The artifact of a policy of YAML.
fn artifact(yaml: &str) -> Vec<u8> {
    yaml.parse::<aegisc::Policy>().unwrap().artifact().to_vec()
}

/// What the actions of the tests are decided by.
const RULES: &str = "
version: '1'
defaults: { approval: block, risk_level: high }
rules:
  - { name: look, match: { type: look }, approval: auto, risk_level: low }
  - { name: change, match: { type: change }, approval: approve, risk_level: medium }
";

/// Writes a log in a folder: three actions of alice in session `one`, two of bob in session `two`, of which one is
/// asked about.
fn log(folder: &Path) -> PathBuf {
    let path = folder.join("aegis_audit.db");
    let actions = [
        ("one", "alice", "look", "a"),
        ("one", "alice", "look", "fails"),
        ("one", "alice", "drop", "\u{1b}[2J\u{202e}x"),
        ("two", "bob", "look", "b"),
        ("two", "bob", "change", "web"),
    ];
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (session, agent, kind, target) in actions {
        let execute = |task: Task| async move {
            match task.action().target() {
                "fails" => Err(ExecuteError::permanent("it fails")),
                target => Ok(target.into()),
            }
        };
        let runtime = Runtime::builder()
            .policy(PolicyHandle::new(support::policy(RULES)))
            .executor(from_fn(execute))
            .audit(SqliteLog::open(&path).unwrap())
            .session(session)
            .build()
            .unwrap();
        let _ = tokio.block_on(runtime.run_one(Action::new(kind, target).agent(agent)));
    }
    path
}

#[test]
fn what_aegisc_has_too_is_the_same() {
    let folder = folder(&[("good.yaml", RULES), ("bad.yaml", "rules:\n  - aproval: block\n")]);
    let at = folder.path();
    let good = run(at, &["validate", "good.yaml"]);
    assert_eq!((good.code, good.out.as_str()), (0, ""));
    assert!(good.err.ends_with("checked 1 layer, 2 rules: nothing found\n"), "{}", good.err);
    let bad = run(at, &["validate", "bad.yaml"]);
    assert_eq!(bad.code, 1);
    assert!(bad.err.contains("did you mean `approval`?"), "{}", bad.err);
    let tried = run(at, &["simulate", "good.yaml", "look:x", "drop:y"]);
    assert_eq!(tried.code, 0);
    assert!(tried.out.starts_with("look:x -> LOW / AUTO (matched: look)"), "{}", tried.out);
    let refused = run(at, &["run", "bad.yaml", "--actions", "-", "--exec", "true"]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""));
    assert!(!at.join("aegis_audit.db").exists());
}

#[test]
fn every_command_has_help_with_examples() {
    let folder = folder(&[]);
    for command in [
        &["run"][..],
        &["audit"],
        &["audit", "head"],
        &["audit", "verify"],
        &["stats"],
        &["completions"],
        &["validate"],
        &["simulate"],
    ] {
        let run = run(folder.path(), &[command, &["--help"]].concat());
        assert_eq!(run.code, 0);
        assert!(run.out.contains(&format!("\nExamples:\n  aegis {}", command.join(" "))), "{}", run.out);
    }
    let run = run(folder.path(), &["completions", "bash"]);
    assert!(run.out.contains("_aegis()"), "{}", run.out);
}
