//! The command line: what every subcommand accepts, with the words of its help.

use aegis_vm::{Timestamp, format::POLICY_ID_MAX};
use aegisc::diag::{LevelSetting, Levels};
use aegisc::{Options, PolicyLimits, Verify, yaml};
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Compile agent-action policies into one checked file, and ask what they decide.
#[derive(Debug, Parser)]
#[command(name = "aegisc", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, nothing denied; 1 the policy is at fault; 2 it could not run (usage, files, a \
damaged or foreign artifact, bad action lines).

Colour follows the terminal, NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE; --color wins over them.";

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compile layers into one artifact.
    #[command(after_help = BUILD_EXAMPLES)]
    Build(BuildArgs),
    /// Say all that is found wrong with layers; write nothing.
    #[command(visible_alias = "validate", after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Decide actions, one JSON object a line in, one decision a line out.
    #[command(after_help = EVAL_EXAMPLES)]
    Eval(EvalArgs),
    /// Try actions out, for a person to read.
    #[command(after_help = SIMULATE_EXAMPLES, override_usage = "aegisc simulate [OPTIONS] <POLICY>... <TYPE[:TARGET]>...")]
    Simulate(TryArgs),
    /// Say what every rule made of one action.
    #[command(after_help = EXPLAIN_EXAMPLES, override_usage = "aegisc explain [OPTIONS] <POLICY>... <TYPE[:TARGET]>")]
    Explain(TryArgs),
    /// Show what an artifact is made of.
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(InspectArgs),
    /// Print the JSON Schema of a layer, for editors.
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema,
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

const BUILD_EXAMPLES: &str = "\
Examples:
  aegisc build policy.yaml -o policy.aegisb
  aegisc build base.yaml team.yaml -o policy.aegisb --policy-id payments --revision 42 --label \"$GIT_COMMIT\"
  aegisc build policy.yaml --emit ir

The rules of later layers come after those of earlier ones; the first match wins. The output is \
written whole or not at all.";

const CHECK_EXAMPLES: &str = "\
Examples:
  aegisc check base.yaml team.yaml
  aegisc check policy.yaml -D warnings -A ambiguous_scalar
  aegisc check policy.yaml --format json > findings.jsonl
  aegisc check policy.yaml --format sarif > findings.sarif";

const EVAL_EXAMPLES: &str = "\
Examples:
  aegisc eval policy.aegisb --actions actions.jsonl
  echo '{\"type\": \"deploy\", \"target\": \"web\"}' | aegisc eval policy.yaml --actions -

An action line holds `type` and `target`, and perhaps `agent_id`, `params`, `description` and `now` \
(RFC 3339; else --at, else the clock); other keys are ignored. A line that is no action is decided \
`block`, `critical`, by `<error>`; the run goes on, and the exit code is 2. Blank lines are skipped.";

const SIMULATE_EXAMPLES: &str = "\
Examples:
  aegisc simulate policy.yaml deploy:staging delete:prod_db
  aegisc simulate policy.aegisb payment:stripe --param amount=5000 --param currency=EUR --agent ci-7
  aegisc simulate base.yaml team.yaml deploy:prod --at 2026-03-18T23:30:00+09:00

Arguments that end in .yaml, .yml or .aegisb are the policy; the first other one begins the actions. \
An action is split at its first colon; without one its target is `*`.";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  aegisc explain policy.yaml deploy:staging
  aegisc explain policy.aegisb payment:stripe --param amount=5000 --at 2026-03-18T12:00:00Z";

const INSPECT_EXAMPLES: &str = "\
Examples:
  aegisc inspect policy.aegisb
  aegisc inspect policy.aegisb --ir";

const SCHEMA_EXAMPLES: &str = "\
Example:
  aegisc schema > aegis-policy.schema.json";

const INIT_EXAMPLES: &str = "\
Examples:
  aegisc init
  aegisc init policies/base.yaml --force";

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
    /// How much of the output to check against the specification.
    #[arg(long, value_enum, default_value_t = VerifyArg::Fast)]
    pub(crate) verify: VerifyArg,
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

/// How much to verify.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum VerifyArg {
    /// The policy's own boundary cases, within a budget
    Fast,
    /// All of the policy's boundary cases
    Full,
    /// Nothing
    Off,
}

/// What else to print.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Emit {
    /// The decision table as text
    Ir,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The layers, first to last; `-` is standard input.
    #[arg(required = true, value_name = "LAYER.yaml")]
    pub(crate) layers: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) front: FrontArgs,
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
    /// The longest action line, in bytes; a longer one is no action.
    #[arg(long, value_name = "BYTES", default_value_t = LONGEST_LINE, help_heading = "Limits")]
    pub(crate) max_line: usize,
    #[command(flatten)]
    pub(crate) front: FrontArgs,
}

/// What a line holds takes up to fifty times its length.
const LONGEST_LINE: usize = 4 << 20;

#[derive(Debug, Args)]
pub(crate) struct TryArgs {
    /// An artifact, or layers in order; then `type:target` actions.
    #[arg(required = true, value_name = "POLICY, ACTION")]
    pub(crate) policy_and_actions: Vec<OsString>,
    /// A param, its value as JSON, or as text if it is not JSON.
    #[arg(long = "param", value_name = "KEY=VALUE")]
    pub(crate) params: Vec<String>,
    /// The agent that acts.
    #[arg(long, value_name = "AGENT", default_value = "", hide_default_value = true)]
    pub(crate) agent: String,
    /// The time (RFC 3339); else the clock.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<Timestamp>,
    /// What the action is for; `semantic` conditions read it.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) description: String,
    #[command(flatten)]
    pub(crate) front: FrontArgs,
}

fn time(text: &str) -> Result<Timestamp, aegisc::time::TimeError> {
    aegisc::time::parse_rfc3339(text)
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

/// How layers are read and their findings are shown.
#[derive(Debug, Args)]
pub(crate) struct FrontArgs {
    #[command(flatten)]
    levels: LevelArgs,
    /// Cap every lint at this level.
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Lints")]
    cap_lints: Option<Cap>,
    /// How findings are shown.
    #[arg(long, value_enum, default_value_t = Format::Pretty, help_heading = "Lints")]
    pub(crate) format: Format,
    /// The deepest nesting in a layer.
    #[arg(long, value_name = "N", default_value_t = yaml::Limits::default().depth, value_parser = depth, help_heading = "Limits")]
    max_depth: usize,
    /// The most nodes after aliases are expanded, as a multiple of the nodes written.
    #[arg(long, value_name = "N", default_value_t = yaml::Limits::default().expansion, help_heading = "Limits")]
    max_expansion: usize,
    /// The longest scalar, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = yaml::Limits::default().scalar_bytes, help_heading = "Limits")]
    max_scalar: usize,
    /// The most nodes that a layer writes.
    #[arg(long, value_name = "N", default_value_t = yaml::Limits::default().nodes, help_heading = "Limits")]
    max_nodes: usize,
    /// The longest layer, in bytes; also the most of all layers together.
    #[arg(long, value_name = "BYTES", default_value_t = yaml::Limits::default().file_bytes, help_heading = "Limits")]
    max_file: usize,
    /// The most layers.
    #[arg(long, value_name = "N", default_value_t = PolicyLimits::default().layers, help_heading = "Limits")]
    max_layers: usize,
    /// The most rules.
    #[arg(long, value_name = "N", default_value_t = PolicyLimits::default().rules, help_heading = "Limits")]
    max_rules: usize,
    /// The most findings that are shown, errors before the others.
    #[arg(long, value_name = "N", default_value_t = MOST_FINDINGS, help_heading = "Limits")]
    pub(crate) max_findings: usize,
}

/// So many findings nobody reads.
const MOST_FINDINGS: usize = 1_000;

/// The deepest nesting that can be asked for: what a stack surely holds.
const DEEPEST: usize = 1024;

fn depth(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(depth @ 1..=DEEPEST) => Ok(depth),
        _ => Err(format!("expected a whole number from 1 to {DEEPEST}")),
    }
}

impl FrontArgs {
    /// The options of a front end run, everything else at its default.
    pub(crate) fn options(&self) -> Options {
        let mut levels = self.levels.0.clone();
        match self.cap_lints {
            Some(Cap::Warn) => levels.cap(LevelSetting::Warn),
            Some(Cap::Allow) => levels.cap(LevelSetting::Allow),
            None => {}
        }
        Options { levels, limits: self.limits(), policy_limits: self.policy_limits(), ..Options::default() }
    }

    pub(crate) fn policy_limits(&self) -> PolicyLimits {
        PolicyLimits { layers: self.max_layers, rules: self.max_rules }
    }

    pub(crate) fn limits(&self) -> yaml::Limits {
        yaml::Limits {
            depth: self.max_depth,
            expansion: self.max_expansion,
            nodes: self.max_nodes,
            scalar_bytes: self.max_scalar,
            file_bytes: self.max_file,
        }
    }
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

/// The cap on lints.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Cap {
    /// Deny nothing
    Warn,
    /// Say nothing
    Allow,
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// With the lines that they are about
    Pretty,
    /// One line each
    Short,
    /// One JSON object a line; `check` prints this form and those below to standard output
    Json,
    /// One SARIF 2.1.0 document, for code scanning and editors
    Sarif,
    /// Annotations of a GitHub workflow
    Github,
}

impl Format {
    /// Whether programs read it, so that no last line for people may stand among it. (GitHub takes
    /// its commands out of a log that people read.)
    pub(crate) fn is_data(self) -> bool {
        matches!(self, Format::Json | Format::Sarif)
    }
}

/// `-A`, `-W` and `-D`, in the order in which they stand on the command line: of two that concern a
/// lint the later one wins. By hand, because a derived struct loses the order between flags.
#[derive(Clone, Debug, Default)]
struct LevelArgs(Levels);

const LEVEL_FLAGS: [(&str, char, LevelSetting, &str); 3] = [
    ("allow", 'A', LevelSetting::Allow, "Do not say this lint; `all` for every one"),
    ("warn", 'W', LevelSetting::Warn, "Say this lint, and compile"),
    ("deny", 'D', LevelSetting::Deny, "Refuse to compile on this lint; `warnings` for all that warn"),
];

impl Args for LevelArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.args(LEVEL_FLAGS.map(|(name, short, _, help)| {
            Arg::new(name)
                .short(short)
                .long(name)
                .value_name("LINT")
                .action(ArgAction::Append)
                .value_parser(lint_name)
                .help(help)
                .help_heading("Lints")
        }))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

fn lint_name(name: &str) -> Result<String, aegisc::diag::UnknownLint> {
    Levels::new().set(name, LevelSetting::Allow).map(|()| name.to_owned())
}

impl FromArgMatches for LevelArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = LevelArgs::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let mut flags = Vec::new();
        for (id, _, setting, _) in LEVEL_FLAGS {
            let names = matches.get_many::<String>(id).unwrap_or_default();
            let places = matches.indices_of(id).unwrap_or_default();
            flags.extend(places.zip(names).map(|(place, name)| (place, name, setting)));
        }
        flags.sort_by_key(|&(place, ..)| place);
        for (_, name, setting) in flags {
            self.0
                .set(name, setting)
                .map_err(|e| clap::Error::raw(clap::error::ErrorKind::ValueValidation, e))?;
        }
        Ok(())
    }
}
