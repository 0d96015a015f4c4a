//! Globs in the artifact against the reference evaluator, each glob on each text: in groups, in groups of
//! as many as the limits allow, and by tokens.

#![expect(clippy::unwrap_used, reason = "tests")]

use crate::hir::reference::{self, Miss, RuleEvent};
use crate::pipeline::compile_within;
use crate::pyre::{GlobLimits, Limits};
use crate::{LayerSource, Options, Verify};
use aegis_vm::{Action, Field, Policy, StepOutcome, Timestamp};
use proptest::prelude::*;
use std::fmt::Write;

/// A policy of which rule `i` asks glob `i`, and then what never holds on a Wednesday.
struct Asked {
    meant: crate::hir::Policy,
    vm: Policy,
    grouped: usize,
}

impl Asked {
    fn new(globs: &[(&str, &str)], limits: GlobLimits) -> Self {
        let mut yaml = String::from("rules:\n");
        for (field, glob) in globs {
            let glob = quoted(glob);
            writeln!(yaml, "- {{match: {{{field}: {glob}}}, conditions: {{weekdays: [7]}}}}").unwrap();
        }
        let layer = LayerSource { path: "x.yaml".to_owned(), bytes: yaml.into_bytes() };
        let options = Options { verify: Verify::Off, ..Options::default() };
        let limits = Limits { globs: limits, ..Limits::default() };
        let output = compile_within(vec![layer], &options, &limits).unwrap().output.unwrap();
        let vm = Policy::from_bytes(output.artifact).unwrap();
        let mut ir = String::new();
        vm.write_ir(&mut ir).unwrap();
        let groups = ir.lines().filter(|line| line.contains(": globs through "));
        Asked { meant: output.policy, vm, grouped: groups.count() }
    }

    /// Asks each rule about an action; all of them are reached.
    fn ask(&self, action: &Action) -> Result<(), TestCaseError> {
        let wednesday = Timestamp::from_unix(1_773_844_200, 0);
        for (at, step) in self.vm.trace(action, wednesday).steps().iter().enumerate() {
            let found = match step.outcome() {
                StepOutcome::Glob { field: Field::Type } => Some(Miss::Type),
                StepOutcome::Glob { field: Field::Target } => Some(Miss::Target),
                StepOutcome::Glob { field: Field::Agent } => Some(Miss::Agent),
                _ => None,
            };
            let meant = match reference::explain_rule(&self.meant, at, action, Some(wednesday)).unwrap() {
                RuleEvent::Miss(miss @ (Miss::Type | Miss::Target | Miss::Agent)) => Some(miss),
                _ => None,
            };
            prop_assert_eq!(meant, found, "rule {} on {:?}", at, action);
        }
        prop_assert_eq!(self.vm.evaluate(action, wednesday).rule_index(), None);
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| format!("\\U{:08x}", u32::from(c)));
    format!("\"{}\"", escaped.collect::<String>())
}

const PARTS: [&str; 30] = [
    "*",
    "*",
    "*",
    "?",
    "?",
    "??",
    "a",
    "b",
    "ab",
    "A",
    "é",
    "\n",
    "💳",
    "[a-z]",
    "[!a]",
    "[!x-é]",
    "[é-ü]",
    "[]a]",
    "[!]]",
    "[a-]",
    "[z-a]",
    "[!z-a]",
    "[\n💳]",
    "[",
    "]",
    "!",
    "[a-\u{10ffff}]",
    "\u{10ffff}",
    "c",
    "[A-Z]",
];
const CHARS: [char; 16] =
    ['a', 'a', 'b', 'c', 'x', 'A', 'Z', 'é', 'ü', '\n', '💳', '[', ']', '-', '!', '\u{10ffff}'];

fn glob() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PARTS.to_vec()), 0..6).prop_map(|parts| parts.concat())
}

fn field() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["type", "target", "agent"])
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(CHARS.to_vec()), 0..9).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_way_agrees(
        globs in prop::collection::vec((field(), glob()), 1..40),
        texts in prop::collection::vec((text(), text(), text()), 10),
    ) {
        let globs: Vec<(&str, &str)> = globs.iter().map(|(field, glob)| (*field, glob.as_str())).collect();
        let usual = GlobLimits::default();
        let all = GlobLimits { cost: 0, ..usual };
        let limits = [
            usual,
            all,
            GlobLimits { group_states: 0, group_bytes: 0, ..all },
            GlobLimits { states: 6, ..all },
            GlobLimits { sets: 5, ..all },
            GlobLimits { work: 60, ..all },
            GlobLimits { total_work: 900, ..all },
            GlobLimits { classes: 0, ..all },
        ];
        for limits in limits {
            let asked = Asked::new(&globs, limits);
            prop_assert!(limits.classes > 0 || asked.grouped == 0);
            for (kind, target, agent) in &texts {
                asked.ask(&Action::new(kind, target).agent(agent))?;
            }
        }
    }
}

/// Globs that are joined, over two fields of one action, and each of which some text matches.
#[test]
fn globs_are_joined() {
    let globs = ["a?b*", "a?c", "[b-d]*x", "[!a]??", "b*c*", "??", "?*?", "*é*\n"];
    let fields = ["type", "target"].into_iter();
    let of_both: Vec<(&str, &str)> = fields.flat_map(|field| globs.map(|glob| (field, glob))).collect();
    let asked = Asked::new(&of_both, GlobLimits::default());
    assert_eq!(asked.grouped, 1);
    let texts = ["axb", "a\nbc", "axc", "bx", "c💳x", "xyz", "b--c-", "bc", "a", "", "é\n", "aé\n\n", "é\nx"];
    for kind in texts {
        for target in texts {
            asked.ask(&Action::new(kind, target)).unwrap();
        }
    }
}
