//! Times as a log keeps them: microseconds after 1970, and their text.

use aegis_vm::Timestamp;
use std::time::{Duration, SystemTime};

/// Where a runtime has its time from.
pub(crate) type Clock = std::sync::Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Microseconds after 1970; a time before it counts as 1970.
pub(crate) fn micros(time: SystemTime) -> i64 {
    let after = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(after.as_micros()).unwrap_or(i64::MAX)
}

/// Microseconds after 1970 of a time of a policy.
#[must_use]
pub fn micros_of(time: Timestamp) -> i64 {
    time.unix_seconds().saturating_mul(1_000_000).saturating_add(i64::from(time.subsec_nanos() / 1_000))
}

/// Microseconds after 1970 as `2026-03-18T14:30:00.000000+00:00`: as long as any other, so that they sort as text.
/// A time that no calendar of four-digit years has is written as its number.
///
/// # Examples
///
/// ```
/// assert_eq!(aegis_runtime::rfc3339(1_773_844_200_000_001), "2026-03-18T14:30:00.000001+00:00");
/// ```
#[must_use]
pub fn rfc3339(micros: i64) -> String {
    match chrono::DateTime::from_timestamp_micros(micros) {
        Some(time) => time.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string(),
        None => micros.to_string(),
    }
}
