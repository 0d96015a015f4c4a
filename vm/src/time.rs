//! A point in time, as far as policies look at it.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;

/// A point in time in UTC, to the nanosecond.
///
/// # Examples
///
/// ```
/// use aegis_vm::Timestamp;
///
/// // 2026-03-18T14:30:00Z, a Wednesday.
/// let now = Timestamp::from_unix(1_773_844_200, 0);
/// assert_eq!(now.minute_of_day(), 14 * 60 + 30);
/// assert_eq!(now.iso_weekday(), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
}

impl Timestamp {
    /// A number of seconds after 1970-01-01T00:00:00Z (before it, if negative) and the nanoseconds
    /// after that second; nanoseconds from 1,000,000,000 up count as 999,999,999.
    #[must_use]
    pub fn from_unix(seconds: i64, nanos: u32) -> Self {
        Timestamp { seconds, nanos: nanos.min(999_999_999) }
    }

    /// Seconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after the second.
    #[must_use]
    pub fn subsec_nanos(self) -> u32 {
        self.nanos
    }

    /// Minutes since midnight, 0 to 1,439.
    #[must_use]
    pub fn minute_of_day(self) -> u16 {
        u16::try_from(self.seconds.rem_euclid(DAY) / 60).unwrap_or(0)
    }

    /// The day of the week: Monday 1 to Sunday 7.
    #[must_use]
    pub fn iso_weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        let monday_based = (self.seconds.div_euclid(DAY) + 3).rem_euclid(7);
        u8::try_from(monday_based + 1).unwrap_or(1)
    }
}

impl From<SystemTime> for Timestamp {
    /// The system's time; times too far from 1970 for 64 bits of seconds saturate.
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => {
                Timestamp::from_unix(i64::try_from(after.as_secs()).unwrap_or(i64::MAX), after.subsec_nanos())
            }
            Err(before) => {
                let before = before.duration();
                let seconds = i64::try_from(before.as_secs()).map_or(i64::MIN, |s| -s);
                match before.subsec_nanos() {
                    0 => Timestamp::from_unix(seconds, 0),
                    nanos => Timestamp::from_unix(seconds.saturating_sub(1), 1_000_000_000 - nanos),
                }
            }
        }
    }
}

/// Where a decision gets its time from: asked only if a candidate rule looks at the time.
///
/// A [`Timestamp`] is a clock that stands still; a closure is called at most once a decision.
pub trait Clock {
    /// The time, or `None` if there is none: a rule that looks at the time then fails closed.
    fn now(&mut self) -> Option<Timestamp>;
}

impl Clock for Timestamp {
    fn now(&mut self) -> Option<Timestamp> {
        Some(*self)
    }
}

impl<F: FnMut() -> Timestamp> Clock for F {
    fn now(&mut self) -> Option<Timestamp> {
        Some(self())
    }
}

/// No time at all: a rule that looks at the time fails closed with
/// [`ErrorKind::NoTime`](crate::ErrorKind::NoTime).
#[derive(Clone, Copy, Debug, Default)]
pub struct NoClock;

impl Clock for NoClock {
    fn now(&mut self) -> Option<Timestamp> {
        None
    }
}
