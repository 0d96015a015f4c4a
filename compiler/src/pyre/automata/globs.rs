//! Globs of one field -> automata that they share.
//!
//! The automaton of a group is the product of its globs' own, as those of `group` are. Globs are joined with
//! their neighbours, then the pairs with theirs, while the product stays within its limits. A glob that passes
//! a limit is in no group; it is then matched by its tokens, and decides the same.

use super::classes::{Partition, SetId, Sets};
use super::dfa::{Columns, Search, determinise};
use super::group::{MOST, MOST_BYTES, as_group, merge};
use super::minimise::{Dfa, minimise};
use super::nfa::{Nfa, Rank, State, StateId};
use crate::glob::{Token, read};
use crate::pyre::syntax::ast::Look;
use std::collections::HashMap;

/// Globs that are matched together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobGroup {
    /// The globs; a glob's bit is its place here.
    pub members: Vec<String>,
    /// The automaton, fed the whole text.
    pub dfa: Dfa,
}

/// Limits on the automata of globs. What passes one is matched by tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobLimits {
    /// The least that the globs of a group take together when they are matched one by one.
    pub cost: usize,
    /// Characters and wildcards of a glob, and states of its automaton.
    pub states: usize,
    /// States of a group, or as many as those of its globs together.
    pub group_states: usize,
    /// Bytes of a group, or twice as many as those of its globs together.
    pub group_bytes: usize,
    /// Distinct sets of characters, of all globs.
    pub sets: usize,
    /// Classes of characters of the policy, its patterns among them.
    pub classes: usize,
    /// Steps for one glob alone.
    pub work: usize,
    /// Steps for all globs and their products.
    pub total_work: usize,
}

impl Default for GlobLimits {
    fn default() -> Self {
        // A group is walked as fast as about four globs are matched by tokens, or two of which both ends are
        // runs. With more than 256 classes the map of the policy would have two bytes a class.
        GlobLimits {
            cost: 5,
            states: 256,
            group_states: 1_000,
            group_bytes: 32 << 10,
            sets: 192,
            classes: 256,
            work: 50_000,
            total_work: 2_000_000,
        }
    }
}

/// The groups of globs, and the partition that they and the sets that were there before need; `None` if there
/// is no group. Each list has the globs that may be asked of one text; a glob is in one group at most.
pub(crate) fn group(
    lists: &[Vec<&str>],
    limits: &GlobLimits,
    sets: &mut Sets,
) -> Option<(Vec<GlobGroup>, Partition)> {
    let mut nfas: HashMap<&str, Part> = HashMap::new();
    let before = sets.len();
    let mut work_left = limits.total_work;
    let worth = |list: &&Vec<&str>| list.iter().map(|glob| cost(&read(glob))).sum::<usize>() >= limits.cost;
    let lists: Vec<&Vec<&str>> = lists.iter().filter(worth).collect();
    for &glob in lists.iter().copied().flatten() {
        let known = sets.len();
        if !nfas.contains_key(glob)
            && let Some(part) = build(glob, limits.states, &mut work_left, sets)
        {
            nfas.insert(glob, part);
        }
        if sets.len() - before > limits.sets {
            nfas.remove(glob);
            sets.truncate(known);
        }
    }
    let partition = sets.partition();
    if nfas.is_empty() || partition.representatives().len() > limits.classes {
        return None;
    }
    let mut builder = Builder { limits, sets, partition: &partition, work_left };
    let mut groups: Vec<GlobGroup> = Vec::new();
    // Not all at once: the automata of many globs would take all of the work, and none be left to join them.
    for globs in lists.into_iter().flat_map(|list| list.chunks(AT_ONCE)) {
        // What a group has, or what passed a limit, is not looked at again.
        let parts = globs.iter().filter_map(|&glob| Some((glob, nfas.remove(glob)?)));
        let alone: Vec<Open> = parts.filter_map(|(glob, part)| builder.alone(glob, &part)).collect();
        let worth = builder.join(alone).into_iter().filter(|group| group.cost >= limits.cost);
        groups.extend(worth.map(|Open { members, dfa, .. }| GlobGroup { members, dfa }));
    }
    (!groups.is_empty()).then_some((groups, partition))
}

/// So many globs are joined with each other.
const AT_ONCE: usize = 256;
/// Steps of work for a step of a glob, so that those of very many globs fit in memory.
const STEP_WORK: usize = 8;

/// What matching a glob by its tokens costs. Where both ends are runs, the text must be searched.
fn cost(tokens: &[Token]) -> usize {
    match tokens {
        [Token::Run, .., Token::Run] => 3,
        _ => 1,
    }
}

/// A glob before the classes are known.
struct Part {
    nfa: Nfa,
    cost: usize,
}

/// A group while it grows.
struct Open {
    members: Vec<String>,
    dfa: Dfa,
    cost: usize,
    /// The bytes that the tables of its members take.
    apart: usize,
}

struct Builder<'a> {
    limits: &'a GlobLimits,
    sets: &'a Sets,
    partition: &'a Partition,
    work_left: usize,
}

impl Builder<'_> {
    /// A group of one glob, if it is small enough and some text matches it.
    fn alone(&mut self, glob: &str, part: &Part) -> Option<Open> {
        let dfa = self.dfa(&part.nfa).filter(|dfa| dfa.sink(dfa.start).is_none())?;
        let apart = dfa.bytes();
        Some(Open { members: vec![glob.to_owned()], dfa: as_group(&dfa), cost: part.cost, apart })
    }

    /// The automaton of one glob.
    fn dfa(&mut self, nfa: &Nfa) -> Option<Dfa> {
        let classes = self.partition.representatives().len();
        let mut left = self.limits.work.min(self.work_left);
        let before = left;
        let dfa = left.checked_sub(nfa.sets.len() * classes).and_then(|rest| {
            left = rest;
            let columns = Columns::new(nfa, self.sets, self.partition).ok()?;
            let (sets, states) = (self.sets, self.limits.states);
            let raw = determinise(nfa, sets, self.partition, &columns, Search::Anchored, states, &mut left);
            let raw = raw.ok()?;
            left = left.checked_sub(raw.table.len())?;
            Some(minimise(&raw, &columns.of_class))
        });
        self.work_left -= before - left;
        dfa
    }

    /// Joins groups with their neighbours, two by two, until no two fit together.
    fn join(&mut self, mut groups: Vec<Open>) -> Vec<Open> {
        loop {
            let count = groups.len();
            let mut joined: Vec<Open> = Vec::with_capacity(count);
            let mut rest = groups.into_iter();
            while let Some(one) = rest.next() {
                let Some(other) = rest.next() else {
                    joined.push(one);
                    break;
                };
                match self.merge(&one, &other) {
                    Some(both) => joined.push(both),
                    None => joined.extend([one, other]),
                }
            }
            groups = joined;
            if groups.len() == count {
                return groups;
            }
        }
    }

    fn merge(&mut self, one: &Open, other: &Open) -> Option<Open> {
        let bit = one.members.len();
        if bit + other.members.len() > MOST {
            return None;
        }
        let dfa = merge(&one.dfa, &other.dfa, bit, self.limits.group_states, &mut self.work_left)?;
        let apart = one.apart + other.apart;
        (dfa.bytes() <= self.limits.group_bytes.max(MOST_BYTES * apart)).then(|| Open {
            members: one.members.iter().chain(&other.members).cloned().collect(),
            dfa,
            cost: one.cost + other.cost,
            apart,
        })
    }
}

/// The automaton of a glob over a whole text, if it has so many steps at most.
fn build(glob: &str, limit: usize, work_left: &mut usize, sets: &mut Sets) -> Option<Part> {
    if glob.len() > limit.saturating_mul(4) {
        return None;
    }
    let tokens = read(glob);
    let steps = |token: &Token| match token {
        Token::Text(text) => text.chars().count(),
        Token::Ones(count) => usize::try_from(*count).unwrap_or(usize::MAX),
        Token::Run | Token::Set { .. } => 1,
    };
    let steps = tokens.iter().map(steps).fold(0, usize::saturating_add);
    if steps > limit.min(usize::from(StateId::MAX / 4)) {
        return None;
    }
    *work_left = work_left.checked_sub(steps * STEP_WORK)?;
    let cost = cost(&tokens);
    // Built back to front, each token in front of what follows it.
    let mut builder = Nfas {
        nfa: Nfa {
            states: Vec::new(),
            ranks: Vec::new(),
            start: 0,
            sets: Vec::new(),
            asks_newline: false,
            asks_word: Vec::new(),
        },
        sets,
        run: StateId::try_from(tokens.iter().filter(|token| **token == Token::Run).count()).ok()?,
    };
    let found = builder.add(State::Found);
    let (mut next, tokens) = match tokens.split_last() {
        // What follows the last run is anything.
        Some((Token::Run, before)) => (found, before),
        _ => (builder.add(State::Look(Look::TextEnd, found)), tokens.as_slice()),
    };
    for token in tokens.iter().rev() {
        match token {
            Token::Text(text) => {
                for c in text.chars().rev() {
                    let set = builder.sets.one(c);
                    next = builder.take(set, next);
                }
            }
            Token::Ones(count) => {
                let set = builder.sets.all();
                for _ in 0..*count {
                    next = builder.take(set, next);
                }
            }
            Token::Set { negated, ranges } => {
                let set = builder.sets.ranges_of(ranges, *negated);
                next = builder.take(set, next);
            }
            Token::Run => {
                let again = builder.add(State::Split(next, next));
                let set = builder.sets.all();
                let body = builder.take(set, again);
                if let Some(state) = builder.nfa.states.get_mut(usize::from(again)) {
                    *state = State::Split(body, next);
                }
                next = again;
                builder.run = builder.run.saturating_sub(1);
            }
        }
    }
    builder.nfa.start = next;
    Some(Part { nfa: builder.nfa, cost })
}

/// An automaton of a glob while it grows.
struct Nfas<'a> {
    nfa: Nfa,
    sets: &'a mut Sets,
    /// The number of runs that stand before what is added, or are it.
    run: StateId,
}

impl Nfas<'_> {
    /// Adds a state. Where a run is reached nothing before it can find more than the run does, so that states
    /// are ranked by the runs before them. The size was checked: the number fits.
    fn add(&mut self, state: State) -> StateId {
        let id = StateId::try_from(self.nfa.states.len()).unwrap_or(StateId::MAX);
        self.nfa.states.push(state);
        self.nfa.ranks.push(vec![Rank { of: 0, copy: self.run }]);
        id
    }

    fn take(&mut self, set: SetId, next: StateId) -> StateId {
        let known = self.nfa.sets.iter().position(|&known| known == set);
        let local = known.unwrap_or_else(|| {
            self.nfa.sets.push(set);
            self.nfa.sets.len() - 1
        });
        self.add(State::Take(u16::try_from(local).unwrap_or(u16::MAX), next))
    }
}
