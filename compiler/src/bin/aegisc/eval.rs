//! `aegisc eval`: action lines -> decision lines, in order, one at a time.
//!
//! A line that is no action is decided too, as a block, so that a reader who looks only at the
//! answers stays safe; the run goes on, and says at its end that there were such lines.

use crate::args::EvalArgs;
use crate::input::{self, Loaded, is_standard_input};
use crate::output::{Done, Failure, Shell, counted, printable};
use aegis_vm::json::{self, Json};
use aegis_vm::{Action, Decision, Policy, Timestamp};
use aegisc::time::parse_rfc3339;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::time::SystemTime;

/// Room that is kept from line to line.
const KEPT: usize = 1 << 20;

pub(crate) fn run(args: &EvalArgs, shell: &Shell) -> Result<Done, Failure> {
    let name = if is_standard_input(&args.actions) {
        "standard input".to_owned()
    } else {
        format!("`{}`", args.actions.display())
    };
    let cannot = |error: io::Error| Failure::new(format!("cannot read {name}: {error}"));
    let from: Box<dyn Read> = if is_standard_input(&args.actions) {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(&args.actions).map_err(cannot)?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(cannot(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")));
        }
        Box::new(file)
    };
    let Loaded::Policy(policy) = input::policy(&args.policy, &args.front, shell)? else {
        return Ok(Loaded::REFUSED);
    };
    let mut lines = Lines::new(from, args.front.longest_line(args.max_line));
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut bad = BadLines::default();
    loop {
        if lines.would_wait() {
            // Whoever writes the actions one by one may wait for this answer first.
            out.flush().map_err(|error| Failure::of_output(&error))?;
        }
        let line = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) => {
                out.flush().map_err(|error| Failure::of_output(&error))?;
                return Err(cannot(error));
            }
        };
        let written = match read(line.content) {
            Ok((action, now)) => {
                let now = now.or(args.at);
                let clock = || now.unwrap_or_else(|| Timestamp::from(SystemTime::now()));
                write_decision(&mut out, &policy, &action, clock)
            }
            Err(message) => {
                let written = write_line(&mut out, &DecisionLine::bad_action(&message));
                bad.add(line.number, message);
                written
            }
        };
        written.map_err(|error| Failure::of_output(&error))?;
    }
    out.flush().map_err(|error| Failure::of_output(&error))?;
    drop(out);
    Ok(bad.report(shell))
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

    fn report(self, shell: &Shell) -> Done {
        let Some((number, message)) = self.first else { return Done::Fine };
        let which = if self.count == 1 { "at" } else { "the first at" };
        let lines = counted(self.count, "bad action line");
        shell.error(&format!("{lines}, blocked; {which} line {number}: {}", printable(&message)));
        Done::BadActions
    }
}

/// Reads an action and the time that it names.
fn read(line: Content<'_>) -> Result<(Action, Option<Timestamp>), String> {
    let bytes = match line {
        Content::Whole(bytes) => bytes,
        Content::LongerThan(limit) => {
            return Err(format!("the line is longer than the limit of {limit} bytes (`--max-line`)"));
        }
    };
    let text = str::from_utf8(bytes)
        .map_err(|error| format!("not UTF-8: a wrong byte after {} bytes", error.valid_up_to()))?;
    let object = match json::parse(text) {
        Ok(Json::Object(object)) => object,
        // The library has the words for what is not JSON, and for what is no object.
        _ => {
            let action = Action::from_json(text).map_err(|error| error.to_string())?;
            return Ok((action, None));
        }
    };
    let now = match object.get("now") {
        None | Some(Json::Null) => None,
        Some(Json::Str(text)) => Some(parse_rfc3339(text).map_err(|error| format!("`now`: {error}"))?),
        Some(other) => {
            let found = other.value().kind().with_article();
            return Err(format!("`now` must be a string such as `2026-03-18T14:30:00Z`, found {found}"));
        }
    };
    let action = Action::from_object(object).map_err(|error| error.to_string())?;
    Ok((action, now))
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
    action: &Action,
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

/// A line with its number, from 1.
struct Line<'a> {
    number: u64,
    content: Content<'a>,
}

/// What a line holds, without its line break.
#[derive(Clone, Copy)]
enum Content<'a> {
    Whole(&'a [u8]),
    LongerThan(usize),
}

/// The lines that are not blank, in bounded memory.
struct Lines<R> {
    from: BufReader<R>,
    line: Vec<u8>,
    number: u64,
    longest: usize,
}

impl<R: Read> Lines<R> {
    fn new(from: R, longest: usize) -> Self {
        Lines { from: BufReader::with_capacity(1 << 16, from), line: Vec::new(), number: 0, longest }
    }

    /// Whether the next line has to be waited for.
    fn would_wait(&self) -> bool {
        !self.from.buffer().contains(&b'\n')
    }

    fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.line.clear();
            self.line.shrink_to(KEPT);
            self.number = self.number.saturating_add(1);
            let most = u64::try_from(self.longest).unwrap_or(u64::MAX).saturating_add(1);
            let read = self.from.by_ref().take(most).read_until(b'\n', &mut self.line)?;
            if read == 0 {
                return Ok(None);
            }
            if self.line.ends_with(b"\n") {
                self.line.pop();
            } else if read > self.longest {
                self.from.skip_until(b'\n')?;
                return Ok(Some(Line { number: self.number, content: Content::LongerThan(self.longest) }));
            }
            if self.number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
                self.line.drain(..3);
            }
            if !self.line.iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        Ok(Some(Line { number: self.number, content: Content::Whole(&self.line) }))
    }
}
