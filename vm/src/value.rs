//! The values that a param can hold, borrowed from wherever the caller keeps them.
//!
//! A [`Value`] is what the conditions of a policy compare. It copies nothing: text is borrowed, and
//! lists and mappings are reached through the [`List`] and [`Map`] traits, so that a JSON tree, a
//! slice on the stack or a row of a database serve alike.

use core::fmt;
use core::ops::ControlFlow;

/// One value of an action's params, borrowed.
///
/// # Examples
///
/// ```
/// use aegis_vm::Value;
///
/// let env = Value::from("staging");
/// let amount = Value::from(100);
/// assert_eq!(env.kind().to_string(), "string");
/// assert_eq!(amount.kind().to_string(), "integer");
/// ```
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// JSON `null`; for every condition the same as an absent param.
    Null,
    /// `true` or `false`; in comparisons 1 or 0.
    Bool(bool),
    /// An integer that fits 64 bits with a sign.
    Int(i64),
    /// An integer above [`i64::MAX`] that fits 64 bits without a sign.
    Uint(u64),
    /// An integer of any size, as checked decimal text.
    BigInt(BigInt<'a>),
    /// A double, infinities included. A NaN compares false with everything.
    Float(f64),
    /// Text.
    Str(&'a str),
    /// A list.
    List(&'a dyn List),
    /// A mapping with text keys.
    Map(&'a dyn Map),
}

/// A list of values.
pub trait List {
    /// The number of elements.
    fn len(&self) -> usize;

    /// The element at `index`, or `None` past the end.
    fn get(&self, index: usize) -> Option<Value<'_>>;

    /// Whether there is no element.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A mapping from text to values, with each key once.
pub trait Map {
    /// The number of entries.
    fn len(&self) -> usize;

    /// The value under `key`.
    fn get(&self, key: &str) -> Option<Value<'_>>;

    /// Calls `visit` with each entry, in the mapping's own order, until it answers `Break`.
    fn visit(&self, visit: &mut dyn FnMut(&str, Value<'_>) -> ControlFlow<()>);

    /// Whether there is no entry.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An integer of any size: decimal digits without leading zeros, with a `-` before a negative one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigInt<'a>(&'a str);

impl<'a> BigInt<'a> {
    /// Checks that `text` is a canonical decimal integer: an optional `-`, then `0` or digits that
    /// do not begin with `0`; `-0` is not canonical.
    #[must_use]
    pub fn new(text: &'a str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let canonical = match digits.as_bytes() {
            [] => false,
            [b'0'] => !text.starts_with('-'),
            [first, rest @ ..] => (b'1'..=b'9').contains(first) && rest.iter().all(u8::is_ascii_digit),
        };
        canonical.then_some(BigInt(text))
    }

    /// Of text that was checked to be a canonical decimal integer.
    pub(crate) fn checked(text: &'a str) -> Self {
        BigInt(text)
    }

    /// The decimal text.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether the number is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0.starts_with('-')
    }

    /// The digits without the sign.
    #[must_use]
    pub fn digits(self) -> &'a str {
        self.0.strip_prefix('-').unwrap_or(self.0)
    }
}

/// What kind of value a param holds, in the words of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// JSON `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number with a point or an exponent.
    Float,
    /// Text.
    String,
    /// A list.
    List,
    /// A mapping.
    Mapping,
}

impl Kind {
    /// The kind's name, in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Integer => "integer",
            Kind::Float => "float",
            Kind::String => "string",
            Kind::List => "list",
            Kind::Mapping => "mapping",
        }
    }

    /// The kind's name with its article.
    #[must_use]
    pub fn with_article(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "a boolean",
            Kind::Integer => "an integer",
            Kind::Float => "a float",
            Kind::String => "a string",
            Kind::List => "a list",
            Kind::Mapping => "a mapping",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Value<'_> {
    /// The kind of this value.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Boolean,
            Value::Int(_) | Value::Uint(_) | Value::BigInt(_) => Kind::Integer,
            Value::Float(_) => Kind::Float,
            Value::Str(_) => Kind::String,
            Value::List(_) => Kind::List,
            Value::Map(_) => Kind::Mapping,
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("Null"),
            Value::Bool(b) => write!(f, "Bool({b})"),
            Value::Int(i) => write!(f, "Int({i})"),
            Value::Uint(u) => write!(f, "Uint({u})"),
            Value::BigInt(b) => write!(f, "BigInt({})", b.as_str()),
            Value::Float(x) => write!(f, "Float({x:?})"),
            Value::Str(s) => write!(f, "Str({s:?})"),
            Value::List(l) => write!(f, "List(of {})", l.len()),
            Value::Map(m) => write!(f, "Map(of {})", m.len()),
        }
    }
}

impl From<bool> for Value<'_> {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}

impl From<i64> for Value<'_> {
    fn from(i: i64) -> Self {
        Value::Int(i)
    }
}

impl From<i32> for Value<'_> {
    fn from(i: i32) -> Self {
        Value::Int(i.into())
    }
}

impl From<u32> for Value<'_> {
    fn from(i: u32) -> Self {
        Value::Int(i.into())
    }
}

impl From<u64> for Value<'_> {
    fn from(u: u64) -> Self {
        i64::try_from(u).map_or(Value::Uint(u), Value::Int)
    }
}

impl From<f64> for Value<'_> {
    fn from(x: f64) -> Self {
        Value::Float(x)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(s: &'a str) -> Self {
        Value::Str(s)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(s: &'a String) -> Self {
        Value::Str(s)
    }
}
