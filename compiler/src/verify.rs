//! The artifact against the specification, before it is given out: translation validation.
//!
//! The bytes are loaded with the real VM and asked about actions; every answer must be the reference evaluator's,
//! errors included. The actions come from the HIR, never from the tables or the classes that the table compiler
//! made. They are asked in two parts:
//!
//! 1. The boundary cases (`cases`): for each rule an action that it is meant for, then that action with one thing
//!    changed: a near miss of a literal, each param absent, null, of another kind, just beside its threshold,
//!    each boundary minute, each weekday.
//! 2. The kinds of action (`kinds`): the product of values that stand for all others, of each field, each param
//!    and the time, over the rules that one action can meet.
//!
//! # What `proved` says, and what not
//!
//! It says that the whole product was asked, and that it can be shown that every other action is answered by the
//! reference evaluator like one that was asked: for each set of globs that a text can match there is a text, each
//! test is a comparison or on the time, and a param that something must contain has no other test beside it. It does
//! not say that the artifact answers those other actions so: a table that tells texts apart which no rule tells
//! apart could pass. Neighbours of every constant and near misses of every text are among what is asked for that
//! reason. A policy with `param_matches` or `semantic` is `checked`, never proved, and so is one with so many globs
//! that their sets were not all found: there the values are examples.

mod cases;
mod cover;
#[cfg(test)]
mod drawn;
#[cfg(test)]
mod faults;
mod fields;
mod kinds;
mod product;
mod values;

use crate::Verify;
use crate::hir;
use crate::hir::reference::{self, Verdict};
use aegis_vm::{Action, Clock, Decision, LoadError, Policy, Request, Timestamp, Value};
use cases::Each;
use fields::{Field, Index};
use hashbrown::HashMap;
use kinds::{Budget, Kinds, spread_step};
use product::Rest;
use std::fmt;
use std::ops::ControlFlow;

/// One question.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) action: Action,
    pub(crate) now: Option<Timestamp>,
}

/// The boundary cases that [`Verify::Fast`] asks, unless there are more rules.
const FAST_CASES: usize = 4_096;

/// The most params that the actions of [`FAST_CASES`] have together, unless there are more rules.
const FAST_PARAMS: usize = 1 << 16;

/// The most work that [`Verify::Fast`] spends over all boundary cases: tests of a rule, a search for a pattern
/// counted as so many as it takes as long as.
const FAST_RULE_TESTS: u64 = 4_000_000;

/// The most steps of a glob over a text that [`Verify::Fast`] spends on one case: the plain evaluator
/// tries a glob at every place of a text.
const FAST_GLOB_STEPS: usize = 4_000_000;

/// The kinds of action that [`Verify::Fast`] asks.
const FAST_KINDS: Budget =
    Budget { kinds: 1 << 15, rules: 2_000_000, work: 1_000_000, texts: 1 << 12, answers: 1 << 16 };

/// Why an artifact was not given out.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The loader refuses it.
    Refused(LoadError),
    /// A decision may cost more or less than the manifest says.
    Cost,
    /// It answers otherwise than the specification.
    Differs { kind: String, target: String, expected: String, found: String },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Refused(error) => write!(f, "the loader refuses the artifact: {error}"),
            Fault::Cost => write!(f, "the manifest does not say what a decision costs at most"),
            Fault::Differs { kind, target, expected, found } => {
                write!(
                    f,
                    "the artifact decides {kind:?} on {target:?} as {found}; the policy says {expected}"
                )
            }
        }
    }
}

/// What is to be asked.
pub(crate) enum Plan<'p> {
    Nothing,
    /// At most so many boundary cases of each rule, and kinds of action.
    Ask {
        verify: Verify,
        each: Each,
        kinds: Kinds<'p>,
    },
}

/// What is to be asked of a policy's artifact.
pub(crate) fn plan(policy: &hir::Policy, verify: Verify) -> Plan<'_> {
    let (each, budget) = match verify {
        Verify::Off => return Plan::Nothing,
        Verify::Fast => (fast_cases(policy), FAST_KINDS),
        Verify::Full => (Each::ALL, Budget::NONE),
    };
    Plan::Ask { verify, each, kinds: Kinds::of(policy, budget) }
}

/// Actions about what a policy's rules say, each with the time at which to ask, if that matters: for each rule one that it
/// is meant for, then that one with one thing changed (a near miss of a text, a value beside a threshold, an absent
/// param). At most so many, the rules far apart first.
///
/// # Examples
///
/// ```
/// use aegisc::{LayerSource, Options, boundary_cases, check};
///
/// let bytes = b"rules:\n  - match: {type: deploy}\n    conditions: {param_gt: {replicas: 3}}\n".to_vec();
/// let layer = LayerSource { path: "policy.yaml".to_owned(), bytes };
/// let policy = check(vec![layer], &Options::default()).policy.ok_or("refused")?;
/// let deploys = boundary_cases(&policy, 1_000).into_iter().filter(|(action, _)| action.kind() == "deploy");
/// assert!(deploys.count() > 3);
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn boundary_cases(policy: &hir::Policy, most: usize) -> Vec<(Action, Option<Timestamp>)> {
    let each = Each { cases: (most / policy.rules.len().max(1)).max(1), params: usize::MAX };
    let mut found = Vec::new();
    let _ = cases::visit(policy, each, &mut |Case { action, now }| {
        found.push((action, now));
        if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    found
}

fn fast_cases(policy: &hir::Policy) -> Each {
    let rules = policy.rules.len().max(1);
    Each { cases: FAST_CASES / rules, params: FAST_PARAMS / rules }
}

impl Plan<'_> {
    /// What the manifest says of an artifact that was found right.
    pub(crate) fn note(&self) -> String {
        let Plan::Ask { kinds, .. } = self else { return "off".to_owned() };
        let asked = grouped(&kinds.asked.to_string());
        let unit = if kinds.asked == 1 { "kind of action" } else { "kinds of action" };
        match (kinds.complete, kinds.covered) {
            (true, true) => format!("proved: {asked} {unit}"),
            (true, false) => format!("checked: {asked} {unit}"),
            (false, _) => format!("checked: {asked} of about {} kinds of action", about(kinds.all)),
        }
    }
}

/// A number of two digits, rounded up, or the nearest power of ten. By its digits, as logarithms are not the same
/// on every machine, and artifacts are.
fn about(number: f64) -> String {
    const LONGEST: usize = 8;
    // The first digits of the square root of ten, from which on the next power is nearer.
    const NEARER: &str = "316";
    let digits = format!("{number:.0}");
    let power = digits.len() - 1;
    match digits.parse::<u64>() {
        Ok(whole) if digits.len() < LONGEST => {
            let unit = (1..power).fold(1, |unit, _| unit * 10);
            grouped(&(whole.div_ceil(unit) * unit).to_string())
        }
        _ => format!("10^{}", power + usize::from(digits.as_str() > NEARER)),
    }
}

/// Digits in groups of three.
fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Loads the artifact and compares it with the policy on everything that is planned.
pub(crate) fn check(policy: &hir::Policy, artifact: &[u8], plan: &Plan<'_>) -> Result<(), Fault> {
    let Plan::Ask { verify, each, kinds } = plan else { return Ok(()) };
    let loaded = Policy::from_bytes(artifact).map_err(Fault::Refused)?;
    if loaded.cost() != loaded.manifest().cost {
        return Err(Fault::Cost);
    }
    check_cases(policy, &loaded, *verify, *each)?;
    check_kinds(policy, &loaded, kinds)
}

fn check_cases(policy: &hir::Policy, loaded: &Policy, verify: Verify, each: Each) -> Result<(), Fault> {
    let mut meter = Meter::of(policy, verify);
    // A rule of another type has no event, so only those that a type leaves are asked one after the other.
    let types = Index::of(policy, Field::Type, 0..policy.rules.len());
    let end = cases::visit(policy, each, &mut |case| {
        let request = Request::from(&case.action);
        if !meter.pays(&case.action, types.work(request.kind)) {
            return ControlFlow::Continue(());
        }
        let rules = types.matching(request.kind, &mut meter.spent);
        let expected = reference::first_event(policy, rules, &request, case.now);
        match compare(policy, loaded, &request, case.now, &expected) {
            Ok(()) => ControlFlow::Continue(()),
            Err(fault) => ControlFlow::Break(fault),
        }
    });
    match end {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(fault) => Err(fault),
    }
}

fn check_kinds(policy: &hir::Policy, loaded: &Policy, kinds: &Kinds<'_>) -> Result<(), Fault> {
    let mut choice = Vec::new();
    for group in &kinds.groups {
        let Some(product) = kinds.products.get(group.product) else { continue };
        let step = if group.asked < product.kept { spread_step(product.kept) } else { 1 };
        let mut rest = Rest { params: Vec::new(), description: "", now: None };
        let mut combination = 0;
        for _ in 0..group.asked {
            product.choose(combination, &mut choice);
            product.rest(&choice, &mut rest);
            combination = match combination.checked_add(step) {
                Some(next) if next < product.kept => next,
                _ => combination - (product.kept - step),
            };
            let params = rest.params.as_slice();
            let request = Request::new(&group.kind, &group.target)
                .agent(&group.agent)
                .description(rest.description)
                .params(&params);
            let expected = product.verdict(policy, &choice, &request, rest.now);
            compare(policy, loaded, &request, rest.now, &expected)?;
        }
    }
    Ok(())
}

fn compare(
    policy: &hir::Policy,
    loaded: &Policy,
    request: &Request<'_>,
    now: Option<Timestamp>,
    expected: &Verdict,
) -> Result<(), Fault> {
    let decision = loaded.evaluate(*request, At(now));
    if agree(policy, expected, &decision) {
        return Ok(());
    }
    Err(Fault::Differs {
        kind: request.kind.to_owned(),
        target: request.target.to_owned(),
        expected: format!("{expected:?}"),
        found: format!("{decision:?}"),
    })
}

/// A clock that may have no time.
struct At(Option<Timestamp>);

impl Clock for At {
    fn now(&mut self) -> Option<Timestamp> {
        self.0
    }
}

/// What boundary cases may still cost.
struct Meter<'p> {
    bounded: Option<Searches<'p>>,
    /// The longest glob.
    longest: usize,
    spent: u64,
}

impl<'p> Meter<'p> {
    fn of(policy: &'p hir::Policy, verify: Verify) -> Self {
        let rules = policy.rules.iter();
        let globs = rules.flat_map(|rule| [&rule.type_glob, &rule.target_glob, &rule.agent_glob]);
        Meter {
            bounded: (verify == Verify::Fast).then(|| Searches::of(policy)),
            longest: globs.map(String::len).max().unwrap_or(0),
            spent: 0,
        }
    }

    /// Whether the budget has enough left for a case, which is then taken from it.
    fn pays(&mut self, action: &Action, globs: u64) -> bool {
        let Some(searches) = &self.bounded else { return true };
        let text = action.kind().len() + action.target().len() + action.agent_id().len();
        let work = u64::try_from(searches.work(action)).unwrap_or(u64::MAX).saturating_add(globs);
        let pays = text.saturating_mul(self.longest) <= FAST_GLOB_STEPS
            && self.spent.saturating_add(work) <= FAST_RULE_TESTS;
        self.spent += if pays { work - globs } else { 0 };
        pays
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

    fn policy(yaml: String) -> hir::Policy {
        let layer = LayerSource { path: "x.yaml".to_owned(), bytes: yaml.into() };
        crate::check(vec![layer], &Options::default()).policy.unwrap()
    }

    /// The boundary cases that the budget has enough for.
    fn cases_of(yaml: String) -> Vec<Case> {
        let policy = policy(yaml);
        let mut meter = Meter::of(&policy, Verify::Fast);
        let types = Index::of(&policy, Field::Type, 0..policy.rules.len());
        let mut cases = Vec::new();
        let _ = cases::visit(&policy, fast_cases(&policy), &mut |case| {
            if meter.pays(&case.action, types.work(case.action.kind())) {
                cases.push(case);
            }
            ControlFlow::<()>::Continue(())
        });
        cases
    }

    fn note(yaml: &str) -> String {
        plan(&policy(yaml.to_owned()), Verify::Fast).note()
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
        assert!(of_their_own > 1_500, "{of_their_own}");
    }

    /// The plain evaluator would take a square of its length for each text that it nearly matches.
    #[test]
    fn a_long_glob_is_not_tried_on_long_texts() {
        let longest = |glob: String| {
            let cases = cases_of(format!("rules: [{{name: long, match: {{type: '{glob}'}}}}]"));
            cases.iter().map(|case| case.action.kind().len()).max().unwrap()
        };
        assert!(longest(format!("*{}b", "?".repeat(1_000))) > 1_000);
        assert!(longest(format!("*{}b", "?".repeat(100_000))) < 100);
    }

    /// What is said, and what is not, of which policies.
    #[test]
    fn only_what_was_shown_is_proved() {
        let rule = |inside: &str| note(&format!("rules: [{{name: a, {inside}}}]"));
        // The type itself, one character more, one less, nothing, and a text unlike it.
        assert_eq!(rule("match: {type: ab}"), "proved: 5 kinds of action");
        for proved in [
            "match: {type: 'a*', target: '*b', agent: '*c*'}",
            "match: {type: 'a*b', agent: 'a?[!b]'}",
            "match: {type: a}, conditions: {param_gt: {p: 1}, param_eq: {q: x}}",
            "match: {type: a}, conditions: {param_contains: {p: x}}",
            "match: {type: a}, conditions: {time_after: '09:00', weekdays: [1, 2]}",
        ] {
            let note = rule(proved);
            assert!(note.starts_with("proved: "), "{proved}: {note}");
        }
        for checked in [
            "match: {type: '*[a-b]???????????????????????????b*'}",
            "match: {type: a}, conditions: {param_matches: {p: x}}",
            "match: {type: a}, conditions: {param_contains: {p: x}, param_eq: {p: y}}",
            "match: {type: a}, conditions: {semantic: destructive}",
        ] {
            let note = rule(checked);
            assert!(note.starts_with("checked: ") && !note.contains(" of about "), "{checked}: {note}");
        }
        let params: String = ('a'..='m').map(|param| format!("{param}: 1, ")).collect();
        let note = rule(&format!("match: {{type: a}}, conditions: {{param_eq: {{{params}}}}}"));
        assert_eq!(note, "checked: 32,768 of about 10^15 kinds of action");
    }

    #[test]
    fn large_numbers_are_rounded() {
        let cases = [
            (7.0, "7"),
            (99.0, "99"),
            (101.0, "110"),
            (609_999.0, "610,000"),
            (9_990_000.0, "10,000,000"),
            (2e7, "10^7"),
            (4e9, "10^10"),
        ];
        for (number, shown) in cases {
            assert_eq!(about(number), shown);
        }
    }

    /// More groups than are asked: each text has its share.
    #[test]
    fn what_is_asked_is_spread() {
        let rule = |at| format!("- {{match: {{type: t{at}, target: u{at}, agent: v{at}}}}}\n");
        let yaml = "rules:\n".to_owned() + &(0..1_000).map(rule).collect::<String>();
        let policy = policy(yaml);
        let budget = Budget { kinds: 1_000, ..FAST_KINDS };
        let kinds = Kinds::of(&policy, budget);
        assert!(!kinds.complete && kinds.asked <= 1_000, "{}", kinds.asked);
        let types: hashbrown::HashSet<&str> = kinds.groups.iter().map(|group| group.kind.as_str()).collect();
        assert!(types.len() > 900, "{}", types.len());
        assert!((10_000.0..20_000.0).contains(&kinds.all), "{}", kinds.all);
    }
}
