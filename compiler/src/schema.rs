//! The JSON Schema (draft 2020-12) of a layer, for editors that complete and check YAML.
//!
//! It accepts what compiles without a finding and no less. It rejects what it can tell to be an error or
//! a doubt, also where a comment allows it, and leaves to the compiler what takes more than one value, or
//! more than JSON:
//!
//! - a regular expression, a glob that looks like one, a window of time that is empty;
//! - defaults that fail open, names given twice, and whatever else takes several rules or layers;
//! - how a scalar is spelled: an editor reads YAML 1.2, where `NO` is text and a key `1` is like `"1"`,
//!   and to JSON Schema `3.0` is whole;
//! - a date, a NaN, a constant nested too deep;
//! - `plan_rules`, which are right or wrong in themselves, and not enforced yet.
//!
//! Only standard keywords are used, and in patterns only what ECMAScript, Python, RE2 and Rust read alike
//! (no escapes, nothing that looks ahead), so that a strict reader takes it as well. A choice is a list of
//! constants, each with a description of its own, because editors show that one beside the value. Of
//! several patterns the plainest comes first, because editors name that one where none fits.

use serde_json::{Value, json};

/// The schema of a layer.
///
/// # Examples
///
/// ```
/// let schema = aegisc::schema::layer();
/// assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
/// assert_eq!(schema["properties"]["rules"]["items"]["$ref"], "#/$defs/rule");
/// ```
#[must_use]
pub fn layer() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": concat!("Printed by `aegisc schema`, version ", env!("CARGO_PKG_VERSION"), "."),
        "title": "A layer of a policy for agent actions",
        "description": "Rules are read from the top, layer by layer; the first one that matches decides. \
                        `aegisc check` finds what this schema cannot.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "version": {
                "description": "The version of the language, in quotes: \"1\" or \"2\". It changes no decision.",
                "anyOf": [
                    { "enum": ["1", "2", 1, 2] },
                    { "type": "string", "pattern": format!("^{SPACE}*[+]?(0_?)*[12]{SPACE}*$") },
                ],
                "default": "1",
            },
            "defaults": { "$ref": "#/$defs/defaults" },
            "rules": {
                "description": "The rules, in the order in which they are tried. Narrow before wide, strict \
                                before loose: a rule hides what stands behind it.",
                "type": ["array", "null"],
                "items": { "$ref": "#/$defs/rule" },
            },
            "scope": {
                "description": "Where the policy is meant to hold; carried along, read by no rule.",
                "type": "string",
                "default": "global",
                "examples": ["global", "team", "project"],
            },
            "scope_id": {
                "description": "Which one of the scope; carried along, read by no rule.",
                "type": "string",
                "default": "",
                "examples": ["payments"],
            },
            "plan_rules": { "$ref": "#/$defs/plan_rules" },
        },
        "$defs": {
            "defaults": defaults(),
            "rule": rule(),
            "match": matches(),
            "conditions": conditions(),
            "plan_rules": plan_rules(),
            "sequence_pattern": sequence_pattern(),
            "cumulative_risk": cumulative_risk(),
            "approval": approval(),
            "risk_level": risk_level(),
            "glob": {
                "description": "A glob over the whole text; case counts. `*` is any run, `?` any one character, \
                                `[a-z]` and `[!a-z]` one of a set. There are no alternatives: write one rule \
                                for each.",
                "type": "string",
            },
            "time_of_day": {
                "description": "An hour and a minute in UTC, `HH:MM`, in quotes.",
                "type": "string",
                "anyOf": [
                    { "pattern": "^([01]?[0-9]|2[0-3]):[0-5]?[0-9]$" },
                    { "pattern": format!("^{SPACE}*([01]?[0-9]|2[0-3]){SPACE}*:{SPACE}*[0-5]?[0-9]{SPACE}*$") },
                ],
                "examples": ["09:00", "18:30"],
            },
            "threshold": {
                "description": "A number, or a text to order texts by. A number in quotes is text, and a \
                                param that is a number cannot be compared with it.",
                "type": ["number", "boolean", "string"],
                "not": { "type": "string", "pattern": number() },
            },
        },
    })
}

/// What the language takes for white space around a number or a time, as a set of a pattern.
const SPACE: &str =
    "[\u{9}-\u{d}\u{1c}-\u{20}\u{85}\u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}]";

/// A text that has the form of a number.
fn number() -> String {
    let whole = "[+-]?[0-9]+(_[0-9]+)*";
    let decimal = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?";
    format!("^{SPACE}*({whole}|{decimal}){SPACE}*$")
}

fn approval() -> Value {
    json!({
        "description": "What has to happen before the action may run. In lower case.",
        "oneOf": [
            { "const": "auto", "description": "The action runs, and nobody is asked." },
            { "const": "approve", "description": "A person is asked first." },
            { "const": "block", "description": "The action does not run." },
        ],
    })
}

fn risk_level() -> Value {
    json!({
        "description": "How much harm the action could do. It is shown and logged, and decides nothing.",
        "anyOf": [
            { "const": "low", "description": "Little harm, and easily undone." },
            { "const": "medium", "description": "Some harm; what a rule has that says nothing." },
            { "const": "high", "description": "Great harm, or hard to undo." },
            { "const": "critical", "description": "Harm that must not happen." },
            {
                "description": "Any case is read.",
                "type": "string",
                "pattern": any_case(&["low", "medium", "high", "critical"]),
            },
        ],
    })
}

fn defaults() -> Value {
    json!({
        "description": "What holds when no rule matches. Only the first layer's defaults count.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "risk_level": with_default("risk_level", "medium"),
            "approval": with_default("approval", "block"),
        },
    })
}

fn rule() -> Value {
    json!({
        "description": "A rule: when its globs match and its conditions hold, it decides, and no later rule \
                        is asked.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "name": {
                "description": "What the log, the approver and your tests see. Without one it is `rule_` and \
                                the rule's place in its layer, from 0.",
                "type": ["string", "null"],
                "examples": ["deploy_staging_approve"],
            },
            "match": { "$ref": "#/$defs/match" },
            "conditions": { "$ref": "#/$defs/conditions" },
            "risk_level": with_default("risk_level", "medium"),
            "approval": with_default("approval", "approve"),
        },
    })
}

fn matches() -> Value {
    let field = |what: &str, example: &str| {
        json!({
            "$ref": "#/$defs/glob",
            "description": format!("{what} Case counts; `*` is any run, `?` any one character."),
            "default": "*",
            "examples": [example],
        })
    };
    json!({
        "description": "Which actions the rule is about; a field left out matches all.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "type": field("A glob over what is done.", "delete*"),
            "target": field("A glob over what it is done to.", "prod*"),
            "agent": field(
                "A glob over the id of the agent; an action that names none is matched as `*`, so a block \
                 on an agent is escaped by naming none.",
                "release-*",
            ),
        },
    })
}

fn conditions() -> Value {
    let threshold = json!({ "$ref": "#/$defs/threshold" });
    let limit = json!({ "amount": 100 });
    json!({
        "description": "All must hold. They are checked in the order written, `semantic` last. A param that \
                        is absent or null makes a condition on it false.",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": false,
        "properties": {
            "time_after": {
                "$ref": "#/$defs/time_of_day",
                "description": "It is this time of day or later, in UTC; up to midnight.",
                "examples": ["09:00"],
            },
            "time_before": {
                "$ref": "#/$defs/time_of_day",
                "description": "It is earlier than this time of day, in UTC; from midnight on. A window over \
                                midnight takes two rules.",
                "examples": ["17:00"],
            },
            "weekdays": {
                "description": "Today in UTC is one of these days: Monday is 1, Sunday 7.",
                "type": "array",
                "minItems": 1,
                "items": { "type": "integer", "minimum": 1, "maximum": 7, "default": 1 },
                "examples": [[1, 2, 3, 4, 5], [6, 7]],
            },
            "param_eq": by_param(
                "The param equals the value: `1`, `1.0` and `true` are equal, `1` and \"1\" are not.",
                &json!({ "not": { "type": "null" } }),
                &json!({ "env": "staging" }),
            ),
            "param_gt": by_param("The param is greater. A type that has no order blocks.", &threshold, &limit),
            "param_gte": by_param(
                "The param is greater or equal. A type that has no order blocks.",
                &threshold,
                &limit,
            ),
            "param_lt": by_param("The param is less. A type that has no order blocks.", &threshold, &limit),
            "param_lte": by_param(
                "The param is less or equal. A type that has no order blocks.",
                &threshold,
                &limit,
            ),
            "param_contains": by_param(
                "The value is in the param: an element of a list, a key of a mapping, a part of a text. A \
                 number or a boolean blocks.",
                &json!(true),
                &json!({ "tags": "urgent" }),
            ),
            "param_matches": by_param(
                r"The regular expression (Python's `re`) is found in the text of the param. Begin with `^` and end with `\Z`; in YAML, use single quotes.",
                &json!({ "type": "string", "minLength": 1 }),
                &json!({ "ticket": r"^CHG-[0-9]{4,8}\Z" }),
            ),
            "semantic": semantic(),
        },
    })
}

/// A mapping from names of params to constants.
fn by_param(description: &str, constant: &Value, example: &Value) -> Value {
    json!({
        "description": description,
        "type": "object",
        "minProperties": 1,
        "additionalProperties": constant,
        "examples": [example],
    })
}

/// A text with a word in it that is no stop word. U+212A and U+0130 are letters of words in lower case.
fn semantic() -> Value {
    let word = "A-Za-z0-9_\u{130}\u{212a}";
    let stop_words = ["or", "and", "the", "a", "an", "of", "in", "to", "for", "is", "with"];
    let stop_words = stop_words.map(|word| word.chars().map(either_case).collect::<String>()).join("|");
    json!({
        "description": "One of these words, or of the words that a category stands for, is among the words of \
                        the action: type, target, description, names and texts of params. A net for what \
                        you cannot name, never the only fence.",
        "type": "string",
        "pattern": format!("[{word}]"),
        "not": { "pattern": format!("^[^{word}]*(({stop_words})([^{word}]+|$))*$") },
        "examples": ["destructive", "data_exposure", "privileged", "financial", "pii", "card pan cvv"],
    })
}

fn plan_rules() -> Value {
    json!({
        "description": "Rules over sequences of actions. They are checked and carried along, and not enforced \
                        yet: a policy that has them compiles only where `plan_rules_not_enforced` is allowed.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "sequence_patterns": {
                "description": "Steps that must not follow each other.",
                "type": "array",
                "items": { "$ref": "#/$defs/sequence_pattern" },
            },
            "cumulative_risk": { "$ref": "#/$defs/cumulative_risk" },
        },
    })
}

fn sequence_pattern() -> Value {
    json!({
        "description": "Steps that must not follow each other.",
        "type": "object",
        "additionalProperties": false,
        "required": ["steps"],
        "properties": {
            "name": {
                "description": "The name that a violation reports.",
                "type": "string",
                "examples": ["read_then_send"],
            },
            "steps": {
                "description": "Globs over action types, two or more, in the order in which they follow each \
                                other.",
                "type": "array",
                "minItems": 2,
                "items": { "$ref": "#/$defs/glob" },
                "examples": [["read_*", "send_*"]],
            },
            "window": {
                "description": "All steps within so many consecutive actions; 0 is no limit.",
                "anyOf": [
                    { "type": "integer", "minimum": 0 },
                    {
                        "type": "string",
                        "pattern": format!("^{SPACE}*([+]?[0-9]+(_[0-9]+)*|-0+(_0+)*){SPACE}*$"),
                    },
                ],
                "default": 0,
                "examples": [10],
            },
            "approval": with_default("approval", "block"),
            "risk_level": with_default("risk_level", "critical"),
            "description": { "description": "For people.", "type": "string" },
        },
    })
}

fn cumulative_risk() -> Value {
    json!({
        "description": "A limit on the summed risk of a plan: low counts 1, medium 2, high 3, critical 4.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "max_total_risk": {
                "description": "The most that is no violation; 0 is no limit.",
                "anyOf": [
                    { "type": "integer" },
                    { "type": "string", "pattern": format!("^{SPACE}*[+-]?[0-9]+(_[0-9]+)*{SPACE}*$") },
                ],
                "examples": [12],
            },
            "on_exceed": with_default("approval", "block"),
            "name": {
                "description": "The name that a violation reports.",
                "type": "string",
                "default": "cumulative_risk",
            },
        },
    })
}

fn with_default(definition: &str, default: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{definition}"), "default": default })
}

/// A pattern for any of these words in any case; the dialect has no flag for it. U+0131 is `I` in upper
/// case.
fn any_case(words: &[&str]) -> String {
    let letter = |c: char| either_case(c).replace("Ii", "Ii\u{131}");
    let words: Vec<String> = words.iter().map(|word| word.chars().map(letter).collect()).collect();
    format!("^({})$", words.join("|"))
}

/// The set of an ASCII letter in both cases.
fn either_case(c: char) -> String {
    format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase())
}
