//! Closures that are told what happens on the way of an action.

use crate::audit::HumanDecision;
use crate::result::ActionResult;
use crate::task::Task;
use crate::verdict::Verdict;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

type OnDecision = Arc<dyn Fn(&Task, &Verdict) + Send + Sync>;
type OnApproval = Arc<dyn Fn(&Task, &Verdict, &HumanDecision) + Send + Sync>;
type OnExecution = Arc<dyn Fn(&ActionResult) + Send + Sync>;

/// Closures that are told what happens; they change nothing, and are waited for, so they should be short.
///
/// One that panics before the action runs keeps it from running.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) on_decision: Option<OnDecision>,
    pub(crate) on_approval: Option<OnApproval>,
    pub(crate) on_execution: Option<OnExecution>,
}

/// A closure panicked.
pub(crate) struct Panicked;

impl Hooks {
    pub(crate) fn decided(&self, task: &Task, verdict: &Verdict) -> Result<(), Panicked> {
        self.on_decision.as_ref().map_or(Ok(()), |hook| guarded(|| hook(task, verdict)))
    }

    pub(crate) fn answered(
        &self,
        task: &Task,
        verdict: &Verdict,
        human: &HumanDecision,
    ) -> Result<(), Panicked> {
        self.on_approval.as_ref().map_or(Ok(()), |hook| guarded(|| hook(task, verdict, human)))
    }

    pub(crate) fn executed(&self, result: &ActionResult) {
        if self.on_execution.as_ref().is_some_and(|hook| guarded(|| hook(result)).is_err()) {
            tracing::error!("the hook on executions panicked");
        }
    }
}

fn guarded(hook: impl FnOnce()) -> Result<(), Panicked> {
    catch_unwind(AssertUnwindSafe(hook)).map_err(|_| Panicked)
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("on_decision", &self.on_decision.is_some())
            .field("on_approval", &self.on_approval.is_some())
            .field("on_execution", &self.on_execution.is_some())
            .finish()
    }
}
