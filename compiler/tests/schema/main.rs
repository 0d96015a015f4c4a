//! The JSON Schema that editors check layers with, beside what the compiler says about the same text.
//!
//! `accepted.yaml` and `rejected.yaml` hold small layers, parted by `---`. The first line of each says what
//! it shows. Lines with `#=` say what is found: after the  `UPDATE_GOLDEN=1` writes these lines anew.

#![expect(clippy::unwrap_used, reason = "tests")]

mod editor;
#[path = "../support/mod.rs"]
mod support;

use aegisc::diag::Level;
use aegisc::{LayerSource, Options, check};
use jsonschema::Validator;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What the schema is there to see; of anything else, which takes more than one value or to know patterns and
/// globs, it says nothing.
const SEEN: [&str; 21] = [
    "bad_glob",
    "bad_limit",
    "bad_name",
    "bad_steps",
    "bad_threshold",
    "bad_time",
    "bad_version",
    "bad_weekdays",
    "bad_window",
    "ignored_seconds",
    "non_string_pattern",
    "null_conditions",
    "semantic_never",
    "text_threshold",
    "unknown_approval",
    "unknown_condition",
    "unknown_key",
    "unknown_risk_level",
    "unknown_version",
    "weekday_never",
    "wrong_kind",
];

/// What it sees unless it lies in how a scalar is spelled, or in a pattern.
const SEEN_AT_TIMES: [&str; 6] = [
    "ambiguous_scalar",
    "bad_pattern",
    "never_equal",
    "non_integer_weekday",
    "non_string_key",
    "vacuous_condition",
];

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&aegisc::schema::layer()).unwrap()
}

/// The levels and names of what the compiler finds, in the order of the text.
fn found(text: &str) -> Vec<(Level, &'static str)> {
    let layer = LayerSource { path: "made.yaml".to_owned(), bytes: text.as_bytes().to_owned() };
    let found = check(vec![layer], &Options::default()).diagnostics;
    found.iter().map(|d| (d.level, d.code.name())).collect()
}

/// The places that the schema rejects, each once.
fn rejected(validator: &Validator, text: &str) -> Vec<String> {
    let json = editor::json(text.as_bytes()).unwrap();
    let place = |path: &str| if path.is_empty() { "/".to_owned() } else { path.to_owned() };
    let mut places: Vec<_> =
        validator.iter_errors(&json).map(|error| place(error.instance_path().as_str())).collect();
    places.dedup();
    places
}

/// The layers of a file, each without its lines of `#=`, and with them.
fn cases(name: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(tests().join("schema").join(name)).unwrap();
    let one = |whole: &str| {
        let lines = whole.lines().filter(|line| !line.starts_with("#=")).map(|line| format!("{line}\n"));
        (lines.collect(), whole.to_owned())
    };
    text.split("---\n").map(one).collect()
}

/// Compares the lines of `#=` with what `finds` says of each layer.
#[track_caller]
fn are_as_said(name: &str, finds: impl Fn(&str) -> Vec<String>) {
    let cases = cases(name);
    let said = |layer: &str| -> String {
        let (title, rest) = layer.split_once('\n').unwrap();
        let found: String = finds(layer).iter().map(|line| format!("#= {line}\n")).collect();
        format!("{title}\n{found}{rest}")
    };
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let all: Vec<_> = cases.iter().map(|(layer, _)| said(layer)).collect();
        std::fs::write(tests().join("schema").join(name), all.join("---\n")).unwrap();
        return;
    }
    let differ = cases.iter().filter(|(layer, whole)| said(layer) != *whole);
    let differ: Vec<_> = differ.map(|(layer, _)| said(layer)).collect();
    assert!(differ.is_empty(), "{name} does not say:\n{}", differ.join("---\n"));
}

fn line((level, name): (Level, &str)) -> String {
    let level = match level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Note => "note",
    };
    format!("{level} {name}")
}

#[test]
fn the_schema_is_one() {
    let schema = aegisc::schema::layer();
    assert!(jsonschema::draft202012::meta::validate(&schema).is_ok());
    let mut patterns = 0;
    each(&schema, &mut |_, value| {
        if let Some(pattern) = value.get("pattern").and_then(Value::as_str) {
            assert!(!pattern.contains('\\') && !pattern.contains("(?"), "not in every dialect: {pattern}");
            patterns += 1;
        }
    });
    assert!(patterns > 5);
}

/// Every subschema with its place.
fn each(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    fn walk(place: &str, value: &Value, visit: &mut impl FnMut(&str, &Value)) {
        visit(place, value);
        let children: Vec<(String, &Value)> = match value {
            Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), value)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
            }
            _ => return,
        };
        for (key, child) in children {
            walk(&format!("{place}/{key}"), child, visit);
        }
    }
    walk("#", value, visit);
}

#[test]
fn examples_and_defaults_are_accepted() {
    let schema = aegisc::schema::layer();
    let mut count = 0;
    each(&schema, &mut |place, part| {
        let Value::Object(part) = part else { return };
        let examples = part.get("examples").and_then(Value::as_array).into_iter().flatten();
        let values: Vec<_> = examples.chain(part.get("default")).collect();
        if values.is_empty() {
            return;
        }
        let mut part = part.clone();
        part.insert("$defs".to_owned(), schema["$defs"].clone());
        let part = jsonschema::draft202012::new(&part.into()).unwrap();
        values.iter().for_each(|value| assert!(part.is_valid(value), "{place}: {value}"));
        count += values.len();
    });
    assert!(count > 30, "{count}");
}

/// What the compiler finds in them takes a reason each, which the first line gives.
#[test]
fn what_is_accepted_is_right() {
    let validator = validator();
    for (layer, _) in cases("accepted.yaml") {
        assert_eq!(rejected(&validator, &layer), [""; 0], "{layer}");
    }
    are_as_said("accepted.yaml", |layer| found(layer).into_iter().map(line).collect());
}

#[test]
fn what_is_rejected_is_wrong() {
    let validator = validator();
    for (layer, _) in cases("rejected.yaml") {
        assert!(!rejected(&validator, &layer).is_empty(), "accepted: {layer}");
        let mut found = found(&layer);
        found.retain(|(_, name)| SEEN.contains(name) || SEEN_AT_TIMES.contains(name));
        let is_wrong = found.iter().any(|(level, _)| *level != Level::Note);
        // A schema has no weaker word for the compiler's note.
        assert!(is_wrong || found == [(Level::Note, "ignored_seconds")], "{layer}");
    }
    are_as_said("rejected.yaml", |layer| {
        let places = rejected(&validator, layer).into_iter().map(|place| format!("at {place}"));
        places.chain(found(layer).into_iter().map(line)).collect()
    });
}

#[test]
fn shipped_policies_are_accepted() {
    let validator = validator();
    let policies = tests().join("../../policies");
    let starter = tests().join("../src/bin/aegisc/starter.yaml");
    let files =
        [policies.clone(), policies.join("layers")].into_iter().flat_map(|folder| yaml_files(&folder));
    let files: Vec<_> = files.chain([starter]).collect();
    assert!(files.len() > 15);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(rejected(&validator, &text), [""; 0], "{}", file.display());
    }
}

/// Whether the schema and the compiler agree on a text; whether the schema accepts it.
fn agree(validator: &Validator, text: &str) -> Option<bool> {
    editor::json(text.as_bytes())?;
    let rejected = rejected(validator, text);
    // A schema does not read the comments that allow a finding.
    let found: Vec<_> = found(&text.replace("aegisc:", "")).into_iter().map(|(_, name)| name).collect();
    if rejected.is_empty() {
        assert!(!found.iter().any(|name| SEEN.contains(name)), "accepted, with {found:?}:\n{text}");
    } else {
        let seen = |name: &&str| SEEN.contains(name) || SEEN_AT_TIMES.contains(name);
        assert!(found.iter().any(seen), "rejected at {rejected:?}, with {found:?}:\n{text}");
    }
    Some(rejected.is_empty())
}

#[test]
fn golden_files_are_accepted_where_they_are_right() {
    let validator = validator();
    let folders = std::fs::read_dir(tests().join("golden")).unwrap().map(|entry| entry.unwrap().path());
    let folders = folders.filter(|path| path.is_dir()).chain([tests().join("golden")]);
    let files = folders.flat_map(|folder| yaml_files(&folder));
    let agreed = |file: PathBuf| agree(&validator, &std::fs::read_to_string(file).unwrap());
    let agreed: Vec<_> = files.filter_map(agreed).collect();
    let accepted = agreed.iter().filter(|accepted| **accepted).count();
    assert!(accepted > 40 && agreed.len() - accepted > 20, "{accepted} of {}", agreed.len());
}

#[test]
fn drawn_policies_are_accepted_where_they_are_right() {
    let validator = validator();
    let (mut seed, mut accepted, mut all) = (23_u64, 0, 0);
    for _ in 0..120 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| support::bytes::next(&mut seed)).take(1_000).collect();
        for layer in support::generate::generate(&bytes).layers {
            all += 1;
            accepted += usize::from(agree(&validator, &layer).unwrap());
        }
    }
    assert!(accepted > 40 && all - accepted > 100, "{accepted} of {all}");
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}
