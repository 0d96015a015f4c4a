//! Decisions of a compiled policy beside what one would write by hand, side by side in one process.
//!
//! ```text
//! contest [NAME...] [--rounds N] [--large] [--json]   the tables; NAME: W1 to W8, flat, threads
//! contest --sizes [--json]                            bytes of a rule, by section
//! contest --write NAME SIZE FILE                      an artifact
//! contest --once NAME SIZE COUNT [FILE]               COUNT decisions and nothing else, for callgrind
//! ```
//!
//! Timed: `Policy::evaluate` on a prepared request, and reading the index of the deciding rule. A
//! prepared request borrows the strings of an action, and its params are values in slots that were bound
//! once; nothing is hashed, looked up or parsed beforehand. Contestants get actions typed beforehand. Not
//! timed: making requests, compiling, loading. Rows that say *JSON map* take params by name from a
//! parsed object; those that say *JSON line* read the line, and that
//! is timed; beside it is a parser that only reads it.
//!
//! [`timing`](aegis_benches::timing) says how: batches of about a millisecond, thread CPU time, all
//! contestants of a row interleaved in random order, answers checked before anything is timed. A row
//! has the time of a decision for actions in random order and one after the other; the latter flatters,
//! because the branch predictor learns it.
//!
//! Instructions a decision are the difference of two runs, divided by the decisions between them:
//!
//! ```text
//! contest --write W1 14 w1.aegisb
//! valgrind --tool=callgrind target/release/contest --once W1 14 1000 w1.aegisb
//! valgrind --tool=callgrind target/release/contest --once W1 14 11000 w1.aegisb
//! ```
//!
//! `benches/instructions` does so for several workloads.

#![expect(clippy::unwrap_used, reason = "a bench")]

mod args;
mod flat;
mod sizes;
mod table;
mod threads;

use aegis_benches::{bind, decide, workloads};
use aegis_vm::Policy;
use aegisc::Verify;
use args::{Args, Mode};
use std::hint::black_box;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("contest: {message}");
            return ExitCode::from(2);
        }
    };
    match &args.mode {
        Mode::Tables => tables(&args),
        Mode::Sizes => sizes::print(&args),
        Mode::Write { name, size, file } => {
            let workload = workloads::named(name, *size).unwrap();
            std::fs::write(file, workload.build(Verify::Off)).unwrap();
        }
        Mode::Once { name, size, count, file } => once(name, *size, *count, file.as_deref()),
    }
    ExitCode::SUCCESS
}

fn tables(args: &Args) {
    if !args.json {
        let avx2 = if cfg!(target_feature = "avx2") { "with" } else { "without" };
        println!("Compiled {avx2} avx2: target-cpu is the default unless RUSTFLAGS says otherwise.");
        println!(
            "Medians of {} rounds of batches of about 1 ms, thread CPU time. `times` is how many times as long",
            args.rounds
        );
        println!("ours takes: the median over the rounds, in brackets the quartiles.\n");
    }
    table::print(args);
    flat::print(args);
    threads::print(args);
}

/// So many decisions in the workload's order. What is done besides is the same for every count.
fn once(name: &str, size: usize, count: usize, file: Option<&str>) {
    let workload = workloads::named(name, size).unwrap();
    let policy = match file {
        Some(file) => Policy::from_file(file).unwrap(),
        None => workload.policy(),
    };
    let bound = bind(&policy, &workload);
    let rows = bound.rows(&workload);
    let requests = workload.requests(&*rows);
    let order = workload.order.iter().cycle().take(count);
    let sum = order
        .fold(0u64, |sum, &case| sum.wrapping_add(decide(&policy, black_box(&requests[case]), workload.now)));
    println!("{count} decisions, sum of their answers {sum}");
}
