//! Damage to artifacts, more of it than tests have time for.
//!
//! ```text
//! cargo run --release -p aegisc --example damage -- FILE.aegisb…
//! cargo run --release -p aegisc --example damage -- --larger
//! cargo run --release -p aegisc --example damage -- --repaired ROUNDS [SEED]
//! cargo run --release -p aegisc --example damage -- --memory FILE.aegisb…
//! ```
//!
//! The first loads every truncation of artifacts, and the artifacts with every single bit flipped: all
//! must be refused. The work is eight loads a byte and each load reads the file, so this is for files up
//! to about 64 KiB.
//!
//! The second does it to two artifacts that are too large for `cargo test`.
//!
//! The third changes small artifacts and makes every digest right again, so that the loader's checks of
//! the tables are all that stands between them and a panic. What loads is asked everything that
//! [`exercise`](support::bodies::exercise) knows. It prints what was refused with which words, and the
//! most memory that a load took; a panic is printed with the seed that repeats it alone. A round depends
//! on the seed and on its number, so that several runs share the work by their seeds.
//!
//! The fourth prints the most memory that a load of a sound artifact takes, its bytes among it.

use aegis_vm::Policy;
use allocation_counter::measure;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::ops::BitAnd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;
use support::bodies;
use support::bytes::{Bytes, next};
use support::mutate;

#[path = "../tests/support/mod.rs"]
mod support;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let fine = match args.split_first() {
        Some((flag, numbers)) if flag == "--repaired" => {
            let numbers: Option<Vec<u64>> = numbers.iter().map(|n| n.to_str()?.parse().ok()).collect();
            match numbers.as_deref() {
                Some(&[rounds]) => repaired(rounds, 1),
                Some(&[rounds, seed]) => repaired(rounds, seed),
                _ => {
                    eprintln!("usage: damage --repaired ROUNDS [SEED]");
                    false
                }
            }
        }
        Some((flag, [])) if flag == "--larger" => {
            let lengths = |base: &&mutate::Base| base.artifact().len() > 20_000;
            let larger: Vec<_> = mutate::bases().iter().filter(lengths).collect();
            larger.iter().map(|base| damaged("an artifact", Ok(base.artifact()))).fold(true, BitAnd::bitand)
        }
        Some((flag, paths)) if flag == "--memory" => paths.iter().map(memory).fold(true, BitAnd::bitand),
        // Each file is tried, whatever became of the one before.
        _ => args
            .iter()
            .map(|path| damaged(&path.to_string_lossy(), std::fs::read(path)))
            .fold(true, BitAnd::bitand),
    };
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn damaged(shown: &str, bytes: io::Result<Vec<u8>>) -> bool {
    let tried = bytes
        .map_err(|error| error.to_string())
        .and_then(|bytes| Ok((bytes.len(), support::damage::refuse_all(&bytes)?)));
    match tried {
        Ok((length, tried)) => println!(
            "{shown}: {length} bytes, {} truncations and {} flipped bits refused in {:.1} s",
            tried.truncations,
            tried.flips,
            tried.took.as_secs_f64()
        ),
        Err(ref why) => println!("{shown}: {why}"),
    }
    tried.is_ok()
}

fn memory(path: &OsString) -> bool {
    let shown = path.to_string_lossy();
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            println!("{shown}: {error}");
            return false;
        }
    };
    let mut loaded = false;
    let taken = measure(|| loaded = Policy::from_bytes(bytes.as_slice()).is_ok()).bytes_max;
    println!("{shown}: {} bytes, at most {taken} while it is loaded (loads: {loaded})", bytes.len());
    loaded
}

/// What became of the rounds.
#[derive(Default)]
struct Counts {
    loaded: u64,
    actions: u64,
    refused: BTreeMap<String, u64>,
    panics: u64,
    memory: Memory,
}

/// The most that a load took, the bytes of the artifact among it.
#[derive(Default)]
struct Memory {
    peak: u64,
    /// The most in proportion: peak and length.
    proportion: (u64, u64),
    /// The most beyond twice the length.
    beyond: u64,
}

impl Memory {
    fn add(&mut self, peak: u64, length: u64) {
        self.peak = self.peak.max(peak);
        self.beyond = self.beyond.max(peak.saturating_sub(2 * length));
        let (most, of) = self.proportion;
        if u128::from(peak) * u128::from(of.max(1)) > u128::from(most) * u128::from(length) {
            self.proportion = (peak, length);
        }
    }
}

fn repaired(rounds: u64, seed: u64) -> bool {
    let started = Instant::now();
    let lengths: Vec<usize> = mutate::bases().iter().map(|base| base.artifact().len()).collect();
    println!("artifacts of {lengths:?} bytes, seed {seed}");
    let mut counts = Counts::default();
    for round in 0..rounds {
        let of_round = mix(seed ^ mix(round));
        if catch_unwind(AssertUnwindSafe(|| try_one(of_round, &mut counts))).is_err() {
            counts.panics += 1;
            println!("round {round} of seed {seed} panics");
        }
        if round > 0 && round.is_multiple_of(1_000_000) {
            println!("{round} rounds in {:.0} s, {} loaded", started.elapsed().as_secs_f64(), counts.loaded);
        }
    }
    let Counts { loaded, actions, refused, panics, memory } = counts;
    let took = started.elapsed().as_secs_f64();
    let all: u64 = refused.values().sum();
    println!("{rounds} rounds in {took:.0} s: {loaded} loaded, {all} refused, {panics} panics");
    println!("{actions} actions decided and traced");
    let (peak, length) = memory.proportion;
    println!(
        "memory of a load: at most {} bytes; at most {peak} bytes for {length}; at most {} beyond twice the file",
        memory.peak, memory.beyond
    );
    let mut refused: Vec<_> = refused.into_iter().collect();
    refused.sort_by_key(|(words, count)| (std::cmp::Reverse(*count), words.clone()));
    for (words, count) in refused {
        println!("{count:>9}  {words}");
    }
    panics == 0
}

fn try_one(seed: u64, counts: &mut Counts) {
    let mut seed = seed | 1;
    let drawn: [u8; 96] = std::array::from_fn(|_| next(&mut seed));
    let artifact = mutate::mutant(&mut Bytes::new(&drawn));
    let length = u64::try_from(artifact.len()).unwrap_or(u64::MAX);
    let mut loaded = None;
    let taken = measure(|| loaded = Some(Policy::from_bytes(artifact.as_slice())));
    counts.memory.add(taken.bytes_max, length);
    match loaded {
        Some(Ok(policy)) => {
            counts.loaded += 1;
            counts.actions += bodies::exercise_any(&policy);
        }
        Some(Err(error)) => *counts.refused.entry(without_numbers(&error.to_string())).or_default() += 1,
        None => {}
    }
}

/// The words of an error, so that errors of one kind are counted together.
fn without_numbers(words: &str) -> String {
    let mut out = String::new();
    for c in words.chars() {
        match c {
            '0'..='9' if out.ends_with('N') => {}
            '0'..='9' => out.push('N'),
            c => out.push(c),
        }
    }
    out
}

/// SplitMix64: numbers that follow each other come to seeds that have nothing in common.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
