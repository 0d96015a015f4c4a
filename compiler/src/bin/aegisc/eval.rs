//! `aegisc eval`: action lines -> decision lines, in order, on all cores.
//!
//! A line that is no action is decided too, as a block, so that a reader who looks only at the
//! answers stays safe; the run goes on, and says at its end that there were such lines.

use crate::args::EvalArgs;
use aegis_vm::{Decision, JsonAction, Policy, Timestamp};
use aegisc::command::input::{self, Loaded, is_standard_input};
use aegisc::command::lines::{self, Batch, Lines};
use aegisc::command::output::{Done, Failure, Shell, counted, printable};
use serde::Serialize;
use std::io::{self, Read, Write};
use std::num::NonZero;
use std::sync::mpsc;
use std::thread;
use std::time::SystemTime;

/// As many batches wait for each thread.
const WAITING: usize = 1;
/// More threads than this are not started.
const MOST_THREADS: usize = 64;

pub(crate) fn run(args: &EvalArgs, shell: &Shell) -> Result<Done, Failure> {
    let name = if is_standard_input(&args.actions) {
        "standard input".to_owned()
    } else {
        format!("`{}`", args.actions.display())
    };
    let cannot = |error: io::Error| Failure::new(format!("cannot read {name}: {error}"));
    let from = input::actions(&args.actions).map_err(cannot)?;
    let Loaded::Policy(policy) = input::policy(&args.policy, &args.front, shell)? else {
        return Ok(Loaded::REFUSED);
    };
    let lines = Lines::new(from, args.front.longest_line(args.max_line));
    let mut out = io::stdout().lock();
    let mut bad = BadLines::default();
    let threads = args.threads.map(NonZero::get);
    let threads = threads
        .or_else(|| thread::available_parallelism().ok().map(NonZero::get))
        .unwrap_or(1)
        .min(MOST_THREADS);
    let decider = Decider { policy: &policy, at: args.at };
    let ended = if threads > 1 {
        thread::scope(|scope| in_parallel(scope, threads, &decider, lines, &mut out, &mut bad))
    } else {
        in_turn(&decider, lines, &mut out, &mut bad)
    };
    ended.map_err(|error| match error {
        Stopped::Reading(error) => cannot(error),
        Stopped::Writing(error) => Failure::of_output(&error),
    })?;
    Ok(bad.report(shell))
}

/// Why lines are not read to their end.
enum Stopped {
    Reading(io::Error),
    Writing(io::Error),
}

/// A batch with its answers.
#[derive(Default)]
struct Work {
    batch: Batch,
    answers: Vec<u8>,
    bad: BadLines,
}

impl Work {
    /// Writes the answers.
    fn finish(&mut self, out: &mut impl Write, bad: &mut BadLines) -> Result<(), Stopped> {
        bad.append(std::mem::take(&mut self.bad));
        out.write_all(&self.answers).and_then(|()| out.flush()).map_err(Stopped::Writing)
    }
}

fn in_turn(
    decider: &Decider<'_>,
    mut lines: Lines<impl Read>,
    out: &mut impl Write,
    bad: &mut BadLines,
) -> Result<(), Stopped> {
    let mut work = Work::default();
    loop {
        lines.fill(&mut work.batch).map_err(Stopped::Reading)?;
        if work.batch.is_empty() {
            return Ok(());
        }
        decider.decide(&mut work).map_err(Stopped::Writing)?;
        work.finish(out, bad)?;
    }
}

/// A thread reads, and deals the batches to those that decide in turn; the answers are taken in the same order. So
/// an answer does not wait for the next line.
fn in_parallel<'s>(
    scope: &'s thread::Scope<'s, '_>,
    threads: usize,
    decider: &'s Decider<'s>,
    mut lines: Lines<Box<dyn Read + Send>>,
    out: &mut impl Write,
    bad: &mut BadLines,
) -> Result<(), Stopped> {
    let (to, from): (Vec<_>, Vec<_>) = { 0..threads }
        .map(|_| {
            let (send, given) = mpsc::sync_channel::<Work>(WAITING);
            let (give, done) = mpsc::sync_channel(WAITING);
            scope.spawn(move || {
                for mut work in given {
                    let answered = decider.decide(&mut work).map(|()| work);
                    if give.send(answered).is_err() {
                        break;
                    }
                }
            });
            (send, done)
        })
        .unzip();
    let reader = scope.spawn(move || {
        for to in to.iter().cycle() {
            let mut work = Work::default();
            lines.fill(&mut work.batch)?;
            // Nobody takes it if the answers cannot be written.
            if work.batch.is_empty() || to.send(work).is_err() {
                break;
            }
        }
        Ok(())
    });
    for from in from.iter().cycle() {
        let Ok(work) = from.recv() else { break };
        work.map_err(Stopped::Writing)?.finish(out, bad)?;
    }
    // Should a thread have ended early, none waits for its answers to be taken.
    drop(from);
    let read = reader.join().unwrap_or_else(|_| Err(io::Error::other("the thread that reads has ended")));
    read.map_err(Stopped::Reading)
}

/// What decides lines.
struct Decider<'p> {
    policy: &'p Policy,
    at: Option<Timestamp>,
}

impl Decider<'_> {
    fn decide(&self, work: &mut Work) -> io::Result<()> {
        work.answers.clear();
        for (number, line) in work.batch.lines() {
            match lines::read(line) {
                Ok((action, now)) => {
                    let now = now.or(self.at);
                    let clock = || now.unwrap_or_else(|| Timestamp::from(SystemTime::now()));
                    write_decision(&mut work.answers, self.policy, &action, clock)?;
                }
                Err(message) => {
                    write_line(&mut work.answers, &DecisionLine::bad_action(&message))?;
                    work.bad.add(number, message);
                }
            }
        }
        Ok(())
    }
}

/// The lines that were no actions: how many, and the first.
#[derive(Debug, Default)]
struct BadLines {
    count: usize,
    first: Option<(u64, String)>,
}

impl BadLines {
    fn add(&mut self, number: u64, message: String) {
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert((number, message));
    }

    fn append(&mut self, later: BadLines) {
        self.count = self.count.saturating_add(later.count);
        self.first = self.first.take().or(later.first);
    }

    fn report(self, shell: &Shell) -> Done {
        let Some((number, message)) = self.first else { return Done::Fine };
        let which = if self.count == 1 { "at" } else { "the first at" };
        let lines = counted(self.count, "bad action line");
        shell.error(&format!("{lines}, blocked; {which} line {number}: {}", printable(&message)));
        Done::BadActions
    }
}

/// A decision as one line says it. The keys and their order are relied on by scripts.
#[derive(Serialize)]
struct DecisionLine<'a> {
    approval: &'a str,
    risk_level: &'a str,
    matched_rule: &'a str,
    rule_index: Option<u32>,
    origin: Option<OriginEntry<'a>>,
    error: Option<ErrorEntry<'a>>,
}

#[derive(Serialize)]
struct OriginEntry<'a> {
    file: &'a str,
    line: u32,
}

#[derive(Serialize)]
struct ErrorEntry<'a> {
    kind: &'a str,
    condition: Option<&'a str>,
    param: Option<&'a str>,
    expected: Option<&'a str>,
    found: Option<&'a str>,
    message: &'a str,
}

impl<'a> DecisionLine<'a> {
    fn bad_action(message: &'a str) -> Self {
        let error = ErrorEntry {
            kind: "bad_action",
            condition: None,
            param: None,
            expected: None,
            found: None,
            message,
        };
        DecisionLine {
            approval: "block",
            risk_level: "critical",
            matched_rule: "<error>",
            rule_index: None,
            origin: None,
            error: Some(error),
        }
    }

    fn new(decision: &Decision<'a>, message: Option<&'a str>) -> Self {
        let error = decision.error().zip(message).map(|(error, message)| ErrorEntry {
            kind: error.kind().as_str(),
            condition: Some(error.condition()).filter(|condition| !condition.is_empty()),
            param: error.param(),
            expected: Some(error.expected()),
            found: Some(error.found()),
            message,
        });
        DecisionLine {
            approval: decision.approval().as_str(),
            risk_level: decision.risk_level().as_str(),
            matched_rule: decision.rule_name(),
            rule_index: decision.rule_index(),
            origin: decision.origin().map(|origin| OriginEntry { file: origin.file, line: origin.line }),
            error,
        }
    }
}

fn write_decision(
    out: &mut impl Write,
    policy: &Policy,
    action: &JsonAction<'_>,
    clock: impl FnMut() -> Timestamp,
) -> io::Result<()> {
    let decision = policy.evaluate(action, clock);
    let message = decision.error().map(|error| error.to_string());
    write_line(out, &DecisionLine::new(&decision, message.as_deref()))
}

fn write_line(out: &mut impl Write, line: &DecisionLine<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
