//! The walk through the decision graph; drawn in `format/nodes.rs`.

use crate::Clock;
use crate::cost::{GROUP, Tally};
use crate::eval::{Evaluation, Settled, Tested};
use crate::format::{
    CELL_ABSENT, CELL_NAN, CELL_TEXT, CUT_BELOW, CUT_BEYOND, GROUP_GLOBS, NO_EVENT, NODE_CUT, NODE_FILTERED,
    NODE_FIRST, NODE_GLOB, NODE_ROWS, NODE_SWITCH, NODE_TEST, REF_ERROR, REF_LEAF, ROW_CELL, cut_head,
    match_reference,
};
use crate::tables::index;
use crate::value::Value;
use zerocopy::little_endian::U32;

impl<C: Clock, T: Tally> Evaluation<'_, '_, C, T> {
    /// What a reference leads to.
    #[inline]
    pub(crate) fn settle(&mut self, reference: u32) -> Settled {
        if reference & REF_LEAF == 0 {
            return self.walk(reference).unwrap_or(Settled::INCONSISTENT);
        }
        self.leaf(reference).unwrap_or(Settled::INCONSISTENT)
    }

    #[inline]
    fn leaf(&self, reference: u32) -> Option<Settled> {
        if reference & REF_ERROR == 0 {
            return Some(Settled::matched(reference));
        }
        if reference == NO_EVENT {
            return Some(Settled::NONE);
        }
        let tables = self.tables();
        let error = tables.errors.get(&tables.bytes, usize::try_from(reference & (REF_ERROR - 1)).ok()?)?;
        Some(Settled::error(error.rule.get(), error.test.get()))
    }

    /// What a node leads to. Nodes refer only to nodes before them, so the walk ends.
    fn walk(&mut self, node: u32) -> Option<Settled> {
        let tables = self.tables();
        let nodes = tables.nodes.slice(&tables.bytes)?;
        let mut node = node;
        loop {
            let words = nodes.get(usize::try_from(node).ok()?..)?;
            self.tally.node();
            let head = words.first()?.get();
            let next = match head & 0xff {
                NODE_SWITCH => *words.get(2 + self.cell(*words.get(1)?)?)?,
                NODE_TEST => {
                    let [_, test, holds, fails, error] = words.first_chunk()?;
                    match self.test(tables.tests.get(&tables.bytes, index(*test))?)? {
                        Tested::Holds => *holds,
                        Tested::Fails { .. } => *fails,
                        Tested::Error => *error,
                    }
                }
                NODE_GLOB => {
                    let [_, glob, matches, fails] = words.first_chunk()?;
                    if self.matches(*glob, head >> 8)? { *matches } else { *fails }
                }
                NODE_CUT => self.cut(words)?,
                NODE_FIRST => self.first(words)?,
                kind @ (NODE_ROWS | NODE_FILTERED) => {
                    let settled = match kind {
                        NODE_ROWS => self.rows(words)?,
                        _ => self.filtered(words)?,
                    };
                    if settled != Settled::NONE {
                        return Some(settled);
                    }
                    *words.get(1)?
                }
                _ => return None,
            };
            let reference = next.get();
            if reference & REF_LEAF != 0 {
                return self.leaf(reference);
            }
            node = reference;
        }
    }

    /// The reference of the side of a cut on which a param is.
    #[inline]
    fn cut(&mut self, words: &[U32]) -> Option<U32> {
        let [head, switch, low, high, below, beyond, wrong] = words.first_chunk()?;
        if let Some(Value::Int(int)) = self.param(usize::try_from(cut_head(head.get()).0).ok()?) {
            return Some(if int >= signed(wide(*low, *high)) { *beyond } else { *below });
        }
        Some(match self.cell(*switch)? {
            CELL_ABSENT | CELL_NAN => match cut_head(head.get()).1 {
                CUT_BELOW => *below,
                CUT_BEYOND => *beyond,
                _ => U32::new(NO_EVENT),
            },
            ..=CELL_TEXT => *wrong,
            cell if cell == CELL_TEXT + 1 => *below,
            _ => *beyond,
        })
    }

    /// The reference of the first member of a group that is found in its text.
    fn first(&mut self, words: &[U32]) -> Option<U32> {
        let ([_, group, place, none, low, high], references) = words.split_first_chunk()?;
        let tables = self.tables();
        self.tally.read(|| Some(GROUP));
        let kind = tables.groups.get(&tables.bytes, index(*group))?.kind.get();
        let text = match kind {
            GROUP_GLOBS => self.request.field(place.get()),
            _ => match self.param(index(*place)) {
                Some(Value::Str(text)) => text,
                _ => return None,
            },
        };
        let mask = wide(*low, *high);
        let found = self.groups.get_or_insert_default().bits(tables, *group, *place, text)? & mask;
        if found == 0 {
            return Some(*none);
        }
        let before = mask & (found & found.wrapping_neg()).wrapping_sub(1);
        references.get(usize::try_from(before.count_ones()).ok()?).copied()
    }

    /// The first of the rules of a node of rows that has an event.
    fn rows(&mut self, words: &[U32]) -> Option<Settled> {
        let ([head, _, count, untold_low, untold_high], rest) = words.split_first_chunk()?;
        let (rules, mut rest) = rest.split_at_checked(index(*count))?;
        let mut hold = u64::MAX.checked_shr(64_u32.checked_sub(count.get())?).unwrap_or(0);
        let mut errors = 0;
        for _ in 0..head.get() >> 8 {
            let (switch, cells) = rest.split_first()?;
            let (cells, after) = cells.split_at_checked(self.cells(*switch)?.checked_mul(ROW_CELL)?)?;
            self.tally.node();
            let at = self.cell(*switch)? * ROW_CELL;
            let [may, may_high, error, error_high] = cells.get(at..)?.first_chunk()?;
            hold &= wide(*may, *may_high);
            errors |= wide(*error, *error_high);
            rest = after;
        }
        let asked = wide(*untold_low, *untold_high) | errors;
        let mut candidates = hold | errors;
        while candidates != 0 {
            let bit = candidates.trailing_zeros();
            candidates &= candidates - 1;
            let rule = *rules.get(usize::try_from(bit).ok()?)?;
            let settled = match asked >> bit & 1 {
                1 => self.event(rule)?,
                _ => {
                    let record = self.tables().rule(index(rule))?;
                    Settled::matched(match_reference(rule.get(), record.approval(), record.risk_level()))
                }
            };
            if settled != Settled::NONE {
                return Some(settled);
            }
        }
        Some(Settled::NONE)
    }

    /// The number of cells of a switch.
    fn cells(&self, switch: U32) -> Option<usize> {
        let tables = self.tables();
        Some(crate::switch::size(tables.switches.slice(&tables.bytes)?.get(index(switch)..)?)?.1)
    }
}

fn signed(bits: u64) -> i64 {
    i64::from_le_bytes(bits.to_le_bytes())
}

fn wide(low: U32, high: U32) -> u64 {
    u64::from(high.get()) << 32 | u64::from(low.get())
}
