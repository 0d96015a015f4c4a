//! Lints over the tree of a layer: what is well formed and does not mean what it seems to.

mod conditions;
mod constants;

use crate::diag::{Diagnostic, Lint};
use crate::syntax::Layer;

/// Pushes the findings of one layer.
pub(crate) fn layer(layer: &Layer, out: &mut Vec<Diagnostic>) {
    for rule in &layer.rules {
        for condition in &rule.conditions {
            conditions::check(condition, out);
            constants::check(condition, out);
        }
    }
    plan_rules(layer, out);
}

fn plan_rules(layer: &Layer, out: &mut Vec<Diagnostic>) {
    let Some(rules) = &layer.plan_rules else { return };
    if rules.value.sequence_patterns.is_empty() && rules.value.cumulative_risk.is_none() {
        return;
    }
    out.push(
        Diagnostic::lint(
            Lint::PlanRulesNotEnforced,
            rules.span,
            "`plan_rules` are carried in the artifact, but nothing enforces them yet",
        )
        .label("no decision depends on these rules")
        .help("forbid the single actions by rules, or allow this lint if another part enforces the plan"),
    );
}
