//! Tries as double arrays (Aoe, 1989): a slot a node, the children of a node at its base plus their bytes.

use super::{TooLarge, number};
use aegis_vm::format::{NO_EVENT, Slot};
use std::collections::VecDeque;
use zerocopy::little_endian::U32;

/// How many places are tried for the children of a node before they go to the end.
const TRIES: usize = 64;

/// A text, with its reference.
pub(super) type Text = (Vec<u8>, u32);

/// The slots of a trie of texts, which are sorted and apart, each with its reference.
pub(super) fn build(texts: &[Text]) -> Result<Vec<Slot>, TooLarge> {
    let mut array = DoubleArray::default();
    array.take(0, 0)?;
    // Nodes to do: slot, the texts below it, their bytes up to it.
    let mut nodes = VecDeque::from([(0, texts, 0)]);
    while let Some((slot, mut below, depth)) = nodes.pop_front() {
        if let Some(((text, reference), rest)) = below.split_first()
            && text.len() == depth
        {
            array.slots.get_mut(slot).ok_or(TooLarge("slots"))?.reference = U32::new(*reference);
            below = rest;
        }
        let children: Vec<(u8, &[Text])> = below
            .chunk_by(|(a, _), (b, _)| a.get(depth) == b.get(depth))
            .filter_map(|texts| Some((*texts.first()?.0.get(depth)?, texts)))
            .collect();
        if children.is_empty() {
            continue;
        }
        let bytes: Vec<u8> = children.iter().map(|(byte, _)| *byte).collect();
        let base = array.base_for(&bytes);
        array.slots.get_mut(slot).ok_or(TooLarge("slots"))?.base = number(base, "slots")?;
        for (byte, texts) in children {
            let child = base + usize::from(byte);
            array.take(child, slot + 1)?;
            nodes.push_back((child, texts, depth + 1));
        }
    }
    Ok(array.slots)
}

#[derive(Default)]
struct DoubleArray {
    slots: Vec<Slot>,
    used: Vec<bool>,
    /// No slot before this one is worth a look.
    from: usize,
}

impl DoubleArray {
    fn take(&mut self, slot: usize, parent: usize) -> Result<(), TooLarge> {
        if slot >= self.slots.len() {
            let free = Slot { base: U32::new(0), parent: U32::new(0), reference: U32::new(NO_EVENT) };
            self.slots.resize(slot + 1, free);
            self.used.resize(slot + 1, false);
        }
        if let (Some(taken), Some(used)) = (self.slots.get_mut(slot), self.used.get_mut(slot)) {
            taken.parent = number(parent, "slots")?;
            *used = true;
        }
        Ok(())
    }

    /// A base at which the slots of all bytes, which ascend, are free.
    fn base_for(&mut self, bytes: &[u8]) -> usize {
        let first = usize::from(bytes.first().copied().unwrap_or(0));
        let used = |slot: usize| self.used.get(slot).copied().unwrap_or(false);
        let mut tried = 0;
        let mut at = self.from.max(first);
        while tried < TRIES && at < self.used.len() {
            if !used(at) {
                let base = at - first;
                if bytes.iter().all(|&byte| !used(base + usize::from(byte))) {
                    return base;
                }
                tried += 1;
            }
            at += 1;
        }
        if tried >= TRIES {
            // What is left before here is too scattered.
            self.from = self.from.max(at.saturating_sub(TRIES));
        }
        self.used.len().max(first) - first
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use std::collections::BTreeMap;

    fn walk(slots: &[Slot], text: &[u8]) -> u32 {
        let at = |n: U32| usize::try_from(n.get()).unwrap();
        let (mut slot, mut reference) = (0, slots[0].reference.get());
        for &byte in text {
            let child = at(slots[slot].base) + usize::from(byte);
            match slots.get(child) {
                Some(next) if at(next.parent) == slot + 1 => slot = child,
                _ => break,
            }
            if slots[slot].reference.get() != NO_EVENT {
                reference = slots[slot].reference.get();
            }
        }
        reference
    }

    /// Every text of up to four letters finds the longest of the texts that it begins with.
    #[test]
    fn finds_the_longest() {
        let letters = [0, b'a', b'b', 255];
        let mut all: Vec<Vec<u8>> = vec![Vec::new()];
        for length in 0..4 {
            let longer: Vec<Vec<u8>> = all.iter().filter(|text| text.len() == length).cloned().collect();
            all.extend(
                longer.iter().flat_map(|text| letters.map(|letter| [text.as_slice(), &[letter]].concat())),
            );
        }
        let mut state = 1_u64;
        for _ in 0..50 {
            let mut texts = BTreeMap::new();
            for (text, at) in all.iter().zip(0..) {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if state >> 60 == 0 {
                    texts.insert(text.clone(), at);
                }
            }
            let texts: Vec<(Vec<u8>, u32)> = texts.into_iter().collect();
            let slots = build(&texts).unwrap();
            for text in &all {
                let longest = texts.iter().filter(|(start, _)| text.starts_with(start));
                let expected = longest.max_by_key(|(start, _)| start.len()).map_or(NO_EVENT, |found| found.1);
                assert_eq!(walk(&slots, text), expected, "{text:?}");
            }
        }
    }
}
