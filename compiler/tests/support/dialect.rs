//! Patterns of Python's dialect drawn from bytes, each with a text that it may match; texts near it.
//!
//! Most are valid. What is not is refused by the parser, which is no fault; so nothing here knows
//! the rules of the dialect beyond its constructs.

use super::bytes::Bytes;
use super::integer;
use aegis_vm::json::{Json, Object};

/// A pattern, and a text that it likely matches.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    pub pattern: String,
    pub example: String,
}

/// How many characters a drawn text has at most, newlines behind it aside: the plain matcher is quadratic in them at worst.
pub const LONGEST_TEXT: usize = 100;

/// Atoms, each with an example. The dialect's odd places are among them.
const ATOMS: [(&str, &str); 52] = [
    ("a", "a"),
    ("b", "b"),
    ("k", "\u{212a}"),
    ("K", "k"),
    ("s", "\u{17f}"),
    ("\u{17f}", "S"),
    ("\u{212a}", "K"),
    ("i", "\u{130}"),
    ("\u{130}", "i"),
    ("\u{df}", "\u{1e9e}"),
    ("\u{3c2}", "\u{3a3}"),
    ("1", "1"),
    ("_", "_"),
    ("-", "-"),
    (" ", " "),
    (",", ","),
    ("'", "'"),
    ("é", "É"),
    ("ж", "Ж"),
    ("中", "中"),
    ("\u{301}", "\u{301}"),
    ("²", "²"),
    ("\u{10428}", "\u{10400}"),
    ("\n", "\n"),
    ("]", "]"),
    ("{", "{"),
    ("{,", "{,"),
    ("a{b", "a{b"),
    ("#", "#"),
    (r"\n", "\n"),
    (r"\.", "."),
    (r"\\", "\\"),
    (r"\-", "-"),
    (r"\x41", "A"),
    (r"\u00e9", "é"),
    (r"\U00010400", "\u{10400}"),
    (r"\0", "\0"),
    (r"\012", "\n"),
    (r"\377", "ÿ"),
    (r"\a", "\u{7}"),
    (".", "x"),
    (".", "\n"),
    (r"\d", "7"),
    (r"\d", "\u{666}"),
    (r"\D", "x"),
    (r"\w", "z"),
    (r"\w", "ж"),
    (r"\W", "-"),
    (r"\s", " "),
    (r"\s", "\u{1c}"),
    (r"\S", "x"),
    ("(?#x)", ""),
];

/// What looks at the ends of texts, lines and words, with a newline beside it or without.
const EDGES: [(&str, &str); 12] = [
    ("^", ""),
    ("$", ""),
    (r"\A", ""),
    (r"\Z", ""),
    (r"\b", ""),
    (r"\B", ""),
    (r"\n$", "\n"),
    (r"$\n", "\n"),
    (r"\n\Z", "\n"),
    (r"\n^", "\n"),
    ("(?m:$)", "\n"),
    ("(?m:^)", ""),
];

/// Members of a set, each with an example.
const MEMBERS: [(&str, &str); 28] = [
    ("a", "a"),
    ("b", "B"),
    ("k", "\u{212a}"),
    ("\u{17f}", "s"),
    ("ж", "ж"),
    ("\u{10428}", "\u{10400}"),
    ("_", "_"),
    (".", "."),
    ("[", "["),
    ("&&", "&"),
    ("--", "-"),
    ("$", "$"),
    (" ", " "),
    ("\n", "\n"),
    ("a-k", "h"),
    ("0-9", "5"),
    ("а-я", "щ"),
    ("一-龥", "中"),
    ("\u{17f}-\u{212a}", "\u{1e9e}"),
    ("\u{10400}-\u{10427}", "\u{10428}"),
    (r"\d", "8"),
    (r"\D", "x"),
    (r"\w", "é"),
    (r"\W", "!"),
    (r"\s", "\t"),
    (r"\S", "x"),
    (r"\b", "\u{8}"),
    (r"\]", "]"),
];

/// Repetitions, each with how often its example stands in an example of the whole.
const REPEATS: [(&str, usize); 18] = [
    ("", 1),
    ("*", 2),
    ("+", 1),
    ("?", 1),
    ("*?", 0),
    ("+?", 3),
    ("??", 0),
    ("{2}", 2),
    ("{1,3}", 2),
    ("{,5}", 1),
    ("{2,}", 4),
    ("{0}", 0),
    ("{3,9}?", 9),
    ("{20}", 20),
    ("{1,30}", 5),
    ("{0,2}", 2),
    ("{1}", 1),
    ("{ 1}", 1),
];

const GROUPS: [&str; 14] = [
    "(?:", "(", "(?P<g>", "(?P<h>", "(?i:", "(?m:", "(?s:", "(?a:", "(?u:", "(?x:", "(?-i:", "(?-m:",
    "(?im-s:", "(?ai:",
];

const FLAGS: [&str; 12] =
    ["", "", "", "", "(?i)", "(?m)", "(?s)", "(?a)", "(?x)", "(?im)", "(?ai)", "(?i)(?s)"];

/// A pattern over the whole dialect, of at most a dozen atoms.
pub fn pattern(bytes: &mut Bytes<'_>) -> Drawn {
    let mut atoms = 12;
    let flags = bytes.pick(&FLAGS);
    let Drawn { pattern, example } = alternation(bytes, &mut atoms, 4);
    Drawn { pattern: format!("{flags}{pattern}"), example }
}

fn alternation(bytes: &mut Bytes<'_>, atoms: &mut usize, depth: usize) -> Drawn {
    let count = bytes.pick(&[1, 1, 1, 2, 3]);
    let branches: Vec<Drawn> = (0..count).map(|_| concatenation(bytes, atoms, depth)).collect();
    let example = bytes.pick(&branches).example;
    let patterns: Vec<String> = branches.into_iter().map(|branch| branch.pattern).collect();
    Drawn { pattern: patterns.join("|"), example }
}

fn concatenation(bytes: &mut Bytes<'_>, atoms: &mut usize, depth: usize) -> Drawn {
    let mut all = Drawn::default();
    for _ in 0..bytes.pick(&[2, 1, 3, 4, 0]) {
        if *atoms == 0 {
            break;
        }
        let Drawn { pattern, example } = piece(bytes, atoms, depth);
        all.pattern += &pattern;
        all.example += &example;
    }
    all
}

fn piece(bytes: &mut Bytes<'_>, atoms: &mut usize, depth: usize) -> Drawn {
    *atoms = atoms.saturating_sub(1);
    let Drawn { mut pattern, example } = match bytes.below(8) {
        0..=2 => one_of(&ATOMS, bytes),
        3 => one_of(&EDGES, bytes),
        4 | 5 => set(bytes),
        _ if depth == 0 => set(bytes),
        _ => {
            let open = bytes.pick(&GROUPS);
            let Drawn { pattern, example } = alternation(bytes, atoms, depth - 1);
            Drawn { pattern: format!("{open}{pattern})"), example }
        }
    };
    let (repeat, times) = if bytes.chance(128) { bytes.pick(&REPEATS) } else { ("", 1) };
    pattern += repeat;
    Drawn { pattern, example: example.repeat(times) }
}

fn one_of(from: &[(&str, &str)], bytes: &mut Bytes<'_>) -> Drawn {
    let (pattern, example) = bytes.pick(from);
    Drawn { pattern: pattern.to_owned(), example: example.to_owned() }
}

fn set(bytes: &mut Bytes<'_>) -> Drawn {
    let open = bytes.pick(&["[", "[", "[^", "[]", "[^]", "[-"]);
    let members: Vec<(&str, &str)> = (0..bytes.between(1, 3)).map(|_| bytes.pick(&MEMBERS)).collect();
    let example = if open.contains('^') { bytes.pick(&["z", "\n", "Ω"]) } else { bytes.pick(&members).1 };
    let members: String = members.iter().map(|(member, _)| *member).collect();
    Drawn { pattern: format!("{open}{members}]"), example: example.to_owned() }
}

/// Texts that the pattern may be found in, or nearly. The example itself is always among them,
/// without a newline behind it, with one and with two.
pub fn texts(drawn: &Drawn, bytes: &mut Bytes<'_>) -> Vec<String> {
    let example = &drawn.example;
    let mut texts = vec![example.clone(), example.clone(), example.clone()];
    texts.push(format!("{}{example}", around(bytes)));
    texts.push(format!("{example}{}", around(bytes)));
    texts.push(format!("{}{example}{}", around(bytes), around(bytes)));
    texts.push(changed(example, bytes));
    texts.push(example.to_uppercase());
    texts.push(format!("{example}{}", drawn.pattern));
    let cut = |text: String| text.chars().take(LONGEST_TEXT).collect::<String>();
    let endings = ["", "\n", "\n\n"].into_iter().cycle();
    texts.into_iter().zip(endings).map(|(text, ending)| cut(text) + ending).collect()
}

/// One character of a text left out, doubled or replaced.
fn changed(text: &str, bytes: &mut Bytes<'_>) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = bytes.below(chars.len().max(1));
    match chars.get(at).copied() {
        None => chars.push('\n'),
        Some(c) => match bytes.below(3) {
            0 => drop(chars.remove(at)),
            1 => chars.insert(at, c),
            _ => chars[at] = bytes.pick(&['a', '\n', 'Ж', '0', ' ']),
        },
    }
    chars.into_iter().collect()
}

fn around(bytes: &mut Bytes<'_>) -> String {
    const PIECES: [&str; 16] = [
        "",
        "a",
        "b",
        "\n",
        " ",
        "1",
        "_",
        "k",
        "\u{212a}",
        "é",
        "中",
        "\u{301}",
        "\u{10400}",
        "ab",
        "-",
        "жук",
    ];
    (0..bytes.between(0, 3)).map(|_| bytes.pick(&PIECES)).collect()
}

/// A value whose Python `str` holds the text in some form, or no text at all.
pub fn value(text: &str, bytes: &mut Bytes<'_>) -> Json {
    let pair = |value: Json| [("k", value)].into_iter().collect::<Object>();
    match bytes.below(12) {
        0 => Json::List(vec![Json::from(text)]),
        1 => Json::List(vec![Json::from("a"), Json::from(text), Json::Int(1)]),
        2 => Json::List(vec![Json::Null, Json::Bool(true), Json::List(vec![Json::from(text)])]),
        3 => Json::Object(pair(Json::from(text))),
        4 => Json::Object([(text, Json::Float(0.5))].into_iter().collect()),
        5 => Json::List(Vec::new()),
        6 => Json::Int(bytes.pick(&[0, 1, -1, 7, 1_234, i64::MIN, i64::MAX])),
        7 => integer("123456789012345678901234567890"),
        8 => Json::Float(bytes.pick(&[0.0, -0.5, 1e16, 5e-324, f64::INFINITY, 1.5e300])),
        9 => Json::Bool(bytes.chance(128)),
        10 => Json::List(vec![Json::Object(pair(Json::List(vec![Json::from(text)])))]),
        _ => Json::from(text),
    }
}
