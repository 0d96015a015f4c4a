//! The command line: what every subcommand accepts, with the words of its help.

use crate::bench::Limit;
use aegis_vm::{Timestamp, format::POLICY_ID_MAX};
use aegisc::command::args::{VerifyArg, check_examples, simulate_examples, time};
use aegisc::command::{CheckArgs, Color, FrontArgs, TryArgs, front};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

/// Compile agent-action policies into one checked file, and ask what they decide.
#[derive(Debug, Parser)]
#[command(name = "aegisc", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// When to use colour.
    #[arg(long, global = true, value_enum, env = "AEGISC_COLOR", hide_env = true, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Read no `aegisc.toml`.
    #[arg(long, global = true)]
    pub(crate) no_config: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, nothing denied; 1 the policy is at fault; 2 it could not run (usage, files, a \
damaged or foreign artifact, bad action lines).

Colour follows the terminal, NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE; --color wins over them.

What no flag says is taken from the environment (AEGISC_MAX_DEPTH for --max-depth; AEGISC_ALLOW, \
AEGISC_WARN and AEGISC_DENY hold names of lints), then from `aegisc.toml` in the working folder or the \
nearest one above.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compile layers into one artifact.
    #[command(after_help = BUILD_EXAMPLES)]
    Build(BuildArgs),
    /// Say all that is found wrong with layers; with --fix, mend what can be mended.
    #[command(visible_alias = "validate", after_help = check_examples("aegisc check"))]
    Check(CheckArgs),
    /// Decide actions, one JSON object a line in, one decision a line out.
    #[command(after_help = EVAL_EXAMPLES)]
    Eval(EvalArgs),
    /// Try actions out, for a person to read.
    #[command(after_help = simulate_examples("aegisc simulate"), override_usage = "aegisc simulate [OPTIONS] <POLICY>... <TYPE[:TARGET]>...")]
    Simulate(TryArgs),
    /// Say what every rule made of one action.
    #[command(after_help = EXPLAIN_EXAMPLES, override_usage = "aegisc explain [OPTIONS] <POLICY>... <TYPE[:TARGET]>")]
    Explain(TryArgs),
    /// Show what an artifact is made of.
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(InspectArgs),
    /// Measure what decisions of a policy take on this machine.
    #[command(after_help = BENCH_EXAMPLES)]
    Bench(BenchArgs),
    /// Print the JSON Schema of a layer, for editors.
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema(SchemaArgs),
    /// Write a first policy to start from.
    #[command(after_help = INIT_EXAMPLES)]
    Init(InitArgs),
    /// List the lints with their levels, or describe one.
    #[command(after_help = LINTS_EXAMPLES)]
    Lints(LintsArgs),
    /// Print a completion script for a shell.
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
}

impl Command {
    /// The flags on layers, of a command that has them.
    pub(crate) fn front_mut(&mut self) -> Option<&mut FrontArgs> {
        match self {
            Command::Build(args) => Some(&mut args.front),
            Command::Check(args) => Some(&mut args.front),
            Command::Eval(args) => Some(&mut args.front),
            Command::Simulate(args) | Command::Explain(args) => Some(&mut args.front),
            Command::Bench(args) => Some(&mut args.front),
            Command::Inspect(_)
            | Command::Schema(_)
            | Command::Init(_)
            | Command::Lints(_)
            | Command::Completions(_) => None,
        }
    }
}

const BUILD_EXAMPLES: &str = "\
Examples:
  aegisc build policy.yaml -o policy.aegisb
  aegisc build base.yaml team.yaml -o policy.aegisb --policy-id payments --revision 42 --label \"$GIT_COMMIT\"
  aegisc build policy.yaml --emit ir

The rules of later layers come after those of earlier ones; the first match wins. The output is \
written whole or not at all.";

const EVAL_EXAMPLES: &str = "\
Examples:
  aegisc eval policy.aegisb --actions actions.jsonl
  echo '{\"type\": \"deploy\", \"target\": \"web\"}' | aegisc eval policy.yaml --actions -

An action line holds `type` and `target`, and perhaps `agent_id`, `params`, `description` and `now` \
(RFC 3339; else --at, else the clock); other keys are ignored. A line that is no action is decided \
`block`, `critical`, by `<error>`; the run goes on, and the exit code is 2. Blank lines are skipped.";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  aegisc explain policy.yaml deploy:staging
  aegisc explain policy.aegisb payment:stripe --param amount=5000 --at 2026-03-18T12:00:00Z";

const INSPECT_EXAMPLES: &str = "\
Examples:
  aegisc inspect policy.aegisb
  aegisc inspect policy.aegisb --ir";

const BENCH_EXAMPLES: &str = "\
Examples:
  aegisc bench base.yaml team.yaml
  aegisc bench policy.aegisb --actions actions.jsonl --json baseline.json
  aegisc bench policy.yaml --growth --svg bench.svg
  aegisc bench new.yaml --compare old.aegisb --fail-above ratio=1.1
  aegisc bench policy.aegisb --actions actions.jsonl --fail-above p99=1us --fail-above json.p50=500ns

Without --actions they are made from the layers: one for each rule, those beside its boundaries, and near misses. \
Rows: `random` and `cyclic` are prepared actions in random order and one after the other, which flatters, as the \
processor learns it; `single` times each decision by itself; `cold` reads other memory before each; `named` looks \
params up by name; `json` begins with a line of JSON.

--fail-above takes ROW.STATISTIC=TIME, or STATISTIC=TIME for both `random` and `single`, or ratio=NUMBER for \
what --compare found of these two; \
statistics are p50, p90, p99, p99.9 and max. What is above makes the exit code 1, as does a statistic of which \
there are too few measurements.";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  aegisc schema -o aegis-policy.schema.json
  aegisc schema | jq '.[\"$defs\"].conditions.properties'

An editor takes it for a policy that begins with the line

  # yaml-language-server: $schema=./aegis-policy.schema.json";

const INIT_EXAMPLES: &str = "\
Examples:
  aegisc init
  aegisc init policies/base.yaml --force
  aegisc init policy.yaml --schema";

const LINTS_EXAMPLES: &str = "\
Examples:
  aegisc lints
  aegisc lints unknown_key";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  aegisc completions bash > ~/.local/share/bash-completion/completions/aegisc
  aegisc completions zsh > ~/.zfunc/_aegisc";

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// The layers, first to last; `-` is standard input.
    #[arg(required = true, value_name = "LAYER.yaml")]
    pub(crate) layers: Vec<PathBuf>,
    /// The artifact to write.
    #[arg(short, long, value_name = "OUT.aegisb", required_unless_present = "emit")]
    pub(crate) output: Option<PathBuf>,
    /// A name that the artifact carries, at most 64 bytes.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, value_parser = policy_id)]
    pub(crate) policy_id: String,
    /// A number that the artifact carries; let it only ever rise.
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true, value_parser = revision)]
    pub(crate) revision: u64,
    /// A text that the artifact carries: a commit, say.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) label: String,
    /// How much of the output to check against the specification [default: fast].
    #[arg(long, value_enum)]
    pub(crate) verify: Option<VerifyArg>,
    /// What else to print to standard output.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) emit: Option<Emit>,
    #[command(flatten)]
    pub(crate) front: FrontArgs,
}

fn revision(text: &str) -> Result<u64, String> {
    let whole = text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(revision) => Ok(revision),
        Err(_) if whole && !text.is_empty() => Err(format!("a revision is at most {}", u64::MAX)),
        Err(_) => Err("expected a whole number from 0".to_owned()),
    }
}

fn policy_id(text: &str) -> Result<String, String> {
    match text.len() {
        n if n > POLICY_ID_MAX => Err(format!("it has {n} bytes; at most {POLICY_ID_MAX} fit")),
        _ if text.contains(char::is_control) => Err("it holds a control character".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// What else to print.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Emit {
    /// The decision table as text
    Ir,
}

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// An artifact, or layers in order.
    #[arg(required = true, value_name = "POLICY")]
    pub(crate) policy: Vec<PathBuf>,
    /// The actions, one JSON object a line; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) actions: PathBuf,
    /// The time of actions that do not say `now` (RFC 3339); else the clock.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<Timestamp>,
    /// The threads that decide, at most 64; the answers keep the order of the actions [default: one for each core].
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZero<usize>>,
    /// The longest action line, in bytes; a longer one is no action [default: 4194304].
    #[arg(long, value_name = "BYTES", value_parser = front::count, help_heading = "Limits")]
    pub(crate) max_line: Option<usize>,
    #[command(flatten)]
    pub(crate) front: FrontArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// An artifact, or layers in order.
    #[arg(required = true, value_name = "POLICY")]
    pub(crate) policy: Vec<PathBuf>,
    /// The actions, one JSON object a line; `-` is standard input; else they are made from the layers.
    #[arg(long, value_name = "FILE")]
    pub(crate) actions: Option<PathBuf>,
    /// The time of actions that do not say `now` (RFC 3339); else the clock, read once.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<Timestamp>,
    /// How long each row is measured.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub(crate) seconds: Duration,
    /// Measure throughput on up to so many threads, at most 1024 [default: one for each core].
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZero<usize>>,
    /// Also measure the first half of the rules alone, the first quarter, and so on.
    #[arg(long)]
    pub(crate) growth: bool,
    /// Compare with another policy, in turns in this run, or with figures that --json wrote.
    #[arg(long, value_name = "OTHER")]
    pub(crate) compare: Option<PathBuf>,
    /// Fail if a figure is above: `p99=1us`, `json.p50=500ns`, `ratio=1.1`.
    #[arg(long, value_name = "LIMIT")]
    pub(crate) fail_above: Vec<Limit>,
    /// Write the figures as JSON; `-` prints them instead of the table.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Draw the distributions, and the growth if it was measured.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// The longest action line, in bytes [default: 4194304].
    #[arg(long, value_name = "BYTES", value_parser = front::count, help_heading = "Limits")]
    pub(crate) max_line: Option<usize>,
    #[command(flatten)]
    pub(crate) front: FrontArgs,
}

fn seconds(text: &str) -> Result<Duration, String> {
    const MOST: f64 = 3_600.0;
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds <= MOST => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("expected seconds above 0, at most {MOST}")),
    }
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The artifact.
    #[arg(value_name = "POLICY.aegisb")]
    pub(crate) artifact: PathBuf,
    /// Print the decision table instead.
    #[arg(long)]
    pub(crate) ir: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The file to write.
    #[arg(value_name = "FILE", default_value = "policy.yaml")]
    pub(crate) file: PathBuf,
    /// Write over a file that is there.
    #[arg(long)]
    pub(crate) force: bool,
    /// Also write the schema for editors beside it, and name it in the policy's first line.
    #[arg(long)]
    pub(crate) schema: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Write a file, whole or not at all, instead of printing.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct LintsArgs {
    /// A lint to describe.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
