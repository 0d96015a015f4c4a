//! Artifacts made to deceive: every digest is right, and the tables would decide otherwise than they
//! show, or cost more than their size allows. The loader refuses each, and says what is wrong.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use aegis_vm::Policy;
use aegis_vm::format::{
    CONST_BIG_INT, Const, GLOB_ANY, GLOB_GROUPED, GLOB_PREFIX, GLOB_SUFFIX, GLOB_TOKENS, GROUP_BACKWARD,
    GROUP_FORWARD, GROUP_GLOBS, GROUP_LOCKSTEP, Glob, GlobPart, GlobToken, Group, GroupAnswer, MAX_BIG_INT,
    NO_SCAN, NONE, Needle, OP_NEEDLE, Pattern, Rule, Scan, SectionId, TOKEN_RUN, Test, Text, Word, WordSet,
};
use support::crafted::Crafted;
use zerocopy::little_endian::{U32, U64};

const TWO_RULES: &str = "
rules:
  - {name: guard, match: {type: delete}, conditions: {param_eq: {env: prod}}, approval: block}
  - {name: allow, match: {type: delete}, approval: auto}
";

/// A glob of another kind than its text says.
#[test]
fn a_glob_that_shows_another() {
    let yaml = "rules: [{match: {type: 'delete*'}}, {match: {type: '*_db'}}, {match: {type: read}}]";
    let wrong = [(0, GLOB_SUFFIX), (1, GLOB_PREFIX), (2, GLOB_PREFIX), (2, GLOB_SUFFIX), (0, GLOB_ANY)];
    for (at, kind) in wrong {
        let mut crafted = Crafted::of(yaml);
        crafted.change(SectionId::Globs, |globs: &mut Vec<Glob>| {
            let glob = { globs.iter_mut() }.filter(|glob| glob.kind() != GLOB_ANY).nth(at).unwrap();
            *glob = Glob::new(kind, glob.place, U32::new(glob.length())).unwrap();
        });
        crafted.refused("an unsound glob");
    }
}

/// Equal literals under two names would be two keys with the same texts.
#[test]
fn a_glob_that_stands_twice() {
    let mut crafted = Crafted::of(TWO_RULES);
    crafted.change(SectionId::Globs, |globs: &mut Vec<Glob>| globs.push(globs[0]));
    crafted.refused("an unsound glob, or one twice");
}

/// Each rule that asks the glob would pass over all of its runs, which take no character.
#[test]
fn a_glob_with_more_tokens_than_it_takes_characters() {
    let mut crafted = Crafted::of("rules: [{match: {type: 'a?*?b'}}]");
    crafted.change(SectionId::GlobTokens, |tokens: &mut Vec<GlobToken>| {
        assert_eq!(tokens[2].kind.get(), TOKEN_RUN);
        tokens[1] = tokens[2];
    });
    crafted.refused("an unsound glob");
    crafted.change(SectionId::GlobTokens, |tokens: &mut Vec<GlobToken>| tokens[2] = tokens[0]);
    crafted.accepted();
}

/// Each decision would run rules x tests.
#[test]
fn a_long_list_of_tests_that_rules_share() {
    let params: Vec<_> = (0..9).map(|i| format!("p{i}: {i}")).collect();
    let rule = format!("{{match: {{type: t}}, conditions: {{param_eq: {{{}}}}}}}", params.join(", "));
    let mut crafted = Crafted::of(&format!("rules: [{rule}, {rule}]"));
    crafted.change(SectionId::Rules, |rules: &mut Vec<Rule>| rules[1].first_test = rules[0].first_test);
    // Each rule has a list of its own, so the shared one leaves the other unused: that is allowed, but
    // not that the lists add up to more than there are tests.
    assert!(Policy::from_bytes(crafted.0.assemble()).is_ok());
    let used = 9 * size_of::<aegis_vm::format::Test>();
    crafted.bytes(SectionId::Tests).truncate(used);
    crafted.refused("shares long lists of tests");
}

#[test]
fn numbers_too_long_to_compare() {
    let mut crafted = Crafted::of("rules: [{conditions: {param_gt: {n: 100000000000000000000}}}]");
    let digits = "9".repeat(MAX_BIG_INT + 1);
    let offset = crafted.bytes(SectionId::Strings).len();
    crafted.bytes(SectionId::Strings).extend(digits.bytes());
    crafted.change(SectionId::Consts, |consts: &mut Vec<Const>| {
        assert_eq!(consts[0].tag.get(), CONST_BIG_INT);
        consts[0].n = U32::new(u32::try_from(digits.len()).unwrap());
        consts[0].payload = U64::new(u64::try_from(offset).unwrap());
    });
    crafted.refused("an unsound constant");
}

/// An empty list whose first child is nowhere could not be compared.
#[test]
fn an_empty_list_that_points_nowhere() {
    let mut crafted = Crafted::of("rules: [{conditions: {param_eq: {n: []}}}]");
    crafted.change(SectionId::Consts, |consts: &mut Vec<Const>| consts[0].payload = U64::new(77));
    crafted.refused("an unsound constant");
}

/// Many names that are parts of one long text: a small file that would be slow to check.
#[test]
fn one_long_text_under_many_names() {
    let mut crafted = Crafted::of("rules: [{conditions: {param_eq: {n: 1}}}]");
    let offset = crafted.bytes(SectionId::Strings).len();
    let long = 20_000;
    crafted.bytes(SectionId::Strings).extend(std::iter::repeat_n(b'x', long));
    crafted.change(SectionId::Params, |params: &mut Vec<Text>| {
        let number = |n: usize| U32::new(u32::try_from(n).unwrap());
        params.extend((1..long).map(|length| Text { offset: number(offset), length: number(length) }));
    });
    crafted.refused("shares a long text too often");
}

/// A scan for texts of two params and one for words, parts of each other among them.
fn scans() -> Crafted {
    let texts = "a ab b abc ca xa é è yy zz z1 z2 z3 z4 z5 z6";
    let mut yaml = String::from("rules:\n");
    for param in ["p", "q"] {
        for text in texts.split(' ') {
            yaml.push_str(&format!("- {{conditions: {{param_contains: {{{param}: '{text}'}}}}}}\n"));
        }
    }
    yaml.push_str("- {conditions: {semantic: 'ab_c c'}}\n- {conditions: {semantic: 'c d'}}\n");
    let mut crafted = Crafted::of(&yaml);
    crafted.change(SectionId::Scans, |scans: &mut Vec<Scan>| assert_eq!(scans.len(), 3));
    crafted
}

/// One entry that leads elsewhere, one class, one output or one link is one text that is not found, or
/// found where it is not: the loader proves each byte of a scan.
#[test]
fn every_byte_of_a_scan() {
    let mut crafted = scans();
    let whole = crafted.bytes(SectionId::ScanBytes).clone();
    for (at, bit) in (0..whole.len()).zip([1, 2, 4, 16].into_iter().cycle()) {
        crafted.bytes(SectionId::ScanBytes)[at] ^= bit;
        crafted.refused("a scan that finds other texts than its own");
        crafted.bytes(SectionId::ScanBytes)[at] = whole[at];
    }
    assert!(Policy::from_bytes(crafted.0.assemble()).is_ok());
}

/// `inspect --ir` would show one text, and the scan look for another.
#[test]
fn a_needle_that_is_another() {
    scans()
        .change(SectionId::Needles, |needles: &mut Vec<Needle>| needles.swap(3, 4))
        .refused("a scan that finds other texts than its own");
    scans()
        .change(SectionId::Needles, |needles: &mut Vec<Needle>| needles[3] = needles[4])
        .refused("a scan that finds other texts than its own");
    scans()
        .change(SectionId::Needles, |needles: &mut Vec<Needle>| needles.swap(0, 16))
        .refused("an unsound needle");
    scans()
        .change(SectionId::Needles, |needles: &mut Vec<Needle>| needles.truncate(31))
        .refused("an unsound needle");
    scans()
        .change(SectionId::Needles, |needles: &mut Vec<Needle>| needles.push(needles[31]))
        .refused("needles of no scan");
}

/// A rule on one param that is answered from the text of another.
#[test]
fn a_needle_of_another_param() {
    let mut crafted = scans();
    crafted.change(SectionId::Tests, |tests: &mut Vec<Test>| {
        assert_eq!(tests[0].op.get(), OP_NEEDLE);
        tests[0].b = U32::new(16);
    });
    crafted.refused("an unsound test");
    crafted.change(SectionId::Tests, |tests: &mut Vec<Test>| tests[0].b = U32::new(32));
    crafted.refused("an unsound test");
}

#[test]
fn a_word_that_is_another() {
    let words = "a word that its scan does not look for";
    // A set shows `d`, and `ab_c` is looked for.
    scans()
        .change(SectionId::Words, |words: &mut Vec<Word>| words[3].member = words[0].member)
        .refused(words);
    // Both sets have a word for the member, but not the same one.
    scans()
        .change(SectionId::Words, |words: &mut Vec<Word>| {
            let (first, second) = (words[0].member, words[1].member);
            (words[0].member, words[1].member) = (second, first);
        })
        .refused(words);
    scans().change(SectionId::Words, |words: &mut Vec<Word>| words[0].member = U32::new(3)).refused(words);
    // The scan of a param is none for words.
    scans().change(SectionId::WordSets, |sets: &mut Vec<WordSet>| sets[0].scan = U32::new(0)).refused(words);
    // Without a scan a set is looked for word by word, and has no members.
    let mut alone = scans();
    alone.change(SectionId::WordSets, |sets: &mut Vec<WordSet>| sets[1].scan = U32::new(NO_SCAN));
    alone.refused(words);
    alone.change(SectionId::Words, |words: &mut Vec<Word>| words[2].member = U32::new(0));
    alone.change(SectionId::Words, |words: &mut Vec<Word>| words[3].member = U32::new(0));
    alone.refused("a member that is no text");
}

/// No text holds a word in upper case as its words are taken, so the scan must not either.
#[test]
fn a_word_in_upper_case() {
    let mut crafted = scans();
    let offset = crafted.bytes(SectionId::Strings).len();
    crafted.bytes(SectionId::Strings).extend(b"AB_C");
    crafted.change(SectionId::Words, |words: &mut Vec<Word>| {
        words[0].text = Text { offset: U32::new(u32::try_from(offset).unwrap()), length: U32::new(4) };
    });
    crafted.refused("a word that its scan does not look for");
}

#[test]
fn a_scan_of_other_sizes() {
    let sizes: [fn(&mut Scan); 8] = [
        |scan| scan.states = U32::new(scan.states.get() + 1),
        |scan| scan.states = U32::new(0),
        |scan| scan.classes = U32::new(0),
        |scan| scan.classes = U32::new(scan.classes.get() - 1),
        |scan| scan.width = U32::new(4),
        |scan| scan.outputs = U32::new(u32::MAX),
        |scan| scan.members = U32::new(0),
        |scan| scan.start = U32::new(1),
    ];
    for size in sizes {
        scans().change(SectionId::Scans, |scans: &mut Vec<Scan>| size(&mut scans[1])).refused("scan");
    }
    scans()
        .change(SectionId::Scans, |scans: &mut Vec<Scan>| scans[0].param = U32::new(2))
        .refused("an unsound scan");
    scans()
        .change(SectionId::Scans, |scans: &mut Vec<Scan>| scans.truncate(2))
        .refused("bytes that belong to no scan");
}

/// Two groups of globs, one group of patterns, and a glob that is in none.
fn globs() -> Crafted {
    let yaml = "rules:
- {match: {target: '*secret*'}}
- {match: {target: '*key*'}}
- {match: {agent: '*x*'}}
- {match: {agent: '*y*'}, conditions: {param_matches: {p: '\\.exe$', q: 'b$'}}}
- {match: {type: t, agent: '?z'}, conditions: {param_matches: {p: '\\.dex$'}}}";
    let mut crafted = Crafted::of(yaml);
    crafted.change(SectionId::Groups, |groups: &mut Vec<Group>| {
        let kinds: Vec<u32> = groups.iter().map(|group| group.kind.get()).collect();
        assert_eq!(kinds, [GROUP_GLOBS, GROUP_GLOBS, GROUP_BACKWARD]);
    });
    crafted
}

/// Changes the parts of the globs of a kind, in the order of the globs.
fn change_parts(it: &mut Crafted, kind: u32, change: impl FnOnce(&mut [&mut GlobPart])) {
    let globs: Vec<Glob> = it.records(SectionId::Globs);
    let with_parts = globs.iter().filter(|glob| glob.kind() >= GLOB_TOKENS).map(|glob| glob.kind());
    let kinds: Vec<u32> = with_parts.collect();
    it.change(SectionId::GlobParts, |parts: &mut Vec<GlobPart>| {
        let of_kind = parts.iter_mut().zip(&kinds).filter(|(_, own)| **own == kind);
        change(&mut of_kind.map(|(part, _)| part).collect::<Vec<_>>());
    });
}

/// Makes the first glob of a kind one of another.
fn change_kind(it: &mut Crafted, from: u32, to: u32) {
    it.change(SectionId::Globs, |globs: &mut Vec<Glob>| {
        let glob = globs.iter_mut().find(|glob| glob.kind() == from).unwrap();
        *glob = Glob::new(to, glob.place, U32::new(0)).unwrap();
    });
}

/// `explain` would show one glob, and the group answer for another, or for none.
#[test]
fn a_glob_of_another_group() {
    let change: [fn(&mut [&mut GlobPart]); 6] = [
        |globs| globs[0].b = globs[1].b,
        |globs| globs[1].b = U32::new(2),
        |globs| (globs[0].b, globs[1].b) = (globs[1].b, globs[0].b),
        |globs| globs[0].a = globs[2].a,
        |globs| (globs[1].a, globs[2].a) = (globs[2].a, globs[1].a),
        |globs| globs[0].a = U32::new(2),
    ];
    for change in change {
        let mut crafted = globs();
        change_parts(&mut crafted, GLOB_GROUPED, change);
        crafted.refused("the groups section");
    }
    for (a, b) in [(3, 0), (u32::MAX, 0), (0, 64), (0, u32::MAX)] {
        let mut crafted = globs();
        change_parts(&mut crafted, GLOB_GROUPED, |globs| {
            (globs[0].a, globs[0].b) = (U32::new(a), U32::new(b));
        });
        crafted.refused("an unsound glob");
    }
}

/// A glob that no group knows of, and one that a group knows of and that is matched by tokens.
#[test]
fn a_glob_that_its_group_does_not_know() {
    let mut crafted = globs();
    change_parts(&mut crafted, GLOB_TOKENS, |globs| (globs[0].a, globs[0].b) = (U32::new(0), U32::new(1)));
    change_kind(&mut crafted, GLOB_TOKENS, GLOB_GROUPED);
    crafted.change(SectionId::GlobTokens, Vec::<GlobToken>::clear);
    crafted.refused("leaves out a pattern or a glob");
    let mut crafted = globs();
    change_parts(&mut crafted, GLOB_GROUPED, |globs| (globs[0].a, globs[0].b) = (U32::new(0), U32::new(0)));
    change_kind(&mut crafted, GLOB_GROUPED, GLOB_TOKENS);
    crafted.refused("an unsound group");
}

/// A pattern that a group of globs would answer for, and a glob that a group of patterns would.
#[test]
fn a_group_of_another_kind() {
    let mut crafted = globs();
    crafted.change(SectionId::Patterns, |patterns: &mut Vec<Pattern>| {
        let alone = patterns.iter_mut().find(|pattern| pattern.group.get() == NONE).unwrap();
        alone.group = U32::new(0);
    });
    crafted.refused("leaves out a pattern or a glob");
    for (at, kind) in [(0, GROUP_FORWARD), (1, GROUP_BACKWARD), (1, GROUP_LOCKSTEP), (2, GROUP_GLOBS), (0, 4)]
    {
        let mut crafted = globs();
        crafted.change(SectionId::Groups, |groups: &mut Vec<Group>| groups[at].kind = U32::new(kind));
        crafted.refused("an unsound group");
    }
}

#[test]
fn a_group_of_globs_of_other_sizes() {
    let change: [fn(&mut Group); 8] = [
        |group| group.automaton = U32::new(NONE),
        |group| group.automaton = U32::new(77),
        |group| group.answers = U32::new(1),
        |group| group.answers = U32::new(0),
        |group| group.members = U32::new(1),
        |group| group.members = U32::new(3),
        |group| group.first_answer = U32::new(1),
        |group| group.newline = U64::new(1 << 2),
    ];
    for change in change {
        let mut crafted = globs();
        crafted.change(SectionId::Groups, |groups: &mut Vec<Group>| change(&mut groups[0]));
        crafted.refused("an unsound group");
    }
    globs()
        .change(SectionId::GroupMembers, |members: &mut Vec<U32>| members[0] = U32::new(u32::MAX))
        .refused("an unsound group");
    globs()
        .change(SectionId::GroupMembers, |members: &mut Vec<U32>| members.swap(0, 1))
        .refused("an unsound group");
    globs()
        .change(SectionId::GroupAnswers, |answers: &mut Vec<GroupAnswer>| answers[0].end = U64::new(4))
        .refused("an unsound group");
}
