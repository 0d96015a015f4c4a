//! Globs in artifacts, many and large ones, against the reference evaluator.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use aegis_vm::{Action, Policy};
use aegisc::{Compilation, Verify, compile};
use std::fmt::Write;
use support::agree::{Compared, Tally};
use support::bytes::{Bytes, next};
use support::globs::example;
use support::{layers, options};

/// A policy of which rule `i` asks glob `i` of the target.
fn yaml(globs: &[String]) -> String {
    let mut yaml = String::from("rules:\n");
    for glob in globs {
        writeln!(yaml, "- {{match: {{target: '{glob}'}}, approval: auto}}").unwrap();
    }
    yaml
}

/// Compiles a policy and asks it about targets; gives its groups of globs, as `inspect --ir` shows them.
fn agree(yaml: &str, targets: &[String]) -> Vec<String> {
    let Compilation { sources, output, diagnostics } =
        compile(layers([yaml]), &options(Verify::Off)).unwrap();
    let output = output.unwrap_or_else(|| panic!("{diagnostics:?}"));
    let vm = Policy::from_bytes(output.artifact).unwrap();
    let compared = Compared { meant: &output.policy, sources: &sources, vm: &vm };
    let mut tally = Tally::default();
    for target in targets {
        compared.case(&Action::new("t", target), None, &mut tally).unwrap_or_else(|why| panic!("{why}"));
    }
    assert!(tally.matched > 0 && tally.defaults > 0, "{tally:?}");
    let mut ir = String::new();
    vm.write_ir(&mut ir).unwrap();
    ir.lines().filter(|line| line.contains(": globs through ")).map(str::to_owned).collect()
}

fn letters(seed: &mut u64, count: u64) -> String {
    (0..count).map(|_| char::from(b'a' + next(seed) % 26)).collect()
}

fn texts(seed: &mut u64, count: usize) -> Vec<String> {
    (0..count).map(|at| letters(seed, u64::try_from(at % 24).unwrap())).collect()
}

/// Different globs, each of which is drawn.
fn drawn(count: usize, mut glob: impl FnMut() -> String) -> Vec<String> {
    let mut globs: Vec<String> = Vec::new();
    while globs.len() < count {
        let glob = glob();
        if !globs.contains(&glob) {
            globs.push(glob);
        }
    }
    globs
}

#[test]
fn few_globs_are_matched_one_by_one() {
    let targets = ["prod/x/db-1", "prod/db-1", "a_secret_b", "x"].map(str::to_owned);
    let of = |globs: &[&str]| {
        agree(&yaml(&globs.iter().map(|&glob| glob.to_owned()).collect::<Vec<_>>()), &targets)
    };
    assert_eq!(of(&["prod/*/db-?"]), <[&str; 0]>::default());
    assert_eq!(of(&["*secret*"]), <[&str; 0]>::default());
    assert_eq!(of(&["prod/*/db-?", "*secret*"]), <[&str; 0]>::default());
    assert_eq!(of(&["*secret*", "*key*"]), ["  0: globs through 10 states: \"*secret*\" \"*key*\""]);
}

/// Globs share an automaton if one action may be asked about all of them.
#[test]
fn globs_of_other_literals_are_apart() {
    let yaml = "rules:
- {match: {type: t, target: '*secret*'}, conditions: {weekdays: [1]}}
- {match: {type: u, target: '*key*'}}
- {match: {type: u, target: '*word*'}}
- {match: {type: t, target: '*key*'}}
- {match: {type: t, target: '*token*', agent: '*x*'}}
- {match: {agent: '*y*'}}
- {match: {agent: '*key*'}}";
    let targets = ["a_token", "key", "word", "-"].map(str::to_owned);
    let groups = agree(yaml, &targets);
    let members: Vec<&str> = groups.iter().map(|group| group.split_once("states: ").unwrap().1).collect();
    // `*key*` is in one of them, whoever asks.
    assert_eq!(members, ["\"*secret*\" \"*key*\" \"*token*\""]);
}

/// Each glob doubles the states of a product, or has very many itself. All are compiled, in time.
#[test]
fn hostile_globs_are_matched_all_the_same() {
    let mut seed = 17;
    let one = |seed: &mut u64| letters(seed, 1);
    let infix = drawn(300, || format!("*{}*{}*{}*", one(&mut seed), one(&mut seed), one(&mut seed)));
    let mut seed = 19;
    let ones = drawn(300, || {
        let gap = "?".repeat(usize::from(next(&mut seed) % 40));
        format!("*{}{gap}{}*{}", one(&mut seed), one(&mut seed), one(&mut seed))
    });
    let mut seed = 23;
    let sets = drawn(300, || {
        let mut set = || {
            let (a, b) = (one(&mut seed), one(&mut seed));
            format!("[{}-{}]?", a.clone().min(b.clone()), a.max(b))
        };
        (0..12).map(|_| set()).collect::<String>() + "*z"
    });
    let mut seed = 29;
    let wide = drawn(300, || {
        let c = |seed: &mut u64| char::from_u32(0x4e00 + 20 * u32::from(next(seed))).unwrap();
        format!("*{}*{}?", c(&mut seed), c(&mut seed))
    });
    let long =
        ["?".repeat(100_000), "*".to_owned() + &"?".repeat(90_000) + "a*b", "a?".repeat(50_000)].to_vec();
    for globs in [infix, ones, sets, wide, long] {
        let mut targets = texts(&mut 31, 24);
        targets.push(example(&globs[1], &mut Bytes::new(&[])));
        agree(&yaml(&globs), &targets);
    }
}

/// Thousands of globs: the first ones are joined, while there is work left.
#[test]
fn many_globs() {
    let mut seed = 37;
    let globs = drawn(3_000, || {
        let (a, b) = (letters(&mut seed, 4), letters(&mut seed, 2));
        match next(&mut seed) % 3 {
            0 => format!("{a}/*/{b}?"),
            1 => format!("*{a}*"),
            _ => format!("{a}-?-*"),
        }
    });
    let mut targets = texts(&mut 41, 12);
    targets.extend(globs.iter().step_by(300).map(|glob| glob.replace(['*', '?'], "q")));
    let groups = agree(&yaml(&globs), &targets);
    assert!(groups.len() > 5, "{}", groups.len());
}

/// The class map is that of the patterns as well.
#[test]
fn globs_beside_patterns() {
    let yaml = "rules:
- {match: {target: '*é[à-ü]*'}, conditions: {param_matches: {p: 'é+$'}}}
- {match: {target: '*[!a-z]?x'}, conditions: {param_matches: {p: '(?i)k'}}}
- {match: {target: '?*\u{1f4b3}*'}}
- {match: {target: '[[]*[]]'}}
- {match: {target: '*İ*'}}";
    let Compilation { sources, output, .. } = compile(layers([yaml]), &options(Verify::Full)).unwrap();
    let output = output.unwrap();
    let vm = Policy::from_bytes(output.artifact).unwrap();
    let compared = Compared { meant: &output.policy, sources: &sources, vm: &vm };
    let mut tally = Tally::default();
    for target in ["aéü", "é\nx", "🙂x", "a💳", "💳", "[]", "[x]", "[é", "ißİ", "", "é\u{1f4b3}", "\nqx"]
    {
        for p in ["é", "éé\n", "K", "\u{212a}", ""] {
            compared.case(&Action::new("t", target).param("p", p), None, &mut tally).unwrap();
        }
    }
    assert!(tally.matched > 20 && tally.defaults > 10, "{tally:?}");
}
