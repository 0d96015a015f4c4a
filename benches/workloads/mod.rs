//! The workloads by name.
//!
//! | | policy | actions |
//! | --- | --- | --- |
//! | W1 | devops, 14 rules | 64: literals, a prefix, deploys in two environments, unmatched |
//! | W2 | financial, 11 rules | 64: payments around a threshold, literals, unmatched |
//! | W3 | a pair of a type and a target for each rule, then a catch-all | 4,096 uniform, a tenth misses |
//! | W3-hot | the same | 64 of them |
//! | W4 | a prefix of the type and a threshold for each rule, then a catch-all | 4,096, a tenth misses |
//! | W5 | 50 suffixes of one param as regular expressions | 64 texts that end in the last one |
//! | W6 | a prefix of the type and a suffix of the target for each rule, then a catch-all | as W4 |
//! | W7 | one type, each rule three of eight params | 4,096 uniform |
//! | W8 | 100 words looked for in the type, 100 patterns over three params | 4,096, a tenth matching |
//!
//! W1, W2 and W5 were recorded, with their actions and the order of them: `data/`. The others are
//! generated for a size. `globs_words` and `globs_ends` are smaller questions about globs.

mod keyed;
mod mixed;
mod recorded;
mod wildcards;

pub use keyed::{threshold, w3, w3_hot, w4, w6};
pub use mixed::{Conjunction, TEXTS, conjunctions, patterns, w7, w8, words};
pub use recorded::{w1, w2, w5};
pub use wildcards::{globs_ends, globs_words};

use crate::Workload;
use aegis_vm::Action;
use aegisc::Timestamp;
use aegisc::time::parse_rfc3339;

/// How many indices an order has.
pub const ORDER: usize = 16_384;

/// How many actions a generated workload has.
const ACTIONS: usize = 4_096;

/// A workload by its name and, where it has sizes, its size.
#[must_use]
pub fn named(name: &str, size: usize) -> Option<Workload> {
    Some(match name {
        "W1" => w1(),
        "W2" => w2(),
        "W3" => w3(size),
        "W3-hot" => w3_hot(size),
        "W4" => w4(size),
        "W5" => w5(),
        "W6" => w6(size),
        "W7" => w7(size),
        "W8" => w8(),
        _ => return None,
    })
}

/// The workloads of one size: name and number of rules.
pub const FIXED: [(&str, usize); 4] = [("W1", 14), ("W2", 11), ("W5", 50), ("W8", 200)];

/// Each workload with a size, and its sizes up to a number of rules: by tens, W7 by fewer.
pub fn sized(largest: usize) -> impl Iterator<Item = (&'static str, usize)> {
    const KEYED: &[usize] = &[10, 100, 1_000, 10_000, 100_000, 1_000_000];
    let all: [(&str, &[usize]); 4] = [("W3", KEYED), ("W4", KEYED), ("W6", KEYED), ("W7", &[10, 100, 1_000])];
    let up_to = move |&size: &usize| size <= largest;
    all.into_iter()
        .flat_map(move |(name, sizes)| sizes.iter().copied().filter(up_to).map(move |size| (name, size)))
}

/// 2026-03-18T14:30:00Z, a Wednesday.
fn now() -> Timestamp {
    parse_rfc3339("2026-03-18T14:30:00Z").unwrap()
}

/// An index of a rule as decisions report it.
fn rule(index: usize) -> Option<u32> {
    Some(u32::try_from(index).unwrap())
}

/// A workload that was generated.
fn generated(
    name: String,
    params: &[&'static str],
    actions: Vec<(Action, Option<u32>)>,
    order: Vec<usize>,
    yaml: impl Fn() -> String + Sync + 'static,
) -> Workload {
    let params = params.to_vec();
    Workload { name, yaml: Box::new(yaml), params, actions, lines: Vec::new(), order, now: now() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of a hundred actions a rule decides that is neither the default nor the last one of so
    /// many rules.
    fn hits(workload: &Workload, rules: usize) -> usize {
        let hits =
            workload.actions.iter().filter(|(_, decided)| decided.is_some() && *decided != rule(rules));
        hits.count() * 100 / workload.actions.len()
    }

    #[test]
    fn shares_are_as_defined() {
        let shares = [
            (w1(), 14, 75..=75),
            (w2(), 11, 87..=87),
            (w3(1_000), 1_000, 88..=92),
            // Half of the amounts are above the threshold, of nine tenths.
            (w4(1_000), 1_000, 42..=48),
            (w5(), 50, 100..=100),
            (w6(1_000), 1_000, 42..=48),
            (w8(), 200, 8..=12),
        ];
        for (workload, rules, share) in shares {
            let hits = hits(&workload, rules);
            assert!(share.contains(&hits), "{}: {hits} of a hundred", workload.name);
        }
    }

    /// What `aegisc inspect` says of each: only rules that branch over many params pass the budget of a graph.
    #[test]
    fn graphs_are_whole() {
        for workload in [w1(), w2(), w3(1_000), w4(1_000), w5(), w6(1_000), w7(64), w8()] {
            let spread = workload.policy().manifest().spread.clone();
            let fell = [&spread.chunks, &spread.rows].map(|ranges| !ranges.is_empty());
            assert_eq!(fell, [false, workload.name.starts_with("W7")], "{}: {spread:?}", workload.name);
        }
    }

    #[test]
    fn sixty_four_actions_are_hot() {
        assert_eq!(w3_hot(1_000).actions.len(), 64);
        assert!(w3_hot(1_000).actions.iter().any(|(_, decided)| *decided == rule(1_000)));
    }
}
