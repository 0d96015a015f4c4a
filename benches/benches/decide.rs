//! What a decision costs: a prepared request in, the deciding rule out.
//!
//! Timed: `Policy::evaluate` on an owned `Action` with a JSON object as params, and reading the index
//! of the deciding rule; not timed: making the action. Random order; every answer is checked before
//! anything is timed. A batch is the whole order, so the figure to quote is the time of an iteration
//! divided by its elements, which criterion shows as throughput.

#![expect(clippy::unwrap_used, reason = "a bench")]

use aegis_benches::{Workload, w1, w2, w3, w5, w6};
use aegis_vm::{Policy, Request};
use aegisc::Verify;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn decide(criterion: &mut Criterion, name: &str, workload: &Workload) {
    let policy = Policy::from_bytes(workload.build(Verify::Off)).unwrap();
    for (action, rule) in &workload.actions {
        assert_eq!(policy.evaluate(action, workload.now).rule_name(), rule, "{action:?}");
    }
    let requests: Vec<Request<'_>> = workload.actions.iter().map(|(action, _)| action.into()).collect();
    let mut group = criterion.benchmark_group("decide");
    group.throughput(Throughput::Elements(workload.order.len().try_into().unwrap()));
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            for &at in &workload.order {
                let decision = policy.evaluate(black_box(requests[at]), workload.now);
                black_box(decision.rule_index());
            }
        });
    });
}

fn benches(criterion: &mut Criterion) {
    decide(criterion, "W1 devops, 14 rules", &w1());
    decide(criterion, "W2 financial, 11 rules", &w2());
    for rules in [10, 1_000, 100_000] {
        decide(criterion, &format!("W3 literals, {rules} rules"), &w3(rules));
    }
    decide(criterion, "W5 suffixes, 50 rules", &w5());
    for rules in [1, 4, 12, 50] {
        decide(criterion, &format!("W6 words in types, {rules} rules"), &w6(rules, false));
        decide(criterion, &format!("W6 ends of targets, {rules} rules"), &w6(rules, true));
    }
}

criterion_group!(decisions, benches);
criterion_main!(decisions);
