//! Each section's own faults, one by one, and the order in which faults are found: the loader names the
//! earlier of two.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use aegis_vm::format::{
    CumulativeRisk, Glob, GlobPart, GlobToken, Header, Manifest, Needle, Root, Rule, RuleError, RuleRange,
    SECTIONS, Scan, SectionId, SectionRow, Slot, TOKEN_SET, Test, Text, Word, WordSet,
};
use aegis_vm::{LoadErrorKind, Policy};
use std::mem::offset_of;
use support::crafted::Crafted;
use support::damage::{EVERY, header_digest};
use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

/// What is wrong, the whole message after `malformed artifact: the `, and how it comes about.
type Fault = (&'static str, fn(&mut Crafted));

fn add(number: &mut U32, more: u32) {
    *number = U32::new(number.get().wrapping_add(more));
}

fn manifest(crafted: &mut Crafted, change: impl FnOnce(&mut Manifest)) {
    let mut manifest: Manifest = postcard::from_bytes(crafted.bytes(SectionId::Manifest)).unwrap();
    change(&mut manifest);
    *crafted.bytes(SectionId::Manifest) = postcard::to_allocvec(&manifest).unwrap();
}

/// The records of a section, one of them changed.
macro_rules! change {
    ($crafted:ident, $section:ident, |$records:ident: $record:ty| $change:expr) => {
        _ = $crafted.change(SectionId::$section, |$records: &mut Vec<$record>| $change)
    };
}

/// In the order in which the loader looks.
const FAULTS: &[Fault] = &[
    ("manifest section cannot be read", |it| it.bytes(SectionId::Manifest).clear()),
    ("manifest section has bytes left over", |it| it.bytes(SectionId::Manifest).push(0)),
    ("manifest section has unknown defaults", |it| manifest(it, |manifest| manifest.default_approval = 9)),
    ("strings section is not UTF-8", |it| it.bytes(SectionId::Strings)[0] = 0xFF),
    ("glob ranges section is not a whole number of records", |it| it.bytes(SectionId::GlobRanges).push(0)),
    ("glob tokens section is not a whole number of records", |it| it.bytes(SectionId::GlobTokens).push(0)),
    ("glob parts section is not a whole number of records", |it| it.bytes(SectionId::GlobParts).push(0)),
    ("globs section is not a whole number of records", |it| it.bytes(SectionId::Globs).push(0)),
    ("params section is not a whole number of records", |it| it.bytes(SectionId::Params).push(0)),
    ("constants section is not a whole number of records", |it| it.bytes(SectionId::Consts).push(0)),
    ("words section is not a whole number of records", |it| it.bytes(SectionId::Words).push(0)),
    ("word sets section is not a whole number of records", |it| it.bytes(SectionId::WordSets).push(0)),
    ("class map section is shorter than its head", |it| it.bytes(SectionId::ClassMap).truncate(3)),
    ("class map section does not have the length that its head says", |it| {
        it.bytes(SectionId::ClassMap).push(0)
    }),
    ("automata section is not a whole number of records", |it| it.bytes(SectionId::Automata).push(0)),
    ("patterns section is not a whole number of records", |it| it.bytes(SectionId::Patterns).push(0)),
    ("groups section is not a whole number of records", |it| it.bytes(SectionId::Groups).push(0)),
    ("group members section is not a whole number of records", |it| {
        it.bytes(SectionId::GroupMembers).push(0)
    }),
    ("group answers section is not a whole number of records", |it| {
        it.bytes(SectionId::GroupAnswers).push(0)
    }),
    ("needles section is not a whole number of records", |it| it.bytes(SectionId::Needles).push(0)),
    ("scans section is not a whole number of records", |it| it.bytes(SectionId::Scans).push(0)),
    ("tests section is not a whole number of records", |it| it.bytes(SectionId::Tests).push(0)),
    ("rules section is not a whole number of records", |it| it.bytes(SectionId::Rules).push(0)),
    ("errors section is not a whole number of records", |it| it.bytes(SectionId::Errors).push(0)),
    ("switches section is not a whole number of records", |it| it.bytes(SectionId::Switches).push(0)),
    ("nodes section is not a whole number of records", |it| it.bytes(SectionId::Nodes).push(0)),
    ("buckets section is not a whole number of records", |it| it.bytes(SectionId::Buckets).push(0)),
    ("slots section is not a whole number of records", |it| it.bytes(SectionId::Slots).push(0)),
    ("roots section is not a whole number of records", |it| it.bytes(SectionId::Roots).push(0)),
    ("manifest section counts other rules than there are", |it| manifest(it, |manifest| manifest.rules += 1)),
    ("manifest section has layers whose rules do not follow each other", |it| {
        manifest(it, |manifest| manifest.layers[0].first_rule = 1);
    }),
    ("manifest section has layers that do not hold every rule", |it| {
        manifest(it, |manifest| manifest.layers[0].rules -= 1);
    }),
    ("manifest section names rules in no order", |it| {
        let range = |first, last| RuleRange { first, last };
        manifest(it, |manifest| manifest.spread.rows = vec![range(3, 4), range(4, 5)]);
    }),
    ("manifest section has plan rules of unknown outcome", |it| {
        let name = String::new();
        let limit = CumulativeRisk { max_total_risk: 1, on_exceed: 3, name };
        manifest(it, |manifest| manifest.plan_rules.cumulative_risk = Some(limit));
    }),
    ("glob ranges section has a range that is none", |it| {
        change!(it, GlobRanges, |ranges: Text| ranges[0].offset = U32::new(u32::MAX));
    }),
    ("glob tokens section has an unsound token", |it| {
        change!(it, GlobTokens, |tokens: GlobToken| tokens[0].kind = U32::new(99));
    }),
    ("glob ranges section has ranges of no set", |it| {
        change!(it, GlobRanges, |ranges: Text| ranges.push(ranges[0]));
    }),
    ("globs section has no text", |it| {
        change!(it, Globs, |globs: Glob| globs[0].place = U32::new(u32::MAX));
    }),
    ("globs section has an unsound glob, or one twice", |it| {
        change!(it, Globs, |globs: Glob| globs[0].shape = U32::new(6 << 29));
    }),
    ("glob parts section has parts of no glob", |it| {
        change!(it, GlobParts, |parts: GlobPart| parts.push(parts[0]));
    }),
    ("glob tokens section has tokens of no glob", |it| {
        change!(it, GlobTokens, |tokens: GlobToken| {
            let token = tokens
                .iter()
                .find(|token| token.kind.get() != TOKEN_SET && token.kind.get() != TOKEN_SET + 1);
            tokens.push(*token.unwrap());
        });
    }),
    ("params section has a name that is no text", |it| {
        change!(it, Params, |params: Text| params[0].length = U32::new(u32::MAX));
    }),
    ("params section is not sorted", |it| change!(it, Params, |params: Text| params.swap(0, 1))),
    ("word sets section has sets that do not follow each other", |it| {
        change!(it, WordSets, |sets: WordSet| add(&mut sets[0].first, 1));
    }),
    ("word sets section has a set beyond the words", |it| {
        change!(it, WordSets, |sets: WordSet| add(&mut sets[0].count, 1));
    }),
    ("word sets section has a set without words", |it| {
        change!(it, WordSets, |sets: WordSet| {
            let scan = U32::new(u32::MAX - 1);
            sets.insert(0, WordSet { first: U32::new(0), count: U32::new(0), scan });
        });
    }),
    ("words section has a word that is no text", |it| {
        change!(it, Words, |words: Word| words[0].text.offset = U32::new(u32::MAX));
    }),
    ("words section is not sorted", |it| change!(it, Words, |words: Word| words.swap(0, 1))),
    ("word sets section does not hold every word", |it| {
        change!(it, WordSets, |sets: WordSet| add(&mut sets[0].count, u32::MAX));
    }),
    ("scans section has a scan of unsound sizes", |it| {
        change!(it, Scans, |scans: Scan| scans[0].width = U32::new(3));
    }),
    ("scans section has scans whose needles do not follow each other", |it| {
        change!(it, Scans, |scans: Scan| add(&mut scans[0].first, 1));
    }),
    ("needles section has needles of no scan", |it| {
        change!(it, Needles, |needles: Needle| needles.push(*needles.last().unwrap()));
    }),
    ("tests section has an unsound test", |it| {
        change!(it, Tests, |tests: Test| tests[0].op = 99.into());
    }),
    ("rules section has an unsound rule", |it| {
        change!(it, Rules, |rules: Rule| rules[0].tests |= 3 << 30);
    }),
    ("errors section names a rule or a test that is not there", |it| {
        change!(it, Errors, |errors: RuleError| errors[0].rule = U32::new(u32::MAX));
    }),
    ("switches section has an unsound switch", |it| {
        change!(it, Switches, |words: U32| words[0] = U32::new(u32::MAX - 1));
    }),
    ("nodes section has an unsound node", |it| {
        change!(it, Nodes, |words: U32| words[0] = U32::new(99));
    }),
    ("roots section has an unsound root", |it| {
        change!(it, Roots, |roots: Root| roots[0].fields = U32::new(0));
    }),
    ("buckets section has an unsound bucket", |it| {
        change!(it, Buckets, |words: U32| words[1] = U32::new(1 << 30));
    }),
    ("roots section is not in order", |it| {
        change!(it, Roots, |roots: Root| roots[1].fields = roots[0].fields);
    }),
    ("slots section has a slot that no walk finds", |it| {
        change!(it, Slots, |slots: Slot| slots[0].parent = U32::new(1));
    }),
    ("slots section has an unsound reference", |it| {
        change!(it, Slots, |slots: Slot| slots[0].reference = U32::new(1 << 30));
    }),
    ("buckets section has buckets of no root", |it| {
        change!(it, Buckets, |words: U32| words.push(U32::new(0)));
    }),
    ("slots section has slots of no root", |it| {
        change!(it, Slots, |slots: Slot| slots.push(slots[0]));
    }),
];

fn said(crafted: &Crafted) -> String {
    let error = Policy::from_bytes(crafted.0.assemble()).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), LoadErrorKind::Malformed);
    error.to_string()
}

#[test]
fn each_fault_of_a_section_is_named() {
    let sound = Crafted::of(EVERY);
    let mut wrong = Vec::new();
    for (words, change) in FAULTS {
        let mut crafted = sound.clone();
        change(&mut crafted);
        let said = said(&crafted);
        if said != format!("malformed artifact: the {words}") {
            wrong.push(format!("{words}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Of two faults in different sections the one that is looked for first is said.
#[test]
fn of_two_faults_the_earlier_is_named() {
    let sound = Crafted::of(EVERY);
    let section = |words: &str| words.split(" section ").next().unwrap().to_owned();
    let mut wrong = Vec::new();
    for (at, (earlier, first)) in FAULTS.iter().enumerate() {
        for (later, second) in FAULTS.iter().skip(at + 1).step_by(5) {
            // Two changes of one section could undo each other.
            if section(earlier) == section(later) {
                continue;
            }
            let mut crafted = sound.clone();
            second(&mut crafted);
            first(&mut crafted);
            let said = said(&crafted);
            if said != format!("malformed artifact: the {earlier}") {
                wrong.push(format!("{earlier} before {later}: {said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The words of a refusal, a change that leads to it, and whether the digest is made right then.
type Step = (&'static str, fn(&mut Vec<u8>), bool);

/// The steps before the tables, in the order that the loader's module gives: each artifact has the fault of
/// its step and those of all later ones.
#[test]
fn the_steps_are_taken_in_order() {
    const ROWS: usize = size_of::<Header>();
    const END: usize = ROWS + SECTIONS.len() * size_of::<SectionRow>();
    let redigest = |artifact: &mut Vec<u8>| {
        let digest = header_digest(&artifact[..128], &artifact[ROWS..END]);
        artifact[128..160].copy_from_slice(&digest);
    };
    let steps: [Step; 9] = [
        ("malformed artifact: the manifest section cannot be read", |_| (), true),
        ("the artifact is damaged: the strings section does not match", |it| it[ROWS + 56 + 24] ^= 1, true),
        (
            "malformed artifact: the glob ranges section is not where it belongs",
            |it| it[ROWS + 2 * 56 + 4] = 1,
            true,
        ),
        ("the artifact is damaged: its header does not match its digest", |it| it[24] ^= 1, false),
        ("malformed artifact: the signature slot is not empty", |it| it[160] = 1, false),
        ("malformed artifact: 7 sections instead of 30", |it| it[12] = 7, false),
        ("the artifact should be", |it| it.push(0), false),
        ("the artifact has format version 9", |it| it[offset_of!(Header, format_version)] = 9, false),
        ("not an aegis artifact", |it| it[0] = 0, false),
    ];
    let mut crafted = Crafted::of(EVERY);
    crafted.bytes(SectionId::Manifest).clear();
    let mut artifact = crafted.0.assemble();
    assert!(Header::read_from_prefix(&artifact).is_ok());
    for (words, change, digested) in steps {
        change(&mut artifact);
        if digested {
            redigest(&mut artifact);
        }
        let error = Policy::from_bytes(artifact.as_slice()).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with(words), "expected `{words}`: {error}");
    }
}
