//! What the benches share: workloads with the rule that must decide each action, and a stopwatch.
//!
//! A [`Workload`] is a policy, actions, and for each action the rule that decides it, which the
//! generator of the workload says and never the engine. [`workloads`] has them by name. From a workload
//! to a timed decision: [`build`](Workload::build) and load it, [`bind`] its params once, make
//! [`rows`](Bound::rows) of their values, and [`requests`](Workload::requests) of those; then time
//! nothing but `Policy::evaluate`. [`timing`] runs several contestants side by side; [`hand`] has what one
//! would write instead of a policy.

#![expect(clippy::unwrap_used, reason = "a bench that cannot read its data has nothing to say")]

pub mod hand;
mod libraries;
mod random;
pub mod search;
pub mod timing;
pub mod workloads;

pub use random::Random;

use aegis_vm::{Action, BoundParams, Params, Policy, Request, Slots, Value};
use aegisc::{LayerSource, Options, PolicyLimits, Timestamp, Verify, compile};

/// A policy with actions, each with the rule that must decide it, and an order to ask them in.
pub struct Workload {
    /// What it is called: one of the names of [`workloads`], with the size if there is one.
    pub name: String,
    /// Writes the YAML text. That of a million rules is long, and a policy that is built already does
    /// without.
    yaml: Box<dyn Fn() -> String + Sync>,
    /// The params that the policy looks at.
    pub params: Vec<&'static str>,
    /// The actions, each with the index of its rule, or `None` for the default.
    pub actions: Vec<(Action, Option<u32>)>,
    /// The actions as lines of JSON, if the workload was recorded and not generated.
    pub lines: Vec<String>,
    /// Indices of `actions`, in random order.
    pub order: Vec<usize>,
    /// The time of every decision.
    pub now: Timestamp,
}

impl Workload {
    /// The YAML text.
    #[must_use]
    pub fn yaml(&self) -> String {
        (self.yaml)()
    }

    /// The artifact.
    #[must_use]
    pub fn build(&self, verify: Verify) -> Vec<u8> {
        build(self.yaml(), verify)
    }

    /// The artifact, loaded.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy::from_bytes(self.build(Verify::Off)).unwrap()
    }

    /// The actions, prepared: strings and params as a caller holds them, nothing hashed or looked up.
    /// `rows` are this workload's own.
    #[must_use]
    pub fn requests<'a>(&'a self, rows: &'a dyn Rows) -> Vec<Request<'a>> {
        let request =
            |(at, (action, _)): (usize, &'a (Action, _))| Request::from(action).params(rows.row(at));
        self.actions.iter().enumerate().map(request).collect()
    }

    /// For each action the [`answer`] that is right.
    #[must_use]
    pub fn expected(&self) -> Vec<u64> {
        self.actions.iter().map(|&(_, rule)| answer(rule)).collect()
    }

    /// The actions one after the other, again and again: what a branch predictor learns by heart.
    #[must_use]
    pub fn cyclic(&self) -> Vec<usize> {
        (0..self.actions.len()).cycle().take(self.order.len()).collect()
    }
}

/// YAML text to an artifact.
///
/// # Panics
///
/// If the policy is refused.
#[must_use]
pub fn build(yaml: String, verify: Verify) -> Vec<u8> {
    let layer = LayerSource { path: "policy.yaml".to_owned(), bytes: yaml.into() };
    // A million rules and a catch-all are one too many for the default.
    let policy_limits = PolicyLimits { rules: 2_000_000, ..PolicyLimits::default() };
    let options = Options { verify, policy_limits, ..Options::default() };
    compile(vec![layer], &options).unwrap().output.unwrap().artifact
}

/// A decision as a number: the index of the rule and one more, or 0 for none.
#[must_use]
pub fn answer(rule: Option<u32>) -> u64 {
    rule.map_or(0, |rule| u64::from(rule) + 1)
}

/// The answer of a policy to a request: what every bench of decisions times.
#[inline]
#[must_use]
pub fn decide(policy: &Policy, request: &Request<'_>, now: Timestamp) -> u64 {
    answer(policy.evaluate(request, now).rule_index())
}

/// Params that were bound to slots of a policy.
pub trait Bound {
    /// The values of a workload's actions, side by side.
    fn rows<'s>(&'s self, workload: &'s Workload) -> Box<dyn Rows + 's>;
}

/// The params of a workload's actions.
pub trait Rows {
    /// Those of one action.
    fn row(&self, action: usize) -> &dyn Params;
}

/// Binds the params that a workload's policy looks at.
///
/// # Panics
///
/// If a workload has another number of params than those that exist do.
#[must_use]
pub fn bind(policy: &Policy, workload: &Workload) -> Box<dyn Bound> {
    match *workload.params.as_slice() {
        [] => Box::new(policy.bind([])),
        [one] => Box::new(policy.bind([one])),
        [one, two, three] => Box::new(policy.bind([one, two, three])),
        [a, b, c, d, e, f, g, h] => Box::new(policy.bind([a, b, c, d, e, f, g, h])),
        ref other => unreachable!("{} params", other.len()),
    }
}

impl<const N: usize> Bound for Slots<N> {
    fn rows<'s>(&'s self, workload: &'s Workload) -> Box<dyn Rows + 's> {
        let names: [&str; N] = workload.params.as_slice().try_into().unwrap();
        let row = |(action, _): &'s (Action, _)| self.with(names.map(|name| param(action, name)));
        Box::new(workload.actions.iter().map(row).collect::<Vec<BoundParams<'s, N>>>())
    }
}

impl<const N: usize> Rows for Vec<BoundParams<'_, N>> {
    fn row(&self, action: usize) -> &dyn Params {
        &self[action]
    }
}

/// A param of an action; null if it is absent.
#[must_use]
pub fn param<'a>(action: &'a Action, name: &str) -> Value<'a> {
    Request::from(action).params.get(name).unwrap_or(Value::Null)
}
