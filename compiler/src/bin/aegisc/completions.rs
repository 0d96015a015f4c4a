//! `aegisc completions`: a script that completes this command line in a shell.

use crate::args::{Cli, CompletionsArgs};
use aegisc::command::output::{Done, Failure, Shell};
use clap::CommandFactory;

pub(crate) fn run(args: &CompletionsArgs, shell: &Shell) -> Result<Done, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "aegisc", &mut script);
    shell.out(&String::from_utf8_lossy(&script))?;
    Ok(Done::Fine)
}
