//! What is read once, at load: the manifest, and the words for people.

use crate::cost::Cost;
use serde::{Deserialize, Serialize};

/// What the artifact was made of. Read once, at load.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The layers in order. The first one's version and scope are the policy's.
    pub layers: Vec<Layer>,
    /// The number of rules.
    pub rules: u32,
    /// What holds when no rule matches: 0 auto, 1 approve, 2 block.
    pub default_approval: u8,
    /// What holds when no rule matches: 0 low … 3 critical.
    pub default_risk_level: u8,
    /// What the build was labelled with; may be empty.
    pub label: String,
    /// How the compiler checked its output: `off`, or what it checked.
    pub verified: String,
    /// What a decision costs at most.
    pub cost: Cost,
    /// Which rules have no graph of their own.
    pub spread: Spread,
    /// Rules over sequences of actions.
    pub plan_rules: PlanRules,
}

/// Which rules are judged by other means than a graph that branches over all questions at once: for people, as
/// the nodes say how they are judged.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Of lists that were cut, of which each part leads to the next.
    pub chunks: Vec<RuleRange>,
    /// By rows of bits.
    pub rows: Vec<RuleRange>,
    /// One by one, where a prefilter says that they may hold.
    pub sifted: Vec<RuleRange>,
}

/// Rules that follow each other.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleRange {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

/// A layer of the policy.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The path, relative to where the build ran.
    pub path: String,
    /// The SHA-256 of the file's bytes.
    pub sha256: [u8; 32],
    /// The index of the layer's first rule.
    pub first_rule: u32,
    /// The number of the layer's rules.
    pub rules: u32,
    /// The layer's `version`, as decimal text.
    pub version: String,
    /// The layer's `scope`.
    pub scope: String,
    /// The layer's `scope_id`; may be empty.
    pub scope_id: String,
}

/// Rules over sequences of actions: carried, not enforced by this version.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanRules {
    /// The sequences.
    pub sequence_patterns: Vec<SequencePattern>,
    /// The limit.
    pub cumulative_risk: Option<CumulativeRisk>,
}

/// Steps that must not follow each other.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct SequencePattern {
    /// The name.
    pub name: String,
    /// Globs over action types.
    pub steps: Vec<String>,
    /// All steps within so many consecutive actions; 0 is unlimited.
    pub window: u64,
    /// 0 auto, 1 approve, 2 block.
    pub approval: u8,
    /// 0 low … 3 critical.
    pub risk_level: u8,
    /// For people.
    pub description: String,
}

/// A limit on the summed risk of a plan.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct CumulativeRisk {
    /// The most that is not a violation.
    pub max_total_risk: u64,
    /// 0 auto, 1 approve, 2 block.
    pub on_exceed: u8,
    /// The name.
    pub name: String,
}

/// The cold part: what explains a rule in its author's words.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Debug {
    /// For each rule its conditions.
    pub rules: Vec<Vec<ConditionDebug>>,
}

/// A condition as its author wrote it.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct ConditionDebug {
    /// The line of the layer, from 1.
    pub line: u32,
    /// The key and the value, on one line.
    pub text: String,
}
