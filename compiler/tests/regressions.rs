//! Every kept input of the fuzz targets, through the very code that the targets run.
//!
//! `fuzz/regressions/<target>/` holds inputs that once showed a fault, `fuzz/corpus/<target>/` the
//! seeds. An input that panics or takes long fails here.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::bodies::TARGETS;

/// Far more than any input of these sizes takes, also on a busy machine without optimisation.
const LONGEST: Duration = Duration::from_secs(20);

#[test]
fn kept_inputs_run_without_a_fault() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let mut wrong = Vec::new();
    for (name, body) in TARGETS {
        let mut count = 0;
        for folder in ["regressions", "corpus"] {
            for path in files(&fuzz.join(folder).join(name)) {
                let bytes = std::fs::read(&path).unwrap();
                let started = Instant::now();
                if catch_unwind(|| body(&bytes)).is_err() {
                    wrong.push(format!("{} shows a fault", path.display()));
                } else if started.elapsed() > LONGEST {
                    wrong.push(format!("{} takes {:?}", path.display(), started.elapsed()));
                }
                count += 1;
            }
        }
        println!("{name}: {count} inputs");
        assert!(count > 0, "{name} has neither a seed nor a kept input");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The inputs of a folder in the order of their names; none if there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
