//! agent-aegis, the Python library: `engines.py` in another process.
//!
//! The script gets the policy and the actions in a file and answers with batches that it timed itself, so
//! that the time of talking is left out. The library's clock stands at the workload's time. The interpreter is
//! `AEGIS_PYTHON`, or `python3.11` if it has the package, or that of an environment that is made once under
//! `target/`.
//!
//! Timed, there: `Policy.evaluate(action)` and the number of its rule by name, in a loop, as CPU time of the
//! thread.

use crate::peer::{Entrant, Load, Peer, said, target};
use crate::task::{Given, Glob, Rule, Task, Test};
use crate::trial::{BYTES, SECONDS};
use aegis_benches::timing::remote;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

pub(crate) const PYTHON: Peer = Peer {
    name: "agent-aegis",
    package: "agent-aegis==1.0.0",
    form: "the policy as it is, by Policy.from_dict, CPython 3.11; Policy.evaluate in a loop, timed there",
    remote: true,
    enter,
};

const VERSION: &str = "1.0.0";

fn enter(task: &Task) -> Result<Entrant<'_>, String> {
    let mut script = Script::start(&described(task)?)?;
    let took = script.line()?.trim().parse().map_err(said)?;
    let load = Load { took: Duration::from_nanos(took), bytes: None };
    let script = RefCell::new(script);
    let contestant = remote(PYTHON.name, move |cases| script.borrow_mut().run(cases).unwrap());
    Ok(Entrant { load, contestant })
}

/// The script at work.
struct Script {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Script {
    fn start(task: &Path) -> Result<Self, String> {
        let script = target().join("engines.py");
        std::fs::write(&script, include_str!("engines.py")).map_err(said)?;
        let mut command = Command::new(interpreter()?);
        command.arg(script).arg(task).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(said)?;
        let (ask, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Ok(Script { child, ask, answers })
    }

    /// The sum of the answers to some cases, and the time that they took.
    fn run(&mut self, cases: &[usize]) -> Result<(u64, Duration), String> {
        writeln!(self.ask, "{}", json!(cases)).map_err(said)?;
        let line = self.line()?;
        let (sum, took) = line.trim().split_once(' ').ok_or("no two numbers")?;
        let took = Duration::from_nanos(took.parse().map_err(said)?);
        Ok((sum.parse().map_err(said)?, took))
    }

    /// The next line; if there is none, what the script complained of.
    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        if self.answers.read_line(&mut line).map_err(said)? > 0 {
            return Ok(line);
        }
        let mut complaint = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut complaint).map_err(said)?;
        Err(complaint.lines().last().unwrap_or("the script ended").to_owned())
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// An interpreter that has the package.
fn interpreter() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("AEGIS_PYTHON") {
        return Ok(named.into());
    }
    let has_package = |python: &Path| run(python, &["-c", "import aegis.core.policy"]).is_ok();
    let (python, made) = (PathBuf::from("python3.11"), target().join("python"));
    let inside = made.join("bin/python");
    for known in [python.as_path(), &inside] {
        if has_package(known) {
            return Ok(known.to_owned());
        }
    }
    run(&python, &["-m", "venv", &made.to_string_lossy()])?;
    run(&inside, &["-m", "pip", "install", "--quiet", PYTHON.package])?;
    Ok(inside)
}

fn run(program: &Path, words: &[&str]) -> Result<(), String> {
    let output = Command::new(program)
        .args(words)
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    let failed = || complaint.lines().last().unwrap_or("it failed").to_owned();
    output.status.success().then_some(()).ok_or_else(failed)
}

/// A file with the task for the script.
fn described(task: &Task) -> Result<PathBuf, String> {
    let rules: Vec<Value> = task.rules.iter().enumerate().map(rule).collect();
    let actions: Vec<Value> = task
        .cases()
        .map(|case| {
            let params: Map<_, _> =
                case.values.iter().filter_map(|&(name, value)| param(name, value)).collect();
            json!({"type": case.kind, "target": case.target, "params": params})
        })
        .collect();
    let described = json!({
        "policy": {"version": "1", "rules": rules},
        "actions": actions,
        "now": task.workload.now.unix_seconds(),
        "version": VERSION,
        "seconds": SECONDS,
        "bytes": BYTES,
    });
    let file = target().join("engines.json");
    std::fs::write(&file, described.to_string()).map_err(said)?;
    Ok(file)
}

/// A param of an action; the library has a clock of its own for the rest.
fn param(name: &str, value: Given<'_>) -> Option<(String, Value)> {
    let value = match value {
        _ if ["minute", "weekday"].contains(&name) => return None,
        Given::Absent => return None,
        Given::Number(number) => number.into(),
        Given::Text(text) => text.into(),
    };
    Some((name.to_owned(), value))
}

fn rule((i, rule): (usize, &Rule)) -> Value {
    let conditions: Map<String, Value> = rule.tests.iter().map(test).collect();
    json!({
        "name": i.to_string(),
        "match": {"type": glob(&rule.kind), "target": glob(&rule.target)},
        "conditions": conditions,
    })
}

fn glob(glob: &Glob) -> String {
    match glob {
        Glob::Any => "*".to_owned(),
        Glob::Is(text) => text.clone(),
        Glob::Starts(text) => format!("{text}*"),
        Glob::Ends(text) => format!("*{text}"),
    }
}

/// A condition; no rule of these workloads has two of a kind.
fn test(test: &Test) -> (String, Value) {
    let time = |minute: u16| json!(format!("{:02}:{:02}", minute / 60, minute % 60));
    let (key, value) = match test {
        Test::After(minute) => ("time_after", time(*minute)),
        Test::Before(minute) => ("time_before", time(*minute)),
        Test::Weekdays(days) => ("weekdays", json!(days)),
        Test::Equal(param, text) => ("param_eq", json!({param: text})),
        Test::Above(param, number) => ("param_gt", json!({param: number})),
        Test::AtMost(param, number) => ("param_lte", json!({param: number})),
        Test::Matches(param, pattern) => ("param_matches", json!({param: pattern})),
    };
    (key.to_owned(), value)
}
