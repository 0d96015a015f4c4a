//! Loads every truncation of artifacts, and the artifacts with every single bit flipped: all must be
//! refused.
//!
//! ```text
//! cargo run --release -p aegisc --example damage -- FILE.aegisb…
//! ```
//!
//! The work is eight loads a byte and each load reads the file, so this is for files up to about
//! 64 KiB.

use std::process::ExitCode;

#[path = "../tests/support/mod.rs"]
mod support;

fn main() -> ExitCode {
    let mut fine = true;
    for path in std::env::args_os().skip(1) {
        let shown = path.to_string_lossy();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprintln!("{shown}: {error}");
                fine = false;
                continue;
            }
        };
        match support::damage::refuse_all(&bytes) {
            Ok(tried) => println!(
                "{shown}: {} bytes, {} truncations and {} flipped bits refused in {:.1} s",
                bytes.len(),
                tried.truncations,
                tried.flips,
                tried.took.as_secs_f64()
            ),
            Err(why) => {
                println!("{shown}: {why}");
                fine = false;
            }
        }
    }
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
