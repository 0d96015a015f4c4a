//! The way of an action, end to end: what runs, what does not, and what is written.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod support;

use aegis_runtime::approval::{Answer, ApproveAllInTests, callback};
use aegis_runtime::audit::{AuditReader, Filter, MemoryLog, SqliteLog};
use aegis_runtime::policy::PolicyHandle;
use aegis_runtime::{Action, Mode, Retry, Runtime, Status, Task};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use support::{Counting, devops, policy};

const RULES: &str = "
version: '1'
defaults: { approval: block, risk_level: high }
rules:
  - { name: look, match: { type: look }, approval: auto, risk_level: low }
  - { name: change, match: { type: change }, approval: approve, risk_level: medium }
  - { name: undo, match: { type: undo }, approval: auto, risk_level: medium }
  - name: small
    match: { type: scale }
    conditions: { param_lte: { n: 3 } }
    approval: auto
    risk_level: low
";

fn runtime(executor: &Counting, log: &Arc<MemoryLog>) -> Runtime {
    let builder = Runtime::builder().policy(PolicyHandle::new(policy(RULES))).executor(executor.clone());
    builder.audit(Arc::clone(log)).approval(ApproveAllInTests).session("s-1").build().unwrap()
}

#[tokio::test]
async fn destroying_production_never_reaches_the_executor() {
    let executor = Counting::default();
    let log = Arc::new(MemoryLog::new());
    let builder = Runtime::builder().policy(devops()).executor(executor.clone()).audit(Arc::clone(&log));
    let runtime = builder.approval(ApproveAllInTests).build().unwrap();
    let result = runtime.run_one(Action::new("destroy", "production")).await;
    assert!(!result.is_ok());
    assert_eq!(result.status(), Status::Blocked);
    assert_eq!(executor.calls(), 0);
    assert_eq!(log.actions().len(), 1);
}

#[tokio::test]
async fn what_a_rule_cannot_judge_does_not_run() {
    let (executor, log) = (Counting::default(), Arc::new(MemoryLog::new()));
    let result = runtime(&executor, &log).run_one(Action::new("scale", "api").param("n", "5")).await;
    assert_eq!(result.status(), Status::Blocked);
    assert_eq!(executor.calls(), 0);
    let error = result.error().unwrap();
    assert!(error.starts_with("blocked by `small`"), "{error}");
    assert!(error.ends_with("`param_lte` needs `n` to be a number, found a string"), "{error}");
}

#[tokio::test]
async fn two_rows_an_action_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.db");
    let executor = Counting::default();
    let log = Arc::new(SqliteLog::open(&path).unwrap());
    let builder = Runtime::builder().policy(PolicyHandle::new(policy(RULES))).executor(executor.clone());
    let builder = builder.audit(Arc::clone(&log)).approval(callback(|request| async move {
        assert!(request.params.contains("[REDACTED]"), "{}", request.params);
        assert!(!format!("{request:?}").contains("hunter2"));
        Ok(Answer::approved("alice"))
    }));
    let runtime = builder.session("s-1").agent_id("ops-7").build().unwrap();
    let task = Task::new(Action::new("change", "web").param("password", "hunter2").param("n", 4));
    let result = runtime.run_one(task.parent("planner").chain("c-1", 2)).await;
    assert!(result.is_ok(), "{result}");
    assert!(!runtime.run_one(Action::new("drop", "web")).await.is_ok());
    assert_eq!(executor.calls(), 1);
    drop((runtime, log));

    let reader = AuditReader::open(&path).unwrap();
    let mut rows = Vec::new();
    reader
        .query(&Filter::default(), |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })
        .unwrap();
    let [changed, dropped] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(changed.action_params.as_deref(), Some("{\"password\":\"[REDACTED]\",\"n\":4}"));
    assert_eq!((changed.risk_level.as_str(), changed.approval.as_str()), ("MEDIUM", "approve"));
    assert_eq!(
        (changed.human_decision.as_deref(), changed.approver.as_deref()),
        (Some("approved"), Some("alice"))
    );
    assert!(changed.approval_shown.as_ref().unwrap().contains("change on web"));
    assert_eq!(
        (changed.agent_id.as_deref(), changed.parent_agent_id.as_deref()),
        (Some("ops-7"), Some("planner"))
    );
    assert_eq!((changed.chain_id.as_deref(), changed.chain_depth), (Some("c-1"), 2));
    assert_eq!(changed.result_status, "success");
    assert_eq!(changed.result_data.as_deref(), Some("{\"did\":\"web\"}"));
    assert_eq!(
        (dropped.id, dropped.result_status.as_str(), dropped.matched_rule.as_str()),
        (3, "blocked", "<default>")
    );
    let verified = reader.verify(None).unwrap();
    assert_eq!((verified.rows, &verified.fault, verified.unknown), (4, &None, 0));
    assert!(reader.verify(Some(reader.head().unwrap().hash)).unwrap().is_good());
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(7).any(|at| at == b"hunter2"));
}

#[tokio::test]
async fn a_plan_runs_no_more_than_it_shows() {
    let (executor, log) = (Counting::default(), Arc::new(MemoryLog::new()));
    let runtime = runtime(&executor, &log);
    let plan = runtime.plan([Action::new("look", "a"), Action::new("new", "b"), Action::new("look", "c")]);
    assert_eq!(plan.summary().to_string(), "2 auto, 0 to approve, 1 blocked; risk at most low");
    // A policy that allows everything takes over before it runs.
    runtime
        .policy()
        .replace(policy("version: '1'\ndefaults: { approval: auto, risk_level: low }\n"))
        .unwrap();
    let results = runtime.execute(plan).await;
    let statuses: Vec<_> = results.iter().map(|result| result.status()).collect();
    assert_eq!(statuses, [Status::Success, Status::Blocked, Status::Success]);
    // And the other way round.
    let plan = runtime.plan([Action::new("new", "b")]);
    runtime.policy().replace(policy(RULES)).unwrap();
    assert_eq!(runtime.execute(plan).await[0].status(), Status::Blocked);
    assert_eq!(executor.calls(), 2);
}

#[tokio::test]
async fn the_first_failure_skips_the_rest() {
    let (executor, log) = (Counting::default(), Arc::new(MemoryLog::new()));
    let runtime = runtime(&executor, &log);
    let actions = ["a", "fails", "b"].map(|target| Action::new("look", target));
    let statuses = |results: &[aegis_runtime::ActionResult]| -> Vec<Status> {
        results.iter().map(|result| result.status()).collect()
    };
    let results = runtime.execute(runtime.plan(actions.clone())).await;
    assert_eq!(statuses(&results), [Status::Success, Status::Failed, Status::Skipped]);
    assert_eq!(results[2].error(), Some("skipped: look on fails before it was failed"));
    let results = runtime.execute_as(runtime.plan(actions.clone()), Mode::InOrder).await;
    assert_eq!(statuses(&results), [Status::Success, Status::Failed, Status::Success]);
    let results = runtime.execute_as(runtime.plan(actions), Mode::Parallel(2)).await;
    assert_eq!(statuses(&results), [Status::Success, Status::Failed, Status::Success]);
    assert_eq!(log.actions().len(), 9);
}

#[tokio::test]
async fn a_failure_is_tried_again_and_rolled_back() {
    let (executor, log) = (Counting::default(), Arc::new(MemoryLog::new()));
    let retry = Retry::times(2).wait(Duration::from_millis(1));
    let undo = |task: &Task, error: &str| {
        assert_eq!(error, "it fails");
        Some(Action::new("undo", format!("of {}", task.action().target())))
    };
    let builder = Runtime::builder().policy(PolicyHandle::new(policy(RULES))).executor(executor.clone());
    let runtime = builder.audit(Arc::clone(&log)).retry(retry.rollback(undo)).build().unwrap();
    let result = runtime.run_one(Action::new("look", "fails")).await;
    assert_eq!((result.status(), result.attempts()), (Status::Failed, 3));
    let rollback = result.rollback().unwrap();
    assert!(rollback.is_ok());
    assert_eq!(rollback.task().action().target(), "of fails");
    assert_eq!(log.actions()[1].0.rollback_of, Some(1));
    assert_eq!(executor.calls(), 4);
    // A rollback that the policy does not allow is not done.
    runtime.policy().replace(policy("rules: [{ match: { type: look }, approval: auto }]")).unwrap();
    let result = runtime.run_one(Action::new("look", "fails")).await;
    assert_eq!(result.rollback().unwrap().status(), Status::Blocked);
    assert_eq!(executor.calls(), 7);
}

#[tokio::test]
async fn a_decision_is_taken_again_after_a_person_was_thinking() {
    let (executor, log) = (Counting::default(), Arc::new(MemoryLog::new()));
    let handle = PolicyHandle::new(policy(RULES));
    let meanwhile = handle.clone();
    let builder = Runtime::builder().policy(handle).executor(executor.clone()).audit(Arc::clone(&log));
    let builder = builder.approval(callback(move |_| {
        meanwhile.replace(policy("version: '1'\n")).unwrap();
        async { Ok(Answer::approved("alice")) }
    }));
    let result = builder.build().unwrap().run_one(Action::new("change", "web")).await;
    assert_eq!(result.status(), Status::Blocked);
    assert_eq!(result.error(), Some("blocked by the defaults: no rule matched"));
    assert_eq!(result.verdict().generation(), 2);
    assert_eq!(executor.calls(), 0);
}

#[tokio::test]
async fn nobody_asked_is_a_no_and_so_is_silence() {
    let (executor, log) = (Counting::default(), Arc::new(MemoryLog::new()));
    let builder = || {
        let builder = Runtime::builder().policy(PolicyHandle::new(policy(RULES))).executor(executor.clone());
        builder.audit(Arc::clone(&log))
    };
    let change = || Action::new("change", "web");
    let result = builder().build().unwrap().run_one(change()).await;
    assert_eq!(result.status(), Status::Denied);
    assert_eq!(result.error(), Some("denied by deny-all: nobody is asked here"));
    let silent = callback(|_| std::future::pending());
    let silent = builder().approval(silent).approval_timeout(Duration::from_millis(10)).build().unwrap();
    let result = silent.run_one(change()).await;
    assert_eq!(result.error(), Some("not approved: no answer within 10ms"));
    let panics = callback(|_| async { panic!("no way") });
    let result = builder().approval(panics).build().unwrap().run_one(change()).await;
    assert_eq!(result.error(), Some("not approved: the approval handler panicked: no way"));
    assert_eq!(executor.calls(), 0);
}

#[tokio::test]
async fn panics_and_hangs_of_an_executor_fail() {
    let (executor, log) = (Counting::default(), Arc::new(MemoryLog::new()));
    let result = runtime(&executor, &log).run_one(Action::new("look", "panics")).await;
    assert_eq!(result.error(), Some("the executor panicked, and may have done a part: it panics"));
    let hangs = aegis_runtime::executor::from_fn(|_| std::future::pending());
    let builder = Runtime::builder().policy(PolicyHandle::new(policy(RULES))).executor(hangs);
    let builder = builder.audit(Arc::clone(&log)).execution_timeout(Duration::from_millis(10));
    let hangs = builder.build().unwrap();
    let result = hangs.run_one(Action::new("look", "a")).await;
    assert_eq!(result.error(), Some("given up after 10ms, and may have been done"));
    // A caller that gives up leaves a row that says so.
    let waited = tokio::time::timeout(Duration::ZERO, hangs.run_one(Action::new("look", "b"))).await;
    assert!(waited.is_err());
    let (_, outcome) = log.actions().pop().unwrap();
    assert_eq!(outcome.unwrap().status, Status::Unknown);
}

#[test]
fn a_thread_of_futures_does_not_wait() {
    let (executor, log) = (Counting::default(), Arc::new(MemoryLog::new()));
    let blocking = aegis_runtime::blocking::Runtime::new(runtime(&executor, &log)).unwrap();
    assert!(blocking.run_one(Action::new("look", "a")).unwrap().is_ok());
    let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = tokio.block_on(async { blocking.run_one(Action::new("look", "a")) }).unwrap_err();
    assert!(error.to_string().starts_with("a thread that runs futures must not wait"));
    assert_eq!(executor.calls(), 1);
}
