//! `aegis audit head`: the end of a log's chain.

use super::{open, unreadable};
use crate::args::HeadArgs;
use aegisc::command::{Failure, Shell};
use std::process::ExitCode;

pub(super) fn run(args: &HeadArgs, shell: &Shell) -> Result<ExitCode, Failure> {
    let head = open(&args.log.log)?.head().map_err(|error| unreadable(&error))?;
    shell.data(&format!("{}  row {}\n", head.hash, head.row))?;
    Ok(ExitCode::SUCCESS)
}
