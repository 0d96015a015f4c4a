//! Which actions of a log: the flags of `audit` and `stats`.

use aegis_runtime::audit::{Filter, Status};
use aegis_runtime::{RiskLevel, micros_of};
use aegis_vm::Timestamp;
use aegisc::time::parse_rfc3339;
use clap::Args;
use std::time::SystemTime;

/// Which actions are read; each flag that is given must hold.
#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Those of this session.
    #[arg(long, value_name = "ID", help_heading = "Filters")]
    session: Option<String>,
    /// Those of this type.
    #[arg(long = "type", value_name = "TYPE", help_heading = "Filters")]
    kind: Option<String>,
    /// Those of this risk: low, medium, high or critical.
    #[arg(long, value_name = "LEVEL", value_parser = risk, help_heading = "Filters")]
    risk: Option<RiskLevel>,
    /// Those that ended so: success, failed, blocked, denied, skipped or unknown.
    #[arg(long, value_name = "RESULT", value_parser = status, help_heading = "Filters")]
    result: Option<Status>,
    /// Those of this agent.
    #[arg(long, value_name = "AGENT", help_heading = "Filters")]
    agent: Option<String>,
    /// Those from this time on (RFC 3339), or in the last `30m`, `2h` or `7d`.
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Filters")]
    since: Option<i64>,
    /// Those before this time (RFC 3339), or more than `30m`, `2h` or `7d` ago.
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Filters")]
    until: Option<i64>,
    /// The last so many of them.
    #[arg(long, value_name = "N", help_heading = "Filters")]
    last: Option<u32>,
}

impl FilterArgs {
    /// The filter that they ask for.
    pub(crate) fn filter(&self) -> Filter {
        let mut filter = Filter::default();
        filter.session.clone_from(&self.session);
        filter.action_type.clone_from(&self.kind);
        filter.risk_level = self.risk;
        filter.result = self.result;
        filter.agent.clone_from(&self.agent);
        (filter.since, filter.until, filter.last) = (self.since, self.until, self.last);
        filter
    }
}

fn risk(text: &str) -> Result<RiskLevel, String> {
    let levels = [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High, RiskLevel::Critical];
    let found = levels.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(text));
    found.ok_or_else(|| "expected low, medium, high or critical".to_owned())
}

fn status(text: &str) -> Result<Status, String> {
    let found = Status::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(text));
    found.ok_or_else(|| "expected success, failed, blocked, denied, skipped or unknown".to_owned())
}

/// Microseconds after 1970 of a time, or of so long before now.
fn time(text: &str) -> Result<i64, String> {
    if let Some(span) = span(text) {
        return Ok(micros_of(Timestamp::from(SystemTime::now())).saturating_sub(span));
    }
    let time = parse_rfc3339(text);
    time.map(micros_of).map_err(|error| format!("{error}; or a time before now, such as `30m`, `2h` or `7d`"))
}

/// Microseconds of a number with its unit.
fn span(text: &str) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(seconds)?.checked_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_now_have_a_unit() {
        assert_eq!(span("2h"), Some(7_200_000_000));
        assert_eq!(span("7d"), Some(604_800_000_000));
        for text in ["", "h", "2", "-2h", "2 h", "2hh", "1.5h", "99999999999999999w"] {
            assert_eq!(span(text), None, "{text}");
        }
        assert_eq!(time("1970-01-01T00:00:01Z"), Ok(1_000_000));
        assert!(time("yesterday").is_err_and(|error| error.contains("`2h`")));
    }
}
