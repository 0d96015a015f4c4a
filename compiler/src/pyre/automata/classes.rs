//! Classes of code points: the coarsest partition of Unicode that the sets of all patterns can tell
//! apart, and the two-stage map from a code point to its class.
//!
//! Every leaf becomes a set of code points by Python's own rules for case. Sets are kept once; the
//! partition starts as one class and each set splits the classes that it cuts.

use crate::pyre::syntax::ast::{Case, Class, Form, Item, Leaf, Over};
use crate::pyre::tables::{self, Ranges};
use aegis_vm::format::{CLASS_BLOCK, CLASS_LOW, CLASS_STAGE1};
use std::collections::HashMap;

const MAX_CODE_POINT: u32 = 0x10_ffff;

/// A set of code points of a [`Sets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SetId(usize);

/// The distinct sets of code points of all patterns.
#[derive(Default)]
pub(crate) struct Sets {
    ranges: Vec<Vec<(u32, u32)>>,
    by_ranges: HashMap<Vec<(u32, u32)>, SetId>,
    by_leaf: HashMap<Leaf, SetId>,
}

impl Sets {
    /// The set of a leaf.
    pub(crate) fn leaf(&mut self, leaf: &Leaf) -> SetId {
        if let Some(&known) = self.by_leaf.get(leaf) {
            return known;
        }
        let id = self.intern(resolve(leaf));
        self.by_leaf.insert(leaf.clone(), id);
        id
    }

    /// The set of the newline alone.
    pub(crate) fn newline(&mut self) -> SetId {
        self.intern(vec![(0x0a, 0x0a)])
    }

    /// The set of `\w`.
    pub(crate) fn word(&mut self, over: Over) -> SetId {
        self.intern(tables::class(Class::Word, over).to_vec())
    }

    /// The set of every code point.
    pub(crate) fn all(&mut self) -> SetId {
        self.intern(vec![(0, MAX_CODE_POINT)])
    }

    /// The set of one character.
    pub(crate) fn one(&mut self, c: char) -> SetId {
        self.intern(vec![(c.into(), c.into())])
    }

    /// The set of the characters of these ranges, or of all others.
    pub(crate) fn ranges_of(&mut self, ranges: &[(char, char)], negated: bool) -> SetId {
        let ranges = unite(ranges.iter().map(|&(low, high)| (low.into(), high.into())).collect());
        self.intern(if negated { complement(&ranges) } else { ranges })
    }

    /// The number of distinct sets.
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Forgets the sets from a number on; no leaf has one of them.
    pub(crate) fn truncate(&mut self, len: usize) {
        for ranges in self.ranges.drain(len.min(self.ranges.len())..) {
            self.by_ranges.remove(&ranges);
        }
    }

    /// The set of what any of these sets has.
    pub(crate) fn union(&mut self, sets: &[SetId]) -> SetId {
        let all = sets.iter().flat_map(|&set| self.ranges(set)).copied().collect();
        self.intern(unite(all))
    }

    fn intern(&mut self, ranges: Vec<(u32, u32)>) -> SetId {
        if let Some(&known) = self.by_ranges.get(&ranges) {
            return known;
        }
        let id = SetId(self.ranges.len());
        self.ranges.push(ranges.clone());
        self.by_ranges.insert(ranges, id);
        id
    }

    /// Whether a code point is in a set.
    pub(crate) fn contains(&self, set: SetId, c: u32) -> bool {
        tables::contains(self.ranges(set), c)
    }

    pub(crate) fn ranges(&self, set: SetId) -> &Ranges {
        self.ranges.get(set.0).map_or(&[], Vec::as_slice)
    }

    /// The coarsest partition that every set is a union of.
    pub(crate) fn partition(&self) -> Partition {
        let mut starts: Vec<u32> = vec![0];
        for &(low, high) in self.ranges.iter().flatten() {
            starts.push(low);
            starts.push(high.saturating_add(1));
        }
        starts.retain(|&start| start <= MAX_CODE_POINT);
        starts.sort_unstable();
        starts.dedup();
        let mut class_of = vec![0; starts.len()];
        let mut classes = 1;
        for ranges in &self.ranges {
            classes = split(&starts, &mut class_of, classes, ranges);
        }
        Partition::new(starts, &class_of, classes)
    }
}

/// Splits every class that the set cuts; gives the new number of classes.
fn split(starts: &[u32], class_of: &mut [usize], classes: usize, ranges: &Ranges) -> usize {
    // A set and its complement split alike, so the one that covers fewer intervals will do.
    let inside: Vec<(usize, usize)> = ranges
        .iter()
        .map(|&(low, high)| {
            let first = starts.partition_point(|&start| start < low);
            (first, starts.partition_point(|&start| start <= high))
        })
        .collect();
    let covered: usize = inside.iter().map(|&(first, end)| end.saturating_sub(first)).sum();
    let spans = if covered * 2 <= starts.len() { inside } else { gaps(&inside, starts.len()) };
    // For each class that the spans touch, how many of its intervals they hold; then, if that is
    // not all of them, its new number.
    let mut sizes = vec![0usize; classes];
    for &class in class_of.iter() {
        increment(&mut sizes, class);
    }
    let mut touched = vec![0usize; classes];
    for &(first, end) in &spans {
        for &class in class_of.get(first..end).unwrap_or_default() {
            increment(&mut touched, class);
        }
    }
    let mut total = classes;
    let renamed: Vec<Option<usize>> = touched
        .iter()
        .zip(&sizes)
        .map(|(&touched, &size)| {
            (touched > 0 && touched < size).then(|| {
                total += 1;
                total - 1
            })
        })
        .collect();
    for &(first, end) in &spans {
        for class in class_of.get_mut(first..end).unwrap_or_default() {
            if let Some(&Some(new)) = renamed.get(*class) {
                *class = new;
            }
        }
    }
    total
}

fn increment(counts: &mut [usize], at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    }
}

/// The spans between spans, up to `end`.
fn gaps(spans: &[(usize, usize)], end: usize) -> Vec<(usize, usize)> {
    let mut gaps = Vec::with_capacity(spans.len() + 1);
    let mut from = 0;
    for &(first, after) in spans {
        gaps.push((from, first));
        from = after;
    }
    gaps.push((from, end));
    gaps
}

/// The partition: intervals of code points with their classes, numbered in the order of their first
/// code points.
pub(crate) struct Partition {
    starts: Vec<u32>,
    class_of: Vec<usize>,
    /// The first code point of each class.
    first: Vec<u32>,
}

impl Partition {
    fn new(starts: Vec<u32>, class_of: &[usize], classes: usize) -> Self {
        let mut numbers: Vec<Option<usize>> = vec![None; classes];
        let mut first = Vec::with_capacity(classes);
        let class_of = class_of.iter().zip(&starts).map(|(&class, &start)| {
            let Some(slot) = numbers.get_mut(class) else { return 0 };
            *slot.get_or_insert_with(|| {
                first.push(start);
                first.len() - 1
            })
        });
        let class_of = class_of.collect();
        Partition { starts, class_of, first }
    }

    /// The first code point of each class, by class.
    pub(crate) fn representatives(&self) -> &[u32] {
        &self.first
    }

    /// The class of a code point.
    pub(crate) fn class_of(&self, c: u32) -> usize {
        let after = self.starts.partition_point(|&start| start <= c);
        after.checked_sub(1).and_then(|i| self.class_of.get(i)).copied().unwrap_or(0)
    }

    /// The map in two stages, or `None` if there are more classes than it can number.
    pub(crate) fn to_map(&self) -> Option<ClassMap> {
        let mut stage1 = Vec::with_capacity(CLASS_STAGE1);
        let mut blocks = Blocks::default();
        let mut intervals = self.starts.iter().zip(&self.class_of).peekable();
        let mut class = 0;
        let mut c = 0u32;
        while stage1.len() < CLASS_STAGE1 {
            let mut block = Vec::with_capacity(CLASS_BLOCK);
            for _ in 0..CLASS_BLOCK {
                while let Some((_, &next)) = intervals.next_if(|&(&start, _)| start <= c) {
                    class = u16::try_from(next).ok()?;
                }
                block.push(class);
                c += 1;
            }
            stage1.push(match stage1.len() {
                ..CLASS_LOW => blocks.add(block)?,
                _ => blocks.number(block)?,
            });
            // Most of Unicode is one class for many blocks.
            let end = intervals.peek().map_or(MAX_CODE_POINT + 1, |&(&start, _)| start);
            let alike = usize::try_from(end.saturating_sub(c)).ok()? / CLASS_BLOCK;
            if alike > 0 && stage1.len() >= CLASS_LOW {
                let number = blocks.number(vec![class; CLASS_BLOCK])?;
                stage1.extend(std::iter::repeat_n(number, alike));
                c = u32::try_from(stage1.len() * CLASS_BLOCK).ok()?;
            }
        }
        let blocks = blocks.all;
        // The last block runs on to the last code point, mostly all of one class: then it need not stand there
        // for each of the blocks that end the map.
        let last = stage1.last().and_then(|&last| blocks.chunks_exact(CLASS_BLOCK).nth(last.into()));
        let rest = last.and_then(|block| block.first()).copied().unwrap_or(0);
        if last.is_some_and(|block| block.iter().all(|&class| class == rest)) {
            let number = stage1.last().copied();
            while stage1.len() > CLASS_LOW && stage1.last().copied() == number {
                stage1.pop();
            }
        }
        let classes = u32::try_from(self.first.len()).ok()?;
        Some(ClassMap { classes, rest, stage1, blocks })
    }
}

/// The blocks of a map while it grows: the first as they come, then each distinct one once.
#[derive(Default)]
struct Blocks {
    all: Vec<u16>,
    known: HashMap<Vec<u16>, u16>,
}

impl Blocks {
    /// The number of a block.
    fn number(&mut self, block: Vec<u16>) -> Option<u16> {
        match self.known.get(&block) {
            Some(&number) => Some(number),
            None => self.add(block),
        }
    }

    /// Adds a block, known or not.
    fn add(&mut self, block: Vec<u16>) -> Option<u16> {
        let number = u16::try_from(self.all.len() / CLASS_BLOCK).ok()?;
        self.all.extend_from_slice(&block);
        self.known.entry(block).or_insert(number);
        Some(number)
    }
}

/// The map from code points to classes, as `aegis_vm::format` draws it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassMap {
    /// The number of classes; 0 if there is no automaton, and then there is no map either.
    pub classes: u32,
    /// The class of the code points past the first stage.
    pub rest: u16,
    /// For each 128 code points their block; the first blocks stand in order.
    pub stage1: Vec<u16>,
    /// The blocks, 128 classes each.
    pub blocks: Vec<u16>,
}

impl ClassMap {
    /// The number of blocks.
    #[must_use]
    pub fn block_count(&self) -> usize {
        self.blocks.len() / CLASS_BLOCK
    }

    /// The bytes of a class: 1 if every class fits, else 2.
    #[must_use]
    pub fn width(&self) -> usize {
        if self.classes <= 256 { 1 } else { 2 }
    }
}

/// The code points that a leaf takes.
pub(crate) fn resolve(leaf: &Leaf) -> Vec<(u32, u32)> {
    let set = read(leaf, leaf.case, None);
    match leaf.also {
        None => set,
        Some(over) => {
            let mut neither = complement(&set);
            neither.extend(complement(&read(leaf, Case::Exact, Some(over))));
            complement(&unite(neither))
        }
    }
}

/// The code points of a leaf, its classes read over what they say or over another.
fn read(leaf: &Leaf, case: Case, over: Option<Over>) -> Vec<(u32, u32)> {
    let mut cased = Vec::new();
    let mut rest = Vec::new();
    for &item in &leaf.items {
        match item {
            // In a set CPython lower-cases the character but not a literal past U+FFFF, so that an
            // upper-case one never matches.
            Item::Char(c) if never_matches(leaf.form, case, c) => {}
            Item::Char(c) => cased.extend(without_surrogates(c, c)),
            Item::Range(low, high) => {
                cased.extend(without_surrogates(low, high));
                if case != Case::Exact && high > 0xffff {
                    let within = |&&(_, upper): &&(u32, u32)| (low..=high).contains(&upper);
                    rest.extend(tables::all_upper().iter().filter(within).map(|&(c, _)| (c, c)));
                }
            }
            Item::Class { class, over: own, negated } => {
                let ranges = tables::class(class, over.unwrap_or(own)).to_vec();
                rest.extend(if negated { complement(&ranges) } else { ranges });
            }
        }
    }
    let mut set = unite(cased);
    set.extend(company_of(&set, case));
    set.extend(rest);
    let set = unite(set);
    if leaf.negated { complement(&set) } else { set }
}

fn never_matches(form: Form, case: Case, c: u32) -> bool {
    form == Form::Set && case == Case::Unicode && tables::is_astral_upper(c)
}

/// A range as far as texts can hold it: its ends are no surrogates. Those inside do no harm.
fn without_surrogates(low: u32, high: u32) -> Option<(u32, u32)> {
    const SURROGATES: std::ops::RangeInclusive<u32> = 0xd800..=0xdfff;
    let low = if SURROGATES.contains(&low) { 0xe000 } else { low };
    let high = if SURROGATES.contains(&high) { 0xd7ff } else { high };
    (low <= high).then_some((low, high))
}

/// Every code point that is the same as one of the set, as far as case counts.
fn company_of(set: &Ranges, case: Case) -> Vec<(u32, u32)> {
    let mut company = Vec::new();
    match case {
        Case::Exact => {}
        Case::Ascii => {
            let others = ('a'..='z').map(|c| (u32::from(c), u32::from(c.to_ascii_uppercase())));
            for (lower, upper) in others {
                for (c, other) in [(lower, upper), (upper, lower)] {
                    if tables::contains(set, c) {
                        company.push((other, other));
                    }
                }
            }
        }
        Case::Unicode => {
            let all = tables::all_company();
            for &(low, high) in set {
                let from = all.partition_point(|&(c, _)| c < low);
                let to = all.partition_point(|&(c, _)| c <= high);
                let others = all.get(from..to).unwrap_or_default().iter().flat_map(|(_, others)| others);
                company.extend(others.map(|&c| (c, c)));
            }
        }
    }
    company
}

/// Sorted, disjoint, not touching.
fn unite(mut ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    ranges.sort_unstable();
    let mut united: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
    for (low, high) in ranges {
        match united.last_mut() {
            Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
            _ => united.push((low, high)),
        }
    }
    united
}

/// Every other code point. The ranges are sorted and disjoint.
fn complement(ranges: &Ranges) -> Vec<(u32, u32)> {
    let mut rest = Vec::with_capacity(ranges.len() + 1);
    let mut from = 0;
    for &(low, high) in ranges {
        if from < low {
            rest.push((from, low - 1));
        }
        from = high.saturating_add(1);
    }
    if from <= MAX_CODE_POINT {
        rest.push((from, MAX_CODE_POINT));
    }
    rest
}
