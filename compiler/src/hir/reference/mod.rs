//! The plain evaluator that is the specification in code.
//!
//! Rules are judged one after the other, and the first that matches or cannot be judged decides.
//! Everything here is written to be seen to be right, not to be fast; it shares no evaluation code
//! with the tables or the VM, which are compared with it.
//!
//! # Type errors
//!
//! An order or containment that has no answer ends the evaluation: the action is blocked, as
//! critical. The words that say what a condition needs and what it got are these, and no others:
//!
//! | condition | constant | param | `expected` |
//! | --- | --- | --- | --- |
//! | order | number or boolean | string, list, mapping | [`A_NUMBER`] |
//! | order | string | boolean, number, list, mapping | [`A_STRING`] |
//! | `param_contains` | string | boolean, number | [`A_CONTAINER`] |
//! | `param_contains` | null, boolean, number, date, binary | boolean, number, string | [`A_LIST_OR_MAPPING`] |
//! | `param_contains` | list, mapping, other collection | boolean, number, string, mapping | [`A_LIST`] |
//! | a condition on the time | | no time was given | [`A_TIME`] |
//!
//! `found` is `a boolean`, `an integer`, `a float`, `a string`, `a list` or `a mapping`, and
//! [`NO_TIME`] where no time was given.

mod compare;
pub(crate) mod glob;
#[cfg(test)]
mod tests;
mod text;
mod words;

pub use compare::{A_CONTAINER, A_LIST, A_LIST_OR_MAPPING, A_NUMBER, A_STRING};

use super::{Condition, Outcome, ParamOp, Policy, Rule, Test};
use aegis_vm::{Action, Approval, ErrorKind, Request, RiskLevel, Timestamp, Value};
use compare::Needs;

/// What a condition on the time expects.
pub const A_TIME: &str = "a time";
/// What a condition on the time found where there was none.
pub const NO_TIME: &str = "none";

/// What a policy answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is asked for.
    pub approval: Approval,
    /// How grave the action is.
    pub risk_level: RiskLevel,
    /// The index of the rule that decided; `None` for the defaults.
    pub rule: Option<usize>,
    /// Why the rule could not be judged, if it could not.
    pub error: Option<EvalError>,
}

/// Why a rule could not be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// The condition's key, such as `param_gt`.
    pub condition: String,
    /// The param, if the condition is on one.
    pub param: Option<String>,
    /// What the condition needs.
    pub expected: &'static str,
    /// What it got.
    pub found: &'static str,
}

/// What one rule says to an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleEvent {
    /// It does not match: the first thing that failed.
    Miss(Miss),
    /// It matches.
    Match,
    /// It could not be judged.
    Error(EvalError),
}

/// The first thing of a rule that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// The glob over the action's type.
    Type,
    /// The glob over the action's target.
    Target,
    /// The glob over the action's agent.
    Agent,
    /// A condition.
    Condition {
        /// Its index in [`Rule::conditions`].
        condition: usize,
        /// The index of the test in [`Condition::tests`].
        test: usize,
        /// In what way.
        why: Why,
    },
}

/// In what way a test failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The param is absent or null.
    Absent,
    /// It was compared, and is false.
    False,
    /// It is false for every action.
    Never,
}

/// Decides an action.
#[must_use]
pub fn evaluate(policy: &Policy, action: &Action, now: Option<Timestamp>) -> Verdict {
    first_event(policy, 0..policy.rules.len(), &Request::from(action), now)
}

/// Decides an action by some of the rules, in the order given: none of the others may have an event.
pub(crate) fn first_event(
    policy: &Policy,
    rules: impl IntoIterator<Item = usize>,
    request: &Request<'_>,
    now: Option<Timestamp>,
) -> Verdict {
    for index in rules {
        let Some(rule) = policy.rules.get(index) else { continue };
        match judge(policy, rule, request, now) {
            RuleEvent::Miss(_) => {}
            RuleEvent::Match => return Verdict::matched(policy, index),
            RuleEvent::Error(error) => return Verdict::error(index, error),
        }
    }
    Verdict::default_of(policy)
}

impl Verdict {
    /// What a rule decides that matches.
    pub(crate) fn matched(policy: &Policy, rule: usize) -> Self {
        let outcome = policy.rules.get(rule).map_or(policy.default, |rule| rule.outcome);
        let Outcome { approval, risk_level } = outcome;
        Verdict { approval, risk_level, rule: Some(rule), error: None }
    }

    /// What is decided if a rule cannot be judged.
    pub(crate) fn error(rule: usize, error: EvalError) -> Self {
        Verdict {
            approval: Approval::Block,
            risk_level: RiskLevel::Critical,
            rule: Some(rule),
            error: Some(error),
        }
    }

    /// What is decided if no rule has an event.
    pub(crate) fn default_of(policy: &Policy) -> Self {
        let Outcome { approval, risk_level } = policy.default;
        Verdict { approval, risk_level, rule: None, error: None }
    }
}

/// What one rule says to an action, by its index; `None` if there is no such rule.
#[must_use]
pub fn explain_rule(
    policy: &Policy,
    index: usize,
    action: &Action,
    now: Option<Timestamp>,
) -> Option<RuleEvent> {
    policy.rules.get(index).map(|rule| judge(policy, rule, &Request::from(action), now))
}

/// Whether a glob matches a text, as in the rules.
pub(crate) fn glob_matches(glob: &str, text: &str) -> bool {
    glob::matches(glob, text)
}

fn judge(policy: &Policy, rule: &Rule, action: &Request<'_>, now: Option<Timestamp>) -> RuleEvent {
    // An action of no named agent is matched as if its agent were `*`.
    let agent = if action.agent_id.is_empty() { "*" } else { action.agent_id };
    if !glob::matches(&rule.type_glob, action.kind) {
        return RuleEvent::Miss(Miss::Type);
    }
    if !glob::matches(&rule.target_glob, action.target) {
        return RuleEvent::Miss(Miss::Target);
    }
    if !glob::matches(&rule.agent_glob, agent) {
        return RuleEvent::Miss(Miss::Agent);
    }
    for (index, condition) in rule.conditions.iter().enumerate() {
        for (test_index, test) in condition.tests.iter().enumerate() {
            match run(policy, condition, test, action, now) {
                Ok(None) => {}
                Ok(Some(why)) => {
                    return RuleEvent::Miss(Miss::Condition { condition: index, test: test_index, why });
                }
                Err(error) => return RuleEvent::Error(error),
            }
        }
    }
    RuleEvent::Match
}

/// Runs one test: `None` if it holds, else why not.
pub(crate) fn run(
    policy: &Policy,
    condition: &Condition,
    test: &Test,
    request: &Request<'_>,
    now: Option<Timestamp>,
) -> Result<Option<Why>, EvalError> {
    let time = || {
        now.ok_or_else(|| EvalError {
            kind: ErrorKind::NoTime,
            condition: condition.key.clone(),
            param: None,
            expected: A_TIME,
            found: NO_TIME,
        })
    };
    let holds = match test {
        Test::TimeAfter(minute) => time()?.minute_of_day() >= *minute,
        Test::TimeBefore(minute) => time()?.minute_of_day() < *minute,
        Test::Weekdays(days) => days >> (time()?.iso_weekday() - 1) & 1 == 1,
        Test::Param { param, op, value: constant } => {
            let value = match request.params.get(param) {
                None | Some(Value::Null) => return Ok(Some(Why::Absent)),
                Some(value) => value,
            };
            let answer = match op {
                ParamOp::Eq => Ok(compare::equal(value, constant)),
                ParamOp::Contains => compare::contains(value, constant),
                ParamOp::Gt => compare::order(value, constant).map(|o| o.is_some_and(|o| o.is_gt())),
                ParamOp::Gte => compare::order(value, constant).map(|o| o.is_some_and(|o| o.is_ge())),
                ParamOp::Lt => compare::order(value, constant).map(|o| o.is_some_and(|o| o.is_lt())),
                ParamOp::Lte => compare::order(value, constant).map(|o| o.is_some_and(|o| o.is_le())),
            };
            answer.map_err(|Needs(expected)| EvalError {
                kind: ErrorKind::TypeError,
                condition: condition.key.clone(),
                param: Some(param.clone()),
                expected,
                found: value.kind().with_article(),
            })?
        }
        Test::Matches { param, pattern } => {
            let value = match request.params.get(param) {
                None | Some(Value::Null) => return Ok(Some(Why::Absent)),
                Some(value) => value,
            };
            let text = text::python_str(value);
            policy.patterns.get(*pattern).is_some_and(|pattern| pattern.naive_search(&text))
        }
        Test::Semantic(words) => words::any_among(words, request),
        Test::Never => return Ok(Some(Why::Never)),
    };
    Ok((!holds).then_some(Why::False))
}
