//! Constants of policies, and values near them for params.

use super::bytes::Bytes;
use super::node::Node;
use aegis_vm::json::{Json, Object};

/// Numbers as YAML 1.1 writes them, at the edges of what doubles and 64 bits hold. The second text
/// is the same number as JSON writes it; empty for what JSON cannot say.
const NUMBERS: [(&str, &str); 44] = [
    ("0", "0"),
    ("1", "1"),
    ("100", "100"),
    ("1.0", "1.0"),
    ("0.0", "0.0"),
    ("-0.0", "-0.0"),
    ("99.5", "99.5"),
    ("0.1", "0.1"),
    ("-1", "-1"),
    ("9007199254740991", "9007199254740991"),
    ("9007199254740992", "9007199254740992"),
    ("9007199254740993", "9007199254740993"),
    ("9007199254740992.0", "9007199254740992.0"),
    ("-9007199254740993", "-9007199254740993"),
    ("9223372036854775807", "9223372036854775807"),
    ("9223372036854775808", "9223372036854775808"),
    ("9223372036854775809", "9223372036854775809"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("-9223372036854775809", "-9223372036854775809"),
    ("9.223372036854775807e+18", "9.223372036854775807e+18"),
    ("-9.223372036854775808e+18", "-9.223372036854775808e+18"),
    ("18446744073709551615", "18446744073709551615"),
    ("18446744073709551616", "18446744073709551616"),
    ("1.8446744073709551616e+19", "1.8446744073709551616e+19"),
    ("123456789012345678901234567890", "123456789012345678901234567890"),
    ("-123456789012345678901234567890", "-123456789012345678901234567890"),
    ("1.0e+16", "1e16"),
    ("1.5e+300", "1.5e300"),
    ("1.7976931348623157e+308", "1.7976931348623157e308"),
    ("1.0e+400", "1e400"),
    ("-1.0e+400", "-1e400"),
    (".inf", "1e999"),
    ("-.inf", "-1e999"),
    (".nan", ""),
    ("5.0e-324", "5e-324"),
    ("1.0e-7", "1e-7"),
    ("0x1F", "31"),
    ("0b101", "5"),
    ("017", "15"),
    ("1_000", "1000"),
    ("190:20:30", "685230"),
    ("+12", "12"),
    ("true", "true"),
    ("off", "false"),
];

/// What no JSON value equals, as YAML writes it.
const FOREIGN: [&str; 5] =
    ["2026-01-01", "2026-01-01T10:00:00Z", "!!binary aGk=", "{1: 2}", "!!set {a: null}"];

/// Texts that params hold and conditions name.
pub const TEXTS: [&str; 20] = [
    "staging",
    "production",
    "",
    "a",
    "admin",
    "urgent",
    "a@corp.com",
    "x",
    "100",
    "True",
    "é",
    "naïve",
    "연락처",
    "💳pay",
    "it's",
    "a\"b",
    "a\nb",
    "\u{0}",
    "İstanbul",
    "\u{ffff}",
];

/// The constants that a policy's conditions share, so that they meet.
#[derive(Debug)]
pub struct Constants {
    pub all: Vec<Node>,
}

impl Constants {
    pub fn draw(bytes: &mut Bytes<'_>) -> Self {
        let count = bytes.between(2, 8);
        Constants { all: (0..count).map(|_| constant(bytes, 0)).collect() }
    }

    pub fn any(&self, bytes: &mut Bytes<'_>) -> Node {
        bytes.pick(&self.all)
    }

    /// A constant that has an order: a number, a boolean or text.
    pub fn ordered(&self, bytes: &mut Bytes<'_>) -> Node {
        match bytes.pick(&self.all) {
            Node::Plain(text, value) if value != Json::Null => Node::Plain(text, value),
            Node::Text(text) => Node::Text(text),
            _ => number(bytes),
        }
    }
}

fn number(bytes: &mut Bytes<'_>) -> Node {
    if bytes.chance(64) {
        return Node::int(i64::from(bytes.byte()) - 20);
    }
    let (yaml, json) = bytes.pick(&NUMBERS);
    let value = if json.is_empty() { Json::Float(f64::NAN) } else { aegis_vm::json::parse(json).unwrap() };
    Node::Plain(yaml.to_owned(), value)
}

fn constant(bytes: &mut Bytes<'_>, depth: usize) -> Node {
    match bytes.below(16) {
        0..=5 => number(bytes),
        6..=10 => Node::text(bytes.pick(&TEXTS)),
        11 => Node::null(),
        12 => Node::Plain(bytes.pick(&FOREIGN).to_owned(), Json::Null),
        13 | 14 if depth < 3 => {
            let count = bytes.below(4);
            Node::List((0..count).map(|_| constant(bytes, depth + 1)).collect())
        }
        15 if depth < 3 => {
            let count = bytes.below(4);
            let entry = |_| (Node::text(bytes.pick(&TEXTS)), constant(bytes, depth + 1));
            Node::Map((0..count).map(entry).collect())
        }
        _ => Node::Plain("true".to_owned(), Json::Bool(true)),
    }
}

/// A value for a param: a constant of the policy, one near it, around it, or of another kind.
pub fn value(constants: &[Json], bytes: &mut Bytes<'_>) -> Json {
    let base = match bytes.below(8) {
        0 => return other(bytes),
        1 => constant(bytes, 1).json(),
        _ => bytes.pick(constants),
    };
    match bytes.below(8) {
        0..=2 => base,
        3 | 4 => near(&base, bytes),
        5 => {
            let mut items = vec![Json::from("z"), base, other(bytes)];
            items.rotate_left(bytes.below(3));
            Json::List(items)
        }
        6 => {
            let mut object = Object::new();
            object.insert("z", 1);
            match base {
                Json::Str(key) => object.insert(key, other(bytes)),
                base => object.insert("v", base),
            }
            Json::Object(object)
        }
        _ => match base {
            Json::Str(text) => Json::Str(format!("not-{text}ish")),
            base => Json::List(vec![base]),
        },
    }
}

fn other(bytes: &mut Bytes<'_>) -> Json {
    match bytes.below(9) {
        0 => Json::Null,
        1 => Json::Bool(bytes.chance(128)),
        2 => Json::Int(i64::from(bytes.byte())),
        3 => Json::Float(f64::from(bytes.byte()) / 2.0),
        4 => Json::from(bytes.pick(&TEXTS)),
        5 => Json::List(Vec::new()),
        6 => Json::Object(Object::new()),
        7 => Json::Float(f64::NAN),
        _ => Json::List(vec![Json::Null, Json::List(vec![Json::Bool(true)])]),
    }
}

/// The next value up or down, the same number in another kind, the same list in another order.
fn near(base: &Json, bytes: &mut Bytes<'_>) -> Json {
    let up = bytes.chance(128);
    match base {
        Json::Bool(b) => {
            if up {
                Json::Int(i64::from(*b))
            } else {
                Json::Float(if *b { 1.0 } else { -0.0 })
            }
        }
        Json::Int(int) => match bytes.below(3) {
            0 => int.checked_add(1).map_or_else(|| super::integer("9223372036854775808"), Json::Int),
            1 => int.checked_sub(1).map_or_else(|| super::integer("-9223372036854775809"), Json::Int),
            _ => as_float(&int.to_string()),
        },
        Json::BigInt(digits) => {
            if up {
                as_float(digits.as_str())
            } else {
                let mut digits = digits.as_str().to_owned();
                let last = digits.pop();
                digits.push(if last == Some('7') { '8' } else { '7' });
                super::integer(&digits)
            }
        }
        Json::Float(x) => match bytes.below(3) {
            0 => Json::Float(x.next_up()),
            1 => Json::Float(x.next_down()),
            _ if x.is_finite() => aegis_vm::json::parse(&format!("{:.0}", x + 0.0)).unwrap_or(Json::Int(0)),
            _ => Json::Float(-x),
        },
        Json::Str(text) => Json::Str(super::globs::near(text, bytes)),
        Json::List(items) => {
            let mut items = items.clone();
            if up {
                items.reverse();
            } else {
                items.pop();
            }
            Json::List(items)
        }
        Json::Object(object) => {
            let mut entries: Vec<_> = object.iter().map(|(k, v)| (k.to_owned(), v.clone())).collect();
            entries.reverse();
            let mut other = Object::new();
            for (key, value) in entries {
                other.insert(key, if up { value } else { near(&value, bytes) });
            }
            Json::Object(other)
        }
        Json::Null => Json::Bool(up),
    }
}

fn as_float(digits: &str) -> Json {
    Json::Float(digits.parse().unwrap())
}
