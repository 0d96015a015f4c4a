//! The boundary cases of a policy.

use super::Case;
use crate::hir::{Const, ParamOp, Policy, Rule, Test};
use aegis_vm::json::{BigInteger, Json, Object};
use aegis_vm::{Action, Timestamp};
use std::collections::BTreeMap;

/// 2026-03-16T00:00:00Z, a Monday.
const MONDAY: i64 = 1_773_619_200;

/// The cases of the rules, at most `budget`: all of them, or of rules evenly spread.
pub(super) fn of(policy: &Policy, budget: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    if budget == 0 {
        return cases;
    }
    cases.push(Case { action: Action::new("", ""), now: None });
    // Rules far apart first, so that a budget that runs out has seen every part of the policy.
    let count = policy.rules.len();
    let mut stride = count.next_power_of_two();
    let mut first_round = true;
    while stride > 0 && cases.len() < budget {
        let rules = policy.rules.iter().enumerate();
        let due = rules.filter(|(at, _)| at % stride == 0 && (first_round || at % (stride * 2) != 0));
        for (_, rule) in due {
            of_rule(policy, rule, &mut cases);
            if cases.len() >= budget {
                break;
            }
        }
        first_round = false;
        stride /= 2;
    }
    cases.truncate(budget);
    cases
}

/// An action in parts, so that one part can be changed.
#[derive(Clone)]
struct Witness {
    kind: String,
    target: String,
    agent: String,
    description: String,
    params: BTreeMap<String, Json>,
    minute: u16,
    weekday: u8,
}

impl Witness {
    fn case(&self) -> Case {
        let mut params = Object::new();
        for (name, value) in &self.params {
            params.insert(name.clone(), value.clone());
        }
        let action = Action::new(&self.kind, &self.target)
            .agent(&self.agent)
            .description(&self.description)
            .params(params);
        let seconds = MONDAY + i64::from(self.weekday) * 86_400 + i64::from(self.minute) * 60;
        Case { action, now: Some(Timestamp::from_unix(seconds, 0)) }
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Case {
        let mut changed = self.clone();
        change(&mut changed);
        changed.case()
    }
}

fn of_rule(policy: &Policy, rule: &Rule, cases: &mut Vec<Case>) {
    let witness = witness(policy, rule);
    cases.push(witness.case());
    cases.push(Case { now: None, ..witness.case() });
    for near in near_misses(&witness.kind) {
        cases.push(witness.with(|w| w.kind = near));
    }
    for near in near_misses(&witness.target) {
        cases.push(witness.with(|w| w.target = near));
    }
    for near in near_misses(&witness.agent) {
        cases.push(witness.with(|w| w.agent = near));
    }
    for test in rule.conditions.iter().flat_map(|condition| &condition.tests) {
        match test {
            Test::TimeAfter(minute) | Test::TimeBefore(minute) => {
                for minute in [minute.saturating_sub(1), *minute, (minute + 1).min(1439), 0, 1439] {
                    cases.push(witness.with(|w| w.minute = minute));
                }
            }
            Test::Weekdays(_) => cases.extend((0..7).map(|day| witness.with(|w| w.weekday = day))),
            Test::Param { param, op: _, value } => {
                cases.push(witness.with(|w| drop(w.params.remove(param))));
                for value in around(value) {
                    cases.push(witness.with(|w| drop(w.params.insert(param.clone(), value))));
                }
            }
            Test::Matches { param, pattern } => {
                cases.push(witness.with(|w| drop(w.params.remove(param))));
                let text = policy.patterns.get(*pattern).map_or("", |pattern| pattern.text());
                for value in around_pattern(text) {
                    cases.push(witness.with(|w| drop(w.params.insert(param.clone(), value))));
                }
            }
            Test::Semantic(words) => {
                cases.push(witness.with(|w| w.description.clear()));
                for word in words.iter().take(8) {
                    cases.push(witness.with(|w| w.description = word.to_uppercase()));
                    cases.push(witness.with(|w| w.description = format!("{word}x")));
                    cases.push(witness.with(|w| w.description = format!("x_{word}")));
                }
            }
            Test::Never => {}
        }
    }
}

/// An action that the rule is meant for, as far as that can be read off its tests.
fn witness(policy: &Policy, rule: &Rule) -> Witness {
    let mut witness = Witness {
        kind: example(&rule.type_glob),
        target: example(&rule.target_glob),
        agent: if rule.agent_glob == "*" { String::new() } else { example(&rule.agent_glob) },
        description: String::new(),
        params: BTreeMap::new(),
        minute: 12 * 60,
        weekday: 0,
    };
    let (mut earliest, mut latest) = (0, 1439);
    for test in rule.conditions.iter().flat_map(|condition| &condition.tests) {
        match test {
            Test::TimeAfter(minute) => earliest = earliest.max(*minute),
            Test::TimeBefore(minute) => latest = latest.min(minute.saturating_sub(1)),
            Test::Weekdays(days) => {
                witness.weekday = (0..7).find(|day| days >> day & 1 == 1).unwrap_or(0);
            }
            Test::Param { param, op, value } => {
                let value = match op {
                    ParamOp::Eq | ParamOp::Gte | ParamOp::Lte => json(value),
                    ParamOp::Contains => Json::List(vec![json(value)]),
                    ParamOp::Gt => beside(value).pop().unwrap_or(Json::Null),
                    ParamOp::Lt => beside(value).into_iter().next().unwrap_or(Json::Null),
                };
                witness.params.insert(param.clone(), value);
            }
            Test::Matches { param, pattern } => {
                let text = policy.patterns.get(*pattern).map_or("", |pattern| pattern.text());
                let plain = around_pattern(text).into_iter().next().unwrap_or(Json::Null);
                witness.params.insert(param.clone(), plain);
            }
            Test::Semantic(words) => witness.description = words.first().cloned().unwrap_or_default(),
            Test::Never => {}
        }
    }
    witness.minute = if earliest <= latest { earliest } else { 12 * 60 };
    witness
}

/// A text that the glob is likely to match: runs left out, `?` and sets filled.
fn example(glob: &str) -> String {
    let mut out = String::new();
    let mut chars = glob.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' => {}
            '?' => out.push('a'),
            '[' => match chars.next() {
                Some('!') => {
                    let excluded: String = chars.by_ref().take_while(|&c| c != ']').collect();
                    out.extend(['~', 'q', '7'].into_iter().find(|&c| !excluded.contains(c)));
                }
                Some(member) => {
                    out.push(member);
                    chars.by_ref().take_while(|&c| c != ']').for_each(drop);
                }
                None => out.push('['),
            },
            c => out.push(c),
        }
    }
    out
}

fn near_misses(text: &str) -> Vec<String> {
    let mut shorter = text.to_owned();
    shorter.pop();
    vec![format!("{text}x"), format!("x{text}"), text.to_uppercase(), shorter, String::new(), "*".to_owned()]
}

/// Values around a constant: itself, its neighbours, and one of each other kind.
fn around(value: &Const) -> Vec<Json> {
    let mut values = beside(value);
    let own = json(value);
    values.push(Json::List(vec![own.clone()]));
    let mut entry = Object::new();
    if let Const::Str(text) = value {
        entry.insert(text.clone(), 1);
        values.push(Json::Str(format!("a {text} b")));
    }
    values.push(Json::Object(entry));
    values.push(own);
    values.extend(other_kinds());
    values
}

fn other_kinds() -> [Json; 8] {
    [
        Json::Null,
        Json::Bool(true),
        Json::Int(0),
        Json::Float(0.5),
        Json::from(""),
        Json::from("x"),
        Json::List(Vec::new()),
        Json::Object(Object::new()),
    ]
}

/// The nearest values below and above, in that order.
fn beside(value: &Const) -> Vec<Json> {
    match value {
        Const::Bool(b) => vec![Json::Int(i64::from(*b) - 1), Json::Int(i64::from(*b) + 1)],
        Const::Int(int) => vec![integer(&(int - 1)), Json::Float(as_double(int)), integer(&(int + 1))],
        Const::Float(x) => vec![Json::Float(x.next_down()), Json::Int(1 << 53), Json::Float(x.next_up())],
        Const::Str(text) => {
            let mut below = text.clone();
            below.pop();
            vec![Json::from(below), Json::Str(format!("{text}\u{0}"))]
        }
        Const::Null | Const::List(_) | Const::Map(_) | Const::Foreign { .. } => Vec::new(),
    }
}

fn as_double(int: &num_bigint::BigInt) -> f64 {
    int.to_string().parse().unwrap_or(f64::INFINITY)
}

fn integer(int: &num_bigint::BigInt) -> Json {
    match i64::try_from(int) {
        Ok(small) => Json::Int(small),
        Err(_) => BigInteger::new(&int.to_string()).map_or(Json::Null, Json::BigInt),
    }
}

fn json(value: &Const) -> Json {
    match value {
        Const::Null | Const::Foreign { .. } => Json::Null,
        Const::Bool(b) => Json::Bool(*b),
        Const::Int(int) => integer(int),
        Const::Float(x) => Json::Float(*x),
        Const::Str(text) => Json::from(text.as_str()),
        Const::List(items) => Json::List(items.iter().map(json).collect()),
        Const::Map(entries) => {
            let mut object = Object::new();
            entries.iter().for_each(|(key, value)| object.insert(key.clone(), json(value)));
            Json::Object(object)
        }
    }
}

/// Texts around a pattern: its letters without its signs, with and without company, and other kinds.
fn around_pattern(pattern: &str) -> Vec<Json> {
    let plain: String = pattern
        .replace("\\d", "7")
        .replace("\\w", "w")
        .replace("\\s", " ")
        .chars()
        .filter(|c| !"\\^$.*+?()[]{}|".contains(*c))
        .collect();
    let mut values: Vec<Json> = [
        plain.clone(),
        format!("{plain}\n"),
        format!("x{plain}"),
        format!("{plain}x"),
        format!("a {plain} é"),
        plain.to_uppercase(),
        pattern.to_owned(),
        "\n".to_owned(),
    ]
    .into_iter()
    .map(Json::from)
    .collect();
    values.push(Json::List(vec![Json::from(plain)]));
    values.extend(other_kinds());
    values
}
