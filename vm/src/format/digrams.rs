//! The symbols of digrams, two bytes of a text one behind the other.

/// The symbol of the first byte of a character that is not ASCII.
pub const SYMBOL_LEAD: u8 = 61;
/// The symbol of the other bytes of such a character.
pub const SYMBOL_FURTHER: u8 = 62;
/// The clauses of a pattern: a text in which it is found has a digram of each.
pub const DIGRAM_CLAUSES: usize = 2;
/// The digrams of a clause; fewer are repeated.
pub const DIGRAM_ALTERNATIVES: usize = 4;

/// The symbol of a byte, 1 to 62; 0 is the start of the text. A letter's is that of its place in the
/// alphabet, digits have one, so have all whitespace and control characters, punctuation has one each.
#[must_use]
pub const fn digram_symbol(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => byte - b'a' + 1,
        b'A'..=b'Z' => byte - b'A' + 1,
        b'0'..=b'9' => 27,
        0..=b' ' | 0x7f => 28,
        b'!'..=b'/' => byte - b'!' + 29,
        b':'..=b'@' => byte - b':' + 44,
        b'['..=b'`' => byte - b'[' + 51,
        b'{'..=b'~' => byte - b'{' + 57,
        0x80..=0xbf => SYMBOL_FURTHER,
        _ => SYMBOL_LEAD,
    }
}

#[cfg(test)]
mod tests {
    use super::{SYMBOL_FURTHER, digram_symbol};
    use std::collections::BTreeMap;

    #[test]
    fn each_symbol_has_its_bytes() {
        let mut bytes: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
        (0..=u8::MAX).for_each(|byte| bytes.entry(digram_symbol(byte)).or_default().push(byte));
        assert!(bytes.keys().copied().eq(1..=SYMBOL_FURTHER));
        for of_one in bytes.into_values() {
            let alike = |kind: fn(&u8) -> bool| of_one.iter().all(kind);
            let letter = of_one.len() == 2 && of_one[0].eq_ignore_ascii_case(&of_one[1]);
            let digits = of_one.len() == 10 && alike(u8::is_ascii_digit);
            let blank = of_one.len() == 34 && alike(|&byte| byte <= b' ' || byte == 0x7f);
            let further = of_one.len() == 64 && alike(|&byte| byte & 0xc0 == 0x80);
            let lead = of_one.len() == 64 && alike(|&byte| byte >= 0xc0);
            let mark = of_one.len() == 1 && alike(u8::is_ascii_punctuation);
            assert!(letter || digits || blank || further || lead || mark, "{of_one:?}");
        }
    }
}
