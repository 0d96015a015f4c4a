//! Texts, each distinct one once, in one run of UTF-8.

use super::{TooLarge, number};
use aegis_vm::format::Text;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use zerocopy::little_endian::U32;

/// The `STRINGS` section while it grows.
#[derive(Default)]
pub(super) struct Strings {
    pub(super) text: String,
    places: HashTable<Text>,
    hasher: DefaultHashBuilder,
}

impl Strings {
    /// Where the text stands.
    pub(super) fn add(&mut self, text: &str) -> Result<Text, TooLarge> {
        match self.find(text) {
            Some(place) => Ok(place),
            None => self.add_behind(text),
        }
    }

    /// Where the text stands, which is behind all others even if it stands there already.
    pub(super) fn add_behind(&mut self, text: &str) -> Result<Text, TooLarge> {
        let place = Text {
            offset: number(self.text.len(), "bytes of text")?,
            length: number(text.len(), "bytes of text")?,
        };
        number(self.text.len() + text.len(), "bytes of text")?;
        let known = self.find(text).is_some();
        self.text.push_str(text);
        if !known {
            let (all, hasher) = (&self.text, &self.hasher);
            self.places
                .insert_unique(hasher.hash_one(text), place, |&place| hasher.hash_one(part(all, place)));
        }
        Ok(place)
    }

    /// The text at a place.
    pub(super) fn get(&self, place: Text) -> &str {
        part(&self.text, place)
    }

    fn find(&self, text: &str) -> Option<Text> {
        let is = |&place: &Text| self.get(place) == text;
        self.places.find(self.hasher.hash_one(text), is).copied()
    }
}

fn part(all: &str, place: Text) -> &str {
    let at = |n: U32| usize::try_from(n.get()).unwrap_or(usize::MAX);
    let start = at(place.offset);
    all.get(start..start.saturating_add(at(place.length))).unwrap_or_default()
}
