//! YAML 1.1 dates and times, given as the text that Python's `str` has for them.
//!
//! A date without a time is `2024-01-31`; a time keeps its offset, as in
//! `2024-01-31 12:00:00.500000+02:00`, and `Z` is `+00:00`.

use super::number::Unreadable;
use chrono::{NaiveDate, NaiveTime};
use std::fmt::Write;

const NO_SUCH_DATE: Unreadable = Unreadable("there is no such date");
const NO_SUCH_TIME: Unreadable = Unreadable("there is no such time of day");
const NO_SUCH_OFFSET: Unreadable = Unreadable("an offset is less than 24 hours");

/// Whether a lone date needs two digits for month and day, as it does without a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As a plain scalar.
    Plain,
    /// Under `!!timestamp`.
    Tagged,
}

/// A date or time: `None` if the text has not its form.
pub(super) fn timestamp(text: &str, form: Form) -> Option<Result<String, Unreadable>> {
    let (parts, date_is_full) = Parts::read(text)?;
    if parts.time.is_none() && form == Form::Plain && !date_is_full {
        return None;
    }
    Some(parts.print())
}

struct Parts<'a> {
    date: [u32; 3],
    time: Option<Time<'a>>,
}

struct Time<'a> {
    clock: [u32; 3],
    fraction: &'a str,
    offset: Option<Offset>,
}

struct Offset {
    negative: bool,
    minutes: u32,
}

/// Takes up to `most` digits, at least `least`, off the front of the text.
fn digits(text: &mut &str, least: usize, most: usize) -> Option<u32> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (taken, rest) = text.split_at_checked(count).filter(|_| count >= least)?;
    *text = rest;
    taken.parse().ok()
}

fn token(text: &mut &str, token: char) -> Option<()> {
    *text = text.strip_prefix(token)?;
    Some(())
}

impl<'a> Parts<'a> {
    fn read(mut text: &'a str) -> Option<(Self, bool)> {
        let date_is_full = text.len() == "2024-01-31".len();
        let rest = &mut text;
        let year = digits(rest, 4, 4)?;
        token(rest, '-')?;
        let month = digits(rest, 1, 2)?;
        token(rest, '-')?;
        let date = [year, month, digits(rest, 1, 2)?];
        if rest.is_empty() {
            return Some((Parts { date, time: None }, date_is_full));
        }
        let unspaced = rest.trim_start_matches([' ', '\t']);
        *rest = match rest.strip_prefix(['T', 't']) {
            Some(after) => after,
            None if unspaced.len() < rest.len() => unspaced,
            None => return None,
        };
        let hour = digits(rest, 1, 2)?;
        token(rest, ':')?;
        let minute = digits(rest, 2, 2)?;
        token(rest, ':')?;
        let clock = [hour, minute, digits(rest, 2, 2)?];
        let mut fraction = "";
        if token(rest, '.').is_some() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            (fraction, *rest) = rest.split_at_checked(end)?;
        }
        let offset = match rest.trim_start_matches([' ', '\t']) {
            // Blanks alone cannot end a plain scalar, nor a time.
            "" if !rest.is_empty() => return None,
            "" => None,
            after => Some(Offset::read(after)?),
        };
        Some((Parts { date, time: Some(Time { clock, fraction, offset }) }, date_is_full))
    }

    fn print(&self) -> Result<String, Unreadable> {
        let [year, month, day] = self.date;
        let known = i32::try_from(year).ok().filter(|&year| year >= 1);
        let date = known.and_then(|year| NaiveDate::from_ymd_opt(year, month, day)).ok_or(NO_SUCH_DATE)?;
        let mut text = date.format("%Y-%m-%d").to_string();
        let Some(time) = &self.time else { return Ok(text) };
        let [hour, minute, second] = time.clock;
        let clock = NaiveTime::from_hms_opt(hour, minute, second).ok_or(NO_SUCH_TIME)?;
        let _ = write!(text, " {}", clock.format("%H:%M:%S"));
        // Digits past the sixth are dropped, not rounded.
        let micros: String = time.fraction.chars().chain("000000".chars()).take(6).collect();
        if micros != "000000" {
            let _ = write!(text, ".{micros}");
        }
        if let Some(Offset { negative, minutes }) = time.offset {
            if minutes >= 24 * 60 {
                return Err(NO_SUCH_OFFSET);
            }
            let sign = if negative && minutes > 0 { '-' } else { '+' };
            let _ = write!(text, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        }
        Ok(text)
    }
}

impl Offset {
    fn read(text: &str) -> Option<Self> {
        if text == "Z" {
            return Some(Offset { negative: false, minutes: 0 });
        }
        let negative = text.starts_with('-');
        let mut rest = text.strip_prefix(['+', '-'])?;
        let hours = digits(&mut rest, 1, 2)?;
        let minutes = match token(&mut rest, ':') {
            Some(()) => digits(&mut rest, 2, 2)?,
            None => 0,
        };
        rest.is_empty().then_some(Offset { negative, minutes: hours * 60 + minutes })
    }
}
