//! One text for every set of globs that some text matches: all of them, by walking the globs side by side.
//!
//! Characters that no step tells apart are one class. From the empty text on, each class is appended to each text
//! that leaves the globs in places in which no text left them before (the subset construction), so every set of
//! globs that a text can match is met.

use crate::hir::reference::glob::{Step, read};
use std::collections::{BTreeSet, HashSet, VecDeque};

/// The texts; `None` if it would take more steps to find them than are left, from which they are taken.
/// `preferred` is what stands for its class of characters.
pub(super) fn cover(globs: &[&str], preferred: char, left: &mut u64) -> Option<Vec<String>> {
    let globs: Vec<Vec<Step<'_>>> = globs.iter().map(|glob| read(glob)).collect();
    let classes = classes(&globs, preferred);
    let places: usize = globs.iter().map(|steps| steps.len() + 1).sum();
    let cost = u64::try_from(places * classes.len()).ok()?.max(1);
    let start: Vec<BTreeSet<usize>> = globs.iter().map(|steps| entered(steps, BTreeSet::new(), 0)).collect();
    let mut seen = HashSet::from([start.clone()]);
    let mut waiting = VecDeque::from([(start, String::new())]);
    let mut found: HashSet<Vec<bool>> = HashSet::new();
    let mut texts = Vec::new();
    while let Some((state, text)) = waiting.pop_front() {
        *left = left.checked_sub(cost)?;
        let matched: Vec<bool> =
            globs.iter().zip(&state).map(|(steps, places)| places.contains(&steps.len())).collect();
        if found.insert(matched) {
            texts.push(text.clone());
        }
        for &c in &classes {
            let next: Vec<BTreeSet<usize>> =
                globs.iter().zip(&state).map(|(steps, places)| after(steps, places, c)).collect();
            if seen.insert(next.clone()) {
                let mut longer = text.clone();
                longer.push(c);
                waiting.push_back((next, longer));
            }
        }
    }
    Some(texts)
}

/// The places with one more, and those behind the runs that begin there.
fn entered(steps: &[Step<'_>], mut places: BTreeSet<usize>, place: usize) -> BTreeSet<usize> {
    let mut place = place;
    while places.insert(place) && matches!(steps.get(place), Some(Step::Run)) {
        place += 1;
    }
    places
}

/// The places after one more character.
fn after(steps: &[Step<'_>], places: &BTreeSet<usize>, c: char) -> BTreeSet<usize> {
    places.iter().fold(BTreeSet::new(), |next, &place| match steps.get(place) {
        Some(Step::Run) => entered(steps, next, place),
        Some(one) if one.takes(c) => entered(steps, next, place + 1),
        _ => next,
    })
}

/// A character of each class.
fn classes(globs: &[Vec<Step<'_>>], preferred: char) -> Vec<char> {
    // Between these nothing changes.
    let mut first = BTreeSet::from(['\0']);
    let mut add = |low: char, high: char| {
        first.insert(low);
        first.extend((high..=char::MAX).nth(1));
    };
    let steps = || globs.iter().flatten();
    for step in steps() {
        match step {
            Step::Char(c) => add(*c, *c),
            // A range changes where its ends do.
            Step::Set(inside) => inside.chars().for_each(|c| add(c, c)),
            Step::Any | Step::Run => {}
        }
    }
    let mut told: HashSet<Vec<bool>> = HashSet::new();
    let all = std::iter::once(preferred).chain(first);
    all.filter(|&c| told.insert(steps().map(|step| step.takes(c)).collect())).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::hir::reference::glob_matches;

    /// Whatever a short text matches, one of the texts matches the same.
    #[test]
    fn no_set_of_globs_is_missed() {
        for globs in [
            &["ab*ba", "a*", "*b?", "ab"][..],
            &["[a-b]*", "[!b]?", "", "*a*b*"],
            &["*aba*", "*bab*", "?", "b*b"],
        ] {
            let covered: HashSet<Vec<bool>> = cover(globs, '~', &mut 1_000_000)
                .unwrap()
                .iter()
                .map(|text| globs.iter().map(|glob| glob_matches(glob, text)).collect())
                .collect();
            let mut texts = vec![String::new()];
            for _ in 0..6 {
                for text in &texts {
                    let matched = globs.iter().map(|glob| glob_matches(glob, text)).collect::<Vec<_>>();
                    assert!(covered.contains(&matched), "{globs:?} {text:?}");
                }
                texts = texts.iter().flat_map(|text| ['a', 'b', 'c'].map(|c| format!("{text}{c}"))).collect();
            }
        }
        assert_eq!(cover(&["*a*b*c*", "*d*e*f*", "*g*h*i*", "*j*k*l*"], '~', &mut 1_000), None);
    }
}
