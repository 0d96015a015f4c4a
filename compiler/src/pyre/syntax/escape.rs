//! Escapes and character sets: `\d`, `\x41`, `[a-z]`.

use super::ast::{Class, Form, Item, Leaf, Look, NodeKind};
use super::branches::{Atom, Shape};
use super::parse::Parser;
use super::tokens::Token;
use super::{names, refusal};
use crate::hir::python;
use crate::pyre::PatternError;
use std::collections::HashSet;

/// What an escape stands for.
enum Escaped {
    /// One character.
    Char(u32),
    /// `\d` and its kin.
    Class(Item),
}

/// An item of a set while it is read: what it stands for and how it was written.
struct Member {
    escaped: Escaped,
    written: Token,
}

const SIMPLE: [(char, u32); 7] = [('a', 7), ('b', 8), ('f', 12), ('n', 10), ('r', 13), ('t', 9), ('v', 11)];

impl Parser<'_> {
    /// An escape outside a set. The backslash and its character are taken.
    pub(crate) fn escape(&mut self, escape: char) -> Result<Atom, PatternError> {
        let over = self.flags().over();
        let look = match escape {
            'A' => Some(Look::TextStart),
            'Z' => Some(Look::TextEnd),
            'b' => Some(Look::Boundary(over)),
            'B' => Some(Look::NotBoundary(over)),
            _ => None,
        };
        if let Some(look) = look {
            return Ok(Atom { kind: NodeKind::Look(look), shape: Shape::Look(escape) });
        }
        match escape {
            '1'..='9' => self.number(escape),
            _ => {
                let item = self.common_escape(escape)?.item();
                Ok(self.set(vec![item], Sign::Positive))
            }
        }
    }

    /// `\1` to `\99`, or `\101`: a reference to a group, or three octal digits.
    fn number(&mut self, first: char) -> Result<Atom, PatternError> {
        let start = self.tokens.place().saturating_sub(2);
        let mut digits = String::from(first);
        digits.push_str(&self.tokens.take_while(1, |c| c.is_ascii_digit())?);
        let octal = |digits: &str| digits.len() == 2 && digits.bytes().all(|b| b < b'8');
        if octal(&digits) {
            digits.push_str(&self.tokens.take_while(1, |c| ('0'..'8').contains(&c))?);
        }
        if digits.len() == 3 {
            return Ok(self.set(vec![self.octal(&digits)?.item()], Sign::Positive));
        }
        let group = digits.parse().unwrap_or(usize::MAX);
        if group >= self.groups.count() {
            let message = format!("invalid group reference {group}");
            return Err(self.tokens.error_back(digits.len(), message));
        }
        if self.groups.is_open(group) {
            let message = "cannot refer to an open group".to_owned();
            return Err(self.tokens.error_back(digits.len() + 1, message));
        }
        self.check_lookbehind(group)?;
        self.refuse(refusal::BACKREFERENCE, start);
        Ok(self.reference(group))
    }

    fn octal(&self, digits: &str) -> Result<Escaped, PatternError> {
        match u32::from_str_radix(digits, 8) {
            Ok(c) if c <= 0o377 => Ok(Escaped::Char(c)),
            _ => {
                let message = format!("octal escape value \\{digits} outside of range 0-0o377");
                Err(self.tokens.error_back(digits.len() + 1, message))
            }
        }
    }

    /// What means the same in and out of a set.
    fn common_escape(&mut self, escape: char) -> Result<Escaped, PatternError> {
        let class = match escape {
            'd' | 'D' => Some(Class::Digit),
            'w' | 'W' => Some(Class::Word),
            's' | 'S' => Some(Class::Space),
            _ => None,
        };
        if let Some(class) = class {
            let over = self.flags().over();
            return Ok(Escaped::Class(Item::Class { class, over, negated: escape.is_ascii_uppercase() }));
        }
        if let Some(&(_, c)) = SIMPLE.iter().find(|&&(name, _)| name == escape) {
            return Ok(Escaped::Char(c));
        }
        match escape {
            'x' => self.hexadecimal(escape, 2),
            'u' => self.hexadecimal(escape, 4),
            'U' => self.hexadecimal(escape, 8),
            'N' => self.named_character(),
            '0' => {
                let more = self.tokens.take_while(2, |c| ('0'..'8').contains(&c))?;
                self.octal(&format!("0{more}"))
            }
            'a'..='z' | 'A'..='Z' => Err(self.tokens.error_back(2, format!("bad escape \\{escape}"))),
            other => Ok(Escaped::Char(u32::from(other))),
        }
    }

    fn hexadecimal(&mut self, letter: char, length: usize) -> Result<Escaped, PatternError> {
        let start = self.tokens.place().saturating_sub(2);
        let digits = self.tokens.take_while(length, |c| c.is_ascii_hexdigit())?;
        if digits.len() != length {
            let message = format!("incomplete escape \\{letter}{digits}");
            return Err(self.tokens.error_at(start, message));
        }
        match u32::from_str_radix(&digits, 16) {
            Ok(c) if c <= 0x10_ffff => Ok(Escaped::Char(c)),
            _ => Err(self.tokens.error_at(start, format!("bad escape \\{letter}{digits}"))),
        }
    }

    fn named_character(&mut self) -> Result<Escaped, PatternError> {
        let start = self.tokens.place().saturating_sub(2);
        if !self.tokens.eat('{')? {
            return Err(self.tokens.error("missing {".to_owned()));
        }
        let name = self.tokens.take_until('}', "character name")?;
        match names::character(&name) {
            Some(c) => Ok(Escaped::Char(c)),
            None => {
                let message = format!("undefined character name {}", python::repr(&name));
                Err(self.tokens.error_at(start, message))
            }
        }
    }

    /// A set. Its `[` is taken.
    pub(crate) fn character_set(&mut self) -> Result<Atom, PatternError> {
        let start = self.tokens.place().saturating_sub(1);
        let sign = if self.tokens.eat('^')? { Sign::Negated } else { Sign::Positive };
        let mut items = Vec::new();
        loop {
            let Some(token) = self.tokens.next()? else { return Err(self.unterminated_set(start)) };
            if token.plain() == Some(']') && !items.is_empty() {
                break;
            }
            let low = self.member(token)?;
            if !self.tokens.eat('-')? {
                items.push(low.escaped.item());
                continue;
            }
            let Some(token) = self.tokens.next()? else { return Err(self.unterminated_set(start)) };
            if token.plain() == Some(']') {
                items.push(low.escaped.item());
                items.push(Item::Char(u32::from('-')));
                break;
            }
            let high = self.member(token)?;
            items.push(self.range(&low, &high)?);
        }
        Ok(self.set(items, sign))
    }

    fn unterminated_set(&self, start: usize) -> PatternError {
        self.tokens.error_at(start, "unterminated character set".to_owned())
    }

    fn member(&mut self, token: Token) -> Result<Member, PatternError> {
        let escaped = match token.escaped {
            None => Escaped::Char(u32::from(token.first)),
            Some(digit @ '1'..='7') => {
                let more = self.tokens.take_while(2, |c| ('0'..'8').contains(&c))?;
                self.octal(&format!("{digit}{more}"))?
            }
            Some(digit @ ('8' | '9')) => {
                return Err(self.tokens.error_back(2, format!("bad escape \\{digit}")));
            }
            Some(escape) => self.common_escape(escape)?,
        };
        Ok(Member { escaped, written: token })
    }

    fn range(&self, low: &Member, high: &Member) -> Result<Item, PatternError> {
        let bad = || {
            let (low, high) = (low.written, high.written);
            let message = format!("bad character range {}-{}", low.text(), high.text());
            self.tokens.error_back(low.len() + 1 + high.len(), message)
        };
        let (Escaped::Char(low), Escaped::Char(high)) = (&low.escaped, &high.escaped) else {
            return Err(bad());
        };
        if low > high { Err(bad()) } else { Ok(Item::Range(*low, *high)) }
    }

    /// A leaf of one character.
    pub(crate) fn literal(&self, c: char) -> Atom {
        self.set(vec![Item::Char(u32::from(c))], Sign::Positive)
    }

    /// What stands for a backreference, which was refused.
    pub(crate) fn reference(&self, group: usize) -> Atom {
        Atom { shape: Shape::Reference(group), ..self.set(Vec::new(), Sign::Positive) }
    }

    /// A leaf of items, in the order written, under the flags of this place.
    pub(crate) fn set(&self, mut items: Vec<Item>, sign: Sign) -> Atom {
        let mut seen = HashSet::new();
        items.retain(|&item| seen.insert(item));
        let negated = sign == Sign::Negated;
        let form = match items.as_slice() {
            [Item::Char(_)] => Form::Literal,
            _ => Form::Set,
        };
        let mut sorted = items.clone();
        sorted.sort_unstable();
        let leaf = Leaf { items: sorted, negated, case: self.flags().case(), form, also: None };
        Atom { kind: NodeKind::Leaf(leaf), shape: Shape::Set { items, negated } }
    }
}

/// Whether a set begins with `^`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Positive,
    Negated,
}

impl Escaped {
    fn item(&self) -> Item {
        match *self {
            Escaped::Char(c) => Item::Char(c),
            Escaped::Class(item) => item,
        }
    }
}
