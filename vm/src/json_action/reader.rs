//! The pass over the text.

use super::{Entries, Entry, Form, JsonAction, Place};
use crate::json::{self, Json, MAX_DEPTH};
use crate::value::Kind;
use std::borrow::Cow;

/// A value that was passed over.
#[derive(Clone, Copy, Default)]
struct Passed {
    form: Form,
    place: Place,
}

/// The pass. `None` is what it does not read: what is wrong, or rare.
pub(super) struct Reader<'a> {
    text: &'a str,
    /// What is left of it.
    rest: &'a [u8],
}

/// The bytes of a word.
const WORD: usize = size_of::<u64>();

/// The byte, in each byte of a word.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; WORD])
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Reader { text, rest: text.as_bytes() }
    }

    /// Fills in an action that is empty.
    pub(super) fn action(mut self, action: &mut JsonAction<'a>) -> Option<()> {
        u32::try_from(self.text.len()).ok()?;
        // Of a repeated key the last value counts, so each is looked at when all are passed.
        let mut fields = [Passed::default(); 5];
        let mut params = Form::Object;
        self.skip_space();
        self.expect(b'{')?;
        self.skip_space();
        if !self.eat(b'}') {
            loop {
                let field = match self.key()? {
                    b"type" => Some(0),
                    b"target" => Some(1),
                    b"agent_id" => Some(2),
                    b"description" => Some(3),
                    b"now" => Some(4),
                    b"params" => {
                        action.params.entries.count = 0;
                        params = match self.rest {
                            [b'{', rest @ ..] => {
                                self.rest = rest;
                                self.entries(&mut action.params.entries)?;
                                Form::Object
                            }
                            _ => self.value(1)?.form,
                        };
                        if !self.goes_on(b'}')? {
                            break;
                        }
                        continue;
                    }
                    _ => None,
                };
                let passed = self.value(1)?;
                if let Some(field) = field.and_then(|field| fields.get_mut(field)) {
                    *field = passed;
                }
                if !self.goes_on(b'}')? {
                    break;
                }
            }
        }
        self.skip_space();
        if !self.rest.is_empty() || params != Form::Object {
            return None;
        }
        let [kind, target, agent_id, description, now] = fields;
        action.kind = self.string(kind)?;
        action.target = self.string(target)?;
        action.agent_id = self.optional(agent_id)?;
        action.description = self.optional(description)?;
        action.now = self.time(now);
        Some(())
    }

    /// A field that may be absent or null.
    fn optional(&self, passed: Passed) -> Option<Cow<'a, str>> {
        match passed.form {
            Form::Absent | Form::Null => Some(Cow::Borrowed("")),
            _ => self.string(passed),
        }
    }

    fn time(&self, passed: Passed) -> Result<Option<Cow<'a, str>>, Kind> {
        match passed.form {
            Form::Absent | Form::Null => Ok(None),
            Form::Text | Form::Escaped => self.string(passed).ok_or(Kind::String).map(Some),
            Form::True | Form::False => Err(Kind::Boolean),
            Form::Integer => Err(Kind::Integer),
            Form::Float => Err(Kind::Float),
            Form::List => Err(Kind::List),
            Form::Object => Err(Kind::Mapping),
        }
    }

    fn string(&self, passed: Passed) -> Option<Cow<'a, str>> {
        match passed.form {
            Form::Text => Some(Cow::Borrowed(passed.place.of(self.text))),
            Form::Escaped => match json::parse(passed.place.of(self.text)) {
                Ok(Json::Str(text)) => Some(Cow::Owned(text)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The params, from behind their brace on.
    fn entries(&mut self, entries: &mut Entries) -> Option<()> {
        self.skip_space();
        if self.eat(b'}') {
            return Some(());
        }
        loop {
            let start = self.at() + 1;
            let length = u16::try_from(self.key()?.len()).ok()?;
            let Passed { form, place } = self.value(2)?;
            *entries.entries.get_mut(entries.count)? = Entry { value: place, key: start, length, form };
            entries.count += 1;
            if !self.goes_on(b'}')? {
                return Some(());
            }
        }
    }

    /// How many bytes were passed; the text has no more than a `u32` counts.
    #[inline]
    fn at(&self) -> u32 {
        u32::try_from(self.text.len() - self.rest.len()).unwrap_or(u32::MAX)
    }

    #[inline]
    fn eat(&mut self, byte: u8) -> bool {
        match self.rest {
            [first, rest @ ..] if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    #[inline(always)]
    fn skip_space(&mut self) {
        // One look where there is none, as mostly.
        while let [first @ ..=b' ', rest @ ..] = self.rest {
            if !matches!(first, b' ' | b'\t' | b'\n' | b'\r') {
                return;
            }
            self.rest = rest;
        }
    }

    /// Whether another element follows; `None` unless that or the end does.
    #[inline]
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        self.skip_space();
        if self.eat(b',') {
            self.skip_space();
            return Some(true);
        }
        self.expect(end)?;
        Some(false)
    }

    /// A key without an escape, and what stands up to its value.
    #[inline]
    fn key(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let from = self.rest;
        if self.end_of_text()? == b'\\' {
            return None;
        }
        let key = from.get(..from.len() - self.rest.len())?;
        self.expect(b'"')?;
        self.skip_space();
        self.expect(b':')?;
        self.skip_space();
        Some(key)
    }

    /// Passes over text up to its quote, or to a backslash, and says which.
    #[inline(always)]
    fn end_of_text(&mut self) -> Option<u8> {
        while let Some((word, rest)) = self.rest.split_first_chunk::<WORD>() {
            let word = u64::from_le_bytes(*word);
            // The lowest byte that is marked is one; those above may be marked by its borrow.
            let zero = |bytes: u64| bytes.wrapping_sub(each(1)) & !bytes;
            let control = word.wrapping_sub(each(b' ')) & !word;
            let marked = (zero(word ^ each(b'"')) | zero(word ^ each(b'\\')) | control) & each(0x80);
            if marked != 0 {
                self.rest = self.rest.get(usize::try_from(marked.trailing_zeros() / 8).ok()?..)?;
                break;
            }
            self.rest = rest;
        }
        loop {
            match self.rest {
                [byte @ (b'"' | b'\\'), ..] => return Some(*byte),
                [..b' ', ..] | [] => return None,
                [_, rest @ ..] => self.rest = rest,
            }
        }
    }

    /// Passes over a value at this depth.
    #[inline]
    fn value(&mut self, depth: usize) -> Option<Passed> {
        let start = self.at();
        if self.eat(b'"') {
            let form = match self.end_of_text()? {
                b'"' => Form::Text,
                _ => return self.escaped(start),
            };
            let place = Place { start: start + 1, end: self.at() };
            self.expect(b'"')?;
            return Some(Passed { form, place });
        }
        self.no_text(start, depth)
    }

    /// Passes over a value that is no text.
    fn no_text(&mut self, start: u32, depth: usize) -> Option<Passed> {
        let form = match self.rest {
            [b'-' | b'0'..=b'9', ..] => self.number()?,
            [b't', ..] => self.word(b"true", Form::True)?,
            [b'f', ..] => self.word(b"false", Form::False)?,
            [b'n', ..] => self.word(b"null", Form::Null)?,
            [b'{', rest @ ..] if depth < MAX_DEPTH => {
                self.rest = rest;
                self.skip_space();
                if !self.eat(b'}') {
                    loop {
                        self.key_of_any_kind()?;
                        self.value(depth + 1)?;
                        if !self.goes_on(b'}')? {
                            break;
                        }
                    }
                }
                Form::Object
            }
            [b'[', rest @ ..] if depth < MAX_DEPTH => {
                self.rest = rest;
                self.skip_space();
                if !self.eat(b']') {
                    loop {
                        self.value(depth + 1)?;
                        if !self.goes_on(b']')? {
                            break;
                        }
                    }
                }
                Form::List
            }
            _ => return None,
        };
        Some(Passed { form, place: Place { start, end: self.at() } })
    }

    /// A key within a value, and what stands up to its own value.
    fn key_of_any_kind(&mut self) -> Option<()> {
        let start = self.at();
        self.expect(b'"')?;
        match self.end_of_text()? {
            b'"' => self.expect(b'"')?,
            _ => _ = self.escaped(start)?,
        }
        self.skip_space();
        self.expect(b':')?;
        self.skip_space();
        Some(())
    }

    /// Text with an escape, from its quote on.
    #[inline(never)]
    fn escaped(&mut self, start: u32) -> Option<Passed> {
        let end = json::end_of_string(self.text, usize::try_from(start).ok()?)?;
        self.rest = self.text.as_bytes().get(end..)?;
        Some(Passed { form: Form::Escaped, place: Place { start, end: self.at() } })
    }

    fn word(&mut self, word: &[u8], form: Form) -> Option<Form> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(form)
    }

    /// How many digits there are, of which there is one at least.
    #[inline]
    fn digits(&mut self) -> Option<usize> {
        let before = self.rest.len();
        while let [b'0'..=b'9', rest @ ..] = self.rest {
            self.rest = rest;
        }
        Some(before - self.rest.len()).filter(|digits| *digits > 0)
    }

    #[inline]
    fn number(&mut self) -> Option<Form> {
        self.eat(b'-');
        let leading_zero = matches!(self.rest, [b'0', ..]);
        if self.digits()? > 1 && leading_zero {
            return None;
        }
        let mut form = Form::Integer;
        if self.eat(b'.') {
            form = Form::Float;
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            form = Form::Float;
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.digits()?;
        }
        Some(form)
    }
}
