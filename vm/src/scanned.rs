//! What the scans of one decision found: each text is passed over once, when enough is asked of it.
//!
//! A rule that is tested asks one scan about one member. The first few questions to a scan are
//! answered by looking for that one text, which a short pass over all members would not beat; then the
//! scan is run, and what it found is kept and answers the rest. So a decision that asks little pays
//! little, and one that asks much pays at most about twice the pass. The kept answers lie in the
//! evaluation itself; with more scans than there is room for, the oldest makes room. The functions stay out
//! of line, so that a decision that asks no scan runs the loop over its rules as if there were none.

use crate::compare::Constant;
use crate::decision::Expected;
use crate::format::NO_SCAN;
use crate::scan::{Found, Scan};
use crate::tables::{Tables, index};
use crate::{Request, Value, words};
use zerocopy::little_endian::U32;

/// The scans of params that are kept at a time.
const KEPT: usize = 4;

/// The questions that are answered one by one before a scan is run over a text of so many bytes.
///
/// A search for one text passes over some 30 bytes in a nanosecond and has a fixed cost of some 25, a
/// scan takes 1.5 to 3 nanoseconds a byte; so a pass is worth 4 searches in a short text, and up to 40 in
/// a long one. Half of that is waited for there, because whoever asks much mostly asks on.
fn patience(length: usize) -> usize {
    (4 + length / 64).min(20)
}

/// What was found so far.
#[derive(Default)]
pub(crate) struct Scanned {
    kept: [Option<Kept>; KEPT],
    /// The one to make room next.
    oldest: usize,
    /// What the last scan for words found, and which it was.
    words: Option<(U32, Found)>,
}

/// A scan that was asked.
struct Kept {
    scan: U32,
    /// Its first needle.
    first: usize,
    /// How many questions were answered one by one.
    asked: usize,
    found: Option<Found>,
}

impl Scanned {
    /// Whether a needle is in the text of its param, if a scan has already said so; the outer `None` if
    /// a table is inconsistent.
    #[inline(never)]
    pub(crate) fn known(&self, tables: &Tables, needle: U32) -> Option<Option<bool>> {
        let scan = tables.needles.get(&tables.bytes, index(needle))?.scan;
        let kept = self.kept.iter().flatten().find(|kept| kept.scan == scan);
        match kept.and_then(|kept| Some((kept.first, kept.found.as_ref()?))) {
            Some((first, found)) => found.has(index(needle).checked_sub(first)?).map(Some),
            None => Some(None),
        }
    }

    /// Python's `needle in value`; the inner `Err` says what the value would have to be.
    #[inline(never)]
    pub(crate) fn is_in(
        &mut self,
        tables: &Tables,
        needle: U32,
        value: Value<'_>,
    ) -> Option<Result<bool, Expected>> {
        let record = tables.needles.get(&tables.bytes, index(needle))?;
        if let Value::Str(text) = value {
            let kept = self.kept(tables, record.scan)?;
            if kept.asked >= patience(text.len()) {
                let found = kept.found.insert(Scan::get(tables, record.scan)?.text(text)?);
                return found.has(index(needle).checked_sub(kept.first)?).map(Ok);
            }
            kept.asked += 1;
        }
        Constant::get(tables, record.constant)?.is_in(value)
    }

    /// The place of a scan, made if there is none.
    fn kept(&mut self, tables: &Tables, scan: U32) -> Option<&mut Kept> {
        let same = |kept: &Option<Kept>| kept.as_ref().is_some_and(|kept| kept.scan == scan);
        let place = match self.kept.iter().position(same) {
            Some(place) => place,
            None => {
                let place = self.oldest;
                self.oldest = (place + 1) % KEPT;
                let first = index(tables.scans.get(&tables.bytes, index(scan))?.first);
                *self.kept.get_mut(place)? = Some(Kept { scan, first, asked: 0, found: None });
                place
            }
        };
        self.kept.get_mut(place)?.as_mut()
    }

    /// Whether one of the words of a set is among the action's.
    #[inline(never)]
    pub(crate) fn meets(&mut self, tables: &Tables, set: U32, request: &Request<'_>) -> Option<bool> {
        let set = tables.word_sets.get(&tables.bytes, index(set))?;
        if set.scan.get() == NO_SCAN {
            return words::meets(tables, set, request);
        }
        let found = match &mut self.words {
            Some((scan, found)) if *scan == set.scan => found,
            words => {
                let found = Scan::get(tables, set.scan)?.words(request)?;
                &mut words.insert((set.scan, found)).1
            }
        };
        for word in tables.words.run(&tables.bytes, set.first, set.count)? {
            if found.has(index(word.member))? {
                return Some(true);
            }
        }
        Some(false)
    }
}
