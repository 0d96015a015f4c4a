//! The command line: what every subcommand accepts, with the words of its help.

use crate::filter::FilterArgs;
use aegis_runtime::audit::Hash;
use aegisc::command::args::{check_examples, simulate_examples};
use aegisc::command::{CheckArgs, Color, FrontArgs, TryArgs, front};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

/// Put an agent's actions behind a policy: decide, approve, carry out, write down.
#[derive(Debug, Parser)]
#[command(name = "aegis", version, max_term_width = 100, after_help = EXIT_CODES)]
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
Exit codes: 0 all is well; 1 an action did not succeed, the log is not what was written, the policy is at \
fault; 2 it could not run (usage, files, bad action lines); 130 it was interrupted.

Colour follows the terminal, NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE; --color wins over them. How layers are \
read is set as for `aegisc`: by flags, then variables AEGISC_…, then `aegisc.toml`.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run actions, one JSON object a line in, one result a line out.
    #[command(after_help = RUN_EXAMPLES)]
    Run(Box<RunArgs>),
    /// Show what the log has of actions, or verify the log.
    #[command(after_help = AUDIT_EXAMPLES)]
    Audit(AuditArgs),
    /// Count how often each rule decided, and what came of it.
    #[command(after_help = STATS_EXAMPLES)]
    Stats(StatsArgs),
    /// Say all that is found wrong with layers; as `aegisc check`.
    #[command(visible_alias = "check", after_help = check_examples("aegis validate"))]
    Validate(CheckArgs),
    /// Try actions out, for a person to read; as `aegisc simulate`.
    #[command(after_help = simulate_examples("aegis simulate"), override_usage = "aegis simulate [OPTIONS] <POLICY>... <TYPE[:TARGET]>...")]
    Simulate(TryArgs),
    /// Print a completion script for a shell.
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
}

impl Command {
    /// The flags on layers, of a command that has them.
    pub(crate) fn front_mut(&mut self) -> Option<&mut FrontArgs> {
        match self {
            Command::Run(args) => Some(&mut args.front),
            Command::Validate(args) => Some(&mut args.front),
            Command::Simulate(args) => Some(&mut args.front),
            Command::Audit(_) | Command::Stats(_) | Command::Completions(_) => None,
        }
    }
}

const RUN_EXAMPLES: &str = "\
Examples:
  aegis run policy.aegisb --actions actions.jsonl --dry-run
  aegis run base.yaml team.yaml --actions actions.jsonl --exec './act \"$AEGIS_ACTION_TARGET\"'
  agent | aegis run policy.aegisb --watch --actions - --http https://actions.example.com/run
  aegis run policy.aegisb --actions actions.jsonl --exec ./act --approve https://approvals.example.com/ask
  aegis run policy.aegisb --actions actions.jsonl --exec ./act --parallel 8 --retries 2 --timeout 60

An action line holds `type` and `target`, and perhaps `agent_id`, `params`, `description`, `parent_agent_id`, \
`chain_id` and `chain_depth`; other keys are ignored, `now` too: an action runs now. A line that is no action \
is blocked; the run goes on, and the exit code is 2. Blank lines are skipped.

--exec runs its command with `sh -c` for each action that may run, with the action as JSON on its standard \
input and AEGIS_ACTION_TYPE, AEGIS_ACTION_TARGET and AEGIS_AGENT_ID; exit code 0 is success. --http posts the \
action as JSON; a status from 200 to 299 is success. Nothing runs before its intent is in the log.

A webhook's secret is the value of AEGIS_WEBHOOK_SECRET. A second interrupt ends at once.";

const AUDIT_EXAMPLES: &str = "\
Examples:
  aegis audit --last 20
  aegis audit --result blocked --since 2h
  aegis audit --session nightly --format jsonl -o nightly.jsonl
  aegis audit --tail --risk critical
  aegis audit head > head.txt
  aegis audit verify --anchor \"$(cat head.txt)\"";

const HEAD_EXAMPLES: &str = "\
Examples:
  aegis audit head
  aegis audit head --log aegis_audit.db > /safe/place/head.txt

Whoever can write the log can write a whole new one. Keep heads where they cannot write.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  aegis audit verify
  aegis audit verify --anchor \"$(cat /safe/place/head.txt)\"
  aegis audit verify --json | jq .good

Exit codes: 0 the log is what was written; 1 it is not, or the anchor is not in it; 2 it cannot be read.";

const STATS_EXAMPLES: &str = "\
Examples:
  aegis stats
  aegis stats --since 7d --type deploy
  aegis stats --json | jq '.[] | select(.denied > 0)'";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  aegis completions bash > ~/.local/share/bash-completion/completions/aegis
  aegis completions zsh > ~/.zfunc/_aegis";

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// An artifact, or layers in order.
    #[arg(required = true, value_name = "POLICY")]
    pub(crate) policy: Vec<PathBuf>,
    /// The actions, one JSON object a line; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) actions: PathBuf,
    #[command(flatten)]
    pub(crate) how: HowArgs,
    /// The most bytes that are kept of what an action gives back; of more it has the beginning.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20)]
    pub(crate) max_output: usize,
    /// The log that actions are written into, begun if it is not there.
    #[arg(long, value_name = "FILE", env = "AEGIS_LOG", default_value = DEFAULT_LOG)]
    pub(crate) log: PathBuf,
    /// The session that the log has them under [default: a random one].
    #[arg(long, value_name = "ID", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) session: Option<String>,
    /// The agent of actions that name none.
    #[arg(long, value_name = "AGENT", default_value = "", hide_default_value = true)]
    pub(crate) agent: String,
    /// Who is asked: `terminal`, a webhook's URL, or `deny` for nobody [default: terminal if there is one, else deny].
    #[arg(long, value_name = "WHO", value_parser = approver)]
    pub(crate) approve: Option<Approver>,
    /// How long an answer may take; then it is a no.
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = seconds)]
    pub(crate) approval_timeout: Duration,
    /// How long one try may take; then it is given up, and the action failed.
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds)]
    pub(crate) timeout: Duration,
    /// How often an action that failed is tried again, after 1 s, 2 s, 4 s and so on.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) retries: u32,
    /// How many actions run at a time, at most 1024; results keep the order of the lines.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) parallel: NonZero<usize>,
    /// Once an action fails or is denied, skip what has not begun; one that is blocked stops only itself.
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Keep params and results with this word in their name out of the log and of questions, as those with
    /// `password`, `secret`, `token` and the like; may be given again.
    #[arg(long, value_name = "WORD")]
    pub(crate) redact: Vec<String>,
    /// Put the policy's artifact in service anew when it changes.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Say more on standard error, such as why each action was not run.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// The longest action line, in bytes; a longer one is no action [default: 4194304].
    #[arg(long, value_name = "BYTES", value_parser = front::count, help_heading = "Limits")]
    pub(crate) max_line: Option<usize>,
    #[command(flatten)]
    pub(crate) front: FrontArgs,
}

/// What carries actions out.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct HowArgs {
    /// Carry actions out by a command, in the words of `sh`.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) exec: Option<String>,
    /// Carry actions out by a web service.
    #[arg(long, value_name = "URL")]
    pub(crate) http: Option<String>,
    /// Only decide: ask nobody, run and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// The log that is read and written if none is named.
const DEFAULT_LOG: &str = "aegis_audit.db";

/// Who is asked.
#[derive(Clone, Debug)]
pub(crate) enum Approver {
    Terminal,
    Deny,
    Webhook(String),
}

fn approver(text: &str) -> Result<Approver, String> {
    match text {
        "terminal" => Ok(Approver::Terminal),
        "deny" => Ok(Approver::Deny),
        url if url.contains("://") => Ok(Approver::Webhook(url.to_owned())),
        _ => {
            Err("expected `terminal`, `deny`, or a URL such as `https://approvals.example.com/ask`"
                .to_owned())
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    const MOST: f64 = 604_800.0;
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds <= MOST => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("expected seconds above 0, at most {MOST}")),
    }
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    pub(crate) command: Option<AuditCommand>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Print the end of the log's chain, to be kept elsewhere.
    #[command(after_help = HEAD_EXAMPLES)]
    Head(HeadArgs),
    /// Read the whole log, and say whether it is what was written.
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// The log.
    #[arg(long, value_name = "FILE", env = "AEGIS_LOG", default_value = DEFAULT_LOG)]
    pub(crate) log: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    /// In which form.
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub(crate) format: Form,
    /// Go on with what comes, until interrupted; with --last, what there is comes first.
    #[arg(long)]
    pub(crate) tail: bool,
    /// Write a file, whole or not at all, instead of printing.
    #[arg(short, long, value_name = "FILE", conflicts_with = "tail")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

/// How actions are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people; what is long is cut, and columns are left out of a narrow terminal
    Table,
    /// One array
    Json,
    /// One object a line
    Jsonl,
}

#[derive(Debug, Args)]
pub(crate) struct HeadArgs {
    #[command(flatten)]
    pub(crate) log: LogArgs,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    /// A head that was kept elsewhere: what `aegis audit head` printed, or its hash.
    #[arg(long, value_name = "HASH", value_parser = anchor)]
    pub(crate) anchor: Option<Hash>,
    /// Print what was found as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The hash at the beginning of what `aegis audit head` prints.
fn anchor(text: &str) -> Result<Hash, aegis_runtime::audit::HashError> {
    text.split_ascii_whitespace().next().unwrap_or_default().parse()
}

#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    /// Print the counts as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw bars of `#` [default: of blocks, where the locale is one of UTF-8].
    #[arg(long)]
    pub(crate) ascii: bool,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
