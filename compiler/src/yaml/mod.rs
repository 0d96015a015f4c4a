//! YAML 1.1 as PyYAML's `safe_load` reads it: text -> a [`Document`] of spanned nodes.
//!
//! bytes → [`decode`] → characters that YAML allows → events → nodes → merge keys → [`Document`]
//!
//! The grammar comes from an event parser for YAML 1.2. Every scalar is then read again from its
//! place by the rules of YAML 1.1 (`text`), and every gap between scalars is looked over (`gap`):
//! where the two readings part, the file is refused, so no text means here what it does not mean
//! there. Of two layouts that YAML 1.1 alone has, `layout` gives the parser a copy that it can read.
//! `scalar`, `number` and `timestamp` give scalars their values, `tag` applies `!!tags`,
//! `merge` flattens `<<` and bounds what aliases expand to.

mod base64;
mod build;
mod core_schema;
mod decode;
mod events;
mod gap;
mod layout;
mod leaf;
mod merge;
mod number;
mod origin;
mod scalar;
mod syntax;
mod tag;
mod text;
mod timestamp;

pub use core_schema::{describe, yaml12_reading, yaml12_value};
pub use decode::{DecodeError, decode};
pub use events::parse;

use crate::source::{FileId, Span};
use num_bigint::BigInt;

/// A node of a [`Document`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

/// One YAML document, as an arena. Aliases share the node that they name.
#[derive(Debug)]
pub struct Document {
    pub(crate) file: FileId,
    pub(crate) nodes: Vec<Node>,
    /// `None` for an empty file.
    pub(crate) root: Option<Use>,
    /// Whether a node is used at more places than where it is written.
    pub(crate) has_aliases: bool,
}

impl Document {
    /// The file.
    #[must_use]
    pub fn file(&self) -> FileId {
        self.file
    }

    /// The top node; `None` for an empty file.
    #[must_use]
    pub fn root(&self) -> Option<Use> {
        self.root
    }

    /// A node of this document. Children have lower ids than their parents, so a walk ends.
    ///
    /// # Panics
    ///
    /// If the id is of another document that has more nodes.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The node that is used.
    ///
    /// # Panics
    ///
    /// As [`Document::node`].
    #[must_use]
    pub fn get(&self, used: Use) -> &Node {
        self.node(used.node)
    }

    /// The node at a position, if there is one that far.
    #[must_use]
    pub fn id(&self, index: usize) -> Option<NodeId> {
        let id = u32::try_from(index).ok().filter(|_| index < self.nodes.len())?;
        Some(NodeId(id))
    }

    /// How many nodes the file writes.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }
}

impl NodeId {
    /// The position of the node in its document, children before parents.
    #[must_use]
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A node where it is used: behind an alias, `span` is the alias and the node stands elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The node.
    pub node: NodeId,
    /// Where it is used.
    pub span: Span,
}

/// A node and its place.
#[derive(Debug)]
pub struct Node {
    /// The place: of a block mapping or sequence its first key or item up to its last, of a scalar
    /// its text with quotes.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node holds.
#[derive(Debug)]
pub enum NodeKind {
    /// A scalar with its YAML 1.1 meaning.
    Scalar(Scalar),
    /// A sequence.
    Sequence(Vec<Use>),
    /// A mapping as written, merge keys already flattened: merged entries first, then its own.
    /// A key may still occur twice among the entries that the mapping itself writes.
    Mapping(Vec<Entry>),
    /// `!!set`, `!!omap` or `!!pairs`: a collection that no JSON value equals.
    Foreign(&'static str),
}

/// One entry of a mapping.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The key.
    pub key: Use,
    /// The value.
    pub value: Use,
    /// Whether the entry came in through `<<`.
    pub merged: bool,
}

/// A scalar.
#[derive(Debug)]
pub struct Scalar {
    /// How it is written.
    pub style: Style,
    /// What it means.
    pub value: ScalarValue,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// A block scalar, `|` or `>`.
    Block,
}

/// What a scalar means in YAML 1.1.
#[derive(Clone, Debug, PartialEq)]
pub enum ScalarValue {
    /// `null`, `~` or nothing.
    Null,
    /// `true`, `yes`, `on` and their like.
    Bool(bool),
    /// An integer of any size.
    Int(BigInt),
    /// A double.
    Float(f64),
    /// Text.
    Str(Box<str>),
    /// A date or time: the text that Python's `str` gives for it.
    Timestamp(Box<str>),
    /// `!!binary`: the bytes.
    Binary(Box<[u8]>),
}

/// Limits on one file. Passing one is an error of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The deepest nesting of collections.
    pub depth: usize,
    /// The most nodes and bytes of text after aliases are expanded, as a multiple of those that the file
    /// writes.
    pub expansion: usize,
    /// The most nodes that a file writes.
    pub nodes: usize,
    /// The longest scalar, in bytes.
    pub scalar_bytes: usize,
    /// The longest file, in bytes.
    pub file_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { depth: 128, expansion: 10, nodes: 40_000_000, scalar_bytes: 1 << 20, file_bytes: 512 << 20 }
    }
}
