//! Workloads where many rules are in question for every action: no key tells them apart.
//!
//! Which rule decides is found here by asking the rules one after the other: comparisons of numbers,
//! `contains`, and the plain matcher of the compiler, which shares nothing with the tables.

use super::{ACTIONS, ORDER, generated, rule};
use crate::{Random, Workload};
use aegis_vm::Action;
use aegisc::pyre::{self, Pattern};
use std::fmt::Write;

/// The params of [`w7`].
const NUMBERS: [&str; 8] = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"];

/// The params of [`w8`].
pub const TEXTS: [&str; 3] = ["command", "path", "note"];

/// Values of a param of [`w7`] are below this.
const RANGE: usize = 16;

/// How many words and how many patterns [`w8`] has.
const EACH: usize = 100;

/// A rule of [`w7`]: one param equals a number, another is above one, a third below one.
#[derive(Clone, Copy, Debug)]
pub struct Conjunction {
    /// The place of a param, and what it equals.
    pub equal: (usize, i64),
    /// The place of a param, and what it is above.
    pub above: (usize, i64),
    /// The place of a param, and what it is below.
    pub below: (usize, i64),
}

/// One type; each rule is a conjunction over three of eight params, drawn, so that no order of tests
/// serves all rules. 4,096 actions, every param uniform.
#[must_use]
pub fn w7(rules: usize) -> Workload {
    let rows = conjunctions(rules);
    let mut random = Random::new(70);
    let mut action = |_| {
        let values: [i64; 8] = NUMBERS.map(|_| number(&mut random, RANGE));
        let decided = rows.iter().position(|row| row.holds(&values));
        let mut action = Action::new("adjust", "cluster");
        for (name, value) in NUMBERS.into_iter().zip(values) {
            action = action.param(name, value);
        }
        (action, decided.and_then(rule))
    };
    let actions: Vec<_> = (0..ACTIONS).map(&mut action).collect();
    let order = random.order(ACTIONS, ORDER);
    generated(format!("W7 {rules}"), &NUMBERS, actions, order, move || {
        let mut yaml =
            String::from("version: \"1\"\ndefaults: { risk_level: high, approval: approve }\nrules:\n");
        for (i, Conjunction { equal, above, below }) in conjunctions(rules).into_iter().enumerate() {
            writeln!(
                yaml,
                "  - name: rule_{i}\n    match: {{ type: adjust }}\n    conditions:\n      \
                 param_eq: {{ p{}: {} }}\n      param_gt: {{ p{}: {} }}\n      param_lt: {{ p{}: {} }}\n    \
                 approval: block",
                equal.0, equal.1, above.0, above.1, below.0, below.1
            )
            .unwrap();
        }
        yaml
    })
}

/// The rules of [`w7`].
#[must_use]
pub fn conjunctions(rules: usize) -> Vec<Conjunction> {
    let mut random = Random::new(7);
    let mut row = |_| {
        let mut places = [0, 1, 2, 3, 4, 5, 6, 7];
        random.shuffle(&mut places);
        let [equal, above, below, ..] = places;
        Conjunction {
            equal: (equal, number(&mut random, RANGE)),
            // One value at least is above, and one below.
            above: (above, number(&mut random, RANGE - 1)),
            below: (below, number(&mut random, RANGE - 1) + 1),
        }
    };
    (0..rules).map(&mut row).collect()
}

impl Conjunction {
    /// Whether the rule matches.
    #[must_use]
    pub fn holds(&self, values: &[i64; 8]) -> bool {
        let Conjunction { equal, above, below } = self;
        values[equal.0] == equal.1 && values[above.0] > above.1 && values[below.0] < below.1
    }
}

fn number(random: &mut Random, end: usize) -> i64 {
    i64::try_from(random.below(end)).unwrap()
}

/// 100 rules for types with a word in them, then 100 for a pattern in one of three params; the patterns
/// are of ten kinds. A tenth of 4,096 actions are decided by a rule, half of those by a word.
#[must_use]
pub fn w8() -> Workload {
    let words = words();
    let patterns = patterns();
    let parsed: Vec<Pattern> = patterns.iter().map(|(text, _)| pyre::parse(text).unwrap()).collect();
    let mut random = Random::new(80);
    // For each param texts without a match, and for each pattern one with: what the rules say of a
    // text is asked once.
    let first = |param: usize, text: &str| {
        let of_param = (param..EACH).step_by(TEXTS.len());
        of_param.into_iter().find(|&i| parsed[i].naive_search(text))
    };
    let mut plain = |param: usize| -> Vec<(String, Option<usize>)> {
        let texts = (0..128).map(|_| sentence(&mut random, "", 40));
        texts.map(|text| (text.clone(), first(param, &text))).collect()
    };
    let plain: [Vec<_>; 3] = [0, 1, 2].map(&mut plain);
    let hit = |i: usize, random: &mut Random| {
        let text = match patterns[i].1.strip_prefix('^') {
            Some(start) => format!("{start}{}", sentence(random, "", 20)),
            None => sentence(random, &patterns[i].1, 40),
        };
        let decided = first(i % TEXTS.len(), &text);
        assert!(decided.is_some_and(|first| first <= i), "{text} is no example of {}", patterns[i].0);
        (text, decided)
    };
    let hits: Vec<_> = (0..EACH).map(|i| hit(i, &mut random)).collect();
    let mut action = |_| {
        let mut texts = [0, 1, 2].map(|param| plain[param][random.below(plain[param].len())].clone());
        let mut kind = format!("{}_{}_x", random.letters(7), random.letters(7));
        if random.below(10) == 0 {
            let i = random.below(EACH);
            match random.below(2) {
                0 => kind = format!("{}_{}_x", random.letters(7), words[i]),
                _ => texts[i % TEXTS.len()] = hits[i].clone(),
            }
        }
        let word = words.iter().position(|word| kind.contains(word.as_str()));
        let pattern = texts.iter().filter_map(|(_, decided)| *decided).min().map(|i| EACH + i);
        let mut action = Action::new(kind, "shell");
        for (name, (text, _)) in TEXTS.into_iter().zip(texts) {
            action = action.param(name, text);
        }
        (action, word.or(pattern).and_then(rule))
    };
    let actions: Vec<_> = (0..ACTIONS).map(&mut action).collect();
    let order = random.order(ACTIONS, ORDER);
    generated("W8".to_owned(), &TEXTS, actions, order, || {
        let mut yaml =
            String::from("version: \"1\"\ndefaults: { risk_level: high, approval: approve }\nrules:\n");
        for (i, word) in self::words().iter().enumerate() {
            writeln!(yaml, "  - name: word_{i}\n    match: {{ type: '*{word}*' }}\n    approval: block")
                .unwrap();
        }
        for (i, (pattern, _)) in self::patterns().iter().enumerate() {
            let param = TEXTS[i % TEXTS.len()];
            writeln!(
                yaml,
                "  - name: pattern_{i}\n    conditions: {{ param_matches: {{ {param}: '{pattern}' }} }}\n    \
                 approval: block"
            )
            .unwrap();
        }
        yaml
    })
}

/// The words of [`w8`].
#[must_use]
pub fn words() -> Vec<String> {
    let mut random = Random::new(8);
    (0..EACH).map(|_| random.letters(7)).collect()
}

/// The patterns of [`w8`], each with a text in which it is found; one that begins with `^` stands at the
/// start. Pattern `i` is for param `i mod 3`.
#[must_use]
pub fn patterns() -> Vec<(String, String)> {
    let mut random = Random::new(88);
    let mut pattern = |i: usize| {
        let (word, other) = (random.letters(5), random.letters(5));
        let (pattern, example) = match i / 10 {
            0 => (format!(r"@{word}\.example\.com\b"), format!("ann@{word}.example.com")),
            1 => (format!("^/srv/{word}/"), format!("^/srv/{word}/data ")),
            2 => (format!(r"\b{word}-\d{{4}}\b"), format!("{word}-2041")),
            3 => (format!(r"(?i)(drop|delete)\s+{word}"), format!("DROP {}", word.to_uppercase())),
            4 => (format!(r"[A-Z]{{2}}{word}\d{{3}}"), format!("QX{word}123")),
            5 => (format!("{word}{other}"), format!("{word}{other}")),
            6 => (format!(r"(?:{word}|{other})=\w+"), format!("{other}=yes")),
            7 => (format!("^{word}(:[a-z]+)+ "), format!("^{word}:run:all ")),
            8 => (format!(r"\s{word}[0-9a-f]{{8}}"), format!("{word}00c0ffee")),
            _ => (format!(r"{word}\s.*;$"), format!("{word} {other};")),
        };
        (pattern, example)
    };
    (0..EACH).map(&mut pattern).collect()
}

/// Words that mean nothing, with another text as the last of them.
fn sentence(random: &mut Random, last: &str, length: usize) -> String {
    let mut text = String::new();
    while text.len() + last.len() < length {
        let count = 3 + random.below(6);
        text.push_str(&random.letters(count));
        text.push(' ');
    }
    text.push_str(last);
    text
}
