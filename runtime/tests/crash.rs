//! No record that was acknowledged is lost: by `kill -9`, by power cuts, by disks that fail. And nothing runs whose
//! intent is not there afterwards.
//!
//! `CRASH_CYCLES` says how often processes are killed, 20 times unless said; `FAULTS=all` has every call to the disk
//! fail in turn, rather than some; `CRASH_SEED` repeats a run.

#![cfg(all(target_os = "linux", target_pointer_width = "64"))]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod shim;

use aegis_runtime::audit::Hash;
use shim::power::{Journal, Lost};
use shim::{Held, Place, Random, Said, Start, number};
use std::rc::Rc;

/// What the tests below start.
#[test]
fn child() {
    shim::child::act();
}

fn cycles() -> u64 {
    number("CRASH_CYCLES").unwrap_or(20)
}

/// How often a file is written to by one process after the other before another file begins.
const LIVES: u64 = 40;

/// A log and what is known of it from one crash to the next.
struct Life {
    place: Place,
    anchor: Option<Hash>,
    unknown: u64,
    rows: u64,
    /// What was said since the last power cut: rows that were read meanwhile may not be on the disk, unless they were
    /// acknowledged.
    since: Vec<(String, Rc<Said>)>,
}

impl Life {
    fn new() -> Self {
        Life { place: Place::new(), anchor: None, unknown: 0, rows: 0, since: Vec::new() }
    }

    /// After a crash: nothing is lost. A process that said nothing may have left no log.
    fn survives(&mut self, session: &str, said: &Rc<Said>) {
        self.survives_until(session, said, true);
    }

    /// The same, where a power cut may follow that takes what is not on the disk yet.
    fn survives_until(&mut self, session: &str, said: &Rc<Said>, lasts: bool) {
        if !said.opened {
            assert!(said.acks.is_empty() && said.runs.is_empty());
        }
        self.since.push((session.to_owned(), Rc::clone(said)));
        if self.anchor.is_none() && self.since.iter().all(|(_, said)| !said.opened) {
            return;
        }
        for (session, said) in &self.since {
            let held = Held::read(&self.place.log(), session, self.anchor);
            held.keeps(said);
            assert!(held.verified.rows >= self.rows, "a log only grows");
            assert!(held.verified.unknown >= self.unknown, "what is not known stays so");
            if lasts {
                self.anchor = Some(held.head);
                (self.unknown, self.rows) = (held.verified.unknown, held.verified.rows);
            }
        }
        if lasts {
            self.since.clear();
        }
    }
}

#[test]
fn killed_at_any_moment() {
    let mut random = Random::seeded("killed_at_any_moment");
    let mut life = Life::new();
    let mut sums = [0_u64; 3];
    for cycle in 0..cycles() {
        if cycle % LIVES == LIVES - 1 {
            life = Life::new();
        }
        let session = format!("s{cycle}");
        let mut running = Start::new(&life.place.log(), &session).spawn();
        let lines = random.below(600);
        running.until(|said| said.runs.len() + said.acks.len() >= lines && (lines > 0 || said.opened));
        let said = Rc::new(running.kill());
        assert!(said.lost.is_empty() && said.closed.is_empty(), "{said:?}");
        let before = life.unknown;
        life.survives(&session, &said);
        sums[0] += u64::try_from(said.acks.len()).unwrap();
        sums[1] += u64::try_from(said.runs.len()).unwrap();
        sums[2] += life.unknown - before.min(life.unknown);
    }
    println!("{} acknowledged, {} run, {} of unknown end", sums[0], sums[1], sums[2]);
    assert!(sums[0] > 0 && sums[1] > 0);
}

#[test]
fn power_cut_at_any_moment() {
    let mut random = Random::seeded("power_cut_at_any_moment");
    let mut life = Life::new();
    let mut sums = [0; 4];
    for cycle in 0..cycles() {
        if cycle % LIVES == LIVES - 1 || cycle % 10 == 3 {
            life = Life::new();
        }
        let session = format!("s{cycle}");
        let start = Start::new(&life.place.log(), &session).power(&life.place);
        // Before a call of the first few, of any, or wherever it is when so many lines were said.
        let said = match random.below(4) {
            0 => start.with("SHIM_KILL_AT", 1 + random.below(60)).spawn().wait(),
            1 | 2 => start.with("SHIM_KILL_AT", 1 + random.below(4_000)).spawn().wait(),
            _ => {
                let lines = random.below(600);
                let mut running = start.spawn();
                running
                    .until(|said| said.runs.len() + said.acks.len() >= lines && (lines > 0 || said.opened));
                running.kill()
            }
        };
        assert!(said.lost.is_empty() && said.closed.is_empty(), "{said:?}");
        // Some processes find what the one before them left as it is, and the power is cut after the last of them.
        let said = Rc::new(said);
        let is_cut = random.below(3) > 0;
        if is_cut {
            let journal = Journal::read(&life.place.journal());
            sums[3] += journal.syncs().0;
            sums[2] += journal.cut(&life.place.log(), &mut random);
        }
        life.survives_until(&session, &said, is_cut);
        sums[0] += said.acks.len();
        sums[1] += said.runs.len();
    }
    println!("{} acknowledged, {} run, {} sectors lost, {} syncs", sums[0], sums[1], sums[2], sums[3]);
    assert!(sums[0] > 0 && sums[2] > 0 && sums[3] > 0);
}

/// A log that is made for the first time, cut short at every call.
#[test]
fn power_cut_while_a_log_begins() {
    let mut random = Random::seeded("power_cut_while_a_log_begins");
    let step = if cycles() < 1_000 { 6 } else { 1 };
    for at in (1..=90).step_by(step) {
        let mut life = Life::new();
        let start = Start::new(&life.place.log(), "one").power(&life.place);
        let said = start.with("SHIM_KILL_AT", at + random.below(step)).with("CHILD_WIDE", 4).spawn().wait();
        assert!(said.lost.is_empty() && said.closed.is_empty(), "{said:?}");
        let said = Rc::new(said);
        // The next process may find what the first one left as it is, or only what was synced.
        if random.below(2) == 0 {
            Journal::read(&life.place.journal()).cut(&life.place.log(), &mut random);
            life.survives("one", &said);
        }
        let mut two = Start::new(&life.place.log(), "two").power(&life.place).with("CHILD_WIDE", 4).spawn();
        assert!(two.until(|said| said.acks.len() > 8));
        let two = Rc::new(two.kill());
        Journal::read(&life.place.journal()).cut(&life.place.log(), &mut random);
        life.survives("one", &said);
        life.survives("two", &two);
        let start = Start::new(&life.place.log(), "three").power(&life.place).with("CHILD_ACTIONS", 8);
        let said = start.with("CHILD_WIDE", 4).with("CHILD_CLOSE", 1).spawn().wait();
        assert!(said.ended && said.lost.is_empty() && said.closed.is_empty(), "{said:?}");
        life.survives("three", &Rc::new(said));
    }
}

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// A way in which a disk fails, from one call on.
#[derive(Clone, Copy, Debug)]
struct Fault {
    /// The call, from 1.
    at: u64,
    /// Of the syncs alone.
    syncs: bool,
    /// How many calls after it fail, too.
    further: u64,
    errno: i32,
    /// The first of them writes a half.
    short: bool,
    /// Another connection is open.
    reader: bool,
    /// The log has rows in its write-ahead log at the beginning, left by a process that was killed.
    left: bool,
    /// The process closes the log at the end, rather than to be killed.
    closes: bool,
}

/// Runs a process under a fault: it says what is wrong, loses nothing, and goes on. Says whether the fault came.
fn faulty(fault: Fault, left: &Place, actions: u64, pad: u64, random: &mut Random) -> bool {
    let place = if fault.left { Place::copy(&left.log()) } else { Place::new() };
    let anchor = fault.left.then(|| Held::read(&place.log(), "left", None).head);
    let mut start = Start::new(&place.log(), "s").power(&place);
    start = start.with("SHIM_FAIL_AT", fault.at).with("SHIM_FAIL_FOR", fault.further);
    start = start.with("SHIM_ERRNO", fault.errno).with("CHILD_WAIT", 20);
    for (name, set) in [
        ("SHIM_FAIL_SYNCS", fault.syncs),
        ("SHIM_SHORT", fault.short),
        ("CHILD_READER", fault.reader),
        ("CHILD_CLOSE", fault.closes),
    ] {
        if set {
            start = start.with(name, 1);
        }
    }
    let start = start.with("CHILD_ACTIONS", actions).with("CHILD_WIDE", 8).with("CHILD_PAD", pad);
    let mut running = start.spawn();
    assert!(running.until(|said| said.done), "the process goes on after {fault:?}: {:?}", running.said);
    let said = if fault.closes { running.wait() } else { running.kill() };
    assert_eq!(said.ended, fault.closes, "{fault:?}");
    let log = place.log();
    let named = format!("`{}`", log.display());
    for error in said.closed.iter().chain(said.lost.iter().map(|(_, error)| error)) {
        assert!(error.contains(&named), "it names the file: {error}");
        assert!(
            error.contains("make room")
                || error.contains("look at the disk")
                || error.contains("until it has ended"),
            "it says what to do: {error}"
        );
    }
    let journal = Journal::read(&place.journal());
    let came = journal.failed();
    if !came {
        assert!(
            said.lost.is_empty() && said.closed.is_empty(),
            "without a fault there is no error: {said:?}"
        );
    }
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // As it is (a copy, so that whoever reads leaves nothing behind), and after a power cut on top.
        Held::read(&Place::copy(&log).log(), "s", anchor).keeps(&said);
        journal.cut(&log, random);
        let after = Held::read(&log, "s", anchor);
        after.keeps(&said);
        // The next process goes on with it.
        let start = Start::new(&log, "next").power(&place).with("CHILD_ACTIONS", 16).with("CHILD_WIDE", 8);
        let said = start.with("CHILD_CLOSE", 1).spawn().wait();
        assert!(said.ended && said.lost.is_empty() && said.closed.is_empty(), "{said:?}");
        Held::read(&log, "next", Some(after.head)).keeps(&said);
    }));
    if let Err(panic) = caught {
        println!("it was after {fault:?}");
        std::panic::resume_unwind(panic);
    }
    came
}

/// A log that a process left when it was killed: rows in the file, and more in the write-ahead log.
fn left() -> Place {
    let place = Place::new();
    let start =
        |actions| Start::new(&place.log(), "left").with("CHILD_ACTIONS", actions).with("CHILD_WIDE", 8);
    assert!(start(32).with("CHILD_CLOSE", 1).spawn().wait().ended);
    let place = place;
    let mut running =
        Start::new(&place.log(), "more").with("CHILD_ACTIONS", 32).with("CHILD_WIDE", 8).spawn();
    assert!(running.until(|said| said.done));
    running.kill();
    place
}

/// The ways of a call to fail.
fn ways(syncs: bool) -> impl Iterator<Item = Fault> {
    (0..8_u32).filter_map(move |bits| {
        let bit = |at: u32| bits >> at & 1 == 1;
        let way = Fault {
            at: 0,
            syncs,
            further: if bit(0) { 40 } else { 0 },
            errno: if bit(1) { ENOSPC } else { EIO },
            short: bit(2),
            reader: false,
            left: false,
            closes: false,
        };
        // A half of a write is followed by an error, or SQLite writes the rest; syncs have no halves.
        (!way.short || (bit(0) && !syncs)).then_some(way)
    })
}

/// Some calls fail in one of the ways each, or every call in every way; what is around it is drawn.
fn every_call(test: &str, syncs: bool, some: &[u64]) {
    let mut random = Random::seeded(test);
    let left = left();
    let (mut runs, mut came) = (0, 0);
    let mut fails = |way: Fault, at: u64, random: &mut Random| {
        let drawn = random.below(8);
        let fault = Fault { at, reader: drawn & 1 != 0, left: drawn & 2 != 0, closes: drawn & 4 != 0, ..way };
        let fails = faulty(fault, &left, 40, 0, random);
        runs += 1;
        came += u32::from(fails);
        fails
    };
    let ways: Vec<_> = ways(syncs).collect();
    if std::env::var("FAULTS").is_ok_and(|faults| faults == "all") {
        for way in ways {
            // How many calls there are is not always the same.
            let mut unharmed = 0;
            for at in 1.. {
                unharmed = if fails(way, at, &mut random) { 0 } else { unharmed + 1 };
                if unharmed == 5 {
                    break;
                }
            }
        }
    } else {
        for &at in some {
            let way = ways[random.below(ways.len())];
            fails(way, at, &mut random);
        }
    }
    println!("{test}: {runs} runs, {came} with a fault");
    assert!(came > 0);
}

#[test]
fn writes_and_syncs_that_fail() {
    every_call(
        "writes_and_syncs_that_fail",
        false,
        &[1, 2, 3, 5, 7, 9, 12, 16, 20, 25, 31, 40, 52, 70, 90, 120, 160, 200, 250, 300],
    );
}

#[test]
fn syncs_that_fail() {
    every_call("syncs_that_fail", true, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 18, 22]);
}

/// Faults while the write-ahead log is copied into the file and begun anew, which happens after some 170 commits.
#[test]
fn checkpoints_that_fail() {
    let test = "checkpoints_that_fail";
    let mut random = Random::seeded(test);
    let left = left();
    let all = std::env::var("FAULTS").is_ok_and(|faults| faults == "all");
    let (runs, mut came) = (if all { 200 } else { 6 }, 0);
    for _ in 0..runs {
        let syncs = random.below(4) == 0;
        let ways: Vec<_> = ways(syncs).collect();
        let way = ways[random.below(ways.len())];
        // The copy begins after as many syncs; with large rows it has more pages, and takes longer.
        let large = random.below(4) == 0;
        let at = match (syncs, large) {
            (true, _) => 165 + random.below(60),
            (false, true) => 1_500 + random.below(8_000),
            (false, false) => 1_900 + random.below(900),
        };
        let fault = Fault { at: u64::try_from(at).unwrap(), reader: random.below(2) == 0, ..way };
        let (actions, pad) = if large { (400, 60_000) } else { (700, 0) };
        came += u32::from(faulty(fault, &left, actions, pad, &mut random));
    }
    println!("{test}: {runs} runs, {came} with a fault");
    assert!(came > 0);
}

/// The file itself cannot be synced after a part of the write-ahead log was copied into it: that part has to be copied
/// again before the write-ahead log begins anew, whoever else has the log open.
#[test]
fn a_copy_that_is_not_synced() {
    let mut random = Random::seeded("a_copy_that_is_not_synced");
    // The first three syncs are those of a new file.
    for at in 4..=6 {
        for reader in [false, true] {
            let place = Place::new();
            let log = place.log();
            let start = Start::new(&log, "s").power(&place).with("SHIM_FAIL_OF", log.display());
            let start = start.with("SHIM_FAIL_SYNCS", 1).with("SHIM_FAIL_AT", at).with("SHIM_ERRNO", EIO);
            let start = start.with("CHILD_ACTIONS", 1_500).with("CHILD_WIDE", 4).with("CHILD_PAD", 3_000);
            let start = if reader { start.with("CHILD_READER", 1) } else { start };
            let start = start.with("CHILD_WAIT", 20);
            let mut running = start.spawn();
            assert!(running.until(|said| said.done), "{:?}", running.said);
            let said = running.kill();
            let journal = Journal::read(&place.journal());
            assert!(journal.failed(), "sync {at} of the file fails, reader: {reader}");
            journal.cut_as(&log, Lost::All, &mut random);
            Held::read(&log, "s", None).keeps(&said);
        }
    }
}

/// The worst that a failed sync can do: the process ends before it tried again, so that the next one takes rows from
/// the write-ahead log that are not on the disk and counts them as written; someone reads, so that the next rows are
/// appended to those; and then the power is cut.
#[test]
fn a_sync_that_failed_before_a_crash() {
    let mut random = Random::seeded("a_sync_that_failed_before_a_crash");
    for at in [12, 14, 17] {
        let place = Place::new();
        let log = place.log();
        let start = Start::new(&log, "first").power(&place).with("SHIM_FAIL_SYNCS", 1);
        let start = start.with("SHIM_FAIL_AT", at).with("SHIM_FAIL_FOR", 1_000_000).with("SHIM_ERRNO", EIO);
        let mut running = start.with("CHILD_WIDE", 8).spawn();
        assert!(running.until(|said| !said.lost.is_empty()));
        let first = running.kill();
        let reader = rusqlite::Connection::open(&log).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM record").unwrap();
        let start = Start::new(&log, "second").power(&place).with("CHILD_ACTIONS", 16).with("CHILD_WIDE", 8);
        let mut running = start.spawn();
        assert!(running.until(|said| said.done), "{:?}", running.said);
        let second = running.kill();
        assert!(!second.acks.is_empty() && second.lost.is_empty());
        Journal::read(&place.journal()).cut_as(&log, Lost::All, &mut random);
        // What the reader's connection has in memory is not of this world any more.
        let copy = Place::copy(&log);
        drop(reader);
        Held::read(&copy.log(), "first", None).keeps(&first);
        Held::read(&copy.log(), "second", None).keeps(&second);
    }
}

/// The same of the file itself: a part of the write-ahead log was copied into it, and counts, though it is not on the
/// disk; the process ends; and the next one copies the rest, while someone has the log open, who keeps SQLite from
/// copying all of it anew.
#[test]
fn a_copy_that_is_not_synced_before_a_crash() {
    let mut random = Random::seeded("a_copy_that_is_not_synced_before_a_crash");
    let mut came = 0;
    // The first three syncs are those of a new file.
    for at in 4..=6 {
        let place = Place::new();
        let log = place.log();
        let start = |session| {
            let start = Start::new(&log, session).power(&place).with("CHILD_WAIT", 20);
            start.with("CHILD_WIDE", 4).with("CHILD_PAD", 3_000)
        };
        let first = start("first").with("SHIM_FAIL_OF", log.display()).with("SHIM_FAIL_SYNCS", 1);
        let mut first = first.with("SHIM_FAIL_AT", at).with("SHIM_ERRNO", EIO).spawn();
        assert!(first.until(|said| said.opened));
        let reader = rusqlite::Connection::open(&log).unwrap();
        reader.query_row("SELECT count(*) FROM record", [], |_| Ok(())).unwrap();
        first.until(|_| Journal::read(&place.journal()).failed());
        let first = first.kill();
        came += u32::from(Journal::read(&place.journal()).failed());
        let mut second = start("second").with("CHILD_ACTIONS", 1_500).spawn();
        assert!(second.until(|said| said.done), "{:?}", second.said);
        let second = second.kill();
        assert!(second.lost.is_empty(), "{second:?}");
        Journal::read(&place.journal()).cut_as(&log, Lost::All, &mut random);
        // What the reader's connection has in memory is not of this world any more.
        let copy = Place::copy(&log);
        drop(reader);
        Held::read(&copy.log(), "first", None).keeps(&first);
        Held::read(&copy.log(), "second", None).keeps(&second);
    }
    assert_eq!(came, 3);
}

/// Whoever reads while the writer has to begin anew after an error does not hold it up.
#[test]
fn an_error_while_someone_reads() {
    let mut random = Random::seeded("an_error_while_someone_reads");
    let place = Place::new();
    let log = place.log();
    let start = Start::new(&log, "s").power(&place).with("SHIM_FAIL_SYNCS", 1).with("SHIM_FAIL_AT", 30);
    let start = start.with("SHIM_ERRNO", EIO).with("CHILD_WAIT", 20).with("CHILD_WIDE", 4);
    let mut running = start.with("CHILD_ACTIONS", 1_000).with("CHILD_CLOSE", 1).spawn();
    assert!(running.until(|said| !said.acks.is_empty()));
    let reader = rusqlite::Connection::open(&log).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM record").unwrap();
    assert!(running.until(|said| said.done), "{:?}", running.said);
    let said = running.wait();
    assert!(!said.lost.is_empty() && said.lost.len() <= 8, "{:?}", said.lost);
    let copy = Place::copy(&log);
    Held::read(&copy.log(), "s", None).keeps(&said);
    Journal::read(&place.journal()).cut(&log, &mut random);
    let copy = Place::copy(&log);
    drop(reader);
    Held::read(&copy.log(), "s", None).keeps(&said);
}

#[test]
fn two_processes_write_one_chain() {
    let place = Place::new();
    let start =
        |session| Start::new(&place.log(), session).with("CHILD_ACTIONS", 300).with("CHILD_WAIT", 60_000);
    let mut others = ["one", "two"].map(|session| start(session).with("CHILD_CLOSE", 1).spawn());
    // A third is killed among them.
    let mut killed = start("killed").spawn();
    killed.until(|said| said.acks.len() > 100);
    let killed = killed.kill();
    assert!(others.iter_mut().all(|running| running.until(|said| said.done)));
    let said = others.map(shim::Running::wait);
    for (session, said) in ["one", "two", "killed"].into_iter().zip(said.iter().chain([&killed])) {
        assert!(said.lost.is_empty() && said.closed.is_empty(), "{said:?}");
        let held = Held::read(&place.log(), session, None);
        held.keeps(said);
        assert!(held.actions() >= 100);
    }
}

#[test]
fn a_clock_that_jumps_back() {
    let place = Place::new();
    let start = Start::new(&place.log(), "s").with("CHILD_CLOCK", 1).with("CHILD_ACTIONS", 200);
    let said = start.with("CHILD_CLOSE", 1).spawn().wait();
    assert!(said.ended);
    // Ids are dense in the order of the chain, whatever the clock says.
    let held = Held::read(&place.log(), "s", None);
    held.keeps(&said);
    assert!(held.jumps_back() > 50, "the clock did jump");
}
