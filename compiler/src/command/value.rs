//! A param's value in a message: as JSON, on one line, cut where it gets long.

use aegis_vm::Value;
use std::ops::ControlFlow;

/// The most characters of a value that a message shows.
const LONGEST: usize = 60;

/// The value as JSON, cut after some characters.
pub fn shown(value: Value<'_>) -> String {
    let mut text = String::new();
    // A cut value is still shown; that it was cut is shown too.
    let _ = write(&mut text, value, LONGEST * 4);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// The whole value as JSON, but for a number that JSON does not have.
pub fn whole(value: Value<'_>) -> String {
    let mut text = String::new();
    let _ = write(&mut text, value, usize::MAX);
    text
}

/// Writes until there are so many bytes. The nesting of an action is limited where it is read.
fn write(text: &mut String, value: Value<'_>, most: usize) -> ControlFlow<()> {
    if text.len() > most {
        return ControlFlow::Break(());
    }
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(b) => text.push_str(if b { "true" } else { "false" }),
        Value::Int(i) => text.push_str(&i.to_string()),
        Value::Uint(u) => text.push_str(&u.to_string()),
        Value::BigInt(big) => text.push_str(big.as_str()),
        Value::Float(x) => text.push_str(&format!("{x:?}")),
        Value::Str(s) => push_text(text, s, most),
        Value::List(list) => {
            text.push('[');
            for (n, item) in (0..list.len()).filter_map(|n| list.get(n)).enumerate() {
                if n > 0 {
                    text.push_str(", ");
                }
                write(text, item, most)?;
            }
            text.push(']');
        }
        Value::Map(map) => {
            text.push('{');
            let mut first = true;
            let mut flow = ControlFlow::Continue(());
            map.visit(&mut |key, item| {
                if !std::mem::take(&mut first) {
                    text.push_str(", ");
                }
                push_text(text, key, most);
                text.push_str(": ");
                flow = write(text, item, most);
                flow
            });
            flow?;
            text.push('}');
        }
    }
    ControlFlow::Continue(())
}

fn push_text(text: &mut String, s: &str, most: usize) {
    let head: String = s.chars().take(most).collect();
    text.push_str(&serde_json::Value::from(head).to_string());
}
