//! Every recorded decision of the reference implementation, through the plain evaluator.
//!
//! `conformance/*.jsonl` holds one policy a line with its layers and cases; `AEGISC_VECTORS` names
//! other such files, separated by colons, to check instead.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use aegis_vm::json::{self, Json, Object};
use aegis_vm::{Action, ErrorKind, Timestamp};
use aegisc::diag::{LevelSetting, Levels, render_short};
use aegisc::hir::Policy;
use aegisc::hir::reference::evaluate;
use aegisc::{LayerSource, Options, check, time};
use std::path::{Path, PathBuf};

#[derive(Default)]
struct Tally {
    cases: usize,
    failures: Vec<String>,
}

#[test]
fn decides_as_the_reference_implementation() {
    let mut total = 0;
    for file in files() {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let tally = run(&file);
        println!("{name}: {} cases", tally.cases);
        let shown = tally.failures.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
        assert!(tally.failures.is_empty(), "{name}: {} failures\n{shown}", tally.failures.len());
        total += tally.cases;
    }
    assert!(total > 0, "no vectors");
}

fn files() -> Vec<PathBuf> {
    if let Some(named) = std::env::var_os("AEGISC_VECTORS") {
        return std::env::split_paths(&named).collect();
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "jsonl")).collect();
    files.sort();
    files
}

fn run(file: &Path) -> Tally {
    let mut tally = Tally::default();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let vector = object(&json::parse(line).unwrap());
        let id = text(&vector, "id");
        let layers = list(&vector, "layers").iter().enumerate().map(|(index, layer)| LayerSource {
            path: format!("layer{index}.yaml"),
            bytes: layer.as_str().unwrap().as_bytes().to_vec(),
        });
        let mut levels = Levels::new();
        levels.cap(LevelSetting::Warn);
        let checked = check(layers.collect(), &Options { levels, ..Options::default() });
        let Some(policy) = checked.policy else {
            let errors = checked.diagnostics.iter().filter(|d| d.level == aegisc::diag::Level::Error);
            let errors: Vec<_> = errors.map(|error| render_short(error, &checked.sources)).collect();
            tally.failures.push(format!("{id}: refused: {}", errors.join("; ")));
            continue;
        };
        for (index, case) in list(&vector, "cases").iter().enumerate() {
            tally.cases += 1;
            if let Err(difference) = run_case(&policy, &object(case)) {
                tally.failures.push(format!("{id} case {index}: {difference}"));
            }
        }
    }
    tally
}

fn run_case(policy: &Policy, case: &Object) -> Result<(), String> {
    let action = Action::from_object(object(case.get("action").unwrap())).unwrap();
    let now: Timestamp = time::parse_rfc3339(&text(case, "now")).unwrap();
    let verdict = evaluate(policy, &action, Some(now));
    let rule = match verdict.rule {
        Some(index) => policy.rules.get(index).unwrap().name.as_str(),
        None => "<default>",
    };
    let expect = object(case.get("expect").unwrap());
    let agrees = match (expect.get("error"), &verdict.error) {
        (None, None) => {
            text(&expect, "approval") == verdict.approval.as_str()
                && text(&expect, "risk_level") == verdict.risk_level.as_str()
                && text(&expect, "matched_rule") == rule
        }
        (Some(_), Some(error)) => error.kind == ErrorKind::TypeError && text(&expect, "rule") == rule,
        _ => false,
    };
    if agrees { Ok(()) } else { Err(format!("{action:?}\n  want {expect:?}\n  got  {rule} {verdict:?}")) }
}

fn object(value: &Json) -> Object {
    match value {
        Json::Object(object) => object.clone(),
        other => panic!("not an object: {other:?}"),
    }
}

fn list<'a>(object: &'a Object, key: &str) -> &'a [Json] {
    match object.get(key) {
        Some(Json::List(items)) => items,
        other => panic!("not a list: {other:?}"),
    }
}

fn text(object: &Object, key: &str) -> String {
    object.get(key).and_then(Json::as_str).unwrap().to_owned()
}
