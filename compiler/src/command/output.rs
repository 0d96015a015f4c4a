//! What is printed, and where: standard output for what was asked for, standard error for the rest.

use super::args::Color;
use super::front::{Format, Show};
use super::settings::Refused;
use crate::diag::{
    Diagnostic, Level, RenderOptions, render_pretty, render_short, to_github, to_json, to_sarif,
};
use crate::source::SourceMap;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};
use std::process::ExitCode;

/// How a command ended that did what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing was denied.
    Fine,
    /// Errors of a file, denied lints.
    PolicyAtFault,
    /// Some action lines were no actions.
    BadActions,
}

/// Why a command could not do what it was asked for.
#[derive(Debug)]
pub enum Failure {
    /// To be said to the user.
    Message(String),
    /// It was said to the user.
    Said,
    /// The reader of standard output went away: there is nobody to say anything to.
    BrokenPipe,
}

impl Failure {
    /// With a message.
    pub fn new(message: impl Into<String>) -> Self {
        Failure::Message(message.into())
    }

    /// Standard output could not be written.
    pub fn of_output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
            _ => Failure::Message(format!("cannot write to standard output: {error}")),
        }
    }
}

/// What is wrong or blocked.
pub const ERROR: Style = AnsiColor::BrightRed.on_default().bold();
/// What is doubtful or asks for approval.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// What is done or allowed.
pub const GOOD: Style = AnsiColor::BrightGreen.on_default().bold();
/// Names and heads.
pub const STRONG: Style = Style::new().bold();
/// What matters less.
pub const FAINT: Style = Style::new().dimmed();
/// A line that comes.
pub(super) const ADDED: Style = AnsiColor::Green.on_default();
/// A line that goes.
pub(super) const REMOVED: Style = AnsiColor::Red.on_default();
/// A place in a file.
pub(super) const PLACE: Style = AnsiColor::Cyan.on_default();

/// The terminal, or what stands in for it.
#[derive(Debug)]
pub struct Shell {
    width: usize,
}

/// Columns where there is no terminal.
const WIDTH: usize = 120;

impl Shell {
    /// Decides on colour, once for the process.
    pub fn new(color: Color) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let forced = set("FORCE_COLOR") && std::env::var_os("FORCE_COLOR").is_some_and(|value| value != "0");
        match color {
            Color::Always => ColorChoice::Always.write_global(),
            Color::Never => ColorChoice::Never.write_global(),
            Color::Auto if forced && !set("NO_COLOR") => ColorChoice::Always.write_global(),
            Color::Auto => {}
        }
        let size = terminal_size::terminal_size_of(io::stderr());
        Shell { width: size.map_or(WIDTH, |(width, _)| usize::from(width.0)) }
    }

    /// The exit code of a command that ended so; a failure is said, unless it was.
    pub fn end(&self, ended: Result<Done, Failure>) -> ExitCode {
        match ended {
            Ok(Done::Fine) => ExitCode::SUCCESS,
            Ok(Done::PolicyAtFault) => ExitCode::from(1),
            Ok(Done::BadActions) => ExitCode::from(2),
            Err(failure) => {
                if let Failure::Message(message) = failure {
                    self.error(&message);
                }
                ExitCode::from(2)
            }
        }
    }

    /// Prints to standard output; the text may hold colours, which are left out where unwanted.
    ///
    /// # Errors
    ///
    /// Standard output cannot be written.
    pub fn out(&self, text: &str) -> Result<(), Failure> {
        let mut stream = AutoStream::auto(io::stdout().lock());
        stream
            .write_all(text.as_bytes())
            .and_then(|()| stream.flush())
            .map_err(|error| Failure::of_output(&error))
    }

    /// Prints to standard output what programs read, which holds no colours.
    ///
    /// # Errors
    ///
    /// Standard output cannot be written.
    pub fn data(&self, text: &str) -> Result<(), Failure> {
        let mut stream = io::stdout().lock();
        stream
            .write_all(text.as_bytes())
            .and_then(|()| stream.flush())
            .map_err(|error| Failure::of_output(&error))
    }

    /// Prints to standard error. That it cannot be written is nothing to stop for.
    pub fn err(&self, text: &str) {
        let _ = AutoStream::auto(io::stderr().lock()).write_all(text.as_bytes());
    }

    /// Says an error on standard error.
    pub fn error(&self, message: &str) {
        self.err(&format!("{ERROR}error{ERROR:#}: {}\n", printable(message)));
    }

    /// Says what is wrong with the settings.
    pub(super) fn refused_settings(&self, refused: &Refused) {
        refused.said.iter().for_each(|why| self.error(why));
        // To standard error alone, which cannot fail.
        let show = Show { format: Format::Pretty, most: usize::MAX };
        let _ = self.findings(&refused.found, &refused.sources, show, FindingsTo::Error);
    }

    /// Says that something was done, on standard error.
    pub fn done(&self, verb: &str, rest: &str) {
        self.err(&format!("{GOOD}{verb}{GOOD:#} {}\n", printable(rest)));
    }

    /// Shows findings; in a form for tools they go to `to`, else to standard error.
    ///
    /// # Errors
    ///
    /// Standard output cannot be written.
    pub fn findings(
        &self,
        diagnostics: &[Diagnostic],
        sources: &SourceMap,
        show: Show,
        to: FindingsTo,
    ) -> Result<Counts, Failure> {
        let format = show.format;
        let shown = first(diagnostics, show.most);
        let color = AutoStream::choice(&io::stderr()) != ColorChoice::Never;
        let options = RenderOptions { color, width: self.width };
        let tell = |text: &str| match to {
            FindingsTo::Output => self.data(text),
            FindingsTo::Error => {
                self.err(text);
                Ok(())
            }
        };
        let mut text = String::new();
        for &diagnostic in &shown {
            match format {
                Format::Pretty => {
                    text.push_str(render_pretty(diagnostic, sources, options).trim_end());
                    text.push('\n');
                }
                Format::Short => text.push_str(&render_short(diagnostic, sources)),
                Format::Json => text.push_str(&to_json(diagnostic, sources)),
                Format::Github => text.push_str(&to_github(diagnostic, sources)),
                // One document holds them all.
                Format::Sarif => break,
            }
            text.push('\n');
            if text.len() > CHUNK {
                if format.is_for_people() {
                    self.err(&text)
                } else {
                    tell(&text)?
                }
                text.clear();
            }
        }
        if format == Format::Sarif {
            let shown: Vec<Diagnostic> = shown.iter().copied().cloned().collect();
            text = format!("{}\n", to_sarif(&shown, sources));
        }
        if format.is_for_people() {
            self.err(&text)
        } else {
            tell(&text)?
        }
        let left = diagnostics.len() - shown.len();
        if left > 0 && !format.is_data() {
            let more = if left == 1 { "finding is" } else { "findings are" };
            self.err(&format!("{} more {more} not shown (`--max-findings`)\n", grouped(left)));
        }
        let count = |level| diagnostics.iter().filter(|d| d.level == level).count();
        Ok(Counts { errors: count(Level::Error), warnings: count(Level::Warn), notes: count(Level::Note) })
    }

    /// The last line of a run that was refused; not among findings that a script reads.
    pub fn refused(&self, counts: Counts, format: Format) {
        if !format.is_data() {
            self.error(&format!("could not compile: {}", counts.text()));
        }
    }
}

/// Bytes of findings that are printed at once.
const CHUNK: usize = 1 << 16;

/// The findings that are shown: as many as may be, errors rather than warnings and those rather than notes,
/// in their order.
fn first(diagnostics: &[Diagnostic], most: usize) -> Vec<&Diagnostic> {
    if diagnostics.len() <= most {
        return diagnostics.iter().collect();
    }
    let all = || diagnostics.iter().enumerate();
    let of = |level| all().filter(move |(_, diagnostic)| diagnostic.level == level);
    let mut shown: Vec<_> =
        [Level::Error, Level::Warn, Level::Note].into_iter().flat_map(of).take(most).collect();
    shown.sort_unstable_by_key(|(at, _)| *at);
    shown.into_iter().map(|(_, diagnostic)| diagnostic).collect()
}

/// Where findings in a form for tools go.
#[derive(Clone, Copy, Debug)]
pub enum FindingsTo {
    /// They are what was asked for.
    Output,
    /// They come with something else that was asked for.
    Error,
}

/// How many findings there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    errors: usize,
    warnings: usize,
    notes: usize,
}

impl Counts {
    /// Such as `3 errors, 1 warning`; `nothing found` if there is nothing.
    pub fn text(self) -> String {
        let parts = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")];
        let parts: Vec<String> =
            parts.into_iter().filter(|p| p.0 > 0).map(|(n, of)| counted(n, of)).collect();
        if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") }
    }
}

/// A number with its noun: `1 rule`, `9,412 bytes`.
pub fn counted(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(n))
}

/// A number with commas between thousands.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text from a policy, an action or a path, without what a terminal would obey.
pub fn printable(text: &str) -> String {
    let visible = |c: char| match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' => '\u{fffd}',
        '\u{61c}' | '\u{200e}' | '\u{200f}' => '\u{fffd}',
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    };
    text.chars().map(visible).collect()
}
