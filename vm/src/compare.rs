//! Params against constants: equality, order, membership.

use crate::decision::Expected;
use crate::format::{
    CONST_BIG_INT, CONST_BOOL, CONST_FLOAT, CONST_FOREIGN, CONST_INT, CONST_LIST, CONST_MAP, CONST_NULL,
    CONST_STR, Const,
};
use crate::number::{Number, compare};
use crate::tables::Tables;
use crate::value::{BigInt, List, Map, Value};
use core::cmp::Ordering;
use zerocopy::little_endian::U32;

/// A constant of the policy, where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Constant<'p> {
    tables: &'p Tables,
    record: &'p Const,
}

/// What a constant is.
enum Content<'p> {
    Null,
    Number(Number<'p>),
    Str(&'p str),
    List,
    Map,
    Foreign { hashable: bool },
}

impl<'p> Constant<'p> {
    pub(crate) fn get(tables: &'p Tables, index: U32) -> Option<Self> {
        let record = tables.consts.get(&tables.bytes, crate::tables::index(index))?;
        Some(Constant { tables, record })
    }

    /// The number that it is, if it is one.
    pub(crate) fn number(self) -> Option<Number<'p>> {
        match self.content()? {
            Content::Number(number) => Some(number),
            _ => None,
        }
    }

    fn content(self) -> Option<Content<'p>> {
        let payload = self.record.payload.get();
        Some(match self.record.tag.get() {
            CONST_NULL => Content::Null,
            CONST_BOOL => Content::Number(Number::Int(i128::from(payload != 0))),
            CONST_INT => Content::Number(Number::Int(i128::from(i64::from_le_bytes(payload.to_le_bytes())))),
            CONST_BIG_INT => Content::Number(Number::of_big(BigInt::new(self.text()?)?)),
            CONST_FLOAT => Content::Number(Number::Float(f64::from_bits(payload))),
            CONST_STR => Content::Str(self.text()?),
            CONST_LIST => Content::List,
            CONST_MAP => Content::Map,
            CONST_FOREIGN => Content::Foreign { hashable: self.record.n.get() == 1 },
            _ => return None,
        })
    }

    fn text(self) -> Option<&'p str> {
        let offset = u32::try_from(self.record.payload.get()).ok()?;
        self.tables.slice_of_strings(U32::new(offset), self.record.n)
    }

    fn children(self, each: u32) -> Option<&'p [Const]> {
        let first = u32::try_from(self.record.payload.get()).ok()?;
        let count = self.record.n.get().checked_mul(each)?;
        self.tables.consts.run(&self.tables.bytes, U32::new(first), U32::new(count))
    }

    fn of(self, record: &'p Const) -> Self {
        Constant { tables: self.tables, record }
    }

    /// Python's `==`. Recursion is bounded by the depth of the constant, which the loader bounds.
    pub(crate) fn equals(self, value: Value<'_>) -> Option<bool> {
        Some(match (self.content()?, value) {
            (Content::Null, Value::Null) => true,
            (Content::Str(a), Value::Str(b)) => a == b,
            (Content::List, Value::List(items)) => self.equals_list(items)?,
            (Content::Map, Value::Map(entries)) => self.equals_map(entries)?,
            (Content::Number(a), value) => {
                Number::of(value).and_then(|b| compare(a, b)) == Some(Ordering::Equal)
            }
            _ => false,
        })
    }

    fn equals_list(self, items: &dyn List) -> Option<bool> {
        let children = self.children(1)?;
        if children.len() != items.len() {
            return Some(false);
        }
        for (at, child) in children.iter().enumerate() {
            match items.get(at) {
                Some(item) if self.of(child).equals(item)? => {}
                _ => return Some(false),
            }
        }
        Some(true)
    }

    fn equals_map(self, entries: &dyn Map) -> Option<bool> {
        let children = self.children(2)?;
        if children.len() / 2 != entries.len() {
            return Some(false);
        }
        for pair in children.chunks_exact(2) {
            let [key, child] = pair else { return None };
            match entries.get(self.of(key).text()?) {
                Some(value) if self.of(child).equals(value)? => {}
                _ => return Some(false),
            }
        }
        Some(true)
    }

    /// The order of the value against the constant: the inner `Err` if they have none by their
    /// kinds, with what the value would have to be; the inner `None` if one is a NaN.
    pub(crate) fn order(self, value: Value<'_>) -> Option<Result<Option<Ordering>, Expected>> {
        Some(match (self.content()?, value) {
            (Content::Str(constant), Value::Str(value)) => Ok(Some(value.cmp(constant))),
            (Content::Str(_), _) => Err(Expected::String),
            (Content::Number(constant), value) => match Number::of(value) {
                Some(value) => Ok(compare(value, constant)),
                None => Err(Expected::Number),
            },
            _ => return None,
        })
    }

    /// Python's `constant in value`; the inner `Err` says what the value would have to be.
    pub(crate) fn is_in(self, value: Value<'_>) -> Option<Result<bool, Expected>> {
        let content = self.content()?;
        let holder = match content {
            Content::Str(_) => Expected::Container,
            Content::Null | Content::Number(_) | Content::Foreign { hashable: true } => {
                Expected::ListOrMapping
            }
            Content::List | Content::Map | Content::Foreign { hashable: false } => Expected::List,
        };
        Some(match (value, content) {
            (Value::List(items), _) => {
                for at in 0..items.len() {
                    if let Some(item) = items.get(at)
                        && self.equals(item)?
                    {
                        return Some(Ok(true));
                    }
                }
                Ok(false)
            }
            (Value::Str(text), Content::Str(part)) => Ok(text.contains(part)),
            (Value::Map(entries), Content::Str(key)) => Ok(entries.get(key).is_some()),
            // Only text can be a key of a JSON mapping.
            (Value::Map(_), _) if holder == Expected::ListOrMapping => Ok(false),
            _ => Err(holder),
        })
    }
}
