//! The Unicode tables of CPython 3.11 (Unicode 14), read off `re` itself: what `\d`, `\w` and `\s`
//! match, and which characters are the same under `(?i)`.
//!
//! `classes.txt` has a line for each class: its name, a tab, and inclusive ranges of code points.
//! `fold.txt` has a line for each code point that has company: `c:x,y,…`, c among them. Company is
//! an equivalence: every member has the same line. Both are read once, when first needed.

use super::ast::{Class, Over};
use std::sync::LazyLock;

/// Sorted, disjoint, inclusive ranges of code points.
pub(super) type Ranges = [(u32, u32)];

struct Classes {
    digit: Vec<(u32, u32)>,
    word: Vec<(u32, u32)>,
    space: Vec<(u32, u32)>,
}

static CLASSES: LazyLock<Classes> = LazyLock::new(|| {
    let line = |name: &str| {
        let mut lines = include_str!("classes.txt").lines();
        let ranges = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('\t')).unwrap_or("");
        ranges
            .split(',')
            .filter_map(|range| {
                let (low, high) = range.split_once('-')?;
                Some((low.parse().ok()?, high.parse().ok()?))
            })
            .collect()
    };
    Classes { digit: line(r"\d"), word: line(r"\w"), space: line(r"\s") }
});

static FOLD: LazyLock<Vec<(u32, Vec<u32>)>> = LazyLock::new(|| {
    let line = |line: &str| {
        let (c, company) = line.split_once(':')?;
        let company = company.split(',').filter_map(|c| c.parse().ok()).collect();
        Some((c.parse().ok()?, company))
    };
    include_str!("fold.txt").lines().filter_map(line).collect()
});

/// The code points of `\d`, `\w` or `\s`.
pub(super) fn class(class: Class, over: Over) -> &'static Ranges {
    match (over, class) {
        (Over::Ascii, Class::Digit) => &[(0x30, 0x39)],
        (Over::Ascii, Class::Word) => &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)],
        (Over::Ascii, Class::Space) => &[(0x09, 0x0d), (0x20, 0x20)],
        (Over::Unicode, Class::Digit) => &CLASSES.digit,
        (Over::Unicode, Class::Word) => &CLASSES.word,
        (Over::Unicode, Class::Space) => &CLASSES.space,
    }
}

/// Whether a code point is in sorted ranges.
pub(super) fn contains(ranges: &Ranges, c: u32) -> bool {
    let after = ranges.partition_point(|&(low, _)| low <= c);
    after.checked_sub(1).and_then(|i| ranges.get(i)).is_some_and(|&(_, high)| c <= high)
}

/// The code points that are the same as `c` under `(?i)`, `c` among them; empty if it has no
/// company.
pub(super) fn company(c: u32) -> &'static [u32] {
    let fold: &'static [(u32, Vec<u32>)] = FOLD.as_slice();
    match fold.binary_search_by_key(&c, |&(c, _)| c) {
        Ok(found) => fold.get(found).map_or(&[], |(_, company)| company.as_slice()),
        Err(_) => &[],
    }
}

/// Every code point that has company, ascending, with its company.
pub(super) fn all_company() -> &'static [(u32, Vec<u32>)] {
    &FOLD
}

/// Whether a code point past U+FFFF is an upper-case letter, that is, has company above itself:
/// beyond the basic plane company comes in pairs, and the lower-case letter is the greater one.
pub(super) fn is_astral_upper(c: u32) -> bool {
    c > 0xffff && company(c).iter().any(|&other| other > c)
}
