//! What a decision costs: a prepared request in, the deciding rule out.
//!
//! Timed: `Policy::evaluate` on a request with params in slots, and reading the index of the deciding
//! rule; not timed: making the request, compiling, loading. Random order; every answer is checked before
//! anything is timed. A batch is the whole order, so the figure to quote is the time of an iteration
//! divided by its elements, which criterion shows as throughput. The `contest` puts the same decisions
//! beside hand-written ones.

#![expect(clippy::unwrap_used, reason = "a bench")]

use aegis_benches::workloads::{FIXED, ORDER, globs_ends, globs_words, named, sized};
use aegis_benches::{Workload, bind, decide};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::cell::LazyCell;
use std::hint::black_box;

#[path = "support/largest.rs"]
mod largest;

/// A workload is generated, compiled and checked only if it was selected.
fn bench(criterion: &mut Criterion, name: &str, workload: impl Fn() -> Workload) {
    let prepared = LazyCell::new(|| {
        let workload = workload();
        let policy = workload.policy();
        (workload, policy)
    });
    let bound = LazyCell::new(|| bind(&prepared.1, &prepared.0));
    let rows = LazyCell::new(|| bound.rows(&prepared.0));
    let requests = LazyCell::new(|| {
        let (workload, policy) = &*prepared;
        let requests = workload.requests(&**rows);
        for (at, expected) in workload.expected().into_iter().enumerate() {
            assert_eq!(decide(policy, &requests[at], workload.now), expected, "{name}, action {at}");
        }
        requests
    });
    let mut group = criterion.benchmark_group("decide");
    group.sample_size(20);
    group.throughput(Throughput::Elements(ORDER.try_into().unwrap()));
    group.bench_function(name, |bencher| {
        let (workload, policy) = &*prepared;
        let requests = &*requests;
        bencher.iter(|| {
            for &at in &workload.order {
                black_box(decide(policy, black_box(&requests[at]), workload.now));
            }
        });
    });
}

fn benches(criterion: &mut Criterion) {
    for (name, size) in FIXED.into_iter().chain(sized(largest::largest())) {
        bench(criterion, &format!("{name}, {size} rules"), || named(name, size).unwrap());
    }
    for rules in [1, 4, 12, 50] {
        bench(criterion, &format!("globs_words, {rules} rules"), || globs_words(rules));
        bench(criterion, &format!("globs_ends, {rules} rules"), || globs_ends(rules));
    }
}

criterion_group!(decisions, benches);
criterion_main!(decisions);
