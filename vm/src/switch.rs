//! The cell of a switch that a param, or the time, falls into; drawn in `format/nodes.rs`.

use crate::Clock;
use crate::compare::Constant;
use crate::cost::Tally;
use crate::eval::Evaluation;
use crate::format::{
    CELL_ABSENT, CELL_LIST, CELL_MAP, CELL_NAN, CELL_TEXT, PARAM_SWITCH_HEAD, TIME_SWITCH, TIME_SWITCH_HEAD,
    hash_text,
};
use crate::literals::same;
use crate::number::{Number, compare};
use crate::tables::{Tables, index};
use crate::value::Value;
use core::cmp::Ordering;
use zerocopy::little_endian::U32;

impl<C: Clock, T: Tally> Evaluation<'_, '_, C, T> {
    /// The cell of a switch that the action, or the time, falls into.
    #[inline]
    pub(crate) fn cell(&mut self, switch: U32) -> Option<usize> {
        let tables = self.tables();
        let words = tables.switches.slice(&tables.bytes)?.get(index(switch)..)?;
        let param = words.first()?;
        if param.get() == TIME_SWITCH {
            return self.time_cell(words);
        }
        self.tally.read(|| tables.cost_tables()?.switch_reads(switch));
        match self.param(index(*param)) {
            None | Some(Value::Null) => Some(CELL_ABSENT),
            Some(Value::Str(text)) => text_cell(tables, words, text),
            Some(Value::Int(int)) => int_cell(words, int),
            Some(value) => other_cell(tables, words, value),
        }
    }

    #[inline(never)]
    fn time_cell(&mut self, words: &[U32]) -> Option<usize> {
        let Some(time) = self.time() else { return Some(0) };
        let cuts = TimeSwitch::of(words)?.cuts;
        let minute = u32::from(time.minute_of_day());
        let before = match cuts.len() <= FEW {
            true => cuts.iter().filter(|cut| cut.get() <= minute).count(),
            false => cuts.partition_point(|cut| cut.get() <= minute),
        };
        Some(1 + usize::from(time.iso_weekday() - 1) * (cuts.len() + 1) + before)
    }
}

/// The cell of a value that is neither a text nor an integer of 64 bits. Apart, as few are asked about.
#[inline(never)]
fn other_cell(tables: &Tables, words: &[U32], value: Value<'_>) -> Option<usize> {
    match value {
        Value::Null => Some(CELL_ABSENT),
        Value::Str(text) => text_cell(tables, words, text),
        Value::Int(int) => int_cell(words, int),
        Value::Bool(bool) => int_cell(words, bool.into()),
        Value::List(_) => Some(CELL_LIST),
        Value::Map(_) => Some(CELL_MAP),
        Value::Float(float) if float.is_nan() => Some(CELL_NAN),
        Value::Uint(_) | Value::BigInt(_) | Value::Float(_) => {
            ParamSwitch::of(words)?.number_cell(tables, Number::of(value)?)
        }
    }
}

/// The switch of the time.
pub(crate) struct TimeSwitch<'p> {
    /// Minutes of the day, ascending.
    pub(crate) cuts: &'p [U32],
}

impl<'p> TimeSwitch<'p> {
    /// The switch that the words begin with.
    pub(crate) fn of(words: &'p [U32]) -> Option<Self> {
        let cuts = index(*words.get(1)?);
        Some(TimeSwitch { cuts: words.get(TIME_SWITCH_HEAD..)?.get(..cuts)? })
    }

    /// The words of the switch, and its cells.
    pub(crate) fn size(&self) -> (usize, usize) {
        (TIME_SWITCH_HEAD + self.cuts.len(), 1 + 7 * (self.cuts.len() + 1))
    }
}

/// The switch of a param.
pub(crate) struct ParamSwitch<'p> {
    pub(crate) param: U32,
    /// Offset and length of each text.
    pub(crate) texts: &'p [U32],
    /// A hash table of the texts, or none.
    pub(crate) buckets: &'p [U32],
    /// Constant and strictness of each cut.
    pub(crate) cuts: &'p [U32],
    /// How many cuts are at or below every `i64`.
    pub(crate) low: usize,
    /// Low and high half of the least integer at or beyond each of the cuts from `low`.
    pub(crate) ints: &'p [U32],
}

impl<'p> ParamSwitch<'p> {
    /// The switch that the words begin with.
    pub(crate) fn of(words: &'p [U32]) -> Option<Self> {
        let (head, rest) = words.split_first_chunk::<PARAM_SWITCH_HEAD>()?;
        let [param, texts, buckets, cuts, low, high] = *head;
        let low = index(low);
        let (ints, rest) = rest.split_at_checked(index(high).checked_sub(low)?.checked_mul(2)?)?;
        let (texts, rest) = rest.split_at_checked(index(texts).checked_mul(2)?)?;
        let (buckets, rest) = rest.split_at_checked(index(buckets))?;
        let cuts = rest.get(..index(cuts).checked_mul(2)?)?;
        Some(ParamSwitch { param, texts, buckets, cuts, low, ints })
    }

    /// The words of the switch, and its cells.
    pub(crate) fn size(&self) -> (usize, usize) {
        let words =
            PARAM_SWITCH_HEAD + self.texts.len() + self.buckets.len() + self.cuts.len() + self.ints.len();
        (words, CELL_TEXT + 1 + self.texts.len() / 2 + self.cuts.len() / 2 + 1)
    }

    /// The cell of numbers below every cut.
    fn numbers(&self) -> usize {
        CELL_TEXT + 1 + self.texts.len() / 2
    }

    fn number_cell(&self, tables: &Tables, number: Number<'_>) -> Option<usize> {
        let (mut from, mut to) = (0, self.cuts.len() / 2);
        while from < to {
            let middle = from.midpoint(to);
            let [constant, strict] = self.cuts.get(2 * middle..2 * middle + 2)? else { return None };
            let order = compare(number, Constant::get(tables, *constant)?.number()?)?;
            let beyond = order == Ordering::Greater || order == Ordering::Equal && strict.get() == 0;
            match beyond {
                true => from = middle + 1,
                false => to = middle,
            }
        }
        Some(self.numbers() + from)
    }
}

/// As many cuts are counted one by one.
const FEW: usize = 8;

/// The cell of a text. Only what it needs of the switch is looked at.
#[inline]
fn text_cell(tables: &Tables, words: &[U32], text: &str) -> Option<usize> {
    let ([_, texts, buckets, _, low, high], rest) = words.split_first_chunk()?;
    let rest = rest.get(2 * index(*high).checked_sub(index(*low))?..)?;
    let (texts, rest) = rest.split_at_checked(index(*texts).checked_mul(2)?)?;
    let is = |pair: &[U32]| {
        let [offset, length] = pair else { return None };
        Some(same(tables.bytes_of_strings(*offset, *length)?, text.as_bytes()))
    };
    if buckets.get() == 0 {
        for (at, pair) in texts.chunks_exact(2).enumerate() {
            if is(pair)? {
                return Some(CELL_TEXT + 1 + at);
            }
        }
        return Some(CELL_TEXT);
    }
    let buckets = rest.get(..index(*buckets))?;
    let (before, from) = buckets.split_at_checked(first_place(text, buckets.len()))?;
    for bucket in from.iter().chain(before) {
        match index(*bucket).checked_sub(1) {
            None => break,
            Some(at) if is(texts.get(2 * at..2 * at + 2)?)? => return Some(CELL_TEXT + 1 + at),
            Some(_) => {}
        }
    }
    Some(CELL_TEXT)
}

/// The cell of an integer.
#[inline]
fn int_cell(words: &[U32], int: i64) -> Option<usize> {
    let ([_, texts, _, _, low, high], rest) = words.split_first_chunk()?;
    let ints = rest.get(..2 * index(*high).checked_sub(index(*low))?)?;
    let mut before = 0;
    if ints.len() <= 2 * FEW {
        for cut in ints.chunks_exact(2) {
            before += usize::from(int_of(cut)? <= int);
        }
    } else {
        let (mut from, mut to) = (0, ints.len() / 2);
        while from < to {
            let middle = from.midpoint(to);
            match int_of(ints.get(2 * middle..2 * middle + 2)?)? <= int {
                true => from = middle + 1,
                false => to = middle,
            }
        }
        before = from;
    }
    Some(CELL_TEXT + 1 + index(*texts) + index(*low) + before)
}

/// Where the search for a text among so many buckets begins.
fn first_place(text: &str, buckets: usize) -> usize {
    let buckets = u64::try_from(buckets).unwrap_or(0);
    usize::try_from(((hash_text(text) >> 32) * buckets) >> 32).unwrap_or(0)
}

/// An `i64` in two words.
pub(crate) fn int_of(words: &[U32]) -> Option<i64> {
    let [low, high] = words else { return None };
    let bits = u64::from(high.get()) << 32 | u64::from(low.get());
    Some(i64::from_le_bytes(bits.to_le_bytes()))
}

/// The words of the switch that the words begin with, and its cells.
pub(crate) fn size(words: &[U32]) -> Option<(usize, usize)> {
    match words.first()?.get() {
        TIME_SWITCH => Some(TimeSwitch::of(words)?.size()),
        _ => Some(ParamSwitch::of(words)?.size()),
    }
}
