//! `aegisc init`: a first policy to start from.

use crate::args::InitArgs;
use crate::atomic;
use crate::output::{Done, Failure, Shell};
use std::fs::OpenOptions;
use std::io::{self, Write};

/// The file that is written. It passes `check` without a finding.
const STARTER: &str = include_str!("starter.yaml");

pub(crate) fn run(args: &InitArgs, shell: &Shell) -> Result<Done, Failure> {
    let written = if args.force {
        atomic::write(&args.file, STARTER.as_bytes())
    } else {
        let file = OpenOptions::new().write(true).create_new(true).open(&args.file);
        file.and_then(|mut file| file.write_all(STARTER.as_bytes()))
    };
    let shown = args.file.display();
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::new(format!("`{shown}` is there already; `--force` writes over it"))
        }
        _ => Failure::new(format!("cannot write `{shown}`: {error}")),
    })?;
    shell.done("wrote", &format!("{shown}; next: aegisc check {shown}"));
    Ok(Done::Fine)
}
