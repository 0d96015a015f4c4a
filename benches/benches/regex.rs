//! What regular expressions cost: patterns to an artifact, and a text to an answer.
//!
//! Timed as `compile`: one rule a pattern, YAML text to artifact bytes, not checked. Timed as `search`:
//! one pattern on one text of 60 characters, or a decision of fifty rules that each look for a pattern
//! in the same text; random order, not making the text or the request. Before anything is timed every
//! answer is compared with the plain matcher's. `benches/peers` measures the same beside other engines.

#![expect(clippy::unwrap_used, reason = "a bench")]

use aegis_benches::search::{Mixed, Search, ascii, generated, mixed, order};
use aegis_vm::{NoClock, Request, Value};
use aegisc::pyre;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use support::patterns::{Searches, artifact};

#[path = "../../compiler/tests/support/mod.rs"]
mod support;

/// How many answers an iteration has.
const ANSWERS: usize = 4_096;

fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    group.sample_size(10);
    let fifty: Vec<String> = mixed().patterns.into_iter().map(str::to_owned).collect();
    for (name, patterns) in [("50 mixed patterns", fifty), ("1,000 patterns", generated(1_000))] {
        let searches = Searches::new(&patterns);
        for (at, text) in patterns.iter().enumerate() {
            let pattern = pyre::parse(text).unwrap();
            for other in [at, at + 1, at + 10].map(|other| &patterns[other % patterns.len()]) {
                assert_eq!(searches.find(at, other), pattern.naive_search(other), "{text} in {other}");
            }
        }
        group.bench_function(name, |bencher| bencher.iter(|| artifact(&patterns)));
    }
}

fn search(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("search");
    group.throughput(Throughput::Elements(ANSWERS.try_into().unwrap()));
    for Search { pattern, texts } in ascii() {
        let searches = Searches::new(&[pattern]);
        for (text, found) in &texts {
            assert_eq!(searches.find(0, text), *found, "{pattern} in {text}");
        }
        let order = order(texts.len(), ANSWERS);
        group.bench_function(pattern, |bencher| {
            bencher.iter(|| order.iter().filter(|&&at| searches.find(0, black_box(&texts[at].0))).count());
        });
    }
    let Mixed { patterns, none, one, .. } = mixed();
    let searches = Searches::new(&patterns);
    let slots = searches.policy().bind(["p"]);
    for (name, texts) in [("50 patterns, none matches", none), ("50 patterns, one matches", one)] {
        let requests: Vec<_> = texts.iter().map(|(text, _)| slots.with([Value::from(text)])).collect();
        let decide = |at: usize| {
            let request = Request::new("t", "").params(&requests[at]);
            searches.policy().evaluate(request, NoClock).rule_index()
        };
        for (at, (text, rule)) in texts.iter().enumerate() {
            assert_eq!(decide(at).map(|rule| usize::try_from(rule).unwrap()), *rule, "{text}");
        }
        let order = order(texts.len(), ANSWERS);
        group.bench_function(name, |bencher| {
            bencher.iter(|| order.iter().filter(|&&at| decide(black_box(at)).is_some()).count());
        });
    }
}

criterion_group!(regexes, compile, search);
criterion_main!(regexes);
