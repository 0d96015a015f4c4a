//! The roots: which rules are found by what, and the hash tables and tries that find them.
//!
//! A rule is found by all its literal fields at once, in the hash table of their mask; without a literal, by
//! what a field begins or ends with, in a trie; else it is among the rules of the one root that every action
//! asks. A trie of a few rules is not worth its walk.

use super::globs::{Find, Globs};
use super::graph::{Graph, Item};
use super::{TooLarge, number, pilots, trie};
use aegis_vm::format::{
    AffixLength, FIELDS, MAX_LENGTHS, NO_EVENT, ROOT_ENDS, ROOT_HASH, ROOT_NODE, ROOT_PREFIX, ROOT_STARTS,
    ROOT_SUFFIX, Root, Rule, Slot, Text, bucket_words, hash_key, low_half,
};
use hashbrown::{HashMap, HashSet};
use std::collections::{BTreeMap, BTreeSet};
use zerocopy::little_endian::{U32, U64};

/// The rules that are worth a trie.
const WORTH_A_TRIE: usize = 4;
/// How many rules the lists of a trie may have, for each rule of the trie: prefixes of prefixes repeat them.
const REPEATED: usize = 16;

/// How often rules without a literal are held against keys before the answer is what it is at best.
const MOST_STEPS: usize = 1 << 23;

/// The sections of the index.
#[derive(Default)]
pub(super) struct Index {
    pub(super) roots: Vec<Root>,
    pub(super) buckets: Vec<U32>,
    pub(super) slots: Vec<Slot>,
}

/// The literal fields of a rule, each by the place of its glob: equal globs stand in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key([u32; 3]);

/// In the place of a field that is not literal.
const NO_GLOB: u32 = u32::MAX;

/// What finds a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Literals(Key),
    /// A trie, and the text in it.
    Trie(TrieKey, Text),
    Nothing,
}

/// A kind of trie, and the field that it is over.
type TrieKey = (u32, u32);

/// The tries in the order in which a rule prefers them.
const TRIES: [TrieKey; 6] = [
    (ROOT_PREFIX, FIELDS[0]),
    (ROOT_PREFIX, FIELDS[1]),
    (ROOT_SUFFIX, FIELDS[0]),
    (ROOT_SUFFIX, FIELDS[1]),
    (ROOT_PREFIX, FIELDS[2]),
    (ROOT_SUFFIX, FIELDS[2]),
];

/// The roots of the rules, which are in order; their graph grows meanwhile.
pub(super) fn build(
    rules: &[Rule],
    globs: &Globs,
    strings: &str,
    graph: &mut Graph<'_, '_>,
) -> Result<Index, TooLarge> {
    let mut builder = Builder { rules, globs, strings, graph, index: Index::default(), steps: 0 };
    let mut literals: BTreeMap<u32, Vec<(Key, Vec<u32>)>> = BTreeMap::new();
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut tries: HashMap<TrieKey, Vec<(Text, u32)>> = HashMap::new();
    let mut others = Vec::new();
    // The rules without a literal, in order.
    let mut free = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let number = number(at, "rules")?.get();
        match builder.anchor(rule) {
            Anchor::Literals(key) => {
                let groups = literals.entry(mask(key)).or_default();
                let place = *places.entry(key).or_insert(groups.len());
                if place == groups.len() {
                    groups.push((key, Vec::new()));
                }
                if let Some((_, rules)) = groups.get_mut(place) {
                    rules.push(number);
                }
            }
            Anchor::Trie(key, text) => {
                free.push(number);
                tries.entry(key).or_default().push((text, number));
            }
            Anchor::Nothing => {
                free.push(number);
                others.push(number);
            }
        }
    }
    let shared = Shared::of(&literals);
    for (mask, groups) in literals {
        builder.hash_root(mask, groups, &shared, &free)?;
    }
    let mut order: Vec<TrieKey> = tries.keys().copied().collect();
    order.sort_unstable();
    for key in order {
        let found = tries.remove(&key).unwrap_or_default();
        match found.len() < WORTH_A_TRIE {
            true => others.extend(found.into_iter().map(|(_, rule)| rule)),
            false => builder.trie_root(key, found, &mut others)?,
        }
    }
    others.sort_unstable();
    builder.node_root(&others)?;
    let mut index = builder.index;
    index.roots.sort_by_key(|root| (root.kind.get(), root.fields.get()));
    Ok(index)
}

struct Builder<'b, 't, 'h> {
    rules: &'b [Rule],
    globs: &'b Globs,
    strings: &'b str,
    graph: &'b mut Graph<'t, 'h>,
    index: Index,
    /// How often a rule without a literal was held against a key.
    steps: usize,
}

/// The smallest rules of the keys that agree with a key of another mask in the fields that both have.
struct Shared {
    masks: Vec<u32>,
    first: HashMap<(u32, Key), u32>,
}

impl Shared {
    fn of(literals: &BTreeMap<u32, Vec<(Key, Vec<u32>)>>) -> Self {
        let masks: Vec<u32> = literals.keys().copied().collect();
        let mut first = HashMap::new();
        for (&mask, groups) in literals {
            for &common in masks
                .iter()
                .filter(|&&other| other != mask)
                .map(|other| other & mask)
                .collect::<BTreeSet<_>>()
                .iter()
            {
                for (key, rules) in groups {
                    let rule = rules.first().copied().unwrap_or(u32::MAX);
                    let least = first.entry((mask, within(*key, common))).or_insert(rule);
                    *least = rule.min(*least);
                }
            }
        }
        Shared { masks, first }
    }

    /// The smallest rule under keys of other masks that an action with this key may have.
    fn least(&self, mask: u32, key: Key) -> u32 {
        let others = self.masks.iter().filter(|&&other| other != mask);
        let least = others.filter_map(|&other| self.first.get(&(other, within(key, other & mask))));
        least.copied().min().unwrap_or(u32::MAX)
    }
}

/// The key in the fields of a mask.
fn within(key: Key, mask: u32) -> Key {
    let mut part = key;
    for (glob, bit) in part.0.iter_mut().zip(FIELDS) {
        if mask & bit == 0 {
            *glob = NO_GLOB;
        }
    }
    part
}

impl Builder<'_, '_, '_> {
    fn anchor(&self, rule: &Rule) -> Anchor {
        let fields = [rule.type_glob, rule.target_glob, rule.agent_glob];
        let finds = fields.map(|glob| self.globs.find(glob));
        let mut key = [NO_GLOB; 3];
        for ((place, glob), find) in key.iter_mut().zip(fields).zip(finds) {
            if matches!(find, Find::Literal) {
                *place = glob.get();
            }
        }
        if key != [NO_GLOB; 3] {
            return Anchor::Literals(Key(key));
        }
        let found = TRIES.into_iter().find_map(|(kind, field)| {
            let (_, find) = FIELDS.into_iter().zip(finds).find(|(bit, _)| *bit == field)?;
            match find {
                Find::Prefix(text) if kind == ROOT_PREFIX => Some(Anchor::Trie((kind, field), text)),
                Find::Suffix(text) if kind == ROOT_SUFFIX => Some(Anchor::Trie((kind, field), text)),
                _ => None,
            }
        });
        found.unwrap_or(Anchor::Nothing)
    }

    /// The rule with what its anchor leaves open: the globs over fields but those in `known`.
    fn item(&mut self, rule: u32, known: u32) -> Option<Item> {
        let record = usize::try_from(rule).ok().and_then(|at| self.rules.get(at))?;
        let globs = [record.type_glob, record.target_glob, record.agent_glob];
        let all = self.globs;
        let open = FIELDS
            .into_iter()
            .zip(globs)
            .filter(|&(bit, glob)| known & bit == 0 && all.find(glob) != Find::Anything);
        self.graph.item(rule, open.map(|(bit, glob)| (bit, glob.get())))
    }

    /// The reference of rules, in order, of which the globs in `known` are known to match.
    fn reference(&mut self, rules: &[u32], known: impl Fn(u32) -> u32) -> Result<u32, TooLarge> {
        let mut items = Vec::with_capacity(rules.len());
        for &rule in rules {
            if let Some(item) = self.item(rule, known(rule)) {
                let last = item.is_certain();
                items.push(item);
                if last {
                    break;
                }
            }
        }
        self.graph.build(items)
    }

    /// The smallest rule without a literal that an action with this key may have, if it is below `last`; else
    /// some rule that is not after the smallest.
    fn least_free(&mut self, key: Key, last: u32, free: &[u32]) -> u32 {
        for &rule in free {
            self.steps += 1;
            if rule > last || self.steps > MOST_STEPS || self.may_match(rule, key) {
                return rule;
            }
        }
        u32::MAX
    }

    /// Whether an action with the literals of a key may match the globs of a rule, as far as their ends tell.
    fn may_match(&self, rule: u32, key: Key) -> bool {
        let Some(record) = usize::try_from(rule).ok().and_then(|at| self.rules.get(at)) else { return true };
        let globs = [record.type_glob, record.target_glob, record.agent_glob];
        globs.into_iter().zip(key.0).filter(|(_, literal)| *literal != NO_GLOB).all(|(glob, literal)| {
            let Some(literal) = self.globs.written(literal) else { return true };
            match self.globs.find(glob) {
                Find::Prefix(prefix) => self.text(literal).starts_with(self.text(prefix)),
                Find::Suffix(suffix) => self.text(literal).ends_with(self.text(suffix)),
                Find::Anything | Find::Literal | Find::Nothing => true,
            }
        })
    }

    fn hash_root(
        &mut self,
        mask: u32,
        groups: Vec<(Key, Vec<u32>)>,
        shared: &Shared,
        free: &[u32],
    ) -> Result<(), TooLarge> {
        let mut entries = Vec::with_capacity(groups.len());
        let mut first_rule = u32::MAX;
        for (key, rules) in groups {
            let reference = self.reference(&rules, |_| mask)?;
            if reference != NO_EVENT {
                first_rule = first_rule.min(rules.first().copied().unwrap_or(u32::MAX));
                let last = rules.last().copied().unwrap_or(u32::MAX);
                let bound = shared.least(mask, key).min(self.least_free(key, last, free));
                entries.push((key, reference, bound));
            }
        }
        if entries.is_empty() {
            return Ok(());
        }
        let keys: Vec<Key> = entries.iter().map(|(key, ..)| *key).collect();
        let hashed = hashed_fields(mask, &keys);
        let entries: Vec<Entry> = { entries.into_iter() }
            .map(|(key, reference, bound)| Entry { literals: self.literals(key), reference, bound })
            .collect();
        let table = self.table(mask, hashed, &entries)?;
        self.index.roots.push(Root {
            kind: U32::new(ROOT_HASH),
            fields: U32::new(mask),
            hashed: U32::new(hashed),
            first: table.first,
            count: table.count,
            pilots: table.pilots,
            first_rule: U32::new(first_rule),
            lengths: NO_LENGTHS,
            reserved: U32::new(0),
            seed: table.seed,
        });
        Ok(())
    }

    /// Writes a hash table.
    fn table(&mut self, mask: u32, hashed: u32, entries: &[Entry]) -> Result<TableAt, TooLarge> {
        let hash = |seed, key: usize| {
            let literals =
                FIELDS.into_iter().zip(entries.get(key).map_or([NO_TEXT; 3], |entry| entry.literals));
            hash_key(seed, literals.filter(|(bit, _)| hashed & bit != 0).map(|(_, text)| self.text(text)))
        };
        let layout = pilots::lay_out(entries.len(), hash).ok_or(TooLarge("globs made to collide"))?;
        let hashes: Vec<u64> = (0..entries.len()).map(|key| hash(layout.seed, key)).collect();
        let first = number(self.index.buckets.len(), "buckets")?;
        self.index.buckets.extend(layout.pilots.chunks(2).map(|pair| {
            let half = |at: usize| u32::from(pair.get(at).copied().unwrap_or(0));
            U32::new(half(0) | half(1) << 16)
        }));
        let width = usize::try_from(bucket_words(mask)).unwrap_or(7);
        for &key in &layout.buckets {
            let Some((entry, hash)) = key.and_then(|key| Some((entries.get(key)?, hashes.get(key)?))) else {
                self.index.buckets.extend([U32::new(0), U32::new(NO_EVENT)]);
                self.index.buckets.extend(std::iter::repeat_n(U32::new(0), width - 2));
                continue;
            };
            let own = FIELDS.into_iter().zip(entry.literals).filter(|(bit, _)| mask & bit != 0);
            let literals: Vec<Text> = own.map(|(_, text)| text).collect();
            let offset = self.joined(&literals)?;
            self.index.buckets.extend([low_half(*hash), entry.reference, entry.bound].map(U32::new));
            self.index.buckets.push(offset);
            self.index.buckets.extend(literals.iter().map(|text| text.length));
        }
        number(self.index.buckets.len(), "buckets")?;
        Ok(TableAt {
            first,
            count: number(layout.buckets.len(), "buckets")?,
            pilots: number(layout.pilots.len(), "pilots")?,
            seed: U64::new(layout.seed),
        })
    }

    /// Where the texts stand one behind the other. Those of a rule do already, unless an earlier rule has one of them.
    fn joined(&mut self, texts: &[Text]) -> Result<U32, TooLarge> {
        let Some(first) = texts.first() else { return Ok(U32::new(0)) };
        let mut end = first.offset.get();
        let adjacent = texts.iter().all(|text| {
            let fits = text.offset.get() == end;
            end = end.saturating_add(text.length.get());
            fits
        });
        if adjacent {
            return Ok(first.offset);
        }
        let offset = number(self.graph.strings.text.len(), "bytes of text")?;
        for text in texts {
            self.graph.strings.text.push_str(slice(self.strings, *text));
        }
        number(self.graph.strings.text.len(), "bytes of text")?;
        Ok(offset)
    }

    /// The texts of the literal fields of a key.
    fn literals(&self, key: Key) -> [Text; 3] {
        key.0.map(|glob| self.globs.written(glob).unwrap_or(NO_TEXT))
    }

    fn trie_root(
        &mut self,
        (kind, field): TrieKey,
        found: Vec<(Text, u32)>,
        others: &mut Vec<u32>,
    ) -> Result<(), TooLarge> {
        let rules = found.len();
        let mut texts: BTreeMap<Vec<u8>, (Text, Vec<u32>)> = BTreeMap::new();
        for (text, rule) in found {
            let mut bytes = self.text(text).to_vec();
            if kind == ROOT_SUFFIX {
                bytes.reverse();
            }
            texts.entry(bytes).or_insert((text, Vec::new())).1.push(rule);
        }
        // What begins with a text stands right behind it.
        let mut above: Vec<(Vec<u8>, Vec<u32>)> = Vec::new();
        let mut lists: Vec<(Vec<u8>, Vec<u32>)> = Vec::with_capacity(texts.len());
        let mut affixes = Vec::with_capacity(texts.len());
        let mut repeated = 0;
        for (bytes, (text, own)) in texts {
            while above.pop_if(|(before, _)| !bytes.starts_with(before)).is_some() {}
            let mut list = above.last().map(|(_, list)| list.clone()).unwrap_or_default();
            repeated += list.len();
            if repeated > REPEATED * rules {
                // Too many rules for every text below: every action asks them.
                others.extend(&own);
                continue;
            }
            list.extend(&own);
            list.sort_unstable();
            above.push((bytes.clone(), list.clone()));
            affixes.push(text);
            lists.push((bytes, list));
        }
        let mut first_rule = u32::MAX;
        let mut entries = Vec::with_capacity(lists.len());
        for (bytes, list) in lists {
            // A prefix that is the whole glob but its `*` leaves nothing open.
            let all = self.globs;
            let records = self.rules;
            let known = |rule: u32| match usize::try_from(rule).ok().and_then(|at| records.get(at)) {
                Some(record) if all.is_affix(glob_of(record, field)) => field,
                _ => 0,
            };
            let reference = self.reference(&list, known)?;
            if reference != NO_EVENT {
                first_rule = first_rule.min(list.first().copied().unwrap_or(u32::MAX));
            }
            entries.push((bytes, reference));
        }
        if first_rule == u32::MAX {
            return Ok(());
        }
        let mut root = Root {
            kind: U32::new(kind),
            fields: U32::new(field),
            hashed: U32::new(0),
            first: number(self.index.slots.len(), "slots")?,
            count: U32::new(0),
            pilots: U32::new(0),
            first_rule: U32::new(first_rule),
            lengths: NO_LENGTHS,
            reserved: U32::new(0),
            seed: U64::new(0),
        };
        if let Some(lengths) = affix_lengths(&entries) {
            let place = FIELDS.into_iter().position(|bit| bit == field);
            let entries: Vec<Entry> = { entries.into_iter().zip(affixes) }
                .filter(|((_, reference), _)| *reference != NO_EVENT)
                .map(|((_, reference), text)| {
                    let mut literals = [NO_TEXT; 3];
                    if let Some(literal) = place.and_then(|place| literals.get_mut(place)) {
                        *literal = text;
                    }
                    Entry { literals, reference, bound: 0 }
                })
                .collect();
            let table = self.table(field, field, &entries)?;
            root.kind = U32::new(if kind == ROOT_PREFIX { ROOT_STARTS } else { ROOT_ENDS });
            root.hashed = U32::new(field);
            (root.first, root.count, root.pilots, root.seed) =
                (table.first, table.count, table.pilots, table.seed);
            root.lengths = lengths;
        } else {
            let slots = trie::build(&entries)?;
            root.count = number(slots.len(), "slots")?;
            self.index.slots.extend(slots);
            number(self.index.slots.len(), "slots")?;
        }
        self.index.roots.push(root);
        Ok(())
    }

    fn node_root(&mut self, rules: &[u32]) -> Result<(), TooLarge> {
        let reference = self.reference(rules, |_| 0)?;
        if reference != NO_EVENT {
            self.index.roots.push(Root {
                kind: U32::new(ROOT_NODE),
                fields: U32::new(0),
                hashed: U32::new(0),
                lengths: NO_LENGTHS,
                first: U32::new(reference),
                count: U32::new(0),
                pilots: U32::new(0),
                first_rule: U32::new(rules.first().copied().unwrap_or(0)),
                reserved: U32::new(0),
                seed: U64::new(0),
            });
        }
        Ok(())
    }

    fn text(&self, text: Text) -> &[u8] {
        slice(self.strings, text).as_bytes()
    }
}

fn slice(strings: &str, text: Text) -> &str {
    let place = |n: U32| usize::try_from(n.get()).unwrap_or(usize::MAX);
    let start = place(text.offset);
    strings.get(start..start.saturating_add(place(text.length))).unwrap_or_default()
}

fn glob_of(rule: &Rule, field: u32) -> U32 {
    let globs = [rule.type_glob, rule.target_glob, rule.agent_glob];
    let found = FIELDS.into_iter().zip(globs).find(|(bit, _)| *bit == field);
    found.map_or(U32::new(NO_GLOB), |(_, glob)| glob)
}

fn mask(key: Key) -> u32 {
    FIELDS.into_iter().zip(key.0).filter(|(_, glob)| *glob != NO_GLOB).map(|(bit, _)| bit).sum()
}

/// The fields that keys of a mask are hashed by: the first that tells all of them apart, or all.
fn hashed_fields(mask: u32, keys: &[Key]) -> u32 {
    let tells_apart = |field: &u32| {
        let mut seen = HashSet::new();
        keys.iter().all(|key| seen.insert(within(*key, *field)))
    };
    let fields = FIELDS.into_iter().filter(|field| mask & field != 0);
    if mask.count_ones() == 1 { mask } else { { fields }.find(tells_apart).unwrap_or(mask) }
}

/// A key of a hash table and what its bucket says.
struct Entry {
    /// The literal of each field, empty of those that the key has not.
    literals: [Text; 3],
    reference: u32,
    bound: u32,
}

/// Where a hash table stands, as its root says.
struct TableAt {
    first: U32,
    count: U32,
    pilots: U32,
    seed: U64,
}

/// Of a field that a key has not.
const NO_TEXT: Text = Text { offset: U32::new(0), length: U32::new(0) };

/// Of a root without lengths.
const NO_LENGTHS: [AffixLength; MAX_LENGTHS] = [AffixLength { length: 0, edge: 0, has_edge: 0 }; MAX_LENGTHS];

/// The lengths of texts, of which the last bytes are at the edge; `None` if there are too many, or too long ones.
fn affix_lengths(texts: &[(Vec<u8>, u32)]) -> Option<[AffixLength; MAX_LENGTHS]> {
    let mut edges: BTreeMap<usize, BTreeSet<Option<u8>>> = BTreeMap::new();
    for (text, _) in texts.iter().filter(|(_, reference)| *reference != NO_EVENT) {
        edges.entry(text.len()).or_default().insert(text.last().copied());
    }
    if edges.len() > MAX_LENGTHS {
        return None;
    }
    let mut lengths = NO_LENGTHS;
    for (place, (length, edges)) in lengths.iter_mut().zip(edges.into_iter().rev()) {
        let edge = if edges.len() == 1 { edges.first().copied().flatten() } else { None };
        *place = AffixLength {
            length: u8::try_from(length).ok().filter(|length| *length > 0)?,
            edge: edge.unwrap_or(0),
            has_edge: edge.is_some().into(),
        };
    }
    Some(lengths)
}
