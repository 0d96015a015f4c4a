//! Prints what it costs to decide an action that is a line of JSON, beside what others need to parse the line.
//!
//! Ours goes from the bytes of the line to the index of the deciding rule, which is checked; `read` stops before the
//! decision. The parsers build what they build of a whole line and decide nothing: serde_json and sonic-rs a tree
//! that owns its texts or borrows them, simd-json a tape or a tree that borrows from the line. simd-json writes to
//! what it reads, so a copy of the line is made first, into memory that is at hand, which is timed; its buffers are
//! reused, as its authors advise.

use aegis_benches::timing::{Contestant, ROUNDS, agree, contestant, race, shown};
use aegis_benches::{Workload, answer, workloads};
use aegis_vm::{JsonAction, Policy};
use simd_json::Tape;
use simd_json::prelude::*;
use std::cell::RefCell;
use std::hint::black_box;

fn main() {
    let avx2 = if cfg!(target_feature = "avx2") { "with" } else { "without" };
    println!("Compiled {avx2} avx2: target-cpu is the default unless RUSTFLAGS says otherwise.");
    println!("Medians of {ROUNDS} rounds of batches of about 1 ms, thread CPU time, lines in random order.");
    println!("`times` is how many times as long `line to decision` takes, in brackets the quartiles.");
    for workload in [workloads::w1(), workloads::w2()] {
        print(&workload);
    }
}

fn print(workload: &Workload) {
    let bytes: usize = workload.lines.iter().map(String::len).sum();
    println!(
        "\n{}: {} lines of {} bytes on average",
        workload.name,
        workload.lines.len(),
        bytes / workload.lines.len()
    );
    println!("{:<28} {:>9}  times", "", "time");
    let policy = workload.policy();
    let ours = ours(workload, &policy);
    agree(&ours[..1], &workload.expected());
    let all: Vec<Contestant<'_>> = ours.into_iter().chain(parsers(workload)).collect();
    let lengths: Vec<u64> = (0..workload.lines.len()).map(|_| 1).collect();
    agree(&all[1..], &lengths);
    let [race] = race(&all, [&workload.order], ROUNDS);
    for (at, one) in all.iter().enumerate() {
        let ratio = race.ratio(0, at);
        println!(
            "{:<28} {:>9} {:>6.2} ({:.2} to {:.2})",
            one.name(),
            shown(race.nanoseconds(at).middle),
            ratio.middle,
            ratio.low,
            ratio.high
        );
    }
}

fn ours<'a>(workload: &'a Workload, policy: &'a Policy) -> Vec<Contestant<'a>> {
    let decided = |case: usize| {
        let line = workload.lines[case].as_bytes();
        answer(policy.evaluate_json(line, workload.now).unwrap().rule_index())
    };
    let read = |case: usize| {
        let action = JsonAction::read(workload.lines[case].as_bytes()).unwrap();
        u64::from(!black_box(&action).kind().is_empty())
    };
    vec![contestant("line to decision", decided), contestant("read", read)]
}

/// Each says whether it found an object.
fn parsers(workload: &Workload) -> Vec<Contestant<'_>> {
    let line = |case: usize| workload.lines[case].as_bytes();
    let serde = move |case| {
        let value: serde_json::Value = serde_json::from_slice(line(case)).unwrap();
        u64::from(black_box(value).is_object())
    };
    let sonic = move |case| {
        let value: sonic_rs::Value = sonic_rs::from_slice(line(case)).unwrap();
        u64::from(sonic_rs::JsonValueTrait::is_object(&black_box(value)))
    };
    let (kept, buffers) = (RefCell::new(Some(Tape::null())), RefCell::default());
    let tape = move |case| {
        let (copy, buffers) = &mut *buffers.borrow_mut();
        let mut tape = kept.take().unwrap().reset();
        simd_json::fill_tape(copied(copy, line(case)), buffers, &mut tape).unwrap();
        let is_object = u64::from(black_box(&tape).as_value().is_object());
        kept.replace(Some(tape.reset()));
        is_object
    };
    let buffers = RefCell::default();
    let tree = move |case| {
        let (copy, buffers) = &mut *buffers.borrow_mut();
        let line = copied(copy, line(case));
        let tree = simd_json::borrowed::to_value_with_buffers(line, buffers).unwrap();
        u64::from(black_box(tree).is_object())
    };
    vec![
        contestant("serde_json Value", serde),
        contestant("sonic-rs Value", sonic),
        contestant("simd-json tape", tape),
        contestant("simd-json borrowed Value", tree),
    ]
}

fn copied<'c>(copy: &'c mut Vec<u8>, line: &[u8]) -> &'c mut [u8] {
    copy.clear();
    copy.extend_from_slice(line);
    copy
}
