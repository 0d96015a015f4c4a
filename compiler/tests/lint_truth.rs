//! What a lint says is true: drawn policies full of traps, and each finding held against the reference
//! evaluator, by brute force.
//!
//! A finding on a condition is tried on the condition alone, in a rule without globs, over every value and
//! every boundary of the clock; one that says that a text changes nothing, on the policy with that text
//! replaced; one that names an action, on that action. `LINT_POLICIES` sets the number of drawn policies.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use aegis_vm::json::{Json, Object};
use aegis_vm::{Action, Approval, RiskLevel, Timestamp};
use aegisc::diag::{Diagnostic, Lint};
use aegisc::hir::reference::{RuleEvent, Verdict, evaluate, explain_rule};
use aegisc::hir::{Condition, Outcome, ParamOp, Policy, Rule, Test};
use aegisc::source::{SourceMap, Span};
use aegisc::{Checked, LayerSource, Verify, check, time};
use std::collections::BTreeMap;
use support::bytes::{self, Bytes};
use support::{generate, layers, options, traps};

/// Drawn policies, unless the environment names another number.
const POLICIES: u64 = if cfg!(debug_assertions) { 100 } else { 4_000 };

/// The lints whose findings are tried, and how often each is drawn at the least, in 400 policies.
const TRIED: [(Lint, usize); 22] = [
    (Lint::AnonymousAgent, 10),
    (Lint::BackspaceRegex, 10),
    (Lint::CaseSensitiveBlock, 10),
    (Lint::DollarNewline, 5),
    (Lint::DuplicateName, 10),
    (Lint::EmptyWindow, 10),
    (Lint::FailOpenDefaults, 10),
    (Lint::IgnoredSeconds, 10),
    (Lint::InvalidRegex, 10),
    (Lint::LayerDefaultsIgnored, 10),
    (Lint::NeverEqual, 10),
    (Lint::NonIntegerWeekday, 10),
    (Lint::NonStringKey, 10),
    (Lint::NullConditions, 10),
    (Lint::SemanticNever, 10),
    (Lint::SubstringContains, 10),
    (Lint::TextThreshold, 10),
    (Lint::UnanchoredRegex, 5),
    (Lint::UnknownCondition, 10),
    (Lint::UnknownVersion, 10),
    (Lint::VacuousCondition, 10),
    (Lint::WeekdayNever, 10),
];

#[test]
fn findings_are_true() {
    let policies = std::env::var("LINT_POLICIES").map_or(POLICIES, |count| count.parse().unwrap());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 1..=policies {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let drawn: Vec<u8> = std::iter::repeat_with(|| bytes::next(&mut state)).take(700).collect();
        let (general, own) = drawn.split_at(400);
        let mut own = Bytes::new(own);
        let traps = traps::layer(&mut own);
        // Mostly traps alone: rules before them would hide some, and take time.
        let mut texts =
            if own.chance(64) { generate::generate(general).layers } else { vec![traps::layer(&mut own)] };
        let at = own.below(2) * texts.len();
        texts.insert(at, traps);
        let layers = layers(&texts);
        let mut drawn = Drawn::new(layers);
        for finding in std::mem::take(&mut drawn.checked.diagnostics) {
            match drawn.try_one(&finding) {
                None => {}
                Some(true) => *counts.entry(finding.code.name()).or_default() += 1,
                Some(false) => panic!("untrue: {finding:#?}\nof policy {seed}\n{}", texts.join("---\n")),
            }
        }
    }
    println!("{counts:?}");
    let rare: Vec<_> = TRIED
        .iter()
        .filter(|(lint, least)| {
            let least = u64::try_from(*least).unwrap() * policies / 400;
            u64::try_from(counts.get(lint.name()).copied().unwrap_or(0)).unwrap() < least.max(1)
        })
        .map(|(lint, _)| lint.name())
        .collect();
    assert!(rare.is_empty(), "hardly drawn: {rare:?} in {counts:?}");
}

/// A drawn policy and what was found.
struct Drawn {
    layers: Vec<LayerSource>,
    checked: Checked,
    /// The policy's rules, while the policy holds others.
    rules: Vec<Rule>,
    actions: Vec<(Action, Option<Timestamp>)>,
}

impl Drawn {
    fn new(layers: Vec<LayerSource>) -> Self {
        let checked = check(layers.clone(), &options(Verify::Off));
        assert!(checked.policy.is_some(), "{:?}", checked.diagnostics);
        Drawn { layers, checked, rules: Vec::new(), actions: actions() }
    }

    fn policy(&self) -> &Policy {
        self.checked.policy.as_ref().unwrap()
    }

    fn sources(&self) -> &SourceMap {
        &self.checked.sources
    }

    /// The rule that a finding stands in, by its index.
    fn rule_at(&self, span: Span) -> Option<usize> {
        self.policy().rules.iter().position(|rule| {
            rule.span.file == span.file && rule.span.start <= span.start && span.end <= rule.span.end
        })
    }

    /// The rule and the condition that a finding stands in; none in a rule with a key that is given twice, of
    /// which the first place and the last value count.
    fn condition_at(&self, span: Span) -> Option<(usize, usize)> {
        let rule = self.rule_at(span)?;
        let within = &self.policy().rules[rule];
        let text = self.sources().text(within.span);
        let conditions = &within.conditions;
        let repeated = conditions.iter().any(|one| text.matches(&format!("{}:", one.key)).count() > 1);
        let before = conditions.iter().enumerate().filter(|(_, one)| one.span.start <= span.start);
        let (condition, _) = before.max_by_key(|(_, one)| one.span.start)?;
        (!repeated).then_some((rule, condition))
    }

    /// Runs `ask` on the policy of one rule without globs that holds some conditions of a rule of this one.
    fn alone<T>(
        &mut self,
        rule: usize,
        take: impl Fn(&Condition) -> bool,
        ask: impl FnOnce(&Policy) -> T,
    ) -> T {
        let policy = self.checked.policy.as_mut().unwrap();
        self.rules = std::mem::take(&mut policy.rules);
        let all = std::mem::take(&mut self.rules[rule].conditions);
        let (taken, left): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(_, one)| take(one));
        let glob = || "*".to_owned();
        policy.rules.push(Rule {
            name: "alone".to_owned(),
            type_glob: glob(),
            target_glob: glob(),
            agent_glob: glob(),
            conditions: Vec::new(),
            outcome: Outcome { approval: Approval::Auto, risk_level: RiskLevel::Low },
            span: self.rules[rule].span,
        });
        let (places, taken): (Vec<usize>, Vec<Condition>) = taken.into_iter().unzip();
        policy.rules[0].conditions = taken;
        let answer = ask(policy);
        let taken = std::mem::take(&mut policy.rules[0].conditions);
        let mut all: Vec<_> = places.into_iter().zip(taken).chain(left).collect();
        all.sort_by_key(|(at, _)| *at);
        self.rules[rule].conditions = all.into_iter().map(|(_, one)| one).collect();
        policy.rules = std::mem::take(&mut self.rules);
        answer
    }

    /// As [`alone`](Self::alone), with the condition that a finding stands in.
    fn condition_alone<T>(&mut self, span: Span, ask: impl FnOnce(&Policy) -> T) -> Option<T> {
        let (rule, condition) = self.condition_at(span)?;
        let key = self.policy().rules[rule].conditions[condition].span;
        Some(self.alone(rule, |one| one.span == key, ask))
    }

    /// The layers with another text at a place, read anew.
    fn with(&self, span: Span, text: &str) -> Drawn {
        let mut layers = self.layers.clone();
        let bytes = &mut layers[span.file.index()].bytes;
        bytes.splice(span.range(), text.bytes());
        Drawn::new(layers)
    }

    /// Whether the policy decides alike with another text at a place.
    fn is_same_with(&self, span: Span, text: &str) -> bool {
        let other = self.with(span, text);
        let said = |verdict: Verdict| (verdict.approval, verdict.risk_level, verdict.rule, verdict.error);
        self.actions.iter().all(|(action, now)| {
            said(evaluate(self.policy(), action, *now)) == said(evaluate(other.policy(), action, *now))
        })
    }

    /// Whether a finding is true; none where it is not tried.
    fn try_one(&mut self, finding: &Diagnostic) -> Option<bool> {
        let span = finding.primary;
        let lint = Lint::ALL.iter().find(|lint| lint.name() == finding.code.name())?;
        Some(match lint {
            Lint::NeverEqual
            | Lint::InvalidRegex
            | Lint::UnknownCondition
            | Lint::SemanticNever
            | Lint::NonStringKey => self.condition_alone(span, never)?,
            Lint::WeekdayNever => {
                self.condition_alone(span, |policy| match policy.rules[0].conditions[0].tests[..] {
                    [Test::Weekdays(0)] => never(policy),
                    _ => true,
                })?
            }
            Lint::NonIntegerWeekday => {
                let day: u8 = finding.message.rsplit_once("counts as ")?.1.get(..1)?.parse().unwrap();
                let times = times().into_iter().filter(|now| now.iso_weekday() == day);
                let times: Vec<_> = times.collect();
                self.condition_alone(span, |policy| {
                    times.iter().all(|now| matches(policy, &plain(), Some(*now)))
                })?
            }
            Lint::EmptyWindow => {
                let rule = self.rule_at(span)?;
                self.condition_at(span)?;
                let is_time =
                    |one: &Condition| matches!(one.tests[..], [Test::TimeAfter(_) | Test::TimeBefore(_)]);
                let minutes = (0..1440).map(|minute| Timestamp::from_unix(minute * 60 + 59, 0));
                self.alone(rule, is_time, |policy| {
                    { minutes }.all(|now| !matches(policy, &plain(), Some(now)))
                })
            }
            Lint::VacuousCondition => self.vacuous(finding)?,
            Lint::NullConditions => {
                let rule = self.rule_at(span)?;
                let actions = actions();
                self.alone(rule, |_| true, |policy| actions.iter().all(|(a, now)| matches(policy, a, *now)))
            }
            Lint::DuplicateName => {
                let name = quoted(&finding.message).pop()?;
                let named = self.policy().rules.iter().filter(|rule| shown(&rule.name) == name);
                named.count() > 1
            }
            Lint::FailOpenDefaults => {
                let policy = self.checked.policy.as_mut().unwrap();
                let rules = std::mem::take(&mut policy.rules);
                let verdict = evaluate(policy, &plain(), None);
                policy.rules = rules;
                verdict.approval == Approval::Auto && verdict.rule.is_none()
            }
            Lint::LayerDefaultsIgnored => {
                let others: &[&str] = if finding.message.contains("approval") {
                    &["auto", "approve", "block"]
                } else {
                    &["low", "critical"]
                };
                others.iter().all(|other| self.is_same_with(span, other))
            }
            Lint::UnknownVersion => self.is_same_with(span, "1"),
            Lint::IgnoredSeconds => {
                let without = match &finding.fix {
                    Some(fix) => fix.replacement.clone(),
                    None => quoted(finding.help.first()?).pop()?,
                };
                let mut other = self.with(span, &without);
                let times = times();
                let ask = |policy: &Policy| -> Vec<bool> {
                    times.iter().map(|now| matches(policy, &plain(), Some(*now))).collect()
                };
                let (rule, condition) = self.condition_at(span)?;
                let key = self.policy().rules[rule].conditions[condition].span;
                let theirs = other.policy().rules[rule].conditions[condition].span;
                self.alone(rule, |one| one.span == key, ask)
                    == other.alone(rule, |one| one.span == theirs, ask)
                    && self.is_same_with(span, &without)
            }
            Lint::TextThreshold => {
                let (rule, condition) = self.condition_at(span)?;
                let within = &self.policy().rules[rule].conditions[condition];
                let first = within.tests.first()?;
                let Test::Param { param, .. } = first else { return None };
                let param = param.clone();
                if within.tests.len() > 1 {
                    return None;
                }
                let numbers = [Json::Int(5), Json::Float(0.5), Json::Int(-1)];
                self.condition_alone(span, |policy| {
                    numbers.iter().all(|number| {
                        let action = plain().param(param.as_str(), number.clone());
                        evaluate(policy, &action, None).error.is_some()
                    })
                })?
            }
            Lint::DollarNewline => self.finds(finding, |found| {
                let lines = ["a", "b", "cc", "dev", "12", "", "a@corp.com", "1.5", "word x;"];
                lines.iter().any(|line| found(line) && found(&format!("{line}\n")))
            })?,
            Lint::BackspaceRegex => self.finds(finding, |found| {
                let texts = texts();
                texts.iter().all(|text| text.contains('\u{8}') || !found(text))
                    && ["\u{8}rm\u{8}", "x.\u{8}"].iter().any(|text| found(text))
            })?,
            Lint::UnanchoredRegex => {
                let longer = quoted(&finding.label).pop()?;
                self.finds(finding, |found| found(&longer) && found(&format!("{longer}.evil")))?
            }
            Lint::CaseSensitiveBlock => {
                let (line, rule) = (self.line(finding)?, self.rule_at(span)?);
                let names = quoted(&finding.label);
                let (meant, other) = (&names[0], &names[1]);
                let twin = line.replacen(&quote(other), &quote(meant), 1);
                self.escapes(finding, &line) && self.is_blocked_by(rule, &twin)
            }
            Lint::AnonymousAgent => {
                let (line, rule) = (self.line(finding)?, self.rule_at(span)?);
                let glob = self.policy().rules[rule].agent_glob.clone();
                let plain: String = glob.chars().filter(|c| !"*?[]!".contains(*c)).collect();
                let agents =
                    texts().into_iter().chain([plain.clone(), format!("{plain}x"), format!("{plain}0")]);
                let twin =
                    |agent: String| line.replacen('{', &format!(r#"{{"agent_id":{},"#, quote(&agent)), 1);
                let agents = std::iter::once("ops-0".to_owned()).chain(agents);
                let is_blocked = { agents.map(twin) }.any(|twin| self.is_blocked_by(rule, &twin));
                // Not every odd glob has a text among these.
                let is_odd = glob.contains(['[', '?']);
                self.escapes(finding, &line) && (is_blocked || is_odd)
            }
            Lint::SubstringContains => {
                let (line, rule) = (self.line(finding)?, self.rule_at(span)?);
                let mut action: serde_json::Value = serde_json::from_str(&line).unwrap();
                for value in action["params"].as_object_mut().unwrap().values_mut() {
                    if value.as_str().is_some_and(|text| text.starts_with("not-")) {
                        *value = serde_json::Value::Array(vec![value.take()]);
                    }
                }
                let as_list = action.to_string();
                let (passes, stopped) = (self.decide(&line), self.decide(&as_list));
                passes.rule == Some(rule) && passes.error.is_none() && passes.approval < stopped.approval
            }
            _ => return None,
        })
    }

    /// Whether a condition asks for no more than that its param is there.
    fn vacuous(&mut self, finding: &Diagnostic) -> Option<bool> {
        let named = finding.message.contains("only asks").then(|| quoted(&finding.message).pop());
        self.condition_alone(finding.primary, |policy| {
            let Some(param) = named.flatten() else {
                return actions().iter().all(|(action, now)| matches(policy, action, *now));
            };
            let tests = &policy.rules[0].conditions[0].tests;
            if tests.len() > 1 {
                // What the others ask for is not this finding's.
                return true;
            }
            let with = |value: &Json| plain().param(param.as_str(), value.clone());
            !matches(policy, &plain(), None)
                && values().iter().all(|value| matches(policy, &with(value), None) != (*value == Json::Null))
        })
    }

    /// What `ask` says of the texts that a pattern is found in.
    fn finds(
        &mut self,
        finding: &Diagnostic,
        ask: impl FnOnce(&dyn Fn(&str) -> bool) -> bool,
    ) -> Option<bool> {
        self.condition_alone(finding.primary, |policy| match &policy.rules[0].conditions[0].tests[..] {
            [Test::Matches { pattern, .. }] => {
                let pattern = &policy.patterns[*pattern];
                Some(ask(&|text: &str| pattern.naive_search(text)))
            }
            // Which of several params it is, is not told.
            _ => None,
        })?
    }

    /// The action that a finding names, unless it is cut.
    fn line(&self, finding: &Diagnostic) -> Option<String> {
        let note = finding.notes.iter().find(|note| note.starts_with("for example `"))?;
        let line = note.strip_prefix("for example `")?.rsplit_once('`')?.0;
        (!line.ends_with('…')).then(|| line.to_owned())
    }

    /// The decision at the time that the line names. One that names none does not look at it, and gets noon.
    fn decide(&self, line: &str) -> Verdict {
        let action = Action::from_json(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let now = line.rsplit_once(r#""now":""#).and_then(|(_, rest)| rest.split_once('"'));
        let now = now.map_or("2026-03-16T12:00:00Z", |(now, _)| now);
        evaluate(self.policy(), &action, Some(time::parse_rfc3339(now).unwrap()))
    }

    fn escapes(&self, finding: &Diagnostic, line: &str) -> bool {
        let verdict = self.decide(line);
        let said = quoted(&finding.message).pop().unwrap();
        verdict.approval != Approval::Block && verdict.approval.to_string() == said
    }

    fn is_blocked_by(&self, rule: usize, line: &str) -> bool {
        let action = Action::from_json(line).unwrap();
        let is_own = |verdict: Verdict| {
            verdict.rule == Some(rule) && verdict.error.is_none() && verdict.approval == Approval::Block
        };
        // The block may look at the time where what lets through does not.
        let meets = |now: &Timestamp| {
            explain_rule(self.policy(), rule, &action, Some(*now)) == Some(RuleEvent::Match)
        };
        is_own(self.decide(line)) || { times().into_iter().filter(meets) }
            .any(|now| is_own(evaluate(self.policy(), &action, Some(now))))
    }
}

fn matches(policy: &Policy, action: &Action, now: Option<Timestamp>) -> bool {
    let verdict = evaluate(policy, action, now);
    verdict.rule.is_some() && verdict.error.is_none()
}

/// Whether a policy of one rule with one condition matches nothing, whatever its params are.
fn never(policy: &Policy) -> bool {
    let mut params: Vec<&str> = Vec::new();
    for test in policy.rules.iter().flat_map(|rule| &rule.conditions).flat_map(|one| &one.tests) {
        if let Test::Param { param, .. } | Test::Matches { param, .. } = test {
            params.push(param);
        }
    }
    // Params that could hold get the value that holds, as far as it is known.
    let held = |action: Action| {
        policy.rules[0].conditions[0].tests.iter().fold(action, |action, test| match test {
            Test::Param {
                param,
                op: ParamOp::Eq | ParamOp::Contains,
                value: aegisc::hir::Const::Str(text),
            } => action.param(param.as_str(), text.as_str()),
            _ => action,
        })
    };
    let tried = values().into_iter().flat_map(|value| {
        let all = params.iter().fold(plain(), |action, param| action.param(*param, value.clone()));
        [held(all.clone()), all]
    });
    let tried: Vec<Action> = tried.collect();
    let now = times();
    let noon = now.first().copied();
    !tried.iter().any(|action| matches(policy, action, noon))
        && !actions().iter().any(|(action, now)| matches(policy, action, *now))
        && !now.iter().any(|now| matches(policy, &plain(), Some(*now)))
}

fn plain() -> Action {
    Action::new("delete", "db")
}

fn texts() -> Vec<String> {
    let texts = [
        "",
        "a",
        "b",
        "x",
        "bot",
        "rm",
        "dev",
        "prod",
        "admin",
        "not-admin",
        "12",
        "100",
        "\n",
        "a\n",
        "None",
        "True",
        "['a']",
        "{1: 'x'}",
        "\u{8}",
        "\u{8}rm\u{8}",
        "x.\u{8}",
        "rm ",
        "a@corp.com",
        "é",
        "*",
        "?",
        "[",
        "2026-01-01",
        "nan",
        "bot_a",
        "bot_b",
        "ops-1",
        "fin-x",
        "Агент",
        "*a",
        "(",
        "on",
        "1",
        "delete the of",
        "delete",
    ];
    texts.map(str::to_owned).to_vec()
}

/// Values of every kind, at edges.
fn values() -> Vec<Json> {
    let mut values: Vec<Json> = texts().into_iter().map(Json::Str).collect();
    let mut map = Object::new();
    map.insert("a", Json::List(vec![Json::Null]));
    map.insert("1", "x");
    let scalars =
        [Json::Null, Json::Bool(true), Json::Bool(false), Json::Int(0), Json::Int(1), Json::Int(-7)];
    let floats = [Json::Float(0.0), Json::Float(-0.5), Json::Float(f64::INFINITY), Json::Float(1e300)];
    values.extend(scalars.into_iter().chain(floats));
    values.push(support::integer("123456789012345678901234567890"));
    let lists: Vec<Json> = values.iter().map(|value| Json::List(vec![value.clone()])).collect();
    values.extend(lists);
    values.extend([
        Json::List(values.clone()),
        Json::List(Vec::new()),
        Json::Object(map),
        Json::Object(Object::new()),
    ]);
    values
}

/// A Monday, at every half hour and beside it, and the noon of every day of its week. No condition looks at both.
fn times() -> Vec<Timestamp> {
    const MONDAY: i64 = 1_773_619_200;
    let seconds = (0..48).flat_map(|half| [-1, 0, 1, 59, 60].map(|beside| half * 1800 + beside));
    let noons = (0..7).map(|day| day * 86_400 + 43_200);
    noons
        .chain(seconds.map(|second| second.max(0)))
        .map(|second| Timestamp::from_unix(MONDAY + second, 0))
        .collect()
}

/// Actions over the names that the drawn policies share.
fn actions() -> Vec<(Action, Option<Timestamp>)> {
    let times = times();
    let mut actions = Vec::new();
    let values = values();
    let mut next = 0;
    for kind in ["delete", "read", "DELETE", "delete_x", "drop1", "Read", "users_db", "", "a"] {
        for agent in ["", "bot", "fin-1"] {
            let mut action = Action::new(kind, if next % 2 == 0 { "db" } else { "prod_db" }).agent(agent);
            for name in ["amount", "env", "tags", "roles", "email", "on"] {
                next = (next * 7 + 5) % 1009;
                action = action.param(name, values[next % values.len()].clone());
            }
            actions.push((action.description("please delete"), Some(times[next * 31 % times.len()])));
        }
    }
    actions
}

/// The texts in backticks of a message.
fn quoted(message: &str) -> Vec<String> {
    message.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A text as JSON writes it.
fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A name as messages show it, as far as the drawn ones go.
fn shown(name: &str) -> String {
    name.replace('\n', "\\n")
}
