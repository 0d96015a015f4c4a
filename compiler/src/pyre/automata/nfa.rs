//! Thompson's construction: syntax tree -> nondeterministic automaton over sets of code points.
//!
//! Counted repetitions are written out, so the size is known, and checked, before anything is
//! built. States are made back to front: a node is built in front of what follows it.

use super::classes::{SetId, Sets};
use crate::pyre::syntax::ast::{Ast, Leaf, Look, Node, NodeId, NodeKind, Over};
use crate::pyre::{PatternError, PatternErrorKind};
use std::collections::BTreeMap;
use std::ops::Range;

/// The number of a state.
pub type StateId = u16;

/// What a state does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
    /// Takes a character of a set, an index into [`Nfa::sets`].
    Take(u16, StateId),
    /// Goes on where the text around is so.
    Look(Look, StateId),
    /// Goes on in two ways.
    Split(StateId, StateId),
    /// The pattern is found.
    Found,
}

/// The place of a state in the copies of an optional repetition, `(x(x(x)?)?)?`. Of two states that
/// differ only in their copy, the one of the outer copy may do all that the other may, and more: it
/// has more repetitions left, and both may stop at any time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rank {
    /// The same state of the innermost copy.
    pub(crate) of: StateId,
    /// The number of the copy, from the innermost out.
    pub(crate) copy: StateId,
}

/// The automaton of one pattern.
pub(crate) struct Nfa {
    pub(crate) states: Vec<State>,
    /// For each state its ranks in the repetitions around it, from the innermost out.
    pub(crate) ranks: Vec<Vec<Rank>>,
    pub(crate) start: StateId,
    /// The sets that its states and its looks tell apart, without repetition.
    pub(crate) sets: Vec<SetId>,
    /// Whether a look asks for newlines.
    pub(crate) asks_newline: bool,
    /// The kinds of `\w` that a look asks for.
    pub(crate) asks_word: Vec<Over>,
}

/// Which way a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From its start.
    Forward,
    /// From its end: concatenations and looks are turned round.
    Backward,
}

/// Builds the automaton of a tree with at most `limit` states.
pub(crate) fn build(
    ast: &Ast,
    root: NodeId,
    text: &str,
    limit: usize,
    direction: Direction,
    sets: &mut Sets,
) -> Result<Nfa, PatternError> {
    check_size(ast, text, limit.min(usize::from(u16::MAX) - 1))?;
    let mut builder = Builder {
        ast,
        direction,
        sets,
        states: Vec::new(),
        ranks: Vec::new(),
        local: BTreeMap::new(),
        order: Vec::new(),
    };
    let found = builder.add(State::Found);
    let start = builder.node(root, found);
    let mut nfa = Nfa {
        states: builder.states,
        ranks: builder.ranks,
        start,
        sets: builder.order,
        asks_newline: false,
        asks_word: Vec::new(),
    };
    nfa.note_looks(sets);
    Ok(nfa)
}

/// Counts the states before they exist; the first node that is too large is the innermost one.
fn check_size(ast: &Ast, text: &str, limit: usize) -> Result<(), PatternError> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let sizes = sizes(ast);
    let Some((node, size)) = ast.nodes().iter().zip(sizes).find(|&(_, size)| size > limit) else {
        return Ok(());
    };
    let part = crate::pyre::shown(text.get(node.at.clone()).unwrap_or(text));
    Err(PatternError {
        kind: PatternErrorKind::TooLarge,
        at: node.at.clone(),
        message: format!(
            "{part} is {size} steps long when its repetitions are written out; the limit is {limit}"
        ),
        help: Some("lower the bounds, or leave them out: `{n,}`, `*`, `+`".to_owned()),
        edit: None,
    })
}

/// The place of the counted repetition that takes the most states, the innermost of equals.
pub(crate) fn longest_repeat(ast: &Ast) -> Option<Range<usize>> {
    let counted = |node: &Node| match node.kind {
        NodeKind::Repeat { min, max, .. } => min.max(max.unwrap_or(0)) > 1,
        _ => false,
    };
    let repeats = ast.nodes().iter().zip(sizes(ast)).filter(|(node, _)| counted(node));
    let mut longest: Option<(&Node, u64)> = None;
    for (node, size) in repeats {
        if longest.is_none_or(|(_, most)| size > most) {
            longest = Some((node, size));
        }
    }
    longest.map(|(node, _)| node.at.clone())
}

/// The number of states of every node. Children stand before parents, so one pass will do.
fn sizes(ast: &Ast) -> Vec<u64> {
    let mut sizes: Vec<u64> = Vec::with_capacity(ast.nodes().len());
    for node in ast.nodes() {
        let of = |id: &NodeId| sizes.get(id.index()).copied().unwrap_or(0);
        let sum = |nodes: &[NodeId]| nodes.iter().map(of).fold(0, u64::saturating_add);
        let size = match &node.kind {
            NodeKind::Leaf(_) | NodeKind::Look(_) => 1,
            NodeKind::Concat(nodes) => sum(nodes),
            NodeKind::Alternation(nodes) => {
                sum(nodes).saturating_add(u64::try_from(nodes.len()).unwrap_or(u64::MAX))
            }
            NodeKind::Repeat { node, min, max } => {
                let once = of(node);
                let optional = u64::from(max.map_or(1, |max| max.saturating_sub(*min)));
                let required = u64::from(*min).saturating_mul(once);
                required.saturating_add(optional.saturating_mul(once.saturating_add(1)))
            }
        };
        // Even what builds nothing is visited as often as it is repeated.
        sizes.push(size.max(1));
    }
    sizes
}

struct Builder<'a> {
    ast: &'a Ast,
    direction: Direction,
    sets: &'a mut Sets,
    states: Vec<State>,
    ranks: Vec<Vec<Rank>>,
    local: BTreeMap<SetId, u16>,
    order: Vec<SetId>,
}

impl Builder<'_> {
    /// Adds a state. The size was checked: the number fits.
    fn add(&mut self, state: State) -> StateId {
        let id = StateId::try_from(self.states.len()).unwrap_or(StateId::MAX);
        self.states.push(state);
        self.ranks.push(Vec::new());
        id
    }

    /// Builds a node in front of `next`. Nesting is bounded by the parser.
    fn node(&mut self, id: NodeId, next: StateId) -> StateId {
        let ast = self.ast;
        match ast.get(id).map(|node| &node.kind) {
            None => next,
            Some(NodeKind::Leaf(leaf)) => {
                let set = self.sets.leaf(leaf);
                let set = self.local(set);
                self.add(State::Take(set, next))
            }
            Some(&NodeKind::Look(look)) => self.add(State::Look(self.turned(look), next)),
            Some(NodeKind::Concat(nodes)) => match self.direction {
                Direction::Forward => nodes.iter().rev().fold(next, |next, &id| self.node(id, next)),
                Direction::Backward => nodes.iter().fold(next, |next, &id| self.node(id, next)),
            },
            Some(NodeKind::Alternation(nodes)) => {
                if let Some(set) = self.any_of(nodes) {
                    let set = self.local(set);
                    return self.add(State::Take(set, next));
                }
                let mut ways = nodes.iter().rev();
                let Some(&last) = ways.next() else { return next };
                let mut rest = self.node(last, next);
                for &way in ways {
                    let way = self.node(way, next);
                    rest = self.add(State::Split(way, rest));
                }
                rest
            }
            Some(&NodeKind::Repeat { node, min, max }) => self.repeat(node, min, max, next),
        }
    }

    /// The set of what any of the nodes takes, if each takes one character.
    fn any_of(&mut self, nodes: &[NodeId]) -> Option<SetId> {
        let leaf = |id: &NodeId| match &self.ast.get(*id)?.kind {
            NodeKind::Leaf(leaf) => Some(leaf),
            _ => None,
        };
        let leaves: Vec<&Leaf> = nodes.iter().map(leaf).collect::<Option<_>>()?;
        let sets = leaves.into_iter().map(|leaf| self.sets.leaf(leaf)).collect::<Vec<_>>();
        Some(self.sets.union(&sets))
    }

    /// The look that asks the same of a text read in this direction. Backward there is none for
    /// [`Look::End`]: patterns that have it inside are only read forward.
    fn turned(&self, look: Look) -> Look {
        match (self.direction, look) {
            (Direction::Forward, look) => look,
            (Direction::Backward, Look::TextStart) => Look::TextEnd,
            (Direction::Backward, Look::TextEnd | Look::End) => Look::TextStart,
            (Direction::Backward, Look::LineStart) => Look::LineEnd,
            (Direction::Backward, Look::LineEnd) => Look::LineStart,
            (Direction::Backward, Look::Boundary(_) | Look::NotBoundary(_)) => look,
        }
    }

    fn repeat(&mut self, node: NodeId, min: u32, max: Option<u32>, next: StateId) -> StateId {
        let mut start = next;
        match max {
            None => {
                let again = self.add(State::Split(next, next));
                let body = self.node(node, again);
                if let Some(state) = self.states.get_mut(usize::from(again)) {
                    *state = State::Split(body, next);
                }
                start = again;
            }
            Some(max) => {
                let innermost = self.states.len();
                for copy in 0..max.saturating_sub(min) {
                    let begin = self.states.len();
                    let body = self.node(node, start);
                    start = self.add(State::Split(body, next));
                    self.rank(innermost, begin, copy);
                }
            }
        }
        for _ in 0..min {
            start = self.node(node, start);
        }
        start
    }

    /// Notes the ranks of a copy, which has been built from `begin` on. All copies are built alike,
    /// so their states stand in the same order.
    fn rank(&mut self, innermost: usize, begin: usize, copy: u32) {
        let ranks = self.ranks.get_mut(begin..).unwrap_or_default();
        for (of, ranks) in (innermost..).zip(ranks) {
            if let (Ok(of), Ok(copy)) = (StateId::try_from(of), StateId::try_from(copy)) {
                ranks.push(Rank { of, copy });
            }
        }
    }

    fn local(&mut self, set: SetId) -> u16 {
        let next = u16::try_from(self.order.len()).unwrap_or(u16::MAX);
        let number = *self.local.entry(set).or_insert(next);
        if number == next {
            self.order.push(set);
        }
        number
    }
}

impl Nfa {
    /// Adds the sets that the looks ask for.
    fn note_looks(&mut self, sets: &mut Sets) {
        let looks: Vec<Look> = self
            .states
            .iter()
            .filter_map(|state| match state {
                State::Look(look, _) => Some(*look),
                _ => None,
            })
            .collect();
        for look in looks {
            match look {
                Look::LineStart | Look::LineEnd => {
                    self.asks_newline = true;
                    self.distinguish(sets.newline());
                }
                Look::Boundary(over) | Look::NotBoundary(over) => {
                    if !self.asks_word.contains(&over) {
                        self.asks_word.push(over);
                    }
                    self.distinguish(sets.word(over));
                }
                Look::TextStart | Look::TextEnd | Look::End => {}
            }
        }
    }

    fn distinguish(&mut self, set: SetId) {
        if !self.sets.contains(&set) {
            self.sets.push(set);
        }
    }

    /// Whether the pattern is found in the empty text, on which neither `\b` nor `\B` holds.
    pub(crate) fn is_found_in_nothing(&self) -> bool {
        let mut seen = vec![false; self.states.len()];
        let mut pending = vec![self.start];
        while let Some(id) = pending.pop() {
            let at = usize::from(id);
            if seen.get(at) != Some(&false) {
                continue;
            }
            if let Some(seen) = seen.get_mut(at) {
                *seen = true;
            }
            match self.states.get(at) {
                Some(State::Found) => return true,
                Some(&State::Split(a, b)) => pending.extend([a, b]),
                Some(&State::Look(look, next)) => {
                    if !matches!(look, Look::Boundary(_) | Look::NotBoundary(_)) {
                        pending.push(next);
                    }
                }
                None | Some(State::Take(..)) => {}
            }
        }
        false
    }
}
