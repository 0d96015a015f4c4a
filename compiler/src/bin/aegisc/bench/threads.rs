//! How many decisions several threads take together.

use super::actions::Actions;
use super::measure::float;
use super::{prepared, rows};
use aegis_vm::Policy;
use aegisc::command::output::Failure;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What so many threads decide.
pub(super) struct Throughput {
    pub(super) threads: usize,
    /// Decisions a second, of all together.
    pub(super) rate: f64,
}

/// One thread, then twice as many, up to as many as told.
pub(super) fn throughput(
    policy: &Policy,
    actions: &Actions,
    most: usize,
    time: Duration,
) -> Result<Vec<Throughput>, Failure> {
    let mut counts: Vec<usize> =
        std::iter::successors(Some(1), |n| Some(n * 2)).take_while(|n| *n < most).collect();
    counts.push(most);
    let of = |threads| Ok(Throughput { threads, rate: rate(policy, actions, threads, time)? });
    counts.into_iter().map(of).collect()
}

/// Each thread has requests of its own; all share the policy. They begin when all are ready and end when told, so that
/// all are counted over the same time.
fn rate(policy: &Policy, actions: &Actions, threads: usize, time: Duration) -> Result<f64, Failure> {
    /// Between two looks at whether to end.
    const DECISIONS: usize = 256;
    /// Between two looks at whether all are ready.
    const PAUSE: Duration = Duration::from_micros(100);
    let (ready, go, end) = (&AtomicUsize::new(0), &AtomicBool::new(false), &AtomicBool::new(false));
    let decide = move |thread: usize| {
        prepared::with(policy, actions, |requests| {
            let mut order = actions.order.iter().cycle().skip(thread * DECISIONS);
            let mut count = 0_u64;
            ready.fetch_add(1, Ordering::Release);
            while !go.load(Ordering::Acquire) && !end.load(Ordering::Acquire) {
                thread::sleep(PAUSE);
            }
            while !end.load(Ordering::Acquire) {
                for &at in order.by_ref().take(DECISIONS) {
                    black_box(rows::decided(policy, actions, requests, black_box(at)));
                    count += 1;
                }
            }
            count
        })
    };
    thread::scope(|scope| {
        let mut running = Vec::with_capacity(threads);
        for thread in 0..threads {
            match thread::Builder::new().spawn_scoped(scope, move || decide(thread)) {
                Ok(thread) => running.push(thread),
                Err(error) => {
                    end.store(true, Ordering::Release);
                    let message =
                        format!("cannot start thread {} of {threads} (`--threads`): {error}", thread + 1);
                    return Err(Failure::new(message));
                }
            }
        }
        while ready.load(Ordering::Acquire) < threads {
            thread::sleep(PAUSE);
        }
        let started = Instant::now();
        go.store(true, Ordering::Release);
        thread::sleep(time);
        end.store(true, Ordering::Release);
        let mut decisions = 0;
        for thread in running {
            decisions += thread.join().map_err(|_| Failure::new("a thread that decided ended by itself"))?;
        }
        Ok(float(decisions) / started.elapsed().as_secs_f64())
    })
}
