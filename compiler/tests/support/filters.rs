//! Rules that each need a literal in some text, enough for prefilters, and texts that nearly have it.

use super::bytes::Bytes;
use super::generate::Vocabulary;
use super::node::Node;
use aegis_vm::json::Json;

/// Patterns, each with a text in which it is found.
const PATTERNS: [(&str, &str); 24] = [
    (r"@corp\.com\b", "a@corp.com"),
    (r"(?i)(drop|kill)\s+ri", "KILL RI"),
    ("(?i)risk", "Risk"),
    ("(?ai)risk", "RISK"),
    ("(?i)naïve", "NAÏVE"),
    ("^/srv/ab/", "/srv/ab/"),
    ("^/srv/ab", "/srv/abab"),
    ("^abc(:[a-z]+)+ ", "abc:ab:c "),
    ("(?:abc|défg)=", "défg="),
    ("(?:aab|abb|bab|bba)", "abba"),
    ("연락처", "연락처"),
    (r"word\s.*;$", "word x;\n"),
    (r"[A-Z]{2}word\d", "QXword1"),
    (r"\bword-\d\b", "word-1"),
    ("a{2}b+abc", "aabbabc"),
    ("(ab)+cab", "ababcab"),
    ("[{]ab[}]", "{ab}"),
    ("[[{]abc", "[abc"),
    ("abcabcabcabcabcabc", "abcabcabcabcabcabc"),
    ("ab\nabc", "ab\nabc"),
    ("abc\n", "abc\n"),
    (r"corp\.com$", "corp.com"),
    (r"corp\.org\Z", "corp.org"),
    ("True|None", "None"),
];

/// Texts for `contains` and for globs.
const TEXTS: [&str; 12] = [
    "abc",
    "abca",
    "aab",
    "risk",
    "word",
    "연락",
    "é연",
    "@corp.com",
    "abcabcabcabcabcabcab",
    "ab",
    "]ab",
    "/srv/ab/c",
];

/// Some rules; texts and globs that they name are added to the vocabulary.
pub fn rules(vocabulary: &mut Vocabulary, bytes: &mut Bytes<'_>) -> Vec<Node> {
    let params: Vec<_> = (0..bytes.between(1, 3)).map(|_| bytes.pick(&vocabulary.params)).collect();
    let kind = bytes.pick(&vocabulary.types);
    (0..bytes.between(3, 18)).map(|_| rule(kind, &params, vocabulary, bytes)).collect()
}

fn rule(kind: &str, params: &[&str], vocabulary: &mut Vocabulary, bytes: &mut Bytes<'_>) -> Node {
    let (mut matching, mut conditions) = (Vec::new(), Vec::new());
    if bytes.chance(230) {
        matching.push(format!("type: {}", quoted(kind)));
    }
    // What is asked before may give an error, or fail.
    if bytes.chance(40) {
        let before =
            ["time_after: '00:01'", "param_eq: {env: 1}", "param_gt: {amount: 1}", "semantic: delete"];
        conditions.push(bytes.pick(&before).to_owned());
    }
    let param = quoted(bytes.pick(params));
    match bytes.below(8) {
        0..=4 => {
            let (pattern, example) = bytes.pick(&PATTERNS);
            conditions.push(format!("param_matches: {{{param}: {}}}", quoted(pattern)));
            vocabulary.values.push(Json::from(near(example, bytes)));
        }
        5 => {
            let text = bytes.pick(&TEXTS);
            conditions.push(format!("param_contains: {{{param}: {}}}", quoted(text)));
            vocabulary.values.push(Json::from(near(text, bytes)));
        }
        6 => {
            let field = bytes.between(1, 2);
            matching.push(format!(
                "{}: {}",
                ["type", "target", "agent"][field],
                quoted(&glob(field, vocabulary, bytes))
            ));
        }
        _ => matching = vec![format!("type: {}", quoted(&glob(0, vocabulary, bytes)))],
    }
    // Rules before a match hide those behind it.
    if bytes.chance(190) {
        conditions.push(format!("weekdays: [{}]", bytes.between(1, 7)));
    }
    let (matching, conditions) = (matching.join(", "), conditions.join(", "));
    let text = format!("{{match: {{{matching}}}, conditions: {{{conditions}}}, approval: auto}}");
    Node::Plain(text, Json::Null)
}

fn glob(field: usize, vocabulary: &mut Vocabulary, bytes: &mut Bytes<'_>) -> String {
    let text = bytes.pick(&TEXTS);
    let glob = match bytes.below(8) {
        0 => format!("{text}*"),
        1 => format!("*{text}"),
        2 => format!("?{text}*a"),
        3 => format!("[ab]*{text}*"),
        4 => format!("*{text}*{}*", bytes.pick(&TEXTS)),
        _ => format!("*{text}*"),
    };
    vocabulary.globs[field].push(glob.clone());
    glob
}

/// A text around another: as it is, in another case, with a letter that is nearly another, or cut short.
fn near(text: &str, bytes: &mut Bytes<'_>) -> String {
    let text = match bytes.below(8) {
        0 => text.to_uppercase(),
        1 => text.to_lowercase(),
        2 => text.replace(['k', 'K'], "\u{212a}").replace(['s', 'S'], "\u{17f}").replace('i', "ı"),
        3 => text.chars().skip(1).collect(),
        4 => text.replace('[', "{").replace('@', "`"),
        _ => text.to_owned(),
    };
    let around = ["", "", "a", "ab", "abc", "é", "\u{212a}", "word ", "\n", "wor", "0123456789", "-", ";"];
    format!("{}{text}{}", bytes.pick(&around), bytes.pick(&around))
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    Node::text(text).flow(&mut out);
    out
}
