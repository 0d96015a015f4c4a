//! Python's `str` of a param, which patterns are searched in.

use crate::hir::python;
use aegis_vm::Value;
use std::ops::ControlFlow;

/// `str(value)`: text as it is, everything else as Python shows it.
///
/// Recursion is as deep as the value, which is bounded where actions are read.
pub(super) fn python_str(value: Value<'_>) -> String {
    match value {
        Value::Str(text) => text.to_owned(),
        other => {
            let mut out = String::new();
            repr(other, &mut out);
            out
        }
    }
}

fn repr(value: Value<'_>, out: &mut String) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::Uint(u) => out.push_str(&u.to_string()),
        Value::BigInt(big) => out.push_str(big.as_str()),
        Value::Float(x) => out.push_str(&python::float(x)),
        Value::Str(text) => out.push_str(&python::repr(text)),
        Value::List(list) => {
            out.push('[');
            for index in 0..list.len() {
                out.push_str(if index > 0 { ", " } else { "" });
                if let Some(element) = list.get(index) {
                    repr(element, out);
                }
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            let mut separator = "";
            map.visit(&mut |key, value| {
                out.push_str(separator);
                separator = ", ";
                out.push_str(&python::repr(key));
                out.push_str(": ");
                repr(value, out);
                ControlFlow::Continue(())
            });
            out.push('}');
        }
    }
}
