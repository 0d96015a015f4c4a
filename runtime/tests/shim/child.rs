//! The process that writes: this test binary again, as the test `child`, told by its environment what to do.
//!
//! Each line that it says is one `write`, so that none is cut short when it is killed.

use super::number;
use aegis_runtime::approval::{Answer, callback};
use aegis_runtime::audit::{AuditReader, SqliteLog, SqliteLogOptions};
use aegis_runtime::executor::{ExecuteError, from_fn};
use aegis_runtime::policy::PolicyHandle;
use aegis_runtime::{Action, Runtime, Status};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// Whether an action of this number is one that reaches the executor.
pub(crate) fn runs(n: u64) -> bool {
    !matches!(n % 8, 2 | 3)
}

/// An action of this number: most of them run, some are asked about, blocked, denied, or fail.
fn action(n: u64, pad: u64) -> Action {
    let kind = match n % 8 {
        0 => "monitor",
        1 => "scale_down",
        2 => "destroy_cluster",
        3 => "restart_service",
        4 => "status",
        5 => "list_pods",
        6 => "build",
        _ => "run_tests",
    };
    let length = if pad == 0 { n * 37 % 900 } else { pad };
    let pad = "x".repeat(usize::try_from(length).expect("a length"));
    Action::new(kind, format!("t{n}")).agent("ops-7").param("pad", pad)
}

#[derive(Clone)]
struct Lines(Arc<File>);

impl Lines {
    fn say(&self, line: &str) {
        (&*self.0).write_all(format!("{line}\n").as_bytes()).expect("the parent listens");
    }
}

/// Does nothing, but in a process that was started to be a child.
///
/// - `CHILD_LOG`, `CHILD_SESSION`, `CHILD_POLICY`: where, as whom, by what.
/// - `CHILD_ACTIONS`: how many actions to run; without it, it goes on until it is killed. After a fault it goes on
///   until twice as many as are in flight were acknowledged in a row.
/// - `CHILD_WIDE`: how many are in flight; 64.
/// - `CHILD_PAD`: the length of their params.
/// - `CHILD_READER`: keeps a reader open, so that the writer's connection is not the last.
/// - `CHILD_WAIT`: the milliseconds to wait for another process.
/// - `CHILD_CLOSE`: closes the log at the end, rather than to wait to be killed.
/// - `CHILD_CLOCK`: the clock jumps back all the time.
/// - `CHILD_FOLDER`: goes to that folder when the log is open.
/// - `CHILD_LOCK`: writes nothing, but holds the file: this SQL is run on it.
pub(crate) fn act() {
    let Some(path) = std::env::var_os("CHILD_LOG").map(PathBuf::from) else { return };
    let lines = Lines(Arc::new(File::from(
        std::io::stdout().as_fd().try_clone_to_owned().expect("there is an output"),
    )));
    // The harness has begun a line.
    lines.say("");
    if let Ok(sql) = std::env::var("CHILD_LOCK") {
        let connection = rusqlite::Connection::open(&path).expect("the log opens");
        connection.execute_batch(&sql).expect("the log is held");
        lines.say("child:locked");
        return wait();
    }
    let mut options = SqliteLogOptions::default();
    options.wait = Duration::from_millis(number("CHILD_WAIT").unwrap_or(5_000));
    let log = loop {
        match SqliteLog::open_with(&path, options) {
            Ok(log) => break log,
            Err(error) => lines.say(&format!("child:closed {:?} {error}", error.kind())),
        }
    };
    let log = Arc::new(log);
    if let Some(folder) = std::env::var_os("CHILD_FOLDER") {
        std::env::set_current_dir(folder).expect("the folder is there");
    }
    lines.say("child:open");
    let reader = number("CHILD_READER").map(|_| {
        let reader = AuditReader::open(&path).expect("a reader opens");
        reader.head().expect("a reader reads");
        reader
    });
    let session = std::env::var("CHILD_SESSION").expect("a session");
    let policy = std::env::var("CHILD_POLICY").expect("a policy");
    let ran = lines.clone();
    let executor = from_fn(move |task| {
        let target = task.action().target();
        ran.say(&format!("child:run {}", target.trim_start_matches('t')));
        let fails = task.action().kind() == "status";
        async move { if fails { Err(ExecuteError::permanent("it fails")) } else { Ok("done".into()) } }
    });
    let approval = callback(|request| async move {
        let denied = request.task.action().kind() == "restart_service";
        Ok(if denied { Answer::denied("bob", "not now") } else { Answer::approved("alice") })
    });
    let builder = Runtime::builder().policy(PolicyHandle::from_file(policy).expect("the policy loads"));
    let mut builder = builder.executor(executor).approval(approval).audit(Arc::clone(&log)).session(session);
    if number("CHILD_CLOCK").is_some() {
        let reads = AtomicU64::new(0);
        builder = builder.clock(move || {
            let read = reads.fetch_add(1, Ordering::SeqCst);
            SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000 - read % 7 * 100_000 - read)
        });
    }
    let runtime = builder.build().expect("a runtime");
    work(&runtime, &lines);
    drop(reader);
    lines.say("child:done");
    if number("CHILD_CLOSE").is_some() {
        drop(runtime);
        // The runtime's own share of the log is gone with its tasks.
        drop(Arc::into_inner(log).expect("nobody else has the log"));
        lines.say("child:end");
        return;
    }
    wait();
}

/// Until the parent says so, or ends it.
fn wait() {
    let mut nothing = Vec::new();
    std::io::stdin().read_to_end(&mut nothing).expect("the parent waits");
}

fn work(runtime: &Runtime, lines: &Lines) {
    let most = number("CHILD_ACTIONS");
    let wide = number("CHILD_WIDE").unwrap_or(64);
    let pad = number("CHILD_PAD").unwrap_or(0);
    // The next action, those that ended, and those acknowledged since the last that was not.
    let counts = Arc::new([const { AtomicU64::new(0) }; 3]);
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build();
    let tokio = tokio.expect("a tokio runtime");
    let one = |_| {
        let (runtime, lines, counts) = (runtime.clone(), lines.clone(), Arc::clone(&counts));
        async move {
            let [next, ended, since] = &*counts;
            let enough = || {
                most.is_some_and(|most| {
                    ended.load(Ordering::SeqCst) >= most && since.load(Ordering::SeqCst) >= 2 * wide
                })
            };
            while !enough() {
                let n = next.fetch_add(1, Ordering::SeqCst);
                let result = runtime.run_one(action(n, pad)).await;
                match (result.audit_error(), result.record()) {
                    (None, Some(record)) => {
                        lines.say(&format!("child:ack {n} {record} {}", result.status()));
                        since.fetch_add(1, Ordering::SeqCst);
                    }
                    (Some(error), _) => {
                        assert!(matches!(
                            result.status(),
                            Status::Blocked | Status::Denied | Status::Success | Status::Failed
                        ));
                        lines.say(&format!("child:lost {n} {error}"));
                        since.store(0, Ordering::SeqCst);
                    }
                    (None, None) => panic!("neither written nor not: {result}"),
                }
                ended.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    tokio.block_on(async {
        let tasks: Vec<_> = (0..wide).map(|at| tokio::spawn(one(at))).collect();
        for task in tasks {
            task.await.expect("a worker ends");
        }
    });
}
