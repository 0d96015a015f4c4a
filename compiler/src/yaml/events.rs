//! Drives the event parser over one file and hands its events to the builder.

use super::build::{Builder, Stop};
use super::layout::{self, Covered, Eased, Long};
use super::{Document, Limits, decode, merge, syntax};
use crate::diag::Diagnostic;
use crate::source::{FileId, SourceMap, Span};
use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError};

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
    if source.len() > READ_SOON
        && let Some(stop) = long_scalar(file, source, limits, &options, diagnostics)
    {
        return Err(stop);
    }
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

/// The refusal of a scalar that passes the limit, before the parser has read all of it.
///
/// The place is only proposed. It counts if the parser, which is given another scalar in place of this one and
/// of the rest of the file, comes there without an error; otherwise the file is read as it is.
fn long_scalar(
    file: FileId,
    source: &str,
    limits: &Limits,
    options: &Options,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Stop> {
    let Long { at, stand_in } = layout::long_scalar(source, limits.scalar_bytes)?;
    let before = diagnostics.len();
    let parsed = [source.get(..at)?, stand_in].concat();
    let mut builder = Builder::new(file, &parsed, &[], limits, diagnostics);
    let mut refusal = None;
    for event in Parser::new_from_str_with_options(&parsed, options.clone()) {
        let Ok((event, span)) = event else { break };
        if let Event::Scalar(_, ScalarStyle::DoubleQuoted, anchor, tag) = &event
            && span.byte_range().is_some_and(|range| range.start == at)
        {
            let properties = builder.properties(*anchor, tag.as_deref(), &span);
            refusal = builder.refusal_of_long(properties, source, at);
            break;
        }
        if builder.event(event, &span).is_err() {
            break;
        }
    }
    if refusal.is_none() {
        diagnostics.truncate(before);
    }
    refusal
}

/// Who ends a reading.
enum Failed {
    Parser(ScanError),
    Builder(Stop),
}

/// Spans count bytes in 32 bits.
const MOST_BYTES: usize = 0xFFFF_FFF0;

/// A file of so many bytes is read soon enough, whatever it is; a longer one is first looked over for scalars
/// that pass the limit.
const READ_SOON: usize = 24 << 20;

#[cfg(test)]
mod tests {
    use super::{long_scalar, read};
    use crate::source::SourceMap;
    use crate::yaml::Limits;
    use crate::yaml::build::Stop;
    use granit_parser::Options;

    #[test]
    fn long_scalars_are_refused_unread_as_they_are_when_read() {
        let limits = Limits { scalar_bytes: 8, ..Limits::default() };
        let (word, words) = ("abcdefghi", "ab cd\n    ef gh\n    ij kl\n".repeat(9));
        let refused = [
            format!("a: {word}\n"),
            format!("- x\n- {words}"),
            format!("a: [x, {word}, y]"),
            format!("a: |\n    {words}"),
            format!("- &b !!str >\n    {words}"),
            format!("a: '{word}''{words}'\n"),
            format!("a: \"{words}\"\nb: 1\n"),
            format!("a: \"{words}"),
            format!("a: 'it''s {words}"),
        ];
        let read_on = [
            format!("{{a: 1, b: {word}"),
            format!("a: !!str\t{word}"),
            format!("]\n- {word}"),
            "a: \"\\x41\\x42\\x43\"\n".to_owned(),
            format!("# {word} {word}\n"),
            format!("a: &{word} 1\nb: *{word}\n"),
        ];
        for (text, is_refused) in
            refused.iter().map(|text| (text, true)).chain(read_on.iter().map(|text| (text, false)))
        {
            let (file, options) = (SourceMap::new().add("x.yaml", text.as_str()), Options::default());
            let unread = long_scalar(file, text, &limits, &options, &mut Vec::new());
            assert_eq!(unread.is_some(), is_refused, "{text}");
            let Some(Stop(unread)) = unread else { continue };
            let Err(Stop(by_reading)) = read(file, text, &limits, &mut Vec::new()) else {
                unreachable!("{text}")
            };
            assert_eq!((unread.code, unread.primary), (by_reading.code, by_reading.primary), "{text}");
        }
    }
}
