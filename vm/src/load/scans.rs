//! The scans: a proof that each is the automaton of its members.
//!
//! 1. Every scan has a param or is for words, sound sizes, and parts that follow those of the scan
//!    before it and end with the section.
//! 2. Every word set names a scan for words or none, and each member of such a scan is one word; the
//!    needles of scans for params follow each other, and each is text, not empty, that names its scan.
//! 3. The class map tells the bytes of needles apart from each other and from all others.
//! 4. Following each needle from the first state must visit states of growing depth, each by one way
//!    only, and all of them: so the states are the beginnings of the needles.
//! 5. A state that is followed by no longer beginning must step as its *fall* does, the state of its
//!    longest end that is a beginning; the fall of a state is where its parent's fall steps to. By
//!    growing depth this proves every entry.
//! 6. The output of a state is the member that ends there or else its fall's; the link of that member
//!    is its fall's output.
//!
//! So a table that loads finds what a search for each member alone would find, and nothing else: of a
//! scan nothing is taken on trust. Each step is in proportion to the table or to the needles.

use super::check::{Budget, Checked, ensure};
use super::malformed;
use crate::error::LoadError;
use crate::format::{
    BORDER, CONST_STR, MAX_MEMBERS, NO_MEMBER, NO_SCAN, Needle, SectionId, WORDS_SCAN, word_needles,
    word_symbol,
};
use crate::scan::{Scan, Table};
use crate::tables::{Tables, index};
use zerocopy::little_endian::U32;

/// Checks every scan; see the top of the module.
pub(super) fn check(tables: &Tables, budget: &mut Budget) -> Checked {
    let scans = scans(tables)?;
    let mut words = words(tables, &scans)?;
    let mut next_needle = 0;
    for (at, scan) in scans.iter().enumerate() {
        let texts = if scan.record.param.get() == WORDS_SCAN {
            words.get_mut(at).map(core::mem::take).unwrap_or_default()
        } else {
            let follow = index(scan.record.first) == next_needle;
            ensure(follow, SectionId::Scans, "has scans whose needles do not follow each other")?;
            next_needle += scan.links.len();
            needles(tables, at, scan)?
        };
        ensure(
            texts.len() == scan.links.len(),
            SectionId::Scans,
            "has a scan with a member that is no text",
        )?;
        texts.iter().try_for_each(|text| budget.spend(text, SectionId::Scans))?;
        ensure(is_of(scan, &texts), SectionId::Scans, "has a scan that finds other texts than its own")?;
    }
    ensure(next_needle == tables.needles.len(), SectionId::Needles, "has needles of no scan")
}

/// The scans, whose parts follow each other.
fn scans(tables: &Tables) -> Result<Vec<Scan<'_>>, LoadError> {
    let mut next = 0;
    let mut scans = Vec::with_capacity(tables.scans.len());
    for at in 0..tables.scans.len() {
        let at = U32::new(u32::try_from(at).unwrap_or(u32::MAX));
        let scan = Scan::get(tables, at)
            .ok_or_else(|| malformed(SectionId::Scans, "has a scan of unsound sizes"))?;
        let (record, param) = (scan.record, scan.record.param);
        let sound = match param.get() {
            WORDS_SCAN => record.first.get() == 0,
            _ => index(param) < tables.params.len(),
        };
        let sound = sound
            && index(record.start) == next
            && record.states.get() > 0
            && (1..=256).contains(&scan.columns)
            && (1..=MAX_MEMBERS).contains(&scan.links.len());
        ensure(sound, SectionId::Scans, "has an unsound scan")?;
        next = scan.end;
        scans.push(scan);
    }
    ensure(next == tables.scan_bytes.len(), SectionId::ScanBytes, "has bytes that belong to no scan")?;
    Ok(scans)
}

/// The texts of a param's scan.
fn needles<'t>(tables: &'t Tables, at: usize, scan: &Scan<'_>) -> Result<Vec<&'t str>, LoadError> {
    let unsound = || malformed(SectionId::Needles, "has an unsound needle");
    let needles = tables.needles.run(&tables.bytes, scan.record.first, scan.record.members);
    let text = |needle: &Needle| {
        let constant = tables.consts.get(&tables.bytes, index(needle.constant))?;
        let offset = U32::new(u32::try_from(constant.payload.get()).ok()?);
        let text = tables.slice_of_strings(offset, constant.n)?;
        let sound = constant.tag.get() == CONST_STR && !text.is_empty() && index(needle.scan) == at;
        sound.then_some(text)
    };
    needles.ok_or_else(unsound)?.iter().map(|needle| text(needle).ok_or_else(unsound)).collect()
}

/// For each scan the words of its members; a member without a word is left out.
fn words<'t>(tables: &'t Tables, scans: &[Scan<'_>]) -> Result<Vec<Vec<&'t str>>, LoadError> {
    let sizes =
        scans.iter().map(|scan| if scan.record.param.get() == WORDS_SCAN { scan.links.len() } else { 0 });
    let mut members: Vec<Vec<Option<&str>>> = sizes.map(|size| vec![None; size]).collect();
    let sets = tables.word_sets.slice(&tables.bytes).unwrap_or_default();
    for set in sets {
        for word in tables.words.run(&tables.bytes, set.first, set.count).unwrap_or_default() {
            let sound = if set.scan.get() == NO_SCAN {
                word.member.get() == 0
            } else {
                let slot = members.get_mut(index(set.scan)).and_then(|own| own.get_mut(index(word.member)));
                match (slot, tables.text(word.text)) {
                    (Some(slot), Some(text)) => {
                        let in_word = |byte| byte != BORDER && word_symbol(byte) == byte;
                        !text.is_empty() && text.bytes().all(in_word) && *slot.get_or_insert(text) == text
                    }
                    _ => false,
                }
            };
            ensure(sound, SectionId::WordSets, "has a word that its scan does not look for")?;
        }
    }
    Ok(members.into_iter().map(|own| own.into_iter().flatten().collect()).collect())
}

/// Whether the scan is the automaton of these members.
fn is_of(scan: &Scan<'_>, members: &[&str]) -> bool {
    let for_words = scan.record.param.get() == WORDS_SCAN;
    let classes = if for_words { are_apart(scan, word_symbol) } else { are_apart(scan, |byte| byte) };
    let mut tree = Tree::new(index(scan.record.states));
    classes
        && members.iter().zip(0..NO_MEMBER).all(|(text, member)| {
            if for_words {
                word_needles(text).all(|needle| tree.add(scan, &needle, member).is_some())
            } else {
                tree.add(scan, text.as_bytes(), member).is_some()
            }
        })
        && tree.is_stepped(scan) == Some(true)
}

/// Whether the class map puts each byte with the one that it is taken for, and tells apart those that
/// are in a class of needles.
fn are_apart(scan: &Scan<'_>, taken_for: impl Fn(u8) -> u8) -> bool {
    let mut seen = [false; 256];
    (0..=u8::MAX).zip(scan.classes).all(|(byte, &class)| {
        let symbol = taken_for(byte);
        let same = scan.classes[usize::from(symbol)] == class;
        let apart = byte != symbol || class == 0 || !core::mem::replace(&mut seen[usize::from(class)], true);
        same && apart && usize::from(class) < scan.columns
    })
}

/// The states as the needles visit them.
struct Tree {
    /// For each state but the first its parent and the class that leads to it.
    from: Vec<Option<(usize, usize)>>,
    depths: Vec<usize>,
    /// The member that ends there.
    own: Vec<u16>,
}

impl Tree {
    fn new(states: usize) -> Self {
        Tree { from: vec![None; states], depths: vec![0; states], own: vec![NO_MEMBER; states] }
    }

    /// Follows a needle; `None` if it goes where it must not.
    fn add(&mut self, scan: &Scan<'_>, needle: &[u8], member: u16) -> Option<()> {
        let mut state = 0;
        for (&byte, depth) in needle.iter().zip(1..) {
            let class = usize::from(scan.classes[usize::from(byte)]);
            let to = next(scan, state, class)?;
            let from = self.from.get_mut(to)?;
            if class == 0 || to == 0 || from.is_some_and(|from| from != (state, class)) {
                return None;
            }
            *from = Some((state, class));
            *self.depths.get_mut(to)? = depth;
            state = to;
        }
        let own = self.own.get_mut(state)?;
        (*own == NO_MEMBER).then(|| *own = member)
    }

    /// Whether every state was visited, steps where it must and has the output that it must.
    fn is_stepped(&self, scan: &Scan<'_>) -> Option<bool> {
        let states = self.from.len();
        let mut order: Vec<usize> = (0..states).collect();
        order.sort_by_key(|&state| self.depths.get(state));
        let mut falls = vec![0_usize; states];
        for state in order {
            let fall = match self.from.get(state)? {
                None if state != 0 => return Some(false),
                None | Some((0, _)) => 0,
                Some((parent, class)) => next(scan, *falls.get(*parent)?, *class)?,
            };
            *falls.get_mut(state)? = fall;
            for class in 0..scan.columns {
                let to = next(scan, state, class)?;
                let falls_to = if state == 0 { 0 } else { next(scan, fall, class)? };
                if *self.from.get(to)? != Some((state, class)) && to != falls_to {
                    return Some(false);
                }
            }
            let (own, after) =
                (*self.own.get(state)?, if state == 0 { NO_MEMBER } else { output(scan, fall)? });
            let linked = own == NO_MEMBER || scan.links.get(usize::from(own))?.get() == after;
            let expected = if own == NO_MEMBER { after } else { own };
            if !linked || output(scan, state)? != expected {
                return Some(false);
            }
        }
        Some(true)
    }
}

/// The state that a state steps to; `None` if the entry is no state.
fn next(scan: &Scan<'_>, state: usize, class: usize) -> Option<usize> {
    let entry = state * scan.columns + class;
    let row = match scan.table {
        Table::Narrow(table) => usize::from(table.get(entry)?.get()),
        Table::Wide(table) => index(*table.get(entry)?),
    };
    (row % scan.columns == 0).then_some(row / scan.columns)
}

/// The member that ends in a state; [`NO_MEMBER`] if none does.
fn output(scan: &Scan<'_>, state: usize) -> Option<u16> {
    match state.checked_sub(scan.first_output / scan.columns) {
        None => Some(NO_MEMBER),
        Some(output) => scan.outputs.get(output).map(|member| member.get()),
    }
}
