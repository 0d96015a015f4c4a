//! What a root finds for the fields of an action; drawn in [`Root`].

use crate::Request;
use crate::format::{
    AffixLength, FIELD_TARGET, FIELD_TYPE, FIELDS, MAX_LENGTHS, NO_EVENT, ROOT_ENDS, ROOT_HASH, ROOT_NODE,
    ROOT_PREFIX, ROOT_STARTS, ROOT_SUFFIX, Root, Slot, bucket_words, hash_bytes, hash_key, hash_text,
};
use crate::tables::{Table, Tables, index};
use zerocopy::little_endian::U32;

/// A root, ready to be asked.
pub(crate) struct LoadedRoot {
    finder: Finder,
    first_rule: u32,
}

/// The fields of the keys of [`Keys::TypeAndTarget`].
const TYPE_AND_TARGET: u32 = FIELD_TYPE | FIELD_TARGET;

enum Finder {
    Hash(HashTable),
    Prefix(u32, Table<Slot>),
    Suffix(u32, Table<Slot>),
    Starts(u32, HashTable, [AffixLength; MAX_LENGTHS]),
    Ends(u32, HashTable, [AffixLength; MAX_LENGTHS]),
    Node(u32),
}

struct HashTable {
    buckets: Table<U32>,
    keys: Keys,
    /// The words of a bucket.
    width: usize,
    count: u32,
    max_probes: u32,
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

/// What a root finds, in one number: what is left to ask, and the first rule that other roots may have for the
/// action, as far as this one knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found(u64);

impl Found {
    /// Nothing. Other roots may have any rule.
    const NOTHING: Found = Found::new(NO_EVENT, 0);
    /// A table is inconsistent. No reference to an error is so high.
    pub(crate) const INCONSISTENT: Found = Found::new(NO_EVENT - 1, 0);

    #[expect(clippy::as_conversions, reason = "from 32 bits to 64, in a const fn")]
    const fn new(reference: u32, bound: u32) -> Self {
        Found((bound as u64) << 32 | reference as u64)
    }

    #[inline]
    pub(crate) fn reference(self) -> u32 {
        u32::try_from(self.0 & u64::from(u32::MAX)).unwrap_or(0)
    }

    #[inline]
    pub(crate) fn bound(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(0)
    }
}

impl LoadedRoot {
    /// The root of a record that was checked.
    pub(crate) fn of(tables: &Tables, root: &Root) -> Option<Self> {
        let fields = root.fields.get();
        let field = FIELDS.into_iter().position(|bit| bit == fields);
        let slots = || Table::within(tables.slots, root.first, root.count);
        let finder = match (root.kind.get(), field) {
            (ROOT_HASH, _) => Finder::Hash(HashTable::of(tables, root)?),
            (ROOT_STARTS, Some(_)) => Finder::Starts(fields, HashTable::of(tables, root)?, root.lengths),
            (ROOT_ENDS, Some(_)) => Finder::Ends(fields, HashTable::of(tables, root)?, root.lengths),
            (ROOT_PREFIX, Some(_)) => Finder::Prefix(fields, slots()?),
            (ROOT_SUFFIX, Some(_)) => Finder::Suffix(fields, slots()?),
            (ROOT_NODE, _) => Finder::Node(root.first.get()),
            _ => return None,
        };
        Some(LoadedRoot { finder, first_rule: root.first_rule.get() })
    }

    /// The smallest rule index that it can give.
    #[inline]
    pub(crate) fn first_rule(&self) -> u32 {
        self.first_rule
    }

    /// What a search in the root's hash table will look at first; `None` if it has none.
    pub(crate) fn glance(&self, tables: &Tables, request: &Request<'_>) -> Option<Glance> {
        match &self.finder {
            Finder::Hash(table) => table.glance(tables, request),
            _ => None,
        }
    }

    /// What the root has for an action.
    #[inline]
    pub(crate) fn find(&self, tables: &Tables, request: &Request<'_>) -> Found {
        match &self.finder {
            Finder::Hash(table) => table.find(tables, request),
            Finder::Prefix(field, slots) => walk(tables, *slots, request.field(*field).bytes()),
            Finder::Suffix(field, slots) => walk(tables, *slots, request.field(*field).bytes().rev()),
            Finder::Starts(field, table, lengths) => {
                table.of_start(tables, request.field(*field).as_bytes(), lengths)
            }
            Finder::Ends(field, table, lengths) => {
                table.of_end(tables, request.field(*field).as_bytes(), lengths)
            }
            Finder::Node(reference) => Found::new(*reference, 0),
        }
    }
}

impl HashTable {
    fn of(tables: &Tables, root: &Root) -> Option<Self> {
        let fields = root.fields.get();
        let words = root.count.get().checked_mul(bucket_words(fields))?;
        Some(HashTable {
            buckets: Table::within(tables.buckets, root.first, U32::new(words))?,
            keys: match (fields, root.hashed.get()) {
                (FIELD_TYPE, _) => Keys::Type,
                (TYPE_AND_TARGET, FIELD_TYPE) => Keys::TypeAndTarget,
                (all, hashed) => Keys::Fields { all, hashed },
            },
            width: usize::try_from(bucket_words(fields)).ok()?,
            count: root.count.get(),
            max_probes: root.max_probes.get(),
            seed: root.seed.get(),
        })
    }

    /// What the longest of the keys that a text begins with has.
    #[inline(never)]
    fn of_start(&self, tables: &Tables, text: &[u8], lengths: &[AffixLength]) -> Found {
        for AffixLength { length, edge, has_edge } in lengths {
            let Some(start) = text.get(..usize::from(*length)) else { continue };
            if *has_edge == 0 || start.last() == Some(edge) {
                match self.of_affix(tables, start) {
                    Some(Found::NOTHING) => {}
                    found => return found.unwrap_or(Found::INCONSISTENT),
                }
            }
        }
        Found::NOTHING
    }

    /// What the longest of the keys that a text ends with has.
    #[inline(never)]
    fn of_end(&self, tables: &Tables, text: &[u8], lengths: &[AffixLength]) -> Found {
        for AffixLength { length, edge, has_edge } in lengths {
            let Some(from) = text.len().checked_sub(usize::from(*length)) else { continue };
            let Some(end) = text.get(from..) else { continue };
            if *has_edge == 0 || end.first() == Some(edge) {
                match self.of_affix(tables, end) {
                    Some(Found::NOTHING) => {}
                    found => return found.unwrap_or(Found::INCONSISTENT),
                }
            }
        }
        Found::NOTHING
    }

    #[inline]
    fn of_affix(&self, tables: &Tables, affix: &[u8]) -> Option<Found> {
        let hash = hash_key(self.seed, [hash_bytes(affix)]);
        self.search(tables, hash, |key| is(tables, key, affix))
    }

    #[inline]
    fn find(&self, tables: &Tables, request: &Request<'_>) -> Found {
        let found = match self.keys {
            Keys::Type => self.of_type(tables, request.kind),
            Keys::TypeAndTarget => self.of_type_and_target(tables, request.kind, request.target),
            Keys::Fields { all, hashed } => self.of_fields(tables, request, all, hashed),
        };
        found.unwrap_or(Found::INCONSISTENT)
    }

    // These are apart, so that their loops have the registers for themselves.

    #[inline(never)]
    fn of_type(&self, tables: &Tables, kind: &str) -> Option<Found> {
        let hash = hash_key(self.seed, [hash_text(kind)]);
        self.search(tables, hash, |key| is(tables, key, kind.as_bytes()))
    }

    #[inline(never)]
    fn of_type_and_target(&self, tables: &Tables, kind: &str, target: &str) -> Option<Found> {
        let hash = hash_key(self.seed, [hash_text(kind)]);
        self.search(tables, hash, |key| {
            Some(is(tables, key, kind.as_bytes())? && is(tables, key.get(2..)?, target.as_bytes())?)
        })
    }

    #[inline(never)]
    fn of_fields(&self, tables: &Tables, request: &Request<'_>, all: u32, hashed: u32) -> Option<Found> {
        self.search(tables, self.hash_of(request, hashed), |key| {
            let mut key = key;
            for bit in FIELDS {
                if all & bit != 0 {
                    if !is(tables, key, request.field(bit).as_bytes())? {
                        return Some(false);
                    }
                    key = key.get(2..)?;
                }
            }
            Some(true)
        })
    }

    fn hash_of(&self, request: &Request<'_>, hashed: u32) -> u64 {
        let own = FIELDS.into_iter().filter(|bit| hashed & bit != 0);
        hash_key(self.seed, own.map(|bit| hash_text(request.field(bit))))
    }

    /// The bucket at which a search for an action begins: whether its hash is the one, where its literal stands.
    fn glance(&self, tables: &Tables, request: &Request<'_>) -> Option<Glance> {
        let hash = match self.keys {
            Keys::Type | Keys::TypeAndTarget => self.hash_of(request, FIELD_TYPE),
            Keys::Fields { hashed, .. } => self.hash_of(request, hashed),
        };
        let buckets = self.buckets.slice(&tables.bytes)?;
        let bucket = buckets.get(first_bucket(hash, self.count) * self.width..)?;
        let [own, _, _, offset, ..] = bucket else { return None };
        Some(Glance { alike: own.get() == low_half(hash), text: *offset })
    }

    /// What the bucket with a key of this hash has; `has_key` says whether a key is the one.
    #[inline]
    fn search(&self, tables: &Tables, hash: u64, has_key: impl Fn(&[U32]) -> Option<bool>) -> Option<Found> {
        let buckets = self.buckets.slice(&tables.bytes)?;
        let low = low_half(hash);
        let mut at = first_bucket(hash, self.count) * self.width;
        for _ in 0..self.max_probes {
            let [own, reference, bound, key @ ..] = buckets.get(at..)? else { return None };
            if own.get() == low && has_key(key)? {
                return Some(Found::new(reference.get(), bound.get()));
            }
            if reference.get() == NO_EVENT {
                break;
            }
            at += self.width;
            if at >= buckets.len() {
                at = 0;
            }
        }
        Some(Found::NOTHING)
    }
}

/// What a glance at the first bucket of a search shows.
#[derive(Clone, Copy, Default)]
pub(crate) struct Glance {
    /// Whether the hash is the one that is looked for.
    pub(crate) alike: bool,
    /// Where the literal of the key begins.
    pub(crate) text: U32,
}

/// Whether a text is the first of a key.
#[inline]
fn is(tables: &Tables, key: &[U32], text: &[u8]) -> Option<bool> {
    let [offset, length] = key.first_chunk()?;
    Some(same(tables.bytes_of_strings(*offset, *length)?, text))
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

/// The buckets of a hash root.
pub(crate) fn buckets<'p>(tables: &'p Tables, root: &Root) -> Option<&'p [U32]> {
    let words = root.count.get().checked_mul(bucket_words(root.fields.get()))?;
    tables.buckets.run(&tables.bytes, root.first, U32::new(words))
}

/// The slots of a trie.
pub(crate) fn slots<'p>(tables: &'p Tables, root: &Root) -> Option<&'p [Slot]> {
    tables.slots.run(&tables.bytes, root.first, root.count)
}

/// The bucket at which a search among so many begins.
fn first_bucket(hash: u64, count: u32) -> usize {
    usize::try_from(((hash >> 32) * u64::from(count)) >> 32).unwrap_or(usize::MAX)
}

/// The half of a hash that a bucket keeps.
fn low_half(hash: u64) -> u32 {
    u32::try_from(hash & u64::from(u32::MAX)).unwrap_or(0)
}

/// The last reference on the way of a text through a trie.
#[inline(never)]
fn walk(tables: &Tables, slots: Table<Slot>, text: impl Iterator<Item = u8>) -> Found {
    let slots = slots.slice(&tables.bytes).unwrap_or_default();
    let Some(mut slot) = slots.first() else { return Found::INCONSISTENT };
    let mut reference = slot.reference.get();
    // The parent of a child is its slot and one.
    let mut parent = 1;
    for byte in text {
        let child = index(slot.base) + usize::from(byte);
        slot = match slots.get(child) {
            Some(next) if index(next.parent) == parent => next,
            _ => break,
        };
        parent = child + 1;
        if slot.reference.get() != NO_EVENT {
            reference = slot.reference.get();
        }
    }
    Found::new(reference, 0)
}
