//! The tables of a loaded artifact, used in place.
//!
//! A [`Table`] is a place in the artifact's bytes; a record is read where it stands. Every lookup is
//! checked and gives `None` when it misses, which after a successful load cannot happen: the
//! evaluator turns it into a decision that blocks.

use crate::cost::CostTables;
use crate::format::{
    Automaton, Const, Glob, GlobPart, GlobRange, GlobToken, Group, GroupAnswer, Needle, Pattern,
    ResolvedGlob, Root, Rule, RuleError, Scan, Slot, Test, Text, Word, WordSet,
};
use crate::pattern::ClassMap;
use core::marker::PhantomData;
use core::ops::Range;
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// A number of the format as an index; too large an index finds nothing.
pub(crate) fn index(n: U32) -> usize {
    usize::try_from(n.get()).unwrap_or(usize::MAX)
}

/// Records of one kind in a row.
pub(crate) struct Table<T> {
    start: usize,
    len: usize,
    record: PhantomData<fn() -> T>,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Table<T> {}

impl<T: FromBytes + Immutable + KnownLayout + Unaligned> Table<T> {
    /// The table over a byte range of the artifact, if the range is a whole number of records.
    pub(crate) fn new(range: &Range<usize>) -> Option<Self> {
        let size = size_of::<T>();
        let bytes = range.len();
        bytes.is_multiple_of(size).then(|| Table {
            start: range.start,
            len: bytes / size,
            record: PhantomData,
        })
    }

    /// `count` records of a table from `first`, as a table.
    pub(crate) fn within(all: Table<T>, first: U32, count: U32) -> Option<Self> {
        let (first, count) = (index(first), index(count));
        let end = first.checked_add(count)?;
        let start = all.start + first * size_of::<T>();
        (end <= all.len).then_some(Table { start, len: count, record: PhantomData })
    }

    /// The `N` records from an index on.
    #[inline]
    pub(crate) fn chunk<const N: usize>(self, bytes: &[u8], index: usize) -> Option<&[T; N]> {
        if index.checked_add(N)? > self.len {
            return None;
        }
        let start = self.start + index * size_of::<T>();
        <[T; N]>::ref_from_bytes(bytes.get(start..start + size_of::<[T; N]>())?).ok()
    }

    pub(crate) fn len(self) -> usize {
        self.len
    }

    pub(crate) fn get(self, bytes: &[u8], index: usize) -> Option<&T> {
        if index >= self.len {
            return None;
        }
        let start = self.start + index * size_of::<T>();
        T::ref_from_bytes(bytes.get(start..start + size_of::<T>())?).ok()
    }

    /// The records, in order.
    pub(crate) fn slice(self, bytes: &[u8]) -> Option<&[T]> {
        <[T]>::ref_from_bytes(bytes.get(self.start..self.start + self.len * size_of::<T>())?).ok()
    }

    /// `count` records from `first`.
    pub(crate) fn run(self, bytes: &[u8], first: U32, count: U32) -> Option<&[T]> {
        let (first, count) = (index(first), index(count));
        let end = first.checked_add(count).filter(|&end| end <= self.len)?;
        let start = self.start + first * size_of::<T>();
        <[T]>::ref_from_bytes(bytes.get(start..self.start + end * size_of::<T>())?).ok()
    }
}

impl Table<U32> {
    /// The halves of its words, as a table.
    pub(crate) fn halves(self) -> Table<U16> {
        Table { start: self.start, len: 2 * self.len, record: PhantomData }
    }
}

/// Every table of an artifact, with the bytes that they stand in.
pub(crate) struct Tables {
    pub(crate) bytes: Box<[u8]>,
    pub(crate) strings: Box<str>,
    /// Whether all of them are ASCII, so that a text may begin and end anywhere.
    pub(crate) ascii: bool,
    pub(crate) glob_ranges: Table<GlobRange>,
    pub(crate) glob_tokens: Table<GlobToken>,
    pub(crate) glob_parts: Table<GlobPart>,
    pub(crate) globs: Table<Glob>,
    pub(crate) params: Table<Text>,
    pub(crate) consts: Table<Const>,
    pub(crate) words: Table<Word>,
    pub(crate) word_sets: Table<WordSet>,
    pub(crate) class_map: ClassMap,
    pub(crate) column_maps: Range<usize>,
    pub(crate) automaton_bytes: Range<usize>,
    pub(crate) automata: Table<Automaton>,
    pub(crate) patterns: Table<Pattern>,
    pub(crate) groups: Table<Group>,
    pub(crate) group_members: Table<U32>,
    pub(crate) group_answers: Table<GroupAnswer>,
    pub(crate) needles: Table<Needle>,
    pub(crate) scan_bytes: Range<usize>,
    pub(crate) scans: Table<Scan>,
    pub(crate) tests: Table<Test>,
    pub(crate) rules: Table<Rule>,
    pub(crate) errors: Table<RuleError>,
    pub(crate) switches: Table<U32>,
    pub(crate) nodes: Table<U32>,
    pub(crate) buckets: Table<U32>,
    pub(crate) slots: Table<Slot>,
    pub(crate) roots: Table<Root>,
}

impl Tables {
    pub(crate) fn text(&self, text: Text) -> Option<&str> {
        self.slice_of_strings(text.offset, text.length)
    }

    pub(crate) fn slice_of_strings(&self, offset: U32, length: U32) -> Option<&str> {
        let start = index(offset);
        self.strings.get(start..start.checked_add(index(length))?)
    }

    /// Whether a text is there; of ASCII without a look at it.
    pub(crate) fn is_text(&self, text: Text) -> bool {
        match self.ascii {
            true => {
                let end = index(text.offset).checked_add(index(text.length));
                end.is_some_and(|end| end <= self.strings.len())
            }
            false => self.text(text).is_some(),
        }
    }

    /// A byte range of the strings, which a text is compared with.
    pub(crate) fn bytes_of_strings(&self, offset: U32, length: U32) -> Option<&[u8]> {
        let start = index(offset);
        self.strings.as_bytes().get(start..start.checked_add(index(length))?)
    }

    /// The tables that the cost of a decision depends on.
    pub(crate) fn cost_tables(&self) -> Option<CostTables<'_>> {
        let bytes = &self.bytes;
        Some(CostTables {
            roots: self.roots.slice(bytes)?,
            buckets: self.buckets.slice(bytes)?,
            slots: self.slots.slice(bytes)?,
            nodes: self.nodes.slice(bytes)?,
            switches: self.switches.slice(bytes)?,
            rules: self.rules.slice(bytes)?,
            tests: self.tests.slice(bytes)?,
            globs: self.globs.slice(bytes)?,
            glob_parts: self.glob_parts.slice(bytes)?,
            glob_tokens: self.glob_tokens.slice(bytes)?,
            patterns: self.patterns.slice(bytes)?,
            automata: self.automata.slice(bytes)?,
            word_sets: self.word_sets.slice(bytes)?,
        })
    }

    pub(crate) fn rule(&self, rule: usize) -> Option<&Rule> {
        self.rules.get(&self.bytes, rule)
    }

    #[inline]
    pub(crate) fn glob(&self, glob: U32) -> Option<ResolvedGlob> {
        self.globs.get(&self.bytes, index(glob))?.resolve(self.glob_parts.slice(&self.bytes)?)
    }

    pub(crate) fn param(&self, param: usize) -> Option<&str> {
        self.text(*self.params.get(&self.bytes, param)?)
    }

    pub(crate) fn tests_of(&self, rule: &Rule) -> Option<&[Test]> {
        self.tests.run(&self.bytes, rule.first_test, rule.test_count())
    }
}
