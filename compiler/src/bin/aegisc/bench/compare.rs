//! One policy beside another, in one run; or beside figures that were saved.

use super::actions::Actions;
use super::rows::{NAMES, Row};
use super::{prepared, rows};
use aegis_vm::Policy;
use aegisc::command::output::Failure;
use serde_json::Value;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// How many times as long decisions take as those of the other.
pub(super) struct Ratio {
    /// The row.
    pub(super) name: &'static str,
    /// In nanoseconds, of the other.
    pub(super) other: f64,
    /// The median.
    pub(super) ratio: f64,
    /// The quartiles, where both were measured in one run.
    pub(super) quartiles: Option<(f64, f64)>,
}

/// What came of a comparison.
pub(super) struct Comparison {
    /// What this policy was compared with, for people.
    pub(super) with: String,
    pub(super) ratios: Vec<Ratio>,
    /// The actions that both policies decide, and how many of them otherwise; nothing of saved figures.
    pub(super) otherwise: Option<usize>,
}

/// What a batch is meant to take.
const BATCH: Duration = Duration::from_millis(1);
/// At least so many rounds are timed.
const ROUNDS: usize = 31;

/// Asks both policies in turn, prepared and in random order. A round has a batch of each, and gives one ratio, so that
/// a slow spell of the machine is in both.
pub(super) fn beside(
    policy: &Policy,
    other: &Policy,
    shown: &str,
    actions: &Actions,
    time: Duration,
) -> Comparison {
    prepared::with(policy, actions, |ours| {
        prepared::with(other, actions, |theirs| {
            let one = |at: usize| rows::decided(policy, actions, ours, at);
            let two = |at: usize| rows::decided(other, actions, theirs, at);
            let same = |at: usize| match (ours.get(at), theirs.get(at), actions.times.get(at)) {
                (Some(one), Some(two), Some(&now)) => {
                    let (one, two) = (policy.evaluate(one, now), other.evaluate(two, now));
                    (one.approval(), one.risk_level()) == (two.approval(), two.risk_level())
                }
                _ => false,
            };
            let otherwise = (0..actions.values.len()).filter(|&at| !same(at)).count();
            Comparison {
                with: format!("`{shown}`, in turns"),
                ratios: vec![race(one, two, &actions.order, time)],
                otherwise: Some(otherwise),
            }
        })
    })
}

fn race(one: impl Fn(usize) -> u64, two: impl Fn(usize) -> u64, order: &[usize], time: Duration) -> Ratio {
    let size = size(&one, order).min(size(&two, order));
    let (mut ratios, mut others) = (Vec::new(), Vec::new());
    let mut random = fastrand::Rng::with_seed(2);
    let started = Instant::now();
    while ratios.len() < ROUNDS || started.elapsed() < time {
        let from = random.usize(..order.len());
        let (ours, theirs) = if random.bool() {
            let ours = batch(&one, order, from, size);
            (ours, batch(&two, order, from, size))
        } else {
            let theirs = batch(&two, order, from, size);
            (batch(&one, order, from, size), theirs)
        };
        ratios.push(ours / theirs);
        others.push(theirs);
    }
    let [low, ratio, high] = quartiles(&mut ratios);
    let [_, other, _] = quartiles(&mut others);
    Ratio { name: "random", other, ratio, quartiles: Some((low, high)) }
}

/// Nanoseconds a decision.
fn batch(decide: impl Fn(usize) -> u64, order: &[usize], from: usize, size: usize) -> f64 {
    let start = Instant::now();
    for &at in order.iter().cycle().skip(from).take(size) {
        black_box(decide(black_box(at)));
    }
    start.elapsed().as_secs_f64() * 1e9 / super::measure::float(u64::try_from(size).unwrap_or(u64::MAX))
}

/// How many decisions take about as long as a batch is meant to.
fn size(decide: impl Fn(usize) -> u64, order: &[usize]) -> usize {
    let mut size = 1_usize;
    loop {
        let start = Instant::now();
        batch(&decide, order, 0, size);
        if start.elapsed() >= BATCH || size >= 1 << 24 {
            return size;
        }
        size *= 2;
    }
}

fn quartiles(figures: &mut [f64]) -> [f64; 3] {
    figures.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| {
        let at = figures.len().saturating_sub(1) * quarter / 4;
        figures.get(at).copied().unwrap_or(f64::NAN)
    })
}

/// The medians of an earlier run, as `--json` wrote them.
pub(super) struct Saved {
    /// Where they are, and when and where they were measured, for people.
    from: String,
    cpu: String,
    actions: Option<u64>,
    /// By the names of rows, in nanoseconds.
    medians: Vec<(&'static str, f64)>,
}

impl Saved {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let wrong = |why: String| Failure::new(format!("cannot compare with `{shown}`: {why}"));
        let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let saved: Value =
            serde_json::from_str(&text).map_err(|error| wrong(format!("it is no JSON: {error}")))?;
        let median = |name| saved.pointer(&format!("/rows/{name}/p50"))?.as_f64().filter(|time| *time > 0.0);
        let medians: Vec<_> = NAMES.into_iter().filter_map(|name| Some((name, median(name)?))).collect();
        if medians.is_empty() {
            return Err(wrong("it holds no figures; `aegisc bench --json FILE` writes some".to_owned()));
        }
        let said = |place, absent| saved.pointer(place).and_then(Value::as_str).unwrap_or(absent);
        let (date, cpu) = (said("/date", "an unknown day"), said("/machine/cpu", "an unknown machine"));
        Ok(Saved {
            from: format!("`{shown}`, another run ({date}, {cpu})"),
            cpu: cpu.to_owned(),
            actions: saved.pointer("/actions/count").and_then(Value::as_u64),
            medians,
        })
    }

    /// The figures of this run, on so many actions and this processor, beside the saved ones.
    pub(super) fn beside(&self, rows: &[Row], actions: usize, cpu: &str) -> Comparison {
        let ratio = |&(name, other): &(&'static str, f64)| {
            let row = rows.iter().find(|row| row.name == name)?;
            Some(Ratio { name, other, ratio: row.times.median() / other, quartiles: None })
        };
        let ratios = self.medians.iter().filter_map(ratio).collect();
        let mut with = self.from.clone();
        if self.actions != u64::try_from(actions).ok() {
            with.push_str(", with OTHER ACTIONS");
        }
        if self.cpu != cpu {
            with.push_str(", on ANOTHER PROCESSOR");
        }
        Comparison { with, ratios, otherwise: None }
    }
}
