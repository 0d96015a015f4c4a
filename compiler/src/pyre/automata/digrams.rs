//! Digrams that every match of a pattern holds: two characters, one behind the other.
//!
//! Where many patterns are asked of one text, a table of the text's digrams, made once, tells of most of them
//! at a glance that they are not found. What a digram is made of are the symbols of `aegis_vm::format`:
//! letters whatever their case, digits as one, punctuation each for itself.

use super::classes::Sets;
use crate::pyre::syntax::ast::{Ast, NodeId, NodeKind};
use aegis_vm::format::{DIGRAM_ALTERNATIVES, DIGRAM_CLAUSES, SYMBOL_FURTHER, SYMBOL_LEAD, digram_symbol};

/// Symbols before and behind; a text has one of them if it has a match.
pub(crate) type Clause = Vec<(u8, u8)>;

/// What a node says of the texts that it matches.
#[derive(Clone, Default)]
struct Summary {
    /// The symbols that they may begin with, as bits.
    first: u64,
    /// The symbols that they may end with.
    last: u64,
    /// Whether the empty text is one of them.
    empty: bool,
    /// What each of them has.
    clauses: Vec<Clause>,
}

/// Nodes above this number are not looked through.
const MOST_NODES: usize = 2_000;

/// The rarest clauses of a pattern, at most [`DIGRAM_CLAUSES`], each of at most [`DIGRAM_ALTERNATIVES`]; none
/// if texts without any of them may match.
pub(crate) fn digrams(ast: &Ast, root: NodeId, sets: &mut Sets) -> Vec<Clause> {
    if ast.nodes().len() > MOST_NODES {
        return Vec::new();
    }
    let mut clauses = summary(ast, root, sets).clauses;
    clauses.truncate(DIGRAM_CLAUSES);
    clauses
}

/// The summary of a node; nesting is bounded by the parser.
fn summary(ast: &Ast, node: NodeId, sets: &mut Sets) -> Summary {
    let nothing = Summary { empty: true, ..Summary::default() };
    let Some(node) = ast.get(node) else { return nothing };
    match &node.kind {
        NodeKind::Leaf(leaf) => {
            let set = sets.leaf(leaf);
            let (first, last) = symbols(sets.ranges(set));
            Summary { first, last, empty: false, clauses: Vec::new() }
        }
        NodeKind::Look(_) => nothing,
        NodeKind::Concat(nodes) => {
            nodes.iter().fold(nothing, |before, &node| before.then(summary(ast, node, sets)))
        }
        NodeKind::Alternation(nodes) => {
            let all: Vec<Summary> = nodes.iter().map(|&node| summary(ast, node, sets)).collect();
            either(&all)
        }
        &NodeKind::Repeat { node, min, .. } => {
            let once = summary(ast, node, sets);
            match min {
                0 => Summary { empty: true, clauses: Vec::new(), ..once },
                1 => once,
                _ => once.clone().then(once),
            }
        }
    }
}

impl Summary {
    /// The summary of one after the other.
    fn then(self, next: Summary) -> Summary {
        let mut clauses = self.clauses;
        clauses.extend(next.clauses);
        if !self.empty && !next.empty {
            clauses.extend(pairs(self.last, next.first));
        }
        Summary {
            first: self.first | if self.empty { next.first } else { 0 },
            last: next.last | if next.empty { self.last } else { 0 },
            empty: self.empty && next.empty,
            clauses: rarest(clauses),
        }
    }
}

/// The summary of one or the other: of each the rarest, of each the next.
fn either(all: &[Summary]) -> Summary {
    let common = all.iter().map(|one| one.clauses.len()).min().unwrap_or(0);
    let clauses = (0..common).map(|at| {
        let mut clause: Clause =
            all.iter().filter_map(|one| one.clauses.get(at)).flatten().copied().collect();
        clause.sort_unstable();
        clause.dedup();
        clause
    });
    Summary {
        first: all.iter().fold(0, |all, one| all | one.first),
        last: all.iter().fold(0, |all, one| all | one.last),
        empty: all.iter().any(|one| one.empty),
        clauses: rarest(clauses.filter(|clause| clause.len() <= DIGRAM_ALTERNATIVES).collect()),
    }
}

/// A clause of every pair, unless they are too many, or one is of two characters that are not ASCII: those
/// are alike, and many texts have nothing else.
fn pairs(before: u64, behind: u64) -> Option<Clause> {
    if before >> SYMBOL_FURTHER & behind >> SYMBOL_LEAD & 1 == 1 {
        return None;
    }
    let few = before
        .count_ones()
        .checked_mul(behind.count_ones())
        .is_some_and(|all| usize::try_from(all).is_ok_and(|all| (1..=DIGRAM_ALTERNATIVES).contains(&all)));
    let bits = |set: u64| (0..64).filter(move |&bit| set >> bit & 1 == 1);
    few.then(|| bits(before).flat_map(|before| bits(behind).map(move |behind| (before, behind))).collect())
}

/// The rarest clauses, the rarest first.
fn rarest(mut clauses: Vec<Clause>) -> Vec<Clause> {
    clauses.sort_by_cached_key(|clause| {
        let often = clause.iter().map(|&(before, behind)| frequency(before) * frequency(behind)).sum::<u32>();
        (often, clause.clone())
    });
    clauses.dedup();
    clauses.truncate(DIGRAM_CLAUSES);
    clauses
}

/// How often a symbol is met among a thousand, by a guess; only speed depends on it.
fn frequency(symbol: u8) -> u32 {
    const LETTERS: [u32; 26] =
        [65, 12, 25, 33, 95, 18, 16, 35, 58, 3, 8, 35, 22, 55, 58, 18, 2, 52, 55, 70, 23, 9, 14, 4, 15, 3];
    let is = |c: u8| digram_symbol(c) == symbol;
    match LETTERS.get(usize::from(symbol).wrapping_sub(1)) {
        Some(&often) => often,
        None if is(b' ') => 130,
        None if is(b'0') => 60,
        None if is(b'.') || is(b'/') || is(b'-') || is(b'_') => 15,
        None if symbol == SYMBOL_LEAD || symbol == SYMBOL_FURTHER => 100,
        None => 4,
    }
}

/// The symbols of the first and of the last bytes of the characters in ranges, as bits.
fn symbols(ranges: &[(u32, u32)]) -> (u64, u64) {
    let (mut first, mut last) = (0, 0);
    for &(low, high) in ranges {
        for c in low..=high.min(0x7f) {
            let bit = u8::try_from(c).map_or(0, |c| 1_u64 << digram_symbol(c));
            first |= bit;
            last |= bit;
        }
        if high > 0x7f {
            first |= 1 << SYMBOL_LEAD;
            last |= 1 << SYMBOL_FURTHER;
        }
    }
    (first, last)
}
