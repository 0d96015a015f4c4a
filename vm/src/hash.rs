//! The hashes that find a bucket. Part of the format: the compiler lays tables out by them.

/// The hash of a shape's key: of the [`hash_text`] of its literal fields, in the order type, target,
/// agent; the fields that are not in the mask are left out. A table of `n` buckets is searched from
/// `hash >> 32 & (n - 1)`.
///
/// Not meant to resist chosen keys: the compiler bounds the probes of every table that it writes, and
/// a request can add none.
#[must_use]
pub fn hash_key(seed: u64, fields: impl IntoIterator<Item = u64>) -> u64 {
    let mut state = seed ^ 0xa076_1d64_78bd_642f;
    for field in fields {
        state = fold(state ^ field, 0xe703_7ed1_a0b4_28db);
    }
    fold(state, 0x5899_65cc_7537_4cc3)
}

/// The hash of a text: multiply and fold over eight bytes at a time, as in wyhash, the length mixed
/// in at the end.
#[must_use]
pub fn hash_text(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut state = 0x2d35_8dcc_aa6c_78a5;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
        state = fold(state ^ word, 0xe703_7ed1_a0b4_28db);
    }
    // The rest as a number: two words of four bytes that overlap, or the bytes one by one.
    let rest = chunks.remainder();
    let tail = match (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        _ => rest.iter().fold(0, |tail, &byte| tail << 8 | u64::from(byte)),
    };
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    fold(state ^ tail, 0x8ebc_6af0_9c88_c6e3 ^ length)
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    // The halves of a u128 fit; the conversions cannot fail.
    u64::try_from(product >> 64).unwrap_or(0) ^ u64::try_from(product & u128::from(u64::MAX)).unwrap_or(0)
}
