//! What a policy decided, owned: kept for as long as the action takes, with the policy that decided it.

use crate::policy::Generation;
use crate::task::Task;
use aegis_vm::{Approval, Decision, Origin, RiskLevel, RuleView, Timestamp};
use std::fmt::{self, Write as _};
use std::sync::Arc;

/// What a policy decided about an action.
#[derive(Clone)]
#[must_use = "a verdict that is not looked at protects nothing"]
pub struct Verdict {
    generation: Arc<Generation>,
    rule: Option<u32>,
    approval: Approval,
    risk_level: RiskLevel,
    error: Option<Arc<str>>,
    /// Whether it was reached without a look at the time.
    timeless: bool,
}

impl Verdict {
    /// What this generation says of a task; the time is asked for only if a rule that could match looks at it.
    pub(crate) fn decide(generation: Arc<Generation>, task: &Task, now: impl Fn() -> Timestamp) -> Self {
        let mut timeless = true;
        let decision = generation.policy().evaluate(task.action(), || {
            timeless = false;
            now()
        });
        let (rule, approval, risk_level, error) = parts(&decision);
        Verdict { generation, rule, approval, risk_level, error, timeless }
    }

    /// Whether this generation, asked again about the same task, says the same whatever the time.
    pub(crate) fn is_of(&self, generation: &Generation) -> bool {
        self.timeless && std::ptr::eq(self.policy(), generation)
    }

    /// Whether it is the same decision of the same policy.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        self.rule == other.rule
            && self.error == other.error
            && Arc::ptr_eq(&self.generation, &other.generation)
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

    /// The position of the rule over all layers; none for the defaults.
    #[must_use]
    pub fn rule_index(&self) -> Option<u32> {
        self.rule
    }

    /// The rule that matched or could not be judged; `<default>` if none did.
    #[must_use]
    pub fn rule_name(&self) -> &str {
        match self.rule() {
            Some(rule) => rule.name(),
            None if self.error.is_some() => "<error>",
            None => "<default>",
        }
    }

    /// Where the rule stands.
    #[must_use]
    pub fn origin(&self) -> Option<Origin<'_>> {
        self.rule().map(RuleView::origin)
    }

    /// Where the rule stands, as text.
    pub(crate) fn origin_text(&self) -> Option<String> {
        let Origin { file, line } = self.origin()?;
        let mut text = String::with_capacity(file.len() + 11);
        text.push_str(file);
        // Writing to a string does not fail.
        let _ = write!(text, ":{line}");
        Some(text)
    }

    /// Why the action could not be judged, if it could not.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// The number of the policy in this runtime, from 1; it rises with each policy that takes over.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.number()
    }

    /// The policy that decided.
    #[must_use]
    pub fn policy(&self) -> &Generation {
        &self.generation
    }

    /// The digest of the policy that decided.
    #[must_use]
    pub fn policy_digest(&self) -> [u8; 32] {
        self.generation.digest()
    }

    /// The revision as a log keeps it; one past what a log can count is the greatest that it can.
    pub(crate) fn logged_revision(&self) -> i64 {
        i64::try_from(self.generation.revision()).unwrap_or(i64::MAX)
    }

    fn rule(&self) -> Option<RuleView<'_>> {
        self.generation.policy().rule(usize::try_from(self.rule?).ok()?)
    }
}

fn parts(decision: &Decision<'_>) -> (Option<u32>, Approval, RiskLevel, Option<Arc<str>>) {
    let error = decision.error().map(|error| error.to_string().into());
    (decision.rule_index(), decision.approval(), decision.risk_level(), error)
}

/// `block, critical, by destroy_block (policies/base.yaml:40)`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, by {}", self.approval, self.risk_level, self.rule_name())?;
        if let Some(origin) = self.origin() {
            write!(f, " ({origin})")?;
        }
        match &self.error {
            Some(error) => write!(f, ", which could not be judged: {error}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verdict")
            .field("approval", &self.approval)
            .field("risk_level", &self.risk_level)
            .field("rule", &self.rule_name())
            .field("error", &self.error)
            .field("generation", &self.generation())
            .finish()
    }
}
