//! Automata that are not deterministic, as sets of places: one set in a register, and a step that
//! takes the same time whatever is in it. The form is drawn at [`NfaHead`].
//!
//! The idea is that of Navarro and Raffinot's bit-parallel Glushkov simulation, with the regular part of the
//! follow relation as a shift.

use super::machine::Said;
use crate::format::{Automaton, NfaHead, NfaStep};
use crate::tables::index;
use zerocopy::FromBytes;
use zerocopy::little_endian::U64;

/// The places that a text has led to.
#[derive(Clone, Copy, Default)]
pub(super) struct Places {
    set: u64,
    /// What looks see of the last character.
    before: usize,
    found: bool,
}

/// An automaton, borrowed.
#[derive(Clone, Copy)]
pub(super) struct Nfa<'p> {
    column_map: &'p [u8],
    afters: usize,
    newline: usize,
    takes: &'p [U64],
    before: &'p [u8],
    after: &'p [u8],
    steps: &'p [NfaStep],
    nibbles: &'p [[U64; 16]],
}

/// The end of the text, as a side after.
const END: usize = 0;
/// A final newline, as a side after.
const FINAL: usize = 1;

impl<'p> Nfa<'p> {
    pub(super) fn new(column_map: &'p [u8], automaton: &Automaton, bytes: &'p [u8]) -> Option<Self> {
        Self::parts(column_map, index(automaton.columns), bytes)
    }

    fn parts(column_map: &'p [u8], columns: usize, bytes: &'p [u8]) -> Option<Self> {
        let (head, rest) = NfaHead::ref_from_prefix(bytes).ok()?;
        let (befores, afters) = (usize::from(head.befores.get()), usize::from(head.afters.get()));
        let (takes, rest) = <[U64]>::ref_from_prefix_with_elems(rest, columns).ok()?;
        let (before, rest) = rest.split_at_checked(columns)?;
        let (after, rest) = rest.split_at_checked(columns)?;
        let (steps, rest) =
            <[NfaStep]>::ref_from_prefix_with_elems(rest, befores.checked_mul(afters)?).ok()?;
        let nibbles = <[[U64; 16]]>::ref_from_bytes_with_elems(rest, index(head.nibbles)).ok()?;
        let newline = index(head.newline);
        Some(Nfa { column_map, afters, newline, takes, before, after, steps, nibbles })
    }

    /// Takes a character of a class; whether the pattern is still to be found.
    #[inline(always)]
    pub(super) fn step(&self, places: &mut Places, class: usize) -> Option<bool> {
        let column = usize::from(*self.column_map.get(class)?);
        self.take(places, column, usize::from(*self.after.get(column)?))?;
        Some(!places.found)
    }

    /// Takes a character that looks see as the side `after`.
    #[inline(always)]
    fn take(&self, places: &mut Places, column: usize, after: usize) -> Option<()> {
        let step = self.between(places.before, after)?;
        places.found |= Self::is_found(step, places.set);
        let mut next = step.starts.get() | (places.set & step.shift.get()) << 1;
        let mut irregular = step.irregular.get();
        let mut table = index(step.first_nibble);
        while irregular != 0 {
            let shift = irregular.trailing_zeros() * 4;
            let nibble = usize::try_from(places.set >> shift & 0xf).ok()?;
            next |= self.nibbles.get(table)?.get(nibble)?.get();
            irregular &= irregular - 1;
            table += 1;
        }
        places.set = next & self.takes.get(column)?.get();
        places.before = usize::from(*self.before.get(column)?);
        Some(())
    }

    fn between(&self, before: usize, after: usize) -> Option<&'p NfaStep> {
        self.steps.get(before * self.afters + after)
    }

    fn is_found(step: &NfaStep, set: u64) -> bool {
        step.found_at_once.get() != 0 || set & step.found.get() != 0
    }

    /// What is found if the text ends here.
    pub(super) fn said(&self, places: &Places) -> Option<Said> {
        if places.found {
            return Some(Said { end: true, newline: true });
        }
        let end = Self::is_found(self.between(places.before, END)?, places.set);
        let mut last = *places;
        self.take(&mut last, self.newline, FINAL)?;
        let newline = last.found || Self::is_found(self.between(last.before, END)?, last.set);
        Some(Said { end, newline })
    }
}

/// Whether a table of so many columns is whole, and leads nowhere but into itself.
pub(super) fn is_sound(bytes: &[u8], columns: usize) -> bool {
    let Some(nfa) = Nfa::parts(&[], columns, bytes) else { return false };
    let befores = nfa.steps.len().checked_div(nfa.afters).unwrap_or(0);
    let sides = nfa.before.iter().all(|&side| usize::from(side) < befores)
        && nfa.after.iter().all(|&side| usize::from(side) < nfa.afters);
    let mut next = 0;
    let steps = nfa.steps.iter().all(|step| {
        let follows = index(step.first_nibble) == next;
        next += usize::try_from(step.irregular.get().count_ones()).unwrap_or(usize::MAX);
        follows && step.found_at_once.get() <= 1
    });
    let whole = befores > 0 && nfa.afters > FINAL && nfa.newline < columns;
    whole && sides && steps && next == nfa.nibbles.len()
}
