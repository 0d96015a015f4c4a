//! Whether two threads that share a policy decide twice as much as one.
//!
//! In a round one thread runs a batch alone, then two run one each at the same time. What is compared is
//! the CPU time of a decision: two threads decide `2 × alone / together` times as much. Time in which a
//! thread waits for a core that others hold is so left out; what is shared and slows both is in.

use crate::args::Args;
use crate::table::quartiles;
use aegis_benches::timing::{Contestant, Quartiles, batch, contestant, shown};
use aegis_benches::{bind, decide, workloads};
use serde_json::json;
use std::sync::Barrier;
use std::time::Duration;

/// How many decisions a batch has: some ten milliseconds, so that two batches mostly overlap.
const BATCH: u32 = 200_000;

/// Prints the throughput of two threads as a multiple of one's.
pub(crate) fn print(args: &Args) {
    if !args.wants("threads") {
        return;
    }
    if !args.json {
        println!("\nTwo threads with one policy; `times` is how many times as much they decide as one.");
    }
    for (name, size) in [("W1", 14), ("W3", 1_000)] {
        let workload = workloads::named(name, size).unwrap();
        let policy = workload.policy();
        let time = |barrier: &Barrier, from: usize| -> Duration {
            let bound = bind(&policy, &workload);
            let rows = bound.rows(&workload);
            let requests = workload.requests(&*rows);
            let ours: Contestant<'_> =
                contestant("ours", |case| decide(&policy, &requests[case], workload.now));
            let _warm = batch(&ours, &workload.order, BATCH / 10, from);
            barrier.wait();
            batch(&ours, &workload.order, BATCH, from)
        };
        let nanoseconds = |took: Duration| took.as_secs_f64() * 1e9 / f64::from(BATCH);
        let round = |round: usize| {
            let alone = nanoseconds(time(&Barrier::new(1), round * 509));
            let barrier = Barrier::new(2);
            let (one, other) = std::thread::scope(|scope| {
                let other = scope.spawn(|| time(&barrier, round * 887));
                (time(&barrier, round * 509), other.join().unwrap())
            });
            (alone, (nanoseconds(one) + nanoseconds(other)) / 2.0)
        };
        let rounds: Vec<(f64, f64)> = (0..args.rounds).map(round).collect();
        let alone = Quartiles::of(rounds.iter().map(|round| round.0).collect()).middle;
        let together = Quartiles::of(rounds.iter().map(|round| round.1).collect()).middle;
        let ratio = Quartiles::of(rounds.iter().map(|(alone, together)| 2.0 * alone / together).collect());
        if args.json {
            let ratio = json!({"low": ratio.low, "median": ratio.middle, "high": ratio.high});
            println!(
                "{}",
                json!({"threads": workload.name, "alone_ns": alone, "together_ns": together, "ratio": ratio})
            );
            continue;
        }
        println!(
            "{:<8}  alone {}  together {}  times {}",
            workload.name,
            shown(alone),
            shown(together),
            quartiles(ratio).trim()
        );
    }
}
