//! Lints over the trees of the layers: what is well formed and does not mean what it seems to.

mod allow;
mod conditions;
mod constants;
mod contains;
mod draft;
mod escapes;
mod globs;
mod layers;
mod names;
mod patterns;
mod windows;

pub(crate) use allow::Allows;

use crate::diag::{Diagnostic, Lint};
use crate::hir::Policy;
use crate::layer::Merged;
use crate::pyre::{Automata, TooLarge};
use crate::source::SourceMap;
use crate::syntax::{Layer, Rule};

/// Pushes the findings of one layer.
pub(crate) fn layer(layer: &Layer, sources: &SourceMap, out: &mut Vec<Diagnostic>) {
    for rule in &layer.rules {
        for condition in &rule.conditions {
            conditions::check(condition, sources, out);
            constants::check(condition, sources, out);
        }
        globs::check(rule, sources, out);
        windows::check(rule, out);
    }
    plan_rules(layer, sources, out);
}

/// Pushes the findings that take more than one layer.
pub(crate) fn layers(layers: &[Layer], out: &mut Vec<Diagnostic>) {
    layers::check(layers, out);
}

/// Pushes the findings on the merged list of rules.
pub(crate) fn merged(merged: &Merged<'_>, sources: &SourceMap, out: &mut Vec<Diagnostic>) {
    names::check(merged, sources, out);
}

/// Pushes the findings on patterns. Of one without an automaton it is not known whether it is found in every text.
pub(crate) fn patterns(
    layers: &[Layer],
    policy: &Policy,
    automata: &Result<Automata, TooLarge>,
    sources: &SourceMap,
    out: &mut Vec<Diagnostic>,
) {
    patterns::check(layers, policy, automata, sources, out);
}

/// Pushes the findings that are shown by deciding actions. No file has an error.
pub(crate) fn decisions(layers: &[Layer], policy: &Policy, sources: &SourceMap, out: &mut Vec<Diagnostic>) {
    let written: Vec<&Rule> = layers.iter().flat_map(|layer| &layer.rules).collect();
    let defaults = layers.first().and_then(|first| first.defaults.approval.as_ref());
    escapes::check(&written, policy, defaults.map(|approval| approval.span), sources, out);
    contains::check(&written, policy, out);
}

fn plan_rules(layer: &Layer, sources: &SourceMap, out: &mut Vec<Diagnostic>) {
    let Some(rules) = &layer.plan_rules else { return };
    for pattern in &rules.value.sequence_patterns {
        globs::check_steps(pattern, sources, out);
    }
    let limit = rules.value.cumulative_risk.as_ref().and_then(|risk| risk.max_total_risk.as_ref());
    if rules.value.sequence_patterns.is_empty() && limit.is_none_or(|limit| limit.value == 0) {
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
