//! Every form of the tables of regular expressions, in a loaded artifact, against the plain matcher: classes
//! of one byte and two, cells of one byte, of two, and cells that count rows; alone, shared and side by side;
//! in texts of one to four bytes a character.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use aegis_vm::format::{
    AUTOMATON_BYTE, AUTOMATON_NFA, AUTOMATON_SHARED, AUTOMATON_SHORT, AUTOMATON_WIDE, Automaton,
    ClassMapHead, GROUP_BACKWARD, GROUP_FORWARD, GROUP_LOCKSTEP, Group, SectionId,
};
use aegis_vm::json::Json;
use aegisc::pyre::{Pattern, parse};
use std::collections::BTreeSet;
use std::ops::Range;
use support::bytes::Bytes;
use support::crafted::patterns;
use support::patterns::Searches;
use zerocopy::FromBytes;

/// Alphabets of one to four bytes a character.
const ALPHABETS: [&str; 4] = ["abcdefghij", "абвгдежзий", "一丁丂七丄丅丆万丈三", "😀😁😂😃😄😅😆😇😈😉"];

/// The first ten letters of `pattern` become those of an alphabet.
fn spelled(pattern: &str, alphabet: &str) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    let spell = |c: char| match u32::from(c).checked_sub(u32::from('A')) {
        Some(at @ ..10) => letters[usize::try_from(at).unwrap()],
        _ => c,
    };
    pattern.chars().map(spell).collect()
}

/// Texts in which a pattern that asks for letters of the alphabets in their order may be found or just not.
fn texts(count: usize, seed: u64) -> Vec<String> {
    let mut seed = seed;
    let drawn: Vec<u8> =
        std::iter::repeat_with(|| support::bytes::next(&mut seed)).take(count * 2_000).collect();
    let mut bytes = Bytes::new(&drawn);
    let mut texts = Vec::new();
    for alphabet in ALPHABETS.iter().cycle().take(count) {
        let mut text = String::new();
        let own: Vec<char> = alphabet.chars().collect();
        for _ in 0..bytes.pick(&[0, 1, 2, 3, 4, 12]) {
            let letters =
                if bytes.chance(24) { bytes.pick(&ALPHABETS).chars().collect() } else { own.clone() };
            for _ in 0..bytes.pick(&[0, 1, 2, 3, 4, 12, 13, 14]) {
                text.push(letters[bytes.below(2)]);
            }
            let at = bytes.below(9);
            text.extend(letters.get(at..at + bytes.between(1, 2)).unwrap());
            if bytes.chance(12) {
                text.push(bytes.pick(&['\n', ' ', 'x', 'é', '本', '💳', '\u{10ffff}']));
            }
        }
        text.push_str(bytes.pick(&["", "", "\n", "\n\n", "x\n"]));
        texts.push(text);
    }
    texts
}

/// Searches for some of the patterns in each text on their own, together, and in a list. Each is found in
/// some text, and in some not.
fn compare(patterns: &[String], some: Range<usize>, texts: &[String]) {
    let tables = Searches::new(patterns);
    let parsed: Vec<(usize, Pattern)> = some.map(|at| (at, parse(&patterns[at]).unwrap())).collect();
    let mut found = vec![0; parsed.len()];
    for text in texts {
        let mut together = tables.in_text(text);
        // As Python writes a list of it.
        let listed = (!text.contains(['\n', '\u{10ffff}'])).then(|| format!("['{text}']"));
        let list = Json::List(vec![Json::from(text.as_str())]);
        for ((at, pattern), found) in parsed.iter().zip(&mut found) {
            let is_found = pattern.naive_search(text);
            assert_eq!(tables.find(*at, text), is_found, "`{}` in {text:?}", pattern.text());
            assert_eq!(together(*at), is_found, "together: `{}` in {text:?}", pattern.text());
            if let Some(listed) = &listed {
                let is_found = pattern.naive_search(listed);
                assert_eq!(tables.find_in(*at, list.value()), is_found, "`{}` in {listed:?}", pattern.text());
            }
            *found += usize::from(is_found);
        }
    }
    let dull: Vec<_> = parsed
        .iter()
        .zip(found)
        .filter(|&(_, found)| found == 0 || found == texts.len())
        .map(|((_, pattern), found)| format!("`{}`: {found}", pattern.text()))
        .collect();
    assert!(dull.is_empty(), "found in none or all of {} texts: {dull:?}", texts.len());
}

/// The classes, the kinds of automata and the kinds of groups of the patterns' artifact.
fn forms(of: &[String]) -> (u32, BTreeSet<u32>, BTreeSet<u32>) {
    let mut crafted = patterns(of);
    let (head, _) = ClassMapHead::read_from_prefix(crafted.bytes(SectionId::ClassMap)).unwrap();
    let automata: Vec<Automaton> = crafted.records(SectionId::Automata);
    let groups: Vec<Group> = crafted.records(SectionId::Groups);
    (
        head.classes.get(),
        automata.iter().map(|automaton| automaton.kind.get()).collect(),
        groups.iter().map(|group| group.kind.get()).collect(),
    )
}

fn compare_all(patterns: &[String], texts: &[String]) {
    compare(patterns, 0..patterns.len(), texts);
}

#[test]
fn classes_of_two_bytes() {
    let mut patterns: Vec<String> = ('\u{4e00}'..)
        .take(260)
        .enumerate()
        .map(|(at, c)| format!("{c}{}", ["+x", "x?本", "x"][at % 3]))
        .collect();
    for alphabet in ALPHABETS {
        let more = [
            "(A|B)*A(A|B){20}",
            "^A[AB]+C",
            "^B+[CD]",
            "^(?:AB|BA)*C",
            "[C-J]$",
            r"D\n?\Z",
            "[AB]{3}[E-H]$",
            "A.{1,9}D",
            "B.{1,9}E",
            "C.{1,9}F",
            "A.{1,90}G",
            "B.{1,90}H",
            "C.{1,90}I",
            "[AB]+CD",
            "(?i)[^A-J]",
        ];
        patterns.extend(more.map(|pattern| spelled(pattern, alphabet)));
    }
    let (classes, automata, groups) = forms(&patterns);
    assert!(classes > 256, "{classes}");
    for kind in [AUTOMATON_BYTE, AUTOMATON_SHORT, AUTOMATON_NFA, AUTOMATON_SHARED] {
        assert!(automata.contains(&kind), "{automata:?}");
    }
    assert_eq!(groups, BTreeSet::from([GROUP_FORWARD, GROUP_BACKWARD, GROUP_LOCKSTEP]));
    let one_each: Vec<String> = ('\u{4e00}'..).take(260).map(|c| format!("a{c}x本\n")).collect();
    compare(&patterns, 0..260, &one_each);
    const LONG: &str = "xABBABAABBABABBABAABABBAAABBAx";
    let mut texts = texts(100, 1);
    for alphabet in ALPHABETS {
        texts
            .extend(["ABBAC", "BBD\n", "DxxD\n", "ABBE\n", "CxxF", LONG].map(|text| spelled(text, alphabet)));
    }
    compare(&patterns, 260..patterns.len(), &texts);
}

/// 8,192 rows that remember thirteen letters, by as many columns as make more cells than two bytes count.
const WIDE: &str = "[Ax][AB]{12}(?:CD|DE|EF|FG|GH|HI|IJ)";

#[test]
fn cells_that_count_rows() {
    let patterns = ALPHABETS.map(|alphabet| spelled(WIDE, alphabet));
    let (_, automata, groups) = forms(&patterns);
    assert_eq!(automata, BTreeSet::from([AUTOMATON_WIDE | AUTOMATON_SHARED]));
    assert_eq!(groups, BTreeSet::from([GROUP_FORWARD]));
    let texts = texts(90, 2);
    compare_all(&patterns, &texts);
    // What one sees of the others' letters is too much to share.
    let apart = [
        "[Ax][ABC]{12}(?:DE|EF|FG|GH|HI|IJ)",
        "[Bx][ABD]{12}(?:CE|EF|FG|GH|HI|IJ)",
        "[Cx][ACD]{12}(?:BE|EF|FG|GH|HI|IJ)",
    ];
    let apart = apart.map(|pattern| spelled(pattern, ALPHABETS[3]));
    let (_, automata, groups) = forms(&apart);
    assert_eq!(automata, BTreeSet::from([AUTOMATON_WIDE]));
    assert_eq!(groups, BTreeSet::from([GROUP_LOCKSTEP]));
    compare_all(&apart[..1], &texts);
    // On its own, and of all alphabets.
    let alone = [ALPHABETS.map(|alphabet| alphabet.chars().next().unwrap()).iter().collect::<String>()];
    let alone = alone.map(|starts| {
        let all: String = ALPHABETS.iter().flat_map(|alphabet| alphabet.chars().take(2)).collect();
        format!("[{starts}][{all}]{{12}}(?:cd|гд|丂七|😂😃|ef|еж|ij|ий|丈三|😈😉)")
    });
    assert_eq!(forms(&alone).1, BTreeSet::from([AUTOMATON_WIDE]));
    compare_all(&alone, &texts);
}

#[test]
fn a_shared_automaton_whose_cells_count_rows() {
    // Letters of all alphabets alike.
    let letters = |from: usize, count: usize| -> String {
        ALPHABETS.iter().flat_map(|alphabet| alphabet.chars().skip(from).take(count)).collect()
    };
    let [first, second, third, fourth] =
        [(0, 1), (1, 1), (2, 3), (5, 3)].map(|(from, count)| format!("[{}]", letters(from, count)));
    let starts = |n: usize, first: &str, second: &str| -> String {
        (0..4).map(|bit| if n >> bit & 1 == 1 { first } else { second }).collect()
    };
    let tail = |n| format!("^{}.{{1,900}}{third}{fourth}", starts(n, &first, &second));
    let tails: Vec<String> = (0..16).map(tail).collect();
    let (_, automata, groups) = forms(&tails);
    assert_eq!(automata, BTreeSet::from([AUTOMATON_WIDE | AUTOMATON_SHARED]));
    assert_eq!(groups, BTreeSet::from([GROUP_FORWARD]));
    let mut texts = texts(60, 3);
    for (n, fill) in (0..16).zip(["x", "é", "本", "💳"].into_iter().cycle()) {
        for (times, alphabet) in [0, 1, 30, 899, 900, 901].into_iter().zip(ALPHABETS.iter().cycle()) {
            let (a, b) = (spelled("A", alphabet), spelled("B", alphabet));
            let end = spelled(["DF", "EH", "CC"][(n + times) % 3], alphabet);
            let newline = ["", "\n"][times % 2];
            texts.push(format!("{}{}{end}{newline}", starts(n, &a, &b), fill.repeat(times)));
        }
    }
    compare_all(&tails, &texts);
}

#[test]
fn cells_of_two_bytes() {
    for alphabet in ALPHABETS {
        let lone = [spelled("A.{1,150}C[DEF]", alphabet)];
        assert_eq!(forms(&lone).1, BTreeSet::from([AUTOMATON_SHORT]));
        let mut texts = texts(120, 4);
        texts.extend(["AAxxC", "ABC\nD", "BAx本E\n"].map(|text| spelled(text, alphabet)));
        compare_all(&lone, &texts);
        let together = ["[Ax].{1,90}[GH][HI]", "[Bx].{1,90}[HI][IJ]", "[Cx].{1,90}[IJ][JA]"]
            .map(|pattern| spelled(pattern, alphabet));
        let (_, automata, groups) = forms(&together);
        assert_eq!(automata, BTreeSet::from([AUTOMATON_SHORT]));
        assert_eq!(groups, BTreeSet::from([GROUP_LOCKSTEP]));
        compare_all(&together, &texts);
        let shared = ["^AA.{1,90}C", "^AB.{1,90}D", "^BA.{1,90}E"].map(|pattern| spelled(pattern, alphabet));
        let (_, automata, groups) = forms(&shared);
        assert_eq!(automata, BTreeSet::from([AUTOMATON_SHORT | AUTOMATON_SHARED]));
        assert_eq!(groups, BTreeSet::from([GROUP_FORWARD]));
        compare_all(&shared, &texts);
        // From the end of the text; sets of places take pieces.
        let ends = ["[AB].{62}D$", r"[AB].{62}E\Z", "[AB].{62}[FGH]$"];
        let ends = ends.map(|pattern| spelled(pattern, alphabet));
        let (_, automata, groups) = forms(&ends);
        assert!(automata.contains(&(AUTOMATON_SHORT | AUTOMATON_SHARED)), "{automata:?}");
        assert_eq!(groups, BTreeSet::from([GROUP_BACKWARD]));
        let end = |end: &str| spelled(&format!("A{}xB{end}", "💳xé".repeat(20)), alphabet);
        texts.extend(["D", "D\n", "E", "E\n", "F\n"].map(end));
        compare_all(&ends, &texts);
    }
}
