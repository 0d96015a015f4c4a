//! The certificate: what a decision costs at most.
//!
//! A bound over every action, from the tables alone: each root is asked, and each walk takes the dearest way. A node
//! refers only to nodes before it, so that one pass over the nodes gives the dearest way from each. The compiler
//! writes it into the manifest, and `Policy::cost` works it out anew.

use crate::format::{
    AUTOMATON_NFA, Automaton, GLOB_TOKENS, Glob, GlobPart, GlobToken, LOCKSTEP, MAX_PROBES, NO_SCAN,
    NODE_CUT, NODE_FILTERED, NODE_FIRST, NODE_GLOB, NODE_ROWS, NODE_SWITCH, NODE_TEST, NONE, OP_CONTAINS,
    OP_MATCHES, OP_NEEDLE, OP_NEVER, OP_SEMANTIC, OP_TIME_AFTER, OP_TIME_BEFORE, OP_WEEKDAYS, Pattern,
    REF_LEAF, ROOT_ENDS, ROOT_HASH, ROOT_NODE, ROOT_STARTS, ROW_CELL, Root, Rule, Slot, TIME_SWITCH,
    TOKEN_ONES, TOKEN_TEXT, Test, WordSet, bucket_words, filtered_mask, pilot_words,
};
use crate::prefilter::Prefilter;
use crate::switch::ParamSwitch;
use crate::tables::index;
use core::fmt;
use serde::{Deserialize, Serialize};
use zerocopy::little_endian::U32;

/// The most that a decision can cost, whatever the action: a constant, and a factor for each byte of its texts.
///
/// # Examples
///
/// ```
/// use aegis_vm::Policy;
///
/// let policy = Policy::from_file("examples/policy.aegisb")?;
/// let cost = policy.cost();
/// assert_eq!(cost, policy.manifest().cost);
/// assert!(cost.probes <= 4 && cost.steps(100) < 10_000);
/// # Ok::<(), aegis_vm::LoadError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Buckets of hash tables that are looked at.
    pub probes: u64,
    /// Nodes of the decision graph, and rows of bits, that are walked through.
    pub nodes: u64,
    /// Tests and globs of rules that are asked one by one.
    pub tests: u64,
    /// Steps for each byte of the action's type, target, agent, description and params: a hash, a comparison or an
    /// automaton takes one.
    pub reads: u64,
}

impl Cost {
    /// Of tables that are inconsistent, which no policy that was loaded has.
    pub(crate) const UNBOUNDED: Cost =
        Cost { probes: u64::MAX, nodes: u64::MAX, tests: u64::MAX, reads: u64::MAX };

    /// Whether each part is at most as much as of another.
    #[must_use]
    pub fn is_within(&self, other: &Cost) -> bool {
        self.or(*other) == *other
    }

    /// The steps of a decision on an action whose texts have so many bytes together.
    ///
    /// A value that is no text counts as Python's `str` of it. What a lookup in the caller's params and mappings
    /// takes is not counted.
    #[must_use]
    pub fn steps(&self, bytes: u64) -> u64 {
        let looks = self.probes.saturating_add(self.nodes).saturating_add(self.tests);
        looks.saturating_add(self.reads.saturating_mul(bytes))
    }

    /// One after the other.
    fn and(self, other: Cost) -> Cost {
        self.with(other, u64::saturating_add)
    }

    /// Either.
    fn or(self, other: Cost) -> Cost {
        self.with(other, u64::max)
    }

    fn with(self, other: Cost, both: impl Fn(u64, u64) -> u64) -> Cost {
        Cost {
            probes: both(self.probes, other.probes),
            nodes: both(self.nodes, other.nodes),
            tests: both(self.tests, other.tests),
            reads: both(self.reads, other.reads),
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost { probes, nodes, tests, reads } = self;
        write!(
            f,
            "at most {probes} probes, {nodes} nodes and {tests} tests, and {reads} steps for each byte of a text"
        )
    }
}

/// What counts the steps of a decision; `()` counts nothing, and costs nothing.
pub(crate) trait Tally {
    fn probe(&mut self) {}
    fn node(&mut self) {}
    fn test(&mut self) {}
    /// A text is read so many times.
    fn read(&mut self, times: impl FnOnce() -> Option<u64>) {
        let _ = times;
    }
}

impl Tally for () {}

impl Tally for Cost {
    fn probe(&mut self) {
        self.probes += 1;
    }

    fn node(&mut self) {
        self.nodes += 1;
    }

    fn test(&mut self) {
        self.tests += 1;
    }

    fn read(&mut self, times: impl FnOnce() -> Option<u64>) {
        self.reads += times().unwrap_or(0);
    }
}

/// The tables that the cost of a decision depends on.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the sections of these names")]
pub struct CostTables<'t> {
    pub roots: &'t [Root],
    pub buckets: &'t [U32],
    pub slots: &'t [Slot],
    pub nodes: &'t [U32],
    pub switches: &'t [U32],
    pub rules: &'t [Rule],
    pub tests: &'t [Test],
    pub globs: &'t [Glob],
    pub glob_parts: &'t [GlobPart],
    pub glob_tokens: &'t [GlobToken],
    pub patterns: &'t [Pattern],
    pub automata: &'t [Automaton],
    pub word_sets: &'t [WordSet],
}

/// A search for a text: for its rarest byte, in comparisons, and by a search without a square if they are many.
const FIND: u64 = 3;
/// A search for a pattern: for its digrams, a beginning and a literal, and a walk, which one from the end may take
/// twice.
const SEARCH: u64 = 1 + 2 * FIND + 2;
/// The walks of a group at most, which are in lockstep.
pub(crate) const GROUP: u64 = 9;
const _: () = assert!(LOCKSTEP == 9);
/// The steps of a set of places for a character: one, and one for each four places.
const NFA: u64 = 17;

impl CostTables<'_> {
    /// The most that a decision can cost; `None` if a table is inconsistent.
    #[must_use]
    pub fn cost(&self) -> Option<Cost> {
        let mut ways = Ways { tables: self, starts: Vec::new(), costs: Vec::new() };
        ways.walk()?;
        let mut all = Cost::default();
        for root in self.roots {
            all = all.and(ways.root(root)?);
        }
        // The test that gave an error is asked once more, for its words.
        let errors = self
            .tests
            .iter()
            .map(|test| self.test(test))
            .try_fold(Cost::default(), |all, cost| Some(all.or(cost?)))?;
        Some(all.and(errors))
    }

    /// Of one test.
    fn test(&self, test: &Test) -> Option<Cost> {
        Some(Cost { tests: 1, reads: self.test_reads(test)?, ..Cost::default() })
    }

    pub(crate) fn test_reads(&self, test: &Test) -> Option<u64> {
        Some(match test.op.get() {
            OP_NEVER | OP_TIME_AFTER | OP_TIME_BEFORE | OP_WEEKDAYS => 0,
            OP_MATCHES => {
                let pattern = self.patterns.get(index(test.b))?;
                let is_nfa = |automaton: U32| match automaton.get() {
                    NONE => Some(false),
                    _ => Some(self.automata.get(index(automaton))?.kind.get() == AUTOMATON_NFA),
                };
                let nfa = is_nfa(pattern.forward)? || is_nfa(pattern.backward)?;
                let group = if pattern.group.get() == NONE { 0 } else { GROUP };
                SEARCH * if nfa { NFA } else { 1 } + group
            }
            OP_SEMANTIC => {
                let set = self.word_sets.get(index(test.a))?;
                match set.scan.get() {
                    // Each word whole and in parts, against one after the other of those that halve the rest.
                    NO_SCAN => 2 * u64::from(set.count.get().checked_ilog2().unwrap_or(0) + 1),
                    _ => 1,
                }
            }
            OP_CONTAINS => FIND,
            // Some are looked for one by one before one pass looks for all.
            OP_NEEDLE => FIND + 1,
            _ => 1,
        })
    }

    /// How often a glob reads a byte: its pieces are tried at each place.
    pub(crate) fn glob_reads(&self, glob: U32) -> Option<u64> {
        let glob = self.globs.get(index(glob))?.resolve(self.glob_parts)?;
        if glob.kind != GLOB_TOKENS {
            return Some(1);
        }
        let tokens = self.glob_tokens.get(index(glob.a)..)?.get(..index(glob.b))?;
        let length = |token: &GlobToken| match token.kind.get() {
            TOKEN_TEXT => u64::from(token.b.get()),
            TOKEN_ONES => u64::from(token.a.get()),
            _ => 1,
        };
        Some(tokens.iter().map(length).fold(FIND, u64::saturating_add))
    }

    fn glob(&self, glob: U32) -> Option<Cost> {
        Some(Cost { tests: 1, reads: self.glob_reads(glob)?, ..Cost::default() })
    }

    /// Of a rule that is asked glob by glob and test by test.
    fn rule(&self, rule: U32) -> Option<Cost> {
        let rule = self.rules.get(index(rule))?;
        let mut cost = Cost::default();
        for glob in [rule.type_glob, rule.target_glob, rule.agent_glob] {
            cost = cost.and(self.glob(glob)?);
        }
        let first = index(rule.first_test);
        for test in self.tests.get(first..first.checked_add(index(rule.test_count()))?)? {
            cost = cost.and(self.test(test)?);
        }
        Some(cost)
    }

    /// Of the cell of a switch, and how many cells there are.
    fn switch(&self, switch: U32) -> Option<(Cost, usize)> {
        let words = self.switches.get(index(switch)..)?;
        let (_, cells) = crate::switch::size(words)?;
        Some((Cost { nodes: 1, reads: self.switch_reads(switch)?, ..Cost::default() }, cells))
    }

    /// How often the cell of a switch reads a byte: a text is hashed, and compared with those of its length that a
    /// search may meet; a large number is compared with the cuts that halve the others.
    pub(crate) fn switch_reads(&self, switch: U32) -> Option<u64> {
        let words = self.switches.get(index(switch)..)?;
        if words.first()?.get() == TIME_SWITCH {
            return Some(0);
        }
        let switch = ParamSwitch::of(words)?;
        let mut lengths: Vec<u32> =
            switch.texts.chunks_exact(2).filter_map(|text| text.last()).map(|length| length.get()).collect();
        lengths.sort_unstable();
        let alike = lengths.chunk_by(|a, b| a == b).map(<[u32]>::len).max().unwrap_or(0);
        let met =
            if switch.buckets.is_empty() { alike } else { alike.min(usize::try_from(MAX_PROBES).ok()?) };
        let halved = (switch.cuts.len() / 2).checked_ilog2().map_or(0, |steps| u64::from(steps) + 1);
        Some(1 + u64::try_from(met).ok()?.max(halved))
    }
}

/// The dearest way from each node.
struct Ways<'t, 'w> {
    tables: &'w CostTables<'t>,
    /// The words at which the nodes begin, ascending.
    starts: Vec<u32>,
    costs: Vec<Cost>,
}

impl Ways<'_, '_> {
    fn walk(&mut self) -> Option<()> {
        let mut at = 0;
        while let Some(words) = self.tables.nodes.get(at..).filter(|words| !words.is_empty()) {
            let (size, cost) = self.node(words)?;
            self.starts.push(u32::try_from(at).ok()?);
            self.costs.push(cost);
            at += size;
        }
        Some(())
    }

    fn reference(&self, reference: U32) -> Option<Cost> {
        if reference.get() & REF_LEAF != 0 {
            return Some(Cost::default());
        }
        let place = self.starts.binary_search(&reference.get()).ok()?;
        self.costs.get(place).copied()
    }

    fn dearest(&self, references: &[U32]) -> Option<Cost> {
        { references.iter() }
            .try_fold(Cost::default(), |all, reference| Some(all.or(self.reference(*reference)?)))
    }

    /// The words of a node, and its dearest way.
    fn node(&self, words: &[U32]) -> Option<(usize, Cost)> {
        let tables = self.tables;
        let head = words.first()?.get();
        let n = usize::try_from(head >> 8).ok()?;
        let own = Cost { nodes: 1, ..Cost::default() };
        Some(match head & 0xff {
            NODE_SWITCH => {
                let (cost, cells) = tables.switch(*words.get(1)?)?;
                (2 + cells, cost.and(self.dearest(words.get(2..)?.get(..cells)?)?))
            }
            NODE_TEST => {
                let cost = own.and(tables.test(tables.tests.get(index(*words.get(1)?))?)?);
                (5, cost.and(self.dearest(words.get(2..5)?)?))
            }
            NODE_GLOB => {
                let cost = own.and(tables.glob(*words.get(1)?)?);
                (4, cost.and(self.dearest(words.get(2..4)?)?))
            }
            NODE_CUT => {
                // What is no integer is looked up in the switch.
                let reads = tables.switch_reads(*words.get(1)?)?;
                (7, Cost { reads, ..own }.and(self.dearest(words.get(4..7)?)?))
            }
            NODE_FIRST => {
                let searched = Cost { reads: GROUP, ..own };
                let references = words.get(6..)?.get(..n)?;
                (6 + n, searched.and(self.dearest(references)?.or(self.reference(*words.get(3)?)?)))
            }
            NODE_ROWS => self.rows(words, n)?,
            NODE_FILTERED => self.filtered(words, n)?,
            _ => return None,
        })
    }

    fn rows(&self, words: &[U32], rows: usize) -> Option<(usize, Cost)> {
        let ([_, next, count, low, high], rest) = words.split_first_chunk()?;
        let (rules, mut rest) = rest.split_at_checked(index(*count))?;
        let wide = |low: U32, high: U32| u64::from(high.get()) << 32 | u64::from(low.get());
        let mut asked = wide(*low, *high);
        let mut cost = Cost { nodes: 1, ..Cost::default() };
        for _ in 0..rows {
            let (switch, cells) = rest.split_first()?;
            let (own, count) = self.tables.switch(*switch)?;
            let (cells, after) = cells.split_at_checked(count.checked_mul(ROW_CELL)?)?;
            cost = cost.and(own);
            for cell in cells.chunks_exact(ROW_CELL) {
                if let [_, _, error, error_high] = cell {
                    asked |= wide(*error, *error_high);
                }
            }
            rest = after;
        }
        for (bit, rule) in rules.iter().enumerate() {
            if asked >> bit & 1 == 1 {
                cost = cost.and(self.tables.rule(*rule)?);
            }
        }
        Some((words.len() - rest.len(), cost.and(self.reference(*next)?)))
    }

    /// All rules may be asked.
    fn filtered(&self, words: &[U32], prefilters: usize) -> Option<(usize, Cost)> {
        let ([_, next, count], rest) = words.split_first_chunk()?;
        let count = index(*count);
        let (rules, rest) = rest.split_at_checked(count)?;
        let mut rest = rest.get(filtered_mask(count)..)?;
        let mut cost = Cost { nodes: 1, ..Cost::default() };
        for _ in 0..prefilters {
            let (prefilter, after) = Prefilter::split(rest, count)?;
            cost = cost.and(Cost { nodes: 1, reads: prefilter.reads(), ..Cost::default() });
            rest = after;
        }
        for rule in rules {
            cost = cost.and(self.tables.rule(*rule)?);
        }
        Some((words.len() - rest.len(), cost.and(self.reference(*next)?)))
    }

    /// Of what a root finds, and the dearest way from there.
    fn root(&self, root: &Root) -> Option<Cost> {
        let tables = self.tables;
        let (first, fields) = (index(root.first), root.fields.get());
        Some(match root.kind.get() {
            ROOT_NODE => self.reference(root.first)?,
            kind @ (ROOT_HASH | ROOT_STARTS | ROOT_ENDS) => {
                let tries = match kind {
                    ROOT_HASH => 1,
                    _ => root.lengths.iter().filter(|length| length.length > 0).count(),
                };
                let tries = u64::try_from(tries).ok()?;
                let width = usize::try_from(bucket_words(fields)).ok()?;
                let first = first + usize::try_from(pilot_words(root.pilots.get())).ok()?;
                let words = index(root.count).checked_mul(width)?;
                let buckets = tables.buckets.get(first..first.checked_add(words)?)?;
                // Hashed, and compared.
                let found = Cost { probes: tries, reads: 2 * tries, ..Cost::default() };
                let references = buckets.chunks_exact(width).filter_map(|bucket| bucket.get(1));
                { references }
                    .try_fold(Cost::default(), |all, at| Some(all.or(self.reference(*at)?)))?
                    .and(found)
            }
            _ => {
                let slots = tables.slots.get(first..first.checked_add(index(root.count))?)?;
                let dearest = { slots.iter() }
                    .try_fold(Cost::default(), |all, slot| Some(all.or(self.reference(slot.reference)?)))?;
                dearest.and(Cost { reads: 1, ..Cost::default() })
            }
        })
    }
}
