//! Groups of patterns that are searched for in the same texts: what shares an automaton, and what is
//! stepped side by side.
//!
//! A shared automaton is the product of its members' minimal automata. Its states do not remember what
//! was found, they say what is found there: a member that is found goes on as if at the start, or, if
//! it is anchored, is dead. So the states of patterns that share prefixes or suffixes, or that have
//! little to do with each other's texts, add up, where a product that remembers would double with each
//! member. A pattern joins the first group whose states stay within the sum and whose table within twice the
//! bytes, so that one walk finds what many walks would.

use super::compile::{Automata, Compiled};
use super::dfa::{Answer, Raw};
use super::minimise::{CellForm, Dfa, Sink, minimise};
use super::nfa::StateId;
use super::shape::End;
use aegis_vm::format::LOCKSTEP;
use std::collections::{BTreeSet, HashMap};

/// Patterns that are searched for together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How.
    pub kind: GroupKind,
    /// The patterns, by index; a pattern's bit is its place here.
    pub members: Vec<usize>,
}

/// How the patterns of a group are searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// By one automaton from the start of the text, fed without its last newline.
    Forward(Dfa),
    /// By one automaton from the end of the text.
    Backward(Dfa),
    /// Each by its own automaton, side by side.
    Lockstep,
}

/// The most members of a shared automaton.
pub(crate) const MOST: usize = 64;
/// The fewest members of a shared automaton of texts alone, each of which is found faster than it is walked.
const FEWEST_LITERALS: usize = 24;
/// The fewest patterns of a param that are worth a look at the digrams of its text.
const FEWEST_DIGRAMS: usize = 4;
/// The fewest automata that are worth stepping side by side.
const FEWEST_LOCKSTEP: usize = 3;
/// The groups that a pattern may join: the last so many that were begun.
const OPEN: usize = 4;
/// The states that a shared automaton may have beyond those of its parts.
const SLACK: usize = 4;
/// The bytes of a shared automaton, for each byte that its members would take.
pub(crate) const MOST_BYTES: usize = 2;
/// Steps that the joining of all groups may take; beyond them patterns stay on their own.
const WORK: usize = 20_000_000;

/// What patterns that are asked of the same texts share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// The groups; a pattern is in one at most.
    pub groups: Vec<Group>,
    /// The patterns before whose search the digrams of the text are looked at.
    pub by_digrams: BTreeSet<usize>,
}

/// Says what patterns share: `uses` has those that are asked of each param, in the order of the rules.
#[must_use]
pub fn share(automata: &Automata, uses: &[Vec<usize>]) -> Shared {
    let mut known = BTreeSet::new();
    let mut joiner = Joiner { automata, shared: Shared::default(), work_left: WORK };
    for patterns in uses {
        let free = patterns.iter().copied().filter(|&pattern| known.insert(pattern)).collect();
        joiner.share_param(free);
    }
    joiner.shared
}

struct Joiner<'a> {
    automata: &'a Automata,
    shared: Shared,
    work_left: usize,
}

/// A group while it grows.
struct Open {
    dfa: Dfa,
    members: Vec<usize>,
    /// The bytes that the tables of its members take.
    apart: usize,
}

impl<'a> Joiner<'a> {
    fn share_param(&mut self, free: Vec<usize>) {
        let automata = self.automata;
        let part = |patterns: Vec<usize>, wanted: &dyn Fn(&Compiled) -> bool| -> (Vec<usize>, Vec<usize>) {
            let is = |pattern: &usize| automata.patterns.get(*pattern).is_some_and(wanted);
            patterns.into_iter().partition(is)
        };
        let (backward, rest) = part(free, &ends_with_text);
        let (anchored, rest) = part(rest, &|compiled| compiled.anchored);
        let (mut finite, mut rest) = part(rest, &|compiled| compiled.finite);
        if finite.len() < FEWEST_LITERALS {
            rest.append(&mut finite);
        }
        let (telling, mut rest) = part(rest, &|compiled| !compiled.digrams.is_empty());
        if telling.len() < FEWEST_DIGRAMS {
            rest.extend(telling);
        } else {
            self.shared.by_digrams.extend(telling);
        }
        // A search for a literal of some length is faster than any walk.
        let (_, walked) = part(rest, &|compiled| compiled.literals.longest() > 1);
        let forward = |pattern: usize| automata.patterns.get(pattern)?.dfa();
        let reverse = |pattern: usize| Some(&automata.patterns.get(pattern)?.backward.as_ref()?.dfa);
        self.join(backward, &reverse, &GroupKind::Backward);
        self.join(anchored, &forward, &GroupKind::Forward);
        self.join(finite, &forward, &GroupKind::Forward);
        let left = self.join(walked, &forward, &GroupKind::Forward);
        self.shared.groups.extend(side_by_side(automata, &left));
    }

    /// Puts patterns into shared automata, in their order; gives those that share with none.
    fn join(
        &mut self,
        mut patterns: Vec<usize>,
        dfa: &dyn Fn(usize) -> Option<&'a Dfa>,
        kind: &dyn Fn(Dfa) -> GroupKind,
    ) -> Vec<usize> {
        patterns.sort_unstable();
        let mut open: Vec<Open> = Vec::new();
        for pattern in patterns {
            let Some(own) = dfa(pattern).filter(|own| own.sink(own.start).is_none()) else { continue };
            let last = open.len().saturating_sub(OPEN);
            let joined = open.iter_mut().skip(last).any(|group| {
                let joined = match group.members.len() {
                    MOST.. => None,
                    bit => join(&group.dfa, own, bit, &mut self.work_left),
                };
                let apart = group.apart + own.bytes();
                let joined = joined.filter(|joined| joined.bytes() <= MOST_BYTES * apart);
                joined.is_some_and(|joined| {
                    group.dfa = joined;
                    group.apart = apart;
                    group.members.push(pattern);
                    true
                })
            });
            if !joined {
                open.push(Open { dfa: as_group(own), members: vec![pattern], apart: own.bytes() });
            }
        }
        let (shared, single): (Vec<Open>, Vec<Open>) =
            open.into_iter().partition(|group| group.members.len() > 1);
        let groups = shared.into_iter().map(|Open { dfa, members, .. }| Group { kind: kind(dfa), members });
        self.shared.groups.extend(groups);
        single.into_iter().flat_map(|group| group.members).collect()
    }
}

fn ends_with_text(compiled: &Compiled) -> bool {
    compiled.backward.as_ref().is_some_and(|backward| backward.end != End::Literal)
}

/// Patterns that have no short way, in the order of the rules; all of a group have cells of one size.
fn side_by_side(automata: &Automata, patterns: &[usize]) -> Vec<Group> {
    let mut by_form = [CellForm::Byte, CellForm::Short, CellForm::Wide].map(|form| (form, Vec::new()));
    for &pattern in patterns {
        let Some(dfa) = automata.patterns.get(pattern).and_then(Compiled::dfa) else { continue };
        let form = dfa.form();
        by_form.iter_mut().filter(|(of, _)| *of == form).for_each(|(_, all)| all.push(pattern));
    }
    let chunks = by_form.iter().flat_map(|(_, form)| form.chunks(LOCKSTEP));
    let worth = chunks.filter(|members| members.len() >= FEWEST_LOCKSTEP);
    worth.map(|members| Group { kind: GroupKind::Lockstep, members: members.to_vec() }).collect()
}

/// An automaton of one pattern as that of a group: it goes on where it finds.
pub(crate) fn as_group(dfa: &Dfa) -> Dfa {
    let nothing = Dfa {
        columns: 1,
        start: 0,
        column_map: vec![0; dfa.column_map.len()],
        table: vec![0],
        answers: vec![Answer::default()],
    };
    join(&nothing, dfa, 0, &mut usize::MAX.clone()).unwrap_or_else(|| dfa.clone())
}

/// The automaton of a group that a pattern joins, whose bit is given; `None` if it has more states than
/// both together, or if it takes more than what is left of the work.
fn join(group: &Dfa, own: &Dfa, bit: usize, work_left: &mut usize) -> Option<Dfa> {
    let sink = |kind| {
        let mut states = (0..own.states()).filter_map(|state| StateId::try_from(state).ok());
        states.find(|&state| own.sink(state) == Some(kind))
    };
    let found = sink(Sink::Found);
    // From the start it may only find again what is known.
    let again = sink(Sink::Dead).unwrap_or(own.start);
    let limit = group.states() + own.states() + SLACK;
    product(group, own, found.map(|found| (found, again)), bit, limit, work_left)
}

/// The automaton of two groups, the second with its bits from `bit` on; `None` if it has more states than
/// both together and than `room`, or if it takes more than what is left of the work.
pub(crate) fn merge(one: &Dfa, other: &Dfa, bit: usize, room: usize, work_left: &mut usize) -> Option<Dfa> {
    let limit = (one.states() + other.states() + SLACK).max(room);
    product(one, other, None, bit, limit, work_left)
}

/// The product of two automata with so many states at most. Where the second is found it goes on elsewhere.
fn product(
    group: &Dfa,
    own: &Dfa,
    found: Option<(StateId, StateId)>,
    bit: usize,
    limit: usize,
    work_left: &mut usize,
) -> Option<Dfa> {
    let Columns { of_class, samples } = columns(group, own)?;
    let start = (group.start, own.start, false);
    let mut known = HashMap::from([(start, 0)]);
    let mut keys = vec![start];
    let (mut table, mut answers) = (Vec::new(), Vec::new());
    let mut done = 0;
    while let Some(&(in_group, in_own, is_found)) = keys.get(done) {
        done += 1;
        *work_left = work_left.checked_sub(samples.len())?;
        let (all, one) = (group.answer(in_group), own.answer(in_own));
        answers.push(Answer {
            now: all.now | (one.now | u64::from(is_found)) << bit,
            end: all.end | one.end << bit,
            newline: all.newline | one.newline << bit,
        });
        for &(group_column, own_column) in &samples {
            let to = own.next(in_own, own_column.into());
            let again = found.and_then(|(found, again)| (to == found).then_some(again));
            let (to, is_found) = (again.unwrap_or(to), again.is_some());
            let next = (group.next(in_group, group_column.into()), to, is_found);
            let number = match known.get(&next) {
                Some(&number) => number,
                None => {
                    let number = StateId::try_from(keys.len()).ok().filter(|_| keys.len() < limit)?;
                    known.insert(next, number);
                    keys.push(next);
                    number
                }
            };
            table.push(number);
        }
    }
    Some(minimise(&Raw { columns: samples.len(), start: 0, table, answers }, &of_class))
}

/// What the columns of two automata tell apart.
struct Columns {
    /// The column of each class.
    of_class: Vec<u8>,
    /// For each column that of both.
    samples: Vec<(u8, u8)>,
}

fn columns(group: &Dfa, own: &Dfa) -> Option<Columns> {
    let mut known: HashMap<(u8, u8), u8> = HashMap::new();
    let mut samples = Vec::new();
    let mut of_class = Vec::with_capacity(own.column_map.len());
    for sample in group.column_map.iter().copied().zip(own.column_map.iter().copied()) {
        let number = match known.get(&sample) {
            Some(&number) => number,
            None => {
                let fresh = u8::try_from(samples.len()).ok().filter(|&fresh| fresh < u8::MAX)?;
                known.insert(sample, fresh);
                samples.push(sample);
                fresh
            }
        };
        of_class.push(number);
    }
    Some(Columns { of_class, samples })
}
