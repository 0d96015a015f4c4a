//! Nodes of prefilters: that a rule is left out only of texts in which it cannot hold.
//!
//! 1. The rules ascend, and what follows is after them; places, blocks, strides and tables have sound sizes.
//! 2. Entries ascend. Each literal of a rule has one for each place of a stride, its block is that of the
//!    literal, and the table has the bits of all blocks and no other.
//! 3. A rule is sifted if it has literals, and only so. Then it has a glob or a test over the place which needs
//!    one of them, and no test before that can give an error.
//! 4. A glob needs what stands between its `*` and `?`, if it has no `[`; `contains` needs its text. That a
//!    pattern needs literals is proven by its automaton (`pattern/needs.rs`), once for each pattern, within
//!    [`MAX_PROOF_STEPS`].
//!
//! So of what a prefilter says nothing is taken on trust, but that the glob of a rule is the one that it is shown
//! as: of globs with tokens, or in groups, no more can be told at load.

use super::Budget;
use crate::format::{
    CONST_STR, FIELD_AGENT, FIELD_TARGET, FIELD_TYPE, MAX_ASCII_STRIDE, MAX_FILTERED_RULES,
    MAX_PREFILTER_LITERAL, MAX_PREFILTER_LITERALS, MAX_PREFILTER_STRIDE, MAX_PROOF_STEPS, OP_CONTAINS, OP_EQ,
    OP_MATCHES, OP_NEEDLE, OP_NEVER, OP_SEMANTIC, PREFILTER_BITS, PREFILTER_BLOCKS, PREFILTER_ENTRY,
    PREFILTER_FIELD, Rule, SectionId, Test, filtered_mask, prefilter_block, prefilter_hash, prefilter_mask,
};
use crate::pattern::Needs;
use crate::prefilter::Prefilter;
use crate::tables::{Tables, index};
use std::collections::HashMap;
use zerocopy::little_endian::U32;

/// What patterns were proven to need.
pub(super) struct Proofs<'p, 'b> {
    /// For the texts of globs and constants.
    budget: &'b mut Budget,
    /// By pattern, and whether in ASCII alone.
    known: HashMap<(u32, bool), Vec<&'p str>>,
    steps_left: usize,
    needs: Option<Needs<'p>>,
}

impl<'b> Proofs<'_, 'b> {
    pub(super) fn new(budget: &'b mut Budget) -> Self {
        Proofs { budget, known: HashMap::new(), steps_left: MAX_PROOF_STEPS, needs: None }
    }
}

/// The words behind the prefilters of a node, of so many prefilters over these rules, if they are sound.
pub(super) fn split<'p>(
    tables: &'p Tables,
    proofs: &mut Proofs<'p, '_>,
    count: u32,
    rules: &[U32],
    words: &'p [U32],
) -> Option<&'p [U32]> {
    let (always, mut rest) = words.split_at_checked(filtered_mask(rules.len()))?;
    let mut told: Vec<u64> = wide(always).collect();
    for _ in 0..count {
        let (prefilter, after) = Prefilter::split(rest, rules.len())?;
        is_sound(tables, proofs, &prefilter, rules).then_some(())?;
        for (told, sifted) in told.iter_mut().zip(wide(prefilter.sifted)) {
            (*told & sifted == 0).then_some(())?;
            *told |= sifted;
        }
        rest = after;
    }
    // Every rule, and no other, may hold always or is sifted, by one prefilter.
    let all = (0..).zip(&told).all(|(at, told)| {
        let left = rules.len().saturating_sub(at * 64).min(64);
        u32::try_from(left).is_ok_and(|left| *told == u64::MAX.checked_shr(64 - left).unwrap_or(0))
    });
    (all && rules.len() <= MAX_FILTERED_RULES).then_some(rest)
}

/// The words of a mask, two by two.
fn wide(mask: &[U32]) -> impl Iterator<Item = u64> {
    mask.as_chunks().0.iter().map(|[low, high]| u64::from(high.get()) << 32 | u64::from(low.get()))
}

/// An entry in words.
struct Entry {
    block: u32,
    literal: [U32; 2],
    at: usize,
    rule: usize,
}

impl Entry {
    fn of(&[block, offset, length, place]: &[U32; PREFILTER_ENTRY]) -> Self {
        let [low, high, at @ ..] = place.get().to_le_bytes();
        Entry {
            block: block.get(),
            literal: [offset, length],
            at: u16::from_le_bytes(at).into(),
            rule: u16::from_le_bytes([low, high]).into(),
        }
    }
}

fn is_sound<'p>(
    tables: &'p Tables,
    proofs: &mut Proofs<'p, '_>,
    prefilter: &Prefilter<'p>,
    rules: &[U32],
) -> bool {
    let Prefilter { place, block, stride, bits, .. } = *prefilter;
    let is_place = match place.checked_sub(PREFILTER_FIELD) {
        Some(field) => [FIELD_TYPE, FIELD_TARGET, FIELD_AGENT].contains(&field),
        None => index(U32::new(place)) < tables.params.len(),
    };
    // Where it matters that a text is ASCII each byte is looked at.
    let longest = if prefilter.unless_ascii.is_empty() { MAX_PREFILTER_STRIDE } else { MAX_ASCII_STRIDE };
    let sized = PREFILTER_BLOCKS.contains(&block)
        && (1..=longest).contains(&stride)
        && PREFILTER_BITS.contains(&bits);
    is_place && sized && entries_are_sound(tables, prefilter) == Some(true) && {
        let mut literals: Vec<Vec<&str>> = vec![Vec::new(); rules.len()];
        is_whole(tables, prefilter, &mut literals) == Some(true)
            && rules.iter().zip(&literals).enumerate().all(|(at, (rule, literals))| {
                let bit =
                    |mask: &[U32]| mask.get(at / 32).is_some_and(|word| word.get() >> (at % 32) & 1 == 1);
                let (sifted, in_ascii) = (bit(prefilter.sifted), bit(prefilter.unless_ascii));
                match literals.is_empty() {
                    true => !sifted && !in_ascii,
                    false => sifted && proofs.needs(tables, *rule, place, literals, in_ascii) == Some(true),
                }
            })
            && wide(prefilter.unless_ascii).zip(wide(prefilter.sifted)).all(|(some, all)| some & !all == 0)
    }
}

/// Whether entries ascend and have the blocks of their literals, and the table has the bits of those.
fn entries_are_sound(tables: &Tables, prefilter: &Prefilter<'_>) -> Option<bool> {
    let mut table = vec![0_u32; prefilter.table.len()];
    let mask = prefilter_mask(prefilter.block);
    for entry in prefilter.entries {
        let Entry { block, literal: [offset, length], at, .. } = Entry::of(entry);
        let literal = tables.bytes_of_strings(offset, length)?;
        let bytes = literal.get(at..)?.get(..prefilter.block)?;
        let byte = |of: usize| bytes.get(of).copied().unwrap_or(0);
        if block != prefilter_block([byte(0), byte(1), byte(2), byte(3)], mask) {
            return Some(false);
        }
        let hash = prefilter_hash(block, prefilter.bits);
        *table.get_mut(index(U32::new(hash >> 5)))? |= 1 << (hash & 31);
    }
    let ascend = prefilter.entries.is_sorted_by(|a, b| Entry::of(a).block <= Entry::of(b).block);
    Some(ascend && prefilter.table.iter().zip(table).all(|(word, bits)| word.get() == bits))
}

/// Whether each literal of each rule has an entry for each place of a stride, one after the other; gives the
/// literals.
fn is_whole<'p>(
    tables: &'p Tables,
    prefilter: &Prefilter<'p>,
    literals: &mut [Vec<&'p str>],
) -> Option<bool> {
    let mut entries: Vec<Entry> = prefilter.entries.iter().map(Entry::of).collect();
    entries.sort_unstable_by_key(|entry| (entry.rule, entry.literal.map(U32::get), entry.at));
    for entries in entries.chunk_by(|a, b| (a.rule, a.literal) == (b.rule, b.literal)) {
        let first = entries.first()?;
        let text = tables.slice_of_strings(first.literal[0], first.literal[1])?;
        let own = literals.get_mut(first.rule)?;
        let follow = entries.iter().zip(first.at..).all(|(entry, at)| entry.at == at);
        let few = text.len() <= MAX_PREFILTER_LITERAL && own.len() < MAX_PREFILTER_LITERALS;
        if !follow || !few || entries.len() != prefilter.stride {
            return Some(false);
        }
        own.push(text);
    }
    Some(true)
}

impl<'p> Proofs<'p, '_> {
    /// Whether a rule cannot hold where a place has none of the literals.
    fn needs(
        &mut self,
        tables: &'p Tables,
        rule: U32,
        place: u32,
        literals: &[&'p str],
        in_ascii: bool,
    ) -> Option<bool> {
        let rule = tables.rule(index(rule))?;
        if let Some(field) = place.checked_sub(PREFILTER_FIELD) {
            return self.glob_needs(tables, rule, field, literals);
        }
        for test in tables.tests_of(rule)? {
            let needs = match test.op.get() {
                OP_CONTAINS | OP_NEEDLE if test.a.get() == place => self.contains(tables, test, literals)?,
                OP_MATCHES if test.a.get() == place => {
                    self.pattern_needs(tables, test.b, literals, in_ascii)?
                }
                _ => false,
            };
            if needs {
                return Some(true);
            }
            // An error that comes first would be left out.
            if ![OP_NEVER, OP_EQ, OP_SEMANTIC].contains(&test.op.get()) {
                return Some(false);
            }
        }
        Some(false)
    }

    fn pattern_needs(
        &mut self,
        tables: &'p Tables,
        pattern: U32,
        literals: &[&'p str],
        in_ascii: bool,
    ) -> Option<bool> {
        let key = (pattern.get(), in_ascii);
        if self.known.get(&key).is_some_and(|known| known == literals) {
            return Some(true);
        }
        let needs = self.needs.get_or_insert_with(|| Needs::of(tables));
        let proven = needs.prove(index(pattern), literals, in_ascii, &mut self.steps_left)?;
        if proven {
            self.known.insert(key, literals.to_vec());
        }
        Some(proven)
    }

    fn glob_needs(&mut self, tables: &Tables, rule: &Rule, field: u32, literals: &[&str]) -> Option<bool> {
        let glob = match field {
            FIELD_TYPE => rule.type_glob,
            FIELD_TARGET => rule.target_glob,
            _ => rule.agent_glob,
        };
        let written = tables.text(tables.glob(glob)?.text)?;
        self.budget.spend(written, SectionId::Nodes).ok()?;
        let mut texts = written.split(['*', '?']);
        let any = texts.any(|text| literals.iter().any(|literal| text.contains(literal)));
        Some(any && !written.contains('['))
    }

    fn contains(&mut self, tables: &Tables, test: &Test, literals: &[&str]) -> Option<bool> {
        let constant = match test.op.get() {
            OP_NEEDLE => tables.needles.get(&tables.bytes, index(test.b))?.constant,
            _ => test.b,
        };
        let constant = tables.consts.get(&tables.bytes, index(constant))?;
        if constant.tag.get() != CONST_STR {
            return Some(false);
        }
        let offset = U32::new(u32::try_from(constant.payload.get()).ok()?);
        let text = tables.slice_of_strings(offset, constant.n)?;
        self.budget.spend(text, SectionId::Nodes).ok()?;
        Some(literals.iter().any(|literal| text.contains(literal)))
    }
}
