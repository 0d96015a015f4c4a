//! Policies that look for more texts and words than one scan has room for, against a plain search.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use aegis_vm::{Action, NoClock, Policy};
use std::collections::HashSet;
use std::fmt::Write;
use support::bytes::next;
use support::damage::artifact;

/// The scans of a policy, as `inspect --ir` shows them.
fn scans(policy: &Policy) -> Vec<String> {
    let mut ir = String::new();
    policy.write_ir(&mut ir).unwrap();
    let lines = ir.lines().skip_while(|line| *line != "scans").skip(1);
    lines.take_while(|line| line.starts_with("  ")).map(str::to_owned).collect()
}

fn word(seed: &mut u64) -> String {
    (0..next(seed) % 5 + 1).map(|_| char::from(b'a' + next(seed) % 5)).collect()
}

fn words(seed: &mut u64, count: usize) -> Vec<String> {
    let mut seen = HashSet::new();
    std::iter::repeat_with(|| word(seed)).filter(|word| seen.insert(word.clone())).take(count).collect()
}

/// Rule `i` is for text `i`, in each param in turn; the first rule whose text is there decides.
fn agree(texts: &[String], params: usize, asked: impl Fn(&mut u64) -> String) -> Vec<String> {
    let mut yaml = String::from("rules:\n");
    for (at, text) in texts.iter().enumerate() {
        writeln!(yaml, "- {{conditions: {{param_contains: {{p{}: '{text}'}}}}}}", at % params).unwrap();
    }
    let policy = Policy::from_bytes(artifact(&yaml)).unwrap();
    let (mut seed, mut found) = (11, HashSet::new());
    for _ in 0..200 {
        let values: Vec<String> = (0..params).map(|_| asked(&mut seed)).collect();
        let mut action = Action::new("t", "x");
        for (at, value) in values.iter().enumerate() {
            action = action.param(format!("p{at}"), value.as_str());
        }
        let meant = { texts.iter().enumerate() }.position(|(at, text)| values[at % params].contains(text));
        let decided = policy.evaluate(&action, NoClock).rule_index();
        assert_eq!(decided.map(|rule| usize::try_from(rule).unwrap()), meant, "{values:?}");
        found.insert(meant);
    }
    assert!(found.len() > 5, "{found:?}");
    scans(&policy)
}

#[test]
fn more_texts_than_a_scan_has_members() {
    let mut texts = words(&mut 3, 3_000);
    // The first ones are the rare ones, so that most of the rules are asked.
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts.truncate(2_600);
    let scans = agree(&texts, 1, |seed| (0..3).map(|_| word(seed) + "-").collect());
    assert_eq!(scans.len(), 2, "{scans:?}");
    assert!(scans[0].starts_with("  0: 2048 texts in param \"p0\""), "{scans:?}");
}

/// More scans in turn than a decision keeps.
#[test]
fn more_params_than_are_kept() {
    let mut texts = words(&mut 5, 400);
    texts.retain(|text| text.len() > 3);
    let scans = agree(&texts, 7, |seed| (0..4).map(|_| word(seed)).collect());
    assert_eq!(scans.len(), 7, "{scans:?}");
}

/// A text that fills more than a scan may is looked for on its own, among the others.
#[test]
fn a_text_too_long_for_a_scan() {
    let mut texts = words(&mut 7, 60);
    texts.retain(|text| text.len() > 2);
    let long: String = (0..900_000).map(|at| char::from(b'a' + u8::try_from(at % 23).unwrap())).collect();
    texts.insert(0, long[1..].to_owned());
    let scans =
        agree(&texts, 1, |seed| if next(seed).is_multiple_of(16) { long.clone() } else { word(seed) });
    assert_eq!(scans.len(), 1, "{scans:?}");
}

/// Sets that share words, over more than one scan, and one that is too large for any.
#[test]
fn more_words_than_a_scan_has_members() {
    let all = words(&mut 9, 3_700);
    let mut sets: Vec<Vec<String>> = all[..1_400].chunks(14).map(<[String]>::to_vec).collect();
    sets.push(all[1_000..3_600].to_vec());
    for at in 0..100 {
        sets.push((0..10).map(|step| all[(at * 31 + step * 97) % 3_600].clone() + "_x").collect());
    }
    let mut yaml = String::from("rules:\n");
    for set in &sets {
        writeln!(yaml, "- {{conditions: {{semantic: '{}'}}}}", set.join(" ")).unwrap();
    }
    let policy = Policy::from_bytes(artifact(&yaml)).unwrap();
    let found = scans(&policy);
    assert!(!found.is_empty() && found.iter().all(|scan| scan.contains("words of the action")), "{found:?}");
    let sets: Vec<HashSet<String>> = sets
        .iter()
        .map(|set| set.iter().flat_map(|word| aegisc::hir::semantic::keywords(word)).collect())
        .collect();
    let (mut seed, mut decided) = (13, HashSet::new());
    for _ in 0..200 {
        let text =
            format!("{}q {}q-{} {}_x", word(&mut seed), word(&mut seed), word(&mut seed), word(&mut seed));
        let mut of_text: HashSet<String> = HashSet::new();
        for run in text.split([' ', '-']) {
            of_text.extend(run.split('_').map(str::to_owned));
            of_text.insert(run.to_owned());
        }
        // The action's own type and target are words too, and in no set.
        let meant = sets.iter().position(|set| !set.is_disjoint(&of_text));
        let decision = policy.evaluate(&Action::new("0", "0").description(&text), NoClock);
        assert_eq!(decision.rule_index().map(|rule| usize::try_from(rule).unwrap()), meant, "{text}");
        decided.insert(meant);
    }
    assert!(decided.len() > 20 && decided.contains(&None), "{decided:?}");
}
