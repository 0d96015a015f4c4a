//! The bodies of the fuzz targets. Each takes any bytes, and panics on a fault.

use super::agree::{self, Compared, Tally};
use super::bytes::Bytes;
use super::dialect::{self, Drawn};
use super::patterns;
use super::{layers, lines, mutate, options};
use aegis_vm::json::{Json, Object};
use aegis_vm::{Action, Approval, Decision, ErrorKind, NoClock, Policy, RiskLevel, Timestamp};
use aegisc::diag::{RenderOptions, render_pretty, render_short};
use aegisc::hir::reference::{self, RuleEvent};
use aegisc::pyre::{self, Limits, PatternError, PatternErrorKind, TooLarge};
use aegisc::{Compilation, Output, Verify, compile};

/// What a target does with an input.
pub type Body = fn(&[u8]);

/// Every target, by the name of its folder.
pub const TARGETS: [(&str, Body); 7] = [
    ("yaml_text", yaml_text),
    ("artifact", artifact),
    ("artifact_repaired", artifact_repaired),
    ("differential", differential),
    ("pattern_text", pattern_text),
    ("pattern_search", pattern_search),
    ("action_json", lines::action_json),
];

/// Compiles any bytes as up to three layers, cut at zero bytes. What compiles decides as it is meant.
pub fn yaml_text(data: &[u8]) {
    let Compilation { sources, diagnostics, output } =
        compile(layers(data.splitn(3, |&byte| byte == 0)), &options(Verify::Off)).unwrap();
    for diagnostic in &diagnostics {
        let pretty = render_pretty(diagnostic, &sources, RenderOptions { color: false, width: 100 });
        assert!(!pretty.is_empty() && !render_short(diagnostic, &sources).is_empty());
    }
    let Some(Output { policy, artifact, .. }) = output else {
        assert!(!diagnostics.is_empty(), "refused without a word");
        return;
    };
    let vm = Policy::from_bytes(artifact).unwrap_or_else(|error| panic!("{error}"));
    exercise(&vm);
    let compared = Compared { meant: &policy, sources: &sources, vm: &vm };
    for action in questions(&vm) {
        compared.case(&action, Some(now()), &mut Tally::default()).unwrap_or_else(|why| panic!("{why}"));
    }
}

/// Loads any bytes as an artifact, and uses it if it loads.
pub fn artifact(data: &[u8]) {
    if let Ok(policy) = Policy::from_bytes(data) {
        let _ = exercise_any(&policy);
    }
}

/// Changes sections of a sound artifact as the bytes say, repairs the digests, and uses it if it loads.
pub fn artifact_repaired(data: &[u8]) {
    let _ = repaired(data);
}

/// As [`artifact_repaired`]; whether it loaded.
pub fn repaired(data: &[u8]) -> bool {
    match Policy::from_bytes(mutate::mutant(&mut Bytes::new(data))) {
        Ok(policy) => {
            let _ = exercise_any(&policy);
            true
        }
        Err(_) => false,
    }
}

/// Draws a policy and its actions, and compares the artifact with the reference evaluator.
pub fn differential(data: &[u8]) {
    agree::generated(data).unwrap_or_else(|why| panic!("{why}"));
}

/// Reads any bytes as a pattern, and compiles it if it is one. What is said of it points into it.
pub fn pattern_text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match pyre::parse(&text).map(|pattern| pyre::compile(&[pattern], &Limits::default())) {
        Err(error) => points_into(&text, &error),
        Ok(Ok(automata)) => assert_eq!(automata.patterns.len(), 1),
        Ok(Err(TooLarge { errors, .. })) => {
            assert_eq!(errors.len(), 1, "{errors:?}");
            for (index, error) in errors {
                assert_eq!((index, error.kind), (0, PatternErrorKind::TooLarge), "{error:?}");
                points_into(&text, &error);
            }
        }
    }
}

fn points_into(text: &str, error: &PatternError) {
    assert!(text.get(error.at.clone()).is_some(), "{error:?} in {text:?}");
    assert!(!error.message.is_empty(), "{error:?}");
}

/// Draws patterns and texts, or takes them from the bytes, and compares the artifact with the plain
/// matcher.
///
/// Of bytes that begin with a mark between ` ` and `/` the rest is a pattern and texts, cut at zero
/// bytes; all others are choices.
pub fn pattern_search(data: &[u8]) {
    const LONGEST_PATTERN: usize = 60;
    let mut bytes = Bytes::new(data);
    let (drawn, texts): (Vec<Drawn>, Vec<String>) = match data.split_first() {
        Some((b' '..=b'/', raw)) => {
            let cut = |limit| move |part: &[u8]| String::from_utf8_lossy(part).chars().take(limit).collect();
            let mut parts = raw.split(|&byte| byte == 0);
            let pattern = parts.next().map(cut(LONGEST_PATTERN)).unwrap_or_default();
            let texts = parts.take(8).map(cut(dialect::LONGEST_TEXT)).collect();
            (vec![Drawn { pattern, example: String::new() }], texts)
        }
        _ => {
            let drawn: Vec<Drawn> = (0..bytes.between(1, 8)).map(|_| dialect::pattern(&mut bytes)).collect();
            let texts = drawn.iter().flat_map(|drawn| dialect::texts(drawn, &mut bytes)).collect();
            (drawn, texts)
        }
    };
    let mut known: Vec<String> = drawn.into_iter().map(|drawn| drawn.pattern).collect();
    known.retain(|pattern| pattern.chars().count() <= LONGEST_PATTERN && pyre::parse(pattern).is_ok());
    // Each text stands once in an artifact, so that a pattern's place is its rule's.
    known.sort();
    known.dedup();
    if known.is_empty() {
        return;
    }
    let values = (0..4).map(|at| match texts.get(at) {
        Some(text) => dialect::value(text, &mut bytes),
        None => dialect::value("", &mut bytes),
    });
    let values: Vec<Json> = texts.iter().map(|text| Json::from(text.as_str())).chain(values).collect();
    searched(&known, &values);
}

/// Asks one policy of all patterns about each value: each pattern on its own, and the decision. If
/// an automaton is too large, the policy is of the others.
fn searched(patterns: &[String], values: &[Json]) {
    let compilation = compile(layers([patterns::yaml(patterns)]), &options(Verify::Off)).unwrap();
    let Some(Output { policy, artifact, .. }) = compilation.output else {
        let compiles = |pattern: &&String| {
            let pattern = pyre::parse(pattern).unwrap();
            pyre::compile(&[pattern], &Limits::default()).is_ok()
        };
        let small: Vec<String> = patterns.iter().filter(compiles).cloned().collect();
        assert!(small.len() < patterns.len(), "{:?}", compilation.diagnostics);
        return searched(&small, values);
    };
    let vm = Policy::from_bytes(artifact).unwrap_or_else(|error| panic!("{error}"));
    for value in values {
        let action = Action::new("t", "").param("p", value.clone());
        let mut first = None;
        for (at, pattern) in patterns.iter().enumerate() {
            let event = reference::explain_rule(&policy, at, &action, None);
            let meant = matches!(event, Some(RuleEvent::Match));
            if let Json::Str(text) = value {
                assert_eq!(pyre::parse(pattern).unwrap().naive_search(text), meant, "{pattern:?} {text:?}");
            }
            assert_eq!(vm.search(at, value.value()), Some(meant), "{pattern:?} in {value:?}");
            first = first.or(meant.then_some(at));
        }
        let decision = vm.evaluate(&action, NoClock);
        assert_eq!(decision.error(), None, "{patterns:?} on {value:?}");
        let rule = first.map(|at| u32::try_from(at).unwrap());
        assert_eq!(decision.rule_index(), rule, "{patterns:?} on {value:?}");
    }
}

/// 2026-03-18T14:30:00Z, a Wednesday.
fn now() -> Timestamp {
    Timestamp::from_unix(1_773_844_200, 0)
}

/// Everything that a loaded policy can be asked. What was loaded is consistent, so that no decision
/// may say otherwise, and a trace decides as the decision did.
pub fn exercise(policy: &Policy) {
    let mut ir = String::new();
    policy.write_ir(&mut ir).unwrap();
    let _ = (policy.debug(), format!("{policy:?} {:?}", policy.manifest()));
    for action in questions(policy) {
        for decision in [policy.evaluate(&action, now()), policy.evaluate(&action, NoClock)] {
            let inconsistent = decision.error().is_some_and(|error| error.kind() == ErrorKind::Inconsistent);
            assert!(!inconsistent, "a loaded policy is inconsistent on {action:?}: {decision:?}\n{ir}");
            let _ = format!("{decision:?} {:?}", decision.origin());
        }
        let (decision, trace) = (policy.evaluate(&action, now()), policy.trace(&action, now()));
        assert_eq!(decision.rule_index(), trace.decision().rule_index(), "{action:?}");
        assert_eq!(decision.error(), trace.decision().error(), "{action:?}");
    }
}

/// As [`exercise`], of a policy that the compiler may not have written: its graph may lead elsewhere than its
/// rules say. But every decision ends, has the outcome of the rule that it names, and is consistent unless the
/// graph says what only the action can tell: that a test gives an error, or that a param is text. A trace,
/// which asks no graph, is always consistent. How many actions were decided.
pub fn exercise_any(policy: &Policy) -> u64 {
    let mut decided = 0;
    let mut ir = String::new();
    policy.write_ir(&mut ir).unwrap();
    let _ = (policy.debug(), format!("{policy:?} {:?}", policy.manifest()));
    let told = ir.contains("-> error of rule") || ir.contains(", the first of group");
    let is_inconsistent = |decision: &Decision<'_>| {
        decision.error().is_some_and(|error| error.kind() == ErrorKind::Inconsistent)
    };
    for action in questions(policy) {
        decided += 1;
        for decision in [policy.evaluate(&action, now()), policy.evaluate(&action, NoClock)] {
            assert!(told || !is_inconsistent(&decision), "inconsistent on {action:?}: {decision:?}\n{ir}");
            let outcome = (decision.approval(), decision.risk_level());
            let rule = decision.rule_index().map(|rule| policy.rule(usize::try_from(rule).unwrap()).unwrap());
            let expected = match (decision.error(), rule) {
                (Some(_), _) => (Approval::Block, RiskLevel::Critical),
                (None, Some(rule)) => (rule.approval(), rule.risk_level()),
                (None, None) => policy.default_outcome(),
            };
            assert_eq!(outcome, expected, "{action:?}");
            let _ = format!("{decision:?} {:?}", decision.origin());
        }
        let trace = policy.trace(&action, now());
        assert!(!is_inconsistent(&trace.decision()), "a trace is inconsistent on {action:?}\n{ir}");
    }
    decided
}

/// Actions for the first rules of a policy, with params of every kind.
fn questions(policy: &Policy) -> Vec<Action> {
    const PARAMS: [&str; 12] =
        ["amount", "big", "rate", "env", "nested", "tags", "day", "email", "a", "p", "q", "n"];
    let values = [
        Json::Null,
        Json::Bool(true),
        Json::Int(100),
        super::integer("123456789012345678901234567890"),
        Json::Float(0.5),
        Json::from("staging"),
        Json::from("abcx xbd 12.com\n"),
        Json::List(vec![Json::from("urgent"), Json::Int(1)]),
        Json::Object(Object::new()),
    ];
    let mut actions = vec![Action::new("", ""), Action::new("write", "prod_db").agent("bot_a")];
    for (at, rule) in policy.rules().take(12).enumerate() {
        let short = |glob: &str| glob.chars().take(200).filter(|&c| c != '*').collect::<String>();
        let mut action = Action::new(short(rule.type_glob()), short(rule.target_glob()))
            .agent(short(rule.agent_glob()))
            .description("please delete the credit_card");
        for (offset, param) in PARAMS.iter().enumerate() {
            action = action.param(*param, values[(at + offset) % values.len()].clone());
        }
        actions.push(action);
    }
    actions
}
