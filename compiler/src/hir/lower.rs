//! Layers -> [`Policy`]: defaults resolved, conditions as tests, each distinct pattern once.

use super::pattern::Patterns;
use super::{Condition, Outcome, Policy, Rule, Test, semantic};
use crate::diag::Diagnostic;
use crate::layer::{self, Merged, NamedRule};
use crate::source::SourceMap;
use crate::syntax::{self, Ask};
use aegis_vm::{Approval, RiskLevel};

/// The most conditions of a rule, counting each param of a condition as one.
const MAX_CONDITIONS: usize = 65_535;

/// What a rule decides that does not say it.
pub(crate) const RULE: Outcome = Outcome { approval: Approval::Approve, risk_level: RiskLevel::Medium };

/// Lowers merged layers. What is wrong with a pattern is pushed to `out`.
pub(crate) fn lower(merged: Merged<'_>, sources: &SourceMap, out: &mut Vec<Diagnostic>) -> Policy {
    let mut patterns = Patterns::new(sources);
    let rules = merged.rules.into_iter().map(|named| rule(named, &mut patterns, out)).collect();
    Policy {
        rules,
        default: merged.default,
        layers: merged.layers,
        patterns: patterns.into_distinct(),
        plan_rules: merged.plan_rules,
    }
}

fn rule(
    NamedRule { name, rule }: NamedRule<'_>,
    patterns: &mut Patterns<'_>,
    out: &mut Vec<Diagnostic>,
) -> Rule {
    let mut conditions = Vec::with_capacity(rule.conditions.len());
    let mut last = None;
    for written in &rule.conditions {
        let condition = Condition {
            key: written.key.value.clone(),
            span: written.key.span,
            tests: tests(&written.ask, patterns, out),
        };
        // `semantic` comes after all others, except that a null one fails where it stands.
        match &written.ask {
            Ask::Semantic(text) if text.value.is_some() => last = Some(condition),
            _ => conditions.push(condition),
        }
    }
    conditions.extend(last);
    // A condition without tests takes a place of its own.
    let count: usize = conditions.iter().map(|condition| condition.tests.len().max(1)).sum();
    if count > MAX_CONDITIONS {
        out.push(
            Diagnostic::error(
                "too_many_conditions",
                rule.span,
                format!("this rule has {count} conditions, and at most {MAX_CONDITIONS} can be compiled"),
            )
            .label("each param of a condition counts as one")
            .help("split the rule"),
        );
    }
    Rule {
        name,
        type_glob: layer::glob(rule.type_glob.as_ref()),
        target_glob: layer::glob(rule.target_glob.as_ref()),
        agent_glob: layer::glob(rule.agent_glob.as_ref()),
        conditions,
        outcome: layer::outcome(&rule.outcome, RULE),
        span: rule.span,
    }
}

fn tests(ask: &Ask, patterns: &mut Patterns<'_>, out: &mut Vec<Diagnostic>) -> Vec<Test> {
    match ask {
        Ask::TimeAfter(minute) => vec![Test::TimeAfter(minute.value)],
        Ask::TimeBefore(minute) => vec![Test::TimeBefore(minute.value)],
        Ask::Weekdays(days) => vec![Test::Weekdays(days.value)],
        Ask::Compare(op, params) => {
            let test = |param: &syntax::Param<syntax::Spanned<super::Const>>| match &param.name.value {
                Some(name) => Test::Param { param: name.clone(), op: *op, value: param.value.value.clone() },
                None => Test::Never,
            };
            params.value.iter().map(test).collect()
        }
        Ask::Matches(params) => {
            let test = |param: &syntax::Param<syntax::Pattern>| match (
                patterns.index(&param.value, out),
                &param.name.value,
            ) {
                (Some(pattern), Some(name)) => Test::Matches { param: name.clone(), pattern },
                _ => Test::Never,
            };
            params.value.iter().map(test).collect()
        }
        Ask::Semantic(text) => match text.value.as_deref().map(semantic::keywords) {
            Some(words) if !words.is_empty() => vec![Test::Semantic(words)],
            _ => vec![Test::Never],
        },
        Ask::Unknown => vec![Test::Never],
    }
}
