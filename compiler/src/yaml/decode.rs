//! Bytes -> text: UTF-8 with or without a byte-order mark, and the characters that YAML allows.
//!
//! The mark is dropped before the text enters the source map, so that every offset counts in the
//! text that is printed. Other encodings are named in the error rather than guessed at.

use super::build::Stop;
use crate::diag::Diagnostic;
use crate::source::{FileId, Span};
use std::ops::Range;

/// Why bytes are not UTF-8 text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    range: Range<usize>,
    reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Invalid(u8),
    OtherEncoding(&'static str),
}

impl DecodeError {
    /// The error as a diagnostic of `file`, whose text is the one that [`decode`] gave.
    #[must_use]
    pub fn diagnostic(&self, file: FileId) -> Diagnostic {
        let span = Span::new(file, self.range.clone());
        match self.reason {
            Reason::Invalid(byte) => {
                Diagnostic::error("encoding", span, format!("byte 0x{byte:02X} is not UTF-8"))
                    .label("shown as `\u{FFFD}`")
                    .help("save the file as UTF-8")
            }
            Reason::OtherEncoding(name) => {
                Diagnostic::error("encoding", span, format!("the file is {name}, not UTF-8"))
                    .help("save the file as UTF-8")
            }
        }
    }
}

/// The text of a file, without a leading byte-order mark. What is not UTF-8 becomes U+FFFD, and
/// the first such place is the error; a file in UTF-16 or UTF-32 gives no text.
#[must_use]
pub fn decode(bytes: &[u8]) -> (String, Option<DecodeError>) {
    let marks: [(&[u8], &str); 4] = [
        (&[0xFF, 0xFE, 0, 0], "UTF-32"),
        (&[0, 0, 0xFE, 0xFF], "UTF-32"),
        (&[0xFF, 0xFE], "UTF-16"),
        (&[0xFE, 0xFF], "UTF-16"),
    ];
    if let Some(&(_, name)) = marks.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        let error = DecodeError { range: 0..0, reason: Reason::OtherEncoding(name) };
        return (String::new(), Some(error));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(error) => {
            // Up to the first bad byte the lossy text has the same offsets.
            let at = error.valid_up_to();
            let byte = bytes.get(at).copied().unwrap_or_default();
            let range = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
            let error = DecodeError { range, reason: Reason::Invalid(byte) };
            (String::from_utf8_lossy(bytes).into_owned(), Some(error))
        }
    }
}

/// Checks that `text` holds only characters that mean the same to every reader of YAML.
pub(super) fn check_characters(file: FileId, text: &str) -> Result<(), Stop> {
    // Most of a text is no suspect, which is seen many bytes at a time.
    let blocks = (0..).step_by(BLOCK).zip(text.as_bytes().chunks(BLOCK));
    let suspects = blocks.filter(|(_, block)| block.iter().fold(false, |any, &byte| any | is_suspect(byte)));
    let mut bytes = suspects
        .flat_map(|(start, block)| block.iter().enumerate().map(move |(at, &byte)| (start + at, byte)));
    let suspect = bytes.find_map(|(at, byte)| match byte {
        byte if !is_suspect(byte) => None,
        0xC2 | 0xE2 | 0xEF => {
            let c = text.get(at..)?.chars().next()?;
            refusal(c).map(|why| (at, c, why))
        }
        _ => Some((at, char::from(byte), CONTROL)),
    });
    let Some((at, c, why)) = suspect else { return Ok(()) };
    let span = Span::new(file, at..at + c.len_utf8());
    let code = u32::from(c);
    let error = Diagnostic::error("character", span, format!("character U+{code:04X} is not allowed"));
    let help = format!("remove it, or write it as `\\u{code:04X}` in double quotes");
    Err(error.label(why).help(help).into())
}

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// Whether a byte may begin a character that is refused: ASCII is judged at once, the rest only by its lead
/// byte.
fn is_suspect(byte: u8) -> bool {
    (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || matches!(byte, 0x7F | 0xC2 | 0xE2 | 0xEF)
}

const CONTROL: &str = "YAML allows no control characters";

fn refusal(c: char) -> Option<&'static str> {
    match c {
        '\u{85}' | '\u{2028}' | '\u{2029}' => Some("a line break in YAML 1.1, but not in YAML 1.2"),
        '\u{FEFF}' => Some("a byte-order mark belongs at the start of the file"),
        '\u{80}'..='\u{9F}' => Some(CONTROL),
        '\u{FFFE}' | '\u{FFFF}' => Some("not a character"),
        _ => None,
    }
}
