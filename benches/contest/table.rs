//! The main table: ours beside each contestant, in random order and one action after the other.

use crate::args::Args;
use aegis_benches::timing::{Contestant, Quartiles, agree, contestant, race, shown};
use aegis_benches::{Workload, answer, bind, decide, hand, workloads};
use serde_json::json;
use std::hint::black_box;

/// The sizes of this table.
const SIZES: [(&str, &[usize]); 8] = [
    ("W1", &[14]),
    ("W2", &[11]),
    ("W3", &[10, 1_000, 100_000, 1_000_000]),
    ("W4", &[10, 100, 1_000, 10_000]),
    ("W5", &[50]),
    ("W6", &[1_000, 10_000]),
    ("W7", &[10, 100, 1_000]),
    ("W8", &[200]),
];

/// Races and prints the workloads that were asked for.
pub(crate) fn print(args: &Args) {
    let mut headed = args.json;
    for (name, sizes) in SIZES.into_iter().filter(|(name, _)| args.wants(name)) {
        for &size in sizes.iter().filter(|&&size| size <= args.largest) {
            if !headed {
                head();
                headed = true;
            }
            rows(args, &workloads::named(name, size).unwrap());
        }
    }
}

/// One workload: ours against each contestant, and the ways to give params where it was recorded.
fn rows(args: &Args, workload: &Workload) {
    let policy = workload.policy();
    let bound = bind(&policy, workload);
    let params = bound.rows(workload);
    let requests = workload.requests(&*params);
    let mut ours = vec![contestant("slots", |case| decide(&policy, &requests[case], workload.now))];
    if ["W1", "W2"].contains(&workload.name.as_str()) {
        ours.push(contestant("JSON map", |case| {
            decide(&policy, &(&workload.actions[case].0).into(), workload.now)
        }));
        ours.push(contestant("JSON line", |case| {
            let line = workload.lines[case].as_bytes();
            answer(policy.evaluate_json(line, workload.now).unwrap().rule_index())
        }));
    }
    let count = ours.len();
    let all: Vec<Contestant<'_>> = ours.into_iter().chain(hand::contestants(workload)).collect();
    agree(&all, &workload.expected());
    let all: Vec<Contestant<'_>> = all.into_iter().chain(parsers(workload, count)).collect();
    let races = race(&all, [&workload.order, &workload.cyclic()], args.rounds);
    for ours in 0..count {
        // Parsing alone is beside what begins with a line, and with nothing else.
        let parses = |other: usize| all[other].name().ends_with("Value");
        for other in (count..all.len()).filter(|&other| parses(other) == (ours == 2) || ours == 2) {
            let figures = races.each_ref().map(|race| {
                (race.nanoseconds(ours).middle, race.nanoseconds(other).middle, race.ratio(ours, other))
            });
            let name = match ours {
                0 => workload.name.clone(),
                _ => format!("{}, {}", workload.name, all[ours].name()),
            };
            row(args, &name, all[other].name(), figures);
        }
    }
}

/// Readers of the lines, which decide nothing, where ours reads lines.
fn parsers(workload: &Workload, ours: usize) -> Vec<Contestant<'_>> {
    let value = contestant("serde_json Value", |case| {
        let value: serde_json::Value = serde_json::from_str(&workload.lines[case]).unwrap();
        u64::from(black_box(value).is_object())
    });
    if ours > 1 { vec![value] } else { Vec::new() }
}

fn head() {
    let (random, cyclic) = ("random order", "one after the other");
    println!("{:<16} {:<22} {random:<44} {cyclic}", "", "");
    let columns = format!("{:>9} {:>10} {:<23}", "ours", "contestant", " times");
    println!("{:<16} {:<22} {columns} {}", "workload", "contestant", columns.trim_end());
}

fn row(args: &Args, name: &str, other: &str, figures: [(f64, f64, Quartiles); 2]) {
    if args.json {
        let [random, cyclic] = figures.map(|(ours, other, ratio)| {
            json!({"ours_ns": ours, "contestant_ns": other,
                   "ratio": {"low": ratio.low, "median": ratio.middle, "high": ratio.high}})
        });
        let row = json!({"workload": name, "contestant": other, "random": random, "cyclic": cyclic});
        println!("{row}");
        return;
    }
    let [random, cyclic] = figures.map(|(ours, other, ratio)| {
        format!("{:>9} {:>10} {:<23}", shown(ours), shown(other), quartiles(ratio))
    });
    println!("{name:<16} {other:<22} {random} {}", cyclic.trim_end());
}

/// A ratio with its quartiles.
pub(crate) fn quartiles(of: Quartiles) -> String {
    format!("{:>6.2} ({:.2} to {:.2})", of.middle, of.low, of.high)
}
