//! Writes hostile layers into a folder, for `benches/hostile` to measure the command on.
//!
//! ```text
//! cargo run --release -p aegisc --example hostile -- FOLDER
//! ```
//!
//! Prints a line for each: its file name, the exit code that `check` must give, and the finding.

use std::path::PathBuf;
use std::process::ExitCode;
use support::hostile::{End, layers};

#[path = "../tests/support/mod.rs"]
mod support;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: hostile FOLDER");
        return ExitCode::FAILURE;
    };
    for layer in layers(1) {
        let file = format!("{}.yaml", layer.name);
        if let Err(error) = std::fs::write(folder.join(&file), layer.bytes) {
            eprintln!("{file}: {error}");
            return ExitCode::FAILURE;
        }
        match layer.end {
            End::Fine => println!("{file} 0 -"),
            End::Refused(name) => println!("{file} 1 {name}"),
        }
    }
    ExitCode::SUCCESS
}
