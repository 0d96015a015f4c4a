//! The figures of a run, and the same as JSON.

use crate::peer::{Load, Peer};
use aegis_benches::timing::Quartiles;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A workload of a size.
pub(crate) struct Row {
    /// `W3`.
    pub(crate) name: &'static str,
    /// The number of rules without a last one for the rest.
    pub(crate) size: usize,
    /// How many batches of each were timed.
    pub(crate) rounds: usize,
    /// The time of our decision, in nanoseconds.
    pub(crate) ours: Quartiles,
    /// From YAML to an artifact, unverified.
    pub(crate) build: Duration,
    /// From the artifact to ready to decide.
    pub(crate) load: Load,
    /// What one writes by hand.
    pub(crate) by_hand: Times,
    /// The engines that were asked for, or why one has no figures.
    pub(crate) peers: Vec<(&'static Peer, Result<Entered, String>)>,
}

/// An engine in a row.
pub(crate) struct Entered {
    /// What loading took.
    pub(crate) load: Load,
    /// How many of the actions had their answers checked.
    pub(crate) checked: usize,
    /// The times.
    pub(crate) times: Times,
}

/// The times of a contestant beside ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// Of a decision, in nanoseconds.
    pub(crate) nanoseconds: Quartiles,
    /// How many times as long as ours it takes.
    pub(crate) ratio: Quartiles,
}

impl Row {
    /// The workload, with its size.
    pub(crate) fn title(&self) -> String {
        match self.name {
            "W1" | "W2" | "W5" => self.name.to_owned(),
            _ => format!("{} {}", self.name, self.size),
        }
    }
}

/// Where the figures are from: the processor and its cores, and the compiler.
pub(crate) fn machine() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let compiler = Command::new("rustc").arg("--version").output().ok();
    let compiler = compiler.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let version =
        compiler.as_deref().and_then(|text| text.split(' ').nth(1)).unwrap_or("of an unknown version");
    format!("{}, {cores} cores, rustc {version}", model.map_or("unknown processor", |(_, model)| model))
}

/// Today, in UTC.
pub(crate) fn today() -> String {
    chrono::Utc::now().format("%Y-%m-%d").to_string()
}

/// All figures.
pub(crate) fn json(rows: &[Row]) -> String {
    let rows: Vec<Value> = rows.iter().map(row).collect();
    let all = json!({"date": today(), "machine": machine(), "rows": rows});
    format!("{all:#}\n")
}

/// Writes a file of the project, by its path from the root.
pub(crate) fn write(path: &str, text: &str) {
    std::fs::write(root().join(path), text).unwrap();
}

/// The root of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn row(row: &Row) -> Value {
    let peers: Vec<Value> = row
        .peers
        .iter()
        .map(|(peer, entered)| match entered {
            Err(why) => json!({"peer": peer.name, "version": peer.version(), "why_not": why}),
            Ok(entered) => json!({
                "peer": peer.name,
                "version": peer.version(),
                "checked": entered.checked,
                "load_ms": milliseconds(entered.load.took),
                "load_bytes": entered.load.bytes,
                "times": times(&entered.times),
            }),
        })
        .collect();
    json!({
        "workload": row.name,
        "rules": row.size,
        "rounds": row.rounds,
        "ours_ns": quartiles(row.ours),
        "build_ms": milliseconds(row.build),
        "load_ms": milliseconds(row.load.took),
        "load_bytes": row.load.bytes,
        "by_hand": times(&row.by_hand),
        "peers": peers,
    })
}

fn times(times: &Times) -> Value {
    json!({"ns": quartiles(times.nanoseconds), "ratio": quartiles(times.ratio)})
}

fn quartiles(of: Quartiles) -> Value {
    json!({"low": of.low, "median": of.middle, "high": of.high})
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
