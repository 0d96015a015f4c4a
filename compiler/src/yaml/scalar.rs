//! What a plain scalar without a tag means in YAML 1.1, matched by its first character.

use super::ScalarValue;
use super::number::{self, Unreadable};
use super::timestamp::{self, Form};

/// What a plain scalar is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Plain {
    /// A value.
    Value(ScalarValue),
    /// `<<`, which merges where a key stands and is an error elsewhere.
    Merge,
    /// `=`, which is text where a key stands and is an error elsewhere.
    Default,
}

/// The meaning of a plain scalar.
pub(super) fn resolve(text: &str) -> Result<Plain, Unreadable> {
    let value = match text.as_bytes().first() {
        None => ScalarValue::Null,
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => match number_or_time(text) {
            Some(value) => value?,
            None => string(text),
        },
        Some(b'~') if text == "~" => ScalarValue::Null,
        Some(b'n' | b'N') if matches!(text, "null" | "Null" | "NULL") => ScalarValue::Null,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => match text {
            "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => ScalarValue::Bool(true),
            "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
                ScalarValue::Bool(false)
            }
            _ => string(text),
        },
        Some(b'<') if text == "<<" => return Ok(Plain::Merge),
        Some(b'=') if text == "=" => return Ok(Plain::Default),
        Some(_) => string(text),
    };
    Ok(Plain::Value(value))
}

pub(super) fn string(text: &str) -> ScalarValue {
    ScalarValue::Str(text.into())
}

fn number_or_time(text: &str) -> Option<Result<ScalarValue, Unreadable>> {
    if let Some(read) = number::float(text) {
        return Some(read.map(ScalarValue::Float));
    }
    if let Some(read) = number::integer(text) {
        return Some(read.map(ScalarValue::Int));
    }
    let read = timestamp::timestamp(text, Form::Plain)?;
    Some(read.map(|text| ScalarValue::Timestamp(text.into())))
}
