//! Contests between pattern searches: contestants, one table a contest, answers checked first.
//!
//! All contestants run in one process, in batches of about a millisecond, in an order that is drawn
//! anew each round; the figure is the median over the rounds of a batch's thread CPU time, for one
//! answer.

use aegis_benches::Random;
use aegis_benches::search::order;
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::hint::black_box;
use std::time::Duration;

#[path = "../../../compiler/tests/support/mod.rs"]
pub mod support;

/// How many batches of each contestant are timed.
pub const ROUNDS: usize = 31;

/// What a batch is meant to take.
const BATCH: Duration = Duration::from_millis(1);

/// Someone who answers cases by number.
pub struct Contestant<'a> {
    name: String,
    run: Run<'a>,
}

/// Takes cases, gives the sum of their answers.
type Run<'a> = Box<dyn Fn(&[usize]) -> u64 + 'a>;

/// What a contest found.
pub struct Figure {
    pub name: String,
    /// The median time of an answer, in nanoseconds.
    pub nanoseconds: f64,
    /// Half the distance between the quartiles, as a share of the median.
    pub spread: f64,
}

/// A contestant. What is timed is `answer` and nothing else.
pub fn contestant<'a>(name: impl Into<String>, answer: impl Fn(usize) -> u64 + 'a) -> Contestant<'a> {
    let run = move |cases: &[usize]| {
        cases.iter().fold(0u64, |sum, &case| sum.wrapping_add(black_box(answer(black_box(case)))))
    };
    Contestant { name: name.into(), run: Box::new(run) }
}

/// Checks that all give the expected answer to every case.
///
/// # Panics
///
/// If one does not.
pub fn agree(contestants: &[Contestant<'_>], expected: &[u64]) {
    for Contestant { name, run } in contestants {
        for (case, &answer) in expected.iter().enumerate() {
            assert_eq!(run(&[case]), answer, "{name} on case {case}");
        }
    }
}

/// Times contestants on cases in random order.
///
/// # Panics
///
/// If there is no contestant or no case.
pub fn time(contestants: &[Contestant<'_>], cases: usize) -> Vec<Figure> {
    let order = order(cases, 16_384);
    let sizes: Vec<u32> = contestants.iter().map(|one| batch_size(one, &order)).collect();
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); contestants.len()];
    let mut turns: Vec<usize> = (0..contestants.len()).collect();
    let mut random = Random::new(11);
    for round in 0..ROUNDS {
        random.shuffle(&mut turns);
        for &turn in &turns {
            let took = batch(&contestants[turn], &order, sizes[turn], round * 509);
            times[turn].push(took.as_secs_f64() * 1e9 / f64::from(sizes[turn]));
        }
    }
    let figure = |(one, mut times): (&Contestant<'_>, Vec<f64>)| {
        times.sort_by(f64::total_cmp);
        let at = |quarter: usize| times[(ROUNDS - 1) * quarter / 4];
        Figure { name: one.name.clone(), nanoseconds: at(2), spread: (at(3) - at(1)) / 2.0 / at(2) }
    };
    contestants.iter().zip(times).map(figure).collect()
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
fn batch(one: &Contestant<'_>, order: &[usize], size: u32, from: usize) -> Duration {
    let mut left = usize::try_from(size).unwrap();
    let mut from = from % order.len();
    let started = now();
    while left > 0 {
        let count = left.min(order.len() - from);
        black_box((one.run)(&order[from..from + count]));
        left -= count;
        from = 0;
    }
    now().saturating_sub(started)
}

/// The CPU time of this thread, which others on the machine do not lengthen.
fn now() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(tv_sec.try_into().unwrap(), tv_nsec.try_into().unwrap())
}

/// A time for people to read.
pub fn shown(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 99.95 => format!("{n:.1} ns"),
        n if n < 9_999.5 => format!("{n:.0} ns"),
        n if n < 9_999_500.0 => format!("{:.1} µs", n / 1e3),
        n => format!("{:.1} ms", n / 1e6),
    }
}
