//! Diagnostics as SARIF 2.1.0, one document for a run.
//!
//! The document depends on the findings alone: no times, no folders, no machine. Its `rules` are the
//! names that occur, in alphabetical order.

use super::fingerprint::Fingerprints;
use super::pretty::{asides, clean, headline};
use super::{Code, Diagnostic, Fix, Label, Level};
use crate::source::{SourceMap, Span, Utf16};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'a str,
    version: &'a str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    original_uri_base_ids: BaseIds,
    column_kind: &'a str,
    results: Vec<Finding<'a>>,
}

/// What relative paths are relative to. Where that is on a machine, nobody else needs to know.
#[derive(Serialize)]
struct BaseIds {
    #[serde(rename = "%SRCROOT%")]
    root: Base,
}

const ROOT: &str = "%SRCROOT%";

const ROOT_IS: &str = "The folder in which the command ran.";

#[derive(Serialize)]
struct Base {
    description: Text,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'a str,
    version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    information_uri: &'a str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Text,
    full_description: Text,
    help: Help,
    default_configuration: Configuration,
}

/// In Markdown there is the page of a lint as well, with an example and its mend.
#[derive(Serialize)]
struct Help {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<String>,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'a str,
    message: Text,
    locations: [Location; 1],
    partial_fingerprints: PartialFingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Mend<'a>>,
}

#[derive(Serialize)]
struct PartialFingerprints {
    /// The number rises when the fingerprint is made otherwise.
    #[serde(rename = "wordsOfLine/v1")]
    words_of_line: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    /// What a link in the message names it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

/// Lines and columns count from 1, columns in UTF-16 code units; the end is exclusive.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mend<'a> {
    description: Text,
    artifact_changes: [Change<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    artifact_location: Artifact,
    replacements: [Replacement<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'a> {
    deleted_region: Region,
    inserted_content: Content<'a>,
}

#[derive(Serialize)]
struct Content<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

/// All findings of a run as one SARIF 2.1.0 document, without a line break at the end.
///
/// Paths are those of the sources, percent-encoded, relative to `%SRCROOT%`. A fingerprint names a finding
/// whatever line it stands on. A message holds what the pretty form says below
/// the lines, and a link to each other place; mechanical mends are `fixes`.
#[must_use]
pub fn to_sarif<'a>(diagnostics: &'a [Diagnostic], sources: &SourceMap) -> String {
    let places = Places { columns: sources.files().map(|(_, file)| Utf16::new(file)).collect() };
    let codes: BTreeMap<&str, Code> = diagnostics.iter().map(|d| (d.code.name(), d.code)).collect();
    let indices: BTreeMap<&str, usize> = codes.keys().copied().zip(0..).collect();
    let mut fingerprints = Fingerprints::default();
    let finding = |d: &'a Diagnostic| {
        let index = indices.get(d.code.name()).copied().unwrap_or_default();
        finding(d, &places, index, fingerprints.next(d, sources))
    };
    let driver = Driver {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        information_uri: env!("CARGO_PKG_REPOSITORY"),
        rules: codes.values().copied().map(rule).collect(),
    };
    let run = Run {
        tool: Tool { driver },
        original_uri_base_ids: BaseIds { root: Base { description: Text { text: ROOT_IS.to_owned() } } },
        column_kind: "utf16CodeUnits",
        results: diagnostics.iter().map(finding).collect(),
    };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    // Text and numbers under text keys: there is nothing that JSON cannot hold.
    serde_json::to_string_pretty(&log).unwrap_or_default()
}

fn rule(code: Code) -> Rule<'static> {
    let name = code.name();
    let (short, help, level) = match code {
        Code::Lint(lint) => {
            let text = format!("`-A {name}` allows it, `-W {name}` warns, `-D {name}` denies it.");
            let markdown = Some(format!("{}\n\n{text}\n", lint.page().trim_end()));
            (lint.summary().to_owned(), Help { text, markdown }, lint.default_level())
        }
        Code::Error(_) => {
            let short = format!("An error of the file: {}.", name.replace('_', " "));
            let text = "No option allows it: such a file is never compiled.".to_owned();
            (short, Help { text, markdown: None }, Level::Error)
        }
    };
    Rule {
        id: name,
        short_description: Text { text: short.clone() },
        full_description: Text { text: short },
        help,
        default_configuration: Configuration { level: level_name(level) },
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Note => "note",
    }
}

fn finding<'a>(
    diagnostic: &'a Diagnostic,
    places: &Places<'_>,
    rule_index: usize,
    fingerprint: String,
) -> Finding<'a> {
    let mut text = unlinked(&headline(diagnostic));
    for (id, label) in (1..).zip(&diagnostic.labels) {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n[{}]({id})", link_text(&clean(&label.message)));
    }
    for aside in asides(diagnostic) {
        let _ = write!(text, "\n{}", unlinked(&aside));
    }
    let related = |(id, label): (usize, &Label)| Location {
        id: Some(id),
        physical_location: places.place(label.span),
        message: Some(Text { text: unlinked(&clean(&label.message)) }),
    };
    Finding {
        rule_id: diagnostic.code.name(),
        rule_index,
        level: level_name(diagnostic.level),
        message: Text { text },
        locations: [Location {
            id: None,
            physical_location: places.place(diagnostic.primary),
            message: None,
        }],
        partial_fingerprints: PartialFingerprints { words_of_line: fingerprint },
        related_locations: (1..).zip(&diagnostic.labels).map(related).collect(),
        fixes: diagnostic.fix.iter().map(|fix| mend(fix, places)).collect(),
    }
}

fn mend<'a>(fix: &'a Fix, places: &Places<'_>) -> Mend<'a> {
    let Place { artifact_location, region } = places.place(fix.span);
    let content = Content { text: &fix.replacement };
    Mend {
        description: Text { text: unlinked(&clean(&fix.message)) },
        artifact_changes: [Change {
            artifact_location,
            replacements: [Replacement { deleted_region: region, inserted_content: content }],
        }],
    }
}

/// A text in which nothing reads as a link, though it may quote a pattern such as `[a](b)`.
fn unlinked(text: &str) -> String {
    text.replace("](", "\\](")
}

/// A text between the brackets of a link.
fn link_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

struct Places<'a> {
    /// For each file.
    columns: Vec<Utf16<'a>>,
}

impl Places<'_> {
    fn place(&self, span: Span) -> Place {
        let file = &self.columns[span.file.index()];
        let (start, end) = (file.position(span.start), file.position(span.end));
        Place {
            artifact_location: Artifact { uri: uri(file.path()), uri_base_id: ROOT },
            region: Region {
                start_line: start.line,
                start_column: start.column,
                end_line: end.line,
                end_column: end.column,
            },
        }
    }
}

/// A path as a relative reference: all but unreserved characters and `/` are percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::{link_text, unlinked, uri};

    #[test]
    fn paths_are_percent_encoded() {
        let cases = [
            ("teams/web-1.yaml", "teams/web-1.yaml"),
            ("../a b.yaml", "../a%20b.yaml"),
            ("c:d#e?f%.yaml", "c%3Ad%23e%3Ff%25.yaml"),
            ("정책/\u{1f600}.yaml", "%EC%A0%95%EC%B1%85/%F0%9F%98%80.yaml"),
            ("<stdin>", "%3Cstdin%3E"),
        ];
        for (path, expected) in cases {
            assert_eq!(uri(path), expected);
        }
    }

    #[test]
    fn quoted_patterns_are_no_links() {
        assert_eq!(unlinked("`[a](1)` and [b]"), "`[a\\](1)` and [b]");
        assert_eq!(link_text("[a]\\d"), "\\[a\\]\\\\d");
    }
}
