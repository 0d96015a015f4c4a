//! Scalars as nodes: the text of each read again by YAML 1.1, then its value.

use super::build::{Builder, Properties, Role, Stop};
use super::gap;
use super::scalar::{self, Plain};
use super::tag::{self, Tag};
use super::text::{self, Place, Scanned};
use super::{NodeKind, Scalar, ScalarValue, Style, origin, syntax};
use crate::diag::Diagnostic;
use crate::source::Span;
use granit_parser::{ScalarStyle, StructureStyle};
use std::borrow::Cow;
use std::ops::Range;

impl<'a> Builder<'a> {
    /// A scalar that the event parser reads as `parsed` from `range`.
    pub(super) fn scalar(
        &mut self,
        parsed: &str,
        style: ScalarStyle,
        properties: &Properties,
        mut range: Range<usize>,
    ) -> Result<(), Stop> {
        let covered = self.covered.split_first().filter(|(next, _)| next.range == range);
        let style = match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted if let Some((covered, rest)) = covered => {
                self.covered = rest;
                covered.style
            }
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        if style == Style::Block {
            // The parser's range starts at the content.
            let header = gap::look(self.source, self.cursor, range.start.max(self.cursor)).block;
            range.start = header.unwrap_or(range.start);
        }
        // Where nothing is written the parser says `~`, with a range that is empty or an indicator.
        let written = self.source.get(range.clone()).unwrap_or_default();
        let empty = style == Style::Plain && parsed == "~" && written != "~";
        if empty {
            range.start = range.end;
        }
        let mut gap = self.gap(range.start)?;
        if empty && gap.colon.is_none() {
            // A value that is not written may have its place before its colon.
            gap.colon =
                gap::next_written(self.source, range.end).filter(|&(_, b)| b == b':').map(|(at, _)| at);
        }
        let scanned = if empty {
            Scanned { text: Cow::Borrowed(""), end: range.end }
        } else {
            self.scan(parsed, style, &range)?
        };
        let Scanned { text, end } = scanned;
        let span = self.span(range.start..end);
        self.cursor = self.cursor.max(end);
        if text.len() > self.limits.scalar_bytes {
            return Err(self.too_long(range.start, Some(text.len())));
        }
        let (value, role) = self.value(&text, style, properties, span)?;
        if role != Role::Value && properties.anchor != 0 {
            let message = format!("an anchor cannot stand on a plain `{text}`");
            self.report(Diagnostic::error("anchor", span, message).help("remove the anchor"))?;
        }
        let used = self.push(NodeKind::Scalar(Scalar { style, value }), span, properties.anchor);
        let untouched = properties.anchor == 0 && properties.tag == Tag::None;
        let role = if empty && untouched { Role::Empty } else { role };
        self.add(used, role, gap.question.is_some(), &gap)
    }

    /// The error of a scalar that stands next, at `at` of a file of which the parser saw no more than what is
    /// before: that it passes the limit, or that its quote is never closed. `None` if it is neither, or something
    /// before it is wrong.
    pub(super) fn refusal_of_long(
        &mut self,
        properties: Result<Properties, Stop>,
        file: &str,
        at: usize,
    ) -> Option<Stop> {
        properties.ok()?;
        self.gap(at).ok()?;
        let limit = self.limits.scalar_bytes;
        let (flow, indent) = (self.style() == Some(StructureStyle::Flow), self.indent());
        let scan = |part| match text::byte(file, at) {
            b'"' | b'\'' => text::quoted(part, at),
            b'|' | b'>' => text::block(part, at, indent),
            _ => Ok(text::plain(part, at, self.place())),
        };
        let first = text::head(file, at.saturating_add(limit));
        // The length, where all of the text was read.
        let length = match text::byte(file, at) {
            b'"' | b'\'' if text::is_closed(file, at) => {
                let length = scan(file).ok()?.text.len();
                if length <= limit {
                    return None;
                }
                Some(length)
            }
            b'"' | b'\'' => {
                let refused = scan(first).err().filter(|refused| refused.at == at)?;
                return Some(Stop::new(origin::in_quotes(self.file, file, at, &refused)));
            }
            b'|' | b'>' if flow => return None,
            _ => {
                // No more is read than passes the limit, or twice as much.
                let mut part = first;
                loop {
                    let length = scan(part).ok()?.text.len();
                    let is_whole = part.len() == file.len();
                    if length > limit {
                        break is_whole.then_some(length);
                    }
                    if is_whole {
                        return None;
                    }
                    part = text::head(file, at.saturating_add(2 * (part.len() - at)).saturating_add(16));
                }
            }
        };
        Some(self.too_long(at, length))
    }

    /// The error of a text that passes the limit, at its start, with its length where that is known.
    fn too_long(&self, at: usize, length: Option<usize>) -> Stop {
        let limit = self.limits.scalar_bytes;
        let message = match length {
            Some(length) => format!("a text has {length} bytes, more than the limit of {limit}"),
            None => format!("a text has more than {limit} bytes, which is the limit"),
        };
        Stop::new(Diagnostic::error("scalar_size", self.span(at..at), message))
    }

    /// Where a plain scalar stands.
    fn place(&self) -> Place {
        match self.style() {
            Some(StructureStyle::Flow) => Place::Flow,
            _ => Place::Block { indent: self.indent() },
        }
    }

    /// Reads the text again. The parser's reading must cover the same place.
    fn scan(&self, parsed: &str, style: Style, range: &Range<usize>) -> Result<Scanned<'a>, Stop> {
        let start = range.start;
        let written = self.source.get(range.clone()).unwrap_or_default();
        let scanned = match style {
            Style::Plain => Ok(text::plain(self.source, start, self.place())),
            Style::Single | Style::Double => text::quoted(self.source, start),
            Style::Block => text::block(self.source, start, self.indent()),
        };
        let scanned = scanned.map_err(|refused| syntax::refused(self.file, self.source, &refused))?;
        let agrees = match style {
            // Only the content counts: line breaks at the end and folding are ours to judge.
            Style::Block => {
                let ours = scanned.text.bytes().filter(|b| !b.is_ascii_whitespace());
                ours.eq(parsed.bytes().filter(|b| !b.is_ascii_whitespace()))
            }
            // Inside brackets a colon is always an indicator.
            Style::Plain if written.starts_with(':') && self.style() == Some(StructureStyle::Flow) => false,
            _ => scanned.end == range.end,
        };
        if agrees {
            return Ok(scanned);
        }
        let end = if style == Style::Block { scanned.end } else { scanned.end.max(range.end) };
        Err(Diagnostic::error(
            "syntax",
            self.span(start..end),
            "YAML 1.1 and 1.2 end this text at different places",
        )
        .help("put the text into quotes on one line")
        .into())
    }

    /// The value of a scalar, and what it is where it stands as a key.
    fn value(
        &mut self,
        text: &str,
        style: Style,
        properties: &Properties,
        span: Span,
    ) -> Result<(ScalarValue, Role), Stop> {
        let read = match (properties.tag, style) {
            (Tag::None | Tag::Bare, Style::Plain) => match scalar::resolve(text) {
                Ok(Plain::Value(value)) => Ok(value),
                Ok(Plain::Merge) => return Ok((scalar::string(text), Role::Merge)),
                Ok(Plain::Default) => return Ok((scalar::string(text), Role::Default)),
                Err(unreadable) => Err(unreadable),
            },
            (Tag::None, _) => Ok(scalar::string(text)),
            (Tag::Scalar(tag), _) => tag::construct(tag, text),
            (Tag::Bare, _) => {
                let tag = self.span(properties.tag_range.clone());
                let message = "the tag `!` makes YAML 1.1 read quoted text as if it had no quotes";
                self.report(Diagnostic::error("tag", tag, message).help("remove the tag"))?;
                Ok(scalar::string(text))
            }
            _ => {
                self.wrong_tag(properties, "a scalar")?;
                Ok(scalar::string(text))
            }
        };
        let value = match read {
            Ok(value) => value,
            Err(unreadable) => {
                let message = format!("`{}` is not a value: {}", syntax::excerpt(text), unreadable.0);
                let error = Diagnostic::error("scalar", span, message);
                self.report(error.help("put text into quotes, or mend the value"))?;
                scalar::string(text)
            }
        };
        Ok((value, Role::Value))
    }
}
