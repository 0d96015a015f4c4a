//! The command line: words -> what to do.

use crate::peer::Peer;
use crate::{PEERS, SIZES};
use std::path::PathBuf;

/// What to run, and how.
pub(crate) struct Args {
    /// What to do.
    pub(crate) mode: Mode,
    /// Which workloads; empty for all.
    workloads: Vec<String>,
    /// Which engines; empty for all.
    only: Vec<String>,
    /// Few rounds, few rules.
    pub(crate) quick: bool,
    /// Where the figures go as JSON.
    pub(crate) json: Option<PathBuf>,
    /// Whether README and the plot are rewritten.
    pub(crate) readme: bool,
}

/// What to do.
pub(crate) enum Mode {
    /// Race, and print tables.
    Race,
    /// Try one engine with one workload, and tell.
    Trial { peer: &'static Peer, name: String, size: usize },
}

impl Args {
    /// The engines that were asked for.
    pub(crate) fn peers(&self) -> impl Iterator<Item = &'static Peer> {
        let wanted = |name: &str| self.only.is_empty() || self.only.iter().any(|only| only == name);
        PEERS.iter().filter(move |peer| wanted(peer.name))
    }

    /// The workloads that were asked for, with their sizes.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let largest = if self.quick { 1_000 } else { usize::MAX };
        let wanted =
            |name: &str| self.workloads.is_empty() || self.workloads.iter().any(|other| other == name);
        let rows = SIZES.into_iter().filter(move |(name, _)| wanted(name));
        rows.flat_map(move |(name, sizes)| {
            sizes.iter().copied().filter(move |&size| size <= largest).map(move |size| (name, size))
        })
    }
}

/// Reads the words after the program's name.
pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Args, String> {
    let (workloads, only) = (Vec::new(), Vec::new());
    let mut args = Args { mode: Mode::Race, workloads, only, quick: false, json: None, readme: false };
    while let Some(word) = words.next() {
        let mut next = |what: &str| words.next().ok_or_else(|| format!("`{word}` needs {what}"));
        match word.as_str() {
            "--quick" => args.quick = true,
            "--readme" => args.readme = true,
            "--json" => args.json = Some(next("a file")?.into()),
            "--only" => args.only.push(peer(&next("an engine")?)?.name.to_owned()),
            "--trial" => {
                let (peer, name, size) = (peer(&next("an engine")?)?, next("a workload")?, next("a size")?);
                let size = size.parse().map_err(|_| format!("expected a size, found `{size}`"))?;
                args.mode = Mode::Trial { peer, name, size };
            }
            name if SIZES.iter().any(|(known, _)| *known == name) => args.workloads.push(word),
            _ => {
                return Err(format!(
                    "`{word}` is not known; there are W1 to W6, --only, --quick, --json, --readme"
                ));
            }
        }
    }
    let all = args.workloads.is_empty() && args.only.is_empty() && !args.quick;
    match args.readme && !all {
        true => {
            Err("`--readme` needs all figures: no workload, no `--only`, no `--quick` beside it".to_owned())
        }
        false => Ok(args),
    }
}

fn peer(name: &str) -> Result<&'static Peer, String> {
    let names = || PEERS.iter().map(|peer| peer.name).collect::<Vec<_>>().join(", ");
    PEERS
        .iter()
        .find(|peer| peer.name == name)
        .ok_or_else(|| format!("there is no `{name}`, but {}", names()))
}
