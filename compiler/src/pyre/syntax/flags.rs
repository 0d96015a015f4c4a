//! Inline flags: `(?i)`, `(?s-x:…)`.

use super::ast::{Case, Over};
use super::tokens::{Token, Tokens};
use crate::pyre::{PatternError, tables};

/// A set of flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(u8);

/// What `(?…` with flags turned out to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inline {
    /// `(?i)`: for the whole pattern.
    Global(Flags),
    /// `(?i-x:`: for the group that begins here.
    Scoped {
        /// The flags turned on.
        on: Flags,
        /// The flags turned off.
        off: Flags,
    },
}

impl Flags {
    pub(crate) const IGNORE_CASE: Flags = Flags(1);
    pub(crate) const MULTI_LINE: Flags = Flags(2);
    pub(crate) const DOT_ALL: Flags = Flags(4);
    pub(crate) const VERBOSE: Flags = Flags(8);
    pub(crate) const ASCII: Flags = Flags(16);
    pub(crate) const UNICODE: Flags = Flags(32);
    pub(crate) const TEMPLATE: Flags = Flags(64);
    const LOCALE: Flags = Flags(128);
    /// The flags of which one excludes the others.
    const KIND: Flags = Flags(16 | 32 | 128);

    fn of(c: char) -> Option<Flags> {
        Some(match c {
            'i' => Flags::IGNORE_CASE,
            'L' => Flags::LOCALE,
            'm' => Flags::MULTI_LINE,
            's' => Flags::DOT_ALL,
            'x' => Flags::VERBOSE,
            'a' => Flags::ASCII,
            't' => Flags::TEMPLATE,
            'u' => Flags::UNICODE,
            _ => return None,
        })
    }

    /// Whether any of these flags is set.
    pub(crate) fn any(self, of: Flags) -> bool {
        self.0 & of.0 != 0
    }

    /// Both together.
    pub(crate) fn with(self, more: Flags) -> Flags {
        Flags(self.0 | more.0)
    }

    fn only(self, these: Flags) -> Flags {
        Flags(self.0 & these.0)
    }

    fn without(self, these: Flags) -> Flags {
        Flags(self.0 & !these.0)
    }

    /// The flags inside a group that turns some on and some off.
    pub(crate) fn scoped(self, on: Flags, off: Flags) -> Flags {
        let outer = if on.any(Flags::KIND) { self.without(Flags::KIND) } else { self };
        outer.with(on).without(off)
    }

    /// What `\d`, `\w`, `\s` and `\b` look at.
    pub(crate) fn over(self) -> Over {
        if self.any(Flags::ASCII) { Over::Ascii } else { Over::Unicode }
    }

    /// How case counts.
    pub(crate) fn case(self) -> Case {
        match (self.any(Flags::IGNORE_CASE), self.over()) {
            (false, _) => Case::Exact,
            (true, Over::Ascii) => Case::Ascii,
            (true, Over::Unicode) => Case::Unicode,
        }
    }

    /// Whether the token after `(?` begins flags.
    pub(crate) fn begin(token: Token) -> bool {
        token.plain().is_some_and(|c| c == '-' || Flags::of(c).is_some())
    }
}

/// Reads flags up to the `)` or `:` that ends them; the first token is taken already.
pub(crate) fn parse_flags(tokens: &mut Tokens<'_>, first: Token) -> Result<Inline, PatternError> {
    let mut on = Flags::default();
    let mut token = first;
    while let Some(flag) = token.plain().and_then(Flags::of) {
        if flag == Flags::LOCALE {
            return Err(bad(tokens, 0, "cannot use 'L' flag with a str pattern"));
        }
        on = on.with(flag);
        if flag.any(Flags::KIND) && on.only(Flags::KIND) != flag {
            return Err(bad(tokens, 0, "flags 'a', 'u' and 'L' are incompatible"));
        }
        token = next_flag(tokens, &[')', '-', ':'], "missing -, : or )")?;
    }
    if token.plain() == Some(')') {
        return Ok(Inline::Global(on));
    }
    if on.any(Flags::TEMPLATE) {
        return Err(bad(tokens, 1, "cannot turn on global flag"));
    }
    let mut off = Flags::default();
    if token.plain() == Some('-') {
        token = next_flag(tokens, &[], "missing flag")?;
        while let Some(flag) = token.plain().and_then(Flags::of) {
            if flag.any(Flags::KIND) {
                return Err(bad(tokens, 0, "cannot turn off flags 'a', 'u' and 'L'"));
            }
            off = off.with(flag);
            token = next_flag(tokens, &[':'], "missing :")?;
        }
    }
    if off.any(Flags::TEMPLATE) {
        return Err(bad(tokens, 1, "cannot turn off global flag"));
    }
    if on.any(off) {
        return Err(bad(tokens, 1, "flag turned on and off"));
    }
    Ok(Inline::Scoped { on, off })
}

/// The next token, which is a flag or one of `ends`.
fn next_flag(tokens: &mut Tokens<'_>, ends: &[char], missing: &str) -> Result<Token, PatternError> {
    let Some(token) = tokens.next()? else { return Err(tokens.error(missing.to_owned())) };
    match token.plain() {
        Some(c) if ends.contains(&c) || Flags::of(c).is_some() => Ok(token),
        Some(c) if tables::is_alphabetic(c) => Err(tokens.error_back(1, "unknown flag".to_owned())),
        _ => Err(tokens.error_back(token.len(), missing.to_owned())),
    }
}

fn bad(tokens: &Tokens<'_>, back: usize, what: &str) -> PatternError {
    tokens.error_back(back, format!("bad inline flags: {what}"))
}
