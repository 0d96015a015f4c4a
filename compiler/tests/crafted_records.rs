//! Each kind of record with each of its fields wrong, one at a time: the loader refuses it by the words of
//! the record's own section, before a later check could. Its neighbours, on the right side of each bound,
//! load.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use aegis_vm::format::{
    CONST_BIG_INT, CONST_BOOL, CONST_FLOAT, CONST_FOREIGN, CONST_INT, CONST_LIST, CONST_MAP, CONST_NULL,
    CONST_STR, Const, GLOB_ANY, GLOB_GROUPED, GLOB_LITERAL, GLOB_PREFIX, GLOB_SUFFIX, GLOB_TOKENS, Glob,
    GlobPart, GlobRange, GlobToken, Group, Header, Layer, MAX_SHARED_TESTS, Manifest, NO_MEMBER, OP_CONTAINS,
    OP_EQ, OP_GT, OP_MATCHES, OP_NEEDLE, OP_NEVER, OP_SEMANTIC, OP_TIME_AFTER, OP_TIME_BEFORE, OP_WEEKDAYS,
    Pattern, Rule, SECTIONS, Scan, SectionId, SectionRow, TOKEN_NOT_SET, TOKEN_ONES, TOKEN_RUN, TOKEN_SET,
    TOKEN_TEXT, Test, Text, Word, WordSet,
};
use aegis_vm::{LoadErrorKind, Policy};
use std::mem::offset_of;
use support::crafted::{Crafted, Of};
use support::damage::{EVERY, header_digest};
use zerocopy::little_endian::{U32, U64};

/// Rules after those of [`EVERY`], for what only records beside each other can get wrong.
const MORE: &str = r#"
  - name: bounds
    match: {type: "[ad-f]?", agent: "?[!a-cx]"}
    conditions:
      time_after: "00:00"
      time_before: "23:59"
      weekdays: [1, 2, 3, 4, 5, 6, 7]
      param_eq: {lists: [[1], [2], [], {}, null, {a: 1}]}
  - {name: digits, match: {type: scan}, conditions: {param_contains: {env: "12"}}}
"#;

fn sound() -> Crafted {
    Crafted::of(&format!("{}{MORE}", EVERY.trim_end()))
}

/// What is done to an artifact, in words, and how.
type Fault = (&'static str, fn(&mut Crafted));

/// The first record of a kind.
fn first<T>(records: &mut [T], is: impl Fn(&T) -> bool) -> &mut T {
    records.iter_mut().find(|record| is(record)).unwrap()
}

fn last<T>(records: &mut [T], is: impl Fn(&T) -> bool) -> &mut T {
    records.iter_mut().rfind(|record| is(record)).unwrap()
}

fn count(it: &mut Crafted, section: SectionId, size: usize) -> U32 {
    U32::new(u32::try_from(it.bytes(section).len() / size).unwrap())
}

macro_rules! change {
    ($it:ident, $section:ident, |$records:ident: $record:ty| $change:expr) => {
        _ = $it.change(SectionId::$section, |$records: &mut Vec<$record>| $change)
    };
}

fn token(it: &mut Crafted, kind: u32, change: fn(&mut GlobToken)) {
    change!(it, GlobTokens, |all: GlobToken| change(last(all, |token| token.kind.get() == kind)));
}

fn glob(it: &mut Crafted, kind: u32, change: fn(&mut Glob)) {
    change!(it, Globs, |all: Glob| change(first(all, |glob| glob.kind() == kind)));
}

/// Changes the part of the first glob of a kind.
fn part(it: &mut Crafted, kind: u32, change: impl Fn(&mut GlobPart)) {
    let globs = it.records::<Glob>(SectionId::Globs);
    let place = globs.iter().find(|glob| glob.kind() == kind).unwrap().place.get();
    change!(it, GlobParts, |all: GlobPart| change(&mut all[usize::try_from(place).unwrap()]));
}

/// Makes a glob one of another kind.
fn of_kind(glob: &mut Glob, kind: u32) {
    *glob = Glob::new(kind, glob.place, U32::new(glob.length())).unwrap();
}

fn constant(it: &mut Crafted, tag: u32, change: fn(&mut Const)) {
    change!(it, Consts, |all: Const| change(last(all, |constant| constant.tag.get() == tag)));
}

fn test(it: &mut Crafted, op: u16, change: impl Fn(&mut Test)) {
    change!(it, Tests, |all: Test| change(first(all, |test| test.op.get() == op)));
}

fn rule(it: &mut Crafted, change: impl Fn(&mut Rule)) {
    change!(it, Rules, |all: Rule| change(&mut all[0]));
}

/// The faults of each section's records, by the words that refuse them.
const FAULTS: &[(&str, &[Fault])] = &[
    (
        "glob ranges section has a range that is none",
        &[
            ("backwards", |it| {
                change!(it, GlobRanges, |all: GlobRange| all[0].low = U32::new(all[0].high.get() + 1))
            }),
            ("beyond the characters", |it| {
                change!(it, GlobRanges, |all: GlobRange| all[0].high = U32::new(0x11_0000))
            }),
        ],
    ),
    (
        "glob tokens section has an unsound token",
        &[
            ("no text", |it| token(it, TOKEN_TEXT, |token| token.b = 0.into())),
            ("text that is not there", |it| token(it, TOKEN_TEXT, |token| token.a = u32::MAX.into())),
            ("none of one character", |it| token(it, TOKEN_ONES, |token| token.a = 0.into())),
            ("one character with more", |it| token(it, TOKEN_ONES, |token| token.b = 1.into())),
            ("a run of some", |it| token(it, TOKEN_RUN, |token| token.a = 1.into())),
            ("a run with more", |it| token(it, TOKEN_RUN, |token| token.b = 1.into())),
            ("a set after a gap", |it| token(it, TOKEN_SET, |token| token.a += 1)),
            ("a negated set after a gap", |it| token(it, TOKEN_NOT_SET, |token| token.a += 1)),
            ("a set before", |it| token(it, TOKEN_NOT_SET, |token| token.a = 0.into())),
            ("ranges that touch", |it| {
                change!(it, GlobRanges, |all: GlobRange| {
                    let at = all.iter().position(|range| range.low.get() == u32::from('d')).unwrap();
                    all[at].low = all[at - 1].high;
                });
            }),
            ("ranges in another order", |it| {
                change!(it, GlobRanges, |all: GlobRange| {
                    let at = all.iter().position(|range| range.low.get() == u32::from('d')).unwrap();
                    all.swap(at - 1, at);
                });
            }),
        ],
    ),
    (
        "globs section has an unsound glob, or one twice",
        &[
            ("any without a text", |it| glob(it, GLOB_ANY, |glob| glob.shape = 0.into())),
            ("any that shows another", |it| glob(it, GLOB_PREFIX, |glob| of_kind(glob, GLOB_ANY))),
            ("a prefix without its star", |it| glob(it, GLOB_LITERAL, |glob| of_kind(glob, GLOB_PREFIX))),
            ("a prefix that is cut short", |it| glob(it, GLOB_PREFIX, |glob| glob.shape -= 1)),
            ("a suffix without its star", |it| glob(it, GLOB_LITERAL, |glob| of_kind(glob, GLOB_SUFFIX))),
            ("a suffix that begins later", |it| {
                glob(it, GLOB_SUFFIX, |glob| {
                    glob.place += 1;
                    glob.shape -= 1;
                });
            }),
            ("a kind that is none", |it| {
                let place = it
                    .records::<Glob>(SectionId::Globs)
                    .iter()
                    .filter(|glob| glob.kind() >= GLOB_TOKENS)
                    .count();
                change!(it, Globs, |all: Glob| {
                    let last = all.last_mut().unwrap();
                    *last = Glob::new(7, U32::new(u32::try_from(place).unwrap() - 1), U32::new(0)).unwrap();
                });
            }),
            ("a glob with a part and a length", |it| glob(it, GLOB_TOKENS, |glob| glob.shape += 1)),
            ("another's part", |it| {
                let grouped = it.records::<Glob>(SectionId::Globs);
                let other = grouped.iter().find(|glob| glob.kind() == GLOB_GROUPED).unwrap().place;
                change!(it, Globs, |all: Glob| {
                    first(all, |glob| glob.kind() == GLOB_TOKENS).place = other;
                });
            }),
            ("tokens after a gap", |it| part(it, GLOB_TOKENS, |part| part.a += 1)),
            ("tokens beyond all", |it| part(it, GLOB_TOKENS, |part| part.b = u32::MAX.into())),
            ("the group after the last", |it| {
                let groups = u32::try_from(it.records::<Group>(SectionId::Groups).len()).unwrap();
                part(it, GLOB_GROUPED, |part| part.a = groups.into());
            }),
            ("the bit after the last", |it| part(it, GLOB_GROUPED, |part| part.b = 64.into())),
        ],
    ),
    (
        "params section is not sorted",
        &[("a name twice", |it| change!(it, Params, |all: Text| all[1] = all[0]))],
    ),
    (
        "words section is not sorted",
        &[("a word twice", |it| change!(it, Words, |all: Word| all[1] = all[0]))],
    ),
    (
        "constants section has an unsound constant",
        &[
            ("null with a count", |it| constant(it, CONST_NULL, |null| null.n = 1.into())),
            ("null with more", |it| constant(it, CONST_NULL, |null| null.payload = 1.into())),
            ("a boolean with a count", |it| constant(it, CONST_BOOL, |boolean| boolean.n = 1.into())),
            ("neither true nor false", |it| constant(it, CONST_BOOL, |boolean| boolean.payload = 2.into())),
            ("an integer with a count", |it| constant(it, CONST_INT, |int| int.n = 1.into())),
            ("a float with a count", |it| constant(it, CONST_FLOAT, |float| float.n = 1.into())),
            ("a long integer without digits", |it| {
                let at = it.bytes(SectionId::Strings).iter().position(|&byte| byte == b'w').unwrap();
                change!(it, Consts, |all: Const| {
                    let int = first(all, |constant| constant.tag.get() == CONST_BIG_INT);
                    (int.n, int.payload) = (1.into(), u64::try_from(at).unwrap().into());
                });
            }),
            ("text that is not there", |it| constant(it, CONST_STR, |text| text.payload = u64::MAX.into())),
            ("foreign of no kind", |it| constant(it, CONST_FOREIGN, |foreign| foreign.n = 2.into())),
            ("foreign with more", |it| constant(it, CONST_FOREIGN, |foreign| foreign.payload = 1.into())),
            ("no kind", |it| constant(it, CONST_FOREIGN, |foreign| foreign.tag = 9.into())),
            ("items at the start", |it| {
                constant(it, CONST_LIST, |list| (list.n, list.payload) = (1.into(), 0.into()));
            }),
            ("no items, somewhere", |it| {
                constant(it, CONST_LIST, |list| (list.n, list.payload) = (0.into(), 1.into()));
            }),
            ("a list in itself", |it| {
                change!(it, Consts, |all: Const| {
                    let at = all.iter().rposition(|constant| constant.tag.get() == CONST_LIST).unwrap();
                    (all[at].n, all[at].payload) = (1.into(), u64::try_from(at).unwrap().into());
                });
            }),
            ("items beyond all", |it| {
                change!(it, Consts, |all: Const| {
                    let list = first(all, |constant| constant.tag.get() == CONST_LIST);
                    list.n = u32::try_from(1 << 20).unwrap().into();
                });
            }),
            ("the items of another", |it| {
                change!(it, Consts, |all: Const| {
                    let is = |constant: &Const| constant.tag.get() == CONST_LIST && constant.n.get() == 1;
                    let payload = last(all, is).payload;
                    first(all, is).payload = payload;
                });
            }),
            ("a key that is no text", |it| {
                change!(it, Consts, |all: Const| {
                    let is = |constant: &Const| constant.tag.get() == CONST_MAP && constant.n.get() > 0;
                    let key = usize::try_from(first(all, is).payload.get()).unwrap();
                    (all[key].tag, all[key].n, all[key].payload) = (CONST_NULL.into(), 0.into(), 0.into());
                });
            }),
            ("too deep", |it| nest(it, 257)),
        ],
    ),
    (
        "needles section has an unsound needle",
        &[
            ("no text", |it| needle(it, |text| text.n = 0.into())),
            ("a number", |it| needle(it, |text| text.tag = CONST_BIG_INT.into())),
        ],
    ),
    (
        "word sets section has a word that its scan does not look for",
        &[
            ("no text", |it| change!(it, Words, |all: Word| all[0].text.length = 0.into())),
            ("no scan", |it| change!(it, WordSets, |all: WordSet| all[0].scan = 9.into())),
            ("the scan of a param", |it| change!(it, WordSets, |all: WordSet| all[0].scan = 0.into())),
            ("no member", |it| change!(it, Words, |all: Word| all[0].member = 2048.into())),
        ],
    ),
    (
        "tests section has an unsound test",
        &[
            ("never, with a value", |it| test(it, OP_NEVER, |test| test.a = 1.into())),
            ("never, with more", |it| test(it, OP_NEVER, |test| test.b = 1.into())),
            ("after the end of the day", |it| test(it, OP_TIME_AFTER, |test| test.a = 1440.into())),
            ("before the end of the next day", |it| test(it, OP_TIME_BEFORE, |test| test.a = 1441.into())),
            ("a time with more", |it| test(it, OP_TIME_BEFORE, |test| test.b = 1.into())),
            ("an eighth day", |it| test(it, OP_WEEKDAYS, |test| test.a = 128.into())),
            ("days with more", |it| test(it, OP_WEEKDAYS, |test| test.b = 1.into())),
            ("equal to nothing", |it| {
                let count = count(it, SectionId::Consts, size_of::<Const>());
                test(it, OP_EQ, |test| test.b = count);
            }),
            ("no param equal", |it| {
                let count = count(it, SectionId::Params, size_of::<Text>());
                test(it, OP_EQ, |test| test.a = count);
            }),
            ("no param contains", |it| {
                let count = count(it, SectionId::Params, size_of::<Text>());
                test(it, OP_CONTAINS, |test| test.a = count);
            }),
            ("no param above", |it| {
                let count = count(it, SectionId::Params, size_of::<Text>());
                test(it, OP_GT, |test| test.a = count);
            }),
            ("above nothing", |it| {
                let count = count(it, SectionId::Consts, size_of::<Const>());
                test(it, OP_GT, |test| test.b = count);
            }),
            ("above a list", |it| {
                let all: Vec<Const> = it.records(SectionId::Consts);
                let list = all.iter().position(|constant| constant.tag.get() == CONST_LIST).unwrap();
                test(it, OP_GT, |test| test.b = u32::try_from(list).unwrap().into());
            }),
            ("no param matches", |it| {
                let count = count(it, SectionId::Params, size_of::<Text>());
                test(it, OP_MATCHES, |test| test.a = count);
            }),
            ("matches nothing", |it| {
                let patterns: Vec<Pattern> = it.records(SectionId::Patterns);
                test(it, OP_MATCHES, |test| test.b = u32::try_from(patterns.len()).unwrap().into());
            }),
            ("no words", |it| {
                let count = count(it, SectionId::WordSets, size_of::<WordSet>());
                test(it, OP_SEMANTIC, |test| test.a = count);
            }),
            ("words with more", |it| test(it, OP_SEMANTIC, |test| test.b = 1.into())),
            ("no needle", |it| test(it, OP_NEEDLE, |test| test.b = u32::MAX.into())),
            ("the needle of another param", |it| test(it, OP_NEEDLE, |test| test.a += 1)),
        ],
    ),
    (
        "rules section has an unsound rule",
        &[
            ("no name", |it| rule(it, |rule| rule.name.offset = u32::MAX.into())),
            ("no type", |it| {
                let globs = count(it, SectionId::Globs, size_of::<Glob>());
                rule(it, |rule| rule.type_glob = globs);
            }),
            ("no target", |it| {
                let globs = count(it, SectionId::Globs, size_of::<Glob>());
                rule(it, |rule| rule.target_glob = globs);
            }),
            ("no agent", |it| {
                let globs = count(it, SectionId::Globs, size_of::<Glob>());
                rule(it, |rule| rule.agent_glob = globs);
            }),
            ("tests beyond all", |it| rule(it, |rule| rule.tests |= u32::MAX >> 4)),
            ("no approval", |it| rule(it, |rule| rule.tests |= 3 << 30)),
        ],
    ),
];

/// Changes the constant `12` that a needle is.
fn needle(it: &mut Crafted, change: fn(&mut Const)) {
    let strings = it.bytes(SectionId::Strings).clone();
    let text = |at: u64| strings.get(usize::try_from(at).unwrap()..).unwrap_or_default();
    change!(it, Consts, |all: Const| {
        let is = |it: &Const| it.tag.get() == CONST_STR && it.n.get() == 2;
        change(last(all, |it| is(it) && text(it.payload.get()).starts_with(b"12")));
    });
}

/// Lists in each other, so many, in no test.
fn nest(it: &mut Crafted, lists: usize) {
    change!(it, Consts, |all: Const| {
        let constant = |tag: u32, n: u32, at: usize| Const {
            tag: tag.into(),
            n: n.into(),
            payload: U64::new(u64::try_from(at).unwrap()),
        };
        let from = all.len();
        all.extend((1..=lists).map(|at| constant(CONST_LIST, 1, from + at)));
        all.push(constant(CONST_NULL, 0, 0));
    });
}

#[test]
fn each_field_of_each_record() {
    let sound = sound();
    sound.accepted();
    let mut wrong = Vec::new();
    for (words, faults) in FAULTS {
        for (what, change) in *faults {
            let mut crafted = sound.clone();
            change(&mut crafted);
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
fn as_deep_as_a_constant_may_be() {
    let mut crafted = sound();
    nest(&mut crafted, 256);
    crafted.accepted();
}

/// A list that is just short enough is shared without counting.
#[test]
fn as_many_tests_as_rules_may_share() {
    let params: Vec<_> = (0..MAX_SHARED_TESTS).map(|i| format!("p{i}: {i}")).collect();
    let rule = format!("{{match: {{type: t}}, conditions: {{param_eq: {{{}}}}}}}", params.join(", "));
    let mut crafted = Crafted::of(&format!("rules: [{rule}, {rule}]"));
    crafted.change(SectionId::Rules, |rules: &mut Vec<Rule>| rules[1].first_test = rules[0].first_test);
    crafted.bytes(SectionId::Tests).truncate(MAX_SHARED_TESTS * size_of::<Test>());
    crafted.accepted();
}

/// A state that no needle leads to, though it steps as the first one does.
#[test]
fn a_scan_with_a_state_more() {
    let mut crafted = sound();
    let scans: Vec<Scan> = crafted.records(SectionId::Scans);
    let Scan { start, states, classes, width, outputs, .. } = *scans.last().unwrap();
    let [start, states, columns, width, outputs] =
        [start, states, classes, width, outputs].map(|number| usize::try_from(number.get()).unwrap());
    let (table, row) = (start + 256, columns * width);
    let bytes = crafted.bytes(SectionId::ScanBytes);
    let first = bytes[table..table + row].to_vec();
    let end = table + states * row;
    bytes.splice(end + outputs * 2..end + outputs * 2, NO_MEMBER.to_le_bytes());
    bytes.splice(end..end, first);
    change!(crafted, Scans, |all: Scan| {
        let scan = all.last_mut().unwrap();
        scan.states += 1;
        scan.outputs += 1;
    });
    crafted.refused("a scan that finds other texts than its own");
}

/// Rules say nothing of their layer: that follows from where the layers begin.
#[test]
fn the_layer_of_a_rule() {
    let mut crafted = Crafted::of("rules: [{name: a}, {name: b}, {name: c}]");
    let mut manifest: Manifest = postcard::from_bytes(crafted.bytes(SectionId::Manifest)).unwrap();
    let first = manifest.layers[0].clone();
    let layer = |path: &str, first_rule: u32, rules: u32| Layer {
        path: path.to_owned(),
        first_rule,
        rules,
        ..first.clone()
    };
    manifest.layers =
        vec![layer("none", 0, 0), layer("one", 0, 1), layer("no more", 1, 0), layer("two", 1, 2)];
    *crafted.bytes(SectionId::Manifest) = postcard::to_allocvec(&manifest).unwrap();
    let policy = Policy::from_bytes(crafted.0.assemble()).unwrap();
    let files: Vec<&str> = policy.rules().map(|rule| rule.origin().file).collect();
    assert_eq!(files, ["one", "two", "two"]);
}

#[test]
fn texts_of_the_header() {
    let changes: [(&str, Of<Header>); 4] = [
        ("compiler", |header| header.compiler[0] = 0xFF),
        ("compiler", |header| header.compiler[31] = b'x'),
        ("policy id", |header| header.policy_id[0] = 0xFF),
        ("policy id", |header| header.policy_id[63] = b'x'),
    ];
    for (what, change) in changes {
        let mut crafted = Crafted::of("rules: []");
        change(&mut crafted.0.header);
        crafted.refused(&format!("the header's {what} is not text padded with zeros"));
    }
    let mut crafted = Crafted::of("rules: []");
    crafted.0.header.policy_id = [b'x'; 64];
    assert_eq!(crafted.accepted().policy_id(), "x".repeat(64));
}

#[test]
fn rows_of_the_section_table() {
    let whole = sound().0.assemble();
    let end = size_of::<Header>() + SECTIONS.len() * size_of::<SectionRow>();
    let (id, reserved) = (offset_of!(SectionRow, id), offset_of!(SectionRow, reserved));
    let (offset, length) = (offset_of!(SectionRow, offset), offset_of!(SectionRow, length));
    for (at, section) in SECTIONS.iter().enumerate() {
        let row = size_of::<Header>() + at * size_of::<SectionRow>();
        let belongs = "is not where it belongs";
        let follows = "does not follow the one before it";
        for (byte, words) in [(id, belongs), (reserved, belongs), (offset, follows), (length + 7, follows)] {
            let mut artifact = whole.clone();
            artifact[row + byte] ^= 0x40;
            let digest = header_digest(&artifact[..128], &artifact[size_of::<Header>()..end]);
            artifact[128..160].copy_from_slice(&digest);
            let error = Policy::from_bytes(artifact).unwrap_err();
            assert_eq!(error.kind(), LoadErrorKind::Malformed);
            assert_eq!(
                error.to_string(),
                format!("malformed artifact: the {} section {words}", section.name())
            );
        }
    }
    // A byte that the last section leaves.
    let mut artifact = whole.clone();
    let row = end - size_of::<SectionRow>() + length;
    let shorter = U64::new(u64::from_le_bytes(artifact[row..row + 8].try_into().unwrap()) - 1);
    artifact[row..row + 8].copy_from_slice(&shorter.to_bytes());
    let digest = header_digest(&artifact[..128], &artifact[size_of::<Header>()..end]);
    artifact[128..160].copy_from_slice(&digest);
    let error = Policy::from_bytes(artifact).unwrap_err().to_string();
    assert!(error.ends_with("is followed by bytes that belong to no section"), "{error}");
}

/// No more of a file is read than its header says, and one byte, by which a longer one shows.
#[test]
fn files_are_read_no_further_than_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.aegisb");
    let whole = sound().0.assemble();
    std::fs::write(&path, &whole).unwrap();
    Policy::from_file(&path).unwrap();
    std::fs::write(&path, [whole.as_slice(), &[0; 1000]].concat()).unwrap();
    let error = Policy::from_file(&path).unwrap_err();
    assert_eq!(error.kind(), LoadErrorKind::WrongLength);
    assert!(error.to_string().contains(&format!("and is {}:", whole.len() + 1)), "{error}");
    std::fs::write(&path, "rules: []").unwrap();
    assert_eq!(Policy::from_file(&path).unwrap_err().kind(), LoadErrorKind::NotAnArtifact);
    let missing = Policy::from_file(folder.path().join("none.aegisb")).unwrap_err();
    assert_eq!(missing.kind(), LoadErrorKind::Io);
    assert!(missing.to_string().contains("none.aegisb"), "{missing}");
}
