//! The artifact whose graph is drawn by hand, and where its parts stand.

use crate::support::crafted::Crafted;
use aegis_vm::format::{
    AffixLength, CONST_FLOAT, CONST_INT, CONST_STR, CUT_NO_EVENT, Const, FIELD_AGENT, FIELD_TARGET,
    FIELD_TYPE, GLOB_GROUPED, GROUP_BACKWARD, GROUP_GLOBS, Glob, Group, MAX_LENGTHS, NO_EVENT, NODE_CUT,
    NODE_FIRST, NODE_GLOB, NODE_ROWS, NODE_SWITCH, NODE_TEST, OP_GT, ROOT_HASH, ROOT_NODE, ROOT_PREFIX,
    ROOT_STARTS, ROOT_SUFFIX, Root, Rule, RuleError, SectionId, Slot, TIME_SWITCH, Test, Text, bucket_of,
    hash_bytes, low_half, match_reference, node_head,
};
use zerocopy::little_endian::{U32, U64};

pub(super) const RULES: &str = r"
rules:
  - {name: secret, match: {target: '*secret*'}, approval: block, risk_level: high}
  - {name: key, match: {target: '*key*'}, approval: approve, risk_level: medium}
  - {name: many, conditions: {param_gt: {n: 5}}, approval: auto}
  - {name: exe, conditions: {param_matches: {p: '\.exe$'}, param_eq: {p: one}}}
  - {name: dex, conditions: {param_matches: {p: '\.dex$'}}}
  - {name: never, conditions: {param_lt: {n: .nan}}, approval: auto, risk_level: low}
  - {name: x, match: {type: x}, risk_level: critical}
";

/// The records that the words below name.
pub(super) struct Named {
    /// The rules' references, in order.
    pub(super) matches: [u32; 7],
    /// Param `n`; `p` is the one after it.
    pub(super) n: u32,
    /// The constants 5 and NaN, and that of `one`.
    pub(super) five: u32,
    pub(super) nan: u32,
    pub(super) one: Text,
    pub(super) text: u32,
    /// The test of `many`.
    pub(super) test: u32,
    /// A glob over targets, and the group of both.
    pub(super) glob: u32,
    pub(super) globs: u32,
    /// The group of the patterns.
    pub(super) patterns: u32,
    /// The literal `x`.
    pub(super) x: Text,
}

pub(super) fn place<T>(records: &[T], is: impl Fn(&T) -> bool) -> u32 {
    u32::try_from(records.iter().position(is).unwrap()).unwrap()
}

impl Named {
    pub(super) fn of(it: &mut Crafted) -> Self {
        let rules: Vec<Rule> = it.records(SectionId::Rules);
        let matches = |at: usize| {
            match_reference(u32::try_from(at).unwrap(), rules[at].approval(), rules[at].risk_level())
        };
        let consts: Vec<Const> = it.records(SectionId::Consts);
        let tag = |tag: u32| move |constant: &Const| constant.tag.get() == tag;
        let text = place(&consts, tag(CONST_STR));
        let one = consts[usize::try_from(text).unwrap()];
        let groups: Vec<Group> = it.records(SectionId::Groups);
        let globs: Vec<Glob> = it.records(SectionId::Globs);
        let x = globs[usize::try_from(rules[6].type_glob.get()).unwrap()];
        let params: Vec<Text> = it.records(SectionId::Params);
        assert_eq!((params.len(), rules.len()), (2, 7));
        Named {
            matches: std::array::from_fn(matches),
            n: 0,
            five: place(&consts, tag(CONST_INT)),
            nan: place(&consts, tag(CONST_FLOAT)),
            one: Text { offset: U32::new(u32::try_from(one.payload.get()).unwrap()), length: one.n },
            text,
            test: place(&it.records(SectionId::Tests), |test: &Test| test.op.get() == OP_GT),
            glob: place(&globs, |glob| glob.kind() == GLOB_GROUPED),
            globs: place(&groups, |group| group.kind.get() == GROUP_GLOBS),
            patterns: place(&groups, |group| group.kind.get() == GROUP_BACKWARD),
            x: Text { offset: x.place, length: U32::new(x.length()) },
        }
    }
}

/// Where the switches, and where the nodes begin.
pub(super) const PARAM: usize = 0;
pub(super) const TIME: usize = 16;
pub(super) const OTHER: usize = 20;
pub(super) const ONE_CUT: usize = 26;
pub(super) const SWITCHES_END: usize = 36;
pub(super) const TEST: usize = 0;
pub(super) const GLOB: usize = 5;
pub(super) const BY_PARAM: usize = 9;
pub(super) const BY_TIME: usize = 20;
pub(super) const FIRST: usize = 44;
pub(super) const PATTERNS: usize = 52;
pub(super) const BY_TEXT: usize = 59;
pub(super) const ROWS: usize = 67;
pub(super) const CUT: usize = 67 + 5 + 2 + 1 + 36;
pub(super) const END: usize = CUT + 7;

pub(super) fn word(n: usize) -> u32 {
    u32::try_from(n).unwrap()
}

pub(super) fn words(words: &[u32]) -> Vec<U32> {
    words.iter().map(|&word| U32::new(word)).collect()
}

/// An artifact whose graph is drawn here, with every kind of node and of root.
pub(super) fn drawn() -> Crafted {
    let mut it = Crafted::of(RULES);
    let Named { matches, n, five, one, test, glob, globs, patterns, x, .. } = Named::of(&mut it);
    let [secret, key, many, _, dex, _, last] = matches;
    let error = u32::MAX << 30;
    let many_errors = RuleError { rule: U32::new(2), test: U32::new(test) };
    it.change(SectionId::Errors, |all: &mut Vec<RuleError>| *all = vec![many_errors]);
    // n: one text in two buckets; at or beyond 5, and beyond it, of which the first is told by an integer.
    let (offset, length) = (one.offset.get(), one.length.get());
    let by_n = [n, 1, 2, 2, 0, 1, 5, 0, offset, length, 0, 1, five, 0, five, 1];
    let by_time = [TIME_SWITCH, 2, 540, 1020];
    it.change(SectionId::Switches, |all| {
        let one_cut = [n, 0, 0, 1, 0, 1, 5, 0, five, 0];
        *all = words(&[&by_n[..], &by_time[..], &[n + 1, 0, 0, 0, 0, 0], &one_cut].concat());
        assert_eq!(all.len(), SWITCHES_END);
    });
    let mut nodes = vec![node_head(NODE_TEST, 0), test, many, NO_EVENT, error];
    nodes.extend([node_head(NODE_GLOB, FIELD_TARGET), glob, secret, word(TEST)]);
    nodes.extend([node_head(NODE_SWITCH, 0), word(PARAM)]);
    nodes.extend([NO_EVENT, error, error, NO_EVENT, error, error, NO_EVENT, NO_EVENT, many]);
    nodes.extend([node_head(NODE_SWITCH, 0), word(TIME)]);
    nodes.extend([word(GLOB); 22]);
    nodes.extend([node_head(NODE_FIRST, 2), globs, FIELD_TARGET, word(BY_PARAM), 0b11, 0, secret, key]);
    nodes.extend([node_head(NODE_FIRST, 1), patterns, n + 1, last, 0b10, 0, dex]);
    nodes.extend([node_head(NODE_SWITCH, 0), word(OTHER)]);
    nodes.extend([NO_EVENT, NO_EVENT, NO_EVENT, NO_EVENT, word(PATTERNS), NO_EVENT]);
    nodes.extend([node_head(NODE_ROWS, 1), word(BY_TEXT), 2, 0b10, 0, 2, 3, word(PARAM)]);
    // Nothing of a param that is absent; both rules, each asked test by test, of the text and of numbers.
    nodes.extend([[0, 0, 0, 0]; 5].concat());
    nodes.extend([[0b10, 0, 0b01, 0]; 4].concat());
    nodes.extend([node_head(NODE_CUT, n << 2 | CUT_NO_EVENT), word(ONE_CUT), 5, 0, NO_EVENT, many, error]);
    assert_eq!(nodes.len(), END);
    it.change(SectionId::Nodes, |all| *all = words(&nodes));
    let hash = hash_bytes(9, b"x");
    // One pilot, with which the key stands in the first of two buckets.
    let pilot = (0..100).find(|&pilot| bucket_of(hash, pilot, 2) == 0).unwrap();
    let used = [low_half(hash), last, 2, x.offset.get(), x.length.get()];
    let table = [&[u32::from(pilot)][..], &used[..], &[0, NO_EVENT, 0, 0, 0]].concat();
    it.change(SectionId::Buckets, |all| *all = words(&[&table[..], &table[..]].concat()));
    it.change(SectionId::Slots, |all: &mut Vec<Slot>| {
        let slot = |base: u32, parent: u32, reference: u32| Slot {
            base: U32::new(base),
            parent: U32::new(parent),
            reference: U32::new(reference),
        };
        let by_first = [slot(0, 0, NO_EVENT), slot(0, 1, word(FIRST)), slot(0, 0, NO_EVENT)];
        *all = by_first.into_iter().chain([slot(0, 0, word(BY_TIME))]).collect();
    });
    it.change(SectionId::Roots, |all: &mut Vec<Root>| {
        let is_hashed = |kind| [ROOT_HASH, ROOT_STARTS].contains(&kind);
        let root = |kind: u32, fields: u32, first: u32, count: u32, first_rule: u32| Root {
            kind: U32::new(kind),
            fields: U32::new(fields),
            hashed: U32::new(if is_hashed(kind) { fields } else { 0 }),
            first: U32::new(first),
            count: U32::new(count),
            pilots: U32::new(if is_hashed(kind) { 1 } else { 0 }),
            first_rule: U32::new(first_rule),
            lengths: if kind == ROOT_STARTS { LENGTHS } else { NO_LENGTHS },
            reserved: U32::new(0),
            seed: U64::new(if is_hashed(kind) { 9 } else { 0 }),
        };
        *all = vec![
            root(ROOT_HASH, FIELD_TYPE, 0, 2, 6),
            root(ROOT_STARTS, FIELD_TARGET, 11, 2, 6),
            root(ROOT_PREFIX, FIELD_AGENT, 0, 3, 0),
            root(ROOT_SUFFIX, FIELD_TYPE, 3, 1, 0),
            root(ROOT_NODE, 0, word(ROWS), 0, 2),
        ];
    });
    it
}

pub(super) const fn length(length: u8, edge: u8, has_edge: u8) -> AffixLength {
    AffixLength { length, edge, has_edge }
}

pub(super) const NO_LENGTHS: [AffixLength; MAX_LENGTHS] = [length(0, 0, 0); MAX_LENGTHS];

/// Of the root of beginnings in [`drawn`].
pub(super) const LENGTHS: [AffixLength; MAX_LENGTHS] = {
    let mut lengths = NO_LENGTHS;
    lengths[0] = length(3, 0, 0);
    lengths[1] = length(1, b'x', 1);
    lengths
};
