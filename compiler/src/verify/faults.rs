//! Faults of the table compiler, put into the tables one at a time: the check of a build must find each.
//!
//! Each has a policy in which it matters. Most are found by a decision; a few make an artifact that the loader
//! refuses, which is as good.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod filters;
mod places;

use super::{Fault, check, plan};
use crate::hir::{Outcome, Policy};
use crate::source::SourceMap;
use crate::table::{self, Tables};
use crate::{LayerSource, Options, TableLimits, Verify, emit, glob, pyre};
use aegis_vm::Approval;
use aegis_vm::Cost;
use aegis_vm::format::{
    CONST_INT, GLOB_PREFIX, NO_EVENT, NODE_FIRST, NODE_GLOB, NODE_ROWS, NODE_TEST, ROOT_ENDS, ROOT_HASH,
    ROOT_NODE, ROOT_PREFIX, ROOT_SUFFIX, Reference, TOKEN_ONES,
};
use places::*;
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

const NUMBERS: &str = "
- {name: large, match: {type: pay}, conditions: {param_gt: {amount: 100}}, approval: block}
- {name: some, match: {type: pay}, conditions: {param_gte: {amount: 10}}, approval: approve}
- {name: rest, match: {type: pay}, approval: auto}
";

const COLLECTIONS: &str = "
- {name: list, match: {type: t}, conditions: {param_eq: {p: [1, 2]}}, approval: block}
- {name: map, match: {type: t}, conditions: {param_eq: {p: {a: 1}}}, approval: auto}
";

const ERRORS: &str = "
- {name: two, match: {type: t}, conditions: {param_gt: {p: 1}, param_lt: {q: 5}}, approval: auto}
- {name: other, match: {type: t}, conditions: {param_gt: {p: 0, r: 1}}, approval: block}
";

const TEXTS: &str = "
- {name: prod, match: {type: t}, conditions: {param_eq: {env: production}}, approval: block}
- {name: stage, match: {type: t}, conditions: {param_eq: {env: staging}}, approval: approve}
- {name: dev, match: {type: t}, conditions: {param_eq: {env: dev}}, approval: auto}
- {name: test, match: {type: t}, conditions: {param_eq: {env: test}}, approval: block}
- {name: eu, match: {type: t}, conditions: {param_eq: {env: eu}}, approval: approve}
- {name: us, match: {type: t}, conditions: {param_eq: {env: us}}, approval: auto}
- {name: ap, match: {type: t}, conditions: {param_eq: {env: ap}}, approval: auto, risk_level: low}
";

const TIMES: &str = "
- {name: day, match: {type: t}, conditions: {time_after: '09:00', time_before: '17:30', weekdays: [1, 2, 5]}, approval: auto}
- {name: night, match: {type: t}, conditions: {time_before: '06:00'}, approval: block}
";

const LITERALS: &str = "
- {name: guard, match: {type: 'delete*'}, conditions: {param_eq: {env: prod}}, approval: block}
- {name: read, match: {type: read, target: db}, approval: auto}
- {name: write, match: {type: write, target: db}, approval: approve}
- {name: delete, match: {type: delete}, approval: auto}
- {name: list, match: {type: list}, approval: auto, risk_level: low}
- {name: drop, match: {type: drop}, approval: block}
- {name: move, match: {type: move}, approval: approve, risk_level: high}
- {name: send, match: {type: send}, approval: approve, risk_level: critical}
";

/// More than do without pilots.
const MANY_LITERALS: &str = "
- {name: r0, match: {type: verb_0}, approval: auto}
- {name: r1, match: {type: verb_1}, approval: approve}
- {name: r2, match: {type: verb_2}, approval: block}
- {name: r3, match: {type: verb_3}, approval: auto}
- {name: r4, match: {type: verb_4}, approval: approve}
- {name: r5, match: {type: verb_5}, approval: block}
- {name: r6, match: {type: verb_6}, approval: auto}
- {name: r7, match: {type: verb_7}, approval: approve}
- {name: r8, match: {type: verb_8}, approval: block}
- {name: r9, match: {type: verb_9}, approval: auto}
- {name: r10, match: {type: verb_10}, approval: approve}
- {name: r11, match: {type: verb_11}, approval: block}
- {name: r12, match: {type: verb_12}, approval: auto}
- {name: r13, match: {type: verb_13}, approval: approve}
- {name: r14, match: {type: verb_14}, approval: block}
- {name: r15, match: {type: verb_15}, approval: auto}
- {name: r16, match: {type: verb_16}, approval: approve}
- {name: r17, match: {type: verb_17}, approval: block}
- {name: r18, match: {type: verb_18}, approval: auto}
- {name: r19, match: {type: verb_19}, approval: approve}
- {name: r20, match: {type: verb_20}, approval: block}
- {name: r21, match: {type: verb_21}, approval: auto}
- {name: r22, match: {type: verb_22}, approval: approve}
- {name: r23, match: {type: verb_23}, approval: block}
- {name: r24, match: {type: verb_24}, approval: auto}
- {name: r25, match: {type: verb_25}, approval: approve}
- {name: r26, match: {type: verb_26}, approval: block}
- {name: r27, match: {type: verb_27}, approval: auto}
- {name: r28, match: {type: verb_28}, approval: approve}
- {name: r29, match: {type: verb_29}, approval: block}
- {name: r30, match: {type: verb_30}, approval: auto}
- {name: r31, match: {type: verb_31}, approval: approve}
- {name: r32, match: {type: verb_32}, approval: block}
- {name: r33, match: {type: verb_33}, approval: auto}
- {name: r34, match: {type: verb_34}, approval: approve}
- {name: r35, match: {type: verb_35}, approval: block}
- {name: r36, match: {type: verb_36}, approval: auto}
- {name: r37, match: {type: verb_37}, approval: approve}
- {name: r38, match: {type: verb_38}, approval: block}
- {name: r39, match: {type: verb_39}, approval: auto}
";

const PREFIXES: &str = "
- {name: long, match: {type: 'db_read_*'}, approval: auto}
- {name: short, match: {type: 'db_*'}, approval: block}
- {name: files, match: {type: 'file_*'}, approval: approve}
- {name: mail, match: {type: 'mail_*'}, approval: auto, risk_level: low}
- {name: net, match: {type: 'net_*'}, approval: block, risk_level: critical}
- {name: z9, match: {type: 'zzzzzzzzz*'}, approval: auto}
- {name: z7, match: {type: 'zzzzzzz*'}, approval: block}
- {name: z6, match: {type: 'zzzzzz*'}, approval: auto}
- {name: z2, match: {type: 'zz*'}, approval: approve}
- {name: z1, match: {type: 'z*'}, approval: block}
";

const SUFFIXES: &str = "
- {name: a, match: {type: '*_read'}, approval: auto}
- {name: b, match: {type: '*_write'}, approval: block}
- {name: c, match: {type: '*_list'}, approval: approve}
- {name: d, match: {type: '*_drop'}, approval: auto, risk_level: low}
- {name: z9, match: {type: '*zzzzzzzzz'}, approval: auto}
- {name: z8, match: {type: '*zzzzzzzz'}, approval: approve}
- {name: z7, match: {type: '*zzzzzzz'}, approval: block}
- {name: z4, match: {type: '*zzzz'}, approval: block}
- {name: z3, match: {type: '*zzz'}, approval: auto}
- {name: z2, match: {type: '*zz'}, approval: approve}
- {name: z1, match: {type: '*z'}, approval: block}
";

const STARTS: &str = "
- {name: read, match: {type: 'db_read_*'}, approval: auto}
- {name: files, match: {type: 'file_*'}, approval: approve}
- {name: mail, match: {type: 'mail_*'}, approval: auto, risk_level: low}
- {name: net, match: {type: 'net_*'}, approval: block, risk_level: critical}
";

const GLOBS: &str = "
- {name: open, match: {type: t, target: 'pub*'}, approval: auto}
- {name: one, match: {type: t, target: 'x?z'}, approval: approve}
- {name: rest, match: {type: t, agent: 'ci-*'}, approval: block}
";

const TESTS: &str = "
- {name: admin, match: {type: t}, conditions: {param_contains: {roles: admin}}, approval: block}
- {name: deep, match: {type: t}, conditions: {param_contains: {ids: 7}}, approval: approve}
- {name: words, match: {type: u}, conditions: {semantic: 'destroy purge'}, approval: block}
";

const TOGETHER: &str = "
- {name: one, match: {type: t, target: '*red*blue*'}, approval: block}
- {name: two, match: {type: t, target: '*one*two*'}, approval: approve}
- {name: three, match: {type: t, target: '*up?down*'}, approval: auto}
- {name: four, match: {type: t, target: '*x*y*z*'}, approval: approve, risk_level: low}
- {name: five, match: {type: t}, approval: auto, risk_level: low}
";

const MIXED: &str = "
- {name: a, match: {type: t}, conditions: {param_gt: {p: 5}, param_eq: {q: x}}, approval: block}
- {name: b, match: {type: t}, conditions: {param_eq: {q: y}, time_after: '12:00'}, approval: approve}
- {name: c, match: {type: t, target: 'z*'}, conditions: {param_lt: {p: 2}}, approval: auto}
- {name: d, match: {type: t}, conditions: {param_contains: {r: admin}}, approval: auto, risk_level: low}
";

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
            let glob = t.globs.iter_mut().find(|glob| glob.kind.get() == GLOB_PREFIX).unwrap();
            change(&mut glob.b, |length| length - 1);
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
    ("a rule with another outcome", GLOBS, Loader, In(|t| t.rules[0].approval = 2)),
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
