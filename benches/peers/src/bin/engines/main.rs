//! Policy engines beside ours, on the same actions, in one process.
//!
//! ```text
//! engines [WORKLOAD...] [--only PEER]... [--quick] [--json FILE] [--readme]
//! ```
//!
//! WORKLOAD is one of W1 to W6. `--only` takes a name from the head of the table, and may be repeated.
//! `--quick` has few rounds and at most 1,000 rules. `--json` writes the figures to a file; `--readme`
//! rewrites the section of README.md that has them, and `docs/peers.svg`.
//!
//! A row is a workload of a size. Every engine gets the policy in its own language, loads it, and prepares
//! the requests; none of that is timed, but for the loading, which has a table of its own. What is timed is
//! said beside each engine: from a prepared request to the index of the rule. The answers are checked
//! first, to every action, or to a sample where that would take seconds. The times are taken as
//! [`timing`](aegis_benches::timing) says, with fewer rounds where a decision takes milliseconds.

#![forbid(unsafe_code)]

mod args;
mod casbin;
mod cedar;
mod cel;
mod figures;
mod keyed;
mod peer;
mod plot;
mod python;
mod readme;
mod rego;
mod table;
mod task;
mod trial;
mod zen;

use args::{Args, Mode};
use peer::Peer;
use std::process::ExitCode;
use task::Task;

/// The engines, in the order of the tables.
const PEERS: [Peer; 10] = [
    cel::CEL,
    cel::DATA,
    zen::ZEN,
    zen::DATA,
    rego::REGO,
    rego::DATA,
    rego::INTERPRETED,
    cedar::CEDAR,
    casbin::CASBIN,
    python::PYTHON,
];

/// The workloads and their sizes.
const SIZES: [(&str, &[usize]); 6] = [
    ("W1", &[14]),
    ("W2", &[11]),
    ("W3", &[10, 100, 1_000, 10_000, 100_000]),
    ("W4", &[10, 100, 1_000, 10_000, 100_000]),
    ("W5", &[50]),
    ("W6", &[10, 100, 1_000, 10_000]),
];

fn main() -> ExitCode {
    let args = match args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("engines: {message}");
            return ExitCode::from(2);
        }
    };
    // Some engines parse by recursion: they get a stack that suffices, or a trial tells that it does not.
    let run = std::thread::Builder::new().stack_size(trial::STACK).spawn(move || run(&args)).unwrap();
    match run.join() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(args: &Args) {
    match &args.mode {
        Mode::Trial { peer, name, size } => trial::tell(peer, &Task::new(name, *size)),
        Mode::Race => {
            let rows = table::print(args);
            if let Some(file) = &args.json {
                std::fs::write(file, figures::json(&rows)).unwrap();
            }
            if args.readme {
                plot::draw(&rows);
                readme::write_section(&rows);
            }
        }
    }
}
