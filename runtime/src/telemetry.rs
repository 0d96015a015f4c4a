//! What the runtime tells while it runs: events of `tracing`, and figures by the `metrics` facade.
//!
//! | metric | is |
//! | --- | --- |
//! | `aegis_decisions_total` | decisions, by `approval` and `risk` |
//! | `aegis_decision_seconds` | how long a decision took |
//! | `aegis_actions_total` | actions that ended, by `status` |
//! | `aegis_approval_seconds` | how long an answer took, by `answer` |
//! | `aegis_execution_seconds` | how long an execution took, by `status` |
//! | `aegis_audit_batch_entries` | entries of one commit of the log |
//! | `aegis_audit_lag_seconds` | how long the first of them waited |
//! | `aegis_audit_failures_total` | commits that failed |
//!
//! Those of reloads are in [`policy`](crate::policy).

use crate::audit::{AuditError, Status};
use crate::verdict::Verdict;
use std::path::Path;
use std::time::Duration;

/// Whether anyone looks at how long a decision takes: two readings of a clock take longer than one.
pub(crate) fn timed() -> bool {
    tracing::level_filters::LevelFilter::current() >= tracing::level_filters::LevelFilter::TRACE
}

pub(crate) fn decided(verdict: &Verdict, took: Option<Duration>) {
    let (approval, risk) = (verdict.approval().as_str(), verdict.risk_level().as_str());
    metrics::counter!("aegis_decisions_total", "approval" => approval, "risk" => risk).increment(1);
    if let Some(took) = took {
        metrics::histogram!("aegis_decision_seconds").record(took);
    }
}

pub(crate) fn ended(status: Status) {
    metrics::counter!("aegis_actions_total", "status" => status.as_str()).increment(1);
}

pub(crate) fn answered(answer: &'static str, took: Duration) {
    metrics::histogram!("aegis_approval_seconds", "answer" => answer).record(took);
}

pub(crate) fn executed(status: Status, took: Duration) {
    metrics::histogram!("aegis_execution_seconds", "status" => status.as_str()).record(took);
}

pub(crate) fn audit_written(entries: usize, lag: Duration) {
    metrics::histogram!("aegis_audit_batch_entries")
        .record(f64::from(u32::try_from(entries).unwrap_or(u32::MAX)));
    metrics::histogram!("aegis_audit_lag_seconds").record(lag);
}

/// The first failure of a row of them is an error to be seen; the others follow from it.
pub(crate) fn audit_failed(path: &Path, error: &AuditError, again: bool) {
    metrics::counter!("aegis_audit_failures_total").increment(1);
    let path = path.display();
    if again {
        tracing::debug!(%path, %error, "the audit log can still not be written");
    } else {
        tracing::error!(%path, %error, "the audit log cannot be written: no action runs until it can");
    }
}
