//! Drives the event parser over one file and hands its events to the builder.

use super::build::{Builder, Stop};
use super::layout::{self, Covered, Eased};
use super::{Document, Limits, decode, merge, syntax};
use crate::diag::Diagnostic;
use crate::source::{FileId, SourceMap, Span};
use granit_parser::{Parser, ScanError};

/// Reads a file of the source map as one YAML document.
///
/// Every finding is pushed to `diagnostics`. Errors that leave the shape of the document known,
/// such as an unknown tag, do not end the reading: the document is given with them, so that later
/// passes can say more in the same run. `None` means that the file cannot be read as YAML.
#[must_use]
pub fn parse(
    file: FileId,
    sources: &SourceMap,
    limits: &Limits,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Document> {
    let source = sources.file(file).text();
    match read(file, source, limits, diagnostics) {
        Ok(document) => Some(document),
        Err(Stop(diagnostic)) => {
            diagnostics.push(*diagnostic);
            None
        }
    }
}

fn read(
    file: FileId,
    source: &str,
    limits: &Limits,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Document, Stop> {
    if source.len() > limits.file_bytes.min(MOST_BYTES) {
        let limit = limits.file_bytes.min(MOST_BYTES);
        let start = Span::new(file, 0..0);
        let message = format!("the file is longer than the limit of {limit} bytes");
        return Err(Stop::new(
            Diagnostic::error("file_size", start, message).help("split the policy into layers"),
        ));
    }
    decode::check_characters(file, source)?;
    let options = granit_parser::options! {
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    };
    let build = |parsed: &str, covered: &[Covered], diagnostics: &mut Vec<Diagnostic>| {
        let mut builder = Builder::new(file, source, covered, limits, diagnostics);
        for event in Parser::new_from_str_with_options(parsed, options.clone()) {
            let (event, span) = event.map_err(Failed::Parser)?;
            builder.event(event, &span).map_err(Failed::Builder)?;
        }
        builder.finish().map_err(Failed::Builder)
    };
    let before = diagnostics.len();
    let mut built = build(source, &[], diagnostics);
    if let Err(Failed::Parser(error)) = &built
        && layout::may_help(error.kind())
        && let Some(Eased { text, covered }) = layout::ease(source)
    {
        diagnostics.truncate(before);
        built = build(&text, &covered, diagnostics);
    }
    let built = built.map_err(|failed| match failed {
        Failed::Parser(error) => Stop::new(syntax::diagnostic(file, source, &error, limits.depth)),
        Failed::Builder(stop) => stop,
    })?;
    merge::flatten(built, source.len(), limits, diagnostics)
}

/// Who ends a reading.
enum Failed {
    Parser(ScanError),
    Builder(Stop),
}

/// Spans count bytes in 32 bits.
const MOST_BYTES: usize = 0xFFFF_FFF0;
