//! A trial of an engine in a process of its own, before it enters the race.
//!
//! What loads too long, takes too much memory, or ends the process, such as a parser that overflows its
//! stack, is found out there, and the table says so.

use crate::peer::{Load, Peer, resident_of, said};
use crate::task::Task;
use aegis_benches::timing::{batch, shown};
use serde_json::{Value, json};
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The most seconds that loading may take, with the making of the requests.
pub(crate) const SECONDS: u64 = 60;

/// The most bytes of memory.
pub(crate) const BYTES: u64 = 3 << 30;

/// The longest decision.
const DECISION: Duration = Duration::from_millis(500);

/// The stack of the thread that engines run in: some parse by recursion.
pub(crate) const STACK: usize = 1 << 30;

/// What a trial finds out.
pub(crate) struct Outcome {
    /// What loading takes.
    pub(crate) load: Load,
    /// About how long a decision takes.
    pub(crate) decision: Duration,
}

/// Lets an engine load a workload of a name and size and decide a few actions, in another process.
pub(crate) fn trial(peer: &Peer, name: &str, size: usize) -> Result<Outcome, String> {
    let program = std::env::current_exe().map_err(said)?;
    let mut child = Command::new(program)
        .args(["--trial", peer.name, name, &size.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(said)?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(said)? {
            break status;
        }
        let late = started.elapsed() > Duration::from_secs(SECONDS);
        let large = resident_of(&child.id().to_string()).is_some_and(|bytes| bytes > BYTES);
        if late || large {
            child.kill().map_err(said)?;
            child.wait().map_err(said)?;
            let what = if late { format!("{SECONDS} s") } else { format!("{} GiB", BYTES >> 30) };
            return Err(format!("more than {what}"));
        }
        sleep(Duration::from_millis(10));
    };
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).map_err(said)?;
    if !status.success() {
        return Err(format!("ended its process ({status})"));
    }
    let told: Value = serde_json::from_str(&text).map_err(said)?;
    if let Some(error) = told["error"].as_str() {
        return Err(error.to_owned());
    }
    let nanoseconds = |key: &str| Duration::from_nanos(told[key].as_u64().unwrap());
    let load = Load { took: nanoseconds("load"), bytes: told["bytes"].as_u64() };
    bounded(Outcome { load, decision: nanoseconds("decision") })
}

/// An outcome whose decisions are not too long.
pub(crate) fn bounded(outcome: Outcome) -> Result<Outcome, String> {
    match outcome.decision > DECISION {
        true => Err(format!("a decision takes {}", shown(outcome.decision.as_secs_f64() * 1e9))),
        false => Ok(outcome),
    }
}

/// The other process: tells what it finds as a line of JSON.
pub(crate) fn tell(peer: &Peer, task: &Task) {
    let told = match (peer.enter)(task) {
        Err(error) => json!({"error": error}),
        Ok(entrant) => json!({
            "load": nanoseconds(entrant.load.took),
            "bytes": entrant.load.bytes,
            "decision": nanoseconds(few(&entrant.contestant, task)),
        }),
    };
    println!("{told}");
}

/// About how long a decision takes: the mean of some, the first left out if there are more.
pub(crate) fn few(contestant: &aegis_benches::timing::Contestant<'_>, task: &Task) -> Duration {
    const ENOUGH: Duration = Duration::from_millis(20);
    let decide = |count, from| batch(contestant, &task.workload.order, count, from);
    let first = decide(1, 0);
    if first > DECISION { first } else { growing(&decide, ENOUGH) }
}

fn growing(decide: &dyn Fn(u32, usize) -> Duration, enough: Duration) -> Duration {
    let mut count = 4;
    loop {
        let took = decide(count, 1);
        if took >= enough || count >= 1 << 16 {
            return took / count;
        }
        count *= 2;
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap()
}
