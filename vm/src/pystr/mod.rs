//! Python's `str(value)`, written piece by piece: what `param_matches` searches.
//!
//! Nothing is allocated: numbers go through a small buffer on the stack, text is handed on in the
//! longest pieces that need no escape, and the sink may stop the writing as soon as it has seen
//! enough.

mod nonprintable;

use crate::value::Value;
use core::fmt::{self, Write};
use core::ops::ControlFlow;
use nonprintable::is_printable;

/// The deepest nesting of lists and mappings that is written.
pub(crate) const MAX_DEPTH: usize = 128;

/// The value is nested deeper than [`MAX_DEPTH`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooDeep;

/// Where the pieces go. `Break` ends the writing, which is no error.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(&str) -> ControlFlow<()>;

/// Writes Python's `str(value)`.
///
/// # Errors
///
/// [`TooDeep`] if the value is nested deeper than [`MAX_DEPTH`]; some of it was written by then.
pub(crate) fn write_str(value: Value<'_>, sink: Sink<'_>) -> Result<(), TooDeep> {
    let mut writer = Writer { sink };
    let stopped = match value {
        // At the top text stands as it is; everywhere else as its `repr`.
        Value::Str(text) => writer.put(text),
        other => writer.repr(other, 0),
    };
    match stopped {
        Err(Stop::TooDeep) => Err(TooDeep),
        Err(Stop::Enough) | Ok(()) => Ok(()),
    }
}

/// Why writing stopped before its end.
enum Stop {
    /// The sink has seen enough.
    Enough,
    TooDeep,
}

struct Writer<'s> {
    sink: Sink<'s>,
}

impl Writer<'_> {
    fn put(&mut self, piece: &str) -> Result<(), Stop> {
        match (self.sink)(piece) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Stop::Enough),
        }
    }

    fn put_short(&mut self, piece: &Short) -> Result<(), Stop> {
        self.put(piece.as_str())
    }

    fn repr(&mut self, value: Value<'_>, depth: usize) -> Result<(), Stop> {
        match value {
            Value::Null => self.put("None"),
            Value::Bool(true) => self.put("True"),
            Value::Bool(false) => self.put("False"),
            Value::Int(n) => self.put_short(&Short::of(format_args!("{n}"))),
            Value::Uint(n) => self.put_short(&Short::of(format_args!("{n}"))),
            Value::BigInt(n) => self.put(n.as_str()),
            Value::Float(x) => self.float(x),
            Value::Str(text) => self.quoted(text),
            Value::List(list) => {
                let depth = deeper(depth)?;
                self.put("[")?;
                let mut index = 0;
                while let Some(item) = list.get(index) {
                    if index > 0 {
                        self.put(", ")?;
                    }
                    self.repr(item, depth)?;
                    index += 1;
                }
                self.put("]")
            }
            Value::Map(map) => {
                let depth = deeper(depth)?;
                self.put("{")?;
                let mut first = true;
                let mut result = Ok(());
                map.visit(&mut |key, value| {
                    result = self.entry(key, value, first, depth);
                    first = false;
                    if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                });
                result?;
                self.put("}")
            }
        }
    }

    fn entry(&mut self, key: &str, value: Value<'_>, first: bool, depth: usize) -> Result<(), Stop> {
        if !first {
            self.put(", ")?;
        }
        self.quoted(key)?;
        self.put(": ")?;
        self.repr(value, depth)
    }

    /// The `repr` of text: in `'`, unless it holds `'` and no `"`.
    fn quoted(&mut self, text: &str) -> Result<(), Stop> {
        let quote = if text.contains('\'') && !text.contains('"') { "\"" } else { "'" };
        self.put(quote)?;
        let mut plain = 0;
        for (at, c) in text.char_indices() {
            let escaped = match c {
                '\\' => Some(Short::of(format_args!("\\\\"))),
                '\n' => Some(Short::of(format_args!("\\n"))),
                '\r' => Some(Short::of(format_args!("\\r"))),
                '\t' => Some(Short::of(format_args!("\\t"))),
                '\'' | '"' if quote.starts_with(c) => Some(Short::of(format_args!("\\{c}"))),
                ' '..='~' => None,
                c if is_printable(c) => None,
                c => Some(match u32::from(c) {
                    n @ 0..=0xff => Short::of(format_args!("\\x{n:02x}")),
                    n @ 0x100..=0xffff => Short::of(format_args!("\\u{n:04x}")),
                    n => Short::of(format_args!("\\U{n:08x}")),
                }),
            };
            if let Some(escaped) = escaped {
                self.put(text.get(plain..at).unwrap_or_default())?;
                self.put_short(&escaped)?;
                plain = at + c.len_utf8();
            }
        }
        self.put(text.get(plain..).unwrap_or_default())?;
        self.put(quote)
    }

    /// The `repr` of a double: the shortest digits that read back as the same number, with an
    /// exponent if it is below -4 or from 16 up.
    fn float(&mut self, x: f64) -> Result<(), Stop> {
        if x.is_nan() {
            return self.put("nan");
        }
        if x.is_infinite() {
            return self.put(if x > 0.0 { "inf" } else { "-inf" });
        }
        if x.is_sign_negative() {
            self.put("-")?;
        }
        let scientific = shortest(x.abs());
        let Some((mantissa, exponent)) = scientific.as_str().split_once('e') else { return Ok(()) };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        match exponent.parse::<i32>() {
            Ok(exponent @ 0..16) => self.positional(whole, fraction, exponent),
            Ok(exponent @ -4..0) => {
                self.put("0.")?;
                for _ in exponent..-1 {
                    self.put("0")?;
                }
                self.put(whole)?;
                self.put(fraction)
            }
            Ok(exponent) => {
                let sign = if exponent < 0 { '-' } else { '+' };
                self.put(mantissa)?;
                self.put_short(&Short::of(format_args!("e{sign}{:02}", exponent.unsigned_abs())))
            }
            Err(_) => Ok(()),
        }
    }

    /// The digits `whole` and `fraction` with the point `exponent` places to the right.
    fn positional(&mut self, whole: &str, fraction: &str, exponent: i32) -> Result<(), Stop> {
        let places = usize::try_from(exponent).unwrap_or(0);
        self.put(whole)?;
        match fraction.split_at_checked(places) {
            Some((before, after)) => {
                self.put(before)?;
                self.put(".")?;
                self.put(if after.is_empty() { "0" } else { after })
            }
            None => {
                self.put(fraction)?;
                for _ in fraction.len()..places {
                    self.put("0")?;
                }
                self.put(".0")
            }
        }
    }
}

/// The shortest digits that read back as the same number, as `d.ddde-12`. Rust and Python agree on
/// their count; where two such texts are equally near, Rust takes the upper one and Python the even
/// one, which is what rounding to that count gives.
fn shortest(x: f64) -> Short {
    let upper = Short::of(format_args!("{x:e}"));
    let mantissa = upper.as_str().split('e').next().unwrap_or_default();
    let decimals = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let even = Short::of(format_args!("{x:.decimals$e}"));
    if even.as_str().parse() == Ok(x) { even } else { upper }
}

fn deeper(depth: usize) -> Result<usize, Stop> {
    if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(Stop::TooDeep) }
}

/// A few characters on the stack: an integer of 64 bits, a double's digits, an escape.
struct Short {
    bytes: [u8; 32],
    length: usize,
}

impl Short {
    fn of(text: fmt::Arguments<'_>) -> Self {
        let mut short = Short { bytes: [0; 32], length: 0 };
        // The longest, `-2.2250738585072014e-308`, has 24 bytes: it always fits.
        let _ = short.write_fmt(text);
        short
    }

    fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
