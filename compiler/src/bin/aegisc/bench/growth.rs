//! How the time of a decision grows with the rules: the same layers, cut after fewer and fewer of them.

use super::actions::Actions;
use super::measure::{Clock, Times};
use super::{Subject, prepared, rows};
use aegis_vm::{Policy, Timestamp};
use aegisc::command::FrontArgs;
use aegisc::command::output::Failure;
use aegisc::{Options, Verify, hir};
use std::time::Duration;

/// So many rules, and the median of a decision in nanoseconds.
pub(super) struct Size {
    pub(super) rules: usize,
    pub(super) p50: f64,
}

/// As many sizes are measured, each half of the one before.
const SIZES: usize = 8;

/// The rules that are cut; an artifact cannot be.
pub(super) fn rules(subject: &Subject) -> Result<&hir::Policy, Failure> {
    let why = "`--growth` needs the layers: an artifact cannot be cut";
    subject.meant.as_ref().ok_or_else(|| Failure::new(why))
}

/// Compiles the first rules of the layers, and asks what those rules are about.
pub(super) fn measure(
    subject: &Subject,
    front: &FrontArgs,
    clock: Clock,
    at: Timestamp,
    time: Duration,
) -> Result<Vec<Size>, Failure> {
    let meant = rules(subject)?;
    let mut sizes: Vec<usize> = std::iter::successors(Some(meant.rules.len()), |n| Some(n / 2))
        .take_while(|n| *n > 0)
        .take(SIZES)
        .collect();
    sizes.reverse();
    sizes.into_iter().map(|rules| size(subject, front, rules, clock, at, time)).collect()
}

fn size(
    subject: &Subject,
    front: &FrontArgs,
    rules: usize,
    clock: Clock,
    at: Timestamp,
    time: Duration,
) -> Result<Size, Failure> {
    let options = Options { first_rules: Some(rules), verify: Verify::Off, ..front.options() };
    let compilation =
        aegisc::compile(subject.layers.clone(), &options).map_err(|error| Failure::new(error.to_string()))?;
    let cannot = |why: String| Failure::new(format!("the first {rules} rules alone do not compile: {why}"));
    let output = compilation.output.ok_or_else(|| cannot("they have findings".to_owned()))?;
    let policy = Policy::from_bytes(output.artifact).map_err(|error| cannot(error.to_string()))?;
    let actions = Actions::of(Some(&output.policy), at)?;
    let times = prepared::with(&policy, &actions, |requests| {
        Times::of_runs(|at| rows::decided(&policy, &actions, requests, at), &actions.order, clock, time)
    })?;
    Ok(Size { rules, p50: times.median() })
}
