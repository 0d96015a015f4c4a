//! Policies that are drawn: nothing must be found in what is built of them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::cases::Each;
use super::faults::{Built, NO_GRAPHS};
use super::{Budget, FAST_KINDS, Kinds, Plan, check};
use crate::{TableLimits, Verify};
use std::fmt::Write as _;

/// Whatever the policy, and whether its graphs may grow or not, what is built is found right.
#[test]
fn nothing_is_found_in_what_is_built() {
    let mut draw = Draw(7);
    for _ in 0..60 {
        let rules = draw.rules();
        for limits in [TableLimits::default(), NO_GRAPHS] {
            let built = Built::of(&rules, limits);
            let kinds = Kinds::of(&built.policy, Budget { kinds: 2_000, ..FAST_KINDS });
            let some = Plan::Ask { verify: Verify::Fast, each: Each { cases: 200, ..Each::ALL }, kinds };
            let checked = check(&built.policy, &built.artifact(), &some);
            assert!(checked.is_ok(), "{rules}\n{checked:?}");
        }
    }
}

/// Draws policies over so few texts and numbers that their rules meet.
struct Draw(u64);

impl Draw {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % count
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[usize::try_from(self.below(u64::try_from(of.len()).unwrap())).unwrap()]
    }

    fn rules(&mut self) -> String {
        const GLOBS: [&str; 12] =
            ["a", "b", "ab", "ba", "a*", "ab*", "*b", "*ab", "*a*", "a*b", "[ab]?", "*"];
        const CONDITIONS: [&str; 14] = [
            "param_gt: {p: 1}",
            "param_lte: {p: 1.5}",
            "param_gte: {p: b}",
            "param_eq: {p: 1}",
            "param_eq: {p: a}",
            "param_eq: {p: [1]}",
            "param_lt: {q: 2}",
            "param_eq: {q: b}",
            "param_contains: {q: a}",
            "param_contains: {p: 1}",
            "param_matches: {q: 'a+b'}",
            "time_after: '09:30'",
            "weekdays: [1, 7]",
            "semantic: ab",
        ];
        let mut rules = "\n".to_owned();
        for at in 0..2 + self.below(12) {
            let [kind, target, agent] =
                [5, 3, 2].map(|odds| if self.below(6) < odds { self.one(&GLOBS) } else { "*" });
            let mut conditions: Vec<&str> = (0..self.below(4)).map(|_| self.one(&CONDITIONS)).collect();
            conditions.sort_by_key(|condition| condition.split(':').next());
            conditions.dedup_by_key(|condition| condition.split(':').next());
            let approval = self.one(&["auto", "approve", "block"]);
            writeln!(
                rules,
                "- {{name: r{at}, match: {{type: '{kind}', target: '{target}', agent: '{agent}'}}, \
                 conditions: {{{}}}, approval: {approval}}}",
                conditions.join(", "),
            )
            .unwrap();
        }
        rules
    }
}
