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

use aegisc::command::{Done, Failure, Settings, Shell, check, settings, simulate};
use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut cli = Cli::parse();
    let shell = Shell::new(cli.color);
    if let Some(front) = cli.command.front_mut() {
        let folder = std::env::current_dir().ok().filter(|_| !cli.no_config);
        let file = folder.and_then(|folder| settings::find(&folder));
        match Settings::load(file) {
            Ok(settings) => front.settle(settings),
            Err(refused) => {
                shell.refused_settings(&refused);
                return ExitCode::from(2);
            }
        }
    }
    match run(cli.command, &shell) {
        Ok(Done::Fine) => ExitCode::SUCCESS,
        Ok(Done::PolicyAtFault) => ExitCode::from(1),
        Ok(Done::BadActions) => ExitCode::from(2),
        Err(failure) => {
            if let Failure::Message(message) = failure {
                shell.error(&message);
            }
            ExitCode::from(2)
        }
    }
}

fn run(command: Command, shell: &Shell) -> Result<Done, Failure> {
    match command {
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
