//! The gate: an action becomes a permit here, or is refused. There is no other way to an executor.
//!
//! ```text
//!            block                    no                    not written, or stricter by now
//! decide ────────────▶ refused   ask ────▶ refused   intent ────────────▶ refused
//!    │ approve ─────────────────▶ │ yes, and the policy    │ durable
//!    │ auto                       │ still says so          ▼
//!    └────────────────────────────┴─────────────────▶   Permit ──▶ executor
//! ```
//!
//! A [`Permit`] has no constructor outside of this file, and what calls the executor takes nothing else.

use crate::audit::{AuditError, Entry, HumanDecision, RecordId, Status};
use crate::core::{Core, Described};
use crate::task::Task;
use crate::verdict::Verdict;
use aegis_vm::Approval;

/// How often a person is asked about one action whose decision keeps changing meanwhile.
const ROUNDS: usize = 3;

/// An action that may run now: the policy allows it, whoever has to approve it did, and its intent is durable.
pub(crate) struct Permit {
    task: Task,
    verdict: Verdict,
    intent: RecordId,
}

impl Permit {
    pub(crate) fn task(&self) -> &Task {
        &self.task
    }

    /// The number of the intent.
    pub(crate) fn intent(&self) -> RecordId {
        self.intent
    }

    /// Whether the policy, asked again, still says no more than what was passed here; if not, what it says.
    pub(crate) fn holds(&self, core: &Core) -> Result<(), Verdict> {
        if self.verdict.is_of(&core.policy.load()) {
            return Ok(());
        }
        let now = core.decide(&self.task);
        if now.approval() <= self.verdict.approval() { Ok(()) } else { Err(now) }
    }

    pub(crate) fn into_parts(self) -> (Task, Verdict) {
        (self.task, self.verdict)
    }
}

/// An action that does not run, and why.
pub(crate) struct Refused {
    pub(crate) task: Task,
    pub(crate) verdict: Verdict,
    pub(crate) status: Status,
    pub(crate) error: String,
    pub(crate) record: Option<RecordId>,
    pub(crate) audit_error: Option<AuditError>,
}

/// What is known of an action before the gate.
pub(crate) struct Request<'a> {
    pub(crate) task: Task,
    /// What a plan showed, which nothing laxer can replace.
    pub(crate) planned: Option<&'a Verdict>,
    pub(crate) rollback_of: Option<RecordId>,
}

/// Decides, asks and writes the intent.
pub(crate) async fn pass(core: &Core, request: Request<'_>) -> Result<Permit, Refused> {
    let Request { task, planned, rollback_of } = request;
    let described = core.describe(&task);
    let mut verdict = stricter(core.decide(&task), planned);
    let mut human = None;
    let refusal = judge(core, &task, &described, planned, &mut verdict, &mut human).await;
    let (status, error) = match refusal {
        None => {
            let intent = core.intent(&task, &described, &verdict, human, rollback_of);
            return match core.write(Entry::Intent(intent)).await {
                Ok(intent) => checked(core, Permit { task, verdict, intent }).await,
                Err(error) => Err(unwritten(task, verdict, Status::Blocked, None, error)),
            };
        }
        Some(refusal) => refusal,
    };
    let intent = core.intent(&task, &described, &verdict, human, rollback_of);
    let outcome = core.outcome(status, None, Some(&error), 0);
    match core.write(Entry::Refusal(intent, outcome)).await {
        Ok(record) => Err(Refused { task, verdict, status, error, record: Some(record), audit_error: None }),
        Err(failure) => Err(unwritten(task, verdict, status, Some(error), failure)),
    }
}

/// Of what a plan showed and what holds now, what allows less.
fn stricter(now: Verdict, planned: Option<&Verdict>) -> Verdict {
    match planned {
        Some(planned) if planned.approval() > now.approval() => planned.clone(),
        _ => now,
    }
}

/// Why an action does not run, if it does not: the status and the words.
async fn judge(
    core: &Core,
    task: &Task,
    described: &Described,
    planned: Option<&Verdict>,
    verdict: &mut Verdict,
    human: &mut Option<HumanDecision>,
) -> Option<(Status, String)> {
    let hook_panicked = || Some((Status::Blocked, "not run: a hook panicked".to_owned()));
    if core.hooks.decided(task, verdict).is_err() {
        return hook_panicked();
    }
    if let Some(too_long) = &described.too_long {
        return Some((Status::Blocked, too_long.clone()));
    }
    for _ in 0..ROUNDS {
        match verdict.approval() {
            Approval::Auto => return None,
            Approval::Block => return Some((Status::Blocked, blocked(verdict))),
            Approval::Approve => {}
        }
        let asked = core.ask(task, described, verdict).await;
        let approved = asked.human.approved;
        let hook = core.hooks.answered(task, verdict, &asked.human);
        *human = Some(asked.human);
        if hook.is_err() {
            return hook_panicked();
        }
        if !approved {
            return Some((Status::Denied, asked.refusal));
        }
        // While a person was thinking an hour may have struck, or another policy taken over.
        let now = stricter(core.decide(task), planned);
        let same_question = now.approval() == Approval::Approve
            && now.rule_name() == verdict.rule_name()
            && now.risk_level() == verdict.risk_level();
        *verdict = now;
        if same_question {
            return None;
        }
    }
    match verdict.approval() {
        Approval::Auto => None,
        Approval::Block => Some((Status::Blocked, blocked(verdict))),
        Approval::Approve => {
            let error =
                format!("not approved: what the policy says changed {ROUNDS} times while it was asked for");
            Some((Status::Denied, error))
        }
    }
}

fn blocked(verdict: &Verdict) -> String {
    let by = match verdict.origin() {
        Some(origin) => format!("`{}` ({origin})", verdict.rule_name()),
        None => "the defaults: no rule matched".to_owned(),
    };
    match verdict.error() {
        Some(error) => format!("blocked by {by}, which could not be judged: {error}"),
        None => format!("blocked by {by}"),
    }
}

/// The last look, after the disk took its time.
async fn checked(core: &Core, permit: Permit) -> Result<Permit, Refused> {
    let Err(now) = permit.holds(core) else { return Ok(permit) };
    let error = format!("not run: the policy became stricter while the intent was written: {now}");
    let outcome = core.outcome(Status::Blocked, None, Some(&error), 0);
    let written = core.write(Entry::Outcome { of: permit.intent, outcome }).await;
    Err(Refused {
        task: permit.task,
        verdict: permit.verdict,
        status: Status::Blocked,
        error,
        record: Some(permit.intent),
        audit_error: written.err(),
    })
}

/// Nothing runs that the log does not have.
fn unwritten(
    task: Task,
    verdict: Verdict,
    status: Status,
    refusal: Option<String>,
    failure: AuditError,
) -> Refused {
    let error = refusal.unwrap_or_else(|| format!("not run: {failure}"));
    Refused { task, verdict, status, error, record: None, audit_error: Some(failure) }
}
