//! Patterns that CPython treats in a way that depends on its own optimiser: refused, since their
//! meaning is neither plain nor worth keeping.

use super::ast::{Ast, Case, Item, Leaf, Node, NodeId, NodeKind, Over};
use super::flags::Flags;
use super::refusal::{self, Refusal};
use super::{PatternError, PatternErrorKind, tables};

/// Refuses a tree in which CPython's optimiser shows.
pub(super) fn check(ast: &Ast, root: NodeId, flags: Flags) -> Result<(), PatternError> {
    let alternates = ast.nodes().iter().any(|node| matches!(node.kind, NodeKind::Alternation(_)));
    for node in ast.nodes() {
        let NodeKind::Leaf(leaf) = &node.kind else { continue };
        if has_ascii_case_range(leaf) {
            return Err(refused(node, refusal::ASCII_CASE_RANGE));
        }
        if alternates && is_astral_upper(leaf) {
            return Err(refused(node, refusal::ASTRAL_UPPER));
        }
    }
    match first_scoped(ast, root, flags.over()) {
        Some(node) => Err(refused(node, refusal::FIRST_SCOPED_CLASS)),
        None => Ok(()),
    }
}

fn refused(node: &Node, why: Refusal) -> PatternError {
    PatternError {
        kind: PatternErrorKind::Unsupported,
        at: node.at.clone(),
        message: why.message.to_owned(),
        help: Some(why.help.to_owned()),
    }
}

/// Under `(?ai)` CPython compares a range past U+FFFF with the Unicode upper case as well.
fn has_ascii_case_range(leaf: &Leaf) -> bool {
    let past_bmp = |item: &Item| matches!(item, Item::Range(_, high) if *high > 0xffff);
    leaf.case == Case::Ascii && leaf.items.iter().any(past_bmp)
}

/// CPython turns an alternation of single characters into a set, in which an upper-case letter past
/// U+FFFF matches nothing under `(?i)`.
fn is_astral_upper(leaf: &Leaf) -> bool {
    match leaf.items.as_slice() {
        [Item::Char(c)] => leaf.case == Case::Unicode && !leaf.negated && tables::is_astral_upper(*c),
        _ => false,
    }
}

/// CPython looks for the start of a match among the characters of a pattern's first set, but reads
/// the set's classes under the flags of the whole pattern: `(?a:\W)` is not found in `é`. Gives a
/// leaf that may be that set and has a class of the other kind.
fn first_scoped(ast: &Ast, root: NodeId, over: Over) -> Option<&Node> {
    let mut pending = vec![root];
    while let Some(node) = pending.pop().and_then(|id| ast.get(id)) {
        match &node.kind {
            NodeKind::Leaf(leaf) => {
                let other = |item: &Item| matches!(item, Item::Class { over: of, .. } if *of != over);
                if leaf.items.iter().any(other) {
                    return Some(node);
                }
            }
            NodeKind::Alternation(nodes) => pending.extend(nodes),
            NodeKind::Concat(nodes) => {
                let empty = |id: &NodeId| match ast.get(*id).map(|node| &node.kind) {
                    Some(NodeKind::Concat(nodes)) => nodes.is_empty(),
                    _ => false,
                };
                pending.extend(nodes.iter().find(|id| !empty(id)));
            }
            NodeKind::Look(_) | NodeKind::Repeat { .. } => {}
        }
    }
    None
}
