//! The Unicode tables of CPython 3.11 (Unicode 14), read off `re` itself: what `\d`, `\w` and `\s`
//! match, which characters are the same under `(?i)`, and what may stand in an identifier.
//!
//! `classes.txt` has a line for each class: its name, a tab, and inclusive ranges of code points.
//! `fold.txt` has a line for each code point that has company: `c:x,y,…`, c among them. Company is
//! an equivalence: every member has the same line. `upper.txt` has a line `c:u` for each code point
//! whose upper case, or the first character of it, is another. `identifiers.txt` has lines as
//! `classes.txt` has: what `str.isidentifier` takes first, what it takes later, and `str.isalpha`.
//! Each file is read once, when first needed.

use super::syntax::ast::{Class, Over};
use std::sync::LazyLock;

/// Sorted, disjoint, inclusive ranges of code points.
pub(super) type Ranges = [(u32, u32)];

struct Classes {
    digit: Vec<(u32, u32)>,
    word: Vec<(u32, u32)>,
    space: Vec<(u32, u32)>,
}

static CLASSES: LazyLock<Classes> = LazyLock::new(|| {
    let text = include_str!("data/classes.txt");
    Classes { digit: ranges(text, r"\d"), word: ranges(text, r"\w"), space: ranges(text, r"\s") }
});

struct Identifiers {
    start: Vec<(u32, u32)>,
    goes_on: Vec<(u32, u32)>,
    alpha: Vec<(u32, u32)>,
}

static IDENTIFIERS: LazyLock<Identifiers> = LazyLock::new(|| {
    let text = include_str!("data/identifiers.txt");
    Identifiers {
        start: ranges(text, "start"),
        goes_on: ranges(text, "continue"),
        alpha: ranges(text, "alpha"),
    }
});

static UPPER: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
    let line = |line: &str| {
        let (c, upper) = line.split_once(':')?;
        Some((c.parse().ok()?, upper.parse().ok()?))
    };
    include_str!("data/upper.txt").lines().filter_map(line).collect()
});

/// The ranges after a name and a tab, in a text of such lines.
pub(super) fn ranges(text: &str, name: &str) -> Vec<(u32, u32)> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
    let range = |range: &str| {
        let (low, high) = range.split_once('-')?;
        Some((low.parse().ok()?, high.parse().ok()?))
    };
    line.unwrap_or("").split(',').filter_map(range).collect()
}

static FOLD: LazyLock<Vec<(u32, Vec<u32>)>> = LazyLock::new(|| {
    let line = |line: &str| {
        let (c, company) = line.split_once(':')?;
        let company = company.split(',').filter_map(|c| c.parse().ok()).collect();
        Some((c.parse().ok()?, company))
    };
    include_str!("data/fold.txt").lines().filter_map(line).collect()
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

/// Every code point whose upper case `u` is another, ascending, as `(c, u)`.
pub(super) fn all_upper() -> &'static [(u32, u32)] {
    &UPPER
}

/// The upper case of a code point, or the first character of it.
pub(super) fn upper(c: u32) -> u32 {
    match UPPER.binary_search_by_key(&c, |&(c, _)| c) {
        Ok(found) => UPPER.get(found).map_or(c, |&(_, upper)| upper),
        Err(_) => c,
    }
}

/// Whether Python's `str.isidentifier` holds.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars().map(u32::from);
    chars.next().is_some_and(|first| contains(&IDENTIFIERS.start, first))
        && chars.all(|c| contains(&IDENTIFIERS.goes_on, c))
}

/// Whether Python's `str.isalpha` holds.
pub(super) fn is_alphabetic(c: char) -> bool {
    contains(&IDENTIFIERS.alpha, u32::from(c))
}

/// The value of a decimal digit. Each range of `\d` is made of whole rows from 0 to 9.
pub(super) fn decimal(c: char) -> Option<u32> {
    let c = u32::from(c);
    let digits = class(Class::Digit, Over::Unicode);
    let after = digits.partition_point(|&(low, _)| low <= c);
    let &(low, high) = after.checked_sub(1).and_then(|i| digits.get(i))?;
    (c <= high).then(|| c.saturating_sub(low) % 10)
}
