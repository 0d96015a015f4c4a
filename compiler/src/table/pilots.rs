//! Perfect hashing: every key of a table in a bucket of its own, found by one look.
//!
//! Keys are put into small groups by one part of their hash, and for each group, the large ones first, a *pilot* is
//! looked for with which all its keys fall into buckets that are free: hash and displace (Pagh, 1999; Belazzougui,
//! Botelho and Dietzfelbinger, 2009). A table is hardly larger than its keys, and a search never goes on. A table of a
//! few keys does without pilots: some seed puts all of them apart, if the table may have some more buckets.

use aegis_vm::format::{bucket_of, pilot_of};

/// The keys of a group, on average.
const GROUP: usize = 4;
/// A bucket more than keys for so many keys.
const SPARE: usize = 64;
/// So many keys do without pilots.
const FEW: usize = 32;
/// How many buckets a table of few keys may have for each.
const ROOM: [usize; 4] = [1, 2, 4, 8];
/// Seeds that are tried before the keys are given up as made to collide.
const SEEDS: u64 = 32;

/// Which key stands in which bucket.
pub(super) struct Layout {
    pub(super) seed: u64,
    pub(super) pilots: Vec<u16>,
    pub(super) buckets: Vec<Option<usize>>,
}

/// A layout of so many distinct keys, of which `hash` gives the hash with a seed; `None` only for keys that were
/// made to collide whatever the seed, or too many for 32 bits.
pub(super) fn lay_out(keys: usize, hash: impl Fn(u64, usize) -> u64) -> Option<Layout> {
    // The seeds depend on every key, so that keys cannot be chosen for a known seed.
    let base = (0..keys).fold(0, &hash);
    let seeds = (0..SEEDS).map(|seed| base.wrapping_add(seed));
    if keys <= FEW {
        let tries = ROOM.into_iter().flat_map(|room| seeds.clone().map(move |seed| (room, seed)));
        let apart = { tries }.find_map(|(room, seed)| {
            let buckets = apart((0..keys).map(|key| hash(seed, key)), room * keys)?;
            Some(Layout { seed, pilots: Vec::new(), buckets })
        });
        if apart.is_some() {
            return apart;
        }
    }
    { seeds }.find_map(|seed| try_seed(seed, (0..keys).map(|key| hash(seed, key)).collect()))
}

/// The buckets, so many, if no two keys share one.
fn apart(hashes: impl Iterator<Item = u64>, count: usize) -> Option<Vec<Option<usize>>> {
    let mut buckets = vec![None; count];
    let count = u32::try_from(count).ok()?;
    for (key, hash) in hashes.enumerate() {
        let bucket = buckets.get_mut(bucket_of(hash, 0, count))?;
        if bucket.replace(key).is_some() {
            return None;
        }
    }
    Some(buckets)
}

fn try_seed(seed: u64, hashes: Vec<u64>) -> Option<Layout> {
    let keys = hashes.len();
    let count = u32::try_from(keys + keys / SPARE).ok()?;
    let groups = u32::try_from(keys.div_ceil(GROUP)).ok()?;
    // The keys by group, the groups by size.
    let mut order: Vec<usize> = (0..keys).collect();
    let group_of = |key: &usize| hashes.get(*key).map_or(0, |&hash| pilot_of(hash, groups));
    order.sort_by_cached_key(group_of);
    let mut members: Vec<&[usize]> = order.chunk_by(|a, b| group_of(a) == group_of(b)).collect();
    members.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let mut pilots = vec![0; usize::try_from(groups).ok()?];
    let mut buckets: Vec<Option<usize>> = vec![None; usize::try_from(count).ok()?];
    let mut places = Vec::new();
    for group in members {
        let own: Vec<u64> = group.iter().filter_map(|&key| hashes.get(key).copied()).collect();
        let pilot = (0..=u16::MAX).find(|&pilot| {
            places.clear();
            own.iter().all(|&hash| {
                let place = bucket_of(hash, pilot, count);
                let free = buckets.get(place).is_some_and(Option::is_none) && !places.contains(&place);
                places.push(place);
                free
            })
        })?;
        for (&place, &key) in places.iter().zip(group) {
            *buckets.get_mut(place)? = Some(key);
        }
        *pilots.get_mut(group.first().map(group_of)?)? = pilot;
    }
    Some(Layout { seed, pilots, buckets })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use aegis_vm::format::hash_bytes;

    /// Each key is in the bucket where it is looked for, and the table has few others.
    #[test]
    fn each_key_is_found_by_one_look() {
        for keys in (0..200).chain([1_000, 30_000]) {
            let text = |key: usize| format!("action_{key}");
            let layout = lay_out(keys, |seed, key| hash_bytes(seed, text(key).as_bytes())).unwrap();
            let count = u32::try_from(layout.buckets.len()).unwrap();
            let pilots = u32::try_from(layout.pilots.len()).unwrap();
            assert!(layout.buckets.len() <= if keys <= 32 { 8 * keys } else { keys + keys / 64 });
            for key in 0..keys {
                let hash = hash_bytes(layout.seed, text(key).as_bytes());
                let pilot = layout.pilots.get(pilot_of(hash, pilots)).copied().unwrap_or(0);
                assert_eq!(layout.buckets[bucket_of(hash, pilot, count)], Some(key));
            }
        }
    }

    #[test]
    fn keys_of_one_hash_are_given_up() {
        assert!(lay_out(2, |seed, _| seed).is_none());
    }
}
