//! What a root finds for the fields of an action; drawn in [`Root`].

use crate::Request;
use crate::cost::Tally;
use crate::format::{
    AffixLength, FIELDS, MAX_LENGTHS, NO_EVENT, ROOT_ENDS, ROOT_HASH, ROOT_NODE, ROOT_PREFIX, ROOT_STARTS,
    ROOT_SUFFIX, Root, Slot,
};
use crate::literals::{Glance, Literals};
use crate::tables::{Table, Tables, index};

/// A root, ready to be asked.
pub(crate) struct LoadedRoot {
    finder: Finder,
    first_rule: u32,
}

enum Finder {
    Hash(Literals),
    Prefix(u32, Table<Slot>),
    Suffix(u32, Table<Slot>),
    Starts(u32, Literals, [AffixLength; MAX_LENGTHS]),
    Ends(u32, Literals, [AffixLength; MAX_LENGTHS]),
    Node(u32),
}

/// What a root finds, in one number: what is left to ask, and the first rule that other roots may have for the
/// action, as far as this one knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found(u64);

impl Found {
    /// Nothing. Other roots may have any rule.
    pub(crate) const NOTHING: Found = Found::new(NO_EVENT, 0);
    /// A table is inconsistent. No reference to an error is so high.
    pub(crate) const INCONSISTENT: Found = Found::new(NO_EVENT - 1, 0);

    #[expect(clippy::as_conversions, reason = "from 32 bits to 64, in a const fn")]
    pub(crate) const fn new(reference: u32, bound: u32) -> Self {
        Found((bound as u64) << 32 | reference as u64)
    }

    #[inline]
    pub(crate) fn reference(self) -> u32 {
        u32::try_from(self.0 & u64::from(u32::MAX)).unwrap_or(0)
    }

    #[inline]
    pub(crate) fn bound(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(0)
    }
}

impl LoadedRoot {
    /// The root of a record that was checked.
    pub(crate) fn of(tables: &Tables, root: &Root) -> Option<Self> {
        let fields = root.fields.get();
        let field = FIELDS.into_iter().position(|bit| bit == fields);
        let slots = || Table::within(tables.slots, root.first, root.count);
        let finder = match (root.kind.get(), field) {
            (ROOT_HASH, _) => Finder::Hash(Literals::of(tables, root)?),
            (ROOT_STARTS, Some(_)) => Finder::Starts(fields, Literals::of(tables, root)?, root.lengths),
            (ROOT_ENDS, Some(_)) => Finder::Ends(fields, Literals::of(tables, root)?, root.lengths),
            (ROOT_PREFIX, Some(_)) => Finder::Prefix(fields, slots()?),
            (ROOT_SUFFIX, Some(_)) => Finder::Suffix(fields, slots()?),
            (ROOT_NODE, _) => Finder::Node(root.first.get()),
            _ => return None,
        };
        Some(LoadedRoot { finder, first_rule: root.first_rule.get() })
    }

    /// The smallest rule index that it can give.
    #[inline]
    pub(crate) fn first_rule(&self) -> u32 {
        self.first_rule
    }

    /// What a search in the root's hash table will look at first; `None` if it has none.
    pub(crate) fn glance(&self, tables: &Tables, request: &Request<'_>) -> Option<Glance> {
        match &self.finder {
            Finder::Hash(table) => table.glance(tables, request),
            _ => None,
        }
    }

    /// What the root has for an action.
    #[inline(always)]
    pub(crate) fn find(&self, tables: &Tables, request: &Request<'_>, tally: &mut impl Tally) -> Found {
        match &self.finder {
            Finder::Hash(table) => {
                tally.probe();
                tally.read(|| Some(2));
                table.find(tables, request)
            }
            Finder::Prefix(field, slots) => {
                tally.read(|| Some(1));
                walk(tables, *slots, request.field(*field).bytes())
            }
            Finder::Suffix(field, slots) => {
                tally.read(|| Some(1));
                walk(tables, *slots, request.field(*field).bytes().rev())
            }
            Finder::Starts(field, table, lengths) => {
                let text = request.field(*field).as_bytes();
                let found = of_start(tables, table, text, lengths, tally);
                found.unwrap_or(Found::INCONSISTENT)
            }
            Finder::Ends(field, table, lengths) => {
                let text = request.field(*field).as_bytes();
                let found = of_end(tables, table, text, lengths, tally);
                found.unwrap_or(Found::INCONSISTENT)
            }
            Finder::Node(reference) => Found::new(*reference, 0),
        }
    }
}

/// What the longest of the keys has that are at the end of a text; `cut` gives that end, of a length, and the byte
/// of it that is farthest from the text's own end.
#[inline(always)]
fn of_affix<'a>(
    tables: &Tables,
    table: &Literals,
    lengths: &[AffixLength],
    tally: &mut impl Tally,
    cut: impl Fn(usize) -> Option<(&'a [u8], u8)>,
) -> Option<Found> {
    for AffixLength { length, edge, has_edge } in lengths.iter().take_while(|length| length.length > 0) {
        let Some((affix, last)) = cut(usize::from(*length)) else { continue };
        if *has_edge == 0 || last == *edge {
            tally.probe();
            tally.read(|| Some(2));
            match table.of_text(tables, affix)? {
                Found::NOTHING => {}
                found => return Some(found),
            }
        }
    }
    Some(Found::NOTHING)
}

// These are apart, so that other roots do not pay for them.

#[inline(never)]
fn of_start(
    tables: &Tables,
    table: &Literals,
    text: &[u8],
    lengths: &[AffixLength],
    tally: &mut impl Tally,
) -> Option<Found> {
    of_affix(tables, table, lengths, tally, |length| {
        let start = text.get(..length)?;
        Some((start, *start.last()?))
    })
}

#[inline(never)]
fn of_end(
    tables: &Tables,
    table: &Literals,
    text: &[u8],
    lengths: &[AffixLength],
    tally: &mut impl Tally,
) -> Option<Found> {
    of_affix(tables, table, lengths, tally, |length| {
        let end = text.get(text.len().checked_sub(length)?..)?;
        Some((end, *end.first()?))
    })
}

/// The slots of a trie.
pub(crate) fn slots<'p>(tables: &'p Tables, root: &Root) -> Option<&'p [Slot]> {
    tables.slots.run(&tables.bytes, root.first, root.count)
}

/// The last reference on the way of a text through a trie.
#[inline(never)]
fn walk(tables: &Tables, slots: Table<Slot>, text: impl Iterator<Item = u8>) -> Found {
    let slots = slots.slice(&tables.bytes).unwrap_or_default();
    let Some(mut slot) = slots.first() else { return Found::INCONSISTENT };
    let mut reference = slot.reference.get();
    // The parent of a child is its slot and one.
    let mut parent = 1;
    for byte in text {
        let child = index(slot.base) + usize::from(byte);
        slot = match slots.get(child) {
            Some(next) if index(next.parent) == parent => next,
            _ => break,
        };
        parent = child + 1;
        if slot.reference.get() != NO_EVENT {
            reference = slot.reference.get();
        }
    }
    Found::new(reference, 0)
}
