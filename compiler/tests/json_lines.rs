//! Actions read from JSON where they stand, against those read as a tree: drawn lines, whole and damaged.
//!
//! `JSON_LINES` sets the number of lines.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use support::bytes::{Bytes, next};
use support::lines;

const SPACES: [&str; 6] = ["", "", " ", "\t", "\r\n", "  "];
/// Keys, of which some mean something, as they may be written.
const KEYS: [&str; 16] = [
    "type",
    "target",
    "params",
    "agent_id",
    "description",
    "now",
    "p",
    "q",
    "",
    "é",
    "t\\u0079pe",
    "\\\"",
    "Type",
    "a rather long key of no meaning",
    "\\ud83d\\ude00",
    "params ",
];
const NUMBERS: [&str; 23] = [
    "0.12345678901234567890123456789012345678901234567890",
    "0",
    "-0",
    "1",
    "-1",
    "12",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "123456789012345678901234567890",
    "0.5",
    "-0.0",
    "1e5",
    "1E400",
    "-1e-400",
    "2.5e+3",
    "01",
    "1.",
    ".5",
    "1e",
    "--1",
];
const TEXTS: [&str; 23] = [
    "",
    "a text that is longer than what the reader looks at in one go, by a few bytes",
    "another, in which an escape stands a long way behind the place that it begins at: \\u00e9, é",
    "sixty-four bytes with its quotes, so that it ends where a block may",
    "a",
    "scan",
    "k3",
    "bot 7",
    "eight by",
    "123456789abcdef",
    "é",
    "💳 card",
    "a\\nb",
    "\\u00e9",
    "\\ud83d\\ude00",
    "\\ud83d",
    "\\udc00\\ud83d",
    "\\x",
    "\\",
    "tab\tin it",
    "\u{7f}",
    "2026-03-18T14:30:00Z",
    "delete the credit_card",
];
const WORDS: [&str; 8] = ["null", "true", "false", "nul", "True", "NaN", "Infinity", "nulll"];

/// A line of an action, mostly sound.
fn drawn(bytes: &mut Bytes<'_>) -> String {
    let mut line = String::new();
    let mut fields = vec![("type", false), ("target", false), ("params", true), ("agent_id", false)];
    if bytes.chance(200) {
        fields.push(("description", false));
    }
    if bytes.chance(100) {
        fields.push(("now", false));
    }
    if bytes.chance(30) {
        fields.remove(bytes.below(fields.len()));
    }
    for _ in 0..bytes.below(3) {
        let (one, other) = (bytes.below(fields.len()), bytes.below(fields.len()));
        fields.swap(one, other);
    }
    line.push_str(bytes.pick(&SPACES));
    line.push('{');
    for (at, (key, is_params)) in fields.into_iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        while bytes.chance(40) {
            entry(bytes, &mut line, 0);
            line.push(',');
        }
        spaced(bytes, &mut line, &format!("\"{key}\""));
        line.push(':');
        line.push_str(bytes.pick(&SPACES));
        match is_params {
            true if !bytes.chance(20) => object(bytes, &mut line, 1),
            _ if bytes.chance(20) => value(bytes, &mut line, 1),
            _ => text(bytes, &mut line, 8),
        }
        line.push_str(bytes.pick(&SPACES));
    }
    line.push('}');
    line.push_str(bytes.pick(&SPACES));
    line
}

fn spaced(bytes: &mut Bytes<'_>, line: &mut String, what: &str) {
    line.push_str(bytes.pick(&SPACES));
    line.push_str(what);
    line.push_str(bytes.pick(&SPACES));
}

/// Text, of which one in so many may be anything.
fn text(bytes: &mut Bytes<'_>, line: &mut String, wild: u8) {
    let sound = TEXTS.len() - 8;
    let pick = if bytes.chance(u8::MAX / wild) { bytes.below(TEXTS.len()) } else { bytes.below(sound) };
    line.push('"');
    line.push_str(TEXTS[pick]);
    line.push('"');
}

fn entry(bytes: &mut Bytes<'_>, line: &mut String, depth: usize) {
    let key = bytes.pick(&KEYS);
    spaced(bytes, line, &format!("\"{key}\""));
    line.push(':');
    line.push_str(bytes.pick(&SPACES));
    value(bytes, line, depth + 1);
    line.push_str(bytes.pick(&SPACES));
}

fn object(bytes: &mut Bytes<'_>, line: &mut String, depth: usize) {
    line.push('{');
    line.push_str(bytes.pick(&SPACES));
    // Sometimes more than are searched one by one.
    let entries = if bytes.chance(10) { bytes.between(14, 20) } else { bytes.below(5) };
    for at in 0..entries {
        if at > 0 {
            line.push(',');
        }
        match bytes.chance(128) {
            true => {
                spaced(bytes, line, if at % 2 == 0 { "\"p\"" } else { "\"q\"" });
                line.push(':');
                value(bytes, line, depth + 1);
            }
            false => entry(bytes, line, depth),
        }
    }
    line.push('}');
}

fn value(bytes: &mut Bytes<'_>, line: &mut String, depth: usize) {
    match bytes.below(10) {
        0 => text(bytes, line, 16),
        1 | 2 => {
            let sound = NUMBERS.len() - 5;
            let pick = if bytes.chance(12) { bytes.below(NUMBERS.len()) } else { bytes.below(sound) };
            line.push_str(NUMBERS[pick]);
        }
        3 => {
            let pick = if bytes.chance(12) { bytes.below(WORDS.len()) } else { bytes.below(3) };
            line.push_str(WORDS[pick]);
        }
        4 if depth < 5 => object(bytes, line, depth),
        5 if depth < 5 => {
            line.push('[');
            for at in 0..bytes.below(4) {
                line.push_str(if at > 0 { ", " } else { "" });
                value(bytes, line, depth + 1);
            }
            line.push(']');
        }
        6 if bytes.chance(8) => {
            let deep = bytes.between(120, 130);
            line.push_str(&"[".repeat(deep));
            line.push_str(&"]".repeat(deep));
        }
        _ => text(bytes, line, 64),
    }
}

/// Changes, cuts, doubles or moves some bytes.
fn damaged(bytes: &mut Bytes<'_>, line: &mut Vec<u8>) {
    const SIGNS: [u8; 20] = *b"\"\\{}[]:,0-.eEtn u\x00\x1f\xff";
    for _ in 0..bytes.between(1, 3) {
        let at = bytes.below(line.len());
        match bytes.below(5) {
            0 => line[at] = bytes.pick(&SIGNS),
            1 => line.insert(at, bytes.pick(&SIGNS)),
            2 => _ = line.remove(at),
            3 => line[at] ^= 1 << bytes.below(8),
            _ => line.truncate(at.max(1)),
        }
        if line.is_empty() {
            return;
        }
    }
}

#[test]
fn lines_are_read_alike_where_they_stand_and_as_a_tree() {
    let count = std::env::var("JSON_LINES").map_or(20_000, |number| number.parse().unwrap());
    let mut seed = 20_260_318_u64;
    let mut actions = 0;
    for at in 0..count {
        let choices: Vec<u8> = std::iter::repeat_with(|| next(&mut seed)).take(600).collect();
        let mut bytes = Bytes::new(&choices);
        let mut line = drawn(&mut bytes).into_bytes();
        if at % 3 == 0 {
            damaged(&mut bytes, &mut line);
        }
        actions += usize::from(lines::read_both_ways(&line));
    }
    println!("{count} lines, {actions} of them actions");
    assert!(actions > count / 4 && actions < count * 9 / 10, "{actions} of {count} are actions");
}

/// As many params as are searched one by one, one more, and the same ones again and again.
#[test]
fn many_params() {
    for count in [0, 1, 15, 16, 17, 18, 200] {
        for names in [1, 7, 1_000] {
            let params: Vec<String> = (0..count).map(|at| format!("\"p{}\": {at}", at % names)).collect();
            let line =
                format!("{{\"type\": \"k0\", \"target\": \"\", \"params\": {{{}}}}}", params.join(","));
            assert!(lines::read_both_ways(line.as_bytes()), "{line}");
        }
    }
}

/// Whether text ends, or is escaped, at each place within a word of eight bytes and beside its ends.
#[test]
fn text_of_each_length() {
    for length in 0..40 {
        let plain = "x".repeat(length);
        for sign in ["", "\\\"", "\\\\", "\\u0041", "é", "\u{7f}", "\u{1f}", "\"", "\t", "\u{80}", "🙂"] {
            for rest in ["", "y", "12345678"] {
                let line = format!(
                    r#"{{"type": "{plain}{sign}{rest}", "target": "{rest}", "params": {{"{plain}{sign}": "{plain}{sign}"}}}}"#
                );
                let sound = !["\u{1f}", "\"", "\t"].contains(&sign);
                assert_eq!(lines::read_both_ways(line.as_bytes()), sound, "{line}");
            }
        }
    }
}
