//! What the form of a pattern says of its matches: what they hold, where they begin and end.

use super::ast::{Ast, Case, Item, Leaf, Look, NodeId, NodeKind};
use super::tables;

/// A text that every text in which a pattern is found holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// The text; not empty.
    pub text: String,
    /// Whether every match begins with it, whatever stands before.
    pub prefix: bool,
    /// Whether the pattern is nothing else.
    pub exact: bool,
}

/// How the matches of a pattern end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// At the end, or before a final newline; else only at the end.
    pub(super) newline: bool,
}

/// A stretch of a pattern in order.
enum Part {
    Char(char),
    Look,
    Other,
}

/// The longest run of characters that every match holds.
pub(super) fn literal(ast: &Ast, root: NodeId) -> Option<Literal> {
    let mut parts = Vec::new();
    flatten(ast, root, &mut parts);
    let mut runs = vec![(0, String::new())];
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Char(c) => runs.last_mut()?.1.push(*c),
            Part::Look => {}
            Part::Other => runs.push((at + 1, String::new())),
        }
    }
    let exact = parts.iter().all(|part| matches!(part, Part::Char(_)));
    let starts = matches!(parts.first(), Some(Part::Char(_)));
    // Of runs of one length the first; a run at the start saves more than a longer one inside.
    let longest = runs
        .into_iter()
        .rev()
        .max_by_key(|(at, text)| text.len() + if *at == 0 && starts { 2 } else { 0 })?;
    let (at, text) = longest;
    (!text.is_empty()).then_some(Literal { text, prefix: at == 0 && starts, exact })
}

/// The parts of a node; nesting is bounded by the parser.
fn flatten(ast: &Ast, node: NodeId, parts: &mut Vec<Part>) {
    match ast.get(node).map(|node| &node.kind) {
        Some(NodeKind::Leaf(leaf)) => parts.push(character(leaf).map_or(Part::Other, Part::Char)),
        Some(NodeKind::Look(_)) => parts.push(Part::Look),
        Some(NodeKind::Concat(nodes)) => nodes.iter().for_each(|&node| flatten(ast, node, parts)),
        Some(&NodeKind::Repeat { node, min: 1.., .. }) => {
            // At least once: what it holds is held, and what stands around it is not next to it.
            parts.push(Part::Other);
            flatten(ast, node, parts);
            parts.push(Part::Other);
        }
        Some(NodeKind::Alternation(_) | NodeKind::Repeat { .. }) | None => parts.push(Part::Other),
    }
}

/// The only character that a leaf takes.
fn character(leaf: &Leaf) -> Option<char> {
    let &[Item::Char(c)] = leaf.items.as_slice() else { return None };
    let alone = match leaf.case {
        Case::Exact => true,
        Case::Ascii => !char::from_u32(c)?.is_ascii_alphabetic(),
        Case::Unicode => tables::company(c).is_empty(),
    };
    if alone && !leaf.negated { char::from_u32(c) } else { None }
}

/// Whether every match ends at the end of the text; what else asks for the end of the text asks for
/// nothing that a walk from the end cannot see.
pub(super) fn end(ast: &Ast, root: NodeId) -> Option<End> {
    let mut ends = Vec::new();
    last_looks(ast, root, &mut ends)?;
    let asks = |look: &Look| matches!(look, Look::End | Look::TextEnd);
    let asking = ast.nodes().iter().filter(|node| matches!(&node.kind, NodeKind::Look(look) if asks(look)));
    let first = *ends.first()?;
    let alike = ends.iter().all(|&look| look == first) && asking.count() == ends.len();
    alike.then_some(End { newline: first == Look::End })
}

/// The looks that end every way through a node; `None` if a way ends without one.
fn last_looks(ast: &Ast, node: NodeId, ends: &mut Vec<Look>) -> Option<()> {
    match &ast.get(node)?.kind {
        NodeKind::Look(look @ (Look::End | Look::TextEnd)) => ends.push(*look),
        NodeKind::Concat(nodes) => last_looks(ast, *nodes.last()?, ends)?,
        NodeKind::Alternation(nodes) => nodes.iter().try_for_each(|&node| last_looks(ast, node, ends))?,
        NodeKind::Look(_) | NodeKind::Leaf(_) | NodeKind::Repeat { .. } => return None,
    }
    Some(())
}

/// Whether every match begins at the start of the text.
pub(super) fn is_anchored(ast: &Ast, node: NodeId) -> bool {
    match ast.get(node).map(|node| &node.kind) {
        Some(NodeKind::Look(Look::TextStart)) => true,
        Some(NodeKind::Concat(nodes)) => nodes.first().is_some_and(|&node| is_anchored(ast, node)),
        Some(NodeKind::Alternation(nodes)) => nodes.iter().all(|&node| is_anchored(ast, node)),
        _ => false,
    }
}

/// Whether a pattern is made of characters and alternatives alone.
pub(super) fn is_finite(ast: &Ast, node: NodeId) -> bool {
    match ast.get(node).map(|node| &node.kind) {
        Some(NodeKind::Leaf(_)) => true,
        Some(NodeKind::Concat(nodes) | NodeKind::Alternation(nodes)) => {
            nodes.iter().all(|&node| is_finite(ast, node))
        }
        _ => false,
    }
}
