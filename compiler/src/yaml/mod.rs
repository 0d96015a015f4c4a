//! YAML 1.1 as PyYAML's `safe_load` reads it: text -> a [`Document`] of spanned nodes.
//!
//! `events` drives the parser and builds the arena, `scalar` gives plain scalars their YAML 1.1
//! meaning, `merge` flattens `<<`, and `limits` bounds depth, expansion and sizes.

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
    /// The most nodes after aliases are expanded, as a multiple of the nodes that the file writes.
    pub expansion: usize,
    /// The longest scalar, in bytes.
    pub scalar_bytes: usize,
    /// The longest file, in bytes.
    pub file_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { depth: 128, expansion: 10, scalar_bytes: 1 << 20, file_bytes: 512 << 20 }
    }
}
