//! What a runtime is made of, and the steps that need no permit: deciding, asking, writing rows.

use crate::approval::{Answer, ApprovalError, ApprovalRequest, DynApproval};
use crate::audit::{
    AuditError, AuditLog, Entry, HumanDecision, Intent, Outcome, RecordId, Redaction, Status,
};
use crate::caught::Caught;
use crate::executor::{Data, DynExecutor};
use crate::hooks::Hooks;
use crate::json;
use crate::policy::PolicyHandle;
use crate::retry::Retry;
use crate::task::Task;
use crate::telemetry::Figures;
use crate::time::{Clock, micros};
use crate::verdict::Verdict;
use aegis_vm::json::{Json, Object};
use aegis_vm::{Timestamp, Value};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

pub(crate) struct Core {
    pub(crate) executor: Arc<dyn DynExecutor>,
    pub(crate) policy: PolicyHandle,
    pub(crate) approval: Arc<dyn DynApproval>,
    pub(crate) audit: Arc<dyn AuditLog>,
    pub(crate) session: Arc<str>,
    pub(crate) agent_id: String,
    pub(crate) hooks: Hooks,
    pub(crate) retry: Retry,
    pub(crate) redaction: Redaction,
    pub(crate) limits: Limits,
    pub(crate) outcomes: Outcomes,
    pub(crate) clock: Clock,
    pub(crate) figures: Figures,
}

/// How long and how much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) approval: Duration,
    pub(crate) execution: Duration,
    pub(crate) action_bytes: usize,
    pub(crate) data_bytes: usize,
}

/// Whether a result waits for its outcome to be on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcomes {
    /// Yes: who has the result has a durable record of it.
    #[default]
    Awaited,
    /// No: it is written with what comes next. After a crash the log may say of an action whose result was given
    /// that its end is not known. The intent is durable before anything runs, as always.
    Queued,
}

/// An action as the log and the questions have it.
pub(crate) struct Described {
    params: String,
    /// It is too long to be kept whole.
    pub(crate) too_long: Option<String>,
}

impl Core {
    pub(crate) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    pub(crate) fn micros(&self) -> i64 {
        micros(self.now())
    }

    /// What the policy in service says now.
    pub(crate) fn decide(&self, task: &Task) -> Verdict {
        let began = Instant::now();
        let generation = self.policy.load().into_arc();
        let verdict = Verdict::decide(generation, task, || Timestamp::from(self.now()));
        self.figures.decided(&verdict, began.elapsed());
        verdict
    }

    /// The params as the log has them, and whether all of the action can be kept.
    pub(crate) fn describe(&self, task: &Task) -> Described {
        let action = task.action();
        let mut params = String::new();
        json::write_redacted(&mut params, Value::Map(action.param_values()), &|name| {
            self.redaction.hides(name)
        });
        let texts = [
            action.kind(),
            action.target(),
            action.description_text(),
            action.agent_id(),
            task.parent_agent_id(),
            task.chain_id(),
            &params,
        ];
        let length = texts.iter().fold(0_usize, |sum, text| sum.saturating_add(text.len()));
        let most = self.limits.action_bytes;
        let too_long = (length > most).then(|| {
            params = format!("{{\"cut\":true,\"bytes\":{}}}", params.len());
            format!("not run: the action takes {length} bytes, and the log keeps {most} whole: send less")
        });
        Described { params, too_long }
    }

    pub(crate) fn intent(
        &self,
        task: &Task,
        described: &Described,
        verdict: &Verdict,
        human: Option<HumanDecision>,
        rollback_of: Option<RecordId>,
    ) -> Box<Intent> {
        let action = task.action();
        let text = |text: &str| match &described.too_long {
            None => text.to_owned(),
            Some(_) => head(text, 1_024),
        };
        let some = |value: &str| (!value.is_empty()).then(|| text(value));
        Box::new(Intent {
            time: self.micros(),
            session: Arc::clone(&self.session),
            action_type: text(action.kind()),
            action_target: text(action.target()),
            action_params: described.params.clone(),
            action_desc: some(action.description_text()),
            verdict: verdict.clone(),
            human,
            rollback_of,
            agent_id: some(action.agent_id()),
            parent_agent_id: some(task.parent_agent_id()),
            chain_id: some(task.chain_id()),
            chain_depth: task.chain_depth(),
        })
    }

    pub(crate) fn outcome(
        &self,
        status: Status,
        data: Option<&Data>,
        error: Option<&str>,
        attempts: u32,
    ) -> Outcome {
        Outcome {
            time: self.micros(),
            session: Arc::clone(&self.session),
            status,
            data: data.map(|data| {
                json::data_text(data, self.limits.data_bytes, &|name| self.redaction.hides(name))
            }),
            error: error.map(|error| head(error, self.limits.data_bytes)),
            attempts,
        }
    }

    pub(crate) async fn write(&self, entry: Entry) -> Result<RecordId, AuditError> {
        self.audit.record(entry).await
    }

    /// Asks a person; no answer, in whatever way, is a no.
    pub(crate) async fn ask(&self, task: &Task, described: &Described, verdict: &Verdict) -> Asked {
        let request = match self.request(task, described, verdict) {
            Ok(request) => request,
            Err(error) => return self.asked(String::new(), Err(error)),
        };
        let shown = request.text();
        let began = Instant::now();
        let answer = Caught(self.approval.ask(&request));
        let answer = match tokio::time::timeout(self.limits.approval, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(panic)) => Err(ApprovalError::new(format!("the approval handler panicked: {panic}"))),
            Err(_) => Err(ApprovalError::new(format!("no answer within {:?}", self.limits.approval))),
        };
        let asked = self.asked(shown, answer);
        self.figures.answered(asked.human.approved, began.elapsed());
        asked
    }

    fn asked(&self, shown: String, answer: Result<Answer, ApprovalError>) -> Asked {
        let at = self.micros();
        let (approved, by, refusal) = match answer {
            Ok(Answer::Approved { by }) => (true, by, String::new()),
            Ok(Answer::Denied { by, reason }) if reason.is_empty() => {
                let refusal = format!("denied by {by}");
                (false, by, refusal)
            }
            Ok(Answer::Denied { by, reason }) => {
                let refusal = format!("denied by {by}: {reason}");
                (false, by, refusal)
            }
            Err(error) => (false, "nobody".to_owned(), format!("not approved: {error}")),
        };
        Asked { human: HumanDecision { approved, by: head(&by, 1_024), at, shown }, refusal }
    }

    fn request(
        &self,
        task: &Task,
        described: &Described,
        verdict: &Verdict,
    ) -> Result<ApprovalRequest, ApprovalError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| {
            ApprovalError::new(format!("there is no random number for the question: {error}"))
        })?;
        let action = task.action();
        let redacted = aegis_vm::Action::new(action.kind(), action.target())
            .agent(action.agent_id())
            .description(action.description_text())
            .params(self.redacted(action.param_values()));
        Ok(ApprovalRequest {
            id: id.iter().map(|byte| format!("{byte:02x}")).collect(),
            session_id: self.session.to_string(),
            task: task.with_action(redacted),
            params: described.params.clone(),
            risk_level: verdict.risk_level(),
            rule: verdict.rule_name().to_owned(),
            origin: verdict.origin().map(|origin| origin.to_string()).unwrap_or_default(),
            policy_digest: verdict.policy().digest_hex().to_owned(),
        })
    }

    fn redacted(&self, object: &Object) -> Object {
        let entry = |(name, value): (&str, &Json)| {
            let hidden = self.redaction.hides(name);
            let value = if hidden { Json::from(json::REDACTED) } else { self.redacted_value(value) };
            (name.to_owned(), value)
        };
        object.iter().map(entry).collect()
    }

    /// As deep as an action can be read.
    fn redacted_value(&self, value: &Json) -> Json {
        match value {
            Json::Object(object) => Json::Object(self.redacted(object)),
            Json::List(items) => Json::List(items.iter().map(|item| self.redacted_value(item)).collect()),
            other => other.clone(),
        }
    }
}

/// What was answered, in the form of the log, and the words for a no.
pub(crate) struct Asked {
    pub(crate) human: HumanDecision,
    pub(crate) refusal: String,
}

/// The beginning of a text, of so many bytes at most and what says that it was cut.
pub(crate) fn head(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    format!("{}... ({} bytes)", text.get(..end).unwrap_or_default(), text.len())
}
