//! What tells a finding from others whatever line it stands on, for tools that compare two runs.

use super::Diagnostic;
use crate::source::{FileId, SourceMap};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;

/// How much of a line counts on either side of a place, in bytes: a file may be one long line.
const REACH: usize = 120;

/// The fingerprints of a run.
///
/// A fingerprint is of the name of the finding and of the words of the line that it is about, so
/// that it outlives lines that move or are indented, and new wordings. Of several that are alike in one
/// file, each has its number. The path is no part of it: whoever compares has it.
#[derive(Default)]
pub(super) struct Fingerprints {
    seen: HashMap<(FileId, String), usize>,
}

impl Fingerprints {
    /// The fingerprint of the next finding of the run.
    pub(super) fn next(&mut self, diagnostic: &Diagnostic, sources: &SourceMap) -> String {
        let file = diagnostic.primary.file;
        let mut digest = Sha256::new();
        digest.update(diagnostic.code.name());
        for word in line(diagnostic, sources).split_whitespace() {
            digest.update([0]);
            digest.update(word);
        }
        let mut hash = String::with_capacity(16);
        for byte in digest.finalize().iter().take(8) {
            // Writing to a string cannot fail.
            let _ = write!(hash, "{byte:02x}");
        }
        let count = self.seen.entry((file, hash.clone())).or_default();
        *count += 1;
        let _ = write!(hash, ":{count}");
        hash
    }
}

/// The line on which a finding begins, or what is near of a long one.
fn line<'a>(diagnostic: &Diagnostic, sources: &'a SourceMap) -> &'a str {
    let text = sources.file(diagnostic.primary.file).text();
    let at = text.floor_char_boundary(diagnostic.primary.range().start);
    let low = text.ceil_char_boundary(at.saturating_sub(REACH));
    let high = text.floor_char_boundary(at.saturating_add(REACH));
    let (before, behind) = (text.get(low..at).unwrap_or(""), text.get(at..high).unwrap_or(""));
    let start = low + before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = at + behind.find('\n').unwrap_or(behind.len());
    text.get(start..end).unwrap_or("")
}
