//! The pass over the text.

use super::marks::{self, BLOCK};
use super::{Entries, Entry, Form, JsonAction, Place};
use crate::json::{self, Json, MAX_DEPTH};
use crate::value::Kind;
use std::borrow::Cow;

/// The pass. `None` is what it does not read: what is wrong, or rare.
///
/// Each step takes a place in the text and gives the one behind what it passed, which so stays in a register.
pub(super) struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// The marks of the block that begins at `block`.
    marks: u64,
    block: usize,
}

/// A value that was passed.
struct Passed {
    form: Form,
    /// Without the quotes of a text that has no escape.
    start: usize,
    end: usize,
    /// The place behind it.
    next: usize,
}

/// What follows an element, from its place on.
enum Follows {
    Another(usize),
    End(usize),
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        // No place is within a block that begins there.
        Reader { text, bytes: text.as_bytes(), marks: 0, block: usize::MAX - BLOCK }
    }

    /// Fills in an action that is empty.
    pub(super) fn action(mut self, action: &mut JsonAction<'a>) -> Option<()> {
        u32::try_from(self.bytes.len()).ok()?;
        let [mut kind, mut target, mut agent_id, mut description] = [const { None }; 4];
        let (mut now, mut params) = (None, None);
        let mut at = self.space(self.expect(self.space(0), b'{')?);
        let end = loop {
            let (key, value) = self.key(at)?;
            let end = match key {
                b"type" => once(&mut kind, self.string(value)?)?,
                b"target" => once(&mut target, self.string(value)?)?,
                b"agent_id" => once(&mut agent_id, self.string_or_null(value)?)?,
                b"description" => once(&mut description, self.string_or_null(value)?)?,
                b"now" => once(&mut now, self.time(value)?)?,
                b"params" => once(&mut params, self.params(value, &mut action.params.entries)?)?,
                _ => self.value(value, 1)?.next,
            };
            match self.follows(end, b'}')? {
                Follows::Another(next) => at = next,
                Follows::End(end) => break end,
            }
        };
        action.kind = kind?;
        action.target = target?;
        action.agent_id = agent_id.unwrap_or_default();
        action.description = description.unwrap_or_default();
        action.now = now.unwrap_or(Ok(None));
        (self.space(end) == self.bytes.len()).then_some(())
    }

    /// Text, and the place behind it.
    #[inline(always)]
    fn string(&mut self, at: usize) -> Option<(Cow<'a, str>, usize)> {
        let passed = self.quoted(at)?;
        Some((self.text_of(&passed)?, passed.next))
    }

    /// A field that may be null, which is as if it were absent.
    #[inline(always)]
    fn string_or_null(&mut self, at: usize) -> Option<(Cow<'a, str>, usize)> {
        match self.byte(at)? {
            b'n' => Some((Cow::Borrowed(""), self.word(at, b"null")?)),
            _ => self.string(at),
        }
    }

    /// The value under `now`.
    #[expect(clippy::type_complexity, reason = "what an action has, and a place")]
    fn time(&mut self, at: usize) -> Option<(Result<Option<Cow<'a, str>>, Kind>, usize)> {
        let passed = self.value(at, 1)?;
        let time = match passed.form {
            Form::Absent | Form::Null => Ok(None),
            Form::Text | Form::Escaped => Ok(Some(self.text_of(&passed)?)),
            Form::True | Form::False => Err(Kind::Boolean),
            Form::Integer => Err(Kind::Integer),
            Form::Float => Err(Kind::Float),
            Form::List => Err(Kind::List),
            Form::Object => Err(Kind::Mapping),
        };
        Some((time, passed.next))
    }

    /// The text that was passed.
    #[inline(always)]
    fn text_of(&self, passed: &Passed) -> Option<Cow<'a, str>> {
        let text = self.text.get(passed.start..passed.end)?;
        match passed.form {
            Form::Text => Some(Cow::Borrowed(text)),
            _ => unescaped(text).map(Cow::Owned),
        }
    }

    /// The params, and the place behind them.
    #[inline(always)]
    fn params(&mut self, at: usize, entries: &mut Entries) -> Option<((), usize)> {
        let mut at = self.space(self.expect(at, b'{')?);
        if self.byte(at)? == b'}' {
            return Some(((), at + 1));
        }
        loop {
            let (key, value) = self.key(at)?;
            let passed = self.value(value, 2)?;
            *entries.entries.get_mut(entries.count)? = Entry {
                value: Place { start: place(passed.start), end: place(passed.end) },
                key: place(at + 1),
                length: u16::try_from(key.len()).ok()?,
                form: passed.form,
            };
            entries.count += 1;
            match self.follows(passed.next, b'}')? {
                Follows::Another(next) => at = next,
                Follows::End(end) => return Some(((), end)),
            }
        }
    }

    #[inline(always)]
    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    #[inline(always)]
    fn expect(&self, at: usize, byte: u8) -> Option<usize> {
        if self.byte(at)? == byte { Some(at + 1) } else { None }
    }

    /// The place behind white space, if there is any.
    #[inline(always)]
    fn space(&self, mut at: usize) -> usize {
        // One look where there is none, as mostly.
        while let Some(byte @ ..=b' ') = self.byte(at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                break;
            }
            at += 1;
        }
        at
    }

    /// Whether another element follows or the end; `None` if neither does.
    #[inline(always)]
    fn follows(&self, at: usize, end: u8) -> Option<Follows> {
        let at = self.space(at);
        match self.byte(at)? {
            b',' => Some(Follows::Another(self.space(at + 1))),
            byte if byte == end => Some(Follows::End(at + 1)),
            _ => None,
        }
    }

    /// A key without an escape, and the place of its value.
    #[inline(always)]
    fn key(&mut self, at: usize) -> Option<(&'a [u8], usize)> {
        let start = self.expect(at, b'"')?;
        let end = self.mark(start)?;
        let key = self.bytes.get(start..end)?;
        let value = match self.bytes.get(end..)?.first_chunk()? {
            // As most write it, in one look.
            [b'"', b':', byte] if *byte > b' ' => end + 2,
            _ => self.colon(self.expect(end, b'"')?)?,
        };
        Some((key, value))
    }

    /// The place of a value, from behind its key on.
    #[inline(always)]
    fn colon(&self, at: usize) -> Option<usize> {
        Some(self.space(self.expect(self.space(at), b':')?))
    }

    /// The next mark from a place on.
    #[inline(always)]
    fn mark(&mut self, mut from: usize) -> Option<usize> {
        loop {
            let offset = from.wrapping_sub(self.block);
            if offset < BLOCK {
                let marks = self.marks >> offset;
                if marks != 0 {
                    return Some(from + usize::try_from(marks.trailing_zeros()).ok()?);
                }
                from = self.block + BLOCK;
            }
            self.enter(from)?;
        }
    }

    /// Goes on to a block that has this place.
    #[inline(never)]
    fn enter(&mut self, from: usize) -> Option<()> {
        let rest = self.bytes.get(from..).filter(|rest| !rest.is_empty())?;
        (self.block, self.marks) = match (rest.first_chunk(), self.bytes.last_chunk()) {
            (Some(block), _) => (from, marks::of(block)),
            (None, Some(last)) => (self.bytes.len() - BLOCK, marks::of(last)),
            (None, None) => {
                // What is behind the text is marked, and no byte is there.
                let mut block = [0; BLOCK];
                block.get_mut(..self.bytes.len())?.copy_from_slice(self.bytes);
                (0, marks::of(&block))
            }
        };
        Some(())
    }

    /// Passes a value at this depth.
    #[inline(always)]
    fn value(&mut self, at: usize, depth: usize) -> Option<Passed> {
        if self.byte(at)? == b'"' { self.quoted(at) } else { self.not_quoted(at, depth) }
    }

    /// Passes text.
    #[inline(always)]
    fn quoted(&mut self, at: usize) -> Option<Passed> {
        let start = self.expect(at, b'"')?;
        let end = self.mark(start)?;
        match self.byte(end)? {
            b'"' => Some(Passed { form: Form::Text, start, end, next: end + 1 }),
            b'\\' => self.escaped(at),
            _ => None,
        }
    }

    /// Passes text with an escape.
    #[inline(never)]
    fn escaped(&mut self, at: usize) -> Option<Passed> {
        let end = json::end_of_string(self.text, at)?;
        Some(Passed { form: Form::Escaped, start: at, end, next: end })
    }

    /// Passes a value that is no text.
    fn not_quoted(&mut self, at: usize, depth: usize) -> Option<Passed> {
        let (form, end) = match self.byte(at)? {
            b'-' | b'0'..=b'9' => self.number(at)?,
            b't' => (Form::True, self.word(at, b"true")?),
            b'f' => (Form::False, self.word(at, b"false")?),
            b'n' => (Form::Null, self.word(at, b"null")?),
            b'{' if depth < MAX_DEPTH => (Form::Object, self.elements(at, b'}', depth + 1)?),
            b'[' if depth < MAX_DEPTH => (Form::List, self.elements(at, b']', depth + 1)?),
            _ => return None,
        };
        Some(Passed { form, start: at, end, next: end })
    }

    /// Passes a list or an object, by its end.
    fn elements(&mut self, at: usize, end: u8, depth: usize) -> Option<usize> {
        let mut at = self.space(at + 1);
        if self.byte(at)? == end {
            return Some(at + 1);
        }
        loop {
            if end == b'}' {
                let key = self.quoted(at)?;
                at = self.colon(key.next)?;
            }
            let passed = self.value(at, depth)?;
            match self.follows(passed.next, end)? {
                Follows::Another(next) => at = next,
                Follows::End(end) => return Some(end),
            }
        }
    }

    fn word(&self, at: usize, word: &[u8]) -> Option<usize> {
        let end = at + word.len();
        (self.bytes.get(at..end)? == word).then_some(end)
    }

    /// The place behind digits, of which there is one at least.
    #[inline(always)]
    fn digits(&self, at: usize) -> Option<usize> {
        let mut end = at;
        while let Some(b'0'..=b'9') = self.byte(end) {
            end += 1;
        }
        (end > at).then_some(end)
    }

    #[inline(always)]
    fn number(&self, at: usize) -> Option<(Form, usize)> {
        let first = self.expect(at, b'-').unwrap_or(at);
        let mut end = self.digits(first)?;
        if self.byte(first)? == b'0' && end > first + 1 {
            return None;
        }
        let mut form = Form::Integer;
        if let Some(b'.') = self.byte(end) {
            form = Form::Float;
            end = self.digits(end + 1)?;
        }
        if let Some(b'e' | b'E') = self.byte(end) {
            form = Form::Float;
            end = match self.byte(end + 1)? {
                b'+' | b'-' => self.digits(end + 2)?,
                _ => self.digits(end + 1)?,
            };
        }
        Some((form, end))
    }
}

/// Takes what stands under a key, unless the key stood there before, which is rare.
#[inline(always)]
fn once<T>(field: &mut Option<T>, (found, next): (T, usize)) -> Option<usize> {
    if field.is_some() {
        return None;
    }
    *field = Some(found);
    Some(next)
}

#[inline(never)]
fn unescaped(text: &str) -> Option<String> {
    match json::parse(text) {
        Ok(Json::Str(text)) => Some(text),
        _ => None,
    }
}

/// A place as it is kept; the text has no more than a `u32` counts.
#[inline(always)]
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
