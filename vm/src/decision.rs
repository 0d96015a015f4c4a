//! What a policy answers.

use crate::format;
use crate::policy::RuleView;
use crate::value::Kind;
use core::fmt;

/// What has to happen before an action may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Approval {
    /// It may run.
    Auto,
    /// A person has to agree first.
    Approve,
    /// It must not run.
    Block,
}

impl Approval {
    /// `auto`, `approve` or `block`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Approval::Auto => "auto",
            Approval::Approve => "approve",
            Approval::Block => "block",
        }
    }
}

impl fmt::Display for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much harm an action could do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RiskLevel {
    /// Reads, without side effects.
    Low,
    /// A single change that can be undone.
    Medium,
    /// Many changes, or hard to undo.
    High,
    /// Destructive or final.
    Critical,
}

impl RiskLevel {
    /// `low`, `medium`, `high` or `critical`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RiskLevel::Low => "low",
            RiskLevel::Medium => "medium",
            RiskLevel::High => "high",
            RiskLevel::Critical => "critical",
        }
    }
}

impl fmt::Display for RiskLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The approval of a byte of the format.
pub(crate) fn approval(byte: u8) -> Option<Approval> {
    [Approval::Auto, Approval::Approve, Approval::Block].get(usize::from(byte)).copied()
}

/// The risk level of a byte of the format.
pub(crate) fn risk_level(byte: u8) -> Option<RiskLevel> {
    let levels = [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High, RiskLevel::Critical];
    levels.get(usize::from(byte)).copied()
}

/// Why an action could not be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A condition met a value of a kind that it cannot judge.
    TypeError,
    /// A condition looks at the time, and there was none.
    NoTime,
    /// A table of the policy is inconsistent. A policy that was loaded is not; if it happens all the
    /// same, nothing is allowed.
    Inconsistent,
}

impl ErrorKind {
    /// `type_error`, `no_time` or `inconsistent`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::TypeError => "type_error",
            ErrorKind::NoTime => "no_time",
            ErrorKind::Inconsistent => "inconsistent",
        }
    }
}

/// A kind of condition, by the operation of its tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Condition(u16);

impl Condition {
    /// The condition that a test of this operation belongs to.
    pub(crate) fn of(op: u16) -> Option<Self> {
        let condition = Condition(op);
        (!condition.as_str().is_empty()).then_some(condition)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self.0 {
            format::OP_TIME_AFTER => "time_after",
            format::OP_TIME_BEFORE => "time_before",
            format::OP_WEEKDAYS => "weekdays",
            format::OP_EQ => "param_eq",
            format::OP_GT => "param_gt",
            format::OP_GTE => "param_gte",
            format::OP_LT => "param_lt",
            format::OP_LTE => "param_lte",
            format::OP_CONTAINS | format::OP_NEEDLE => "param_contains",
            format::OP_MATCHES => "param_matches",
            format::OP_SEMANTIC => "semantic",
            _ => "",
        }
    }

    /// Whether the condition looks at params.
    pub(crate) fn has_param(self) -> bool {
        self.as_str().starts_with("param_")
    }
}

/// What a condition needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// An order against a number.
    Number,
    /// An order against text.
    String,
    /// What can contain text.
    Container,
    /// What can contain a scalar that is not text.
    ListOrMapping,
    /// What can contain a collection.
    List,
    /// What Python's `str` can be written of here; deeper nesting cannot come from JSON.
    Shallow,
    /// Conditions on the time.
    Time,
    /// What no condition needs.
    Tables,
}

impl Expected {
    fn as_str(self) -> &'static str {
        match self {
            Expected::Number => "a number",
            Expected::String => "a string",
            Expected::Container => "a string, list or mapping",
            Expected::ListOrMapping => "a list or mapping",
            Expected::List => "a list",
            Expected::Shallow => "a value nested at most 128 deep",
            Expected::Time => "a time",
            Expected::Tables => "consistent tables",
        }
    }
}

/// Which condition could not judge an action, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecisionError<'p> {
    kind: ErrorKind,
    condition: Condition,
    param: Option<&'p str>,
    expected: Expected,
    found: Kind,
}

impl<'p> DecisionError<'p> {
    pub(crate) fn type_error(condition: Condition, param: &'p str, expected: Expected, found: Kind) -> Self {
        DecisionError { kind: ErrorKind::TypeError, condition, param: Some(param), expected, found }
    }

    pub(crate) fn no_time(condition: Condition) -> Self {
        let (expected, found) = (Expected::Time, Kind::Null);
        DecisionError { kind: ErrorKind::NoTime, condition, param: None, expected, found }
    }

    pub(crate) fn inconsistent() -> Self {
        let (expected, found) = (Expected::Tables, Kind::Null);
        let condition = Condition(format::OP_NEVER);
        DecisionError { kind: ErrorKind::Inconsistent, condition, param: None, expected, found }
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The condition, such as `param_gt`.
    #[must_use]
    pub fn condition(&self) -> &'static str {
        self.condition.as_str()
    }

    /// The param, if the condition looks at one.
    #[must_use]
    pub fn param(&self) -> Option<&'p str> {
        self.param
    }

    /// What the condition needs.
    #[must_use]
    pub fn expected(&self) -> &'static str {
        self.expected.as_str()
    }

    /// What it got.
    #[must_use]
    pub fn found(&self) -> &'static str {
        match self.kind {
            ErrorKind::TypeError => self.found.with_article(),
            ErrorKind::NoTime => "none",
            ErrorKind::Inconsistent => "an index out of range",
        }
    }
}

impl fmt::Display for DecisionError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (condition, expected, found) = (self.condition(), self.expected(), self.found());
        match (self.kind, self.param) {
            (ErrorKind::TypeError, Some(param)) => {
                write!(f, "`{condition}` needs `{param}` to be {expected}, found {found}")
            }
            (ErrorKind::NoTime, _) => write!(f, "`{condition}` looks at the time, and none was given"),
            _ => write!(f, "expected {expected}, found {found}"),
        }
    }
}

impl core::error::Error for DecisionError<'_> {}

/// Where a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'p> {
    /// The layer's path, relative to where the policy was built.
    pub file: &'p str,
    /// The line on which the rule begins, from 1.
    pub line: u32,
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What a policy answers.
///
/// A decision that could not be judged blocks, at critical risk, and carries the error; look at
/// [`outcome`](Self::outcome) to tell it from a rule that matched.
#[derive(Clone, Copy)]
#[must_use = "a decision that is not looked at protects nothing"]
pub struct Decision<'p> {
    pub(crate) outcome: Outcome<'p>,
    pub(crate) approval: Approval,
    pub(crate) risk_level: RiskLevel,
}

/// How a decision came about.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'p> {
    /// A rule matched.
    Matched(RuleView<'p>),
    /// No rule matched, and the defaults hold.
    Default,
    /// A rule could not be judged: blocked. The rule is absent only for
    /// [`ErrorKind::Inconsistent`].
    Error(Option<RuleView<'p>>, DecisionError<'p>),
}

impl<'p> Decision<'p> {
    pub(crate) fn error_in(rule: Option<RuleView<'p>>, error: DecisionError<'p>) -> Self {
        Decision {
            outcome: Outcome::Error(rule, error),
            approval: Approval::Block,
            risk_level: RiskLevel::Critical,
        }
    }

    /// How the decision came about.
    #[must_use]
    pub fn outcome(&self) -> Outcome<'p> {
        self.outcome
    }

    /// What has to happen before the action may run.
    #[must_use]
    pub fn approval(&self) -> Approval {
        self.approval
    }

    /// How much harm the action could do.
    #[must_use]
    pub fn risk_level(&self) -> RiskLevel {
        self.risk_level
    }

    /// Whether the action is not blocked.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.approval != Approval::Block
    }

    /// The rule that matched or could not be judged; none for the defaults.
    #[must_use]
    pub fn rule(&self) -> Option<RuleView<'p>> {
        match self.outcome {
            Outcome::Matched(rule) => Some(rule),
            Outcome::Error(rule, _) => rule,
            Outcome::Default => None,
        }
    }

    /// The name of [`rule`](Self::rule), or `<default>`.
    #[must_use]
    pub fn rule_name(&self) -> &'p str {
        match (self.rule(), self.outcome) {
            (Some(rule), _) => rule.name(),
            (None, Outcome::Error(..)) => "<error>",
            (None, _) => "<default>",
        }
    }

    /// The position of [`rule`](Self::rule) over all layers, from 0.
    #[must_use]
    pub fn rule_index(&self) -> Option<u32> {
        self.rule().map(RuleView::index)
    }

    /// Where [`rule`](Self::rule) stands.
    #[must_use]
    pub fn origin(&self) -> Option<Origin<'p>> {
        self.rule().map(RuleView::origin)
    }

    /// Why the action could not be judged, if it could not.
    #[must_use]
    pub fn error(&self) -> Option<DecisionError<'p>> {
        match self.outcome {
            Outcome::Error(_, error) => Some(error),
            Outcome::Matched(_) | Outcome::Default => None,
        }
    }
}

impl fmt::Debug for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("approval", &self.approval)
            .field("risk_level", &self.risk_level)
            .field("rule", &self.rule_name())
            .field("error", &self.error())
            .finish()
    }
}
