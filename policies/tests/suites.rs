//! Every policy against its suite: `tests/*.jsonl`, one case a line.
//!
//! A case names the layers, the action, the time and what the policy must answer, with the reason why
//! it should. Each suite also has to reach every rule of its policies and the defaults: a rule that no
//! case reaches is a rule that nobody has tried.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use aegisc::time::parse_rfc3339;
use aegisc::{Action, LayerSource, Options, Policy};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}

fn compile(layers: &[String]) -> Policy {
    Policy::from_yaml_files(layers.iter().map(|layer| folder().join(layer)))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn cases(suite: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(suite).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn layers(case: &Value) -> Vec<String> {
    let names = case["policy"].as_array().unwrap().iter();
    names.map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_case_of_every_suite() {
    let mut count = 0;
    for suite in files(&folder().join("tests"), "jsonl") {
        let mut policies: BTreeMap<Vec<String>, Policy> = BTreeMap::new();
        for case in cases(&suite) {
            let layers = layers(&case);
            let policy = policies.entry(layers.clone()).or_insert_with(|| compile(&layers));
            let action = Action::from_json(&case["action"].to_string()).unwrap();
            let decision = policy.evaluate_at(&action, parse_rfc3339(case["now"].as_str().unwrap()).unwrap());
            let expect = &case["expect"];
            let error = decision.error().map(|error| error.kind().as_str());
            let rule = if error.is_some() { "rule" } else { "matched_rule" };
            let name = suite.file_name().unwrap().display();
            assert_eq!(error, expect["error"].as_str(), "{name}: {case}\n{decision:?}");
            assert_eq!(decision.rule_name(), expect[rule].as_str().unwrap(), "{name}: {case}");
            if error.is_none() {
                assert_eq!(decision.approval().as_str(), expect["approval"], "{name}: {case}");
                assert_eq!(decision.risk_level().as_str(), expect["risk_level"], "{name}: {case}");
            }
            count += 1;
        }
    }
    assert!(count > 1_000, "only {count} cases");
}

#[test]
fn every_rule_is_reached_by_its_suite() {
    for suite in files(&folder().join("tests"), "jsonl") {
        let mut reached: BTreeMap<Vec<String>, BTreeSet<String>> = BTreeMap::new();
        for case in cases(&suite) {
            let expect = &case["expect"];
            let name = expect["matched_rule"].as_str().or(expect["rule"].as_str()).unwrap();
            reached.entry(layers(&case)).or_default().insert(name.to_owned());
        }
        for (layers, reached) in reached {
            let policy = compile(&layers);
            let rules = policy.vm().rules().map(|rule| rule.name().to_owned());
            let all: BTreeSet<_> = rules.chain(["<default>".to_owned()]).collect();
            let missed: Vec<_> = all.difference(&reached).collect();
            assert!(missed.is_empty(), "{}: no case reaches {missed:?}", suite.display());
        }
    }
}

/// Nothing that we ship draws as much as a warning, alone or in its set; but for the one policy that is
/// fail-open on purpose, which is told so and nothing else.
#[test]
fn every_policy_compiles_without_a_warning() {
    let mut sets: BTreeSet<Vec<String>> = BTreeSet::new();
    for file in files(folder(), "yaml") {
        sets.insert(vec![file.file_name().unwrap().to_str().unwrap().to_owned()]);
    }
    for suite in files(&folder().join("tests"), "jsonl") {
        sets.extend(cases(&suite).iter().map(layers));
    }
    for layers in sets {
        let policy = compile(&layers);
        let said = policy.warnings();
        let is_expected = match layers.as_slice() {
            [only] if only == "sandbox.yaml" => {
                said.len() == 1 && said[0].starts_with("warning[fail_open_defaults]")
            }
            _ => said.is_empty(),
        };
        assert!(is_expected, "{layers:?}: {}", said.join("\n"));
        let spread = &policy.vm().manifest().spread;
        assert!(spread.chunks.is_empty() && spread.rows.is_empty(), "{layers:?}: {spread:?}");
    }
}

/// The artifact that `aegis-vm` is documented with is what its layers compile to.
/// `UPDATE_GOLDEN=1` writes it anew.
#[test]
fn the_sample_artifact_is_up_to_date() {
    let layer = |name: &str| LayerSource {
        path: format!("policies/{name}"),
        bytes: std::fs::read(folder().join(name)).unwrap(),
    };
    let layers = vec![layer("base.yaml"), layer("devops-agent.yaml")];
    let artifact = aegisc::compile(layers, &Options::default()).unwrap().output.unwrap().artifact;
    let sample = folder().join("../vm/examples/policy.aegisb");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&sample, &artifact).unwrap();
    }
    assert!(std::fs::read(&sample).unwrap() == artifact, "{} is not up to date", sample.display());
}

/// What a team writes beside its own policies.
#[test]
fn production_is_deployed_by_day_and_by_a_person() {
    let policy = compile(&["base.yaml".to_owned(), "devops-agent.yaml".to_owned()]);
    let deploy = Action::new("deploy", "production");
    let at = |time| policy.evaluate_at(&deploy, parse_rfc3339(time).unwrap());

    assert_eq!(at("2026-03-18T14:30:00Z").rule_name(), "production_day_approve");
    assert_eq!(at("2026-03-18T08:59:59Z").rule_name(), "production_morning_block");
    assert_eq!(at("2026-03-18T17:00:00Z").rule_name(), "production_evening_block");
    assert_eq!(at("2026-03-21T12:00:00Z").rule_name(), "production_weekend_block");
    assert!(!policy.evaluate(Action::new("cluster_destroy", "production")).is_allowed());
}
