//! Syntax errors whose cause stands on an earlier line: a quote that was left open, a key that does
//! not stand in line with the others of its mapping.
//!
//! The event parser names the place where it can go no further; what people must mend is above it.

use super::layout::{self, Block, BlockKind};
use super::syntax;
use super::text::Refused;
use crate::diag::Diagnostic;
use crate::source::{FileId, Span};
use granit_parser::ErrorKind;
use std::ops::Range;

/// The quoted text of several lines that the place `at` stands in or behind, on its last line.
pub(super) fn quoted_before(source: &str, at: usize) -> Option<Range<usize>> {
    let quoted = layout::context(source, at).quoted?;
    (quoted.start < line_start(source, at) && quoted.end >= line_start(source, at)).then_some(quoted)
}

/// The error of a quoted text that begins at `start` and cannot be read.
pub(super) fn in_quotes(file: FileId, source: &str, start: usize, refused: &Refused) -> Diagnostic {
    let error = syntax::refused(file, source, refused);
    if refused.at >= line_end(source, start) {
        return error.also(Span::new(file, start..start + 1), QUOTED);
    }
    match next_line(source, start) {
        Some(line) if refused.at == start => {
            error.label(QUOTED).also(Span::new(file, line), "and still runs here")
        }
        _ => error,
    }
}

/// What stands at a quote on an earlier line.
pub(super) const QUOTED: &str = "the quoted text begins here";

/// The error if the line of `at` starts with a key in a column where no open mapping has its keys.
pub(super) fn misaligned(file: FileId, source: &str, kind: &ErrorKind, at: usize) -> Option<Diagnostic> {
    if !is_about_structure(kind) {
        return None;
    }
    let start = line_start(source, at);
    let line = source.get(start..line_end(source, at))?;
    let column = line.len() - line.trim_start_matches(' ').len();
    let key = key_of(line.get(column..)?)?;
    let first = start + column;
    // A colon is refused for the column of its key only if it is the key's own.
    if at != first && at != first + key {
        return None;
    }
    let context = layout::context(source, first);
    let in_quotes = context.quoted.is_some_and(|quoted| quoted.end > first);
    if context.brackets > 0 || in_quotes {
        return None;
    }
    let mappings = || context.blocks.iter().filter(|block| block.kind == BlockKind::Mapping);
    let outer = mappings().rfind(|block| block.column <= column);
    let inner = mappings().find(|block| block.column > column);
    let (message, sibling, help) = match (outer, inner) {
        (Some(block), _) if block.column == column => return None,
        (Some(a), Some(b)) if column - a.column == b.column - column => (
            format!(
                "this key is indented by {column}, the keys of the mappings around it by {} and {}",
                a.column, b.column
            ),
            b,
            "align it with the keys of the mapping that it belongs to",
        ),
        (Some(a), Some(b)) => nearest(column, if column - a.column < b.column - column { a } else { b }),
        (Some(block), None) | (None, Some(block)) => nearest(column, block),
        (None, None) => return None,
    };
    let rest = source.get(sibling.start..line_end(source, sibling.start))?;
    let sibling = sibling.start..sibling.start + key_of(rest).unwrap_or(1);
    let error = Diagnostic::error("syntax", Span::new(file, first..first + key), message)
        .also(Span::new(file, sibling), "a key of the mapping")
        .help(help);
    Some(error)
}

fn nearest(column: usize, block: &Block) -> (String, &Block, &'static str) {
    let message =
        format!("this key is indented by {column}, the other keys of its mapping by {}", block.column);
    (message, block, "align them")
}

/// The kinds of error that a key in a wrong column brings about.
fn is_about_structure(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::ExpectedBlockSequenceEntry
            | ErrorKind::ExpectedDocumentStart
            | ErrorKind::InvalidColonPlacement
            | ErrorKind::InvalidIndentation
            | ErrorKind::MappingValueNotAllowed
    )
}

/// The length of the key that a text starts with, if it does.
fn key_of(text: &str) -> Option<usize> {
    if text.starts_with(['#', '"', '\'', '[', '{']) || text.starts_with("- ") || text == "-" {
        return None;
    }
    let length = text.find(": ").or_else(|| text.strip_suffix(':').map(str::len))?;
    Some(length).filter(|&length| length > 0 && !text.get(..length).is_some_and(|key| key.contains(" #")))
}

/// The next line after that of `at` which holds something, without blanks around it.
fn next_line(source: &str, at: usize) -> Option<Range<usize>> {
    let blank = [' ', '\t', '\n', '\r'];
    let rest = source.get(line_end(source, at)..)?;
    let start = source.len() - rest.trim_start_matches(blank).len();
    let line = source.get(start..line_end(source, start))?.trim_end_matches(blank);
    (!line.is_empty()).then(|| start..start + line.len())
}

fn line_start(source: &str, at: usize) -> usize {
    let before = source.get(..at).unwrap_or_default();
    before.rfind(['\n', '\r']).map_or(0, |newline| newline + 1)
}

fn line_end(source: &str, at: usize) -> usize {
    let rest = source.get(at..).unwrap_or_default();
    at + rest.find(['\n', '\r']).unwrap_or(rest.len())
}
