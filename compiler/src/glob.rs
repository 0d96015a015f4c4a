//! Globs as `fnmatch` reads them: their tokens, and which of them a decision may ask of one text.

#[cfg(test)]
mod tests;

use crate::hir;
use hashbrown::{HashMap, HashSet};

/// One step of a glob.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Text(String),
    /// `?`, so many in a row.
    Ones(u32),
    Run,
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// What a glob is, by its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form<'t> {
    /// `*`
    Any,
    Literal(&'t str),
    /// `text*`
    Prefix(&'t str),
    /// `*text`
    Suffix(&'t str),
    /// Anything else.
    General,
}

/// What a glob of these tokens is.
pub(crate) fn form(tokens: &[Token]) -> Form<'_> {
    match tokens {
        [Token::Run] => Form::Any,
        [] => Form::Literal(""),
        [Token::Text(literal)] => Form::Literal(literal),
        [Token::Text(prefix), Token::Run] => Form::Prefix(prefix),
        [Token::Run, Token::Text(suffix)] => Form::Suffix(suffix),
        _ => Form::General,
    }
}

/// The general globs that one decision may ask of one field, each list without repetition and in the order of
/// the rules: those of rules that have the same literals, which are candidates of the same actions.
pub(crate) fn asked_together(policy: &hir::Policy) -> Vec<Vec<&str>> {
    let mut forms: HashMap<&str, Kind> = HashMap::new();
    let mut places: HashMap<(usize, [Option<&str>; 3]), usize> = HashMap::new();
    let mut lists: Vec<Vec<&str>> = Vec::new();
    let mut seen: HashSet<(usize, &str)> = HashSet::new();
    for rule in &policy.rules {
        let globs = [&rule.type_glob, &rule.target_glob, &rule.agent_glob].map(String::as_str);
        let kinds = globs.map(|glob| *forms.entry(glob).or_insert_with(|| kind(glob)));
        if !kinds.contains(&Kind::General) {
            continue;
        }
        // A literal is written as itself.
        let mut key = [None; 3];
        for ((literal, glob), kind) in key.iter_mut().zip(globs).zip(kinds) {
            *literal = (kind == Kind::Literal).then_some(glob);
        }
        for (field, (glob, kind)) in globs.into_iter().zip(kinds).enumerate() {
            if kind != Kind::General {
                continue;
            }
            let place = *places.entry((field, key)).or_insert(lists.len());
            if place == lists.len() {
                lists.push(Vec::new());
            }
            if let (true, Some(list)) = (seen.insert((place, glob)), lists.get_mut(place)) {
                list.push(glob);
            }
        }
    }
    lists
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Literal,
    General,
    Other,
}

fn kind(glob: &str) -> Kind {
    if !glob.bytes().any(|byte| matches!(byte, b'*' | b'?' | b'[')) {
        return Kind::Literal;
    }
    match form(&read(glob)) {
        Form::Literal(_) => Kind::Literal,
        Form::General => Kind::General,
        Form::Any | Form::Prefix(_) | Form::Suffix(_) => Kind::Other,
    }
}

/// The tokens of a glob: neighbouring texts joined, neighbouring runs one, and `?`s after a run put
/// before it, where they are counted once instead of at every place that the run could end.
pub(crate) fn read(glob: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = glob;
    // Once a `[` is not closed no later one is, so that the search for a `]` is not repeated.
    let mut closable = true;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = after;
        match c {
            '*' if tokens.last() == Some(&Token::Run) => {}
            '*' => tokens.push(Token::Run),
            '?' => push_one(&mut tokens),
            '[' if closable => match set(after) {
                Some((set, after_set)) => {
                    tokens.push(set);
                    rest = after_set;
                }
                None => {
                    closable = false;
                    push_char(&mut tokens, '[');
                }
            },
            c => push_char(&mut tokens, c),
        }
    }
    tokens
}

fn push_one(tokens: &mut Vec<Token>) {
    let run = tokens.pop_if(|last| *last == Token::Run);
    match tokens.last_mut() {
        Some(Token::Ones(count)) => *count = count.saturating_add(1),
        _ => tokens.push(Token::Ones(1)),
    }
    tokens.extend(run);
}

fn push_char(tokens: &mut Vec<Token>, c: char) {
    match tokens.last_mut() {
        Some(Token::Text(text)) => text.push(c),
        _ => tokens.push(Token::Text(c.into())),
    }
}

/// The set whose `[` was read, and what follows its `]`; `None` if it is not closed.
fn set(after: &str) -> Option<(Token, &str)> {
    let (negated, members, rest) = members(after)?;
    let members: Vec<char> = members.chars().collect();
    Some((Token::Set { negated, ranges: ranges(&members) }, rest))
}

/// Whether the set whose `[` was read is negated, its members as written, and what follows its `]`; `None`
/// if it is not closed.
pub(crate) fn members(after: &str) -> Option<(bool, &str, &str)> {
    let (negated, body) = match after.strip_prefix('!') {
        Some(body) => (true, body),
        None => (false, after),
    };
    // A first `]` is literal.
    let skip = usize::from(body.starts_with(']'));
    let end = skip + body.get(skip..)?.find(']')?;
    Some((negated, body.get(..end)?, body.get(end + 1..)?))
}

/// The ranges of a set, sorted and apart. Read from left to right, a `-` is literal at either end;
/// between two members it makes a range, and a reversed range is dropped.
fn ranges(mut members: &[char]) -> Vec<(char, char)> {
    let mut ranges = Vec::new();
    while let [low, rest @ ..] = members {
        match rest {
            ['-', high, rest @ ..] => {
                if low <= high {
                    ranges.push((*low, *high));
                }
                members = rest;
            }
            rest => {
                ranges.push((*low, *low));
                members = rest;
            }
        }
    }
    ranges.sort_unstable();
    let mut apart: Vec<(char, char)> = Vec::with_capacity(ranges.len());
    for (low, high) in ranges {
        match apart.last_mut() {
            Some((_, end)) if low <= *end => *end = high.max(*end),
            _ => apart.push((low, high)),
        }
    }
    apart
}
