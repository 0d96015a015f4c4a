//! What the form of a pattern says of its matches: what they hold, where they begin and end.

use crate::pyre::syntax::ast::{Ast, Case, Item, Leaf, Look, NodeId, NodeKind};
use crate::pyre::tables;

/// Texts that matches hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Literals {
    /// What every text in which the pattern is found holds; may be empty.
    pub needed: String,
    /// What every match begins with, whatever stands before; without a newline, may be empty.
    pub prefix: String,
    /// Whether the pattern is nothing but what is needed.
    pub exact: bool,
    /// Whether every match ends with what is needed, and asks for nothing around it.
    pub suffix: bool,
}

impl Literals {
    /// The bytes of the longest text that is looked for before a walk.
    pub(crate) fn longest(&self) -> usize {
        self.needed.len().max(self.prefix.len())
    }
}

/// Where the matches of a pattern end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where the text ends.
    Text,
    /// Where the text ends, or before a final newline.
    Line,
    /// Where a literal ends that they all end with; it may stand in other places as well.
    Literal,
}

/// A stretch of a pattern in order.
enum Part {
    Char(char),
    Look,
    Other,
}

/// The longest run of characters that every match holds, and the one that it begins with.
pub(crate) fn literals(ast: &Ast, root: NodeId) -> Literals {
    let mut parts = Vec::new();
    flatten(ast, root, &mut parts);
    let mut runs = vec![String::new()];
    for part in &parts {
        match part {
            Part::Char(c) => runs.iter_mut().last().into_iter().for_each(|run| run.push(*c)),
            Part::Look => {}
            Part::Other => runs.push(String::new()),
        }
    }
    let exact = parts.iter().all(|part| matches!(part, Part::Char(_)));
    let starts = matches!(parts.first(), Some(Part::Char(_)));
    let prefix = if starts { runs.first().cloned().unwrap_or_default() } else { String::new() };
    let last = runs.last().cloned().unwrap_or_default();
    // Of runs of one length the last.
    let needed = runs.into_iter().max_by_key(String::len).unwrap_or_default();
    let looks = ast.nodes().iter().any(|node| matches!(node.kind, NodeKind::Look(_)));
    let suffix = !exact && !looks && last == needed && last.len() > 1;
    let prefix = prefix.split('\n').next().filter(|_| !exact).unwrap_or_default().to_owned();
    // What begins every match need not be looked for again.
    let needed = if needed == prefix && !suffix { String::new() } else { needed };
    Literals { exact: exact && !needed.is_empty(), needed, prefix, suffix }
}

/// The byte of a literal that texts have least often, by a guess that holds for names, paths and prose alike;
/// 0 for an empty one. Only the speed of a search depends on it.
#[must_use]
pub fn rarest(literal: &str) -> u8 {
    const COMMON: &[u8] = b" etaoinsrhldcumfpgwybvkxjqz./-_0123456789:,";
    let rank = |&byte: &u8| match byte {
        0x80.. => 0,
        _ => COMMON.iter().position(|&common| common == byte).map_or(usize::MAX, |rank| rank + 1),
    };
    let places = (0..=u8::MAX).zip(literal.as_bytes());
    places.max_by_key(|(_, byte)| rank(byte)).map_or(0, |(place, _)| place)
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
    if alone && !leaf.negated && leaf.also.is_none() { char::from_u32(c) } else { None }
}

/// Where every match ends, if a walk from there sees what the pattern asks for.
pub(crate) fn end(ast: &Ast, root: NodeId, literals: &Literals) -> Option<End> {
    if literals.suffix {
        return Some(End::Literal);
    }
    let mut ends = Vec::new();
    last_looks(ast, root, &mut ends)?;
    let asks = |look: &Look| matches!(look, Look::End | Look::TextEnd);
    let asking = ast.nodes().iter().filter(|node| matches!(&node.kind, NodeKind::Look(look) if asks(look)));
    let first = *ends.first()?;
    let alike = ends.iter().all(|&look| look == first) && asking.count() == ends.len();
    alike.then_some(if first == Look::End { End::Line } else { End::Text })
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
pub(crate) fn is_anchored(ast: &Ast, node: NodeId) -> bool {
    match ast.get(node).map(|node| &node.kind) {
        Some(NodeKind::Look(Look::TextStart)) => true,
        Some(NodeKind::Concat(nodes)) => nodes.first().is_some_and(|&node| is_anchored(ast, node)),
        Some(NodeKind::Alternation(nodes)) => nodes.iter().all(|&node| is_anchored(ast, node)),
        _ => false,
    }
}

/// Whether a pattern is made of characters and alternatives alone.
pub(crate) fn is_finite(ast: &Ast, node: NodeId) -> bool {
    match ast.get(node).map(|node| &node.kind) {
        Some(NodeKind::Leaf(_)) => true,
        Some(NodeKind::Concat(nodes) | NodeKind::Alternation(nodes)) => {
            nodes.iter().all(|&node| is_finite(ast, node))
        }
        _ => false,
    }
}
