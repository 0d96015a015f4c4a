//! Regular expressions: whether a pattern of the artifact is found in a text.
//!
//! The form of the tables is drawn in [`format`](crate::format). `machine` has them as they stand,
//! `walk` the loops over a whole text, `pieces` the walk over a text that arrives in pieces, `group`
//! what is searched for together, `nfa` the sets of places. Nothing is copied or allocated, and
//! every character takes a fixed time.
//!
//! The loader has checked that every index is in range. Should one not be, nothing panics and nothing is
//! guessed: the answer is `None`, and the decision fails closed.

mod group;
mod machine;
mod nfa;
mod pieces;
mod walk;

pub(crate) use group::{Groups, check_group};
pub(crate) use machine::{Blocks, ClassMap, check_automaton};

use crate::format::{
    ANSWER_END, NONE, PATTERN_EMPTY, PATTERN_EXACT, PATTERN_NEWLINE, PATTERN_PREFIX, Pattern,
};
use crate::pystr::{self, TooDeep};
use crate::tables::{Tables, index};
use crate::value::Value;
use core::ops::ControlFlow;

/// Whether the pattern of an index is found in Python's `str` of the value. The inner error is a value
/// that is nested too deep to be written.
pub(crate) fn find(tables: &Tables, pattern: usize, value: Value<'_>) -> Option<Result<bool, TooDeep>> {
    let pattern = tables.patterns.get(&tables.bytes, pattern)?;
    match value {
        Value::Str(text) => find_in_text(tables, pattern, text).map(Ok),
        other => find_in_pieces(tables, pattern, other),
    }
}

/// Whether a pattern is found in a text, by the shortest way that its record allows.
pub(crate) fn find_in_text(tables: &Tables, pattern: &Pattern, text: &str) -> Option<bool> {
    let flags = pattern.flags.get();
    if text.is_empty() {
        return Some(flags & PATTERN_EMPTY != 0);
    }
    let mut text = text;
    if pattern.literal.length.get() > 0 {
        let literal = tables.text(pattern.literal)?;
        if flags & PATTERN_PREFIX != 0 {
            let Some(start) = text.find(literal) else { return Some(false) };
            text = text.get(start..)?;
        } else if !text.contains(literal) {
            return Some(false);
        }
        if flags & PATTERN_EXACT != 0 {
            return Some(true);
        }
    }
    if pattern.backward.get() != NONE {
        let backward = index(pattern.backward);
        if machine::with(tables, backward, walk::Backward { text })? & ANSWER_END != 0 {
            return Some(true);
        }
        let shorter = if flags & PATTERN_NEWLINE != 0 { text.strip_suffix('\n') } else { None };
        return match shorter {
            Some(text) => Some(machine::with(tables, backward, walk::Backward { text })? & ANSWER_END != 0),
            None => Some(false),
        };
    }
    let (body, wanted) = walk::without_newline(text);
    Some(machine::with(tables, index(pattern.forward), walk::Forward { text: body })? & wanted != 0)
}

fn find_in_pieces(tables: &Tables, pattern: &Pattern, value: Value<'_>) -> Option<Result<bool, TooDeep>> {
    let mut search = pieces::Search::new(tables, pattern)?;
    let written = pystr::write_str(value, &mut |piece: &str| {
        search.push(piece);
        if search.is_decided() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match written {
        Ok(()) => search.finish().map(Ok),
        Err(TooDeep) => Some(Err(TooDeep)),
    }
}
