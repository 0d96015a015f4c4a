//! What an engine is to the race: a name, a form, and how it enters.

use crate::task::Task;
use aegis_benches::timing::Contestant;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// An engine in one form.
pub(crate) struct Peer {
    /// What it is called in tables.
    pub(crate) name: &'static str,
    /// The crate, whose version is in the lock file; or a package of another language, with its version.
    pub(crate) package: &'static str,
    /// How the policy is written, and which call is timed.
    pub(crate) form: &'static str,
    /// Whether it runs in a process of its own, and limits itself there.
    pub(crate) remote: bool,
    /// Loads a policy and prepares the requests, or says why it cannot.
    pub(crate) enter: for<'t> fn(&'t Task) -> Result<Entrant<'t>, String>,
}

/// An engine that is ready.
pub(crate) struct Entrant<'t> {
    /// From text to ready to decide.
    pub(crate) load: Load,
    /// Answers with the index of the rule and one more, or 0 if none matched.
    pub(crate) contestant: Contestant<'t>,
}

/// What loading a policy takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// The time that passed.
    pub(crate) took: Duration,
    /// By how much the memory of the process grew, if that was looked at.
    pub(crate) bytes: Option<u64>,
}

/// What an engine says to a workload that its form is not for.
pub(crate) const OTHER_FORM: &str = "not its form";

impl Peer {
    /// Its version.
    pub(crate) fn version(&self) -> &'static str {
        let lock = include_str!("../../../Cargo.lock");
        let name = format!("name = \"{}\"", self.package);
        let of_crate = || {
            let after = lock.split_once(name.as_str())?.1;
            after.split('"').nth(1)
        };
        self.package.split_once("==").map(|(_, version)| version).or_else(of_crate).unwrap()
    }
}

/// Loads something: what it gives, and what that takes.
pub(crate) fn timed<T>(load: impl FnOnce() -> T) -> (T, Load) {
    let before = resident();
    let started = Instant::now();
    let loaded = load();
    let took = started.elapsed();
    let bytes = before.zip(resident()).map(|(before, after)| after.saturating_sub(before));
    (loaded, Load { took, bytes })
}

/// How many bytes this process has in memory, where the system says so.
fn resident() -> Option<u64> {
    resident_of("self")
}

/// How many bytes a process has in memory.
pub(crate) fn resident_of(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// An error for people: its first line.
pub(crate) fn said(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason").to_owned()
}

/// Where this package may write.
pub(crate) fn target() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target")
}
