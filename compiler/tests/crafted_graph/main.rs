//! Switches, nodes and roots, drawn by hand over the rules of a sound artifact, with each of their words wrong,
//! one at a time: the loader refuses it by the words of the section. Their neighbours, on the right side of each
//! bound, load, and can be asked anything.

#![expect(clippy::unwrap_used, reason = "tests")]

mod drawn;
#[path = "../support/mod.rs"]
mod support;

use aegis_vm::format::{
    Const, FIELD_AGENT, FIELD_TARGET, FIELD_TYPE, Glob, MAX_PROBES, MAX_ROW_RULES, NO_EVENT, NODE_CUT,
    NODE_FIRST, NODE_GLOB, NODE_ROWS, NODE_SWITCH, NODE_TEST, ROOT_NODE, ROOT_PREFIX, Root, RuleError,
    SectionId, Slot, Test, Text, match_reference, node_head,
};
use aegis_vm::{Action, NoClock, Policy, Timestamp};
use drawn::*;
use support::bodies;
use support::crafted::Crafted;
use zerocopy::little_endian::{U32, U64};

/// What is done to the drawn artifact, in words, and how.
type Fault = (&'static str, fn(&mut Crafted, &Named));

fn node(it: &mut Crafted, at: usize, to: u32) {
    it.change(SectionId::Nodes, |all: &mut Vec<U32>| all[at] = U32::new(to));
}

fn switch(it: &mut Crafted, at: usize, to: u32) {
    it.change(SectionId::Switches, |all: &mut Vec<U32>| all[at] = U32::new(to));
}

fn bucket(it: &mut Crafted, at: usize, to: u32) {
    it.change(SectionId::Buckets, |all: &mut Vec<U32>| all[at] = U32::new(to));
}

fn root(it: &mut Crafted, at: usize, change: impl Fn(&mut Root)) {
    it.change(SectionId::Roots, |all: &mut Vec<Root>| change(&mut all[at]));
}

fn slot(it: &mut Crafted, at: usize, change: impl Fn(&mut Slot)) {
    it.change(SectionId::Slots, |all: &mut Vec<Slot>| change(&mut all[at]));
}

fn set(number: &mut U32, to: u32) {
    *number = U32::new(to);
}

/// The roots in [`drawn`].
const HASH: usize = 0;
const STARTS: usize = 1;
const PREFIX: usize = 2;
const SUFFIX: usize = 3;
const NODE: usize = 4;

const FAULTS: &[(&str, &[Fault])] = &[
    (
        "errors section names a rule or a test that is not there",
        &[
            ("a rule too far", |it, _| {
                it.change(SectionId::Errors, |all: &mut Vec<RuleError>| set(&mut all[0].rule, 7));
            }),
            ("a test too far", |it, _| {
                let tests = it.bytes(SectionId::Tests).len() / size_of::<Test>();
                it.change(SectionId::Errors, |all: &mut Vec<RuleError>| set(&mut all[0].test, word(tests)));
            }),
        ],
    ),
    (
        "switches section has an unsound switch",
        &[
            ("no param", |it, _| switch(it, PARAM, 2)),
            ("texts beyond all", |it, _| switch(it, PARAM + 1, u32::MAX)),
            ("a text more", |it, _| switch(it, PARAM + 1, 2)),
            ("buckets beyond all", |it, _| switch(it, PARAM + 2, u32::MAX)),
            ("a bucket more", |it, _| switch(it, PARAM + 2, 3)),
            ("cuts beyond all", |it, _| switch(it, PARAM + 3, u32::MAX)),
            ("a cut more", |it, _| switch(it, PARAM + 3, 3)),
            ("a cut fewer", |it, _| switch(it, PARAM + 3, 1)),
            ("more integers from below than there are", |it, _| switch(it, PARAM + 4, 2)),
            ("integers that end beyond all cuts", |it, _| {
                switch(it, PARAM + 4, 2);
                switch(it, PARAM + 5, 3);
            }),
            ("integers beyond all", |it, _| switch(it, PARAM + 5, u32::MAX)),
            ("integers that go down", |it, _| {
                it.change(SectionId::Switches, |all: &mut Vec<U32>| {
                    set(&mut all[PARAM + 5], 2);
                    all.splice(PARAM + 8..PARAM + 8, words(&[4, 0]));
                });
            }),
            ("a text that is none", |it, _| switch(it, PARAM + 8, u32::MAX)),
            ("a text that is too long", |it, _| switch(it, PARAM + 9, u32::MAX)),
            ("a bucket of no text", |it, _| switch(it, PARAM + 11, 2)),
            ("no constant", |it, _| {
                let consts = it.bytes(SectionId::Consts).len() / size_of::<Const>();
                switch(it, PARAM + 12, word(consts));
            }),
            ("a constant that is text", |it, named| switch(it, PARAM + 12, named.text)),
            ("a constant that is a NaN", |it, named| switch(it, PARAM + 12, named.nan)),
            ("neither at nor beyond", |it, _| switch(it, PARAM + 13, 2)),
            ("cuts of the time beyond all", |it, _| switch(it, TIME + 1, 3)),
            ("a cut of the time that is none", |it, _| switch(it, TIME + 3, 24 * 60)),
            ("a cut of the time twice", |it, _| switch(it, TIME + 3, 540)),
            ("cuts of the time that go down", |it, _| switch(it, TIME + 3, 539)),
            ("a switch cut short", |it, _| it.bytes(SectionId::Switches).truncate(4 * (TIME + 1))),
            ("words that are no switch", |it, _| {
                it.change(SectionId::Switches, |all: &mut Vec<U32>| all.push(U32::new(0)));
            }),
            ("buckets of long searches", |it, _| texts_in_a_row(it, MAX_PROBES)),
        ],
    ),
    (
        "nodes section has an unsound node",
        &[
            ("of no kind", |it, _| node(it, TEST, node_head(0, 0))),
            ("of a kind too far", |it, _| node(it, TEST, node_head(NODE_CUT + 1, 0))),
            ("a test node with a number", |it, _| node(it, TEST, node_head(NODE_TEST, 1))),
            ("no test", |it, _| {
                let tests = it.bytes(SectionId::Tests).len() / size_of::<Test>();
                node(it, TEST + 1, word(tests));
            }),
            ("a match with another approval", |it, named| node(it, TEST + 2, named.matches[2] | 1 << 28)),
            ("a match with another risk level", |it, named| node(it, TEST + 2, named.matches[2] ^ 1 << 26)),
            ("a match with no approval", |it, named| node(it, TEST + 2, named.matches[2] | 3 << 28)),
            ("a match of no rule", |it, _| node(it, TEST + 2, match_reference(7, 0, 0))),
            ("a match of a rule far away", |it, _| node(it, TEST + 2, match_reference((1 << 26) - 1, 0, 0))),
            ("an error that is not there", |it, _| node(it, TEST + 4, u32::MAX << 30 | 1)),
            ("the last error that there could be", |it, _| node(it, TEST + 4, NO_EVENT - 1)),
            ("itself", |it, _| node(it, TEST + 3, word(TEST))),
            ("a later node", |it, _| node(it, TEST + 3, word(GLOB))),
            ("the middle of a node", |it, _| node(it, GLOB + 3, word(TEST + 1))),
            ("beyond all nodes", |it, _| node(it, GLOB + 3, word(END))),
            ("a node as far as there could be one", |it, _| node(it, GLOB + 3, (1 << 31) - 1)),
            ("a match that is not sound, of a test that fails", |it, _| node(it, TEST + 3, 1 << 31 | 7)),
            ("a glob of no field", |it, _| node(it, GLOB, node_head(NODE_GLOB, 0))),
            ("a glob of two fields", |it, _| node(it, GLOB, node_head(NODE_GLOB, 3))),
            ("a glob of a field too far", |it, _| node(it, GLOB, node_head(NODE_GLOB, 8))),
            ("no glob", |it, _| {
                let globs = it.bytes(SectionId::Globs).len() / size_of::<Glob>();
                node(it, GLOB + 1, word(globs));
            }),
            ("a glob that leads nowhere", |it, _| node(it, GLOB + 2, word(END))),
            ("a cut of another param", |it, named| node(it, CUT, node_head(NODE_CUT, (named.n + 1) << 2))),
            ("what is absent leads to none of three", |it, named| {
                node(it, CUT, node_head(NODE_CUT, named.n << 2 | 3))
            }),
            ("a cut of no switch", |it, _| node(it, CUT + 1, word(ONE_CUT + 1))),
            ("a cut of the time", |it, _| node(it, CUT + 1, word(TIME))),
            ("a cut of a switch with texts", |it, _| node(it, CUT + 1, word(PARAM))),
            ("a cut of a switch without cuts", |it, named| {
                node(it, CUT, node_head(NODE_CUT, (named.n + 1) << 2));
                node(it, CUT + 1, word(OTHER));
            }),
            ("a cut below every integer", |it, _| {
                it.change(SectionId::Switches, |all: &mut Vec<U32>| {
                    all.drain(ONE_CUT + 6..ONE_CUT + 8);
                    (all[ONE_CUT + 4], all[ONE_CUT + 5]) = (U32::new(1), U32::new(1));
                });
            }),
            ("another integer", |it, _| node(it, CUT + 2, 4)),
            ("a much larger integer", |it, _| node(it, CUT + 3, 1)),
            ("below a cut leads nowhere", |it, _| node(it, CUT + 4, word(END))),
            ("beyond a cut leads nowhere", |it, _| node(it, CUT + 5, word(END))),
            ("no number leads nowhere", |it, _| node(it, CUT + 6, word(CUT))),
            ("a switch node with a number", |it, _| node(it, BY_PARAM, node_head(NODE_SWITCH, 1))),
            ("the middle of a switch", |it, _| node(it, BY_PARAM + 1, word(PARAM + 1))),
            ("beyond all switches", |it, _| node(it, BY_PARAM + 1, word(SWITCHES_END))),
            ("a switch far away", |it, _| node(it, BY_PARAM + 1, u32::MAX)),
            ("a switch with more cells", |it, _| node(it, BY_PARAM + 1, word(TIME))),
            ("a switch with fewer cells", |it, _| node(it, BY_TIME + 1, word(PARAM))),
            ("a cell that leads nowhere", |it, _| node(it, BY_PARAM + 10, word(END))),
            ("a first cell that leads nowhere", |it, _| node(it, BY_PARAM + 2, word(END))),
            ("the first of none", |it, _| node(it, FIRST, node_head(NODE_FIRST, 0))),
            ("more references than bits", |it, _| node(it, FIRST, node_head(NODE_FIRST, 3))),
            ("fewer references than bits", |it, _| node(it, FIRST, node_head(NODE_FIRST, 1))),
            ("fewer bits than references", |it, _| node(it, FIRST + 4, 0b1)),
            ("the first of none, without bits", |it, named| {
                let first = [node_head(NODE_FIRST, 0), named.globs, FIELD_TARGET, NO_EVENT, 0, 0];
                it.change(SectionId::Nodes, |all: &mut Vec<U32>| all.extend(words(&first)));
            }),
            ("references beyond all", |it, _| node(it, FIRST, u32::MAX << 8 | NODE_FIRST)),
            ("no group", |it, _| node(it, FIRST + 1, 2)),
            ("a group of globs in no field", |it, _| node(it, FIRST + 2, 0)),
            ("a group of globs in two fields", |it, _| node(it, FIRST + 2, 3)),
            ("none of a group leads nowhere", |it, _| node(it, FIRST + 3, word(FIRST))),
            ("a bit that the group has not", |it, _| node(it, FIRST + 4, 0b101)),
            ("a bit far beyond the group", |it, _| {
                node(it, FIRST + 4, 0b1);
                node(it, FIRST + 5, 1 << 31);
            }),
            ("a member that leads nowhere", |it, _| node(it, FIRST + 7, word(FIRST))),
            ("a group of patterns in no param", |it, _| node(it, PATTERNS + 2, 2)),
            ("a group of patterns in a param too far", |it, _| node(it, PATTERNS + 2, u32::MAX)),
            ("more rows than there are", |it, _| node(it, ROWS, node_head(NODE_ROWS, 2))),
            ("rows beyond all", |it, _| node(it, ROWS, u32::MAX << 8 | NODE_ROWS)),
            ("fewer rows than there are", |it, _| node(it, ROWS, node_head(NODE_ROWS, 0))),
            ("rows that lead nowhere", |it, _| node(it, ROWS + 1, word(ROWS))),
            ("rows of no rule", |it, _| node(it, ROWS + 2, 0)),
            ("rows of a rule fewer", |it, _| node(it, ROWS + 2, 1)),
            ("rows of rules beyond all", |it, _| node(it, ROWS + 2, u32::MAX)),
            ("untold of a rule that is not there", |it, _| node(it, ROWS + 3, 0b100)),
            ("untold of a rule far away", |it, _| node(it, ROWS + 4, 1)),
            ("a rule that is not there", |it, _| node(it, ROWS + 6, 7)),
            ("a rule that is not there, of rows that lead to nothing", |it, _| {
                node(it, ROWS + 1, NO_EVENT);
                node(it, ROWS + 6, 7);
            }),
            ("rows of a rule twice", |it, _| node(it, ROWS + 6, 2)),
            ("rows of rules that go down", |it, _| node(it, ROWS + 6, 1)),
            ("rows by no switch", |it, _| node(it, ROWS + 7, word(PARAM + 1))),
            ("rows by a switch with more cells", |it, _| node(it, ROWS + 7, word(TIME))),
            ("may hold, of a rule that is not there", |it, _| node(it, ROWS + 8, 0b100)),
            ("may hold, of a rule far away", |it, _| node(it, ROWS + 9, 1)),
            ("an error of a rule that is not there", |it, _| node(it, ROWS + 10, 0b100)),
            ("an error of a rule far away", |it, _| node(it, ROWS + 11, 1)),
            ("the last cell", |it, _| node(it, END - 1, 1)),
            ("a node cut short", |it, _| it.bytes(SectionId::Nodes).truncate(4 * (END - 1))),
            ("words that are no node", |it, _| {
                it.change(SectionId::Nodes, |all: &mut Vec<U32>| all.push(U32::new(NODE_TEST)));
            }),
            ("rows that lead to a rule of theirs", |it, named| node(it, ROWS + 1, named.matches[3])),
            ("rows that lead to a rule before", |it, named| node(it, ROWS + 1, named.matches[0])),
            ("rows that lead to an error before", |it, _| node(it, ROWS + 1, u32::MAX << 30)),
            ("rows that lead to a test of a rule before", |it, _| node(it, ROWS + 1, word(TEST))),
            ("rows that lead on to a rule before", |it, _| node(it, ROWS + 1, word(BY_TIME))),
            ("rows that lead to the first of rules before", |it, _| node(it, ROWS + 1, word(FIRST))),
            ("rows of too many rules", |it, _| rows_of(it, MAX_ROW_RULES + 1)),
        ],
    ),
    (
        "roots section is not in order",
        &[
            ("by kind", |it, _| {
                it.change(SectionId::Roots, |all: &mut Vec<Root>| all.swap(PREFIX, NODE));
            }),
            ("by fields", |it, _| root(it, SUFFIX, |root| set(&mut root.kind, ROOT_PREFIX))),
            ("twice", |it, _| {
                it.change(SectionId::Roots, |all: &mut Vec<Root>| all.push(all[NODE]));
            }),
        ],
    ),
    (
        "roots section has an unsound root",
        &[
            ("of no kind", |it, _| root(it, NODE, |root| set(&mut root.kind, ROOT_NODE + 1))),
            ("with more", |it, _| root(it, NODE, |root| set(&mut root.reserved, 1))),
            ("literals of no field", |it, _| root(it, HASH, |root| set(&mut root.fields, 0))),
            ("literals of a field too far", |it, _| root(it, HASH, |root| set(&mut root.fields, 8))),
            ("hashed by nothing", |it, _| root(it, HASH, |root| set(&mut root.hashed, 0))),
            ("hashed by another field", |it, _| root(it, HASH, |root| set(&mut root.hashed, 3))),
            ("beginnings of two fields", |it, _| root(it, STARTS, |root| set(&mut root.fields, 3))),
            ("beginnings of no length", |it, _| root(it, STARTS, |root| root.lengths = NO_LENGTHS)),
            ("the same length twice", |it, _| {
                root(it, STARTS, |root| root.lengths[1] = root.lengths[0]);
            }),
            ("lengths that go up", |it, _| root(it, STARTS, |root| root.lengths[0].length = 0)),
            ("a length behind the last", |it, _| {
                root(it, STARTS, |root| root.lengths[3] = length(1, 0, 0));
            }),
            ("the edge of no length", |it, _| root(it, STARTS, |root| root.lengths[7].edge = 1)),
            ("neither an edge nor none", |it, _| root(it, STARTS, |root| root.lengths[1].has_edge = 2)),
            ("literals with a length", |it, _| root(it, HASH, |root| root.lengths[0].length = 1)),
            ("beginnings that are not hashed", |it, _| root(it, STARTS, |root| set(&mut root.hashed, 0))),
            ("buckets after a gap", |it, _| root(it, HASH, |root| set(&mut root.first, 5))),
            ("the last buckets alone", |it, _| {
                root(it, HASH, |root| (root.first, root.count) = (U32::new(5), U32::new(1)));
            }),
            ("no buckets", |it, _| root(it, HASH, |root| set(&mut root.count, 0))),
            ("buckets beyond all", |it, _| root(it, STARTS, |root| set(&mut root.count, 3))),
            ("so many buckets", |it, _| root(it, HASH, |root| set(&mut root.count, u32::MAX))),
            ("pilots beyond all", |it, _| root(it, STARTS, |root| set(&mut root.pilots, 3))),
            ("so many pilots", |it, _| root(it, STARTS, |root| set(&mut root.pilots, u32::MAX))),
            ("what begins two fields", |it, _| root(it, PREFIX, |root| set(&mut root.fields, 6))),
            ("what begins no field", |it, _| root(it, PREFIX, |root| set(&mut root.fields, 0))),
            ("slots after a gap", |it, _| root(it, SUFFIX, |root| set(&mut root.first, 2))),
            ("slots from the second", |it, _| root(it, PREFIX, |root| set(&mut root.first, 1))),
            ("no slots", |it, _| root(it, PREFIX, |root| set(&mut root.count, 0))),
            ("slots beyond all", |it, _| root(it, SUFFIX, |root| set(&mut root.count, 2))),
            ("a trie that is hashed", |it, _| root(it, PREFIX, |root| set(&mut root.hashed, FIELD_AGENT))),
            ("a trie with pilots", |it, _| root(it, PREFIX, |root| set(&mut root.pilots, 1))),
            ("a trie with a seed", |it, _| root(it, SUFFIX, |root| root.seed = U64::new(1))),
            ("a node of a field", |it, _| root(it, NODE, |root| set(&mut root.fields, FIELD_TYPE))),
            ("a node with a count", |it, _| root(it, NODE, |root| set(&mut root.count, 1))),
            ("a node with a seed", |it, _| root(it, NODE, |root| root.seed = U64::new(1 << 63))),
            ("a node that is hashed", |it, _| root(it, NODE, |root| set(&mut root.hashed, FIELD_TYPE))),
            ("a node with pilots", |it, _| root(it, NODE, |root| set(&mut root.pilots, 1))),
            ("no node", |it, _| root(it, NODE, |root| set(&mut root.first, word(END)))),
            ("the middle of a node", |it, _| root(it, NODE, |root| set(&mut root.first, word(ROWS + 1)))),
            ("a rule before the first", |it, _| root(it, NODE, |root| set(&mut root.first_rule, 3))),
            ("a rule before the first that is none", |it, _| {
                root(it, NODE, |root| set(&mut root.first_rule, u32::MAX));
            }),
        ],
    ),
    ("buckets section has pilots beyond the last", &[("half a word", |it, _| bucket(it, 0, 1 << 16))]),
    (
        "buckets section has an unsound bucket",
        &[
            ("no pilots where there are some", |it, _| root(it, HASH, |root| set(&mut root.pilots, 0))),
            ("no node", |it, _| bucket(it, 2, word(END))),
            ("another outcome", |it, named| bucket(it, 2, named.matches[6] ^ 1 << 28)),
            ("an error that is not there", |it, _| bucket(it, 2, u32::MAX << 30 | 1)),
            ("a key that is no text", |it, _| bucket(it, 4, u32::MAX)),
            ("a key that is too long", |it, _| bucket(it, 5, u32::MAX)),
            ("keys that are too long together", |it, _| {
                root(it, HASH, |root| (root.fields, root.count) = (U32::new(3), U32::new(1)));
                it.change(SectionId::Buckets, |all: &mut Vec<U32>| {
                    all.splice(5..11, words(&[1, u32::MAX]));
                });
                root(it, STARTS, |root| set(&mut root.first, 7));
            }),
            ("a key that is taken away", |it, _| bucket(it, 2, NO_EVENT)),
            ("a hash without a key", |it, _| bucket(it, 6, 1)),
            ("a bound without a key", |it, _| bucket(it, 8, 1)),
            ("a text without a key", |it, _| bucket(it, 9, 1)),
            ("the length of a text without a key", |it, _| bucket(it, 10, 1)),
            ("a rule before the first", |it, named| bucket(it, 2, named.matches[5])),
            ("an error before the first rule", |it, _| bucket(it, 2, u32::MAX << 30)),
        ],
    ),
    (
        "buckets section has buckets of no root",
        &[
            ("a bucket more", |it, _| {
                it.change(SectionId::Buckets, |all| all.extend(words(&[0, NO_EVENT, 0, 0, 0])));
            }),
            ("a word more", |it, _| {
                it.change(SectionId::Buckets, |all: &mut Vec<U32>| all.push(U32::new(0)));
            }),
        ],
    ),
    (
        "slots section has a slot that no walk finds",
        &[
            ("a root with a parent", |it, _| slot(it, 0, |slot| set(&mut slot.parent, 1))),
            ("a parent that is not there", |it, _| slot(it, 1, |slot| set(&mut slot.parent, 4))),
            ("a parent far away", |it, _| slot(it, 1, |slot| set(&mut slot.parent, u32::MAX))),
            ("children that begin after", |it, _| slot(it, 0, |slot| set(&mut slot.base, 2))),
            ("children beyond all", |it, _| slot(it, 1, |slot| set(&mut slot.base, 3))),
            ("children far away", |it, _| slot(it, 1, |slot| set(&mut slot.base, u32::MAX))),
            ("a reference that is not used", |it, named| {
                let dex = named.matches[4];
                slot(it, 2, |slot| set(&mut slot.reference, dex));
            }),
            ("children of a slot that is not used", |it, _| slot(it, 2, |slot| set(&mut slot.base, 1))),
            ("the child of itself", |it, _| {
                slot(it, 1, |slot| (slot.parent, slot.base) = (U32::new(2), U32::new(0)));
            }),
            ("children of each other", |it, _| {
                slot(it, 1, |slot| set(&mut slot.parent, 3));
                slot(it, 2, |slot| set(&mut slot.parent, 2));
            }),
            ("the child of a slot that is not used", |it, _| slot(it, 1, |slot| set(&mut slot.parent, 3))),
            ("in another trie", |it, _| slot(it, 3, |slot| set(&mut slot.base, 1))),
        ],
    ),
    (
        "slots section has an unsound reference",
        &[
            ("no node", |it, _| slot(it, 1, |slot| set(&mut slot.reference, word(END)))),
            ("of the root", |it, _| slot(it, 3, |slot| set(&mut slot.reference, word(TEST + 1)))),
            ("a match of no rule", |it, _| {
                slot(it, 1, |slot| set(&mut slot.reference, match_reference(7, 0, 0)));
            }),
            ("a rule before the first", |it, _| root(it, PREFIX, |root| set(&mut root.first_rule, 1))),
        ],
    ),
    (
        "slots section has slots of no root",
        &[("a slot more", |it, _| {
            it.change(SectionId::Slots, |all: &mut Vec<Slot>| all.push(all[2]));
        })],
    ),
];

/// On the right side of a bound.
const SOUND: &[Fault] = &[
    ("no errors", |it, _| {
        it.bytes(SectionId::Errors).clear();
        for at in [TEST + 4, BY_PARAM + 3, BY_PARAM + 4, BY_PARAM + 6, BY_PARAM + 7, CUT + 6] {
            node(it, at, NO_EVENT);
        }
    }),
    ("the last rule of all", |it, named| node(it, TEST + 2, named.matches[6])),
    ("integers below every cut", |it, _| {
        switch(it, PARAM + 4, 1);
        switch(it, PARAM + 5, 2);
    }),
    ("integers alike", |it, _| {
        it.change(SectionId::Switches, |all: &mut Vec<U32>| {
            set(&mut all[PARAM + 5], 2);
            all.splice(PARAM + 8..PARAM + 8, words(&[5, 0]));
        });
        // The others stand two words later.
        node(it, BY_TIME + 1, word(TIME + 2));
        node(it, BY_TEXT + 1, word(OTHER + 2));
        node(it, CUT + 1, word(ONE_CUT + 2));
    }),
    ("the last minute", |it, _| switch(it, TIME + 3, 24 * 60 - 1)),
    ("buckets of searches just short enough", |it, _| texts_in_a_row(it, MAX_PROBES - 1)),
    ("as many rules in rows as there may be", |it, _| rows_of(it, MAX_ROW_RULES)),
    ("rows that lead to nothing", |it, _| node(it, ROWS + 1, NO_EVENT)),
    ("a group of patterns in the other param", |it, _| node(it, PATTERNS + 2, 0)),
    ("another pilot", |it, _| bucket(it, 0, 0xffff)),
    ("a first rule before all", |it, _| root(it, NODE, |root| set(&mut root.first_rule, 0))),
    ("slots in a row", |it, named| {
        let dex = named.matches[4];
        slot(it, 2, |slot| (slot.parent, slot.reference) = (U32::new(2), U32::new(dex)));
    }),
    ("a child before its parent", |it, named| {
        let dex = named.matches[4];
        slot(it, 1, |slot| (slot.parent, slot.reference) = (U32::new(3), U32::new(dex)));
        slot(it, 2, |slot| set(&mut slot.parent, 1));
    }),
    ("no roots", |it, _| {
        for section in [SectionId::Roots, SectionId::Buckets, SectionId::Slots] {
            it.bytes(section).clear();
        }
    }),
    ("nothing of it all", |it, _| {
        let graph = [SectionId::Errors, SectionId::Switches, SectionId::Nodes];
        for section in graph.into_iter().chain([SectionId::Roots, SectionId::Buckets, SectionId::Slots]) {
            it.bytes(section).clear();
        }
    }),
];

/// A switch behind the others, with a text in so many buckets in a row, and one free.
fn texts_in_a_row(it: &mut Crafted, buckets: u32) {
    let Text { offset, length } = Named::of(it).one;
    it.change(SectionId::Switches, |all: &mut Vec<U32>| {
        all.extend(words(&[0, 1, buckets + 1, 0, 0, 0, offset.get(), length.get(), 0]));
        all.extend(std::iter::repeat_n(U32::new(1), usize::try_from(buckets).unwrap()));
    });
}

/// A node behind the others, of rows without a row, and rules for it.
fn rows_of(it: &mut Crafted, rules: u32) {
    let mut more = Crafted::of(&format!("{RULES}{}", "  - {name: more}\n".repeat(64)));
    for section in [SectionId::Errors, SectionId::Switches, SectionId::Nodes, SectionId::Buckets] {
        *more.bytes(section) = it.bytes(section).clone();
    }
    for section in [SectionId::Slots, SectionId::Roots] {
        *more.bytes(section) = it.bytes(section).clone();
    }
    *it = more;
    it.change(SectionId::Nodes, |all: &mut Vec<U32>| {
        all.extend(words(&[node_head(NODE_ROWS, 0), NO_EVENT, rules, u32::MAX, u32::MAX]));
        all.extend((0..rules).map(U32::new));
    });
}

#[test]
fn each_word_of_the_graph() {
    let mut sound = drawn();
    let named = Named::of(&mut sound);
    let mut wrong = Vec::new();
    for (words, faults) in FAULTS {
        for (what, change) in *faults {
            let mut crafted = sound.clone();
            change(&mut crafted, &named);
            let said =
                Policy::from_bytes(crafted.0.assemble()).map_or_else(|e| e.to_string(), |_| String::new());
            if said != format!("malformed artifact: the {words}") {
                wrong.push(format!("{what}: expected `{words}`: {said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn on_the_right_side_of_each_bound() {
    let mut sound = drawn();
    let named = Named::of(&mut sound);
    bodies::exercise_any(&sound.accepted());
    for (what, change) in SOUND {
        println!("{what}");
        let mut crafted = sound.clone();
        change(&mut crafted, &named);
        bodies::exercise_any(&crafted.accepted());
    }
}

/// The drawn graph is walked as it is drawn: by each root, and by each kind of node.
#[test]
fn the_graph_decides_as_it_is_drawn() {
    let policy = drawn().accepted();
    let night = Timestamp::from_unix(1_773_800_000, 0);
    let cases = [
        // The literal leaves rules before it to the other roots: the rest of the type, always, then rows.
        (Action::new("x", ""), "x"),
        (Action::new("x", "").param("n", 6), "many"),
        (Action::new("x", "").param("n", 5), "x"),
        (Action::new("x", "my secret").param("n", 6), "secret"),
        (Action::new("y", ""), "<default>"),
        // Rows: a rule that is asked, and what follows them.
        (Action::new("y", "").param("n", 4).param("p", "a.exe"), "x"),
        (Action::new("y", "").param("n", 4).param("p", "a.dex"), "dex"),
        (Action::new("y", "").param("p", ""), "x"),
        // The agent's beginning: the first glob of a group, or by the param.
        (Action::new("y", "key").agent("\u{1}"), "key"),
        (Action::new("y", "secret key").agent("\u{1}b"), "secret"),
        (Action::new("y", "").agent("\u{1}").param("n", 5.5), "many"),
        (Action::new("y", "").agent("\u{2}").param("n", "two"), "many: an error"),
        (Action::new("y", "").agent("\u{1}").param("n", "one"), "many: an error"),
    ];
    for (action, expected) in cases {
        for decision in [policy.evaluate(&action, NoClock), policy.evaluate(&action, night)] {
            let error = if decision.error().is_some() { ": an error" } else { "" };
            assert_eq!(format!("{}{error}", decision.rule_name()), expected, "{action:?}");
        }
    }
}
