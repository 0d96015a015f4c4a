//! Decisions while policies are replaced: each is that of one generation, whole, and none is lost.
//!
//! `SWAPS` and `DECISIONS` set how many; decisions go on until both are reached.

use crate::generations::{self, Answer, FIRST_REVISION};
use aegis_runtime::policy::{PolicyHandle, ReloadErrorKind, Reloaded};
use aegis_vm::{Action, NoClock, Policy};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Instant;

const THREADS: u64 = 2;

/// What each generation must answer, by its number from 1, written before it is in service.
#[derive(Default)]
struct Oracle(RwLock<Vec<Arc<Expected>>>);

struct Expected {
    digest: [u8; 32],
    answers: Vec<Answer>,
}

impl Oracle {
    fn add(&self, artifact: &[u8], answers: Vec<Answer>) {
        let digest = Policy::from_bytes(artifact).unwrap().digest();
        self.0.write().unwrap().push(Arc::new(Expected { digest, answers }));
    }

    fn of(&self, number: u64) -> Arc<Expected> {
        let known = self.0.read().unwrap();
        Arc::clone(
            known.get(number as usize - 1).unwrap_or_else(|| panic!("nobody offered generation {number}")),
        )
    }
}

/// Set when the swaps end, also by a panic, so that the deciders end too.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[derive(Debug, Default)]
struct Decided {
    decisions: u64,
    generations: u64,
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn each_decision_is_of_one_generation() {
    let (swaps, decisions) = (number("SWAPS", 300), number("DECISIONS", 200_000));
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("policy.aegisb");
    let oracle = Oracle::default();
    let first = generations::artifact(1);
    oracle.add(&first, generations::policy(1).1);
    fs::write(&own, first).unwrap();
    let handle = PolicyHandle::from_file(&own).unwrap();
    let (actions, ended) = (generations::actions(), AtomicBool::new(false));
    let began = Instant::now();
    let mut refused = BTreeMap::new();
    let decided: Vec<Decided> = std::thread::scope(|scope| {
        let decider = || decide(&handle, &oracle, &actions, decisions.div_ceil(THREADS), &ended);
        let deciders: Vec<_> = (0..THREADS).map(|_| scope.spawn(decider)).collect();
        let ending = Ending(&ended);
        for generation in 2..swaps + 2 {
            let artifact = generations::artifact(generation);
            oracle.add(&artifact, generations::policy(generation).1);
            for (name, kind) in offer_wrong(&handle, folder.path(), generation, &artifact) {
                assert_eq!(handle.load().number(), generation - 1, "{name} was taken");
                *refused.entry((name, format!("{kind:?}"))).or_insert(0) += 1;
            }
            let reloaded = put(&handle, &own, generation, artifact);
            assert!(matches!(reloaded, Reloaded::Swapped(_)), "{reloaded:?}");
            assert_eq!(reloaded.number(), generation);
            assert!(matches!(handle.replace(generations::loaded(generation)), Ok(Reloaded::Unchanged(_))));
        }
        drop(ending);
        deciders.into_iter().map(|decider| decider.join().unwrap()).collect()
    });
    assert_eq!(handle.load().number(), swaps + 1);
    let total: u64 = decided.iter().map(|decided| decided.decisions).sum();
    assert!(total >= decisions);
    assert_eq!(refused.len(), KINDS.len() + 3, "{refused:?}");
    println!("{swaps} swaps, {total} decisions, every one that of its generation, {:?}", began.elapsed());
    println!("{decided:?}");
    println!("refused: {refused:?}");
}

/// Decides so many times, and until the swaps have ended.
fn decide(
    handle: &PolicyHandle,
    oracle: &Oracle,
    actions: &[Action],
    least: u64,
    ended: &AtomicBool,
) -> Decided {
    let mut done = Decided::default();
    let (mut seen, mut expected) = (0, oracle.of(1));
    for (at, action) in actions.iter().enumerate().cycle() {
        if done.decisions >= least && ended.load(Ordering::SeqCst) {
            break;
        }
        let serving = handle.load();
        let decision = serving.policy().evaluate(action, NoClock);
        if serving.number() != seen {
            assert!(serving.number() > seen, "{} after {seen}", serving.number());
            seen = serving.number();
            expected = oracle.of(seen);
            assert_eq!(serving.digest(), expected.digest);
            done.generations += 1;
        }
        assert!(expected.answers[at].agrees(&decision), "generation {seen}, {action:?}: {decision:?}");
        done.decisions += 1;
    }
    done
}

/// Puts an artifact in service, by another way each time.
fn put(handle: &PolicyHandle, own: &Path, generation: u64, artifact: Vec<u8>) -> Reloaded {
    match generation % 4 {
        0 => handle.replace(Policy::from_bytes(artifact).unwrap()).unwrap(),
        1 => {
            let beside = own.with_extension("new");
            fs::write(&beside, artifact).unwrap();
            fs::rename(&beside, own).unwrap();
            handle.reload().unwrap()
        }
        2 => {
            let other = own.with_file_name("other.aegisb");
            fs::write(&other, artifact).unwrap();
            handle.reload_from(&other).unwrap()
        }
        _ => {
            // In two halves; what is there in between is refused.
            let (one, other) = artifact.split_at(artifact.len() / 2);
            let mut file = fs::File::create(own).unwrap();
            file.write_all(one).unwrap();
            let error = handle.reload().unwrap_err();
            assert_eq!(error.kind(), ReloadErrorKind::DoesNotLoad, "{error}");
            file.write_all(other).unwrap();
            handle.reload().unwrap()
        }
    }
}

/// Kinds of bytes that are not the next policy.
const KINDS: [&str; 8] = ["random", "yaml", "elf", "empty", "cut", "longer", "flipped", "zeroed"];

/// Offers what is not the next policy: one kind of bytes in a file, another policy, a lower revision. Gives what was
/// offered, and as what it was refused.
fn offer_wrong(
    handle: &PolicyHandle,
    folder: &Path,
    generation: u64,
    good: &[u8],
) -> Vec<(&'static str, ReloadErrorKind)> {
    let file = folder.join("wrong.aegisb");
    let mut seed = generation.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut draw = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 11) as usize % below
    };
    let name = KINDS[generation as usize % KINDS.len()];
    let mut bytes = good.to_vec();
    match name {
        "random" => bytes.fill_with(|| draw(256) as u8),
        "yaml" => bytes = generations::policy(generation).0.into(),
        "elf" => bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0".to_vec(),
        "empty" => bytes.clear(),
        "cut" => bytes.truncate(draw(good.len())),
        "longer" => bytes.push(0),
        "flipped" => bytes[draw(good.len())] ^= 1 << draw(8),
        _ => {
            // A block that did not reach the disk. Some are zero anyway.
            let at = draw(good.len() - 16);
            bytes[at..at + 16].fill(0);
            if bytes == good {
                bytes[0] = 0;
            }
        }
    }
    let text = generations::policy(generation).0;
    let revision = FIRST_REVISION + generation;
    let wrong = [
        (name, bytes, ReloadErrorKind::DoesNotLoad),
        ("other policy", generations::build(&text, "someone", revision), ReloadErrorKind::OtherPolicy),
        ("no policy id", generations::build(&text, "", revision), ReloadErrorKind::OtherPolicy),
        ("lower revision", generations::build(&text, "agent", revision - 2), ReloadErrorKind::LowerRevision),
    ];
    let offer = |(name, bytes, kind): (&'static str, Vec<u8>, ReloadErrorKind)| {
        fs::write(&file, bytes).unwrap();
        let error = handle.reload_from(&file).unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error}");
        let serves =
            format!("the policy of generation {} (revision {}) serves on", generation - 1, revision - 1);
        assert!(error.to_string().ends_with(&serves), "{error}");
        (name, error.kind())
    };
    wrong.into_iter().map(offer).collect()
}
