//! Rules that each need a literal in some text, judged together: `NODE_FILTERED` of the format.
//!
//! A rule is *sifted* by a question that fails where a text does not have its literal, if no question before it
//! may give an error: then the rule has no event whatever else the action is. Sifted rules in a row that would
//! take many questions become a node of prefilters, with a few others among them, which are asked each time.

use super::asks::{Ask, Literals, What};
use super::cells::Kind;
use super::{Graph, Item, TooLarge, may_err, number};
use crate::pyre::rarity;
use crate::table::strings::Strings;
use aegis_vm::format::{
    MAX_ASCII_STRIDE, MAX_FILTERED_RULES, MAX_PREFILTER_STRIDE, NODE_FILTERED, PREFILTER_ASCII,
    PREFILTER_BITS, PREFILTER_BLOCKS, PREFILTER_FIELD, filtered_mask, node_head, prefilter_block,
    prefilter_hash, prefilter_mask,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

/// Of so many sifted rules one other may stand among them.
const OTHERS: usize = 8;
/// Bits of a table for each entry: few texts meet one by chance.
const BITS: usize = 64;

/// Where the text is that sifts a rule: a param, or a field under [`PREFILTER_FIELD`].
type Place = u32;

/// A part of a list.
pub(super) struct Segment {
    pub(super) rules: Range<usize>,
    /// By what each rule is sifted, if the part is to be a node of prefilters.
    pub(super) sifted: Option<Vec<Option<(Place, usize)>>>,
}

impl<'h> Graph<'_, 'h> {
    /// The parts of a list, in order.
    pub(super) fn segments(&self, list: &[Item]) -> Vec<Segment> {
        let worth = self.limits.prefilter;
        let ways: Vec<Vec<(Place, usize, Ask<'h>)>> = list.iter().map(|item| self.ways(item)).collect();
        let mut often: HashMap<Place, usize> = HashMap::new();
        for places in ways.iter().map(|ways| ways.iter().map(|way| way.0).collect::<BTreeSet<_>>()) {
            places.into_iter().for_each(|place| *often.entry(place).or_default() += 1);
        }
        let often = |place: Place| often.get(&place).copied().unwrap_or(0);
        let chosen = |ways: &Vec<(Place, usize, Ask<'h>)>| {
            let frequent = ways.iter().filter(|way| often(way.0) >= worth);
            // Of places alike the first: `max_by_key` gives the last.
            frequent.rev().max_by_key(|way| often(way.0)).copied()
        };
        let chosen: Vec<Option<(Place, usize, Ask<'h>)>> = ways.iter().map(chosen).collect();
        let mut segments: Vec<Segment> = Vec::new();
        let mut add = |rules: Range<usize>, sifted: Option<Vec<_>>| match segments.last_mut() {
            Some(last) if sifted.is_none() && last.sifted.is_none() => last.rules.end = rules.end,
            _ => segments.push(Segment { rules, sifted }),
        };
        let mut at = 0;
        while at < list.len() {
            let part = chosen.get(at..).map_or(&[][..], |rest| rest.get(..run(rest)).unwrap_or(rest));
            if self.is_worth_it(part) {
                let sifted = part.iter().map(|way| way.map(|(place, literals, _)| (place, literals)));
                add(at..at + part.len(), Some(sifted.collect()));
                at += part.len();
            } else {
                add(at..at + part.len().max(1), None);
                at += part.len().max(1);
            }
        }
        segments
    }

    /// The questions that sift a rule, each with its place and literals.
    fn ways(&self, item: &Item) -> Vec<(Place, usize, Ask<'h>)> {
        let mut ways = Vec::new();
        for &(id, _) in &item.asks {
            let ask = self.ask(id);
            let place = match ask.what {
                What::Glob(field) => Some(PREFILTER_FIELD | field),
                What::Param { param, .. } | What::Matches { param } => Some(param),
                _ => None,
            };
            if let (Some(place), Some(literals)) = (place, ask.literals) {
                ways.push((place, literals, ask));
            }
            if may_err(&ask, Kind::Any) {
                break;
            }
        }
        ways
    }

    /// Whether each prefilter saves enough questions: those of a group are one.
    fn is_worth_it(&self, part: &[Option<(Place, usize, Ask<'h>)>]) -> bool {
        let mut places = BTreeSet::new();
        let mut groups = BTreeSet::new();
        let mut questions = 0;
        for (place, _, ask) in part.iter().flatten() {
            places.insert(*place);
            let is_new = ask.shared.is_none_or(|shared| groups.insert((shared.group, shared.place)));
            questions += usize::from(is_new);
        }
        !places.is_empty() && questions >= self.limits.prefilter.saturating_mul(places.len())
    }

    /// A node of prefilters.
    pub(super) fn filtered(
        &mut self,
        items: &[Item],
        sifted: &[Option<(Place, usize)>],
        next: u32,
    ) -> Result<u32, TooLarge> {
        let mut places: BTreeMap<Place, Vec<(u32, Literals)>> = BTreeMap::new();
        for (way, rule) in sifted.iter().zip(0..) {
            let own = way.and_then(|(place, literals)| Some((place, self.asks.literals.get(literals)?)));
            if let Some((place, literals)) = own {
                places.entry(place).or_default().push((rule, literals.clone()));
            }
        }
        let count = number(items.len(), "rules")?.get();
        let head = node_head(NODE_FILTERED, number(places.len(), "prefilters")?.get());
        let mut words = vec![head, next, count];
        words.extend(items.iter().map(|item| item.rule));
        let always = sifted.iter().zip(0..).filter(|(way, _)| way.is_none()).map(|(_, rule)| rule);
        words.extend(mask(items.len(), always));
        for (place, rules) in places {
            prefilter(place, &rules, items.len(), &mut self.strings, &mut words)?;
        }
        self.add_node(&words)
    }
}

/// How many rules from the first on may be one part: to the last that is sifted before others are too many; those
/// up to the first that is sifted, if it is not the first.
fn run<T>(ways: &[Option<T>]) -> usize {
    if ways.first().is_none_or(Option::is_none) {
        return ways.iter().take_while(|way| way.is_none()).count();
    }
    let (mut others, mut last) = (0, 0);
    for (at, way) in ways.iter().enumerate().take(MAX_FILTERED_RULES) {
        match way {
            Some(_) => last = at + 1,
            None => others += 1,
        }
        if others * OTHERS > at {
            break;
        }
    }
    last
}

/// An entry of a prefilter, before its literal has a place.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entry<'t> {
    block: u32,
    literal: &'t str,
    at: usize,
    rule: u32,
}

/// Writes the prefilter of a place for the rules that need these literals.
fn prefilter(
    place: Place,
    rules: &[(u32, Literals)],
    count: usize,
    strings: &mut Strings,
    words: &mut Vec<u32>,
) -> Result<(), TooLarge> {
    let all = rules.iter().flat_map(|(rule, needed)| needed.literals.iter().map(|text| (*rule, text)));
    let shortest = all.clone().map(|(_, text)| text.len()).min().unwrap_or(0);
    let [short, long] = PREFILTER_BLOCKS;
    // A block of three leaves a longer stride, one of four is met more seldom.
    let block = if shortest >= 2 * short { long } else { short };
    let in_ascii = rules.iter().any(|(_, needed)| needed.in_ascii);
    let longest = if in_ascii { MAX_ASCII_STRIDE } else { MAX_PREFILTER_STRIDE };
    let stride = (shortest + 1 - block.min(shortest)).clamp(1, longest);
    let window = stride + block - 1;
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for (rule, text) in all {
        let bytes = text.as_bytes();
        let rarest = (0..bytes.len() + 1 - window.min(bytes.len()))
            .rev()
            .max_by_key(|&at| bytes.get(at..at + window).map_or(0, rarity))
            .unwrap_or(0);
        for at in rarest..rarest + stride {
            let byte = |of: usize| bytes.get(at + of).copied().unwrap_or(0);
            let block = prefilter_block([byte(0), byte(1), byte(2), byte(3)], prefilter_mask(block));
            entries.push(Entry { block, literal: text, at, rule });
        }
    }
    entries.sort_unstable();
    let fits = |bits: &u32| 1_usize.checked_shl(*bits).is_none_or(|size| size >= entries.len() * BITS);
    let bits = PREFILTER_BITS.into_iter().find(fits).or(PREFILTER_BITS.last().copied()).unwrap_or(0);
    let small = |n: usize| u8::try_from(n).map_err(|_| TooLarge("bytes of a block"));
    let bits_byte = u8::try_from(bits).map_err(|_| TooLarge("bits of a prefilter"))?;
    words.push(place);
    let shape = u32::from_le_bytes([small(block)?, small(stride)?, bits_byte, 0]);
    words.push(if in_ascii { shape | PREFILTER_ASCII } else { shape });
    words.push(number(entries.len(), "entries of a prefilter")?.get());
    words.extend(mask(count, rules.iter().map(|(rule, _)| *rule)));
    if in_ascii {
        let own = rules.iter().filter(|(_, needed)| needed.in_ascii);
        words.extend(mask(count, own.map(|(rule, _)| *rule)));
    }
    let mut table = vec![0_u32; 1_usize.checked_shl(bits).unwrap_or(0).div_ceil(32)];
    entries.iter().for_each(|entry| set(&mut table, prefilter_hash(entry.block, bits)));
    words.extend(table);
    for Entry { block, literal, at, rule } in entries {
        let text = strings.add(literal)?;
        let at = number(at, "bytes of a literal")?.get();
        words.extend([block, text.offset.get(), text.length.get(), at << 16 | rule]);
    }
    Ok(())
}

/// A mask of some rules of so many.
fn mask(count: usize, rules: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut mask = vec![0; filtered_mask(count)];
    rules.for_each(|rule| set(&mut mask, rule));
    mask
}

/// Sets a bit of a row of words.
fn set(words: &mut [u32], bit: u32) {
    if let Some(word) = usize::try_from(bit / 32).ok().and_then(|at| words.get_mut(at)) {
        *word |= 1 << (bit % 32);
    }
}
