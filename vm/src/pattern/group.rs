//! Groups: what several patterns find in one text, at once, and kept for the rest of the decision.

use super::machine::{Cells, Class, Classes, Machine, Visit, machine, with};
use super::nfa::Nfa;
use crate::format::{
    AUTOMATON_NFA, AUTOMATON_SHARED, Automaton, GROUP_BACKWARD, GROUP_FORWARD, GROUP_LOCKSTEP, Group,
    GroupAnswer, LOCKSTEP, NONE, PATTERN_EMPTY, Pattern, cell_dead,
};
use crate::tables::{Tables, index};
use zerocopy::little_endian::U32;

/// What the groups found in the params of one action, the last few of them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Groups {
    kept: [Kept; KEPT],
    next: usize,
}

/// How many results are kept; one more takes the place of the oldest.
const KEPT: usize = 8;

#[derive(Clone, Copy, Default)]
struct Kept {
    /// The group, from 1; 0 is nothing kept.
    group: usize,
    param: usize,
    bits: u64,
}

impl Groups {
    /// Whether a pattern of a group is found in the text of a param.
    pub(crate) fn find(
        &mut self,
        tables: &Tables,
        pattern: &Pattern,
        param: usize,
        text: &str,
    ) -> Option<bool> {
        let group = index(pattern.group);
        let kept = self.kept.iter().find(|kept| kept.group == group + 1 && kept.param == param);
        let bits = match kept {
            Some(kept) => kept.bits,
            None => {
                let bits = search(tables, tables.groups.get(&tables.bytes, group)?, text)?;
                *self.kept.get_mut(self.next)? = Kept { group: group + 1, param, bits };
                self.next = (self.next + 1) % KEPT;
                bits
            }
        };
        Some(bits >> pattern.bit.get() & 1 == 1)
    }
}

/// The table group of a pattern; a pattern of a lockstep group can be searched for alone.
pub(super) fn of<'p>(tables: &'p Tables, pattern: &Pattern) -> Option<&'p Group> {
    let group = tables.groups.get(&tables.bytes, index(pattern.group))?;
    (group.kind.get() != GROUP_LOCKSTEP).then_some(group)
}

/// Whether a pattern of a group is found in a text.
pub(super) fn find(tables: &Tables, group: &Group, pattern: &Pattern, text: &str) -> Option<bool> {
    Some(search(tables, group, text)? >> pattern.bit.get() & 1 == 1)
}

/// The members of a group that are found in a text, as bits.
fn search(tables: &Tables, group: &Group, text: &str) -> Option<u64> {
    if text.is_empty() {
        return found_in_nothing(tables, group);
    }
    let answers = tables.group_answers.run(&tables.bytes, group.first_answer, group.answers)?;
    let automaton = index(group.automaton);
    let all = all_bits(group);
    match group.kind.get() {
        GROUP_FORWARD => {
            let body = text.strip_suffix('\n');
            let chars = body.unwrap_or(text).chars();
            with(tables, automaton, Walk { chars, answers, newline: body.is_some(), all })
        }
        GROUP_BACKWARD => {
            let walk = |text: &str| {
                with(tables, automaton, Walk { chars: text.chars().rev(), answers, newline: false, all })
            };
            let found = walk(text)?;
            match text.strip_suffix('\n') {
                Some(shorter) if group.newline.get() & !found != 0 => {
                    Some(found | walk(shorter)? & group.newline.get())
                }
                _ => Some(found),
            }
        }
        _ => {
            let members = tables.group_members.run(&tables.bytes, group.first_member, group.members)?;
            let first = tables.patterns.get(&tables.bytes, index(*members.first()?))?;
            with(tables, index(first.forward), Lockstep { tables, members, text })
        }
    }
}

/// The bits of every member.
fn all_bits(group: &Group) -> u64 {
    u64::MAX.checked_shr(u64::BITS.saturating_sub(group.members.get())).unwrap_or(0)
}

fn found_in_nothing(tables: &Tables, group: &Group) -> Option<u64> {
    let mut bits = 0;
    let members = tables.group_members.run(&tables.bytes, group.first_member, group.members)?;
    for (bit, &member) in members.iter().enumerate() {
        let pattern = tables.patterns.get(&tables.bytes, index(member))?;
        bits |= u64::from(pattern.flags.get() & PATTERN_EMPTY != 0) << bit;
    }
    Some(bits)
}

/// Steps a table group over the characters of a text; gives the members found.
struct Walk<'p, I> {
    chars: I,
    answers: &'p [GroupAnswer],
    /// Whether a final newline follows.
    newline: bool,
    all: u64,
}

impl<'p, I: Iterator<Item = char>> Visit<'p> for Walk<'p, I> {
    type Out = u64;

    #[inline(always)]
    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C>,
        classes: Classes<'p, K>,
    ) -> Option<u64> {
        let mut state = machine.start;
        let mut found = 0;
        for c in self.chars {
            state = machine.next(state, classes.of(c)?)?;
            if state >= machine.marks[0] {
                if state >= C::DEAD {
                    return Some(found);
                }
                found |= self.answers.get(machine.answer(state)?)?.now.get();
                if found == self.all {
                    return Some(found);
                }
            }
        }
        let last = self.answers.get(machine.answer(state)?)?;
        Some(found | if self.newline { last.newline.get() } else { last.end.get() })
    }

    fn nfa<K: Class>(self, _nfa: Nfa<'p>, _classes: Classes<'p, K>) -> Option<u64> {
        // The loader refuses it.
        None
    }
}

/// Steps a table group on from a state over a piece of a text.
pub(super) struct GroupPiece<'p, 't> {
    pub(super) answers: &'p [GroupAnswer],
    pub(super) text: &'t str,
    pub(super) state: usize,
    /// What was found so far.
    pub(super) found: u64,
}

/// Where a walk of a group over pieces stands.
pub(super) struct GroupStand {
    pub(super) state: usize,
    pub(super) found: u64,
    /// Whether nothing more can be found.
    pub(super) decided: bool,
    /// What is found as well if the text ends here.
    pub(super) end: u64,
    /// What is found as well if only a final newline follows.
    pub(super) newline: u64,
}

impl<'p> Visit<'p> for GroupPiece<'p, '_> {
    type Out = GroupStand;

    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C>,
        classes: Classes<'p, K>,
    ) -> Option<GroupStand> {
        let (mut state, mut found) = (self.state, self.found);
        for c in self.text.chars() {
            state = machine.next(state, classes.of(c)?)?;
            if state >= C::DEAD {
                return Some(GroupStand { state, found, decided: true, end: 0, newline: 0 });
            }
            found |= self.answers.get(machine.answer(state)?)?.now.get();
        }
        let last = self.answers.get(machine.answer(state)?)?;
        Some(GroupStand { state, found, decided: false, end: last.end.get(), newline: last.newline.get() })
    }

    fn nfa<K: Class>(self, _nfa: Nfa<'p>, _classes: Classes<'p, K>) -> Option<GroupStand> {
        // The loader refuses it.
        None
    }
}

/// Steps each member in its own automaton, side by side, so that no step waits for another's table; gives the
/// members found. All have cells of one form.
struct Lockstep<'p, 't> {
    tables: &'p Tables,
    members: &'p [U32],
    text: &'t str,
}

/// How many classes of characters are looked up before they are stepped over.
const AHEAD: usize = 64;

/// How many automata are stepped side by side: as many as registers hold.
const SIDE_BY_SIDE: usize = 3;

impl<'p> Visit<'p> for Lockstep<'p, '_> {
    type Out = u64;

    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C>,
        classes: Classes<'p, K>,
    ) -> Option<u64> {
        // What fills up the last row is the first again.
        let mut machines = [machine; LOCKSTEP];
        for (slot, &member) in machines.iter_mut().zip(self.members) {
            *slot = self.member(member)?;
        }
        let mut states = machines.map(|machine| machine.start);
        let body = self.text.strip_suffix('\n');
        let mut chars = body.unwrap_or(self.text).chars();
        let mut ahead = [0_u16; AHEAD];
        loop {
            let mut filled = 0;
            for (slot, c) in ahead.iter_mut().zip(&mut chars) {
                *slot = u16::try_from(classes.of(c)?).ok()?;
                filled += 1;
            }
            let ahead = ahead.get(..filled)?;
            let used = self.members.len().div_ceil(SIDE_BY_SIDE);
            let abreast = machines.as_chunks::<SIDE_BY_SIDE>().0.iter();
            for (machines, states) in abreast.zip(states.as_chunks_mut::<SIDE_BY_SIDE>().0).take(used) {
                step_all(machines, states, ahead, self.tables.class_map.classes)?;
            }
            let open = states.iter().zip(self.members).any(|(&state, _)| state < C::DEAD);
            if filled < AHEAD || !open {
                break;
            }
        }
        let mut found = 0;
        for (bit, ((machine, &state), _)) in machines.iter().zip(&states).zip(self.members).enumerate() {
            let said = machine.said(state);
            found |= u64::from(if body.is_some() { said.newline } else { said.end }) << bit;
        }
        Some(found)
    }

    fn nfa<K: Class>(self, _nfa: Nfa<'p>, _classes: Classes<'p, K>) -> Option<u64> {
        // The loader refuses it.
        None
    }
}

impl<'p> Lockstep<'p, '_> {
    fn member<C: Cells<'p>>(&self, member: U32) -> Option<Machine<'p, C>> {
        let pattern = self.tables.patterns.get(&self.tables.bytes, index(member))?;
        machine(self.tables, self.tables.automata.get(&self.tables.bytes, index(pattern.forward))?)
    }
}

/// Whether a group is sound: its members and answers begin at `next` and know of it, and what it shares can
/// be walked. `greatest` has the greatest answer of each automaton.
pub(crate) fn check_group(
    tables: &Tables,
    at: usize,
    group: &Group,
    next: [usize; 2],
    greatest: &[usize],
) -> bool {
    let [next_member, next_answer] = next;
    let members = tables.group_members.run(&tables.bytes, group.first_member, group.members);
    let answers = tables.group_answers.run(&tables.bytes, group.first_answer, group.answers);
    let (Some(members), Some(answers)) = (members, answers) else { return false };
    let follows = index(group.first_member) == next_member && index(group.first_answer) == next_answer;
    let kinds = (group.kind.get(), group.automaton.get());
    let all = all_bits(group);
    let own = |automaton: &Automaton| {
        let (kind, start) = (automaton.kind.get(), index(automaton.start));
        kind & AUTOMATON_SHARED != 0 && start < cell_dead(kind)
    };
    let shape = match kinds {
        (GROUP_LOCKSTEP, NONE) => {
            let kind = |&member: &U32| {
                let pattern = tables.patterns.get(&tables.bytes, index(member))?;
                Some(tables.automata.get(&tables.bytes, index(pattern.forward))?.kind.get())
            };
            let first = members.first().and_then(kind).filter(|&kind| kind != AUTOMATON_NFA);
            let alike = first.is_some() && members.iter().all(|member| kind(member) == first);
            alike && (1..=LOCKSTEP).contains(&members.len()) && answers.is_empty()
        }
        (GROUP_FORWARD | GROUP_BACKWARD, automaton) => {
            let automaton = usize::try_from(automaton).unwrap_or(usize::MAX);
            let shared = tables.automata.get(&tables.bytes, automaton).is_some_and(own);
            let numbered = greatest.get(automaton).is_some_and(|&greatest| greatest < answers.len());
            shared && numbered && (1..=64).contains(&members.len())
        }
        _ => false,
    };
    let bits = group.newline.get() & !all == 0
        && answers
            .iter()
            .all(|answer| (answer.now.get() | answer.end.get() | answer.newline.get()) & !all == 0);
    let known = members.iter().enumerate().all(|(bit, &member)| {
        let pattern = tables.patterns.get(&tables.bytes, index(member));
        pattern.is_some_and(|pattern| {
            let walks = group.kind.get() == GROUP_FORWARD || pattern.forward.get() != NONE;
            index(pattern.group) == at && index(pattern.bit) == bit && walks
        })
    });
    follows && shape && bits && known
}

/// A found or dead state and a column lead out of the table: it stays. `None` if a column map has fewer
/// columns than there are classes.
// A function of its own, so that its states stay in registers.
#[inline(never)]
fn step_all<'p, C: Cells<'p>>(
    machines: &[Machine<'p, C>; SIDE_BY_SIDE],
    states: &mut [usize; SIDE_BY_SIDE],
    classes: &[u16],
    count: usize,
) -> Option<()> {
    let [a, b, c] = machines;
    // Of one length, so that it takes one register.
    let maps = [a.column_map.get(..count)?, b.column_map.get(..count)?, c.column_map.get(..count)?];
    let [map_a, map_b, map_c] = maps;
    let [mut in_a, mut in_b, mut in_c] = *states;
    for &class in classes {
        let class = usize::from(class);
        if class >= count {
            return None;
        }
        in_a = a.step(in_a, *map_a.get(class)?).unwrap_or(in_a);
        in_b = b.step(in_b, *map_b.get(class)?).unwrap_or(in_b);
        in_c = c.step(in_c, *map_c.get(class)?).unwrap_or(in_c);
    }
    *states = [in_a, in_b, in_c];
    Some(())
}
