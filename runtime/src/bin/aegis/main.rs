//! The `aegis` command: actions -> decided, approved, carried out and written down; and what is read of it later.
//!
//! One file or folder a subcommand. What it shares with `aegisc` is `aegisc::command`. What a command is asked for
//! goes to standard output, all else to standard error. Exit codes: 0 all is well, 1 it is not, 2 it could not run.

#![forbid(unsafe_code)]

mod args;
mod audit;
mod completions;
mod filter;
mod run;
mod stats;
mod table;
mod terminal;

use aegisc::command::{Failure, Settings, Shell, check, simulate};
use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let shell = Shell::new(cli.color);
    ended(cli, &shell).unwrap_or_else(|failure| shell.end(Err(failure)))
}

fn ended(mut cli: Cli, shell: &Shell) -> Result<ExitCode, Failure> {
    if let Some(front) = cli.command.front_mut() {
        front.settle(Settings::find(cli.no_config, shell)?);
    }
    match cli.command {
        Command::Run(args) => run::run(&args, shell),
        Command::Audit(args) => audit::run(&args, shell),
        Command::Stats(args) => stats::run(&args, shell),
        Command::Validate(args) => check::run(&args, shell).map(|done| shell.end(Ok(done))),
        Command::Simulate(args) => simulate::run(&args, shell).map(|done| shell.end(Ok(done))),
        Command::Completions(args) => completions::run(&args, shell),
    }
}
