//! RFC 3339 times, as actions and `--at` carry them: text -> a [`Timestamp`].
//!
//! The grammar is read here, digit by digit, so that a message can say which part is wrong and so
//! that nothing but RFC 3339 is accepted; the calendar is chrono's.

use aegis_vm::Timestamp;
use chrono::NaiveDate;
use std::fmt;

/// Why a text is no RFC 3339 time. The message says what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeError(Fault);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Date,
    DateAndTime,
    TimeOfDay,
    Fraction,
    NoOffset,
    Offset,
    Trailing,
    NoSuchDay,
    NoSuchTime,
    LeapSecond,
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Fault::Date => "expected a time such as `2026-03-18T14:30:00Z`",
            Fault::DateAndTime => "expected `T` between the date and the time of day",
            Fault::TimeOfDay => "expected a time of day such as `14:30:00`",
            Fault::Fraction => "expected digits after the point of the seconds",
            Fault::NoOffset => "the offset is missing: write `Z` for UTC, or one such as `+09:00`",
            Fault::Offset => "expected an offset: `Z`, or one such as `+09:00`",
            Fault::Trailing => "expected nothing after the offset",
            Fault::NoSuchDay => "there is no such day",
            Fault::NoSuchTime => "there is no such time of day",
            Fault::LeapSecond => {
                "a leap second (`:60`) has no place in UTC as computers count it: write `:59`"
            }
        })
    }
}

impl std::error::Error for TimeError {}

/// Reads an RFC 3339 time with an offset, such as `2026-03-18T14:30:00.5+09:00`.
///
/// `T` and `Z` may be lower case; a fraction may have any number of digits, of which those after
/// the ninth are cut. Spaces are not accepted, nor is a leap second.
///
/// # Errors
///
/// [`TimeError`] if the text is anything else, or names a day or time that there is not.
///
/// # Examples
///
/// ```
/// let time = aegisc::time::parse_rfc3339("2026-03-18T23:30:00+09:00").unwrap();
/// assert_eq!(time.minute_of_day(), 14 * 60 + 30);
/// assert!(aegisc::time::parse_rfc3339("2026-03-18T23:30:00").is_err());
/// ```
pub fn parse_rfc3339(text: &str) -> Result<Timestamp, TimeError> {
    let mut input = Input(text.as_bytes());
    read(&mut input).map_err(TimeError)
}

fn read(input: &mut Input<'_>) -> Result<Timestamp, Fault> {
    let year = input.number(4).ok_or(Fault::Date)?;
    input.expect(b"-").ok_or(Fault::Date)?;
    let month = input.number(2).ok_or(Fault::Date)?;
    input.expect(b"-").ok_or(Fault::Date)?;
    let day = input.number(2).ok_or(Fault::Date)?;
    input.expect(b"Tt").ok_or(Fault::DateAndTime)?;
    let (hour, minute) = input.hour_and_minute().ok_or(Fault::TimeOfDay)?;
    input.expect(b":").ok_or(Fault::TimeOfDay)?;
    let second = input.number(2).ok_or(Fault::TimeOfDay)?;
    let nanos = input.fraction()?;
    let offset = input.offset()?;
    if !input.0.is_empty() {
        return Err(Fault::Trailing);
    }
    let date = i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day));
    let date = date.ok_or(Fault::NoSuchDay)?;
    if second == 60 {
        return Err(Fault::LeapSecond);
    }
    let local = date.and_hms_nano_opt(hour, minute, second, nanos).ok_or(Fault::NoSuchTime)?;
    // Years of four digits: far from the ends of 64 bits.
    Ok(Timestamp::from_unix(local.and_utc().timestamp() - offset, nanos))
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn digit(&mut self) -> Option<u32> {
        let (&first, rest) = self.0.split_first().filter(|(first, _)| first.is_ascii_digit())?;
        self.0 = rest;
        Some(u32::from(first - b'0'))
    }

    /// Exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<u32> {
        (0..digits).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    /// One of these bytes.
    fn expect(&mut self, any: &[u8]) -> Option<u8> {
        let (&first, rest) = self.0.split_first().filter(|(first, _)| any.contains(first))?;
        self.0 = rest;
        Some(first)
    }

    fn hour_and_minute(&mut self) -> Option<(u32, u32)> {
        let hour = self.number(2)?;
        self.expect(b":")?;
        Some((hour, self.number(2)?))
    }

    /// Nanoseconds; 0 without a fraction.
    fn fraction(&mut self) -> Result<u32, Fault> {
        if self.expect(b".").is_none() {
            return Ok(0);
        }
        let mut scale = 100_000_000;
        let mut nanos = self.digit().ok_or(Fault::Fraction)? * scale;
        while let Some(digit) = self.digit() {
            scale /= 10;
            nanos += digit * scale;
        }
        Ok(nanos)
    }

    /// Seconds that the local time is ahead of UTC.
    fn offset(&mut self) -> Result<i64, Fault> {
        let sign = match self.expect(b"Zz+-") {
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return Ok(0),
            None if self.0.is_empty() => return Err(Fault::NoOffset),
            None => return Err(Fault::Offset),
        };
        match self.hour_and_minute() {
            Some((hour @ 0..=23, minute @ 0..=59)) => Ok(sign * i64::from(hour * 3600 + minute * 60)),
            _ => Err(Fault::Offset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, TimeError, parse_rfc3339};
    use aegis_vm::Timestamp;

    #[test]
    fn reads() {
        let cases = [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("2026-03-18T14:30:00Z", 1_773_844_200, 0),
            ("2026-03-18t14:30:00z", 1_773_844_200, 0),
            ("2026-03-18T23:30:00+09:00", 1_773_844_200, 0),
            ("2026-03-18T00:00:00-14:30", 1_773_844_200, 0),
            ("2026-03-18T14:30:00-00:00", 1_773_844_200, 0),
            ("2026-03-18T14:30:00.5Z", 1_773_844_200, 500_000_000),
            ("2026-03-18T14:30:00.000000001Z", 1_773_844_200, 1),
            ("2026-03-18T14:30:59.99999999999999999999999Z", 1_773_844_259, 999_999_999),
            ("1969-12-31T23:59:59.25Z", -1, 250_000_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800, 0),
            ("0000-01-01T00:00:00Z", -62_167_219_200, 0),
            ("0000-01-01T00:00:00+23:59", -62_167_305_540, 0),
            ("9999-12-31T23:59:59-23:59", 253_402_387_139, 0),
        ];
        for (text, seconds, nanos) in cases {
            assert_eq!(parse_rfc3339(text), Ok(Timestamp::from_unix(seconds, nanos)), "{text}");
        }
    }

    #[test]
    fn refuses() {
        let cases = [
            ("", Fault::Date),
            (" 2026-03-18T14:30:00Z", Fault::Date),
            ("2026-3-18T14:30:00Z", Fault::Date),
            ("20260318T143000Z", Fault::Date),
            ("+2026-03-18T14:30:00Z", Fault::Date),
            ("٢٠٢٦-03-18T14:30:00Z", Fault::Date),
            ("2026-03-18", Fault::DateAndTime),
            ("2026-03-18 14:30:00Z", Fault::DateAndTime),
            ("12026-03-18T14:30:00Z", Fault::Date),
            ("2026-03-18T14:30Z", Fault::TimeOfDay),
            ("2026-03-18T1:30:00Z", Fault::TimeOfDay),
            ("2026-03-18T14:30:00.Z", Fault::Fraction),
            ("2026-03-18T14:30:00,5Z", Fault::Offset),
            ("2026-03-18T14:30:00", Fault::NoOffset),
            ("2026-03-18T14:30:00.5", Fault::NoOffset),
            ("2026-03-18T14:30:00+0900", Fault::Offset),
            ("2026-03-18T14:30:00+24:00", Fault::Offset),
            ("2026-03-18T14:30:00+09:60", Fault::Offset),
            ("2026-03-18T14:30:00+09:00:00", Fault::Trailing),
            ("2026-03-18T14:30:00Z ", Fault::Trailing),
            ("2026-03-18T14:30:00Z\n", Fault::Trailing),
            ("2026-02-29T00:00:00Z", Fault::NoSuchDay),
            ("2026-13-01T00:00:00Z", Fault::NoSuchDay),
            ("2026-00-01T00:00:00Z", Fault::NoSuchDay),
            ("2026-03-18T24:00:00Z", Fault::NoSuchTime),
            ("2026-03-18T14:60:00Z", Fault::NoSuchTime),
            ("2026-03-18T14:30:61Z", Fault::NoSuchTime),
            ("2016-12-31T23:59:60Z", Fault::LeapSecond),
        ];
        for (text, fault) in cases {
            assert_eq!(parse_rfc3339(text), Err(TimeError(fault)), "{text}");
        }
    }
}
