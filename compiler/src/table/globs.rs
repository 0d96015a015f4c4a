//! Globs: read as `fnmatch` reads them, each distinct one once.

use super::strings::Strings;
use super::{TooLarge, number};
use aegis_vm::format::hash_text;
use aegis_vm::format::{
    GLOB_ANY, GLOB_LITERAL, GLOB_PREFIX, GLOB_SUFFIX, GLOB_TOKENS, Glob, GlobRange, GlobToken, TOKEN_NOT_SET,
    TOKEN_ONES, TOKEN_RUN, TOKEN_SET, TOKEN_TEXT, Text,
};
use std::collections::HashMap;
use zerocopy::little_endian::U32;

/// The glob sections while they grow.
#[derive(Default)]
pub(super) struct Globs {
    pub(super) globs: Vec<Glob>,
    pub(super) tokens: Vec<GlobToken>,
    pub(super) ranges: Vec<GlobRange>,
    places: HashMap<Box<str>, U32>,
    /// For each glob the hash of its text if it is literal.
    literal_hashes: Vec<Option<u64>>,
}

/// One step of a glob.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Text(String),
    /// `?`, so many in a row.
    Ones(u32),
    Run,
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Globs {
    /// Where the glob stands.
    pub(super) fn add(&mut self, text: &str, strings: &mut Strings) -> Result<U32, TooLarge> {
        if let Some(&place) = self.places.get(text) {
            return Ok(place);
        }
        let place = number(self.globs.len(), "globs")?;
        let tokens = read(text);
        let (kind, a, b) = match tokens.as_slice() {
            [Token::Run] => (GLOB_ANY, U32::new(0), U32::new(0)),
            [] => self.text(GLOB_LITERAL, "", strings)?,
            [Token::Text(literal)] => self.text(GLOB_LITERAL, literal, strings)?,
            [Token::Text(prefix), Token::Run] => self.text(GLOB_PREFIX, prefix, strings)?,
            [Token::Run, Token::Text(suffix)] => self.text(GLOB_SUFFIX, suffix, strings)?,
            tokens => self.general(tokens, strings)?,
        };
        let literal = (kind == GLOB_LITERAL).then(|| match tokens.as_slice() {
            [Token::Text(literal)] => hash_text(literal),
            _ => hash_text(""),
        });
        self.literal_hashes.push(literal);
        self.globs.push(Glob { kind: U32::new(kind), text: strings.add(text)?, a, b });
        self.places.insert(text.into(), place);
        Ok(place)
    }

    /// The hash of a glob's text, if it is literal.
    pub(super) fn literal_hash(&self, glob: U32) -> Option<u64> {
        let place = usize::try_from(glob.get()).ok()?;
        *self.literal_hashes.get(place)?
    }

    fn text(&self, kind: u32, text: &str, strings: &mut Strings) -> Result<(u32, U32, U32), TooLarge> {
        let Text { offset, length } = strings.add(text)?;
        Ok((kind, offset, length))
    }

    fn general(&mut self, tokens: &[Token], strings: &mut Strings) -> Result<(u32, U32, U32), TooLarge> {
        let first = number(self.tokens.len(), "glob tokens")?;
        for token in tokens {
            let (kind, a, b) = match token {
                Token::Text(text) => self.text(TOKEN_TEXT, text, strings)?,
                Token::Ones(count) => (TOKEN_ONES, U32::new(*count), U32::new(0)),
                Token::Run => (TOKEN_RUN, U32::new(0), U32::new(0)),
                Token::Set { negated, ranges } => {
                    let first = number(self.ranges.len(), "glob ranges")?;
                    let record = |&(low, high): &(char, char)| GlobRange {
                        low: U32::new(low.into()),
                        high: U32::new(high.into()),
                    };
                    self.ranges.extend(ranges.iter().map(record));
                    let kind = if *negated { TOKEN_NOT_SET } else { TOKEN_SET };
                    (kind, first, number(ranges.len(), "glob ranges")?)
                }
            };
            self.tokens.push(GlobToken { kind: U32::new(kind), a, b });
        }
        Ok((GLOB_TOKENS, first, number(tokens.len(), "glob tokens")?))
    }
}

/// The tokens of a glob: neighbouring texts joined, neighbouring runs one, and `?`s after a run put
/// before it, where they are counted once instead of at every place that the run could end.
fn read(glob: &str) -> Vec<Token> {
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
    let (negated, body) = match after.strip_prefix('!') {
        Some(body) => (true, body),
        None => (false, after),
    };
    // A first `]` is literal.
    let skip = usize::from(body.starts_with(']'));
    let end = skip + body.get(skip..)?.find(']')?;
    let members: Vec<char> = body.get(..end)?.chars().collect();
    Some((Token::Set { negated, ranges: ranges(&members) }, body.get(end + 1..)?))
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
