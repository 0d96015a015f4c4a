//! Base64 as Python's lenient decoder reads it: characters outside the alphabet are skipped, and
//! the first complete padding ends the text.

/// The bytes, or `None` if the text stops inside a group without padding.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut position, mut padding, mut carry) = (0_u8, 0_u8, 0_u8);
    for byte in text.bytes() {
        if byte == b'=' {
            if position >= 2 {
                padding += 1;
                if position + padding >= 4 {
                    return Some(bytes);
                }
            }
            continue;
        }
        let Some(bits) = sextet(byte) else { continue };
        padding = 0;
        match position {
            0 => {}
            1 => bytes.push(carry << 2 | bits >> 4),
            2 => bytes.push(carry << 4 | bits >> 2),
            _ => bytes.push(carry << 6 | bits),
        }
        carry = bits;
        position = (position + 1) % 4;
    }
    (position == 0).then_some(bytes)
}

fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}
