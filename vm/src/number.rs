//! Exact comparison of numbers of any kind and size, without allocation.

use crate::value::{BigInt, Value};
use core::cmp::Ordering;
use core::fmt::{self, Write};

/// A number: a boolean counts as 0 or 1.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number<'a> {
    Int(i128),
    /// Outside the range of an `i128`.
    Huge(BigInt<'a>),
    Float(f64),
}

impl<'a> Number<'a> {
    /// The number that a value is, if it is one.
    pub(crate) fn of(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Bool(b) => Some(Number::Int(b.into())),
            Value::Int(i) => Some(Number::Int(i.into())),
            Value::Uint(u) => Some(Number::Int(u.into())),
            Value::BigInt(big) => Some(Number::of_big(big)),
            Value::Float(x) => Some(Number::Float(x)),
            Value::Null | Value::Str(_) | Value::List(_) | Value::Map(_) => None,
        }
    }

    pub(crate) fn of_big(big: BigInt<'a>) -> Self {
        // An `i128` has at most 39 digits and a sign; longer text is not worth parsing.
        let small = if big.as_str().len() <= 40 { big.as_str().parse().ok() } else { None };
        small.map_or(Number::Huge(big), Number::Int)
    }
}

/// The order of two numbers by mathematical value; `None` if one is a NaN.
pub(crate) fn compare(a: Number<'_>, b: Number<'_>) -> Option<Ordering> {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(&b),
        (Number::Int(a), Number::Float(b)) => int_to_float(a, b),
        (Number::Float(a), Number::Int(b)) => int_to_float(b, a).map(Ordering::reverse),
        (Number::Huge(a), Number::Huge(b)) => Some(huge_to_huge(a, b)),
        (Number::Huge(a), Number::Int(_)) => Some(side(a)),
        (Number::Int(_), Number::Huge(b)) => Some(side(b).reverse()),
        (Number::Huge(a), Number::Float(b)) => huge_to_float(a, b),
        (Number::Float(a), Number::Huge(b)) => huge_to_float(b, a).map(Ordering::reverse),
    }
}

/// How a huge number compares with every number that is not huge.
fn side(huge: BigInt<'_>) -> Ordering {
    if huge.is_negative() { Ordering::Less } else { Ordering::Greater }
}

/// 2^127, one past the greatest `i128`.
const I128_END: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

fn int_to_float(int: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float >= I128_END {
        return Some(Ordering::Less);
    }
    if float < -I128_END {
        return Some(Ordering::Greater);
    }
    let whole = float.trunc();
    #[expect(clippy::as_conversions, reason = "exact: whole, and within the range checked above")]
    let truncated = whole as i128;
    // Equal up to the point: then the fraction decides. It is exact, and 0 beyond 2^53.
    Some(int.cmp(&truncated).then_with(|| 0.0_f64.total_cmp(&(float - whole + 0.0))))
}

fn huge_to_huge(a: BigInt<'_>, b: BigInt<'_>) -> Ordering {
    match (a.is_negative(), b.is_negative()) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => magnitude(a.digits(), b.digits()),
        (true, true) => magnitude(b.digits(), a.digits()),
    }
}

/// The order of two digit strings without leading zeros.
fn magnitude(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn huge_to_float(huge: BigInt<'_>, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float.is_infinite() {
        return Some(if float > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    if float.abs() < I128_END || float.is_sign_negative() != huge.is_negative() {
        return Some(side(huge));
    }
    // Beyond 2^127 every double is a whole number, which a precision of 0 prints exactly.
    let mut digits = Digits { buffer: [0; 320], len: 0 };
    if write!(digits, "{:.0}", float.abs()).is_err() {
        return None;
    }
    let order = magnitude(huge.digits(), digits.as_str());
    Some(if huge.is_negative() { order.reverse() } else { order })
}

/// Room for the digits of any double: at most 309.
struct Digits {
    buffer: [u8; 320],
    len: usize,
}

impl Digits {
    fn as_str(&self) -> &str {
        self.buffer.get(..self.len).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let room = self.buffer.get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn number(text: &'static str) -> Number<'static> {
        if text.contains(['.', 'e', 'n', 'N']) {
            return Number::Float(text.parse().unwrap());
        }
        Number::of_big(BigInt::new(text).unwrap())
    }

    /// The lines ascend strictly; equal numbers stand on one line.
    const ASCENDING: &[&[&str]] = &[
        &["-inf"],
        &["-99999999999999999999999999999999999999999999999999"],
        &["-10000000000000000303786028427003666890752", "-1e40"],
        &["-10000000000000000303786028427003666890751"],
        &["-170141183460469231731687303715884105729"],
        &["-170141183460469231731687303715884105728", "-1.7014118346046923e38"],
        &["-9223372036854775809"],
        &["-9223372036854775808", "-9223372036854775808.0"],
        &["-1.5"],
        &["-1", "-1.0"],
        &["-0.5"],
        &["0", "-0.0", "0.0"],
        &["5e-324"],
        &["1", "1.0"],
        &["9007199254740992", "9007199254740992.0"],
        &["9007199254740993"],
        &["9007199254740994", "9007199254740994.0"],
        &["170141183460469231731687303715884105727"],
        &["170141183460469231731687303715884105728", "1.7014118346046923e38"],
        &["10000000000000000303786028427003666890752", "1e40"],
        &["10000000000000000303786028427003666890753"],
        &["1.7976931348623157e308"],
        &["inf"],
    ];

    #[test]
    fn numbers_are_ordered_exactly() {
        for (i, a) in ASCENDING.iter().enumerate() {
            for (j, b) in ASCENDING.iter().enumerate() {
                for (x, y) in a.iter().flat_map(|x| b.iter().map(move |y| (x, y))) {
                    assert_eq!(compare(number(x), number(y)), Some(i.cmp(&j)), "{x} {y}");
                }
            }
        }
    }

    #[test]
    fn a_nan_compares_with_nothing() {
        for other in ["0", "1.0", "170141183460469231731687303715884105728", "inf", "NaN"] {
            assert_eq!(compare(number("NaN"), number(other)), None);
            assert_eq!(compare(number(other), number("NaN")), None);
        }
    }
}
