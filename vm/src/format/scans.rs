//! Scans in the artifact: many texts looked for in one pass.
//!
//! A [`Scan`] looks for many *members* in one pass over a text: the texts of `param_contains` on one
//! param, or the words of `semantic`. Its table is the automaton of Aho and Corasick: a state is the
//! longest end of the text so far that is a beginning of a needle, and a byte leads to
//! `table[state + class(byte)]`, where states are written as the index of their row's first entry. The
//! last states are those in which a needle ends; `outputs` has the member of the longest such needle,
//! and `links` of that member the next longest that ends there.
//!
//! A member of a param's scan is one needle: its text. A word is a needle with its borders: bytes are taken
//! as [`word_symbol`](super::word_symbol) gives them, a text begins and ends with [`BORDER`](super::BORDER),
//! and a word without `_` is looked for between each pair of [`BORDER`](super::BORDER) and `_`, one with `_`
//! between two `BORDER`s. So a match is a word, whole or as a part between underscores, and nothing is left
//! to check.

use super::Text;
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A run of `WORDS`, and the scan that looks for them; [`NO_SCAN`] if none does, and then each text is
/// taken apart into its words.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
#[expect(missing_docs, reason = "a first index, a count and a scan")]
pub struct WordSet {
    pub first: U32,
    pub count: U32,
    pub scan: U32,
}

/// A word of a set, and its member in the set's scan; 0 if the set has none.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
#[expect(missing_docs, reason = "a text and a member")]
pub struct Word {
    pub text: Text,
    pub member: U32,
}

/// Looked for by no scan.
pub const NO_SCAN: u32 = u32::MAX;

/// A member of a param's scan: the constant that it stands for, which is text and not empty.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
#[expect(missing_docs, reason = "a scan and a constant")]
pub struct Needle {
    pub scan: U32,
    pub constant: U32,
}

/// A scan for many texts; see the top of the module. Its parts in `SCAN_BYTES` follow each other: the
/// class map, 256 bytes; the table, `states * classes` entries of `width` bytes; a u16 of `outputs` for
/// each state in which a needle ends; a u16 of `links` for each member, [`NO_MEMBER`] if there is none.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct Scan {
    /// The param whose text is looked at; [`WORDS_SCAN`] for the words of the action.
    pub param: U32,
    /// The first of its `NEEDLES`; 0 for words.
    pub first: U32,
    /// The number of members, 1 to [`MAX_MEMBERS`].
    pub members: U32,
    /// The number of states; the first is the one before any byte.
    pub states: U32,
    /// The number of classes of bytes, 1 to 256; class 0 is in no needle.
    pub classes: U32,
    /// Bytes of a table entry: 2 or 4.
    pub width: U32,
    /// How many of the states, the last ones, are ends of a needle.
    pub outputs: U32,
    /// Where its parts begin in `SCAN_BYTES`.
    pub start: U32,
}

/// The most members of a scan: a decision keeps a bit for each.
pub const MAX_MEMBERS: usize = 2_048;
/// In place of a param: the scan is for words.
pub const WORDS_SCAN: u32 = u32::MAX;
/// No member.
pub const NO_MEMBER: u16 = u16::MAX;
