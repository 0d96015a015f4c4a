//! The walk over a text that arrives in pieces.
//!
//! It holds back a newline until it knows whether another character follows, because the last
//! newline of a text is not fed but answered for.

use super::machine::with;
use super::nfa::Places;
use super::walk::{NfaPiece, Piece, Stand};
use crate::format::{ANSWER_END, ANSWER_NEWLINE, AUTOMATON_NFA, PATTERN_EMPTY, Pattern};
use crate::tables::{Tables, index};

/// A search that is under way.
pub(super) struct Search<'p> {
    tables: &'p Tables,
    automaton: usize,
    /// The places, of an automaton that is not deterministic.
    places: Option<Places>,
    /// `None` if the tables do not hold together.
    stand: Option<Stand>,
    /// Whether the pattern is found in the empty text.
    empty: bool,
    /// Whether any character has arrived.
    begun: bool,
    /// Whether a newline has arrived that is not fed yet.
    newline: bool,
}

impl<'p> Search<'p> {
    /// Begins a search.
    pub(super) fn new(tables: &'p Tables, pattern: &Pattern) -> Option<Self> {
        let automaton = index(pattern.forward);
        let record = tables.automata.get(&tables.bytes, automaton)?;
        let mut search = Search {
            tables,
            automaton,
            places: (record.kind.get() == AUTOMATON_NFA).then(Places::default),
            stand: Some(Stand { state: index(record.start), decided: false, answer: 0 }),
            empty: pattern.flags.get() & PATTERN_EMPTY != 0,
            begun: false,
            newline: false,
        };
        search.feed("");
        search.stand.is_some().then_some(search)
    }

    /// Whether nothing that follows can change the answer.
    pub(super) fn is_decided(&self) -> bool {
        self.begun && self.stand.as_ref().is_none_or(|stand| stand.decided)
    }

    /// Takes a piece of the text.
    pub(super) fn push(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        self.begun = true;
        if self.newline {
            self.feed("\n");
        }
        let body = piece.strip_suffix('\n');
        self.newline = body.is_some();
        self.feed(body.unwrap_or(piece));
    }

    fn feed(&mut self, text: &str) {
        let Some(stand) = &self.stand else { return };
        if stand.decided {
            return;
        }
        self.stand = match &mut self.places {
            Some(places) => with(self.tables, self.automaton, NfaPiece { text, places }),
            None => with(self.tables, self.automaton, Piece { text, state: stand.state }),
        };
    }

    /// Ends the text: whether the pattern was found; `None` if the tables do not hold together.
    pub(super) fn finish(self) -> Option<bool> {
        let stand = self.stand?;
        if !self.begun {
            return Some(self.empty);
        }
        let wanted = if self.newline { ANSWER_NEWLINE } else { ANSWER_END };
        Some(stand.answer & wanted != 0)
    }
}
