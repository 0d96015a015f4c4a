//! Patterns with texts of 60 characters, each text with the answer that the plain matcher gives.
//!
//! In a [`Search`] half of the texts match, and only in their last third; the others nearly match
//! there. [`Mixed`] is one text asked about fifty patterns. Texts are drawn until the plain matcher
//! says of them what was asked for, so that a workload cannot be other than it is called.

use crate::Random;
use aegisc::pyre::{self, Pattern};
use std::collections::HashSet;

/// How many characters a text has.
pub const LENGTH: usize = 60;

/// Where a match may begin to end: no match of a pattern without `$` ends before.
const LATE: usize = 40;

/// How many texts of each kind a workload has.
const TEXTS: usize = 64;

/// One pattern and different texts, each with whether the pattern is found in it.
pub struct Search {
    /// The pattern, as Python writes it.
    pub pattern: &'static str,
    /// Texts that match and texts that do not, as many of each, in random order.
    pub texts: Vec<(String, bool)>,
}

/// Fifty patterns and texts, of which each matches at most one.
pub struct Mixed {
    /// The patterns, as Python writes them.
    pub patterns: Vec<&'static str>,
    /// Texts that match none.
    pub none: Vec<(String, Option<usize>)>,
    /// The same, of Cyrillic words.
    pub cyrillic: Vec<(String, Option<usize>)>,
    /// Texts that match one, with its place; of every pattern as many.
    pub one: Vec<(String, Option<usize>)>,
}

/// What stands around a match.
#[derive(Clone, Copy)]
enum Filler {
    Words,
    Cyrillic,
    Cjk,
    /// Lower-case letters without a gap.
    Letters,
}

/// A pattern, its surroundings, what matches and what nearly does.
type Spec = (&'static str, Filler, &'static [&'static str], &'static [&'static str]);

/// ASCII texts; patterns that are not anchored at the end.
const ASCII: [Spec; 6] = [
    (r"\w+\s\d+-\d+", Filler::Words, &["item 42-17", "row 7-2001"], &["item 42_17", "row-7-"]),
    (
        r"[\w.+-]+@[\w-]+\.[\w.]+",
        Filler::Words,
        &["ann.lee@corp.com", "x+y@mail-1.example"],
        &["ann.lee@ corp", "x+y@mail-1"],
    ),
    (
        r"\b\d{3}-\d{2}-\d{4}\b",
        Filler::Words,
        &["123-45-6789", "987-65-4321"],
        &["123-45-678", "1987-65-4321"],
    ),
    (r"(?i)(select|drop|delete)\s+\w+", Filler::Words, &["DROP table", "Select x"], &["selected", "drop-"]),
    (r"[A-Z]{2}\d{6}", Filler::Words, &["AB123456", "QX000017"], &["AB12345x", "Qx000017"]),
    (r"(?:a|b|ab)+c\d", Filler::Words, &["ababc1", "bac7"], &["ababcx", "bad7"]),
];

const CYRILLIC: [Spec; 3] = [
    (r"\w+\s\d+-\d+", Filler::Cyrillic, &["строка 42-17", "дом 7-2001"], &["строка 42_17", "дом-7-"]),
    (r"[а-я]+\d{3}", Filler::Cyrillic, &["счет123", "заказ2026"], &["счет12", "Заказ-2026"]),
    (
        r"(?i)(удалить|стереть)\s+\w+",
        Filler::Cyrillic,
        &["Удалить файл", "стереть диск"],
        &["удалитьфайл", "стереть-диск"],
    ),
];

const CJK: [Spec; 3] = [
    (r"\w+\s\d+-\d+", Filler::Cjk, &["文件 42-17", "表 7-2001"], &["文件 42_17", "表-7-"]),
    (r"[一-龥]{2}\d", Filler::Cjk, &["文件7", "数据42"], &["文件 7", "数据-42"]),
    (r"(删除|清空)\s?[一-龥]+\d*!", Filler::Cjk, &["删除文件!", "清空 表7!"], &["删除文件", "清空-表7!"]),
];

const LITERALS: [Spec; 3] = [
    (
        r"user-\d+@internal",
        Filler::Words,
        &["user-42@internal", "user-7@internal"],
        &["user-@internal", "user-42@external"],
    ),
    (r"DROP\s+TABLE", Filler::Words, &["DROP TABLE", "DROP  TABLE"], &["DROP VIEW", "TABLE DROP"]),
    (r"\w+://evil", Filler::Words, &["http://evil", "ftp://evil"], &["http://good", "ftp:/evil"]),
];

const ENDS: [Spec; 4] = [
    (
        r"\w+@corp\.com$",
        Filler::Words,
        &["ann@corp.com", "bob@corp.com"],
        &["ann@corp.org", "bob@corp.com x"],
    ),
    (r"\.(exe|dll|sh)$", Filler::Words, &["setup.exe", "run.sh"], &["setup.exe1", "notes.txt"]),
    (r"^[a-z]+\d*$", Filler::Letters, &["", "42"], &["42x", " x"]),
    (r"[A-Z]\w*\.$", Filler::Words, &["Done.", "All_2."], &["done.", "Done"]),
];

/// ASCII texts, patterns without an end or a literal to look for.
#[must_use]
pub fn ascii() -> Vec<Search> {
    ASCII.iter().map(search).collect()
}

/// Cyrillic texts, each character of two bytes.
#[must_use]
pub fn cyrillic() -> Vec<Search> {
    CYRILLIC.iter().map(search).collect()
}

/// Chinese texts, each character of three bytes.
#[must_use]
pub fn cjk() -> Vec<Search> {
    CJK.iter().map(search).collect()
}

/// ASCII texts, patterns that need a literal.
#[must_use]
pub fn literals() -> Vec<Search> {
    LITERALS.iter().map(search).collect()
}

/// ASCII texts, patterns that end in `$`.
#[must_use]
pub fn ends() -> Vec<Search> {
    ENDS.iter().map(search).collect()
}

/// The fifty patterns of `data/patterns.txt`, with texts around those of `data/examples.txt`.
#[must_use]
pub fn mixed() -> Mixed {
    let patterns: Vec<&str> = include_str!("data/patterns.txt").lines().collect();
    let examples: Vec<&str> = include_str!("data/examples.txt").lines().collect();
    let parsed: Vec<Pattern> = patterns.iter().map(|text| pyre::parse(text).unwrap()).collect();
    let matching = |text: &str| -> Vec<usize> {
        (0..parsed.len()).filter(|&at| parsed[at].naive_search(text)).collect()
    };
    let mut random = Random::new(3);
    let mut draw = |count: usize, filler: Filler, wanted: Option<usize>| {
        let (pattern, example) = wanted.map_or(("", ""), |at| (patterns[at], examples[at]));
        let one = || loop {
            let text = around(pattern, example, filler, &mut random);
            if matching(&text) == Vec::from_iter(wanted) {
                return text;
            }
        };
        distinct(count, one).into_iter().map(move |text| (text, wanted))
    };
    let none = draw(TEXTS, Filler::Words, None).collect();
    let mut one: Vec<_> = (0..patterns.len()).flat_map(|at| draw(2, Filler::Words, Some(at))).collect();
    let cyrillic = draw(TEXTS, Filler::Cyrillic, None).collect();
    random.shuffle(&mut one);
    Mixed { patterns, none, cyrillic, one }
}

/// Different patterns of ordinary kinds, for compiling.
#[must_use]
pub fn generated(count: usize) -> Vec<String> {
    let pattern = |i: usize| {
        let (a, b) = (WORDS[i % WORDS.len()], WORDS[(i / 3 + 1) % WORDS.len()]);
        match i % 10 {
            0 => format!(r"(?i)\b{a}_{i}\b"),
            1 => format!(r"@{a}{i}\.example\.com$"),
            2 => format!("^/srv/{a}{i}/"),
            3 => format!(r"\b{a}-{i}-\d{{4}}\b"),
            4 => format!(r"{a}{i}://[\w.-]+"),
            5 => format!("(?:{a}|{b}){i}"),
            6 => format!(r"[A-Z]{{2}}{i}\d{{4}}"),
            7 => format!(r"\.{a}{i}$"),
            8 => format!(r"^{a}\s+\S+\s+{i}$"),
            _ => format!("{a}[^/]*{i}"),
        }
    };
    (0..count).map(pattern).collect()
}

/// A text of `bytes` bytes or a little less, of words without digits.
#[must_use]
pub fn long_words(bytes: usize) -> String {
    long(bytes, Filler::Words)
}

/// A text of `bytes` bytes or a little less, of Cyrillic words without digits.
#[must_use]
pub fn long_cyrillic(bytes: usize) -> String {
    long(bytes, Filler::Cyrillic)
}

fn long(bytes: usize, filler: Filler) -> String {
    let mut random = Random::new(5);
    let mut text = String::new();
    while text.len() < bytes {
        text.extend(fill(LENGTH, filler, &mut random).chars().filter(|c| !c.is_ascii_digit()));
        text.push(' ');
    }
    let end = (0..=bytes).rev().find(|&end| text.is_char_boundary(end)).unwrap();
    text.truncate(end);
    text
}

/// `count` random places of `cases`, to ask in.
#[must_use]
pub fn order(cases: usize, count: usize) -> Vec<usize> {
    let mut random = Random::new(7);
    (0..count).map(|_| random.below(cases)).collect()
}

fn search(&(pattern, filler, hits, misses): &Spec) -> Search {
    let parsed = pyre::parse(pattern).unwrap();
    let mut random = Random::new(2);
    let mut draw = |parts: &[&'static str], wanted: bool| loop {
        let text = around(pattern, random.pick(parts), filler, &mut random);
        let early: String = text.chars().take(LATE).collect();
        let late = pattern.ends_with('$') || !parsed.naive_search(&early);
        if late && parsed.naive_search(&text) == wanted {
            return text;
        }
    };
    let mut texts: Vec<(String, bool)> = Vec::new();
    for (parts, wanted) in [(hits, true), (misses, false)] {
        texts.extend(distinct(TEXTS, || draw(parts, wanted)).into_iter().map(|text| (text, wanted)));
    }
    random.shuffle(&mut texts);
    Search { pattern, texts }
}

/// A text of [`LENGTH`] characters with a part where the pattern's anchors allow it, else near the
/// end. Dots of an example stand for letters that make it as long.
fn around(pattern: &str, part: &str, filler: Filler, random: &mut Random) -> String {
    let length = part.chars().count();
    if let Some((before, after)) = part.split_once("...") {
        return format!("{before}{}{after}", fill(LENGTH + 3 - length, Filler::Letters, random));
    }
    let rest = LENGTH - length;
    if pattern.starts_with('^') && !pattern.ends_with('$') {
        return format!("{part}{}", fill(rest, filler, random));
    }
    let after = if pattern.ends_with('$') { 0 } else { random.below(8).min(rest) };
    let gap = if matches!(filler, Filler::Words | Filler::Cyrillic) && rest > after { " " } else { "" };
    let before = fill(rest - after - gap.len(), filler, random);
    let after = match after {
        0 => String::new(),
        n => format!(" {}", fill(n - 1, filler, random)),
    };
    format!("{before}{gap}{part}{after}")
}

const WORDS: [&str; 32] = [
    "report", "please", "send", "the", "weekly", "summary", "to", "team", "and", "check", "build", "status",
    "before", "release", "of", "service", "backup", "agent", "planner", "ticket", "open", "closed", "in",
    "region", "west", "customer", "update", "a", "note", "about", "cache", "b2",
];

const CYRILLIC_WORDS: [&str; 16] = [
    "отчет",
    "за",
    "неделю",
    "сервис",
    "проверить",
    "перед",
    "выпуском",
    "заявка",
    "Клиент",
    "и",
    "обновить",
    "запись",
    "о",
    "сборке",
    "план",
    "регион",
];

const CJK_CHARS: [&str; 24] = [
    "报", "告", "本", "周", "服", "务", "检", "查", "发", "布", "前", "客", "户", "更", "新", "记", "录",
    "关", "于", "构", "建", "计", "划", "区",
];

/// So many characters of filler, the last of which is no gap.
fn fill(length: usize, filler: Filler, random: &mut Random) -> String {
    let mut text = String::new();
    let mut count = 0;
    while count < length {
        let piece = match filler {
            Filler::Words => match random.below(8) {
                0 => format!("{} ", random.below(10_000)),
                1 => format!("{}{}", random.pick(&WORDS), random.pick(&[", ", ". ", "-", "_", "/", ": "])),
                2 => capitalised(random.pick(&WORDS)) + " ",
                _ => format!("{} ", random.pick(&WORDS)),
            },
            Filler::Cyrillic => match random.below(8) {
                0 => format!("{} ", random.below(1_000)),
                1 => format!("{}{}", random.pick(&CYRILLIC_WORDS), random.pick(&[", ", ". ", "-"])),
                _ => format!("{} ", random.pick(&CYRILLIC_WORDS)),
            },
            Filler::Cjk => match random.below(16) {
                0 => format!(" {} ", random.below(1_000)),
                1 => random.pick(&["，", "。"]).to_owned(),
                _ => random.pick(&CJK_CHARS).to_owned(),
            },
            Filler::Letters => random.pick(&WORDS).replace('2', ""),
        };
        count += piece.chars().count();
        text += &piece;
    }
    let mut chars: Vec<char> = text.chars().take(length).collect();
    if let Some(last) = chars.last_mut()
        && last.is_whitespace()
    {
        *last = '.';
    }
    chars.into_iter().collect()
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// So many different texts.
fn distinct(count: usize, mut draw: impl FnMut() -> String) -> Vec<String> {
    let mut known = HashSet::new();
    let mut texts = Vec::new();
    while texts.len() < count {
        let text = draw();
        assert_eq!(text.chars().count(), LENGTH, "{text:?}");
        if known.insert(text.clone()) {
            texts.push(text);
        }
    }
    texts
}
