//! Globs around literals, and texts around globs.

use super::bytes::Bytes;

/// Globs that stand for themselves: every form, and what is no form.
const ODD: [&str; 34] = [
    "*",
    "",
    "?",
    "??*",
    "**",
    "*?*",
    "?*",
    "[",
    "[!",
    "[]",
    "[]]",
    "[!]]",
    "[!]",
    "[a",
    "a[",
    "[a-]",
    "[-a]",
    "[z-a]",
    "[!z-a]",
    "[[]",
    "[*]",
    "[?]*",
    "[^a]*",
    "[a-c-z]",
    "[]-a]*",
    "\\*",
    "{a,b}",
    "[é-ü]*",
    "*é*",
    "[a-\u{10ffff}]",
    "*[0-9]",
    "[!*]",
    "[]a]*",
    "[a]]",
];

/// A glob made of a literal, or an odd one.
pub fn glob(literal: &str, bytes: &mut Bytes<'_>) -> String {
    let chars: Vec<char> = literal.chars().collect();
    let (a, b) = {
        let (a, b) = (bytes.below(chars.len() + 1), bytes.below(chars.len() + 1));
        (a.min(b), a.max(b))
    };
    let part = |range: std::ops::Range<usize>| chars[range].iter().collect::<String>();
    let (before, within, after) = (part(0..a), part(a..b), part(b..chars.len()));
    let one = within.chars().next().unwrap_or('e');
    match bytes.below(13) {
        0..=2 => literal.to_owned(),
        3 => "*".to_owned(),
        4 => format!("{}*", part(0..b)),
        5 => format!("*{}", part(a..chars.len())),
        6 => format!("*{within}*"),
        7 => format!("{before}*{after}"),
        8 => format!("{before}?{after}"),
        9 => format!("{before}[{one}x-z]{after}"),
        10 => format!("{before}[!{one}]{after}"),
        11 => format!("*{within}?*{after}"),
        _ => bytes.pick(&ODD).to_owned(),
    }
}

/// A glob of several wildcards, over few characters, so that those of a policy overlap.
pub fn run(bytes: &mut Bytes<'_>) -> String {
    const PARTS: [&str; 20] = [
        "*",
        "*",
        "*",
        "?",
        "a",
        "b",
        "ab",
        "e",
        "A",
        "é",
        "\n",
        "💳",
        "연",
        "[a-e]",
        "[!a]",
        "[!x-é]",
        "[]e]",
        "[a-",
        "[💳-\u{10ffff}]",
        "_",
    ];
    (0..bytes.between(2, 7)).map(|_| bytes.pick(&PARTS)).collect()
}

/// A text that the glob may match: runs short or empty, one character for each `?` and set.
pub fn example(glob: &str, bytes: &mut Bytes<'_>) -> String {
    let mut out = String::new();
    let mut rest = glob.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' => out.push_str(bytes.pick(&["", "x", "ab", "\n/"])),
            '?' => out.push(bytes.pick(&['a', 'é', '\n', '💳'])),
            '[' => {
                let mut ahead = rest.clone();
                let first = ahead.next();
                let set: String = first.into_iter().chain(ahead.by_ref().take_while(|&c| c != ']')).collect();
                if glob.contains(']') {
                    let members: Vec<char> = set.chars().collect();
                    out.push(if members.is_empty() { ']' } else { bytes.pick(&members) });
                    rest = ahead;
                } else {
                    out.push('[');
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// A text near another one, or the text itself.
pub fn near(text: &str, bytes: &mut Bytes<'_>) -> String {
    let mut chars = text.chars();
    match bytes.below(16) {
        0..=7 => text.to_owned(),
        8 => format!("{text}x"),
        9 => format!("x{text}"),
        10 => text.to_uppercase(),
        11 => {
            chars.next_back();
            chars.collect()
        }
        12 => {
            chars.next();
            chars.collect()
        }
        13 => format!("{text}\n"),
        14 => String::new(),
        _ => bytes.pick(&["*", "?", "[", "é", "\u{0}", "💳", "a/b/c", "İ"]).to_owned(),
    }
}
