//! Layouts that YAML 1.1 has and the event parser does not: quoted text whose later lines stand
//! anywhere, and `key:[` without a space inside brackets.
//!
//! The parser then reads a copy of the file in which such a scalar is a quoted word of as many
//! bytes on one line. Every offset stays true, and since `text` reads every scalar from the file
//! itself, nothing but the layout is hidden from the parser. This scanner only proposes the
//! scalars, and may be wrong about them: the builder refuses the copy unless the parser met each
//! one as a scalar at its very place. Up to the first proposed place the copy is the file, so what
//! the parser meets there it would meet in the file too; then up to the second, and so on.

use super::text::{self, Place, byte, is_blank};
use super::{Style, gap};
use std::ops::Range;

/// A scalar that the copy covers.
#[derive(Debug)]
pub(super) struct Covered {
    /// Its place, quotes and all.
    pub(super) range: Range<usize>,
    /// How the file writes it.
    pub(super) style: Style,
}

/// The copy and what it covers, in the order of the file.
#[derive(Debug)]
pub(super) struct Eased {
    pub(super) text: String,
    pub(super) covered: Vec<Covered>,
}

/// The file with such scalars covered; `None` if it has none.
pub(super) fn ease(source: &str) -> Option<Eased> {
    let mut scanner = Scanner::new(source);
    let mut covered = Vec::new();
    while let Some(step) = scanner.step() {
        if let Step::Cover(scalar) = step {
            covered.push(scalar);
        }
    }
    if covered.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(source.len());
    let mut at = 0;
    for Covered { range, style } in &covered {
        let quote = if *style == Style::Single { '\'' } else { '"' };
        text.push_str(text::slice(source, at, range.start));
        text.push(quote);
        text.extend(std::iter::repeat_n('x', range.len().saturating_sub(2)));
        text.push(quote);
        at = range.end;
    }
    text.push_str(text::slice(source, at, source.len()));
    Some(Eased { text, covered })
}

/// A scalar that is longer than may be.
#[derive(Debug)]
pub(super) struct Long {
    /// Where it starts.
    pub(super) at: usize,
    /// What may stand there in place of it and of the rest of the file, until the parser is past it.
    pub(super) stand_in: &'static str,
}

/// The place of the first scalar that takes more bytes of the file than `most`, or of a quote that is not closed
/// with so many behind it. Only proposed, as what [`ease`] covers is.
pub(super) fn long_scalar(source: &str, most: usize) -> Option<Long> {
    let mut scanner = Scanner::new(source);
    loop {
        scanner.skip_gap();
        let start = scanner.at;
        if source.len().saturating_sub(start) <= most {
            return None;
        }
        let byte = scanner.byte();
        // What goes on behind the cut is long enough.
        scanner.source = text::head(source, start.saturating_add(most).saturating_add(BEYOND));
        let step = scanner.step();
        scanner.source = source;
        match step {
            Some(_) if scanner.at - start > most && !matches!(byte, b'%' | b'*' | b'&' | b'!') => {
                return Some(scanner.long(start));
            }
            Some(_) => {}
            None => return matches!(byte, b'"' | b'\'').then(|| scanner.long(start)),
        }
    }
}

/// How far beyond the most bytes a scalar is looked at: it may end in blanks there that are no part of it.
const BEYOND: usize = 4096;

/// One step over the file.
enum Step {
    Token,
    Cover(Covered),
}

/// A block that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Its column, from 0.
    pub(super) column: usize,
    /// Where its first key or item starts.
    pub(super) start: usize,
    /// What it is.
    pub(super) kind: BlockKind,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    Mapping,
    Sequence,
}

/// What is open before some place of the file.
#[derive(Debug)]
pub(super) struct Context {
    /// The blocks, outermost first.
    pub(super) blocks: Vec<Block>,
    /// How many brackets.
    pub(super) brackets: usize,
    /// The last quoted text of several lines.
    pub(super) quoted: Option<Range<usize>>,
}

/// What is open before `to`, as far as the file can be read.
pub(super) fn context(source: &str, to: usize) -> Context {
    let mut scanner = Scanner::new(source);
    let mut quoted = None;
    loop {
        scanner.skip_gap();
        if scanner.at >= to {
            break;
        }
        match scanner.step() {
            Some(Step::Cover(Covered { range, style: Style::Single | Style::Double })) => {
                quoted = Some(range);
            }
            Some(_) => {}
            None => {
                if matches!(scanner.byte(), b'"' | b'\'') {
                    quoted = Some(scanner.at..source.len());
                }
                break;
            }
        }
    }
    Context { blocks: scanner.blocks, brackets: scanner.flow, quoted }
}

/// Walks over the tokens of a file, with as much state as their ends depend on.
struct Scanner<'a> {
    source: &'a str,
    at: usize,
    /// The start of the line.
    line: usize,
    /// How many brackets are open.
    flow: usize,
    /// The open blocks.
    blocks: Vec<Block>,
    /// Where the last node on this line starts: a key, if a colon follows.
    key: Option<usize>,
}

impl<'a> Scanner<'a> {
    fn new(source: &'a str) -> Self {
        Scanner { source, at: 0, line: 0, flow: 0, blocks: Vec::new(), key: None }
    }

    /// Steps over one token; `None` at the end, or where no token can start.
    fn step(&mut self) -> Option<Step> {
        self.skip_gap();
        let (at, byte, next) = (self.at, byte(self.source, self.at), byte(self.source, self.at + 1));
        if at >= self.source.len() {
            return None;
        }
        let column = at - self.line;
        if self.flow == 0 {
            while self.blocks.last().is_some_and(|block| block.column > column) {
                self.blocks.pop();
            }
        }
        let blank = is_blank(next);
        match byte {
            b'%' if column == 0 => self.at = gap::end_of_line(self.source, at),
            b'-' | b'.' if column == 0 && text::is_marker(self.source, at) => {
                self.blocks.clear();
                self.at += 3;
            }
            b'[' | b'{' => {
                self.key = self.key.or(Some(at));
                self.flow += 1;
                self.at += 1;
            }
            b']' | b'}' => {
                self.flow = self.flow.checked_sub(1)?;
                self.at += 1;
            }
            b',' if self.flow > 0 => self.at += 1,
            b'?' if self.flow > 0 => self.at += 1,
            b'-' if blank => self.enter(at, BlockKind::Sequence),
            b'?' if blank => self.enter(at, BlockKind::Mapping),
            b':' if blank || self.flow > 0 => {
                let key = self.key.take().filter(|&key| key >= self.line);
                self.enter(key.unwrap_or(at), BlockKind::Mapping);
            }
            b'*' | b'&' | b'!' => {
                self.key = self.key.or(Some(at));
                self.at += 1;
                let ends = |byte| is_blank(byte) || (self.flow > 0 && matches!(byte, b',' | b']' | b'}'));
                while !ends(self.byte()) {
                    self.at += 1;
                }
            }
            b'|' | b'>' if self.flow == 0 => self.at = text::block(self.source, at, self.indent()).ok()?.end,
            b'\'' | b'"' => return self.quoted(at, byte),
            b'%' | b'@' | b'`' | b'|' | b'>' | b',' => return None,
            _ => return Some(self.plain(at)),
        }
        Some(Step::Token)
    }

    fn long(&self, at: usize) -> Long {
        Long { at, stand_in: if self.flow > 0 { "\"\"," } else { "\"\"\n" } }
    }

    fn byte(&self) -> u8 {
        byte(self.source, self.at)
    }

    /// One past the column of the innermost block, as [`text::Place`] counts.
    fn indent(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.column + 1)
    }

    /// Steps over an indicator, of a block whose key or item starts at `start`.
    fn enter(&mut self, start: usize, kind: BlockKind) {
        self.at += 1;
        self.key = None;
        let column = start - self.line;
        if self.flow == 0 && self.blocks.last().is_none_or(|block| block.column < column) {
            self.blocks.push(Block { column, start, kind });
        }
    }

    fn skip_gap(&mut self) {
        loop {
            match self.byte() {
                b' ' | b'\t' => self.at += 1,
                b'#' => self.at = gap::end_of_line(self.source, self.at),
                b'\n' | b'\r' => {
                    self.at += 1;
                    self.line = self.at;
                    if self.flow == 0 {
                        self.key = None;
                    }
                }
                _ => return,
            }
        }
    }

    /// Goes to the end of a scalar.
    fn pass(&mut self, end: usize) -> &str {
        let written = text::slice(self.source, self.at, end);
        if let Some(newline) = written.rfind(['\n', '\r']) {
            self.line = self.at + newline + 1;
        }
        self.at = end;
        written
    }

    fn quoted(&mut self, at: usize, quote: u8) -> Option<Step> {
        self.key = self.key.or(Some(at));
        let end = text::quoted(self.source, at).ok()?.end;
        if !self.pass(end).contains(['\n', '\r']) {
            return Some(Step::Token);
        }
        let style = if quote == b'"' { Style::Double } else { Style::Single };
        Some(Step::Cover(Covered { range: at..end, style }))
    }

    fn plain(&mut self, at: usize) -> Step {
        self.key = self.key.or(Some(at));
        let place = if self.flow > 0 { Place::Flow } else { Place::Block { indent: self.indent() } };
        let end = text::plain(self.source, at, place).end.max(at + 1);
        let one_line = !self.pass(end).contains(['\n', '\r']);
        let rest = text::slice(self.source, end, self.source.len()).trim_start_matches(' ');
        let adjacent = rest.starts_with(":[") || rest.starts_with(":{");
        // A word of one byte has no room for two quotes.
        let adjacent = adjacent && self.flow > 0 && one_line && end - at >= 2;
        if adjacent { Step::Cover(Covered { range: at..end, style: Style::Plain }) } else { Step::Token }
    }
}

/// Whether the parser may have given up on a layout that this pass covers.
pub(super) fn may_help(kind: &granit_parser::ErrorKind) -> bool {
    use granit_parser::ErrorKind;
    matches!(
        kind,
        ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::InvalidIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::FlowMappingValueAdjacentCollection
    )
}
