//! What Python makes of text that a policy hands to `str.strip` and `int`.

use num_bigint::BigInt;

/// Whether Python's `str.strip` and `int` take a character for white space: Unicode's `White_Space`
/// and the four separators U+001C to U+001F.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The whole number that Python's `int` reads from text, over ASCII digits: white space around it,
/// a sign, and single underscores between digits.
pub(super) fn int(text: &str) -> Option<BigInt> {
    let text = text.trim_matches(is_space);
    let number: BigInt = digits(text)?.replace('_', "").parse().ok()?;
    Some(if text.starts_with('-') { -number } else { number })
}

/// The digits, perhaps grouped by underscores, of a whole number without space around it.
fn digits(text: &str) -> Option<&str> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let grouped = digits.split('_').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    grouped.then_some(digits)
}

/// Whether text has the form of a decimal number, as `int` or `float` read one, in linear time.
pub(super) fn is_number(text: &str) -> bool {
    let decimal = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    let text = text.trim_matches(is_space);
    digits(text).is_some() || (text.bytes().all(decimal) && text.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_whole_numbers_as_python_does() {
        let cases = [
            ("1", Some(1)),
            (" 2 ", Some(2)),
            ("\u{1c}3\u{a0}", Some(3)),
            ("01", Some(1)),
            ("+4", Some(4)),
            ("-4", Some(-4)),
            ("1_0", Some(10)),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("+", None),
            ("", None),
            ("+-1", None),
            ("1.0", None),
            ("1 0", None),
        ];
        for (text, expected) in cases {
            assert_eq!(int(text), expected.map(BigInt::from), "{text:?}");
        }
    }

    #[test]
    fn tells_numbers_from_other_text() {
        for text in ["1", " 2 ", "1_0", "-4", "1.5", ".5", "5.", "1e3", "-1.0E+3", "\u{a0}7.5"] {
            assert!(is_number(text), "{text:?}");
        }
        for text in ["", "e", ".", "-", "1.2.3", "inf", "nan", "1,000", "10%", "2026-01-01", "18:00", "0x10"]
        {
            assert!(!is_number(text), "{text:?}");
        }
    }
}
