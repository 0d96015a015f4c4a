//! The artifact against the specification, before it is given out.
//!
//! The bytes are loaded with the real VM and asked about the policy's own boundary cases; every
//! answer must be the reference evaluator's, errors included. The cases come from the HIR, not from
//! the tables: for each rule an action that it is meant for, then that action with one thing changed:
//! a near miss of a literal, each param absent, null, of another kind, just beside its threshold,
//! each boundary minute, each weekday.

mod cases;

use crate::Verify;
use crate::hir;
use crate::hir::reference::{self, Verdict};
use aegis_vm::{Action, Decision, LoadError, NoClock, Policy, Request, Timestamp, Value};
use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;

/// One question.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) action: Action,
    pub(crate) now: Option<Timestamp>,
}

/// The most work that [`Verify::Fast`] spends over all cases: tests of a rule, a search for a pattern
/// counted as so many as it takes as long as.
const FAST_RULE_TESTS: usize = 20_000_000;

/// Why an artifact was not given out.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The loader refuses it.
    Refused(LoadError),
    /// It answers otherwise than the specification.
    Differs { case: Box<Case>, expected: String, found: String },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Refused(error) => write!(f, "the loader refuses the artifact: {error}"),
            Fault::Differs { case, expected, found } => write!(
                f,
                "the artifact decides {:?} on {:?} as {found}; the policy says {expected}",
                case.action.kind(),
                case.action.target(),
            ),
        }
    }
}

/// The most steps of a glob over a text that [`Verify::Fast`] spends on one case: the plain evaluator
/// tries a glob at every place of a text.
const FAST_GLOB_STEPS: usize = 4_000_000;

/// The cases to check, within the budget; none for [`Verify::Off`].
pub(crate) fn plan(policy: &hir::Policy, verify: Verify) -> Vec<Case> {
    match verify {
        Verify::Off => Vec::new(),
        Verify::Full => cases::of(policy, usize::MAX),
        Verify::Fast => {
            let rules = policy.rules.iter();
            let globs = rules.flat_map(|rule| [&rule.type_glob, &rule.target_glob, &rule.agent_glob]);
            let longest = globs.map(String::len).max().unwrap_or(0);
            let affordable = |case: &Case| {
                let action = &case.action;
                let text = action.kind().len() + action.target().len() + action.agent_id().len();
                text.saturating_mul(longest) <= FAST_GLOB_STEPS
            };
            let mut cases = cases::of(policy, FAST_RULE_TESTS / policy.rules.len().max(1));
            let searches = Searches::of(policy);
            let mut left = FAST_RULE_TESTS;
            cases.retain(|case| {
                let work = searches.work(&case.action).saturating_add(policy.rules.len());
                let within = affordable(case) && work <= left;
                left -= if within { work } else { 0 };
                within
            });
            cases
        }
    }
}

/// What the plain matcher may have to search for, in tests of a rule: by the type that the rules name, as
/// a rule of another type is done with before its patterns.
struct Searches<'p> {
    of_type: HashMap<&'p str, usize>,
    of_any: usize,
}

impl<'p> Searches<'p> {
    fn of(policy: &'p hir::Policy) -> Self {
        let mut searches = Searches { of_type: HashMap::new(), of_any: 0 };
        for rule in &policy.rules {
            let mut length = 0_usize;
            for test in rule.conditions.iter().flat_map(|condition| &condition.tests) {
                if let hir::Test::Matches { pattern, .. } = test {
                    length += policy.patterns.get(*pattern).map_or(0, |pattern| pattern.text().len());
                }
            }
            let literal = !rule.type_glob.contains(['*', '?', '[']);
            let sum = if literal {
                searches.of_type.entry(&rule.type_glob).or_default()
            } else {
                &mut searches.of_any
            };
            *sum = sum.saturating_add(length);
        }
        searches
    }

    /// The work for one action: a few tests for each byte of a pattern, and again for each further 64
    /// characters of the text.
    fn work(&self, action: &Action) -> usize {
        const TESTS_A_BYTE: usize = 4;
        let mut longest = 0;
        Request::from(action).params.visit(&mut |_, value| {
            if let Value::Str(text) = value {
                longest = longest.max(text.len());
            }
            ControlFlow::Continue(())
        });
        let length = self.of_any + self.of_type.get(action.kind()).copied().unwrap_or(0);
        length.saturating_mul(TESTS_A_BYTE).saturating_mul(1 + longest / 64)
    }
}

/// What the manifest says of a plan.
pub(crate) fn note(verify: Verify, cases: &[Case]) -> String {
    match verify {
        Verify::Off => "off".to_owned(),
        Verify::Fast => format!("fast: {} boundary cases", cases.len()),
        Verify::Full => format!("full: {} boundary cases", cases.len()),
    }
}

/// Loads the artifact and compares it with the policy on every case.
pub(crate) fn check(policy: &hir::Policy, artifact: &[u8], cases: &[Case]) -> Result<(), Fault> {
    let loaded = Policy::from_bytes(artifact).map_err(Fault::Refused)?;
    for case in cases {
        let expected = reference::evaluate(policy, &case.action, case.now);
        let decision = match case.now {
            Some(now) => loaded.evaluate(&case.action, now),
            None => loaded.evaluate(&case.action, NoClock),
        };
        if !agree(policy, &expected, &decision) {
            return Err(Fault::Differs {
                case: Box::new(case.clone()),
                expected: format!("{expected:?}"),
                found: format!("{decision:?}"),
            });
        }
    }
    Ok(())
}

/// Whether a decision is the verdict, in every part.
pub(crate) fn agree(policy: &hir::Policy, verdict: &Verdict, decision: &Decision<'_>) -> bool {
    let index = decision.rule_index().and_then(|index| usize::try_from(index).ok());
    let name = match verdict.rule.and_then(|rule| policy.rules.get(rule)) {
        Some(rule) => rule.name.as_str(),
        None => "<default>",
    };
    let same_error = match (&verdict.error, decision.error()) {
        (None, None) => true,
        (Some(verdict), Some(error)) => {
            verdict.kind == error.kind()
                && verdict.condition == error.condition()
                && verdict.param.as_deref() == error.param()
                && verdict.expected == error.expected()
                && verdict.found == error.found()
        }
        _ => false,
    };
    same_error
        && verdict.approval == decision.approval()
        && verdict.risk_level == decision.risk_level()
        && verdict.rule == index
        && name == decision.rule_name()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::{LayerSource, Options};

    fn cases(glob: &str) -> Vec<Case> {
        cases_of(format!("rules: [{{name: long, match: {{type: '{glob}'}}}}]"))
    }

    fn cases_of(yaml: String) -> Vec<Case> {
        let layer = LayerSource { path: "x.yaml".to_owned(), bytes: yaml.into() };
        plan(&crate::check(vec![layer], &Options::default()).policy.unwrap(), Verify::Fast)
    }

    /// Each case would be a search for every pattern.
    #[test]
    fn many_patterns_are_tried_on_fewer_cases() {
        let rules = |kind: fn(usize) -> String| {
            let rule = |at| {
                let kind = kind(at);
                format!("- {{match: {{type: {kind}}}, conditions: {{param_matches: {{p: 'a+b{at}c'}}}}}}\n")
            };
            cases_of("rules:\n".to_owned() + &(0..2_000).map(rule).collect::<String>()).len()
        };
        let of_one_type = rules(|_| "t".to_owned());
        let of_their_own = rules(|at| format!("t{at}"));
        assert!((10..2_000).contains(&of_one_type), "{of_one_type}");
        assert!(of_their_own > 5_000, "{of_their_own}");
    }

    /// The plain evaluator would take a square of its length for each text that it nearly matches.
    #[test]
    fn a_long_glob_is_not_tried_on_long_texts() {
        let longest = |cases: &[Case]| cases.iter().map(|case| case.action.kind().len()).max().unwrap();
        assert!(longest(&cases(&format!("*{}b", "?".repeat(1_000)))) > 1_000);
        assert!(longest(&cases(&format!("*{}b", "?".repeat(100_000)))) < 100);
    }
}
