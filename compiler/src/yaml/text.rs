//! The text of a scalar, read from its place in the file by the rules of YAML 1.1.
//!
//! The event parser reads YAML 1.2, whose rules for line folding, tabs, indentation and escapes
//! differ in corners. Each function here takes the place where a scalar starts and gives its text
//! and end as PyYAML's scanner finds them, or the place where that scanner gives up; the builder
//! refuses a scalar that the two readings end or spell differently.

use std::borrow::Cow;

/// A scalar as read: its text and the offset after it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scanned<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) end: usize,
}

/// Where and why a scalar cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) at: usize,
    pub(super) why: &'static str,
    pub(super) help: &'static str,
}

/// Where a plain scalar stands: in brackets, or in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Flow,
    /// In a block, whose continuation lines start at this column or after.
    Block {
        indent: usize,
    },
}

pub(super) fn byte(source: &str, at: usize) -> u8 {
    source.as_bytes().get(at).copied().unwrap_or(0)
}

pub(super) fn is_break(b: u8) -> bool {
    matches!(b, b'\n' | b'\r')
}

/// A blank, a line break or the end.
pub(super) fn is_blank(b: u8) -> bool {
    matches!(b, 0 | b' ' | b'\t' | b'\n' | b'\r')
}

/// The offset after the line break at `at`.
fn after_break(source: &str, at: usize) -> usize {
    match (byte(source, at), byte(source, at + 1)) {
        (b'\r', b'\n') => at + 2,
        (b'\r' | b'\n', _) => at + 1,
        _ => at,
    }
}

/// Whether a document marker stands at `at`, the start of a line.
pub(super) fn is_marker(source: &str, at: usize) -> bool {
    let bytes = source.as_bytes().get(at..).unwrap_or_default();
    (bytes.starts_with(b"---") || bytes.starts_with(b"...")) && is_blank(byte(source, at + 3))
}

pub(super) fn slice(source: &str, start: usize, end: usize) -> &str {
    source.get(start..end).unwrap_or_default()
}

/// What stands before `end`, or before the character that `end` is inside.
pub(super) fn head(source: &str, end: usize) -> &str {
    let mut end = end.min(source.len());
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    slice(source, 0, end)
}

/// Whether the quoted scalar at `start` has a closing quote.
pub(super) fn is_closed(source: &str, start: usize) -> bool {
    let quote = char::from(byte(source, start));
    let mut rest = slice(source, start + 1, source.len());
    while let Some(at) = rest.find([quote, '\\']) {
        let is_backslash = byte(rest, at) == b'\\';
        if is_backslash && quote == '\'' {
            rest = slice(rest, at + 1, rest.len());
            continue;
        }
        if !is_backslash && (quote == '"' || !slice(rest, at + 1, rest.len()).starts_with(quote)) {
            return true;
        }
        let mut behind = slice(rest, at + 1, rest.len()).chars();
        behind.next();
        rest = behind.as_str();
    }
    false
}

/// What line breaks fold to: one to a space, more to one break fewer.
fn fold(text: &mut String, breaks: usize) {
    match breaks {
        0 => {}
        1 => text.push(' '),
        _ => text.extend(std::iter::repeat_n('\n', breaks - 1)),
    }
}

/// A plain scalar that starts at `start`.
pub(super) fn plain(source: &str, start: usize, place: Place) -> Scanned<'_> {
    let mut text = String::new();
    let mut chunk = start;
    let mut at = start;
    let mut end = start;
    loop {
        let from = at;
        if byte(source, at) != b'#' {
            while !ends_plain(source, at, place) {
                at += 1;
            }
        }
        if at == from {
            break;
        }
        end = at;
        let mut breaks = 0;
        let mut line = at;
        while byte(source, at) == b' ' {
            at += 1;
        }
        while is_break(byte(source, at)) {
            breaks += 1;
            at = after_break(source, at);
            line = at;
            if is_marker(source, at) {
                break;
            }
            while byte(source, at) == b' ' {
                at += 1;
            }
        }
        let stops = match place {
            _ if at == end || byte(source, at) == b'#' || byte(source, at) == 0 => true,
            _ if breaks > 0 && is_marker(source, line) => true,
            Place::Block { indent } => breaks > 0 && at - line < indent,
            Place::Flow => false,
        };
        if stops {
            break;
        }
        // A scalar on one line needs no copy: blanks inside it stand as they are.
        if breaks > 0 && !ends_plain(source, at, place) {
            text.push_str(slice(source, chunk, end));
            fold(&mut text, breaks);
            chunk = at;
        }
    }
    let last = slice(source, chunk, end);
    if chunk == start {
        return Scanned { text: Cow::Borrowed(last), end };
    }
    text.push_str(last);
    Scanned { text: Cow::Owned(text), end }
}

fn ends_plain(source: &str, at: usize, place: Place) -> bool {
    match byte(source, at) {
        0 => at >= source.len(),
        b' ' | b'\t' | b'\n' | b'\r' => true,
        b':' => match byte(source, at + 1) {
            b',' | b'[' | b']' | b'{' | b'}' => place == Place::Flow,
            next => is_blank(next),
        },
        b',' | b'?' | b'[' | b']' | b'{' | b'}' => place == Place::Flow,
        _ => false,
    }
}

/// A quoted scalar whose quote stands at `start`.
pub(super) fn quoted(source: &str, start: usize) -> Result<Scanned<'_>, Refused> {
    let quote = byte(source, start);
    let mut text = String::new();
    let mut chunk = start + 1;
    let mut at = chunk;
    loop {
        let from = at;
        match byte(source, at) {
            0 if at >= source.len() => {
                return Err(Refused {
                    at: start,
                    why: "the quote is never closed",
                    help: "close it at the end of its text",
                });
            }
            b if b == quote => {
                if quote == b'"' || byte(source, at + 1) != quote {
                    break;
                }
                // A doubled single quote stands for one.
                text.push_str(slice(source, chunk, at + 1));
                at += 2;
                chunk = at;
            }
            b'\\' if quote == b'"' => {
                text.push_str(slice(source, chunk, at));
                at = escape(source, at, &mut text)?;
                chunk = at;
            }
            b' ' | b'\t' | b'\n' | b'\r' => {
                while matches!(byte(source, at), b' ' | b'\t') {
                    at += 1;
                }
                if is_break(byte(source, at)) {
                    text.push_str(slice(source, chunk, from));
                    let (breaks, next) = breaks(source, at)?;
                    fold(&mut text, breaks);
                    at = next;
                    chunk = at;
                }
            }
            _ => at += 1,
        }
    }
    let last = slice(source, chunk, at);
    if chunk == start + 1 {
        return Ok(Scanned { text: Cow::Borrowed(last), end: at + 1 });
    }
    text.push_str(last);
    Ok(Scanned { text: Cow::Owned(text), end: at + 1 })
}

/// Skips the line break at `at`, empty lines after it and the next line's blanks; gives the number
/// of breaks and the offset after.
fn breaks(source: &str, mut at: usize) -> Result<(usize, usize), Refused> {
    let mut count = 0;
    while is_break(byte(source, at)) {
        count += 1;
        at = after_break(source, at);
        if is_marker(source, at) {
            let why = "a document marker stands inside the quotes";
            return Err(Refused { at, why, help: "close the quote before it, or indent the line" });
        }
        while matches!(byte(source, at), b' ' | b'\t') {
            at += 1;
        }
    }
    Ok((count, at))
}

/// Reads the escape whose backslash stands at `at`; gives the offset after it.
fn escape(source: &str, at: usize, text: &mut String) -> Result<usize, Refused> {
    let letter = byte(source, at + 1);
    let plain = match letter {
        b'0' => '\0',
        b'a' => '\x07',
        b'b' => '\x08',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\x0B',
        b'f' => '\x0C',
        b'r' => '\r',
        b'e' => '\x1B',
        b' ' => ' ',
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'N' => '\u{85}',
        b'_' => '\u{A0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        b'x' => return hex(source, at, 2, text),
        b'u' => return hex(source, at, 4, text),
        b'U' => return hex(source, at, 8, text),
        b'\n' | b'\r' => {
            // An escaped break joins the lines; empty lines after it stay breaks.
            let (count, next) = breaks(source, at + 1)?;
            text.extend(std::iter::repeat_n('\n', count - 1));
            return Ok(next);
        }
        _ => {
            let help = "write `\\\\` for a backslash, or use single quotes, which know no escapes";
            return Err(Refused { at, why: "YAML knows no such escape", help });
        }
    };
    text.push(plain);
    Ok(at + 2)
}

fn hex(source: &str, at: usize, digits: usize, text: &mut String) -> Result<usize, Refused> {
    let end = at + 2 + digits;
    let code = source.get(at + 2..end).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    let Some(code) = code.and_then(|hex| u32::from_str_radix(hex, 16).ok()) else {
        let why = "the escape needs more hexadecimal digits";
        return Err(Refused { at, why, help: "write `\\x41`, `\\u0041` or `\\U00000041`" });
    };
    let Some(c) = char::from_u32(code) else {
        let help = "write a character beyond U+FFFF as `\\U` and eight digits, not as two halves";
        return Err(Refused { at, why: "the escape is no character", help });
    };
    text.push(c);
    Ok(end)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Clip,
    Strip,
    Keep,
}

/// A block scalar whose `|` or `>` stands at `start`, in a block that starts at column
/// `indent - 1` (so its content starts at `indent` at least, and never at column 0).
pub(super) fn block(source: &str, start: usize, indent: usize) -> Result<Scanned<'_>, Refused> {
    let folded = byte(source, start) == b'>';
    let min_indent = indent.max(1);
    let (chomp, increment, mut at) = header(source, start)?;
    let mut end = at;
    // `pending` counts the line breaks that are not yet in the text, `column` is the one that the
    // indentation after them reaches.
    let (indent, mut pending, mut column);
    match increment {
        Some(n) => {
            indent = min_indent + n - 1;
            (pending, column, at) = block_breaks(source, at, indent);
        }
        None => {
            let deepest;
            (pending, column, deepest, at) = leading(source, at);
            indent = min_indent.max(deepest);
        }
    }
    let mut text = String::new();
    let mut line_break = 0;
    while column == indent && at < source.len() {
        text.extend(std::iter::repeat_n('\n', pending));
        let flush = !matches!(byte(source, at), b' ' | b'\t');
        let from = at;
        while at < source.len() && !is_break(byte(source, at)) {
            at += 1;
        }
        text.push_str(slice(source, from, at));
        end = at;
        let next = after_break(source, at);
        line_break = usize::from(next > at);
        (pending, column, at) = block_breaks(source, next, indent);
        if column != indent || at >= source.len() {
            break;
        }
        let joins = folded && line_break == 1 && flush && !matches!(byte(source, at), b' ' | b'\t');
        match (joins, pending) {
            (true, 0) => text.push(' '),
            (true, _) => {}
            (false, _) => text.extend(std::iter::repeat_n('\n', line_break)),
        }
    }
    if chomp != Chomp::Strip {
        text.extend(std::iter::repeat_n('\n', line_break));
    }
    if chomp == Chomp::Keep {
        text.extend(std::iter::repeat_n('\n', pending));
    }
    Ok(Scanned { text: Cow::Owned(text), end })
}

fn header(source: &str, start: usize) -> Result<(Chomp, Option<usize>, usize), Refused> {
    let mut at = start + 1;
    let (mut chomp, mut increment) = (None, None);
    loop {
        match byte(source, at) {
            b'+' if chomp.is_none() => chomp = Some(Chomp::Keep),
            b'-' if chomp.is_none() => chomp = Some(Chomp::Strip),
            digit @ b'1'..=b'9' if increment.is_none() => increment = Some(usize::from(digit - b'0')),
            _ => break,
        }
        at += 1;
    }
    let help = "after `|` or `>` only `+` or `-`, one digit from 1 to 9 and a comment may stand";
    let refused = |at| Refused { at, why: "this cannot follow `|` or `>`", help };
    if !matches!(byte(source, at), b' ' | b'\n' | b'\r') && at < source.len() {
        return Err(refused(at));
    }
    while byte(source, at) == b' ' {
        at += 1;
    }
    if byte(source, at) == b'#' {
        while at < source.len() && !is_break(byte(source, at)) {
            at += 1;
        }
    }
    if at < source.len() && !is_break(byte(source, at)) {
        return Err(refused(at));
    }
    Ok((chomp.unwrap_or(Chomp::Clip), increment, after_break(source, at)))
}

/// Skips the empty lines before the content and its indentation; gives the number of breaks, the
/// column of the content, the deepest indentation of any of these lines, and the offset.
fn leading(source: &str, mut at: usize) -> (usize, usize, usize, usize) {
    let (mut count, mut column, mut deepest) = (0, 0, 0);
    loop {
        match byte(source, at) {
            b' ' => {
                column += 1;
                at += 1;
                deepest = deepest.max(column);
            }
            b'\n' | b'\r' => {
                count += 1;
                column = 0;
                at = after_break(source, at);
            }
            _ => return (count, column, deepest, at),
        }
    }
}

/// Skips indentation up to `indent` and the line breaks of empty lines; gives the number of breaks,
/// the column reached, and the offset.
fn block_breaks(source: &str, mut at: usize, indent: usize) -> (usize, usize, usize) {
    let (mut count, mut column) = (0, 0);
    loop {
        while column < indent && byte(source, at) == b' ' {
            column += 1;
            at += 1;
        }
        if !is_break(byte(source, at)) {
            return (count, column, at);
        }
        count += 1;
        column = 0;
        at = after_break(source, at);
    }
}
