//! JSON as actions are written in it: text -> an owned tree, exact.
//!
//! Stricter and more exact than a general reader: integers of any size are exact, a number with a
//! point or an exponent is a double (`1E400` is infinity), of a repeated key the first place and
//! the last value stand, and NaN, Infinity, lone surrogates and nesting beyond [`MAX_DEPTH`] are
//! errors. The reader is its own because a library's arbitrary-precision numbers travel as a
//! mapping with a magic key, which an attacker could send.

use crate::value::{BigInt, List, Map, Value};
use core::fmt;
use core::ops::ControlFlow;

/// The deepest nesting of lists and mappings that is read.
pub const MAX_DEPTH: usize = 128;

/// An owned JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits 64 bits with a sign.
    Int(i64),
    /// Any other integer.
    BigInt(BigInteger),
    /// A number with a point or an exponent.
    Float(f64),
    /// Text.
    Str(String),
    /// A list.
    List(Vec<Json>),
    /// A mapping.
    Object(Object),
}

/// An integer of any size, owned: canonical decimal text, as [`BigInt`] has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BigInteger(Box<str>);

impl BigInteger {
    /// Checks that `text` is a canonical decimal integer; see [`BigInt::new`].
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        BigInt::new(text).map(|_| BigInteger(text.into()))
    }

    /// The decimal text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A JSON mapping: entries in written order, each key once, found by binary search.
///
/// Two mappings are equal whatever the order of their entries.
#[derive(Clone, Debug, Default)]
pub struct Object {
    entries: Vec<(String, Json)>,
    /// Positions of `entries` in the order of their keys.
    by_key: Vec<usize>,
}

impl Object {
    /// An empty mapping.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json> {
        let found = self.position(key).ok()?;
        self.entries.get(*self.by_key.get(found)?).map(|(_, value)| value)
    }

    /// Puts a value under a key; a key that is there keeps its place. To make a mapping of many
    /// entries collect them: each insertion moves the index of those behind it.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Json>) {
        let (key, value) = (key.into(), value.into());
        match self.position(&key) {
            Ok(found) => {
                let entry = self.by_key.get(found).and_then(|&at| self.entries.get_mut(at));
                if let Some(entry) = entry {
                    entry.1 = value;
                }
            }
            Err(place) => {
                self.by_key.insert(place, self.entries.len());
                self.entries.push((key, value));
            }
        }
    }

    /// The entries in written order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn position(&self, key: &str) -> Result<usize, usize> {
        self.by_key.binary_search_by(|&at| match self.entries.get(at) {
            Some((other, _)) => other.as_str().cmp(key),
            None => core::cmp::Ordering::Greater,
        })
    }

    /// Of entries as written, possibly with repeated keys: the first place, the last value.
    fn from_written(written: Vec<(String, Json)>) -> Self {
        let mut order: Vec<usize> = (0..written.len()).collect();
        // Stable, so that equal keys stay in written order.
        order.sort_by(|&a, &b| written.get(a).map(|e| &e.0).cmp(&written.get(b).map(|e| &e.0)));
        // For every first place, the place whose value stands; nothing for the other places.
        let mut stands: Vec<Option<usize>> = vec![None; written.len()];
        let same_key = |a: &usize, b: &usize| written.get(*a).map(|e| &e.0) == written.get(*b).map(|e| &e.0);
        for run in order.chunk_by(same_key) {
            if let (Some(&first), Some(&last)) = (run.first(), run.last())
                && let Some(slot) = stands.get_mut(first)
            {
                *slot = Some(last);
            }
        }
        let mut keys = Vec::with_capacity(written.len());
        let mut values = Vec::with_capacity(written.len());
        for (key, value) in written {
            keys.push(key);
            values.push(Some(value));
        }
        let mut entries = Vec::with_capacity(keys.len());
        for (key, last) in keys.into_iter().zip(stands) {
            let value = last.and_then(|last| values.get_mut(last)).and_then(Option::take);
            if let Some(value) = value {
                entries.push((key, value));
            }
        }
        let mut by_key: Vec<usize> = (0..entries.len()).collect();
        by_key.sort_unstable_by(|&a, &b| {
            entries.get(a).map(|e: &(String, Json)| &e.0).cmp(&entries.get(b).map(|e| &e.0))
        });
        Object { entries, by_key }
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

/// Of a repeated key the first place and the last value stand.
impl<K: Into<String>, V: Into<Json>> FromIterator<(K, V)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Object::from_written(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl Json {
    /// The value, borrowed for the conditions.
    #[must_use]
    pub fn value(&self) -> Value<'_> {
        match self {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(*b),
            Json::Int(i) => Value::Int(*i),
            Json::BigInt(big) => Value::BigInt(BigInt::checked(&big.0)),
            Json::Float(x) => Value::Float(*x),
            Json::Str(s) => Value::Str(s),
            Json::List(items) => Value::List(items),
            Json::Object(object) => Value::Map(object),
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::Str(s) => Some(s),
            _ => None,
        }
    }
}

impl List for Vec<Json> {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> Option<Value<'_>> {
        self.as_slice().get(index).map(Json::value)
    }
}

impl Map for Object {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, key: &str) -> Option<Value<'_>> {
        self.get(key).map(Json::value)
    }

    fn visit(&self, visit: &mut dyn FnMut(&str, Value<'_>) -> ControlFlow<()>) {
        for (key, value) in self.iter() {
            if visit(key, value.value()).is_break() {
                return;
            }
        }
    }
}

impl From<bool> for Json {
    fn from(b: bool) -> Self {
        Json::Bool(b)
    }
}

impl From<i64> for Json {
    fn from(i: i64) -> Self {
        Json::Int(i)
    }
}

impl From<i32> for Json {
    fn from(i: i32) -> Self {
        Json::Int(i.into())
    }
}

impl From<f64> for Json {
    fn from(x: f64) -> Self {
        Json::Float(x)
    }
}

impl From<&str> for Json {
    fn from(s: &str) -> Self {
        Json::Str(s.to_owned())
    }
}

impl From<String> for Json {
    fn from(s: String) -> Self {
        Json::Str(s)
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(items: Vec<T>) -> Self {
        Json::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Json>, const N: usize> From<[T; N]> for Json {
    fn from(items: [T; N]) -> Self {
        Json::List(items.into_iter().map(Into::into).collect())
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Json::Object(object)
    }
}

/// Why a text is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    offset: usize,
    message: &'static str,
}

impl JsonError {
    /// The byte offset of the place.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What is wrong, in a few words.
    #[must_use]
    pub fn message(&self) -> &'static str {
        self.message
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset)
    }
}

impl core::error::Error for JsonError {}

/// Reads one JSON value; nothing but white space may stand around it.
///
/// # Errors
///
/// [`JsonError`] with the first place that is not JSON, or that is beyond the limits above.
///
/// # Examples
///
/// ```
/// use aegis_vm::json::{parse, Json};
///
/// assert_eq!(parse("[1, 1.0]").unwrap(), Json::List(vec![Json::Int(1), Json::Float(1.0)]));
/// assert_eq!(parse("NaN").unwrap_err().message(), "expected a value");
/// ```
pub fn parse(text: &str) -> Result<Json, JsonError> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
    reader.skip_space();
    let value = reader.value(0)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.error("expected the end of the text")),
    }
}

/// Where the string ends that begins with the quote at `start`; `None` if it does not end, or is not sound.
pub(crate) fn end_of_string(text: &str, start: usize) -> Option<usize> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: start };
    reader.string().is_ok().then_some(reader.at)
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn error(&self, message: &'static str) -> JsonError {
        JsonError { offset: self.at, message }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Result<Json, JsonError> {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Json::Str),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => Err(self.error("expected a value")),
            None => Err(self.error("expected a value, found the end of the text")),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, JsonError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.error("expected a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn deeper(&self, depth: usize) -> Result<usize, JsonError> {
        if depth >= MAX_DEPTH {
            return Err(self.error("nested over 128 deep"));
        }
        Ok(depth + 1)
    }

    fn list(&mut self, depth: usize) -> Result<Json, JsonError> {
        let depth = self.deeper(depth)?;
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.eat(b']') {
            return Ok(Json::List(items));
        }
        loop {
            self.skip_space();
            items.push(self.value(depth)?);
            self.skip_space();
            if self.eat(b']') {
                return Ok(Json::List(items));
            }
            if !self.eat(b',') {
                return Err(self.error("expected `,` or `]`"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, JsonError> {
        let depth = self.deeper(depth)?;
        self.at += 1;
        let mut written = Vec::new();
        self.skip_space();
        if self.eat(b'}') {
            return Ok(Json::Object(Object::new()));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a key in double quotes"));
            }
            let key = self.string()?;
            self.skip_space();
            if !self.eat(b':') {
                return Err(self.error("expected `:`"));
            }
            self.skip_space();
            written.push((key, self.value(depth)?));
            self.skip_space();
            if self.eat(b'}') {
                return Ok(Json::Object(Object::from_written(written)));
            }
            if !self.eat(b',') {
                return Err(self.error("expected `,` or `}`"));
            }
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let start = self.at;
        self.eat(b'-');
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 {
            return Err(self.error("expected a digit"));
        }
        if leading_zero && whole > 1 {
            self.at = start;
            return Err(self.error("a number must not begin with a zero"));
        }
        let mut integer = true;
        if self.eat(b'.') {
            integer = false;
            if self.digits() == 0 {
                return Err(self.error("expected a digit after the point"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            integer = false;
            self.at += 1;
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            if self.digits() == 0 {
                return Err(self.error("expected a digit in the exponent"));
            }
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if !integer {
            // The grammar above is a subset of what `f64` reads, and too large is infinity there.
            return text.parse().map(Json::Float).map_err(|_| self.error("expected a number"));
        }
        if let Ok(int) = text.parse() {
            return Ok(Json::Int(int));
        }
        // The grammar above lets only canonical text through, but for `-0`, which is an `i64`.
        Ok(Json::BigInt(BigInteger(text.into())))
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while matches!(self.peek(), Some(b) if b != b'"' && b != b'\\' && b >= 0x20) {
                self.at += 1;
            }
            // Stops only before an ASCII byte, so these are character boundaries.
            out.push_str(self.text.get(start..self.at).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return Err(self.error("a control character must be escaped")),
                None => return Err(self.error("expected `\"`, found the end of the text")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let start = self.at;
        self.at += 1;
        let simple = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode(start);
            }
            _ => return Err(self.error("unknown escape")),
        };
        self.at += 1;
        Ok(simple)
    }

    fn unicode(&mut self, start: usize) -> Result<char, JsonError> {
        let lone = JsonError { offset: start, message: "a lone surrogate" };
        let first = self.hex4()?;
        let code = match first {
            0xDC00..=0xDFFF => return Err(lone),
            0xD800..=0xDBFF => {
                if !(self.eat(b'\\') && self.eat(b'u')) {
                    return Err(lone);
                }
                let second = self.hex4()?;
                if !(0xDC00..=0xDFFF).contains(&second) {
                    return Err(lone);
                }
                0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
            }
            code => code,
        };
        char::from_u32(code).ok_or(lone)
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let digits = self.bytes.get(self.at..self.at + 4).unwrap_or_default();
        if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(self.error("expected four hexadecimal digits"));
        }
        let code = self.text.get(self.at..self.at + 4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        self.at += 4;
        code.ok_or_else(|| self.error("expected four hexadecimal digits"))
    }
}
