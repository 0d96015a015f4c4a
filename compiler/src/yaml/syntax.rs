//! The event parser's errors in this project's words: what is wrong and how to mend it.

use super::origin;
use super::text::{self, Refused};
use crate::diag::Diagnostic;
use crate::source::{FileId, Span};
use granit_parser::{ErrorKind, ScanError};
use std::borrow::Cow;

/// The error as a diagnostic.
pub(super) fn diagnostic(file: FileId, source: &str, error: &ScanError, depth: usize) -> Diagnostic {
    let mut at = error.marker().byte_offset().unwrap_or(source.len()).min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    if is_tab(error.kind()) {
        // The parser's place is before the tab or after it.
        let line = source.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let behind = source.get(line..at).and_then(|text| text.rfind('\t')).map(|offset| line + offset);
        let ahead = || source.get(at..).and_then(|text| text.find('\t')).map(|offset| at + offset);
        if let Some(at) = behind.or_else(ahead) {
            return tab(Span::new(file, at..at + 1));
        }
    }
    // Of a bad quoted text the parser names the start or a place in it; reading it again finds more.
    let quoted = origin::quoted_before(source, at);
    let quote = matches!(source.as_bytes().get(at), Some(b'"' | b'\'')).then_some(at);
    for start in quoted.iter().map(|range| range.start).chain(quote) {
        if let Err(refused) = text::quoted(source, start) {
            return origin::in_quotes(file, source, start, &refused);
        }
    }
    let len = source.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let span = Span::new(file, at..at + len);
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return too_deep(span, depth);
    }
    if let Some(found) = origin::misaligned(file, source, error.kind(), at) {
        return found;
    }
    let (message, help) = words(error.kind());
    let message = if message.is_empty() { error.info() } else { message.to_owned() };
    let mut diagnostic = Diagnostic::error("syntax", span, message);
    if let Some(quoted) = quoted {
        diagnostic = diagnostic
            .also(Span::new(file, quoted.start..quoted.start + 1), origin::QUOTED)
            .help("if that text ends earlier, close its quote there");
    }
    if help.is_empty() { diagnostic } else { diagnostic.help(help) }
}

/// A text that cannot be read.
pub(super) fn refused(file: FileId, source: &str, refused: &Refused) -> Diagnostic {
    let rest = source.get(refused.at..).unwrap_or_default();
    // Of an escape the letter belongs to the place.
    let count = if rest.starts_with('\\') { 2 } else { 1 };
    let len: usize = rest.chars().take(count).map(char::len_utf8).sum();
    let span = Span::new(file, refused.at..refused.at + len);
    Diagnostic::error("syntax", span, refused.why).help(refused.help)
}

fn is_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart
    )
}

/// The most characters of a user's text that a message repeats.
const EXCERPT: usize = 60;

/// The start of a text, for a message.
pub(super) fn excerpt(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(EXCERPT) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()).into(),
        None => text.into(),
    }
}

/// Nesting beyond the limit.
pub(super) fn too_deep(span: Span, depth: usize) -> Diagnostic {
    Diagnostic::error("too_deep", span, format!("collections nest deeper than {depth}"))
        .help("flatten the structure")
}

/// A tab where YAML 1.1 allows only spaces.
pub(super) fn tab(span: Span) -> Diagnostic {
    Diagnostic::error("syntax", span, "a tab cannot separate or indent")
        .label("use spaces here")
        .help("YAML 1.1 allows tabs in quotes, comments and block scalars alone")
}

/// The words for a kind; an empty message keeps the parser's own.
fn words(kind: &ErrorKind) -> (&'static str, &'static str) {
    match kind {
        ErrorKind::UnclosedQuotedScalar => ("the quote is never closed", "close it at the end of the text"),
        ErrorKind::InvalidIndentation
        | ErrorKind::InvalidBlockScalarIndent
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::InvalidFlowScalarIndent => (
            "the indentation fits no open block",
            "indent the line as the other lines of its block, or one level deeper",
        ),
        ErrorKind::ExpectedBlockMappingKey => (
            "a key was expected here",
            "entries of one mapping start in the same column, each as `key: value`",
        ),
        ErrorKind::ExpectedBlockSequenceEntry => {
            ("a list item was expected here", "items of one list start in the same column, each with `- `")
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            ("a `:` is missing after the key", "write `key: value` on one line, with a space after the colon")
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "a `:` cannot stand here",
            "quote text that holds a colon, or mend the indentation: a deeper line continues the text above it",
        ),
        ErrorKind::InvalidMappingValueWhitespace | ErrorKind::FlowMappingValueAdjacentCollection => {
            ("a space is missing after `:`", "put a space after the colon")
        }
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::InvalidBlockEntryWhitespace => {
            ("a list item cannot start here", "start each `- ` item on a line of its own")
        }
        ErrorKind::BlockEntryInFlowCollection => {
            ("`- ` cannot stand inside brackets", "separate the items by commas")
        }
        ErrorKind::MappingKeyNotAllowed => ("a key cannot start here", "start it on a line of its own"),
        ErrorKind::UnknownQuotedScalarEscape => (
            "YAML knows no such escape",
            "write `\\\\` for a backslash, or use single quotes, which know no escapes",
        ),
        ErrorKind::InvalidQuotedScalarHexEscape => {
            ("the escape needs more hexadecimal digits", "write `\\x41`, `\\u0041` or `\\U00000041`")
        }
        ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => (
            "the escape is no character",
            "write a character beyond U+FFFF as `\\U` and eight digits, not as two halves",
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            "text follows the closing quote",
            "put the whole text into quotes; write a quote inside as `''` or `\\\"`",
        ),
        ErrorKind::DocumentIndicatorInQuotedScalar => {
            ("a document marker stands inside the quotes", "close the quote before it, or indent the line")
        }
        ErrorKind::UnexpectedEofFlowSequence | ErrorKind::ExpectedFlowSequenceSeparator => {
            ("a `,` or `]` was expected here", "separate items by commas and close the list with `]`")
        }
        ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::ExpectedFlowMappingSeparator => {
            ("a `,` or `}` was expected here", "separate entries by commas and close the mapping with `}`")
        }
        ErrorKind::UnclosedFlowCollection { .. } => ("the bracket is never closed", "close it"),
        ErrorKind::MisplacedFlowCollectionEnd | ErrorKind::MismatchedFlowCollectionEnd { .. } => {
            ("this bracket closes nothing", "match it with an open bracket of its kind, or quote the text")
        }
        ErrorKind::InvalidBlockScalarHeader | ErrorKind::ZeroBlockScalarIndent => (
            "this cannot follow `|` or `>`",
            "after `|` or `>` only `+` or `-`, one digit from 1 to 9 and a comment may stand",
        ),
        ErrorKind::CommentNotSeparated => ("a `#` needs a space before it to start a comment", ""),
        ErrorKind::CommentInterceptedScalar => (
            "a comment stands inside a text of several lines",
            "move the comment, or put the text into quotes",
        ),
        ErrorKind::UndeclaredTagHandle => ("the tag's prefix is not declared", "remove the tag"),
        ErrorKind::MissingAnchorOrAliasName => {
            ("a name is missing after `&` or `*`", "put text that starts with `&` or `*` into quotes")
        }
        ErrorKind::UnexpectedCharacter { .. } | ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
            ("text cannot start with this character", "put the text into quotes")
        }
        ErrorKind::ExpectedDocumentStart => {
            ("the document has already ended here", "indent the text as the rest, or remove it")
        }
        ErrorKind::UnsupportedYamlMajorVersion => {
            ("the file declares an unknown version of YAML", "remove the `%YAML` line")
        }
        ErrorKind::MissingDocumentEndBeforeDirective => {
            ("a line that starts with `%` cannot stand here", "put text that starts with `%` into quotes")
        }
        _ => ("", ""),
    }
}
