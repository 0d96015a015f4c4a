//! The patterns of a policy, each distinct text parsed once, and their faults.

use super::Policy;
use crate::diag::{Diagnostic, Lint};
use crate::pyre::{self, PatternError, PatternErrorKind};
use crate::shown::shown;
use crate::source::{SourceMap, Span};
use crate::syntax;
use crate::yaml::Style;
use hashbrown::HashMap;
use std::ops::Range;

/// The patterns met so far.
pub(super) struct Patterns<'a> {
    sources: &'a SourceMap,
    distinct: Vec<pyre::Pattern>,
    known: HashMap<String, Result<usize, PatternError>>,
}

impl<'a> Patterns<'a> {
    pub(super) fn new(sources: &'a SourceMap) -> Self {
        Patterns { sources, distinct: Vec::new(), known: HashMap::new() }
    }

    /// The distinct patterns.
    pub(super) fn into_distinct(self) -> Vec<pyre::Pattern> {
        self.distinct
    }

    /// The index of a pattern, or `None` after reporting its fault, at every place that has it.
    pub(super) fn index(&mut self, written: &syntax::Pattern, out: &mut Vec<Diagnostic>) -> Option<usize> {
        if !self.known.contains_key(&written.text) {
            let parsed = pyre::parse(&written.text).map(|pattern| {
                self.distinct.push(pattern);
                self.distinct.len() - 1
            });
            self.known.insert(written.text.clone(), parsed);
        }
        match self.known.get(&written.text)? {
            Ok(index) => Some(*index),
            Err(error) => {
                out.push(report(error, written, self.sources));
                None
            }
        }
    }
}

/// Pushes the faults of patterns that cannot be compiled, at every place that has one.
pub(crate) fn report_uncompiled(
    errors: &[(usize, PatternError)],
    policy: &Policy,
    layers: &[syntax::Layer],
    sources: &SourceMap,
    out: &mut Vec<Diagnostic>,
) {
    let errors: HashMap<&str, &PatternError> =
        errors.iter().filter_map(|(at, error)| Some((policy.patterns.get(*at)?.text(), error))).collect();
    for param in layers.iter().flat_map(|layer| &layer.rules).flat_map(syntax::Rule::patterns) {
        let written = &param.value;
        out.extend(errors.get(written.text.as_str()).map(|error| report(error, written, sources)));
    }
}

fn report(error: &PatternError, written: &syntax::Pattern, sources: &SourceMap) -> Diagnostic {
    let at = place(written, &error.at, sources);
    let text = shown(&written.text);
    let diagnostic = match error.kind {
        PatternErrorKind::Invalid => Diagnostic::lint(
            Lint::InvalidRegex,
            at,
            format!("`{text}` is no regular expression: the condition never holds"),
        ),
        PatternErrorKind::Unsupported => {
            Diagnostic::error("unsupported_regex", at, format!("the pattern `{text}` cannot be compiled"))
        }
        PatternErrorKind::TooLarge => {
            Diagnostic::error("regex_too_large", at, format!("`{text}` is too large to compile"))
        }
    };
    let mut diagnostic = diagnostic.label(reason(&error.message));
    if let Some(edit) = &error.edit
        && let Some(at) = edited(written, &edit.at, sources)
    {
        let message = match edit.with {
            "" => "leave out the last `+`".to_owned(),
            with => format!("write `{with}`"),
        };
        diagnostic = diagnostic.fix(at, edit.with, message);
    }
    match (&error.help, error.kind) {
        (Some(help), _) => diagnostic.help(help.clone()),
        (None, PatternErrorKind::Invalid)
            if written.text.starts_with(['*', '?']) || written.text.contains("**") =>
        {
            diagnostic.help("this looks like a glob: in a regular expression, any run of characters is `.*`")
        }
        (None, PatternErrorKind::Invalid) => diagnostic
            .help("the syntax is that of Python's `re`; a literal metacharacter is written with a backslash"),
        (None, _) => diagnostic.help("write the pattern without it, or split the rule in two"),
    }
}

/// The place in the file of a part that quotes hold as it is. What an edit makes of a pattern without quotes
/// need not be one scalar.
fn edited(written: &syntax::Pattern, part: &Range<usize>, sources: &SourceMap) -> Option<Span> {
    let at = place(written, part, sources);
    let quoted = matches!(written.style, Some(Style::Single | Style::Double));
    (quoted && sources.text(at) == written.text.get(part.clone())?).then_some(at)
}

/// A reason as a label; one that quotes from a long pattern is cut.
fn reason(message: &str) -> String {
    const LONGEST: usize = 160;
    match message.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    }
}

/// The place in the file of a byte range of a pattern, or the whole scalar where the file spells the
/// pattern otherwise than by the simple rules of its quotes.
pub(crate) fn place(written: &syntax::Pattern, range: &Range<usize>, sources: &SourceMap) -> Span {
    let whole = written.span;
    let source = sources.text(whole);
    let offsets = match written.style {
        Some(Style::Plain) => offsets(source, 0, one_char),
        Some(Style::Single) => offsets(inside(source, '\''), 1, single_quoted),
        Some(Style::Double) => offsets(inside(source, '"'), 1, double_quoted),
        Some(Style::Block) | None => None,
    };
    let Some(offsets) = offsets.filter(|found| found.text == written.text) else { return whole };
    let base = whole.range().start;
    match (offsets.of(range.start), offsets.of(range.end)) {
        (Some(start), Some(end)) if start < end => Span::new(whole.file, base + start..base + end),
        // At the end of the pattern there is nothing to point at but the last character.
        (Some(start), _) if start > 0 => {
            let last = offsets.starts.iter().rev().find(|(_, s)| *s < start).map_or(0, |(_, s)| *s);
            Span::new(whole.file, base + last..base + start)
        }
        _ => whole,
    }
}

/// As [`place`], for any scalar that is text; how it is written is seen in its source.
pub(crate) fn place_in(scalar: &syntax::Spanned<String>, range: &Range<usize>, sources: &SourceMap) -> Span {
    let style = match sources.text(scalar.span).chars().next() {
        Some('\'') => Style::Single,
        Some('"') => Style::Double,
        _ => Style::Plain,
    };
    let written = syntax::Pattern { text: scalar.value.clone(), span: scalar.span, style: Some(style) };
    place(&written, range, sources)
}

fn inside(source: &str, quote: char) -> &str {
    source.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)).unwrap_or("")
}

/// Where each character of a scalar's text begins in its source.
struct Offsets {
    text: String,
    /// Byte offsets of the text and of the source, ascending, the end included.
    starts: Vec<(usize, usize)>,
}

impl Offsets {
    fn of(&self, text_offset: usize) -> Option<usize> {
        let at = self.starts.binary_search_by_key(&text_offset, |(text, _)| *text).ok()?;
        self.starts.get(at).map(|(_, source)| *source)
    }
}

/// Reads a source character by character; `None` where the reading step does not know the spelling.
fn offsets(source: &str, base: usize, step: fn(&str) -> Option<(char, usize)>) -> Option<Offsets> {
    let mut found = Offsets { text: String::new(), starts: Vec::new() };
    let mut rest = source;
    while !rest.is_empty() {
        found.starts.push((found.text.len(), base + source.len() - rest.len()));
        let (c, length) = step(rest)?;
        found.text.push(c);
        rest = rest.get(length..)?;
    }
    found.starts.push((found.text.len(), base + source.len()));
    Some(found)
}

fn one_char(rest: &str) -> Option<(char, usize)> {
    let c = rest.chars().next()?;
    Some((c, c.len_utf8()))
}

fn single_quoted(rest: &str) -> Option<(char, usize)> {
    if rest.starts_with("''") { Some(('\'', 2)) } else { one_char(rest) }
}

fn double_quoted(rest: &str) -> Option<(char, usize)> {
    let Some(escape) = rest.strip_prefix('\\') else { return one_char(rest) };
    let hex = |digits: usize| {
        let code = escape.get(1..=digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        Some((char::from_u32(code?)?, digits + 2))
    };
    match escape.chars().next()? {
        c @ ('\\' | '"' | '/' | ' ') => Some((c, 2)),
        '0' => Some(('\0', 2)),
        'a' => Some(('\u{7}', 2)),
        'b' => Some(('\u{8}', 2)),
        't' => Some(('\t', 2)),
        'n' => Some(('\n', 2)),
        'v' => Some(('\u{b}', 2)),
        'f' => Some(('\u{c}', 2)),
        'r' => Some(('\r', 2)),
        'e' => Some(('\u{1b}', 2)),
        'x' => hex(2),
        'u' => hex(4),
        'U' => hex(8),
        _ => None,
    }
}
