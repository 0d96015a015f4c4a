//! Python's `str` and `repr` of single values.

use std::fmt::Write;
use std::sync::LazyLock;

/// `str(x)` of a float: the shortest digits that read back the same, with an exponent below 1e-4
/// and from 1e16 up.
pub(crate) fn float(x: f64) -> String {
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    // `{:e}` gives the same shortest digits: `-1.5e300`.
    let scientific = format!("{x:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{x}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// `repr(text)`.
pub(crate) fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if is_printable(c) => out.push(c),
            c => out.push_str(&escape(u32::from(c))),
        }
    }
    out.push(quote);
    out
}

/// `repr(bytes)`.
pub(crate) fn bytes_repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = String::from("b");
    out.push(quote);
    for &b in bytes {
        match char::from(b) {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c @ ' '..='~' => out.push(c),
            _ => out.push_str(&escape(b.into())),
        }
    }
    out.push(quote);
    out
}

fn escape(code: u32) -> String {
    match code {
        0..=0xff => format!("\\x{code:02x}"),
        0x100..=0xffff => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    }
}

/// `repr` of a date or a time, from what `str` gives for it: `2024-01-31`, or
/// `2024-01-31 08:30:00.250000+09:00`.
pub(crate) fn timestamp_repr(text: &str) -> String {
    let (date, time) = text.split_once(' ').map_or((text, None), |(date, time)| (date, Some(time)));
    let mut numbers: Vec<u32> = date.split('-').filter_map(|part| part.parse().ok()).collect();
    let Some(time) = time else {
        return format!("datetime.date({})", join(&numbers));
    };
    let (clock, offset) = match time.find(['+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, ""),
    };
    let (clock, micros) = clock.split_once('.').map_or((clock, 0), |(c, m)| (c, m.parse().unwrap_or(0)));
    numbers.extend(clock.split(':').filter_map(|part| part.parse::<u32>().ok()));
    // Seconds are left out when both they and the microseconds are zero.
    if micros != 0 {
        numbers.push(micros);
    } else if numbers.len() == 6 && numbers.last() == Some(&0) {
        numbers.pop();
    }
    let zone = if offset.is_empty() { String::new() } else { format!(", tzinfo={}", zone_repr(offset)) };
    format!("datetime.datetime({}{zone})", join(&numbers))
}

fn join(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

/// `+HH:MM` or `-HH:MM` as Python shows the time zone: a day is taken from a negative offset.
fn zone_repr(offset: &str) -> String {
    let mut parts = offset.get(1..).unwrap_or("").split(':').map(|part| part.parse::<i64>().unwrap_or(0));
    let (hours, minutes) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    let seconds = hours * 3600 + minutes * 60;
    let seconds = if offset.starts_with('-') { -seconds } else { seconds };
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let mut delta = Vec::new();
    if days != 0 {
        delta.push(format!("days={days}"));
    }
    if rest != 0 {
        delta.push(format!("seconds={rest}"));
    }
    if delta.is_empty() {
        return "datetime.timezone.utc".to_owned();
    }
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write!(out, "datetime.timezone(datetime.timedelta({}))", delta.join(", "));
    out
}

/// Whether Python's `str.isprintable` holds for a character (Unicode 14).
pub(crate) fn is_printable(c: char) -> bool {
    let code = u32::from(c);
    let after = NONPRINTABLE.partition_point(|&(low, _)| low <= code);
    let range = after.checked_sub(1).and_then(|before| NONPRINTABLE.get(before));
    range.is_none_or(|&(_, high)| code > high)
}

/// Ascending, disjoint ranges of code points.
static NONPRINTABLE: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
    let ranges = include_str!("nonprintable.txt").trim().split(',');
    let parsed = ranges.filter_map(|range| {
        let (low, high) = range.split_once('-')?;
        Some((low.parse().ok()?, high.parse().ok()?))
    });
    parsed.collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_python_shows_them() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.5, "1.5"),
            (100.0, "100.0"),
            (1e15, "1000000000000000.0"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (0.0001, "0.0001"),
            (0.00012, "0.00012"),
            (1e-5, "1e-05"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (-1e100, "-1e+100"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ];
        for (x, expected) in cases {
            assert_eq!(float(x), expected);
        }
    }

    #[test]
    fn text_as_python_quotes_it() {
        let cases = [
            ("a", r"'a'"),
            ("it's", r#""it's""#),
            ("say \"hi\"", r#"'say "hi"'"#),
            ("it's \"x\"", r#"'it\'s "x"'"#),
            ("\\", r"'\\'"),
            ("\n\r\t\0\u{7f}", r"'\n\r\t\x00\x7f'"),
            ("\u{a0}\u{ad}é", r"'\xa0\xadé'"),
            ("\u{200b}\u{2028}\u{378}", r"'\u200b\u2028\u0378'"),
            ("\u{1f600}\u{e0001}", "'\u{1f600}\\U000e0001'"),
        ];
        for (text, expected) in cases {
            assert_eq!(repr(text), expected);
        }
        assert_eq!(bytes_repr(b"a'b\n\xff\"\\"), r#"b'a\'b\n\xff"\\'"#);
        assert_eq!(bytes_repr(b"it's"), r#"b"it's""#);
    }

    #[test]
    fn dates_as_python_shows_them() {
        let cases = [
            ("2024-01-31", "datetime.date(2024, 1, 31)"),
            ("2024-01-31 08:30:00", "datetime.datetime(2024, 1, 31, 8, 30)"),
            (
                "2024-01-31 08:30:00.250000+00:00",
                "datetime.datetime(2024, 1, 31, 8, 30, 0, 250000, tzinfo=datetime.timezone.utc)",
            ),
            (
                "2024-01-31 08:30:05-05:00",
                "datetime.datetime(2024, 1, 31, 8, 30, 5, \
                 tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=68400)))",
            ),
            (
                "2024-01-31 08:30:00+05:30",
                "datetime.datetime(2024, 1, 31, 8, 30, \
                 tzinfo=datetime.timezone(datetime.timedelta(seconds=19800)))",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(timestamp_repr(text), expected);
        }
    }
}
