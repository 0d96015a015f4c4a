//! Values and tasks as JSON, on one line, exact: what is written reads back as an equal value.
//!
//! An integer keeps all its digits. A float is written in the shortest form that reads back as the same float, with
//! a point or an exponent, so that it stays a float. JSON has no infinity: `1e999` reads back as one. It has no NaN
//! either, and nothing that is read is one: `null` is written.

use crate::task::Task;
use aegis_vm::Value;
use std::fmt::Write as _;
use std::ops::ControlFlow;

/// What stands in place of a value that must not be shown.
pub(crate) const REDACTED: &str = "[REDACTED]";

/// Writes a value.
pub(crate) fn write_value(out: &mut String, value: Value<'_>) {
    write(out, value, None);
}

/// Writes a value, but `"[REDACTED]"` for what stands under a key that `hidden` says yes to, at any depth.
pub(crate) fn write_redacted(out: &mut String, value: Value<'_>, hidden: &dyn Fn(&str) -> bool) {
    write(out, value, Some(hidden));
}

/// Writes text in quotes.
pub(crate) fn write_text(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        // Both ends stand at an ASCII byte, so these are character boundaries.
        out.push_str(text.get(from..at).unwrap_or_default());
        from = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => {
                out.push_str("\\u00");
                for digit in [other >> 4, other & 15] {
                    out.extend(char::from_digit(digit.into(), 16));
                }
            }
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out.push('"');
}

/// Writes a whole task, as [`Task::from_json`] reads it. Nothing is redacted.
pub(crate) fn write_task(out: &mut String, task: &Task) {
    let action = task.action();
    out.push_str("{\"type\":");
    write_text(out, action.kind());
    out.push_str(",\"target\":");
    write_text(out, action.target());
    out.push_str(",\"agent_id\":");
    write_text(out, action.agent_id());
    out.push_str(",\"description\":");
    write_text(out, action.description_text());
    out.push_str(",\"params\":");
    write_value(out, Value::Map(action.param_values()));
    out.push_str(",\"parent_agent_id\":");
    write_text(out, task.parent_agent_id());
    out.push_str(",\"chain_id\":");
    write_text(out, task.chain_id());
    out.push_str(",\"chain_depth\":");
    number(out, task.chain_depth());
    out.push('}');
}

fn number(out: &mut String, number: impl std::fmt::Display) {
    // Writing to a `String` does not fail.
    let _ = write!(out, "{number}");
}

/// As deep as the value goes; reading limits that.
fn write(out: &mut String, value: Value<'_>, hidden: Option<&dyn Fn(&str) -> bool>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(int) => number(out, int),
        Value::Uint(int) => number(out, int),
        Value::BigInt(big) => out.push_str(big.as_str()),
        Value::Float(float) => write_float(out, float),
        Value::Str(text) => write_text(out, text),
        Value::List(list) => {
            out.push('[');
            for index in 0..list.len() {
                if index > 0 {
                    out.push(',');
                }
                write(out, list.get(index).unwrap_or(Value::Null), hidden);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            let mut first = true;
            map.visit(&mut |key, item| {
                if !std::mem::take(&mut first) {
                    out.push(',');
                }
                write_text(out, key);
                out.push(':');
                match hidden {
                    Some(hidden) if hidden(key) => write_text(out, REDACTED),
                    _ => write(out, item, hidden),
                }
                ControlFlow::Continue(())
            });
            out.push('}');
        }
    }
}

fn write_float(out: &mut String, float: f64) {
    if float.is_finite() {
        // The shortest form that reads back; always with a point or an exponent.
        let _ = write!(out, "{float:?}");
    } else if float.is_nan() {
        out.push_str("null");
    } else {
        out.push_str(if float > 0.0 { "1e999" } else { "-1e999" });
    }
}

/// What an executor gave back, as JSON of so many bytes at most; of more, the beginning as text.
pub(crate) fn data_text(data: &serde_json::Value, most: usize, hidden: &dyn Fn(&str) -> bool) -> String {
    let mut text = String::new();
    if write_data(&mut text, data, most, hidden).is_continue() && text.len() <= most {
        return text;
    }
    let end = (0..=most.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.truncate(end);
    let mut cut = "{\"cut\":true,\"head\":".to_owned();
    write_text(&mut cut, &text);
    cut.push('}');
    cut
}

/// Stops once there is more than is kept, so that no gigabyte is written to be cut.
fn write_data(
    out: &mut String,
    data: &serde_json::Value,
    most: usize,
    hidden: &dyn Fn(&str) -> bool,
) -> ControlFlow<()> {
    if out.len() > most {
        return ControlFlow::Break(());
    }
    match data {
        serde_json::Value::Null => out.push_str("null"),
        serde_json::Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        serde_json::Value::Number(number) => self::number(out, number),
        serde_json::Value::String(text) => match text.get(..most) {
            // At most this much is looked at, and that it is cut shows in the length.
            Some(head) if text.len() > most => write_text(out, head),
            None if text.len() > most => write_text(out, &text.chars().take(most).collect::<String>()),
            _ => write_text(out, text),
        },
        serde_json::Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_data(out, item, most, hidden)?;
            }
            out.push(']');
        }
        serde_json::Value::Object(entries) => {
            out.push('{');
            for (at, (name, value)) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(out, name);
                out.push(':');
                if hidden(name) {
                    write_text(out, REDACTED);
                } else {
                    write_data(out, value, most, hidden)?;
                }
            }
            out.push('}');
        }
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;
    use aegis_vm::Action;
    use aegis_vm::json::{self, BigInteger, Json, Object};
    use proptest::prelude::*;

    fn written(value: &Json) -> String {
        let mut out = String::new();
        write_value(&mut out, value.value());
        out
    }

    /// All but a NaN, which equals nothing.
    fn any_float() -> impl Strategy<Value = f64> {
        any::<u64>().prop_map(f64::from_bits).prop_filter("a NaN equals nothing", |x| !x.is_nan())
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![".*", "[\\x00-\\x7f]{0,12}", "[\"\\\\/\\u{80}-\\u{9f}\\u{2028}\u{1f600}]{0,5}"]
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            any::<i64>().prop_map(Json::Int),
            "-?[1-9][0-9]{19,60}".prop_map(|digits| Json::BigInt(BigInteger::new(&digits).unwrap())),
            any_float().prop_map(Json::Float),
            any_text().prop_map(Json::Str),
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::List),
                prop::collection::vec((any_text(), inner), 0..6)
                    .prop_map(|entries| Json::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_reads_back(value in any_json()) {
            let text = written(&value);
            prop_assert!(!text.contains(|c: char| u32::from(c) < 0x20), "{text:?}");
            prop_assert_eq!(json::parse(&text).unwrap(), value);
        }

        #[test]
        fn others_read_it_too(value in any_json()) {
            let text = written(&value);
            // A number beyond what serde_json holds is the one thing that it refuses.
            if !text.contains("e999") && let Err(error) = serde_json::from_str::<serde_json::Value>(&text) {
                prop_assert!(error.to_string().contains("number out of range"), "{error}: {text}");
            }
        }

        #[test]
        fn a_task_reads_back(
            texts in prop::array::uniform6(any_text()),
            depth in any::<u32>(),
            params in prop::collection::vec((any_text(), any_json()), 0..4),
        ) {
            let [kind, target, agent, description, parent, chain] = texts;
            let params: Object = params.into_iter().collect();
            let action = Action::new(kind, target).agent(agent).description(description).params(params);
            let task = Task::new(action).parent(parent).chain(chain, depth);
            let mut out = String::new();
            write_task(&mut out, &task);
            prop_assert_eq!(Task::from_json(&out).unwrap(), task);
        }

        #[test]
        fn nothing_under_a_hidden_key_is_written(value in any_json(), names in "[ab]{1,2}") {
            let marked = Json::Object(Object::from_iter([
                ("list", Json::List(vec![Json::Object(Object::from_iter([(names.clone(), "s3cret")]))])),
                ("value", value),
                (names.as_str(), Json::List(vec!["s3cret".into()])),
            ]));
            let mut out = String::new();
            write_redacted(&mut out, marked.value(), &|key| key == names);
            prop_assert!(!out.contains("s3cret"), "{out}");
            let Json::Object(read) = json::parse(&out).unwrap() else { panic!("not an object: {out}") };
            prop_assert_eq!(read.get(&names), Some(&Json::from(REDACTED)));
        }
    }

    #[test]
    fn the_written_forms() {
        let value = json::parse(
            r#"{"a": [1, -2, 1.0, 0.1, 1e300, 1E400, -1e999, -0.0, true, false, null, 123456789012345678901234567890], "é\"\\\n\u0001/": {}}"#,
        )
        .unwrap();
        assert_eq!(
            written(&value),
            r#"{"a":[1,-2,1.0,0.1,1e300,1e999,-1e999,-0.0,true,false,null,123456789012345678901234567890],"é\"\\\n\u0001/":{}}"#
        );
        let mut out = String::new();
        write_value(&mut out, Value::Uint(u64::MAX));
        out.push(' ');
        write_value(&mut out, Value::Float(f64::NAN));
        assert_eq!(out, "18446744073709551615 null");
    }

    #[test]
    fn hidden_at_any_depth() {
        let value = json::parse(r#"{"token":1,"a":[{"token":{"b":2}},{"c":3}]}"#).unwrap();
        let mut out = String::new();
        write_redacted(&mut out, value.value(), &|key| key == "token");
        assert_eq!(out, r#"{"token":"[REDACTED]","a":[{"token":"[REDACTED]"},{"c":3}]}"#);
    }
}
