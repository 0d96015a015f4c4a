//! Actions that a policy's rules are near to.

use super::bytes::Bytes;
use super::constants;
use super::generate::Vocabulary;
use super::globs;
use aegis_vm::json::{Json, Object};
use aegis_vm::{Action, Timestamp};

/// 2026-03-16T00:00:00Z, a Monday.
const MONDAY: i64 = 1_773_619_200;

const WORDS: [&str; 12] = [
    "delete",
    "please KILL it",
    "credit_card",
    "x_delete",
    "deletes",
    "read_file",
    "urgent!",
    "deploy",
    "production",
    "aİ",
    "\u{212a}ill",
    "a",
];

/// Draws the actions, each with its time.
pub fn draw(vocabulary: &Vocabulary, bytes: &mut Bytes<'_>) -> Vec<(Action, Option<Timestamp>)> {
    let mut cases = Vec::new();
    // While there are bytes there is something new to ask; the last ones repeat the first choice.
    while cases.is_empty() || (!bytes.is_empty() && cases.len() < 24) {
        cases.push((action(vocabulary, bytes), time(vocabulary, bytes)));
    }
    cases
}

fn action(vocabulary: &Vocabulary, bytes: &mut Bytes<'_>) -> Action {
    let [types, targets, agents] = &vocabulary.globs;
    let kind = field(&vocabulary.types, types, bytes);
    let target = field(&vocabulary.targets, targets, bytes);
    let mut action = Action::new(kind, target);
    if bytes.chance(110) {
        action = action.agent(field(&vocabulary.agents, agents, bytes));
    }
    if !vocabulary.semantic.is_empty() && bytes.chance(90) {
        let word = bytes.pick(&vocabulary.semantic);
        action = action.description(match bytes.below(8) {
            0 | 1 => bytes.pick(&WORDS).to_owned(),
            2 => word.to_uppercase(),
            // The only other characters whose lower case has a letter of a word.
            3 => word.replace('i', "İ"),
            4 => word.replace('k', "\u{212a}"),
            5 => format!("x_{word}"),
            6 => format!("{word}x"),
            _ => word.to_owned(),
        });
    }
    if bytes.chance(20) {
        action = action.description(run_of_words(bytes));
    }
    let mut params = Object::new();
    for name in &vocabulary.params {
        if bytes.chance(190) {
            params.insert(*name, constants::value(&vocabulary.values, bytes));
        }
    }
    if bytes.chance(20) {
        params.insert(bytes.pick(&WORDS), bytes.pick(&WORDS));
    }
    if bytes.chance(40) {
        params.insert(bytes.pick(&vocabulary.params), run_of_texts(vocabulary, bytes));
    }
    if bytes.chance(10) {
        params.insert("deep", deep(bytes));
    }
    action.params(params)
}

/// Parts of words with what can stand beside them, letters that are lowered to others among them.
fn run_of_words(bytes: &mut Bytes<'_>) -> String {
    const PARTS: [&str; 22] = [
        "a", "b", "ab", "c", "_", "_", "__", " ", "-", "é", "İ", "\u{212a}", "i", "k", "ILL", "credit",
        "card", "Delete", "x", "0", "t", "I\u{307}",
    ];
    (0..bytes.between(1, 12)).map(|_| bytes.pick(&PARTS)).collect()
}

/// A text of several of the policy's texts, one after the other or overlapping by a character.
fn run_of_texts(vocabulary: &Vocabulary, bytes: &mut Bytes<'_>) -> String {
    let mut run = String::new();
    for _ in 0..bytes.between(1, 8) {
        if let Json::Str(text) = bytes.pick(&vocabulary.values) {
            if run.chars().last() == text.chars().next() {
                run.pop();
            }
            run.push_str(&text);
        }
        run.push_str(bytes.pick(&["", "", "a", "b", " ", "é"]));
    }
    run
}

fn field(literals: &[&str], globs: &[String], bytes: &mut Bytes<'_>) -> String {
    if !globs.is_empty() && bytes.chance(90) {
        return globs::example(&bytes.pick(globs), bytes);
    }
    globs::near(bytes.pick(literals), bytes)
}

/// A list in a list in a list, as deep as JSON is read.
fn deep(bytes: &mut Bytes<'_>) -> Json {
    let mut value = Json::Int(1);
    for _ in 0..bytes.between(1, 120) {
        value = Json::List(vec![value]);
    }
    value
}

/// Mostly at a boundary of the policy, or a second beside it, on any day; sometimes none.
fn time(vocabulary: &Vocabulary, bytes: &mut Bytes<'_>) -> Option<Timestamp> {
    if bytes.chance(8) {
        return None;
    }
    let minute = match vocabulary.minutes.as_slice() {
        minutes @ [_, ..] if bytes.chance(200) => bytes.pick(minutes),
        _ => i64::try_from(bytes.below(1440)).unwrap(),
    };
    let beside = bytes.pick(&[0, 0, -1, 59, 60, -60, 1]);
    let day = i64::from(bytes.byte() % 7);
    let year = if bytes.chance(10) { -200 * 366 * 86_400 } else { 0 };
    Some(Timestamp::from_unix(MONDAY + year + day * 86_400 + minute * 60 + beside, u32::from(bytes.byte())))
}
