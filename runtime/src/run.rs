//! The way of one action: through the gate, to the executor, and what is written afterwards.

use crate::audit::{Entry, RecordId, Status};
use crate::caught::Caught;
use crate::core::{Core, Outcomes};
use crate::executor::{BoxFuture, Data};
use crate::gate::{self, Permit, Refused, Request};
use crate::result::ActionResult;
use crate::task::Task;
use crate::verdict::Verdict;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;
use std::time::Instant;

/// Runs one action to its end.
pub(crate) async fn run(core: &Core, task: Task, planned: Option<&Verdict>) -> ActionResult {
    let task = task.or_agent(&core.agent_id);
    let mut result = governed(core, Request { task, planned, rollback_of: None }).await;
    if result.status == Status::Failed
        && let Some(failed) = result.record
    {
        result.rollback = roll_back(core, &result, failed).await.map(Box::new);
    }
    core.hooks.executed(&result);
    result
}

/// A rollback is an action as any other, but for that it is tried once and not rolled back itself.
async fn roll_back(core: &Core, result: &ActionResult, failed: RecordId) -> Option<ActionResult> {
    let error = result.error().unwrap_or_default();
    let undo = catch_unwind(AssertUnwindSafe(|| core.retry.undoes(result.task(), error)));
    let action = match undo {
        Ok(action) => action?,
        Err(_) => {
            tracing::error!("the closure that names a rollback panicked: nothing is rolled back");
            return None;
        }
    };
    let task = result.task().with_action(action).or_agent(result.task().action().agent_id());
    let request = Request { task, planned: None, rollback_of: Some(failed) };
    let undone = governed(core, request).await;
    core.hooks.executed(&undone);
    Some(undone)
}

async fn governed(core: &Core, request: Request<'_>) -> ActionResult {
    let started = core.micros();
    let further = if request.rollback_of.is_some() { 0 } else { core.retry.further() };
    let result = match gate::pass(core, request).await {
        Ok(permit) => carry_out(core, permit, further, started).await,
        Err(refused) => refusal(core, refused, started),
    };
    core.figures.ended(result.status);
    result
}

fn refusal(core: &Core, refused: Refused, started: i64) -> ActionResult {
    let Refused { task, verdict, status, error, record, audit_error } = refused;
    tracing::info!(action = task.action().kind(), target = task.action().target(), %status, error, "not run");
    ActionResult {
        task,
        verdict,
        status,
        data: None,
        error: Some(error),
        started,
        ended: core.micros(),
        attempts: 0,
        record,
        audit_error: audit_error.map(|error| error.to_string()),
        rollback: None,
    }
}

/// The only caller of executors.
async fn carry_out(core: &Core, permit: Permit, further: u32, started: i64) -> ActionResult {
    let began = Instant::now();
    let mut begun = Begun { core, intent: Some(permit.intent()), attempts: 0 };
    let ended = attempts(core, &permit, further, &mut begun).await;
    let (status, data, error) = match ended {
        Ok(data) => (Status::Success, Some(data), None),
        Err(error) => (Status::Failed, None, Some(error)),
    };
    core.figures.executed(began.elapsed());
    let attempts = begun.attempts;
    let outcome = core.outcome(status, data.as_ref(), error.as_deref(), attempts);
    // From here on the outcome is the log's.
    begun.intent = None;
    let receipt = core.audit.record(Entry::Outcome { of: permit.intent(), outcome });
    let written = match core.outcomes {
        Outcomes::Awaited => receipt.await.err(),
        Outcomes::Queued => None,
    };
    let record = Some(permit.intent());
    let (task, verdict) = permit.into_parts();
    let ended = core.micros();
    let audit_error = written.map(|error| error.to_string());
    ActionResult {
        task,
        verdict,
        status,
        data,
        error,
        started,
        ended,
        attempts,
        record,
        audit_error,
        rollback: None,
    }
}

/// Tries until it succeeds, may not be tried again, or was tried often enough.
async fn attempts(core: &Core, permit: &Permit, further: u32, begun: &mut Begun<'_>) -> Result<Data, String> {
    let mut retry = 0;
    loop {
        begun.attempts += 1;
        let (error, may_pass) = match attempt(core, permit).await {
            Ok(data) => return Ok(data),
            Err(failed) => failed,
        };
        if retry == further || !may_pass {
            return Err(error);
        }
        retry += 1;
        tokio::time::sleep(core.retry.wait_before(retry)).await;
        if let Err(now) = permit.holds(core) {
            return Err(format!("{error}; not tried again, as the policy became stricter: {now}"));
        }
    }
}

/// One try: what it gave back, or why it failed and whether another may succeed.
async fn attempt(core: &Core, permit: &Permit) -> Result<Data, (String, bool)> {
    let task = permit.task();
    let data = match bounded(core, core.executor.execute(task)).await {
        Ok(Ok(data)) => data,
        Ok(Err(error)) => return Err((error.to_string(), !error.is_permanent())),
        // Nobody knows what an executor did before it panicked or was given up.
        Err(given_up) => return Err((given_up, false)),
    };
    match bounded(core, core.executor.verify(task, &data)).await {
        Ok(Ok(())) => Ok(data),
        Ok(Err(error)) => Err((format!("done, but not as it should be: {error}"), !error.is_permanent())),
        Err(given_up) => Err((format!("done, but it could not be verified: {given_up}"), false)),
    }
}

async fn bounded<T>(core: &Core, future: BoxFuture<'_, T>) -> Result<T, String> {
    let mut future = Caught(future);
    // What is there at once needs no timer.
    let at_once = poll_fn(|context| match Pin::new(&mut future).poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    });
    let ended = match at_once.await {
        Some(ended) => Ok(ended),
        None => tokio::time::timeout(core.limits.execution, future).await,
    };
    match ended {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(panic)) => Err(format!("the executor panicked, and may have done a part: {panic}")),
        Err(_) => Err(format!("given up after {:?}, and may have been done", core.limits.execution)),
    }
}

/// An action that was begun. If its future is dropped, the log is told that nobody knows how it ended.
struct Begun<'c> {
    core: &'c Core,
    intent: Option<RecordId>,
    attempts: u32,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let Some(of) = self.intent else { return };
        let error = "cancelled by its caller while it ran, and may have been done";
        let outcome = self.core.outcome(Status::Unknown, None, Some(error), self.attempts);
        // Nobody is left to wait for it. An entry is written also if its receipt is dropped.
        drop(self.core.audit.record(Entry::Outcome { of, outcome }));
        self.core.figures.ended(Status::Unknown);
    }
}
