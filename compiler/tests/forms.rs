//! The forms of findings that other programs read, whole: SARIF and the annotations of a GitHub workflow.
//!
//! `forms/layers/` holds the layers of one policy in the order of their names, and `forms/expected.*` what
//! is said about them. `UPDATE_GOLDEN=1` writes the expected texts anew.

#![expect(clippy::unwrap_used, reason = "tests")]

use aegisc::diag::{Level, Lint, to_github, to_sarif};
use aegisc::{Checked, LayerSource, Options, check};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forms")
}

fn layer(path: &str, text: &str) -> LayerSource {
    LayerSource { path: path.to_owned(), bytes: text.as_bytes().to_owned() }
}

fn checked() -> Checked {
    let entries = std::fs::read_dir(folder().join("layers")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: PathBuf| {
        let name = file.file_name().unwrap().to_string_lossy();
        layer(&format!("policies/{name}"), &std::fs::read_to_string(&file).unwrap())
    };
    check(files.into_iter().map(read).collect(), &Options::default())
}

#[track_caller]
fn is_as_expected(name: &str, said: &str) {
    let path = folder().join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, said).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == said, "differs from {}\n{said}", path.display());
}

#[test]
fn the_layers_show_every_level_and_places_elsewhere() {
    let found = checked().diagnostics;
    for level in [Level::Error, Level::Warn, Level::Note] {
        assert!(found.iter().any(|d| d.level == level), "{level:?}");
    }
    assert!(found.iter().any(|d| d.labels.iter().any(|label| label.span.file != d.primary.file)));
    assert!(found.iter().any(|d| d.fix.is_some()));
}

#[test]
fn github_is_as_expected() {
    let checked = checked();
    let said: String = checked.diagnostics.iter().map(|d| to_github(d, &checked.sources) + "\n").collect();
    assert_eq!(said.lines().count(), checked.diagnostics.len());
    is_as_expected("expected.github", &said);
}

#[test]
fn sarif_is_as_expected() {
    let checked = checked();
    let said = to_sarif(&checked.diagnostics, &checked.sources) + "\n";
    assert_eq!(said, to_sarif(&checked.diagnostics, &checked.sources) + "\n");
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let mut said = said.replacen(&version, "\"version\": \"…\"", 1);
    for lint in Lint::ALL {
        let page = serde_json::to_string(lint.page().trim_end()).unwrap();
        said = said.replace(page.trim_matches('"'), "…");
    }
    is_as_expected("expected.sarif", &said);
}

/// The fingerprints of what is found in a text.
fn fingerprints(text: &str) -> Vec<String> {
    let checked = check(vec![layer("f.yaml", text)], &Options::default());
    let log: Value = serde_json::from_str(&to_sarif(&checked.diagnostics, &checked.sources)).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap().iter();
    results
        .map(|result| result["partialFingerprints"]["wordsOfLine/v1"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn fingerprints_outlive_moves_and_tell_findings_apart() {
    let text = "rules:\n- aproval: auto\n- aproval: block\n- aproval: auto\n";
    let before = fingerprints(text);
    let different: BTreeSet<_> = before.iter().collect();
    assert_eq!((before.len(), different.len()), (3, 3), "{before:?}");
    // Lines above, and more space before: nothing changes.
    let moved = format!("# moved\n\nversion: \"1\"\n{}", text.replace("- ", "    -   "));
    assert_eq!(fingerprints(&moved), before);
    // Two names on one line.
    let two = fingerprints("rules:\n- {aproval: auto, conditions: }\n");
    assert_ne!(two[0], two[1]);
    // A long line of wide characters is cut between two of them.
    for spaces in 0..4 {
        let long = "😀".repeat(100);
        let one = format!("{}{{\"{long}\": 1, scope: 1, \"b{long}\": 1}}", " ".repeat(spaces));
        assert_eq!(fingerprints(&one).len(), 3);
    }
}

/// The columns of SARIF, laid over the text in UTF-16, cut out what a diagnostic is about.
#[test]
fn sarif_regions_cover_what_is_meant() {
    let checked = checked();
    let log: Value = serde_json::from_str(&to_sarif(&checked.diagnostics, &checked.sources)).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), checked.diagnostics.len());
    let mut wide = 0;
    for (result, diagnostic) in results.iter().zip(&checked.diagnostics) {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let [line, start, end_line, end] = place(region);
        if line != end_line {
            continue;
        }
        let file = checked.sources.file(diagnostic.primary.file);
        let text: Vec<u16> = file.text().lines().nth(line - 1).unwrap().encode_utf16().collect();
        let covered = String::from_utf16(&text[start - 1..end - 1]).unwrap();
        assert_eq!(covered, checked.sources.text(diagnostic.primary), "{result}");
        wide +=
            usize::from(start != usize::try_from(file.position(diagnostic.primary.start).column).unwrap());
    }
    assert!(wide >= 4, "{wide} behind characters outside the basic plane");
}

fn place(region: &Value) -> [usize; 4] {
    ["startLine", "startColumn", "endLine", "endColumn"]
        .map(|key| usize::try_from(region[key].as_u64().unwrap()).unwrap())
}

/// What the standard's schema asks of the parts that are used here.
fn conforms(log: &Value) {
    only(log, &["$schema", "version", "runs"], &["version", "runs"]);
    assert_eq!(log["version"], "2.1.0");
    let runs = log["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    only(run, &["tool", "originalUriBaseIds", "columnKind", "results"], &["tool", "results"]);
    says(&run["originalUriBaseIds"]["%SRCROOT%"]["description"]);
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    only(&run["tool"], &["driver"], &["driver"]);
    let driver = &run["tool"]["driver"];
    only(driver, &["name", "version", "informationUri", "rules"], &["name"]);
    assert_eq!(driver["name"], "aegisc");
    let levels = ["error", "warning", "note"];
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        let keys = ["id", "shortDescription", "fullDescription", "help", "defaultConfiguration"];
        only(rule, &keys, &keys);
        says(&rule["fullDescription"]);
        says(&rule["shortDescription"]);
        only(&rule["help"], &["text", "markdown"], &["text"]);
        let is_lint = Lint::ALL.iter().any(|lint| rule["id"] == lint.name());
        let markdown = rule["help"]["markdown"].as_str().unwrap_or_default();
        assert_eq!(is_lint, markdown.ends_with(&format!("\n\n{}\n", rule["help"]["text"].as_str().unwrap())));
        assert!(levels.contains(&rule["defaultConfiguration"]["level"].as_str().unwrap()), "{rule}");
    }
    let ids: BTreeSet<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len(), "rules are unique");
    let mut used = BTreeSet::new();
    for result in run["results"].as_array().unwrap() {
        let keys = ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"];
        only(result, &[&keys[..], &["relatedLocations", "fixes"]].concat(), &keys);
        assert!(result["partialFingerprints"]["wordsOfLine/v1"].is_string(), "{result}");
        says(&result["message"]);
        assert!(levels.contains(&result["level"].as_str().unwrap()), "{result}");
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        used.insert(result["ruleId"].as_str().unwrap());
        for location in result["locations"].as_array().unwrap() {
            only(location, &["physicalLocation"], &["physicalLocation"]);
            stands(&location["physicalLocation"], "region");
        }
        let related = result.get("relatedLocations").map(|related| related.as_array().unwrap().as_slice());
        for (id, location) in (1..).zip(related.unwrap_or_default()) {
            only(location, &["id", "physicalLocation", "message"], &["id", "physicalLocation", "message"]);
            assert_eq!(location["id"], id);
            let link = format!("]({id})");
            assert!(result["message"]["text"].as_str().unwrap().contains(&link), "{result}");
            says(&location["message"]);
            stands(&location["physicalLocation"], "region");
        }
        let fixes = result.get("fixes").map(|fixes| fixes.as_array().unwrap().as_slice());
        for fix in fixes.unwrap_or_default() {
            only(fix, &["description", "artifactChanges"], &["artifactChanges"]);
            says(&fix["description"]);
            let change = &fix["artifactChanges"][0];
            only(change, &["artifactLocation", "replacements"], &["artifactLocation", "replacements"]);
            let replacement = &change["replacements"][0];
            only(replacement, &["deletedRegion", "insertedContent"], &["deletedRegion"]);
            assert!(replacement["insertedContent"]["text"].is_string());
            in_order(&replacement["deletedRegion"]);
        }
    }
    assert_eq!(used, ids, "rules that occur");
}

/// An object with no keys but these, and all of those.
#[track_caller]
fn only(value: &Value, may: &[&str], must: &[&str]) {
    let object = value.as_object().unwrap();
    assert!(object.keys().all(|key| may.contains(&key.as_str())), "{value}");
    assert!(must.iter().all(|key| object.contains_key(*key)), "{value}");
}

#[track_caller]
fn says(message: &Value) {
    only(message, &["text"], &["text"]);
    assert!(!message["text"].as_str().unwrap().is_empty());
}

#[track_caller]
fn stands(place: &Value, region: &str) {
    only(place, &["artifactLocation", region], &["artifactLocation"]);
    only(&place["artifactLocation"], &["uri", "uriBaseId"], &["uri", "uriBaseId"]);
    assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    let uri = place["artifactLocation"]["uri"].as_str().unwrap();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte);
    assert!(!uri.is_empty() && !uri.starts_with('/') && uri.bytes().all(allowed), "{uri}");
    in_order(&place[region]);
}

#[track_caller]
fn in_order(region: &Value) {
    let [line, start, end_line, end] = place(region);
    assert!(line >= 1 && start >= 1 && end >= 1, "{region}");
    assert!((line, start) <= (end_line, end), "{region}");
}

#[test]
fn sarif_has_what_the_standard_asks_for() {
    let checked = checked();
    conforms(&serde_json::from_str(&to_sarif(&checked.diagnostics, &checked.sources)).unwrap());
    let texts = [
        "",
        "rules: []\n",
        "\u{1b}[31m",
        "a: [",
        "rules:\r\n  - {\"😀\u{202e}\": 1, b: 2}\r\n",
        "\u{feff}x: 1",
    ];
    for text in texts {
        let checked = check(vec![layer("a:b/<c>.yaml", text)], &Options::default());
        let log = to_sarif(&checked.diagnostics, &checked.sources);
        conforms(&serde_json::from_str(&log).unwrap());
    }
}

#[test]
fn every_golden_file_has_both_forms() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut found = 0;
    for entry in std::fs::read_dir(golden).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let checked = check(vec![LayerSource { path: "f.yaml".to_owned(), bytes }], &Options::default());
        conforms(&serde_json::from_str(&to_sarif(&checked.diagnostics, &checked.sources)).unwrap());
        for diagnostic in &checked.diagnostics {
            let line = to_github(diagnostic, &checked.sources);
            let (command, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
            assert!(command.contains(" file=f.yaml,line=") && !message.is_empty(), "{line}");
            assert!(!line.contains(['\n', '\r']), "{line}");
            found += 1;
        }
    }
    assert!(found > 50, "{found}");
}

/// `SARIF_SCHEMA` names a copy of sarif-schema-2.1.0.json, which is not ours to carry.
#[test]
#[ignore = "takes the standard's schema"]
fn sarif_is_valid_under_the_schema_of_the_standard() {
    let schema = std::fs::read(std::env::var_os("SARIF_SCHEMA").unwrap()).unwrap();
    let mut schema: Value = serde_json::from_slice(&schema).unwrap();
    // Its pattern for a key that is not used here has a bracket too many.
    for owner in ["run", "toolComponent"] {
        schema["definitions"][owner]["properties"]["language"] = Value::Bool(false);
    }
    let schema = jsonschema::validator_for(&schema).unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = std::fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path());
    let yaml = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let mut documents: Vec<_> = yaml
        .map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            check(vec![LayerSource { path: format!("a b/é/{name}"), bytes }], &Options::default())
        })
        .collect();
    documents.push(checked());
    assert!(documents.len() >= 60);
    for Checked { diagnostics, sources, .. } in documents {
        let log = serde_json::from_str(&to_sarif(&diagnostics, &sources)).unwrap();
        let wrong: Vec<_> = schema.iter_errors(&log).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{log}\n{wrong:?}");
    }
}
