//! Whether a text matches a glob.

use crate::format::{
    GLOB_ANY, GLOB_LITERAL, GLOB_PREFIX, GLOB_SUFFIX, GLOB_TOKENS, GlobToken, TOKEN_NOT_SET, TOKEN_ONE,
    TOKEN_RUN, TOKEN_SET, TOKEN_TEXT,
};
use crate::tables::Tables;
use zerocopy::little_endian::U32;

/// Whether `text` matches the glob; `None` if a table is inconsistent.
pub(crate) fn matches(tables: &Tables, glob: U32, text: &str) -> Option<bool> {
    let glob = tables.glob(glob)?;
    match glob.kind.get() {
        GLOB_ANY => Some(true),
        GLOB_LITERAL => Some(tables.slice_of_strings(glob.a, glob.b)? == text),
        GLOB_PREFIX => Some(text.starts_with(tables.slice_of_strings(glob.a, glob.b)?)),
        GLOB_SUFFIX => Some(text.ends_with(tables.slice_of_strings(glob.a, glob.b)?)),
        GLOB_TOKENS => tokens_match(tables, tables.glob_tokens.run(&tables.bytes, glob.a, glob.b)?, text),
        _ => None,
    }
}

/// Greedy with one point of return: when a later token fails, the last run takes one character more.
/// An earlier run never needs to, since the last one can take whatever it would have. At most one
/// step for each pair of a token and a character.
fn tokens_match(tables: &Tables, tokens: &[GlobToken], text: &str) -> Option<bool> {
    let (mut token, mut rest) = (0, text);
    let mut last_run: Option<(usize, &str)> = None;
    loop {
        let step = match tokens.get(token) {
            None if rest.is_empty() => return Some(true),
            None => None,
            Some(run) if run.kind.get() == TOKEN_RUN => {
                token += 1;
                if token == tokens.len() {
                    return Some(true);
                }
                last_run = Some((token, rest));
                continue;
            }
            Some(one) => take(tables, one, rest)?,
        };
        match (step, last_run) {
            (Some(after), _) => {
                token += 1;
                rest = after;
            }
            (None, None) => return Some(false),
            (None, Some((after_run, from))) => {
                let mut chars = from.chars();
                if chars.next().is_none() {
                    return Some(false);
                }
                last_run = Some((after_run, chars.as_str()));
                token = after_run;
                rest = chars.as_str();
            }
        }
    }
}

/// What is left of `rest` after one token that is no run; the inner `None` if it does not match.
fn take<'t>(tables: &Tables, token: &GlobToken, rest: &'t str) -> Option<Option<&'t str>> {
    let kind = token.kind.get();
    if kind == TOKEN_TEXT {
        return Some(rest.strip_prefix(tables.slice_of_strings(token.a, token.b)?));
    }
    let mut chars = rest.chars();
    let Some(c) = chars.next() else { return Some(None) };
    let holds = match kind {
        TOKEN_ONE => true,
        TOKEN_SET | TOKEN_NOT_SET => {
            let ranges = tables.glob_ranges.run(&tables.bytes, token.a, token.b)?;
            let code = u32::from(c);
            let inside = ranges.iter().any(|r| (r.low.get()..=r.high.get()).contains(&code));
            inside == (kind == TOKEN_SET)
        }
        _ => return None,
    };
    Some(holds.then_some(chars.as_str()))
}
