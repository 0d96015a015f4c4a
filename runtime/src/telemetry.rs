//! What the runtime tells while it runs: events of `tracing`, and figures by the `metrics` facade.
//!
//! | metric | is |
//! | --- | --- |
//! | `aegis_decisions_total` | decisions, by `approval` and `risk` |
//! | `aegis_decision_seconds` | how long a decision took |
//! | `aegis_actions_total` | actions that ended, by `status` |
//! | `aegis_approval_seconds` | how long an answer took, by `answer` |
//! | `aegis_execution_seconds` | how long an action took that was begun, all its tries together |
//! | `aegis_audit_batch_entries` | entries of one commit of the log |
//! | `aegis_audit_lag_seconds` | how long the first of them waited |
//! | `aegis_audit_failures_total` | commits that failed |
//!
//! Install a recorder before a runtime is built. The figures of reloads are in [`policy`](crate::policy).

use crate::audit::{AuditError, Status};
use crate::verdict::Verdict;
use aegis_vm::{Approval, RiskLevel};
use metrics::{Counter, Histogram, counter, histogram};
use std::path::Path;
use std::time::Duration;

/// The figures of a runtime, found once: a recorder that is installed after the runtime was built sees none of them.
pub(crate) struct Figures {
    decisions: [[Counter; 4]; 3],
    decision: Histogram,
    actions: [Counter; Status::ALL.len()],
    approved: Histogram,
    denied: Histogram,
    execution: Histogram,
}

impl Figures {
    pub(crate) fn new() -> Self {
        let approvals = [Approval::Auto, Approval::Approve, Approval::Block];
        let risks = [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High, RiskLevel::Critical];
        Figures {
            decisions: approvals.map(|approval| {
                risks.map(|risk| {
                    counter!("aegis_decisions_total", "approval" => approval.as_str(), "risk" => risk.as_str())
                })
            }),
            decision: histogram!("aegis_decision_seconds"),
            actions: Status::ALL.map(|status| counter!("aegis_actions_total", "status" => status.as_str())),
            approved: histogram!("aegis_approval_seconds", "answer" => "approved"),
            denied: histogram!("aegis_approval_seconds", "answer" => "denied"),
            execution: histogram!("aegis_execution_seconds"),
        }
    }

    pub(crate) fn decided(&self, verdict: &Verdict, took: Duration) {
        self.decision.record(took);
        let approval = match verdict.approval() {
            Approval::Auto => 0,
            Approval::Approve => 1,
            Approval::Block => 2,
        };
        let risk = match verdict.risk_level() {
            RiskLevel::Low => 0,
            RiskLevel::Medium => 1,
            RiskLevel::High => 2,
            RiskLevel::Critical => 3,
        };
        if let Some(counter) = self.decisions.get(approval).and_then(|counters| counters.get(risk)) {
            counter.increment(1);
        }
    }

    pub(crate) fn ended(&self, status: Status) {
        let counted = Status::ALL.iter().zip(&self.actions).find(|&(&known, _)| known == status);
        if let Some((_, counter)) = counted {
            counter.increment(1);
        }
    }

    pub(crate) fn answered(&self, approved: bool, took: Duration) {
        if approved { &self.approved } else { &self.denied }.record(took);
    }

    pub(crate) fn executed(&self, took: Duration) {
        self.execution.record(took);
    }
}

pub(crate) fn audit_written(entries: usize, lag: Duration) {
    histogram!("aegis_audit_batch_entries").record(f64::from(u32::try_from(entries).unwrap_or(u32::MAX)));
    histogram!("aegis_audit_lag_seconds").record(lag);
}

/// The first failure of a row of them is an error to be seen; the others follow from it.
pub(crate) fn audit_failed(path: &Path, error: &AuditError, again: bool) {
    counter!("aegis_audit_failures_total").increment(1);
    let path = path.display();
    if again {
        tracing::debug!(%path, %error, "the audit log can still not be written");
    } else {
        tracing::error!(%path, %error, "the audit log cannot be written: no action runs until it can");
    }
}
