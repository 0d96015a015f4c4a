//! The decision graph: what is left to ask once the roots ([`Root`](super::Root)) have led somewhere.
//!
//! A *reference* is a word:
//!
//! ```text
//! 0xxxxxxx…            the node at this word of NODES
//! 10 aa rr i(26)       rule i matches, with approval aa and risk level rr, as in RULES
//! 11 e(30)             the rule of ERRORS[e] cannot be judged, by its test
//! all ones             no event: NO_EVENT
//! ```
//!
//! A node is a row of words; the first has its kind in the low 8 bits and a number `n` in the others. A node
//! refers only to nodes that stand before it, so that every walk ends.
//!
//! | kind | words |
//! | --- | --- |
//! | [`NODE_SWITCH`] | head, switch, a reference for each cell |
//! | [`NODE_TEST`] | head, test, references if it holds, if it fails, if it gives an error |
//! | [`NODE_GLOB`] | head (`n`: the field's bit), glob, references if it matches, if not |
//! | [`NODE_FIRST`] | head (`n`: references), group, param or field's bit, reference if none, two words of bits, a reference for each bit |
//! | [`NODE_ROWS`] | head (`n`: rows), next reference, number of rules, two words `untold`, the rules, the rows |
//! | [`NODE_FILTERED`] | head (`n`: prefilters), next reference, number of rules, the rules, the prefilters |
//! | [`NODE_CUT`] | head (`n`: see below), switch, low and high half of an integer, references below it, at or beyond it, if it is no number |
//!
//! # Switches
//!
//! A *switch* sorts a param, or the time, into *cells*, numbered from 0. Of a param with `s` texts and `c` cuts:
//!
//! | cell | value |
//! | --- | --- |
//! | 0 | absent or null |
//! | 1, 2 | a list, a mapping |
//! | 3 | a NaN |
//! | 4 | a text that is none of those below |
//! | 5 … 4+s | the i-th text |
//! | 5+s … 5+s+c | a number (a boolean counts as one) by how many cuts it is at or beyond |
//!
//! ```text
//! param switch := param  texts  buckets  cuts  low  high
//!                 i64                      x high - low   the least integers at or beyond cuts low to high - 1
//!                 { offset length }        x texts
//!                 text and one, or 0       x buckets      none: the texts are compared one by one
//!                 { constant  strict }     x cuts         ascending; strict: beyond it, else at or beyond
//! time switch  := TIME_SWITCH  cuts  minute x cuts        ascending
//! ```
//!
//! Cuts before `low` are at or below every `i64`, those from `high` above. Cell 0 of a time switch is no time
//! at all; the others are `1 + weekday * (cuts + 1) + cuts at or before the minute of the day`, Monday 0.
//!
//! A [`NODE_CUT`] is short for a switch into no texts and two sides of one cut, which an integer of 64 bits tells
//! apart: the switch's only one, repeated in the node so that an integer needs no look at the switch. `n` is the
//! param, four times, and what absent, null and a NaN lead to: 0 as below, 1 as beyond, 2 no event.
//!
//! # Rows
//!
//! Where a graph would multiply, up to 64 rules are judged together by bits (after Lakshman and Stiliadis,
//! 1998): a row is a switch and for each of its cells two masks of 64 bits, low word first: the rules whose
//! tests on it may hold, and the rules whose tests on it give an error. Rules that may hold in all rows are
//! candidates, and so are those with an error; the first decides. One that is `untold` (it has tests or globs
//! that are in no row), or that has an error, is asked test by test. If no rule has an event the next
//! reference counts.
//!
//! # Prefilters
//!
//! Where many rules each need some literal in a text, up to 256 are judged together. A *prefilter* looks for the
//! literals of some of them in one text, a param's or a field's, and says which may hold: none where the param is
//! absent, all where it is no text. Each rule is *sifted* by one prefilter, or else may hold whatever the texts
//! are. Those that may hold are asked in order, test by test; if none has an event the next reference counts.
//!
//! ```text
//! mask      := words of a bit for each rule, low first, an even number
//! node      := head  next  rules  rule x rules  always: mask  prefilter x n
//! prefilter := place  shape  entries
//!              sifted: mask
//!              unless_ascii: mask                 if `shape` says so: what literals say only of texts of ASCII
//!              table  x 2^bits / 32               a bit for each hash of a block, low first
//!              { block  offset  length  at << 16 | rule }  x entries    ascending
//! ```
//!
//! `shape` is `block | stride << 8 | bits << 16`, and [`PREFILTER_ASCII`] if there is `unless_ascii`. A *block* is 3
//! or 4 bytes of a text, as a number, low byte first, each byte with [`PREFILTER_FOLD`]. A text is looked at where
//! `stride` divides the place, and a literal has as many entries as a stride has places, for blocks one byte after
//! the other: so one of them is met wherever the literal stands. An entry is the block `at` bytes into its
//! literal, and the place of a rule among the node's, which may hold where the literal, folded, stands around it.

use super::Automaton;
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The reference of no event.
pub const NO_EVENT: u32 = u32::MAX;
/// The bit of a reference that is to no node.
pub const REF_LEAF: u32 = 1 << 31;
/// The bit of a leaf that is an error or no event.
pub const REF_ERROR: u32 = 1 << 30;
/// How many rules references can name.
pub const MAX_RULES: u32 = 1 << 26;
/// How many errors references can name.
pub const MAX_ERRORS: u32 = (1 << 30) - 2;

/// The reference to a match of a rule below [`MAX_RULES`], of this outcome by its bytes in `RULES`.
#[must_use]
pub fn match_reference(rule: u32, approval: u8, risk_level: u8) -> u32 {
    REF_LEAF | u32::from(approval & 3) << 28 | u32::from(risk_level & 3) << 26 | rule & (MAX_RULES - 1)
}

/// What a reference says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The node at this word.
    Node(u32),
    /// A rule matches.
    Match {
        /// The rule.
        rule: u32,
        /// The byte of its approval.
        approval: u8,
        /// The byte of its risk level.
        risk_level: u8,
    },
    /// The error of this index.
    Error(u32),
    /// No rule has an event.
    NoEvent,
}

impl Reference {
    /// What a word says as a reference.
    #[must_use]
    pub fn of(word: u32) -> Self {
        let bits = |shift: u32| u8::try_from(word >> shift & 3).unwrap_or(3);
        match (word & REF_LEAF, word & REF_ERROR) {
            (0, _) => Reference::Node(word),
            (_, 0) => {
                Reference::Match { rule: word & (MAX_RULES - 1), approval: bits(28), risk_level: bits(26) }
            }
            _ if word == NO_EVENT => Reference::NoEvent,
            _ => Reference::Error(word & (REF_ERROR - 1)),
        }
    }
}

/// A rule that cannot be judged, and the test that gives the error.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
#[expect(missing_docs, reason = "two indices")]
pub struct RuleError {
    pub rule: U32,
    pub test: U32,
}

/// By the cell of a switch.
pub const NODE_SWITCH: u32 = 1;
/// By what a test says.
pub const NODE_TEST: u32 = 2;
/// By whether a field matches a glob.
pub const NODE_GLOB: u32 = 3;
/// By the first, in the order of their bits, of several patterns or globs of one group.
pub const NODE_FIRST: u32 = 4;
/// By rows of bits.
pub const NODE_ROWS: u32 = 5;

/// By prefilters, of texts that hold literals.
pub const NODE_FILTERED: u32 = 6;

/// By the side of one cut on which a number is.
pub const NODE_CUT: u32 = 7;
/// Of a [`NODE_CUT`]: what is absent, null or a NaN counts as below.
pub const CUT_BELOW: u32 = 0;
/// It counts as beyond.
pub const CUT_BEYOND: u32 = 1;
/// It leads to no event.
pub const CUT_NO_EVENT: u32 = 2;
/// The params that a [`NODE_CUT`] can name.
pub const MAX_CUT_PARAMS: u32 = 1 << 22;

/// The param of a [`NODE_CUT`] by its head, and what is absent, null or a NaN: one of the `CUT_` constants.
#[must_use]
pub const fn cut_head(head: u32) -> (u32, u32) {
    (head >> 10, head >> 8 & 3)
}

/// The words of a mask of so many rules.
#[must_use]
pub const fn filtered_mask(rules: usize) -> usize {
    rules.div_ceil(64) * 2
}

/// The head of a node.
#[must_use]
pub const fn node_head(kind: u32, n: u32) -> u32 {
    n << 8 | kind
}

/// What stands in the place of a param in the switch of the time.
pub const TIME_SWITCH: u32 = u32::MAX;
/// The words before the texts of a param switch.
pub const PARAM_SWITCH_HEAD: usize = 6;
/// The words before the cuts of a time switch.
pub const TIME_SWITCH_HEAD: usize = 2;
/// The most buckets of texts that a search in a param switch may look at.
pub const MAX_PROBES: u32 = 64;
/// The cell of an absent or null param.
pub const CELL_ABSENT: usize = 0;
/// The cell of lists.
pub const CELL_LIST: usize = 1;
/// The cell of mappings.
pub const CELL_MAP: usize = 2;
/// The cell of a NaN.
pub const CELL_NAN: usize = 3;
/// The cell of other texts; the texts of the switch follow.
pub const CELL_TEXT: usize = 4;
/// The most cuts of a time switch.
pub const MAX_TIME_CUTS: u32 = 24 * 60;
/// The most rules of a node of rows.
pub const MAX_ROW_RULES: u32 = 64;
/// The words of the two masks of a cell.
pub const ROW_CELL: usize = 4;
/// The most rules of a node of prefilters.
pub const MAX_FILTERED_RULES: usize = 256;
/// The bit of the place of a prefilter that looks at a field, of which the others are the bit.
pub const PREFILTER_FIELD: u32 = 1 << 31;
/// The bit of the shape of a prefilter that has `unless_ascii`.
pub const PREFILTER_ASCII: u32 = 1 << 24;
/// The words before the masks of a prefilter.
pub const PREFILTER_HEAD: usize = 3;
/// The words of an entry.
pub const PREFILTER_ENTRY: usize = 4;
/// What is set in each byte of a block: the case of a letter does not count, and what else it makes alike is told
/// apart by the tests.
pub const PREFILTER_FOLD: u8 = 0x20;
/// The bytes of a block.
pub const PREFILTER_BLOCKS: [usize; 2] = [3, 4];
/// The longest stride.
pub const MAX_PREFILTER_STRIDE: usize = 8;
/// The longest stride of a prefilter with `unless_ascii`: each byte of a text is in some block of four.
pub const MAX_ASCII_STRIDE: usize = 4;
/// The bits of a table, as powers of two.
pub const PREFILTER_BITS: [u32; 3] = [11, 15, 18];
/// The most literals of a rule in one prefilter.
pub const MAX_PREFILTER_LITERALS: usize = 4;
/// The most bytes of a literal.
pub const MAX_PREFILTER_LITERAL: usize = 16;
/// The most steps that the loader takes to prove that patterns need their literals, by [`proof_steps`].
pub const MAX_PROOF_STEPS: usize = 1 << 24;

/// The bits of a block of so many bytes.
#[must_use]
pub const fn prefilter_mask(block: usize) -> u32 {
    if block < PREFILTER_BLOCKS[1] { 0x00ff_ffff } else { u32::MAX }
}

/// A block of a text, folded, under a [`prefilter_mask`].
#[must_use]
pub const fn prefilter_block(bytes: [u8; 4], mask: u32) -> u32 {
    (u32::from_le_bytes(bytes) | u32::from_le_bytes([PREFILTER_FOLD; 4])) & mask
}

/// The bit of a block in a table of `2^bits` bits.
#[must_use]
pub const fn prefilter_hash(block: u32, bits: u32) -> u32 {
    block.wrapping_mul(0x9e37_79b1) >> (32 - bits)
}

/// The steps, at most, to prove that a pattern of a deterministic automaton needs literals.
pub fn proof_steps<'t>(
    automaton: &Automaton,
    classes: usize,
    literals: impl Iterator<Item = &'t str>,
) -> usize {
    let n = |n: U32| usize::try_from(n.get()).unwrap_or(usize::MAX);
    let characters = literals.fold(0, |all: usize, literal| all.saturating_add(literal.chars().count()));
    let pairs = n(automaton.rows).saturating_mul(characters.saturating_add(1));
    pairs.saturating_mul(n(automaton.columns).saturating_add(characters)).saturating_add(classes)
}
