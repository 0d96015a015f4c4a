//! The artifact, drawn once. `aegisc`'s `emit` writes what is drawn here;
//! [`Policy::from_bytes`](crate::Policy::from_bytes) reads and checks it. Everything is little-endian and
//! unaligned.
//!
//! ```text
//! file      := header  section-table  section*          nothing else: every byte is accounted for
//!
//! header      0  magic            8   "\x89AEGISB\n"
//! (320 B)     8  format version   u32 FORMAT_VERSION
//!            12  section count    u32 SECTIONS.len()
//!            16  file length      u64
//!            24  revision         u64
//!            32  compiler         32  UTF-8, zero-padded
//!            64  policy id        64  UTF-8, zero-padded
//!           128  header digest    32  SHA-256 of the header up to here and of the section table
//!           160  signature slot  160  all zero: no signature is defined in this version
//! section-table := { id u32, reserved u32 = 0, offset u64, length u64, sha256 32 }*     56 B each
//! ```
//!
//! Sections stand in the order of [`SECTIONS`], each once, without gaps. A *text* is an offset and a
//! length into `STRINGS`. Records are the structs below; an index is a u32 into the named section.
//!
//! ```text
//! MANIFEST      postcard of Manifest
//! STRINGS       UTF-8
//! GLOB_RANGES   { low u32, high u32 }*                 code points, inclusive
//! GLOB_TOKENS   GlobToken*
//! GLOBS         Glob*
//! PARAMS        text*                                  sorted, each once
//! CONSTS        Const*                                 children stand after their parent, in a row
//! WORDS         Word*                                  sorted within a set
//! WORD_SETS     WordSet*
//! COLUMN_MAPS   { u8 x classes }*                      each once
//! AUTOMATON_BYTES   tables, one after another
//! CLASS_MAP     empty, or ClassMapHead, u16 x stage1, class x 128 x blocks: enough behind any table for lookups
//!               through a window of 512 bytes
//! AUTOMATA      Automaton*
//! PATTERNS      Pattern*
//! GROUPS        Group*
//! GROUP_MEMBERS pattern index*, or glob index* of a group of globs
//! GROUP_ANSWERS GroupAnswer*
//! NEEDLES       Needle*                                the needles of a scan after those of the one before
//! SCAN_BYTES    class maps, transition tables, outputs and links of the scans
//! SCANS         Scan*
//! TESTS         Test*
//! RULES         Rule*                                  in the order of evaluation
//! ERRORS        RuleError*
//! SWITCHES      u32*                                   switches, one after another
//! NODES         u32*                                   nodes, one after another
//! BUCKETS       u32*                                   the hash tables of the roots, one after another
//! SLOTS         Slot*                                  the tries of the roots, one after another
//! ROOTS         Root*                                  at most 14
//! DEBUG         postcard of Debug                      read only to explain
//! ```
//!
//! # Finding the rule
//!
//! Where a decision begins is drawn in [`Root`], what it asks from there in [`Reference`] and the text around
//! it, in `format/nodes.rs`.
//!
//! # Automata
//!
//! How regular expressions and groups of globs are walked is drawn in [`Automaton`], [`Pattern`] and
//! [`Group`].
//!
//! # Scans
//!
//! How many texts are looked for in one pass is drawn in [`Scan`].

mod automata;
mod digrams;
mod globs;
mod index;
mod manifest;
mod nodes;
mod scans;

pub use crate::border::{BORDER, word_needles, word_symbol};
pub use crate::cost::CostTables;
pub use crate::hash::{bucket_of, hash_bytes, hash_key, hash_text, low_half, pilot_of};
pub use automata::*;
pub use digrams::*;
pub use globs::*;
pub use index::*;
pub use manifest::*;
pub use nodes::*;
pub use scans::*;

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The first eight bytes of every artifact.
pub const MAGIC: [u8; 8] = *b"\x89AEGISB\n";

/// The format that this crate reads and writes.
pub const FORMAT_VERSION: u32 = 3;

/// The sections in the order in which they stand.
pub const SECTIONS: [SectionId; 30] = [
    SectionId::Manifest,
    SectionId::Strings,
    SectionId::GlobRanges,
    SectionId::GlobTokens,
    SectionId::GlobParts,
    SectionId::Globs,
    SectionId::Params,
    SectionId::Consts,
    SectionId::Words,
    SectionId::WordSets,
    SectionId::ColumnMaps,
    SectionId::AutomatonBytes,
    SectionId::ClassMap,
    SectionId::Automata,
    SectionId::Patterns,
    SectionId::Groups,
    SectionId::GroupMembers,
    SectionId::GroupAnswers,
    SectionId::Needles,
    SectionId::ScanBytes,
    SectionId::Scans,
    SectionId::Tests,
    SectionId::Rules,
    SectionId::Errors,
    SectionId::Switches,
    SectionId::Nodes,
    SectionId::Buckets,
    SectionId::Slots,
    SectionId::Roots,
    SectionId::Debug,
];

/// A section of the artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is drawn at the top of the module")]
pub enum SectionId {
    Manifest,
    Strings,
    GlobRanges,
    GlobTokens,
    GlobParts,
    Globs,
    Params,
    Consts,
    Words,
    WordSets,
    ColumnMaps,
    AutomatonBytes,
    ClassMap,
    Automata,
    Patterns,
    Groups,
    GroupMembers,
    GroupAnswers,
    Needles,
    ScanBytes,
    Scans,
    Tests,
    Rules,
    Errors,
    Switches,
    Nodes,
    Buckets,
    Slots,
    Roots,
    Debug,
}

impl SectionId {
    /// The number in the section table.
    #[must_use]
    pub fn number(self) -> u32 {
        let position = SECTIONS.iter().position(|&id| id == self).unwrap_or_default();
        u32::try_from(position).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SectionId::Manifest => "manifest",
            SectionId::Strings => "strings",
            SectionId::GlobRanges => "glob ranges",
            SectionId::GlobTokens => "glob tokens",
            SectionId::GlobParts => "glob parts",
            SectionId::Globs => "globs",
            SectionId::Params => "params",
            SectionId::Consts => "constants",
            SectionId::Words => "words",
            SectionId::WordSets => "word sets",
            SectionId::ClassMap => "class map",
            SectionId::ColumnMaps => "column maps",
            SectionId::AutomatonBytes => "automaton tables",
            SectionId::Automata => "automata",
            SectionId::Patterns => "patterns",
            SectionId::Groups => "groups",
            SectionId::GroupMembers => "group members",
            SectionId::GroupAnswers => "group answers",
            SectionId::Needles => "needles",
            SectionId::ScanBytes => "scan tables",
            SectionId::Scans => "scans",
            SectionId::Tests => "tests",
            SectionId::Rules => "rules",
            SectionId::Errors => "errors",
            SectionId::Switches => "switches",
            SectionId::Nodes => "nodes",
            SectionId::Buckets => "buckets",
            SectionId::Slots => "slots",
            SectionId::Roots => "roots",
            SectionId::Debug => "debug",
        }
    }
}

/// The header. See the drawing at the top of the module.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
#[expect(missing_docs, reason = "drawn at the top of the module")]
pub struct Header {
    pub magic: [u8; 8],
    pub format_version: U32,
    pub section_count: U32,
    pub file_length: U64,
    pub revision: U64,
    pub compiler: [u8; 32],
    pub policy_id: [u8; 64],
    pub digest: [u8; 32],
    pub signature: [u8; 160],
}

/// The bytes of the header that its digest covers, before the section table.
pub const DIGESTED_HEADER: usize = 128;

/// The longest policy id, in bytes.
pub const POLICY_ID_MAX: usize = 64;

/// A row of the section table.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
#[expect(missing_docs, reason = "drawn at the top of the module")]
pub struct SectionRow {
    pub id: U32,
    pub reserved: U32,
    pub offset: U64,
    pub length: U64,
    pub sha256: [u8; 32],
}

/// A text: a byte range of `STRINGS`, on character boundaries.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
#[expect(missing_docs, reason = "an offset and a length in bytes")]
pub struct Text {
    pub offset: U32,
    pub length: U32,
}

/// A constant.
///
/// | tag | `n` | `payload` |
/// | --- | --- | --- |
/// | [`CONST_NULL`] | 0 | 0 |
/// | [`CONST_BOOL`] | 0 | 0 or 1 |
/// | [`CONST_INT`] | 0 | an i64's bits |
/// | [`CONST_BIG_INT`] | text length | text offset |
/// | [`CONST_FLOAT`] | 0 | an f64's bits |
/// | [`CONST_STR`] | text length | text offset |
/// | [`CONST_LIST`] | elements | first child |
/// | [`CONST_MAP`] | entries | first child: key, value, key, value, … |
/// | [`CONST_FOREIGN`] | 1 if Python can look it up in a mapping | 0 |
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
#[expect(missing_docs, reason = "the table above")]
pub struct Const {
    pub tag: U32,
    pub n: U32,
    pub payload: U64,
}

/// Null.
pub const CONST_NULL: u32 = 0;
/// A boolean.
pub const CONST_BOOL: u32 = 1;
/// An integer of 64 bits.
pub const CONST_INT: u32 = 2;
/// Any other integer, as canonical decimal text of at most [`MAX_BIG_INT`] bytes.
pub const CONST_BIG_INT: u32 = 3;
/// A double.
pub const CONST_FLOAT: u32 = 4;
/// Text.
pub const CONST_STR: u32 = 5;
/// A list.
pub const CONST_LIST: u32 = 6;
/// A mapping.
pub const CONST_MAP: u32 = 7;
/// What no JSON value equals.
pub const CONST_FOREIGN: u32 = 8;

/// The longest text of a constant integer, in bytes.
pub const MAX_BIG_INT: usize = 5_000;

/// A test of a rule.
///
/// | op | `a` | `b` |
/// | --- | --- | --- |
/// | [`OP_NEVER`] | 0 | 0 |
/// | [`OP_TIME_AFTER`], [`OP_TIME_BEFORE`] | minute of the day, 0 to 1439 | 0 |
/// | [`OP_WEEKDAYS`] | bit 0 Monday … bit 6 Sunday | 0 |
/// | [`OP_EQ`] … [`OP_CONTAINS`] | param | constant |
/// | [`OP_MATCHES`] | param | pattern |
/// | [`OP_SEMANTIC`] | word set | 0 |
/// | [`OP_NEEDLE`] | param | needle, of a scan of that param |
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
#[expect(missing_docs, reason = "the table above; `condition` counts the conditions of the rule from 0")]
pub struct Test {
    pub op: U16,
    pub condition: U16,
    pub a: U32,
    pub b: U32,
}

/// The longest list of tests that rules may share.
pub const MAX_SHARED_TESTS: usize = 8;

/// Never holds.
pub const OP_NEVER: u16 = 0;
/// The minute of the day is at or after `a`.
pub const OP_TIME_AFTER: u16 = 1;
/// The minute of the day is before `a`.
pub const OP_TIME_BEFORE: u16 = 2;
/// The ISO weekday is among the bits.
pub const OP_WEEKDAYS: u16 = 3;
/// The param equals the constant.
pub const OP_EQ: u16 = 4;
/// The param is greater.
pub const OP_GT: u16 = 5;
/// The param is greater or equal.
pub const OP_GTE: u16 = 6;
/// The param is less.
pub const OP_LT: u16 = 7;
/// The param is less or equal.
pub const OP_LTE: u16 = 8;
/// The constant is in the param.
pub const OP_CONTAINS: u16 = 9;
/// The pattern is found in the param's text.
pub const OP_MATCHES: u16 = 10;
/// One of the words is among the action's words.
pub const OP_SEMANTIC: u16 = 11;
/// As [`OP_CONTAINS`], of the needle's constant.
pub const OP_NEEDLE: u16 = 12;

/// A rule.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct Rule {
    /// The name as decisions report it.
    pub name: Text,
    /// The glob over the type.
    pub type_glob: U32,
    /// The glob over the target.
    pub target_glob: U32,
    /// The glob over the agent.
    pub agent_glob: U32,
    /// The first test.
    pub first_test: U32,
    /// The number of tests in the low 28 bits; all must hold, in this order. Rules may share a list of at most
    /// [`MAX_SHARED_TESTS`]; longer lists are each rule's own, so that the work of a decision stays
    /// in proportion to the artifact. Above them the outcome, as in a reference to the rule's match: two bits of
    /// the risk level (0 low … 3 critical), two of the approval (0 auto, 1 approve, 2 block).
    pub tests: U32,
    /// The line of its layer on which the rule begins, from 1.
    pub line: U32,
}

/// The most tests of a rule.
pub const MAX_RULE_TESTS: u32 = (1 << 28) - 1;

impl Rule {
    /// What stands for so many tests and an outcome by its bytes in [`Rule::tests`]; `None` if they are too many.
    #[must_use]
    pub fn tests_of(count: u32, approval: u8, risk_level: u8) -> Option<U32> {
        let outcome = u32::from(approval & 3) << 30 | u32::from(risk_level & 3) << 28;
        (count <= MAX_RULE_TESTS).then(|| U32::new(outcome | count))
    }

    /// The number of tests.
    #[must_use]
    pub fn test_count(&self) -> U32 {
        U32::new(self.tests.get() & MAX_RULE_TESTS)
    }

    /// 0 auto, 1 approve, 2 block.
    #[must_use]
    pub fn approval(&self) -> u8 {
        u8::try_from(self.tests.get() >> 30).unwrap_or(u8::MAX)
    }

    /// 0 low, 1 medium, 2 high, 3 critical.
    #[must_use]
    pub fn risk_level(&self) -> u8 {
        u8::try_from(self.tests.get() >> 28 & 3).unwrap_or(u8::MAX)
    }
}
