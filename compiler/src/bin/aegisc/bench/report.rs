//! What was measured -> a table for people, JSON for programs.

use super::compare::Comparison;
use super::count::Counts;
use super::growth::Size;
use super::measure::{Clock, RUN, STATISTICS, nanoseconds};
use super::rows::Row;
use super::threads::Throughput;
use aegisc::command::output::{FAINT, STRONG, counted, hex, printable};
use serde_json::{Map, Value, json};
use std::fmt::{self, Write};

/// All that was measured.
pub(super) struct Report {
    pub(super) policy: About,
    pub(super) machine: Machine,
    /// The day of the run.
    pub(super) date: String,
    pub(super) actions: usize,
    /// Where the actions are from.
    pub(super) from: String,
    pub(super) rows: Vec<Row>,
    pub(super) threads: Vec<Throughput>,
    pub(super) prepared: Counts,
    pub(super) json: Counts,
    pub(super) growth: Vec<Size>,
    pub(super) comparison: Option<Comparison>,
}

/// What was measured.
pub(super) struct About {
    pub(super) name: String,
    pub(super) digest: [u8; 32],
    pub(super) rules: usize,
    pub(super) bytes: usize,
    /// Nanoseconds of loading bytes that are at hand, checks included.
    pub(super) load: f64,
    /// Nanoseconds of the first decision after that.
    pub(super) first: f64,
}

/// Where it was measured.
pub(super) struct Machine {
    pub(super) cpu: String,
    pub(super) cores: usize,
    pub(super) clock: Clock,
}

impl Report {
    pub(super) fn table(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> fmt::Result {
        let About { name, digest, rules, bytes, load, first } = &self.policy;
        let digest = hex(digest.get(..6).unwrap_or_default());
        let size = [counted(*rules, "rule"), counted(*bytes, "byte")].join(", ");
        writeln!(text, "{STRONG}{}{STRONG:#}: {size}, digest {digest}", printable(name))?;
        writeln!(text, "loads in {}; the first decision after that takes {}", shown(*load), shown(*first))?;
        writeln!(text, "{}, {}", counted(self.actions, "action"), printable(&self.from))?;
        let Machine { cpu, cores, clock } = &self.machine;
        writeln!(text, "{}, {}, {}", printable(cpu), counted(*cores, "core"), self.date)?;
        writeln!(text)?;
        self.rows(text)?;
        let (cost, step) = (shown(nanoseconds(clock.cost)), shown(nanoseconds(clock.step)));
        writeln!(
            text,
            "{FAINT}Decisions are timed in runs of {RUN}, `single` and `cold` one by one, in steps of {step}; the \
             clock's own\n{cost} are taken off. `spread`: by how much p50 differed between fifths of the run.{FAINT:#}\n"
        )?;
        self.threads(text)?;
        self.counts(text)?;
        self.growth(text)?;
        self.comparison(text)
    }

    fn rows(&self, text: &mut String) -> fmt::Result {
        write!(text, "{STRONG}{:<8}", "")?;
        for (name, _) in STATISTICS {
            write!(text, "{name:>10}")?;
        }
        writeln!(text, "{:>9}{STRONG:#}", "spread")?;
        for row in &self.rows {
            write!(text, "{STRONG}{:<8}{STRONG:#}", row.name)?;
            for (_, share) in STATISTICS {
                write!(text, "{:>10}", row.times.quantile(share).map_or_else(|| "-".to_owned(), shown))?;
            }
            writeln!(text, "{:>7.0} %  {FAINT}{}{FAINT:#}", row.times.spread() * 100.0, row.what)?;
        }
        Ok(())
    }

    fn threads(&self, text: &mut String) -> fmt::Result {
        let one = self.threads.first().map_or(f64::NAN, |one| one.rate);
        for Throughput { threads, rate } in &self.threads {
            let threads = counted(*threads, "thread");
            writeln!(
                text,
                "{threads:<10} {:>8.2} million decisions a second, {:.2} x",
                rate / 1e6,
                rate / one
            )?;
        }
        writeln!(text)
    }

    fn counts(&self, text: &mut String) -> fmt::Result {
        let (prepared, json) = (&self.prepared, &self.json);
        writeln!(
            text,
            "allocations a decision: {} prepared, {} from JSON",
            prepared.allocations, json.allocations
        )?;
        match (&prepared.instructions, &json.instructions) {
            (Ok(prepared), Ok(json)) => {
                writeln!(text, "instructions a decision: {prepared:.0} prepared, {json:.0} from JSON")
            }
            (Err(why), _) | (_, Err(why)) => writeln!(text, "instructions: not counted, {}", printable(why)),
        }
    }

    fn growth(&self, text: &mut String) -> fmt::Result {
        if self.growth.is_empty() {
            return Ok(());
        }
        writeln!(text, "\n{STRONG}the first rules alone: p50, prepared, in random order{STRONG:#}")?;
        for Size { rules, p50 } in &self.growth {
            writeln!(text, "{:>16} {:>10}", counted(*rules, "rule"), shown(*p50))?;
        }
        Ok(())
    }

    fn comparison(&self, text: &mut String) -> fmt::Result {
        let Some(Comparison { with, ratios, otherwise }) = &self.comparison else { return Ok(()) };
        writeln!(text, "\n{STRONG}beside {}{STRONG:#}", printable(with))?;
        for of in ratios {
            let spread = match of.quartiles {
                Some((low, high)) => format!(" (quartiles of the rounds {low:.3} to {high:.3})"),
                None => String::new(),
            };
            writeln!(
                text,
                "{:<8} {:.3} times as long as its {}{spread}",
                of.name,
                of.ratio,
                shown(of.other)
            )?;
        }
        match otherwise {
            Some(0) => writeln!(text, "both give every action the same approval and risk"),
            Some(count) => writeln!(text, "{} decided otherwise there", counted(*count, "action")),
            None => writeln!(
                text,
                "{FAINT}Another run, perhaps in another hour: ratios near 1 say nothing.{FAINT:#}"
            ),
        }
    }

    /// The figures for programs, and for a later comparison.
    pub(super) fn json(&self) -> Value {
        let rows: Map<String, Value> =
            self.rows.iter().map(|row| (row.name.to_owned(), row_json(row))).collect();
        let counts =
            |of: fn(&Counts) -> Value| json!({"prepared": of(&self.prepared), "json": of(&self.json)});
        let threads: Vec<Value> = self
            .threads
            .iter()
            .map(|of| json!({"threads": of.threads, "decisions_per_second": of.rate}))
            .collect();
        let growth: Vec<Value> =
            self.growth.iter().map(|size| json!({"rules": size.rules, "p50": size.p50})).collect();
        json!({
            "aegisc": env!("CARGO_PKG_VERSION"),
            "date": self.date,
            "unit": "ns",
            "policy": {
                "name": self.policy.name, "digest": hex(&self.policy.digest), "rules": self.policy.rules,
                "bytes": self.policy.bytes, "load": self.policy.load, "first_decision": self.policy.first,
            },
            "machine": {
                "cpu": self.machine.cpu, "cores": self.machine.cores, "os": std::env::consts::OS,
                "arch": std::env::consts::ARCH, "clock": nanoseconds(self.machine.clock.cost),
                "clock_step": nanoseconds(self.machine.clock.step),
            },
            "actions": {"count": self.actions, "from": self.from},
            "rows": rows,
            "threads": threads,
            "allocations": counts(|of| of.allocations.into()),
            "instructions": counts(|of| of.instructions.as_ref().map_or(Value::Null, |count| (*count).into())),
            "growth": growth,
            "comparison": self.comparison.as_ref().map(comparison_json),
        })
    }
}

fn row_json(row: &Row) -> Value {
    let mut figures: Map<String, Value> = STATISTICS
        .into_iter()
        .map(|(name, share)| (name.to_owned(), row.times.quantile(share).into()))
        .collect();
    figures.insert("spread".to_owned(), row.times.spread().into());
    figures.insert("measurements".to_owned(), row.times.count().into());
    figures.insert("what".to_owned(), row.what.as_str().into());
    figures.into()
}

fn comparison_json(comparison: &Comparison) -> Value {
    let ratios: Map<String, Value> = comparison
        .ratios
        .iter()
        .map(|of| {
            let (low, high) = of.quartiles.unzip();
            (of.name.to_owned(), json!({"ratio": of.ratio, "low": low, "high": high, "other": of.other}))
        })
        .collect();
    json!({"with": comparison.with, "ratios": ratios, "decided_otherwise": comparison.otherwise})
}

/// A time for people to read.
pub(super) fn shown(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 99.95 => format!("{n:.1} ns"),
        n if n < 9_999.5 => format!("{n:.0} ns"),
        n if n < 9_999_500.0 => format!("{:.1} µs", n / 1e3),
        n if n < 9_999_500_000.0 => format!("{:.1} ms", n / 1e6),
        n => format!("{:.1} s", n / 1e9),
    }
}
