//! The loader refuses every damaged artifact; one that was repaired after it was changed is refused or
//! harmless.
//!
//! `cargo run --release --example damage -- FILE…` does the first for artifacts of any size.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use aegis_vm::format::SECTIONS;
use aegis_vm::{LoadErrorKind, Policy};
use support::bodies;
use support::damage::{self, Parts, artifacts};
use support::mutate::bases;

/// The sections that hold nothing in any of these artifacts.
fn unused(artifacts: &[Vec<u8>]) -> Vec<&'static str> {
    let parts: Vec<Parts> = artifacts.iter().map(|artifact| Parts::of(artifact)).collect();
    let empty = |at: &usize| parts.iter().all(|parts| parts.sections[*at].is_empty());
    (0..SECTIONS.len()).filter(empty).map(|at| SECTIONS[at].name()).collect()
}

#[test]
fn every_section_holds_something() {
    assert_eq!(unused(&artifacts()[2..]), Vec::<&str>::new());
}

#[test]
fn taking_apart_and_putting_together_changes_nothing() {
    for artifact in artifacts() {
        assert!(Parts::of(artifact).assemble() == *artifact);
    }
}

/// The small ones, as the work grows with the square of the length; together they use every section.
/// `.ci/run` does the same to the larger ones.
#[test]
fn every_truncation_and_every_flipped_bit_is_refused() {
    let artifacts: Vec<Vec<u8>> =
        bases().iter().map(|base| base.artifact()).filter(|artifact| artifact.len() < 7_000).collect();
    assert!(artifacts.len() >= 5, "{}", artifacts.len());
    assert_eq!(unused(&artifacts), Vec::<&str>::new());
    for artifact in &artifacts {
        let tried = damage::refuse_all(artifact).unwrap_or_else(|why| panic!("{why}"));
        println!("{} bytes: {tried:?}", artifact.len());
        assert_eq!((tried.truncations, tried.flips), (artifact.len(), artifact.len() * 8));
    }
}

#[test]
fn what_follows_an_artifact_is_refused() {
    for artifact in artifacts() {
        let longer = [artifact.as_slice(), &[0]].concat();
        assert_eq!(Policy::from_bytes(longer).unwrap_err().kind(), LoadErrorKind::WrongLength);
    }
}

/// Changes that keep every digest right: most break the tables and are refused, and what loads is
/// asked everything. The loader's own checks are all that stands between such bytes and a panic.
#[test]
fn changed_and_repaired_artifacts_are_refused_or_harmless() {
    let mut seed = 0x5eed_u64;
    let (mut loaded, rounds) = (0, 6_000);
    for _ in 0..rounds {
        let bytes: Vec<u8> = std::iter::repeat_with(|| support::bytes::next(&mut seed)).take(48).collect();
        loaded += usize::from(bodies::repaired(&bytes));
    }
    println!("{loaded} of {rounds} loaded");
    assert!(
        loaded > rounds / 100 && loaded < rounds,
        "{loaded} of {rounds} loaded: the changes test nothing"
    );
}
