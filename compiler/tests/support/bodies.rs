//! The bodies of the fuzz targets. Each takes any bytes, and panics on a fault.

use super::agree::{self, Compared, Tally};
use super::bytes::Bytes;
use super::damage::{Parts, artifacts};
use super::{layers, options};
use aegis_vm::json::{Json, Object};
use aegis_vm::{Action, ErrorKind, NoClock, Policy, Timestamp};
use aegisc::diag::{RenderOptions, render_pretty, render_short};
use aegisc::{Compilation, Output, Verify, compile};

/// What a target does with an input.
pub type Body = fn(&[u8]);

/// Every target, by the name of its folder.
pub const TARGETS: [(&str, Body); 4] = [
    ("yaml_text", yaml_text),
    ("artifact", artifact),
    ("artifact_repaired", artifact_repaired),
    ("differential", differential),
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
        exercise(&policy);
    }
}

/// Changes sections of a sound artifact as the bytes say, repairs the digests, and uses it if it loads.
pub fn artifact_repaired(data: &[u8]) {
    let _ = repaired(data);
}

/// As [`artifact_repaired`]; whether it loaded.
pub fn repaired(data: &[u8]) -> bool {
    let mut bytes = Bytes::new(data);
    let mut parts = Parts::of(&bytes.pick(artifacts()));
    parts.mutate(&mut bytes);
    match Policy::from_bytes(parts.assemble()) {
        Ok(policy) => {
            exercise(&policy);
            true
        }
        Err(_) => false,
    }
}

/// Draws a policy and its actions, and compares the artifact with the reference evaluator.
pub fn differential(data: &[u8]) {
    agree::generated(data).unwrap_or_else(|why| panic!("{why}"));
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
            assert!(!inconsistent, "a loaded policy is inconsistent on {action:?}");
            let _ = format!("{decision:?} {:?}", decision.origin());
        }
        let (decision, trace) = (policy.evaluate(&action, now()), policy.trace(&action, now()));
        assert_eq!(decision.rule_index(), trace.decision().rule_index(), "{action:?}");
        assert_eq!(decision.error(), trace.decision().error(), "{action:?}");
    }
}

/// Actions for the first rules of a policy, with params of every kind.
fn questions(policy: &Policy) -> Vec<Action> {
    const PARAMS: [&str; 9] = ["amount", "big", "rate", "env", "nested", "tags", "day", "email", "a"];
    let values = [
        Json::Null,
        Json::Bool(true),
        Json::Int(100),
        super::integer("123456789012345678901234567890"),
        Json::Float(0.5),
        Json::from("staging"),
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
