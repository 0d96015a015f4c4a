//! Diagnostics as annotations of a GitHub workflow, one command a line.

use super::pretty::{asides, clean, headline, origin};
use super::{Diagnostic, Level, excerpt};
use crate::source::{SourceMap, Span};

/// One diagnostic as a workflow command, without a line break.
///
/// `::error file=…,line=…,endLine=…,col=…,endColumn=…,title=…::message`. Lines and columns count from
/// 1, columns in characters, the end exclusive. GitHub takes columns only within one line, so a place
/// of several lines has none.
#[must_use]
pub fn to_github(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let command = match diagnostic.level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Note => "notice",
    };
    let file = sources.file(diagnostic.primary.file);
    // The annotation stands under the last line: white space at the end would move it away.
    let range = excerpt::visible(file.text(), diagnostic.primary.range());
    let shown = Span::new(diagnostic.primary.file, range);
    let (start, end) = (file.position(shown.start), file.position(shown.end));
    let columns = if start.line == end.line {
        format!(",col={},endColumn={}", start.column, end.column)
    } else {
        String::new()
    };
    let others = diagnostic.labels.iter();
    let others = others.map(|label| format!("{}: {}", origin(label.span, sources), clean(&label.message)));
    let lines: Vec<String> =
        std::iter::once(headline(diagnostic)).chain(others).chain(asides(diagnostic)).collect();
    format!(
        "::{command} file={},line={},endLine={}{columns},title={}::{}",
        property(&clean(file.path())),
        start.line,
        end.line,
        property(&format!("aegisc ({})", diagnostic.code.name())),
        message(&lines.join("\n")),
    )
}

/// A message as the runner reads it.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property as the runner reads it.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
