//! `aegisc explain`: one action -> what every rule made of it, in order.

use aegis_vm::{Policy, Step, StepOutcome};
use aegisc::command::TryArgs;
use aegisc::command::action::{self, Trial};
use aegisc::command::input::{self, Loaded};
use aegisc::command::output::{Done, ERROR, FAINT, Failure, GOOD, STRONG, Shell, counted, printable};
use aegisc::command::reason::{Reasons, outcome, verdict};
use std::fmt::Write;

pub(crate) fn run(args: &TryArgs, shell: &Shell) -> Result<Done, Failure> {
    let trial = Trial::new(args)?;
    let [action] = trial.actions.as_slice() else {
        return Err(Failure::new("`explain` takes one action; `simulate` takes several"));
    };
    let Loaded::Policy(policy) = input::policy(&trial.policy, &args.front, shell)? else {
        return Ok(Loaded::REFUSED);
    };
    let debug = policy.debug();
    let trace = policy.trace(action, trial.now);
    let reasons = Reasons { debug: debug.as_ref(), action, now: trial.now };
    let mut text = String::new();
    let mut not_reached = 0;
    for step in trace.steps() {
        match step.outcome() {
            StepOutcome::NotReached => not_reached += 1,
            _ => line(&mut text, step, &reasons),
        }
    }
    // Writing to a string cannot fail, here and below.
    if not_reached > 0 {
        let _ = writeln!(text, "     {FAINT}{} not reached{FAINT:#}", counted(not_reached, "later rule"));
    }
    if trace.decision().rule_index().is_none() {
        let _ = writeln!(text, "     no rule matched: {}", default_note(&policy));
    }
    let _ = writeln!(text, "{} -> {}", printable(&action::shown(action)), verdict(&trace.decision()));
    shell.out(&text)?;
    Ok(Done::Fine)
}

/// One rule: `  3 name (file:line): what came of it`.
fn line(text: &mut String, step: &Step<'_>, reasons: &Reasons<'_>) {
    let rule = step.rule();
    let origin = rule.origin();
    let _ = write!(
        text,
        "{:>4} {STRONG}{}{STRONG:#} {FAINT}({}){FAINT:#}: ",
        rule.index(),
        printable(rule.name()),
        printable(&origin.to_string())
    );
    let _ = match step.outcome() {
        StepOutcome::Matched => {
            writeln!(text, "{GOOD}matched{GOOD:#}: {}", outcome(rule.approval(), rule.risk_level()))
        }
        StepOutcome::Error(error) => {
            writeln!(text, "{ERROR}could not be judged{ERROR:#}: {}", printable(&error.to_string()))
        }
        _ => match reasons.of(step) {
            Some(reason) => match reason.condition {
                Some((written, line)) => {
                    let at = format!("{}:{line}", printable(origin.file));
                    writeln!(text, "{} {FAINT}({written} at {at}){FAINT:#}", reason.text)
                }
                None => writeln!(text, "{}", reason.text),
            },
            None => writeln!(text, "not reached"),
        },
    };
}

fn default_note(policy: &Policy) -> String {
    let (approval, risk_level) = policy.default_outcome();
    let file = policy.manifest().layers.first().map(|layer| printable(&layer.path)).unwrap_or_default();
    format!("the defaults of {file} hold, {}", outcome(approval, risk_level))
}
