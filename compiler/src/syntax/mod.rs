//! Nodes -> a faithful typed tree of one layer.
//!
//! The tree holds what the file says and where, with nothing resolved: an absent key is absent, a
//! name that is null is null. Reading never stops at the first error; where a value is unusable the
//! error is reported and the tree holds nothing in its place, so that every other error of the file
//! is found in the same run. What can only be seen in the text (unknown keys, repeated keys, scalars
//! that are read otherwise than they look) is reported here; what can be seen in the tree is left to
//! the lints.

mod conditions;
mod constant;
mod keys;
mod layer;
mod plan;
mod python;
mod reader;
mod scalar;

pub use conditions::KNOWN_CONDITIONS;
pub(crate) use scalar::in_quotes;

use crate::diag::Diagnostic;
use crate::hir::{Const, ParamOp};
use crate::source::{FileId, SourceMap, Span};
use crate::yaml::{Document, Style};
use aegis_vm::{Approval, RiskLevel};
use num_bigint::BigInt;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The place.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value at a place.
    #[must_use]
    pub fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }
}

/// One file.
#[derive(Debug)]
pub struct Layer {
    /// The file.
    pub file: FileId,
    /// `version`.
    pub version: Option<Spanned<BigInt>>,
    /// `scope`.
    pub scope: Option<Spanned<String>>,
    /// `scope_id`.
    pub scope_id: Option<Spanned<String>>,
    /// `defaults`.
    pub defaults: Outcome,
    /// `rules`, in order.
    pub rules: Vec<Rule>,
    /// `plan_rules`.
    pub plan_rules: Option<Spanned<PlanRules>>,
}

/// A `risk_level` and an `approval`, each perhaps absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// `risk_level`.
    pub risk_level: Option<Spanned<RiskLevel>>,
    /// `approval`.
    pub approval: Option<Spanned<Approval>>,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// The whole rule.
    pub span: Span,
    /// `name`; inside, `None` is an explicit null.
    pub name: Option<Spanned<Option<String>>>,
    /// `match.type`.
    pub type_glob: Option<Spanned<String>>,
    /// `match.target`.
    pub target_glob: Option<Spanned<String>>,
    /// `match.agent`.
    pub agent_glob: Option<Spanned<String>>,
    /// `conditions`, in written order, each key once.
    pub conditions: Vec<Condition>,
    /// `risk_level` and `approval`.
    pub outcome: Outcome,
}

/// One condition.
#[derive(Debug)]
pub struct Condition {
    /// The key; of one that is not text, its spelling.
    pub key: Spanned<String>,
    /// What it asks.
    pub ask: Ask,
}

/// What a condition asks.
#[derive(Debug)]
pub enum Ask {
    /// `time_after`: the minute of the day.
    TimeAfter(Spanned<u16>),
    /// `time_before`: the minute of the day.
    TimeBefore(Spanned<u16>),
    /// `weekdays`: bit 0 is Monday.
    Weekdays(Spanned<u8>),
    /// `param_eq` and its like: each param with a constant.
    Compare(ParamOp, Spanned<Vec<Param<Spanned<Const>>>>),
    /// `param_matches`: each param with a pattern.
    Matches(Spanned<Vec<Param<Pattern>>>),
    /// `semantic`; `None` is a null.
    Semantic(Spanned<Option<String>>),
    /// A condition that the language does not know.
    Unknown,
}

/// A param of a condition.
#[derive(Debug)]
pub struct Param<T> {
    /// The param's name; `None` if the key is not text and so names no param.
    pub name: Spanned<Option<String>>,
    /// What it is compared with.
    pub value: T,
}

impl Rule {
    /// The params with a pattern, in written order.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &Param<Pattern>> {
        self.conditions.iter().flat_map(|condition| match &condition.ask {
            Ask::Matches(params) => params.value.as_slice(),
            _ => &[],
        })
    }
}

/// A regular expression as written.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The pattern.
    pub text: String,
    /// The scalar's place, quotes included.
    pub span: Span,
    /// How it is written; `None` if it is not text and `text` is Python's `str` of it.
    pub style: Option<Style>,
}

/// `plan_rules`.
#[derive(Debug, Default)]
pub struct PlanRules {
    /// `sequence_patterns`, in order.
    pub sequence_patterns: Vec<SequencePattern>,
    /// `cumulative_risk`.
    pub cumulative_risk: Option<CumulativeRisk>,
}

/// One of `sequence_patterns`.
#[derive(Debug)]
pub struct SequencePattern {
    /// The whole pattern.
    pub span: Span,
    /// `name`.
    pub name: Option<Spanned<String>>,
    /// `steps`.
    pub steps: Vec<Spanned<String>>,
    /// `window`.
    pub window: Option<Spanned<u64>>,
    /// `risk_level` and `approval`.
    pub outcome: Outcome,
    /// `description`.
    pub description: Option<Spanned<String>>,
}

/// `cumulative_risk`.
#[derive(Debug)]
pub struct CumulativeRisk {
    /// The whole mapping.
    pub span: Span,
    /// `max_total_risk`; 0 for 0 or less.
    pub max_total_risk: Option<Spanned<u64>>,
    /// `on_exceed`.
    pub on_exceed: Option<Spanned<Approval>>,
    /// `name`.
    pub name: Option<Spanned<String>>,
}

/// Reads a document as a layer. Everything that is wrong with it is pushed to `out`; the tree holds
/// the rest.
#[must_use]
pub fn read(document: &Document, sources: &SourceMap, out: &mut Vec<Diagnostic>) -> Layer {
    let mut reader = reader::Reader::new(document, sources, out);
    reader.report_duplicates();
    reader.layer()
}
