//! Conditions as text on one line, for explanations and the artifact's debug data.

use super::{Condition, Const, ParamOp, Policy, Test};
use std::fmt::Write;

/// The longest text of one condition, in characters; the rest is `…`.
const LONGEST: usize = 200;

/// A condition as its author could have written it on one line.
#[must_use]
pub fn condition(condition: &Condition, policy: &Policy) -> String {
    let key = &condition.key;
    let mut entries = Vec::new();
    for test in &condition.tests {
        match test {
            Test::TimeAfter(minute) | Test::TimeBefore(minute) => {
                return format!("{key}: \"{:02}:{:02}\"", minute / 60, minute % 60);
            }
            Test::Weekdays(days) => {
                let days: Vec<_> =
                    (1..=7).filter(|day| days >> (day - 1) & 1 == 1).map(|d: u8| d.to_string()).collect();
                return format!("{key}: [{}]", days.join(", "));
            }
            Test::Semantic(words) => return shorten(format!("{key}: {}", words.join(" "))),
            Test::Never => entries.push("never holds".to_owned()),
            Test::Param { param, value, .. } => entries.push(format!("{}: {}", name(param), constant(value))),
            Test::Matches { param, pattern } => {
                let text = policy.patterns.get(*pattern).map_or("", |pattern| pattern.text());
                entries.push(format!("{}: {}", name(param), single_quoted(text)));
            }
        }
    }
    shorten(format!("{key}: {{{}}}", entries.join(", ")))
}

/// The key that a comparison is written with.
#[must_use]
pub fn param_key(op: ParamOp) -> &'static str {
    match op {
        ParamOp::Eq => "param_eq",
        ParamOp::Gt => "param_gt",
        ParamOp::Gte => "param_gte",
        ParamOp::Lt => "param_lt",
        ParamOp::Lte => "param_lte",
        ParamOp::Contains => "param_contains",
    }
}

fn shorten(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn name(param: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if param.chars().all(plain) && !param.is_empty() { param.to_owned() } else { quoted(param) }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace('\n', "\\n"))
}

/// A constant in YAML's flow style, cut where it gets too long to read.
fn constant(value: &Const) -> String {
    let mut out = String::new();
    write_constant(value, &mut out);
    out
}

fn write_constant(value: &Const, out: &mut String) {
    if out.len() > 4 * LONGEST {
        return;
    }
    // Writing to a string cannot fail.
    let _ = match value {
        Const::Null => write!(out, "null"),
        Const::Bool(b) => write!(out, "{b}"),
        Const::Int(int) => write!(out, "{int}"),
        Const::Float(x) if x.is_nan() => write!(out, ".nan"),
        Const::Float(x) if x.is_infinite() => write!(out, "{}.inf", if *x < 0.0 { "-" } else { "" }),
        Const::Float(x) => write!(out, "{x:?}"),
        Const::Str(text) => write!(out, "{}", quoted(text)),
        Const::Foreign { .. } => write!(out, "(equal to no JSON value)"),
        Const::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                write_constant(item, out);
            }
            write!(out, "]")
        }
        Const::Map(entries) => {
            out.push('{');
            for (at, (key, item)) in entries.iter().enumerate() {
                let _ = write!(out, "{}{}: ", if at == 0 { "" } else { ", " }, name(key));
                write_constant(item, out);
            }
            write!(out, "}}")
        }
    };
}
