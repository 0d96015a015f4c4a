//! Where things stand in tables, as `aegis_vm::format` draws them, and changes of them.

use crate::table::Tables;
use aegis_vm::format::{
    NO_EVENT, NODE_CUT, NODE_FIRST, NODE_GLOB, NODE_ROWS, NODE_SWITCH, NODE_TEST, Reference, Slot,
    TIME_SWITCH, bucket_words, pilot_words,
};
use zerocopy::little_endian::U32;

pub(super) fn change(word: &mut U32, change: impl FnOnce(u32) -> u32) {
    word.set(change(word.get()));
}

pub(super) fn number(word: U32) -> usize {
    usize::try_from(word.get()).unwrap()
}

/// The rule that a word leads to as a reference.
pub(super) fn leads_to(word: U32) -> Option<u32> {
    match Reference::of(word.get()) {
        Reference::Match { rule, .. } => Some(rule),
        _ => None,
    }
}

/// The cells of the switch at a place.
pub(super) fn cells_of(t: &Tables, switch: usize) -> usize {
    let words = &t.switches[switch..];
    if time_switch(t, switch) {
        1 + 7 * (number(words[1]) + 1)
    } else {
        6 + number(words[1]) + number(words[3])
    }
}

pub(super) fn time_switch(t: &Tables, switch: usize) -> bool {
    t.switches[switch].get() == TIME_SWITCH
}

/// The last node of a kind, as the first that is asked.
pub(super) fn node(t: &Tables, kind: u32, wanted: fn(&Tables, usize) -> bool) -> usize {
    let mut found = None;
    let mut at = 0;
    while at < t.nodes.len() {
        let (own, n) = (t.nodes[at].get() & 0xff, number(t.nodes[at]) >> 8);
        if own == kind && wanted(t, at) {
            found = Some(at);
        }
        at += match own {
            NODE_SWITCH => 2 + cells_of(t, number(t.nodes[at + 1])),
            NODE_CUT => 7,
            NODE_TEST => 5,
            NODE_GLOB => 4,
            NODE_FIRST => 6 + n,
            _ => {
                let mut size = 5 + number(t.nodes[at + 2]);
                for _ in 0..n {
                    size += 1 + 4 * cells_of(t, number(t.nodes[at + size]));
                }
                size
            }
        };
    }
    found.expect("a node of the kind")
}

/// The places of the references of the first switch that is asked.
pub(super) fn switch_cells(t: &Tables, wanted: fn(&Tables, usize) -> bool) -> std::ops::Range<usize> {
    let node = node(t, NODE_SWITCH, |_, _| true);
    let switch = number(t.nodes[node + 1]);
    assert!(wanted(t, switch));
    node + 2..node + 2 + cells_of(t, switch)
}

pub(super) fn param_cells(t: &Tables) -> std::ops::Range<usize> {
    switch_cells(t, |t, switch| !time_switch(t, switch))
}

pub(super) fn set_cell(t: &mut Tables, cell: usize, reference: u32) {
    let cells = param_cells(t);
    t.nodes[cells.start + cell].set(reference);
}

pub(super) fn copy_cell(t: &mut Tables, from: usize, to: usize) {
    let cells = param_cells(t);
    t.nodes[cells.start + to] = t.nodes[cells.start + from];
}

pub(super) fn swap_cells(t: &mut Tables, one: usize, other: usize) {
    let cells = param_cells(t);
    t.nodes.swap(cells.start + one, cells.start + other);
}

/// Changes the low half of the first integer cut of the first switch, which has no texts.
pub(super) fn int_cut(t: &mut Tables, to: impl FnOnce(u32) -> u32) {
    change(&mut t.switches[6], to);
}

/// Changes a word of the last node that is short for a switch.
pub(super) fn cut_word(t: &mut Tables, word: usize, to: fn(u32) -> u32) {
    let node = node(t, NODE_CUT, |_, _| true);
    change(&mut t.nodes[node + word], to);
}

pub(super) fn time_cut(t: &mut Tables, to: impl FnOnce(u32) -> u32) {
    let switch = t.switches.iter().position(|word| word.get() == TIME_SWITCH).unwrap();
    change(&mut t.switches[switch + 2], to);
}

/// The first word and the width of a bucket of the first root that has a key.
pub(super) fn taken_bucket(t: &Tables) -> (usize, usize) {
    let root = &t.roots[0];
    let width = usize::try_from(bucket_words(root.fields.get())).unwrap();
    let first = number(root.first) + number(U32::new(pilot_words(root.pilots.get())));
    let mut buckets = (0..number(root.count)).map(|at| first + at * width);
    (buckets.find(|&at| t.buckets[at + 1].get() != NO_EVENT).unwrap(), width)
}

/// The first word of the bucket that leads to a rule.
pub(super) fn bucket_of(t: &Tables, rule: u32) -> usize {
    t.buckets.iter().position(|word| leads_to(*word) == Some(rule)).unwrap() - 1
}

/// The last slot that leads to a rule.
pub(super) fn slot_of(t: &mut Tables, rule: u32) -> &mut Slot {
    t.slots.iter_mut().rev().find(|slot| leads_to(slot.reference) == Some(rule)).unwrap()
}

/// Changes a word of the masks of every cell of every row.
pub(super) fn masks(t: &mut Tables, word: usize, to: fn(u32) -> u32) {
    let node = node(t, NODE_ROWS, |_, _| true);
    let mut at = node + 5 + number(t.nodes[node + 2]);
    for _ in 0..number(t.nodes[node]) >> 8 {
        let cells = cells_of(t, number(t.nodes[at]));
        for cell in 0..cells {
            change(&mut t.nodes[at + 1 + 4 * cell + word], to);
        }
        at += 1 + 4 * cells;
    }
}
