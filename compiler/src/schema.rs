//! The JSON Schema (draft 2020-12) of a layer, for editors that complete and check YAML.
//!
//! It accepts what compiles without a finding and no less; what only this compiler can judge (a
//! regular expression, a window of time that is empty) it leaves to it. Where YAML 1.1 and 1.2 read a
//! scalar differently, it asks for the form that both read alike.

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
        "title": "A layer of an agent-action policy",
        "description": "Rules are read from the top, layer by layer; the first one that matches decides.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "version": {
                "description": "The version of the language. It changes no decision.",
                "enum": ["1", "2", 1, 2],
                "default": "1",
            },
            "defaults": { "$ref": "#/$defs/defaults" },
            "rules": {
                "description": "The rules, in the order in which they are tried.",
                "type": ["array", "null"],
                "items": { "$ref": "#/$defs/rule" },
            },
            "scope": {
                "description": "Where the policy is meant to hold; carried along, read by no rule.",
                "type": "string",
                "default": "global",
            },
            "scope_id": {
                "description": "Which one of the scope; carried along, read by no rule.",
                "type": "string",
                "default": "",
            },
            "plan_rules": { "$ref": "#/$defs/plan_rules" },
        },
        "$defs": {
            "defaults": defaults(),
            "rule": rule(),
            "match": matches(),
            "conditions": conditions(),
            "plan_rules": plan_rules(),
            "approval": {
                "description": "What has to happen before the action may run: nothing, a person's leave, or it must not run.",
                "enum": ["auto", "approve", "block"],
            },
            "risk_level": {
                "description": "How much harm the action could do; any case.",
                "type": "string",
                "anyOf": [
                    { "enum": ["low", "medium", "high", "critical"] },
                    { "pattern": any_case(&["low", "medium", "high", "critical"]) },
                ],
            },
            "glob": {
                "description": "A case-sensitive glob over the whole text: `*` any run, `?` any one, `[a-z]` and `[!a-z]` one of a set.",
                "type": "string",
            },
            "time_of_day": {
                "description": "An hour and a minute in UTC, `HH:MM`, in quotes.",
                "type": "string",
                "pattern": "^\\s*([01]?[0-9]|2[0-3])\\s*:\\s*[0-5]?[0-9]\\s*$",
                "examples": ["09:00", "18:30"],
            },
            "threshold": {
                "description": "A number, or a text to order texts by.",
                "type": ["number", "boolean", "string"],
            },
        },
    })
}

fn defaults() -> Value {
    json!({
        "description": "What holds when no rule matches. Only the first layer's count.",
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
        "description": "A rule: when its globs match and its conditions hold, it decides.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "name": {
                "description": "The name that decisions report; without one `rule_` and the rule's place in its layer.",
                "type": ["string", "null"],
            },
            "match": { "$ref": "#/$defs/match" },
            "conditions": { "$ref": "#/$defs/conditions" },
            "risk_level": with_default("risk_level", "medium"),
            "approval": with_default("approval", "approve"),
        },
    })
}

fn matches() -> Value {
    let field = |what: &str| json!({ "$ref": "#/$defs/glob", "description": what, "default": "*" });
    json!({
        "description": "Which actions the rule is about; a field left out matches all.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "type": field("A glob over the action's type."),
            "target": field("A glob over the action's target."),
            "agent": field("A glob over the id of the agent; an action that names none is matched as `*`."),
        },
    })
}

fn conditions() -> Value {
    let threshold = json!({ "$ref": "#/$defs/threshold" });
    json!({
        "description": "All must hold. They are checked in the order written, `semantic` last.",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": false,
        "properties": {
            "time_after": {
                "$ref": "#/$defs/time_of_day",
                "description": "The time of day in UTC is at or after this.",
            },
            "time_before": {
                "$ref": "#/$defs/time_of_day",
                "description": "The time of day in UTC is before this.",
            },
            "weekdays": {
                "description": "Today in UTC is one of these days: Monday is 1, Sunday 7.",
                "type": "array",
                "minItems": 1,
                "items": { "type": "integer", "minimum": 1, "maximum": 7 },
            },
            "param_eq": by_param("The param equals the value.", &json!({ "not": { "type": "null" } })),
            "param_gt": by_param("The param is greater.", &threshold),
            "param_gte": by_param("The param is greater or equal.", &threshold),
            "param_lt": by_param("The param is less.", &threshold),
            "param_lte": by_param("The param is less or equal.", &threshold),
            "param_contains": by_param(
                "The value is in the param: part of a text, an element of a list, a key of a mapping.",
                &json!(true),
            ),
            "param_matches": by_param(
                "The regular expression (Python's `re`) is found in the param's text.",
                &json!({ "type": "string" }),
            ),
            "semantic": {
                "description": "One of these keywords, or of a category's, is among the action's words.",
                "type": "string",
                "pattern": "[A-Za-z0-9_]",
                "examples": ["destructive", "data_exposure", "privileged", "financial", "pii"],
            },
        },
    })
}

/// A mapping from names of params to constants.
fn by_param(description: &str, constant: &Value) -> Value {
    json!({
        "description": description,
        "type": "object",
        "minProperties": 1,
        "additionalProperties": constant,
    })
}

fn plan_rules() -> Value {
    json!({
        "description": "Rules over sequences of actions.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "sequence_patterns": {
                "description": "Steps that must not follow each other.",
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["name", "steps"],
                    "properties": {
                        "name": { "description": "The name that a violation reports.", "type": "string" },
                        "steps": {
                            "description": "Globs over action types, in the order in which they follow each other.",
                            "type": "array",
                            "minItems": 2,
                            "items": { "$ref": "#/$defs/glob" },
                        },
                        "window": {
                            "description": "All steps within so many consecutive actions; 0 is unlimited.",
                            "type": "integer",
                            "minimum": 0,
                            "default": 0,
                        },
                        "approval": with_default("approval", "block"),
                        "risk_level": with_default("risk_level", "critical"),
                        "description": { "description": "For people.", "type": "string" },
                    },
                },
            },
            "cumulative_risk": {
                "description": "A limit on the summed risk of a plan: low counts 1, medium 2, high 3, critical 4.",
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "max_total_risk": { "description": "The most that is no violation; 0 is no limit.", "type": "integer" },
                    "on_exceed": with_default("approval", "block"),
                    "name": {
                        "description": "The name that a violation reports.",
                        "type": "string",
                        "default": "cumulative_risk",
                    },
                },
            },
        },
    })
}

fn with_default(definition: &str, default: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{definition}"), "default": default })
}

/// A pattern for any of these ASCII words in any case; the dialect has no flag for it.
fn any_case(words: &[&str]) -> String {
    let letter = |c: char| format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase());
    let words: Vec<String> = words.iter().map(|word| word.chars().map(letter).collect()).collect();
    format!("^({})$", words.join("|"))
}
