//! The top level, `defaults` and the rules.

use super::keys::{Belongs, Keys, OUTCOME_NAMES};
use super::reader::{Field, Reader};
use super::{Layer, Outcome, Rule, Spanned, conditions};
use crate::diag::{Diagnostic, Lint};
use crate::shown::shown;
use crate::yaml::{NodeKind, Use};
use num_bigint::BigInt;

const TOP: Keys = Keys {
    owner: "a policy",
    known: &["version", "defaults", "rules", "scope", "scope_id", "plan_rules"],
    elsewhere: &[&[("risk_level", Belongs::At("in `defaults`")), ("approval", Belongs::At("in `defaults`"))]],
};

const DEFAULTS: Keys =
    Keys { owner: "`defaults`", known: &["risk_level", "approval"], elsewhere: &[OUTCOME_NAMES] };

const RULE: Keys = Keys {
    owner: "a rule",
    known: &["name", "match", "conditions", "risk_level", "approval"],
    elsewhere: &[
        OUTCOME_NAMES,
        &[
            ("when", Belongs::Named("conditions")),
            ("if", Belongs::Named("conditions")),
            ("type", Belongs::At("in `match`")),
            ("target", Belongs::At("in `match`")),
            ("agent", Belongs::At("in `match`")),
            ("time_after", Belongs::At(conditions::PLACE)),
            ("time_before", Belongs::At(conditions::PLACE)),
            ("weekdays", Belongs::At(conditions::PLACE)),
            ("param_eq", Belongs::At(conditions::PLACE)),
            ("param_gt", Belongs::At(conditions::PLACE)),
            ("param_gte", Belongs::At(conditions::PLACE)),
            ("param_lt", Belongs::At(conditions::PLACE)),
            ("param_lte", Belongs::At(conditions::PLACE)),
            ("param_contains", Belongs::At(conditions::PLACE)),
            ("param_matches", Belongs::At(conditions::PLACE)),
            ("semantic", Belongs::At(conditions::PLACE)),
        ],
    ],
};

const MATCH: Keys = Keys {
    owner: "`match`",
    known: &["type", "target", "agent"],
    elsewhere: &[&[
        ("action", Belongs::Named("type")),
        ("agent_id", Belongs::Named("agent")),
        ("name", Belongs::At("beside `match`")),
        ("conditions", Belongs::At("beside `match`")),
        ("risk_level", Belongs::At("beside `match`")),
        ("approval", Belongs::At("beside `match`")),
    ]],
};

impl Reader<'_> {
    pub(super) fn layer(mut self) -> Layer {
        let mut layer = Layer {
            file: self.document.file(),
            version: None,
            scope: None,
            scope_id: None,
            defaults: Outcome::default(),
            rules: Vec::new(),
            plan_rules: None,
        };
        let Some(root) = self.document.root() else { return layer };
        if self.is_null(root) {
            return layer;
        }
        let Some(fields) = self.top(root) else { return layer };
        for (name, Field { key, value }) in self.known_fields(&fields, &TOP) {
            match name {
                "version" => layer.version = self.version(value),
                "defaults" if self.is_null(value) => {}
                "defaults" => layer.defaults = self.defaults(value),
                "rules" if self.is_null(value) => {}
                "rules" => layer.rules = self.rules(value),
                "scope" => layer.scope = self.text(value, "`scope`", "wrong_kind"),
                "scope_id" => layer.scope_id = self.text(value, "`scope_id`", "wrong_kind"),
                _ => layer.plan_rules = self.plan_rules(key, value),
            }
        }
        layer
    }

    fn top(&mut self, root: Use) -> Option<Vec<Field>> {
        if let NodeKind::Mapping(entries) = self.kind(root) {
            return Some(self.fields(entries));
        }
        let error = self.wrong_kind(root, "a policy", "a mapping");
        let rules = matches!(self.kind(root), NodeKind::Sequence(_));
        self.report(error.help(if rules {
            "if these are the rules, put them under the key `rules:`"
        } else {
            "a policy has keys such as `version`, `defaults` and `rules`"
        }));
        None
    }

    fn version(&mut self, at: Use) -> Option<Spanned<BigInt>> {
        let version = self.whole(at, "`version`", "bad_version", "write `\"1\"` or `\"2\"`")?;
        if version.value != BigInt::from(1) && version.value != BigInt::from(2) {
            self.report(
                Diagnostic::lint(
                    Lint::UnknownVersion,
                    at.span,
                    format!("unknown version `{}`: it changes nothing", shown(&version.value.to_string())),
                )
                .label("not 1 or 2")
                .help("write `version: \"1\"` or `version: \"2\"`"),
            );
        }
        Some(version)
    }

    fn defaults(&mut self, at: Use) -> Outcome {
        let mut defaults = Outcome::default();
        let Some(fields) =
            self.mapping(at, "`defaults`", "write `risk_level` and `approval` under it, or remove it")
        else {
            return defaults;
        };
        for (name, Field { value, .. }) in self.known_fields(&fields, &DEFAULTS) {
            match name {
                "risk_level" => defaults.risk_level = self.risk_level(value, "`risk_level`"),
                _ => defaults.approval = self.approval(value, "`approval`"),
            }
        }
        defaults
    }

    fn rules(&mut self, at: Use) -> Vec<Rule> {
        let Some(items) = self.list(at, "`rules`") else { return Vec::new() };
        items.iter().map(|&item| self.rule(item)).collect()
    }

    /// A rule; one that is unusable is reported and stands empty, so that the rules after it keep
    /// their indices.
    fn rule(&mut self, at: Use) -> Rule {
        let mut rule = Rule {
            span: at.span,
            name: None,
            type_glob: None,
            target_glob: None,
            agent_glob: None,
            conditions: Vec::new(),
            outcome: Outcome::default(),
        };
        let Some(fields) =
            self.mapping(at, "a rule", "a rule has keys such as `name`, `match` and `approval`")
        else {
            return rule;
        };
        for (name, Field { key, value }) in self.known_fields(&fields, &RULE) {
            match name {
                "name" if self.is_null(value) => rule.name = Some(Spanned::new(None, value.span)),
                "name" => {
                    rule.name = self
                        .text(value, "`name`", "bad_name")
                        .map(|name| Spanned::new(Some(name.value), name.span));
                }
                "match" => self.globs(value, &mut rule),
                "conditions" => rule.conditions = self.conditions(key, value),
                "risk_level" => rule.outcome.risk_level = self.risk_level(value, "`risk_level`"),
                _ => rule.outcome.approval = self.approval(value, "`approval`"),
            }
        }
        rule
    }

    fn globs(&mut self, at: Use, rule: &mut Rule) {
        let Some(fields) = self.mapping(
            at,
            "`match`",
            "write globs under it, such as `match: {type: \"read*\"}`, or remove it",
        ) else {
            return;
        };
        for (name, Field { value, .. }) in self.known_fields(&fields, &MATCH) {
            match name {
                "type" => {
                    rule.type_glob = self.glob(value, "`match.type`", "remove the key to match every type")
                }
                "target" => {
                    rule.target_glob =
                        self.glob(value, "`match.target`", "remove the key to match every target")
                }
                _ => {
                    rule.agent_glob = self.glob(value, "`match.agent`", "remove the key to match every agent")
                }
            }
        }
    }
}
