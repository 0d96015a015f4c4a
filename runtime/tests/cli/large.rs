//! A log of many rows: what is read of it, how fast, and in how much memory. `AUDIT_ROWS` says how many actions
//! (20,000 unless set).

use super::{RULES, command, folder, support};
use aegis_runtime::audit::{AuditReader, Filter, SqliteLog};
use aegis_runtime::executor::from_fn;
use aegis_runtime::policy::PolicyHandle;
use aegis_runtime::{Action, Outcomes, Runtime};
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

/// No command may have more, in KiB.
const MOST: u64 = 64 << 10;

/// Writes so many actions, in ten sessions.
fn fill(path: &Path, actions: usize) {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let log = std::sync::Arc::new(SqliteLog::open(path).unwrap());
    let policy = PolicyHandle::new(support::policy(RULES));
    tokio.block_on(async {
        for session in 0..10 {
            let runtime = Runtime::builder()
                .policy(policy.clone())
                .executor(from_fn(|task| async move { Ok(json!({ "did": task.action().target() })) }))
                .audit(std::sync::Arc::clone(&log))
                .session(format!("session-{session}"))
                .outcomes(Outcomes::Queued)
                .build()
                .unwrap();
            let mut running = tokio::task::JoinSet::new();
            for at in 0..actions / 10 {
                if running.len() >= 2_000 {
                    running.join_next().await;
                }
                let runtime = runtime.clone();
                running.spawn(async move {
                    let kind = ["look", "look", "look", "drop", "change"][at % 5];
                    let action = Action::new(kind, format!("target-{at}")).agent(format!("agent-{}", at % 7));
                    let params = action.param("n", i64::try_from(at).unwrap()).param("password", "hunter2");
                    runtime.run_one(params.description("what is done in a test of many rows")).await
                });
            }
            running.join_all().await;
        }
    });
}

/// Runs a command; its peak of resident memory in KiB and the lines that it printed.
fn measured(folder: &Path, args: &[&str]) -> (u64, usize) {
    let began = Instant::now();
    let mut child = command(folder, args);
    child.stdin(Stdio::null()).stderr(Stdio::null());
    let mut child = child.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let lines = std::thread::spawn(move || out.lines().map_while(Result::ok).count());
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let high = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let high = high.and_then(|high| high.trim().trim_end_matches(" kB").parse().ok());
        // It only rises: the last reading is all but the peak.
        peak = peak.max(high.unwrap_or(0));
        if child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success(), "{args:?}");
    let lines = lines.join().unwrap();
    println!("{args:?}: {:.2?}, at most {peak} KiB, {lines} lines", began.elapsed());
    assert!(peak < MOST, "{args:?}: {peak} KiB");
    (peak, lines)
}

#[test]
fn memory_does_not_grow_with_the_rows() {
    let actions: usize = std::env::var("AUDIT_ROWS").map_or(20_000, |rows| rows.parse().unwrap());
    let folder = folder(&[]);
    let at = folder.path();
    let path = at.join("aegis_audit.db");
    let began = Instant::now();
    fill(&path, actions);
    println!(
        "{actions} actions written in {:.2?}, {} bytes",
        began.elapsed(),
        fs::metadata(&path).unwrap().len()
    );
    measured(at, &["audit", "--format", "jsonl", "-o", "out.jsonl"]);
    let exported = BufReader::new(fs::File::open(at.join("out.jsonl")).unwrap()).lines().count();
    assert_eq!(exported, actions);
    fs::remove_file(at.join("out.jsonl")).unwrap();
    measured(at, &["audit", "verify"]);
    let jsonl = |args: &[&str]| measured(at, &[&["audit", "--format", "jsonl"], args].concat()).1;
    assert_eq!(jsonl(&["--session", "session-3"]), actions / 10);
    assert_eq!(jsonl(&["--type", "drop"]), actions / 5);
    assert_eq!(jsonl(&["--since", "1d"]), actions);
    assert_eq!(jsonl(&["--until", "1d"]), 0);
    assert_eq!(jsonl(&["--last", "10"]), 10);
    assert_eq!(jsonl(&["--last", "10", "--since", "1d"]), 10);
    assert_eq!(jsonl(&["--last", "10", "--type", "change"]), 10);
    assert_eq!(jsonl(&["--result", "failed"]), 0);
    measured(at, &["audit", "--format", "table"]);
    measured(at, &["stats"]);

    let reader = AuditReader::open(&path).unwrap();
    let plan = |set: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::default();
        set(&mut filter);
        reader.query_plan(&filter).unwrap()
    };
    let session = plan(&|filter| filter.session = Some("session-3".to_owned()));
    assert!(session.contains("SEARCH z USING PRIMARY KEY (session=?)"), "{session}");
    let since = plan(&|filter| filter.since = Some(1));
    for plan in [&session, &since] {
        assert!(plan.contains("SEARCH i USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"), "{plan}");
    }
    // No row is kept to be sorted.
    for plan in [&session, &since] {
        assert!(!plan.contains("ORDER BY"), "{plan}");
    }
}
