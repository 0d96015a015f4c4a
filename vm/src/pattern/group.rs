//! Groups: what several patterns find in one text, or several globs, at once, and kept for the rest of the
//! decision.

use super::digrams::Digrams;
use super::lockstep::Lockstep;
use super::machine::with;
use super::shared;
use crate::format::{
    AUTOMATON_NFA, AUTOMATON_SHARED, Automaton, GLOB_GROUPED, GROUP_BACKWARD, GROUP_FORWARD, GROUP_GLOBS,
    GROUP_LOCKSTEP, Group, LOCKSTEP, NONE, PATTERN_EMPTY, Pattern, cell_dead,
};
use crate::tables::{Tables, index};
use zerocopy::little_endian::U32;

/// What the groups found in the texts of one action. Groups whose numbers end alike share a place, so one
/// may have to be asked again.
#[derive(Clone, Copy)]
pub(crate) struct Groups {
    kept: [Kept; KEPT],
    /// The digrams of the param that was asked for last.
    digrams: Option<(usize, Digrams)>,
}

/// How many results are kept.
const KEPT: usize = 16;

#[derive(Clone, Copy)]
struct Kept {
    /// The group, or [`NONE`].
    group: u32,
    /// In which text: a param of the policy, or, of globs, a field as a shape's bit.
    text: u32,
    bits: u64,
}

impl Default for Groups {
    fn default() -> Self {
        Groups { kept: [Kept { group: NONE, text: 0, bits: 0 }; KEPT], digrams: None }
    }
}

impl Groups {
    /// Whether a pattern may be found in the text of a param, by its digrams.
    pub(super) fn may_find(&mut self, pattern: &Pattern, param: usize, text: &str) -> bool {
        let digrams = match &self.digrams {
            Some((of, digrams)) if *of == param => digrams,
            _ => &self.digrams.insert((param, Digrams::of(text))).1,
        };
        digrams.meet(&pattern.digrams)
    }

    /// Whether the member of a group's bit is found in a text, of which `place` says where it stands.
    pub(crate) fn find(
        &mut self,
        tables: &Tables,
        group: U32,
        bit: U32,
        place: U32,
        text: &str,
    ) -> Option<bool> {
        Some(self.bits(tables, group, place, text)? >> bit.get() & 1 == 1)
    }

    /// The members of a group that are found in a text, as bits.
    pub(crate) fn bits(&mut self, tables: &Tables, group: U32, place: U32, text: &str) -> Option<u64> {
        let kept = self.kept.get_mut(index(group) % KEPT)?;
        if kept.group != group.get() || kept.text != place.get() {
            let record = tables.groups.get(&tables.bytes, index(group))?;
            *kept = Kept { group: group.get(), text: place.get(), bits: search(tables, record, text)? };
        }
        Some(kept.bits)
    }
}

/// Whether a pattern is best searched for in a text by its group. Patterns of a lockstep group are faster one
/// by one in ASCII, where a walk has time for a guess; elsewhere the group looks the classes up but once.
pub(super) fn is_asked(tables: &Tables, pattern: &Pattern, text: &str) -> bool {
    let group = tables.groups.get(&tables.bytes, index(pattern.group));
    group.is_some_and(|group| group.kind.get() != GROUP_LOCKSTEP || !text.is_ascii())
}

/// The members of a group that are found in a text, as bits.
fn search(tables: &Tables, group: &Group, text: &str) -> Option<u64> {
    let answers = tables.group_answers.run(&tables.bytes, group.first_answer, group.answers)?;
    let automaton = index(group.automaton);
    if group.kind.get() == GROUP_GLOBS {
        return with(tables, automaton, shared::Forward { answers, text, newline: false });
    }
    if text.is_empty() {
        return found_in_nothing(tables, group);
    }
    match group.kind.get() {
        GROUP_FORWARD => {
            let body = text.strip_suffix('\n');
            let walk = shared::Forward { answers, text: body.unwrap_or(text), newline: body.is_some() };
            with(tables, automaton, walk)
        }
        GROUP_BACKWARD => {
            let walk = |text: &str| with(tables, automaton, shared::Backward { answers, text });
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

/// Whether a group is sound: its members and answers begin at `next` and know of it, and what it shares can
/// be walked and is not before `next`, so that no automaton is looked at twice. `greatest` has the greatest
/// answer of each automaton.
pub(crate) fn check_group(
    tables: &Tables,
    at: usize,
    group: &Group,
    next: [usize; 3],
    greatest: &[usize],
) -> bool {
    let [next_member, next_answer, next_automaton] = next;
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
        (GROUP_FORWARD | GROUP_BACKWARD | GROUP_GLOBS, automaton) => {
            let automaton = usize::try_from(automaton).unwrap_or(usize::MAX);
            let record = tables.automata.get(&tables.bytes, automaton);
            let (shares, rows) = (record.is_some_and(own), record.map_or(0, |record| index(record.rows)));
            let numbered = greatest.get(automaton).is_some_and(|&greatest| greatest < answers.len());
            let alone = shares && numbered && automaton >= next_automaton;
            alone
                && (1..=64).contains(&members.len())
                && with(tables, automaton, shared::Order { answers, rows }) == Some(true)
        }
        _ => false,
    };
    let bits = group.newline.get() & !all == 0
        && answers
            .iter()
            .all(|answer| (answer.now.get() | answer.end.get() | answer.newline.get()) & !all == 0);
    let known = members.iter().enumerate().all(|(bit, &member)| {
        if group.kind.get() == GROUP_GLOBS {
            return tables.glob(member).is_some_and(|glob| {
                glob.kind == GLOB_GROUPED && index(glob.a) == at && index(glob.b) == bit
            });
        }
        let pattern = tables.patterns.get(&tables.bytes, index(member));
        pattern.is_some_and(|pattern| {
            let walks = group.kind.get() == GROUP_FORWARD || pattern.forward.get() != NONE;
            index(pattern.group) == at && index(pattern.bit) == bit && walks
        })
    });
    follows && shape && bits && known
}
