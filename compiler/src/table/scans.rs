//! The texts of `param_contains` and the words of `semantic` -> the scans that look for them.
//!
//! The texts of one param, of all rules, make a scan; so do the words of all rules. What has no room in
//! one goes into another. A scan has at most [`MAX_MEMBERS`] members and, by an upper bound that is
//! known before it is built, [`SCAN_BYTES`]; all scans of a policy have at most [`POLICY_BYTES`]. A text
//! or a word set that no scan takes is looked for on its own, as if there were no scans.

use super::consts::Consts;
use super::needles::{self, Automaton, Needle};
use super::strings::Strings;
use super::{TooLarge, number};
use crate::hir::{self, ParamOp};
use aegis_vm::format::{self, MAX_MEMBERS, NO_SCAN, Scan, WORDS_SCAN, word_needles, word_symbol};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;
use zerocopy::little_endian::U32;

/// The fewest texts that a scan is made for: a decision looks for the first few one by one anyway.
const LEAST_TEXTS: usize = 16;
/// The most bytes of one scan.
const SCAN_BYTES: usize = 4 << 20;
/// The most bytes of all scans.
const POLICY_BYTES: usize = 16 << 20;

/// The sections of the scans, and which scan looks for what.
#[derive(Default)]
pub(super) struct Scans {
    pub(super) records: Vec<Scan>,
    pub(super) bytes: Vec<u8>,
    pub(super) needles: Vec<format::Needle>,
    /// By param and text.
    needle_index: HashMap<(String, String), U32>,
    /// By words.
    set_index: HashMap<Vec<String>, U32>,
    /// By scan and word.
    member_index: HashMap<(U32, String), U32>,
}

impl Scans {
    /// The scans of a policy. Constants that they look for are added to the others.
    pub(super) fn build(
        policy: &hir::Policy,
        params: &HashMap<String, U32>,
        consts: &mut Consts,
        strings: &mut Strings,
    ) -> Result<Self, TooLarge> {
        let mut scans = Scans::default();
        for (param, texts) in texts(policy) {
            let param_number = params.get(param).copied().ok_or(TooLarge("params"))?;
            for group in groups(texts.iter().map(|&text| vec![text]), text_needle) {
                if group.members.len() < LEAST_TEXTS {
                    continue;
                }
                let first = number(scans.needles.len(), "needles")?;
                let Some(scan) = scans.add(&group, param_number, first)? else { continue };
                for &text in &group.members {
                    let needle = number(scans.needles.len(), "needles")?;
                    let constant = consts.add(&hir::Const::Str(text.to_owned()), strings)?;
                    scans.needles.push(format::Needle { scan, constant });
                    scans.needle_index.insert((param.to_owned(), text.to_owned()), needle);
                }
            }
        }
        let sets = sets(policy);
        let words = sets.iter().map(|set| set.iter().map(String::as_str).collect());
        for group in groups(words, |word| word_needles(word).collect()) {
            let Some(scan) = scans.add(&group, U32::new(WORDS_SCAN), U32::new(0))? else { continue };
            for (word, at) in group.members.iter().zip(0..) {
                scans.member_index.insert((scan, (*word).to_owned()), U32::new(at));
            }
            for &item in &group.items {
                scans.set_index.extend(sets.get(item).map(|set| (set.to_vec(), scan)));
            }
        }
        Ok(scans)
    }

    /// The constant of a needle.
    pub(super) fn constant(&self, needle: u32) -> u32 {
        let needle = usize::try_from(needle).ok().and_then(|needle| self.needles.get(needle));
        needle.map_or(u32::MAX, |needle| needle.constant.get())
    }

    /// The needle that stands for a text in a param.
    pub(super) fn needle(&self, param: &str, text: &str) -> Option<U32> {
        self.needle_index.get(&(param.to_owned(), text.to_owned())).copied()
    }

    /// The scan that looks for a set of words; [`NO_SCAN`] if none does.
    pub(super) fn of_set(&self, words: &[String]) -> U32 {
        self.set_index.get(words).copied().unwrap_or(U32::new(NO_SCAN))
    }

    /// The member of a word in a scan; 0 in none.
    pub(super) fn member(&self, scan: U32, word: &str) -> U32 {
        self.member_index.get(&(scan, word.to_owned())).copied().unwrap_or_default()
    }

    /// Writes the scan of a group; `None` if there is no room for it.
    fn add(&mut self, group: &Group<'_>, param: U32, first: U32) -> Result<Option<U32>, TooLarge> {
        let taken_for = if param.get() == WORDS_SCAN { word_symbol } else { |byte| byte };
        let needles: Vec<Needle> = { group.members.iter().zip(0..) }
            .flat_map(|(text, member)| {
                (group.needles)(text).into_iter().map(move |bytes| Needle { bytes, member })
            })
            .collect();
        let Some(automaton) = needles::build(&needles, group.members.len(), taken_for) else {
            return Ok(None);
        };
        let start = self.bytes.len();
        let width = write(&automaton, &mut self.bytes)?;
        if self.bytes.len() > POLICY_BYTES {
            self.bytes.truncate(start);
            return Ok(None);
        }
        let scan = number(self.records.len(), "scans")?;
        self.records.push(Scan {
            param,
            first,
            members: number(automaton.links.len(), "members")?,
            states: number(automaton.rows.len(), "states")?,
            classes: number(automaton.columns, "classes")?,
            width: U32::new(width),
            outputs: number(automaton.outputs.len(), "outputs")?,
            start: number(start, "bytes of scans")?,
        });
        Ok(Some(scan))
    }
}

/// Writes the parts of a scan, and gives the width of its entries: two bytes where they fit.
fn write(automaton: &Automaton, bytes: &mut Vec<u8>) -> Result<u32, TooLarge> {
    bytes.extend_from_slice(&automaton.classes);
    let narrow = automaton.rows.len() * automaton.columns <= 1 << 16;
    for &state in automaton.rows.iter().flatten() {
        let row = state * automaton.columns;
        match u16::try_from(row) {
            Ok(row) if narrow => bytes.extend_from_slice(&row.to_le_bytes()),
            _ => bytes.extend_from_slice(&number(row, "states")?.get().to_le_bytes()),
        }
    }
    automaton.outputs.iter().chain(&automaton.links).for_each(|n| bytes.extend_from_slice(&n.to_le_bytes()));
    Ok(if narrow { 2 } else { 4 })
}

/// For each param the distinct texts of its `param_contains`, in the order of the rules.
fn texts(policy: &hir::Policy) -> Vec<(&str, Vec<&str>)> {
    let mut texts: BTreeMap<&str, (Vec<&str>, HashSet<&str>)> = BTreeMap::new();
    for test in tests(policy) {
        if let hir::Test::Param { param, op: ParamOp::Contains, value: hir::Const::Str(text) } = test {
            let (own, seen) = texts.entry(param).or_default();
            // The empty text is in every text: there is nothing to look for.
            if !text.is_empty() && seen.insert(text) {
                own.push(text);
            }
        }
    }
    texts.into_iter().map(|(param, (own, _))| (param, own)).collect()
}

/// The distinct word sets, in the order of the rules.
fn sets(policy: &hir::Policy) -> Vec<&[String]> {
    let mut seen = HashSet::new();
    let sets = tests(policy).filter_map(|test| match test {
        hir::Test::Semantic(words) => Some(words.as_slice()),
        _ => None,
    });
    sets.filter(|&words| seen.insert(words)).collect()
}

fn tests(policy: &hir::Policy) -> impl Iterator<Item = &hir::Test> {
    policy.rules.iter().flat_map(|rule| &rule.conditions).flat_map(|condition| &condition.tests)
}

fn text_needle(text: &str) -> Vec<Vec<u8>> {
    vec![text.as_bytes().to_vec()]
}

/// What one scan will look for.
struct Group<'t> {
    members: Vec<&'t str>,
    seen: HashSet<&'t str>,
    /// Which of the items they are of.
    items: Vec<usize>,
    needles: fn(&str) -> Vec<Vec<u8>>,
    /// The bytes of all needles: there is at most one state for each, and the first one.
    states: usize,
    /// Which bytes occur, and how many they are.
    bytes: [bool; 256],
    classes: usize,
}

impl<'t> Group<'t> {
    fn new(needles: fn(&str) -> Vec<Vec<u8>>) -> Self {
        Group {
            members: Vec::new(),
            seen: HashSet::new(),
            items: Vec::new(),
            needles,
            states: 1,
            bytes: [false; 256],
            classes: 1,
        }
    }

    /// Takes an item, all its texts or none.
    fn take(&mut self, at: usize, texts: &[&'t str]) -> bool {
        let new: Vec<&str> = texts.iter().copied().filter(|text| !self.seen.contains(text)).collect();
        let (mut states, mut bytes, mut classes) = (self.states, self.bytes, self.classes);
        for needle in new.iter().flat_map(|text| (self.needles)(text)) {
            states += needle.len();
            for byte in needle {
                classes += usize::from(!std::mem::replace(&mut bytes[usize::from(byte)], true));
            }
        }
        let members = self.members.len() + new.len();
        // The widest entries, the class map, an output a state and a link a member.
        let size = states.saturating_mul(classes * 4 + 2).saturating_add(256 + members * 2);
        let fits = members <= MAX_MEMBERS && size <= SCAN_BYTES;
        if fits {
            (self.states, self.bytes, self.classes) = (states, bytes, classes);
            self.seen.extend(&new);
            self.members.extend(new);
            self.items.push(at);
        }
        fits
    }
}

/// The items put together, in order, into as many groups as they need; an item that is too large for
/// any is in none.
fn groups<'t>(
    items: impl Iterator<Item = Vec<&'t str>>,
    needles: fn(&str) -> Vec<Vec<u8>>,
) -> Vec<Group<'t>> {
    let mut groups = Vec::new();
    let mut group = Group::new(needles);
    for (at, texts) in items.enumerate() {
        if !group.take(at, &texts) {
            let mut next = Group::new(needles);
            if next.take(at, &texts) {
                groups.push(std::mem::replace(&mut group, next));
            }
        }
    }
    groups.push(group);
    groups.retain(|group| !group.members.is_empty());
    groups
}
