//! Switches, nodes and roots: that every walk stays within the tables and ends.
//!
//! A walk asks no rule twice: the rules of a node of rows ascend, and whatever follows is after them. So what
//! a decision asks stays in proportion to the rules and their tests, however often nodes name them.
//!
//! What the graph says of the rules is not proven again here, as that would be to compile the policy anew: the
//! compiler checks its output against the policy before it writes it, and the digests vouch for the bytes.

use super::{Budget, Checked, ensure, prefilters};
use crate::error::LoadError;
use crate::format::{
    AffixLength, CONST_BIG_INT, CONST_BOOL, CONST_FLOAT, CONST_INT, CUT_NO_EVENT, Const, FIELDS, GROUP_GLOBS,
    MAX_LENGTHS, MAX_PROBES, MAX_ROW_RULES, MAX_RULES, MAX_TIME_CUTS, NO_EVENT, NODE_CUT, NODE_FILTERED,
    NODE_FIRST, NODE_GLOB, NODE_ROWS, NODE_SWITCH, NODE_TEST, ROOT_ENDS, ROOT_HASH, ROOT_NODE, ROOT_PREFIX,
    ROOT_STARTS, ROOT_SUFFIX, ROW_CELL, Reference, Root, RuleError, SectionId, Slot, TIME_SWITCH, Text,
    cut_head,
};
use crate::literals::Literals;
use crate::load::malformed;
use crate::roots::slots;
use crate::switch::{ParamSwitch, TimeSwitch, int_of};
use crate::tables::{Tables, index};
use zerocopy::little_endian::U32;

/// Checks the sections; `outcomes` has the two times two bits of each rule's outcome.
pub(super) fn check(tables: &Tables, outcomes: &[u8], budget: &mut Budget) -> Checked {
    let rules = tables.rules.len();
    let nameable = u32::try_from(rules).is_ok_and(|rules| rules <= MAX_RULES);
    ensure(nameable, SectionId::Rules, "has more rules than a reference can name")?;
    for error in records!(tables, errors, Errors) {
        let sound = index(error.rule) < rules && index(error.test) < tables.tests.len();
        ensure(sound, SectionId::Errors, "names a rule or a test that is not there")?;
    }
    let switches = check_switches(tables)?;
    let errors = records!(tables, errors, Errors);
    let starts = Numbered::new(tables.nodes.len());
    let proofs = prefilters::Proofs::new(budget);
    let nodes = Nodes { tables, outcomes, errors, starts, first_rules: Vec::new(), switches, proofs };
    let nodes = nodes.check()?;
    check_roots(&nodes)
}

/// The words at which something begins.
struct Starts(Vec<u64>);

impl Starts {
    fn new(words: usize) -> Self {
        Starts(vec![0; words.div_ceil(64)])
    }

    fn add(&mut self, word: usize) {
        if let Some(bits) = self.0.get_mut(word / 64) {
            *bits |= 1 << (word % 64);
        }
    }

    fn has(&self, word: usize) -> bool {
        self.0.get(word / 64).is_some_and(|bits| bits >> (word % 64) & 1 == 1)
    }
}

/// The words at which something begins, and which of them a word is: with 64 words to a number of its own, and
/// so in less than a word for each.
struct Numbered {
    starts: Starts,
    /// For each 64 words in which something begins, how much begins before them.
    before: Vec<usize>,
    count: usize,
}

impl Numbered {
    fn new(words: usize) -> Self {
        let starts = Starts::new(words);
        Numbered { before: vec![0; starts.0.len()], starts, count: 0 }
    }

    /// Adds the next word, which is after all that were added.
    fn add(&mut self, word: usize) {
        if let (Some(0), Some(before)) = (self.starts.0.get(word / 64), self.before.get_mut(word / 64)) {
            *before = self.count;
        }
        self.starts.add(word);
        self.count += 1;
    }

    /// The number of what begins at a word, counted from 0.
    #[inline]
    fn number(&self, word: usize) -> Option<usize> {
        let bits = *self.starts.0.get(word / 64)?;
        if bits >> (word % 64) & 1 == 0 {
            return None;
        }
        let below = bits & ((1 << (word % 64)) - 1);
        Some(self.before.get(word / 64)? + usize::try_from(below.count_ones()).ok()?)
    }
}

fn check_switches(tables: &Tables) -> Result<Starts, LoadError> {
    let unsound = || malformed(SectionId::Switches, "has an unsound switch");
    let all = records!(tables, switches, Switches);
    let mut starts = Starts::new(all.len());
    let mut at = 0;
    while let Some(words) = all.get(at..).filter(|words| !words.is_empty()) {
        starts.add(at);
        let (size, sound) = if words.first().is_some_and(|first| first.get() == TIME_SWITCH) {
            let switch = TimeSwitch::of(words).ok_or_else(unsound)?;
            let within = switch.cuts.iter().all(|cut| cut.get() < MAX_TIME_CUTS);
            (switch.size().0, within && ascends(switch.cuts))
        } else {
            let switch = ParamSwitch::of(words).ok_or_else(unsound)?;
            (switch.size().0, is_sound(tables, &switch))
        };
        ensure(sound, SectionId::Switches, "has an unsound switch")?;
        at += size;
    }
    Ok(starts)
}

fn ascends(numbers: &[U32]) -> bool {
    numbers.is_sorted_by(|a, b| a.get() < b.get())
}

fn is_sound(tables: &Tables, switch: &ParamSwitch<'_>) -> bool {
    let texts = switch.texts.chunks_exact(2).all(|text| match text {
        [offset, length] => tables.is_text(Text { offset: *offset, length: *length }),
        _ => false,
    });
    let cuts = switch.cuts.chunks_exact(2).all(|cut| match cut {
        [constant, strict] => {
            let constant = tables.consts.get(&tables.bytes, index(*constant));
            strict.get() <= 1 && constant.is_some_and(has_an_order)
        }
        _ => false,
    });
    let ints = switch.ints.chunks_exact(2).map(int_of);
    index(switch.param) < tables.params.len()
        && texts
        && cuts
        && ints.is_sorted_by(|a, b| a <= b)
        && switch.low + switch.ints.len() / 2 <= switch.cuts.len() / 2
        && short_searches(switch)
}

/// Whether a constant is a number, and no NaN.
fn has_an_order(constant: &Const) -> bool {
    match constant.tag.get() {
        CONST_BOOL | CONST_INT | CONST_BIG_INT => true,
        CONST_FLOAT => !f64::from_bits(constant.payload.get()).is_nan(),
        _ => false,
    }
}

/// Whether the texts' buckets name texts that are there, and no search among them is long.
fn short_searches(switch: &ParamSwitch<'_>) -> bool {
    if switch.buckets.is_empty() {
        return true;
    }
    let texts = switch.texts.len() / 2;
    let named = switch.buckets.iter().all(|bucket| index(*bucket) <= texts);
    let mut longest = 0_u32;
    let mut run = 0_u32;
    // Twice around, for the run that goes over the end.
    for bucket in switch.buckets.iter().chain(switch.buckets) {
        run = if bucket.get() == 0 { 0 } else { run.saturating_add(1) };
        longest = longest.max(run);
    }
    named && longest < MAX_PROBES
}

/// The nodes, as far as they were checked.
struct Nodes<'p, 'b> {
    tables: &'p Tables,
    outcomes: &'p [u8],
    errors: &'p [RuleError],
    starts: Numbered,
    /// For each node the smallest rule that a walk from there may name, or [`NO_RULE`].
    first_rules: Vec<u32>,
    switches: Starts,
    proofs: prefilters::Proofs<'p, 'b>,
}

/// After every rule.
const NO_RULE: u32 = u32::MAX;

impl<'p> Nodes<'p, '_> {
    fn check(mut self) -> Result<Self, LoadError> {
        let all = records!(self.tables, nodes, Nodes);
        let mut at = 0;
        while let Some(words) = all.get(at..).filter(|words| !words.is_empty()) {
            let node = self.node(words).ok_or_else(|| malformed(SectionId::Nodes, "has an unsound node"))?;
            self.starts.add(at);
            self.first_rules.push(node.first_rule);
            at += node.words;
        }
        Ok(self)
    }

    /// The node that the words begin with, if it is sound. What it refers to must have been checked before.
    fn node(&mut self, words: &'p [U32]) -> Option<Node> {
        let tables = self.tables;
        let head = words.first()?.get();
        let n = head >> 8;
        let (references, size, sound) = match head & 0xff {
            NODE_SWITCH => {
                let cells = self.cells(*words.get(1)?)?;
                (words.get(2..)?.get(..cells)?, 2 + cells, n == 0)
            }
            NODE_CUT => (words.get(4..7)?, 7, self.is_cut(words)?),
            NODE_TEST => {
                let sound = n == 0 && index(*words.get(1)?) < tables.tests.len();
                (words.get(2..5)?, 5, sound)
            }
            NODE_GLOB => {
                let sound = FIELDS.contains(&n) && index(*words.get(1)?) < tables.globs.len();
                (words.get(2..4)?, 4, sound)
            }
            NODE_FIRST => {
                let [_, group, place, _, low, high] = words.first_chunk()?;
                let record = tables.groups.get(&tables.bytes, index(*group))?;
                let place = match record.kind.get() {
                    GROUP_GLOBS => FIELDS.contains(&place.get()),
                    _ => index(*place) < tables.params.len(),
                };
                let count = usize::try_from(n).ok()?;
                let bits = wide(*low, *high).count_ones() == n && are_below(*low, *high, record.members);
                (words.get(6..)?.get(..count)?, 6usize.checked_add(count)?, place && n > 0 && bits)
            }
            NODE_ROWS => return self.rows(words),
            NODE_FILTERED => return self.filtered(words),
            _ => return None,
        };
        let none = if head & 0xff == NODE_FIRST { words.get(3..4)? } else { &[] };
        let mut first_rule = NO_RULE;
        for references in [references, none] {
            for &reference in references {
                first_rule = first_rule.min(self.first_rule(reference)?);
            }
        }
        sound.then_some(Node { words: size, first_rule })
    }

    /// Whether a node says of a switch, one that is there, what the switch says.
    fn is_cut(&self, words: &[U32]) -> Option<bool> {
        let [head, switch, low, high, ..] = words else { return None };
        let at = index(*switch);
        if !self.switches.has(at) {
            return None;
        }
        // No texts and no buckets, one cut, and the one integer that tells its sides apart; of the time it is none, as
        // that has another number than every param.
        let switches = self.tables.switches.slice(&self.tables.bytes)?;
        let own = switches.get(at..)?.first_chunk()?.map(U32::get);
        let (param, none) = cut_head(head.get());
        Some(own == [param, 0, 0, 1, 0, 1, low.get(), high.get()] && none <= CUT_NO_EVENT)
    }

    /// The number of cells of a switch that is there.
    fn cells(&self, switch: U32) -> Option<usize> {
        let at = index(switch);
        let all = self.tables.switches.slice(&self.tables.bytes)?;
        if !self.switches.has(at) {
            return None;
        }
        Some(crate::switch::size(all.get(at..)?)?.1)
    }

    fn rows(&self, words: &[U32]) -> Option<Node> {
        let ([head, next, count, low, high], rest) = words.split_first_chunk()?;
        let (rules, mut rest) = rest.split_at_checked(index(*count))?;
        let (first, last) = (rules.first()?.get(), *rules.last()?);
        let mut sound = count.get() <= MAX_ROW_RULES
            && ascends(rules)
            && index(last) < self.tables.rules.len()
            && last.get() < self.first_rule(*next)?
            && are_below(*low, *high, *count);
        for _ in 0..head.get() >> 8 {
            let (switch, cells) = rest.split_first()?;
            let (cells, after) = cells.split_at_checked(self.cells(*switch)?.checked_mul(ROW_CELL)?)?;
            sound &= cells.chunks_exact(2).all(|mask| match mask {
                [low, high] => are_below(*low, *high, *count),
                _ => false,
            });
            rest = after;
        }
        sound.then_some(Node { words: words.len() - rest.len(), first_rule: first })
    }

    fn filtered(&mut self, words: &'p [U32]) -> Option<Node> {
        let ([head, next, count], rest) = words.split_first_chunk()?;
        let (rules, rest) = rest.split_at_checked(index(*count))?;
        let (first, last) = (rules.first()?.get(), *rules.last()?);
        let sound =
            ascends(rules) && index(last) < self.tables.rules.len() && last.get() < self.first_rule(*next)?;
        let rest = prefilters::split(self.tables, &mut self.proofs, head.get() >> 8, rules, rest)?;
        sound.then_some(Node { words: words.len() - rest.len(), first_rule: first })
    }

    /// The smallest rule that a reference may lead to, or [`NO_RULE`]; `None` unless the reference is to a node
    /// before, or to a rule or an error that is there.
    #[inline]
    fn first_rule(&self, reference: U32) -> Option<u32> {
        match Reference::of(reference.get()) {
            Reference::Node(word) => {
                let node = self.starts.number(usize::try_from(word).ok()?)?;
                self.first_rules.get(node).copied()
            }
            Reference::Match { rule, approval, risk_level } => {
                let outcome = *self.outcomes.get(usize::try_from(rule).ok()?)?;
                (outcome == approval << 2 | risk_level).then_some(rule)
            }
            Reference::Error(error) => Some(self.errors.get(usize::try_from(error).ok()?)?.rule.get()),
            Reference::NoEvent => Some(NO_RULE),
        }
    }

    /// Whether references are sound and lead to no rule before `first`.
    fn lead_on(&self, first: U32, mut references: impl Iterator<Item = U32>) -> bool {
        references.all(|reference| self.first_rule(reference).is_some_and(|rule| rule >= first.get()))
    }
}

/// A sound node: how many words it has, and the smallest rule that a walk from there may name.
struct Node {
    words: usize,
    first_rule: u32,
}

fn wide(low: U32, high: U32) -> u64 {
    u64::from(high.get()) << 32 | u64::from(low.get())
}

/// Whether every bit of two words is one of so many.
fn are_below(low: U32, high: U32, count: U32) -> bool {
    wide(low, high).checked_shr(count.get()).unwrap_or(0) == 0
}

fn check_roots(nodes: &Nodes<'_, '_>) -> Checked {
    let tables = nodes.tables;
    let unsound = || malformed(SectionId::Roots, "has an unsound root");
    let (mut next_bucket, mut next_slot) = (0, 0);
    let mut before = None;
    for root in records!(tables, roots, Roots) {
        let (kind, fields) = (root.kind.get(), root.fields.get());
        ensure(before < Some((kind, fields)), SectionId::Roots, "is not in order")?;
        before = Some((kind, fields));
        let hashed = [ROOT_HASH, ROOT_STARTS, ROOT_ENDS].contains(&kind);
        let affix = [ROOT_STARTS, ROOT_ENDS].contains(&kind);
        let hashing = [root.hashed.get(), root.pilots.get()];
        let sound = (hashed || root.seed.get() == 0 && hashing == [0, 0])
            && root.reserved.get() == 0
            && if affix { lengths_are_sound(root) } else { root.lengths == [NO_LENGTH; MAX_LENGTHS] }
            && match kind {
                ROOT_HASH | ROOT_STARTS | ROOT_ENDS => {
                    let sized = root.count.get() > 0;
                    let by = root.hashed.get() != 0 && root.hashed.get() & !fields == 0;
                    let fields = if affix { FIELDS.contains(&fields) } else { (1..=7).contains(&fields) };
                    fields && by && index(root.first) == next_bucket && sized
                }
                ROOT_PREFIX | ROOT_SUFFIX => {
                    FIELDS.contains(&fields) && index(root.first) == next_slot && root.count.get() > 0
                }
                ROOT_NODE => {
                    let first = [root.first].into_iter();
                    fields == 0 && root.count.get() == 0 && nodes.lead_on(root.first_rule, first)
                }
                _ => false,
            };
        ensure(sound, SectionId::Roots, "has an unsound root")?;
        match kind {
            ROOT_HASH | ROOT_STARTS | ROOT_ENDS => next_bucket += check_table(nodes, root)?,
            ROOT_PREFIX | ROOT_SUFFIX => {
                let slots = slots(tables, root).ok_or_else(unsound)?;
                next_slot += slots.len();
                ensure(is_a_trie(slots), SectionId::Slots, "has a slot that no walk finds")?;
                let sound = nodes.lead_on(root.first_rule, slots.iter().map(|slot| slot.reference));
                ensure(sound, SectionId::Slots, "has an unsound reference")?;
            }
            _ => {}
        }
    }
    ensure(next_bucket == tables.buckets.len(), SectionId::Buckets, "has buckets of no root")?;
    ensure(next_slot == tables.slots.len(), SectionId::Slots, "has slots of no root")
}

/// In the place of a length that is not there.
const NO_LENGTH: AffixLength = AffixLength { length: 0, edge: 0, has_edge: 0 };

/// Whether the lengths descend, with nothing behind the last.
fn lengths_are_sound(root: &Root) -> bool {
    let used = root.lengths.iter().take_while(|length| length.length > 0).count();
    let (used, rest) = root.lengths.split_at(used);
    !used.is_empty()
        && used.is_sorted_by(|a, b| a.length > b.length)
        && used.iter().all(|length| length.has_edge <= 1)
        && rest.iter().all(|length| *length == NO_LENGTH)
}

/// Whether each slot is the root, or not used, or the child of its parent, and so on up to the root.
fn is_a_trie(slots: &[Slot]) -> bool {
    let mut found = Starts::new(slots.len());
    let mut path = Vec::new();
    for (at, slot) in slots.iter().enumerate() {
        if index(slot.base) >= slots.len() {
            return false;
        }
        match index(slot.parent).checked_sub(1) {
            None if at == 0 => found.add(0),
            None if slot.base.get() == 0 && slot.reference.get() == NO_EVENT => {}
            Some(_) if at > 0 => path.push(at),
            _ => return false,
        }
        // Up to a slot that is found; a path that is longer than the trie goes around.
        while let Some(&child) = path.last().filter(|&&child| !found.has(child)) {
            let parent = slots.get(child).and_then(|slot| index(slot.parent).checked_sub(1));
            let base = parent.and_then(|parent| slots.get(parent)).map(|slot| index(slot.base));
            let is_child = base.is_some_and(|base| (base..=base + 0xff).contains(&child));
            match parent {
                Some(parent) if is_child && path.len() <= slots.len() => path.push(parent),
                _ => return false,
            }
        }
        path.drain(..).for_each(|slot| found.add(slot));
    }
    true
}

/// The number of words of a root's hash table.
fn check_table(nodes: &Nodes<'_, '_>, root: &Root) -> Result<usize, LoadError> {
    let tables = nodes.tables;
    let table =
        Literals::of(tables, root).ok_or_else(|| malformed(SectionId::Roots, "has an unsound root"))?;
    ensure(table.is_filled_up(tables), SectionId::Buckets, "has pilots beyond the last")?;
    for bucket in table.buckets(tables) {
        let sound = match bucket {
            [hash, reference, rest @ ..] if reference.get() == NO_EVENT => {
                hash.get() == 0 && rest.iter().all(|word| word.get() == 0)
            }
            [_, reference, _, offset, lengths @ ..] => {
                let length = lengths.iter().try_fold(0_u32, |sum, length| sum.checked_add(length.get()));
                nodes.first_rule(*reference).is_some_and(|rule| rule >= root.first_rule.get())
                    && length.is_some_and(|length| {
                        tables.is_text(Text { offset: *offset, length: U32::new(length) })
                    })
            }
            _ => false,
        };
        ensure(sound, SectionId::Buckets, "has an unsound bucket")?;
    }
    Ok(table.words())
}
