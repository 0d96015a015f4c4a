//! Who says yes: the trait, and the handlers that come with the runtime.
//!
//! A handler is asked about an action whose decision is `approve`, and the runtime takes nothing but
//! [`Answer::Approved`] for a yes: an error, a panic or no answer in time denies.

mod terminal;
mod webhook;

pub use terminal::TerminalApproval;
pub use webhook::WebhookApproval;

use crate::executor::BoxFuture;
use crate::json;
use crate::task::Task;
use aegis_vm::{RiskLevel, Value};
use std::fmt;
use std::future::Future;

/// What a person is asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApprovalRequest {
    /// A number of this question alone, 32 hexadecimal digits that cannot be guessed.
    pub id: String,
    /// The session of the runtime.
    pub session_id: String,
    /// What is to be done. Params whose names look like secrets are already redacted.
    pub task: Task,
    /// The params as JSON, redacted in the same way, on one line.
    pub params: String,
    /// How much harm the action could do.
    pub risk_level: RiskLevel,
    /// The rule that asks for approval.
    pub rule: String,
    /// Where the rule stands, as `file:line`; empty for the defaults.
    pub origin: String,
    /// The digest of the policy, in hexadecimal.
    pub policy_digest: String,
}

impl ApprovalRequest {
    /// A question about an action, as a test of a handler needs one. The risk is critical; what else is not given is
    /// empty, and can be set. Nothing is redacted.
    ///
    /// # Examples
    ///
    /// ```
    /// use aegis_runtime::approval::ApprovalRequest;
    /// use aegis_runtime::{Action, Task};
    ///
    /// let request = ApprovalRequest::new("1", Task::new(Action::new("deploy", "web").param("replicas", 3)));
    /// assert!(request.text().starts_with("action  deploy on web\nparams  {\"replicas\":3}\n"));
    /// ```
    #[must_use]
    pub fn new(id: impl Into<String>, task: Task) -> Self {
        let mut params = String::new();
        json::write_value(&mut params, Value::Map(task.action().param_values()));
        ApprovalRequest {
            id: id.into(),
            session_id: String::new(),
            task,
            params,
            risk_level: RiskLevel::Critical,
            rule: String::new(),
            origin: String::new(),
            policy_digest: String::new(),
        }
    }

    /// The question in words, on a few lines: what the log keeps as seen by who answered. Control characters and
    /// what could turn the direction of text around are escaped, so that an action cannot draw over the question.
    #[must_use]
    pub fn text(&self) -> String {
        let action = self.task.action();
        let mut text = format!("action  {} on {}\n", shown(action.kind()), shown(action.target()));
        let mut line = |name: &str, value: &str| {
            if !value.is_empty() {
                text.push_str(&format!("{name:7} {}\n", shown(value)));
            }
        };
        line("agent", action.agent_id());
        line("for", self.task.parent_agent_id());
        line("why", action.description_text());
        line("params", &self.params);
        line("risk", self.risk_level.as_str());
        line(
            "rule",
            &if self.origin.is_empty() {
                self.rule.clone()
            } else {
                format!("{} ({})", self.rule, self.origin)
            },
        );
        text
    }
}

/// Text that cannot draw over other text, or look like what it is not: what moves the cursor, turns the direction
/// around or is not seen at all is escaped.
pub(crate) fn shown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        let hides = matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
        if c.is_control() || hides {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// What was answered, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Approved {
        /// Who said so, as the log keeps it.
        by: String,
    },
    /// No.
    Denied {
        /// Who said so, as the log keeps it.
        by: String,
        /// Why; may be empty.
        reason: String,
    },
}

impl Answer {
    /// Yes, by someone.
    #[must_use]
    pub fn approved(by: impl Into<String>) -> Self {
        Answer::Approved { by: by.into() }
    }

    /// No, by someone.
    #[must_use]
    pub fn denied(by: impl Into<String>, reason: impl Into<String>) -> Self {
        Answer::Denied { by: by.into(), reason: reason.into() }
    }
}

/// Why there is no answer; the action is denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalError(String);

impl ApprovalError {
    /// No answer, for a reason.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        ApprovalError(message.into())
    }
}

impl fmt::Display for ApprovalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ApprovalError {}

/// Asks a person.
pub trait ApprovalHandler: Send + Sync + 'static {
    /// Asks, and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`ApprovalError`] if there is no answer: the action is denied.
    fn ask(&self, request: &ApprovalRequest) -> impl Future<Output = Result<Answer, ApprovalError>> + Send;
}

/// Says no to everything: what a runtime does that was given no handler.
#[derive(Clone, Copy, Debug, Default)]
pub struct DenyAll;

impl ApprovalHandler for DenyAll {
    async fn ask(&self, _: &ApprovalRequest) -> Result<Answer, ApprovalError> {
        Ok(Answer::denied("deny-all", "nobody is asked here"))
    }
}

/// Says yes to everything. For tests: with it, `approve` means `auto`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApproveAllInTests;

impl ApprovalHandler for ApproveAllInTests {
    async fn ask(&self, _: &ApprovalRequest) -> Result<Answer, ApprovalError> {
        Ok(Answer::approved("approve-all-in-tests"))
    }
}

/// A handler made of a closure that takes the question and gives a future.
///
/// # Examples
///
/// ```
/// use aegis_runtime::approval::{Answer, callback};
///
/// let handler = callback(|request| async move {
///     // Ask whoever is on duty here.
///     Ok(Answer::denied("on-duty", format!("not {}", request.task.action().kind())))
/// });
/// # let _ = handler;
/// ```
pub fn callback<F, R>(ask: F) -> impl ApprovalHandler
where
    F: Fn(ApprovalRequest) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Answer, ApprovalError>> + Send,
{
    Callback(ask)
}

struct Callback<F>(F);

impl<F, R> ApprovalHandler for Callback<F>
where
    F: Fn(ApprovalRequest) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Answer, ApprovalError>> + Send,
{
    async fn ask(&self, request: &ApprovalRequest) -> Result<Answer, ApprovalError> {
        (self.0)(request.clone()).await
    }
}

/// A handler behind a pointer.
pub(crate) trait DynApproval: Send + Sync {
    fn ask<'a>(&'a self, request: &'a ApprovalRequest) -> BoxFuture<'a, Result<Answer, ApprovalError>>;
}

impl<H: ApprovalHandler> DynApproval for H {
    fn ask<'a>(&'a self, request: &'a ApprovalRequest) -> BoxFuture<'a, Result<Answer, ApprovalError>> {
        // Made within the future, so that a panic on the way to one is caught, too.
        Box::pin(async move { ApprovalHandler::ask(self, request).await })
    }
}
