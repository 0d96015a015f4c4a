//! `plan_rules`: rules over sequences of actions.

use super::keys::{Belongs, Keys, OUTCOME_NAMES};
use super::reader::{Field, Reader};
use super::scalar::DIGITS;
use super::{CumulativeRisk, Outcome, PlanRules, SequencePattern, Spanned};
use crate::source::Span;
use crate::yaml::Use;
use num_bigint::Sign;

const PLAN_RULES: Keys =
    Keys { owner: "`plan_rules`", known: &["sequence_patterns", "cumulative_risk"], elsewhere: &[] };

const SEQUENCE: Keys = Keys {
    owner: "a sequence pattern",
    known: &["name", "steps", "window", "approval", "risk_level", "description"],
    elsewhere: &[OUTCOME_NAMES],
};

const CUMULATIVE: Keys = Keys {
    owner: "`cumulative_risk`",
    known: &["max_total_risk", "on_exceed", "name"],
    elsewhere: &[&[("approval", Belongs::Named("on_exceed"))]],
};

impl Reader<'_> {
    pub(super) fn plan_rules(&mut self, key: Use, at: Use) -> Option<Spanned<PlanRules>> {
        let fields = self.mapping(
            at,
            "`plan_rules`",
            "write `sequence_patterns` or `cumulative_risk` under it, or remove it",
        )?;
        let mut rules = PlanRules::default();
        for (name, Field { value, .. }) in self.known_fields(&fields, &PLAN_RULES) {
            match name {
                "sequence_patterns" => {
                    let items = self.list(value, "`sequence_patterns`").unwrap_or_default();
                    rules.sequence_patterns = items.iter().filter_map(|&item| self.sequence(item)).collect();
                }
                _ => rules.cumulative_risk = self.cumulative(value),
            }
        }
        Some(Spanned::new(rules, key.span))
    }

    fn sequence(&mut self, at: Use) -> Option<SequencePattern> {
        let fields = self.mapping(at, "a sequence pattern", "a sequence pattern has a `name` and `steps`")?;
        let mut pattern = SequencePattern {
            span: at.span,
            name: None,
            steps: Vec::new(),
            window: None,
            outcome: Outcome::default(),
            description: None,
        };
        let mut steps = None;
        for (name, Field { value, .. }) in self.known_fields(&fields, &SEQUENCE) {
            match name {
                "name" => pattern.name = self.text(value, "`name`", "bad_name"),
                "steps" => steps = Some(value),
                "window" => pattern.window = self.count(value, "`window`", "bad_window"),
                "approval" => pattern.outcome.approval = self.approval(value, "`approval`"),
                "risk_level" => pattern.outcome.risk_level = self.risk_level(value, "`risk_level`"),
                _ => pattern.description = self.text(value, "`description`", "wrong_kind"),
            }
        }
        match steps {
            Some(steps) => pattern.steps = self.steps(steps),
            None => self.too_few_steps(at.span, "has no `steps`"),
        }
        Some(pattern)
    }

    fn steps(&mut self, at: Use) -> Vec<Spanned<String>> {
        let Some(items) = self.list(at, "`steps`") else { return Vec::new() };
        if items.len() < 2 {
            self.too_few_steps(at.span, if items.is_empty() { "has no steps" } else { "has a single step" });
        }
        items
            .iter()
            .filter_map(|&step| {
                self.glob(step, "a step", "write a glob over action types; `*` matches every type")
            })
            .collect()
    }

    fn too_few_steps(&mut self, at: Span, what: &str) {
        let error = crate::diag::Diagnostic::error("bad_steps", at, format!("a sequence pattern {what}"));
        self.report(
            error
                .label("two or more steps make a sequence")
                .help("list two or more globs over action types, such as `steps: [read_*, send_*]`"),
        );
    }

    fn cumulative(&mut self, at: Use) -> Option<CumulativeRisk> {
        let fields =
            self.mapping(at, "`cumulative_risk`", "write `max_total_risk` under it, or remove it")?;
        let mut risk = CumulativeRisk { span: at.span, max_total_risk: None, on_exceed: None, name: None };
        for (name, Field { value, .. }) in self.known_fields(&fields, &CUMULATIVE) {
            match name {
                "max_total_risk" => {
                    // 0 and less are no limit.
                    let max = self.whole(value, "`max_total_risk`", "bad_limit", DIGITS);
                    risk.max_total_risk = max.map(|max| {
                        let positive = max.value.sign() == Sign::Plus;
                        let limit = u64::try_from(&max.value).unwrap_or(u64::MAX);
                        Spanned::new(if positive { limit } else { 0 }, max.span)
                    });
                }
                "on_exceed" => risk.on_exceed = self.approval(value, "`on_exceed`"),
                _ => risk.name = self.text(value, "`name`", "bad_name"),
            }
        }
        Some(risk)
    }
}
