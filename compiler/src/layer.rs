//! Layers -> one ordered rule list.
//!
//! Rules of later layers follow those of earlier ones, each with the name that its own file gives
//! it; the defaults are the first layer's alone; `plan_rules` of all layers are
//! joined into one.

use crate::diag::Diagnostic;
use crate::hir::{CumulativeRisk, LayerMetadata, Outcome, PlanRules, SequencePattern};
use crate::syntax::{self, Layer};
use aegis_vm::{Approval, RiskLevel};

/// The layers as one policy, rules still as written.
#[derive(Debug)]
pub(crate) struct Merged<'a> {
    /// Every rule with its reported name.
    pub(crate) rules: Vec<NamedRule<'a>>,
    pub(crate) default: Outcome,
    pub(crate) layers: Vec<LayerMetadata>,
    pub(crate) plan_rules: PlanRules,
}

/// A rule with the name that decisions report.
#[derive(Debug)]
pub(crate) struct NamedRule<'a> {
    pub(crate) name: String,
    pub(crate) rule: &'a syntax::Rule,
}

/// Joins layers, of which the first gives the defaults.
pub(crate) fn merge<'a>(layers: &'a [Layer], out: &mut Vec<Diagnostic>) -> Merged<'a> {
    let first = layers.first();
    let mut merged = Merged {
        rules: Vec::with_capacity(layers.iter().map(|layer| layer.rules.len()).sum()),
        default: first
            .map_or(outcome(&syntax::Outcome::default(), DEFAULT), |l| outcome(&l.defaults, DEFAULT)),
        layers: layers.iter().map(metadata).collect(),
        plan_rules: PlanRules::default(),
    };
    for layer in layers {
        for (index, rule) in layer.rules.iter().enumerate() {
            if u32::try_from(merged.rules.len() + 1).is_err() {
                out.push(
                    Diagnostic::error(
                        "too_many_rules",
                        rule.span,
                        "a policy holds at most 4,294,967,294 rules",
                    )
                    .label("one rule too many")
                    .help("split the policy"),
                );
                return merged;
            }
            merged.rules.push(NamedRule { name: name(rule, index), rule });
        }
        if let Some(rules) = &layer.plan_rules {
            add_plan_rules(&mut merged.plan_rules, &rules.value);
        }
    }
    merged
}

fn metadata(layer: &Layer) -> LayerMetadata {
    let text = |spanned: Option<&syntax::Spanned<String>>| spanned.map(|text| text.value.clone());
    LayerMetadata {
        version: layer.version.as_ref().map_or("1".to_owned(), |version| version.value.to_string()),
        scope: text(layer.scope.as_ref()).unwrap_or_else(|| "global".to_owned()),
        scope_id: text(layer.scope_id.as_ref()).unwrap_or_default(),
    }
}

const DEFAULT: Outcome = Outcome { approval: Approval::Block, risk_level: RiskLevel::Medium };
const SEQUENCE: Outcome = Outcome { approval: Approval::Block, risk_level: RiskLevel::Critical };

/// What an outcome says, with the rest from `absent`.
pub(crate) fn outcome(said: &syntax::Outcome, absent: Outcome) -> Outcome {
    Outcome {
        approval: said.approval.as_ref().map_or(absent.approval, |approval| approval.value),
        risk_level: said.risk_level.as_ref().map_or(absent.risk_level, |risk| risk.value),
    }
}

/// A glob as it counts: `*` where none is written.
pub(crate) fn glob(written: Option<&syntax::Spanned<String>>) -> String {
    written.map_or_else(|| "*".to_owned(), |glob| glob.value.clone())
}

/// The name that decisions report, for the rule at `index` of its file.
fn name(rule: &syntax::Rule, index: usize) -> String {
    match &rule.name {
        None => format!("rule_{index}"),
        Some(written) => match written.value.as_deref() {
            None | Some("") => {
                format!("{}@{}", glob(rule.type_glob.as_ref()), glob(rule.target_glob.as_ref()))
            }
            Some(name) => name.to_owned(),
        },
    }
}

fn add_plan_rules(merged: &mut PlanRules, rules: &syntax::PlanRules) {
    let text = |spanned: Option<&syntax::Spanned<String>>| spanned.map(|text| text.value.clone());
    merged.sequence_patterns.extend(rules.sequence_patterns.iter().map(|pattern| SequencePattern {
        name: text(pattern.name.as_ref()).unwrap_or_default(),
        steps: pattern.steps.iter().map(|step| step.value.clone()).collect(),
        window: pattern.window.as_ref().map_or(0, |window| window.value),
        outcome: outcome(&pattern.outcome, SEQUENCE),
        description: text(pattern.description.as_ref()).unwrap_or_default(),
    }));
    let Some(risk) = &rules.cumulative_risk else { return };
    let max_total_risk = risk.max_total_risk.as_ref().map_or(0, |max| max.value);
    if max_total_risk == 0 {
        return;
    }
    let limit = CumulativeRisk {
        max_total_risk,
        on_exceed: risk.on_exceed.as_ref().map_or(Approval::Block, |approval| approval.value),
        name: text(risk.name.as_ref()).unwrap_or_else(|| "cumulative_risk".to_owned()),
    };
    merged.cumulative_risk = Some(match merged.cumulative_risk.take() {
        None => limit,
        Some(earlier) => stricter(earlier, limit),
    });
}

/// The lower of two limits, with the stricter outcome of both; of equal ones the earlier.
fn stricter(earlier: CumulativeRisk, later: CumulativeRisk) -> CumulativeRisk {
    let on_exceed = earlier.on_exceed.max(later.on_exceed);
    let lower = if later.max_total_risk < earlier.max_total_risk { later } else { earlier };
    CumulativeRisk { on_exceed, ..lower }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use crate::diag::{LevelSetting, Levels};
    use crate::hir::{LayerMetadata, Policy};
    use crate::{LayerSource, Options, check};
    use aegis_vm::{Approval, RiskLevel};

    fn merged(texts: &[&str]) -> Policy {
        let mut levels = Levels::new();
        levels.cap(LevelSetting::Warn);
        let layer = |text: &&str| LayerSource { path: "x.yaml".to_owned(), bytes: text.as_bytes().to_vec() };
        let layers = texts.iter().map(layer).collect();
        check(layers, &Options { levels, ..Options::default() }).policy.unwrap()
    }

    #[test]
    fn the_first_layer_gives_the_defaults() {
        let policy = merged(&[
            "version: 2\nscope: team\nrules: [{match: {type: a}}, {name: '', match: {target: b}}]",
            "version: 1\nscope: org\nscope_id: x\ndefaults: {approval: auto}\nrules: [{}, {name: n}]",
        ]);
        let names: Vec<_> = policy.rules.iter().map(|rule| rule.name.as_str()).collect();
        assert_eq!(names, ["rule_0", "*@b", "rule_0", "n"]);
        assert_eq!(
            (policy.default.approval, policy.default.risk_level),
            (Approval::Block, RiskLevel::Medium)
        );
        let said: Vec<_> = policy.layers.iter().map(said).collect();
        assert_eq!(said, [("2", "team", ""), ("1", "org", "x")]);
        let files: Vec<_> = policy.rules.iter().map(|rule| rule.span.file.index()).collect();
        assert_eq!(files, [0, 0, 1, 1]);
    }

    #[test]
    fn an_empty_policy_has_the_plain_defaults() {
        let policy = merged(&[""]);
        assert_eq!(policy.rules.len(), 0);
        assert_eq!(policy.layers.iter().map(said).collect::<Vec<_>>(), [("1", "global", "")]);
    }

    fn said(layer: &LayerMetadata) -> (&str, &str, &str) {
        (&layer.version, &layer.scope, &layer.scope_id)
    }

    #[test]
    fn the_lower_limit_counts_with_the_stricter_outcome() {
        let limit = |text: &str| format!("plan_rules: {{cumulative_risk: {text}}}");
        let cases = [
            (
                ["{max_total_risk: 9}", "{max_total_risk: 5, on_exceed: auto, name: low}"],
                Some((5, Approval::Block, "low")),
            ),
            (
                ["{max_total_risk: 5, on_exceed: auto}", "{max_total_risk: 9, on_exceed: approve}"],
                Some((5, Approval::Approve, "cumulative_risk")),
            ),
            (
                ["{max_total_risk: 5, name: a}", "{max_total_risk: 5, name: b}"],
                Some((5, Approval::Block, "a")),
            ),
            (
                ["{max_total_risk: 0}", "{max_total_risk: 7, on_exceed: auto}"],
                Some((7, Approval::Auto, "cumulative_risk")),
            ),
            (["{name: a}", "{max_total_risk: -3}"], None),
        ];
        for (texts, expected) in cases {
            let texts = texts.map(limit);
            let policy = merged(&[&texts[0], &texts[1]]);
            let found = policy.plan_rules.cumulative_risk;
            let found = found.as_ref().map(|risk| (risk.max_total_risk, risk.on_exceed, risk.name.as_str()));
            assert_eq!(found, expected, "{texts:?}");
        }
    }

    #[test]
    fn sequence_patterns_append() {
        let policy = merged(&[
            "plan_rules: {sequence_patterns: [{name: one, steps: [a, 'b*'], window: 3}]}",
            "plan_rules: {sequence_patterns: [{steps: [c, d, e], approval: auto, risk_level: LOW, description: x}]}",
        ]);
        let [one, two] = policy.plan_rules.sequence_patterns.as_slice() else { unreachable!("two patterns") };
        assert_eq!((one.name.as_str(), one.steps.len(), one.window), ("one", 2, 3));
        assert_eq!((one.outcome.approval, one.outcome.risk_level), (Approval::Block, RiskLevel::Critical));
        assert_eq!((two.outcome.approval, two.outcome.risk_level), (Approval::Auto, RiskLevel::Low));
        assert_eq!((two.name.as_str(), two.window, two.description.as_str()), ("", 0, "x"));
    }
}
