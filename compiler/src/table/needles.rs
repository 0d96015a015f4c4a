//! Needles -> the automaton of Aho and Corasick over classes of bytes, as `aegis_vm::format` draws it
//! under *Scans*.
//!
//! The library builds it; here each of its steps and lists of matches is read off and written into
//! tables of our own, which the loader can prove (`vm/src/load/scans.rs`). The library's own bytes would
//! have to be trusted.

use aegis_vm::format::NO_MEMBER;
use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::nfa::noncontiguous::NFA;
use aho_corasick::{Anchored, MatchKind};
use std::cmp::Reverse;
use std::collections::HashMap;

/// A needle, and the member that it stands for.
pub(super) struct Needle {
    pub(super) bytes: Vec<u8>,
    pub(super) member: u16,
}

/// The automaton of some needles.
pub(super) struct Automaton {
    /// For each byte its class; class 0 is in no needle.
    pub(super) classes: [u8; 256],
    pub(super) columns: usize,
    /// For each state and class the state that follows. The first state is the start.
    pub(super) rows: Vec<Vec<usize>>,
    /// For the last states the member of the longest needle that ends there.
    pub(super) outputs: Vec<u16>,
    /// For each member that of the longest other needle that it ends with.
    pub(super) links: Vec<u16>,
}

/// No text holds this byte, so it stands for those that are in no needle.
const OTHER: u8 = 0xff;

/// The automaton; `None` if the library has no room for it. The needles are distinct, not empty, of
/// bytes that `taken_for` leaves as they are.
pub(super) fn build(needles: &[Needle], members: usize, taken_for: fn(u8) -> u8) -> Option<Automaton> {
    let nfa = NFA::builder()
        .match_kind(MatchKind::Standard)
        .prefilter(false)
        .build(needles.iter().map(|needle| &needle.bytes))
        .ok()?;
    let (classes, symbols) = classes(needles, taken_for)?;
    let start = nfa.start_state(Anchored::No).ok()?;
    // Nearest states first: they are visited most, and lie together.
    let mut found: Vec<StateID> = vec![start];
    let mut place = HashMap::from([(start, 0)]);
    let mut rows: Vec<Vec<usize>> = Vec::new();
    while let Some(&state) = found.get(rows.len()) {
        let step = |&byte: &u8| {
            let to = nfa.next_state(Anchored::No, state, byte);
            *place.entry(to).or_insert_with(|| {
                found.push(to);
                found.len() - 1
            })
        };
        rows.push(symbols.iter().map(step).collect());
    }
    let (outputs, others): (Vec<usize>, Vec<usize>) =
        (0..found.len()).partition(|&at| found.get(at).is_some_and(|&state| nfa.is_match(state)));
    let order = [others, outputs.clone()].concat();
    let mut new = vec![0; order.len()];
    for (to, &from) in order.iter().enumerate() {
        *new.get_mut(from)? = to;
    }
    let renumbered = |&old: &usize| -> Option<Vec<usize>> {
        rows.get(old)?.iter().map(|&to| new.get(to).copied()).collect()
    };
    let rows = order.iter().map(renumbered).collect::<Option<Vec<_>>>()?;
    let mut links = vec![NO_MEMBER; members];
    let mut longest = Vec::with_capacity(outputs.len());
    for at in outputs {
        let state = *found.get(at)?;
        let ending = (0..nfa.match_len(state))
            .map(|match_at| needles.get(nfa.match_pattern(state, match_at).as_usize()));
        let mut ending = ending.collect::<Option<Vec<_>>>()?;
        ending.sort_by_key(|needle| Reverse(needle.bytes.len()));
        longest.push(ending.first()?.member);
        for pair in ending.windows(2) {
            if let [longer, shorter] = pair {
                *links.get_mut(usize::from(longer.member))? = shorter.member;
            }
        }
    }
    Some(Automaton { classes, columns: symbols.len(), rows, outputs: longest, links })
}

/// The class of each byte, and a byte of each class.
fn classes(needles: &[Needle], taken_for: fn(u8) -> u8) -> Option<([u8; 256], Vec<u8>)> {
    let mut classes = [0_u8; 256];
    let mut symbols = vec![OTHER];
    for &byte in needles.iter().flat_map(|needle| &needle.bytes) {
        let class = &mut classes[usize::from(byte)];
        if *class == 0 {
            *class = u8::try_from(symbols.len()).ok()?;
            symbols.push(byte);
        }
    }
    let of_symbols = classes;
    for (byte, class) in (0..=u8::MAX).zip(&mut classes) {
        *class = of_symbols[usize::from(taken_for(byte))];
    }
    Some((classes, symbols))
}
