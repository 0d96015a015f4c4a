//! Rewrites for what is refused, where they are plain: a greedy form that provably matches the same
//! texts, and both orders of two parts that lookaheads ask for.
//!
//! They word a help, and an edit where one is enough; the pattern is refused all the same.

use super::ast::{Ast, Case, Item, Look, NodeId, NodeKind, Over};
use crate::pyre::automata::classes;
use crate::pyre::{Edit, shown, tables};
use std::ops::Range;

/// What may follow a place of the pattern.
#[derive(Clone, Default)]
struct Next {
    /// Every character that can come next is among these.
    chars: Vec<(u32, u32)>,
    /// Whether the pattern can always be complete here.
    complete: bool,
    /// Whether anything else can be.
    unknown: bool,
}

impl Next {
    fn or(mut self, other: &Next) -> Next {
        self.chars.extend(&other.chars);
        self.complete |= other.complete;
        self.unknown |= other.unknown;
        self
    }

    /// Whether a run of these characters, cut short, leaves nothing that could follow, so that it
    /// does not matter whether it can be.
    fn needs_all_of(&self, run: &[(u32, u32)]) -> bool {
        self.complete || (!self.unknown && disjoint(&self.chars, run))
    }
}

fn disjoint(some: &[(u32, u32)], others: &[(u32, u32)]) -> bool {
    some.iter().all(|&(low, high)| others.iter().all(|&(from, to)| high < from || to < low))
}

/// Whether nothing in the tree depends on how CPython takes a pattern apart, so that a rewrite keeps
/// what it should: a class read under other flags than the whole, or an upper-case letter past
/// U+FFFF under `(?i)`.
pub(crate) fn is_plain(ast: &Ast, over: Over) -> bool {
    let odd = |item: &Item, case: Case| match *item {
        Item::Char(c) => case == Case::Unicode && tables::is_astral_upper(c),
        Item::Range(..) => false,
        Item::Class { over: own, .. } => own != over,
    };
    ast.nodes().iter().all(|node| match &node.kind {
        NodeKind::Leaf(leaf) => !leaf.items.iter().any(|item| odd(item, leaf.case)),
        _ => true,
    })
}

/// Whether a possessive repetition, or the body of an atomic group, matches the same texts without
/// being so. Nothing else in the tree was refused.
pub(crate) fn is_same_greedy(ast: &Ast, text: &str, root: NodeId, refused: NodeId) -> bool {
    let end = Next { complete: true, ..Next::default() };
    let Some(next) = next_of(ast, root, refused, &end) else { return false };
    let Some(node) = ast.get(refused) else { return false };
    let written = text.get(node.at.clone()).unwrap_or_default();
    match node.kind {
        NodeKind::Repeat { node: body, min, .. } if !is_lazy(written) => match leaf(ast, body) {
            Some(run) => next.needs_all_of(&run),
            // The body finds its first way only, so it must not be needed a second time.
            None => next.complete && (min <= 1 || !written.ends_with('+')),
        },
        _ => next.complete || has_one_way(ast, refused),
    }
}

/// The greedy form of what was refused at these bytes: of a possessive repetition at `written`, or of
/// an atomic group.
pub(crate) fn greedy(text: &str, written: Option<&Range<usize>>, refused: &Range<usize>) -> String {
    let of = |at: &Range<usize>| text.get(at.clone()).unwrap_or_default();
    match of(refused).strip_prefix("(?>") {
        Some(inside) => shown(&format!("(?:{inside}")),
        None => shown(written.map(of).and_then(|whole| whole.strip_suffix('+')).unwrap_or_default()),
    }
}

/// The edit to that form.
pub(crate) fn to_greedy(text: &str, written: Option<&Range<usize>>, refused: &Range<usize>) -> Option<Edit> {
    if text.get(refused.clone())?.starts_with("(?>") {
        return to_plain_group(text, refused);
    }
    let end = written.filter(|at| text.get((*at).clone()).is_some_and(|whole| whole.ends_with('+')))?.end;
    Some(Edit { at: end - 1..end, with: "" })
}

/// The edit that makes a group of its own kind one that only holds its parts together.
pub(crate) fn to_plain_group(text: &str, group: &Range<usize>) -> Option<Edit> {
    let written = text.get(group.clone())?;
    let opening = ["(?=", "(?<=", "(?>"].into_iter().find(|opening| written.starts_with(opening))?;
    Some(Edit { at: group.start..group.start + opening.len(), with: "(?:" })
}

/// Whether a repetition may be lazy; a quantified `\?` is taken for one.
fn is_lazy(written: &str) -> bool {
    ["*?", "+?", "??", "}?"].iter().any(|end| written.ends_with(end))
}

fn leaf(ast: &Ast, id: NodeId) -> Option<Vec<(u32, u32)>> {
    match &ast.get(id)?.kind {
        NodeKind::Leaf(leaf) => Some(classes::resolve(leaf)),
        _ => None,
    }
}

/// Whether a node, begun at a place, can end at one place only.
fn has_one_way(ast: &Ast, id: NodeId) -> bool {
    match ast.get(id).map(|node| &node.kind) {
        Some(NodeKind::Leaf(_) | NodeKind::Look(_)) => true,
        Some(NodeKind::Concat(nodes)) => nodes.iter().all(|&node| has_one_way(ast, node)),
        Some(&NodeKind::Repeat { node, min, max }) => max == Some(min) && has_one_way(ast, node),
        Some(NodeKind::Alternation(_)) | None => false,
    }
}

/// What may follow the wanted node, if it is in this one, which `next` follows.
fn next_of(ast: &Ast, id: NodeId, wanted: NodeId, next: &Next) -> Option<Next> {
    if id == wanted {
        return Some(next.clone());
    }
    match &ast.get(id)?.kind {
        NodeKind::Leaf(_) | NodeKind::Look(_) => None,
        NodeKind::Alternation(nodes) => nodes.iter().find_map(|&node| next_of(ast, node, wanted, next)),
        NodeKind::Concat(nodes) => {
            let mut next = next.clone();
            for &node in nodes.iter().rev() {
                if let Some(found) = next_of(ast, node, wanted, &next) {
                    return Some(found);
                }
                next = first(ast, node, &next);
            }
            None
        }
        NodeKind::Repeat { node, min, .. } => {
            let again = first(ast, *node, next).or(next);
            // After the first of several it is not complete.
            let next = Next { complete: again.complete && *min <= 1, ..again };
            next_of(ast, *node, wanted, &next)
        }
    }
}

/// What may come at the beginning of a node that `next` follows.
fn first(ast: &Ast, id: NodeId, next: &Next) -> Next {
    match ast.get(id).map(|node| &node.kind) {
        None => Next { unknown: true, ..Next::default() },
        Some(NodeKind::Leaf(leaf)) => Next { chars: classes::resolve(leaf), ..Next::default() },
        Some(NodeKind::Look(Look::TextEnd)) => Next::default(),
        Some(NodeKind::Look(Look::End | Look::LineEnd)) => {
            Next { chars: vec![(0x0a, 0x0a)], ..Next::default() }
        }
        // It may hold or not; what follows it comes next all the same.
        Some(NodeKind::Look(_)) => {
            Next { complete: false, unknown: next.unknown || next.complete, ..next.clone() }
        }
        Some(NodeKind::Concat(nodes)) => {
            nodes.iter().rev().fold(next.clone(), |next, &node| first(ast, node, &next))
        }
        Some(NodeKind::Alternation(nodes)) => {
            nodes.iter().fold(Next::default(), |all, &node| all.or(&first(ast, node, next)))
        }
        Some(&NodeKind::Repeat { node, min, .. }) => {
            let once = first(ast, node, next);
            if min == 0 { once.or(next) } else { once }
        }
    }
}

/// The help for a pattern that begins with two or more lookaheads, at these bytes: `(?=.*a)(?=.*b)`.
pub(crate) fn both_orders(text: &str, lookaheads: &[Range<usize>]) -> Option<String> {
    let (first, others) = lookaheads.split_first()?;
    let starts = lookaheads.iter().skip(1).map(|at| at.start);
    let count =
        1 + lookaheads.iter().map(|at| at.end).zip(starts).take_while(|(end, start)| end == start).count();
    let head = text.get(..first.start)?;
    let anchor = without_flags(head);
    if count < 2 || !matches!(anchor, "" | "^" | r"\A") {
        return None;
    }
    let second = others.first()?;
    let orders = (count == 2).then(|| two_orders(text, head, first, second)).flatten();
    Some(orders.unwrap_or_else(|| {
        "write the orders in which the parts can stand as alternatives: `a.*b|b.*a` for `(?=.*a)(?=.*b)`; or, in \
         a text of one line, let the rule have a second condition, as all must hold: `param_contains` for a part \
         that is plain text"
            .to_owned()
    }))
}

/// What follows `(?i)` and its like.
fn without_flags(head: &str) -> &str {
    let mut rest = head;
    while let Some((flags, after)) = rest.strip_prefix("(?").and_then(|inside| inside.split_once(')')) {
        if !flags.chars().all(|c| c.is_ascii_alphabetic()) {
            break;
        }
        rest = after;
    }
    rest
}

fn two_orders(text: &str, head: &str, first: &Range<usize>, second: &Range<usize>) -> Option<String> {
    let part = |at: &Range<usize>| text.get(at.clone())?.strip_prefix("(?=.*")?.strip_suffix(')');
    let (a, b) = (part(first)?, part(second)?);
    let tail = match text.get(second.end..)? {
        "" | ".*" => "",
        tail @ (".*$" | r".*\Z") => tail,
        _ => return None,
    };
    if a.is_empty() || b.is_empty() || a.contains('|') || b.contains('|') {
        return None;
    }
    let flags = head.strip_suffix(without_flags(head))?;
    let (of_a, of_b) = (characters(flags, a)?, characters(flags, b)?);
    let pattern = match (without_flags(head), flags, tail) {
        ("", "", "") => format!("{a}.*{b}|{b}.*{a}"),
        ("", _, _) => format!("{flags}(?:{a}.*{b}|{b}.*{a}){tail}"),
        (anchor, _, _) => format!("{flags}{anchor}(?:.*{a}.*{b}|.*{b}.*{a}){tail}"),
    };
    let mut help = format!("write both orders: `{pattern}`");
    let plain = |part: &str| part.chars().all(|c| c.is_alphanumeric() || "-_ @/:,;".contains(c));
    let apart = flags.is_empty() && plain(a) && plain(b) && !overlap(a, b) && !overlap(b, a);
    if !apart && !disjoint(&of_a, &of_b) {
        help.push_str(", with a third alternative if the parts can overlap");
    }
    let conditions = match (flags.is_empty(), plain(a), plain(b)) {
        (true, true, _) => Some((a, b)),
        (true, false, true) => Some((b, a)),
        _ => None,
    };
    if let Some((contained, matched)) = conditions {
        help.push_str(&format!(
            "; or, in a text of one line, let the rule have two conditions, which must both hold: \
             `param_contains` for {} and `param_matches` for {}",
            shown(contained),
            shown(matched)
        ));
    }
    Some(help)
}

/// Whether a text holds another, or ends with what the other begins with.
fn overlap(a: &str, b: &str) -> bool {
    a.contains(b)
        || b.char_indices().skip(1).any(|(end, _)| b.get(..end).is_some_and(|head| a.ends_with(head)))
}

/// Every character that a part can take.
fn characters(flags: &str, part: &str) -> Option<Vec<(u32, u32)>> {
    let pattern = crate::pyre::parse(&format!("{flags}{part}")).ok()?;
    let leaves = pattern.ast.nodes().iter().filter_map(|node| match &node.kind {
        NodeKind::Leaf(leaf) => Some(classes::resolve(leaf)),
        _ => None,
    });
    Some(leaves.flatten().collect())
}
