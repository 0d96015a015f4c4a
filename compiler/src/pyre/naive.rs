//! The plain matcher: runs over the syntax tree, and shares nothing with the automata but the tree
//! and the raw tables, so that a fault in either shows.
//!
//! It carries a set of places of the text. A node turns the set of places where it may begin into
//! the set of places where it may then end; a pattern is found if, begun everywhere, it ends
//! anywhere. Greedy and lazy do not matter, as only existence is asked for, and no pattern makes it
//! exponential: a counted repetition stops as soon as its set is empty or stands still.

use super::ast::{Ast, Case, Class, Item, Leaf, Look, NodeId, NodeKind, Over};
use super::tables;

/// Whether the pattern is found in the text.
pub(super) fn search(ast: &Ast, root: NodeId, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let everywhere = vec![true; text.len() + 1];
    Matcher { ast, text: &text }.ends(root, everywhere).contains(&true)
}

/// For each place of the text, from before the first character to after the last, whether it is in
/// the set.
type Places = Vec<bool>;

struct Matcher<'a> {
    ast: &'a Ast,
    text: &'a [char],
}

impl Matcher<'_> {
    /// Where a node may end that begins at one of these places. Nesting is bounded by the parser.
    fn ends(&self, node: NodeId, begins: Places) -> Places {
        if !begins.contains(&true) {
            return begins;
        }
        match self.ast.get(node).map(|node| &node.kind) {
            None => vec![false; begins.len()],
            Some(NodeKind::Leaf(leaf)) => {
                let step = |(here, &c): (bool, &char)| here && leaf_matches(leaf, u32::from(c));
                std::iter::once(false).chain(begins.into_iter().zip(self.text).map(step)).collect()
            }
            Some(NodeKind::Look(look)) => {
                begins.into_iter().enumerate().map(|(at, here)| here && self.looks(*look, at)).collect()
            }
            Some(NodeKind::Concat(nodes)) => nodes.iter().fold(begins, |places, &n| self.ends(n, places)),
            Some(NodeKind::Alternation(nodes)) => {
                let mut ends = vec![false; begins.len()];
                for &node in nodes {
                    unite(&mut ends, &self.ends(node, begins.clone()));
                }
                ends
            }
            Some(&NodeKind::Repeat { node, min, max }) => self.repeat(node, min, max, begins),
        }
    }

    fn repeat(&self, node: NodeId, min: u32, max: Option<u32>, begins: Places) -> Places {
        let mut places = begins;
        for _ in 0..min {
            let next = self.ends(node, places.clone());
            if next == places {
                break;
            }
            places = next;
        }
        let mut all = places.clone();
        let mut more = max.map(|max| max.saturating_sub(min));
        // Only places that are new can lead to new ones.
        while more != Some(0) && places.contains(&true) {
            let mut next = self.ends(node, places);
            for (new, old) in next.iter_mut().zip(&all) {
                *new &= !old;
            }
            unite(&mut all, &next);
            places = next;
            more = more.map(|more| more.saturating_sub(1));
        }
        all
    }

    fn looks(&self, look: Look, at: usize) -> bool {
        let length = self.text.len();
        let before = at.checked_sub(1).and_then(|i| self.text.get(i)).copied();
        let after = self.text.get(at).copied();
        let word = |c: Option<char>, over| {
            c.is_some_and(|c| tables::contains(tables::class(Class::Word, over), u32::from(c)))
        };
        let boundary = |over: Over| word(before, over) != word(after, over);
        match look {
            Look::TextStart => at == 0,
            Look::TextEnd => at == length,
            Look::End => at == length || (at + 1 == length && after == Some('\n')),
            Look::LineStart => at == 0 || before == Some('\n'),
            Look::LineEnd => at == length || after == Some('\n'),
            Look::Boundary(over) => length > 0 && boundary(over),
            Look::NotBoundary(over) => length > 0 && !boundary(over),
        }
    }
}

fn unite(into: &mut Places, from: &Places) {
    for (a, b) in into.iter_mut().zip(from) {
        *a |= b;
    }
}

/// Whether a leaf takes a character.
fn leaf_matches(leaf: &Leaf, c: u32) -> bool {
    let swapped = [swap_ascii(c)];
    // The characters that count as the same as this one.
    let others: &[u32] = match leaf.case {
        Case::Exact => &[],
        Case::Ascii => &swapped,
        Case::Unicode => tables::company(c),
    };
    let is = |wanted: &dyn Fn(u32) -> bool| wanted(c) || others.iter().any(|&other| wanted(other));
    let taken = leaf.items.iter().any(|item| match *item {
        // In a set, CPython lower-cases the character but not a literal past U+FFFF.
        Item::Char(x) if leaf.case == Case::Unicode && tables::is_astral_upper(x) => {
            leaf.is_single_literal() && is(&|c| c == x)
        }
        Item::Char(x) => is(&|c| c == x),
        Item::Range(low, high) => is(&|c| (low..=high).contains(&c)),
        Item::Class { class, over, negated } => tables::contains(tables::class(class, over), c) != negated,
    });
    taken != leaf.negated
}

/// An ASCII letter in the other case; anything else as it is.
fn swap_ascii(c: u32) -> u32 {
    match char::from_u32(c) {
        Some(c @ 'a'..='z') => u32::from(c.to_ascii_uppercase()),
        Some(c @ 'A'..='Z') => u32::from(c.to_ascii_lowercase()),
        _ => c,
    }
}
