//! Globs: their records, tokens and sets.

use super::Text;
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A range of code points, both ends inclusive, `low <= high`.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
#[expect(missing_docs, reason = "the two ends")]
pub struct GlobRange {
    pub low: U32,
    pub high: U32,
}

/// A step of a general glob that is in no group. The tokens of a glob follow those of the one before it, as
/// do the ranges of a set, which are sorted and apart.
///
/// | kind | `a` | `b` |
/// | --- | --- | --- |
/// | [`TOKEN_TEXT`] | text offset | text length |
/// | [`TOKEN_ONES`] | number of characters, at least 1 | 0 |
/// | [`TOKEN_RUN`] | 0 | 0 |
/// | [`TOKEN_SET`], [`TOKEN_NOT_SET`] | first range | number of ranges |
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
#[expect(missing_docs, reason = "the table above")]
pub struct GlobToken {
    pub kind: U32,
    pub a: U32,
    pub b: U32,
}

/// Exactly this text.
pub const TOKEN_TEXT: u32 = 0;
/// `?`, once or more: so many characters, whatever they are.
pub const TOKEN_ONES: u32 = 1;
/// `*`: any run of characters.
pub const TOKEN_RUN: u32 = 2;
/// `[…]`: one character of the ranges.
pub const TOKEN_SET: u32 = 3;
/// `[!…]`: one character that is in none of the ranges.
pub const TOKEN_NOT_SET: u32 = 4;

/// A glob, each distinct one once. Their texts stand in `STRINGS` in the order of the globs and do not overlap.
///
/// | kind | `place` | length |
/// | --- | --- | --- |
/// | [`GLOB_ANY`], [`GLOB_LITERAL`], [`GLOB_PREFIX`], [`GLOB_SUFFIX`] | offset of the glob as written | its bytes |
/// | [`GLOB_TOKENS`], [`GLOB_GROUPED`] | its part | 0 |
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct Glob {
    /// See the table above.
    pub place: U32,
    /// The kind in the high 3 bits, a length in the others.
    pub shape: U32,
}

/// What a glob by tokens or of a group is made of.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct GlobPart {
    /// The glob as written.
    pub text: Text,
    /// The first token; of [`GLOB_GROUPED`] the group, a [`GROUP_GLOBS`](super::GROUP_GLOBS).
    pub a: U32,
    /// The number of tokens; of [`GLOB_GROUPED`] the bit in the group.
    pub b: U32,
}

/// A glob with its part.
#[derive(Clone, Copy, Debug)]
pub struct ResolvedGlob {
    /// One of the `GLOB_` constants.
    pub kind: u32,
    /// As written.
    pub text: Text,
    /// Of one text its offset in `STRINGS`; else as [`GlobPart::a`].
    pub a: U32,
    /// Of one text its length; else as [`GlobPart::b`].
    pub b: U32,
}

impl Glob {
    /// The glob of this kind and length; `None` if one of them is too large.
    #[must_use]
    pub fn new(kind: u32, place: U32, length: U32) -> Option<Self> {
        let fits = kind <= u32::MAX >> GLOB_KIND && length.get() <= MAX_GLOB;
        fits.then(|| Glob { place, shape: U32::new(kind << GLOB_KIND | length.get()) })
    }

    /// One of the `GLOB_` constants.
    #[must_use]
    pub fn kind(self) -> u32 {
        self.shape.get() >> GLOB_KIND
    }

    /// The length in its shape.
    #[must_use]
    pub fn length(self) -> u32 {
        self.shape.get() & MAX_GLOB
    }

    /// The glob with its part; `None` if it is not there.
    #[must_use]
    pub fn resolve(self, parts: &[GlobPart]) -> Option<ResolvedGlob> {
        let length = self.length();
        let text = Text { offset: self.place, length: U32::new(length) };
        let kind = self.kind();
        let (text, a, b) = match kind {
            GLOB_ANY => (text, U32::new(0), U32::new(0)),
            GLOB_LITERAL => (text, text.offset, text.length),
            GLOB_PREFIX => (text, text.offset, U32::new(length.checked_sub(1)?)),
            GLOB_SUFFIX => {
                let start = text.offset.get().checked_add(1)?;
                (text, U32::new(start), U32::new(length.checked_sub(1)?))
            }
            _ => {
                let part = parts.get(usize::try_from(self.place.get()).ok()?)?;
                (part.text, part.a, part.b)
            }
        };
        Some(ResolvedGlob { kind, text, a, b })
    }
}

/// Where the kind of a glob begins in its shape.
const GLOB_KIND: u32 = 29;
/// The most bytes of a glob.
pub const MAX_GLOB: u32 = (1 << GLOB_KIND) - 1;

/// Stars alone.
pub const GLOB_ANY: u32 = 0;
/// No wildcard.
pub const GLOB_LITERAL: u32 = 1;
/// `text*`.
pub const GLOB_PREFIX: u32 = 2;
/// `*text`.
pub const GLOB_SUFFIX: u32 = 3;
/// Anything else, by its tokens.
pub const GLOB_TOKENS: u32 = 4;
/// Anything else, by the automaton of a group.
pub const GLOB_GROUPED: u32 = 5;
