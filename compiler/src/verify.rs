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
use aegis_vm::{Action, Decision, LoadError, NoClock, Policy, Timestamp};
use std::fmt;

/// One question.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) action: Action,
    pub(crate) now: Option<Timestamp>,
}

/// The most tests of a rule that [`Verify::Fast`] spends, over all cases.
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
            cases.retain(affordable);
            cases
        }
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
        let bytes = format!("rules: [{{name: long, match: {{type: '{glob}'}}}}]").into();
        let layer = LayerSource { path: "x.yaml".to_owned(), bytes };
        plan(&crate::check(vec![layer], &Options::default()).policy.unwrap(), Verify::Fast)
    }

    /// The plain evaluator would take a square of its length for each text that it nearly matches.
    #[test]
    fn a_long_glob_is_not_tried_on_long_texts() {
        let longest = |cases: &[Case]| cases.iter().map(|case| case.action.kind().len()).max().unwrap();
        assert!(longest(&cases(&format!("*{}b", "?".repeat(1_000)))) > 1_000);
        assert!(longest(&cases(&format!("*{}b", "?".repeat(100_000)))) < 100);
    }
}
