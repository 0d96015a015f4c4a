//! YAML 1.1 numbers: decimal, binary, octal, hexadecimal and base 60, with underscores.
//!
//! Each function answers twice: `None` if the text is no such number, and an error if it has the
//! form of one that cannot be read, which PyYAML raises on.

use num_bigint::BigInt;

/// Why text in the form of a value is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable(pub(super) &'static str);

/// The most decimal digits of a number. CPython reads no more, and their cost is quadratic.
const DECIMAL_DIGITS: usize = 4300;

/// The most bits that the digits of a number in base 2, 8 or 16 give: as many as those decimal ones.
/// Python has no such limit; it keeps every later step over a number, such as printing it, cheap.
const BINARY_BITS: usize = 14_285;

/// The most groups of a number in base 60.
const GROUPS: usize = 1000;

const TOO_LONG: Unreadable = Unreadable("the number has too many digits");

/// An integer, by the forms of YAML 1.1.
pub(super) fn integer(text: &str) -> Option<Result<BigInt, Unreadable>> {
    let (negative, body) = sign(text);
    let of = |digits: &str, radix: u32, allowed: fn(u8) -> bool| {
        let formed = !digits.is_empty() && digits.bytes().all(|b| b == b'_' || allowed(b));
        formed.then(|| parse(digits, radix).map(|n| if negative { -n } else { n }))
    };
    let octal = |b: u8| matches!(b, b'0'..=b'7');
    match body.as_bytes() {
        [b'0', b'b', ..] => of(body.get(2..)?, 2, |b| matches!(b, b'0' | b'1')),
        [b'0', b'x', ..] => of(body.get(2..)?, 16, |b| b.is_ascii_hexdigit()),
        [b'0', ..] => of(body, 8, octal),
        [b'1'..=b'9', ..] if body.contains(':') => {
            let groups = groups_of(body)?;
            Some(base60(groups).map(|n| if negative { -n } else { n }))
        }
        [b'1'..=b'9', ..] => of(body, 10, |b| b.is_ascii_digit()),
        _ => None,
    }
}

fn parse(digits: &str, radix: u32) -> Result<BigInt, Unreadable> {
    let digits: String = digits.chars().filter(|&c| c != '_').collect();
    if radix == 10 {
        if let Ok(small) = digits.parse::<i64>() {
            return Ok(BigInt::from(small));
        }
        if digits.len() > DECIMAL_DIGITS {
            return Err(TOO_LONG);
        }
    } else if digits.trim_start_matches('0').len().saturating_mul(bits_of_digit(radix)) > BINARY_BITS {
        return Err(TOO_LONG);
    }
    BigInt::parse_bytes(digits.as_bytes(), radix).ok_or(Unreadable("the number has no digits"))
}

fn bits_of_digit(radix: u32) -> usize {
    usize::try_from(radix.ilog2()).unwrap_or(usize::MAX)
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Whether `text` is a digit and then digits and underscores.
fn is_digits(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b == b'_' || b.is_ascii_digit())
}

/// The groups of a number in base 60: digits first, then two digits below 60 each.
fn groups_of(body: &str) -> Option<impl Iterator<Item = &str>> {
    let mut groups = body.split(':');
    let rest = groups.clone().skip(1).all(|group| match group.as_bytes() {
        [b'0'..=b'9'] => true,
        [b'0'..=b'5', last] => last.is_ascii_digit(),
        _ => false,
    });
    (rest && groups.next().is_some_and(is_digits)).then(|| body.split(':'))
}

fn base60<'a>(groups: impl Iterator<Item = &'a str>) -> Result<BigInt, Unreadable> {
    let mut total = BigInt::ZERO;
    for (count, group) in groups.enumerate() {
        if count >= GROUPS {
            return Err(TOO_LONG);
        }
        total = total * 60 + parse(group, 10)?;
    }
    Ok(total)
}

/// A float, by the forms of YAML 1.1: a point is needed, and a sign in the exponent.
pub(super) fn float(text: &str) -> Option<Result<f64, Unreadable>> {
    let (negative, body) = sign(text);
    let signed = |n: f64| if negative { -n } else { n };
    match body {
        ".inf" | ".Inf" | ".INF" => return Some(Ok(signed(f64::INFINITY))),
        ".nan" | ".NaN" | ".NAN" if text == body => return Some(Ok(f64::NAN)),
        _ => {}
    }
    let (whole, rest) = body.split_once('.')?;
    if whole.contains(':') {
        let groups = groups_of(whole)?;
        let formed = rest.bytes().all(|b| b == b'_' || b.is_ascii_digit());
        return formed.then(|| float60(groups, rest).map(signed));
    }
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (rest.get(..at)?, Some(rest.get(at + 1..)?)),
        None => (rest, None),
    };
    let whole_formed = match whole {
        // Without digits before the point, a sign is not allowed and a digit must follow.
        "" => text == body && is_digits(fraction),
        _ => is_digits(whole),
    };
    let fraction_formed = fraction.bytes().all(|b| b == b'_' || b.is_ascii_digit());
    let exponent_formed = exponent.is_none_or(|exponent| match exponent.as_bytes() {
        [b'+' | b'-', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    });
    (whole_formed && fraction_formed && exponent_formed).then(|| decimal(body).map(signed))
}

/// A decimal number, as Python's `float` reads it once the underscores are gone.
pub(super) fn decimal(body: &str) -> Result<f64, Unreadable> {
    let digits: String = body.chars().filter(|&c| c != '_').collect();
    digits.parse().map_err(|_| Unreadable("the number has no digits"))
}

fn float60<'a>(groups: impl Iterator<Item = &'a str>, fraction: &str) -> Result<f64, Unreadable> {
    let mut groups: Vec<&str> = groups.take(GROUPS).collect();
    let last = groups.pop().unwrap_or_default();
    let mut total = decimal(&format!("{last}.{fraction}"))?;
    let mut base = BigInt::from(1);
    for group in groups.iter().rev() {
        base *= 60;
        // Decimal text rounds to the nearest double, as Python converts an integer.
        let factor: f64 = base.to_string().parse().unwrap_or(f64::INFINITY);
        if factor.is_infinite() {
            return Err(TOO_LONG);
        }
        total += decimal(group)? * factor;
    }
    Ok(total)
}

/// A number under `!!float`, where integers and exponents without a sign or point count too.
pub(super) fn tagged_float(text: &str) -> Option<Result<f64, Unreadable>> {
    if let Some(read) = float(text) {
        return Some(read);
    }
    let (negative, body) = sign(text);
    let signed = |n: f64| if negative { -n } else { n };
    if body.contains(':') {
        let groups = groups_of(body)?;
        return Some(float60(groups, "0").map(signed));
    }
    let formed = body.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && body.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if !formed {
        return None;
    }
    body.parse().ok().map(|n: f64| Ok(signed(n)))
}
