//! The reader: one document, and the mappings and lists in it.
//!
//! Every mapping passes through [`Reader::mapping`], which gives each key once, as Python's `dict`
//! would hold it: at its first place, with its last value.

use super::keys::KeyId;
use crate::diag::{Diagnostic, Lint};
use crate::shown::shown;
use crate::source::{SourceMap, Span};
use crate::yaml::{Document, Entry, Node, NodeId, NodeKind, Scalar, ScalarValue, Style, Use};
use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};

pub(super) struct Reader<'a> {
    pub(super) document: &'a Document,
    pub(super) sources: &'a SourceMap,
    out: &'a mut Vec<Diagnostic>,
}

/// A key of a mapping with its value, each key once.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) key: Use,
    pub(super) value: Use,
}

impl<'a> Reader<'a> {
    pub(super) fn new(document: &'a Document, sources: &'a SourceMap, out: &'a mut Vec<Diagnostic>) -> Self {
        Reader { document, sources, out }
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.out.push(diagnostic);
    }

    pub(super) fn node(&self, id: NodeId) -> &'a Node {
        self.document.node(id)
    }

    pub(super) fn kind(&self, at: Use) -> &'a NodeKind {
        &self.node(at.node).kind
    }

    pub(super) fn scalar(&self, at: Use) -> Option<&'a Scalar> {
        match self.kind(at) {
            NodeKind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar that is a string.
    pub(super) fn str(&self, at: Use) -> Option<&'a str> {
        match &self.scalar(at)?.value {
            ScalarValue::Str(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self, at: Use) -> bool {
        matches!(self.scalar(at), Some(Scalar { value: ScalarValue::Null, .. }))
    }

    /// The text of the file where a node is written, behind any alias.
    pub(super) fn source(&self, at: Use) -> &'a str {
        self.sources.text(self.node(at.node).span)
    }

    /// What a node is, in the words of a message.
    pub(super) fn describe(&self, at: Use) -> &'static str {
        match self.kind(at) {
            NodeKind::Sequence(_) => "a list",
            NodeKind::Mapping(_) => "a mapping",
            NodeKind::Foreign(_) => "a special collection",
            NodeKind::Scalar(scalar) => match scalar.value {
                ScalarValue::Null => "null",
                ScalarValue::Bool(_) => "a boolean",
                ScalarValue::Int(_) => "a whole number",
                ScalarValue::Float(_) => "a decimal number",
                ScalarValue::Str(_) => "a string",
                ScalarValue::Timestamp(_) => "a date",
                ScalarValue::Binary(_) => "binary data",
            },
        }
    }

    /// An error about a value; where an alias stands for it, the value's own place is shown too.
    pub(super) fn value_error(&self, name: &'static str, at: Use, message: impl Into<String>) -> Diagnostic {
        let diagnostic = Diagnostic::error(name, at.span, message);
        let written = self.node(at.node).span;
        if written == at.span { diagnostic } else { diagnostic.also(written, "the value is written here") }
    }

    /// The error that a value is of the wrong kind.
    pub(super) fn wrong_kind(&self, at: Use, what: &str, expected: &str) -> Diagnostic {
        let found = self.describe(at);
        self.value_error("wrong_kind", at, format!("{what} must be {expected}, found {found}"))
            .label(self.reading(at))
    }

    /// What a node is, as a label beside it.
    pub(super) fn reading(&self, at: Use) -> String {
        let found = self.describe(at);
        match self.scalar(at) {
            Some(Scalar { style: Style::Plain, value: ScalarValue::Bool(_) | ScalarValue::Timestamp(_) }) => {
                format!("YAML 1.1 reads `{}` as {found}", shown(self.source(at)))
            }
            _ => format!("this is {found}"),
        }
    }

    /// The fields of a mapping; anything else is an error, described as `what`, with a line of help.
    pub(super) fn mapping(&mut self, at: Use, what: &str, help: &str) -> Option<Vec<Field>> {
        match self.kind(at) {
            NodeKind::Mapping(entries) => Some(self.fields(entries)),
            _ => {
                let error = self.wrong_kind(at, what, "a mapping");
                self.report(error.help(help));
                None
            }
        }
    }

    /// The items of a list; anything else is an error, described as `what`.
    pub(super) fn list(&mut self, at: Use, what: &str) -> Option<&'a [Use]> {
        match self.kind(at) {
            NodeKind::Sequence(items) => Some(items),
            _ => {
                let error = self.wrong_kind(at, what, "a list");
                self.report(error.help("begin each item with `- `"));
                None
            }
        }
    }

    /// The entries of a mapping with each key once: the first place, the last value.
    pub(super) fn fields(&self, entries: &[Entry]) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::with_capacity(entries.len());
        let mut places = Seen::new();
        for entry in entries {
            let id = self.key_id(entry.key);
            let earlier = id.and_then(|id| places.earlier(id, fields.len()).copied());
            match earlier.and_then(|place| fields.get_mut(place)) {
                Some(field) => field.value = entry.value,
                None => fields.push(Field { key: entry.key, value: entry.value }),
            }
        }
        fields
    }

    /// Reports every key that a mapping writes twice, wherever the mapping stands: one that is only
    /// merged into others must not lose an entry unseen. A key that comes in through `<<` may be
    /// overridden.
    pub(super) fn report_duplicates(&mut self) {
        for node in &self.document.nodes {
            let NodeKind::Mapping(entries) = &node.kind else { continue };
            let mut places = Seen::new();
            for entry in entries.iter().filter(|entry| !entry.merged) {
                let Some(id) = self.key_id(entry.key) else { continue };
                if let Some(last) = places.earlier(id, entry.key.span) {
                    let first = std::mem::replace(last, entry.key.span);
                    self.report_duplicate(first, entry.key);
                }
            }
        }
    }

    fn report_duplicate(&mut self, first: Span, again: Use) {
        let key = self.show_key(again);
        let earlier = shown(self.sources.text(first));
        let message = if self.source(again) == self.sources.text(first) {
            format!("the key `{key}` is given twice")
        } else {
            format!("the key `{key}` is the same as `{earlier}`, given before")
        };
        self.report(
            Diagnostic::lint(Lint::DuplicateKey, again.span, message)
                .label("this value replaces the earlier one")
                .also(first, "given here before; its value is dropped")
                .help("keep one of the two, or join their contents under one key"),
        );
    }
}

/// The keys that a mapping has so far, with what is kept of each.
struct Seen<'a, T> {
    /// As long as the keys are few, comparing them all is faster than hashing one.
    few: Vec<(KeyId<'a>, T)>,
    /// All of them, once they are many.
    many: HashMap<KeyId<'a>, T>,
}

impl<'a, T> Seen<'a, T> {
    const FEW: usize = 8;

    fn new() -> Self {
        Seen { few: Vec::new(), many: HashMap::new() }
    }

    /// What is kept of a key that is there; another is added.
    fn earlier(&mut self, id: KeyId<'a>, kept: T) -> Option<&mut T> {
        if self.many.is_empty() {
            if let Some(at) = self.few.iter().position(|(known, _)| *known == id) {
                return self.few.get_mut(at).map(|(_, kept)| kept);
            }
            if self.few.len() < Self::FEW {
                if self.few.is_empty() {
                    self.few.reserve_exact(Self::FEW);
                }
                self.few.push((id, kept));
                return None;
            }
            self.many.extend(self.few.drain(..));
        }
        match self.many.entry(id) {
            Occupied(known) => Some(known.into_mut()),
            Vacant(place) => {
                place.insert(kept);
                None
            }
        }
    }
}
