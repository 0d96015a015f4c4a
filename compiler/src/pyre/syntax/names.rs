//! The character that `\N{…}` names, as `unicodedata.lookup` of CPython 3.11 (Unicode 14) finds it.
//!
//! The names come from `unicode_names2`, which knows a later Unicode and takes names loosely: what
//! it finds counts only if the character had a name in Unicode 14 and is spelled so, but for case.
//! `names.txt`, read off CPython, holds the code points that have names, the ideographs, which are
//! named by number, and the aliases, each with a tab before its ranges or its code point. Python
//! takes syllables and ideographs in capitals only.

use crate::pyre::tables::{self, Ranges};
use std::sync::LazyLock;

const SYLLABLE: &str = "HANGUL SYLLABLE ";
const IDEOGRAPH: &str = "CJK UNIFIED IDEOGRAPH-";

/// What CPython gives up at, in bytes.
const MAX_LENGTH: usize = 256;

struct Names {
    named: Vec<(u32, u32)>,
    ideograph: Vec<(u32, u32)>,
    /// Ascending by alias.
    aliases: Vec<(&'static str, u32)>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let text = include_str!("../data/names.txt");
    let alias = |line: &'static str| {
        let (alias, code) = line.split_once('\t')?;
        Some((alias, code.parse().ok()?))
    };
    Names {
        named: tables::ranges(text, "named"),
        ideograph: tables::ranges(text, "ideograph"),
        aliases: text.lines().filter_map(alias).collect(),
    }
});

/// The code point of a name, or of an alias; `None` for named sequences, as those are not one
/// character.
pub(crate) fn character(name: &str) -> Option<u32> {
    // Names begin with a letter; the library takes nothing else for granted.
    let plain = |c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '-';
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !begins || !name.chars().all(plain) || name.len() > MAX_LENGTH {
        return None;
    }
    if let Some(number) = name.strip_prefix(IDEOGRAPH) {
        return ideograph(number, &NAMES.ideograph);
    }
    if name.starts_with(SYLLABLE) {
        let found = unicode_names2::character(name)?;
        return (spelled(found)? == name).then_some(u32::from(found));
    }
    if let Some(code) = alias(name) {
        return Some(code);
    }
    let found = unicode_names2::character(name)?;
    let known = tables::contains(&NAMES.named, u32::from(found));
    (known && spelled(found)?.eq_ignore_ascii_case(name)).then_some(u32::from(found))
}

fn spelled(c: char) -> Option<String> {
    unicode_names2::name(c).map(|name| name.to_string())
}

/// Four or five digits, in capitals, of an ideograph.
fn ideograph(number: &str, ideographs: &Ranges) -> Option<u32> {
    let digit = |c: char| matches!(c, '0'..='9' | 'A'..='F');
    if !matches!(number.len(), 4 | 5) || !number.chars().all(digit) {
        return None;
    }
    let code = u32::from_str_radix(number, 16).ok()?;
    tables::contains(ideographs, code).then_some(code)
}

fn alias(name: &str) -> Option<u32> {
    let capitals = name.to_ascii_uppercase();
    let aliases = &NAMES.aliases;
    let found = aliases.binary_search_by_key(&capitals.as_str(), |&(alias, _)| alias).ok()?;
    aliases.get(found).map(|&(_, code)| code)
}
