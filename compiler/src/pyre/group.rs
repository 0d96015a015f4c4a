//! Groups of patterns that are searched for in the same texts: what shares an automaton, and what is
//! stepped side by side.
//!
//! A shared automaton is the product of its members' minimal automata. Its states do not remember what
//! was found, they say what is found there: a member that is found goes on as if at the start, or, if
//! it is anchored, is dead. So sizes add up for patterns that share prefixes or suffixes, where a product
//! that remembers would double with each member.

use super::compile::{Automata, Compiled};
use super::dfa::{Answer, Raw};
use super::minimise::{Dfa, Form, Sink, minimise};
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
const MOST: usize = 64;
/// The fewest members of a shared automaton of texts alone, each of which is found faster than it is walked.
const FEWEST_LITERALS: usize = 24;
/// The most states of a shared automaton, before it is minimal, beyond those of its members.
const SLACK: usize = 64;
/// The fewest automata that are worth stepping side by side.
const FEWEST_LOCKSTEP: usize = 3;

/// Groups the patterns that are asked of the same params: `uses` has the patterns of each param, in the
/// order of the rules. A pattern is in one group at most.
#[must_use]
pub fn group(automata: &Automata, uses: &[Vec<usize>]) -> Vec<Group> {
    let mut grouped = BTreeSet::new();
    let mut groups = Vec::new();
    for patterns in uses {
        let mut free: Vec<usize> = Vec::new();
        for &pattern in patterns {
            if grouped.insert(pattern) {
                free.push(pattern);
            }
        }
        groups.extend(group_param(automata, free));
    }
    groups
}

fn group_param(automata: &Automata, free: Vec<usize>) -> Vec<Group> {
    let of = |&pattern: &usize| automata.patterns.get(pattern);
    let is = |wanted: &dyn Fn(&Compiled) -> bool, pattern: &usize| of(pattern).is_some_and(wanted);
    let mut groups = Vec::new();
    let (backward, rest): (Vec<_>, Vec<_>) =
        free.into_iter().partition(|pattern| is(&ends_with_text, pattern));
    let (anchored, rest): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|pattern| is(&|compiled| compiled.anchored, pattern));
    let (finite, rest): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|pattern| is(&|compiled| compiled.finite, pattern));
    let forward = |pattern: usize| automata.patterns.get(pattern)?.dfa();
    let reverse = |pattern: usize| Some(&automata.patterns.get(pattern)?.backward.as_ref()?.dfa);
    let backward_group = |dfa| GroupKind::Backward(dfa);
    let forward_group = |dfa| GroupKind::Forward(dfa);
    share(&backward, &reverse, &backward_group, &mut groups);
    share(&anchored, &forward, &forward_group, &mut groups);
    if finite.len() >= FEWEST_LITERALS {
        share(&finite, &forward, &forward_group, &mut groups);
    }
    groups.extend(side_by_side(automata, &rest));
    groups
}

fn ends_with_text(compiled: &Compiled) -> bool {
    compiled.backward.as_ref().is_some_and(|backward| backward.end != End::Literal)
}

/// Puts patterns into shared automata; those that would make one too large are halved until they do not.
fn share<'a>(
    patterns: &[usize],
    dfa: &dyn Fn(usize) -> Option<&'a Dfa>,
    kind: &dyn Fn(Dfa) -> GroupKind,
    groups: &mut Vec<Group>,
) {
    let walks = |&pattern: &usize| dfa(pattern).is_some_and(|dfa| dfa.sink(dfa.start).is_none());
    let walked: Vec<usize> = patterns.iter().copied().filter(walks).collect();
    let mut pending: Vec<&[usize]> = walked.chunks(MOST).rev().collect();
    while let Some(members) = pending.pop() {
        if members.len() < 2 {
            continue;
        }
        let dfas: Vec<&Dfa> = members.iter().filter_map(|&pattern| dfa(pattern)).collect();
        match product(&dfas) {
            Some(shared) => groups.push(Group { kind: kind(shared), members: members.to_vec() }),
            None => {
                let (first, second) = members.split_at(members.len() / 2);
                pending.extend([second, first]);
            }
        }
    }
}

/// Patterns that have no short way, in the order of the rules; all of a group have cells of one size.
fn side_by_side(automata: &Automata, patterns: &[usize]) -> Vec<Group> {
    let mut by_form = [Form::Byte, Form::Short, Form::Wide].map(|form| (form, Vec::new()));
    for &pattern in patterns {
        let Some(compiled) = automata.patterns.get(pattern) else { continue };
        let Some(dfa) = compiled.dfa().filter(|_| compiled.literals.needed.len() <= 1) else { continue };
        if dfa.sink(dfa.start).is_none() {
            let form = dfa.form();
            by_form.iter_mut().filter(|(of, _)| *of == form).for_each(|(_, all)| all.push(pattern));
        }
    }
    let chunks = by_form.iter().flat_map(|(_, form)| form.chunks(LOCKSTEP));
    let worth = chunks.filter(|members| members.len() >= FEWEST_LOCKSTEP);
    worth.map(|members| Group { kind: GroupKind::Lockstep, members: members.to_vec() }).collect()
}

/// The state of every member, and which of them were just found.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    states: Vec<StateId>,
    now: u64,
}

/// The automaton of several; `None` if it is larger than its members together by more than a little.
fn product(dfas: &[&Dfa]) -> Option<Dfa> {
    let limit = dfas.iter().map(|dfa| dfa.states()).sum::<usize>() + SLACK;
    let limit = limit.min(usize::from(StateId::MAX));
    let (of_class, samples) = columns(dfas)?;
    let again: Vec<StateId> = dfas.iter().map(|dfa| after_found(dfa)).collect();
    let found: Vec<Option<StateId>> = dfas.iter().map(|dfa| sink(dfa, Sink::Found)).collect();
    let start = Key { states: dfas.iter().map(|dfa| dfa.start).collect(), now: 0 };
    let mut known = HashMap::from([(start.clone(), 0)]);
    let mut keys = vec![start];
    let (mut table, mut answers) = (Vec::new(), Vec::new());
    let mut done = 0;
    while let Some(key) = keys.get(done).cloned() {
        done += 1;
        answers.push(answer(dfas, &key));
        for sample in &samples {
            let mut next = Key { states: Vec::with_capacity(dfas.len()), now: 0 };
            for (bit, (dfa, &state)) in dfas.iter().zip(&key.states).enumerate() {
                let to = dfa.next(state, sample.get(bit).copied().unwrap_or(0).into());
                let is_found = found.get(bit) == Some(&Some(to));
                next.now |= u64::from(is_found) << bit;
                next.states.push(if is_found { again.get(bit).copied().unwrap_or(to) } else { to });
            }
            let number = match known.get(&next) {
                Some(&number) => number,
                None => {
                    let number = StateId::try_from(keys.len()).ok().filter(|_| keys.len() < limit)?;
                    known.insert(next.clone(), number);
                    keys.push(next);
                    number
                }
            };
            table.push(number);
        }
    }
    Some(minimise(&Raw { columns: samples.len(), start: 0, table, answers }, &of_class))
}

fn answer(dfas: &[&Dfa], key: &Key) -> Answer {
    let mut all = Answer { now: key.now, ..Answer::default() };
    for (bit, (dfa, &state)) in dfas.iter().zip(&key.states).enumerate() {
        let Answer { end, newline, .. } = dfa.answer(state);
        all.end |= (end & 1) << bit;
        all.newline |= (newline & 1) << bit;
    }
    all
}

/// The state of a member once it is found: dead if it has such a state, else the start, from where it may
/// only find again what is known.
fn after_found(dfa: &Dfa) -> StateId {
    sink(dfa, Sink::Dead).unwrap_or(dfa.start)
}

fn sink(dfa: &Dfa, kind: Sink) -> Option<StateId> {
    let states = (0..dfa.states()).filter_map(|state| StateId::try_from(state).ok());
    { states }.find(|&state| dfa.sink(state) == Some(kind))
}

/// What the columns of all members tell apart: for each class its column, and for each column that of
/// every member.
fn columns(dfas: &[&Dfa]) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let classes = dfas.first()?.column_map.len();
    let mut known: HashMap<Vec<u8>, u8> = HashMap::new();
    let mut samples = Vec::new();
    let mut of_class = Vec::with_capacity(classes);
    for class in 0..classes {
        let sample: Vec<u8> =
            dfas.iter().map(|dfa| dfa.column_map.get(class).copied().unwrap_or(0)).collect();
        let fresh = u8::try_from(samples.len()).ok().filter(|&fresh| fresh < u8::MAX);
        let number = match known.get(&sample) {
            Some(&number) => number,
            None => {
                let fresh = fresh?;
                known.insert(sample.clone(), fresh);
                samples.push(sample);
                fresh
            }
        };
        of_class.push(number);
    }
    Some((of_class, samples))
}
