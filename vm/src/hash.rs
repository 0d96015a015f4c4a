//! The hashes that find a bucket. Part of the format: the compiler lays tables out by them.

/// The hash of a key of some fields: each is hashed with the hash of those before it as its seed.
///
/// Not meant to resist chosen keys: the compiler gives every key of a table a bucket of its own, and a request can
/// add none.
#[must_use]
#[inline]
pub fn hash_key<'k>(seed: u64, fields: impl IntoIterator<Item = &'k [u8]>) -> u64 {
    fields.into_iter().fold(seed, hash_bytes)
}

/// The hash of a text; see [`hash_bytes`].
#[must_use]
#[inline]
pub fn hash_text(text: &str) -> u64 {
    hash_bytes(0x2d35_8dcc_aa6c_78a5, text.as_bytes())
}

/// The pilot of a hash, among so many.
#[must_use]
#[inline]
pub fn pilot_of(hash: u64, pilots: u32) -> usize {
    usize::try_from(((hash >> 32) * u64::from(pilots)) >> 32).unwrap_or(usize::MAX)
}

/// The bucket of a hash that has this pilot, among so many.
#[must_use]
#[inline]
pub fn bucket_of(hash: u64, pilot: u16, buckets: u32) -> usize {
    let place = low_half(hash).wrapping_add(low_half(hash >> 16).wrapping_mul(u32::from(pilot)));
    usize::try_from((u64::from(place) * u64::from(buckets)) >> 32).unwrap_or(usize::MAX)
}

/// The low half of a hash, which a bucket keeps.
#[must_use]
#[inline]
pub fn low_half(hash: u64) -> u32 {
    u32::try_from(hash & u64::from(u32::MAX)).unwrap_or(0)
}

/// The hash of bytes: multiply and fold over eight bytes at a time, as in wyhash, the length mixed
/// in at the end. The last eight bytes may overlap those before.
#[must_use]
#[inline]
pub fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut state = seed;
    let last = match (bytes.last_chunk::<8>(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(last), ..) => {
            let mut rest = bytes;
            while let Some((chunk, after)) = rest.split_first_chunk::<8>()
                && !after.is_empty()
            {
                state = fold(state ^ u64::from_le_bytes(*chunk), 0xe703_7ed1_a0b4_28db);
                rest = after;
            }
            u64::from_le_bytes(*last)
        }
        (None, Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        _ => match *bytes {
            [] => 0,
            [a] => u64::from(a),
            [a, b] => u64::from(a) << 8 | u64::from(b),
            [a, b, c, ..] => u64::from(a) << 16 | u64::from(b) << 8 | u64::from(c),
        },
    };
    fold(state ^ last, 0x8ebc_6af0_9c88_c6e3 ^ length)
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    // The halves of a u128 fit; the conversions cannot fail.
    u64::try_from(product >> 64).unwrap_or(0) ^ u64::try_from(product & u128::from(u64::MAX)).unwrap_or(0)
}
