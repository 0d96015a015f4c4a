//! What rules ask of an action, each question once: tests, and globs over fields.

use crate::hir::{self, Const, ParamOp};
use aegis_vm::format::{GLOB_GROUPED, GROUP_LOCKSTEP, NONE};
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
}

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
            let asks = &mut self.asks;
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
                let id = u32::try_from(asks.len()).unwrap_or(u32::MAX);
                asks.push(Ask { what, record: at, shared: None });
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
        let asks = &mut self.asks;
        *self.globs.entry((field, glob)).or_insert_with(|| {
            let record = usize::try_from(glob).ok().and_then(|glob| tables.globs.get(glob));
            let shared = record.filter(|record| record.kind.get() == GLOB_GROUPED).map(|record| Shared {
                group: record.a.get(),
                place: field,
                bit: record.b.get(),
            });
            let id = u32::try_from(asks.len()).unwrap_or(u32::MAX);
            asks.push(Ask { what: What::Glob(field), record: glob, shared });
            id
        })
    }

    /// Notes which patterns are searched for together, once their groups are known.
    pub(in crate::table) fn share(&mut self, tables: &super::super::Tables) {
        let at = |n: U32| usize::try_from(n.get()).unwrap_or(usize::MAX);
        for ask in &mut self.asks {
            let What::Matches { param } = ask.what else { continue };
            let test = usize::try_from(ask.record).ok().and_then(|test| tables.tests.get(test));
            let pattern = test.and_then(|test| tables.patterns.get(at(test.b)));
            let Some(pattern) = pattern.filter(|pattern| pattern.group.get() != NONE) else { continue };
            let group = tables.groups.get(at(pattern.group));
            if group.is_some_and(|group| group.kind.get() != GROUP_LOCKSTEP) {
                ask.shared =
                    Some(Shared { group: pattern.group.get(), place: param, bit: pattern.bit.get() });
            }
        }
    }
}
