//! `simulate`: actions -> what is decided, and which rule nearly decided otherwise.

use super::action::{self, Trial};
use super::args::TryArgs;
use super::input::{self, Loaded};
use super::output::{Done, ERROR, FAINT, Failure, Shell, printable};
use super::reason::{Reasons, verdict};
use aegis_vm::{Step, StepOutcome, Trace};
use std::fmt::Write;

/// The most near misses that are shown under an answer.
const NEAR_MISSES: usize = 5;

/// Decides the actions and shows the answers.
///
/// # Errors
///
/// The arguments make no sense, the policy cannot be loaded, or standard output cannot be written.
pub fn run(args: &TryArgs, shell: &Shell) -> Result<Done, Failure> {
    let trial = Trial::new(args)?;
    let Loaded::Policy(policy) = input::policy(&trial.policy, &args.front, shell)? else {
        return Ok(Loaded::REFUSED);
    };
    let debug = policy.debug();
    for action in &trial.actions {
        let trace = policy.trace(action, trial.now);
        let reasons = Reasons { debug: debug.as_ref(), action, now: trial.now };
        let mut text = format!("{} -> {}\n", printable(&action::shown(action)), verdict(&trace.decision()));
        if let Some(error) = trace.decision().error() {
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(text, "  {ERROR}error{ERROR:#}: {}", printable(&error.to_string()));
        }
        near_misses(&mut text, &trace, &reasons);
        shell.out(&text)?;
    }
    Ok(Done::Fine)
}

/// The rules before the deciding one whose globs matched and of which a condition did not hold: what
/// the author of one of them may not expect.
fn near_misses(text: &mut String, trace: &Trace<'_>, reasons: &Reasons<'_>) {
    let near = |step: &&Step<'_>| matches!(step.outcome(), StepOutcome::Condition { .. });
    let mut steps = trace.steps().iter().filter(near);
    for step in steps.by_ref().take(NEAR_MISSES) {
        let Some(reason) = reasons.of(step) else { continue };
        let name = printable(step.rule().name());
        let condition = match reason.condition {
            Some((written, _)) => format!(" {FAINT}({written}){FAINT:#}"),
            None => String::new(),
        };
        let _ = writeln!(text, "  `{name}` did not match: {}{condition}", reason.text);
    }
    let more = steps.count();
    if more > 0 {
        let _ = writeln!(text, "  and {more} more; `aegisc explain` shows every rule");
    }
}
