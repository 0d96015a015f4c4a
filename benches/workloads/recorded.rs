//! Workloads that were recorded: the policy as YAML, the actions and their order as JSON.
//!
//! Each action names its rule, or `<default>`. The index of a rule is counted in the text of the
//! policy, where each `- name:` begins one, so that no compiler has a say in it.

use super::now;
use crate::Workload;
use aegis_vm::Action;
use serde_json::Value;

/// The devops policy: 36 hits of literals and of a prefix, 12 deploys in two environments, 4 deploys
/// elsewhere and 12 others that no rule matches.
#[must_use]
pub fn w1() -> Workload {
    recorded("W1", include_str!("../data/W1.yaml"), include_str!("../data/W1.json"), "env")
}

/// The financial policy: 48 payments around the threshold, 8 literals, 8 unmatched.
#[must_use]
pub fn w2() -> Workload {
    recorded("W2", include_str!("../data/W2.yaml"), include_str!("../data/W2.json"), "amount")
}

/// Rule `i` asks whether `to` ends in the i-th of 50 domains; all texts end in the last one.
#[must_use]
pub fn w5() -> Workload {
    recorded("W5", include_str!("../data/W5.yaml"), include_str!("../data/W5.json"), "to")
}

fn recorded(name: &str, yaml: &'static str, json: &str, param: &'static str) -> Workload {
    let names: Vec<&str> = yaml.lines().filter_map(|line| line.trim().strip_prefix("- name: ")).collect();
    let mut data: Value = serde_json::from_str(json).unwrap();
    let order = data["order"].as_array().unwrap().iter();
    let order = order.map(|index| usize::try_from(index.as_u64().unwrap()).unwrap()).collect();
    let (mut actions, mut lines) = (Vec::new(), Vec::new());
    for act in data["acts"].as_array_mut().unwrap() {
        let expected = act.as_object_mut().unwrap().remove("expect").unwrap();
        let rule = match expected.as_str().unwrap() {
            "<default>" => None,
            name => super::rule(names.iter().position(|&other| other == name).unwrap()),
        };
        let line = act.to_string();
        actions.push((Action::from_json(&line).unwrap(), rule));
        lines.push(line);
    }
    Workload {
        name: name.to_owned(),
        yaml: Box::new(|| yaml.to_owned()),
        params: vec![param],
        actions,
        lines,
        order,
        now: now(),
    }
}
