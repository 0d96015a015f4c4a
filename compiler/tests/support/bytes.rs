//! Choices from bytes: total and deterministic, and simple where the bytes end.
//!
//! Past the end every byte is 0, and choice 0 is the plainest one, so that a short input makes a
//! small policy and a shrunk input a simpler one.

/// Bytes to draw choices from.
#[derive(Clone, Debug)]
pub struct Bytes<'b> {
    rest: &'b [u8],
}

impl<'b> Bytes<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Bytes { rest: bytes }
    }

    /// Whether every byte was drawn.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((&first, rest)) => {
                self.rest = rest;
                first
            }
            None => 0,
        }
    }

    /// A number below `n`; 0 if `n` is 0. Draws two bytes only where one cannot reach.
    pub fn below(&mut self, n: usize) -> usize {
        let drawn = match n {
            0 | 1 => return 0,
            2..=256 => usize::from(self.byte()),
            257..=65_536 => usize::from(u16::from_le_bytes([self.byte(), self.byte()])),
            _ => usize::try_from(self.word()).unwrap(),
        };
        drawn % n
    }

    /// A number of the range.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True in `of_256` of 256 draws; false at the end.
    pub fn chance(&mut self, of_256: u8) -> bool {
        self.byte() > u8::MAX - of_256
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    pub fn word(&mut self) -> u32 {
        u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }
}

/// A byte of a sequence that is the same on every machine (xorshift).
pub fn next(seed: &mut u64) -> u8 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    seed.to_le_bytes()[3]
}
