//! Automata -> the sections that `aegis_vm::format` draws for regular expressions and groups of globs.

use super::strings::Strings;
use super::{Tables, TooLarge, number};
use crate::hir;
use crate::pyre::{
    self, Answer, Automata, Backward, BitNfa, Compiled, Dfa, End, Forward, GlobGroup, GroupKind, Sink,
    StateId, rarest,
};
use aegis_vm::format::{
    AUTOMATON_BYTE, AUTOMATON_NFA, AUTOMATON_SHARED, AUTOMATON_SHORT, AUTOMATON_WIDE, Automaton, CLASS_BLOCK,
    ClassMapHead, DIGRAM_ALTERNATIVES, DIGRAM_CLAUSES, GROUP_BACKWARD, GROUP_FORWARD, GROUP_GLOBS,
    GROUP_LOCKSTEP, Group, GroupAnswer, NONE, NfaHead, NfaStep, PATTERN_DIGRAMS, PATTERN_EMPTY,
    PATTERN_EXACT, PATTERN_NEWLINE, PATTERN_SUFFIX, Pattern, cell_dead, cell_found,
};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use zerocopy::IntoBytes;
use zerocopy::little_endian::{U16, U32, U64};

/// Writes the automata of a policy's patterns and globs; `globs` has the members of the groups of globs.
pub(super) fn write(
    tables: &mut Tables,
    policy: &hir::Policy,
    automata: &Automata,
    globs: &[Vec<U32>],
    strings: &mut Strings,
) -> Result<(), TooLarge> {
    if automata.patterns.is_empty() && globs.is_empty() {
        return Ok(());
    }
    write_class_map(tables, automata)?;
    let mut writer = Writer { tables, column_maps: HashMap::new() };
    for (group, members) in automata.globs.iter().zip(globs) {
        writer.globs(group, members)?;
    }
    let shared = pyre::share(automata, &uses(policy));
    let groups = &shared.groups;
    let shares = |wanted: fn(&GroupKind) -> bool| -> BTreeSet<usize> {
        let groups = groups.iter().filter(|group| wanted(&group.kind));
        groups.flat_map(|group| &group.members).copied().collect()
    };
    // What a group has its members need not have again.
    let forward = shares(|kind| matches!(kind, GroupKind::Forward(_)));
    let backward = shares(|kind| matches!(kind, GroupKind::Backward(_)));
    for (at, (compiled, pattern)) in automata.patterns.iter().zip(&policy.patterns).enumerate() {
        let own = Own {
            forward: !forward.contains(&at),
            backward: !backward.contains(&at),
            digrams: shared.by_digrams.contains(&at),
        };
        let record = writer.pattern(compiled, pattern.text(), &own, strings)?;
        writer.tables.patterns.push(record);
    }
    for group in groups {
        writer.group(group, automata)?;
    }
    Ok(())
}

/// The patterns that are asked of each param, in the order of the rules.
fn uses(policy: &hir::Policy) -> Vec<Vec<usize>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut uses: Vec<Vec<usize>> = Vec::new();
    for test in policy.rules.iter().flat_map(|rule| &rule.conditions).flat_map(|condition| &condition.tests) {
        let hir::Test::Matches { param, pattern } = test else { continue };
        let place = *places.entry(param).or_insert(uses.len());
        if place == uses.len() {
            uses.push(Vec::new());
        }
        if let Some(patterns) = uses.get_mut(place) {
            patterns.push(*pattern);
        }
    }
    uses
}

fn write_class_map(tables: &mut Tables, automata: &Automata) -> Result<(), TooLarge> {
    let map = &automata.classes;
    let head = ClassMapHead {
        classes: U32::new(map.classes),
        blocks: number(map.blocks.len() / CLASS_BLOCK, "class blocks")?,
        stage1: number(map.stage1.len(), "class blocks")?,
        rest: U32::new(map.rest.into()),
    };
    let bytes = &mut tables.class_map;
    bytes.extend_from_slice(head.as_bytes());
    map.stage1.iter().for_each(|block| bytes.extend_from_slice(&block.to_le_bytes()));
    for class in &map.blocks {
        match (map.width(), u8::try_from(*class)) {
            (1, Ok(class)) => bytes.push(class),
            _ => bytes.extend_from_slice(&class.to_le_bytes()),
        }
    }
    Ok(())
}

/// What a pattern has for itself.
struct Own {
    forward: bool,
    backward: bool,
    digrams: bool,
}

/// Clauses in the room that a record has for them: the last is repeated, and so is the last digram of each.
fn digram_clauses(clauses: &[Vec<(u8, u8)>]) -> [[U16; DIGRAM_ALTERNATIVES]; DIGRAM_CLAUSES] {
    std::array::from_fn(|at| {
        let clause = clauses.get(at).or(clauses.last()).map_or(&[][..], Vec::as_slice);
        std::array::from_fn(|at| {
            let (before, behind) = clause.get(at).or(clause.last()).copied().unwrap_or_default();
            U16::new(u16::from(before) << 6 | u16::from(behind))
        })
    })
}

/// What a row of an automaton says.
enum Says<'a> {
    /// Whether its one pattern is found at the end, and before a final newline.
    Bits,
    /// The number of an answer.
    Numbers(&'a BTreeMap<Answer, usize>),
}

struct Writer<'t> {
    tables: &'t mut Tables,
    column_maps: HashMap<Vec<u8>, U32>,
}

impl Writer<'_> {
    fn pattern(
        &mut self,
        compiled: &Compiled,
        text: &str,
        own: &Own,
        strings: &mut Strings,
    ) -> Result<Pattern, TooLarge> {
        let (forward, after_prefix) = match &compiled.forward {
            _ if !own.forward => (U32::new(NONE), U32::new(NONE)),
            Forward::Dfa(dfa) => {
                let (place, cell) = self.dfa(dfa, &Says::Bits, compiled.after_prefix.unwrap_or(dfa.start))?;
                (place, compiled.after_prefix.map_or(U32::new(NONE), |_| cell))
            }
            Forward::Bits(bits) => (self.bits(bits)?, U32::new(NONE)),
        };
        let backward = match &compiled.backward {
            Some(Backward { dfa, .. }) if own.backward => self.dfa(dfa, &Says::Bits, dfa.start)?.0,
            _ => U32::new(NONE),
        };
        let literals = &compiled.literals;
        let end = compiled.backward.as_ref().map(|backward| backward.end);
        let flags = [
            (PATTERN_EMPTY, compiled.empty),
            (PATTERN_EXACT, literals.exact),
            (PATTERN_SUFFIX, end == Some(End::Literal)),
            (PATTERN_NEWLINE, end == Some(End::Line) && own.backward),
            (PATTERN_DIGRAMS, own.digrams),
        ];
        Ok(Pattern {
            text: strings.add(text)?,
            literal: strings.add(&literals.needed)?,
            prefix: strings.add(&literals.prefix)?,
            flags: U32::new(flags.iter().filter(|(_, on)| *on).map(|(flag, _)| flag).sum()),
            forward,
            backward,
            group: U32::new(NONE),
            bit: U32::new(0),
            after_prefix,
            literal_rarest: rarest(&literals.needed),
            prefix_rarest: rarest(&literals.prefix),
            digrams: if own.digrams { digram_clauses(&compiled.digrams) } else { [[U16::new(0); _]; _] },
        })
    }

    fn globs(&mut self, group: &GlobGroup, members: &[U32]) -> Result<(), TooLarge> {
        let first_answer = number(self.tables.group_answers.len(), "answers of groups")?;
        let automaton = self.shared(&group.dfa)?;
        let first_member = number(self.tables.group_members.len(), "members of groups")?;
        self.tables.group_members.extend_from_slice(members);
        self.tables.groups.push(Group {
            kind: U32::new(GROUP_GLOBS),
            automaton,
            first_member,
            members: number(members.len(), "members of groups")?,
            first_answer,
            answers: self.answers_since(first_answer)?,
            newline: U64::new(0),
        });
        Ok(())
    }

    /// The number of the answers from one on.
    fn answers_since(&self, first: U32) -> Result<U32, TooLarge> {
        Ok(U32::new(number(self.tables.group_answers.len(), "answers of groups")?.get() - first.get()))
    }

    fn group(&mut self, group: &pyre::Group, automata: &Automata) -> Result<(), TooLarge> {
        let place = number(self.tables.groups.len(), "groups")?;
        let first_answer = number(self.tables.group_answers.len(), "answers of groups")?;
        let (kind, automaton) = match &group.kind {
            GroupKind::Forward(dfa) => (GROUP_FORWARD, self.shared(dfa)?),
            GroupKind::Backward(dfa) => (GROUP_BACKWARD, self.shared(dfa)?),
            GroupKind::Lockstep => (GROUP_LOCKSTEP, U32::new(NONE)),
        };
        let mut newline = 0;
        let first_member = number(self.tables.group_members.len(), "patterns")?;
        for (bit, &member) in group.members.iter().enumerate() {
            let backward = automata.patterns.get(member).and_then(|compiled| compiled.backward.as_ref());
            if kind == GROUP_BACKWARD {
                newline |= u64::from(backward.is_some_and(|backward| backward.end == End::Line)) << bit;
            }
            if let Some(record) = self.tables.patterns.get_mut(member) {
                record.group = place;
                record.bit = number(bit, "patterns")?;
            }
            self.tables.group_members.push(number(member, "patterns")?);
        }
        self.tables.groups.push(Group {
            kind: U32::new(kind),
            automaton,
            first_member,
            members: number(group.members.len(), "patterns")?,
            first_answer,
            answers: self.answers_since(first_answer)?,
            newline: U64::new(newline),
        });
        Ok(())
    }

    /// Writes the answers of a group and the automaton that it shares.
    fn shared(&mut self, dfa: &Dfa) -> Result<U32, TooLarge> {
        let mut numbers = BTreeMap::from([(Answer::default(), 0)]);
        let mut order = vec![Answer::default()];
        for answer in dfa.rows().map(|state| dfa.answers.get(usize::from(state)).copied().unwrap_or_default())
        {
            numbers.entry(answer).or_insert_with(|| {
                order.push(answer);
                order.len() - 1
            });
        }
        let record = |answer: Answer| GroupAnswer {
            now: U64::new(answer.now),
            end: U64::new(answer.end),
            newline: U64::new(answer.newline),
        };
        self.tables.group_answers.extend(order.into_iter().map(record));
        Ok(self.dfa(dfa, &Says::Numbers(&numbers), dfa.start)?.0)
    }

    /// Writes a deterministic automaton, its rows in the order of what they say; gives its place, and the cell
    /// that leads to a state.
    fn dfa(&mut self, dfa: &Dfa, says: &Says<'_>, of: StateId) -> Result<(U32, U32), TooLarge> {
        let answer_of = |state: u16| dfa.answers.get(usize::from(state)).copied().unwrap_or_default();
        let place = |answer: Answer| match says {
            Says::Bits => match (answer.end & 1, answer.newline & 1) {
                (0, 0) => 0,
                (0, _) => 1,
                (_, 1) => 2,
                _ => 3,
            },
            Says::Numbers(_) => usize::from(answer.now != 0),
        };
        let mut rows: Vec<u16> = dfa.rows().collect();
        rows.sort_by_key(|&state| place(answer_of(state)));
        let (numbers, shared) = match says {
            Says::Bits => (None, 0),
            Says::Numbers(numbers) => (Some(numbers), AUTOMATON_SHARED),
        };
        let stride = dfa.columns + usize::from(numbers.is_some());
        let cells = rows.len() * stride;
        // A byte holds fewer answers than a group may have.
        let few = numbers.is_none_or(|numbers| numbers.len() <= 0xff);
        let form = if few && cells <= cell_dead(AUTOMATON_BYTE) {
            AUTOMATON_BYTE
        } else if cells <= cell_dead(AUTOMATON_SHORT) {
            AUTOMATON_SHORT
        } else {
            AUTOMATON_WIDE
        };
        let step = if form == AUTOMATON_WIDE { 1 } else { stride };
        let mut values = vec![0; dfa.states()];
        for (row, &state) in rows.iter().enumerate() {
            if let Some(value) = values.get_mut(usize::from(state)) {
                *value = row * step;
            }
        }
        for (state, value) in (0..).zip(&mut values) {
            match dfa.sink(state) {
                Some(Sink::Found) => *value = cell_found(form),
                Some(Sink::Dead) => *value = cell_dead(form),
                None => {}
            }
        }
        let value = |state: u16| values.get(usize::from(state)).copied().unwrap_or(0);
        let table = number(self.tables.automaton_bytes.len(), "bytes of automata")?;
        let bytes = &mut self.tables.automaton_bytes;
        let mut put = |cell: usize| -> Result<(), TooLarge> {
            let cell = u16::try_from(cell).map_err(|_| TooLarge("answers of groups"))?;
            match u8::try_from(cell) {
                Ok(byte) if form == AUTOMATON_BYTE => bytes.push(byte),
                _ => bytes.extend_from_slice(&cell.to_le_bytes()),
            }
            Ok(())
        };
        for &state in &rows {
            if let Some(numbers) = numbers {
                put(numbers.get(&answer_of(state)).copied().unwrap_or(0))?;
            }
            for column in 0..dfa.columns {
                let next = dfa.table.get(usize::from(state) * dfa.columns + column);
                put(value(next.copied().unwrap_or(0)))?;
            }
        }
        let mark = |least: usize| {
            let before = rows.iter().take_while(|&&state| place(answer_of(state)) < least).count();
            number(if before == rows.len() { cell_dead(form) } else { before * step }, "states")
        };
        let column_map = self.column_map(&dfa.column_map)?;
        let place = self.automaton(Automaton {
            kind: U32::new(form | shared),
            column_map,
            columns: number(dfa.columns, "columns")?,
            rows: number(rows.len(), "states")?,
            start: number(value(dfa.start), "states")?,
            marks: [mark(1)?, mark(2)?, mark(3)?],
            table,
        })?;
        Ok((place, number(value(of), "states")?))
    }

    /// Writes an automaton of sets of places.
    fn bits(&mut self, bits: &BitNfa) -> Result<U32, TooLarge> {
        let table = number(self.tables.automaton_bytes.len(), "bytes of automata")?;
        let short = |n: usize| u16::try_from(n).map(U16::new).map_err(|_| TooLarge("sides of characters"));
        let nibbles = bits.steps.iter().map(|step| step.nibbles.len()).sum();
        let head = NfaHead {
            befores: short(bits.steps.len().checked_div(bits.afters).unwrap_or(0))?,
            afters: short(bits.afters)?,
            newline: number(bits.newline, "columns")?,
            nibbles: number(nibbles, "bytes of automata")?,
        };
        let out = &mut self.tables.automaton_bytes;
        out.extend_from_slice(head.as_bytes());
        bits.takes.iter().for_each(|places| out.extend_from_slice(&places.to_le_bytes()));
        out.extend_from_slice(&bits.before);
        out.extend_from_slice(&bits.after);
        let mut first_nibble = 0;
        for step in &bits.steps {
            let irregular = step.nibbles.iter().fold(0, |all, &(four, _)| all | 1_u16 << four);
            let record = NfaStep {
                starts: U64::new(step.starts),
                found: U64::new(step.found),
                shift: U64::new(step.shift),
                irregular: U16::new(irregular),
                found_at_once: U16::new(step.found_at_once.into()),
                first_nibble: number(first_nibble, "bytes of automata")?,
            };
            out.extend_from_slice(record.as_bytes());
            first_nibble += step.nibbles.len();
        }
        for set in bits.steps.iter().flat_map(|step| &step.nibbles).flat_map(|(_, table)| table) {
            out.extend_from_slice(&set.to_le_bytes());
        }
        let length = number(self.tables.automaton_bytes.len(), "bytes of automata")?.get() - table.get();
        let column_map = self.column_map(&bits.column_map)?;
        self.automaton(Automaton {
            kind: U32::new(AUTOMATON_NFA),
            column_map,
            columns: number(bits.takes.len(), "columns")?,
            rows: U32::new(length),
            start: U32::new(0),
            marks: [U32::new(0); 3],
            table,
        })
    }

    fn automaton(&mut self, record: Automaton) -> Result<U32, TooLarge> {
        let place = number(self.tables.automata.len(), "automata")?;
        self.tables.automata.push(record);
        Ok(place)
    }

    /// Where a column map stands.
    fn column_map(&mut self, map: &[u8]) -> Result<U32, TooLarge> {
        if let Some(&place) = self.column_maps.get(map) {
            return Ok(place);
        }
        let place = number(self.column_maps.len(), "column maps")?;
        self.tables.column_maps.extend_from_slice(map);
        self.column_maps.insert(map.to_vec(), place);
        Ok(place)
    }
}
