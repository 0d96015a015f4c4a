//! What a build costs, for every workload and by size.
//!
//! Timed as `compile`: YAML text in memory to artifact bytes, checked as `--verify fast` does; as
//! `unchecked`: the same with `--verify off`. Timed as `events`: granit-parser alone over the same text,
//! event by event, which is the least that reading it takes.

#![expect(clippy::unwrap_used, reason = "a bench")]

use aegis_benches::build;
use aegis_benches::workloads::{FIXED, named, sized};
use aegisc::Verify;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use granit_parser::Parser;
use std::cell::LazyCell;

#[path = "support/largest.rs"]
mod largest;

/// How many events a text has.
fn events(yaml: &str) -> usize {
    Parser::new_from_str(yaml).map(|event| event.map(drop).unwrap()).count()
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("build");
    group.sample_size(10);
    for (name, size) in FIXED.into_iter().chain(sized(largest::largest())) {
        let yaml = LazyCell::new(|| named(name, size).unwrap().yaml());
        // As a rate by rules: the text is written only if the bench was selected.
        group.throughput(Throughput::Elements(size.try_into().unwrap()));
        group.bench_function(format!("compile {name}, {size} rules"), |bencher| {
            bencher.iter(|| build(yaml.clone(), Verify::Fast));
        });
        group.bench_function(format!("unchecked {name}, {size} rules"), |bencher| {
            bencher.iter(|| build(yaml.clone(), Verify::Off));
        });
        group.bench_function(format!("events {name}, {size} rules"), |bencher| {
            bencher.iter(|| events(&yaml));
        });
    }
}

criterion_group!(builds, benches);
criterion_main!(builds);
