//! Whether a decision takes as long with many rules as with few: ours against itself at several sizes.

use crate::args::Args;
use crate::table::quartiles;
use aegis_benches::timing::{Contestant, agree, contestant, race, shown};
use aegis_benches::{Workload, bind, decide, workloads};
use serde_json::json;

/// The sizes that are compared. All of a workload have as many actions.
const SIZES: [(&str, &[usize]); 3] = [
    ("W3-hot", &[10, 1_000, 100_000, 1_000_000]),
    ("W4", &[10, 100, 1_000, 10_000]),
    ("W6", &[1_000, 10_000]),
];

/// Races each workload's sizes in one process and prints the slowest as a multiple of the fastest.
pub(crate) fn print(args: &Args) {
    if !args.wants("flat") {
        return;
    }
    if !args.json {
        println!("\nThe same by the number of rules; `times` is the slowest by the fastest.");
    }
    for (name, sizes) in SIZES {
        let sizes: Vec<usize> = sizes.iter().copied().filter(|&size| size <= args.largest).collect();
        sizes_of(args, name, &sizes);
    }
}

fn sizes_of(args: &Args, name: &str, sizes: &[usize]) {
    let workloads: Vec<Workload> = sizes.iter().map(|&size| workloads::named(name, size).unwrap()).collect();
    let policies: Vec<_> = workloads.iter().map(Workload::policy).collect();
    let bound: Vec<_> = policies.iter().zip(&workloads).map(|(policy, of)| bind(policy, of)).collect();
    let rows: Vec<_> = bound.iter().zip(&workloads).map(|(bound, of)| bound.rows(of)).collect();
    let requests: Vec<_> = rows.iter().zip(&workloads).map(|(rows, of)| of.requests(&**rows)).collect();
    let contestant = |at: usize| {
        let (policy, requests, now) = (&policies[at], &requests[at], workloads[at].now);
        contestant(sizes[at].to_string(), move |case| decide(policy, &requests[case], now))
    };
    let contestants: Vec<Contestant<'_>> = (0..sizes.len()).map(contestant).collect();
    for (one, workload) in contestants.iter().zip(&workloads) {
        agree(std::slice::from_ref(one), &workload.expected());
    }
    let [race] = race(&contestants, [&workloads[0].order], args.rounds);
    let times: Vec<f64> = (0..sizes.len()).map(|at| race.nanoseconds(at).middle).collect();
    if args.json {
        let range = race.range();
        let range = json!({"low": range.low, "median": range.middle, "high": range.high});
        println!("{}", json!({"flat": name, "rules": sizes, "ns": times, "ratio": range}));
        return;
    }
    print!("{name:<8}");
    for (size, time) in sizes.iter().zip(times) {
        print!("  {size} rules: {}", shown(time));
    }
    println!("  times {}", quartiles(race.range()).trim());
}
