//! Races between contestants that answer the same cases: answers checked first, then times.
//!
//! All contestants run in one process, in batches of about a millisecond, in an order that is drawn
//! anew each round. What is taken is the CPU time of the thread, which others on the machine do not
//! lengthen; the figure is the median over the rounds of a batch's time, for one answer. Contestants are
//! compared within a round, so that a slow spell of the machine is in both.

use crate::Random;
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::hint::black_box;
use std::time::Duration;

/// How many batches of each contestant are timed, unless told otherwise.
pub const ROUNDS: usize = 31;

/// What a batch is meant to take.
const BATCH: Duration = Duration::from_millis(1);

/// Someone who answers cases by number.
pub struct Contestant<'a> {
    name: String,
    run: Run<'a>,
}

/// Takes cases, gives the sum of their answers, and the time that they took where the contestant
/// measures it.
type Run<'a> = Box<dyn Fn(&[usize]) -> (u64, Option<Duration>) + 'a>;

/// The times of a race: for each contestant, the time of an answer in each round, in nanoseconds.
pub struct Race {
    times: Vec<Vec<f64>>,
}

/// What a row of figures has in the middle, and a quarter of it below and above.
#[derive(Clone, Copy, Debug)]
pub struct Quartiles {
    /// A quarter is at most this.
    pub low: f64,
    /// The median.
    pub middle: f64,
    /// A quarter is at least this.
    pub high: f64,
}

/// A contestant. What is timed is `answer`, and a loop around it.
pub fn contestant<'a>(name: impl Into<String>, answer: impl Fn(usize) -> u64 + 'a) -> Contestant<'a> {
    let run = move |cases: &[usize]| {
        let add = |sum: u64, &case| sum.wrapping_add(black_box(answer(black_box(case))));
        (cases.iter().fold(0, add), None)
    };
    Contestant { name: name.into(), run: Box::new(run) }
}

/// A contestant in another process: `run` gives the sum of the answers and the CPU time that they took
/// there.
pub fn remote<'a>(name: impl Into<String>, run: impl Fn(&[usize]) -> (u64, Duration) + 'a) -> Contestant<'a> {
    let run = move |cases: &[usize]| {
        let (sum, took) = run(cases);
        (sum, Some(took))
    };
    Contestant { name: name.into(), run: Box::new(run) }
}

impl Contestant<'_> {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The sum of the answers to some cases.
    #[must_use]
    pub fn run(&self, cases: &[usize]) -> u64 {
        (self.run)(cases).0
    }
}

/// Checks that all give the expected answer to every case.
///
/// # Panics
///
/// If one does not.
pub fn agree(contestants: &[Contestant<'_>], expected: &[u64]) {
    for one in contestants {
        for (case, &answer) in expected.iter().enumerate() {
            assert_eq!(one.run(&[case]), answer, "{} on case {case}", one.name);
        }
    }
}

/// Times contestants on cases in each of some orders, so many rounds; a round has every contestant in
/// every order. Gives a race for each order.
///
/// # Panics
///
/// If there is no contestant, an order has no case, or there is no round.
#[must_use]
pub fn race<const N: usize>(
    contestants: &[Contestant<'_>],
    orders: [&[usize]; N],
    rounds: usize,
) -> [Race; N] {
    let sizes = orders.map(|order| contestants.iter().map(|one| batch_size(one, order)).collect::<Vec<_>>());
    let mut races = orders.map(|_| Race { times: vec![Vec::new(); contestants.len()] });
    let of_order = |order| (0..contestants.len()).map(move |one| (order, one));
    let mut turns: Vec<(usize, usize)> = (0..N).flat_map(of_order).collect();
    let mut random = Random::new(11);
    for round in 0..rounds {
        random.shuffle(&mut turns);
        for &(order, one) in &turns {
            let size = sizes[order][one];
            let took = batch(&contestants[one], orders[order], size, round * 509);
            races[order].times[one].push(took.as_secs_f64() * 1e9 / f64::from(size));
        }
    }
    races
}

impl Race {
    /// The times of an answer of a contestant, in nanoseconds.
    #[must_use]
    pub fn nanoseconds(&self, contestant: usize) -> Quartiles {
        Quartiles::of(self.times[contestant].clone())
    }

    /// How many times as long one contestant takes as another, round by round.
    #[must_use]
    pub fn ratio(&self, one: usize, other: usize) -> Quartiles {
        Quartiles::of(
            self.times[one].iter().zip(&self.times[other]).map(|(one, other)| one / other).collect(),
        )
    }

    /// How many times as long the slowest takes as the fastest, round by round.
    #[must_use]
    pub fn range(&self) -> Quartiles {
        let of_round = |round: usize| {
            let times = || self.times.iter().map(|times| times[round]);
            times().fold(0.0, f64::max) / times().fold(f64::INFINITY, f64::min)
        };
        Quartiles::of((0..self.times[0].len()).map(of_round).collect())
    }
}

impl Quartiles {
    /// Those of some figures.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let at = |quarter: usize| figures[(figures.len() - 1) * quarter / 4];
        Quartiles { low: at(1), middle: at(2), high: at(3) }
    }

    /// Half the distance between the quartiles, as a share of the median.
    #[must_use]
    pub fn spread(self) -> f64 {
        (self.high - self.low) / 2.0 / self.middle
    }
}

/// How many answers take about a millisecond. What is asked on the way warms the caches.
fn batch_size(one: &Contestant<'_>, order: &[usize]) -> u32 {
    let mut size: u32 = 1;
    loop {
        let took = batch(one, order, size, 0);
        if took >= BATCH / 2 {
            let fitting = u128::from(size) * BATCH.as_nanos() / took.as_nanos();
            return u32::try_from(fitting).unwrap().max(1);
        }
        size *= 2;
    }
}

/// The time of so many answers, from a place of the order on, around its end if need be.
#[must_use]
pub fn batch(one: &Contestant<'_>, order: &[usize], size: u32, from: usize) -> Duration {
    let mut left = usize::try_from(size).unwrap();
    let mut from = from % order.len();
    let mut told: Option<Duration> = None;
    let started = now();
    while left > 0 {
        let count = left.min(order.len() - from);
        let (sum, took) = (one.run)(&order[from..from + count]);
        black_box(sum);
        told = took.map(|took| told.unwrap_or_default() + took).or(told);
        left -= count;
        from = 0;
    }
    told.unwrap_or_else(|| now().saturating_sub(started))
}

/// The CPU time of this thread.
fn now() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(tv_sec.try_into().unwrap(), tv_nsec.try_into().unwrap())
}

/// A time for people to read.
#[must_use]
pub fn shown(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 99.95 => format!("{n:.1} ns"),
        n if n < 9_999.5 => format!("{n:.0} ns"),
        n if n < 9_999_500.0 => format!("{:.1} µs", n / 1e3),
        n => format!("{:.1} ms", n / 1e6),
    }
}
