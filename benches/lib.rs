//! What the benches share: workloads with the rule that must decide each action.
//!
//! W1 is a devops policy of 14 rules, W2 a financial one of 11; their actions and a random order come
//! from `data/`. W3 has one rule for each pair of a type and a target, and a catch-all. W6 has globs that
//! must be searched for, or that fix both ends, and a catch-all.

#![expect(clippy::unwrap_used, reason = "a bench that cannot read its data has nothing to say")]

pub mod search;

use aegis_vm::Action;
use aegisc::time::parse_rfc3339;
use aegisc::{LayerSource, Options, Timestamp, Verify, compile};
use serde_json::Value;
use std::fmt::Write;

/// A policy with actions, each with the rule that must decide it, and an order to ask them in.
pub struct Workload {
    /// The YAML text.
    pub yaml: String,
    /// The actions, each with the name of its rule.
    pub actions: Vec<(Action, String)>,
    /// Indices of `actions`, in random order.
    pub order: Vec<usize>,
    /// The time of every decision.
    pub now: Timestamp,
}

/// 2026-03-18T14:30:00Z, a Wednesday.
fn now() -> Timestamp {
    parse_rfc3339("2026-03-18T14:30:00Z").unwrap()
}

/// W1, the devops policy.
#[must_use]
pub fn w1() -> Workload {
    recorded(include_str!("data/W1.yaml"), include_str!("data/W1.json"))
}

/// W2, the financial policy.
#[must_use]
pub fn w2() -> Workload {
    recorded(include_str!("data/W2.yaml"), include_str!("data/W2.json"))
}

/// W5: rule `i` asks whether `to` ends in the i-th of 50 domains; all texts end in the last one.
#[must_use]
pub fn w5() -> Workload {
    recorded(include_str!("data/W5.yaml"), include_str!("data/W5.json"))
}

fn recorded(yaml: &str, json: &str) -> Workload {
    let data: Value = serde_json::from_str(json).unwrap();
    let action = |act: &Value| {
        (Action::from_json(&act.to_string()).unwrap(), act["expect"].as_str().unwrap().to_owned())
    };
    let order = data["order"].as_array().unwrap().iter();
    Workload {
        yaml: yaml.to_owned(),
        actions: data["acts"].as_array().unwrap().iter().map(action).collect(),
        order: order.map(|index| usize::try_from(index.as_u64().unwrap()).unwrap()).collect(),
        now: now(),
    }
}

/// W3 of a size: rule `i` is for type `action_i` and target `target_i`; the last is a catch-all. 4,096
/// actions uniform over the rules, a tenth of them missing.
#[must_use]
pub fn w3(rules: usize) -> Workload {
    let mut yaml =
        String::from("version: \"1\"\ndefaults: { risk_level: high, approval: approve }\nrules:\n");
    for i in 0..rules {
        writeln!(
            yaml,
            "  - name: rule_{i}\n    match: {{ type: \"action_{i}\", target: \"target_{i}\" }}\n    \
             risk_level: medium\n    approval: approve"
        )
        .unwrap();
    }
    yaml.push_str(
        "  - name: rest\n    match: { type: \"*\" }\n    risk_level: critical\n    approval: block\n",
    );
    let mut random = Random(1);
    let mut action = |_| {
        let i = random.below(rules);
        if random.below(10) == 0 {
            return (Action::new(format!("missing_{i}"), format!("target_{i}")), "rest".to_owned());
        }
        (Action::new(format!("action_{i}"), format!("target_{i}")), format!("rule_{i}"))
    };
    let actions: Vec<_> = (0..4_096).map(&mut action).collect();
    let order = (0..16_384).map(|_| random.below(4_096)).collect();
    Workload { yaml, actions, order, now: now() }
}

/// W6 of a size: rule `i` is for types with the i-th word in them or, if there is a `path`, for targets that
/// begin and end with it; the last is a catch-all. 1,024 actions, half of them for the catch-all.
#[must_use]
pub fn w6(rules: usize, path: bool) -> Workload {
    let mut random = Random(6);
    let mut letters = |count: usize| -> String {
        (0..count).map(|_| char::from(b'a' + u8::try_from(random.below(26)).unwrap())).collect()
    };
    let words: Vec<String> = (0..rules).map(|_| letters(7)).collect();
    let mut yaml = String::from("rules:\n");
    for (i, word) in words.iter().enumerate() {
        let matching = if path { format!("target: '{word}/*-?{word}'") } else { format!("type: '*{word}*'") };
        writeln!(yaml, "- {{name: rule_{i}, match: {{{matching}}}, approval: block}}").unwrap();
    }
    yaml.push_str("- {name: rest}\n");
    let fillers: Vec<String> = (0..64).map(|_| letters(7)).collect();
    let mut random = Random(7);
    let mut action = |_| {
        let (i, filler) = (random.below(rules), &fillers[random.below(fillers.len())]);
        let (word, name) = match random.below(2) {
            0 => (&words[i], format!("rule_{i}")),
            _ => (&fillers[0], "rest".to_owned()),
        };
        (Action::new(format!("{filler}_{word}_x"), format!("{word}/{filler}-1{word}")), name)
    };
    let actions: Vec<_> = (0..1_024).map(&mut action).collect();
    let order = (0..4_096).map(|_| random.below(1_024)).collect();
    Workload { yaml, actions, order, now: now() }
}

/// A small generator (splitmix64), so that every run asks the same.
pub struct Random(u64);

impl Random {
    /// A sequence of its own for each seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let end = u64::try_from(end).unwrap();
        usize::try_from((z ^ (z >> 31)) % end).unwrap()
    }

    /// Brings items into an order that is drawn.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }
}

impl Workload {
    /// The artifact.
    #[must_use]
    pub fn build(&self, verify: Verify) -> Vec<u8> {
        let layer = LayerSource { path: "policy.yaml".to_owned(), bytes: self.yaml.clone().into() };
        let options = Options { verify, ..Options::default() };
        compile(vec![layer], &options).unwrap().output.unwrap().artifact
    }
}
