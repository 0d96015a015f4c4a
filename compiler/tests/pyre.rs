//! Regular expressions: CPython's recorded answers, the automata against the plain matcher, limits.
//!
//! `tests/pyre/*.jsonl` hold what CPython 3.11 found or complained of: `vectors.jsonl` for patterns at
//! random, `dialect.jsonl` for every row of the table of the dialect. They are written by
//! `tests/peers/regex.py` and `regex_dialect.py`, which also compare at length.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use aegisc::pyre::{self, Automata, CellForm, Limits, Pattern, PatternError, PatternErrorKind};
use proptest::prelude::*;
use serde_json::Value;

mod support;

use support::patterns::Searches;

fn compile(patterns: &[Pattern]) -> Automata {
    pyre::compile(patterns, &Limits::default()).unwrap()
}

fn refusal(pattern: &str) -> PatternError {
    match pyre::parse(pattern) {
        Err(error) => error,
        Ok(parsed) => match pyre::compile(&[parsed], &Limits::default()) {
            Err(mut refused) => refused.errors.remove(0).1,
            Ok(_) => panic!("`{pattern}` was accepted"),
        },
    }
}

/// What an automaton cannot follow, by parts of the messages: the only reasons to refuse.
const REASONS: [&str; 6] = [
    "a backreference needs memory",
    "lookahead cannot be followed",
    "lookbehind cannot be followed",
    "a conditional group needs memory",
    "an atomic group cannot be followed",
    "a possessive quantifier cannot be followed",
];

#[test]
fn answers_as_cpython_does() {
    let tally = compare(include_str!("pyre/vectors.jsonl"));
    assert!(tally.searches > 12_000 && tally.rejected > 100 && tally.refused > 10, "{tally:?}");
}

#[test]
fn answers_as_cpython_does_row_by_row() {
    let tally = compare(include_str!("pyre/dialect.jsonl"));
    assert!(tally.searches > 6_000 && tally.rejected > 200 && tally.refused > 40, "{tally:?}");
}

#[derive(Debug, Default)]
struct Tally {
    searches: usize,
    rejected: usize,
    refused: usize,
}

/// Compares with CPython's recorded answers, both routes.
fn compare(vectors: &str) -> Tally {
    let mut patterns = Vec::new();
    let mut expected = Vec::new();
    let mut tally = Tally::default();
    for line in vectors.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = case["pattern"].as_str().unwrap();
        let found = case["found"].as_array();
        match pyre::parse(text) {
            Ok(pattern) if found.is_some() => {
                patterns.push(pattern);
                expected.push(case);
            }
            Ok(_) => panic!("`{text}`: CPython says {case}"),
            Err(error) if error.kind == PatternErrorKind::Invalid => {
                assert_eq!(Some(error.message.as_str()), case["error"].as_str(), "`{text}`");
                let place = u64::try_from(error.at.start).unwrap();
                assert_eq!(case["start"].as_u64().unwrap_or(place), place, "`{text}`");
                tally.rejected += 1;
            }
            // CPython may see a fault that comes after what is refused, or raise something else.
            Err(error) => {
                let allowed = REASONS.iter().any(|reason| error.message.contains(reason));
                assert!(
                    allowed || found.is_none() || error.kind == PatternErrorKind::TooLarge,
                    "`{text}`: {error:?}"
                );
                tally.refused += 1;
            }
        }
    }
    // Those that are too large are refused when they are compiled.
    let texts: Vec<&str> = patterns.iter().map(Pattern::text).collect();
    let (answers, tables) = support::patterns::accepted(&texts);
    for ((pattern, case), answer) in patterns.iter().zip(&expected).zip(answers) {
        let Ok(place) = answer else {
            tally.refused += 1;
            continue;
        };
        let inputs = case["inputs"].as_array().unwrap();
        for (input, found) in inputs.iter().zip(case["found"].as_array().unwrap()) {
            let (input, found) = (input.as_str().unwrap(), found.as_bool().unwrap());
            assert_eq!(pattern.naive_search(input), found, "plain: `{}` in {input:?}", pattern.text());
            assert_eq!(tables.find(place, input), found, "automaton: `{}` in {input:?}", pattern.text());
            tally.searches += 1;
        }
    }
    tally
}

/// A search that takes time in the power of the nesting would not end.
#[test]
fn the_plain_matcher_ends_on_nested_repetitions() {
    let nested =
        |open: &str, body: &str, close: &str| format!("^{}{body}{}$", open.repeat(40), close.repeat(40));
    let patterns = [
        nested("(?:", "a", ")*"),
        nested("(?:", "a?", "){1,2}"),
        nested("(?:b|", "a", "){1,3}"),
        nested("(?:", "a{1,99}b?", "){1,99}"),
        nested(r"(?:\b|", "ab?", "){2,4000000}"),
        format!("^{}$", "(?:(?:(?:a{200}|b){200}|c){200}|d){200}"),
        "(?:(?:(?:(?:.{0,9}){0,9}){0,9}){0,9}){0,9}x".to_owned(),
    ];
    let texts = ["a".repeat(200), "ab".repeat(100), "a".repeat(199) + "!", "abcd ".repeat(40)];
    for pattern in &patterns {
        let pattern = pyre::parse(pattern).unwrap();
        for text in &texts {
            let _ = pattern.naive_search(text);
        }
    }
}

/// Patterns of which most are valid; the dialect's odd places are drawn often.
fn pattern() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(vec![
        "a",
        "b",
        "k",
        "K",
        "s",
        "\u{17f}",
        "\u{212a}",
        "i",
        "\u{130}",
        "1",
        "_",
        "-",
        " ",
        "\\n",
        "\\.",
        "é",
        "中",
        "\u{301}",
        "²",
        "\u{10428}",
        ".",
        r"\d",
        r"\D",
        r"\w",
        r"\W",
        r"\s",
        r"\S",
        "[ab]",
        "[^a]",
        "[a-k]",
        "[^\\n]",
        r"[\w-]",
        r"[^\w\s]",
        r"[\d.]",
        "[\u{17f}-\u{212a}]",
        "[]a]",
        "^",
        "$",
        r"\A",
        r"\Z",
        r"\b",
        r"\B",
        "()",
    ]);
    let tree = atom.prop_map(str::to_owned).prop_recursive(4, 24, 4, |inner| {
        let groups = vec!["(", "(?:", "(?i:", "(?m:", "(?s:", "(?a:", "(?-i:", "(?u:"];
        let repeats = vec!["*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{,5}", "{2,}", "{0}"];
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 0..4).prop_map(|parts| parts.concat()),
            1 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.join("|")),
            2 => (prop::sample::select(groups), inner.clone()).prop_map(|(open, inner)| format!("{open}{inner})")),
            2 => (inner, prop::sample::select(repeats)).prop_map(|(inner, times)| format!("(?:{inner}){times}")),
        ]
    });
    let flags = prop::sample::select(vec!["", "", "(?i)", "(?m)", "(?s)", "(?a)", "(?im)", "(?ai)"]);
    (flags, tree).prop_map(|(flags, tree)| format!("{flags}{tree}"))
}

fn text() -> impl Strategy<Value = String> {
    let character = prop::sample::select(vec![
        'a',
        'b',
        'c',
        'k',
        'K',
        'S',
        's',
        '\u{17f}',
        '\u{212a}',
        'i',
        'I',
        '\u{130}',
        '\u{131}',
        '1',
        '_',
        '-',
        ' ',
        '.',
        '\n',
        '\n',
        'é',
        'É',
        '中',
        '\u{301}',
        '²',
        '\u{10400}',
        '\u{10428}',
        '\u{1c}',
    ]);
    prop::collection::vec(character, 0..8).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_routes_agree(patterns in prop::collection::vec(pattern(), 1..9), texts in prop::collection::vec(text(), 12)) {
        let patterns: Vec<Pattern> = patterns.iter().filter_map(|text| pyre::parse(text).ok()).collect();
        let texts_of: Vec<&str> = patterns.iter().map(Pattern::text).collect();
        let (answers, tables) = support::patterns::accepted(&texts_of);
        for (pattern, answer) in patterns.iter().zip(answers) {
            let Ok(place) = answer else { continue };
            for text in &texts {
                let plain = pattern.naive_search(text);
                prop_assert_eq!(plain, tables.find(place, text), "`{}` in {:?}", pattern.text(), text);
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\](){}?*+|^$\\\\.:<>=!#,a-dA-DPimsxu0-9é\n -]{0,24}") {
        match pyre::parse(&text) {
            Ok(pattern) => { let _ = pattern.naive_search("ab"); }
            Err(error) => prop_assert!(text.get(error.at.clone()).is_some(), "{:?} in `{}`", error, text),
        }
    }
}

#[test]
fn output_is_deterministic() {
    let texts = [r"(?i)\w+@corp\.com$", r"\b\d{3}-\d{2}-\d{4}\b", "[a-f]{2,9}|x", r"(?m)^\s*rm\s+-rf"];
    let read = || texts.map(|text| pyre::parse(text).unwrap());
    assert_eq!(compile(&read()), compile(&read()));
}

#[test]
fn automata_are_small() {
    let size = |text: &str| {
        let compiled = compile(&[pyre::parse(text).unwrap()]);
        let dfa = compiled.patterns[0].dfa().unwrap();
        dfa.rows().count() * (dfa.columns + 1) * if dfa.form() == CellForm::Byte { 1 } else { 2 }
    };
    let sizes = [
        (r"\w+@corp\.com$", 110),
        (r"[\w.+-]+@[\w-]+\.[\w.]+", 42),
        (r"\b\d{3}-\d{2}-\d{4}\b", 70),
        (r"\w{1,20}x", 12),
        (r"a.{1,1000}b", 10_100),
        (r"error.{0,50}fatal", 9_000),
    ];
    for (pattern, most) in sizes {
        assert!(size(pattern) <= most, "`{pattern}`: {}", size(pattern));
    }
}

#[test]
fn hostile_patterns_are_refused_in_time() {
    let nested = format!("{}{}", "(".repeat(8_000), ")".repeat(8_000));
    let every = (0..5_000).filter_map(|n| char::from_u32(0x4e00 + n)).collect::<String>();
    let long = "a".repeat(20_000);
    let hostile = [
        (
            "a{4294967294}",
            "`a{4294967294}` is 4294967294 steps long when its repetitions are written out; the limit is 20000",
        ),
        ("(a|b)*a(a|b){200}", "the automaton takes more than 10000 states, most of them for `(a|b){200}`"),
        ("((a{1,99}){1,99}){1,99}", "`((a{1,99}){1,99}){1,99}` is 1940597 steps long"),
        ("(?:){4294967294}", "`(?:){4294967294}` is 4294967294 steps long"),
        ("a{99999999999}", "the repetition number is too large"),
        (&nested, "groups are nested more than 250 deep"),
        (&every, "the pattern tells more than 254 kinds of characters apart"),
        (&long, "the pattern is 20000 bytes long; the limit is 16384"),
    ];
    for (pattern, message) in hostile {
        let error = refusal(pattern);
        assert_eq!(error.kind, PatternErrorKind::TooLarge);
        assert!(error.message.starts_with(message), "{}", error.message);
    }
}

#[test]
fn deep_nesting_fits_a_small_stack() {
    let text = format!("{}a{}", "(?:(?:b|".repeat(125), ")*)?".repeat(125));
    let search = move || {
        let pattern = pyre::parse(&text).unwrap();
        let tables = Searches::new(&[&text]);
        pattern.naive_search("bba") && tables.find(0, "bba")
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(search).unwrap();
    assert!(thread.join().unwrap());
}

#[test]
fn refusals_say_where_and_what_to_write() {
    let check = |pattern: &str, part: &str, help: &str| {
        let error = refusal(pattern);
        assert_eq!(error.kind, PatternErrorKind::Unsupported, "{error:?}");
        assert_eq!(&pattern[error.at.clone()], part, "{error:?}");
        assert!(error.help.as_deref().unwrap().contains(help), "{error:?}");
    };
    check("é(?!x)y", "(?!x)", "before this one");
    check("foo(?=bar)", "(?=bar)", "write `(?:…)` in place of `(?=…)`");
    check("^(?=.*a)b", "(?=.*a)", "put a rule before this one");
    check("(?<=foo)bar", "(?<=foo)", "write `(?:…)` in place of `(?<=…)`");
    check(r"(a)b\1", r"\1", "alternatives");
    check("(?P<q>a)(?P=q)", "(?P=q)", "alternatives");
    check("(?<=a){2}b", "(?<=a)", "orders in which the parts can stand");
    check(r"(?>(?a:\W))x", r"(?>(?a:\W))", "more texts may match");
    check("xa*+b", "*+", "write `a*`: the same texts match");
    check("a*+", "*+", "write `a*`: the same texts match");
    check(r"(?:\w++@)+x", "++", r"write `\w+`: the same texts match");
    check("[ab]{1,3}+$", "{1,3}+", "write `[ab]{1,3}`: the same texts match");
    check(r"[^a]*+$", "*+", "more texts may match");
    check("xa*+(?:b|ab)", "*+", "more texts may match");
    check(r"a*+\b", "*+", "more texts may match");
    check("(?:a?+){2}", "?+", "more texts may match");
    check("(?:ab|a){2}+", "{2}+", "more texts may match");
    check("(?>ab|a)c", "(?>ab|a)", "more texts may match");
    check("(?>ab|a)", "(?>ab|a)", "write `(?:ab|a)`: the same texts match");
    check("(?>a+)b", "(?>a+)", "write `(?:a+)`: the same texts match");
    check("(?>a+?)b", "(?>a+?)", "more texts may match");
    check("(?>abc)d", "(?>abc)", "write `(?:abc)`: the same texts match");
    check("(<)?a(?(1)>)", "(?(1)>)", "alternatives");
    check(r"(?=.*\d)(?=.*[a-z])", r"(?=.*\d)", r"write both orders: `\d.*[a-z]|[a-z].*\d`");
    check("^(?=.*admin)(?=.*prod).*$", "(?=.*admin)", "`^(?:.*admin.*prod|.*prod.*admin).*$`; or,");
    check("(?=.*ab)(?=.*bc)", "(?=.*ab)", "third alternative if the parts can overlap; or,");
    check("(?=.*ab)(?=.*bc)", "(?=.*ab)", "`param_contains` for `ab` and `param_matches` for `bc`");
    check("(?=.*a)(?=.*b)(?=.*c)", "(?=.*a)", "`a.*b|b.*a`");
    check("(?=.*a)(?=.*b)x", "(?=.*a)", "`a.*b|b.*a`");
    check("(?=.*a|x)(?=.*b)", "(?=.*a|x)", "`a.*b|b.*a`");
    check("(?a)(?u)x", "(?u)", "leave out");
}
