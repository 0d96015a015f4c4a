//! Prints what a search costs here, in the `regex` crate and in regex-automata's dense DFA.
//!
//! Timed is the question whether a pattern is found in a text that is at hand: neither compiling nor
//! making the text or the request. Every contestant's answers are checked before anything is timed,
//! against each other and against the plain matcher. The last table has what is linear: the time of
//! a search through a megabyte as a multiple of a loop over its bytes.

use aegis_benches::search::{self, LENGTH, Mixed, Search};
use aegis_benches::timing::{Contestant, Quartiles, ROUNDS, agree, contestant, race, shown};
use aegis_peers::support::patterns::{Searches, accepted};
use aegis_vm::{BoundParams, NoClock, Params, Policy, Request, Value};
use regex::{Regex, RegexSet};
use regex_automata::{Input, dfa::Automaton, dfa::dense};
use std::hint::black_box;

fn main() {
    let avx2 = if cfg!(target_feature = "avx2") { "with" } else { "without" };
    println!(
        "aegis-vm beside regex and regex-automata; target-cpu is the default unless RUSTFLAGS says otherwise \
         (compiled {avx2} avx2)."
    );
    println!(
        "Medians of {ROUNDS} rounds of batches of about 1 ms, thread CPU time, contestants in random order in one"
    );
    println!(
        "process; texts of {LENGTH} characters in random order. In brackets: times as long as `ours`. `spread` is"
    );
    println!("half the distance between the quartiles, of the widest in the row.");
    scans("1. Full scans, ASCII, half of the texts match late", search::ascii(), Peers::WithDense);
    scans("2a. Full scans, Cyrillic", search::cyrillic(), Peers::WithDense);
    scans("2b. Full scans, CJK", search::cjk(), Peers::WithDense);
    scans("3a. A literal that is needed", search::literals(), Peers::RegexOnly);
    scans("3b. Anchored at the end", search::ends(), Peers::RegexOnly);
    mixed();
    linear();
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Peers {
    WithDense,
    RegexOnly,
}

fn scans(title: &str, searches: Vec<Search>, peers: Peers) {
    let names: &[&str] = match peers {
        Peers::WithDense => &["ours", "dense DFA", "regex"],
        Peers::RegexOnly => &["ours", "regex"],
    };
    head(title, "pattern", names);
    for Search { pattern, texts } in searches {
        let ours = Searches::new(&[pattern]);
        let regex = Regex::new(pattern).unwrap();
        let dense;
        let mut contestants = vec![
            contestant("ours", |case| u64::from(ours.find(0, &texts[case].0))),
            contestant("regex", |case| u64::from(regex.is_match(&texts[case].0))),
        ];
        if peers == Peers::WithDense {
            dense = dense_dfa(&[pattern]);
            contestants.insert(1, contestant("dense DFA", |case| found(&dense, &texts[case].0)));
        }
        let expected: Vec<u64> = texts.iter().map(|&(_, found)| found.into()).collect();
        agree(&contestants, &expected);
        row(pattern, &time(&contestants, texts.len()));
    }
}

/// A DFA over bytes for one or many patterns. It cannot have a Unicode `\b`; on ASCII texts both
/// kinds say the same.
fn dense_dfa<T: AsRef<str>>(patterns: &[T]) -> dense::DFA<Vec<u32>> {
    let spelling = |pattern: &T| pattern.as_ref().replace(r"\b", r"(?-u:\b)");
    let patterns: Vec<String> = patterns.iter().map(spelling).collect();
    match patterns.as_slice() {
        [one] => dense::DFA::new(one).unwrap(),
        many => dense::DFA::new_many(many).unwrap(),
    }
}

/// The place of the pattern that a DFA finds first, and one more; 0 if it finds none.
fn found(dfa: &dense::DFA<Vec<u32>>, text: &str) -> u64 {
    let found = dfa.try_search_fwd(&Input::new(text).earliest(true)).unwrap();
    found.map_or(0, |found| found.pattern().as_u64() + 1)
}

fn mixed() {
    let Mixed { patterns, none, cyrillic, one } = search::mixed();
    let workloads = [("none matches", none), ("one matches", one), ("none matches, Cyrillic", cyrillic)];
    let ours = Searches::new(&patterns);
    let regexes: Vec<Regex> = patterns.iter().map(|text| Regex::new(text).unwrap()).collect();
    let set = RegexSet::new(&patterns).unwrap();
    let names = ["ours, a decision", "ours, the searches", "regex, each", "RegexSet"];
    head("4. 50 mixed patterns on one text", "until the first match", &names);
    let all = 0..patterns.len();
    let slots = ours.policy().bind(["p"]);
    for (name, texts) in &workloads {
        let requests: Vec<BoundParams<'_, 1>> =
            texts.iter().map(|(text, _)| slots.with([Value::from(text)])).collect();
        let text = |case: usize| texts[case].0.as_str();
        let contestants = [
            contestant("ours, a decision", |case| decision(ours.policy(), "t", &requests[case])),
            contestant("ours, the searches", |case| {
                let mut find = ours.in_text(text(case));
                first(all.clone().find(|&at| find(at)))
            }),
            contestant("regex, each", |case| first(regexes.iter().position(|one| one.is_match(text(case))))),
            contestant("RegexSet", |case| first(set.matches(text(case)).iter().next())),
        ];
        agree(&contestants, &texts.iter().map(|&(_, at)| first(at)).collect::<Vec<_>>());
        row(name, &time(&contestants, texts.len()));
    }
    head("", "all fifty", &["ours, the searches", "regex, each", "RegexSet"]);
    for (name, texts) in &workloads {
        let text = |case: usize| texts[case].0.as_str();
        let bits = |found: &mut dyn Iterator<Item = usize>| found.fold(0u64, |bits, at| bits | 1 << at);
        let contestants = [
            contestant("ours, the searches", |case| {
                let mut find = ours.in_text(text(case));
                bits(&mut all.clone().filter(|&at| find(at)))
            }),
            contestant("regex, each", |case| {
                bits(&mut all.clone().filter(|&at| regexes[at].is_match(text(case))))
            }),
            contestant("RegexSet", |case| bits(&mut set.matches(text(case)).iter())),
        ];
        let expected: Vec<u64> = texts.iter().map(|(_, at)| at.map_or(0, |at| 1 << at)).collect();
        agree(&contestants, &expected);
        row(name, &time(&contestants, texts.len()));
    }
}

/// The rule that decides, and one more; 0 if none matches.
fn decision(policy: &Policy, kind: &str, params: &dyn Params) -> u64 {
    let decision = policy.evaluate(Request::new(kind, "gmail").params(params), NoClock);
    decision.rule_index().map_or(0, |rule| u64::from(rule) + 1)
}

/// A place, and one more; 0 for none.
fn first(at: Option<usize>) -> u64 {
    at.map_or(0, |at| u64::try_from(at).unwrap() + 1)
}

/// Patterns that make a backtracking engine slow, or an automaton large.
const HOSTILE: [&str; 7] = [
    "^(a+)+$",
    "(a|aa)+$",
    "(?:a?){30}a{30}",
    r"\w+\d",
    "(a|b)*a(a|b){12}",
    "a.{1,1000}b",
    "(a|b)*a(a|b){20}",
];

fn linear() {
    const BYTES: usize = 1_000_000;
    let texts = [
        ("a", "a".repeat(BYTES)),
        ("words", search::long_words(BYTES)),
        ("Cyrillic", search::long_cyrillic(BYTES)),
    ];
    let (answers, ours) = accepted(&HOSTILE);
    println!();
    println!(
        "5. Linear: 1 MB, as a multiple of a plain loop over its bytes (h = h.rotate_left(5) ^ byte, one byte"
    );
    println!("after the other). `regex` stands beside it; in brackets the answer.");
    println!();
    println!(
        "{:<20} {:<9} {:>10} {:>12} {:>9} {:>12}",
        "pattern", "text", "loop", "ours", "multiple", "regex"
    );
    for (pattern, answer) in HOSTILE.iter().zip(&answers) {
        let place = match answer {
            Ok(place) => *place,
            Err(error) => {
                println!("{pattern:<20} skipped, refused: {}", error.message);
                continue;
            }
        };
        let regex = Regex::new(pattern).unwrap();
        for (name, text) in &texts {
            let search = [
                contestant("ours", |_| u64::from(ours.find(place, text))),
                contestant("regex", |_| u64::from(regex.is_match(text))),
            ];
            let found = u64::from(regex.is_match(text));
            agree(&search, &[found]);
            let plain = contestant("loop", |_| {
                black_box(text).bytes().fold(0u64, |hash, byte| hash.rotate_left(5) ^ u64::from(byte))
            });
            let contestants: Vec<Contestant<'_>> = search.into_iter().chain([plain]).collect();
            let figures = time(&contestants, 1);
            let [ours, regex, plain] = [0, 1, 2].map(|at: usize| figures[at].middle);
            println!(
                "{pattern:<20} {name:<9} {:>10} {:>12} {:>9} {:>12} ({})",
                shown(plain),
                shown(ours),
                ratio(ours / plain),
                shown(regex),
                if found == 1 { "found" } else { "not found" },
            );
        }
    }
}

/// The times of contestants on cases in random order.
fn time(contestants: &[Contestant<'_>], cases: usize) -> Vec<Quartiles> {
    let [race] = race(contestants, [&search::order(cases, 16_384)], ROUNDS);
    (0..contestants.len()).map(|at| race.nanoseconds(at)).collect()
}

fn head(title: &str, first: &str, names: &[&str]) {
    if !title.is_empty() {
        println!("\n{title}");
    }
    print!("\n{first:<36}");
    for (at, name) in names.iter().enumerate() {
        let width = if at == 0 { 16 } else { 22 };
        print!(" {name:>width$}");
    }
    println!(" {:>7}", "spread");
}

fn row(name: &str, figures: &[Quartiles]) {
    print!("{name:<36}");
    let ours = figures[0].middle;
    for (at, Quartiles { middle, .. }) in figures.iter().enumerate() {
        let time = shown(*middle);
        match at {
            0 => print!(" {time:>16}"),
            _ => print!(" {:>22}", format!("{time} ({})", ratio(middle / ours))),
        }
    }
    let spread = figures.iter().map(|figure| figure.spread()).fold(0.0, f64::max);
    println!(" {:>6.0}%", spread * 100.0);
}

/// A quotient for people to read.
fn ratio(of: f64) -> String {
    match of {
        x if x < 0.000_95 => "<0.001".to_owned(),
        x if x < 0.095 => format!("{x:.3}"),
        x => format!("{x:.2}"),
    }
}
