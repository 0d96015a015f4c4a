//! Rows of elements and alternations of rows, put together as Python's parser puts them.
//!
//! CPython rewrites a pattern while it reads it: `(?:…)` disappears into the row around it, what all
//! branches of an alternation begin with moves to the front of it, and branches of one character
//! each become a set. It then looks for the start of a match among the characters of the first set.
//! Some of that shows, so it is followed, in the terms in which CPython compares what it has read:
//! a set is the same as another only if its items stand in the same order.

use super::ast::{Ast, Case, Form, Item, Leaf, NodeId, NodeKind, Over};
use super::escape::Sign;
use super::parse::Parser;
use crate::pyre::tables;
use std::ops::Range;

/// A leaf or a look as it is read.
pub(crate) struct Atom {
    pub(crate) kind: NodeKind,
    pub(crate) shape: Shape,
}

/// What stands in a row.
pub(crate) struct Element {
    pub(crate) node: NodeId,
    pub(crate) shape: Shape,
    /// Its bytes, a group's parentheses among them.
    pub(crate) at: Range<usize>,
}

/// What an element is to CPython's parser.
#[derive(PartialEq, Eq)]
pub(crate) enum Shape {
    /// A look, by the character that it is written with. No quantifier may follow.
    Look(char),
    /// A repetition. No quantifier may follow.
    Repeat,
    /// `.`.
    Any,
    /// A literal or a set.
    Set {
        /// In the order written, none twice.
        items: Vec<Item>,
        /// Whether it is everything else.
        negated: bool,
    },
    /// A backreference to this group, which was refused.
    Reference(usize),
    /// A group that does not disappear, an alternation, or what else is refused.
    Group {
        /// The set that it begins with, where CPython sees it.
        opening: Option<NodeId>,
    },
}

impl Shape {
    /// What no other is the same as, and no set can be seen in.
    pub(crate) const OTHER: Shape = Shape::Group { opening: None };
}

/// What is read of a row that has not ended: a quantifier may still come.
pub(crate) enum Piece {
    One(Element),
    /// `(?:…)`.
    Plain {
        row: Vec<Element>,
        at: Range<usize>,
    },
}

/// The row that pieces make.
pub(crate) fn unpack(pieces: Vec<Piece>) -> Vec<Element> {
    let mut row = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match piece {
            Piece::One(element) => row.push(element),
            Piece::Plain { row: inner, .. } => row.extend(inner),
        }
    }
    row
}

impl Parser<'_> {
    /// The node of a row.
    pub(crate) fn sequence(&mut self, row: &[Element], at: Range<usize>) -> NodeId {
        match row {
            [only] => only.node,
            _ => self.ast.add(NodeKind::Concat(row.iter().map(|element| element.node).collect()), at),
        }
    }

    /// The row of an alternation, under the flags of this place.
    pub(crate) fn alternation(&mut self, mut branches: Vec<Vec<Element>>, at: Range<usize>) -> Vec<Element> {
        if branches.len() < 2 {
            return branches.pop().unwrap_or_default();
        }
        let shared = shared(&branches);
        let mut row = Vec::new();
        for (index, branch) in branches.iter_mut().enumerate() {
            let front = branch.drain(..shared);
            if index == 0 {
                row.extend(front);
            }
        }
        row.push(match united(&branches) {
            Some(items) => {
                let atom = self.set(items, Sign::Positive);
                let node = self.ast.add(as_set(atom.kind), at.clone());
                Element { node, shape: atom.shape, at }
            }
            None => {
                let nodes = branches.iter().map(|branch| self.sequence(branch, span(branch, &at)));
                let nodes = nodes.collect();
                let node = self.ast.add(NodeKind::Alternation(nodes), at.clone());
                Element { node, shape: Shape::OTHER, at }
            }
        });
        row
    }
}

/// How many elements all branches have in common from the front. Repetitions and groups are the
/// same as no other.
fn shared(branches: &[Vec<Element>]) -> usize {
    let Some((first, others)) = branches.split_first() else { return 0 };
    let comparable = |shape: &Shape| !matches!(shape, Shape::Repeat | Shape::Group { .. });
    let in_all = |&(index, element): &(usize, &Element)| {
        let same = |branch: &Vec<Element>| branch.get(index).is_some_and(|e| e.shape == element.shape);
        comparable(&element.shape) && others.iter().all(same)
    };
    first.iter().enumerate().take_while(in_all).count()
}

/// The items of all branches, if each is one literal or set that is not negated.
fn united(branches: &[Vec<Element>]) -> Option<Vec<Item>> {
    let mut all = Vec::new();
    for branch in branches {
        match branch.as_slice() {
            [Element { shape: Shape::Set { items, negated: false }, .. }] => all.extend(items),
            _ => return None,
        }
    }
    Some(all)
}

/// A leaf as a set, however many items it has.
fn as_set(kind: NodeKind) -> NodeKind {
    match kind {
        NodeKind::Leaf(leaf) => NodeKind::Leaf(Leaf { form: Form::Set, ..leaf }),
        other => other,
    }
}

/// The bytes of a branch of the alternation at `whole`.
fn span(branch: &[Element], whole: &Range<usize>) -> Range<usize> {
    match (branch.first(), branch.last()) {
        (Some(first), Some(last)) => first.at.start..last.at.end,
        _ => whole.end..whole.end,
    }
}

/// The set that a row begins with, where CPython sees it: through groups, but not through
/// repetitions or alternations.
pub(crate) fn opening(row: &[Element]) -> Option<NodeId> {
    let first = row.first()?;
    match &first.shape {
        Shape::Set { items, .. } if !matches!(items.as_slice(), [Item::Char(_)]) => Some(first.node),
        Shape::Group { opening } => *opening,
        _ => None,
    }
}

/// Marks the set in which CPython looks for the start of a match. It reads the classes of that set
/// under the flags of the whole pattern, not under those of the place, so that `(?a:\W)` is not
/// found in `é`; but it does not look if case could count there.
pub(crate) fn mark_start(ast: &mut Ast, row: &[Element], over: Over) {
    let Some(leaf) = opening(row).and_then(|id| ast.leaf_mut(id)) else { return };
    let other = |item: &Item| matches!(item, Item::Class { over: own, .. } if *own != over);
    if leaf.items.iter().any(other) && !leaf.items.iter().any(|&item| is_cased(item, leaf.case)) {
        leaf.also = Some(over);
    }
}

/// Whether CPython holds that case can count for an item.
fn is_cased(item: Item, case: Case) -> bool {
    let (low, high) = match item {
        Item::Char(c) => (c, c),
        Item::Range(_, high) if high > 0xffff => return case != Case::Exact,
        Item::Range(low, high) => (low, high),
        Item::Class { .. } => return false,
    };
    let reaches = |from: u32, to: u32| low <= to && from <= high;
    match case {
        Case::Exact => false,
        Case::Ascii => reaches(u32::from('A'), u32::from('Z')) || reaches(u32::from('a'), u32::from('z')),
        Case::Unicode => {
            tables::all_company().iter().any(|&(c, _)| reaches(c, c))
                || tables::all_upper().iter().any(|&(c, _)| reaches(c, c))
        }
    }
}
