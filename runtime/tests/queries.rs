//! Whatever is asked of a log, the answer is what reading all of it and looking gives.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod support;

use aegis_runtime::audit::{AuditReader, AuditRow, Filter, SqliteLog, Status};
use aegis_runtime::{Action, Runtime};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use support::{Counting, devops};

/// The first second, before 1970.
const EARLIER: i64 = 25;

/// A run of actions of one session, by one of two writers of the log.
#[derive(Clone, Debug)]
struct Run {
    session: usize,
    second: bool,
    actions: usize,
    /// The clock of all of them, in seconds from 25 before 1970 on; it jumps.
    time: u64,
    blocked: bool,
    /// All at once: their intents stand together, and then their outcomes.
    at_once: bool,
}

fn runs() -> impl Strategy<Value = Vec<Run>> {
    let run = (0..4_usize, any::<bool>(), 1..150_usize, 0..50_u64, prop::bool::weighted(0.2), any::<bool>());
    let run = run.prop_map(|(session, second, actions, time, blocked, at_once)| Run {
        session,
        second,
        actions,
        time,
        blocked,
        at_once,
    });
    prop::collection::vec(run, 1..10)
}

fn filters() -> impl Strategy<Value = Filter> {
    let some = |strategy: std::ops::Range<u64>| prop::option::of(strategy);
    (some(0..5), some(0..60), some(0..60), some(0..300), prop::option::weighted(0.2, any::<bool>())).prop_map(
        |(session, since, until, last, blocked)| {
            let micros = |seconds: u64| (i64::try_from(seconds).unwrap() - EARLIER) * 1_000_000;
            let mut filter = Filter::default();
            filter.session = session.map(|session| format!("s{session}"));
            (filter.since, filter.until) = (since.map(micros), until.map(micros));
            filter.last = last.map(|last| u32::try_from(last).unwrap());
            filter.result = blocked.map(|blocked| if blocked { Status::Blocked } else { Status::Success });
            filter
        },
    )
}

fn write(path: &Path, runs: &[Run]) {
    let clock = Arc::new(AtomicU64::new(0));
    let logs = [(); 2].map(|()| Arc::new(SqliteLog::open(path).unwrap()));
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    for run in runs {
        let [first, second] = &logs;
        let log = if run.second { second } else { first };
        clock.store(run.time, Ordering::SeqCst);
        let now = Arc::clone(&clock);
        let builder =
            Runtime::builder().policy(devops()).executor(Counting::default()).audit(Arc::clone(log));
        let builder = builder.session(format!("s{}", run.session)).clock(move || {
            let earlier = Duration::from_secs(EARLIER.unsigned_abs());
            SystemTime::UNIX_EPOCH - earlier + Duration::from_secs(now.load(Ordering::SeqCst))
        });
        let runtime = builder.build().unwrap();
        tokio.block_on(async {
            let kind = if run.blocked { "destroy" } else { "monitor" };
            let acts = || {
                let runtime = runtime.clone();
                async move {
                    let result = runtime.run_one(Action::new(kind, "production")).await;
                    assert!(result.audit_error().is_none(), "{result}");
                }
            };
            if run.at_once {
                let all: Vec<_> = (0..run.actions).map(|_| tokio::spawn(acts())).collect();
                for one in all {
                    one.await.unwrap();
                }
            } else {
                for _ in 0..run.actions {
                    acts().await;
                }
            }
        });
    }
}

fn all(reader: &AuditReader, filter: &Filter) -> Vec<AuditRow> {
    let mut rows = Vec::new();
    let given = reader.query(filter, |row| {
        rows.push(row);
        ControlFlow::Continue(())
    });
    assert_eq!(given.unwrap(), u64::try_from(rows.len()).unwrap());
    rows
}

fn passes(filter: &Filter, row: &AuditRow) -> bool {
    filter.session.as_ref().is_none_or(|session| *session == row.session_id)
        && filter.since.is_none_or(|since| row.timestamp >= since)
        && filter.until.is_none_or(|until| row.timestamp < until)
        && filter.result.is_none_or(|result| result.as_str() == row.result_status)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn answers_are_those_of_reading_all(runs in runs(), filters in prop::collection::vec(filters(), 8)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.db");
        write(&path, &runs);
        let reader = AuditReader::open(&path).unwrap();
        let verified = reader.verify(None).unwrap();
        prop_assert!(verified.is_good(), "{verified:?}");
        let everything = all(&reader, &Filter::default());
        prop_assert_eq!(everything.len(), runs.iter().map(|run| run.actions).sum::<usize>());
        for filter in filters {
            let mut expected: Vec<_> =
                everything.iter().filter(|row| passes(&filter, row)).cloned().collect();
            if let Some(last) = filter.last {
                expected.drain(..expected.len().saturating_sub(usize::try_from(last).unwrap()));
            }
            prop_assert_eq!(&all(&reader, &filter), &expected, "{:?}", filter);
            // As often as each rule is there; and what a reader that breaks off was given is a beginning.
            let mut counts = BTreeMap::new();
            for row in &expected {
                *counts.entry((row.matched_rule.clone(), row.result_status.clone())).or_insert(0_u64) += 1;
            }
            for rule in reader.rules(&filter).unwrap() {
                prop_assert_eq!(rule.actions, rule.by_status.iter().sum::<u64>());
                for (status, count) in Status::ALL.iter().zip(rule.by_status) {
                    let expected = counts.remove(&(rule.rule.clone(), status.as_str().to_owned()));
                    prop_assert_eq!(expected.unwrap_or(0), count, "{:?} of {:?}", status, rule);
                }
            }
            prop_assert!(counts.is_empty(), "{:?}", counts);
            let mut first = None;
            let given = reader.query(&filter, |row| {
                first = Some(row);
                ControlFlow::Break(())
            });
            prop_assert_eq!(given.unwrap(), u64::from(!expected.is_empty()));
            prop_assert_eq!(first.as_ref(), expected.first());
        }
    }
}
