//! Whether a text matches a glob.

use crate::format::{
    GLOB_ANY, GLOB_GROUPED, GLOB_LITERAL, GLOB_PREFIX, GLOB_SUFFIX, GLOB_TOKENS, GlobToken, ResolvedGlob,
    TOKEN_NOT_SET, TOKEN_ONES, TOKEN_RUN, TOKEN_SET, TOKEN_TEXT,
};
use crate::pattern::Groups;
use crate::tables::{Tables, index};
use zerocopy::little_endian::U32;

/// Whether `text`, which stands in a field of the action (a shape's bit), matches the glob; `None` if a
/// table is inconsistent.
pub(crate) fn matches(
    tables: &Tables,
    groups: &mut Option<Groups>,
    glob: U32,
    field: u32,
    text: &str,
) -> Option<bool> {
    let glob = tables.glob(glob)?;
    match glob.kind {
        GLOB_ANY => Some(true),
        GLOB_LITERAL => Some(tables.slice_of_strings(glob.a, glob.b)? == text),
        GLOB_PREFIX => Some(text.starts_with(tables.slice_of_strings(glob.a, glob.b)?)),
        GLOB_SUFFIX => Some(text.ends_with(tables.slice_of_strings(glob.a, glob.b)?)),
        GLOB_TOKENS => tokens_match(tables, tables.glob_tokens.run(&tables.bytes, glob.a, glob.b)?, text),
        GLOB_GROUPED => grouped(tables, groups, glob, field, text),
        _ => None,
    }
}

// Apart, so that other globs do not pay for it.
#[inline(never)]
fn grouped(
    tables: &Tables,
    groups: &mut Option<Groups>,
    glob: ResolvedGlob,
    field: u32,
    text: &str,
) -> Option<bool> {
    groups.get_or_insert_default().find(tables, glob.a, glob.b, U32::new(field), text)
}

/// The tokens before the first run match at the start, those after the last run at the end; the
/// pieces between runs match one after the other, each as early as it can: a later start leaves less
/// for the pieces behind it.
fn tokens_match(tables: &Tables, tokens: &[GlobToken], text: &str) -> Option<bool> {
    let is_run = |token: &GlobToken| token.kind.get() == TOKEN_RUN;
    let (mut tokens, mut rest) = (tokens, text);
    while let Some((first, after)) = tokens.split_first().filter(|(first, _)| !is_run(first)) {
        match take(tables, first, rest)? {
            Some(left) => (tokens, rest) = (after, left),
            None => return Some(false),
        }
    }
    if tokens.is_empty() {
        return Some(rest.is_empty());
    }
    while let Some((last, before)) = tokens.split_last().filter(|(last, _)| !is_run(last)) {
        match take_back(tables, last, rest)? {
            Some(left) => (tokens, rest) = (before, left),
            None => return Some(false),
        }
    }
    for piece in tokens.split(is_run).filter(|piece| !piece.is_empty()) {
        match find(tables, piece, rest)? {
            Some(after) => rest = after,
            None => return Some(false),
        }
    }
    Some(true)
}

/// What follows the earliest place in `rest` at which the piece matches.
fn find<'t>(tables: &Tables, piece: &[GlobToken], rest: &'t str) -> Option<Option<&'t str>> {
    let (first, others) = piece.split_first()?;
    let mut from = rest;
    loop {
        if first.kind.get() == TOKEN_TEXT {
            // Straight to where the text is.
            match from.find(tables.slice_of_strings(first.a, first.b)?) {
                Some(start) => from = from.get(start..)?,
                None => return Some(None),
            }
        }
        let mut left = take(tables, first, from)?;
        for token in others {
            match left {
                Some(text) => left = take(tables, token, text)?,
                None => break,
            }
        }
        if left.is_some() {
            return Some(left);
        }
        let mut chars = from.chars();
        if chars.next().is_none() {
            return Some(None);
        }
        from = chars.as_str();
    }
}

/// What is left of `rest` after one token that is no run; the inner `None` if it does not match.
fn take<'t>(tables: &Tables, token: &GlobToken, rest: &'t str) -> Option<Option<&'t str>> {
    let mut chars = rest.chars();
    match token.kind.get() {
        TOKEN_TEXT => Some(rest.strip_prefix(tables.slice_of_strings(token.a, token.b)?)),
        TOKEN_ONES => Some(chars.nth(index(token.a).checked_sub(1)?).map(|_| chars.as_str())),
        _ => match chars.next() {
            Some(c) => Some(in_set(tables, token, c)?.then_some(chars.as_str())),
            None => Some(None),
        },
    }
}

/// As [`take`], from the end.
fn take_back<'t>(tables: &Tables, token: &GlobToken, rest: &'t str) -> Option<Option<&'t str>> {
    let mut chars = rest.chars();
    match token.kind.get() {
        TOKEN_TEXT => Some(rest.strip_suffix(tables.slice_of_strings(token.a, token.b)?)),
        TOKEN_ONES => Some(chars.nth_back(index(token.a).checked_sub(1)?).map(|_| chars.as_str())),
        _ => match chars.next_back() {
            Some(c) => Some(in_set(tables, token, c)?.then_some(chars.as_str())),
            None => Some(None),
        },
    }
}

/// Whether a set takes the character.
fn in_set(tables: &Tables, token: &GlobToken, c: char) -> Option<bool> {
    let ranges = tables.glob_ranges.run(&tables.bytes, token.a, token.b)?;
    let code = u32::from(c);
    let before = ranges.partition_point(|range| range.low.get() <= code);
    let last = before.checked_sub(1).and_then(|last| ranges.get(last));
    let inside = last.is_some_and(|range| code <= range.high.get());
    match token.kind.get() {
        TOKEN_SET => Some(inside),
        TOKEN_NOT_SET => Some(!inside),
        _ => None,
    }
}
