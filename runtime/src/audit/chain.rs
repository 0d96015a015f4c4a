//! The hash chain: fields -> content digest -> link.

use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// A hash of the chain, or of a policy: 32 bytes, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The text is no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashError;

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected 64 hexadecimal digits, as `aegis audit head` prints them")
    }
}

impl std::error::Error for HashError {}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let mut hash = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(HashError);
        }
        for (at, byte) in hash.iter_mut().enumerate() {
            let digits = text.get(2 * at..2 * at + 2).ok_or(HashError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| HashError)?;
        }
        Ok(Hash(hash))
    }
}

/// The content of a row: fields one after the other, each unmistakable.
#[derive(Default)]
pub(super) struct Content(Vec<u8>);

impl Content {
    pub(super) fn new() -> Self {
        Content(Vec::with_capacity(512))
    }

    pub(super) fn text(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            None => self.0.push(0),
            Some(text) => {
                self.0.push(1);
                self.length(text.len());
                self.0.extend_from_slice(text.as_bytes());
            }
        }
        self
    }

    pub(super) fn number(&mut self, number: Option<i64>) -> &mut Self {
        match number {
            None => self.0.push(0),
            Some(number) => {
                self.0.push(2);
                self.0.extend_from_slice(&number.to_be_bytes());
            }
        }
        self
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.push(3);
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
        self
    }

    fn length(&mut self, length: usize) {
        self.0.extend_from_slice(&u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

/// What stands before the first row of a log.
pub(super) fn genesis(log_id: &str) -> Hash {
    Hash(Sha256::digest(format!("aegis audit log 1\n{log_id}\n")).into())
}

/// The hash of a row.
pub(super) fn link(before: Hash, id: i64, intent: Option<i64>, content: &[u8; 32]) -> Hash {
    let row = Sha256::new().chain_update(before.0).chain_update(id.to_be_bytes());
    Hash(row.chain_update(intent.unwrap_or(0).to_be_bytes()).chain_update(content).finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back() {
        let hash = genesis("x");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!("".parse::<Hash>(), Err(HashError));
        assert_eq!("+f".repeat(32).parse::<Hash>(), Err(HashError));
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let digest = |fields: &[Option<&str>]| {
            let mut content = Content::new();
            for field in fields {
                content.text(*field);
            }
            content.digest()
        };
        let all = [
            digest(&[Some("ab"), Some("c")]),
            digest(&[Some("a"), Some("bc")]),
            digest(&[Some("abc"), None]),
            digest(&[None, Some("abc")]),
            digest(&[Some("abc"), Some("")]),
            Content::new().number(Some(1)).digest(),
            Content::new().text(Some("1")).digest(),
            Content::new().bytes(b"1").digest(),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one));
        }
    }
}
