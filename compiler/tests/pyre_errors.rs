//! Many patterns of a policy at fault: each is reported, once, where it stands.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use aegisc::check;
use aegisc::diag::{Level, RenderOptions, render_pretty};
use aegisc::pyre::{self, Limits, PatternErrorKind, TooLarge};
use aegisc::{Checked, LayerSource, Options};
use std::fmt::Write;

/// Patterns that are refused, each for a reason of its own, and words of the reason.
const WRONG: [(&str, &str); 13] = [
    ("(a", "missing ), unterminated subpattern"),
    ("[z-a]", "bad character range z-a"),
    ("a**", "multiple repeat"),
    ("(?P<1a>x)", "bad character in group name '1a'"),
    ("a(?=b)c", "a lookahead cannot be followed"),
    ("(?<!a)b", "a negative lookbehind cannot be followed"),
    (r"(a)\1", "a backreference needs memory"),
    ("(?>ab|a)c", "an atomic group cannot be followed"),
    ("x(?:ab|a)*+c", "a possessive quantifier cannot be followed"),
    ("a{99999999999}", "the repetition number is too large"),
    ("b{4294967294}", "`b{4294967294}` is 4294967294 steps long"),
    ("(a|b)*a(a|b){200}", "most of them for `(a|b){200}`"),
    // The same part of another pattern makes it large.
    ("(b|a)*b(a|b){200}", "most of them for `(a|b){200}`"),
];

fn checked(yaml: &str) -> Checked {
    check(vec![LayerSource { path: "p.yaml".to_owned(), bytes: yaml.into() }], &Options::default())
}

/// Every line that has one of the patterns at fault is said once, with its reason, and no other line.
fn each_at_its_line(yaml: &str) {
    let checked = checked(yaml);
    let mut at_fault = Vec::new();
    for (index, line) in yaml.lines().enumerate() {
        let wrong = WRONG.iter().find(|(pattern, _)| line.contains(&format!("'{pattern}'")));
        at_fault.extend(wrong.map(|(_, reason)| (index + 1, *reason)));
    }
    assert_eq!(at_fault.len(), WRONG.len());
    let options = RenderOptions { color: false, width: 200 };
    let said: Vec<_> = checked
        .diagnostics
        .iter()
        .map(|d| {
            assert_eq!(d.level, Level::Error, "{d:?}");
            render_pretty(d, &checked.sources, options)
        })
        .collect();
    for (line, reason) in &at_fault {
        let here: Vec<_> = said.iter().filter(|said| said.contains(&format!("--> p.yaml:{line}:"))).collect();
        let [one] = here.as_slice() else { panic!("line {line}, `{reason}`: {here:?}\n{}", said.join("\n")) };
        assert!(one.contains(reason), "line {line}, `{reason}`: {one}");
    }
    assert_eq!(said.len(), at_fault.len(), "{}", said.join("\n"));
    assert!(checked.policy.is_none());
}

#[test]
fn many_rules_at_fault() {
    let mut yaml = String::from("rules:\n");
    for (at, (pattern, _)) in WRONG.iter().enumerate() {
        writeln!(yaml, "  - {{match: {{type: t}}, conditions: {{param_matches: {{p: 'ok{at}+\\Z'}}}}}}")
            .unwrap();
        writeln!(yaml, "  - conditions:\n      param_matches:\n        p: '{pattern}'").unwrap();
    }
    each_at_its_line(&yaml);
}

#[test]
fn many_params_of_one_condition_at_fault() {
    let mut yaml = String::from("rules:\n  - conditions:\n      param_matches:\n");
    for (at, (pattern, _)) in WRONG.iter().enumerate() {
        writeln!(yaml, "        ok{at}: '[a-c]{{{at}}}x'\n        p{at}: '{pattern}'").unwrap();
    }
    each_at_its_line(&yaml);
}

/// Each takes much of the work that all may, so that one of them is beyond it.
#[test]
fn all_the_work_of_a_policy() {
    // Of more places than a set has.
    let texts: Vec<String> = (0..6).map(|n| format!("{n}(a|b)*a(a|b){{6}}x{{60}}")).collect();
    let patterns: Vec<_> = texts.iter().map(|text| pyre::parse(text).unwrap()).collect();
    let most = |total_work| Limits { total_work, ..Limits::default() };
    let left_out = |total_work| match pyre::compile(&patterns, &most(total_work)) {
        Ok(_) => Vec::new(),
        Err(TooLarge { errors, compiled }) => {
            assert_eq!(errors.len() + compiled.len(), patterns.len());
            for (at, error) in &errors {
                assert_eq!(error.kind, PatternErrorKind::TooLarge);
                assert_eq!(error.at, 0..texts[*at].len());
                let words = format!("the patterns before this one have taken the {total_work} steps of work");
                assert!(error.message.starts_with(&words), "{}", error.message);
            }
            errors.iter().map(|(at, _)| *at).collect()
        }
    };
    let mut enough = 1_000;
    while !left_out(enough).is_empty() {
        enough += enough / 8;
    }
    assert_eq!(left_out(enough * 7 / 8), [5]);
    let fewer = left_out(enough / 2);
    assert!(fewer.len() > 1 && fewer.first() > Some(&0) && fewer.last() == Some(&5), "{fewer:?}");
    assert_eq!(left_out(0).len(), 6);
}

/// Automata that are refused are built first: their sizes add up.
#[test]
fn all_the_states_of_a_policy() {
    let patterns: Vec<_> = (0..6).map(|n| pyre::parse(&format!("{n}a{{100}}")).unwrap()).collect();
    let limits = |total_nfa_states| Limits { total_nfa_states, ..Limits::default() };
    assert!(pyre::compile(&patterns, &limits(2_000)).is_ok());
    let TooLarge { errors, .. } = pyre::compile(&patterns, &limits(250)).unwrap_err();
    assert_eq!(errors.last().map(|(at, _)| *at), Some(5));
    assert!((1..6).contains(&errors.len()), "{errors:?}");
    let words = "the patterns before this one have taken the 250 states that all patterns of a policy may";
    assert!(errors.iter().all(|(_, error)| error.message == words), "{errors:?}");
}
