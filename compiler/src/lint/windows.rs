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
    let (Some(after), Some(before)) = (after, before) else { return };
    if after.value < before.value {
        return;
    }
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let (from, to) = (clock(after.value), clock(before.value));
    out.push(
        Diagnostic::lint(
            Lint::EmptyWindow,
            after.span,
            format!("no time of day is at or after {from} and before {to}: the rule never matches"),
        )
        .label(format!("from {from} to midnight"))
        .also(before.span, format!("from midnight to {to}"))
        .note("all conditions of a rule must hold at once, and a window ends at midnight")
        .help(format!(
            "write two rules: one with `time_after: \"{from}\"`, one with `time_before: \"{to}\"`"
        )),
    );
}
