//! Single values: text, globs, risk levels, approvals, whole numbers.

use super::keys::{LONGEST_NAME, list};
use super::reader::Reader;
use super::{Spanned, python};
use crate::diag::{Diagnostic, Lint};
use crate::nearest::{nearest, slip};
use crate::shown::shown;
use crate::source::{SourceMap, Span};
use crate::yaml::{NodeKind, Scalar, ScalarValue, Style, Use, describe, yaml12_reading};
use aegis_vm::{Approval, RiskLevel};
use num_bigint::{BigInt, Sign};
use std::borrow::Cow;

const APPROVALS: [Approval; 3] = [Approval::Auto, Approval::Approve, Approval::Block];
/// What other policy languages call an approval, in lower case.
const APPROVAL_NAMES: &[(&str, Approval)] = &[
    ("accept", Approval::Auto),
    ("allow", Approval::Auto),
    ("allowed", Approval::Auto),
    ("permit", Approval::Auto),
    ("ask", Approval::Approve),
    ("confirm", Approval::Approve),
    ("review", Approval::Approve),
    ("blocked", Approval::Block),
    ("denied", Approval::Block),
    ("deny", Approval::Block),
    ("forbid", Approval::Block),
    ("refuse", Approval::Block),
    ("reject", Approval::Block),
];
const RISK_LEVELS: [RiskLevel; 4] = [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High, RiskLevel::Critical];

impl<'a> Reader<'a> {
    /// Text; anything else is the error `name`.
    pub(super) fn text(&mut self, at: Use, what: &str, name: &'static str) -> Option<Spanned<String>> {
        match self.str(at) {
            Some(text) => {
                self.warn_if_ambiguous(at);
                Some(Spanned::new(text.to_owned(), at.span))
            }
            None => {
                let error = self.not_text(at, what, name);
                self.report(error);
                None
            }
        }
    }

    /// A glob; a list of globs is told how to become rules, a null what `instead_of_null` says. Quotes
    /// around a null would make a glob that matches the word `null` alone.
    pub(super) fn glob(&mut self, at: Use, what: &str, instead_of_null: &str) -> Option<Spanned<String>> {
        if self.is_null(at) {
            let error = self.value_error("bad_glob", at, format!("{what} must be a string, found null"));
            self.report(error.label(self.reading(at)).help(instead_of_null));
            return None;
        }
        if let NodeKind::Sequence(_) = self.kind(at) {
            let error = self.value_error("bad_glob", at, format!("{what} must be one glob, found a list"));
            self.report(error.label("a list of globs is not read").help("write one rule for each glob"));
            return None;
        }
        self.text(at, what, "bad_glob")
    }

    fn not_text(&self, at: Use, what: &str, name: &'static str) -> Diagnostic {
        let found = self.describe(at);
        let error = self
            .value_error(name, at, format!("{what} must be a string, found {found}"))
            .label(self.reading(at));
        let Some(scalar) = self.scalar(at) else { return error.help("give a string") };
        if scalar.value == ScalarValue::Null {
            return error.help("give a string, or remove the key");
        }
        match self.in_quotes(at) {
            Some(quoted) => error.help("put it in quotes to make it a string").fix(
                self.node(at.node).span,
                quoted,
                format!("write `\"{}\"`", shown(self.source(at))),
            ),
            None => error.help("give a string"),
        }
    }

    /// A risk level, in any case.
    pub(super) fn risk_level(&mut self, at: Use, what: &str) -> Option<Spanned<RiskLevel>> {
        let names = RISK_LEVELS.map(RiskLevel::as_str);
        let text = self.choice(at, what, &names, None)?;
        let upper = text.to_uppercase();
        let found = RISK_LEVELS.into_iter().find(|level| level.as_str().to_ascii_uppercase() == upper);
        if found.is_none() {
            let near = near(text, &names);
            self.unknown_choice(at, text, ("unknown_risk_level", "risk level"), &names, near);
        }
        found.map(|level| Spanned::new(level, at.span))
    }

    /// An approval, in lower case.
    pub(super) fn approval(&mut self, at: Use, what: &str) -> Option<Spanned<Approval>> {
        let names = APPROVALS.map(Approval::as_str);
        let text = self.choice(at, what, &names, Some(APPROVAL_MEANINGS))?;
        let found = APPROVALS.into_iter().find(|approval| approval.as_str() == text);
        if found.is_none() {
            let lower = text.trim().to_lowercase();
            let elsewhere = APPROVAL_NAMES.iter().find(|(name, _)| *name == lower);
            let meant = elsewhere.map(|(_, approval)| approval.as_str()).or_else(|| near(text, &names));
            self.unknown_choice(at, text, ("unknown_approval", "approval"), &names, meant);
        }
        found.map(|approval| Spanned::new(approval, at.span))
    }

    /// The text of a value that must be one of a few; `meanings` help whoever wrote a boolean.
    fn choice(
        &mut self,
        at: Use,
        what: &str,
        names: &[&str],
        meanings: Option<&'static str>,
    ) -> Option<&'a str> {
        if self.str(at).is_none() {
            let boolean = matches!(self.scalar(at), Some(Scalar { value: ScalarValue::Bool(_), .. }));
            let error = self.wrong_kind(at, what, "a string");
            let error = error.help(format!("write one of {}", list(names)));
            self.report(match meanings.filter(|_| boolean) {
                Some(meanings) => error.help(meanings),
                None => error,
            });
        }
        self.str(at)
    }

    fn unknown_choice(
        &mut self,
        at: Use,
        text: &str,
        (name, noun): (&'static str, &str),
        names: &[&str],
        meant: Option<&'static str>,
    ) {
        let mut error = self.value_error(name, at, format!("unknown {noun} `{}`", shown(text)));
        match meant {
            Some(meant) => {
                error = error.label(format!("did you mean `{meant}`?"));
                if is_sure(text, meant, names) {
                    let written = as_written(meant, self.source(at));
                    error = error.fix(self.node(at.node).span, written, format!("write `{meant}`"));
                }
            }
            None => error = error.label(format!("no such {noun}")),
        }
        self.report(error.help(format!("write one of {}", list(names))));
    }

    /// A whole number, or text that Python's `int` reads as one; anything else is the error `name`, with
    /// a line of help.
    pub(super) fn whole(
        &mut self,
        at: Use,
        what: &str,
        name: &'static str,
        help: &str,
    ) -> Option<Spanned<BigInt>> {
        let number = match self.scalar(at).map(|scalar| &scalar.value) {
            Some(ScalarValue::Int(number)) => Some(number.clone()),
            Some(ScalarValue::Str(text)) => python::int(text),
            _ => None,
        };
        match self.scalar(at).map(|scalar| &scalar.value) {
            _ if number.is_none() => {
                let found = self.describe(at);
                let error =
                    self.value_error(name, at, format!("{what} must be a whole number, found {found}"));
                self.report(error.label(self.reading(at)).help(help));
            }
            // Text means the same number to every reader, whether they take it for one or not.
            Some(ScalarValue::Int(_)) => self.warn_if_ambiguous(at),
            _ => {}
        }
        number.map(|number| Spanned::new(number, at.span))
    }

    /// A whole number from 0 up. A negative one is the error `name`, one beyond 64 bits the largest.
    pub(super) fn count(&mut self, at: Use, what: &str, name: &'static str) -> Option<Spanned<u64>> {
        let number = self.whole(at, what, name, DIGITS)?;
        if number.value.sign() == Sign::Minus {
            let error = self.value_error(name, at, format!("{what} must not be negative"));
            self.report(error.label("below zero").help("write 0, or remove the key, for no limit"));
            return None;
        }
        Some(Spanned::new(u64::try_from(&number.value).unwrap_or(u64::MAX), number.span))
    }
}

/// What each approval does. A boolean has no mend of its own: `no` may mean that the action must not
/// run, or that it needs no approval.
const APPROVAL_MEANINGS: &str =
    "`auto` lets the action run, `approve` asks for an approval first, `block` forbids it";

/// The name that a text is near to. Long texts are near to none, and comparing them costs.
fn near(text: &str, names: &[&'static str]) -> Option<&'static str> {
    let short = Some(text.trim()).filter(|text| text.len() <= LONGEST_NAME);
    short.and_then(|text| nearest(text, names.iter().copied()))
}

/// Whether a text surely means a name: as a slip, or as another language's name for it. That something is to run
/// unasked is taken from no other language.
fn is_sure(text: &str, meant: &str, names: &[&str]) -> bool {
    let lower = text.trim().to_lowercase();
    let is_foreign = APPROVAL_NAMES.iter().any(|(name, _)| *name == lower);
    if is_foreign {
        meant != Approval::Auto.as_str()
    } else {
        slip(&lower, names.iter().copied()) == Some(meant)
    }
}

/// A value in words, its text as a message shows it.
fn brief(described: &str) -> Cow<'_, str> {
    let text = described.strip_prefix("the text `").and_then(|rest| rest.strip_suffix('`'));
    text.map_or_else(|| shown(described), |text| format!("the text `{}`", shown(text)).into())
}

/// How to write a whole number.
pub(super) const DIGITS: &str = "write it in digits alone, without a fraction";

/// How far before a scalar its tag is looked for, in bytes.
const TAG_REACH: usize = 256;

impl Reader<'_> {
    /// Whether a tag stands before a scalar, such as `!!str`: it says what every reader must read.
    pub(super) fn is_tagged(&self, at: Use) -> bool {
        is_tagged(self.node(at.node).span, self.sources)
    }

    /// A plain scalar in quotes, under which it is its own text; `None` where quotes alone do not do that.
    pub(super) fn in_quotes(&self, at: Use) -> Option<String> {
        in_quotes(self.node(at.node).span, self.sources)
    }

    /// Warns where a plain scalar means something else to a reader of YAML 1.2.
    pub(super) fn warn_if_ambiguous(&mut self, at: Use) {
        let Some(scalar) = self.scalar(at) else { return };
        let source = self.source(at);
        // Text of several lines holds a space once it is folded, and is text to every reader.
        let is_folded = matches!(scalar.value, ScalarValue::Str(_)) && source.contains(['\n', '\r']);
        if scalar.style != Style::Plain || is_folded {
            return;
        }
        let Some(other) = yaml12_reading(source, &scalar.value) else { return };
        if self.is_tagged(at) {
            return;
        }
        let own = describe(&scalar.value);
        let (own, other) = (brief(&own), brief(&other));
        let text = shown(source);
        let span = self.node(at.node).span;
        let lint = Diagnostic::lint(
            Lint::AmbiguousScalar,
            span,
            format!("`{text}` is read as {own} here, and as {other} by a YAML 1.2 reader"),
        )
        .label("this file is read as YAML 1.1");
        let quoted = self.in_quotes(at).filter(|_| matches!(scalar.value, ScalarValue::Str(_)));
        self.report(match quoted {
            Some(quoted) => lint.help("put it in quotes to make it a string everywhere").fix_that_keeps(
                span,
                quoted,
                format!("write `\"{text}\"`"),
            ),
            None => lint.help("put it in quotes if text is meant, or spell the value so that both agree"),
        });
    }
}

fn is_tagged(scalar: Span, sources: &SourceMap) -> bool {
    let end = scalar.range().start;
    let text = sources.file(scalar.file).text();
    let Some(before) = (end.saturating_sub(TAG_REACH)..=end).find_map(|start| text.get(start..end)) else {
        return false;
    };
    // Behind a bracket or a comma, or the colon of a quoted key, a property needs no space before it.
    let begins = |word: &str, with: char| {
        let behind = word.rfind(['[', '{', ',', ':']).and_then(|at| word.get(at + 1..));
        word.starts_with(with) || behind.is_some_and(|last| last.starts_with(with))
    };
    let word = before.split_whitespace().rev().find(|word| !begins(word, '&'));
    word.is_some_and(|word| begins(word, '!') || word.contains("!<"))
}

/// The plain scalar of a place in double quotes, under which it is its own text. `None` where something else
/// stands at the place, such as an alias, and where quotes would not do that: under a tag, say.
pub(crate) fn in_quotes(at: Span, sources: &SourceMap) -> Option<String> {
    let source = sources.text(at);
    let is_plain = !source.is_empty()
        && !source.starts_with(['"', '\'', '|', '>', '*', '&', '!', '[', '{'])
        && !source.contains(['"', '\\'])
        && !source.contains(char::is_control);
    (is_plain && !is_tagged(at, sources)).then(|| format!("\"{source}\""))
}

/// A word of the language in the quotes of the text that it replaces, if that has any: in `{"a":1}` they let
/// the value touch the colon.
pub(super) fn as_written(word: &str, replaced: &str) -> String {
    match replaced.chars().next() {
        Some(quote @ ('"' | '\'')) => format!("{quote}{word}{quote}"),
        _ => word.to_owned(),
    }
}
