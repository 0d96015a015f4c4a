//! What each rule made of an action.

use crate::Clock;
use crate::decision::{Condition, Decision, DecisionError, ErrorKind, Outcome};
use crate::eval::{Evaluation, Tested};
use crate::format::{FIELD_TARGET, FIELD_TYPE, OP_NEVER};
use crate::policy::RuleView;
use crate::tables::index;
use core::fmt;

/// A decision with what each rule made of the action, in order.
#[derive(Clone, Debug)]
pub struct Trace<'p> {
    decision: Decision<'p>,
    steps: Vec<Step<'p>>,
}

/// What one rule made of an action.
#[derive(Clone, Copy, Debug)]
pub struct Step<'p> {
    rule: RuleView<'p>,
    outcome: StepOutcome<'p>,
}

/// How a rule took an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome<'p> {
    /// It matched, and decided.
    Matched,
    /// A glob did not match.
    Glob {
        /// Over which field.
        field: Field,
    },
    /// A condition did not hold.
    Condition {
        /// Which one, counted from 0 in the order in which they are checked.
        condition: usize,
        /// Its key, such as `param_gt`; empty for one that never holds.
        key: &'static str,
        /// The param that it looks at, if any.
        param: Option<&'p str>,
        /// Whether that param is absent or null.
        absent: bool,
    },
    /// It could not be judged, and blocked.
    Error(DecisionError<'p>),
    /// An earlier rule decided.
    NotReached,
}

/// A field of an action that globs look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The type.
    Type,
    /// The target.
    Target,
    /// The agent.
    Agent,
}

impl Field {
    /// `type`, `target` or `agent`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Field::Type => "type",
            Field::Target => "target",
            Field::Agent => "agent",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'p> Step<'p> {
    /// The rule.
    #[must_use]
    pub fn rule(&self) -> RuleView<'p> {
        self.rule
    }

    /// What it made of the action.
    #[must_use]
    pub fn outcome(&self) -> StepOutcome<'p> {
        self.outcome
    }
}

impl<'p> Trace<'p> {
    /// The rules one by one, by the same globs and tests as a decision, but without the roots and graphs that
    /// spare it most of them.
    pub(crate) fn of<C: Clock>(mut evaluation: Evaluation<'p, '_, C>) -> Self {
        let policy = evaluation.policy;
        let (approval, risk_level) = policy.default_outcome();
        let mut decision = Decision { outcome: Outcome::Default, approval, risk_level };
        let mut decided = false;
        let mut steps = Vec::with_capacity(policy.rules().len());
        for rule in policy.rules() {
            if decided {
                steps.push(Step { rule, outcome: StepOutcome::NotReached });
                continue;
            }
            let outcome = step(&mut evaluation, rule)
                .unwrap_or_else(|| StepOutcome::Error(DecisionError::inconsistent()));
            match outcome {
                StepOutcome::Matched => {
                    let (approval, risk_level) = (rule.approval(), rule.risk_level());
                    decision = Decision { outcome: Outcome::Matched(rule), approval, risk_level };
                    decided = true;
                }
                StepOutcome::Error(error) => {
                    let judged = error.kind() != ErrorKind::Inconsistent;
                    decision = Decision::error_in(judged.then_some(rule), error);
                    decided = true;
                }
                _ => {}
            }
            steps.push(Step { rule, outcome });
        }
        Trace { decision, steps }
    }

    /// The decision: the same as [`Policy::evaluate`](crate::Policy::evaluate) gives.
    pub fn decision(&self) -> Decision<'p> {
        self.decision
    }

    /// Every rule, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step<'p>] {
        &self.steps
    }
}

fn step<'p, C: Clock>(evaluation: &mut Evaluation<'p, '_, C>, rule: RuleView<'p>) -> Option<StepOutcome<'p>> {
    if let Some(bit) = evaluation.failed_glob(rule.record()?)? {
        let field = match bit {
            FIELD_TYPE => Field::Type,
            FIELD_TARGET => Field::Target,
            _ => Field::Agent,
        };
        return Some(StepOutcome::Glob { field });
    }
    let tables = &evaluation.policy.tables;
    for test in tables.tests_of(rule.record()?)? {
        match evaluation.test(test)? {
            Tested::Holds => {}
            Tested::Error => return Some(StepOutcome::Error(evaluation.error?)),
            Tested::Fails { absent } => {
                let op = test.op.get();
                let condition = usize::from(test.condition.get());
                let key = if op == OP_NEVER { "" } else { Condition::of(op)?.as_str() };
                let param = if Condition::of(op).is_some_and(Condition::has_param) {
                    tables.param(index(test.a))
                } else {
                    None
                };
                return Some(StepOutcome::Condition { condition, key, param, absent });
            }
        }
    }
    Some(StepOutcome::Matched)
}
