//! Requests that are prepared: params in slots, as a service that counts nanoseconds holds them.

use super::actions::Actions;
use aegis_vm::{BoundParams, Policy, Request, Value};
use std::array;

/// As many params are bound to slots. Actions that have more together are asked with their params by name.
const MOST_SLOTS: usize = 32;

/// Whether the actions' params fit into slots.
pub(super) fn fit(actions: &Actions) -> bool {
    actions.params().len() <= MOST_SLOTS
}

/// Gives a function the requests, with their params in slots if they have no more than [`MOST_SLOTS`] together.
pub(super) fn with<T>(policy: &Policy, actions: &Actions, run: impl FnOnce(&[Request<'_>]) -> T) -> T {
    let names = actions.params();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.len() {
        0 | 1 => in_slots::<1, T>(policy, actions, &names, run),
        2..=4 => in_slots::<4, T>(policy, actions, &names, run),
        5..=8 => in_slots::<8, T>(policy, actions, &names, run),
        9..=16 => in_slots::<16, T>(policy, actions, &names, run),
        17..=MOST_SLOTS => in_slots::<MOST_SLOTS, T>(policy, actions, &names, run),
        _ => run(&by_name(actions)),
    }
}

/// The names fill the first slots; the others are never filled.
fn in_slots<const N: usize, T>(
    policy: &Policy,
    actions: &Actions,
    names: &[&str],
    run: impl FnOnce(&[Request<'_>]) -> T,
) -> T {
    let unused = "\0";
    let slots = policy.bind::<N>(array::from_fn(|slot| names.get(slot).copied().unwrap_or(unused)));
    let by_name = by_name(actions);
    let rows: Vec<BoundParams<'_, N>> = by_name
        .iter()
        .map(|request| slots.with(array::from_fn(|slot| param(*request, names.get(slot).copied()))))
        .collect();
    let requests: Vec<Request<'_>> =
        by_name.iter().zip(&rows).map(|(request, row)| request.params(row)).collect();
    run(&requests)
}

/// The value of a param; null if it is absent, or if there is no such slot.
fn param<'a>(request: Request<'a>, name: Option<&str>) -> Value<'a> {
    name.and_then(|name| request.params.get(name)).unwrap_or(Value::Null)
}

/// Requests whose params are looked up by name.
pub(super) fn by_name(actions: &Actions) -> Vec<Request<'_>> {
    actions.values.iter().map(Request::from).collect()
}
