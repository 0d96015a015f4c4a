//! Events -> nodes: an arena in which children stand before their parents.
//!
//! The builder keeps its own stack, so depth costs memory and never the call stack. Since a node
//! enters the arena when it ends, an alias can only name a finished node: cycles cannot be built.

use super::gap::{self, Gap};
use super::layout::Covered;
use super::tag::Tag;
use super::{Document, Entry, Limits, Node, NodeId, NodeKind, Scalar, ScalarValue, Use, syntax};
use crate::diag::Diagnostic;
use crate::source::{FileId, Span};
use granit_parser::{Event, Span as ParsedSpan, StructureStyle, Tag as ParsedTag};
use hashbrown::HashMap;
use std::ops::Range;

/// The end of reading: the error that ended it.
#[derive(Debug)]
pub(super) struct Stop(pub(super) Box<Diagnostic>);

impl Stop {
    pub(super) fn new(diagnostic: Diagnostic) -> Self {
        Stop(Box::new(diagnostic))
    }
}

impl From<Diagnostic> for Stop {
    fn from(diagnostic: Diagnostic) -> Self {
        Stop::new(diagnostic)
    }
}

/// A mapping with merge keys.
#[derive(Debug)]
pub(super) struct Merge {
    /// The mapping that takes the entries.
    pub(super) into: NodeId,
    /// The values of its merge keys, in written order.
    pub(super) sources: Vec<Use>,
    /// The first merge key.
    pub(super) key: Span,
}

/// What the builder made of a file.
#[derive(Debug)]
pub(super) struct Built {
    /// The document, its merge keys not yet applied.
    pub(super) document: Document,
    /// The mappings with merge keys, in the order of their ids.
    pub(super) merges: Vec<Merge>,
    /// How many nodes and aliases the file writes.
    pub(super) written: usize,
}

/// Errors that do not end the reading are few in an honest file.
const MOST_ERRORS: usize = 10_000;

pub(super) struct Builder<'a> {
    pub(super) file: FileId,
    pub(super) source: &'a str,
    pub(super) limits: &'a Limits,
    diagnostics: &'a mut Vec<Diagnostic>,
    errors: usize,
    nodes: Vec<Node>,
    stack: Vec<Frame>,
    root: Option<Use>,
    started: bool,
    merges: Vec<Merge>,
    aliases: usize,
    /// Finished nodes by the parser's anchor number.
    anchors: Vec<Option<NodeId>>,
    /// Where each anchor name was given.
    names: HashMap<Box<str>, Span>,
    /// The offset up to which the file has been looked over.
    pub(super) cursor: usize,
    /// The scalars that the parser does not see as the file writes them, from the next one on.
    pub(super) covered: &'a [Covered],
}

/// An open collection.
struct Frame {
    content: Content,
    properties: Properties,
    style: StructureStyle,
    start: usize,
    /// The end of the last child.
    end: usize,
    /// The column after the one where the innermost open block starts; 0 outside blocks.
    indent: usize,
    /// Whether a `?` stands before it.
    explicit: bool,
}

enum Content {
    Sequence(Vec<Use>),
    Mapping { entries: Vec<Entry>, key: Option<Key>, merge: Option<(Span, Vec<Use>)> },
}

/// A key that waits for its value.
#[derive(Clone, Copy)]
struct Key {
    used: Use,
    /// Where it starts; inside brackets with its tag and anchor.
    start: usize,
    kind: KeyKind,
    /// Whether a `?` stands before it.
    explicit: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyKind {
    /// An entry of the mapping.
    Own,
    /// `<<`.
    Merge,
    /// Refused already.
    Refused,
}

/// What stands before a node: its anchor and tag.
pub(super) struct Properties {
    /// The parser's number of the anchor; 0 without one.
    pub(super) anchor: usize,
    pub(super) tag: Tag,
    pub(super) tag_range: Range<usize>,
}

/// What a node is beside its value, where it stands as a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Value,
    /// `<<`.
    Merge,
    /// `=`.
    Default,
    /// Nothing is written.
    Empty,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        file: FileId,
        source: &'a str,
        covered: &'a [Covered],
        limits: &'a Limits,
        diagnostics: &'a mut Vec<Diagnostic>,
    ) -> Self {
        Builder {
            file,
            source,
            limits,
            diagnostics,
            errors: 0,
            nodes: Vec::new(),
            stack: Vec::new(),
            root: None,
            started: false,
            merges: Vec::new(),
            aliases: 0,
            anchors: Vec::new(),
            names: HashMap::new(),
            cursor: 0,
            covered,
        }
    }

    pub(super) fn finish(self) -> Result<Built, Stop> {
        if let Some(missed) = self.covered.first() {
            let span = self.span(missed.range.clone());
            return Err(Diagnostic::error("syntax", span, "YAML 1.1 and 1.2 read this text differently")
                .help("write it in quotes, on one line and with a space after it")
                .into());
        }
        let written = self.nodes.len().saturating_add(self.aliases);
        let has_aliases = self.aliases > 0;
        let document = Document { file: self.file, nodes: self.nodes, root: self.root, has_aliases };
        Ok(Built { document, merges: self.merges, written })
    }

    pub(super) fn event(&mut self, event: Event<'_>, span: &ParsedSpan) -> Result<(), Stop> {
        let range = span.byte_range().unwrap_or_default();
        if self.nodes.len() > self.limits.nodes {
            let message = format!("the file has more than {} nodes, which is the limit", self.limits.nodes);
            return Err(Diagnostic::error("file_size", self.span(range), message)
                .label("one node too many")
                .help("split the policy into layers")
                .into());
        }
        match event {
            Event::DocumentStart(..) => self.document(range),
            Event::StreamEnd => self.end_of_file(),
            Event::Scalar(text, style, anchor, tag) => {
                let properties = self.properties(anchor, tag.as_deref(), span)?;
                self.scalar(&text, style, &properties, range)
            }
            Event::SequenceStart(style, anchor, tag) => {
                let properties = self.properties(anchor, tag.as_deref(), span)?;
                self.open(Content::Sequence(Vec::new()), style, properties, span)
            }
            Event::MappingStart(style, anchor, tag) => {
                let properties = self.properties(anchor, tag.as_deref(), span)?;
                let content = Content::Mapping { entries: Vec::new(), key: None, merge: None };
                self.open(content, style, properties, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range),
            Event::Anchor(_, name) => self.anchor(&name, range),
            Event::Alias(id) => self.alias(id, range),
            Event::UnresolvedAlias(name) => self.unresolved(&name, range),
            _ => Ok(()),
        }
    }

    pub(super) fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, range)
    }

    /// Keeps an error that leaves the shape of the document known.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) -> Result<(), Stop> {
        self.errors += 1;
        if self.errors >= MOST_ERRORS {
            return Err(diagnostic.note("too many errors; the rest of the file is not read").into());
        }
        self.diagnostics.push(diagnostic);
        Ok(())
    }

    /// Looks over the file up to `to`.
    pub(super) fn gap(&mut self, to: usize) -> Result<Gap, Stop> {
        let gap = gap::look(self.source, self.cursor, to);
        self.cursor = self.cursor.max(to);
        match gap.tab {
            Some(at) => Err(syntax::tab(self.span(at..at + 1)).into()),
            None => Ok(gap),
        }
    }

    fn document(&mut self, range: Range<usize>) -> Result<(), Stop> {
        if self.started {
            return Err(Diagnostic::error("documents", self.span(range), "a second document starts here")
                .label("second document")
                .help("put each document into a file of its own, or remove the `---`")
                .into());
        }
        self.started = true;
        self.check_prologue(range.start)
    }

    fn end_of_file(&mut self) -> Result<(), Stop> {
        if !self.started {
            self.check_prologue(self.source.len())?;
        }
        self.gap(self.source.len()).map(|_| ())
    }

    /// What stands before the document: of directives only `%YAML 1.x`, and no `...`, which would
    /// end a document that has not begun.
    fn check_prologue(&self, to: usize) -> Result<(), Stop> {
        let mut start = 0;
        for line in self.source.get(..to).unwrap_or_default().split(['\n', '\r']) {
            let span = self.span(start..start + line.len());
            start += line.len() + 1;
            if line.starts_with('%') && !is_version(line) {
                return Err(Diagnostic::error(
                    "syntax",
                    span,
                    "only the directive `%YAML 1.1` has a meaning",
                )
                .help("remove the line, or put text that starts with `%` into quotes")
                .into());
            }
            if line.starts_with("...") {
                return Err(Diagnostic::error("syntax", span, "`...` ends no document")
                    .help("remove it")
                    .into());
            }
        }
        Ok(())
    }

    pub(super) fn properties(
        &self,
        anchor: usize,
        tag: Option<&ParsedTag>,
        span: &ParsedSpan,
    ) -> Result<Properties, Stop> {
        let tag_range = span.tag_span().and_then(|tag| tag.byte_range()).unwrap_or_default();
        let tag = Tag::of(tag);
        let next = self.source.as_bytes().get(tag_range.end);
        if tag != Tag::None && !matches!(next, None | Some(b' ' | b'\n' | b'\r')) {
            return Err(Diagnostic::error("syntax", self.span(tag_range), "a tag needs a space after it")
                .help("put a space after the tag")
                .into());
        }
        Ok(Properties { anchor, tag, tag_range })
    }

    fn anchor(&mut self, name: &str, range: Range<usize>) -> Result<(), Stop> {
        let span = self.span(range);
        self.check_name(name, span)?;
        if let Some(first) = self.names.insert(name.into(), span) {
            let error = Diagnostic::error(
                "anchor",
                span,
                format!("the anchor `&{}` is given twice", syntax::excerpt(name)),
            )
            .label("second place")
            .also(first, "first place")
            .help("give each anchor a name of its own");
            return self.report(error);
        }
        Ok(())
    }

    /// YAML 1.1 reads other characters as the end of the name, and wants a blank before a bracket.
    fn check_name(&self, name: &str, span: Span) -> Result<(), Stop> {
        if matches!(self.source.as_bytes().get(span.range().end), Some(b'[' | b'{')) {
            let message = format!("a space is missing after `{}`", syntax::excerpt(name));
            return Err(Diagnostic::error("syntax", span, message)
                .help("put a space before the bracket")
                .into());
        }
        if name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
            return Ok(());
        }
        let help = match name.ends_with(':') {
            true => "put a space before the colon",
            false => "name it with letters, digits, `-` and `_`",
        };
        let message = format!("`{}` cannot be the name of an anchor", syntax::excerpt(name));
        Err(Diagnostic::error("anchor", span, message).help(help).into())
    }

    fn alias(&mut self, id: usize, range: Range<usize>) -> Result<(), Stop> {
        let gap = self.gap(range.start)?;
        self.cursor = range.end;
        self.aliases += 1;
        let span = self.span(range.clone());
        let name = self.source.get(range.start + 1..range.end).unwrap_or_default();
        self.check_name(name, span)?;
        let Some(&Some(node)) = self.anchors.get(id) else {
            let message = format!("`*{}` stands inside the node that it names", syntax::excerpt(name));
            return Err(Diagnostic::error("alias", span, message)
                .help("write the inner value out; a policy cannot contain itself")
                .into());
        };
        self.add(Use { node, span }, Role::Value, gap.question.is_some(), &gap)
    }

    fn unresolved(&mut self, name: &str, range: Range<usize>) -> Result<(), Stop> {
        let span = self.span(range);
        self.check_name(name, span)?;
        let message = format!("no anchor `&{}` stands before this alias", syntax::excerpt(name));
        Err(Diagnostic::error("alias", span, message)
            .help("define the anchor first, or put text that starts with `*` into quotes")
            .into())
    }

    pub(super) fn push(&mut self, kind: NodeKind, span: Span, anchor: usize) -> Use {
        let node = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node { span, kind });
        if anchor != 0 {
            // The parser counts anchors from one, in their order.
            if self.anchors.len() <= anchor {
                self.anchors.resize(anchor + 1, None);
            }
            if let Some(place) = self.anchors.get_mut(anchor) {
                *place = Some(node);
            }
        }
        Use { node, span }
    }

    fn open(
        &mut self,
        content: Content,
        style: StructureStyle,
        properties: Properties,
        span: &ParsedSpan,
    ) -> Result<(), Stop> {
        let range = span.byte_range().unwrap_or_default();
        let gap = self.gap(range.start)?;
        if self.stack.len() >= self.limits.depth {
            return Err(syntax::too_deep(self.span(range), self.limits.depth).into());
        }
        self.check_colon(&gap)?;
        let (mut start, mut end) = (range.start, range.start);
        let indent = match (style, gap.dash, self.stack.last()) {
            (StructureStyle::Flow, ..) => {
                end = range.end;
                self.indent()
            }
            // A list as deep as the mapping that it stands in: its range starts at the first item.
            (_, Some(dash), Some(Frame { content: Content::Mapping { .. }, indent, .. })) => {
                start = dash;
                *indent
            }
            _ => span.start.col() + 1,
        };
        self.cursor = end;
        let explicit = gap.question.is_some();
        self.stack.push(Frame { content, properties, style, start, end, indent, explicit });
        Ok(())
    }

    pub(super) fn indent(&self) -> usize {
        self.stack.last().map_or(0, |frame| frame.indent)
    }

    pub(super) fn style(&self) -> Option<StructureStyle> {
        self.stack.last().map(|frame| frame.style)
    }

    fn close(&mut self, range: Range<usize>) -> Result<(), Stop> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let Frame { content, properties, style, start, mut end, explicit, .. } = frame;
        if style == StructureStyle::Flow {
            self.gap(range.start)?;
            self.cursor = range.end;
            end = range.end;
        }
        let span = self.span(start..end);
        let kind = match content {
            // Growth leaves room; over a large file that is a quarter of its memory.
            Content::Sequence(mut items) => {
                items.shrink_to_fit();
                self.sequence(items, &properties, span)?
            }
            Content::Mapping { mut entries, merge, .. } => {
                entries.shrink_to_fit();
                let kind = self.mapping(entries, &properties)?;
                if let Some((key, sources)) = merge {
                    let into = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
                    self.merges.push(Merge { into, sources, key });
                }
                kind
            }
        };
        let used = self.push(kind, span, properties.anchor);
        self.add(used, Role::Value, explicit, &Gap::default())
    }

    fn sequence(&mut self, items: Vec<Use>, properties: &Properties, span: Span) -> Result<NodeKind, Stop> {
        match properties.tag {
            Tag::None | Tag::Bare | Tag::Seq => {}
            Tag::Pairs(name) => {
                for &item in &items {
                    if !self.is_pair(item) {
                        let message = format!("an item of `{name}` is a mapping with one entry");
                        self.report(Diagnostic::error("tag", item.span, message).also(span, "in this list"))?;
                    }
                }
                return Ok(NodeKind::Foreign(name));
            }
            _ => self.wrong_tag(properties, "a list")?,
        }
        Ok(NodeKind::Sequence(items))
    }

    /// Whether an item of `!!omap` has one entry whose key stands for itself.
    fn is_pair(&self, item: Use) -> bool {
        // Mappings enter the list as they end, so it is in the order of their ids.
        let merging = self.merges.binary_search_by_key(&item.node, |merge| merge.into).is_ok();
        match self.nodes.get(item.node.index()).map(|node| &node.kind) {
            Some(NodeKind::Mapping(entries)) if !merging => match entries.as_slice() {
                [entry] => self.text_of(entry.key) != Some("="),
                _ => false,
            },
            _ => false,
        }
    }

    fn text_of(&self, used: Use) -> Option<&str> {
        match &self.nodes.get(used.node.index())?.kind {
            NodeKind::Scalar(Scalar { value: ScalarValue::Str(text), .. }) => Some(text),
            _ => None,
        }
    }

    fn mapping(&mut self, entries: Vec<Entry>, properties: &Properties) -> Result<NodeKind, Stop> {
        match properties.tag {
            Tag::None | Tag::Bare | Tag::Map => {}
            Tag::Set => return Ok(NodeKind::Foreign("!!set")),
            _ => self.wrong_tag(properties, "a mapping")?,
        }
        Ok(NodeKind::Mapping(entries))
    }

    /// Refuses the tag of a node that is `what`.
    pub(super) fn wrong_tag(&mut self, properties: &Properties, what: &str) -> Result<(), Stop> {
        let text = syntax::excerpt(self.source.get(properties.tag_range.clone()).unwrap_or_default());
        let span = self.span(properties.tag_range.clone());
        let error = match properties.tag {
            Tag::Unknown => Diagnostic::error("tag", span, format!("unknown tag `{text}`"))
                .label("only the standard tags have a meaning")
                .help("remove the tag, or put text that starts with `!` into quotes"),
            _ => Diagnostic::error("tag", span, format!("the tag `{text}` cannot stand on {what}"))
                .help("remove the tag"),
        };
        self.report(error)
    }

    /// Hands a finished node to the collection that it stands in.
    pub(super) fn add(&mut self, used: Use, role: Role, explicit: bool, gap: &Gap) -> Result<(), Stop> {
        self.check_colon(gap)?;
        let end = used.span.range().end;
        let kind = self.key_kind(used);
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(used);
            return self.stands_alone(used, role);
        };
        frame.end = frame.end.max(end);
        match &mut frame.content {
            Content::Sequence(items) => items.push(used),
            Content::Mapping { key: waiting @ None, .. } => {
                let kind = if role == Role::Merge { KeyKind::Merge } else { kind };
                let property = gap.property.filter(|_| frame.style == StructureStyle::Flow);
                let start = property.unwrap_or(used.span.range().start);
                *waiting = Some(Key { used, start, kind, explicit });
                return match (role, kind) {
                    (Role::Empty, _) if !explicit => Err(no_key(used.span).into()),
                    (_, KeyKind::Refused) => self.report(unhashable(used.span)),
                    _ => Ok(()),
                };
            }
            Content::Mapping { entries, key: waiting, merge } => {
                if let Some(Key { used: key, kind, .. }) = waiting.take() {
                    match kind {
                        KeyKind::Own => entries.push(Entry { key, value: used, merged: false }),
                        KeyKind::Merge => merge.get_or_insert((key.span, Vec::new())).1.push(used),
                        KeyKind::Refused => {}
                    }
                }
            }
        }
        self.stands_alone(used, role)
    }

    fn key_kind(&self, used: Use) -> KeyKind {
        match self.nodes.get(used.node.index()).map(|node| &node.kind) {
            Some(NodeKind::Scalar(_)) => KeyKind::Own,
            _ => KeyKind::Refused,
        }
    }

    /// Refuses `<<` and `=` where no key stands.
    fn stands_alone(&mut self, used: Use, role: Role) -> Result<(), Stop> {
        let text = match role {
            Role::Value | Role::Empty => return Ok(()),
            Role::Merge => "<<",
            Role::Default => "=",
        };
        let message = format!("a plain `{text}` has no value in YAML 1.1");
        self.report(Diagnostic::error("scalar", used.span, message).help("put it into quotes"))
    }

    /// Checks the gap that follows a key: its colon stands on the same line.
    fn check_colon(&self, gap: &Gap) -> Result<(), Stop> {
        let Some(Frame { content: Content::Mapping { key: Some(key), .. }, .. }) = self.stack.last() else {
            return Ok(());
        };
        let Some(colon) = gap.colon else { return Ok(()) };
        let text = self.source.get(key.start..colon).unwrap_or_default();
        if key.explicit || !text.contains(['\n', '\r']) {
            return Ok(());
        }
        Err(Diagnostic::error(
            "syntax",
            self.span(colon..colon + 1),
            "the `:` stands on a later line than its key",
        )
        .also(key.used.span, "the key")
        .help("write `key: value` on one line")
        .into())
    }
}

/// Whether a line is `%YAML 1.` and a number.
fn is_version(line: &str) -> bool {
    let minor = line
        .strip_prefix("%YAML ")
        .map(|rest| rest.trim_matches(' '))
        .and_then(|rest| rest.strip_prefix("1."));
    minor.is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))
}

fn no_key(span: Span) -> Diagnostic {
    Diagnostic::error("syntax", span, "a key is missing before `:`")
        .help("write the key, or put text that starts with a colon into quotes")
}

fn unhashable(span: Span) -> Diagnostic {
    Diagnostic::error("key", span, "a list or mapping cannot be a key")
        .help("put the key into quotes, or a list of values behind a key of its own")
}
