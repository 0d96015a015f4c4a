//! The stopwatch: how long decisions take, as a distribution.

use aegisc::command::output::Failure;
use hdrhistogram::Histogram;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A read of the clock costs as much as a decision, so decisions are timed in runs of so many.
pub(super) const RUN: usize = 16;
/// A row is measured in so many parts, whose medians say how much the machine wavers.
const PARTS: u32 = 5;
/// As many measurements are made before the first that counts.
const WARM_UP: usize = 1_000;
/// A histogram keeps so many digits.
const DIGITS: u8 = 3;

/// The statistics of a row: their names, and the share of the measurements that are at most as long.
pub(super) const STATISTICS: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

/// What reading the clock costs, in picoseconds.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    /// Between two reads, one after the other.
    pub(super) cost: u64,
    /// The smallest difference that was seen.
    pub(super) step: u64,
}

impl Clock {
    pub(super) fn new() -> Self {
        let mut all: Vec<u64> = (0..10_000).map(|_| picoseconds(Instant::now().elapsed())).collect();
        all.sort_unstable();
        let cost = all.get(all.len() / 2).copied().unwrap_or_default();
        let steps = all.iter().zip(all.iter().skip(1)).map(|(one, next)| next - one);
        Clock { cost, step: steps.filter(|step| *step > 0).min().unwrap_or_default() }
    }
}

/// The distribution of what a decision takes.
pub(super) struct Times {
    /// Of picoseconds.
    histogram: Histogram<u64>,
    /// The medians of the parts, in nanoseconds, from the least.
    medians: Vec<f64>,
}

impl Times {
    /// Times decisions in runs of [`RUN`], in the order given, for about as long as told.
    pub(super) fn of_runs(
        decide: impl Fn(usize) -> u64,
        order: &[usize],
        clock: Clock,
        time: Duration,
    ) -> Result<Self, Failure> {
        let mut runs = order.chunks_exact(RUN).cycle();
        Times::of(clock, time, || {
            let run = runs.next().unwrap_or_default();
            let start = Instant::now();
            for &action in run {
                black_box(decide(black_box(action)));
            }
            (start.elapsed(), run.len())
        })
    }

    /// Times decisions one by one, before each of which something else is done.
    pub(super) fn of_each(
        decide: impl Fn(usize) -> u64,
        order: &[usize],
        clock: Clock,
        time: Duration,
        before: impl Fn(),
    ) -> Result<Self, Failure> {
        let mut actions = order.iter().copied().cycle();
        Times::of(clock, time, || {
            before();
            let action = black_box(actions.next().unwrap_or_default());
            let start = Instant::now();
            black_box(decide(action));
            (start.elapsed(), 1)
        })
    }

    /// `measure` gives a time and how many decisions it was for.
    fn of(
        clock: Clock,
        time: Duration,
        mut measure: impl FnMut() -> (Duration, usize),
    ) -> Result<Self, Failure> {
        let none =
            || Histogram::<u64>::new(DIGITS).map_err(|error| Failure::new(format!("cannot count: {error}")));
        let (mut all, mut medians) = (none()?, Vec::new());
        let warming = Instant::now();
        for _ in 0..WARM_UP {
            measure();
            if warming.elapsed() > time / PARTS {
                break;
            }
        }
        for _ in 0..PARTS {
            let (mut part, started) = (none()?, Instant::now());
            while part.is_empty() || started.elapsed() < time / PARTS {
                let (took, decisions) = measure();
                let took = picoseconds(took).saturating_sub(clock.cost);
                // A histogram resizes itself, up to all that 64 bits count.
                let _ = part.record(took / u64::try_from(decisions.max(1)).unwrap_or(u64::MAX));
            }
            medians.push(nanoseconds(part.value_at_quantile(0.5)));
            all.add(&part).map_err(|error| Failure::new(format!("cannot count: {error}")))?;
        }
        medians.sort_by(f64::total_cmp);
        Ok(Times { histogram: all, medians })
    }

    /// Nanoseconds that this share of the measurements took at most; `None` if there are too few to say.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let beyond = (1.0 - share) * float(self.histogram.len());
        (share == 1.0 || beyond >= 1.0).then(|| nanoseconds(self.histogram.value_at_quantile(share)))
    }

    /// The median.
    pub(super) fn median(&self) -> f64 {
        nanoseconds(self.histogram.value_at_quantile(0.5))
    }

    /// By how much of the median the medians of the parts differ.
    pub(super) fn spread(&self) -> f64 {
        match (self.medians.first(), self.medians.last()) {
            (Some(low), Some(high)) if self.median() > 0.0 => (high - low) / self.median(),
            _ => 0.0,
        }
    }

    /// How many measurements there are.
    pub(super) fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The distribution as points: a share of the measurements, and the nanoseconds that it took at most.
    pub(super) fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        const OF_A_HALVING: u32 = 5;
        self.histogram
            .iter_quantiles(OF_A_HALVING)
            .map(|value| (value.quantile(), nanoseconds(value.value_iterated_to())))
    }
}

fn picoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().saturating_mul(1_000)).unwrap_or(u64::MAX)
}

/// From picoseconds.
pub(super) fn nanoseconds(picoseconds: u64) -> f64 {
    float(picoseconds) / 1e3
}

/// The nearest number.
pub(super) fn float(n: u64) -> f64 {
    Duration::from_nanos(n).as_secs_f64() * 1e9
}
