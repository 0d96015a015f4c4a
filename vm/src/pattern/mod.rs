//! Automata: whether a pattern of the artifact is found in a text, and which globs of a group match one.
//!
//! The form of the tables is drawn in [`format`](crate::format). `machine` has them as they stand, `walk` the
//! loops over a whole text, `pieces` the walk over a text that arrives in pieces, `group` what is searched
//! for together: by an automaton that is `shared`, or in `lockstep`; `digrams` what a text is asked first;
//! `nfa` the sets of places; `needs` proves, for the loader, what a pattern needs. Nothing is copied or allocated, and every character takes a fixed time.
//!
//! The loader has checked that every index is in range. Should one not be, nothing panics and nothing is
//! guessed: the answer is `None`, and the decision fails closed.

mod digrams;
mod group;
mod lockstep;
mod machine;
mod needs;
mod nfa;
mod pieces;
mod shared;
mod walk;

pub(crate) use group::{Groups, check_group};
pub(crate) use machine::{Blocks, ClassMap, check_automaton, leads};
pub(crate) use needs::Needs;

use crate::find::find;
use crate::format::{
    NONE, PATTERN_DIGRAMS, PATTERN_EMPTY, PATTERN_EXACT, PATTERN_NEWLINE, PATTERN_SUFFIX, Pattern,
};
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
    if pattern.flags.get() & PATTERN_DIGRAMS != 0
        && text.len() <= WORTH_DIGRAMS
        && !groups.get_or_insert_default().may_find(pattern, param, text)
    {
        return Some(Ok(false));
    }
    let found = match group::is_asked(tables, pattern, text) {
        true => {
            let param = U32::new(u32::try_from(param).ok()?);
            groups.get_or_insert_default().find(tables, pattern.group, pattern.bit, param, text)
        }
        false => find_in_text(tables, pattern, text),
    };
    found.map(Ok)
}

/// The bytes of a text beyond which its digrams tell little.
const WORTH_DIGRAMS: usize = 1_024;

/// Whether a pattern that has an automaton for itself is found in a text, by the shortest way that its
/// record allows.
fn find_in_text(tables: &Tables, pattern: &Pattern, text: &str) -> Option<bool> {
    let flags = pattern.flags.get();
    if text.is_empty() {
        return Some(flags & PATTERN_EMPTY != 0);
    }
    let mut from = text;
    if pattern.prefix.length.get() > 0 {
        let Some(at) = find(text, tables.text(pattern.prefix)?, pattern.prefix_rarest.into()) else {
            return Some(false);
        };
        from = text.get(at..)?;
    }
    if pattern.literal.length.get() > 0 && (from.len() == text.len() || from.len() > WORTH_A_SEARCH) {
        let Some(at) = find(from, tables.text(pattern.literal)?, pattern.literal_rarest.into()) else {
            return Some(false);
        };
        if flags & PATTERN_EXACT != 0 {
            return Some(true);
        }
        if flags & PATTERN_SUFFIX != 0 && begins_before(tables, pattern, from.get(..at)?)? {
            return Some(true);
        }
    }
    if pattern.backward.get() != NONE && flags & PATTERN_SUFFIX == 0 {
        return ends_at_end(tables, pattern, text);
    }
    let (mut rest, mut state) = (from, None);
    if pattern.after_prefix.get() != NONE {
        (rest, state) = (from.get(index(pattern.prefix.length)..)?, Some(index(pattern.after_prefix)));
    }
    let walk = |text| machine::with(tables, index(pattern.forward), walk::Forward { text, from: state });
    match rest.strip_suffix('\n') {
        Some(body) => Some(walk(body)?.newline),
        None => Some(walk(rest)?.end),
    }
}

/// Whether a match begins in what stands before the first literal and ends with the literal.
fn begins_before(tables: &Tables, pattern: &Pattern, before: &str) -> Option<bool> {
    Some(machine::with(tables, index(pattern.backward), walk::Backward { text: before })?.end)
}

/// The bytes of a text from which on a literal is looked for before a walk that knows where it begins.
const WORTH_A_SEARCH: usize = 32;

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
