//! The words of an action, for a `semantic` that no scan looks for.
//!
//! A word is a run of `[a-z0-9_]` in the lower-cased text; one with underscores counts whole and in
//! its parts. Nothing is copied: a run is found in the text as it stands and compared letter by
//! letter as lower case.

use crate::format::{Word, WordSet};
use crate::tables::Tables;
use crate::value::Value;
use crate::{Params, Request};
use core::cmp::Ordering;
use core::ops::ControlFlow;

/// Whether one of the words of the set is among the action's; `None` if a table is inconsistent.
pub(crate) fn meets(tables: &Tables, set: &WordSet, request: &Request<'_>) -> Option<bool> {
    let words = tables.words.run(&tables.bytes, set.first, set.count)?;
    let mut search = Search { tables, words, found: false, broken: false };
    for text in [request.kind, request.target, request.description] {
        if search.look_at(text).is_break() {
            return search.answer();
        }
    }
    let params: &dyn Params = request.params;
    params.visit(&mut |name, value| {
        search.look_at(name)?;
        match value {
            Value::Str(text) => search.look_at(text),
            _ => ControlFlow::Continue(()),
        }
    });
    search.answer()
}

struct Search<'p> {
    tables: &'p Tables,
    words: &'p [Word],
    found: bool,
    broken: bool,
}

impl Search<'_> {
    fn answer(&self) -> Option<bool> {
        (!self.broken).then_some(self.found)
    }

    fn look_at(&mut self, text: &str) -> ControlFlow<()> {
        let mut rest = text;
        loop {
            let start = match rest.find(in_word) {
                Some(start) => rest.get(start..).unwrap_or_default(),
                None => return ControlFlow::Continue(()),
            };
            let length = word_length(start);
            let (word, after) = start.split_at_checked(length).unwrap_or((start, ""));
            self.look_up(word)?;
            if word.contains('_') {
                word.split('_').filter(|part| !part.is_empty()).try_for_each(|part| self.look_up(part))?;
            }
            rest = after;
        }
    }

    fn look_up(&mut self, word: &str) -> ControlFlow<()> {
        let found = self.words.binary_search_by(|candidate| match self.tables.text(candidate.text) {
            Some(candidate) => compare(candidate, word),
            None => {
                self.broken = true;
                Ordering::Equal
            }
        });
        self.found |= found.is_ok();
        if self.found || self.broken { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The only characters whose lower case holds a letter of a word: ASCII, the Kelvin sign, and the
/// capital dotted I, whose lower case is `i` and a combining dot, which ends the word.
fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == KELVIN || c == DOTTED_I
}

const KELVIN: char = '\u{212a}';
const DOTTED_I: char = '\u{130}';

/// The bytes of the word that `text` begins with.
fn word_length(text: &str) -> usize {
    for (at, c) in text.char_indices() {
        if c == DOTTED_I {
            return at + c.len_utf8();
        }
        if !in_word(c) {
            return at;
        }
    }
    text.len()
}

/// The order of a lower-case word and a word of the text as lower case.
fn compare(lower: &str, word: &str) -> Ordering {
    lower.chars().cmp(word.chars().map(|c| match c {
        KELVIN => 'k',
        DOTTED_I => 'i',
        c => c.to_ascii_lowercase(),
    }))
}
