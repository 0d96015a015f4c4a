//! The walk over a text that arrives in pieces.
//!
//! It holds back a newline until it knows whether another character follows, because the last
//! newline of a text is not fed but answered for.

use super::machine::{Said, with};
use super::nfa::Places;
use super::shared::{GroupPiece, GroupStand};
use super::walk::{NfaPiece, Piece, Stand};
use crate::format::{AUTOMATON_NFA, NONE, PATTERN_EMPTY, Pattern};
use crate::tables::{Tables, index};

/// A search that is under way.
pub(super) struct Search<'p> {
    tables: &'p Tables,
    automaton: usize,
    walk: Walk,
    /// `None` if the tables do not hold together.
    stand: Option<Stand>,
    /// Whether the pattern is found in the empty text.
    empty: bool,
    /// Whether any character has arrived.
    begun: bool,
    /// Whether a newline has arrived that is not fed yet.
    newline: bool,
}

/// What is walked.
enum Walk {
    /// The pattern's own automaton.
    Machine,
    /// Sets of places.
    Places(Places),
    /// The automaton of its group.
    Group { group: usize, bit: u32, found: u64 },
}

impl<'p> Search<'p> {
    /// Begins a search.
    pub(super) fn new(tables: &'p Tables, pattern: &Pattern) -> Option<Self> {
        let (automaton, walk) = if pattern.forward.get() == NONE {
            let group = tables.groups.get(&tables.bytes, index(pattern.group))?;
            let walk = Walk::Group { group: index(pattern.group), bit: pattern.bit.get(), found: 0 };
            (index(group.automaton), walk)
        } else {
            let forward = index(pattern.forward);
            let kind = tables.automata.get(&tables.bytes, forward)?.kind.get();
            let places = kind == AUTOMATON_NFA;
            (forward, if places { Walk::Places(Places::default()) } else { Walk::Machine })
        };
        let state = index(tables.automata.get(&tables.bytes, automaton)?.start);
        let mut search = Search {
            tables,
            automaton,
            walk,
            stand: Some(Stand { state, decided: false, said: Said::default() }),
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
        let state = stand.state;
        let (tables, automaton) = (self.tables, self.automaton);
        self.stand = match &mut self.walk {
            Walk::Machine => with(tables, automaton, Piece { text, state }),
            Walk::Places(places) => with(tables, automaton, NfaPiece { text, places }),
            Walk::Group { group, bit, found } => group_piece(tables, *group, *bit, found, text, state),
        };
    }

    /// Ends the text: whether the pattern was found; `None` if the tables do not hold together.
    pub(super) fn finish(self) -> Option<bool> {
        let Stand { said, .. } = self.stand?;
        if !self.begun {
            return Some(self.empty);
        }
        Some(if self.newline { said.newline } else { said.end })
    }
}

/// Feeds a piece to the automaton of a group; gives how one member stands.
fn group_piece(
    tables: &Tables,
    group: usize,
    bit: u32,
    found: &mut u64,
    text: &str,
    state: usize,
) -> Option<Stand> {
    let group = tables.groups.get(&tables.bytes, group)?;
    let answers = tables.group_answers.run(&tables.bytes, group.first_answer, group.answers)?;
    let piece = GroupPiece { answers, text, state, found: *found };
    let GroupStand { state, found: all, decided, end, newline } =
        with(tables, index(group.automaton), piece)?;
    *found = all;
    let has = |bits: u64| bits >> bit & 1 == 1;
    let said = Said { end: has(all | end), newline: has(all | newline) };
    Some(Stand { state, decided: decided || has(all), said })
}
