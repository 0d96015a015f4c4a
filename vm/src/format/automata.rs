//! Regular expressions in the artifact: the class map, automata, patterns and groups of patterns; and
//! globs, as far as they are in groups.
//!
//! # Classes and columns
//!
//! Automata step over *classes* of code points, which one map gives for all of them:
//! `blocks[stage1[cp / 128]][cp % 128]`, and `rest` for a code point past the end of `stage1`, whose
//! first entries count 0, 1, 2, … A
//! *column map* gives the column of each class.
//!
//! # Cells
//!
//! The table of a deterministic automaton has a *row* for each state, a cell for each column. What a cell
//! holds is the next state: [`found`](cell_found), [`dead`](cell_dead), or where its row begins, in
//! cells (`AUTOMATON_BYTE`, `AUTOMATON_SHORT`) or in rows (`AUTOMATON_WIDE`). Found and dead states
//! have no rows.
//!
//! ```text
//! kind             cell        found     dead      the row of state s begins at cell
//! AUTOMATON_BYTE   1 byte        255      254      s
//! AUTOMATON_SHORT  2 bytes    65,535   65,534      s
//! AUTOMATON_WIDE   2 bytes    65,535   65,534      s * cells of a row
//! ```
//!
//! A pattern's forward automaton is fed the text without one trailing newline. Where the text ends, its
//! state says whether the pattern is found there, and whether it is found when the newline that was left out
//! follows: the rows stand in the order neither, newline alone, both, end alone, and the marks say
//! where the last three begin. The backward automaton of a pattern that ends in `$` or `\Z` is
//! fed the text from its end, whole and then, under [`PATTERN_NEWLINE`], without the trailing newline;
//! where the text begins, its state says both or neither. Under [`PATTERN_SUFFIX`] it is fed from
//! elsewhere.
//!
//! # Groups
//!
//! Patterns of a *table group* share one automaton ([`AUTOMATON_SHARED`]). Before the cells of a row stands
//! its answer, a number of a [`GroupAnswer`]; rows whose `now` is not zero come last, from the first mark
//! on. Patterns of a *lockstep group* are stepped side by side, each in its own automaton.
//!
//! Globs of a [`GROUP_GLOBS`] share an automaton as the patterns of a table group do. It is fed the whole
//! text, a trailing newline as any other character, and what its rows say of a final newline is not asked.

#[cfg(doc)]
use super::digram_symbol;
use super::{DIGRAM_ALTERNATIVES, DIGRAM_CLAUSES, Text};
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The head of `CLASS_MAP`. A class is one byte if there are at most 256 of them, else two.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct ClassMapHead {
    /// The number of classes.
    pub classes: U32,
    /// The number of blocks, at least [`CLASS_LOW`].
    pub blocks: U32,
    /// The entries of the first stage, at least [`CLASS_LOW`].
    pub stage1: U32,
    /// The class of the code points past the first stage.
    pub rest: U32,
}

/// Code points to a block of the class map.
pub const CLASS_BLOCK: usize = 128;
/// So many blocks stand in order: the code points below 2,048 need no first stage.
pub const CLASS_LOW: usize = 16;
/// The most entries of the class map's first stage: one a block of all code points.
pub const CLASS_STAGE1: usize = 0x11_0000 / CLASS_BLOCK;

/// An automaton.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct Automaton {
    /// An `AUTOMATON_` kind.
    pub kind: U32,
    /// Which column map.
    pub column_map: U32,
    /// The number of columns, 1 to 255.
    pub columns: U32,
    /// The number of rows; of [`AUTOMATON_NFA`] the length of its table in bytes.
    pub rows: U32,
    /// The state before the first character, as a cell would hold it.
    pub start: U32,
    /// Where rows begin that say something, or `dead`: see the top of the module.
    pub marks: [U32; 3],
    /// Where the table begins in `AUTOMATON_BYTES`.
    pub table: U32,
}

/// Cells of one byte.
pub const AUTOMATON_BYTE: u32 = 0;
/// Cells of two bytes.
pub const AUTOMATON_SHORT: u32 = 1;
/// Cells of two bytes that count rows.
pub const AUTOMATON_WIDE: u32 = 2;
/// The bit of a kind of deterministic automaton that a group shares.
pub const AUTOMATON_SHARED: u32 = 4;
/// Not deterministic: sets of places as bits. Its table is drawn at [`NfaHead`].
pub const AUTOMATON_NFA: u32 = 3;

/// The cell that means found, by kind.
#[must_use]
pub fn cell_found(kind: u32) -> usize {
    if kind & !AUTOMATON_SHARED == AUTOMATON_BYTE { 0xff } else { 0xffff }
}

/// The cell that means that nothing more is found, by kind.
#[must_use]
pub fn cell_dead(kind: u32) -> usize {
    cell_found(kind) - 1
}

/// A regular expression.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct Pattern {
    /// As written.
    pub text: Text,
    /// What every text in which it is found holds; may be empty.
    pub literal: Text,
    /// What every match begins with, whatever stands before; without a newline, may be empty.
    pub prefix: Text,
    /// The `PATTERN_` bits.
    pub flags: U32,
    /// Its forward automaton, or [`NONE`] if its group is a forward one.
    pub forward: U32,
    /// Its backward automaton, or [`NONE`].
    pub backward: U32,
    /// Its group, or [`NONE`].
    pub group: U32,
    /// Its bit in the group; 0 without one.
    pub bit: U32,
    /// The state of its forward automaton after its prefix, or [`NONE`].
    pub after_prefix: U32,
    /// The byte of the literal that is least often met; 0 without one.
    pub literal_rarest: u8,
    /// The byte of the prefix that is least often met; 0 without one.
    pub prefix_rarest: u8,
    /// Under [`PATTERN_DIGRAMS`] what a text in which it is found holds: of each clause one digram, as
    /// 64 x symbol + the symbol behind it ([`digram_symbol`]).
    pub digrams: [[U16; DIGRAM_ALTERNATIVES]; DIGRAM_CLAUSES],
}

/// No automaton, no group.
pub const NONE: u32 = u32::MAX;

/// The pattern is found in the empty text.
pub const PATTERN_EMPTY: u32 = 1;
/// The pattern is found wherever its literal is.
pub const PATTERN_EXACT: u32 = 2;
/// The backward automaton is fed from where the first literal begins: if it finds nothing there, the
/// forward one must be asked.
pub const PATTERN_SUFFIX: u32 = 4;
/// The pattern may also end before a final newline; only where there is a backward automaton, and not with
/// [`PATTERN_SUFFIX`].
pub const PATTERN_NEWLINE: u32 = 8;

/// The pattern is asked along with others of one text, whose digrams are worth a look.
pub const PATTERN_DIGRAMS: u32 = 16;

/// Patterns that are searched for together, or globs: at most 64, at most [`LOCKSTEP`] of a lockstep group.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct Group {
    /// A `GROUP_` kind.
    pub kind: U32,
    /// The automaton that they share, which is after that of the group before; or [`NONE`].
    pub automaton: U32,
    /// The first member in `GROUP_MEMBERS`; a member's bit is its place among them.
    pub first_member: U32,
    /// The number of members.
    pub members: U32,
    /// The first of its `GROUP_ANSWERS`, which finds nothing.
    pub first_answer: U32,
    /// The number of answers.
    pub answers: U32,
    /// The members that may also end before a final newline, of [`GROUP_BACKWARD`].
    pub newline: U64,
}

/// A table group that is fed as a forward automaton is.
pub const GROUP_FORWARD: u32 = 0;
/// A table group that is fed as a backward automaton is.
pub const GROUP_BACKWARD: u32 = 1;
/// A lockstep group.
pub const GROUP_LOCKSTEP: u32 = 2;
/// A table group of globs. Its globs are of kind [`GLOB_GROUPED`](super::GLOB_GROUPED).
pub const GROUP_GLOBS: u32 = 3;

/// The most members of a lockstep group.
pub const LOCKSTEP: usize = 9;

/// What a row of a table group says, as bits of members.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct GroupAnswer {
    /// Found, whatever follows.
    pub now: U64,
    /// Found if the text ends here.
    pub end: U64,
    /// Found if only a final newline follows.
    pub newline: U64,
}

/// The head of the table of an automaton that is not deterministic.
///
/// A *place* is a character of the pattern that was just taken; at most 64 places make a set. A
/// *side* is what looks such as `\b` see of a character. Between two characters, by the sides
/// before and after, the places that can be taken next follow from those that were.
///
/// ```text
/// table := NfaHead
///          takes   u64 x columns                places that take a character of the column
///          before  u8 x columns                 side of the column, as the character before
///          after   u8 x columns                 side of the column, as the character after
///          step    NfaStep x before x after     what follows, by sides: step[before * afters + after]
///          nibble  u64 x 16 x nibbles           for each 4 places of a step's `irregular`, in order:
///                                               what follows each set of them
/// ```
///
/// Side `before` 0 is the start of the text, side `after` 0 its end, side `after` 1 a final newline.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct NfaHead {
    /// The sides of a character before.
    pub befores: U16,
    /// The sides of a character after.
    pub afters: U16,
    /// The column of the newline.
    pub newline: U32,
    /// The number of nibble tables.
    pub nibbles: U32,
}

/// What follows between two sides.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct NfaStep {
    /// Places that a match may begin with.
    pub starts: U64,
    /// Places that the pattern is found after.
    pub found: U64,
    /// Places that are followed by the next one.
    pub shift: U64,
    /// Places, four by four, that are followed otherwise: bit `n` for places `4n` to `4n + 3`.
    pub irregular: U16,
    /// 1 if the pattern is found here without a character.
    pub found_at_once: U16,
    /// The first of the nibble tables.
    pub first_nibble: U32,
}
