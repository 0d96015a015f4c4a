//! The tokens of a pattern, as Python's tokenizer cuts them: one character, or a backslash with the
//! character after it.
//!
//! Python looks one token ahead, and complains of a backslash at the end as soon as that token
//! comes into view; which of two errors a pattern is reported for depends on it, so it is kept.

use crate::pyre::{PatternError, PatternErrorKind};
use std::ops::Range;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// The character, or the backslash.
    pub(crate) first: char,
    /// The character after a backslash.
    pub(crate) escaped: Option<char>,
}

impl Token {
    /// The character of a token that is no escape.
    pub(crate) fn plain(self) -> Option<char> {
        match self.escaped {
            None => Some(self.first),
            Some(_) => None,
        }
    }

    /// The number of characters.
    pub(crate) fn len(self) -> usize {
        if self.escaped.is_some() { 2 } else { 1 }
    }

    /// The token as written.
    pub(crate) fn text(self) -> String {
        std::iter::once(self.first).chain(self.escaped).collect()
    }
}

/// A pattern, and a place in it. Places count characters, as Python does.
pub(crate) struct Tokens<'p> {
    text: &'p str,
    /// Every character with its byte offset.
    chars: Vec<(usize, char)>,
    at: usize,
}

impl<'p> Tokens<'p> {
    pub(crate) fn new(text: &'p str) -> Result<Self, PatternError> {
        let tokens = Tokens { text, chars: text.char_indices().collect(), at: 0 };
        tokens.check_escape()?;
        Ok(tokens)
    }

    /// The whole pattern.
    pub(crate) fn text(&self) -> &'p str {
        self.text
    }

    fn check_escape(&self) -> Result<(), PatternError> {
        let last = self.chars.len().checked_sub(1);
        match self.char_at(self.at) {
            Some('\\') if Some(self.at) == last => {
                Err(self.error_at(self.at, "bad escape (end of pattern)".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.chars.get(at).map(|&(_, c)| c)
    }

    /// The next token.
    pub(crate) fn peek(&self) -> Option<Token> {
        let first = self.char_at(self.at)?;
        let escaped = if first == '\\' { self.char_at(self.at + 1) } else { None };
        Some(Token { first, escaped })
    }

    /// The next token, if it is one character.
    pub(crate) fn peek_plain(&self) -> Option<char> {
        self.peek().and_then(Token::plain)
    }

    /// Takes the next token.
    pub(crate) fn next(&mut self) -> Result<Option<Token>, PatternError> {
        let token = self.peek();
        if let Some(token) = token {
            self.at += token.len();
            self.check_escape()?;
        }
        Ok(token)
    }

    /// Takes the next token if it is this character.
    pub(crate) fn eat(&mut self, c: char) -> Result<bool, PatternError> {
        let found = self.peek_plain() == Some(c);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    /// Takes up to `limit` characters that `wanted` accepts.
    pub(crate) fn take_while(
        &mut self,
        limit: usize,
        wanted: impl Fn(char) -> bool,
    ) -> Result<String, PatternError> {
        let mut taken = String::new();
        for _ in 0..limit {
            match self.peek_plain() {
                Some(c) if wanted(c) => taken.push(c),
                _ => break,
            }
            self.next()?;
        }
        Ok(taken)
    }

    /// Takes a name up to `terminator`, and the terminator.
    pub(crate) fn take_until(&mut self, terminator: char, what: &str) -> Result<String, PatternError> {
        let mut name = String::new();
        loop {
            let Some(token) = self.next()? else {
                return Err(if name.is_empty() {
                    self.error(format!("missing {what}"))
                } else {
                    let message = format!("missing {terminator}, unterminated name");
                    self.error_back(name.chars().count(), message)
                });
            };
            if token.plain() == Some(terminator) {
                return match name.is_empty() {
                    true => Err(self.error_back(1, format!("missing {what}"))),
                    false => Ok(name),
                };
            }
            name.push_str(&token.text());
        }
    }

    /// The place of the next token, in characters.
    pub(crate) fn place(&self) -> usize {
        self.at
    }

    /// Goes back to an earlier place.
    pub(crate) fn go_back(&mut self, place: usize) -> Result<(), PatternError> {
        self.at = place;
        self.check_escape()
    }

    /// The bytes from a place up to the next token.
    pub(crate) fn bytes_from(&self, place: usize) -> Range<usize> {
        self.byte(place)..self.byte(self.at.max(place))
    }

    fn byte(&self, place: usize) -> usize {
        self.chars.get(place).map_or(self.text.len(), |&(byte, _)| byte)
    }

    /// An error of the pattern in Python's words, at the next token.
    pub(crate) fn error(&self, message: String) -> PatternError {
        self.error_at(self.at, message)
    }

    /// The same, so many characters before the next token.
    pub(crate) fn error_back(&self, characters: usize, message: String) -> PatternError {
        self.error_at(self.at.saturating_sub(characters), message)
    }

    /// The same, from a place to the next token.
    pub(crate) fn error_at(&self, place: usize, message: String) -> PatternError {
        let end = self.at.max(place.saturating_add(1));
        let at = self.byte(place)..self.byte(end);
        PatternError { kind: PatternErrorKind::Invalid, at, message, help: None, edit: None }
    }
}
