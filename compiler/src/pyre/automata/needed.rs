//! Literals of which every match of a pattern holds one: `(?i)(drop|delete)\s+table` needs `table`.
//!
//! Many patterns that are asked of one text are told not to be in it by such literals, looked for all at once
//! (`NODE_FILTERED` of `aegis_vm::format`). They are compared with one bit of each byte set, so that a letter
//! counts in either case, and so do the other pairs of characters that differ in that bit alone.

use super::classes::Sets;
use crate::pyre::syntax::ast::{Ast, Leaf, NodeId, NodeKind};
use aegis_vm::format::{MAX_PREFILTER_LITERAL, MAX_PREFILTER_LITERALS, PREFILTER_BLOCKS, PREFILTER_FOLD};
use std::cmp::Reverse;

/// Literals of which each match holds one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// The literals, each once.
    pub literals: Vec<String>,
    /// Whether that is so only in texts of ASCII: `(?i)k` also takes the Kelvin sign.
    pub in_ascii: bool,
}

/// Nodes above this number are not looked through.
const MOST_NODES: usize = 2_000;

/// What every match of a pattern needs, if it can be told and is long enough to be looked for.
pub(crate) fn needed(ast: &Ast, root: NodeId, sets: &mut Sets) -> Option<Needed> {
    if ast.nodes().len() > MOST_NODES {
        return None;
    }
    let mut best = Best::default();
    best.node(ast, root, sets);
    best.end_run();
    best.needed
}

impl Needed {
    /// One literal, if it is long enough, or the part of it that texts have least often.
    pub(crate) fn of(literal: &str, in_ascii: bool) -> Option<Self> {
        if literal.len() < PREFILTER_BLOCKS[0] {
            return None;
        }
        let starts = literal.char_indices().map(|(at, _)| at);
        let part = |start: usize| {
            let rest = literal.get(start..)?;
            rest.get(..rest.floor_char_boundary(MAX_PREFILTER_LITERAL))
        };
        let parts = starts.filter_map(part);
        // Of parts alike in both the first.
        let best = parts.rev().max_by_key(|part| (part.len(), rarity(part.as_bytes())))?;
        Some(Needed { literals: vec![best.to_owned()], in_ascii })
    }

    /// The bytes of the shortest literal.
    fn shortest(&self) -> usize {
        self.literals.iter().map(String::len).min().unwrap_or(0)
    }

    /// One of these or one of those; `None` if they are too many.
    fn or(mut self, other: Needed) -> Option<Self> {
        for literal in other.literals {
            if !self.literals.contains(&literal) {
                self.literals.push(literal);
            }
        }
        self.in_ascii |= other.in_ascii;
        (self.literals.len() <= MAX_PREFILTER_LITERALS).then_some(self)
    }
}

/// How seldom texts have these bytes, by a guess; only speed depends on it.
pub(crate) fn rarity(bytes: &[u8]) -> usize {
    const COMMON: &[u8] = b" etaoinsrhldcumfpgwybvkxjqz./-_0123456789:,";
    let rank = |byte: &u8| COMMON.iter().position(|common| common == byte).unwrap_or(COMMON.len());
    bytes.iter().map(rank).sum()
}

/// The best of what stands one after the other.
#[derive(Default)]
struct Best {
    needed: Option<Needed>,
    /// The characters that stand next to each other.
    run: String,
    in_ascii: bool,
}

impl Best {
    fn node(&mut self, ast: &Ast, node: NodeId, sets: &mut Sets) {
        match ast.get(node).map(|node| &node.kind) {
            Some(NodeKind::Leaf(leaf)) => match character(leaf, sets) {
                Some((c, in_ascii)) => {
                    self.run.push(c);
                    self.in_ascii |= in_ascii;
                }
                None => self.end_run(),
            },
            // It takes no character: what stands around it is next to each other.
            Some(NodeKind::Look(_)) => {}
            Some(NodeKind::Concat(nodes)) => nodes.iter().for_each(|&node| self.node(ast, node, sets)),
            Some(NodeKind::Alternation(nodes)) => {
                self.end_run();
                let mut all = nodes.iter().map(|&node| {
                    let mut best = Best::default();
                    best.node(ast, node, sets);
                    best.end_run();
                    best.needed
                });
                let first = all.next().flatten();
                let any = all.fold(first, |any, one| any?.or(one?));
                self.offer(any);
            }
            Some(&NodeKind::Repeat { node, min: 1.., .. }) => {
                self.end_run();
                self.node(ast, node, sets);
                self.end_run();
            }
            Some(NodeKind::Repeat { .. }) | None => self.end_run(),
        }
    }

    fn end_run(&mut self) {
        let (run, in_ascii) = (std::mem::take(&mut self.run), std::mem::take(&mut self.in_ascii));
        self.offer(Needed::of(&run, in_ascii));
    }

    fn offer(&mut self, needed: Option<Needed>) {
        let worth = |needed: &Needed| (needed.shortest(), Reverse(needed.literals.len()), !needed.in_ascii);
        if needed.as_ref().map(worth) > self.needed.as_ref().map(worth) {
            self.needed = needed;
        }
    }
}

/// A character that stands for all that a leaf takes, and whether only for those of ASCII. A newline stands for
/// none, as the last of a text is not fed to automata.
fn character(leaf: &Leaf, sets: &mut Sets) -> Option<(char, bool)> {
    const MOST: u32 = 8;
    let set = sets.leaf(leaf);
    let ranges = sets.ranges(set);
    let count = ranges.iter().try_fold(0_u32, |count, (low, high)| count.checked_add(high - low + 1));
    if count.is_none_or(|count| count > MOST) {
        return None;
    }
    let all: Vec<u32> = ranges.iter().flat_map(|&(low, high)| low..=high).collect();
    if let [one] = all.as_slice() {
        return char::from_u32(*one).filter(|&c| c != '\n').map(|c| (c, false));
    }
    let ascii: Vec<u8> = all.iter().filter_map(|&c| u8::try_from(c).ok().filter(u8::is_ascii)).collect();
    let (&first, rest) = ascii.split_first()?;
    let alike = rest.iter().all(|byte| byte | PREFILTER_FOLD == first | PREFILTER_FOLD);
    // Of the two cases of a letter the lower one.
    let last = rest.last().copied().unwrap_or(first);
    (alike && !ascii.contains(&b'\n')).then_some((char::from(last), ascii.len() < all.len()))
}

#[cfg(test)]
mod tests {
    use super::needed;
    use crate::pyre::automata::classes::Sets;
    use crate::pyre::parse;

    #[test]
    fn what_each_match_holds() {
        let cases = [
            (r"@corp\.com$", "@corp.com"),
            (r"^/srv/\bword/", "/srv/word/"),
            ("(?i)urgent", "urgent"),
            ("(?i)risk", "risk in ASCII"),
            ("(?ai)risk", "risk"),
            (r"(?i)(drop|delete)\s+table", "table"),
            ("(?:abc|defg)=x", "abc defg"),
            ("(?:abc|defg)=xyz", "=xyz"),
            ("(?:abc|d)=x", ""),
            ("(?:abc|abc|[abc])x", ""),
            ("(?:aaa|bbb|ccc|ddd|eee)", ""),
            ("x(abc)+y", "abc"),
            ("x(abc)*yz", ""),
            ("(abc){2}", "abc"),
            ("ab", ""),
            ("ab[0-9]cd", ""),
            ("ab.cde", "cde"),
            ("ab\ncde", "cde"),
            ("[{]ab[}]", "{ab}"),
            ("[[{]ab[.,]", "{ab"),
            ("é연", "é연"),
            ("(?i)éabc", "abc"),
            ("0123456789abcdefghij", "0123456789abcdef"),
            ("\u{10400}(?i:x)", "\u{10400}x"),
        ];
        for (pattern, expected) in cases {
            let parsed = parse(pattern).ok();
            let needed = parsed.and_then(|parsed| needed(&parsed.ast, parsed.root, &mut Sets::default()));
            let said = needed.map_or(String::new(), |needed| {
                needed.literals.join(" ") + if needed.in_ascii { " in ASCII" } else { "" }
            });
            assert_eq!(said, expected, "{pattern}");
        }
    }
}
