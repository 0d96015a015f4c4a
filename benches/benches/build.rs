//! What a build and a load cost, over W3 of growing size.
//!
//! Timed: YAML text in memory to artifact bytes, checked as `--verify fast` does; and artifact bytes
//! to a policy that is ready to decide.

#![expect(clippy::unwrap_used, reason = "a bench")]

use aegis_benches::w3;
use aegis_vm::Policy;
use aegisc::Verify;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("build");
    group.sample_size(10);
    for rules in [10, 1_000, 10_000] {
        let workload = w3(rules);
        group.bench_function(format!("compile {rules} rules"), |bencher| {
            bencher.iter(|| workload.build(Verify::Fast));
        });
        let artifact = workload.build(Verify::Off);
        group.bench_function(format!("load {rules} rules"), |bencher| {
            let copy = || artifact.clone();
            bencher.iter_batched(copy, |bytes| Policy::from_bytes(bytes).unwrap(), BatchSize::LargeInput);
        });
    }
}

criterion_group!(builds, benches);
criterion_main!(builds);
