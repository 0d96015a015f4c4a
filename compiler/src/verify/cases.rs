//! The boundary cases of a policy: for each rule an action that it is meant for, and that action with one thing
//! changed.

use super::Case;
use super::fields::example;
use super::product::thinned;
use super::values::{around, around_pattern, beside, json, time};
use crate::hir::{ParamOp, Policy, Rule, Test};
use aegis_vm::Action;
use aegis_vm::json::{Json, Object};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// How many cases are visited of each rule.
#[derive(Clone, Copy)]
pub(crate) struct Each {
    pub(super) cases: usize,
    /// As many as have so many params together, but one.
    pub(super) params: usize,
}

impl Each {
    /// All of them.
    pub(super) const ALL: Each = Each { cases: usize::MAX, params: usize::MAX };

    fn of(self, rule: &Rule) -> usize {
        let tests: usize = rule.conditions.iter().map(|condition| condition.tests.len()).sum();
        self.cases.min(self.params / tests.max(1)).max(1)
    }
}

/// Visits at most so many cases of each rule, the rules far apart first, so that a visit that ends early has seen
/// every part of the policy.
pub(super) fn visit<B>(
    policy: &Policy,
    each: Each,
    visit: &mut impl FnMut(Case) -> ControlFlow<B>,
) -> ControlFlow<B> {
    visit(Case { action: Action::new("", ""), now: None })?;
    let count = policy.rules.len();
    let mut stride = count.next_power_of_two();
    let mut first_round = true;
    while stride > 0 {
        let rules = policy.rules.iter().enumerate();
        let due = rules.filter(|(at, _)| at % stride == 0 && (first_round || at % (stride * 2) != 0));
        for (_, rule) in due {
            let witness = witness(policy, rule);
            let each = each.of(rule);
            if each < 2 {
                visit(witness.with(Change::Nothing))?;
                continue;
            }
            for change in thinned(changes(policy, rule, &witness), each) {
                visit(witness.clone().with(change))?;
            }
        }
        first_round = false;
        stride /= 2;
    }
    ControlFlow::Continue(())
}

/// An action in parts, so that one part can be changed.
#[derive(Clone)]
struct Witness<'p> {
    kind: String,
    target: String,
    agent: String,
    description: String,
    params: BTreeMap<&'p str, Json>,
    minute: u16,
    weekday: u8,
}

/// What is changed of a witness.
enum Change<'p> {
    Nothing,
    NoTime,
    Kind(String),
    Target(String),
    Agent(String),
    Description(String),
    Minute(u16),
    Weekday(u8),
    /// `None` leaves the param out.
    Param(&'p str, Option<Json>),
}

impl<'p> Witness<'p> {
    fn with(self, change: Change<'p>) -> Case {
        let mut changed = self;
        let mut timed = true;
        match change {
            Change::Nothing => {}
            Change::NoTime => timed = false,
            Change::Kind(text) => changed.kind = text,
            Change::Target(text) => changed.target = text,
            Change::Agent(text) => changed.agent = text,
            Change::Description(text) => changed.description = text,
            Change::Minute(minute) => changed.minute = minute,
            Change::Weekday(day) => changed.weekday = day,
            Change::Param(param, Some(value)) => drop(changed.params.insert(param, value)),
            Change::Param(param, None) => drop(changed.params.remove(param)),
        }
        let now = timed.then(|| time(changed.weekday, changed.minute));
        let params = changed.params.into_iter().collect::<Object>();
        let action = Action::new(changed.kind, changed.target)
            .agent(changed.agent)
            .description(changed.description)
            .params(params);
        Case { action, now }
    }
}

fn changes<'p>(policy: &Policy, rule: &'p Rule, witness: &Witness<'p>) -> Vec<Change<'p>> {
    let mut changes = vec![Change::Nothing, Change::NoTime];
    changes.extend(near_misses(&witness.kind).map(Change::Kind));
    changes.extend(near_misses(&witness.target).map(Change::Target));
    changes.extend(near_misses(&witness.agent).map(Change::Agent));
    for test in rule.conditions.iter().flat_map(|condition| &condition.tests) {
        match test {
            Test::TimeAfter(minute) | Test::TimeBefore(minute) => {
                let minutes = [minute.saturating_sub(1), *minute, (minute + 1).min(1439), 0, 1439];
                changes.extend(minutes.map(Change::Minute));
            }
            Test::Weekdays(_) => changes.extend((0..7).map(Change::Weekday)),
            Test::Param { param, op: _, value } => {
                changes.push(Change::Param(param, None));
                changes.extend(around(value).into_iter().map(|value| Change::Param(param, Some(value))));
            }
            Test::Matches { param, pattern } => {
                changes.push(Change::Param(param, None));
                let text = policy.patterns.get(*pattern).map_or("", |pattern| pattern.text());
                let values = around_pattern(text).into_iter();
                changes.extend(values.map(|value| Change::Param(param, Some(value))));
            }
            Test::Semantic(words) => {
                changes.push(Change::Description(String::new()));
                for word in words.iter().take(8) {
                    let texts = [word.to_uppercase(), format!("{word}x"), format!("x_{word}")];
                    changes.extend(texts.map(Change::Description));
                }
            }
            Test::Never => {}
        }
    }
    changes
}

/// An action that the rule is meant for, as far as that can be read off its tests.
fn witness<'p>(policy: &Policy, rule: &'p Rule) -> Witness<'p> {
    let mut witness = Witness {
        kind: example(&rule.type_glob),
        target: example(&rule.target_glob),
        agent: if rule.agent_glob == "*" { String::new() } else { example(&rule.agent_glob) },
        description: String::new(),
        params: BTreeMap::new(),
        minute: 12 * 60,
        weekday: 0,
    };
    let (mut earliest, mut latest) = (0, 1439);
    for test in rule.conditions.iter().flat_map(|condition| &condition.tests) {
        match test {
            Test::TimeAfter(minute) => earliest = earliest.max(*minute),
            Test::TimeBefore(minute) => latest = latest.min(minute.saturating_sub(1)),
            Test::Weekdays(days) => {
                witness.weekday = (0..7).find(|day| days >> day & 1 == 1).unwrap_or(0);
            }
            Test::Param { param, op, value } => {
                let value = match op {
                    ParamOp::Eq | ParamOp::Gte | ParamOp::Lte => json(value),
                    ParamOp::Contains => Json::List(vec![json(value)]),
                    ParamOp::Gt => beside(value).pop().unwrap_or(Json::Null),
                    ParamOp::Lt => beside(value).into_iter().next().unwrap_or(Json::Null),
                };
                witness.params.insert(param, value);
            }
            Test::Matches { param, pattern } => {
                let text = policy.patterns.get(*pattern).map_or("", |pattern| pattern.text());
                let plain = around_pattern(text).into_iter().next().unwrap_or(Json::Null);
                witness.params.insert(param, plain);
            }
            Test::Semantic(words) => witness.description = words.first().cloned().unwrap_or_default(),
            Test::Never => {}
        }
    }
    witness.minute = if earliest <= latest { earliest } else { 12 * 60 };
    witness
}

fn near_misses(text: &str) -> [String; 6] {
    let mut shorter = text.to_owned();
    shorter.pop();
    [format!("{text}x"), format!("x{text}"), text.to_uppercase(), shorter, String::new(), "*".to_owned()]
}
