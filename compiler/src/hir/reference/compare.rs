//! Equality, order and containment as Python has them.

use crate::hir::{Const, number};
use aegis_vm::Value;
use num_bigint::BigInt;
use std::cmp::Ordering;
use std::ops::ControlFlow;

/// An order against a number needs this.
pub const A_NUMBER: &str = "a number";
/// An order against text needs this.
pub const A_STRING: &str = "a string";
/// What can contain text.
pub const A_CONTAINER: &str = "a string, list or mapping";
/// What can contain a scalar that is not text.
pub const A_LIST_OR_MAPPING: &str = "a list or mapping";
/// What can contain a collection.
pub const A_LIST: &str = "a list";

/// The comparison has no answer: what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Needs(pub(super) &'static str);

/// A number of either side, booleans counting as 0 and 1.
enum Number {
    Int(BigInt),
    Float(f64),
}

fn number_of(value: Value<'_>) -> Option<Number> {
    Some(match value {
        Value::Bool(b) => Number::Int(BigInt::from(u8::from(b))),
        Value::Int(i) => Number::Int(BigInt::from(i)),
        Value::Uint(u) => Number::Int(BigInt::from(u)),
        Value::BigInt(big) => Number::Int(big.as_str().parse().ok()?),
        Value::Float(x) => Number::Float(x),
        Value::Null | Value::Str(_) | Value::List(_) | Value::Map(_) => return None,
    })
}

fn number_of_const(constant: &Const) -> Option<Number> {
    Some(match constant {
        Const::Bool(b) => Number::Int(BigInt::from(u8::from(*b))),
        Const::Int(i) => Number::Int(i.clone()),
        Const::Float(x) => Number::Float(*x),
        Const::Null | Const::Str(_) | Const::List(_) | Const::Map(_) | Const::Foreign { .. } => return None,
    })
}

/// `None` where a NaN takes part.
fn compare(a: &Number, b: &Number) -> Option<Ordering> {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(b)),
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(b),
        (Number::Int(a), Number::Float(b)) => number::compare(a, *b),
        (Number::Float(a), Number::Int(b)) => number::compare(b, *a).map(Ordering::reverse),
    }
}

/// Whether a value equals a constant.
pub(super) fn equal(value: Value<'_>, constant: &Const) -> bool {
    if let (Some(a), Some(b)) = (number_of(value), number_of_const(constant)) {
        return compare(&a, &b) == Some(Ordering::Equal);
    }
    match (value, constant) {
        (Value::Null, Const::Null) => true,
        (Value::Str(a), Const::Str(b)) => a == b,
        (Value::List(a), Const::List(b)) => {
            let element = |(index, constant)| a.get(index).is_some_and(|value| equal(value, constant));
            a.len() == b.len() && b.iter().enumerate().all(element)
        }
        (Value::Map(a), Const::Map(b)) => {
            let entry =
                |(key, constant): &(String, Const)| a.get(key).is_some_and(|value| equal(value, constant));
            a.len() == b.len() && b.iter().all(entry)
        }
        _ => false,
    }
}

/// A value against a threshold; `None` where a NaN takes part.
pub(super) fn order(value: Value<'_>, threshold: &Const) -> Result<Option<Ordering>, Needs> {
    match (threshold, value) {
        // UTF-8 orders as scalar values do.
        (Const::Str(threshold), Value::Str(text)) => Ok(Some(text.cmp(threshold))),
        (Const::Str(_), _) => Err(Needs(A_STRING)),
        _ => match (number_of(value), number_of_const(threshold)) {
            (Some(a), Some(b)) => Ok(compare(&a, &b)),
            _ => Err(Needs(A_NUMBER)),
        },
    }
}

/// Whether a constant is in a value.
pub(super) fn contains(value: Value<'_>, constant: &Const) -> Result<bool, Needs> {
    let collection = matches!(constant, Const::List(_) | Const::Map(_) | Const::Foreign { hashable: false });
    match (value, constant) {
        (Value::Str(text), Const::Str(part)) => Ok(text.contains(part.as_str())),
        (Value::List(list), _) => {
            Ok((0..list.len()).any(|index| list.get(index).is_some_and(|element| equal(element, constant))))
        }
        // A key is text; Python cannot look a collection up in a mapping at all.
        (Value::Map(map), _) if !collection => {
            let mut found = false;
            map.visit(&mut |key, _| {
                found = equal(Value::Str(key), constant);
                if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            Ok(found)
        }
        (_, Const::Str(_)) => Err(Needs(A_CONTAINER)),
        _ if collection => Err(Needs(A_LIST)),
        _ => Err(Needs(A_LIST_OR_MAPPING)),
    }
}
