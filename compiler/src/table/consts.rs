//! Constants: children after their parent, in a row, so that a walk only goes forward.

use super::strings::Strings;
use super::{TooLarge, number};
use crate::hir;
use aegis_vm::format::{
    CONST_BIG_INT, CONST_BOOL, CONST_FLOAT, CONST_FOREIGN, CONST_INT, CONST_LIST, CONST_MAP, CONST_NULL,
    CONST_STR, Const, MAX_BIG_INT,
};
use hashbrown::HashMap;
use std::collections::VecDeque;
use zerocopy::IntoBytes;
use zerocopy::little_endian::{U32, U64};

/// The `CONSTS` section while it grows. Equal scalars are shared.
#[derive(Default)]
pub(super) struct Consts {
    pub(super) records: Vec<Const>,
    shared: HashMap<Vec<u8>, U32>,
}

/// JSON nests at most so deep, so what lies deeper equals nothing.
const DEEPEST: usize = aegis_vm::json::MAX_DEPTH;

impl Consts {
    /// Where the constant stands.
    pub(super) fn add(&mut self, value: &hir::Const, strings: &mut Strings) -> Result<U32, TooLarge> {
        if let Some(scalar) = scalar(value, strings)? {
            let key = scalar.as_bytes().to_vec();
            if let Some(&place) = self.shared.get(&key) {
                return Ok(place);
            }
            let place = number(self.records.len(), "constants")?;
            self.records.push(scalar);
            self.shared.insert(key, place);
            return Ok(place);
        }
        let root = self.records.len();
        self.records.push(record(CONST_NULL, 0, 0));
        let mut waiting = VecDeque::from([(root, value, 1)]);
        while let Some((place, value, depth)) = waiting.pop_front() {
            let first = self.records.len();
            let written = match value {
                hir::Const::List(_) | hir::Const::Map(_) if depth > DEEPEST => record(CONST_FOREIGN, 0, 0),
                hir::Const::List(items) => {
                    for (offset, item) in items.iter().enumerate() {
                        self.records.push(record(CONST_NULL, 0, 0));
                        waiting.push_back((first + offset, item, depth + 1));
                    }
                    composite(CONST_LIST, items.len(), first)?
                }
                hir::Const::Map(entries) => {
                    for (offset, (key, item)) in entries.iter().enumerate() {
                        let text = strings.add(key)?;
                        self.records.push(record(CONST_STR, text.length.get(), u64::from(text.offset.get())));
                        self.records.push(record(CONST_NULL, 0, 0));
                        waiting.push_back((first + offset * 2 + 1, item, depth + 1));
                    }
                    composite(CONST_MAP, entries.len(), first)?
                }
                leaf => scalar(leaf, strings)?.unwrap_or_else(|| record(CONST_FOREIGN, 0, 0)),
            };
            if let Some(slot) = self.records.get_mut(place) {
                *slot = written;
            }
        }
        number(root, "constants")
    }
}

fn record(tag: u32, n: u32, payload: u64) -> Const {
    Const { tag: U32::new(tag), n: U32::new(n), payload: U64::new(payload) }
}

fn composite(tag: u32, count: usize, first: usize) -> Result<Const, TooLarge> {
    let n = number(count, "constants")?;
    // Without children there is no first one.
    let first = if count == 0 { U32::new(0) } else { number(first, "constants")? };
    Ok(record(tag, n.get(), first.get().into()))
}

/// The record of a constant that has no children.
fn scalar(value: &hir::Const, strings: &mut Strings) -> Result<Option<Const>, TooLarge> {
    let text = |tag, text: &str, strings: &mut Strings| {
        let place = strings.add(text)?;
        Ok(record(tag, place.length.get(), place.offset.get().into()))
    };
    Ok(Some(match value {
        hir::Const::Null => record(CONST_NULL, 0, 0),
        hir::Const::Bool(b) => record(CONST_BOOL, 0, u64::from(*b)),
        hir::Const::Int(int) => match i64::try_from(int) {
            Ok(small) => record(CONST_INT, 0, u64::from_le_bytes(small.to_le_bytes())),
            Err(_) => {
                let digits = int.to_string();
                if digits.len() > MAX_BIG_INT {
                    return Err(TooLarge("digits in one number"));
                }
                text(CONST_BIG_INT, &digits, strings)?
            }
        },
        hir::Const::Float(x) => record(CONST_FLOAT, 0, x.to_bits()),
        hir::Const::Str(s) => text(CONST_STR, s, strings)?,
        hir::Const::Foreign { hashable } => record(CONST_FOREIGN, u32::from(*hashable), 0),
        hir::Const::List(_) | hir::Const::Map(_) => return Ok(None),
    }))
}
