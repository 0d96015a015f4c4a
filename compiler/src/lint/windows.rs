//! Windows of time that no time is in.

use crate::diag::{Diagnostic, Lint};
use crate::syntax::{Ask, Rule};

/// Pushes a finding if the rule asks for a time that is both too late and too early.
pub(super) fn check(rule: &Rule, out: &mut Vec<Diagnostic>) {
    let after = rule.conditions.iter().find_map(|condition| match &condition.ask {
        Ask::TimeAfter(minute) => Some(minute),
        _ => None,
    });
    let before = rule.conditions.iter().find_map(|condition| match &condition.ask {
        Ask::TimeBefore(minute) => Some(minute),
        _ => None,
    });
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    match (after, before) {
        (after, Some(before)) if before.value == 0 => {
            let lint = Diagnostic::lint(
                Lint::EmptyWindow,
                before.span,
                "no time of day is before 00:00: the rule never matches",
            )
            .label("the day begins at 00:00")
            .help("leave `time_before` out: a window ends at midnight by itself");
            out.push(match after {
                Some(after) => lint.also(after.span, format!("from {} to midnight", clock(after.value))),
                None => lint,
            });
        }
        (Some(after), Some(before)) if after.value >= before.value => {
            let (from, to) = (clock(after.value), clock(before.value));
            let lint = Diagnostic::lint(
                Lint::EmptyWindow,
                after.span,
                format!("no time of day is at or after {from} and before {to}: the rule never matches"),
            )
            .label(format!("from {from} to midnight"))
            .also(before.span, format!("from midnight to {to}"))
            .note("all conditions of a rule must hold at once, and a window ends at midnight");
            out.push(if from == to {
                lint.help("leave both out if every time of day is meant, or let the window end later")
            } else {
                lint.help(format!(
                    "write two rules: one with `time_after: \"{from}\"`, one with `time_before: \"{to}\"`"
                ))
            });
        }
        _ => {}
    }
}
