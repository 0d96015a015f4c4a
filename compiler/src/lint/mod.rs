//! Lints over the trees of the layers: what is well formed and does not mean what it seems to.

mod allow;
mod conditions;
mod constants;
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
use crate::syntax::Layer;

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
    plan_rules(layer, out);
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
