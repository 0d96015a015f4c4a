//! The runtime: made by a builder, asked to run actions.

use crate::approval::{ApprovalHandler, DenyAll, DynApproval};
use crate::audit::{AuditError, AuditLog, Entry, HumanDecision, Redaction, SqliteLog, Status};
use crate::core::{Core, Limits, Outcomes};
use crate::executor::{DynExecutor, Executor};
use crate::hooks::Hooks;
use crate::plan::{Plan, Planned};
use crate::policy::PolicyHandle;
use crate::result::ActionResult;
use crate::retry::Retry;
use crate::run;
use crate::task::Task;
use crate::telemetry::Figures;
use crate::verdict::Verdict;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::task::JoinSet;

/// Puts actions behind a policy: decides, asks, executes, writes down.
///
/// A clone is the same runtime. All futures of it want a tokio runtime with its timer; [`blocking`](crate::blocking)
/// needs none.
///
/// # Examples
///
/// ```
/// use aegis_runtime::audit::MemoryLog;
/// use aegis_runtime::executor::from_fn;
/// use aegis_runtime::policy::PolicyHandle;
/// use aegis_runtime::{Action, Runtime, Status};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runtime = Runtime::builder()
///     .policy(PolicyHandle::from_file("../vm/examples/policy.aegisb")?)
///     .executor(from_fn(|task| async move { Ok(task.action().target().into()) }))
///     .audit(MemoryLog::new())
///     .build()?;
///
/// let result = runtime.run_one(Action::new("monitor", "cpu")).await;
/// assert!(result.is_ok());
///
/// let result = runtime.run_one(Action::new("destroy", "production")).await;
/// assert_eq!(result.status(), Status::Blocked);
/// assert_eq!(result.error(), Some("blocked by `destroy_block` (policies/base.yaml:40)"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Runtime {
    core: Arc<Core>,
}

/// In what order the actions of a plan run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// One after the other; once one fails or is denied, the rest is skipped. One that the policy blocks stops only
    /// itself.
    #[default]
    FailFast,
    /// One after the other, whatever becomes of them.
    InOrder,
    /// So many at a time; those that are independent of each other.
    Parallel(usize),
}

impl Runtime {
    /// Begins a runtime.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::default()
    }

    /// Runs one action to its end. Dropping the future gives the action up; if it was begun, the log says that its
    /// end is not known.
    pub async fn run_one(&self, task: impl Into<Task>) -> ActionResult {
        run::run(&self.core, task.into(), None).await
    }

    /// Does not run an action: decides it, and has the log say why it is skipped. For who runs actions one after the
    /// other without a plan, and stops where [`ActionResult::skips_rest`] says so.
    pub async fn skip_one(&self, task: impl Into<Task>, why: &str) -> ActionResult {
        let task = task.into().or_agent(&self.core.agent_id);
        let verdict = self.core.decide(&task);
        self.skip(Planned { task, verdict }, why).await
    }

    /// Decides actions, runs none, and writes nothing.
    pub fn plan<T: Into<Task>>(&self, tasks: impl IntoIterator<Item = T>) -> Plan {
        let step = |task: T| {
            let task = task.into().or_agent(&self.core.agent_id);
            Planned { verdict: self.core.decide(&task), task }
        };
        Plan { steps: tasks.into_iter().map(step).collect() }
    }

    /// Executes a plan in order, [`FailFast`](Mode::FailFast); one result an action, in the same order.
    pub async fn execute(&self, plan: Plan) -> Vec<ActionResult> {
        self.execute_as(plan, Mode::FailFast).await
    }

    /// Executes a plan; one result an action, in the order of the plan.
    pub async fn execute_as(&self, plan: Plan, mode: Mode) -> Vec<ActionResult> {
        match mode {
            Mode::Parallel(most) => self.execute_parallel(plan, most.max(1)).await,
            Mode::FailFast | Mode::InOrder => {
                let mut results = Vec::with_capacity(plan.steps.len());
                let mut stopped: Option<String> = None;
                for step in plan.steps {
                    let result = match &stopped {
                        None => run::run(&self.core, step.task, Some(&step.verdict)).await,
                        Some(why) => self.skip(step, why).await,
                    };
                    if mode == Mode::FailFast && stopped.is_none() {
                        stopped = result.skips_rest();
                    }
                    results.push(result);
                }
                results
            }
        }
    }

    async fn execute_parallel(&self, plan: Plan, most: usize) -> Vec<ActionResult> {
        let mut waiting = plan.steps.into_iter().enumerate();
        let mut running = JoinSet::new();
        let mut results = Vec::new();
        let mut begin = |running: &mut JoinSet<(usize, ActionResult)>| {
            if let Some((at, step)) = waiting.next() {
                let core = Arc::clone(&self.core);
                running.spawn(async move { (at, run::run(&core, step.task, Some(&step.verdict)).await) });
            }
        };
        for _ in 0..most {
            begin(&mut running);
        }
        while let Some(ended) = running.join_next().await {
            begin(&mut running);
            match ended {
                Ok(result) => results.push(result),
                // Only a panic of a destructor comes here; its action has an outcome in the log.
                Err(error) => tracing::error!(%error, "an action of a plan was torn down"),
            }
        }
        results.sort_by_key(|&(at, _)| at);
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// An action that another one's failure keeps from running.
    async fn skip(&self, step: Planned, why: &str) -> ActionResult {
        let core = &*self.core;
        let Planned { task, verdict } = step;
        let started = core.micros();
        let described = core.describe(&task);
        let intent = core.intent(&task, &described, &verdict, None, None);
        let outcome = core.outcome(Status::Skipped, None, Some(why), 0);
        let written = core.write(Entry::Refusal(intent, outcome)).await;
        let result = ActionResult {
            task,
            verdict,
            status: Status::Skipped,
            data: None,
            error: Some(why.to_owned()),
            started,
            ended: core.micros(),
            attempts: 0,
            record: written.as_ref().ok().copied(),
            audit_error: written.err().map(|error| error.to_string()),
            rollback: None,
        };
        core.hooks.executed(&result);
        result
    }

    /// What would become of actions: decided, but neither asked about, run nor written down.
    pub fn dry_run<T: Into<Task>>(&self, tasks: impl IntoIterator<Item = T>) -> Vec<(Task, Verdict)> {
        self.plan(tasks).steps.into_iter().map(|step| (step.task, step.verdict)).collect()
    }

    /// The policy in service: to replace it, reload it or watch its file.
    #[must_use]
    pub fn policy(&self) -> &PolicyHandle {
        &self.core.policy
    }

    /// The session that the log has the actions under.
    #[must_use]
    pub fn session_id(&self) -> &str {
        &self.core.session
    }

    /// The entries that wait to be written.
    #[must_use]
    pub fn audit_pending(&self) -> usize {
        self.core.audit.pending()
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("session_id", &self.session_id())
            .field("policy", &self.core.policy)
            .finish_non_exhaustive()
    }
}

/// Makes a [`Runtime`].
#[derive(Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct RuntimeBuilder {
    executor: Option<Arc<dyn DynExecutor>>,
    policy: Option<PolicyHandle>,
    approval: Option<Arc<dyn DynApproval>>,
    audit: Option<Arc<dyn AuditLog>>,
    session: Option<String>,
    agent_id: String,
    hooks: Hooks,
    retry: Retry,
    redaction: Redaction,
    approval_timeout: Option<Duration>,
    execution_timeout: Option<Duration>,
    action_bytes: Option<usize>,
    data_bytes: Option<usize>,
    outcomes: Outcomes,
    clock: Option<crate::time::Clock>,
}

/// The log that is opened if none is named.
const DEFAULT_LOG: &str = "aegis_audit.db";

impl RuntimeBuilder {
    /// What carries actions out. Needed.
    pub fn executor(mut self, executor: impl Executor) -> Self {
        self.executor = Some(Arc::new(executor));
        self
    }

    /// The policy. Needed.
    pub fn policy(mut self, policy: impl Into<PolicyHandle>) -> Self {
        self.policy = Some(policy.into());
        self
    }

    /// Who is asked; nobody, and every question is a no, unless said.
    pub fn approval(mut self, handler: impl ApprovalHandler) -> Self {
        self.approval = Some(Arc::new(handler));
        self
    }

    /// Where it is written down; [`SqliteLog`] in `aegis_audit.db` of the working folder, unless said.
    pub fn audit(mut self, log: impl AuditLog) -> Self {
        self.audit = Some(Arc::new(log));
        self
    }

    /// The session that the log has the actions under; a random one, unless said.
    pub fn session(mut self, id: impl Into<String>) -> Self {
        self.session = Some(id.into());
        self
    }

    /// The agent of actions that name none.
    pub fn agent_id(mut self, id: impl Into<String>) -> Self {
        self.agent_id = id.into();
        self
    }

    /// Told of each decision, before anything follows from it.
    pub fn on_decision(mut self, hook: impl Fn(&Task, &Verdict) + Send + Sync + 'static) -> Self {
        self.hooks.on_decision = Some(Arc::new(hook));
        self
    }

    /// Told of each answer, before anything follows from it.
    pub fn on_approval(
        mut self,
        hook: impl Fn(&Task, &Verdict, &HumanDecision) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.on_approval = Some(Arc::new(hook));
        self
    }

    /// Told of each end, whatever it is, rollbacks included.
    pub fn on_execution(mut self, hook: impl Fn(&ActionResult) + Send + Sync + 'static) -> Self {
        self.hooks.on_execution = Some(Arc::new(hook));
        self
    }

    /// When a failed action is tried again, and what undoes it.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Which params and data are kept out of logs and questions.
    pub fn redact(mut self, redaction: Redaction) -> Self {
        self.redaction = redaction;
        self
    }

    /// How long an answer may take until it counts as a no: 10 minutes, unless said.
    pub fn approval_timeout(mut self, timeout: Duration) -> Self {
        self.approval_timeout = Some(timeout);
        self
    }

    /// How long one try may take until it is given up: 5 minutes, unless said.
    pub fn execution_timeout(mut self, timeout: Duration) -> Self {
        self.execution_timeout = Some(timeout);
        self
    }

    /// The most bytes of an action's texts and params; more does not run, as the log could not keep it whole: 1 MiB,
    /// unless said.
    pub fn action_limit(mut self, bytes: usize) -> Self {
        self.action_bytes = Some(bytes);
        self
    }

    /// The most bytes of a result that the log keeps; of more it has the beginning: 64 KiB, unless said. The caller
    /// gets all of it.
    pub fn data_limit(mut self, bytes: usize) -> Self {
        self.data_bytes = Some(bytes);
        self
    }

    /// Whether a result waits for its outcome to be on the disk.
    pub fn outcomes(mut self, outcomes: Outcomes) -> Self {
        self.outcomes = outcomes;
        self
    }

    /// Another clock than the system's, for tests and replays.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Makes the runtime.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the executor or the policy is missing, or the default log cannot be opened.
    pub fn build(self) -> Result<Runtime, BuildError> {
        let executor = self.executor.ok_or(BuildError(Missing::Executor))?;
        let policy = self.policy.ok_or(BuildError(Missing::Policy))?;
        let audit = match self.audit {
            Some(audit) => audit,
            None => {
                Arc::new(SqliteLog::open(Path::new(DEFAULT_LOG)).map_err(|e| BuildError(Missing::Log(e)))?)
            }
        };
        let session = match self.session {
            Some(session) => session,
            None => random_session().map_err(|error| BuildError(Missing::Random(error)))?,
        };
        let core = Core {
            executor,
            policy,
            approval: self.approval.unwrap_or_else(|| Arc::new(DenyAll)),
            audit,
            session: session.into(),
            agent_id: self.agent_id,
            hooks: self.hooks,
            retry: self.retry,
            redaction: self.redaction,
            limits: Limits {
                approval: self.approval_timeout.unwrap_or(Duration::from_secs(600)),
                execution: self.execution_timeout.unwrap_or(Duration::from_secs(300)),
                action_bytes: self.action_bytes.unwrap_or(1 << 20),
                data_bytes: self.data_bytes.unwrap_or(1 << 16),
            },
            outcomes: self.outcomes,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemTime::now)),
            figures: Figures::new(),
        };
        Ok(Runtime { core: Arc::new(core) })
    }
}

/// Twelve hexadecimal digits.
fn random_session() -> Result<String, String> {
    let mut id = [0_u8; 6];
    getrandom::fill(&mut id).map_err(|error| error.to_string())?;
    Ok(id.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl fmt::Debug for RuntimeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeBuilder").finish_non_exhaustive()
    }
}

/// Why there is no runtime.
#[derive(Debug)]
pub struct BuildError(Missing);

#[derive(Debug)]
enum Missing {
    Executor,
    Policy,
    Log(AuditError),
    Random(String),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Missing::Executor => f.write_str("a runtime needs an executor: say `.executor(...)`"),
            Missing::Policy => {
                f.write_str("a runtime needs a policy: say `.policy(PolicyHandle::from_file(...)?)`")
            }
            Missing::Log(error) => write!(f, "{error}"),
            Missing::Random(error) => write!(f, "there is no random number for a session id: {error}"),
        }
    }
}

impl std::error::Error for BuildError {}
