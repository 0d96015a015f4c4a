//! What a policy answers.

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
