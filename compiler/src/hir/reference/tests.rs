//! The evaluator on small policies; the recorded decisions of the reference implementation are in
//! the conformance test.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::diag::{LevelSetting, Levels};
use crate::{LayerSource, Options, check};

fn policy(conditions: &str) -> Policy {
    let text = format!(
        "rules:\n  - name: r\n    match: {{type: t, target: 'x*', agent: a}}\n    conditions: {conditions}\n"
    );
    let mut levels = Levels::new();
    levels.cap(LevelSetting::Allow);
    let layer = LayerSource { path: "policy.yaml".to_owned(), bytes: text.into_bytes() };
    check(vec![layer], &Options { levels, ..Options::default() }).policy.unwrap()
}

fn action(params: &str) -> Action {
    let text = format!(r#"{{"type": "t", "target": "xyz", "agent_id": "a", "params": {params}}}"#);
    Action::from_json(&text).unwrap()
}

#[test]
fn says_what_failed_first() {
    let policy = policy("{param_eq: {a: 1, b: 2}, param_gt: {c: 3}, foo: 1}");
    let miss = |condition, test, why| RuleEvent::Miss(Miss::Condition { condition, test, why });
    let cases = [
        ("{}", miss(0, 0, Why::Absent)),
        (r#"{"a": null}"#, miss(0, 0, Why::Absent)),
        (r#"{"a": 2}"#, miss(0, 0, Why::False)),
        (r#"{"a": 1, "b": 3}"#, miss(0, 1, Why::False)),
        (r#"{"a": 1, "b": 2}"#, miss(1, 0, Why::Absent)),
        (r#"{"a": 1, "b": 2, "c": 3}"#, miss(1, 0, Why::False)),
        (r#"{"a": 1, "b": 2, "c": 4}"#, miss(2, 0, Why::Never)),
    ];
    for (params, expected) in cases {
        assert_eq!(explain_rule(&policy, 0, &action(params), None), Some(expected), "{params}");
    }
    let globs = [
        (Action::new("u", "x"), Miss::Type),
        (Action::new("t", "y"), Miss::Target),
        (Action::new("t", "x"), Miss::Agent),
        (Action::new("t", "x").agent("b"), Miss::Agent),
    ];
    for (action, expected) in globs {
        assert_eq!(explain_rule(&policy, 0, &action, None), Some(RuleEvent::Miss(expected)));
    }
    assert_eq!(explain_rule(&policy, 1, &action("{}"), None), None);
}

#[test]
fn says_what_a_condition_needs() {
    let cases = [
        ("{param_gt: {p: 1}}", r#""x""#, A_NUMBER, "a string"),
        ("{param_lte: {p: true}}", "[]", A_NUMBER, "a list"),
        ("{param_lt: {p: .nan}}", "{}", A_NUMBER, "a mapping"),
        ("{param_gte: {p: m}}", "1", A_STRING, "an integer"),
        ("{param_gte: {p: m}}", "1.5", A_STRING, "a float"),
        ("{param_contains: {p: m}}", "true", A_CONTAINER, "a boolean"),
        ("{param_contains: {p: ~}}", r#""x""#, A_LIST_OR_MAPPING, "a string"),
        ("{param_contains: {p: 1}}", "1", A_LIST_OR_MAPPING, "an integer"),
        ("{param_contains: {p: 2026-01-01}}", r#""x""#, A_LIST_OR_MAPPING, "a string"),
        ("{param_contains: {p: [1]}}", "{}", A_LIST, "a mapping"),
        ("{param_contains: {p: {1: 2}}}", r#""x""#, A_LIST, "a string"),
    ];
    for (conditions, value, expected, found) in cases {
        let policy = policy(conditions);
        let verdict = evaluate(&policy, &action(&format!(r#"{{"p": {value}}}"#)), None);
        let error = verdict.error.unwrap();
        assert_eq!((error.expected, error.found), (expected, found), "{conditions} on {value}");
        assert_eq!(error.param.as_deref(), Some("p"));
        assert_eq!(error.kind, ErrorKind::TypeError);
        assert_eq!((verdict.approval, verdict.risk_level), (Approval::Block, RiskLevel::Critical));
        assert_eq!(verdict.rule, Some(0));
    }
}

#[test]
fn without_a_time_fails_closed_where_it_is_reached() {
    let policy = policy("{param_eq: {a: 1}, time_after: '10:00'}");
    assert_eq!(evaluate(&policy, &action("{}"), None).error, None);
    let error = evaluate(&policy, &action(r#"{"a": 1}"#), None).error.unwrap();
    let expected = EvalError {
        kind: ErrorKind::NoTime,
        condition: "time_after".to_owned(),
        param: None,
        expected: A_TIME,
        found: NO_TIME,
    };
    assert_eq!(error, expected);
    let at_ten = Timestamp::from_unix(10 * 3600, 0);
    assert_eq!(evaluate(&policy, &action(r#"{"a": 1}"#), Some(at_ten)).rule, Some(0));
}

#[test]
fn semantic_is_judged_last_and_a_null_one_where_it_stands() {
    let erring = action(r#"{"n": "x"}"#);
    let last = policy("{semantic: nothing, param_gt: {n: 1}}");
    assert!(evaluate(&last, &erring, None).error.is_some());
    let empty = policy("{semantic: '', param_gt: {n: 1}}");
    assert!(evaluate(&empty, &erring, None).error.is_some());
    let null = policy("{semantic: ~, param_gt: {n: 1}}");
    assert_eq!(evaluate(&null, &erring, None).error, None);
}

#[test]
fn globs_are_python_s() {
    let cases: [(&str, &str, &str); 13] = [
        ("a*c", "ac abc a*c abcc", "a ab abcd"),
        ("?", "a é \u{1f600}", "ab"),
        ("[abc]", "a b c", "d ab"),
        ("[!a-c]", "d - !", "a b"),
        ("[]a]", "] a", "[]a]"),
        ("[!]a]", "b [", "] a"),
        ("[a-]", "a -", "b"),
        ("[z-a]", "", "z a - b"),
        ("[!z-a]", "z a -", "zz"),
        ("[a-c-e]", "b - e", "d"),
        ("[a", "[a", "a"),
        ("[^a]", "^ a", "b"),
        ("{a,b}", "{a,b}", "a b"),
    ];
    for (glob, hits, misses) in cases {
        for text in hits.split_whitespace() {
            assert!(glob::matches(glob, text), "`{glob}` on `{text}`");
        }
        for text in misses.split_whitespace() {
            assert!(!glob::matches(glob, text), "`{glob}` on `{text}`");
        }
    }
    assert!(glob::matches("*", "") && glob::matches("", "") && !glob::matches("", "a"));
    assert!(glob::matches("a*b", "a\nb"));
}
