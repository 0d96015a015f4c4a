//! Policies that answer differently, and what each must answer by how it was made, not by what the VM says.

use aegis_vm::{Action, Approval, Decision, ErrorKind, Policy, RiskLevel};
use aegisc::{LayerSource, Options, Verify, compile};

/// Types of action that each policy has a rule for.
const TYPES: u64 = 8;

/// The revision of the first policy; each later one has one more.
pub(crate) const FIRST_REVISION: u64 = 10;

const APPROVALS: [Approval; 3] = [Approval::Auto, Approval::Approve, Approval::Block];
const RISKS: [RiskLevel; 4] = [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High, RiskLevel::Critical];

/// What an action must be answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    rule: String,
    approval: Approval,
    risk: RiskLevel,
    error: Option<ErrorKind>,
}

impl Answer {
    pub(crate) fn agrees(&self, decision: &Decision<'_>) -> bool {
        self.rule == decision.rule_name()
            && self.approval == decision.approval()
            && self.risk == decision.risk_level()
            && self.error == decision.error().map(|error| error.kind())
    }
}

/// What is asked of every policy.
pub(crate) fn actions() -> Vec<Action> {
    let mut actions: Vec<Action> = (0..TYPES).map(|kind| Action::new(format!("act{kind}"), "x")).collect();
    actions.push(Action::new("other", "x"));
    actions.extend([5, 50, 95].map(|replicas| Action::new("scale", "x").param("replicas", replicas)));
    actions.push(Action::new("scale", "x").param("replicas", "5"));
    actions
}

fn pick<T: Copy>(of: &[T], seed: u64) -> T {
    let mixed = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % of.len() as u64;
    of[mixed as usize]
}

/// The text of the policy of a generation, and what it must answer to each of the [`actions`].
pub(crate) fn policy(generation: u64) -> (String, Vec<Answer>) {
    let g = generation;
    let outcome = |kind: u64| (pick(&APPROVALS, g * 31 + kind), pick(&RISKS, g * 37 + kind));
    let answer = |rule: String, kind: u64| {
        let (approval, risk) = outcome(kind);
        Answer { rule, approval, risk, error: None }
    };
    let (approval, risk) = outcome(100);
    let mut text = format!("defaults: {{approval: {approval}, risk_level: {risk}}}\nrules:\n");
    let mut rule = |name: &str, matched: &str, conditions: &str, kind: u64| {
        let (approval, risk) = outcome(kind);
        let line = format!("approval: {approval}, risk_level: {risk}{conditions}");
        text += &format!("  - {{name: {name}, match: {{type: {matched}}}, {line}}}\n");
    };
    let mut answers = Vec::new();
    for kind in 0..TYPES {
        let name = format!("g{g}_act{kind}");
        rule(&name, &format!("act{kind}"), "", kind);
        answers.push(answer(name, kind));
    }
    answers.push(answer("<default>".into(), 100));
    let (limit, scale) = (g % 100, format!("g{g}_scale"));
    rule(&scale, "scale", &format!(", conditions: {{param_gt: {{replicas: {limit}}}}}"), 50);
    answers.extend([5, 50, 95].map(|replicas| match replicas > limit {
        true => answer(scale.clone(), 50),
        false => answer("<default>".into(), 100),
    }));
    let (approval, risk) = (Approval::Block, RiskLevel::Critical);
    answers.push(Answer { rule: scale, approval, risk, error: Some(ErrorKind::TypeError) });
    (text, answers)
}

/// The artifact of a text.
pub(crate) fn build(text: &str, policy_id: &str, revision: u64) -> Vec<u8> {
    let layer = LayerSource { path: "layer.yaml".into(), bytes: text.into() };
    let options =
        Options { policy_id: policy_id.into(), revision, verify: Verify::Off, ..Options::default() };
    let compilation = compile(vec![layer], &options).unwrap();
    compilation.output.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics)).artifact
}

/// The artifact of a generation, with the id `agent` and a revision of its own.
pub(crate) fn artifact(generation: u64) -> Vec<u8> {
    build(&policy(generation).0, "agent", FIRST_REVISION + generation)
}

pub(crate) fn loaded(generation: u64) -> Policy {
    Policy::from_bytes(artifact(generation)).unwrap()
}
