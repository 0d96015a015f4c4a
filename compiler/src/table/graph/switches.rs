//! Switches in words, as `aegis_vm::format` draws them.

use super::cells::{Cut, Least, ParamCells};
use super::{Graph, TooLarge, halves, number};
use aegis_vm::format::{TIME_SWITCH, hash_text};
use zerocopy::little_endian::U32;

impl<'h> Graph<'_, 'h> {
    /// The switch of the time at these minutes.
    pub(super) fn time_cells(&mut self, cuts: &[u32]) -> Result<u32, TooLarge> {
        let mut words = vec![TIME_SWITCH, number(cuts.len(), "cuts")?.get()];
        words.extend(cuts);
        self.switch(words)
    }

    /// The switch of a param into these cells.
    pub(super) fn param_cells(&mut self, param: u32, cells: &ParamCells<'h>) -> Result<u32, TooLarge> {
        let buckets = text_buckets(&cells.texts)?;
        let least: Vec<Least> = cells.cuts.iter().map(Cut::least).collect();
        let low = least.iter().take_while(|least| **least == Least::All).count();
        let ints = least.iter().filter_map(|least| match least {
            Least::From(int) => Some(*int),
            Least::All | Least::None => None,
        });
        let ints: Vec<i64> = ints.collect();
        let mut words = vec![param];
        for count in [cells.texts.len(), buckets.len(), cells.cuts.len(), low, low + ints.len()] {
            words.push(number(count, "cells")?.get());
        }
        for int in ints {
            words.extend(halves(u64::from_le_bytes(int.to_le_bytes())));
        }
        for (_, constant) in &cells.texts {
            let record = usize::try_from(*constant).ok().and_then(|at| self.tables.consts.get(at));
            let record = record.ok_or(TooLarge("constants"))?;
            let offset = u32::try_from(record.payload.get()).map_err(|_| TooLarge("bytes of text"))?;
            words.extend([offset, record.n.get()]);
        }
        words.extend(buckets);
        for cut in &cells.cuts {
            words.extend([cut.constant, u32::from(cut.strict)]);
        }
        self.switch(words)
    }

    /// Where a switch stands, each once.
    fn switch(&mut self, words: Vec<u32>) -> Result<u32, TooLarge> {
        let place = number(self.switches.len(), "switches")?.get();
        if let Some(&place) = self.switch_places.get(&words) {
            return Ok(place);
        }
        self.switches.extend(words.iter().copied().map(U32::new));
        self.switch_places.insert(words.clone(), place);
        self.added_switches.push(words);
        Ok(place)
    }
}

/// A hash table of texts; none for a few, or if they were made to collide.
fn text_buckets(texts: &[(&str, u32)]) -> Result<Vec<u32>, TooLarge> {
    const FEW: usize = 6;
    const DOUBLINGS: u32 = 4;
    const LONGEST: usize = 32;
    if texts.len() <= FEW {
        return Ok(Vec::new());
    }
    'sizes: for doubling in 0..DOUBLINGS {
        let size = (texts.len() * 2) << doubling;
        let wide = u64::try_from(size).map_err(|_| TooLarge("texts"))?;
        let mut buckets = vec![0; size];
        for (at, (text, _)) in texts.iter().enumerate() {
            let start =
                usize::try_from(((hash_text(text) >> 32) * wide) >> 32).map_err(|_| TooLarge("texts"))?;
            let (before, from) = buckets.split_at_mut(start);
            let free = from.iter_mut().chain(before).take(LONGEST).find(|bucket| **bucket == 0);
            match free {
                Some(bucket) => *bucket = number(at + 1, "texts")?.get(),
                None => continue 'sizes,
            }
        }
        let mut run = 0;
        let longest = buckets.iter().chain(&buckets).map(|bucket| {
            run = if *bucket == 0 { 0 } else { run + 1 };
            run
        });
        if longest.max().is_some_and(|longest| longest <= LONGEST) {
            return Ok(buckets);
        }
    }
    Ok(Vec::new())
}
