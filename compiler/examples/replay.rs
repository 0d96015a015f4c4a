//! Runs one fuzz target over the inputs in folders, without a fuzzer: for `.ci/coverage`.
//!
//! ```text
//! cargo run -p aegisc --example replay -- TARGET FOLDER…
//! ```

use std::path::PathBuf;
use std::process::ExitCode;
use support::bodies::TARGETS;

#[path = "../tests/support/mod.rs"]
mod support;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let wanted = args.next().unwrap_or_default();
    let Some((name, body)) = TARGETS.into_iter().find(|(name, _)| wanted == *name) else {
        let names = TARGETS.map(|(name, _)| name).join(", ");
        eprintln!("usage: replay TARGET FOLDER…\ntargets: {names}");
        return ExitCode::FAILURE;
    };
    let mut inputs = 0;
    for folder in args.map(PathBuf::from) {
        let read = std::fs::read_dir(&folder).and_then(|entries| {
            entries.map(|entry| std::fs::read(entry?.path())).collect::<std::io::Result<Vec<_>>>()
        });
        match read {
            Ok(found) => {
                inputs += found.len();
                found.iter().for_each(|input| body(input));
            }
            Err(error) => {
                eprintln!("{}: {error}", folder.display());
                return ExitCode::FAILURE;
            }
        }
    }
    println!("{name}: {inputs} inputs");
    ExitCode::SUCCESS
}
