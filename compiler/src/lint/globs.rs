//! Globs that mean something only as a regular expression, or as the globs of a shell.

use crate::diag::{Decisions, Diagnostic, Lint};
use crate::glob;
use crate::hir;
use crate::shown::shown;
use crate::source::{SourceMap, Span};
use crate::syntax::{Pattern, Rule, Spanned};
use crate::yaml::Style;
use std::ops::Range;

/// Pushes what in the globs of a rule is not meant as a glob says it.
pub(super) fn check(rule: &Rule, sources: &SourceMap, out: &mut Vec<Diagnostic>) {
    let first = out.len();
    check_one(rule.type_glob.as_ref(), false, sources, out);
    check_one(rule.target_glob.as_ref(), true, sources, out);
    check_one(rule.agent_glob.as_ref(), false, sources, out);
    // A rule with an empty name is named after its globs, and its decisions give that name.
    if rule.name.as_ref().is_some_and(|name| name.value.as_deref().unwrap_or_default().is_empty()) {
        for fix in out.iter_mut().skip(first).filter_map(|diagnostic| diagnostic.fix.as_mut()) {
            fix.decisions = Decisions::MayChange;
        }
    }
}

fn check_one(
    glob: Option<&Spanned<String>>,
    is_target: bool,
    sources: &SourceMap,
    out: &mut Vec<Diagnostic>,
) {
    let Some(glob) = glob else { return };
    let parts = Parts::of(&glob.value);
    let mut faults: Vec<Fault> = parts.sets.iter().filter_map(|set| set.fault()).collect();
    faults.extend(braces(&parts.outside));
    faults.extend(bar(&parts.outside));
    faults.extend(dots(&parts.outside, is_target));
    faults.extend(stars(&parts.stars, &glob.value));
    let text = shown(&glob.value);
    out.extend(faults.into_iter().map(|Fault { is, label, help, mend }| {
        let lint =
            Diagnostic::lint(Lint::GlobLooksLikeRegex, glob.span, format!("in the glob `{text}`, {is}"))
                .label(label);
        let place = mend.as_ref().and_then(|mend| place(glob, &mend.at, sources));
        match (mend, place) {
            (Some(mend), Some(at)) if mend.decisions == Decisions::Kept => {
                lint.fix_that_keeps(at, mend.with, help)
            }
            (Some(mend), Some(at)) => lint.fix(at, mend.with, help),
            _ => lint.help(help),
        }
    }));
}

/// The place in the file of a part of a glob that the file spells as the glob does.
fn place(glob: &Spanned<String>, part: &Range<usize>, sources: &SourceMap) -> Option<Span> {
    let style = match sources.text(glob.span).chars().next()? {
        '"' => Style::Double,
        '\'' => Style::Single,
        // An alias or a block scalar, whose text does not stand at this place.
        '*' | '|' | '>' => return None,
        _ => Style::Plain,
    };
    let written = Pattern { text: glob.value.clone(), span: glob.span, style: Some(style) };
    let at = hir::place(&written, part, sources);
    (sources.text(at) == glob.value.get(part.clone())?).then_some(at)
}

/// What is odd in a glob.
struct Fault {
    is: String,
    label: &'static str,
    help: String,
    mend: Option<Mend>,
}

/// A part of a glob, and what to write in its place.
struct Mend {
    at: Range<usize>,
    with: String,
    decisions: Decisions,
}

const ONE_EACH: &str = "a glob has no alternatives: write one rule for each";

/// Stands for a set. A glob that holds it as a character is at most misquoted.
const SET: char = '\u{1}';

/// A glob taken apart.
struct Parts<'a> {
    /// The text with [`SET`] in place of each set.
    outside: String,
    sets: Vec<Set<'a>>,
    /// The places outside of sets of `**`, `***` and so on.
    stars: Vec<Range<usize>>,
}

struct Set<'a> {
    /// Where the set begins behind its bracket.
    start: usize,
    negated: bool,
    members: &'a str,
}

impl<'a> Parts<'a> {
    fn of(glob: &'a str) -> Self {
        let mut parts = Parts { outside: String::new(), sets: Vec::new(), stars: Vec::new() };
        let mut rest = glob;
        while let Some((before, set)) = rest.split_once('[') {
            let Some((negated, members, after)) = glob::members(set) else { break };
            parts.push(before, glob.len() - rest.len());
            parts.outside.push(SET);
            parts.sets.push(Set { start: glob.len() - set.len(), negated, members });
            rest = after;
        }
        parts.push(rest, glob.len() - rest.len());
        parts
    }

    /// Adds a text without sets that stands at `start`.
    fn push(&mut self, text: &str, start: usize) {
        self.outside.push_str(text);
        let mut at = 0;
        for run in text.split_inclusive(|c| c != '*') {
            let stars = run.len() - run.trim_start_matches('*').len();
            if stars > 1 {
                self.stars.push(start + at..start + at + stars);
            }
            at += run.len();
        }
    }
}

/// Runs of stars: one mend for all of them.
fn stars(runs: &[Range<usize>], glob: &str) -> Option<Fault> {
    let (first, last) = (runs.first()?, runs.last()?);
    let mut with = String::new();
    let mut from = first.start;
    for run in runs {
        with.push_str(glob.get(from..run.start)?);
        with.push('*');
        from = run.end;
    }
    Some(Fault {
        is: "`**` is the same as `*`".to_owned(),
        label: "`*` stands for any text, `/` included",
        help: "write `*`; there is no glob for one folder only".to_owned(),
        mend: Some(Mend { at: first.start..last.end, with, decisions: Decisions::Kept }),
    })
}

impl Set<'_> {
    fn fault(&self) -> Option<Fault> {
        let shown_set = shown(self.members);
        if let Some(members) = self.members.strip_prefix('^').filter(|rest| !rest.is_empty() && !self.negated)
        {
            return Some(Fault {
                is: format!("`[{shown_set}]` is one character of these, `^` among them"),
                label: "`^` negates nothing in a glob",
                help: format!("write `[!{}]` for any other character", shown(members)),
                mend: Some(Mend {
                    at: self.start..self.start + 1,
                    with: "!".to_owned(),
                    decisions: Decisions::MayChange,
                }),
            });
        }
        let members: Vec<char> = self.members.chars().collect();
        if let Some((low, high)) = reversed(&members) {
            return Some(Fault {
                is: format!("the range `{}` is empty: it runs backwards", shown(&format!("{low}-{high}"))),
                label: "a set is one character out of its members",
                help: "turn the range round, put a literal `-` last, or write a word without `[` and `]`"
                    .to_owned(),
                mend: None,
            });
        }
        if !is_word(&members) {
            return None;
        }
        let what = if self.negated { "that is none" } else { "out" };
        let written = if self.negated { format!("[!{shown_set}]") } else { format!("[{shown_set}]") };
        Some(Fault {
            is: format!("`{written}` is one character {what} of these, not a word"),
            label: "a set is one character out of its members",
            help: if self.negated {
                "a glob cannot leave out a word: write a rule for the word, before this one".to_owned()
            } else {
                format!("write `{shown_set}` for the word, `[[]{shown_set}]` for a name in brackets")
            },
            mend: None,
        })
    }
}

/// The first range of a set that is empty.
fn reversed(mut members: &[char]) -> Option<(char, char)> {
    loop {
        match members {
            [low, '-', high, ..] if low > high => return Some((*low, *high)),
            [_, '-', _, rest @ ..] | [_, rest @ ..] => members = rest,
            [] => return None,
        }
    }
}

/// Whether the members spell a word. Who lists characters sorts them (`[abc]`, `[aeiou]`), or gives each in
/// both cases (`[EeAa]`).
fn is_word(members: &[char]) -> bool {
    let letters: Vec<char> = members.iter().copied().filter(char::is_ascii_alphabetic).collect();
    letters.len() >= 3
        && members.iter().all(|c| c.is_ascii_alphanumeric() || *c == '_')
        && !letters.is_sorted()
        && !letters.iter().any(|c| letters.contains(&other_case(*c)))
}

fn other_case(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}

/// `{a,b}`, but not JSON.
fn braces(text: &str) -> Option<Fault> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('{') {
        let (inside, _) = after.split_once('}')?;
        rest = after;
        let plain = |c: char| c.is_alphanumeric() || c == SET || "_-./*?,".contains(c);
        if inside.contains(',') && inside.chars().all(plain) {
            return Some(Fault {
                is: format!("`{{{}}}` is only this text", shown(&inside.replace(SET, "[…]"))),
                label: "`{` and `,` are literal in a glob",
                help: format!("{ONE_EACH}, or `[{{]` where a brace is meant"),
                mend: None,
            });
        }
    }
    None
}

/// `a|b`, but not a shell's `a | b` or `a || b`.
fn bar(text: &str) -> Option<Fault> {
    let (before, after) = text.split_once('|')?;
    if before.ends_with([' ', '|']) || after.is_empty() || after.starts_with([' ', '|']) || before.is_empty()
    {
        return None;
    }
    Some(Fault {
        is: "`|` is only this character".to_owned(),
        label: "`|` is literal in a glob",
        help: format!("{ONE_EACH}, or `[|]` where a bar is meant"),
        mend: None,
    })
}

/// `.*` and `.+` for any text, `^` and `\.`, but not a target such as `.*rc` or `*.*`.
fn dots(text: &str, is_target: bool) -> Option<Fault> {
    let leading = text.starts_with(".*");
    let both = leading && text.len() > 2 && text.ends_with(".*");
    let (what, label, help) = if text.contains(".+") || both || (leading && !is_target) {
        (
            "`.` is only a dot",
            "`*` alone stands for any text",
            "write `*` for any text, `?*` for any but the empty one",
        )
    } else if text.starts_with('^') && text.len() > 1 {
        (
            "`^` is only this character",
            "a glob always covers the whole text",
            "leave out `^`; `[^]` is a literal one",
        )
    } else if !is_target && [r"\.", r"\d", r"\w", r"\s", r"\*", r"\?", r"\["].iter().any(|e| text.contains(e))
    {
        (
            r"`\` is only a backslash",
            "nothing is escaped in a glob",
            r"write `[*]`, `[?]` or `[[]` for a literal one",
        )
    } else {
        return None;
    };
    Some(Fault { is: what.to_owned(), label, help: help.to_owned(), mend: None })
}
