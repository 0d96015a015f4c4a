//! The roots: where a decision begins.
//!
//! The rules are partitioned, and each part has one *root*, which finds the part's rules that the three
//! fields of an action leave and gives a reference to what is left to ask (see [`nodes`](super)). The answer
//! is the event of the smallest rule index over all roots.
//!
//! | kind | finds by |
//! | --- | --- |
//! | [`ROOT_HASH`] | the literals of the fields in the mask, all at once, in a hash table |
//! | [`ROOT_PREFIX`] | the longest prefix of a field that some glob begins with, in a trie |
//! | [`ROOT_SUFFIX`] | the same from the end |
//! | [`ROOT_STARTS`], [`ROOT_ENDS`] | as the tries, in a hash table, where the texts have few lengths |
//! | [`ROOT_NODE`] | nothing: the reference is the same for every action |

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The type's bit in a mask of fields.
pub const FIELD_TYPE: u32 = 1;
/// The target's bit in a mask of fields.
pub const FIELD_TARGET: u32 = 2;
/// The agent's bit in a mask of fields.
pub const FIELD_AGENT: u32 = 4;
/// The bits of a mask, in the order in which a key has the fields.
pub const FIELDS: [u32; 3] = [FIELD_TYPE, FIELD_TARGET, FIELD_AGENT];

/// A root. They stand by kind, then by mask, each pair once.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct Root {
    /// A `ROOT_` kind.
    pub kind: U32,
    /// The fields that it looks at: one, of a trie; none, of [`ROOT_NODE`].
    pub fields: U32,
    /// Those of the fields that a key is hashed by; 0 of other kinds.
    pub hashed: U32,
    /// The first word in `BUCKETS`, the first slot in `SLOTS`, or the reference.
    pub first: U32,
    /// The number of buckets or of slots; of [`ROOT_NODE`] 0.
    pub count: U32,
    /// The number of pilots of a hash table, which may have none; 0 of other kinds.
    pub pilots: U32,
    /// The smallest rule index that it can give.
    pub first_rule: U32,
    /// Of [`ROOT_STARTS`] and [`ROOT_ENDS`], zeros of other kinds.
    pub lengths: [AffixLength; MAX_LENGTHS],
    /// Zero.
    pub reserved: U32,
    /// The seed of the hash; 0 of other kinds.
    pub seed: U64,
}

/// A hash table over literals, in which one look finds a key.
///
/// First come the pilots, 16 bits each, and filled up to a word, then the buckets. With the [`hash_key`](super::hash_key)
/// of a key's hashed fields, [`pilot_of`](super::pilot_of) gives its pilot, and [`bucket_of`](super::bucket_of) the
/// only bucket in which it can stand. Without pilots each is 0.
///
/// A bucket is a row of words: the low half of the hash, a reference, a bound, where the literals of the fields of the
/// mask begin in `STRINGS`, one behind the other, and the length of each. No rule below the bound that is found by
/// another root, or by another key, matches an action with these literals: an event below it is the answer. A bucket
/// without a key has [`NO_EVENT`](super::NO_EVENT) and zeros.
pub const ROOT_HASH: u32 = 0;
/// A trie over what a field begins with.
pub const ROOT_PREFIX: u32 = 3;
/// A trie over what a field ends with, read backwards.
pub const ROOT_SUFFIX: u32 = 4;
/// One reference for all.
pub const ROOT_NODE: u32 = 5;
/// A hash table over what a field begins with, where the texts have few lengths: the longest of them that the
/// field has is looked for first. It is laid out as a [`ROOT_HASH`] over one field.
pub const ROOT_STARTS: u32 = 1;
/// The same over what a field ends with.
pub const ROOT_ENDS: u32 = 2;

/// The most lengths of the texts of [`ROOT_STARTS`] and [`ROOT_ENDS`].
pub const MAX_LENGTHS: usize = 8;

/// A length of the texts of [`ROOT_STARTS`] or [`ROOT_ENDS`].
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct AffixLength {
    /// In bytes; 0 behind the last of the lengths, which descend.
    pub length: u8,
    /// The byte that all texts of this length have at the end that is not the field's: the last one of
    /// beginnings, the first one of ends.
    pub edge: u8,
    /// 1 if they have such a byte.
    pub has_edge: u8,
}

/// The words of a bucket before the lengths of its literals.
pub const BUCKET_HEAD: u32 = 4;

/// The words of a bucket of a table over these fields.
#[must_use]
pub const fn bucket_words(fields: u32) -> u32 {
    BUCKET_HEAD + fields.count_ones()
}

/// The words of so many pilots.
#[must_use]
pub const fn pilot_words(pilots: u32) -> u32 {
    pilots.div_ceil(2)
}

/// A slot of a trie, which is a *double array* (Aoe, 1989): the child of slot `s` by byte `b` is slot
/// `base + b` of the trie if that one's `parent` is `s + 1`. Slot 0 is the root. The reference of the last
/// slot of a walk that has one counts, so a slot's reference covers the prefixes of its own text too.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct Slot {
    /// Where the children begin.
    pub base: U32,
    /// The parent's slot and one; 0 of the root and of a slot that is not used.
    pub parent: U32,
    /// What is left to ask, or [`NO_EVENT`](super::NO_EVENT) if no glob's text ends here.
    pub reference: U32,
}
