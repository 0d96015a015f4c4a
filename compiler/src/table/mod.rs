//! HIR -> tables: the records of every section, as `aegis_vm::format` draws them.
//!
//! Rules become tests over interned params, constants and automata; equal short lists are shared. `index`
//! partitions the rules by what finds them, and `graph` makes decision graphs of those that are found together.
//! Everything is laid out in the order of the rules, so that the same policy gives the same bytes.

mod automata;
mod consts;
mod globs;
mod graph;
mod index;
mod needles;
mod pilots;
mod scans;
mod strings;
mod trie;

use crate::TableLimits;
use crate::hir::{self, ParamOp};
use crate::pyre::Automata;
use crate::source::SourceMap;
use aegis_vm::format::{
    self, Automaton, Const, CostTables, Glob, GlobPart, GlobRange, GlobToken, Group, GroupAnswer, MAX_RULES,
    Needle, Pattern, Root, Rule, RuleError, Scan, Slot, Test, Text, Word, WordSet,
};
use aegis_vm::{Approval, Cost, RiskLevel};
use consts::Consts;
use globs::Globs;
use graph::{Asks, Graph};
use hashbrown::HashMap;
use scans::Scans;
use std::collections::BTreeSet;
use std::fmt;
use strings::Strings;
use zerocopy::IntoBytes;
use zerocopy::little_endian::{U16, U32};

/// The records of every section but the manifest and the debug data.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) strings: String,
    pub(crate) glob_ranges: Vec<GlobRange>,
    pub(crate) glob_tokens: Vec<GlobToken>,
    pub(crate) glob_parts: Vec<GlobPart>,
    pub(crate) globs: Vec<Glob>,
    pub(crate) params: Vec<Text>,
    pub(crate) consts: Vec<Const>,
    pub(crate) words: Vec<Word>,
    pub(crate) word_sets: Vec<WordSet>,
    pub(crate) class_map: Vec<u8>,
    pub(crate) column_maps: Vec<u8>,
    pub(crate) automaton_bytes: Vec<u8>,
    pub(crate) automata: Vec<Automaton>,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) groups: Vec<Group>,
    pub(crate) group_members: Vec<U32>,
    pub(crate) group_answers: Vec<GroupAnswer>,
    pub(crate) needles: Vec<Needle>,
    pub(crate) scan_bytes: Vec<u8>,
    pub(crate) scans: Vec<Scan>,
    pub(crate) tests: Vec<Test>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) errors: Vec<RuleError>,
    pub(crate) switches: Vec<U32>,
    pub(crate) nodes: Vec<U32>,
    pub(crate) buckets: Vec<U32>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) roots: Vec<Root>,
    /// For the manifest.
    pub(crate) spread: format::Spread,
}

impl Tables {
    /// What a decision costs at most.
    pub(crate) fn cost(&self) -> Option<Cost> {
        let tables = CostTables {
            roots: &self.roots,
            buckets: &self.buckets,
            slots: &self.slots,
            nodes: &self.nodes,
            switches: &self.switches,
            rules: &self.rules,
            tests: &self.tests,
            globs: &self.globs,
            glob_parts: &self.glob_parts,
            glob_tokens: &self.glob_tokens,
            patterns: &self.patterns,
            automata: &self.automata,
            word_sets: &self.word_sets,
        };
        tables.cost()
    }
}

/// A table would hold more than its numbers can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge(&'static str);

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the policy has more {} than an artifact can hold", self.0)
    }
}

/// A count or an offset as the format writes it.
fn number(n: usize, of: &'static str) -> Result<U32, TooLarge> {
    u32::try_from(n).map(U32::new).map_err(|_| TooLarge(of))
}

/// The byte of an approval.
pub(crate) fn approval_byte(approval: Approval) -> u8 {
    match approval {
        Approval::Auto => 0,
        Approval::Approve => 1,
        Approval::Block => 2,
    }
}

/// The byte of a risk level.
pub(crate) fn risk_byte(risk_level: RiskLevel) -> u8 {
    match risk_level {
        RiskLevel::Low => 0,
        RiskLevel::Medium => 1,
        RiskLevel::High => 2,
        RiskLevel::Critical => 3,
    }
}

/// The tables of a policy, with the automata of its patterns and globs.
pub(crate) fn build(
    policy: &hir::Policy,
    compiled: &Automata,
    sources: &SourceMap,
    limits: TableLimits,
) -> Result<Tables, TooLarge> {
    let mut strings = Strings::default();
    let mut globs = Globs::new(&compiled.globs)?;
    let mut tests = Tests::new(policy, &mut strings)?;
    let mut rules = Vec::with_capacity(policy.rules.len());
    let mut asks = Asks::default();
    if u32::try_from(policy.rules.len()).is_ok_and(|rules| rules >= MAX_RULES) {
        return Err(TooLarge("rules"));
    }
    for rule in &policy.rules {
        let (first_test, count) = tests.add(rule, &mut strings)?;
        asks.add_rule(rule, first_test.get(), tests.of(first_test, count), |needle| {
            tests.scans.constant(needle)
        });
        let origin = sources.position(rule.span);
        let type_glob = globs.add(&rule.type_glob, &mut strings)?;
        let target_glob = globs.add(&rule.target_glob, &mut strings)?;
        let agent_glob = globs.add(&rule.agent_glob, &mut strings)?;
        rules.push(Rule {
            name: strings.add(&rule.name)?,
            type_glob,
            target_glob,
            agent_glob,
            first_test,
            tests: Rule::tests_of(
                count.get(),
                approval_byte(rule.outcome.approval),
                risk_byte(rule.outcome.risk_level),
            )
            .ok_or(TooLarge("tests in one rule"))?,
            line: U32::new(origin.line),
        });
    }
    let members = compiled.globs.iter().map(|group| globs.members(group, &strings)).collect::<Vec<_>>();
    let mut tables = Tables {
        glob_ranges: std::mem::take(&mut globs.ranges),
        glob_tokens: std::mem::take(&mut globs.tokens),
        glob_parts: globs.parts.clone(),
        globs: globs.globs.clone(),
        params: tests.params,
        consts: tests.consts.records,
        words: tests.words,
        word_sets: tests.word_sets,
        needles: tests.scans.needles,
        scan_bytes: tests.scans.bytes,
        scans: tests.scans.records,
        tests: tests.tests,
        rules,
        ..Tables::default()
    };
    automata::write(&mut tables, policy, compiled, &members, &mut strings)?;
    tables.strings.clone_from(&strings.text);
    asks.share(&tables, compiled);
    let mut graph = Graph::new(asks, strings, &tables, limits);
    let index = index::build(&tables.rules, &globs, &tables.strings, &mut graph)?;
    let (errors, switches, nodes) = (graph.errors, graph.switches, graph.nodes);
    let (spread, strings) = (graph.spread.ranges(), graph.strings.text);
    Ok(Tables {
        strings,
        errors,
        switches,
        nodes,
        buckets: index.buckets,
        slots: index.slots,
        roots: index.roots,
        spread,
        ..tables
    })
}

/// The tests of the rules, equal short lists shared.
struct Tests {
    params: Vec<Text>,
    param_index: HashMap<String, U32>,
    consts: Consts,
    words: Vec<Word>,
    word_sets: Vec<WordSet>,
    scans: Scans,
    word_set_index: HashMap<Vec<String>, U32>,
    tests: Vec<Test>,
    /// Where a list of tests, as bytes, already stands.
    shared: HashMap<Vec<u8>, U32>,
}

impl Tests {
    fn new(policy: &hir::Policy, strings: &mut Strings) -> Result<Self, TooLarge> {
        let tests = policy.rules.iter().flat_map(|rule| &rule.conditions).flat_map(|c| &c.tests);
        let names: BTreeSet<&str> = tests
            .filter_map(|test| match test {
                hir::Test::Param { param, .. } | hir::Test::Matches { param, .. } => Some(param.as_str()),
                _ => None,
            })
            .collect();
        let mut params = Vec::with_capacity(names.len());
        let mut param_index = HashMap::with_capacity(names.len());
        for name in names {
            param_index.insert(name.to_owned(), number(params.len(), "params")?);
            params.push(strings.add(name)?);
        }
        let mut consts = Consts::default();
        let scans = Scans::build(policy, &param_index, &mut consts, strings)?;
        Ok(Tests {
            params,
            param_index,
            consts,
            scans,
            words: Vec::new(),
            word_sets: Vec::new(),
            word_set_index: HashMap::new(),
            tests: Vec::new(),
            shared: HashMap::new(),
        })
    }

    /// The place and the number of a rule's tests.
    fn add(&mut self, rule: &hir::Rule, strings: &mut Strings) -> Result<(U32, U32), TooLarge> {
        let mut own = Vec::new();
        for (condition, place) in rule.conditions.iter().zip(0_usize..) {
            let condition_number = u16::try_from(place).map_err(|_| TooLarge("conditions in one rule"))?;
            for test in &condition.tests {
                let (op, a, b) = self.operands(test, strings)?;
                own.push(Test { op: U16::new(op), condition: U16::new(condition_number), a, b });
            }
        }
        let count = number(own.len(), "tests")?;
        if own.is_empty() {
            return Ok((U32::new(0), count));
        }
        let first = number(self.tests.len(), "tests")?;
        if own.len() <= format::MAX_SHARED_TESTS {
            let place = *self.shared.entry(own.as_bytes().to_vec()).or_insert(first);
            if place != first {
                return Ok((place, count));
            }
        }
        self.tests.extend(own);
        Ok((first, count))
    }

    /// So many tests from the first.
    fn of(&self, first: U32, count: U32) -> &[Test] {
        let place = |n: U32| usize::try_from(n.get()).unwrap_or(usize::MAX);
        let start = place(first);
        self.tests.get(start..start.saturating_add(place(count))).unwrap_or_default()
    }

    fn operands(&mut self, test: &hir::Test, strings: &mut Strings) -> Result<(u16, U32, U32), TooLarge> {
        let none = U32::new(0);
        Ok(match test {
            hir::Test::Never => (format::OP_NEVER, none, none),
            hir::Test::TimeAfter(minute) => (format::OP_TIME_AFTER, U32::new((*minute).into()), none),
            hir::Test::TimeBefore(minute) => (format::OP_TIME_BEFORE, U32::new((*minute).into()), none),
            hir::Test::Weekdays(days) => (format::OP_WEEKDAYS, U32::new((*days).into()), none),
            hir::Test::Param { param, op: ParamOp::Contains, value: hir::Const::Str(text) }
                if let Some(needle) = self.scans.needle(param, text) =>
            {
                (format::OP_NEEDLE, self.param(param)?, needle)
            }
            hir::Test::Param { param, op, value } => {
                let op = match op {
                    ParamOp::Eq => format::OP_EQ,
                    ParamOp::Gt => format::OP_GT,
                    ParamOp::Gte => format::OP_GTE,
                    ParamOp::Lt => format::OP_LT,
                    ParamOp::Lte => format::OP_LTE,
                    ParamOp::Contains => format::OP_CONTAINS,
                };
                (op, self.param(param)?, self.consts.add(value, strings)?)
            }
            hir::Test::Matches { param, pattern } => {
                (format::OP_MATCHES, self.param(param)?, number(*pattern, "patterns")?)
            }
            hir::Test::Semantic(words) => (format::OP_SEMANTIC, self.word_set(words, strings)?, none),
        })
    }

    fn param(&self, name: &str) -> Result<U32, TooLarge> {
        self.param_index.get(name).copied().ok_or(TooLarge("params"))
    }

    fn word_set(&mut self, words: &[String], strings: &mut Strings) -> Result<U32, TooLarge> {
        if let Some(&set) = self.word_set_index.get(words) {
            return Ok(set);
        }
        let sorted: BTreeSet<&str> = words.iter().map(String::as_str).collect();
        let first = number(self.words.len(), "words")?;
        let scan = self.scans.of_set(words);
        for word in &sorted {
            self.words.push(Word { text: strings.add(word)?, member: self.scans.member(scan, word) });
        }
        let set = number(self.word_sets.len(), "word sets")?;
        self.word_sets.push(WordSet { first, count: number(sorted.len(), "words")?, scan });
        self.word_set_index.insert(words.to_vec(), set);
        Ok(set)
    }
}
