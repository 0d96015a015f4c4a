//! Globs that mean something only as a regular expression, or as the globs of a shell.

use crate::diag::{Diagnostic, Lint};
use crate::glob;
use crate::hir;
use crate::shown::shown;
use crate::source::SourceMap;
use crate::syntax::{Rule, SequencePattern, Spanned};
use std::ops::Range;

/// Pushes what in the globs of a rule is not meant as a glob says it.
pub(super) fn check(rule: &Rule, sources: &SourceMap, out: &mut Vec<Diagnostic>) {
    let globs =
        [(&rule.type_glob, Over::Names), (&rule.target_glob, Over::Targets), (&rule.agent_glob, Over::Names)];
    for (glob, over) in globs {
        out.extend(glob.iter().flat_map(|glob| findings(glob, over, sources)));
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
    let parts = Parts::of(&glob.value);
    let outside = &parts.outside;
    let mut faults: Vec<Fault> = parts.sets.iter().filter_map(Set::fault).collect();
    let elsewhere = [braces(outside), bar(outside), dots(outside, over), stars(outside)];
    faults.extend(elsewhere.into_iter().flatten().map(|fault| Fault { at: parts.within(fault.at), ..fault }));
    let text = shown(&glob.value);
    let finding = |Fault { at, is, label, help }| {
        let place = hir::place_in(glob, &at, sources);
        Diagnostic::lint(Lint::GlobLooksLikeRegex, place, format!("in the glob `{text}`, {is}"))
            .label(label)
            .help(help)
    };
    faults.into_iter().map(finding).collect()
}

/// What is odd in a glob.
struct Fault {
    /// The bytes of the glob, or of the text outside its sets.
    at: Range<usize>,
    is: String,
    label: &'static str,
    help: String,
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
    fn within(&self, outside: Range<usize>) -> Range<usize> {
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
    })
}

/// `**`, as in the globs of a shell.
fn stars(text: &str) -> Option<Fault> {
    let start = text.find("**")?;
    let end = text.len() - text.get(start..)?.trim_start_matches('*').len();
    Some(Fault {
        at: start..end,
        is: "`**` is the same as `*`".to_owned(),
        label: "`*` stands for any text, `/` included",
        help: "write `*`; there is no glob for one folder only".to_owned(),
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
    Some(Fault { at, is: what.to_owned(), label, help: help.to_owned() })
}
