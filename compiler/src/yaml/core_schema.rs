//! What a YAML 1.2 reader makes of a plain scalar, for telling people where the versions differ.

use super::{ScalarValue, syntax};
use num_bigint::BigInt;

/// How a YAML 1.2 reader (its core schema) reads the plain scalar `text`, in words, if that is not
/// `value`, the YAML 1.1 meaning. [`describe`] puts the YAML 1.1 meaning into the same words.
///
/// # Examples
///
/// ```
/// use aegisc::yaml::{ScalarValue, describe, yaml12_reading};
///
/// let value = ScalarValue::Bool(false);
/// assert_eq!(describe(&value), "false");
/// assert_eq!(yaml12_reading("NO", &value).as_deref(), Some("the text `NO`"));
/// assert_eq!(yaml12_reading("false", &value), None);
/// ```
#[must_use]
pub fn yaml12_reading(text: &str, value: &ScalarValue) -> Option<String> {
    let reading = yaml12_value(text);
    let same = match (&reading, value) {
        (ScalarValue::Float(a), ScalarValue::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
        (a, b) => a == b,
    };
    (!same).then(|| describe(&reading))
}

/// What a YAML 1.2 reader (its core schema), such as an editor, makes of the plain scalar `text`.
///
/// # Examples
///
/// ```
/// use aegisc::yaml::{ScalarValue, yaml12_value};
///
/// assert_eq!(yaml12_value("NO"), ScalarValue::Str("NO".into()));
/// assert_eq!(yaml12_value("1e3"), ScalarValue::Float(1000.0));
/// ```
#[must_use]
pub fn yaml12_value(text: &str) -> ScalarValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return ScalarValue::Null,
        "true" | "True" | "TRUE" => return ScalarValue::Bool(true),
        "false" | "False" | "FALSE" => return ScalarValue::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return ScalarValue::Float(f64::NAN),
        _ => {}
    }
    let number = integer(text).map(ScalarValue::Int).or_else(|| float(text).map(ScalarValue::Float));
    number.unwrap_or_else(|| ScalarValue::Str(text.into()))
}

/// A value in words: `null`, `true`, a number, ``the text `x` ``, `the date 2024-01-31`. Of a long text
/// the start.
#[must_use]
pub fn describe(value: &ScalarValue) -> String {
    match value {
        ScalarValue::Null => "null".to_owned(),
        ScalarValue::Bool(b) => b.to_string(),
        // Printing a long integer takes quadratic time and helps nobody.
        ScalarValue::Int(n) if n.bits() > 1024 => format!("an integer of {} bits", n.bits()),
        ScalarValue::Int(n) => format!("the integer {n}"),
        ScalarValue::Float(x) if x.is_nan() => "not a number".to_owned(),
        ScalarValue::Float(x) if x.is_infinite() && *x > 0.0 => "infinity".to_owned(),
        ScalarValue::Float(x) if x.is_infinite() => "negative infinity".to_owned(),
        ScalarValue::Float(x) => format!("the number {x:?}"),
        ScalarValue::Str(text) => format!("the text `{}`", syntax::excerpt(text)),
        ScalarValue::Timestamp(text) if text.contains(' ') => format!("the time {text}"),
        ScalarValue::Timestamp(text) => format!("the date {text}"),
        ScalarValue::Binary(bytes) => format!("{} bytes", bytes.len()),
    }
}

fn integer(text: &str) -> Option<BigInt> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'o', ..] => (text.get(2..)?, 8),
        [b'0', b'x', ..] => (text.get(2..)?, 16),
        _ => (text.strip_prefix(['+', '-']).unwrap_or(text), 10),
    };
    // Longer ones no reader keeps exact, and they cost quadratic time.
    if digits.len() > 4300 || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let n = BigInt::parse_bytes(digits.as_bytes(), radix)?;
    Some(if text.starts_with('-') { -n } else { n })
}

fn float(text: &str) -> Option<f64> {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = match body {
        ".inf" | ".Inf" | ".INF" => f64::INFINITY,
        // What is left of Rust's grammar for doubles is the one of the core schema.
        _ if body.starts_with(|c: char| c.is_ascii_digit() || c == '.') => body.parse().ok()?,
        _ => return None,
    };
    Some(if text.starts_with('-') { -number } else { number })
}
