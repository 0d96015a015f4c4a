//! The two rows of an action, as a log is given them.

use super::RecordId;
use super::chain::Content;
use crate::verdict::Verdict;
use aegis_vm::{Approval, RiskLevel};
use std::fmt;
use std::sync::Arc;

/// What is about to happen, or was refused.
///
/// Its content in the chain, in order: time, session, type, target, params, description, approval, risk level,
/// rule, origin, error of the decision, policy digest, policy revision, human decision, approver, time of the
/// answer, the question as seen, number of the intent that it rolls back, agent, parent agent, chain, depth.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Intent {
    /// Microseconds after 1970 by the system's clock.
    pub time: i64,
    /// The session of the runtime.
    pub session: Arc<str>,
    /// The action's type.
    pub action_type: String,
    /// The action's target.
    pub action_target: String,
    /// The params as JSON, redacted.
    pub action_params: String,
    /// What the action is for.
    pub action_desc: Option<String>,
    /// What the policy decided.
    pub verdict: Verdict,
    /// What a person said, if one was asked.
    pub human: Option<HumanDecision>,
    /// The intent that this action rolls back.
    pub rollback_of: Option<RecordId>,
    /// The agent that acts.
    pub agent_id: Option<String>,
    /// The agent that had it done.
    pub parent_agent_id: Option<String>,
    /// The chain of delegations.
    pub chain_id: Option<String>,
    /// How deep in the chain the action stands.
    pub chain_depth: u32,
}

/// What a person said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HumanDecision {
    /// Whether it was a yes.
    pub approved: bool,
    /// Who said it; of an error, what it came from.
    pub by: String,
    /// Microseconds after 1970 at which the answer was there.
    pub at: i64,
    /// What was shown.
    pub shown: String,
}

impl HumanDecision {
    /// `approved` or `denied`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        if self.approved { "approved" } else { "denied" }
    }
}

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It was done.
    Success,
    /// It was begun, and did not succeed.
    Failed,
    /// The policy does not allow it, or it could not be logged.
    Blocked,
    /// It was not approved.
    Denied,
    /// It was not begun, because another action of its plan failed.
    Skipped,
    /// It was begun, and nobody knows how it ended.
    Unknown,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 6] =
        [Status::Success, Status::Failed, Status::Blocked, Status::Denied, Status::Skipped, Status::Unknown];

    /// `success`, `failed`, `blocked`, `denied`, `skipped` or `unknown`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Success => "success",
            Status::Failed => "failed",
            Status::Blocked => "blocked",
            Status::Denied => "denied",
            Status::Skipped => "skipped",
            Status::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How an action ended, as a log is told.
///
/// Its content in the chain, in order: time, session, status, data, error, attempts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// Microseconds after 1970 by the system's clock.
    pub time: i64,
    /// The session of the runtime.
    pub session: Arc<str>,
    /// How it ended.
    pub status: Status,
    /// What it gave back, as JSON, redacted and cut.
    pub data: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// How often it was begun.
    pub attempts: u32,
}

/// The fields of an intent wherever they come from, for its digest.
pub(super) struct IntentFields<'a> {
    pub(super) time: i64,
    pub(super) session: &'a str,
    pub(super) action_type: &'a str,
    pub(super) action_target: &'a str,
    pub(super) action_params: &'a str,
    pub(super) action_desc: Option<&'a str>,
    pub(super) approval: &'a str,
    pub(super) risk_level: &'a str,
    pub(super) rule: &'a str,
    pub(super) origin: Option<&'a str>,
    pub(super) error: Option<&'a str>,
    pub(super) policy_digest: &'a [u8],
    pub(super) policy_revision: i64,
    pub(super) human_decision: Option<&'a str>,
    pub(super) approver: Option<&'a str>,
    pub(super) approved_at: Option<i64>,
    pub(super) approval_shown: Option<&'a str>,
    pub(super) rollback_of: Option<i64>,
    pub(super) agent_id: Option<&'a str>,
    pub(super) parent_agent_id: Option<&'a str>,
    pub(super) chain_id: Option<&'a str>,
    pub(super) chain_depth: i64,
}

impl IntentFields<'_> {
    pub(super) fn digest(&self) -> [u8; 32] {
        Content::new()
            .number(Some(self.time))
            .text(Some(self.session))
            .text(Some(self.action_type))
            .text(Some(self.action_target))
            .text(Some(self.action_params))
            .text(self.action_desc)
            .text(Some(self.approval))
            .text(Some(self.risk_level))
            .text(Some(self.rule))
            .text(self.origin)
            .text(self.error)
            .bytes(self.policy_digest)
            .number(Some(self.policy_revision))
            .text(self.human_decision)
            .text(self.approver)
            .number(self.approved_at)
            .text(self.approval_shown)
            .number(self.rollback_of)
            .text(self.agent_id)
            .text(self.parent_agent_id)
            .text(self.chain_id)
            .number(Some(self.chain_depth))
            .digest()
    }
}

impl Intent {
    /// The digest of its content.
    pub(super) fn digest(&self) -> [u8; 32] {
        let verdict = &self.verdict;
        let origin = verdict.origin_text();
        let human = self.human.as_ref();
        let fields = IntentFields {
            time: self.time,
            session: &self.session,
            action_type: &self.action_type,
            action_target: &self.action_target,
            action_params: &self.action_params,
            action_desc: self.action_desc.as_deref(),
            approval: verdict.approval().as_str(),
            risk_level: verdict.risk_level().as_str(),
            rule: verdict.rule_name(),
            origin: origin.as_deref(),
            error: verdict.error(),
            policy_digest: &verdict.policy_digest(),
            policy_revision: verdict.logged_revision(),
            human_decision: human.map(HumanDecision::as_str),
            approver: human.map(|human| human.by.as_str()),
            approved_at: human.map(|human| human.at),
            approval_shown: human.map(|human| human.shown.as_str()),
            rollback_of: self.rollback_of,
            agent_id: self.agent_id.as_deref(),
            parent_agent_id: self.parent_agent_id.as_deref(),
            chain_id: self.chain_id.as_deref(),
            chain_depth: i64::from(self.chain_depth),
        };
        fields.digest()
    }
}

/// The fields of an outcome wherever they come from, for its digest.
pub(super) struct OutcomeFields<'a> {
    pub(super) time: i64,
    pub(super) session: &'a str,
    pub(super) status: &'a str,
    pub(super) data: Option<&'a str>,
    pub(super) error: Option<&'a str>,
    pub(super) attempts: i64,
}

impl OutcomeFields<'_> {
    pub(super) fn digest(&self) -> [u8; 32] {
        Content::new()
            .number(Some(self.time))
            .text(Some(self.session))
            .text(Some(self.status))
            .text(self.data)
            .text(self.error)
            .number(Some(self.attempts))
            .digest()
    }
}

impl Outcome {
    /// The digest of its content.
    pub(super) fn digest(&self) -> [u8; 32] {
        let fields = OutcomeFields {
            time: self.time,
            session: &self.session,
            status: self.status.as_str(),
            data: self.data.as_deref(),
            error: self.error.as_deref(),
            attempts: i64::from(self.attempts),
        };
        fields.digest()
    }
}

/// The level in a row.
pub(super) fn risk_level(text: &str) -> Option<RiskLevel> {
    let levels = [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High, RiskLevel::Critical];
    levels.into_iter().find(|level| level.as_str() == text)
}

/// The approval in a row.
pub(super) fn approval(text: &str) -> Option<Approval> {
    [Approval::Auto, Approval::Approve, Approval::Block]
        .into_iter()
        .find(|approval| approval.as_str() == text)
}
