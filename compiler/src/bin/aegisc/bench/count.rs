//! What can be counted of decisions rather than timed: allocations, and instructions where the machine counts them.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Counts of a decision.
pub(super) struct Counts {
    /// Allocations.
    pub(super) allocations: f64,
    /// Instructions of this process, or why they are not counted.
    pub(super) instructions: Result<f64, String>,
}

/// Decides actions of the order once, and counts: as many as took no longer than told.
pub(super) fn of(order: &[usize], time: Duration, decide: impl Fn(usize) -> u64) -> Counts {
    let started = Instant::now();
    let within = order.iter().take_while(|&&at| {
        black_box(decide(black_box(at)));
        started.elapsed() < time
    });
    let order = order.get(..within.count().max(1)).unwrap_or(order);
    let all = || {
        for &at in order {
            black_box(decide(black_box(at)));
        }
    };
    let decisions = super::measure::float(u64::try_from(order.len()).unwrap_or(u64::MAX)).max(1.0);
    let allocations = allocation_counter::measure(all).count_total;
    let instructions = instructions(all).map(|count| super::measure::float(count) / decisions);
    Counts { allocations: super::measure::float(allocations) / decisions, instructions }
}

#[cfg(target_os = "linux")]
fn instructions(run: impl Fn()) -> Result<u64, String> {
    use perf_event::Builder;
    use perf_event::events::Hardware;
    let count = || {
        let mut counter = Builder::new(Hardware::INSTRUCTIONS).build()?;
        counter.enable()?;
        run();
        counter.disable()?;
        counter.read()
    };
    count().map_err(|error: std::io::Error| format!("the system has no counter for them: {error}"))
}

#[cfg(not(target_os = "linux"))]
fn instructions(_run: impl Fn()) -> Result<u64, String> {
    Err("only counted on Linux".to_owned())
}
