//! `cargo bench -p aegis-runtime --bench governed`: what it takes to govern an action, durably.
//!
//! Three figures. How many actions a second are decided, logged before and after, and executed, with 256 in flight
//! and every row on the disk, and how long one takes, beside fsyncs of another file of the same folder in the same
//! run. The same of the Python library's runtime with its own SQLite log, with `--python`, in turns. And deciding and
//! logging into memory, beside writing the same rows as JSON.

#![allow(clippy::expect_used, clippy::as_conversions, reason = "a measurement that fails says so")]

mod python;

use aegis_runtime::audit::{AuditLog, AuditReader, MemoryLog, SqliteLog};
use aegis_runtime::executor::from_fn;
use aegis_runtime::policy::PolicyHandle;
use aegis_runtime::{Action, Outcomes, Policy, Runtime};
use hdrhistogram::Histogram;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const IN_FLIGHT: usize = 256;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let folder = value(&args, "--folder").map_or_else(std::env::temp_dir, PathBuf::from);
    let rounds: usize = value(&args, "--rounds").map_or(3, |n| n.parse().expect("a number of rounds"));
    let actions: usize =
        value(&args, "--actions").map_or(300_000, |n| n.parse().expect("a number of actions"));
    let workers: usize = value(&args, "--workers").map_or(2, |n| n.parse().expect("a number of threads"));
    let python = args.iter().any(|arg| arg == "--python").then(python::find);
    let folder = tempfile::tempdir_in(folder).expect("a folder to write in");

    if args.iter().any(|arg| arg == "--memory") {
        return in_memory(actions, rounds);
    }
    println!("{actions} actions a round, {IN_FLIGHT} in flight, {rounds} rounds");
    let modes =
        [(Outcomes::Awaited, "both rows awaited"), (Outcomes::Queued, "intent awaited, outcome queued")];
    let mut times = modes.map(|_| Vec::new());
    let mut p99s = modes.map(|_| Vec::new());
    for _ in 0..rounds {
        let ours = modes.map(|(outcomes, what)| {
            let measured = durable(folder.path(), actions, workers, outcomes);
            measured.print(what);
            measured
        });
        p99s.iter_mut().zip(&ours).for_each(|(p99s, measured)| p99s.push(measured.p99_of_fsync()));
        if let Some(python) = &python {
            let theirs = python::run(python, folder.path(), 3_000);
            println!("{theirs:10.0} actions a second  Python's Runtime.run_one with its AuditLogger");
            times.iter_mut().zip(&ours).for_each(|(times, measured)| times.push(measured.rate / theirs));
        }
    }
    println!("medians of {rounds} rounds:");
    for ((_, what), (mut times, mut p99s)) in modes.into_iter().zip(times.into_iter().zip(p99s)) {
        if let Some(times) = median(&mut times) {
            println!("{times:10.1} times as many as Python's, {what}");
        }
        if let Some(p99) = median(&mut p99s) {
            println!("{p99:10.2} times the p99 of an fsync of the same run, {what}");
        }
    }
    in_memory(actions, rounds);
}

fn value<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    let at = args.iter().position(|arg| arg == name)?;
    args.get(at + 1).map(String::as_str)
}

fn median(of: &mut [f64]) -> Option<f64> {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied()
}

struct Measured {
    rate: f64,
    latency: Histogram<u64>,
    fsync: Histogram<u64>,
}

fn micros(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1e3
}

impl Measured {
    fn p99_of_fsync(&self) -> f64 {
        micros(&self.latency, 0.99) / micros(&self.fsync, 0.99)
    }

    fn print(&self, what: &str) {
        println!(
            "{:10.0} actions a second  {what}: p50 {:.0} us, p99 {:.0} us; fsync p50 {:.0} us, p99 {:.0} us; {:.2}",
            self.rate,
            micros(&self.latency, 0.5),
            micros(&self.latency, 0.99),
            micros(&self.fsync, 0.5),
            micros(&self.fsync, 0.99),
            self.p99_of_fsync()
        );
    }
}

/// The shipped policies.
fn policy() -> PolicyHandle {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/");
    let layers = ["base.yaml", "devops-agent.yaml"].map(|name| format!("{policies}{name}"));
    let policy = aegisc::Policy::from_yaml_files(layers).expect("the shipped policies compile");
    PolicyHandle::new(Policy::from_bytes(policy.artifact()).expect("what was compiled loads"))
}

fn action(n: usize) -> Action {
    Action::new("monitor", "cpu").param("host", "web-1").param("n", i64::try_from(n).unwrap_or(0))
}

fn runtime(log: impl AuditLog, outcomes: Outcomes, calls: &Arc<AtomicUsize>) -> Runtime {
    let calls = Arc::clone(calls);
    let executor = from_fn(move |_| {
        calls.fetch_add(1, Ordering::Relaxed);
        async { Ok(serde_json::json!({ "ok": true })) }
    });
    let builder = Runtime::builder().policy(policy()).executor(executor).audit(log).outcomes(outcomes);
    builder.session("bench").build().expect("a runtime")
}

fn durable(folder: &Path, actions: usize, workers: usize, outcomes: Outcomes) -> Measured {
    let path = folder.join("audit.db");
    for file in ["audit.db", "audit.db-wal", "audit.db-shm"] {
        let _ = std::fs::remove_file(folder.join(file));
    }
    let calls = Arc::new(AtomicUsize::new(0));
    let log = Arc::new(SqliteLog::open(&path).expect("a log"));
    let runtime = runtime(Arc::clone(&log), outcomes, &calls);
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_time().build();
    let tokio = tokio.expect("threads");
    let stop = Arc::new(AtomicBool::new(false));
    let fsync = fsyncs(&folder.join("fsync"), &stop);
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let latency = tokio.block_on(async {
        let worker = || {
            let (runtime, next) = (runtime.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                let mut latency =
                    Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).expect("a histogram");
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= actions {
                        return latency;
                    }
                    let began = Instant::now();
                    let result = runtime.run_one(action(n)).await;
                    latency.saturating_record(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
                    assert!(result.is_ok() && result.audit_error().is_none(), "{result}");
                }
            })
        };
        let workers: Vec<_> = (0..IN_FLIGHT).map(|_| worker()).collect();
        let mut all = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).expect("a histogram");
        for worker in workers {
            all.add(worker.await.expect("a worker")).expect("alike");
        }
        all
    });
    let took = began.elapsed();
    stop.store(true, Ordering::Relaxed);
    let fsync = fsync.join().expect("the thread of fsyncs");
    drop((runtime, log));
    assert_eq!(calls.load(Ordering::Relaxed), actions);
    let verified = AuditReader::open(&path).and_then(|reader| reader.verify(None)).expect("a log to read");
    assert!(verified.is_good() && verified.unknown == 0, "{verified:?}");
    assert_eq!(verified.rows, 2 * actions as u64);
    Measured { rate: actions as f64 / took.as_secs_f64(), latency, fsync }
}

/// Fsyncs of another file in the same folder, of as much as a commit has, until it is told to stop.
fn fsyncs(path: &Path, stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<Histogram<u64>> {
    let (mut file, stop) = (File::create(path).expect("a file"), Arc::clone(stop));
    std::thread::spawn(move || {
        let mut took = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).expect("a histogram");
        let block = vec![7; 64 << 10];
        file.write_all(&vec![0; 4 << 20]).and_then(|()| file.sync_all()).expect("a file to write");
        let mut at = 0;
        while !stop.load(Ordering::Relaxed) {
            file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(&block)).expect("a file to write");
            at = (at + block.len() as u64) % (4 << 20);
            let began = Instant::now();
            file.sync_data().expect("an fsync");
            took.saturating_record(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
            std::thread::sleep(Duration::from_millis(5));
        }
        took
    })
}

/// Deciding and logging into memory, beside writing both rows of the action as JSON.
fn in_memory(actions: usize, rounds: usize) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a thread");
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let calls = Arc::new(AtomicUsize::new(0));
        let log = Arc::new(MemoryLog::new());
        let runtime = runtime(Arc::clone(&log), Outcomes::Awaited, &calls);
        let prepared: Vec<Action> = (0..actions).map(action).collect();
        let began = Instant::now();
        tokio.block_on(async {
            for action in prepared {
                assert!(runtime.run_one(action).await.is_ok());
            }
        });
        let governed = began.elapsed();
        let rows = log.actions();
        let mut text = String::new();
        let began = Instant::now();
        for (intent, outcome) in &rows {
            text.clear();
            text.push_str(&serialised(intent, outcome.as_ref()));
            std::hint::black_box(&text);
        }
        let serialised = began.elapsed();
        let each = |took: Duration| took.as_nanos() as f64 / actions as f64;
        println!(
            "{:10.0} ns to govern an action with a log in memory, {:.0} ns to write its rows as JSON: {:.2}",
            each(governed),
            each(serialised),
            each(governed) / each(serialised)
        );
        ratios.push(each(governed) / each(serialised));
    }
    if let Some(median) = median(&mut ratios) {
        println!("{median:10.2} times, median of {rounds} rounds");
    }
}

/// Both rows of an action as JSON, by serde.
fn serialised(
    intent: &aegis_runtime::audit::Intent,
    outcome: Option<&aegis_runtime::audit::Outcome>,
) -> String {
    #[derive(serde::Serialize)]
    struct Row<'a> {
        timestamp: i64,
        session_id: &'a str,
        action_type: &'a str,
        action_target: &'a str,
        action_params: &'a str,
        action_desc: Option<&'a str>,
        risk_level: &'a str,
        approval: &'a str,
        matched_rule: &'a str,
        rule_origin: Option<String>,
        policy_digest: &'a str,
        agent_id: Option<&'a str>,
        result_status: Option<&'a str>,
        result_data: Option<&'a str>,
        ended_at: Option<i64>,
    }
    let verdict = &intent.verdict;
    let row = Row {
        timestamp: intent.time,
        session_id: &intent.session,
        action_type: &intent.action_type,
        action_target: &intent.action_target,
        action_params: &intent.action_params,
        action_desc: intent.action_desc.as_deref(),
        risk_level: verdict.risk_level().as_str(),
        approval: verdict.approval().as_str(),
        matched_rule: verdict.rule_name(),
        rule_origin: verdict.origin().map(|origin| origin.to_string()),
        policy_digest: verdict.policy().digest_hex(),
        agent_id: intent.agent_id.as_deref(),
        result_status: outcome.map(|outcome| outcome.status.as_str()),
        result_data: outcome.and_then(|outcome| outcome.data.as_deref()),
        ended_at: outcome.map(|outcome| outcome.time),
    };
    serde_json::to_string(&row).expect("plain fields")
}
