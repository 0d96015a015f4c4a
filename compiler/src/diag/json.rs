//! Diagnostics as JSON, one object a line.
//!
//! The keys and their order are relied on by scripts: they may grow, never change.

use super::Diagnostic;
use crate::source::{SourceMap, Span};
use serde::Serialize;

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    level: &'a str,
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    labels: Vec<Label<'a>>,
    help: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Fix<'a>>,
}

#[derive(Serialize)]
struct Label<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    message: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
    message: &'a str,
    decisions: &'a str,
}

/// Lines and columns count from 1, columns in characters; the end is exclusive.
#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

/// One diagnostic as a JSON object, without a line break.
///
/// The first of `labels` is the words beside the diagnostic's own place, if there are any: often the
/// reason. `fix` is there only if there is a mechanical mend; a label's or mend's place has the same
/// five keys as the diagnostic's own. `decisions` of a mend is `kept` or `may_change`.
#[must_use]
pub fn to_json(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let primary = (!diagnostic.label.is_empty()).then_some((diagnostic.primary, &diagnostic.label));
    let others = diagnostic.labels.iter().map(|label| (label.span, &label.message));
    let labels = primary.into_iter().chain(others);
    let entry = Entry {
        name: diagnostic.code.name(),
        level: diagnostic.level.as_str(),
        message: &diagnostic.message,
        place: place(diagnostic.primary, sources),
        labels: labels.map(|(span, message)| Label { place: place(span, sources), message }).collect(),
        help: &diagnostic.help,
        fix: diagnostic.fix.as_ref().map(|fix| Fix {
            place: place(fix.span, sources),
            replacement: &fix.replacement,
            message: &fix.message,
            decisions: fix.decisions.as_str(),
        }),
    };
    // Text and numbers under text keys: there is nothing that JSON cannot hold.
    serde_json::to_string(&entry).unwrap_or_default()
}

fn place(span: Span, sources: &SourceMap) -> Place<'_> {
    let file = sources.file(span.file);
    let (start, end) = (file.position(span.start), file.position(span.end));
    Place {
        file: file.path(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}
