//! Faults of the table compiler, put into the tables one at a time: the check of a build must find each.
//!
//! Each has a policy in which it matters. Most are found by a decision; a few make an artifact that the loader
//! refuses, which is as good.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod filters;
mod places;
mod policies;

use super::{Fault, check, plan};
use crate::hir::{Outcome, Policy};
use crate::source::SourceMap;
use crate::table::{self, Tables};
use crate::{LayerSource, Options, TableLimits, Verify, emit, glob, pyre};
use aegis_vm::format::{
    CONST_INT, GLOB_PREFIX, NO_EVENT, NODE_CUT, NODE_FIRST, NODE_GLOB, NODE_ROWS, NODE_TEST, ROOT_ENDS,
    ROOT_HASH, ROOT_NODE, ROOT_PREFIX, ROOT_SUFFIX, Reference, TOKEN_ONES,
};
use aegis_vm::{Approval, Cost};
use places::*;
use policies::*;
use std::fmt::Write as _;
use zerocopy::little_endian::U32;

/// Who finds a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Decisions,
    Loader,
}

/// What is broken.
enum Break {
    Tables(fn(&mut Tables)),
    /// Tables, of graphs that may not grow: rules are judged by rows of bits.
    Rows(fn(&mut Tables)),
    /// What holds when no rule matches.
    Default(Outcome),
}

use Break::{Rows, Tables as In};
use By::{Decisions, Loader};

/// Every fault: what it is, in which policy, and who finds it.
const FAULTS: &[(&str, &str, By, Break)] = &[
    ("an integer cut one too high", NUMBERS, Decisions, In(|t| int_cut(t, |low| low + 1))),
    ("an integer cut one too low", NUMBERS, Decisions, In(|t| int_cut(t, |low| low - 1))),
    (
        "a cut that is strict and should not be, or the reverse",
        NUMBERS,
        Decisions,
        In(|t| {
            let cut = t.switches.len() - 1;
            change(&mut t.switches[cut], |strict| 1 - strict);
        }),
    ),
    ("the cells on both sides of a cut swapped", NUMBERS, Decisions, In(|t| swap_cells(t, 5, 6))),
    ("the cell of NaNs like that of numbers", NUMBERS, Decisions, In(|t| copy_cell(t, 7, 3))),
    ("an absent param like a text", NUMBERS, Decisions, In(|t| copy_cell(t, 4, 0))),
    ("a lost error of lists", NUMBERS, Decisions, In(|t| set_cell(t, 1, NO_EVENT))),
    ("a lost error of texts", NUMBERS, Decisions, In(|t| copy_cell(t, 0, 4))),
    (
        "the last rule lost",
        NUMBERS,
        Decisions,
        In(|t| {
            let lost = t.nodes.iter().copied().filter(|word| leads_to(*word) == Some(2)).collect::<Vec<_>>();
            t.nodes.iter_mut().filter(|word| lost.contains(word)).for_each(|word| *word = U32::new(NO_EVENT));
        }),
    ),
    (
        "two rules in the wrong order",
        NUMBERS,
        Decisions,
        In(|t| {
            let of = |rule| t.nodes.iter().copied().find(|word| leads_to(*word) == Some(rule)).unwrap();
            let (some, large) = (of(1), of(0));
            t.nodes.iter_mut().filter(|word| **word == large).for_each(|word| *word = some);
        }),
    ),
    ("a node's cut one too high", ONE_CUT, Loader, In(|t| cut_word(t, 2, |low| low + 1))),
    ("a node of a cut of another param", ONE_CUT, Loader, In(|t| cut_word(t, 0, |head| head ^ 1 << 10))),
    (
        "what is absent on the other side of a cut",
        ONE_CUT,
        Decisions,
        In(|t| cut_word(t, 0, |head| head ^ 1 << 8)),
    ),
    ("the error of what is no number lost", ONE_CUT, Decisions, In(|t| cut_word(t, 6, |_| NO_EVENT))),
    (
        "the sides of a cut swapped",
        ONE_CUT,
        Decisions,
        In(|t| {
            let node = node(t, NODE_CUT, |_, _| true);
            t.nodes.swap(node + 4, node + 5);
        }),
    ),
    (
        "a strict cut taken for one that is not, in node and switch",
        ONE_CUT,
        Decisions,
        In(|t| {
            let cut = number(t.nodes[node(t, NODE_CUT, |_, _| true) + 1]);
            cut_word(t, 2, |low| low - 1);
            change(&mut t.switches[cut + 6], |low| low - 1);
        }),
    ),
    ("lists and mappings swapped", COLLECTIONS, Decisions, In(|t| swap_cells(t, 1, 2))),
    (
        "a list's constant with another element",
        COLLECTIONS,
        Decisions,
        In(|t| {
            let int = t.consts.iter_mut().find(|c| c.tag.get() == CONST_INT && c.payload.get() == 2);
            int.unwrap().payload.set(3);
        }),
    ),
    (
        "an error by another test of the rule",
        ERRORS,
        Decisions,
        In(|t| {
            let other = t.errors.iter().find(|error| error.rule.get() == 0).unwrap().test.get() ^ 1;
            t.errors.iter_mut().find(|error| error.rule.get() == 0).unwrap().test.set(other);
        }),
    ),
    (
        "an error of another rule",
        ERRORS,
        Decisions,
        In(|t| {
            t.errors.iter_mut().find(|error| error.rule.get() == 0).unwrap().rule.set(1);
        }),
    ),
    ("two texts merged", TEXTS, Decisions, In(|t| copy_cell(t, 5, 6))),
    ("two texts swapped", TEXTS, Decisions, In(|t| swap_cells(t, 5, 7))),
    ("every text like the first", TEXTS, Decisions, In(|t| copy_cell(t, 5, 4))),
    (
        "a text of a switch cut short",
        TEXTS,
        Decisions,
        In(|t| {
            // Behind the head are offset and length of the first text.
            change(&mut t.switches[7], |length| length - 1);
        }),
    ),
    (
        "a text that its hash table has lost",
        TEXTS,
        Decisions,
        In(|t| {
            let buckets = 6 + 2 * number(t.switches[1]);
            let count = number(t.switches[2]);
            let taken = t.switches[buckets..buckets + count].iter_mut().find(|bucket| bucket.get() != 0);
            taken.unwrap().set(0);
        }),
    ),
    ("a time one minute late", TIMES, Decisions, In(|t| time_cut(t, |minute| minute + 1))),
    ("a time one minute early", TIMES, Decisions, In(|t| time_cut(t, |minute| minute - 1))),
    (
        "weekdays a day late",
        TIMES,
        Decisions,
        In(|t| {
            let cells = switch_cells(t, time_switch);
            let a_day = (cells.len() - 1) / 7;
            t.nodes[cells.start + 1..cells.end].rotate_right(a_day);
        }),
    ),
    (
        "no time like some time",
        TIMES,
        Decisions,
        In(|t| {
            let cells = switch_cells(t, time_switch);
            t.nodes[cells.start] = t.nodes[cells.start + 1];
        }),
    ),
    (
        "a key lost",
        LITERALS,
        Decisions,
        In(|t| {
            let (start, width) = taken_bucket(t);
            t.buckets[start..start + width].fill(U32::new(0));
            t.buckets[start + 1].set(NO_EVENT);
        }),
    ),
    (
        "two keys swapped",
        LITERALS,
        Decisions,
        In(|t| {
            let (one, other) = (bucket_of(t, 4), bucket_of(t, 5));
            t.buckets.swap(one + 1, other + 1);
        }),
    ),
    (
        "a key cut short",
        LITERALS,
        Decisions,
        In(|t| {
            let list = bucket_of(t, 4);
            change(&mut t.buckets[list + 4], |length| length - 1);
        }),
    ),
    (
        "another seed",
        LITERALS,
        Decisions,
        In(|t| {
            let root = t.roots.iter_mut().find(|root| root.kind.get() == ROOT_HASH).unwrap();
            root.seed.set(root.seed.get() ^ 1);
        }),
    ),
    (
        "another pilot",
        MANY_LITERALS,
        Decisions,
        In(|t| {
            let root = t.roots.iter().find(|root| root.kind.get() == ROOT_HASH).unwrap();
            change(&mut t.buckets[number(root.first)], |pilots| pilots ^ 1);
        }),
    ),
    (
        "literals that are not where they are said to be",
        LITERALS,
        Decisions,
        In(|t| {
            let read = bucket_of(t, 1);
            change(&mut t.buckets[read + 3], |offset| offset - 1);
        }),
    ),
    (
        "a key whose bound passes over an earlier rule",
        LITERALS,
        Decisions,
        In(|t| {
            let delete = bucket_of(t, 3);
            t.buckets[delete + 2].set(u32::MAX);
        }),
    ),
    (
        "a root that seems to have later rules",
        LITERALS,
        Loader,
        In(|t| {
            let root = t.roots.iter_mut().find(|root| root.kind.get() == ROOT_NODE);
            root.unwrap().first_rule.set(5);
        }),
    ),
    (
        "a root lost",
        LITERALS,
        Decisions,
        In(|t| {
            t.roots.retain(|root| root.kind.get() != ROOT_NODE);
        }),
    ),
    ("a length of beginnings lost", STARTS, Decisions, In(|t| t.roots[0].lengths[2] = t.roots[0].lengths[3])),
    ("a length of beginnings off by one", STARTS, Decisions, In(|t| t.roots[0].lengths[0].length += 1)),
    ("another edge of beginnings", STARTS, Decisions, In(|t| t.roots[0].lengths[1].edge = b'x')),
    ("beginnings taken for ends", STARTS, Decisions, In(|t| t.roots[0].kind.set(ROOT_ENDS))),
    ("a slot without its reference", PREFIXES, Decisions, In(|t| slot_of(t, 2).reference.set(NO_EVENT))),
    (
        "a slot with the reference of one above",
        PREFIXES,
        Decisions,
        In(|t| {
            let above = slot_of(t, 1).reference;
            slot_of(t, 0).reference = above;
        }),
    ),
    (
        "a slot with another parent",
        PREFIXES,
        Decisions,
        In(|t| change(&mut slot_of(t, 3).parent, |slot| slot - 1)),
    ),
    ("children at another base", PREFIXES, Decisions, In(|t| change(&mut t.slots[0].base, |base| base + 1))),
    (
        "a trie read from the wrong end",
        PREFIXES,
        Decisions,
        In(|t| {
            t.roots.iter_mut().find(|root| root.kind.get() == ROOT_PREFIX).unwrap().kind.set(ROOT_SUFFIX);
        }),
    ),
    (
        "a trie over another field",
        SUFFIXES,
        Decisions,
        In(|t| {
            t.roots.iter_mut().find(|root| root.kind.get() == ROOT_SUFFIX).unwrap().fields.set(2);
        }),
    ),
    (
        "a slot of a suffix without its reference",
        SUFFIXES,
        Decisions,
        In(|t| {
            let slot = t.slots.iter_mut().rev().find(|slot| slot.reference.get() != NO_EVENT).unwrap();
            slot.reference.set(NO_EVENT);
        }),
    ),
    (
        "matches and misses of a glob swapped",
        GLOBS,
        Decisions,
        In(|t| {
            let node = node(t, NODE_GLOB, |_, _| true);
            t.nodes.swap(node + 2, node + 3);
        }),
    ),
    (
        "a glob asked of another field",
        GLOBS,
        Decisions,
        In(|t| {
            let node = node(t, NODE_GLOB, |t, node| number(t.nodes[node]) >> 8 == 4);
            t.nodes[node].set(2 << 8 | NODE_GLOB);
        }),
    ),
    (
        "a glob's prefix cut short",
        GLOBS,
        Loader,
        In(|t| {
            let glob = t.globs.iter_mut().find(|glob| glob.kind() == GLOB_PREFIX).unwrap();
            change(&mut glob.shape, |shape| shape - 1);
        }),
    ),
    (
        "a glob with one `?` more",
        GLOBS,
        Decisions,
        In(|t| {
            let token = t.glob_tokens.iter_mut().find(|token| token.kind.get() == TOKEN_ONES).unwrap();
            change(&mut token.a, |count| count + 1);
        }),
    ),
    (
        "a test's yes and no swapped",
        TESTS,
        Decisions,
        In(|t| {
            let node = node(t, NODE_TEST, |_, _| true);
            t.nodes.swap(node + 2, node + 3);
        }),
    ),
    (
        "a test's error lost",
        TESTS,
        Decisions,
        In(|t| {
            // Whatever leads to an error leads to nothing.
            let is_error = |word: &U32| matches!(Reference::of(word.get()), Reference::Error(_));
            t.nodes.iter_mut().filter(|word| is_error(word)).for_each(|word| word.set(NO_EVENT));
        }),
    ),
    (
        "another constant searched for",
        TESTS,
        Decisions,
        In(|t| {
            let seven = t.consts.iter_mut().find(|c| c.payload.get() == 7).unwrap();
            seven.payload.set(8);
        }),
    ),
    (
        "the bits of globs that are asked together, moved by one",
        TOGETHER,
        Loader,
        In(|t| {
            let node = node(t, NODE_FIRST, |_, _| true);
            change(&mut t.nodes[node + 4], |bits| bits << 1);
        }),
    ),
    (
        "two globs of a group swapped",
        TOGETHER,
        Decisions,
        In(|t| {
            let node = node(t, NODE_FIRST, |_, _| true);
            t.nodes.swap(node + 6, node + 7);
        }),
    ),
    (
        "no glob of a group leads nowhere",
        TOGETHER,
        Decisions,
        In(|t| {
            let node = node(t, NODE_FIRST, |_, _| true);
            t.nodes[node + 3].set(NO_EVENT);
        }),
    ),
    ("a rule's bit missing in a cell", MIXED, Decisions, Rows(|t| masks(t, 0, |may| may & !1))),
    ("a rule's bit set in every cell", MIXED, Decisions, Rows(|t| masks(t, 0, |may| may | 1))),
    ("an error's bit missing", MIXED, Decisions, Rows(|t| masks(t, 2, |_| 0))),
    (
        "a rule that is not told, taken for told",
        MIXED,
        Decisions,
        Rows(|t| {
            let node = node(t, NODE_ROWS, |_, _| true);
            t.nodes[node + 3].set(0);
        }),
    ),
    (
        "two rules of a node of rows swapped",
        MIXED,
        Loader,
        Rows(|t| {
            let node = node(t, NODE_ROWS, |_, _| true);
            t.nodes.swap(node + 5, node + 6);
        }),
    ),
    (
        "a match with another outcome",
        NUMBERS,
        Loader,
        In(|t| {
            let place = t.nodes.iter().position(|word| leads_to(*word) == Some(0)).unwrap();
            change(&mut t.nodes[place], |word| word ^ 1 << 28);
        }),
    ),
    (
        "a rule with another outcome",
        GLOBS,
        Loader,
        In(|t| t.rules[0].tests = U32::new(t.rules[0].tests.get() & (u32::MAX >> 2) | 2 << 30)),
    ),
    (
        "a rule with another name",
        GLOBS,
        Decisions,
        In(|t| change(&mut t.rules[0].name.length, |length| length - 1)),
    ),
    ("params swapped", ERRORS, Loader, In(|t| t.params.swap(0, 1))),
    (
        "another default",
        NUMBERS,
        Decisions,
        Break::Default(Outcome { approval: Approval::Auto, risk_level: aegis_vm::RiskLevel::Low }),
    ),
];

#[test]
fn each_fault_is_found() {
    let mut wrong = String::new();
    let mut by_decisions = 0;
    for (name, rules, by, fault) in FAULTS {
        let found = found(name, rules, fault);
        by_decisions += usize::from(found == Some(Decisions));
        if found != Some(*by) {
            writeln!(wrong, "{name}: {found:?}, expected {by:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(by_decisions >= 20, "{by_decisions}");
}

/// Rules of which one node of rows cannot have all.
#[test]
fn a_lost_chunk_is_found() {
    let rule = |at| {
        format!("- {{name: r{at}, match: {{type: t}}, conditions: {{param_eq: {{p: {at}, q: {at}}}}}}}\n")
    };
    let rules = (0..70).fold("\n".to_owned(), |rules, at| rules + &rule(at));
    let fault = Rows(|t| {
        let node = node(t, NODE_ROWS, |_, _| true);
        t.nodes[node + 1].set(NO_EVENT);
    });
    assert_eq!(found("the next chunk lost", &rules, &fault), Some(Decisions));
}

/// Who finds a fault. Without it nothing must be found.
fn found(name: &str, rules: &str, fault: &Break) -> Option<By> {
    let mut built =
        Built::of(rules, if matches!(fault, Rows(_)) { NO_GRAPHS } else { TableLimits::default() });
    let sound = built.artifact();
    let own = built.policy.default;
    match fault {
        In(change) | Rows(change) => change(&mut built.tables),
        Break::Default(outcome) => built.policy.default = *outcome,
    }
    let broken = built.artifact();
    built.policy.default = own;
    assert_ne!(sound, broken, "{name}: nothing was changed");
    let plan = plan(&built.policy, Verify::Fast);
    let whole = check(&built.policy, &sound, &plan);
    assert!(whole.is_ok(), "{name}: the tables as they are: {whole:?}");
    match check(&built.policy, &broken, &plan) {
        Ok(()) => None,
        Err(Fault::Differs { .. }) => Some(Decisions),
        Err(Fault::Refused(_)) => Some(Loader),
        // The cost is always that of the same tables.
        Err(Fault::Cost) => None,
    }
}

#[test]
fn a_manifest_that_promises_too_little_is_found() {
    let mut built = Built::of(LITERALS, TableLimits::default());
    let cost = built.tables.cost().unwrap();
    built.cost = Some(Cost { nodes: cost.nodes - 1, ..cost });
    let plan = plan(&built.policy, Verify::Fast);
    assert!(matches!(check(&built.policy, &built.artifact(), &plan), Err(Fault::Cost)));
}

/// Limits under which no graph is kept.
pub(super) const NO_GRAPHS: TableLimits = TableLimits {
    words: 0,
    words_a_rule: 0,
    work: 0,
    work_a_rule: 0,
    rules: 0,
    depth: 0,
    prefilter: usize::MAX,
};

/// A policy with its tables, which may be broken before they are written.
pub(super) struct Built {
    pub(super) policy: Policy,
    sources: SourceMap,
    tables: Tables,
    /// What the manifest says that a decision costs; what the tables say if it is `None`.
    cost: Option<Cost>,
}

impl Built {
    pub(super) fn of(rules: &str, limits: TableLimits) -> Self {
        let layer = LayerSource { path: "x.yaml".to_owned(), bytes: format!("rules:{rules}").into() };
        let mut options = Options::default();
        options.levels.cap(crate::diag::LevelSetting::Allow);
        let checked = crate::check(vec![layer], &options);
        let policy = checked.policy.expect(rules);
        let asked = glob::asked_together(&policy);
        let compiled =
            pyre::compile_with_globs(&policy.patterns, &asked, &pyre::Limits::default()).ok().unwrap();
        let tables = table::build(&policy, &compiled, &checked.sources, limits).unwrap();
        Built { policy, sources: checked.sources, tables, cost: None }
    }

    pub(super) fn artifact(&self) -> Vec<u8> {
        let build = emit::Build {
            policy: &self.policy,
            sources: &self.sources,
            digests: &[[0; 32]],
            policy_id: "",
            revision: 0,
            label: "",
            verified: String::new(),
            cost: self.cost.unwrap_or_else(|| self.tables.cost().unwrap_or_default()),
        };
        emit::emit(&build, &self.tables)
    }
}
