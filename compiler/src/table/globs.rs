//! Globs: read as `fnmatch` reads them, each distinct one once.

use super::strings::Strings;
use super::{TooLarge, number};
use aegis_vm::format::{
    GLOB_ANY, GLOB_LITERAL, GLOB_PREFIX, GLOB_SUFFIX, GLOB_TOKENS, Glob, GlobRange, GlobToken, TOKEN_NOT_SET,
    TOKEN_ONE, TOKEN_RUN, TOKEN_SET, TOKEN_TEXT, Text,
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
}

/// One step of a glob.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Text(String),
    One,
    Run,
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Globs {
    /// Where the glob stands.
    pub(super) fn add(&mut self, text: &str, strings: &mut Strings) -> Result<U32, TooLarge> {
        if let Some(&place) = self.places.get(text) {
            return Ok(place);
        }
        let place = number(self.globs.len(), "globs")?;
        let (kind, a, b) = match read(text).as_slice() {
            [Token::Run] => (GLOB_ANY, U32::new(0), U32::new(0)),
            [] => self.text(GLOB_LITERAL, "", strings)?,
            [Token::Text(literal)] => self.text(GLOB_LITERAL, literal, strings)?,
            [Token::Text(prefix), Token::Run] => self.text(GLOB_PREFIX, prefix, strings)?,
            [Token::Run, Token::Text(suffix)] => self.text(GLOB_SUFFIX, suffix, strings)?,
            tokens => self.general(tokens, strings)?,
        };
        self.globs.push(Glob { kind: U32::new(kind), text: strings.add(text)?, a, b });
        self.places.insert(text.into(), place);
        Ok(place)
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
                Token::One => (TOKEN_ONE, U32::new(0), U32::new(0)),
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

/// The literal text of a glob without wildcards.
pub(super) fn literal(text: &str) -> Option<String> {
    match <[Token; 1]>::try_from(read(text)) {
        Ok([Token::Text(literal)]) => Some(literal),
        Err(tokens) if tokens.is_empty() => Some(String::new()),
        _ => None,
    }
}

/// The tokens of a glob: neighbouring texts joined, neighbouring runs one.
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
            '?' => tokens.push(Token::One),
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

/// The ranges of a set, read from left to right. A `-` is literal at either end; between two
/// members it makes a range, and a reversed range is dropped.
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
    ranges
}
