//! Patterns that find more, or something else, than they seem to.

use crate::diag::{Diagnostic, Lint};
use crate::hir::{self, Policy};
use crate::pyre::{self, Automata, Compiled, TooLarge};
use crate::shown::shown;
use crate::source::SourceMap;
use crate::syntax::{Layer, Pattern};
use crate::yaml::Style;
use aegis_vm::Approval;
use std::collections::HashMap;

/// Pushes what is doubtful about the patterns of every rule.
pub(super) fn check(
    layers: &[Layer],
    policy: &Policy,
    automata: &Result<Automata, TooLarge>,
    sources: &SourceMap,
    out: &mut Vec<Diagnostic>,
) {
    let compiled: HashMap<usize, &Compiled> = match automata {
        Ok(automata) => automata.patterns.iter().enumerate().collect(),
        Err(refused) => refused.compiled.iter().map(|(at, pattern)| (*at, pattern)).collect(),
    };
    let known: HashMap<&str, (&pyre::Pattern, Option<&Compiled>)> = policy
        .patterns
        .iter()
        .enumerate()
        .map(|(at, pattern)| (pattern.text(), (pattern, compiled.get(&at).copied())))
        .collect();
    for rule in layers.iter().flat_map(|layer| &layer.rules) {
        let approval = rule.outcome.approval.as_ref().map_or(hir::RULE.approval, |said| said.value);
        for param in rule.patterns() {
            let written = &param.value;
            out.extend(backspace(written, sources));
            let Some((pattern, compiled)) = known.get(written.text.as_str()) else { continue };
            if compiled.is_some_and(Compiled::is_in_every_text) {
                out.extend(param.name.value.as_deref().and_then(|name| vacuous(written, name)));
            } else if approval != Approval::Block {
                out.extend(dollar(written, pattern, sources));
                out.extend(unanchored(written));
            }
        }
    }
}

/// An empty pattern is told of by the form of the condition.
fn vacuous(written: &Pattern, param: &str) -> Option<Diagnostic> {
    let text = written.text.as_str();
    if text.is_empty() {
        return None;
    }
    let is_empty_branch = text.starts_with('|')
        || text.ends_with('|')
        || ["||", "(|", "|)"].iter().any(|empty| text.contains(empty));
    let (pattern, param) = (shown(text), shown(param));
    let message = format!("`{pattern}` is found in every text: this only asks that `{param}` is there");
    Some(Diagnostic::lint(Lint::VacuousCondition, written.span, message).label("matches everything").help(
        if is_empty_branch {
            "an empty alternative is found everywhere: leave it out"
        } else {
            r"ask for what the text must hold, and for all of it between `^` and `\Z`"
        },
    ))
}

fn backspace(written: &Pattern, sources: &SourceMap) -> Option<Diagnostic> {
    const BACKSPACE: char = '\u{8}';
    let at = written.text.find(BACKSPACE).filter(|_| written.style == Some(Style::Double))?;
    let place = hir::place(written, &(at..at + BACKSPACE.len_utf8()), sources);
    // Who gives the number of the character means it.
    if [r"\x", r"\u", r"\U"].iter().any(|number| sources.text(place).starts_with(number)) {
        return None;
    }
    let mended = written.text.replace(BACKSPACE, r"\b");
    let lint = Diagnostic::lint(
        Lint::BackspaceRegex,
        place,
        format!("`{}` looks for a backspace, not for the edge of a word", shown(&written.text)),
    )
    .label(r"in double quotes `\b` is the character U+0008");
    let is_plain = !mended.contains(char::is_control) && sources.text(written.span).starts_with('"');
    Some(if is_plain {
        let quoted = format!("'{}'", mended.replace('\'', "''"));
        lint.fix(written.span, quoted, "in single quotes every backslash is the pattern's own")
    } else {
        lint.help(r"write `\\b` in double quotes, or the pattern in single quotes")
    })
}

fn dollar(written: &Pattern, pattern: &pyre::Pattern, sources: &SourceMap) -> Option<Diagnostic> {
    let places = pattern.loose_ends();
    let (first, others) = places.split_first()?;
    let at = hir::place(written, first, sources);
    let mut lint = Diagnostic::lint(
        Lint::DollarNewline,
        at,
        format!("`$` in `{}` lets a newline at the end of the text pass", shown(&written.text)),
    )
    .label("the end, or before a last newline");
    for other in others {
        let other = hir::place(written, other, sources);
        if other != at {
            lint = lint.also(other, "this one too");
        }
    }
    let end = if written.style == Some(Style::Double) { r"\\Z" } else { r"\Z" };
    Some(if others.is_empty() && sources.text(at) == "$" {
        lint.fix(at, end, r"`\Z` is the end alone")
    } else {
        lint.help(format!("write `{end}`, which is the end alone"))
    })
}

fn unanchored(written: &Pattern) -> Option<Diagnostic> {
    let literal = dotted_literal(&written.text)?;
    let text = written.text.as_str();
    // What begins with `@` is an end, and what ends with `/` a beginning.
    let start = if literal.starts_with(['@', '.']) { "" } else { "^" };
    let (end, longer) = if literal.ends_with('/') {
        ("", format!("x{literal}"))
    } else {
        (r"\Z", format!("{literal}.example"))
    };
    Some(
        Diagnostic::lint(
            Lint::UnanchoredRegex,
            written.span,
            format!("`{}` is found anywhere in a text, and this rule allows", shown(text)),
        )
        .label(format!("found in `{}` too", shown(&longer)))
        .help(format!("say where it stands, such as `{}`", shown(&format!("{start}{text}{end}")))),
    )
}

/// The text that a pattern looks for which is made of letters, digits, a few signs and escaped dots, with a
/// dot and a letter at the least.
fn dotted_literal(pattern: &str) -> Option<String> {
    let mut literal = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.next() == Some('.') => literal.push('.'),
            c if c.is_ascii_alphanumeric() || "-_@/:".contains(c) => literal.push(c),
            _ => return None,
        }
    }
    let is_one = literal.contains('.') && literal.contains(|c: char| c.is_ascii_alphabetic());
    is_one.then_some(literal)
}
