//! The subset construction: nondeterministic automaton -> a deterministic one over the columns of
//! one pattern, with unanchored search built in where it is asked for.
//!
//! A look asks about one character before and one after its place. The character before is known
//! when a state is made; one after is not, so a look that asks about it stays *pending* in the state
//! and is resolved on each transition. The text is fed without one trailing newline; what that
//! newline, or the end, would do is each state's answer.

use super::classes::{Partition, Sets};
use super::nfa::{Nfa, State, StateId};
use crate::pyre::syntax::ast::{Look, Over};
use std::collections::HashMap;

/// What a look can ask about a neighbour of its place, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Side(u8);

impl Side {
    /// The start or the end of the text.
    pub(crate) const EDGE: Side = Side(1);
    pub(crate) const NEWLINE: Side = Side(2);
    /// The newline that ends the text.
    pub(crate) const FINAL: Side = Side(4);
    const WORD: Side = Side(8);
    const ASCII_WORD: Side = Side(16);

    fn has(self, bits: Side) -> bool {
        self.0 & bits.0 != 0
    }

    pub(crate) fn and(self, bits: Side) -> Side {
        Side(self.0 | bits.0)
    }

    fn word(self, over: Over) -> bool {
        match over {
            Over::Unicode => self.has(Side::WORD),
            Over::Ascii => self.has(Side::ASCII_WORD),
        }
    }
}

/// Whether a look holds between two neighbours of a text that is not empty; `None` if it depends on
/// the one after, which is not known.
pub(crate) fn holds(look: Look, before: Side, after: Option<Side>) -> Option<bool> {
    Some(match look {
        Look::TextStart => before.has(Side::EDGE),
        Look::LineStart => before.has(Side::EDGE.and(Side::NEWLINE)),
        Look::TextEnd => after?.has(Side::EDGE),
        Look::End => after?.has(Side::EDGE.and(Side::FINAL)),
        Look::LineEnd => after?.has(Side::EDGE.and(Side::NEWLINE)),
        Look::Boundary(over) => before.word(over) != after?.word(over),
        Look::NotBoundary(over) => before.word(over) == after?.word(over),
    })
}

/// A deterministic automaton, not minimal. State 0 is "found".
pub(crate) struct Raw {
    pub(crate) columns: usize,
    pub(crate) start: StateId,
    /// `states * columns` entries.
    pub(crate) table: Vec<StateId>,
    /// For each state whether the pattern is found at the end, and before a final newline.
    pub(crate) answers: Vec<Answer>,
}

/// What a state answers, as bits of the patterns that the automaton finds: bit 0 for one pattern alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Answer {
    /// Found here, whatever follows.
    pub now: u64,
    /// Found if the text ends here.
    pub end: u64,
    /// Found if only a final newline follows.
    pub newline: u64,
}

/// Where a match may begin, and how the text is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Anywhere in a text that is fed without one trailing newline.
    Anywhere,
    /// At the first character that is fed; the text is fed whole.
    Anchored,
}

/// "Found", whatever follows.
pub(crate) const FOUND: StateId = 0;

/// Which limit was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excess {
    Columns,
    States,
    Work,
    TotalWork,
    TotalStates,
}

/// Columns of one pattern: what its sets tell apart.
pub(crate) struct Columns {
    /// The column of each class.
    pub(crate) of_class: Vec<u8>,
    /// For each column a code point in it.
    pub(crate) sample: Vec<u32>,
}

impl Columns {
    /// Groups the classes of the partition by the sets of one pattern.
    pub(crate) fn new(nfa: &Nfa, sets: &Sets, partition: &Partition) -> Result<Self, Excess> {
        let representatives = partition.representatives();
        let mut of_class = vec![0u8; representatives.len()];
        let mut sample: Vec<u32> = representatives.first().copied().into_iter().collect();
        for &set in &nfa.sets {
            // Of each column the classes outside keep the number, unless there are none.
            let mut inside: Vec<Option<u8>> = vec![None; sample.len()];
            let mut outside = vec![false; sample.len()];
            let member: Vec<bool> = representatives.iter().map(|&c| sets.contains(set, c)).collect();
            for (&column, &member) in of_class.iter().zip(&member) {
                if let (false, Some(outside)) = (member, outside.get_mut(usize::from(column))) {
                    *outside = true;
                }
            }
            for ((column, &member), &c) in of_class.iter_mut().zip(&member).zip(representatives) {
                let at = usize::from(*column);
                if !member || outside.get(at) != Some(&true) {
                    continue;
                }
                let Some(slot) = inside.get_mut(at) else { continue };
                *column = match *slot {
                    Some(new) => new,
                    None => {
                        let new = u8::try_from(sample.len())
                            .ok()
                            .filter(|&new| new < u8::MAX)
                            .ok_or(Excess::Columns)?;
                        sample.push(c);
                        *slot = Some(new);
                        new
                    }
                };
            }
            // A column that was split may have lost the code point that stood for it.
            for (&column, &c) in of_class.iter().zip(representatives).rev() {
                if let Some(sample) = sample.get_mut(usize::from(column)) {
                    *sample = c;
                }
            }
        }
        Ok(Columns { of_class, sample })
    }
}

/// Determinises an automaton.
pub(crate) fn determinise(
    nfa: &Nfa,
    sets: &Sets,
    partition: &Partition,
    columns: &Columns,
    search: Search,
    max_states: usize,
    work_left: &mut usize,
) -> Result<Raw, Excess> {
    let newline = columns.of_class.get(partition.class_of(0x0a)).copied().unwrap_or(0);
    let columns_of = |&set| {
        let samples = columns.sample.iter().enumerate();
        samples.filter(|&(_, &c)| sets.contains(set, c)).map(|(column, _)| column).collect()
    };
    let mut builder = Builder {
        nfa,
        columns_of: nfa.sets.iter().map(columns_of).collect(),
        sides: columns.sample.iter().map(|&c| side_of(nfa, c)).collect(),
        newline: usize::from(newline),
        search,
        max_states: max_states.min(usize::from(StateId::MAX)),
        work_left,
        known: HashMap::new(),
        keys: Vec::new(),
        bases: vec![Base { members: Vec::new(), next: vec![Vec::new(); columns.sample.len()] }],
        starts: Vec::new(),
        seen: Seen { marks: vec![0; nfa.states.len()], round: 0 },
        best: Best { copies: vec![0; nfa.states.len()], raised: Vec::new() },
    };
    builder.run()
}

/// What the looks of a pattern can see of a character.
pub(crate) fn side_of(nfa: &Nfa, c: u32) -> Side {
    let mut side = Side::default();
    if nfa.asks_newline && c == 0x0a {
        side = side.and(Side::NEWLINE);
    }
    for &over in &nfa.asks_word {
        if crate::pyre::tables::contains(
            crate::pyre::tables::class(crate::pyre::syntax::ast::Class::Word, over),
            c,
        ) {
            side = side.and(match over {
                Over::Unicode => Side::WORD,
                Over::Ascii => Side::ASCII_WORD,
            });
        }
    }
    side
}

/// What tells states apart.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    /// The character before, if a pending look asks about it.
    before: Side,
    /// The states that every state after such a character has, because a match may begin anywhere.
    base: usize,
    /// The other states that take a character or are pending, ascending.
    members: Vec<StateId>,
}

/// What a match that begins after some character comes to: states that take a character. They are
/// kept once and not in each state, which for a long alternation is most of the work.
struct Base {
    members: Vec<StateId>,
    /// For each column the states after it.
    next: Vec<Vec<StateId>>,
}

/// What beginning a match after some character comes to.
#[derive(Clone, Copy)]
enum Start {
    Found,
    Base(usize),
    /// It depends on the character after.
    Pending,
}

struct Builder<'a> {
    nfa: &'a Nfa,
    /// The columns that each set takes.
    columns_of: Vec<Vec<usize>>,
    /// What looks see of each column.
    sides: Vec<Side>,
    /// The column of the newline.
    newline: usize,
    search: Search,
    max_states: usize,
    work_left: &'a mut usize,
    known: HashMap<Key, StateId>,
    /// The states as they were made, after "found".
    keys: Vec<Key>,
    /// The first is empty.
    bases: Vec<Base>,
    starts: Vec<(Side, Start)>,
    seen: Seen,
    best: Best,
}

/// The states before the first that has a key. A state without members is no sink: a match may
/// still begin after a later newline.
const SINKS: usize = 1;

/// Which states a walk has seen.
struct Seen {
    marks: Vec<u32>,
    round: u32,
}

impl Seen {
    fn clear(&mut self) {
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.marks.fill(0);
            self.round = 1;
        }
    }

    /// Marks a state; whether it was new.
    fn insert(&mut self, state: StateId) -> bool {
        match self.marks.get_mut(usize::from(state)) {
            Some(mark) if *mark != self.round => {
                *mark = self.round;
                true
            }
            _ => false,
        }
    }
}

/// The outermost copy that was met of each state.
struct Best {
    copies: Vec<StateId>,
    raised: Vec<StateId>,
}

impl Best {
    fn clear(&mut self) {
        for id in self.raised.drain(..) {
            if let Some(copy) = self.copies.get_mut(usize::from(id)) {
                *copy = 0;
            }
        }
    }

    fn raise(&mut self, id: StateId, to: StateId) {
        if let Some(copy) = self.copies.get_mut(usize::from(id)) {
            *copy = to.max(*copy);
            self.raised.push(id);
        }
    }

    fn get(&self, id: StateId) -> StateId {
        self.copies.get(usize::from(id)).copied().unwrap_or(0)
    }
}

/// What following all ways without a character gives.
enum Closure {
    Found,
    Members(Vec<StateId>),
}

impl Builder<'_> {
    fn run(&mut self) -> Result<Raw, Excess> {
        let from = match self.search {
            Search::Anywhere => Vec::new(),
            Search::Anchored => vec![self.nfa.start],
        };
        let start = self.state(from, Side::EDGE)?;
        let both = Answer { now: 1, end: 1, newline: 1 };
        let columns = self.sides.len();
        let mut table = vec![FOUND; columns];
        let mut answers = vec![both];
        let mut done = 0;
        while let Some(key) = self.keys.get(done).cloned() {
            done += 1;
            answers.push(self.answer(&key)?);
            self.row(&key, &mut table)?;
        }
        Ok(Raw { columns, start, table, answers })
    }

    fn work(&mut self, amount: usize) -> Result<(), Excess> {
        *self.work_left = self.work_left.checked_sub(amount).ok_or(Excess::Work)?;
        Ok(())
    }

    /// Follows every way that takes no character. Looks that ask about the character after stay if
    /// that is not known.
    fn close(&mut self, from: &[StateId], before: Side, after: Option<Side>) -> Result<Closure, Excess> {
        self.seen.clear();
        let mut members = Vec::new();
        let mut pending: Vec<StateId> = from.to_vec();
        let mut steps = from.len();
        while let Some(id) = pending.pop() {
            if !self.seen.insert(id) {
                continue;
            }
            steps += 1;
            match self.nfa.states.get(usize::from(id)) {
                None => {}
                Some(State::Found) => return Ok(Closure::Found),
                Some(State::Take(..)) => members.push(id),
                Some(&State::Split(a, b)) => pending.extend([a, b]),
                Some(&State::Look(look, next)) => match holds(look, before, after) {
                    None => members.push(id),
                    Some(true) => pending.push(next),
                    Some(false) => {}
                },
            }
        }
        self.work(steps)?;
        members.sort_unstable();
        Ok(Closure::Members(members))
    }

    /// What beginning a match after such a character comes to.
    fn start(&mut self, before: Side) -> Result<Start, Excess> {
        if let Some(&(_, start)) = self.starts.iter().find(|(side, _)| *side == before) {
            return Ok(start);
        }
        let start = match self.close(&[self.nfa.start], before, None)? {
            Closure::Found => Start::Found,
            Closure::Members(members) if members.iter().any(|&id| self.is_look(id)) => Start::Pending,
            Closure::Members(mut members) => {
                self.prune(&mut members, &[]);
                let base = self.bases.iter().position(|base| base.members == members);
                Start::Base(base.unwrap_or_else(|| {
                    let mut next = vec![Vec::new(); self.sides.len()];
                    self.step(&members, None, &mut next);
                    self.bases.push(Base { members, next });
                    self.bases.len() - 1
                }))
            }
        };
        self.starts.push((before, start));
        Ok(start)
    }

    /// The state of everything that goes on at these states after such a character, and of every
    /// match that begins after it.
    fn state(&mut self, mut from: Vec<StateId>, before: Side) -> Result<StateId, Excess> {
        let start = match self.search {
            Search::Anywhere => self.start(before)?,
            Search::Anchored => Start::Base(0),
        };
        let base = match start {
            Start::Found => return Ok(FOUND),
            Start::Base(base) => base,
            Start::Pending => {
                from.push(self.nfa.start);
                0
            }
        };
        let Closure::Members(mut members) = self.close(&from, before, None)? else { return Ok(FOUND) };
        let shared = self.bases.get(base).map_or(&[][..], |base| base.members.as_slice());
        members.retain(|id| shared.binary_search(id).is_err());
        let shared = shared.to_vec();
        self.prune(&mut members, &shared);
        let asks = members.iter().any(|&id| self.is_look(id));
        let key = Key { before: if asks { before } else { Side::default() }, base, members };
        if let Some(&known) = self.known.get(&key) {
            return Ok(known);
        }
        let number = self.keys.len() + SINKS;
        if number >= self.max_states {
            return Err(Excess::States);
        }
        let number = StateId::try_from(number).map_err(|_| Excess::States)?;
        self.known.insert(key.clone(), number);
        self.keys.push(key);
        Ok(number)
    }

    /// Drops the members that another one, here or among the shared, outranks: whatever they would
    /// find, it finds. Without this `a.{1,50}b` has a state for every set of places of an `a`.
    fn prune(&mut self, members: &mut Vec<StateId>, shared: &[StateId]) {
        let nfa = self.nfa;
        let rank = |id: StateId, level: usize| nfa.ranks.get(usize::from(id))?.get(level).copied();
        for level in 0.. {
            self.best.clear();
            let mut any = false;
            for rank in members.iter().chain(shared).filter_map(|&id| rank(id, level)) {
                self.best.raise(rank.of, rank.copy);
                any = true;
            }
            if !any {
                return;
            }
            members.retain(|&id| rank(id, level).is_none_or(|rank| rank.copy >= self.best.get(rank.of)));
        }
    }

    fn is_look(&self, id: StateId) -> bool {
        matches!(self.nfa.states.get(usize::from(id)), Some(State::Look(..)))
    }

    /// The transitions of a state.
    fn row(&mut self, key: &Key, table: &mut Vec<StateId>) -> Result<(), Excess> {
        let mut next = self.bases.get(key.base).map_or_else(Vec::new, |base| base.next.clone());
        let mut found: Vec<Side> = Vec::new();
        if key.members.iter().any(|&id| self.is_look(id)) {
            // The pending looks come to the same for all characters that look alike to them.
            let mut kinds: Vec<Side> = Vec::new();
            for side in self.sides.clone() {
                if kinds.contains(&side) {
                    continue;
                }
                kinds.push(side);
                match self.close(&key.members, key.before, Some(side))? {
                    Closure::Found => found.push(side),
                    Closure::Members(takers) => self.step(&takers, Some(side), &mut next),
                }
            }
        } else {
            self.step(&key.members, None, &mut next);
        }
        self.work(key.members.len())?;
        for (column, from) in next.into_iter().enumerate() {
            let side = self.sides.get(column).copied().unwrap_or_default();
            let state = if found.contains(&side) { FOUND } else { self.state(from, side)? };
            table.push(state);
        }
        Ok(())
    }

    /// Adds where the characters of each column lead, or of each that looks so.
    fn step(&self, takers: &[StateId], side: Option<Side>, next: &mut [Vec<StateId>]) {
        for &id in takers {
            let Some(&State::Take(set, to)) = self.nfa.states.get(usize::from(id)) else { continue };
            for &column in self.columns_of.get(usize::from(set)).into_iter().flatten() {
                let looks_so = side.is_none_or(|side| self.sides.get(column) == Some(&side));
                if let (true, Some(next)) = (looks_so, next.get_mut(column)) {
                    next.push(to);
                }
            }
        }
    }

    /// What a state answers.
    fn answer(&mut self, key: &Key) -> Result<Answer, Excess> {
        // The base holds no look, so nothing of it is found without a character.
        let end = self.found_at_end(&key.members, key.before)?;
        if self.search == Search::Anchored {
            return Ok(Answer { now: 0, end: end.into(), newline: end.into() });
        }
        let last = Side::FINAL.and(Side::NEWLINE);
        let newline = match self.close(&key.members, key.before, Some(last))? {
            Closure::Found => true,
            Closure::Members(takers) => {
                let mut next = self.bases.get(key.base).map_or_else(Vec::new, |base| base.next.clone());
                self.step(&takers, None, &mut next);
                let mut next = next.into_iter().nth(self.newline).unwrap_or_default();
                next.push(self.nfa.start);
                let before = self.sides.get(self.newline).copied().unwrap_or_default();
                self.found_at_end(&next, before)?
            }
        };
        Ok(Answer { now: 0, end: end.into(), newline: newline.into() })
    }

    fn found_at_end(&mut self, from: &[StateId], before: Side) -> Result<bool, Excess> {
        Ok(matches!(self.close(from, before, Some(Side::EDGE))?, Closure::Found))
    }
}
