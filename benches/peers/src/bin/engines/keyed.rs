//! Workloads with a rule for each key, as data: what one looks up instead of asking every rule.
//!
//! An engine that can look a key up in data decides them without a rule for each rule of the policy. What it
//! looks up, and what it then compares, is written by hand for the workload: nothing makes it of a policy.

use crate::task::{Glob, Rule, Task, Test};
use serde_json::{Map, Value, json};

/// The rules of a workload by their keys.
pub(crate) struct Keyed {
    /// What the key is, and what is compared besides.
    pub(crate) shape: Shape,
    /// A row for each key: `answer`, and what is compared.
    pub(crate) rows: Map<String, Value>,
    /// The answer if no row holds.
    pub(crate) rest: usize,
}

/// What a key is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The type; `target` is compared.
    Pair,
    /// The number in a type that begins with `svc_NUMBER_`; `amount` is to be above `above`.
    Threshold,
    /// The same number; the target is to end in `end`.
    Zone,
}

impl Keyed {
    /// That of a task, if it has a rule for each key and a last one for the rest.
    pub(crate) fn of(task: &Task) -> Option<Self> {
        let (last, rules) = task.rules.split_last()?;
        let is_rest = last.kind == Glob::Any && last.target == Glob::Any && last.tests.is_empty();
        let rows: Option<Vec<_>> = rules.iter().enumerate().map(|(i, rule)| row(i + 1, rule)).collect();
        let rows = rows.filter(|_| is_rest)?;
        let shape = rows.first()?.0;
        let all_alike = rows.iter().all(|row| row.0 == shape);
        let rows = rows.into_iter().map(|(_, key, row)| (key, row)).collect();
        all_alike.then_some(Keyed { shape, rows, rest: rules.len() + 1 })
    }
}

fn row(answer: usize, rule: &Rule) -> Option<(Shape, String, Value)> {
    Some(match (&rule.kind, &rule.target, rule.tests.as_slice()) {
        (Glob::Is(kind), Glob::Is(target), []) => {
            (Shape::Pair, kind.clone(), json!({"target": target, "answer": answer}))
        }
        (Glob::Starts(start), Glob::Any, [Test::Above(_, above)]) => {
            (Shape::Threshold, service(start)?, json!({"above": above, "answer": answer}))
        }
        (Glob::Starts(start), Glob::Ends(end), []) => {
            (Shape::Zone, service(start)?, json!({"end": end, "answer": answer}))
        }
        _ => return None,
    })
}

/// The number in `svc_NUMBER_`.
fn service(start: &str) -> Option<String> {
    let number = start.strip_prefix("svc_")?.strip_suffix('_')?;
    number.parse::<u32>().is_ok().then(|| number.to_owned())
}
