//! What became of the lines: printed one by one, and counted.

use aegis_runtime::{ActionResult, Status, Task};
use aegisc::command::Shell;
use aegisc::command::output::{ERROR, GOOD, WARNING, counted, grouped, printable};
use serde_json::{Value, json};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// The results so far.
#[derive(Debug, Default)]
pub(super) struct Results {
    by_status: [usize; Status::ALL.len()],
    unlogged: usize,
    bad: BadLines,
    interrupted: bool,
}

/// The lines that were no actions: how many, and the first.
#[derive(Debug, Default)]
pub(super) struct BadLines {
    count: usize,
    first: Option<(u64, String)>,
}

impl BadLines {
    pub(super) fn add(&mut self, number: u64, why: &str) {
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert_with(|| (number, why.to_owned()));
    }

    pub(super) fn any(&self) -> bool {
        self.count > 0
    }

    pub(super) fn report(&self, shell: &Shell) {
        let Some((number, why)) = &self.first else { return };
        let which = if self.count == 1 { "at" } else { "the first at" };
        let lines = counted(self.count, "bad action line");
        shell.error(&format!("{lines}, blocked; {which} line {number}: {why}"));
    }
}

impl Results {
    /// An action has ended.
    pub(super) fn ended(&mut self, line: u64, result: &ActionResult) -> io::Result<()> {
        self.count(result.status());
        self.unlogged += usize::from(result.audit_error().is_some());
        write(line, result.to_json())
    }

    /// A line is no action.
    pub(super) fn bad(&mut self, line: u64, why: &str) -> io::Result<()> {
        self.count(Status::Blocked);
        self.bad.add(line, why);
        write(line, unlike_any(None, Status::Blocked, &format!("not an action: {why}")))
    }

    /// An action was given up before it said how it ended.
    pub(super) fn given_up(&mut self, line: u64, task: &Task, why: &str) -> io::Result<()> {
        self.count(Status::Unknown);
        write(line, unlike_any(Some(task), Status::Unknown, why))
    }

    pub(super) fn interrupt(&mut self) {
        self.interrupted = true;
    }

    fn count(&mut self, status: Status) {
        let counts = Status::ALL.into_iter().zip(&mut self.by_status);
        counts.filter(|(of, _)| *of == status).for_each(|(_, count)| *count = count.saturating_add(1));
    }

    /// The last words of a run, on standard error.
    pub(super) fn report(&self, session: &str, log: &Path, shell: &Shell) {
        let mut counts = Vec::new();
        for (status, count) in Status::ALL.into_iter().zip(self.by_status) {
            if count > 0 {
                counts.push(format!("{} {status}", grouped(count)));
            }
        }
        if self.unlogged > 0 {
            counts.push(format!("{} not in the log as they ended", grouped(self.unlogged)));
        }
        let all = self.by_status.iter().fold(0_usize, |sum, count| sum.saturating_add(*count));
        let counts = match counts.as_slice() {
            [] => counted(all, "action"),
            counts => format!("{}: {}", counted(all, "action"), counts.join(", ")),
        };
        let (style, verb) = match (self.interrupted, self.all_well()) {
            (true, _) => (ERROR, "interrupted"),
            (false, true) => (GOOD, "ended"),
            (false, false) => (WARNING, "ended"),
        };
        if self.interrupted && io::stderr().is_terminal() {
            // The terminal has shown `^C` there.
            shell.err("\n");
        }
        let place = format!("(session {session} in {})", log.display());
        shell.err(&format!("{style}{verb}{style:#} {counts} {}\n", printable(&place)));
        self.bad.report(shell);
    }

    fn all_well(&self) -> bool {
        let well = Status::ALL.into_iter().zip(self.by_status);
        self.unlogged == 0
            && well.filter(|(status, _)| *status != Status::Success).all(|(_, count)| count == 0)
    }

    /// The exit code of a run that went to its end.
    pub(super) fn code(&self) -> ExitCode {
        match (self.bad.any(), self.all_well()) {
            (true, _) => ExitCode::from(2),
            (false, true) => ExitCode::SUCCESS,
            (false, false) => ExitCode::from(1),
        }
    }
}

/// A result that no runtime gave, with the same keys.
fn unlike_any(task: Option<&Task>, status: Status, error: &str) -> Value {
    let action = task.map(Task::action);
    json!({
        "type": action.map(|action| action.kind()),
        "target": action.map(|action| action.target()),
        "status": status.as_str(),
        "data": null,
        "error": error,
        "approval": if action.is_none() { Some("block") } else { None },
        "risk_level": if action.is_none() { Some("critical") } else { None },
        "matched_rule": if action.is_none() { Some("<error>") } else { None },
        "origin": null,
        "started": null,
        "ended": null,
        "attempts": null,
        "record": null,
        "policy_digest": null,
        "generation": null,
    })
}

/// The keys that come first, after the line.
const FIRST: [&str; 5] = ["type", "target", "status", "error", "data"];

/// Prints one line, at once.
pub(super) fn write(line: u64, mut json: Value) -> io::Result<()> {
    let mut text = String::new();
    let mut put = |key: &str, value: &Value| {
        text.push_str(if text.is_empty() { "{" } else { "," });
        text.push_str(&format!("{}:{value}", Value::from(key)));
    };
    put("line", &line.into());
    if let Some(object) = json.as_object_mut() {
        for key in FIRST {
            if let Some(value) = object.remove(key) {
                put(key, &value);
            }
        }
        object.iter().for_each(|(key, value)| put(key, value));
    }
    text.push_str("}\n");
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
