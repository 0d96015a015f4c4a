//! A layer of rules that nearly all fall into some trap, drawn from bytes, for the lints to speak of.

use super::bytes::Bytes;
use std::fmt::Write;

const NAMES: [&str; 6] =
    ["name: dup", "name: other", "name: ", "name: ''", "name: rule_1", "risk_level: high"];
const TYPES: [&str; 12] = [
    "delete",
    "delete_*",
    "*_db",
    "read",
    "Read*",
    "*",
    "[Dd]elete",
    "drop?",
    "*[A-Z]*",
    "?",
    "[!x-z]*",
    "deleteUser",
];
const TARGETS: [&str; 6] = ["*", "*", "prod*", "db", "*/a", "?"];
const AGENTS: [&str; 7] = ["*", "*", "fin-*", "bot", "?", "[!*]", "ops-[0-9]"];
const APPROVALS: [&str; 5] = ["block", "block", "auto", "approve", "block"];

/// Texts under `conditions:`; an entry each, so that no key stands twice where two do not share one.
const CONDITIONS: [&str; 54] = [
    "param_eq: {amount: null}",
    "param_eq: {amount: 1, env: ~}",
    "param_eq: {amount: .nan}",
    "param_eq: {env: 2026-01-01}",
    "param_eq: {env: {1: x}}",
    "param_gt: {amount: .nan}",
    "param_contains: {tags: .nan}",
    "param_contains: {tags: [2026-01-01]}",
    "param_eq: {env: [null]}",
    "weekdays: []",
    "weekdays: [0]",
    "weekdays: [mon, 8, [1]]",
    "weekdays: ['1', 3]",
    "weekdays: [1.0, true, 5.0]",
    "time_after: \"18:00\"\n      time_before: \"08:00\"",
    "time_before: 12:00\n      time_after: 12:00",
    "time_before: 00:00",
    "time_after: \"08:00\"\n      time_before: \"08:01\"",
    "semantic: the of",
    "semantic:",
    "semantic: \"연락처\"",
    "semantic: delete",
    "param_matches: {env: '*a'}",
    "param_matches: {env: a, tags: '('}",
    "param_matches: {env: '[z-a]'}",
    "param_equals: {amount: 1}",
    "Weekdays: [1]",
    "param_eq: {1: x, env: a}",
    "param_matches: {on: a}",
    "param_eq: {}",
    "param_matches: {}",
    "param_matches: {env: ''}",
    "param_matches: {env: 'rm|', tags: 'a'}",
    "param_matches: {env: '.*'}",
    "param_matches: {env: '(a|)'}",
    "param_matches: {env: '^.*$', tags: '.'}",
    "time_after: \"10:30:59\"",
    "time_before: 17:00:30",
    "time_after: ' 9 : 5 :'",
    "param_matches: {env: '^dev$'}",
    "param_matches: {env: '^(?:a|b)$|^cc$'}",
    "param_matches: {env: '@corp\\.com$', tags: '[$]'}",
    "param_matches: {env: \"\\brm\\b\"}",
    "param_matches: {env: \"x\\\\.\\b\"}",
    "param_matches: {env: 'corp\\.com'}",
    "param_matches: {env: '@corp\\.com'}",
    "param_matches: {env: 'https://docs\\.example/'}",
    "param_gt: {amount: \"100\"}",
    "param_lte: {amount: 1e3}",
    "param_contains: {roles: admin}",
    "param_contains: {roles: ops}",
    "param_eq: {roles: [guest]}",
    "param_contains: {roles: 7}",
    "param_gt: {amount: 10}",
];

/// Draws the layer.
pub fn layer(bytes: &mut Bytes<'_>) -> String {
    let mut text = String::new();
    if bytes.chance(60) {
        let version = bytes.pick(&["1", "2", "3", "\"20\""]);
        writeln!(text, "version: {version}").unwrap();
    }
    if bytes.chance(128) {
        let (approval, risk) = (bytes.pick(&["auto", "approve", "block"]), bytes.pick(&["low", "MEDIUM"]));
        writeln!(text, "defaults: {{approval: {approval}, risk_level: {risk}}}").unwrap();
    }
    text.push_str("rules:\n");
    if bytes.chance(80) {
        // A param that is a list in one rule and perhaps a text in the other, and what is left of it.
        for conditions in
            ["{param_contains: {roles: admin}}", "{param_eq: {roles: [guest]}}", "{time_after: '10:00'}"]
        {
            let approval = bytes.pick(&APPROVALS[1..]);
            writeln!(text, "  - {{conditions: {conditions}, approval: {approval}}}").unwrap();
        }
    }
    for _ in 0..bytes.between(1, 7) {
        rule(bytes, &mut text);
    }
    text
}

fn rule(bytes: &mut Bytes<'_>, text: &mut String) {
    let (kind, target, agent) = (bytes.pick(&TYPES), bytes.pick(&TARGETS), bytes.pick(&AGENTS));
    writeln!(text, "  - {}", bytes.pick(&NAMES)).unwrap();
    writeln!(text, "    match: {{type: \"{kind}\", target: \"{target}\", agent: \"{agent}\"}}").unwrap();
    if bytes.chance(190) {
        text.push_str("    conditions:\n");
        if !bytes.chance(10) {
            writeln!(text, "      {}", bytes.pick(&CONDITIONS)).unwrap();
        }
    }
    writeln!(text, "    approval: {}", bytes.pick(&APPROVALS)).unwrap();
}
