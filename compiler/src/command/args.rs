//! What commands accept that are in more than one program, with the words of their help.

use super::front::FrontArgs;
use crate::Verify;
use crate::time::{TimeError, parse_rfc3339};
use aegis_vm::Timestamp;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How much to verify.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum VerifyArg {
    /// Boundary cases and the kinds of action that the rules tell apart, within a budget
    #[default]
    Fast,
    /// All of them, however many
    Full,
    /// Nothing
    Off,
}

impl From<VerifyArg> for Verify {
    fn from(verify: VerifyArg) -> Self {
        match verify {
            VerifyArg::Fast => Verify::Fast,
            VerifyArg::Full => Verify::Full,
            VerifyArg::Off => Verify::Off,
        }
    }
}

/// What `check` accepts.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The layers, first to last; `-` is standard input.
    #[arg(required = true, value_name = "LAYER.yaml")]
    pub layers: Vec<PathBuf>,
    /// Make the mends that findings carry, in the files.
    #[arg(long)]
    pub fix: bool,
    /// Write no file; print the mends as a unified diff.
    #[arg(long, requires = "fix")]
    pub diff: bool,
    /// How layers are read and their findings are shown.
    #[command(flatten)]
    pub front: FrontArgs,
}

/// What `simulate` and `explain` accept: a policy, and actions to try out.
#[derive(Debug, Args)]
pub struct TryArgs {
    /// An artifact, or layers in order; then `type:target` actions.
    #[arg(required = true, value_name = "POLICY, ACTION")]
    pub policy_and_actions: Vec<OsString>,
    /// A param, its value as JSON, or as text if it is not JSON.
    #[arg(long = "param", value_name = "KEY=VALUE")]
    pub params: Vec<String>,
    /// The agent that acts.
    #[arg(long, value_name = "AGENT", default_value = "", hide_default_value = true)]
    pub agent: String,
    /// The time (RFC 3339); else the clock.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub at: Option<Timestamp>,
    /// What the action is for; `semantic` conditions read it.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub description: String,
    /// How layers are read and their findings are shown.
    #[command(flatten)]
    pub front: FrontArgs,
}

/// Reads the value of `--at`.
///
/// # Errors
///
/// It is no time of RFC 3339.
pub fn time(text: &str) -> Result<Timestamp, TimeError> {
    parse_rfc3339(text)
}

/// What stands below the help of `check`, which is called so.
pub fn check_examples(command: &str) -> String {
    format!(
        "\
Examples:
  {command} base.yaml team.yaml
  {command} policy.yaml -D warnings -A ambiguous_scalar
  {command} policy.yaml --format json > findings.jsonl
  {command} policy.yaml --format sarif > findings.sarif
  {command} base.yaml team.yaml --fix --diff
  {command} base.yaml team.yaml --fix

--fix makes the mends that findings carry, says each with whether it keeps every decision, and checks \
again: the exit code is that of the mended layers. --fix --diff writes nothing and prints the mends to \
standard output, for `git apply` or `patch -p1`, and all else to standard error; it exits with 1 if there \
is anything to mend or the check denies, else with 0."
    )
}

/// What stands below the help of `simulate`, which is called so.
pub fn simulate_examples(command: &str) -> String {
    format!(
        "\
Examples:
  {command} policy.yaml deploy:staging delete:prod_db
  {command} policy.aegisb payment:stripe --param amount=5000 --param currency=EUR --agent ci-7
  {command} base.yaml team.yaml deploy:prod --at 2026-03-18T23:30:00+09:00

Arguments that end in .yaml, .yml or .aegisb are the policy; the first other one begins the actions. \
An action is split at its first colon; without one its target is `*`."
    )
}
