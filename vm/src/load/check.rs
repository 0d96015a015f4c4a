//! The tables, each in turn: every index, range and order that the evaluator relies on.
//!
//! A record may only point to a table that was checked before it, so the order of the calls in
//! [`check`] is the order of the proofs; a glob that points to a group is proven with the groups. Where
//! several records share a pool (glob tokens and ranges, word sets, automaton bytes), their
//! parts must follow each other without gap or overlap, and texts, which may overlap, are looked at
//! within a [`Budget`]: so the work here stays in proportion to the file, whatever it holds.

/// A table's records; a miss is impossible for a table of the file, and an error all the same.
macro_rules! records {
    ($tables:expr, $field:ident, $section:ident) => {
        $tables
            .$field
            .slice(&$tables.bytes)
            .ok_or_else(|| malformed(SectionId::$section, "lies outside the file"))?
    };
}

mod graph;
mod patterns;
mod prefilters;

use super::{malformed, scans};
use crate::decision;
use crate::error::LoadError;
use crate::format::{
    CONST_BIG_INT, CONST_BOOL, CONST_FLOAT, CONST_FOREIGN, CONST_INT, CONST_LIST, CONST_MAP, CONST_NULL,
    CONST_STR, GLOB_ANY, GLOB_GROUPED, GLOB_LITERAL, GLOB_PREFIX, GLOB_SUFFIX, GLOB_TOKENS, GlobToken,
    MAX_BIG_INT, MAX_SHARED_TESTS, Manifest, OP_CONTAINS, OP_EQ, OP_GT, OP_GTE, OP_LT, OP_LTE, OP_MATCHES,
    OP_NEEDLE, OP_NEVER, OP_SEMANTIC, OP_TIME_AFTER, OP_TIME_BEFORE, OP_WEEKDAYS, SectionId, TOKEN_NOT_SET,
    TOKEN_ONES, TOKEN_RUN, TOKEN_SET, TOKEN_TEXT,
};
use crate::tables::{Tables, index};
use crate::value::BigInt;
use zerocopy::little_endian::U32;

/// The deepest constant: beyond it nothing that JSON can write is equal.
const MAX_CONST_DEPTH: u16 = 256;

pub(super) type Checked = Result<(), LoadError>;

/// Checks every table; see the top of the module.
pub(super) fn check(tables: &Tables, manifest: &Manifest) -> Checked {
    check_manifest(tables, manifest)?;
    let mut budget = Budget::of(tables);
    check_globs(tables)?;
    check_params(tables, &mut budget)?;
    check_consts(tables)?;
    check_words(tables, &mut budget)?;
    patterns::check(tables)?;
    scans::check(tables, &mut budget)?;
    check_tests(tables)?;
    let outcomes = check_rules(tables)?;
    graph::check(tables, &outcomes, &mut budget)
}

#[inline]
pub(super) fn ensure(holds: bool, section: SectionId, detail: &str) -> Checked {
    if holds { Ok(()) } else { Err(malformed(section, detail)) }
}

fn check_manifest(tables: &Tables, manifest: &Manifest) -> Checked {
    let wrong = |detail| ensure(false, SectionId::Manifest, detail);
    if usize::try_from(manifest.rules) != Ok(tables.rules.len()) {
        return wrong("counts other rules than there are");
    }
    let mut next = Some(0_u32);
    for layer in &manifest.layers {
        if next != Some(layer.first_rule) {
            return wrong("has layers whose rules do not follow each other");
        }
        next = layer.first_rule.checked_add(layer.rules);
    }
    if next != Some(manifest.rules) {
        return wrong("has layers that do not hold every rule");
    }
    let spread = &manifest.spread;
    let ranges = [&spread.chunks, &spread.rows, &spread.sifted].into_iter().all(|ranges| {
        let apart = ranges.is_sorted_by(|before, after| before.last < after.first);
        apart && ranges.iter().all(|range| range.first <= range.last && range.last < manifest.rules)
    });
    ensure(ranges, SectionId::Manifest, "names rules in no order")?;
    let plan = &manifest.plan_rules;
    let patterns = plan.sequence_patterns.iter().all(|pattern| {
        decision::approval(pattern.approval).is_some() && decision::risk_level(pattern.risk_level).is_some()
    });
    let limit =
        plan.cumulative_risk.as_ref().is_none_or(|limit| decision::approval(limit.on_exceed).is_some());
    ensure(patterns && limit, SectionId::Manifest, "has plan rules of unknown outcome")
}

/// The globs stand in the order of their texts, which do not overlap: so none stands twice, and the work is in
/// proportion to the strings. Their tokens follow each other, as do the ranges of the sets. What a glob of one
/// text decides by is a part of the glob as written: explanations show the one, decisions use the other.
fn check_globs(tables: &Tables) -> Checked {
    for range in records!(tables, glob_ranges, GlobRanges) {
        let sound = range.low <= range.high && range.high.get() <= u32::from(char::MAX);
        ensure(sound, SectionId::GlobRanges, "has a range that is none")?;
    }
    let mut next_range = 0;
    for token in records!(tables, glob_tokens, GlobTokens) {
        let sound = match token.kind.get() {
            TOKEN_TEXT => tables.slice_of_strings(token.a, token.b).is_some_and(|text| !text.is_empty()),
            TOKEN_ONES => token.a.get() > 0 && token.b.get() == 0,
            TOKEN_RUN => token.a.get() == 0 && token.b.get() == 0,
            TOKEN_SET | TOKEN_NOT_SET => {
                let follows = index(token.a) == next_range;
                next_range = next_range.saturating_add(index(token.b));
                let ranges = tables.glob_ranges.run(&tables.bytes, token.a, token.b);
                follows && ranges.is_some_and(|ranges| ranges.is_sorted_by(|a, b| a.high < b.low))
            }
            _ => false,
        };
        ensure(sound, SectionId::GlobTokens, "has an unsound token")?;
    }
    ensure(next_range == tables.glob_ranges.len(), SectionId::GlobRanges, "has ranges of no set")?;
    let parts = records!(tables, glob_parts, GlobParts);
    let (mut next_part, mut next_token, mut next_text) = (0, 0, 0);
    for record in records!(tables, globs, Globs) {
        let glob = record.resolve(parts).ok_or_else(|| malformed(SectionId::Globs, "has no text"))?;
        let start = index(glob.text.offset);
        let end = start.saturating_add(index(glob.text.length));
        if glob.kind == GLOB_LITERAL && tables.is_text(glob.text) && start >= next_text {
            // Most are, and there is nothing more to look at.
            next_text = end;
            continue;
        }
        let written = tables.text(glob.text).ok_or_else(|| malformed(SectionId::Globs, "has no text"))?;
        let sound = match glob.kind {
            GLOB_ANY => !written.is_empty() && written.bytes().all(|byte| byte == b'*'),
            GLOB_LITERAL => true,
            GLOB_PREFIX => written.ends_with('*'),
            GLOB_SUFFIX => written.starts_with('*'),
            GLOB_TOKENS | GLOB_GROUPED => {
                let follows = index(record.place) == next_part && record.length() == 0;
                next_part += 1;
                follows
                    && match glob.kind {
                        GLOB_TOKENS => {
                            let follows = index(glob.a) == next_token;
                            next_token = next_token.saturating_add(index(glob.b));
                            let tokens = tables.glob_tokens.run(&tables.bytes, glob.a, glob.b);
                            follows && tokens.is_some_and(runs_are_apart)
                        }
                        // That the group knows of it is checked with the groups.
                        _ => index(glob.a) < tables.groups.len() && glob.b.get() < 64,
                    }
            }
            _ => false,
        };
        ensure(sound && start >= next_text, SectionId::Globs, "has an unsound glob, or one twice")?;
        next_text = end;
    }
    ensure(next_part == parts.len(), SectionId::GlobParts, "has parts of no glob")?;
    ensure(next_token == tables.glob_tokens.len(), SectionId::GlobTokens, "has tokens of no glob")
}

/// Whether no run stands right behind another, so that a glob has not many more tokens than it takes characters.
fn runs_are_apart(tokens: &[GlobToken]) -> bool {
    tokens.is_sorted_by(|a, b| a.kind.get() != TOKEN_RUN || b.kind.get() != TOKEN_RUN)
}

/// The bytes of text that may be looked at, in proportion to the file: texts can overlap, and records
/// that share a long one must not make a small file slow to check.
pub(super) struct Budget(usize);

impl Budget {
    fn of(tables: &Tables) -> Self {
        Budget(tables.bytes.len().saturating_mul(64))
    }

    pub(super) fn spend(&mut self, text: &str, section: SectionId) -> Checked {
        match self.0.checked_sub(text.len()) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => Err(malformed(section, "shares a long text too often")),
        }
    }
}

/// Sorted, so that no name stands twice.
fn check_params(tables: &Tables, budget: &mut Budget) -> Checked {
    let mut before: Option<&str> = None;
    for &name in records!(tables, params, Params) {
        let name =
            tables.text(name).ok_or_else(|| malformed(SectionId::Params, "has a name that is no text"))?;
        budget.spend(name, SectionId::Params)?;
        ensure(before.is_none_or(|before| before < name), SectionId::Params, "is not sorted")?;
        before = Some(name);
    }
    Ok(())
}

/// Children stand after their parent, so no walk can loop; depth is bounded, so no walk can
/// overflow the stack.
fn check_consts(tables: &Tables) -> Checked {
    let consts = records!(tables, consts, Consts);
    let mut depths = vec![0_u16; consts.len()];
    for (at, constant) in consts.iter().enumerate() {
        let payload = constant.payload.get();
        let text = || {
            let offset = u32::try_from(payload).ok()?;
            tables.slice_of_strings(U32::new(offset), constant.n)
        };
        let children = |each: u32| {
            let first = usize::try_from(payload).ok().filter(|&first| first > at)?;
            let count = usize::try_from(constant.n.get().checked_mul(each)?).ok()?;
            first.checked_add(count).filter(|&end| end <= consts.len()).map(|end| first..end)
        };
        let n = constant.n.get();
        let sound = match constant.tag.get() {
            CONST_NULL => n == 0 && payload == 0,
            CONST_BOOL => n == 0 && payload <= 1,
            CONST_INT | CONST_FLOAT => n == 0,
            CONST_BIG_INT => index(constant.n) <= MAX_BIG_INT && text().and_then(BigInt::new).is_some(),
            CONST_STR => text().is_some(),
            CONST_FOREIGN => n <= 1 && payload == 0,
            tag @ (CONST_LIST | CONST_MAP) => {
                let each = if tag == CONST_MAP { 2 } else { 1 };
                let depth = depths.get(at).copied().unwrap_or_default() + 1;
                match children(each) {
                    Some(range) => {
                        let keys = consts.get(range.clone()).unwrap_or_default().iter().step_by(2);
                        let keyed = tag == CONST_LIST || { keys }.all(|key| key.tag.get() == CONST_STR);
                        // Each parent raises its own children only once; shared children would make
                        // this quadratic, so they are refused.
                        let own = depths.get_mut(range).unwrap_or_default();
                        let unshared = own.iter().all(|&depth| depth == 0);
                        own.fill(depth);
                        keyed && unshared && depth <= MAX_CONST_DEPTH
                    }
                    None => n == 0 && payload == 0,
                }
            }
            _ => false,
        };
        ensure(sound, SectionId::Consts, "has an unsound constant")?;
    }
    Ok(())
}

/// Sorted within a set, so that a word is found by halving.
fn check_words(tables: &Tables, budget: &mut Budget) -> Checked {
    let words = records!(tables, words, Words);
    let mut next = 0;
    for set in records!(tables, word_sets, WordSets) {
        let end = next + index(set.count);
        ensure(index(set.first) == next, SectionId::WordSets, "has sets that do not follow each other")?;
        let own = words
            .get(next..end)
            .ok_or_else(|| malformed(SectionId::WordSets, "has a set beyond the words"))?;
        // Each word names its place in the scan of its set: without one nothing vouches for the scan.
        ensure(!own.is_empty(), SectionId::WordSets, "has a set without words")?;
        let mut before: Option<&str> = None;
        for &word in own {
            let word = tables
                .text(word.text)
                .ok_or_else(|| malformed(SectionId::Words, "has a word that is no text"))?;
            budget.spend(word, SectionId::Words)?;
            ensure(before.is_none_or(|before| before < word), SectionId::Words, "is not sorted")?;
            before = Some(word);
        }
        next = end;
    }
    ensure(next == words.len(), SectionId::WordSets, "does not hold every word")
}

/// An error names its test by 31 bits.
const MAX_TESTS: usize = 1 << 31;

fn check_tests(tables: &Tables) -> Checked {
    ensure(tables.tests.len() <= MAX_TESTS, SectionId::Tests, "has more tests than an error can name")?;
    for test in records!(tables, tests, Tests) {
        let (a, b) = (index(test.a), index(test.b));
        let param = a < tables.params.len();
        let sound = match test.op.get() {
            OP_NEVER => a == 0 && b == 0,
            OP_TIME_AFTER | OP_TIME_BEFORE => a < 24 * 60 && b == 0,
            OP_WEEKDAYS => a < 1 << 7 && b == 0,
            OP_EQ | OP_CONTAINS => param && b < tables.consts.len(),
            OP_GT | OP_GTE | OP_LT | OP_LTE => {
                let constant = tables.consts.get(&tables.bytes, b);
                param
                    && constant.is_some_and(|constant| {
                        let ordered = [CONST_BOOL, CONST_INT, CONST_BIG_INT, CONST_FLOAT, CONST_STR];
                        ordered.contains(&constant.tag.get())
                    })
            }
            OP_MATCHES => param && b < tables.patterns.len(),
            OP_SEMANTIC => a < tables.word_sets.len() && b == 0,
            OP_NEEDLE => {
                let needle = tables.needles.get(&tables.bytes, b);
                let scan = needle.and_then(|needle| tables.scans.get(&tables.bytes, index(needle.scan)));
                param && scan.is_some_and(|scan| scan.param == test.a)
            }
            _ => false,
        };
        ensure(sound, SectionId::Tests, "has an unsound test")?;
    }
    Ok(())
}

/// The outcome of each rule, as a reference to its match has it in two times two bits.
fn check_rules(tables: &Tables) -> Result<Vec<u8>, LoadError> {
    let globs = tables.globs.len();
    let mut outcomes = Vec::with_capacity(tables.rules.len());
    // Lists that are not short enough to be shared add up to no more than there are tests.
    let mut own_tests = 0_usize;
    for rule in records!(tables, rules, Rules) {
        let sound = tables.is_text(rule.name)
            && [rule.type_glob, rule.target_glob, rule.agent_glob].iter().all(|&glob| index(glob) < globs)
            && tables.tests_of(rule).is_some()
            && decision::approval(rule.approval()).is_some();
        ensure(sound, SectionId::Rules, "has an unsound rule")?;
        outcomes.push(rule.approval() << 2 | rule.risk_level());
        let tests = index(rule.test_count());
        if tests > MAX_SHARED_TESTS {
            own_tests = own_tests.saturating_add(tests);
        }
    }
    ensure(own_tests <= tables.tests.len(), SectionId::Rules, "shares long lists of tests")?;
    Ok(outcomes)
}
