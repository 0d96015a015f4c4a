//! `aegis run --dry-run`: what would become of actions.

use super::lines::{self, Stopped};
use super::results::{BadLines, write};
use crate::args::RunArgs;
use aegis_runtime::audit::MemoryLog;
use aegis_runtime::executor::{ExecuteError, from_fn};
use aegis_runtime::policy::PolicyHandle;
use aegis_runtime::{Approval, Runtime, Task, Verdict};
use aegisc::command::Shell;
use aegisc::command::output::grouped;
use serde_json::{Value, json};
use std::io::{self, Read};
use std::process::ExitCode;

pub(super) fn run(
    args: &RunArgs,
    policy: PolicyHandle,
    from: Box<dyn Read + Send>,
    longest: usize,
    shell: &Shell,
) -> Result<ExitCode, Stopped> {
    let nothing = from_fn(|_| async { Err(ExecuteError::permanent("a dry run runs nothing")) });
    let runtime = Runtime::builder().policy(policy).agent_id(&*args.agent).executor(nothing);
    let runtime = runtime.audit(MemoryLog::new()).build();
    let runtime = runtime.map_err(|error| Stopped::Reading(io::Error::other(error)))?;
    let (mut auto, mut approve, mut block) = (0_usize, 0_usize, 0_usize);
    let mut bad = BadLines::default();
    let mut failed = None;
    let read = lines::each(from, longest, |line| {
        let written = match line.task {
            Ok(task) => runtime.dry_run([task]).into_iter().try_for_each(|(task, verdict)| {
                let count = match verdict.approval() {
                    Approval::Auto => &mut auto,
                    Approval::Approve => &mut approve,
                    Approval::Block => &mut block,
                };
                *count = count.saturating_add(1);
                write(line.number, decided(&task, &verdict))
            }),
            Err(why) => {
                block = block.saturating_add(1);
                bad.add(line.number, &why);
                write(line.number, no_action(&why))
            }
        };
        failed = written.err();
        failed.is_none()
    });
    if let Some(error) = failed {
        return Err(Stopped::Writing(error));
    }
    read.map_err(Stopped::Reading)?;
    let parts = [(auto, "would run"), (approve, "would be asked about"), (block, "would be blocked")];
    let parts: Vec<_> = parts.iter().map(|(count, what)| format!("{} {what}", grouped(*count))).collect();
    shell.done("decided", &format!("{}; nothing was run", parts.join(", ")));
    bad.report(shell);
    Ok(match (bad.any(), block) {
        (true, _) => ExitCode::from(2),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::from(1),
    })
}

fn decided(task: &Task, verdict: &Verdict) -> Value {
    json!({
        "type": task.action().kind(),
        "target": task.action().target(),
        "approval": verdict.approval().as_str(),
        "risk_level": verdict.risk_level().as_str(),
        "matched_rule": verdict.rule_name(),
        "origin": verdict.origin().map(|origin| origin.to_string()),
        "error": verdict.error(),
        "policy_digest": verdict.policy().digest_hex(),
    })
}

fn no_action(why: &str) -> Value {
    json!({
        "type": null,
        "target": null,
        "approval": "block",
        "risk_level": "critical",
        "matched_rule": "<error>",
        "origin": null,
        "error": format!("not an action: {why}"),
        "policy_digest": null,
    })
}
