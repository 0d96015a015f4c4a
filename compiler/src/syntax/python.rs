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
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let grouped = digits.split('_').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if !grouped {
        return None;
    }
    let number: BigInt = digits.replace('_', "").parse().ok()?;
    Some(if text.starts_with('-') { -number } else { number })
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
}
