//! The command line of the contest: words -> what to do.

use aegis_benches::timing::ROUNDS;
use aegis_benches::workloads;

/// What to run, and how.
pub(crate) struct Args {
    /// What to do.
    pub(crate) mode: Mode,
    /// Which tables; empty for all.
    names: Vec<String>,
    /// How many batches of each contestant are timed.
    pub(crate) rounds: usize,
    /// A line of JSON for each row instead of tables.
    pub(crate) json: bool,
    /// The most rules of a workload.
    pub(crate) largest: usize,
}

/// What to do.
pub(crate) enum Mode {
    /// Race, and print tables.
    Tables,
    /// Print how long artifacts are.
    Sizes,
    /// Write an artifact.
    Write { name: String, size: usize, file: String },
    /// Decide so many times.
    Once { name: String, size: usize, count: usize, file: Option<String> },
}

impl Args {
    /// Whether a table was asked for.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }
}

const TABLES: [&str; 10] = ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "flat", "threads"];

/// Reads the words after the program's name.
pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Args, String> {
    let mut words = words.peekable();
    let mut args =
        Args { mode: Mode::Tables, names: Vec::new(), rounds: ROUNDS, json: false, largest: 100_000 };
    while let Some(word) = words.next() {
        let mut next = |what: &str| words.next().ok_or_else(|| format!("`{word}` needs {what}"));
        match word.as_str() {
            "--rounds" => args.rounds = number(&next("a number")?)?,
            "--json" => args.json = true,
            "--large" => args.largest = 1_000_000,
            "--sizes" => args.mode = Mode::Sizes,
            "--write" => {
                let (name, size) = workload(next("a workload")?, &next("a size")?)?;
                args.mode = Mode::Write { name, size, file: next("a file")? };
            }
            "--once" => {
                let (name, size) = workload(next("a workload")?, &next("a size")?)?;
                let count = number(&next("a count")?)?;
                args.mode = Mode::Once { name, size, count, file: words.next() };
            }
            name if TABLES.contains(&name) => args.names.push(word),
            _ => return Err(format!("`{word}` is not known; there are {}", TABLES.join(", "))),
        }
    }
    Ok(args)
}

fn workload(name: String, size: &str) -> Result<(String, usize), String> {
    let size = number(size)?;
    let sized = workloads::sized(usize::MAX).any(|(known, _)| known == name) || name == "W3-hot";
    match sized || workloads::FIXED.iter().any(|&(known, _)| known == name) {
        true => Ok((name, size)),
        false => Err(format!("there is no workload `{name}`")),
    }
}

fn number(word: &str) -> Result<usize, String> {
    match word.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("expected a number above 0, found `{word}`")),
    }
}
