//! The hash tables that find a decision's candidates: one for each shape that occurs.
//!
//! A table is at most half full and no search in it looks at more than [`MAX_PROBES`] buckets: a seed
//! that gives longer searches is passed over, and a table that no seed suits is doubled.

use super::globs::Globs;
use super::{TooLarge, number};
use aegis_vm::format::{Bucket, MAX_PROBES, SHAPE_FIELDS, Shape, hash_key};
use std::collections::BTreeMap;
use std::collections::HashMap;
use zerocopy::little_endian::{U32, U64};

/// Seeds that are tried before a table is doubled.
const SEEDS: u64 = 8;
/// How often a table is doubled before the keys are given up as made to collide.
const DOUBLINGS: u32 = 5;

/// The literal fields of a rule, each by the place of its glob: equal globs stand in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Key {
    mask: u32,
    literals: Vec<Literal>,
}

/// A literal field, with the hash of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Literal {
    glob: u32,
    hash: u64,
}

impl Key {
    /// The key of a rule with these globs.
    pub(super) fn of(globs: [U32; 3], all: &Globs) -> Self {
        let mut key = Key::default();
        for (bit, glob) in SHAPE_FIELDS.into_iter().zip(globs) {
            if let Some(hash) = all.literal_hash(glob) {
                key.mask |= bit;
                key.literals.push(Literal { glob: glob.get(), hash });
            }
        }
        key
    }

    fn hash(&self, seed: u64) -> u64 {
        hash_key(seed, self.literals.iter().map(|literal| literal.hash))
    }
}

/// The sections of the index.
#[derive(Default)]
pub(super) struct Index {
    pub(super) shapes: Vec<Shape>,
    pub(super) buckets: Vec<Bucket>,
    pub(super) candidates: Vec<U32>,
}

/// The index of rules with these keys, in order.
pub(super) fn build(keys: &[Key]) -> Result<Index, TooLarge> {
    // By shape, then by key in the order of its first rule.
    let mut shapes: BTreeMap<u32, Vec<(&Key, Vec<U32>)>> = BTreeMap::new();
    let mut place: HashMap<&Key, usize> = HashMap::new();
    for (rule, key) in keys.iter().enumerate() {
        let groups = shapes.entry(key.mask).or_default();
        let at = *place.entry(key).or_insert(groups.len());
        if at == groups.len() {
            groups.push((key, Vec::new()));
        }
        if let Some((_, rules)) = groups.get_mut(at) {
            rules.push(number(rule, "rules")?);
        }
    }
    let mut index = Index::default();
    for (mask, groups) in shapes {
        let layout = lay_out(&groups.iter().map(|(key, _)| *key).collect::<Vec<_>>())
            .ok_or(TooLarge("globs made to collide"))?;
        index.shapes.push(Shape {
            mask: U32::new(mask),
            first_bucket: number(index.buckets.len(), "buckets")?,
            buckets: number(layout.slots.len(), "buckets")?,
            max_probes: U32::new(layout.max_probes),
            seed: U64::new(layout.seed),
        });
        for slot in &layout.slots {
            let empty = Bucket { hash: U32::new(0), first: U32::new(0), count: U32::new(0) };
            let bucket = match slot.and_then(|group| groups.get(group)) {
                None => empty,
                Some((key, rules)) => {
                    let first = number(index.candidates.len(), "candidates")?;
                    index.candidates.extend(rules);
                    let hash = key.hash(layout.seed) & u64::from(u32::MAX);
                    let hash = U32::new(u32::try_from(hash).unwrap_or(0));
                    Bucket { hash, first, count: number(rules.len(), "candidates")? }
                }
            };
            index.buckets.push(bucket);
        }
    }
    Ok(index)
}

/// Which key stands in which bucket.
struct Layout {
    seed: u64,
    slots: Vec<Option<usize>>,
    max_probes: u32,
}

/// A layout; `None` only for keys that were made to collide whatever the seed.
fn lay_out(keys: &[&Key]) -> Option<Layout> {
    if keys.iter().all(|key| key.mask == 0) {
        return Some(Layout { seed: 0, slots: vec![Some(0)], max_probes: 1 });
    }
    // The seeds depend on every key, so that keys cannot be chosen for a known seed.
    let base = keys.iter().fold(0, |seed, key| key.hash(seed));
    let size = (keys.len() * 2).next_power_of_two();
    let sizes = (0..=DOUBLINGS).map(|doubling| size << doubling);
    let mut tries = sizes.flat_map(|size| (0..SEEDS).map(move |seed| (size, base.wrapping_add(seed))));
    tries.find_map(|(size, seed)| try_seed(keys, size, seed))
}

fn try_seed(keys: &[&Key], size: usize, seed: u64) -> Option<Layout> {
    let mut slots: Vec<Option<usize>> = vec![None; size];
    let mut max_probes = 1;
    for (at, key) in keys.iter().enumerate() {
        let home = usize::try_from(key.hash(seed) >> 32).ok()?;
        let probe = (0..MAX_PROBES).find(|&probe| {
            let place = home.wrapping_add(usize::try_from(probe).unwrap_or(0)) & (size - 1);
            slots.get(place).is_some_and(Option::is_none)
        })?;
        let place = home.wrapping_add(usize::try_from(probe).unwrap_or(0)) & (size - 1);
        *slots.get_mut(place)? = Some(at);
        max_probes = max_probes.max(probe + 1);
    }
    Some(Layout { seed, slots, max_probes })
}
