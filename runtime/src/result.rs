//! How an action ended, as its caller is told.

use crate::audit::{RecordId, Status};
use crate::executor::Data;
use crate::task::Task;
use crate::time::rfc3339;
use crate::verdict::Verdict;
use std::fmt;

/// How an action ended.
#[derive(Clone, Debug)]
#[must_use = "an action that was blocked did nothing, and says so only here"]
pub struct ActionResult {
    pub(crate) task: Task,
    pub(crate) verdict: Verdict,
    pub(crate) status: Status,
    pub(crate) data: Option<Data>,
    pub(crate) error: Option<String>,
    pub(crate) started: i64,
    pub(crate) ended: i64,
    pub(crate) attempts: u32,
    pub(crate) record: Option<RecordId>,
    pub(crate) audit_error: Option<String>,
    pub(crate) rollback: Option<Box<ActionResult>>,
}

impl ActionResult {
    /// What was to be done.
    #[must_use]
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// What the policy decided.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// How it ended.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whether it was done.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.status == Status::Success
    }

    /// What the executor gave back.
    #[must_use]
    pub fn data(&self) -> Option<&Data> {
        self.data.as_ref()
    }

    /// Why it was not done.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// When it was decided, in microseconds after 1970.
    #[must_use]
    pub fn started(&self) -> i64 {
        self.started
    }

    /// When it ended, in microseconds after 1970; before the start if the clock was set back.
    #[must_use]
    pub fn ended(&self) -> i64 {
        self.ended
    }

    /// How often it was begun; 0 if it never was.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The number of its intent in the log; none if the log could not be written.
    #[must_use]
    pub fn record(&self) -> Option<RecordId> {
        self.record
    }

    /// Why the log does not say how it ended, if it could not be written then.
    #[must_use]
    pub fn audit_error(&self) -> Option<&str> {
        self.audit_error.as_deref()
    }

    /// What became of its rollback, if it failed and one was to be tried.
    #[must_use]
    pub fn rollback(&self) -> Option<&ActionResult> {
        self.rollback.as_deref()
    }

    /// Why the actions after it are skipped where the first failure counts, as in
    /// [`Mode::FailFast`](crate::Mode::FailFast); none if they are not.
    #[must_use]
    pub fn skips_rest(&self) -> Option<String> {
        let action = self.task.action();
        let of = || format!("{} on {}", action.kind(), action.target());
        match self.status {
            Status::Failed | Status::Denied | Status::Unknown => {
                Some(format!("skipped: {} before it was {}", of(), self.status))
            }
            _ if self.audit_error.is_some() => {
                Some(format!("skipped: what became of {} before it could not be logged", of()))
            }
            _ => None,
        }
    }

    /// All of it as JSON, for a program that reads what happened. Params are left out: they may hold secrets.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let action = self.task.action();
        let mut json = serde_json::json!({
            "type": action.kind(),
            "target": action.target(),
            "status": self.status.as_str(),
            "data": self.data,
            "error": self.error,
            "approval": self.verdict.approval().as_str(),
            "risk_level": self.verdict.risk_level().as_str(),
            "matched_rule": self.verdict.rule_name(),
            "origin": self.verdict.origin().map(|origin| origin.to_string()),
            "started": rfc3339(self.started),
            "ended": rfc3339(self.ended),
            "attempts": self.attempts,
            "record": self.record,
            "policy_digest": self.verdict.policy().digest_hex(),
            "generation": self.verdict.generation(),
        });
        if let Some(object) = json.as_object_mut() {
            if let Some(error) = &self.audit_error {
                object.insert("audit_error".to_owned(), error.clone().into());
            }
            if let Some(rollback) = &self.rollback {
                object.insert("rollback".to_owned(), rollback.to_json());
            }
        }
        json
    }
}

/// `deploy on staging: success`, with the error if there is one.
impl fmt::Display for ActionResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = self.task.action();
        write!(f, "{} on {}: {}", action.kind(), action.target(), self.status)?;
        match &self.error {
            Some(error) => write!(f, ", {error}"),
            None => Ok(()),
        }
    }
}
