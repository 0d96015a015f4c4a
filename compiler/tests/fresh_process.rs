//! The recorded policies through the command, as a pipeline uses it: one process builds the artifact,
//! a fresh one decides from it, and every line it prints is what the plain evaluator says, errors
//! included.

#![expect(clippy::unwrap_used, reason = "tests")]

use aegis_vm::Action;
use aegisc::diag::{LevelSetting, Levels};
use aegisc::hir;
use aegisc::hir::reference::{Verdict, evaluate};
use aegisc::time::parse_rfc3339;
use aegisc::{LayerSource, Options, check};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// One policy in so many is tried; its neighbours differ only in what chance gave them.
const STRIDE: usize = 4;

#[test]
fn a_fresh_process_decides_as_the_plain_evaluator() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut cases = 0;
    for file in files {
        for line in std::fs::read_to_string(&file).unwrap().lines().step_by(STRIDE) {
            cases += policy(&serde_json::from_str(line).unwrap());
        }
    }
    assert!(cases > 5_000, "only {cases} cases");
}

/// The number of cases of a policy; 0 if it is refused, which must be for its patterns.
fn policy(vector: &Value) -> usize {
    let temporary = tempfile::tempdir().unwrap();
    let mut layers = Vec::new();
    for (index, text) in vector["layers"].as_array().unwrap().iter().enumerate() {
        let path = format!("layer{index}.yaml");
        std::fs::write(temporary.path().join(&path), text.as_str().unwrap()).unwrap();
        layers.push(LayerSource { path, bytes: text.as_str().unwrap().into() });
    }
    let mut levels = Levels::new();
    levels.cap(LevelSetting::Warn);
    let options = Options { levels, ..Options::default() };
    let checked = check(layers.clone(), &options);
    let Some(policy) = checked.policy else { return 0 };

    let cases = vector["cases"].as_array().unwrap();
    let mut lines = String::new();
    for case in cases {
        let mut action = case["action"].clone();
        action["now"] = case["now"].clone();
        writeln!(lines, "{action}").unwrap();
    }
    std::fs::write(temporary.path().join("actions.jsonl"), lines).unwrap();
    let run = |args: &[&str]| {
        let command = Command::new(env!("CARGO_BIN_EXE_aegisc")).args(args).current_dir(&temporary).output();
        let output = command.unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let paths: Vec<_> = layers.iter().map(|layer| layer.path.as_str()).collect();
    run(&[&["build", "--cap-lints", "allow", "-o", "p.aegisb"], paths.as_slice()].concat());
    let decisions = run(&["eval", "p.aegisb", "--actions", "actions.jsonl"]);
    assert_eq!(decisions.lines().count(), cases.len());
    for (case, decision) in cases.iter().zip(decisions.lines()) {
        let action = Action::from_json(&case["action"].to_string()).unwrap();
        let now = parse_rfc3339(case["now"].as_str().unwrap()).unwrap();
        let verdict = evaluate(&policy, &action, Some(now));
        let mut decision: Value = serde_json::from_str(decision).unwrap();
        // The place and the words for people are not part of the meaning.
        decision.as_object_mut().unwrap().remove("origin");
        if let Some(error) = decision["error"].as_object_mut() {
            error.remove("message");
        }
        assert_eq!(decision, expected(&policy, &verdict), "{}: {case}", vector["id"]);
    }
    cases.len()
}

fn expected(policy: &hir::Policy, verdict: &Verdict) -> Value {
    let rule = verdict.rule.map(|rule| &policy.rules[rule]);
    json!({
        "approval": verdict.approval.as_str(),
        "risk_level": verdict.risk_level.as_str(),
        "matched_rule": rule.map_or("<default>", |rule| rule.name.as_str()),
        "rule_index": verdict.rule,
        "error": verdict.error.as_ref().map(|error| json!({
            "kind": error.kind.as_str(),
            "condition": error.condition,
            "param": error.param,
            "expected": error.expected,
            "found": error.found,
        })),
    })
}
