//! The workloads with patterns as libraries decide them: regex-automata's dense DFA, globset, regex.

use crate::hand::text;
use crate::timing::{Contestant, contestant};
use crate::workloads::{TEXTS, patterns, words};
use crate::{Workload, answer};
use globset::{Glob, GlobSet, GlobSetBuilder};
use regex::RegexSet;
use regex_automata::dfa::{Automaton, dense};
use regex_automata::{Input, MatchKind, PatternSet};
use std::cell::RefCell;

/// W5: one dense DFA of all fifty patterns, walked once over the text, in three ways.
///
/// `first` is the plain search for the leftmost match, which for these patterns, of which a text can
/// match only one, is the first rule. `set` asks for all patterns that match, which is what first match
/// needs in general. `every byte` steps through the text without the library's leap to the next `@`.
pub(crate) fn suffixes(workload: &Workload) -> Vec<Contestant<'_>> {
    let patterns: Vec<String> = (0..50).map(|i| format!(r"@corp{i:02}\.example\.com$")).collect();
    let texts: Vec<&str> =
        workload.actions.iter().map(|(action, _)| text(action, "to").unwrap_or_default()).collect();
    let leftmost = dense::DFA::new_many(&patterns).unwrap();
    let config = dense::Config::new().match_kind(MatchKind::All);
    let all = dense::Builder::new().configure(config).build_many(&patterns).unwrap();
    let (set_texts, step_texts, stepped) = (texts.clone(), texts.clone(), leftmost.clone());
    let found = RefCell::new(PatternSet::new(patterns.len()));
    vec![
        contestant("dense DFA, first", move |case| {
            let found = leftmost.try_search_fwd(&Input::new(texts[case])).unwrap();
            answer(found.map(|found| found.pattern().as_u32()))
        }),
        contestant("dense DFA, set", move |case| {
            let mut found = found.borrow_mut();
            found.clear();
            all.try_which_overlapping_matches(&Input::new(set_texts[case]), &mut found).unwrap();
            answer(found.iter().next().map(|pattern| pattern.as_u32()))
        }),
        contestant("dense DFA, every byte", move |case| {
            let input = Input::new(step_texts[case]);
            let start = stepped.start_state_forward(&input).unwrap();
            let last = input.haystack().iter().fold(start, |state, &byte| stepped.next_state(state, byte));
            let end = stepped.next_eoi_state(last);
            answer(stepped.is_match_state(end).then(|| stepped.match_pattern(end, 0).as_u32()))
        }),
    ]
}

/// W8: a set of globs for the type, then a set of patterns for each param. Whether anything matches is
/// asked first: for most actions nothing does, and that question needs no memory.
pub(crate) fn words_and_patterns(workload: &Workload) -> Contestant<'_> {
    let mut globs = GlobSetBuilder::new();
    for word in words() {
        globs.add(Glob::new(&format!("*{word}*")).unwrap());
    }
    let globs: GlobSet = globs.build().unwrap();
    let patterns = patterns();
    let count = words().len();
    let sets = [0, 1, 2].map(|param| {
        RegexSet::new(patterns.iter().skip(param).step_by(TEXTS.len()).map(|(pattern, _)| pattern)).unwrap()
    });
    let texts = |at: usize| TEXTS.map(|name| text(&workload.actions[at].0, name).unwrap_or_default());
    let texts: Vec<[&str; 3]> = (0..workload.actions.len()).map(texts).collect();
    contestant("globset, RegexSet", move |case| {
        let kind = workload.actions[case].0.kind();
        let first = if globs.is_match(kind) {
            globs.matches(kind).into_iter().min()
        } else {
            let first = |(param, set): (usize, &RegexSet)| {
                let text = texts[case][param];
                let found = set.is_match(text).then(|| set.matches(text).iter().next()).flatten();
                found.map(|at| count + at * TEXTS.len() + param)
            };
            sets.iter().enumerate().filter_map(first).min()
        };
        answer(first.map(|rule| u32::try_from(rule).unwrap()))
    })
}
