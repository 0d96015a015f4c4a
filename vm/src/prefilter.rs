//! Prefilters: which of many rules may hold, by the literals that a text must have for each; drawn in
//! `format/nodes.rs`.
//!
//! A text is looked at in strides: a block of a few bytes, hashed, is one bit of a table. No look waits for the
//! one before it, so a text without any of the blocks, as most are, passes at some bytes a nanosecond,
//! however many the rules are. Only where a block is met are the literals compared that have it. (Blocks and
//! strides are after Wu and Manber, "A fast algorithm for multi-pattern searching", 1994, whose shifts
//! are by what was met.)
//!
//! What is found is a superset: the tests of a rule that may hold are asked.

use crate::Clock;
use crate::cost::Tally;
use crate::eval::{Evaluation, Settled};
use crate::format::{
    MAX_FILTERED_RULES, PREFILTER_ENTRY, PREFILTER_FIELD, PREFILTER_FOLD, PREFILTER_HEAD, filtered_mask,
    prefilter_block, prefilter_hash, prefilter_mask,
};
use crate::tables::{Tables, index};
use crate::value::Value;
use zerocopy::little_endian::U32;

/// Rules of a node, as bits.
type Mask = [u64; MAX_FILTERED_RULES / 64];

/// A prefilter, with its parts where they stand.
pub(crate) struct Prefilter<'p> {
    /// A param, or a field's bit under [`PREFILTER_FIELD`].
    pub(crate) place: u32,
    pub(crate) block: usize,
    pub(crate) stride: usize,
    /// The binary logarithm of the bits of the table.
    pub(crate) bits: u32,
    pub(crate) sifted: &'p [U32],
    /// Empty if there is none.
    pub(crate) unless_ascii: &'p [U32],
    pub(crate) table: &'p [U32],
    pub(crate) entries: &'p [[U32; PREFILTER_ENTRY]],
}

impl<'p> Prefilter<'p> {
    /// The prefilter that the words begin with, of so many rules, and the words behind it.
    #[inline]
    pub(crate) fn split(words: &'p [U32], rules: usize) -> Option<(Self, &'p [U32])> {
        let (head, rest) = words.split_first_chunk::<PREFILTER_HEAD>()?;
        let [place, shape, entries] = head.map(U32::get);
        let [block, stride, bits, by_ascii] = shape.to_le_bytes();
        let mask = filtered_mask(rules);
        let (sifted, rest) = rest.split_at_checked(mask)?;
        let by_ascii = match by_ascii {
            0 => 0,
            1 => mask,
            _ => return None,
        };
        let (unless_ascii, rest) = rest.split_at_checked(by_ascii)?;
        let (table, rest) = rest.split_at_checked(1_usize.checked_shl(bits.into())? / 32)?;
        let entries = usize::try_from(entries).ok()?.checked_mul(PREFILTER_ENTRY)?;
        let (entries, rest) = rest.split_at_checked(entries)?;
        let prefilter = Prefilter {
            place,
            block: block.into(),
            stride: stride.into(),
            bits: bits.into(),
            sifted,
            unless_ascii,
            table,
            entries: entries.as_chunks().0,
        };
        Some((prefilter, rest))
    }

    /// The literals that a rule needs one of, by the places of their texts.
    pub(crate) fn literals(&self, rule: usize) -> impl Iterator<Item = [U32; 2]> {
        let own = self.entries.iter().filter(move |[.., of]| usize::from(of.get().to_le_bytes()[0]) == rule);
        let mut literals: Vec<[U32; 2]> = own.map(|&[_, offset, length, _]| [offset, length]).collect();
        literals.sort_unstable_by_key(|literal| literal.map(U32::get));
        literals.dedup();
        literals.into_iter()
    }

    /// How often a byte of the text is read at most: in each block that it is in, and where a block is met in all
    /// literals that have it.
    pub(crate) fn reads(&self) -> u64 {
        let of_block = self.entries.chunk_by(|[a, ..], [b, ..]| a == b);
        let lengths =
            of_block.map(|of| of.iter().map(|[_, _, length, _]| u64::from(length.get())).sum::<u64>());
        4 + lengths.max().unwrap_or(0)
    }

    /// Adds the rules that may hold, by the literals in a text; `None` if a table is inconsistent.
    #[inline]
    fn sift(&self, tables: &Tables, text: &str, may: &mut Mask) -> Option<()> {
        let seen = match self.table.len() {
            SMALL => self.look::<SMALL>(tables, text.as_bytes(), may)?,
            MIDDLE => self.look::<MIDDLE>(tables, text.as_bytes(), may)?,
            LARGE => self.look::<LARGE>(tables, text.as_bytes(), may)?,
            _ => return None,
        };
        if seen & u32::from_le_bytes([0x80; 4]) != 0 {
            add(self.unless_ascii, may);
        }
        Some(())
    }

    /// Looks for the blocks of the text in a table of a size that is known, so that no look asks for it. Gives
    /// all bytes that were seen, one over the other: they are all of the text, unless the stride is longer than
    /// that of a prefilter to which it matters.
    #[inline(never)]
    fn look<const WORDS: usize>(&self, tables: &Tables, text: &[u8], may: &mut Mask) -> Option<u32> {
        let table = self.table.first_chunk::<WORDS>()?;
        let (stride, mask) = (self.stride, prefilter_mask(self.block));
        let mut seen = match text.last_chunk() {
            Some(&last) => u32::from_le_bytes(last),
            None => text.iter().fold(0, |seen, &byte| seen | u32::from(byte)),
        };
        let mut rest = text;
        while let Some(&bytes) = rest.first_chunk() {
            seen |= u32::from_le_bytes(bytes);
            let block = prefilter_block(bytes, mask);
            if is_met(table, block) {
                self.compare(tables, text, text.len() - rest.len(), block, may)?;
            }
            let Some(after) = rest.get(stride..) else { return Some(seen) };
            rest = after;
        }
        // A block of three may stand at the end.
        if let (&[a, b, c], 3) = (rest, self.block) {
            let block = prefilter_block([a, b, c, 0], mask);
            if is_met(table, block) {
                self.compare(tables, text, text.len() - rest.len(), block, may)?;
            }
        }
        Some(seen)
    }

    /// Adds the rules of the literals that stand around a place where one of their blocks is met.
    #[cold]
    fn compare(&self, tables: &Tables, text: &[u8], at: usize, block: u32, may: &mut Mask) -> Option<()> {
        let first = self.entries.partition_point(|[of, ..]| of.get() < block);
        for [of, offset, length, rule] in self.entries.get(first..)? {
            if of.get() != block {
                break;
            }
            let [rule, _, into @ ..] = rule.get().to_le_bytes();
            let (word, bit) = (usize::from(rule) / 64, 1 << (rule % 64));
            let word = may.get_mut(word)?;
            if *word & bit != 0 {
                continue;
            }
            let literal = tables.bytes_of_strings(*offset, *length)?;
            let start = at.checked_sub(usize::from(u16::from_le_bytes(into)));
            let stands = start.and_then(|start| text.get(start..)?.get(..literal.len()));
            if stands.is_some_and(|stands| stands.iter().zip(literal).all(|(a, b)| fold(*a) == fold(*b))) {
                *word |= bit;
            }
        }
        Some(())
    }
}

/// Whether a block has its bit in the table.
#[inline(always)]
fn is_met<const WORDS: usize>(table: &[U32; WORDS], block: u32) -> bool {
    let hash = prefilter_hash(block, WORDS.ilog2() + 5);
    let word = usize::try_from(hash >> 5).ok().and_then(|at| table.get(at));
    word.is_some_and(|word| word.get() >> (hash & 31) & 1 == 1)
}

/// A byte, folded.
fn fold(byte: u8) -> u8 {
    byte | PREFILTER_FOLD
}

const SMALL: usize = 1 << (11 - 5);
const MIDDLE: usize = 1 << (15 - 5);
const LARGE: usize = 1 << (18 - 5);

/// Adds the rules of a mask in words.
fn add(mask: &[U32], may: &mut Mask) {
    for (may, [low, high]) in may.iter_mut().zip(mask.as_chunks().0) {
        *may |= u64::from(high.get()) << 32 | u64::from(low.get());
    }
}

impl<C: Clock, T: Tally> Evaluation<'_, '_, C, T> {
    /// The first of the rules of a node of prefilters that has an event. Out of line, so that other nodes do not
    /// pay for it.
    #[inline(never)]
    pub(crate) fn filtered(&mut self, words: &[U32]) -> Option<Settled> {
        let ([head, _, count], rest) = words.split_first_chunk()?;
        let count = index(*count);
        let (rules, rest) = rest.split_at_checked(count)?;
        let (always, mut rest) = rest.split_at_checked(filtered_mask(count))?;
        let tables = self.tables();
        let mut may = Mask::default();
        add(always, &mut may);
        for _ in 0..head.get() >> 8 {
            let (prefilter, after) = Prefilter::split(rest, count)?;
            self.tally.node();
            self.tally.read(|| Some(prefilter.reads()));
            let text = match prefilter.place.checked_sub(PREFILTER_FIELD) {
                Some(field) => Some(Value::Str(self.request.field(field))),
                None => self.param(index(U32::new(prefilter.place))),
            };
            match text {
                Some(Value::Str(text)) => prefilter.sift(tables, text, &mut may)?,
                None | Some(Value::Null) => {}
                Some(_) => add(prefilter.sifted, &mut may),
            }
            rest = after;
        }
        for (of, mut may) in may.into_iter().enumerate() {
            while may != 0 {
                let rule = *rules.get(of * 64 + usize::try_from(may.trailing_zeros()).ok()?)?;
                may &= may - 1;
                let settled = self.event(rule)?;
                if settled != Settled::NONE {
                    return Some(settled);
                }
            }
        }
        Some(Settled::NONE)
    }
}
