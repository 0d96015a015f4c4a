//! Automata -> the sections that `aegis_vm::format` draws for regular expressions.

use super::strings::Strings;
use super::{Tables, TooLarge, number};
use crate::hir;
use crate::pyre::{self, Answer, Automata, BitNfa, Compiled, Dfa, End, Form, Forward, GroupKind, Sink};
use aegis_vm::format::{
    ANSWER_END, ANSWER_NEWLINE, AUTOMATON_BYTE, AUTOMATON_NFA, AUTOMATON_SHORT, AUTOMATON_WIDE, Automaton,
    CLASS_BLOCK, ClassMapHead, GROUP_BACKWARD, GROUP_FORWARD, GROUP_LOCKSTEP, Group, GroupAnswer, NONE,
    NfaHead, NfaStep, PATTERN_EMPTY, PATTERN_EXACT, PATTERN_NEWLINE, PATTERN_SUFFIX, Pattern, cell_dead,
    cell_found,
};
use std::collections::{BTreeMap, HashMap};
use zerocopy::IntoBytes;
use zerocopy::little_endian::{U16, U32, U64};

/// Writes the automata of a policy's patterns.
pub(super) fn write(
    tables: &mut Tables,
    policy: &hir::Policy,
    automata: &Automata,
    strings: &mut Strings,
) -> Result<(), TooLarge> {
    if automata.patterns.is_empty() {
        return Ok(());
    }
    write_class_map(tables, automata)?;
    let mut writer = Writer { tables, column_maps: HashMap::new() };
    for (compiled, pattern) in automata.patterns.iter().zip(&policy.patterns) {
        let record = writer.pattern(compiled, pattern.text(), strings)?;
        writer.tables.patterns.push(record);
    }
    for group in pyre::group(automata, &uses(policy)) {
        writer.group(&group, automata)?;
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
        strings: &mut Strings,
    ) -> Result<Pattern, TooLarge> {
        let forward = match &compiled.forward {
            Forward::Dfa(dfa) => self.dfa(dfa, &Says::Bits)?,
            Forward::Bits(bits) => self.bits(bits)?,
        };
        let backward = match &compiled.backward {
            Some(backward) => self.dfa(&backward.dfa, &Says::Bits)?,
            None => U32::new(NONE),
        };
        let literals = &compiled.literals;
        let end = compiled.backward.as_ref().map(|backward| backward.end);
        let flags = [
            (PATTERN_EMPTY, compiled.empty),
            (PATTERN_EXACT, literals.exact),
            (PATTERN_SUFFIX, end == Some(End::Literal)),
            (PATTERN_NEWLINE, end == Some(End::Line)),
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
        })
    }

    fn group(&mut self, group: &pyre::Group, automata: &Automata) -> Result<(), TooLarge> {
        let place = number(self.tables.groups.len(), "groups of patterns")?;
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
        let answers =
            number(self.tables.group_answers.len(), "answers of groups")?.get() - first_answer.get();
        self.tables.groups.push(Group {
            kind: U32::new(kind),
            automaton,
            first_member,
            members: number(group.members.len(), "patterns")?,
            first_answer,
            answers: U32::new(answers),
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
        self.dfa(dfa, &Says::Numbers(&numbers))
    }

    /// Writes a deterministic automaton; the rows at which something is found on the way stand last.
    fn dfa(&mut self, dfa: &Dfa, says: &Says<'_>) -> Result<U32, TooLarge> {
        let answer_of = |state: u16| dfa.answers.get(usize::from(state)).copied().unwrap_or_default();
        let (still, speaking): (Vec<u16>, Vec<u16>) =
            dfa.rows().partition(|&state| answer_of(state).now == 0);
        // A byte holds fewer answers than a group may have.
        let few = match says {
            Says::Bits => true,
            Says::Numbers(numbers) => numbers.len() <= 0xff,
        };
        let form = match dfa.form() {
            Form::Byte if !few => Form::Short,
            form => form,
        };
        let kind = match form {
            Form::Byte => AUTOMATON_BYTE,
            Form::Short => AUTOMATON_SHORT,
            Form::Wide => AUTOMATON_WIDE,
        };
        let step = if kind == AUTOMATON_WIDE { 1 } else { dfa.columns + 1 };
        let mut cells = vec![0; dfa.states()];
        for (row, &state) in still.iter().chain(&speaking).enumerate() {
            if let Some(cell) = cells.get_mut(usize::from(state)) {
                *cell = row * step;
            }
        }
        for (state, cell) in (0..).zip(&mut cells) {
            match dfa.sink(state) {
                Some(Sink::Found) => *cell = cell_found(kind),
                Some(Sink::Dead) => *cell = cell_dead(kind),
                None => {}
            }
        }
        let cell = |state: u16| cells.get(usize::from(state)).copied().unwrap_or(0);
        let table = number(self.tables.automaton_bytes.len(), "bytes of automata")?;
        let put = |out: &mut Vec<u8>, value: usize| -> Result<(), TooLarge> {
            match kind {
                AUTOMATON_BYTE => out.push(u8::try_from(value).map_err(|_| TooLarge("answers of groups"))?),
                _ => {
                    let value = u16::try_from(value).map_err(|_| TooLarge("answers of groups"))?;
                    out.extend_from_slice(&value.to_le_bytes());
                }
            }
            Ok(())
        };
        for &state in still.iter().chain(&speaking) {
            let answer = answer_of(state);
            let said = match says {
                Says::Bits => {
                    let bit = |found: u64, bit: u8| if found & 1 == 1 { usize::from(bit) } else { 0 };
                    bit(answer.end, ANSWER_END) | bit(answer.newline, ANSWER_NEWLINE)
                }
                Says::Numbers(numbers) => numbers.get(&answer).copied().unwrap_or(0),
            };
            let bytes = &mut self.tables.automaton_bytes;
            put(bytes, said)?;
            for column in 0..dfa.columns {
                let next = dfa.table.get(usize::from(state) * dfa.columns + column).copied().unwrap_or(0);
                put(bytes, cell(next))?;
            }
        }
        let special = if speaking.is_empty() { cell_dead(kind) } else { still.len() * step };
        let column_map = self.column_map(&dfa.column_map)?;
        self.automaton(Automaton {
            kind: U32::new(kind),
            column_map,
            columns: number(dfa.columns, "columns")?,
            rows: number(still.len() + speaking.len(), "states")?,
            start: number(cell(dfa.start), "states")?,
            special: number(special, "states")?,
            table,
        })
    }

    /// Writes an automaton of sets of places.
    fn bits(&mut self, bits: &BitNfa) -> Result<U32, TooLarge> {
        let table = number(self.tables.automaton_bytes.len(), "bytes of automata")?;
        let short = |n: usize| u16::try_from(n).map(U16::new).map_err(|_| TooLarge("sides of characters"));
        let nibbles = bits.steps.iter().map(|step| step.nibbles.len()).sum();
        let head = NfaHead {
            befores: short(bits.steps.len().checked_div(bits.afters).unwrap_or(0))?,
            afters: short(bits.afters)?,
            newline: number(bits.newline + 1, "columns")?,
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
            special: U32::new(0),
            table,
        })
    }

    fn automaton(&mut self, record: Automaton) -> Result<U32, TooLarge> {
        let place = number(self.tables.automata.len(), "automata")?;
        self.tables.automata.push(record);
        Ok(place)
    }

    /// Where a column map stands, its columns counted from 1.
    fn column_map(&mut self, map: &[u8]) -> Result<U32, TooLarge> {
        if let Some(&place) = self.column_maps.get(map) {
            return Ok(place);
        }
        let place = number(self.column_maps.len(), "column maps")?;
        self.tables.column_maps.extend(map.iter().map(|column| column.saturating_add(1)));
        self.column_maps.insert(map.to_vec(), place);
        Ok(place)
    }
}
