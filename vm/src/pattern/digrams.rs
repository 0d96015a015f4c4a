//! The digrams of a text, by which most of many patterns are told not to be in it.

use crate::format::{DIGRAM_ALTERNATIVES, DIGRAM_CLAUSES, digram_symbol};
use zerocopy::little_endian::U16;

/// The digrams of a text: for each symbol those that follow it, as bits.
#[derive(Clone, Copy)]
pub(super) struct Digrams([u64; 64]);

#[expect(clippy::as_conversions, reason = "a constant cannot be made by traits")]
const SYMBOLS: [u8; 256] = {
    let mut symbols = [0; 256];
    let mut byte = 0_u8;
    loop {
        symbols[byte as usize] = digram_symbol(byte);
        if byte == u8::MAX {
            break symbols;
        }
        byte += 1;
    }
};

impl Digrams {
    pub(super) fn of(text: &str) -> Self {
        let mut behind = [0_u64; 64];
        let mut before = 0;
        for &byte in text.as_bytes() {
            let symbol = SYMBOLS[usize::from(byte)];
            behind[usize::from(before & 63)] |= 1 << (symbol & 63);
            before = symbol;
        }
        Digrams(behind)
    }

    /// Whether the text has a digram of each clause.
    pub(super) fn meet(&self, clauses: &[[U16; DIGRAM_ALTERNATIVES]; DIGRAM_CLAUSES]) -> bool {
        clauses.iter().all(|clause| {
            clause.iter().fold(0, |found, digram| {
                let digram = digram.get();
                found | self.0[usize::from(digram >> 6 & 63)] >> (digram & 63)
            }) & 1
                == 1
        })
    }
}
