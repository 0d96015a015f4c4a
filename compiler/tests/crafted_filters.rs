//! Nodes of prefilters: what they decide, how they are shown, and each of their words wrong, one at a time, which
//! the loader refuses. That a pattern needs its literals is proven by its automaton: literals that it does not
//! need are refused, however well the tables fit them.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use aegis_vm::format::{
    MAX_ASCII_STRIDE, NO_EVENT, NODE_FILTERED, PREFILTER_ASCII, PREFILTER_FIELD, Pattern, SectionId, Test,
    Text, filtered_mask, match_reference, node_head, prefilter_block, prefilter_hash, prefilter_mask,
};
use aegis_vm::json::Json;
use aegis_vm::{Action, NoClock, Policy};
use support::bodies;
use support::crafted::Crafted;
use zerocopy::little_endian::U32;

/// Enough questions for a prefilter of `p`, with one rule among them that none sifts; then one of a field.
const RULES: &str = r"
rules:
  - {name: corp, conditions: {param_matches: {p: '@corp\.com\b'}}, approval: block}
  - {name: drop, conditions: {param_matches: {p: '(?i)(drop|delete)\s+table'}}, approval: block}
  - {name: either, conditions: {param_matches: {p: '(?:abc|défg)=\w'}}, approval: block}
  - {name: risk, conditions: {param_matches: {p: '(?i)risk\d'}}, approval: block}
  - {name: srv, conditions: {param_matches: {p: '^/srv/[a-z]+'}}, approval: block}
  - {name: key, conditions: {param_matches: {p: 'key-[0-9]+'}, weekdays: [8]}, approval: block}
  - {name: word, conditions: {param_matches: {p: 'word\s.*;$'}}, approval: block}
  - {name: has, conditions: {param_contains: {p: secret}}, approval: block}
  - {name: late, conditions: {param_gt: {n: 5}, param_matches: {p: 'never looked for'}}, approval: block}
  - {name: last, conditions: {param_matches: {p: 'xxxyz+'}}, approval: block}
  - {name: rest, match: {type: 'a*tail*'}, approval: auto}
";

const SHOWN: &str = r#"  4: prefilters of 10 rules, asked always: 8
    param "p": blocks of 3 bytes, one in 1, 10 in a table of 2048 bits
      0 needs "@corp.com"
      1 needs "table"
      2 needs "abc" or "défg"
      3 needs "risk", if the text is ASCII
      4 needs "/srv/"
      5 needs "key-"
      6 needs "word"
      7 needs "secret"
      9 needs "xxxy"
    none -> node 0
"#;

#[test]
fn they_are_shown() {
    let mut shown = String::new();
    Crafted::of(RULES).accepted().write_ir(&mut shown).unwrap();
    assert!(shown.contains(SHOWN), "{shown}");
}

#[test]
fn they_decide_as_the_rules_one_by_one() {
    let policy = Crafted::of(RULES).accepted();
    let deep = (0..300).fold(Json::Int(1), |inner, _| Json::List(vec![inner]));
    let secret = || Json::List(vec![Json::from("secret")]);
    let cases: [(Json, &str); 31] = [
        (Json::Null, "<default>"),
        (Json::from(""), "<default>"),
        (Json::from("a"), "<default>"),
        (Json::from("ann@corp.com"), "corp"),
        (Json::from("ann@corp.comx"), "<default>"),
        (Json::from("ann@CORP.com"), "<default>"),
        (Json::from("DROP TABLE"), "drop"),
        (Json::from("Delete  tabLe "), "drop"),
        (Json::from("delete tabl"), "<default>"),
        (Json::from("abc=1"), "either"),
        (Json::from("xdéfg=é"), "either"),
        (Json::from("défg"), "<default>"),
        (Json::from("RISK1"), "risk"),
        (Json::from("ri\u{17f}\u{212a}1"), "risk"),
        (Json::from("rıs\u{212a}1 0123456789"), "risk"),
        (Json::from("0123456789é rı\u{17f}k2"), "risk"),
        (Json::from("/srv/a"), "srv"),
        (Json::from("x/srv/a"), "<default>"),
        (Json::from("key-1"), "key: an error"),
        (Json::from("word ;\n"), "word"),
        (Json::from("wordword"), "<default>"),
        (Json::from("a secret"), "has"),
        (Json::from("a secre"), "<default>"),
        (Json::from("abc= a secret"), "has"),
        (Json::from("xxxyz"), "last"),
        (Json::from("0xxxy"), "<default>"),
        (secret(), "has"),
        (Json::List(vec![Json::from("/srv/a")]), "<default>"),
        (Json::Int(12), "has: an error"),
        (Json::Bool(true), "has: an error"),
        (deep, "corp: an error"),
    ];
    for (value, expected) in cases {
        let action = Action::new("x", "").param("p", value);
        assert_eq!(said(&policy, &action), expected, "{action:?}");
    }
    let with = |n: i64, p: &str| Action::new("atail", "").param("n", n).param("p", p);
    assert_eq!(said(&policy, &with(1, "key-")), "rest");
    assert_eq!(said(&policy, &with(1, "secret")), "has");
    // A rule that none sifts gives its error, in its place.
    let wrong = |p: &str| said(&policy, &Action::new("atail", "").param("n", "x").param("p", p));
    assert_eq!((wrong("xxxyz"), wrong("secret")), ("late: an error".to_owned(), "has".to_owned()));
}

fn said(policy: &Policy, action: &Action) -> String {
    let decision = policy.evaluate(action, NoClock);
    let error = if decision.error().is_some() { ": an error" } else { "" };
    format!("{}{error}", decision.rule_name())
}

/// The words of the one node of prefilters that an artifact has, and where they begin.
fn node(it: &mut Crafted) -> usize {
    let head = node_head(NODE_FILTERED, 1);
    it.records::<U32>(SectionId::Nodes).iter().position(|word| word.get() == head).unwrap()
}

/// Where in the node of [`RULES`] is what: a count of rules in three words, then the rules and a mask.
const RULE: usize = 3;
const ALWAYS: usize = RULE + 10;
const PLACE: usize = ALWAYS + 2;
const SHAPE: usize = PLACE + 1;
const COUNT: usize = PLACE + 2;
const SIFTED: usize = PLACE + 3;
const ASCII: usize = SIFTED + 2;
const TABLE: usize = ASCII + 2;
const ENTRY: usize = TABLE + 2048 / 32;
const ENTRIES: usize = 10;

type Fault = (&'static str, fn(&mut [u32]));

const FAULTS: &[Fault] = &[
    ("more prefilters than there are", |it| it[0] = node_head(NODE_FILTERED, 2)),
    ("no prefilter", |it| it[0] = node_head(NODE_FILTERED, 0)),
    ("prefilters beyond all", |it| it[0] = u32::MAX << 8 | NODE_FILTERED),
    ("itself next", |it| it[1] = 4),
    ("a rule next that is one of its own", |it| it[1] = match_reference(9, 2, 2)),
    ("an error next that is not there", |it| it[1] = NO_EVENT - 1),
    ("no rules", |it| it[2] = 0),
    ("a rule fewer", |it| it[2] = 9),
    ("rules beyond all", |it| it[2] = u32::MAX),
    ("rules that go down", |it| it.swap(RULE, RULE + 1)),
    ("a rule twice", |it| it[RULE + 1] = 0),
    ("a rule too far", |it| it[RULE + 9] = 11),
    ("a rule that is never asked", |it| it[ALWAYS] = 0),
    ("a rule that is sifted and asked always", |it| it[ALWAYS] |= 1),
    ("a rule beyond the last, asked always", |it| it[ALWAYS] |= 1 << 10),
    ("a rule far beyond, asked always", |it| it[ALWAYS + 1] = 1 << 31),
    ("no param", |it| it[PLACE] = 2),
    ("another param", |it| it[PLACE] = 0),
    ("a field, of which no glob needs a text", |it| it[PLACE] = PREFILTER_FIELD | 1),
    ("two fields", |it| it[PLACE] = PREFILTER_FIELD | 3),
    ("no field", |it| it[PLACE] = PREFILTER_FIELD),
    ("blocks too short", |it| it[SHAPE] -= 1),
    ("blocks too long", |it| it[SHAPE] += 2),
    ("blocks of four", |it| it[SHAPE] += 1),
    ("no stride", |it| it[SHAPE] -= 1 << 8),
    ("a longer stride", |it| it[SHAPE] += 1 << 8),
    ("a larger table", |it| it[SHAPE] += 1 << 16),
    ("a smaller table", |it| it[SHAPE] -= 1 << 16),
    ("a table beyond all", |it| it[SHAPE] |= 0xff << 16),
    ("an unknown bit", |it| it[SHAPE] |= PREFILTER_ASCII << 1),
    ("no mask of ASCII", |it| it[SHAPE] &= !PREFILTER_ASCII),
    ("an entry fewer", |it| it[COUNT] -= 1),
    ("an entry more", |it| it[COUNT] += 1),
    ("entries beyond all", |it| it[COUNT] = u32::MAX),
    ("a rule that is not sifted", |it| it[SIFTED] &= !1),
    ("a rule that is sifted without a literal", |it| it[SIFTED] |= 1 << 8),
    ("a rule beyond the last, sifted", |it| it[SIFTED] |= 1 << 10),
    ("a rule far beyond, sifted", |it| it[SIFTED + 1] = 1),
    ("letters that other characters match, in any text", |it| it[ASCII] = 0),
    ("a rule without a literal, in ASCII", |it| it[ASCII] |= 1 << 8),
    ("a rule beyond the last, in ASCII", |it| it[ASCII + 1] = 1),
    ("no bit of a block", |it| {
        let hash = usize::try_from(prefilter_hash(it[ENTRY], 11)).unwrap();
        it[TABLE + hash / 32] &= !(1 << (hash % 32));
    }),
    ("a bit of no block", |it| {
        let free = (0..2048 / 32).find(|word| it[TABLE + word] == 0).unwrap();
        it[TABLE + free] = 1;
    }),
    ("another block", |it| it[ENTRY] += 1),
    ("entries that go down", |it| (0..4).for_each(|at| it.swap(ENTRY + at, ENTRY + 4 + at))),
    ("a literal that is no text", |it| it[ENTRY + 1] = u32::MAX),
    ("a literal that is too long", |it| it[ENTRY + 2] = u32::MAX),
    ("a literal that is longer than its rule needs", |it| it[ENTRY + 2] += 1),
    ("a literal that is shorter than a block", |it| it[ENTRY + 2] = 2),
    ("a place beyond the literal", |it| it[ENTRY + 3] |= 0xffff << 16),
    ("of another rule", |it| it[ENTRY + 3] ^= 1),
    ("of no rule", |it| it[ENTRY + 3] |= 0xff),
    ("of a rule far away", |it| it[ENTRY + 3] |= 0xff00),
];

#[test]
fn each_word_of_a_node() {
    let sound = Crafted::of(RULES);
    bodies::exercise_any(&sound.accepted());
    for (what, change) in FAULTS {
        println!("{what}");
        let mut crafted = sound.clone();
        let at = node(&mut crafted);
        crafted.change(SectionId::Nodes, |all: &mut Vec<U32>| {
            let end = at + ENTRY + 4 * ENTRIES;
            let mut words: Vec<u32> = all[at..end].iter().map(|word| word.get()).collect();
            change(&mut words);
            all.splice(at..end, words.into_iter().map(U32::new));
        });
        crafted.refused("the nodes section has an unsound node");
    }
}

/// A node of prefilters for one rule, drawn by hand: a pattern on `p`, and literals, as a stride of `stride`
/// needs them.
fn drawn(pattern: &str, literals: &[&str], stride: usize, in_ascii: bool) -> Crafted {
    let mut it = Crafted::of(&format!("rules: [{{conditions: {{param_matches: {{p: '{pattern}'}}}}}}]"));
    assert_eq!(it.records::<Pattern>(SectionId::Patterns).len(), 1);
    of_literals(&mut it, 0, literals, stride, in_ascii);
    it
}

/// Adds a node of prefilters for the first rule.
fn of_literals(it: &mut Crafted, place: u32, literals: &[&str], stride: usize, in_ascii: bool) {
    let (mut table, mut entries) = (vec![0_u32; 2048 / 32], Vec::new());
    for literal in literals {
        let offset = u32::try_from(it.bytes(SectionId::Strings).len()).unwrap();
        it.bytes(SectionId::Strings).extend_from_slice(literal.as_bytes());
        let length = u32::try_from(literal.len()).unwrap();
        for at in 0..stride {
            let &bytes = literal.as_bytes()[at..].first_chunk::<3>().unwrap();
            let block = prefilter_block([bytes[0], bytes[1], bytes[2], 0], prefilter_mask(3));
            let hash = prefilter_hash(block, 11);
            table[usize::try_from(hash / 32).unwrap()] |= 1 << (hash % 32);
            entries.push([block, offset, length, u32::try_from(at).unwrap() << 16]);
        }
    }
    entries.sort_unstable();
    let shape = 3 | u32::try_from(stride).unwrap() << 8 | 11 << 16;
    let head = node_head(NODE_FILTERED, 1);
    let mut words = vec![head, NO_EVENT, 1, 0, 0, 0, place];
    words.push(if in_ascii { shape | PREFILTER_ASCII } else { shape });
    words.extend([u32::try_from(entries.len()).unwrap(), 1, 0]);
    words.extend(if in_ascii { vec![1, 0] } else { Vec::new() });
    assert_eq!(filtered_mask(1), 2);
    words.extend(table.into_iter().chain(entries.into_iter().flatten()));
    it.change(SectionId::Nodes, |all: &mut Vec<U32>| all.extend(words.into_iter().map(U32::new)));
}

#[test]
fn what_a_pattern_needs_is_proven() {
    let sound: &[(&str, &[&str], bool)] = &[
        ("abcd", &["abcd"], false),
        ("abcd", &["abc"], false),
        ("abcd", &["bcd", "xyz"], false),
        ("x(abcd|bcde)y", &["abcd", "bcde"], false),
        ("x(abcd|bcde)y", &["bcd"], false),
        ("(?i)abcd", &["abcd"], false),
        ("(?i)abcd", &["ABCD"], false),
        ("(?i)risk", &["risk"], true),
        ("abcd$", &["abcd"], false),
        ("^abc.*", &["abc"], false),
        ("a[b]cé", &["abcé"], false),
        ("(abc)+", &["abc"], false),
        ("aab+abb", &["aab", "abb"], false),
        ("aaab", &["aab"], false),
    ];
    for (pattern, literals, in_ascii) in sound {
        println!("{pattern} {literals:?}");
        drawn(pattern, literals, 1, *in_ascii).accepted();
    }
    let unsound: &[(&str, &[&str], bool)] = &[
        ("abcd", &["abce"], false),
        ("abcd", &["abcde"], false),
        ("abcd|efgh", &["abcd"], false),
        ("(abcd)?e", &["abcd"], false),
        ("(abcd)*", &["abcd"], false),
        ("abc.", &["abcd"], false),
        ("(?i)risk", &["risk"], false),
        ("(?i)risk", &["ris"], false),
        ("[rR]i[sſ]k", &["risk"], false),
        ("ab\nc$", &["ab\nc\n"], false),
        ("abc\n", &["abc\n"], false),
        ("(?i)é{3}", &["ééé"], false),
        ("abcabd", &["abcabcabd"], false),
        ("", &["abc"], false),
        ("$", &["abc"], false),
        // The pattern has no automaton of states.
        ("abcd(a|b)*a(a|b){20}", &["abcd"], false),
    ];
    for (pattern, literals, in_ascii) in unsound {
        println!("{pattern:?} {literals:?}");
        drawn(&pattern.replace('\n', "\\n"), literals, 1, *in_ascii)
            .refused("the nodes section has an unsound node");
    }
}

#[test]
fn on_the_right_side_of_each_bound() {
    let stride = |stride: usize, in_ascii| drawn("abcdefghijk", &["abcdefghijk"], stride, in_ascii);
    stride(8, false).accepted();
    stride(9, false).refused("an unsound node");
    stride(MAX_ASCII_STRIDE, true).accepted();
    stride(MAX_ASCII_STRIDE + 1, true).refused("an unsound node");
    drawn("0123456789abcdefg", &["0123456789abcdef"], 1, false).accepted();
    drawn("0123456789abcdefg", &["0123456789abcdefg"], 1, false).refused("an unsound node");
    drawn("abcd", &["abcd", "bbb", "ccc", "ddd"], 1, false).accepted();
    drawn("abcd", &["abcd", "bbb", "ccc", "ddd", "eee"], 1, false).refused("an unsound node");
}

/// What a glob needs, by what is written; and what is asked before may not give an error.
#[test]
fn what_a_rule_needs() {
    let of = |rule: &str, place: u32| {
        let mut it = Crafted::of(&format!("rules: [{{{rule}}}]"));
        of_literals(&mut it, place, &["abc"], 1, false);
        it
    };
    let fields = [("type", 1), ("target", 2), ("agent", 4)];
    for (field, bit) in fields {
        for glob in ["*abc*", "x?abcd", "abc*", "abc", "*x*zabc"] {
            of(&format!("match: {{{field}: '{glob}'}}"), PREFILTER_FIELD | bit).accepted();
        }
        for glob in ["*ab*c*", "ab?c", "[abc]*", "*[x]abc", "*", "*ABC*"] {
            of(&format!("match: {{{field}: '{glob}'}}"), PREFILTER_FIELD | bit).refused("an unsound node");
        }
        let other = if bit == 1 { 2 } else { 1 };
        of(&format!("match: {{{field}: '*abc*'}}"), PREFILTER_FIELD | other).refused("an unsound node");
    }
    let p = "param_matches: {p: 'abc+'}";
    for sound in ["semantic: delete", "param_eq: {p: 1}", "param_eq: {p: abc, q: [1]}"] {
        of(&format!("conditions: {{{sound}, {p}}}"), 0).accepted();
    }
    for before in ["time_after: '01:00'", "weekdays: [1]", "param_gt: {p: 1}", "param_contains: {p: x}"] {
        of(&format!("conditions: {{{before}, {p}}}"), 0).refused("an unsound node");
        of(&format!("conditions: {{{p}, {before}}}"), 0).accepted();
    }
    of("conditions: {param_contains: {p: xabcx}}", 0).accepted();
    for unsound in ["param_contains: {p: axbc}", "param_contains: {p: 1}", "param_eq: {p: abc}"] {
        of(&format!("conditions: {{{unsound}}}"), 0).refused("an unsound node");
    }
}

/// Of texts in an artifact, of patterns that share an automaton too.
#[test]
fn a_pattern_of_a_group() {
    let pattern = |at: usize| format!(r"^/srv/{}/[a-z]+", ["abc", "abd", "bcd", "xyz"][at]);
    let rules: String = (0..4)
        .map(|at| format!("  - {{conditions: {{param_matches: {{p: '{}'}}}}}}\n", pattern(at)))
        .collect();
    let it = Crafted::of(&format!("rules:\n{rules}"));
    let patterns: Vec<Pattern> = it.clone().records(SectionId::Patterns);
    assert!(patterns.iter().all(|pattern| pattern.forward.get() == u32::MAX));
    let drawn = |literal: &str| {
        let mut it = it.clone();
        of_literals(&mut it, 0, &[literal], 1, false);
        it
    };
    assert_eq!(it.clone().records::<Test>(SectionId::Tests)[0].b.get(), 0);
    drawn("/srv/abc/").accepted();
    drawn("/srv/").accepted();
    drawn("/srv/abd/").refused("an unsound node");
    let texts: Vec<Text> = it.clone().records(SectionId::Params);
    assert_eq!(texts.len(), 1);
}
