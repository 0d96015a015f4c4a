//! Texts, each distinct one once, in one run of UTF-8.

use super::{TooLarge, number};
use aegis_vm::format::Text;
use std::collections::HashMap;

/// The `STRINGS` section while it grows.
#[derive(Default)]
pub(super) struct Strings {
    pub(super) text: String,
    places: HashMap<Box<str>, Text>,
}

impl Strings {
    /// Where the text stands.
    pub(super) fn add(&mut self, text: &str) -> Result<Text, TooLarge> {
        match self.places.get(text) {
            Some(&place) => Ok(place),
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
        self.text.push_str(text);
        self.places.insert(text.into(), place);
        Ok(place)
    }
}
