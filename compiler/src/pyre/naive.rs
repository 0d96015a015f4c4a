//! The plain matcher: runs over the syntax tree, and shares nothing with the automata but the tree
//! and the raw tables, so that a fault in either shows.
//!
//! It carries a set of places of the text. A node turns the set of places where it may begin into
//! the set of places where it may then end; a pattern is found if, begun everywhere, it ends
//! anywhere. Greedy and lazy do not matter, as only existence is asked for.
//!
//! What it does is bounded by the tree and the text. A repetition stops as soon as its set is empty
//! or stands still, which takes few more steps than there are places, since a node never ends
//! before it begins. Where repetitions are nested, each place is followed through the inner one but once,
//! and remembered.

use super::syntax::ast::{Ast, Case, Class, Form, Item, Leaf, Look, NodeId, NodeKind, Over};
use super::tables;
use std::collections::HashMap;
use std::rc::Rc;

/// Whether the pattern is found in the text.
pub(super) fn search(ast: &Ast, root: NodeId, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let everywhere = Places::all(text.len() + 1);
    let mut matcher = Matcher {
        ast,
        text: &text,
        allowed: vec![None; ast.nodes().len()],
        nests: repeating(ast),
        ways: HashMap::new(),
    };
    !matcher.ends(root, everywhere).is_empty()
}

/// For each node whether there is a repetition in it.
fn repeating(ast: &Ast) -> Vec<bool> {
    let mut repeating: Vec<bool> = Vec::with_capacity(ast.nodes().len());
    for node in ast.nodes() {
        let of = |id: &NodeId| repeating.get(id.index()).copied().unwrap_or(false);
        repeating.push(match &node.kind {
            NodeKind::Leaf(_) | NodeKind::Look(_) => false,
            NodeKind::Concat(nodes) | NodeKind::Alternation(nodes) => nodes.iter().any(of),
            NodeKind::Repeat { .. } => true,
        });
    }
    repeating
}

const WORD: usize = 64;

/// A set of places of the text, from before the first character to after the last: bit after bit.
#[derive(Clone, PartialEq, Eq)]
struct Places(Vec<u64>);

impl Places {
    fn none(count: usize) -> Self {
        Places(vec![0; count.div_ceil(WORD)])
    }

    fn all(count: usize) -> Self {
        let mut places = Places(vec![u64::MAX; count.div_ceil(WORD)]);
        let spare = count.next_multiple_of(WORD) - count;
        if let Some(last) = places.0.last_mut() {
            *last >>= spare;
        }
        places
    }

    fn only(count: usize, wanted: impl Fn(usize) -> bool) -> Self {
        let mut places = Places::none(count);
        for at in (0..count).filter(|&at| wanted(at)) {
            places.insert(at);
        }
        places
    }

    fn insert(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / WORD) {
            *word |= 1 << (at % WORD);
        }
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    fn unite(&mut self, other: &Places) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }

    fn keep(&mut self, other: &Places) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= b);
    }

    fn remove(&mut self, other: &Places) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= !b);
    }

    /// Every place one further on. None is the last.
    fn advance(&mut self) {
        let mut carry = 0;
        for word in &mut self.0 {
            let next = *word >> (WORD - 1);
            *word = *word << 1 | carry;
            carry = next;
        }
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(index, &word)| {
            (0..WORD).filter(move |bit| word >> bit & 1 == 1).map(move |bit| index * WORD + bit)
        })
    }
}

struct Matcher<'a> {
    ast: &'a Ast,
    text: &'a [char],
    /// For each leaf and look, once it was asked about, the places where it holds.
    allowed: Vec<Option<Rc<Places>>>,
    nests: Vec<bool>,
    /// For the body of a repetition with another inside, where it may end that begins at a place.
    ways: HashMap<(NodeId, usize), Rc<[usize]>>,
}

impl Matcher<'_> {
    /// Where a node may end that begins at one of these places. Nesting is bounded by the parser.
    fn ends(&mut self, id: NodeId, mut begins: Places) -> Places {
        if begins.is_empty() {
            return begins;
        }
        let ast = self.ast;
        match ast.get(id).map(|node| &node.kind) {
            None => Places::none(self.count()),
            Some(NodeKind::Leaf(leaf)) => {
                let text = self.text;
                let takes = |at: usize| text.get(at).is_some_and(|&c| leaf_matches(leaf, u32::from(c)));
                let allowed = self.allowed(id, takes);
                begins.keep(&allowed);
                begins.advance();
                begins
            }
            Some(NodeKind::Look(look)) => {
                let text = self.text;
                let allowed = self.allowed(id, |at| looks(*look, text, at));
                begins.keep(&allowed);
                begins
            }
            Some(NodeKind::Concat(nodes)) => nodes.iter().fold(begins, |places, &n| self.ends(n, places)),
            Some(NodeKind::Alternation(nodes)) => {
                let mut ends = Places::none(self.count());
                for &node in nodes {
                    ends.unite(&self.ends(node, begins.clone()));
                }
                ends
            }
            Some(&NodeKind::Repeat { node, min, max }) => self.repeat(node, min, max, begins),
        }
    }

    fn count(&self) -> usize {
        self.text.len() + 1
    }

    fn allowed(&mut self, id: NodeId, wanted: impl Fn(usize) -> bool) -> Rc<Places> {
        let count = self.count();
        let found = || Rc::new(Places::only(count, wanted));
        match self.allowed.get_mut(id.index()) {
            Some(known) => Rc::clone(known.get_or_insert_with(found)),
            None => found(),
        }
    }

    fn repeat(&mut self, node: NodeId, min: u32, max: Option<u32>, begins: Places) -> Places {
        let mut places = begins;
        for _ in 0..min {
            let next = self.once(node, places.clone());
            if next == places {
                break;
            }
            places = next;
        }
        let mut all = places.clone();
        let mut more = max.map(|max| max.saturating_sub(min));
        // Only places that are new can lead to new ones.
        while more != Some(0) && !places.is_empty() {
            places = self.once(node, places);
            places.remove(&all);
            all.unite(&places);
            more = more.map(|more| more.saturating_sub(1));
        }
        all
    }

    /// The body of a repetition, once.
    fn once(&mut self, node: NodeId, begins: Places) -> Places {
        if !self.nests.get(node.index()).copied().unwrap_or(false) {
            return self.ends(node, begins);
        }
        let mut ends = Places::none(self.count());
        for at in begins.iter() {
            let ways = match self.ways.get(&(node, at)) {
                Some(known) => Rc::clone(known),
                None => {
                    let mut begin = Places::none(self.count());
                    begin.insert(at);
                    let found: Rc<[usize]> = self.ends(node, begin).iter().collect();
                    self.ways.insert((node, at), Rc::clone(&found));
                    found
                }
            };
            ways.iter().for_each(|&end| ends.insert(end));
        }
        ends
    }
}

fn looks(look: Look, text: &[char], at: usize) -> bool {
    let length = text.len();
    let before = at.checked_sub(1).and_then(|i| text.get(i)).copied();
    let after = text.get(at).copied();
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

/// Whether a leaf takes a character.
fn leaf_matches(leaf: &Leaf, c: u32) -> bool {
    let is_in = |case, over: Option<Over>| {
        leaf.items.iter().any(|&item| item_matches(item, leaf.form, case, over, c)) != leaf.negated
    };
    is_in(leaf.case, None) && leaf.also.is_none_or(|over| is_in(Case::Exact, Some(over)))
}

/// Whether an item takes a character, its class read over what it says or over another.
fn item_matches(item: Item, form: Form, case: Case, over: Option<Over>, c: u32) -> bool {
    let swapped = [swap_ascii(c)];
    // The characters that count as the same as this one.
    let others: &[u32] = match case {
        Case::Exact => &[],
        Case::Ascii => &swapped,
        Case::Unicode => tables::company(c),
    };
    let is = |wanted: &dyn Fn(u32) -> bool| wanted(c) || others.iter().any(|&other| wanted(other));
    match item {
        // In a set, CPython lower-cases the character but not a literal past U+FFFF.
        Item::Char(x) if case == Case::Unicode && tables::is_astral_upper(x) => {
            form == Form::Literal && is(&|c| c == x)
        }
        Item::Char(x) => is(&|c| c == x),
        Item::Range(low, high) => {
            let within = |c: u32| (low..=high).contains(&c);
            // A range that ends past U+FFFF is compared with the upper case as well.
            is(&within) || (case != Case::Exact && high > 0xffff && within(tables::upper(c)))
        }
        Item::Class { class, over: own, negated } => {
            tables::contains(tables::class(class, over.unwrap_or(own)), c) != negated
        }
    }
}

/// An ASCII letter in the other case; anything else as it is.
fn swap_ascii(c: u32) -> u32 {
    match char::from_u32(c) {
        Some(c @ 'a'..='z') => u32::from(c.to_ascii_uppercase()),
        Some(c @ 'A'..='Z') => u32::from(c.to_ascii_lowercase()),
        _ => c,
    }
}
