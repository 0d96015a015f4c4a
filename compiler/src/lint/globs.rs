//! Globs that mean something only as a regular expression, or as the globs of a shell.

use crate::diag::{Decisions, Diagnostic, Lint};
use crate::glob;
use crate::hir;
use crate::shown::shown;
use crate::source::{SourceMap, Span};
use crate::syntax::{Rule, SequencePattern, Spanned};
use std::ops::Range;

/// Pushes what in the globs of a rule is not meant as a glob says it.
pub(super) fn check(rule: &Rule, sources: &SourceMap, out: &mut Vec<Diagnostic>) {
    let first = out.len();
    let globs =
        [(&rule.type_glob, Over::Names), (&rule.target_glob, Over::Targets), (&rule.agent_glob, Over::Names)];
    for (glob, over) in globs {
        out.extend(glob.iter().flat_map(|glob| findings(glob, over, sources)));
    }
    // A rule with an empty name is named after its globs, and its decisions give that name.
    if rule.name.as_ref().is_some_and(|name| name.value.as_deref().unwrap_or_default().is_empty()) {
        for fix in out.iter_mut().skip(first).filter_map(|diagnostic| diagnostic.fix.as_mut()) {
            fix.decisions = Decisions::MayChange;
        }
    }
}

/// As [`check`], for the steps of a sequence, which are globs over types.
pub(super) fn check_steps(pattern: &SequencePattern, sources: &SourceMap, out: &mut Vec<Diagnostic>) {
    out.extend(pattern.steps.iter().flat_map(|step| findings(step, Over::Names, sources)));
}

/// What a glob is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    /// Types and agents, in which dots and backslashes are unusual.
    Names,
    Targets,
}

fn findings(glob: &Spanned<String>, over: Over, sources: &SourceMap) -> Vec<Diagnostic> {
    if is_plain(&glob.value) {
        return Vec::new();
    }
    let parts = Parts::of(&glob.value);
    let outside = &parts.outside;
    let mut faults: Vec<Fault> = parts.sets.iter().filter_map(Set::fault).collect();
    let elsewhere = [braces(outside), bar(outside), dots(outside, over)];
    faults
        .extend(elsewhere.into_iter().flatten().map(|fault| Fault { at: parts.within(&fault.at), ..fault }));
    faults.extend(stars(&parts, &glob.value));
    let text = shown(&glob.value);
    let finding = |Fault { at, is, label, help, mend }| {
        let place = hir::place_in(glob, &at, sources);
        let lint = Diagnostic::lint(Lint::GlobLooksLikeRegex, place, format!("in the glob `{text}`, {is}"))
            .label(label);
        let place = mend.as_ref().and_then(|mend| spelt(glob, &mend.at, sources));
        match (mend, place) {
            (Some(mend), Some(at)) if mend.decisions == Decisions::Kept => {
                lint.fix_that_keeps(at, mend.with, help)
            }
            (Some(mend), Some(at)) => lint.fix(at, mend.with, help),
            _ => lint.help(help),
        }
    };
    faults.into_iter().map(finding).collect()
}

/// Whether a glob has none of the characters that a fault begins with.
fn is_plain(glob: &str) -> bool {
    let begins = |byte| matches!(byte, b'[' | b'{' | b'|' | b'.' | b'^' | b'\\');
    !glob.bytes().any(begins) && !glob.as_bytes().windows(2).any(|pair| pair == b"**")
}

/// The place in the file of a part of a glob, if the file spells it as the glob does.
fn spelt(glob: &Spanned<String>, part: &Range<usize>, sources: &SourceMap) -> Option<Span> {
    let at = hir::place_in(glob, part, sources);
    (sources.text(at) == glob.value.get(part.clone())?).then_some(at)
}

/// What is odd in a glob.
struct Fault {
    /// The bytes of the glob, or of the text outside its sets.
    at: Range<usize>,
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
}

struct Set<'a> {
    /// From `[` to `]`.
    at: Range<usize>,
    negated: bool,
    members: &'a str,
}

impl<'a> Parts<'a> {
    fn of(glob: &'a str) -> Self {
        let mut parts = Parts { outside: String::new(), sets: Vec::new() };
        let mut rest = glob;
        while let Some((before, after)) = rest.split_once('[') {
            let Some((negated, members, after)) = glob::members(after) else { break };
            parts.outside.push_str(before);
            parts.outside.push(SET);
            let start = glob.len() - rest.len() + before.len();
            parts.sets.push(Set { at: start..glob.len() - after.len(), negated, members });
            rest = after;
        }
        parts.outside.push_str(rest);
        parts
    }

    /// The bytes of the glob that a range of the text outside the sets stands for.
    fn within(&self, outside: &Range<usize>) -> Range<usize> {
        let place = |offset: usize| {
            let mut place = offset;
            for set in &self.sets {
                if set.at.start < place {
                    place += set.at.len() - SET.len_utf8();
                }
            }
            place
        };
        place(outside.start)..place(outside.end)
    }
}

impl Set<'_> {
    fn fault(&self) -> Option<Fault> {
        let at = self.at.clone();
        let shown_set = shown(self.members);
        if let Some(members) = self.members.strip_prefix('^').filter(|rest| !rest.is_empty() && !self.negated)
        {
            return Some(Fault {
                at,
                is: format!("`[{shown_set}]` is one character of these, `^` among them"),
                label: "`^` negates nothing in a glob",
                help: format!("write `[!{}]` for any other character", shown(members)),
                mend: Some(Mend {
                    at: self.at.start + 1..self.at.start + 2,
                    with: "!".to_owned(),
                    decisions: Decisions::MayChange,
                }),
            });
        }
        let members: Vec<char> = self.members.chars().collect();
        if let Some((low, high)) = reversed(&members) {
            return Some(Fault {
                at,
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
            at,
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
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, _) = after.split_once('}')?;
        let start = text.len() - rest.len() + before.len();
        rest = after;
        let plain = |c: char| c.is_alphanumeric() || c == SET || "_-./*?,".contains(c);
        if inside.contains(',') && inside.chars().all(plain) {
            return Some(Fault {
                at: start..start + inside.len() + 2,
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
        at: before.len()..before.len() + 1,
        is: "`|` is only this character".to_owned(),
        label: "`|` is literal in a glob",
        help: format!("{ONE_EACH}, or `[|]` where a bar is meant"),
        mend: None,
    })
}

/// `**`, as in the globs of a shell: one mend for all of them.
fn stars(parts: &Parts<'_>, glob: &str) -> Option<Fault> {
    let mut runs = Vec::new();
    let mut from = 0;
    while let Some(found) = parts.outside.get(from..)?.find("**") {
        let start = from + found;
        from = parts.outside.len() - parts.outside.get(start..)?.trim_start_matches('*').len();
        runs.push(parts.within(&(start..from)));
    }
    let (first, last) = (runs.first()?, runs.last()?);
    let mut with = String::new();
    let mut written = first.start;
    for run in &runs {
        with.push_str(glob.get(written..run.start)?);
        with.push('*');
        written = run.end;
    }
    Some(Fault {
        at: first.clone(),
        is: "`**` is the same as `*`".to_owned(),
        label: "`*` stands for any text, `/` included",
        help: "write `*`; there is no glob for one folder only".to_owned(),
        mend: Some(Mend { at: first.start..last.end, with, decisions: Decisions::Kept }),
    })
}

/// `.*` and `.+` for any text, `^` and `\.`, but not a target such as `.*rc` or `*.*`.
fn dots(text: &str, over: Over) -> Option<Fault> {
    let is_target = over == Over::Targets;
    let leading = text.starts_with(".*");
    let both = leading && text.len() > 2 && text.ends_with(".*");
    let any = text.find(".+").or((both || (leading && !is_target)).then_some(0));
    let escape = [r"\.", r"\d", r"\w", r"\s", r"\*", r"\?", r"\["]
        .iter()
        .filter_map(|escape| text.find(escape))
        .min()
        .filter(|_| !is_target);
    let (at, what, label, help) = if let Some(start) = any {
        (
            start..start + 2,
            "`.` is only a dot",
            "`*` alone stands for any text",
            "write `*` for any text, `?*` for any but the empty one",
        )
    } else if text.starts_with('^') && text.len() > 1 {
        (
            0..1,
            "`^` is only this character",
            "a glob always covers the whole text",
            "leave out `^`; `[^]` is a literal one",
        )
    } else {
        let start = escape?;
        (
            start..start + 2,
            r"`\` is only a backslash",
            "nothing is escaped in a glob",
            r"write `[*]`, `[?]` or `[[]` for a literal one",
        )
    };
    Some(Fault { at, is: what.to_owned(), label, help: help.to_owned(), mend: None })
}
