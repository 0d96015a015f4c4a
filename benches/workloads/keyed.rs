//! Workloads where each rule has a key of its own: a type, or what a type begins with.
//!
//! However many rules there are, one of them and the catch-all are in question for an action. What is
//! asked is whether a decision takes as long at a million rules as at ten.

use super::{ACTIONS, ORDER, generated, rule};
use crate::{Random, Workload};
use aegis_vm::Action;
use std::fmt::Write;

const HEAD: &str = "version: \"1\"\ndefaults: { risk_level: high, approval: approve }\nrules:\n";
const REST: &str =
    "  - name: rest\n    match: { type: \"*\" }\n    risk_level: critical\n    approval: block\n";

/// Rule `i` is for type `action_i` and target `target_i`; the last is a catch-all. 4,096 actions
/// uniform over the rules, a tenth of them missing.
#[must_use]
pub fn w3(rules: usize) -> Workload {
    literals("W3", rules, ACTIONS)
}

/// [`w3`] with 64 actions, which stay in the caches at any number of rules.
#[must_use]
pub fn w3_hot(rules: usize) -> Workload {
    literals("W3-hot", rules, 64)
}

fn literals(name: &str, rules: usize, actions: usize) -> Workload {
    let mut random = Random::new(1);
    let mut action = |_| {
        let i = random.below(rules);
        if random.below(10) == 0 {
            return (Action::new(format!("missing_{i}"), format!("target_{i}")), rule(rules));
        }
        (Action::new(format!("action_{i}"), format!("target_{i}")), rule(i))
    };
    let actions: Vec<_> = (0..actions).map(&mut action).collect();
    let order = random.order(actions.len(), ORDER);
    generated(format!("{name} {rules}"), &[], actions, order, move || {
        policy(rules, |i| format!("match: {{ type: \"action_{i}\", target: \"target_{i}\" }}"))
    })
}

/// Rule `i` is for types `svc_i_*` and an `amount` above a threshold; the last is a catch-all. A tenth
/// of the actions have a type of none of them.
#[must_use]
pub fn w4(rules: usize) -> Workload {
    let mut random = Random::new(4);
    let mut action = |_| {
        let (i, known, kind) = kind(&mut random, rules);
        let amount = random.below(1_000);
        let decided = if known && amount > threshold(i) { i } else { rules };
        let amount = i64::try_from(amount).unwrap();
        (Action::new(kind, "ledger").param("amount", amount), rule(decided))
    };
    let actions: Vec<_> = (0..ACTIONS).map(&mut action).collect();
    let order = random.order(ACTIONS, ORDER);
    generated(format!("W4 {rules}"), &["amount"], actions, order, move || {
        policy(rules, |i| {
            let amount = threshold(i);
            format!(
                "match: {{ type: \"svc_{i}_*\" }}\n    conditions: {{ param_gt: {{ amount: {amount} }} }}"
            )
        })
    })
}

/// Rule `i` is for types `svc_i_*` and targets `*_zone_i`; the last is a catch-all. The types are those
/// of [`w4`]; half of the targets are of another rule.
#[must_use]
pub fn w6(rules: usize) -> Workload {
    let mut random = Random::new(6);
    let mut action = |_| {
        let (i, known, kind) = kind(&mut random, rules);
        let zone = if random.below(2) == 0 { i } else { (i + 1 + random.below(rules - 1)) % rules };
        let decided = if known && zone == i { i } else { rules };
        (Action::new(kind, format!("db_zone_{zone}")), rule(decided))
    };
    let actions: Vec<_> = (0..ACTIONS).map(&mut action).collect();
    let order = random.order(ACTIONS, ORDER);
    generated(format!("W6 {rules}"), &[], actions, order, move || {
        policy(rules, |i| format!("match: {{ type: \"svc_{i}_*\", target: \"*_zone_{i}\" }}"))
    })
}

/// The threshold of a rule of [`w4`].
#[must_use]
pub fn threshold(rule: usize) -> usize {
    37 * rule % 1_000
}

/// A type, the number in it, and whether a rule is for it.
fn kind(random: &mut Random, rules: usize) -> (usize, bool, String) {
    let i = random.below(rules);
    let verb = random.pick(&["create", "update", "delete", "transfer"]);
    let known = random.below(10) != 0;
    let service = if known { "svc" } else { "nosvc" };
    (i, known, format!("{service}_{i}_{verb}"))
}

fn policy(rules: usize, matching: impl Fn(usize) -> String) -> String {
    let mut yaml = String::from(HEAD);
    for i in 0..rules {
        let matching = matching(i);
        writeln!(yaml, "  - name: rule_{i}\n    {matching}\n    risk_level: medium\n    approval: approve")
            .unwrap();
    }
    yaml.push_str(REST);
    yaml
}
