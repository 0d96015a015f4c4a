//! The hash table of a root: the bucket in which the literals of an action can stand, and whether they do; drawn
//! in [`ROOT_HASH`](crate::format::ROOT_HASH).

use crate::Request;
use crate::format::{
    BUCKET_HEAD, FIELD_TARGET, FIELD_TYPE, FIELDS, Root, bucket_of, bucket_words, hash_bytes, hash_key,
    low_half, pilot_of, pilot_words,
};
use crate::roots::Found;
use crate::tables::{Table, Tables, index};
use zerocopy::little_endian::{U16, U32};

/// A hash table over literals.
pub(crate) struct Literals {
    /// The pilots, and what fills them up to a word.
    halves: Table<U16>,
    buckets: Table<U32>,
    keys: Keys,
    /// The words of a bucket.
    width: usize,
    /// How many pilots and buckets.
    counts: [u32; 2],
    seed: u64,
}

/// What the keys of a table are made of; the two that most policies have are asked without a loop.
enum Keys {
    Type,
    /// Type and target, hashed by the type.
    TypeAndTarget,
    Fields {
        all: u32,
        hashed: u32,
    },
}

/// The fields of the keys of [`Keys::TypeAndTarget`].
const TYPE_AND_TARGET: u32 = FIELD_TYPE | FIELD_TARGET;

/// The words of a bucket before the lengths of its literals, as an index.
const HEAD: usize = 4;
const _: () = assert!(BUCKET_HEAD == 4);

/// What a glance at a bucket shows.
#[derive(Clone, Copy, Default)]
pub(crate) struct Glance {
    /// Whether the hash is the one that is looked for.
    pub(crate) alike: bool,
    /// Where the literals of the key begin.
    pub(crate) text: U32,
}

impl Literals {
    /// The table of a root; `None` if it does not lie within the section.
    pub(crate) fn of(tables: &Tables, root: &Root) -> Option<Self> {
        let fields = root.fields.get();
        let pilots = pilot_words(root.pilots.get());
        let words = root.count.get().checked_mul(bucket_words(fields))?;
        let first = root.first.get().checked_add(pilots)?;
        Some(Literals {
            halves: Table::within(tables.buckets, root.first, U32::new(pilots))?.halves(),
            buckets: Table::within(tables.buckets, U32::new(first), U32::new(words))?,
            keys: match (fields, root.hashed.get()) {
                (FIELD_TYPE, _) => Keys::Type,
                (TYPE_AND_TARGET, FIELD_TYPE) => Keys::TypeAndTarget,
                (all, hashed) => Keys::Fields { all, hashed },
            },
            width: usize::try_from(bucket_words(fields)).ok()?,
            counts: [root.pilots.get(), root.count.get()],
            seed: root.seed.get(),
        })
    }

    /// The buckets, each so many words, one behind the other.
    pub(crate) fn buckets<'p>(&self, tables: &'p Tables) -> impl Iterator<Item = &'p [U32]> + use<'p> {
        self.buckets.slice(&tables.bytes).unwrap_or_default().chunks_exact(self.width)
    }

    /// The words of the whole table.
    pub(crate) fn words(&self) -> usize {
        self.halves.len() / 2 + self.buckets.len()
    }

    /// Whether the half word behind an odd number of pilots is zero.
    pub(crate) fn is_filled_up(&self, tables: &Tables) -> bool {
        let [count, _] = self.counts;
        let Ok(count) = usize::try_from(count) else { return false };
        count % 2 == 0 || self.halves.chunk(&tables.bytes, count).is_some_and(|[last]| last.get() == 0)
    }

    /// What the key that an action has leads to.
    #[inline]
    pub(crate) fn find(&self, tables: &Tables, request: &Request<'_>) -> Found {
        let found = match self.keys {
            Keys::Type => self.of_text(tables, request.kind.as_bytes()),
            Keys::TypeAndTarget => self.of_type_and_target(tables, request.kind, request.target),
            Keys::Fields { all, hashed } => self.of_fields(tables, request, all, hashed),
        };
        found.unwrap_or(Found::INCONSISTENT)
    }

    // These are apart, so that each has the registers for itself.

    /// What a key of one field leads to.
    #[inline(never)]
    pub(crate) fn of_text(&self, tables: &Tables, text: &[u8]) -> Option<Found> {
        let hash = hash_bytes(self.seed, text);
        let [own, reference, bound, offset, length] =
            self.buckets.chunk(&tables.bytes, self.place(tables, hash)? * (HEAD + 1))?;
        if own.get() != low_half(hash) || index(*length) != text.len() {
            return Some(Found::NOTHING);
        }
        let key = tables.bytes_of_strings(*offset, *length)?;
        Some(if same(key, text) { Found::new(reference.get(), bound.get()) } else { Found::NOTHING })
    }

    #[inline(never)]
    fn of_type_and_target(&self, tables: &Tables, kind: &str, target: &str) -> Option<Found> {
        let hash = hash_bytes(self.seed, kind.as_bytes());
        let bucket = self.buckets.chunk(&tables.bytes, self.place(tables, hash)? * (HEAD + 2))?;
        let [own, reference, bound, offset, kind_length, target_length] = bucket;
        let lengths = (index(*kind_length), index(*target_length));
        if own.get() != low_half(hash) || lengths != (kind.len(), target.len()) {
            return Some(Found::NOTHING);
        }
        let start = index(*offset);
        let key = tables.strings.as_bytes().get(start..start.checked_add(lengths.0 + lengths.1)?)?;
        let (own_kind, own_target) = key.split_at_checked(lengths.0)?;
        let found = same(own_kind, kind.as_bytes()) && same(own_target, target.as_bytes());
        Some(if found { Found::new(reference.get(), bound.get()) } else { Found::NOTHING })
    }

    #[inline(never)]
    fn of_fields(&self, tables: &Tables, request: &Request<'_>, all: u32, hashed: u32) -> Option<Found> {
        let hash = self.hash_of(request, hashed);
        let place = self.place(tables, hash)? * self.width;
        let bucket = self.buckets.slice(&tables.bytes)?.get(place..)?.get(..self.width)?;
        let ([own, reference, bound, offset], lengths) = bucket.split_first_chunk::<HEAD>()?;
        if own.get() != low_half(hash) {
            return Some(Found::NOTHING);
        }
        let mut key = tables.strings.as_bytes().get(index(*offset)..)?;
        for (bit, length) in FIELDS.into_iter().filter(|bit| all & bit != 0).zip(lengths) {
            let (literal, rest) = key.split_at_checked(index(*length))?;
            if !same(literal, request.field(bit).as_bytes()) {
                return Some(Found::NOTHING);
            }
            key = rest;
        }
        Some(Found::new(reference.get(), bound.get()))
    }

    fn hash_of(&self, request: &Request<'_>, hashed: u32) -> u64 {
        let own = FIELDS.into_iter().filter(|bit| hashed & bit != 0);
        hash_key(self.seed, own.map(|bit| request.field(bit).as_bytes()))
    }

    /// The bucket of a hash.
    #[inline(always)]
    fn place(&self, tables: &Tables, hash: u64) -> Option<usize> {
        let [pilots, buckets] = self.counts;
        if pilots == 0 {
            return Some(bucket_of(hash, 0, buckets));
        }
        let [pilot] = self.halves.chunk(&tables.bytes, pilot_of(hash, pilots))?;
        Some(bucket_of(hash, pilot.get(), buckets))
    }

    /// The bucket in which the literals of an action can stand.
    pub(crate) fn glance(&self, tables: &Tables, request: &Request<'_>) -> Option<Glance> {
        let hash = match self.keys {
            Keys::Type | Keys::TypeAndTarget => self.hash_of(request, FIELD_TYPE),
            Keys::Fields { hashed, .. } => self.hash_of(request, hashed),
        };
        let [own, _, _, offset] =
            self.buckets.chunk(&tables.bytes, self.place(tables, hash)? * self.width)?;
        Some(Glance { alike: own.get() == low_half(hash), text: *offset })
    }
}

/// Whether two texts are the same. Short ones are compared by words that may overlap.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a.len() > 16 {
        return a == b;
    }
    match (a.first_chunk::<8>(), a.last_chunk::<8>(), b.first_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(a), Some(z), Some(b), Some(y)) => a == b && z == y,
        _ => match (a.first_chunk::<4>(), a.last_chunk::<4>(), b.first_chunk::<4>(), b.last_chunk::<4>()) {
            (Some(a), Some(z), Some(b), Some(y)) => a == b && z == y,
            _ => a.iter().eq(b),
        },
    }
}
