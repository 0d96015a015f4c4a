//! The records of globs, each distinct one once.

use super::strings::Strings;
use super::{TooLarge, number};
use crate::glob::{Form, Token, form, read};
use crate::pyre::GlobGroup;
use aegis_vm::format::{
    GLOB_ANY, GLOB_GROUPED, GLOB_LITERAL, GLOB_PREFIX, GLOB_SUFFIX, GLOB_TOKENS, Glob, GlobPart, GlobRange,
    GlobToken, ResolvedGlob, TOKEN_NOT_SET, TOKEN_ONES, TOKEN_RUN, TOKEN_SET, TOKEN_TEXT, Text,
};
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;
use zerocopy::little_endian::U32;

/// By what the texts that a glob may match are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Find {
    /// It matches every text.
    Anything,
    /// The one text.
    Literal,
    /// They begin with this.
    Prefix(Text),
    /// They end with this.
    Suffix(Text),
    /// Nothing but the glob itself.
    Nothing,
}

/// The glob sections while they grow.
#[derive(Default)]
pub(super) struct Globs {
    pub(super) globs: Vec<Glob>,
    pub(super) parts: Vec<GlobPart>,
    pub(super) tokens: Vec<GlobToken>,
    pub(super) ranges: Vec<GlobRange>,
    places: HashTable<U32>,
    hasher: DefaultHashBuilder,
    /// For each glob what finds it, and whether it is a text and stars before or after it.
    finds: Vec<(Find, bool)>,
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
    pub(super) fn members(&self, group: &GlobGroup, strings: &Strings) -> Vec<U32> {
        group.members.iter().filter_map(|member| self.place(member, strings)).collect()
    }

    /// Where a glob stands, if it does.
    fn place(&self, text: &str, strings: &Strings) -> Option<U32> {
        let is = |&place: &U32| {
            resolved(&self.globs, &self.parts, place).is_some_and(|glob| strings.get(glob.text) == text)
        };
        self.places.find(self.hasher.hash_one(text), is).copied()
    }

    /// Where the glob stands.
    pub(super) fn add(&mut self, text: &str, strings: &mut Strings) -> Result<U32, TooLarge> {
        if let Some(place) = self.place(text, strings) {
            return Ok(place);
        }
        let place = number(self.globs.len(), "globs")?;
        // Most globs have no wildcard, and so no tokens to tell apart.
        let plain = !text.bytes().any(|byte| matches!(byte, b'*' | b'?' | b'['));
        let tokens = if plain { Vec::new() } else { read(text) };
        let form = if plain { Form::Literal(text) } else { form(&tokens) };
        // The texts of globs stand in the order of the globs, and those of affixes in them.
        let written = strings.add_behind(text)?;
        let one_star = |affix: &str| text.len() == affix.len() + 1;
        let simple = match form {
            Form::Any => Some(GLOB_ANY),
            Form::Literal(_) => Some(GLOB_LITERAL),
            Form::Prefix(prefix) if one_star(prefix) => Some(GLOB_PREFIX),
            Form::Suffix(suffix) if one_star(suffix) => Some(GLOB_SUFFIX),
            _ => None,
        };
        let glob = match simple {
            Some(kind) => Glob::new(kind, written.offset, written.length),
            None => {
                let (kind, a, b) = match self.grouped.get(text) {
                    Some(&(group, bit)) => (GLOB_GROUPED, group, bit),
                    None => self.general(&tokens, strings)?,
                };
                let part = number(self.parts.len(), "globs")?;
                self.parts.push(GlobPart { text: written, a, b });
                Glob::new(kind, part, U32::new(0))
            }
        };
        let glob = glob.ok_or(TooLarge("bytes in one glob"))?;
        let is_affix = matches!(form, Form::Prefix(_) | Form::Suffix(_));
        let find = match (form, tokens.as_slice()) {
            (Form::Any, _) => Find::Anything,
            (Form::Literal(_), _) => Find::Literal,
            (Form::Prefix(prefix), _) => {
                Find::Prefix(Text { offset: written.offset, length: number(prefix.len(), "bytes of text")? })
            }
            (Form::Suffix(suffix), _) => Find::Suffix(Text {
                offset: written.offset + number(text.len() - suffix.len(), "bytes of text")?,
                length: number(suffix.len(), "bytes of text")?,
            }),
            (_, [Token::Text(prefix), ..]) => Find::Prefix(strings.add(prefix)?),
            (_, [.., Token::Text(suffix)]) => Find::Suffix(strings.add(suffix)?),
            _ => Find::Nothing,
        };
        self.finds.push((find, is_affix));
        self.globs.push(glob);
        let (hasher, globs, parts) = (&self.hasher, &self.globs, &self.parts);
        let hash = |&place: &U32| {
            hasher.hash_one(resolved(globs, parts, place).map_or("", |glob| strings.get(glob.text)))
        };
        self.places.insert_unique(hasher.hash_one(text), place, hash);
        Ok(place)
    }

    /// The text of a glob as written.
    pub(super) fn written(&self, glob: u32) -> Option<Text> {
        resolved(&self.globs, &self.parts, U32::new(glob)).map(|glob| glob.text)
    }

    /// What finds a glob.
    pub(super) fn find(&self, glob: U32) -> Find {
        self.found(glob).map_or(Find::Nothing, |(find, _)| find)
    }

    /// Whether a glob is a text and stars, before or after it.
    pub(super) fn is_affix(&self, glob: U32) -> bool {
        self.found(glob).is_some_and(|(_, is_affix)| is_affix)
    }

    fn found(&self, glob: U32) -> Option<(Find, bool)> {
        self.finds.get(usize::try_from(glob.get()).ok()?).copied()
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

/// The glob at a place, with its part.
pub(super) fn resolved(globs: &[Glob], parts: &[GlobPart], place: U32) -> Option<ResolvedGlob> {
    globs.get(usize::try_from(place.get()).ok()?)?.resolve(parts)
}
