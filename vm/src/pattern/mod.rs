//! Automata: whether a pattern of the artifact is found in a text, and which globs of a group match one.
//!
//! The form of the tables is drawn in [`format`](crate::format). `machine` has them as they stand,
//! `walk` the loops over a whole text, `pieces` the walk over a text that arrives in pieces, `group`
//! what is searched for together: by an automaton that is `shared`, or in `lockstep`; `nfa` the sets of places. Nothing is copied or allocated, and
//! every character takes a fixed time.
//!
//! The loader has checked that every index is in range. Should one not be, nothing panics and nothing is
//! guessed: the answer is `None`, and the decision fails closed.

mod group;
mod lockstep;
mod machine;
mod nfa;
mod pieces;
mod shared;
mod walk;

pub(crate) use group::{Groups, check_group};
pub(crate) use machine::{Blocks, ClassMap, check_automaton};

use crate::format::{NONE, PATTERN_EMPTY, PATTERN_EXACT, PATTERN_NEWLINE, PATTERN_SUFFIX, Pattern};
use crate::pystr::{self, TooDeep};
use crate::tables::{Tables, index};
use crate::value::Value;
use core::ops::ControlFlow;
use zerocopy::little_endian::U32;

/// Whether the pattern of an index is found in Python's `str` of the value of a param; what groups find is
/// kept for the next pattern. The inner error is a value that is nested too deep to be written.
pub(crate) fn find_grouped(
    tables: &Tables,
    groups: &mut Option<Groups>,
    pattern: usize,
    param: usize,
    value: Value<'_>,
) -> Option<Result<bool, TooDeep>> {
    let pattern = tables.patterns.get(&tables.bytes, pattern)?;
    let Value::Str(text) = value else { return find_in_pieces(tables, pattern, value) };
    let found = match group::is_asked(tables, pattern, text) {
        true => {
            let param = U32::new(u32::try_from(param).ok()?);
            groups.get_or_insert_default().find(tables, pattern.group, pattern.bit, param, text)
        }
        false => find_in_text(tables, pattern, text),
    };
    found.map(Ok)
}

/// Whether a pattern that has an automaton for itself is found in a text, by the shortest way that its
/// record allows.
fn find_in_text(tables: &Tables, pattern: &Pattern, text: &str) -> Option<bool> {
    let flags = pattern.flags.get();
    if text.is_empty() {
        return Some(flags & PATTERN_EMPTY != 0);
    }
    let mut from = text;
    if pattern.literal.length.get() > 0 {
        let literal = tables.text(pattern.literal)?;
        if !holds(text, literal) {
            return Some(false);
        }
        if flags & PATTERN_EXACT != 0 {
            return Some(true);
        }
        if flags & PATTERN_SUFFIX != 0 && ends_at_first(tables, pattern, text, literal)? {
            return Some(true);
        }
    }
    if pattern.prefix.length.get() > 0 {
        match skip_to(text, tables.text(pattern.prefix)?) {
            Some(start) => from = start,
            None => return Some(false),
        }
    }
    if pattern.backward.get() != NONE && flags & PATTERN_SUFFIX == 0 {
        return ends_at_end(tables, pattern, text);
    }
    let forward = index(pattern.forward);
    match from.strip_suffix('\n') {
        Some(body) => Some(machine::with(tables, forward, walk::Forward { text: body })?.newline),
        None => Some(machine::with(tables, forward, walk::Forward { text: from })?.end),
    }
}

/// Whether a match ends where the text does, or before its final newline.
fn ends_at_end(tables: &Tables, pattern: &Pattern, text: &str) -> Option<bool> {
    let ends = |text| Some(machine::with(tables, index(pattern.backward), walk::Backward { text })?.end);
    if ends(text)? {
        return Some(true);
    }
    match text.strip_suffix('\n') {
        Some(shorter) if pattern.flags.get() & PATTERN_NEWLINE != 0 => ends(shorter),
        _ => Some(false),
    }
}

/// Whether a match ends where the first literal does, as far as that place is found at a glance.
fn ends_at_first(tables: &Tables, pattern: &Pattern, text: &str, literal: &str) -> Option<bool> {
    let Some(rest) = skip_to(text, literal).and_then(|rest| rest.strip_prefix(literal)) else {
        return Some(false);
    };
    let text = text.get(..text.len().checked_sub(rest.len())?)?;
    Some(machine::with(tables, index(pattern.backward), walk::Backward { text })?.end)
}

/// Whether a text holds a literal, which is not empty.
fn holds(text: &str, literal: &str) -> bool {
    match literal.as_bytes() {
        [byte] => text.as_bytes().contains(byte),
        _ => text.contains(literal),
    }
}

/// A text from where a literal may first stand, if it may: a few places that begin as the literal does are
/// looked at, so that this takes no longer than a walk.
fn skip_to<'t>(text: &'t str, literal: &str) -> Option<&'t str> {
    const PLACES: usize = 4;
    let first = literal.chars().next()?;
    let mut rest = text.get(text.find(first)?..)?;
    for _ in 1..PLACES {
        if rest.starts_with(literal) {
            break;
        }
        let after = rest.get(first.len_utf8()..)?;
        rest = after.get(after.find(first)?..)?;
    }
    Some(rest)
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
