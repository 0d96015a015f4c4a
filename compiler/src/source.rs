//! The source map: every input file's text, and spans into it.
//!
//! A [`Span`] is a byte range of one file. Lines and columns exist only for printing; they are
//! counted from 1, columns in characters.

use std::ops::Range;

/// A file of the [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

impl FileId {
    /// The position of the file in the list of layers, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A byte range of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span over `range` of `file`. Offsets past 4 GiB saturate; files are limited to less.
    #[must_use]
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { file, start: offset(range.start), end: offset(range.end.max(range.start)) }
    }

    /// The byte range.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        let offset = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        offset(self.start)..offset(self.end)
    }

    /// The empty span at this span's start.
    #[must_use]
    pub fn at_start(self) -> Self {
        Span { end: self.start, ..self }
    }
}

/// A place for people: line and column from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

/// One input file.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: String,
    text: String,
    line_starts: Vec<u32>,
    /// For each block of the text, the number of characters that begin before it.
    chars_before_block: Vec<u32>,
}

/// Bytes between two counts of characters.
const BLOCK: usize = 128;

/// The characters that begin in a part of a text: its bytes that continue none.
fn chars_begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

/// For each block of a text, and its end, what `begun` counts before it.
fn begun_before_blocks(text: &str, begun: fn(&[u8]) -> usize) -> Vec<u32> {
    let mut sum = 0;
    let blocks = text.as_bytes().chunks(BLOCK).map(|block| {
        sum += begun(block);
        u32::try_from(sum).unwrap_or(u32::MAX)
    });
    std::iter::once(0).chain(blocks).collect()
}

/// What `begun` counts before a byte offset.
fn begun_before(text: &str, offset: u32, before_block: &[u32], begun: fn(&[u8]) -> usize) -> usize {
    let end = usize::try_from(offset).unwrap_or(usize::MAX).min(text.len());
    let block = end / BLOCK;
    let counted = before_block.get(block).and_then(|&count| usize::try_from(count).ok());
    let rest = text.as_bytes().get(block * BLOCK..end).unwrap_or_default();
    counted.unwrap_or(0) + begun(rest)
}

impl SourceFile {
    /// The path as shown in messages and kept in the artifact.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line and column of a byte offset; an offset past the end is the end.
    ///
    /// Takes the same time however long the line is.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let index = self.line_starts.partition_point(|&start| start <= offset).saturating_sub(1);
        let start = self.line_starts.get(index).copied().unwrap_or(0);
        let column = self.chars_before(offset.max(start)).saturating_sub(self.chars_before(start));
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).saturating_add(1);
        Position { line: count(index), column: count(column) }
    }

    /// The number of characters that begin before a byte offset.
    fn chars_before(&self, offset: u32) -> usize {
        begun_before(&self.text, offset, &self.chars_before_block, chars_begun)
    }

    /// The text of a line, counted from 1, without its line break.
    #[must_use]
    pub fn line(&self, line: u32) -> &str {
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let at = |i: usize| self.line_starts.get(i).and_then(|&s| usize::try_from(s).ok());
        let start = at(index).unwrap_or(self.text.len());
        let end = index.checked_add(1).and_then(at).unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }
}

/// A file's lines and columns as SARIF and editors count them: columns in UTF-16 code units.
#[derive(Clone, Debug)]
pub struct Utf16<'a> {
    file: &'a SourceFile,
    /// For each block of the text, the number of surrogate pairs that begin before it.
    pairs_before_block: Vec<u32>,
}

/// The characters that begin in a part of a text and are two code units of UTF-16.
fn pairs_begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte >= 0xF0).count()
}

impl<'a> Utf16<'a> {
    /// Looks through the file once.
    #[must_use]
    pub fn new(file: &'a SourceFile) -> Self {
        Utf16 { file, pairs_before_block: begun_before_blocks(&file.text, pairs_begun) }
    }

    /// The path as shown in messages.
    #[must_use]
    pub fn path(&self) -> &'a str {
        &self.file.path
    }

    /// The line and column of a byte offset; an offset past the end is the end.
    ///
    /// Takes the same time however long the line is.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let Position { line, column } = self.file.position(offset);
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let start = self.file.line_starts.get(index).copied().unwrap_or(0);
        let before = |offset| begun_before(&self.file.text, offset, &self.pairs_before_block, pairs_begun);
        let pairs = before(offset.max(start)).saturating_sub(before(start));
        Position { line, column: column.saturating_add(u32::try_from(pairs).unwrap_or(u32::MAX)) }
    }
}

/// Every input file, in the order of the layers.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file and gives its id.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let text = text.into();
        let mut line_starts = vec![0];
        line_starts.extend(text.match_indices('\n').filter_map(|(at, _)| u32::try_from(at + 1).ok()));
        let chars_before_block = begun_before_blocks(&text, chars_begun);
        self.files.push(SourceFile { path: path.into(), text, line_starts, chars_before_block });
        id
    }

    /// The file of an id of this map.
    ///
    /// # Panics
    ///
    /// If the id is of another map that has more files.
    #[must_use]
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.index()]
    }

    /// The files with their ids, in the order of the layers.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// Where a span begins.
    #[must_use]
    pub fn position(&self, span: Span) -> Position {
        self.file(span.file).position(span.start)
    }

    /// The text that a span covers.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text().get(span.range()).unwrap_or("")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{SourceMap, Span, Utf16};

    #[test]
    fn positions_count_characters() {
        let lines = [
            "",
            "a\u{301}한글\u{1f600} end",
            &"é".repeat(5000),
            &"x".repeat(2048),
            &"a\u{1f600}".repeat(200),
            "\r",
        ];
        let text = lines.join("\n");
        let mut sources = SourceMap::new();
        let id = sources.add("f.yaml", text.as_str());
        let utf16 = Utf16::new(sources.file(id));
        let mut offset = 0;
        for (line, content) in (1..).zip(lines) {
            for (column, (at, _)) in (1..).zip(content.char_indices()) {
                let position = sources.position(Span::new(id, offset + at..offset + at));
                assert_eq!((position.line, position.column), (line, column));
                let units = content[..at].encode_utf16().count();
                let position = utf16.position(u32::try_from(offset + at).unwrap());
                assert_eq!((position.line, position.column), (line, u32::try_from(units + 1).unwrap()));
            }
            offset += content.len() + 1;
        }
        let end = sources.position(Span::new(id, usize::MAX..usize::MAX));
        assert_eq!((end.line, end.column), (6, 2));
        assert_eq!(utf16.position(u32::MAX), end);
    }
}
