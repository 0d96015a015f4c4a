//! What rules ask of an action, each question once: tests, and globs over fields.

use super::super::globs::resolved;
use crate::hir::{self, Const, ParamOp};
use crate::pyre::{Automata, Needed};
use aegis_vm::format::{GLOB_GROUPED, GROUP_LOCKSTEP, MAX_PROOF_STEPS, NONE, Pattern, Text, proof_steps};
use hashbrown::HashMap;
use zerocopy::little_endian::U32;

/// A question, by its number.
pub(super) type AskId = u32;

/// A question that a rule asks.
#[derive(Clone, Copy)]
pub(super) struct Ask<'h> {
    pub(super) what: What<'h>,
    /// The record of the test, or of the glob.
    pub(super) record: u32,
    /// Where the answer lies if it is found together with others'.
    pub(super) shared: Option<Shared>,
    /// Literals of which a text has one if the answer is yes, by their place among those of the policy.
    pub(super) literals: Option<usize>,
}

/// Literals of which a text must have one.
pub(super) type Literals = Needed;

/// The answers of a group are found in one pass over one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shared {
    pub(super) group: u32,
    /// The param or the field's bit.
    pub(super) place: u32,
    pub(super) bit: u32,
}

/// What is asked.
#[derive(Clone, Copy)]
pub(super) enum What<'h> {
    /// Whether the field of this bit matches a glob.
    Glob(u32),
    After(u16),
    Before(u16),
    Weekdays(u8),
    /// How a param compares with a constant, which stands in the constants.
    Param {
        param: u32,
        op: ParamOp,
        value: &'h Const,
        constant: u32,
    },
    /// Whether a pattern is found in a param.
    Matches {
        param: u32,
    },
    Semantic,
    Never,
}

/// All questions of a policy, and which rule asks which.
#[derive(Default)]
pub(in crate::table) struct Asks<'h> {
    pub(super) asks: Vec<Ask<'h>>,
    /// What questions need of their texts.
    pub(super) literals: Vec<Literals>,
    tests: HashMap<(u16, u32, u32), AskId>,
    globs: HashMap<(u32, u32), AskId>,
    /// The questions of the conditions of each rule, one rule after the other.
    of_rules: Vec<AskId>,
    /// Where the questions of each rule end.
    ends: Vec<usize>,
}

impl<'h> Asks<'h> {
    /// Adds the next rule, whose tests have these records from `first` on.
    pub(in crate::table) fn add_rule(
        &mut self,
        rule: &'h hir::Rule,
        first: u32,
        records: &[aegis_vm::format::Test],
        constant_of: impl Fn(u32) -> u32,
    ) {
        let tests = rule.conditions.iter().flat_map(|condition| &condition.tests);
        for ((test, record), at) in tests.zip(records).zip(first..) {
            let (a, b) = (record.a.get(), record.b.get());
            let (asks, literals) = (&mut self.asks, &mut self.literals);
            let id = *self.tests.entry((record.op.get(), a, b)).or_insert_with(|| {
                let what = match test {
                    hir::Test::TimeAfter(minute) => What::After(*minute),
                    hir::Test::TimeBefore(minute) => What::Before(*minute),
                    hir::Test::Weekdays(days) => What::Weekdays(*days),
                    hir::Test::Param { op, value, .. } => {
                        let constant =
                            if record.op.get() == aegis_vm::format::OP_NEEDLE { constant_of(b) } else { b };
                        What::Param { param: a, op: *op, value, constant }
                    }
                    hir::Test::Matches { .. } => What::Matches { param: a },
                    hir::Test::Semantic(_) => What::Semantic,
                    hir::Test::Never => What::Never,
                };
                let needed = match test {
                    hir::Test::Param { op: ParamOp::Contains, value: Const::Str(text), .. } => {
                        Needed::of(text, false)
                    }
                    _ => None,
                };
                let id = u32::try_from(asks.len()).unwrap_or(u32::MAX);
                asks.push(Ask { what, record: at, shared: None, literals: add(literals, needed) });
                id
            });
            self.of_rules.push(id);
        }
        self.ends.push(self.of_rules.len());
    }

    /// The questions of a rule's conditions, in order.
    pub(super) fn of_rule(&self, rule: usize) -> &[AskId] {
        let start = rule.checked_sub(1).and_then(|before| self.ends.get(before).copied()).unwrap_or(0);
        let end = self.ends.get(rule).copied().unwrap_or(start);
        self.of_rules.get(start..end).unwrap_or_default()
    }

    /// The question whether a field matches a glob.
    pub(super) fn glob(&mut self, field: u32, glob: u32, tables: &super::super::Tables) -> AskId {
        let (asks, literals) = (&mut self.asks, &mut self.literals);
        *self.globs.entry((field, glob)).or_insert_with(|| {
            let record = resolved(&tables.globs, &tables.glob_parts, U32::new(glob));
            let shared = record.filter(|record| record.kind == GLOB_GROUPED).map(|record| Shared {
                group: record.a.get(),
                place: field,
                bit: record.b.get(),
            });
            let needed = record.and_then(|record| needed_by_glob(text_of(record.text, &tables.strings)?));
            let id = u32::try_from(asks.len()).unwrap_or(u32::MAX);
            let literals = add(literals, needed);
            asks.push(Ask { what: What::Glob(field), record: glob, shared, literals });
            id
        })
    }

    /// Notes which patterns are searched for together, and what they need, once their automata are known.
    pub(in crate::table) fn share(&mut self, tables: &super::super::Tables, automata: &Automata) {
        let at = |n: U32| usize::try_from(n.get()).unwrap_or(usize::MAX);
        let mut needed_by: HashMap<usize, Option<usize>> = HashMap::new();
        let mut steps_left = MAX_PROOF_STEPS;
        let classes = usize::try_from(automata.classes.classes).unwrap_or(usize::MAX);
        for ask in &mut self.asks {
            let What::Matches { param } = ask.what else { continue };
            let test = usize::try_from(ask.record).ok().and_then(|test| tables.tests.get(test));
            let Some(number) = test.map(|test| at(test.b)) else { continue };
            let Some(pattern) = tables.patterns.get(number) else { continue };
            ask.literals = *needed_by.entry(number).or_insert_with(|| {
                let needed = automata.patterns.get(number)?.needed.as_ref()?;
                steps_left = steps_left.checked_sub(steps(tables, pattern, classes, needed)?)?;
                add(&mut self.literals, Some(needed.clone()))
            });
            let group = tables.groups.get(at(pattern.group));
            if group.is_some_and(|group| group.kind.get() != GROUP_LOCKSTEP) {
                ask.shared =
                    Some(Shared { group: pattern.group.get(), place: param, bit: pattern.bit.get() });
            }
        }
    }
}

/// Where some literals stand.
fn add(all: &mut Vec<Literals>, needed: Option<Literals>) -> Option<usize> {
    all.extend(Some(needed?));
    Some(all.len() - 1)
}

/// The longest text that whatever matches a glob holds. One with a set is not looked through: what is in
/// brackets is no text.
fn needed_by_glob(glob: &str) -> Option<Literals> {
    let texts = glob.split(['*', '?']).filter(|_| !glob.contains('['));
    Needed::of(texts.rev().max_by_key(|text| text.len())?, false)
}

fn text_of(text: Text, strings: &str) -> Option<&str> {
    let start = usize::try_from(text.offset.get()).ok()?;
    strings.get(start..start.checked_add(usize::try_from(text.length.get()).ok()?)?)
}

/// What it takes to prove that a pattern needs literals; `None` if it has no automaton for that.
fn steps(tables: &super::super::Tables, pattern: &Pattern, classes: usize, needed: &Needed) -> Option<usize> {
    let at = |n: U32| usize::try_from(n.get()).unwrap_or(usize::MAX);
    let automaton = match pattern.forward.get() {
        NONE => tables.groups.get(at(pattern.group))?.automaton,
        _ => pattern.forward,
    };
    let literals = needed.literals.iter().map(String::as_str);
    Some(proof_steps(tables.automata.get(at(automaton))?, classes, literals))
}
