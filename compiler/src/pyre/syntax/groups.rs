//! The groups of a pattern, as far as references to them can be wrong.

use super::ast::{Class, Over};
use super::tokens::Tokens;
use crate::hir::python;
use crate::pyre::{PatternError, tables};
use std::collections::BTreeMap;

/// The groups seen so far; group 0 is the whole pattern and always open.
pub(crate) struct Groups {
    closed: Vec<bool>,
    names: BTreeMap<String, usize>,
    /// The number of groups when the outermost lookbehind around this place began.
    lookbehind: Option<usize>,
    /// Groups that a condition names before they exist, with the place of the condition.
    promised: BTreeMap<usize, usize>,
}

impl Groups {
    pub(crate) fn new() -> Self {
        Groups { closed: vec![false], names: BTreeMap::new(), lookbehind: None, promised: BTreeMap::new() }
    }

    /// The number of groups, the whole pattern among them.
    pub(crate) fn count(&self) -> usize {
        self.closed.len()
    }

    pub(crate) fn is_open(&self, group: usize) -> bool {
        !self.closed.get(group).copied().unwrap_or(false)
    }

    /// Opens a group; the name, if any, has just been read.
    pub(crate) fn open(&mut self, name: Option<String>, tokens: &Tokens<'_>) -> Result<usize, PatternError> {
        let group = self.closed.len();
        if let Some(name) = name {
            if let Some(before) = self.names.get(&name) {
                let quoted = python::repr(&name);
                let message =
                    format!("redefinition of group name {quoted} as group {group}; was group {before}");
                return Err(tokens.error_back(name.chars().count() + 1, message));
            }
            self.names.insert(name, group);
        }
        self.closed.push(false);
        Ok(group)
    }

    pub(crate) fn close(&mut self, group: usize) {
        if let Some(closed) = self.closed.get_mut(group) {
            *closed = true;
        }
    }

    /// The group of a name that has just been read.
    pub(crate) fn named(&self, name: &str, tokens: &Tokens<'_>) -> Result<usize, PatternError> {
        self.names.get(name).copied().ok_or_else(|| {
            let message = format!("unknown group name {}", python::repr(name));
            tokens.error_back(name.chars().count() + 1, message)
        })
    }

    /// Enters a lookbehind; gives what [`Groups::leave_lookbehind`] needs.
    pub(crate) fn enter_lookbehind(&mut self) -> Option<usize> {
        self.lookbehind.replace(self.lookbehind.unwrap_or(self.closed.len()))
    }

    pub(crate) fn leave_lookbehind(&mut self, before: Option<usize>) {
        self.lookbehind = before;
    }

    /// Whether a reference may stand here: not to a group of the lookbehind around it.
    pub(crate) fn check_lookbehind(&self, group: usize, tokens: &Tokens<'_>) -> Result<(), PatternError> {
        let Some(limit) = self.lookbehind else { return Ok(()) };
        if self.is_open(group) {
            return Err(tokens.error("cannot refer to an open group".to_owned()));
        }
        if group >= limit {
            let message = "cannot refer to group defined in the same lookbehind subpattern";
            return Err(tokens.error(message.to_owned()));
        }
        Ok(())
    }

    /// Reads the group of `(?(…)`, which has just been read with its parenthesis.
    pub(crate) fn condition(&mut self, name: &str, tokens: &Tokens<'_>) -> Result<(), PatternError> {
        let length = name.chars().count();
        let group = if tables::is_identifier(name) {
            self.named(name, tokens)?
        } else {
            match python_int(name) {
                None => {
                    let message = format!("bad character in group name {}", python::repr(name));
                    return Err(tokens.error_back(length + 1, message));
                }
                Some(number) if number == "0" => {
                    return Err(tokens.error_back(length + 1, "bad group number".to_owned()));
                }
                Some(number) => match number.parse::<usize>() {
                    Ok(group) if group < MAX_GROUPS => {
                        let place = tokens.place().saturating_sub(length + 1);
                        self.promised.entry(group).or_insert(place);
                        group
                    }
                    _ => {
                        let message = format!("invalid group reference {number}");
                        return Err(tokens.error_back(length + 1, message));
                    }
                },
            }
        };
        self.check_lookbehind(group, tokens)
    }

    /// Whether every group that a condition named came to exist.
    pub(crate) fn check_promises(&self, tokens: &Tokens<'_>) -> Result<(), PatternError> {
        let broken = self.promised.iter().filter(|&(&group, _)| group >= self.closed.len());
        match broken.min_by_key(|&(_, &place)| place) {
            Some((group, &place)) => Err(tokens.error_at(place, format!("invalid group reference {group}"))),
            None => Ok(()),
        }
    }
}

/// CPython's limit on groups.
const MAX_GROUPS: usize = 1_073_741_823;

/// The most digits that Python's `int` reads, leading zeros among them.
const MAX_DIGITS: usize = 4_300;

/// A whole number as Python's `int` reads a text, if it is not negative: its digits in ASCII,
/// without leading zeros.
fn python_int(text: &str) -> Option<String> {
    // Beyond ASCII every space counts, and every decimal digit; the separators U+001C to U+001F do not.
    let space = |c: char| match c {
        ' ' | '\t'..='\r' => true,
        c => !c.is_ascii() && tables::contains(tables::class(Class::Space, Over::Unicode), u32::from(c)),
    };
    let text = text.trim_matches(space);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let values: Option<Vec<Vec<u32>>> =
        digits.split('_').map(|part| part.chars().map(tables::decimal).collect()).collect();
    let values = values?;
    if values.iter().any(Vec::is_empty) || values.iter().map(Vec::len).sum::<usize>() > MAX_DIGITS {
        return None;
    }
    let digits: String = values.iter().flatten().filter_map(|&digit| char::from_digit(digit, 10)).collect();
    let number = digits.trim_start_matches('0');
    match number {
        "" => Some("0".to_owned()),
        _ => (!negative).then(|| number.to_owned()),
    }
}
