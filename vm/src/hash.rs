//! The hashes that find a bucket. Part of the format: the compiler lays tables out by them.

/// The hash of a key of some fields: of the [`hash_text`] of each, in the order type, target, agent; fields that
/// are not in the key are left out.
///
/// Not meant to resist chosen keys: the compiler bounds the probes of every table that it writes, and
/// a request can add none.
#[must_use]
#[inline]
pub fn hash_key(seed: u64, fields: impl IntoIterator<Item = u64>) -> u64 {
    fields.into_iter().fold(seed, |state, field| fold(state ^ field, 0xe703_7ed1_a0b4_28db))
}

/// The hash of a text; see [`hash_bytes`].
#[must_use]
#[inline]
pub fn hash_text(text: &str) -> u64 {
    hash_bytes(text.as_bytes())
}

/// The hash of bytes: multiply and fold over eight bytes at a time, as in wyhash, the length mixed
/// in at the end. The last eight bytes may overlap those before.
#[must_use]
#[inline]
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut state = 0x2d35_8dcc_aa6c_78a5;
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
