//! Values that stand for those of a param, and times that stand for all times.
//!
//! A test has the same answer on many values. What is picked here has one value at least for each way in which
//! the tests on a param can be answered together, with the neighbours of every constant; where that cannot be
//! shown the values are examples, and [`Representatives::covered`] says so.

use crate::hir::number::whole;
use crate::hir::{Const, ParamOp, Policy, Test};
use aegis_vm::Timestamp;
use aegis_vm::json::{BigInteger, Json, Object};
use hashbrown::HashSet;
use num_bigint::BigInt;
use std::collections::BTreeSet;

/// 2026-03-16T00:00:00Z, a Monday.
const MONDAY: i64 = 1_773_619_200;

/// A minute of a day of the week, Monday 0.
pub(super) fn time(weekday: u8, minute: u16) -> Timestamp {
    Timestamp::from_unix(MONDAY + i64::from(weekday) * 86_400 + i64::from(minute) * 60, 0)
}

/// Some values of a kind.
pub(super) struct Representatives<T> {
    pub(super) values: Vec<T>,
    /// Whether every other value is answered like one of these.
    pub(super) covered: bool,
}

/// No time, and on each day the minutes on both sides of every boundary.
pub(super) fn times(tests: &[&Test]) -> Vec<Option<Timestamp>> {
    let mut minutes = BTreeSet::new();
    for test in tests {
        if let Test::TimeAfter(minute) | Test::TimeBefore(minute) = test {
            minutes.extend([minute.saturating_sub(1), *minute]);
        }
    }
    if minutes.is_empty() {
        minutes.insert(720);
    }
    let days = (0..7).flat_map(|day| minutes.iter().map(move |minute| Some(time(day, *minute))));
    std::iter::once(None).chain(days).collect()
}

/// Values of a param that these tests ask for; `None` is an absent one. No text of the policy has `filler`.
pub(super) fn of_param(policy: &Policy, tests: &[&Test], filler: char) -> Representatives<Option<Json>> {
    let other = Json::Str(filler.into());
    let mut values = vec![None];
    let mut add = |more: Vec<Json>| values.extend(more.into_iter().map(Some));
    let mut covered = true;
    let mut contained: Vec<&Const> = Vec::new();
    let (mut has_number, mut others) = (false, 0);
    for test in tests {
        match test {
            Test::Param { op: ParamOp::Contains, value, .. } => {
                if !contained.contains(&value) {
                    contained.push(value);
                }
                add(containing(value, filler));
            }
            Test::Param { op: _, value, .. } => {
                others += 1;
                has_number |= matches!(value, Const::Bool(_) | Const::Int(_) | Const::Float(_));
                add(own_and_beside(value, &other));
            }
            Test::Matches { pattern, .. } => {
                covered = false;
                let text = policy.patterns.get(*pattern).map_or("", |pattern| pattern.text());
                add(around_pattern(text));
            }
            _ => {}
        }
    }
    // Texts and lists may hold any of several constants together.
    covered &= contained.is_empty() || contained.len() == 1 && others == 0;
    add(vec![
        Json::Null,
        Json::Bool(true),
        Json::Float(f64::NAN),
        Json::from(""),
        other,
        Json::List(Vec::new()),
        Json::Object(Object::new()),
    ]);
    if !has_number {
        add(vec![Json::Int(7), Json::Float(0.5)]);
    }
    // `1` and `1.0` are equal and both are wanted, so that values are told apart as they are written.
    let mut seen = HashSet::new();
    values.retain(|value| seen.insert(format!("{value:?}")));
    Representatives { values, covered }
}

/// What has a constant in it in each way that something can.
fn containing(value: &Const, filler: char) -> Vec<Json> {
    let own = json(value);
    let mut values = vec![
        Json::List(vec![own.clone()]),
        Json::List(vec![Json::Str(filler.into()), own]),
        Json::List(vec![Json::Str(filler.into())]),
    ];
    if let Const::Str(text) = value {
        let mut entry = Object::new();
        entry.insert(text.clone(), 1);
        let mut shorter = text.clone();
        shorter.pop();
        values.extend([
            Json::Object(entry),
            Json::Str(text.clone()),
            Json::Str(format!("{filler}{text}{filler}")),
            Json::Str(shorter),
        ]);
    }
    values
}

/// A constant and the values next to it.
fn own_and_beside(value: &Const, other: &Json) -> Vec<Json> {
    let mut values = beside(value);
    values.push(json(value));
    match value {
        Const::Int(int) => {
            // The doubles around it: the one that is it, or is nearest, is among those beside.
            let near = as_double(int);
            values.extend([Json::Float(near.next_down()), Json::Float(near.next_up())]);
        }
        Const::Float(x) => {
            if let Some(floor) = whole(x.floor()) {
                values.extend([integer(&(&floor - 1)), integer(&floor), integer(&(floor + 1))]);
            }
        }
        Const::List(_) => {
            if let Some(Json::List(items)) = values.last_mut().cloned() {
                values.push(Json::List(items.into_iter().chain([other.clone()]).collect()));
            }
        }
        Const::Map(_) => {
            if let (Some(Json::Object(mut entries)), Json::Str(key)) = (values.last().cloned(), other) {
                entries.insert(key.clone(), 1);
                values.push(Json::Object(entries));
            }
        }
        Const::Bool(bool) => {
            let near = f64::from(u8::from(*bool));
            values.extend([near.next_down(), near, near.next_up()].map(Json::Float));
            values.push(Json::Int(i64::from(*bool)));
        }
        Const::Null | Const::Str(_) | Const::Foreign { .. } => {}
    }
    values
}

/// Values around a constant: itself, its neighbours, and one of each other kind.
pub(super) fn around(value: &Const) -> Vec<Json> {
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

pub(super) fn other_kinds() -> [Json; 8] {
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
pub(super) fn beside(value: &Const) -> Vec<Json> {
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

fn as_double(int: &BigInt) -> f64 {
    int.to_string().parse().unwrap_or(f64::INFINITY)
}

fn integer(int: &BigInt) -> Json {
    match i64::try_from(int) {
        Ok(small) => Json::Int(small),
        Err(_) => BigInteger::new(&int.to_string()).map_or(Json::Null, Json::BigInt),
    }
}

pub(super) fn json(value: &Const) -> Json {
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
pub(super) fn around_pattern(pattern: &str) -> Vec<Json> {
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
