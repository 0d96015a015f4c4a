//! `aegis run`: action lines -> a runtime -> result lines, in order.
//!
//! ```text
//! lines ─▶ window: those that run, and those that wait for one before them ─▶ results
//! ```
//!
//! The window is bounded, and so is what is read ahead: memory does not grow with the lines.

mod dry;
mod lines;
mod logs;
mod results;
mod signals;
mod window;

use crate::args::{Approver, RunArgs};
use aegis_runtime::approval::{Answer, DenyAll, TerminalApproval, WebhookApproval, callback};
use aegis_runtime::audit::{Redaction, SqliteLog};
use aegis_runtime::executor::{HttpExecutor, ShellExecutor};
use aegis_runtime::policy::{PolicyHandle, PolicyWatcher, ReloadEvent, WatchOptions};
use aegis_runtime::{Retry, Runtime, RuntimeBuilder};
use aegisc::command::input::{self, Loaded, has_extension, is_standard_input};
use aegisc::command::{Color, Failure, Shell};
use results::Results;
use std::fmt::Display;
use std::process::ExitCode;

/// As many actions run at a time at most.
const MOST_PARALLEL: usize = 1024;

pub(crate) fn run(args: &RunArgs, shell: &Shell) -> Result<ExitCode, Failure> {
    logs::begin(args.verbose);
    let name = if is_standard_input(&args.actions) {
        "standard input".to_owned()
    } else {
        format!("`{}`", args.actions.display())
    };
    let cannot = |error| Failure::new(format!("cannot read {name}: {error}"));
    let from = input::actions(&args.actions).map_err(cannot)?;
    let longest = args.front.longest_line(args.max_line);
    let Some((policy, watcher)) = policy(args, shell)? else { return Ok(shell.end(Ok(Loaded::REFUSED))) };
    if args.how.dry_run {
        return dry::run(args, policy, from, longest, shell).map_err(|error| error.of(&name));
    }
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let tokio = tokio.map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
    // What carries out and asks may want to be made within a runtime.
    let entered = tokio.enter();
    let runtime = built(args, policy)?;
    drop(entered);
    let lines = lines::read(from, longest).map_err(cannot)?;
    let mut results = Results::default();
    let parallel = args.parallel.get().min(MOST_PARALLEL);
    let window = window::Window::new(runtime.clone(), parallel, args.fail_fast);
    let ended = tokio.block_on(window.run(lines, &mut results));
    let session = runtime.session_id().to_owned();
    drop(watcher);
    // The last handle on the log: what waits is written here.
    drop(runtime);
    // Nobody waits for a request that was given up.
    tokio.shutdown_background();
    results.report(&session, &args.log, shell);
    ended.map_err(|error| error.of(&name))?.map_or_else(|| Ok(results.code()), Ok)
}

/// The policy, and what watches its file; nothing if its layers are at fault, which was said.
fn policy(args: &RunArgs, shell: &Shell) -> Result<Option<(PolicyHandle, Option<PolicyWatcher>)>, Failure> {
    if !args.watch {
        let Loaded::Policy(policy) = input::policy(&args.policy, &args.front, shell)? else {
            return Ok(None);
        };
        return Ok(Some((PolicyHandle::new(*policy), None)));
    }
    let [artifact] = args.policy.as_slice() else {
        return Err(Failure::new(
            "`--watch` takes one artifact: build the layers first, `aegisc build … -o policy.aegisb`",
        ));
    };
    if !has_extension(artifact, &["aegisb"]) {
        return Err(Failure::new(format!(
            "`--watch` cannot watch `{}`, which is no artifact: build it first, `aegisc build {0} -o policy.aegisb`",
            artifact.display()
        )));
    }
    let failed = |error: &dyn Display| Failure::new(error.to_string());
    let handle = PolicyHandle::from_file(artifact).map_err(|error| failed(&error))?;
    // The callback's thread has a shell of its own; colour was decided for the process.
    let said = Shell::new(Color::Auto);
    let options = WatchOptions::default().on_event(move |event| match event {
        ReloadEvent::Swapped(next) => said.done(
            "replaced",
            &format!(
                "the policy: generation {}, revision {}, digest {}",
                next.number(),
                next.revision(),
                next.digest_hex()
            ),
        ),
        ReloadEvent::Refused(error) => said.error(&error.to_string()),
        ReloadEvent::PollingOnly(why) => {
            said.error(&format!(
                "the system does not tell of changes of the policy, which is looked at instead: {why}"
            ));
        }
        _ => {}
    });
    let watcher = handle.watch(options).map_err(|error| failed(&error))?;
    Ok(Some((handle, Some(watcher))))
}

/// The runtime that the arguments ask for.
fn built(args: &RunArgs, policy: PolicyHandle) -> Result<Runtime, Failure> {
    let failed = |error: &dyn Display| Failure::new(error.to_string());
    let mut redaction = Redaction::default();
    for word in &args.redact {
        redaction = redaction.word(word);
    }
    let mut builder = Runtime::builder()
        .policy(policy)
        .agent_id(&*args.agent)
        .retry(Retry::times(args.retries))
        .redact(redaction)
        .execution_timeout(args.timeout)
        .approval_timeout(args.approval_timeout);
    if let Some(session) = &args.session {
        builder = builder.session(&**session);
    }
    builder = approved(args, builder)?;
    builder = match (&args.how.exec, &args.how.http) {
        (Some(command), _) => builder.executor(ShellExecutor::new(command).max_output(args.max_output)),
        (None, Some(url)) => {
            let executor =
                HttpExecutor::new(url).map_err(|error| Failure::new(format!("`--http`: {error}")))?;
            builder.executor(executor.timeout(args.timeout).max_output(args.max_output))
        }
        (None, None) => builder,
    };
    // Last, so that no log is begun for a run that cannot be.
    builder = builder.audit(SqliteLog::open(&args.log).map_err(|error| failed(&error))?);
    builder.build().map_err(|error| failed(&error))
}

/// Who is asked.
fn approved(args: &RunArgs, builder: RuntimeBuilder) -> Result<RuntimeBuilder, Failure> {
    let terminal = there_is_a_terminal();
    Ok(match &args.approve {
        Some(Approver::Deny) => builder.approval(DenyAll),
        Some(Approver::Webhook(url)) => {
            const SECRET: &str = "AEGIS_WEBHOOK_SECRET";
            let secret = std::env::var_os(SECRET).unwrap_or_default();
            if secret.is_empty() {
                return Err(Failure::new(format!(
                    "`--approve {url}` needs the secret that it shares with the web service: set {SECRET}"
                )));
            }
            let webhook = WebhookApproval::new(url, secret.as_encoded_bytes());
            let webhook = webhook.map_err(|error| Failure::new(format!("`--approve`: {error}")))?;
            builder.approval(webhook.timeout(args.approval_timeout))
        }
        Some(Approver::Terminal) if !terminal => {
            return Err(Failure::new(
                "`--approve terminal`: there is no terminal to ask on; start it from one, or ask by `--approve URL`",
            ));
        }
        Some(Approver::Terminal) => builder.approval(TerminalApproval::new()),
        None if terminal => builder.approval(TerminalApproval::new()),
        None => builder.approval(callback(|_| async {
            Ok(Answer::denied("nobody", "there is no terminal to ask on; `--approve URL` asks elsewhere"))
        })),
    })
}

/// Whether the process was started from a terminal.
fn there_is_a_terminal() -> bool {
    cfg!(unix) && std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty").is_ok()
}
