//! Nondeterministic automaton -> sets of places as bits of one word: for patterns whose deterministic
//! automaton would pass the limits. The form is drawn at `aegis_vm::format::NfaHead`.
//!
//! A place is a state that has just taken a character. What follows it depends on what looks see of
//! the characters before and after, so there is a step for each pair of such sides.

use super::classes::{Partition, Sets};
use super::dfa::{Columns, Side, holds, side_of};
use super::nfa::{Nfa, State, StateId};

/// An automaton of at most 64 places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BitNfa {
    /// The column of each class.
    pub column_map: Vec<u8>,
    /// For each column the places that take a character of it.
    pub takes: Vec<u64>,
    /// For each column its side as the character before.
    pub before: Vec<u8>,
    /// For each column its side as the character after.
    pub after: Vec<u8>,
    /// The number of sides of a character after.
    pub afters: usize,
    /// The column of the newline.
    pub newline: usize,
    /// What follows, by sides.
    pub steps: Vec<BitStep>,
}

/// What follows between two sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BitStep {
    /// Places that a match may begin with.
    pub starts: u64,
    /// Places that the pattern is found after.
    pub found: u64,
    /// Whether the pattern is found without a character.
    pub found_at_once: bool,
    /// Places that are followed by the next one, and by no other.
    pub shift: u64,
    /// For every four places of which one is followed otherwise: which four, and what follows each set of them.
    pub nibbles: Vec<(u32, [u64; 16])>,
}

/// The most places.
const MAX_PLACES: usize = 64;

/// Builds the sets of places; `None` if there are more than 64, or more than a few kinds of sides.
pub(crate) fn build(nfa: &Nfa, sets: &Sets, partition: &Partition, columns: &Columns) -> Option<BitNfa> {
    let places = places(nfa);
    if places.len() > MAX_PLACES {
        return None;
    }
    let mut sides: Vec<Side> = columns.sample.iter().map(|&c| side_of(nfa, c)).collect();
    let side_numbers = |first: &[Side]| {
        let mut known = first.to_vec();
        for &side in &sides {
            if !known.contains(&side) {
                known.push(side);
            }
        }
        let number = |side: &Side| known.iter().position(|other| other == side).unwrap_or(0);
        let numbers = sides.iter().map(|side| u8::try_from(number(side)).unwrap_or(0)).collect();
        (known, numbers)
    };
    let (befores, before): (Vec<Side>, Vec<u8>) = side_numbers(&[Side::EDGE]);
    let (afters, after) = side_numbers(&[Side::EDGE, Side::FINAL.and(Side::NEWLINE)]);
    sides.clear();
    let closure = Closure { nfa, places: &places };
    let mut steps = Vec::with_capacity(befores.len() * afters.len());
    for &before in &befores {
        for &after in &afters {
            steps.push(closure.step(before, after));
        }
    }
    let takes = |&c: &u32| {
        let taken = places.iter().enumerate().filter(|&(_, &(set, _))| {
            nfa.sets.get(usize::from(set)).is_some_and(|&set| sets.contains(set, c))
        });
        taken.map(|(place, _)| 1 << place).sum()
    };
    let newline = columns.of_class.get(partition.class_of(0x0a)).copied().unwrap_or(0);
    Some(BitNfa {
        column_map: columns.of_class.clone(),
        takes: columns.sample.iter().map(takes).collect(),
        before,
        after,
        afters: afters.len(),
        newline: newline.into(),
        steps,
    })
}

/// The states that take a character, in the order of the pattern: each with its set and what follows.
fn places(nfa: &Nfa) -> Vec<(u16, StateId)> {
    // States are built back to front.
    let takes = nfa.states.iter().rev().filter_map(|state| match state {
        &State::Take(set, next) => Some((set, next)),
        _ => None,
    });
    takes.collect()
}

struct Closure<'a> {
    nfa: &'a Nfa,
    places: &'a [(u16, StateId)],
}

impl Closure<'_> {
    /// The places and whether the pattern is found that a state leads to without a character.
    fn of(&self, from: StateId, before: Side, after: Side) -> (u64, bool) {
        let mut seen = vec![false; self.nfa.states.len()];
        let mut pending = vec![from];
        let (mut set, mut found) = (0, false);
        while let Some(id) = pending.pop() {
            let at = usize::from(id);
            match seen.get_mut(at) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            match self.nfa.states.get(at) {
                None => {}
                Some(State::Found) => found = true,
                Some(&State::Split(a, b)) => pending.extend([a, b]),
                Some(&State::Look(look, next)) if holds(look, before, Some(after)) == Some(true) => {
                    pending.push(next);
                }
                Some(State::Look(..)) => {}
                Some(State::Take(..)) => set |= 1 << self.place(at),
            }
        }
        (set, found)
    }

    /// The place of a state that takes a character.
    fn place(&self, at: usize) -> usize {
        let after = self.nfa.states.get(at + 1..).unwrap_or_default();
        after.iter().filter(|state| matches!(state, State::Take(..))).count()
    }

    fn step(&self, before: Side, after: Side) -> BitStep {
        let (starts, found_at_once) = self.of(self.nfa.start, before, after);
        let mut step = BitStep { starts, found_at_once, ..BitStep::default() };
        let mut irregular: Vec<(usize, u64)> = Vec::new();
        for (place, &(_, next)) in self.places.iter().enumerate() {
            let (follow, found) = self.of(next, before, after);
            step.found |= u64::from(found) << place;
            if follow == 1_u64.checked_shl(u32::try_from(place + 1).unwrap_or(u32::MAX)).unwrap_or(0) {
                step.shift |= u64::from(follow != 0) << place;
            } else if follow != 0 {
                irregular.push((place, follow));
            }
        }
        for fours in irregular.chunk_by(|(a, _), (b, _)| a / 4 == b / 4) {
            let mut table = [0; 16];
            for (set, follow) in table.iter_mut().enumerate() {
                let members = fours.iter().filter(|(place, _)| set >> (place % 4) & 1 == 1);
                *follow = members.fold(0, |all, (_, follow)| all | follow);
            }
            let four = fours.first().map_or(0, |(place, _)| place / 4);
            step.nibbles.push((u32::try_from(four).unwrap_or(0), table));
        }
        step
    }
}
