//! The records of globs, each distinct one once.

use super::strings::Strings;
use super::{TooLarge, number};
use crate::glob::{Form, Token, form, read};
use crate::pyre::GlobGroup;
use aegis_vm::format::hash_text;
use aegis_vm::format::{
    GLOB_ANY, GLOB_GROUPED, GLOB_LITERAL, GLOB_PREFIX, GLOB_SUFFIX, GLOB_TOKENS, Glob, GlobRange, GlobToken,
    TOKEN_NOT_SET, TOKEN_ONES, TOKEN_RUN, TOKEN_SET, TOKEN_TEXT, Text,
};
use std::collections::HashMap;
use zerocopy::little_endian::U32;

/// The glob sections while they grow.
#[derive(Default)]
pub(super) struct Globs {
    pub(super) globs: Vec<Glob>,
    pub(super) tokens: Vec<GlobToken>,
    pub(super) ranges: Vec<GlobRange>,
    places: HashMap<Box<str>, U32>,
    /// For each glob the hash of its text if it is literal.
    literal_hashes: Vec<Option<u64>>,
    /// The group of a glob, and its bit there.
    grouped: HashMap<Box<str>, (U32, U32)>,
}

impl Globs {
    /// No globs yet; some will be members of these groups, which are the policy's first.
    pub(super) fn new(groups: &[GlobGroup]) -> Result<Self, TooLarge> {
        let mut globs = Globs::default();
        for (group, GlobGroup { members, .. }) in groups.iter().enumerate() {
            for (bit, member) in members.iter().enumerate() {
                let place = (number(group, "groups")?, number(bit, "globs")?);
                globs.grouped.insert(member.as_str().into(), place);
            }
        }
        Ok(globs)
    }

    /// The globs of a group, by place.
    pub(super) fn members(&self, group: &GlobGroup) -> Vec<U32> {
        group.members.iter().filter_map(|member| self.places.get(member.as_str()).copied()).collect()
    }

    /// Where the glob stands.
    pub(super) fn add(&mut self, text: &str, strings: &mut Strings) -> Result<U32, TooLarge> {
        if let Some(&place) = self.places.get(text) {
            return Ok(place);
        }
        let place = number(self.globs.len(), "globs")?;
        let tokens = read(text);
        let form = form(&tokens);
        let (kind, a, b) = match form {
            Form::Any => (GLOB_ANY, U32::new(0), U32::new(0)),
            Form::Literal(literal) => self.text(GLOB_LITERAL, literal, strings)?,
            Form::Prefix(prefix) => self.text(GLOB_PREFIX, prefix, strings)?,
            Form::Suffix(suffix) => self.text(GLOB_SUFFIX, suffix, strings)?,
            Form::General => match self.grouped.get(text) {
                Some(&(group, bit)) => (GLOB_GROUPED, group, bit),
                None => self.general(&tokens, strings)?,
            },
        };
        self.literal_hashes.push(match form {
            Form::Literal(literal) => Some(hash_text(literal)),
            _ => None,
        });
        self.globs.push(Glob { kind: U32::new(kind), text: strings.add(text)?, a, b });
        self.places.insert(text.into(), place);
        Ok(place)
    }

    /// The hash of a glob's text, if it is literal.
    pub(super) fn literal_hash(&self, glob: U32) -> Option<u64> {
        let place = usize::try_from(glob.get()).ok()?;
        *self.literal_hashes.get(place)?
    }

    fn text(&self, kind: u32, text: &str, strings: &mut Strings) -> Result<(u32, U32, U32), TooLarge> {
        let Text { offset, length } = strings.add(text)?;
        Ok((kind, offset, length))
    }

    fn general(&mut self, tokens: &[Token], strings: &mut Strings) -> Result<(u32, U32, U32), TooLarge> {
        let first = number(self.tokens.len(), "glob tokens")?;
        for token in tokens {
            let (kind, a, b) = match token {
                Token::Text(text) => self.text(TOKEN_TEXT, text, strings)?,
                Token::Ones(count) => (TOKEN_ONES, U32::new(*count), U32::new(0)),
                Token::Run => (TOKEN_RUN, U32::new(0), U32::new(0)),
                Token::Set { negated, ranges } => {
                    let first = number(self.ranges.len(), "glob ranges")?;
                    let record = |&(low, high): &(char, char)| GlobRange {
                        low: U32::new(low.into()),
                        high: U32::new(high.into()),
                    };
                    self.ranges.extend(ranges.iter().map(record));
                    let kind = if *negated { TOKEN_NOT_SET } else { TOKEN_SET };
                    (kind, first, number(ranges.len(), "glob ranges")?)
                }
            };
            self.tokens.push(GlobToken { kind: U32::new(kind), a, b });
        }
        Ok((GLOB_TOKENS, first, number(tokens.len(), "glob tokens")?))
    }
}
