//! What loading costs, for every workload and by size.
//!
//! Timed as `policy`: artifact bytes in memory to a policy that is ready to decide, everything checked;
//! not timed: copying the bytes. Timed as `sha256`: the digest of the same bytes alone, which is the
//! least that a loader takes that trusts nothing.

#![expect(clippy::unwrap_used, reason = "a bench")]

use aegis_benches::workloads::{FIXED, named, sized};
use aegis_vm::Policy;
use aegisc::Verify;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sha2::{Digest, Sha256};
use std::cell::LazyCell;

#[path = "support/largest.rs"]
mod largest;

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    group.sample_size(20);
    for (name, size) in FIXED.into_iter().chain(sized(largest::largest())) {
        let artifact = LazyCell::new(|| named(name, size).unwrap().build(Verify::Off));
        group.throughput(Throughput::Elements(size.try_into().unwrap()));
        group.bench_function(format!("policy {name}, {size} rules"), |bencher| {
            let copy = || artifact.clone();
            bencher.iter_batched(copy, |bytes| Policy::from_bytes(bytes).unwrap(), BatchSize::LargeInput);
        });
        group.bench_function(format!("sha256 {name}, {size} rules"), |bencher| {
            bencher.iter(|| Sha256::digest(artifact.as_slice()));
        });
    }
}

criterion_group!(loads, benches);
criterion_main!(loads);
