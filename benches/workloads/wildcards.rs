//! Globs that must be searched for, or that fix both ends, and a catch-all: 1,024 actions, half of them
//! for the catch-all.

use super::{ORDER, generated, rule};
use crate::{Random, Workload};
use aegis_vm::Action;
use std::fmt::Write;

/// Rule `i` is for types with the i-th word in them.
#[must_use]
pub fn globs_words(rules: usize) -> Workload {
    globs("globs_words", rules, |word| format!("type: '*{word}*'"))
}

/// Rule `i` is for targets that begin and end with the i-th word.
#[must_use]
pub fn globs_ends(rules: usize) -> Workload {
    globs("globs_ends", rules, |word| format!("target: '{word}/*-?{word}'"))
}

fn globs(name: &str, rules: usize, matching: impl Fn(&str) -> String + Sync + 'static) -> Workload {
    let mut random = Random::new(6);
    let words: Vec<String> = (0..rules).map(|_| random.letters(7)).collect();
    let fillers: Vec<String> = (0..64).map(|_| random.letters(7)).collect();
    let mut random = Random::new(7);
    let mut action = |_| {
        let (i, filler) = (random.below(rules), &fillers[random.below(fillers.len())]);
        let (word, decided) = match random.below(2) {
            0 => (&words[i], i),
            _ => (&fillers[0], rules),
        };
        (Action::new(format!("{filler}_{word}_x"), format!("{word}/{filler}-1{word}")), rule(decided))
    };
    let actions: Vec<_> = (0..1_024).map(&mut action).collect();
    let order = random.order(1_024, ORDER);
    generated(format!("{name} {rules}"), &[], actions, order, move || {
        let mut yaml = String::from("rules:\n");
        for (i, word) in words.iter().enumerate() {
            let matching = matching(word);
            writeln!(yaml, "- {{name: rule_{i}, match: {{{matching}}}, approval: block}}").unwrap();
        }
        yaml.push_str("- {name: rest}\n");
        yaml
    })
}
