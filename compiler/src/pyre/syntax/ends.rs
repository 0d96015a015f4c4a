//! Where `$` lets a newline pass that `\Z` would not.

use super::ast::{Ast, Look, NodeId, NodeKind};
use crate::pyre::automata::classes;
use std::ops::Range;

/// The places of each `$` without `(?m)` that ends the pattern, but for one that follows a run which takes
/// newlines anyway, such as `\s*`.
pub(crate) fn loose_ends(ast: &Ast, root: NodeId) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    collect(ast, root, false, &mut found);
    found.sort_by_key(|at| at.start);
    found.dedup();
    found
}

/// Nesting is bounded by the parser.
fn collect(ast: &Ast, id: NodeId, after_newlines: bool, found: &mut Vec<Range<usize>>) {
    let Some(node) = ast.get(id) else { return };
    match &node.kind {
        NodeKind::Look(Look::End) if !after_newlines => found.push(node.at.clone()),
        NodeKind::Look(_) | NodeKind::Leaf(_) | NodeKind::Repeat { .. } => {}
        NodeKind::Alternation(nodes) => {
            nodes.iter().for_each(|&node| collect(ast, node, after_newlines, found));
        }
        NodeKind::Concat(nodes) => {
            let Some((last, before)) = nodes.split_last() else { return };
            let after = before.last().map_or(after_newlines, |&node| takes_newlines(ast, node));
            collect(ast, *last, after, found);
        }
    }
}

/// Whether a node that ends before a newline could as well end after it.
fn takes_newlines(ast: &Ast, id: NodeId) -> bool {
    match ast.get(id).map(|node| &node.kind) {
        Some(&NodeKind::Repeat { node, max: None, .. }) => match ast.get(node).map(|node| &node.kind) {
            Some(NodeKind::Leaf(leaf)) => {
                classes::resolve(leaf).iter().any(|&(low, high)| (low..=high).contains(&u32::from('\n')))
            }
            _ => false,
        },
        Some(NodeKind::Concat(nodes)) => nodes.last().is_some_and(|&node| takes_newlines(ast, node)),
        Some(NodeKind::Alternation(nodes)) => nodes.iter().all(|&node| takes_newlines(ast, node)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use crate::pyre::parse;

    /// Each of these finds a text with a newline that it does not find once its ends are `\Z`.
    #[test]
    fn an_end_that_lets_a_newline_pass() {
        let cases =
            [("a$", "a\n"), ("^b$|^a$", "a\n"), ("x(?:y|a$)", "xa\n"), (r"a\s?$", "a\n\n"), ("a.*$", "a\n")];
        for (pattern, text) in cases {
            let parsed = parse(pattern).unwrap();
            assert!(!parsed.loose_ends().is_empty(), "{pattern}");
            let strict = parse(&pattern.replace('$', r"\Z")).unwrap();
            assert!(parsed.naive_search(text) && !strict.naive_search(text), "{pattern}");
        }
    }

    #[test]
    fn an_end_that_lets_nothing_pass() {
        for pattern in
            [r"a\Z", "(?m)a$", r"a\s*$", "^[^x]+$", r"(?s)a.*$", r"(?:a\s*|\n+)$", "a$b", r"a\$", "[$]"]
        {
            assert!(parse(pattern).unwrap().loose_ends().is_empty(), "{pattern}");
        }
    }
}
