//! The syntax tree of a pattern: an arena of nodes, flags already resolved.
//!
//! A leaf carries the flags under which Python would test it, so that no later pass knows of flags.
//! What an automaton cannot follow has no node here: the parser refuses it.

use std::ops::Range;

/// A node of an [`Ast`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// The place of the node in [`Ast::nodes`].
    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The arena. Children stand before their parents.
#[derive(Debug, Default)]
pub(crate) struct Ast {
    nodes: Vec<Node>,
}

/// A node with the bytes of the pattern that it was read from.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) at: Range<usize>,
}

/// What a node matches.
#[derive(Debug)]
pub(crate) enum NodeKind {
    /// One character.
    Leaf(Leaf),
    /// No character, where the text around the place is so.
    Look(Look),
    /// All in order; none matches the empty text.
    Concat(Vec<NodeId>),
    /// Any of these.
    Alternation(Vec<NodeId>),
    /// A node `min` to `max` times. Greedy and lazy find the same texts.
    Repeat {
        /// What is repeated.
        node: NodeId,
        /// The least times.
        min: u32,
        /// The most times; `None` is any number.
        max: Option<u32>,
    },
}

/// One character out of a set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Leaf {
    /// A character is in the set if one of these holds. No item twice.
    pub(crate) items: Vec<Item>,
    /// Whether the set is everything else.
    pub(crate) negated: bool,
    /// How the items see case.
    pub(crate) case: Case,
    /// Literal or set.
    pub(crate) form: Form,
    /// If there: the character must also be in the set when its classes are read over this, and case
    /// as it is. CPython looks for the start of a match so.
    pub(crate) also: Option<Over>,
}

/// Whether CPython treats a leaf as a literal or as a set: the two differ under `(?i)` for upper-case
/// letters past U+FFFF, which a set never matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Form {
    /// One character, or any other than it.
    Literal,
    /// Several items, written so or made of an alternation.
    Set,
}

/// An item of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Item {
    /// This code point. A lone surrogate may be named, but stands in no text.
    Char(u32),
    /// These code points, both ends inclusive.
    Range(u32, u32),
    /// `\d`, `\w`, `\s` and their negations.
    Class {
        /// Which.
        class: Class,
        /// Over ASCII or over Unicode.
        over: Over,
        /// `\D`, `\W`, `\S`.
        negated: bool,
    },
}

/// `\d`, `\w` or `\s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Class {
    /// `\d`.
    Digit,
    /// `\w`.
    Word,
    /// `\s`.
    Space,
}

/// Which characters a class of `\d`, `\w`, `\s`, `\b` looks at: `(?a)` or `(?u)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Over {
    /// Only ASCII characters can be in the class.
    Ascii,
    /// Python's tables for `str`.
    Unicode,
}

/// How case counts: without `(?i)`, with `(?ai)`, with `(?i)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Case {
    /// As it is.
    Exact,
    /// `A` to `Z` and `a` to `z` are the same.
    Ascii,
    /// By Python's lower case and extra cases.
    Unicode,
}

/// A condition on the characters around a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Look {
    /// `\A`, and `^` without `(?m)`.
    TextStart,
    /// `\Z`.
    TextEnd,
    /// `$` without `(?m)`: the end, or before a final newline.
    End,
    /// `^` under `(?m)`: the start, or after a newline.
    LineStart,
    /// `$` under `(?m)`: the end, or before a newline.
    LineEnd,
    /// `\b`.
    Boundary(Over),
    /// `\B`; false on the empty text, as `\b` is.
    NotBoundary(Over),
}

impl Ast {
    /// Adds a node; its children are there already.
    pub(crate) fn add(&mut self, kind: NodeKind, at: Range<usize>) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node { kind, at });
        id
    }

    /// The node of an id of this tree. `None` does not occur: ids come from [`Ast::add`].
    pub(crate) fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())
    }

    /// The leaf of an id, to be changed.
    pub(crate) fn leaf_mut(&mut self, id: NodeId) -> Option<&mut Leaf> {
        match &mut self.nodes.get_mut(id.index())?.kind {
            NodeKind::Leaf(leaf) => Some(leaf),
            _ => None,
        }
    }

    /// Every node, children before parents. Some may have been left out of the tree.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }
}
