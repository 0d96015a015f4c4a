//! The symbols that a scan for words steps over. Part of the format: the compiler makes needles of words
//! by them, and the loader proves the needles.

/// What stands before, after and between words.
pub const BORDER: u8 = b' ';

/// The byte that a scan for words takes a byte for: letters in lower case, [`BORDER`] for what is in no
/// word.
#[must_use]
pub const fn word_symbol(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' | b'0'..=b'9' | b'_' => byte,
        b'A'..=b'Z' => byte.to_ascii_lowercase(),
        _ => BORDER,
    }
}

/// The needles of a word: itself between its borders.
pub fn word_needles(word: &str) -> impl Iterator<Item = Vec<u8>> {
    const BORDERS: [(u8, u8); 4] = [(BORDER, BORDER), (BORDER, b'_'), (b'_', BORDER), (b'_', b'_')];
    let borders = if word.contains('_') { BORDERS.get(..1) } else { BORDERS.get(..) };
    borders.unwrap_or_default().iter().map(move |&(before, after)| {
        let mut needle = vec![before];
        needle.extend_from_slice(word.as_bytes());
        needle.push(after);
        needle
    })
}
