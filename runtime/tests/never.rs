//! Nothing that is blocked, denied or could not be judged reaches an executor: random runs over policies, plans,
//! handlers, hooks, logs and executors that fail, panic, hang or are cancelled, with reloads and jumps of the clock
//! in between.
//!
//! `RUNS=100000 cargo test --release -p aegis-runtime --test never` is the long form. Time is tokio's paused one, so
//! that what hangs costs nothing.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may fail")]

mod support;

use aegis_runtime::approval::{Answer, ApprovalError, callback};
use aegis_runtime::audit::{AuditError, AuditErrorKind, AuditLog, Entry, MemoryLog, Receipt};
use aegis_runtime::executor::{Data, ExecuteError, Executor};
use aegis_runtime::policy::PolicyHandle;
use aegis_runtime::{Action, Approval, Mode, Outcomes, Policy, Retry, Runtime, Status, Task};
use aegis_vm::Timestamp;
use aegis_vm::json::Json;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Policies that disagree about nearly everything.
const POLICIES: [&str; 6] = [
    "version: '1'",
    "version: '1'\ndefaults: { approval: auto, risk_level: low }",
    "version: '1'\ndefaults: { approval: approve, risk_level: low }",
    "
version: '1'
rules:
  - { name: a, match: { type: a }, approval: auto, risk_level: low }
  - { name: b, match: { type: b }, approval: approve, risk_level: medium }
  - { name: undo, match: { type: undo }, approval: auto }
",
    "
version: '1'
defaults: { approval: auto, risk_level: low }
rules:
  - { name: no_y, match: { target: y }, approval: block, risk_level: critical }
  - { name: judged, match: { type: c }, conditions: { param_gt: { n: 3 } }, approval: auto, risk_level: low }
  - { name: undo, match: { type: undo }, approval: approve }
",
    "
version: '1'
rules:
  - name: day
    match: { type: '[abc]' }
    conditions: { time_after: '09:00', time_before: '17:00' }
    approval: auto
    risk_level: low
  - name: evening
    match: { type: '[ab]' }
    conditions: { time_after: '17:00' }
    approval: approve
    risk_level: high
",
];

/// The world of a run, and all that is random in it.
struct World {
    random: u64,
    artifacts: Arc<Vec<Vec<u8>>>,
    handle: PolicyHandle,
    serving: usize,
    time: i64,
    /// Actions by their id that a handler approved.
    approved: HashSet<String>,
    /// How often an executor was called with an action.
    called: HashMap<String, u32>,
    /// Actions whose intent the log took.
    intents: HashSet<String>,
    swaps: usize,
}

impl World {
    /// One of so many (after SplitMix64).
    fn one_of(&mut self, many: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % many
    }

    fn policy(artifact: &[u8]) -> Policy {
        Policy::from_bytes(artifact.to_vec()).unwrap()
    }

    /// Another policy may take over, and the clock may jump.
    fn stir(&mut self) {
        if self.one_of(4) == 0 {
            let next = usize::try_from(self.one_of(6)).unwrap();
            self.handle.replace(Self::policy(&self.artifacts[next])).unwrap();
            self.serving = next;
            self.swaps += 1;
        }
        if self.one_of(4) == 0 {
            self.time = 1_773_792_000 + i64::try_from(self.one_of(3 * 86_400)).unwrap() - 86_400;
        }
    }

    /// What the policy in service says now: asked anew, of bytes of its own.
    fn says(&self, task: &Task) -> Approval {
        let policy = Self::policy(&self.artifacts[self.serving]);
        policy.evaluate(task.action(), Timestamp::from_unix(self.time, 0)).approval()
    }
}

type Shared = Arc<Mutex<World>>;

fn id(task: &Task) -> String {
    match task.action().param_values().get("id") {
        Some(Json::Str(id)) => id.clone(),
        other => panic!("an action without an id: {other:?}"),
    }
}

struct Wild(Shared);

impl Executor for Wild {
    async fn execute(&self, task: &Task) -> Result<Data, ExecuteError> {
        let does = {
            let mut world = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let id = id(task);
            let says = world.says(task);
            assert!(
                says == Approval::Auto || says == Approval::Approve && world.approved.contains(&id),
                "REACHED: {id} ran, and the policy in service says {says}: {task:?}"
            );
            assert!(world.intents.contains(&id), "REACHED: {id} ran without an intent");
            *world.called.entry(id).or_default() += 1;
            let does = world.one_of(8);
            world.stir();
            does
        };
        match does {
            0 => Err(ExecuteError::new("passes")),
            1 => Err(ExecuteError::permanent("stays")),
            2 => panic!("the executor panics"),
            3 => std::future::pending().await,
            4 => {
                tokio::time::sleep(Duration::from_millis(3)).await;
                Ok(Data::Null)
            }
            _ => Ok(Data::Bool(true)),
        }
    }

    async fn verify(&self, _: &Task, _: &Data) -> Result<(), ExecuteError> {
        let does = self.0.lock().unwrap_or_else(PoisonError::into_inner).one_of(12);
        match does {
            0 => Err(ExecuteError::new("not there")),
            1 => panic!("the check panics"),
            2 => std::future::pending().await,
            _ => Ok(()),
        }
    }
}

/// A log in memory that fails, hangs or panics now and then.
struct Flaky(Shared, MemoryLog);

impl AuditLog for Flaky {
    fn record(&self, entry: Entry) -> Receipt {
        let does = {
            let mut world = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            world.stir();
            world.one_of(60)
        };
        let taken = match &entry {
            Entry::Intent(intent) => {
                let params: serde_json::Value = serde_json::from_str(&intent.action_params).unwrap();
                Some(params["id"].as_str().unwrap().to_owned())
            }
            _ => None,
        };
        match does {
            0 => return Receipt::ready(Err(AuditError::new(AuditErrorKind::Full, "no room"))),
            1 => {
                // It never answers.
                let (sender, receipt) = Receipt::channel();
                std::mem::forget(sender);
                return receipt;
            }
            2 => {
                let (sender, receipt) = Receipt::channel();
                drop(sender);
                return receipt;
            }
            _ => {}
        }
        let receipt = self.1.record(entry);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).intents.extend(taken);
        receipt
    }
}

async fn run(seed: u64, artifacts: &Arc<Vec<Vec<u8>>>) -> (usize, usize) {
    let serving = usize::try_from(seed % 6).unwrap();
    let handle = PolicyHandle::new(World::policy(&artifacts[serving]));
    let world = Arc::new(Mutex::new(World {
        random: seed,
        artifacts: Arc::clone(artifacts),
        handle: handle.clone(),
        serving,
        time: 1_773_844_200,
        approved: HashSet::new(),
        called: HashMap::new(),
        intents: HashSet::new(),
        swaps: 0,
    }));
    let draw = |many| world.lock().unwrap_or_else(PoisonError::into_inner).one_of(many);

    let asked = Arc::clone(&world);
    let handler = callback(move |request| {
        let asked = Arc::clone(&asked);
        async move {
            let does = {
                let mut world = asked.lock().unwrap_or_else(PoisonError::into_inner);
                world.stir();
                let does = world.one_of(8);
                if does > 4 {
                    world.approved.insert(id(&request.task));
                }
                does
            };
            match does {
                0 => Err(ApprovalError::new("no line")),
                1 => panic!("the handler panics"),
                2 => std::future::pending().await,
                3 => Ok(Answer::denied("bob", "")),
                4 => Ok(Answer::denied("bob", "not now")),
                _ => Ok(Answer::approved("alice")),
            }
        }
    });
    let clock = Arc::clone(&world);
    let (first_hook, second_hook) = (Arc::clone(&world), Arc::clone(&world));
    let panics = |world: &Shared| {
        let does = {
            let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
            world.stir();
            world.one_of(60)
        };
        assert!(does > 0, "a hook panics");
    };
    let undo = |task: &Task, _: &str| {
        Some(Action::new("undo", task.action().target()).param("id", format!("undo-{}", id(task))))
    };
    let mut retry = Retry::times(u32::try_from(draw(3)).unwrap()).wait(Duration::from_millis(2));
    if draw(2) == 0 {
        retry = retry.rollback(undo);
    }
    let runtime = Runtime::builder()
        .policy(handle)
        .executor(Wild(Arc::clone(&world)))
        .approval(handler)
        .audit(Flaky(Arc::clone(&world), MemoryLog::new()))
        .session("s")
        .retry(retry)
        .on_decision(move |_, _| panics(&first_hook))
        .on_approval(move |_, _, _| panics(&second_hook))
        .approval_timeout(Duration::from_millis(20))
        .execution_timeout(Duration::from_millis(20))
        .outcomes(if draw(2) == 0 { Outcomes::Awaited } else { Outcomes::Queued })
        .clock(move || {
            let time = clock.lock().unwrap_or_else(PoisonError::into_inner).time;
            SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(time).unwrap())
        })
        .build()
        .unwrap();

    let actions: Vec<Action> = (0..1 + draw(4))
        .map(|n| {
            let kind = ["a", "b", "c", "d"][usize::try_from(draw(4)).unwrap()];
            let target = ["x", "y"][usize::try_from(draw(2)).unwrap()];
            let action = Action::new(kind, target).param("id", format!("{n}"));
            match draw(3) {
                0 => action.param("n", "text"),
                1 => action.param("n", 4),
                _ => action,
            }
        })
        .collect();
    let mode = [Mode::FailFast, Mode::InOrder, Mode::Parallel(2)][usize::try_from(draw(3)).unwrap()];
    let single = draw(3) == 0;
    let work = async {
        if single {
            let mut results = Vec::new();
            for action in actions {
                results.push(runtime.run_one(action).await);
            }
            results
        } else {
            let plan = runtime.plan(actions);
            world.lock().unwrap_or_else(PoisonError::into_inner).stir();
            runtime.execute_as(plan, mode).await
        }
    };
    // A log that never answers is waited for for ever: by whoever asked, who may give up.
    let patience = if draw(3) == 0 { Duration::from_millis(draw(30)) } else { Duration::from_secs(3_600) };
    let results = tokio::time::timeout(patience, work).await.unwrap_or_default();
    let world = world.lock().unwrap_or_else(PoisonError::into_inner);
    for result in &results {
        let called = world.called.get(&id(result.task())).copied().unwrap_or_default();
        assert_eq!(called, result.attempts(), "{result}");
        match result.status() {
            Status::Blocked | Status::Denied | Status::Skipped => assert_eq!(called, 0, "{result}"),
            Status::Success | Status::Failed | Status::Unknown => assert!(called > 0, "{result}"),
        }
    }
    (world.called.values().map(|&n| usize::try_from(n).unwrap()).sum(), world.swaps)
}

#[test]
fn nothing_that_may_not_run_reaches_an_executor() {
    let runs: u64 = std::env::var("RUNS").map_or(1_500, |runs| runs.parse().unwrap());
    let first: u64 = std::env::var("SEED").map_or(1, |seed| seed.parse().unwrap());
    let artifact = |yaml: &&str| yaml.parse::<aegisc::Policy>().unwrap().artifact().to_vec();
    let artifacts = Arc::new(POLICIES.iter().map(artifact).collect::<Vec<_>>());
    // Panics are a part of it, and are not to be read; one of an assertion above is.
    let usual = std::panic::take_hook();
    let reached = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&reached);
    std::panic::set_hook(Box::new(move |info| {
        let text = info.to_string();
        if text.contains("REACHED") {
            seen.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    }));
    let mut executed = 0;
    let mut swaps = 0;
    let mut fault = None;
    for seed in first..first + runs {
        let tokio =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let ended =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tokio.block_on(run(seed, &artifacts))));
        match ended {
            Ok((calls, swapped)) => {
                executed += calls;
                swaps += swapped;
            }
            Err(panic) => {
                fault = Some((seed, panic.downcast_ref::<String>().cloned()));
                break;
            }
        }
    }
    std::panic::set_hook(usual);
    assert_eq!(fault, None, "a seed and what it said");
    let reached = reached.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(reached.is_empty(), "{reached:#?}");
    println!("{runs} runs, {executed} executions, {swaps} swaps of policies");
    // A test in which nothing runs shows nothing.
    assert!(executed > usize::try_from(runs / 4).unwrap());
    assert!(swaps > usize::try_from(runs).unwrap());
}
