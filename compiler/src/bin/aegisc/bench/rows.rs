//! What is timed: the same decisions in several ways.

use super::actions::Actions;
use super::measure::{Clock, Times};
use super::prepared;
use aegis_vm::{Decision, Policy, Request};
use aegisc::command::output::Failure;
use std::fs;
use std::hint::black_box;
use std::time::Duration;

/// A way to ask, with what it took.
pub(super) struct Row {
    /// What `--fail-above` calls it.
    pub(super) name: &'static str,
    /// For people.
    pub(super) what: String,
    pub(super) times: Times,
}

/// Names of rows, as scripts rely on them.
pub(super) const NAMES: [&str; 6] = ["random", "cyclic", "single", "cold", "named", "json"];

/// Times all rows, each for as long as told.
pub(super) fn all(
    policy: &Policy,
    actions: &Actions,
    clock: Clock,
    time: Duration,
) -> Result<Vec<Row>, Failure> {
    agree(policy, actions)?;
    let cyclic: Vec<usize> = (0..actions.values.len()).cycle().take(actions.order.len()).collect();
    let (order, cyclic) = (actions.order.as_slice(), cyclic.as_slice());
    let slots =
        if prepared::fit(actions) { "prepared" } else { "by name, as there are too many params for slots" };
    let row = |name, what: &str, times: Result<Times, Failure>| {
        times.map(|times| Row { name, what: what.to_owned(), times })
    };
    let mut rows = prepared::with(policy, actions, |requests| {
        let decide = |at: usize| decided(policy, actions, requests, at);
        Ok::<_, Failure>(vec![
            row("random", &format!("{slots}, in random order"), Times::of_runs(decide, order, clock, time))?,
            row(
                "cyclic",
                &format!("{slots}, one after the other"),
                Times::of_runs(decide, cyclic, clock, time),
            )?,
            row(
                "single",
                &format!("{slots}, timed one by one"),
                Times::of_each(decide, order, clock, time, || {}),
            )?,
            cold(clock, time, order, decide)?,
        ])
    })?;
    let requests = prepared::by_name(actions);
    let named = |at: usize| decided(policy, actions, &requests, at);
    rows.push(row("named", "params by name", Times::of_runs(named, order, clock, time))?);
    let json = |at: usize| of_line(policy, actions, at);
    let what = format!("from a JSON line of {} bytes", actions.line_bytes());
    rows.push(row("json", &what, Times::of_runs(json, order, clock, time))?);
    Ok(rows)
}

/// The decision on an action, as a number.
#[inline]
pub(super) fn decided(policy: &Policy, actions: &Actions, requests: &[Request<'_>], at: usize) -> u64 {
    match (requests.get(at), actions.times.get(at)) {
        (Some(request), Some(&now)) => answer(&policy.evaluate(request, now)),
        _ => u64::MAX,
    }
}

/// As [`decided`], from the action's line.
#[inline]
pub(super) fn of_line(policy: &Policy, actions: &Actions, at: usize) -> u64 {
    match (actions.lines.get(at), actions.times.get(at)) {
        (Some(line), Some(&now)) => {
            policy.evaluate_json(line.as_bytes(), now).map_or(u64::MAX, |decision| answer(&decision))
        }
        _ => u64::MAX,
    }
}

#[inline]
fn answer(decision: &Decision<'_>) -> u64 {
    let rule = decision.rule_index().map_or(0, |rule| u64::from(rule) + 1);
    rule * 2 + u64::from(decision.error().is_some())
}

/// Whatever way an action is asked, the answer must be the same; else no time means anything.
fn agree(policy: &Policy, actions: &Actions) -> Result<(), Failure> {
    let requests = prepared::by_name(actions);
    prepared::with(policy, actions, |prepared| {
        for (at, line) in actions.lines.iter().enumerate() {
            let named = decided(policy, actions, &requests, at);
            if named != decided(policy, actions, prepared, at) || named != of_line(policy, actions, at) {
                return Err(Failure::new(format!(
                    "this action is decided otherwise when it is given in another way, which is a fault of \
                     aegisc: {line}"
                )));
            }
        }
        Ok(())
    })
}

/// Each decision after other memory was read, as much as pushes the policy out of the caches.
fn cold(
    clock: Clock,
    time: Duration,
    order: &[usize],
    decide: impl Fn(usize) -> u64,
) -> Result<Row, Failure> {
    /// Bytes that a cache holds together.
    const LINE: usize = 64;
    let size = evicting_bytes();
    let memory: Vec<u8> = (0..=u8::MAX).cycle().take(size).collect();
    let read = || {
        black_box(memory.iter().step_by(LINE).fold(0_u8, |sum, &byte| sum.wrapping_add(byte)));
    };
    let times = Times::of_each(decide, order, clock, time, read)?;
    Ok(Row { name: "cold", what: format!("{} MB of other memory read before each", size >> 20), times })
}

/// Twice the largest cache, where the system says it.
fn evicting_bytes() -> usize {
    const USUAL: usize = 64 << 20;
    const MOST: usize = 1 << 30;
    let caches = (0..8).filter_map(|index| {
        let text =
            fs::read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{index}/size")).ok()?;
        text.trim().strip_suffix('K')?.parse::<usize>().ok()?.checked_mul(2 << 10)
    });
    caches.max().unwrap_or(USUAL).min(MOST)
}
