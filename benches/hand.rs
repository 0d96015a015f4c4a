//! What one would write by hand for a workload, if the policy never changed.
//!
//! Actions are typed beforehand, as a program holds them: strings, an optional env, an optional amount,
//! the minute of the day and the weekday. Every contestant of a file answers with the index of the rule
//! and one more, or 0 for the default, as the policy does, and is checked against the same expected
//! answers.

use crate::libraries::{suffixes, words_and_patterns};
use crate::timing::{Contestant, contestant};
use crate::workloads::{conjunctions, threshold};
use crate::{Workload, answer, param};
use aegis_vm::{Action, Value};
use hashbrown::HashMap;

/// The contestants of a workload beside ours; there is one at least.
#[must_use]
pub fn contestants(workload: &Workload) -> Vec<Contestant<'_>> {
    let rules = || {
        let size = workload.name.split_whitespace().nth(1);
        size.map_or(0, |size| size.parse().unwrap())
    };
    match workload.name.split_whitespace().next() {
        Some("W1") => vec![devops(workload)],
        Some("W2") => vec![financial(workload)],
        Some("W3" | "W3-hot") => vec![literals(workload, rules())],
        Some("W4") => vec![thresholds(workload, rules())],
        Some("W5") => suffixes(workload),
        Some("W6") => vec![zones(workload, rules())],
        Some("W7") => vec![one_by_one(workload, rules())],
        Some("W8") => vec![words_and_patterns(workload)],
        _ => Vec::new(),
    }
}

/// An action of W1 or W2, typed.
struct Typed {
    kind: String,
    env: Option<String>,
    amount: Option<i64>,
    minute: u16,
    weekday: u8,
}

fn typed(workload: &Workload) -> Vec<Typed> {
    let typed = |(action, _): &(Action, _)| Typed {
        kind: action.kind().to_owned(),
        env: text(action, "env").map(str::to_owned),
        amount: amount(action),
        minute: workload.now.minute_of_day(),
        weekday: workload.now.iso_weekday(),
    };
    workload.actions.iter().map(typed).collect()
}

/// A param that is text.
pub(crate) fn text<'a>(action: &'a Action, name: &str) -> Option<&'a str> {
    match param(action, name) {
        Value::Str(text) => Some(text),
        _ => None,
    }
}

fn amount(action: &Action) -> Option<i64> {
    match param(action, "amount") {
        Value::Int(amount) => Some(amount),
        _ => None,
    }
}

/// A `match` on the type, with one test of a prefix.
fn devops(workload: &Workload) -> Contestant<'_> {
    let actions = typed(workload);
    contestant("match", move |case| answer(devops_rule(&actions[case])))
}

fn devops_rule(action: &Typed) -> Option<u32> {
    const NINE: u16 = 9 * 60;
    let at_work = |until: u16| (NINE..until).contains(&action.minute) && action.weekday <= 5;
    Some(match action.kind.as_str() {
        "monitor" => 0,
        "view_logs" => 1,
        "status" => 2,
        "run_tests" => 4,
        "build" => 5,
        "deploy" => match action.env.as_deref() {
            Some("staging") if at_work(18 * 60) => 6,
            Some("production") if at_work(17 * 60) => 7,
            Some("production") if action.minute >= 17 * 60 => 8,
            _ => return None,
        },
        "scale_up" => 9,
        "scale_down" => 10,
        "rollback" => 11,
        "destroy" => 12,
        "force_push" => 13,
        kind if kind.starts_with("list_") => 3,
        _ => return None,
    })
}

/// A `match` on the type, and a comparison.
fn financial(workload: &Workload) -> Contestant<'_> {
    let actions = typed(workload);
    contestant("match", move |case| answer(financial_rule(&actions[case])))
}

fn financial_rule(action: &Typed) -> Option<u32> {
    Some(match (action.kind.as_str(), action.amount) {
        ("view", _) => 0,
        ("read", _) => 1,
        ("report", _) => 2,
        ("create_invoice", _) => 3,
        ("payment", Some(amount)) if amount <= 100 => 4,
        ("payment", Some(_)) => 5,
        ("refund", _) => 6,
        ("transfer", _) => 7,
        ("delete", _) => 8,
        ("modify_account", _) => 9,
        _ if action.minute >= 20 * 60 => 10,
        _ => return None,
    })
}

/// An index of a rule.
fn index(rule: usize) -> u32 {
    u32::try_from(rule).unwrap()
}

/// A hash table (foldhash) from the type to the rule and its target, which is compared.
fn literals(workload: &Workload, rules: usize) -> Contestant<'_> {
    let row = |i: usize| (format!("action_{i}"), (index(i), format!("target_{i}")));
    let table: HashMap<String, (u32, String)> = (0..rules).map(row).collect();
    let rest = index(rules);
    contestant("hash table", move |case| {
        let action = &workload.actions[case].0;
        let rule = match table.get(action.kind()) {
            Some((rule, target)) if target == action.target() => *rule,
            _ => rest,
        };
        answer(Some(rule))
    })
}

/// What a type begins with: the text up to the last `_`.
fn service(kind: &str) -> Option<&str> {
    kind.rsplit_once('_').map(|(service, _)| service)
}

/// A hash table from the text up to the last `_` to the rule and its threshold, which is compared.
fn thresholds(workload: &Workload, rules: usize) -> Contestant<'_> {
    let row = |i: usize| (format!("svc_{i}"), (index(i), i64::try_from(threshold(i)).unwrap()));
    let table: HashMap<String, (u32, i64)> = (0..rules).map(row).collect();
    let rest = index(rules);
    let amounts: Vec<Option<i64>> = workload.actions.iter().map(|(action, _)| amount(action)).collect();
    contestant("hash table", move |case| {
        let row = service(workload.actions[case].0.kind()).and_then(|service| table.get(service));
        let rule = match (row, amounts[case]) {
            (Some(&(rule, threshold)), Some(amount)) if amount > threshold => rule,
            _ => rest,
        };
        answer(Some(rule))
    })
}

/// The same with what the target has to end in, which is compared.
fn zones(workload: &Workload, rules: usize) -> Contestant<'_> {
    let row = |i: usize| (format!("svc_{i}"), (index(i), format!("_zone_{i}")));
    let table: HashMap<String, (u32, String)> = (0..rules).map(row).collect();
    let rest = index(rules);
    contestant("hash table", move |case| {
        let action = &workload.actions[case].0;
        let row = service(action.kind()).and_then(|service| table.get(service));
        let rule = match row {
            Some((rule, zone)) if action.target().ends_with(zone.as_str()) => *rule,
            _ => rest,
        };
        answer(Some(rule))
    })
}

/// All rules in turn, typed and side by side.
fn one_by_one(workload: &Workload, rules: usize) -> Contestant<'_> {
    let rules = conjunctions(rules);
    let values = |(action, _): &(Action, _)| {
        let value = |name| match param(action, name) {
            Value::Int(value) => value,
            _ => i64::MIN,
        };
        ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"].map(value)
    };
    let values: Vec<[i64; 8]> = workload.actions.iter().map(values).collect();
    contestant("one by one", move |case| {
        answer(rules.iter().position(|row| row.holds(&values[case])).map(index))
    })
}
