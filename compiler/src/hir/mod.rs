//! The policy as it is meant: globs, tests and outcomes, in the order of the merged layers.
//!
//! Lowering resolves defaults and names and turns each condition into [`Test`]s;
//! [`mod@reference`] evaluates the rules one after the other and is the specification in code.

mod lower;
pub(crate) mod number;
mod pattern;
pub(crate) mod python;
pub mod reference;
pub mod semantic;
pub mod show;

pub(crate) use lower::{RULE, lower};
pub(crate) use pattern::{place, place_in, report_uncompiled};

use crate::pyre;
use crate::source::Span;
use aegis_vm::{Approval, RiskLevel};
use num_bigint::BigInt;

/// A policy: the rules of every layer in order, and what holds when none matches.
#[derive(Debug)]
pub struct Policy {
    /// The rules; their position is the rule's index in decisions.
    pub rules: Vec<Rule>,
    /// The first layer's defaults.
    pub default: Outcome,
    /// What each layer says of itself; the first one's is the policy's.
    pub layers: Vec<LayerMetadata>,
    /// Every distinct regular expression that Python accepts and an automaton can follow.
    pub patterns: Vec<pyre::Pattern>,
    /// The merged rules over sequences of actions.
    pub plan_rules: PlanRules,
}

/// What a layer says of itself. It changes no decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerMetadata {
    /// `version`, as decimal text; `1` if absent.
    pub version: String,
    /// `scope`; `global` if absent.
    pub scope: String,
    /// `scope_id`; empty if absent.
    pub scope_id: String,
}

/// An approval with a risk level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What is asked for.
    pub approval: Approval,
    /// How grave the action is.
    pub risk_level: RiskLevel,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// The name as decisions report it.
    pub name: String,
    /// The glob over the action's type, as written.
    pub type_glob: String,
    /// The glob over the action's target, as written.
    pub target_glob: String,
    /// The glob over the action's agent, as written.
    pub agent_glob: String,
    /// The conditions in evaluation order: as written, `semantic` last.
    pub conditions: Vec<Condition>,
    /// What the rule decides.
    pub outcome: Outcome,
    /// Where the rule begins; the span's file is its layer.
    pub span: Span,
}

/// One condition of a rule, with a test for each of its params.
#[derive(Debug)]
pub struct Condition {
    /// The key as written, such as `param_gt`.
    pub key: String,
    /// The key's place.
    pub span: Span,
    /// The tests, in written order; all must hold. None at all holds.
    pub tests: Vec<Test>,
}

/// One test.
#[derive(Debug)]
pub enum Test {
    /// The minute of the day is at or after this one.
    TimeAfter(u16),
    /// The minute of the day is before this one.
    TimeBefore(u16),
    /// The ISO weekday is among these: bit 0 is Monday, bit 6 is Sunday.
    Weekdays(u8),
    /// The param compares so with the constant.
    Param {
        /// The param's name.
        param: String,
        /// The comparison.
        op: ParamOp,
        /// What it is compared with.
        value: Const,
    },
    /// The pattern is found in the text of the param.
    Matches {
        /// The param's name.
        param: String,
        /// The pattern's index in [`Policy::patterns`].
        pattern: usize,
    },
    /// One of these words is among the action's words. Sorted, no word twice.
    Semantic(Vec<String>),
    /// Never holds: an unknown condition, a param that no name can name, a pattern that Python rejects.
    Never,
}

/// A comparison of a param.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParamOp {
    /// `param_eq`.
    Eq,
    /// `param_gt`.
    Gt,
    /// `param_gte`.
    Gte,
    /// `param_lt`.
    Lt,
    /// `param_lte`.
    Lte,
    /// `param_contains`.
    Contains,
}

/// A constant of the policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    /// Null.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of any size.
    Int(BigInt),
    /// A double; may be infinite or NaN.
    Float(f64),
    /// Text.
    Str(String),
    /// A list.
    List(Vec<Const>),
    /// A mapping with text keys, each once.
    Map(Vec<(String, Const)>),
    /// What no JSON value equals, as a member of something: a date, binary, a mapping with a key
    /// that is not text. `hashable` says whether Python could look it up in a mapping.
    Foreign {
        /// Dates and binary can be looked up (and are never found), collections raise.
        hashable: bool,
    },
}

/// Rules over a sequence of actions: checked and carried, not enforced by this compiler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanRules {
    /// The sequences that violate the plan, of all layers.
    pub sequence_patterns: Vec<SequencePattern>,
    /// The lowest limit of all layers.
    pub cumulative_risk: Option<CumulativeRisk>,
}

/// Steps that must not follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequencePattern {
    /// The name.
    pub name: String,
    /// Two or more globs over action types.
    pub steps: Vec<String>,
    /// All steps within so many consecutive actions; 0 is unlimited.
    pub window: u64,
    /// What a violation asks for.
    pub outcome: Outcome,
    /// For people.
    pub description: String,
}

/// A limit on the summed risk of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CumulativeRisk {
    /// The most that is not a violation, at least 1.
    pub max_total_risk: u64,
    /// What a violation asks for.
    pub on_exceed: Approval,
    /// The name.
    pub name: String,
}
