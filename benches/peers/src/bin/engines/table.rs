//! The race of each row, and the tables.

use crate::args::Args;
use crate::figures::{Entered, Row, Times, machine, today};
use crate::peer::{Load, OTHER_FORM, Peer, timed};
use crate::task::Task;
use crate::trial::{Outcome, bounded, few, trial};
use aegis_benches::timing::{Contestant, ROUNDS, agree, contestant, race, shown};
use aegis_benches::{bind, decide, hand};
use aegis_vm::Policy;
use aegisc::Verify;
use std::slice;
use std::time::Duration;

/// The fewest rounds.
const FEWEST: usize = 5;

/// The fewest actions whose answers are checked.
pub(crate) const SAMPLE: usize = 64;

/// What checking the answers of a contestant may take, unless the sample takes longer.
const CHECK: Duration = Duration::from_secs(2);

/// What a batch is meant to take: at least so long is a contestant's turn in a round.
const BATCH: Duration = Duration::from_millis(1);

/// Races and prints the rows that were asked for, then what was timed and what loading took.
pub(crate) fn print(args: &Args) -> Vec<Row> {
    println!("{}, {}.", today(), machine());
    println!(
        "Medians over rounds of batches of about 1 ms, or of one decision where it takes longer; CPU time of the"
    );
    println!("thread, actions in random order. Ours in time, all others as multiples of it.\n");
    head(args);
    let mut rows: Vec<Row> = Vec::new();
    for (name, size) in args.rows() {
        let row = raced(args, name, size, &rows);
        print_row(&row);
        rows.push(row);
    }
    print_remarks(&rows);
    print_forms(args);
    print_loads(&rows);
    rows
}

/// An engine that is in, and how long a decision takes it about.
struct In<'t> {
    load: Load,
    decision: Duration,
    contestant: Contestant<'t>,
}

/// What loading took and about how long a decision takes, or why there is neither.
type Loaded = Result<(Load, Duration), String>;

fn raced(args: &Args, name: &'static str, size: usize, before: &[Row]) -> Row {
    let task = Task::new(name, size);
    let (artifact, build) = timed(|| task.workload.build(Verify::Off));
    let (policy, load) = timed(|| Policy::from_bytes(artifact).unwrap());
    let bound = bind(&policy, &task.workload);
    let params = bound.rows(&task.workload);
    let requests = task.workload.requests(&*params);
    let ours = contestant("ours", |case| decide(&policy, &requests[case], task.workload.now));
    let by_hand = hand::contestants(&task.workload).swap_remove(0);
    let mut contestants = vec![ours, by_hand];
    let mut entered: Vec<(&Peer, Loaded)> = Vec::new();
    for peer in args.peers() {
        match enter(peer, &task, name, size, before) {
            Ok(In { load, decision, contestant }) => {
                contestants.push(contestant);
                entered.push((peer, Ok((load, decision))));
            }
            Err(why) => entered.push((peer, Err(why))),
        }
    }
    let expected = task.workload.expected();
    agree(&contestants[..2], &expected);
    let decisions: Vec<Duration> = entered.iter().filter_map(|(_, of)| Some(of.as_ref().ok()?.1)).collect();
    let checked: Vec<usize> = decisions.iter().map(|&decision| sample(decision, expected.len())).collect();
    for (one, &count) in contestants[2..].iter().zip(&checked) {
        agree(slice::from_ref(one), &expected[..count]);
    }
    let rounds = rounds(args, &decisions);
    let [race] = race(&contestants, [&task.workload.order], rounds);
    let times = |at: usize| Times { nanoseconds: race.nanoseconds(at), ratio: race.ratio(at, 0) };
    let mut figures = checked.iter().enumerate().map(|(at, &checked)| (checked, times(at + 2)));
    let peers = entered.into_iter().map(|(peer, of)| {
        let with_figures = |(load, _): (Load, Duration)| {
            let (checked, times) = figures.next().unwrap();
            Entered { load, checked, times }
        };
        (peer, of.map(with_figures))
    });
    let peers = peers.collect();
    let build = build.took;
    Row { name, size, rounds, ours: race.nanoseconds(0), build, load, by_hand: times(1), peers }
}

/// Lets an engine in if a trial went well, and if it was in with fewer rules.
fn enter<'t>(
    peer: &'static Peer,
    task: &'t Task,
    name: &str,
    size: usize,
    before: &[Row],
) -> Result<In<'t>, String> {
    let smaller = before.iter().rev().find(|row| row.name == name);
    let failed = smaller.and_then(|row| {
        let (_, entered) = row.peers.iter().find(|(other, _)| other.name == peer.name)?;
        entered.as_ref().err().filter(|why| *why != OTHER_FORM)
    });
    if failed.is_some() {
        return Err("not tried".to_owned());
    }
    let tried = if peer.remote { None } else { Some(trial(peer, name, size)?) };
    let entrant = (peer.enter)(task)?;
    let Outcome { load, decision } = match tried {
        Some(outcome) => outcome,
        None => bounded(Outcome { load: entrant.load, decision: few(&entrant.contestant, task) })?,
    };
    Ok(In { load, decision, contestant: entrant.contestant })
}

/// How many answers are checked of a contestant whose decisions take so long.
fn sample(decision: Duration, actions: usize) -> usize {
    let affordable = CHECK.as_nanos() / decision.as_nanos().max(1);
    usize::try_from(affordable).unwrap_or(usize::MAX).max(SAMPLE).min(actions)
}

/// As many rounds as a row may take, and [`ROUNDS`] at most.
fn rounds(args: &Args, decisions: &[Duration]) -> usize {
    let budget = if args.quick { Duration::from_millis(300) } else { Duration::from_secs(3) };
    let round: Duration = decisions.iter().map(|&decision| decision.max(BATCH)).sum();
    let affordable = budget.as_nanos() / (round + 2 * BATCH).as_nanos();
    usize::try_from(affordable).unwrap_or(ROUNDS).clamp(FEWEST, ROUNDS)
}

fn head(args: &Args) {
    print!("{:<10} {:>6} {:>9} {:>8}", "workload", "rounds", "ours", "by hand");
    for peer in args.peers() {
        print!(" {:>width$}", peer.name, width = width(peer));
    }
    println!();
}

fn width(peer: &Peer) -> usize {
    peer.name.len().max(9)
}

fn print_row(row: &Row) {
    let by_hand = times_ours(row.by_hand.ratio.middle);
    print!("{:<10} {:>6} {:>9} {by_hand:>8}", row.title(), row.rounds, shown(row.ours.middle));
    for (peer, entered) in &row.peers {
        let cell = match entered {
            Ok(entered) => times_ours(entered.times.ratio.middle),
            Err(why) if why == OTHER_FORM => String::new(),
            Err(_) => "-".to_owned(),
        };
        print!(" {cell:>width$}", width = width(peer));
    }
    println!();
}

/// A ratio for people: three digits, or all before the point.
pub(crate) fn times_ours(ratio: f64) -> String {
    let digits = match ratio {
        x if x < 9.995 => 2,
        x if x < 99.95 => 1,
        _ => 0,
    };
    let text = format!("{ratio:.digits$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let from_end = |(at, digit): (usize, char)| {
        let comma = at > 0 && (whole.len() - at).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
    };
    whole.char_indices().flat_map(from_end).chain(rest.chars()).collect()
}

/// Why there are cells without a figure, which samples were checked, and how far the ratios spread.
fn print_remarks(rows: &[Row]) {
    println!("\nNo figure:");
    for row in rows {
        for (peer, entered) in &row.peers {
            if let Err(why) = entered
                && why != OTHER_FORM
                && why != "not tried"
            {
                println!("  {} on {}: {why}; more rules were not tried", peer.name, row.title());
            }
        }
    }
    println!("\nAnswers were checked to every action, but to the first so many of 4,096 for:");
    for row in rows {
        let sampled = row.peers.iter().filter_map(|(peer, entered)| {
            let checked = entered.as_ref().ok()?.checked;
            (checked < 4_096 && row.size > 50).then(|| format!("{} {checked}", peer.name))
        });
        let sampled: Vec<String> = sampled.collect();
        if !sampled.is_empty() {
            println!("  {}: {}", row.title(), sampled.join(", "));
        }
    }
    println!("\nTimes of a decision, and the quartiles of the ratio:");
    for row in rows {
        for (peer, entered) in &row.peers {
            if let Ok(Entered { times: Times { nanoseconds, ratio }, .. }) = entered {
                let [low, high] = [ratio.low, ratio.high].map(times_ours);
                println!(
                    "  {:<10} {:<20} {:>9}  {low} to {high}",
                    row.title(),
                    peer.name,
                    shown(nanoseconds.middle)
                );
            }
        }
    }
}

fn print_forms(args: &Args) {
    println!("\nWhat is timed:");
    println!("  ours: Policy::evaluate, params in slots, and the index of the rule");
    println!(
        "  by hand: a match, a hash table, one dense DFA for the patterns of W5; actions typed beforehand"
    );
    for peer in args.peers() {
        println!("  {} {}: {}", peer.name, peer.version(), peer.form);
    }
}

/// The largest size of W3 and W4 that each engine loaded.
fn print_loads(rows: &[Row]) {
    println!("\nLoading, text to ready to decide, and by how much the memory grew:");
    for name in ["W3", "W4"] {
        let rows: Vec<&Row> = rows.iter().rev().filter(|row| row.name == name).collect();
        let Some(largest) = rows.first() else { continue };
        let load = loaded(&largest.load);
        println!("  {}: ours {load}, from an artifact, built in {:.2?}", largest.title(), largest.build);
        let peers = largest.peers.iter().map(|(peer, _)| peer);
        for peer in peers {
            let found = rows.iter().find_map(|row| {
                let (_, entered) = row.peers.iter().find(|(other, _)| other.name == peer.name)?;
                Some((row, entered.as_ref().ok()?))
            });
            if let Some((row, entered)) = found {
                println!("  {}: {} {}", row.title(), peer.name, loaded(&entered.load));
            }
        }
    }
}

fn loaded(load: &Load) -> String {
    let mebibytes = load.bytes.map(|bytes| format!(", {} MiB", bytes >> 20));
    format!("{:.3?}{}", load.took, mebibytes.unwrap_or_default())
}
