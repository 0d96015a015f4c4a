//! The `aegisc` command: arguments -> files, printed findings and decisions, an exit code.
//!
//! One file a subcommand. What it shares with `aegis` is `aegisc::command`. Only there and here is anything
//! printed, is the clock read, does the process exit; the library under it is pure. What a command is
//! asked for goes to standard output, all else to standard error. Exit codes: 0 done, 1 the policy is at
//! fault, 2 it could not run.

#![forbid(unsafe_code)]

mod args;
mod bench;
mod build;
mod completions;
mod eval;
mod explain;
mod init;
mod inspect;
mod lints;
mod schema;

use aegisc::command::{Done, Failure, Settings, Shell, check, simulate};
use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let shell = Shell::new(cli.color);
    shell.end(run(cli, &shell))
}

fn run(mut cli: Cli, shell: &Shell) -> Result<Done, Failure> {
    if let Some(front) = cli.command.front_mut() {
        front.settle(Settings::find(cli.no_config, shell)?);
    }
    match cli.command {
        Command::Build(args) => build::run(&args, shell),
        Command::Check(args) => check::run(&args, shell),
        Command::Eval(args) => eval::run(&args, shell),
        Command::Simulate(args) => simulate::run(&args, shell),
        Command::Explain(args) => explain::run(&args, shell),
        Command::Inspect(args) => inspect::run(&args, shell),
        Command::Bench(args) => bench::run(&args, shell),
        Command::Schema(args) => schema::run(&args, shell),
        Command::Init(args) => init::run(&args, shell),
        Command::Lints(args) => lints::run(&args, shell),
        Command::Completions(args) => completions::run(&args, shell),
    }
}
