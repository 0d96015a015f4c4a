//! How many decisions several threads take together.

use super::actions::Actions;
use super::measure::float;
use super::{prepared, rows};
use aegis_vm::Policy;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// What so many threads decide.
pub(super) struct Throughput {
    pub(super) threads: usize,
    /// Decisions a second, of all together.
    pub(super) rate: f64,
}

/// One thread, then twice as many, up to as many as told.
pub(super) fn throughput(policy: &Policy, actions: &Actions, most: usize, time: Duration) -> Vec<Throughput> {
    let mut counts: Vec<usize> =
        std::iter::successors(Some(1), |n| Some(n * 2)).take_while(|n| *n < most).collect();
    counts.push(most);
    counts
        .into_iter()
        .map(|threads| Throughput { threads, rate: rate(policy, actions, threads, time) })
        .collect()
}

/// Each thread has requests of its own; all share the policy.
fn rate(policy: &Policy, actions: &Actions, threads: usize, time: Duration) -> f64 {
    /// Between two looks at the clock.
    const DECISIONS: usize = 256;
    let barrier = &Barrier::new(threads);
    let one = move |thread: usize| {
        prepared::with(policy, actions, |requests| {
            let mut order = actions.order.iter().cycle().skip(thread * DECISIONS);
            barrier.wait();
            let started = Instant::now();
            let mut count = 0_u64;
            while started.elapsed() < time {
                for &at in order.by_ref().take(DECISIONS) {
                    black_box(rows::decided(policy, actions, requests, black_box(at)));
                    count += 1;
                }
            }
            float(count) / started.elapsed().as_secs_f64()
        })
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || one(thread))).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_default()).sum()
    })
}
