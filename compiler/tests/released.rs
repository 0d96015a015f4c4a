//! Artifacts that earlier builds made: each loads and decides as it did, or is refused by its version.
//!
//! `artifacts/README.md` says what to do when the format changes.

#![expect(clippy::unwrap_used, reason = "tests")]

use aegis_vm::format::FORMAT_VERSION;
use aegis_vm::{LoadErrorKind, Policy};
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/artifacts")
}

/// The formats that this version reads, each with an artifact.
const READ: [u32; 1] = [3];

/// The formats that it does not read any more, each with an artifact.
const REFUSED: [u32; 1] = [2];

#[test]
fn artifacts_of_earlier_builds_decide_as_they_did() {
    for version in READ {
        let name = format!("v{version}-every");
        let bytes = std::fs::read(folder().join(format!("{name}.aegisb"))).unwrap();
        assert_eq!(bytes[8..12], version.to_le_bytes(), "{name}");
        let policy = Policy::from_bytes(bytes).unwrap();
        assert_eq!((policy.policy_id(), policy.revision()), ("every", u64::from(version)));
        let run = Command::new(env!("CARGO_BIN_EXE_aegisc"))
            .args(["eval", &format!("{name}.aegisb"), "--actions", &format!("{name}.actions.jsonl")])
            .args(["--at", "2026-03-18T14:30:00Z"])
            .current_dir(folder())
            .output()
            .unwrap();
        let recorded = std::fs::read_to_string(folder().join(format!("{name}.decisions.jsonl"))).unwrap();
        let decided = String::from_utf8(run.stdout).unwrap();
        for (at, (decided, recorded)) in decided.lines().zip(recorded.lines()).enumerate() {
            assert_eq!(decided, recorded, "line {} of {name}", at + 1);
        }
        assert_eq!(decided.lines().count(), recorded.lines().count());
        // Two of the lines are no actions.
        assert_eq!(run.status.code(), Some(2));
    }
}

#[test]
fn the_format_that_is_written_has_an_artifact() {
    assert!(READ.contains(&FORMAT_VERSION), "see tests/artifacts/README.md");
}

#[test]
fn artifacts_of_formats_that_are_no_longer_read_are_refused_by_name() {
    for version in REFUSED {
        let bytes = std::fs::read(folder().join(format!("v{version}-every.aegisb"))).unwrap();
        assert_eq!(bytes[8..12], version.to_le_bytes());
        let error = Policy::from_bytes(bytes).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (LoadErrorKind::UnsupportedFormat, refusal(version)));
    }
}

/// What is said of an artifact of another version.
fn refusal(version: u32) -> String {
    format!(
        "the artifact has format version {version}, this loader reads version {FORMAT_VERSION}; \
         build the policy again with a compiler of this version"
    )
}

/// The version is looked at before anything that another format may have elsewhere.
#[test]
fn other_formats_are_refused_by_name() {
    let sound = std::fs::read(folder().join(format!("v{FORMAT_VERSION}-every.aegisb"))).unwrap();
    for version in [0, 1, FORMAT_VERSION + 1, u32::MAX] {
        let mut other = sound.clone();
        other[8..12].copy_from_slice(&version.to_le_bytes());
        for length in [sound.len(), sound.len() - 1, 320] {
            let error = Policy::from_bytes(&other[..length]).unwrap_err();
            assert_eq!(error.kind(), LoadErrorKind::UnsupportedFormat);
            assert_eq!(error.to_string(), refusal(version));
        }
    }
}
