//! Integers and doubles, compared by exact mathematical value.

use num_bigint::BigInt;
use std::cmp::Ordering;

/// The exact integer that a double is; `None` if it has a fraction or is not finite.
pub(crate) fn whole(x: f64) -> Option<BigInt> {
    if !x.is_finite() || x.fract() != 0.0 {
        return None;
    }
    // A double is (-1)^sign * mantissa * 2^(exponent - 1075), with an implied leading one unless the
    // exponent field is 0; such numbers are below 1, and among them only zero is whole.
    let bits = x.to_bits();
    let exponent = i64::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    if exponent == 0 {
        return Some(BigInt::from(0));
    }
    let mantissa = BigInt::from(bits & ((1 << 52) - 1) | 1 << 52);
    let shift = exponent - 1075;
    let magnitude = if shift >= 0 { mantissa << shift } else { mantissa >> -shift };
    Some(if x.is_sign_negative() { -magnitude } else { magnitude })
}

/// An integer against a double; `None` if the double is a NaN.
pub(crate) fn compare(int: &BigInt, x: f64) -> Option<Ordering> {
    if x.is_nan() {
        return None;
    }
    match whole(x.floor()) {
        None if x > 0.0 => Some(Ordering::Less),
        None => Some(Ordering::Greater),
        // With a fraction, a double lies above its floor and below the next integer.
        Some(floor) => {
            Some(int.cmp(&floor).then(if x.fract() == 0.0 { Ordering::Equal } else { Ordering::Less }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_exactly() {
        let two_53 = BigInt::from(1_u64 << 53);
        let cases = [
            (BigInt::from(0), -0.0, Ordering::Equal),
            (BigInt::from(1), 1.0, Ordering::Equal),
            (BigInt::from(1), 1.5, Ordering::Less),
            (BigInt::from(2), 1.5, Ordering::Greater),
            (BigInt::from(-1), -1.5, Ordering::Greater),
            (BigInt::from(-2), -1.5, Ordering::Less),
            (BigInt::from(0), 5e-324, Ordering::Less),
            (BigInt::from(0), -5e-324, Ordering::Greater),
            (two_53.clone() + 1, 9_007_199_254_740_992.0, Ordering::Greater),
            (two_53, 9_007_199_254_740_992.0, Ordering::Equal),
            (BigInt::from(10).pow(400), f64::INFINITY, Ordering::Less),
            (-BigInt::from(10).pow(400), f64::NEG_INFINITY, Ordering::Greater),
            (BigInt::from(10).pow(400), f64::MAX, Ordering::Greater),
            (BigInt::from(10).pow(22), 1e22, Ordering::Equal),
        ];
        for (int, x, expected) in cases {
            assert_eq!(compare(&int, x), Some(expected), "{int} against {x:?}");
        }
        assert_eq!(compare(&BigInt::from(0), f64::NAN), None);
    }
}
