//! `--fail-above`: figures that must not be passed.

use super::compare::{Comparison, Ratio};
use super::measure::STATISTICS;
use super::report::shown;
use super::rows::{NAMES, Row};
use std::str::FromStr;

/// What must not be above what.
#[derive(Clone, Debug)]
pub(crate) enum Limit {
    /// A statistic of a row, or of all that are hot and prepared; in nanoseconds.
    Time { row: Option<&'static str>, statistic: &'static str, share: f64, most: f64 },
    /// The ratio of `--compare`.
    Ratio(f64),
}

/// Rows that a limit without a name is for: what a caller of a warm policy sees.
const USUAL: [&str; 2] = ["random", "single"];

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, most) =
            text.split_once('=').ok_or("expected `p99=1us`, `json.p50=500ns` or `ratio=1.1`")?;
        if name == "ratio" {
            return match most.parse() {
                Ok(most) if most > 0.0 && f64::is_finite(most) => Ok(Limit::Ratio(most)),
                _ => Err(format!("expected a number above 0 for the ratio, found `{most}`")),
            };
        }
        // `p99.9` has a point of its own.
        let (row, statistic) = match name.split_once('.') {
            Some((row, statistic)) if !row.starts_with('p') => (Some(row), statistic),
            _ => (None, name),
        };
        let names = NAMES.join(", ");
        let known = |row: &str| NAMES.into_iter().find(|name| *name == row);
        let row = row
            .map(|row| known(row).ok_or(format!("there is no row `{row}`; there are {names}")))
            .transpose()?;
        let found = STATISTICS.into_iter().find(|(name, _)| *name == statistic);
        let (statistic, share) = found.ok_or_else(|| {
            let names = STATISTICS.map(|(name, _)| name).join(", ");
            format!("there is no statistic `{statistic}`; there are {names}, and `ratio`")
        })?;
        Ok(Limit::Time { row, statistic, share, most: nanoseconds(most)? })
    }
}

/// A time with its unit.
fn nanoseconds(text: &str) -> Result<f64, String> {
    let wrong = || format!("expected a time such as `800ns`, `1.5us` or `2ms`, found `{text}`");
    let units = [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];
    let (number, unit) = units
        .into_iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))
        .ok_or_else(wrong)?;
    match number.trim().parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number * unit),
        _ => Err(wrong()),
    }
}

impl Limit {
    /// What is above the limit, or cannot be told, in words.
    pub(super) fn passed(&self, rows: &[Row], comparison: Option<&Comparison>) -> Vec<String> {
        match self {
            Limit::Time { row, statistic, share, most } => rows
                .iter()
                .filter(|of| row.map_or(USUAL.contains(&of.name), |row| row == of.name))
                .filter_map(|of| above(of, statistic, *share, *most))
                .collect(),
            Limit::Ratio(most) => {
                let ratios = comparison.iter().flat_map(|comparison| &comparison.ratios);
                let mut usual = ratios.filter(|of| USUAL.contains(&of.name)).peekable();
                if usual.peek().is_none() {
                    return vec!["there is no ratio to hold against the limit".to_owned()];
                }
                let passed = usual.filter(|of| of.ratio.is_nan() || of.ratio > *most);
                let said = |of: &Ratio| {
                    format!("`{}` takes {:.3} times as long, which is above {most}", of.name, of.ratio)
                };
                passed.map(said).collect()
            }
        }
    }
}

fn above(row: &Row, statistic: &str, share: f64, most: f64) -> Option<String> {
    let spread = row.times.spread() * 100.0;
    match row.times.quantile(share) {
        Some(time) if time <= most => None,
        Some(time) => Some(format!(
            "{statistic} of `{}` is {}, above {} (between fifths of the run its p50 differed by {spread:.0} %)",
            row.name,
            shown(time),
            shown(most)
        )),
        None => Some(format!(
            "{statistic} of `{}` cannot be told from {} measurements: give it more `--seconds`",
            row.name,
            row.times.count()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        let time = |text: &str| match text.parse() {
            Ok(Limit::Time { row, statistic, most, .. }) => Some((row, statistic, most)),
            _ => None,
        };
        assert_eq!(time("p99=1us"), Some((None, "p99", 1e3)));
        assert_eq!(time("p99.9=1.5µs"), Some((None, "p99.9", 1.5e3)));
        assert_eq!(time("json.p99.9=2ms"), Some((Some("json"), "p99.9", 2e6)));
        assert_eq!(time("cold.max=1s"), Some((Some("cold"), "max", 1e9)));
        assert!(matches!("ratio=1.1".parse(), Ok(Limit::Ratio(_))));
        for wrong in
            ["p99", "p98=1us", "warm.p99=1us", "p99=1", "p99=-1us", "p99=infs", "ratio=x", "=1us", "p99=us"]
        {
            assert!(wrong.parse::<Limit>().is_err(), "{wrong}");
        }
    }
}
