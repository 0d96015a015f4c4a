//! What a decision costs that looks for many texts in one param, or for many words.
//!
//! `contains`: one rule for each of 10, 100 or 1,000 texts in the param `text`; in *apart* each rule is
//! for a type of its own, so that a decision asks for one text only. `semantic`: 20 rules of eight words
//! each over a description. The texts of actions are 60 or 1,000 characters of words that mostly are
//! none of the policy's; the default decides most of them.
//!
//! Timed: `Policy::evaluate` on a prepared request, and reading the deciding rule, for 256 actions in
//! turn. Every answer is checked with a plain search before anything is timed.

#![expect(clippy::unwrap_used, reason = "a bench")]

use aegis_benches::Random;
use aegis_vm::{NoClock, Policy, Request, Value};
use aegisc::{LayerSource, Options, Verify, compile};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::fmt::Write;
use std::hint::black_box;

const ACTIONS: usize = 256;

fn policy(yaml: String) -> Policy {
    let layer = LayerSource { path: "policy.yaml".to_owned(), bytes: yaml.into() };
    let options = Options { verify: Verify::Off, ..Options::default() };
    Policy::from_bytes(compile(vec![layer], &options).unwrap().output.unwrap().artifact).unwrap()
}

/// Words of three to ten letters, common letters more often.
fn vocabulary(random: &mut Random, count: usize) -> Vec<String> {
    const LETTERS: &[u8; 26] = b"etaoinshrdlucmfwypvbgkqxjz";
    let mut letter = |_| char::from(LETTERS[random.below(26).min(random.below(26))]);
    let mut word = |at: usize| (0..3 + at * 7 % 8).map(&mut letter).collect();
    (0..count).map(&mut word).collect()
}

/// Texts of words, with one of `rare` among them in one of four.
fn texts(random: &mut Random, words: &[String], rare: &[String], length: usize) -> Vec<String> {
    let mut text = |_| {
        let mut text = String::new();
        let place = random.below(length * 4);
        while text.len() < length {
            let here = text.len() >= place && text.len() < place + 10;
            let from = if here { rare } else { words };
            text.push_str(&from[random.below(from.len())]);
            text.push(char::from(b" /-,."[random.below(5)]));
        }
        text.truncate(length);
        text
    };
    (0..ACTIONS).map(&mut text).collect()
}

fn ask(criterion: &mut Criterion, name: &str, asked: impl Fn() -> Option<u32>) {
    let mut group = criterion.benchmark_group("words");
    group.throughput(Throughput::Elements(ACTIONS.try_into().unwrap()));
    group.bench_function(name, |bencher| bencher.iter(|| (0..ACTIONS).map(|_| asked()).last()));
}

/// Checks the answers, then times them.
fn compare<'a>(
    criterion: &mut Criterion,
    name: &str,
    policy: &Policy,
    requests: &[Request<'a>],
    expected: &[Option<usize>],
) {
    for (request, expected) in requests.iter().zip(expected) {
        let found = policy.evaluate(*request, NoClock).rule_index();
        assert_eq!(found.map(|rule| usize::try_from(rule).unwrap()), *expected, "{name}");
    }
    let next = std::cell::Cell::new(0);
    ask(criterion, name, || {
        let at = next.get();
        next.set((at + 1) % ACTIONS);
        policy.evaluate(black_box(requests[at]), NoClock).rule_index()
    });
}

fn contains(criterion: &mut Criterion) {
    let mut random = Random::new(1);
    let words = vocabulary(&mut random, 2_000);
    for count in [10, 100, 1_000] {
        let needles: Vec<String> =
            words.iter().take(count).enumerate().map(|(at, word)| format!("{word}_{at}")).collect();
        let mut yaml = String::from("rules:\n");
        let mut apart = yaml.clone();
        for (at, needle) in needles.iter().enumerate() {
            let conditions = format!("conditions: {{param_contains: {{text: '{needle}'}}}}");
            writeln!(yaml, "- {{{conditions}, approval: block}}").unwrap();
            writeln!(apart, "- {{match: {{type: t{at}}}, {conditions}, approval: block}}").unwrap();
        }
        let (policy, apart) = (policy(yaml), self::policy(apart));
        for length in [60, 1_000] {
            let texts = texts(&mut random, &words, &needles, length);
            let pairs: Vec<_> = texts.iter().map(|text| [("text", Value::from(text))]).collect();
            let pairs: Vec<&[_]> = pairs.iter().map(|pair| pair.as_slice()).collect();
            let kinds: Vec<String> = (0..ACTIONS).map(|at| format!("t{}", at % count)).collect();
            let requests: Vec<_> =
                pairs.iter().zip(&kinds).map(|(pair, kind)| Request::new(kind, "x").params(pair)).collect();
            let first = |text: &String| needles.iter().position(|needle| text.contains(needle));
            let expected: Vec<_> = texts.iter().map(first).collect();
            compare(criterion, &format!("contains {count} in {length}"), &policy, &requests, &expected);
            let of_kind = texts.iter().enumerate().map(|(at, text)| {
                let rule = at % count;
                text.contains(&needles[rule]).then_some(rule)
            });
            let expected: Vec<_> = of_kind.collect();
            compare(criterion, &format!("contains {count} apart in {length}"), &apart, &requests, &expected);
        }
    }
}

fn semantic(criterion: &mut Criterion) {
    let mut random = Random::new(2);
    let words = vocabulary(&mut random, 2_000);
    for count in [1, 20] {
        let rare: Vec<String> = (0..count * 8).map(|at| format!("{}q{at}", words[at])).collect();
        let mut yaml = String::from("rules:\n");
        for set in rare.chunks(8) {
            writeln!(yaml, "- {{conditions: {{semantic: '{}'}}, approval: block}}", set.join(" ")).unwrap();
        }
        let policy = policy(yaml);
        for length in [60, 1_000] {
            let texts = texts(&mut random, &words, &rare, length);
            let requests: Vec<_> =
                texts.iter().map(|text| Request::new("t", "x").description(text)).collect();
            let first = |text: &String| {
                let of_text: Vec<&str> = text.split([' ', '/', '-', ',', '.']).collect();
                rare.chunks(8).position(|set| set.iter().any(|word| of_text.contains(&word.as_str())))
            };
            let expected: Vec<_> = texts.iter().map(first).collect();
            compare(criterion, &format!("semantic {count} in {length}"), &policy, &requests, &expected);
        }
    }
}

fn benches(criterion: &mut Criterion) {
    contains(criterion);
    semantic(criterion);
}

criterion_group!(words, benches);
criterion_main!(words);
