//! Where text in quotes may end: the quotes, backslashes and control characters of a block, as bits.
//!
//! One bit for each byte, as Langdale and Lemire have it ("Parsing gigabytes of JSON per second", 2019), but made
//! when a position is asked for, and from any position on: what asks knows whether it is within quotes.

/// The bytes of a block.
pub(super) const BLOCK: usize = 64;

const WORD: usize = size_of::<u64>();

/// The bits of a block: the lowest is that of its first byte.
///
/// The comparisons become vector instructions, as there is no branch among them.
#[inline]
pub(super) fn of(block: &[u8; BLOCK]) -> u64 {
    let marked = block.map(|byte| u8::from((byte == b'"') | (byte == b'\\') | (byte < b' ')));
    let (words, _) = marked.as_chunks::<WORD>();
    words.iter().rev().fold(0, |bits, &word| bits << WORD | gathered(u64::from_le_bytes(word)))
}

/// The lowest bit of each byte, side by side: the product moves each to a place of its own in the last byte.
#[inline]
fn gathered(word: u64) -> u64 {
    word.wrapping_mul(0x0102_0408_1020_4080) >> (u64::BITS - 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One byte after the other.
    fn plainly(block: &[u8; BLOCK]) -> u64 {
        let marked = |byte: u8| u64::from(matches!(byte, b'"' | b'\\' | ..b' '));
        block.iter().rev().fold(0, |bits, &byte| bits << 1 | marked(byte))
    }

    #[test]
    fn every_byte_in_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..BLOCK {
                for around in [b'a', b'"', 0xff] {
                    let mut block = [around; BLOCK];
                    block[place] = byte;
                    assert_eq!(of(&block), plainly(&block), "{byte} at {place}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_block(block in proptest::array::uniform::<_, BLOCK>(0u8..=255)) {
            prop_assert_eq!(of(&block), plainly(&block));
        }
    }
}
