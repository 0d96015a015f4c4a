//! The part of a file that a diagnostic shows: a file and a few marks in it -> a short text and the
//! marks' places in it.
//!
//! The renderer walks all that it is given, so it is given little: the lines from the first mark to
//! the last, cut where a line runs on far beyond them. A file may be one line of many megabytes and
//! hold thousands of faults; each is still shown in constant time.

use crate::source::SourceFile;
use std::ops::Range;

/// Bytes kept around marks, where the renderer trims to the terminal by itself.
pub(super) const MARGIN: usize = 1024;
/// The longest mark shown whole; a longer one is shown up to the end of its first line.
const LONGEST_MARK: usize = 4096;
/// Marks further apart than this do not share an excerpt.
const GAP: usize = 16 * 1024;
/// What stands for text that was cut from a line.
const CUT: &str = "...";

/// A part of a file, fit to be shown.
#[derive(Debug)]
pub(super) struct Excerpt<'a> {
    /// Whole lines, each with its line break, without characters that a terminal would obey.
    pub(super) text: String,
    /// The line on which the text begins, from 1.
    pub(super) line: u32,
    source: &'a str,
    start: usize,
    cut: usize,
}

impl<'a> Excerpt<'a> {
    /// The lines around `range`, a range on character boundaries, with at most `margin` bytes before
    /// and after it.
    pub(super) fn new(file: &'a SourceFile, range: &Range<usize>, margin: usize) -> Self {
        let source = file.text();
        let left = boundary(source, range.start.saturating_sub(margin));
        let before = source.get(left..range.start).unwrap_or_default();
        let (start, cut_left) = match before.rfind('\n') {
            Some(line_break) => (left + line_break + 1, false),
            None => (left, left > 0 && !source.get(..left).is_some_and(|text| text.ends_with('\n'))),
        };
        let right = boundary(source, range.end.saturating_add(margin));
        let after = source.get(range.end..right).unwrap_or_default();
        let (end, cut_right) = match after.find('\n') {
            Some(line_break) => (range.end + line_break, false),
            None => (right, !matches!(source.as_bytes().get(right), None | Some(b'\n' | b'\r'))),
        };
        let cut = if cut_left { CUT } else { "" };
        let mut text = String::from(cut);
        text.extend(shown(source.get(start..end).unwrap_or_default()).map(|(_, c)| c));
        if text.ends_with('\r') {
            text.pop();
        }
        if cut_right {
            text.push_str(CUT);
        }
        text.push('\n');
        let first = u32::try_from(start).unwrap_or(u32::MAX);
        Excerpt { text, line: file.position(first).line, source, start, cut: cut.len() }
    }

    /// Where a range of the file stands in the text.
    pub(super) fn place(&self, range: &Range<usize>) -> Range<usize> {
        self.offset(range.start)..self.offset(range.end)
    }

    fn offset(&self, offset: usize) -> usize {
        let before = self.source.get(self.start..offset).unwrap_or_default();
        let mut before = before;
        if self.source.get(offset..).is_some_and(|rest| rest.starts_with('\n')) {
            before = before.strip_suffix('\r').unwrap_or(before);
        }
        let length: usize = shown(before).map(|(_, c)| c.len_utf8()).sum();
        (self.cut + length).min(self.text.len())
    }
}

/// The characters of a text that are shown, with their offsets: no carriage return before a line
/// break, and nothing that a terminal would obey or that stands for a file's origin.
fn shown(text: &str) -> impl Iterator<Item = (usize, char)> {
    let bytes = text.as_bytes();
    let paired = move |at: usize| bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n');
    text.char_indices().filter(move |&(at, _)| !paired(at)).map(|(at, c)| (at, harmless(c)))
}

/// The character, or its stand-in if it is a control character of the upper range or the mark of an
/// origin. (Those of the lower range are made visible by the renderer.)
pub(super) fn harmless(c: char) -> char {
    match c {
        '\u{80}'..='\u{9f}' | super::pretty::ORIGIN => '\u{fffd}',
        c => c,
    }
}

/// The part of a mark that is shown: without white space at its end, and not too long.
pub(super) fn visible(source: &str, range: Range<usize>) -> Range<usize> {
    let start = boundary(source, range.start);
    let end = boundary(source, range.end.max(start));
    let text = source.get(start..end).unwrap_or_default();
    let text = match text.get(..boundary(text, LONGEST_MARK)) {
        Some(head) if head.len() < text.len() => head.lines().next().unwrap_or_default(),
        _ => text,
    };
    match text.trim_end().len() {
        0 => start..start + text.lines().next().map_or(0, str::len),
        length => start..start + length,
    }
}

/// Whether two marks are shown together: near enough, and neither far to the right of the other.
pub(super) fn near(source: &str, a: &Range<usize>, b: &Range<usize>, width: usize) -> bool {
    let columns = column(source, a.start).abs_diff(column(source, b.start));
    b.start.saturating_sub(a.end) <= GAP && columns <= width.max(80)
}

/// Bytes since the line's start; since the file's start if the line is too long to be looked through.
fn column(source: &str, at: usize) -> usize {
    let window = boundary(source, at.saturating_sub(GAP));
    let before = source.get(window..at).unwrap_or_default();
    before.rfind('\n').map_or(at, |line_break| before.len() - line_break)
}

/// The last character boundary at or before `at`.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
