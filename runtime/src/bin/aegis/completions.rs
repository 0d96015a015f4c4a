//! `aegis completions`: a script that completes this command line in a shell.

use crate::args::{Cli, CompletionsArgs};
use aegisc::command::{Failure, Shell};
use clap::CommandFactory;
use std::process::ExitCode;

pub(crate) fn run(args: &CompletionsArgs, shell: &Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "aegis", &mut script);
    shell.out(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
