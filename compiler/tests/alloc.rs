//! A decision allocates nothing: over a policy with every kind of test, for every kind of param, in
//! every way to give params, errors included.
//!
//! The counter replaces this test's allocator; it counts the calling thread's allocations alone.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use aegis_vm::json::{self, Json, Object};
use aegis_vm::{Action, NoClock, Policy, Request, Timestamp, Value};
use std::hint::black_box;
use support::crafted::{ALL, every_kind};
use support::patterns::Searches;

/// The allocations of a run, after one run that may set up what is kept.
fn allocations(mut run: impl FnMut()) -> u64 {
    run();
    allocation_counter::measure(run).count_total
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(black_box(vec![1_u8]))), 1);
    assert_eq!(allocations(|| ()), 0);
}

#[test]
fn a_decision_allocates_nothing() {
    let policy = Policy::from_bytes(support::damage::artifact(support::damage::EVERY)).unwrap();
    let now = Timestamp::from_unix(1_773_844_200, 0);
    let (mut decisions, mut errors) = (0_u32, 0_u32);
    for action in actions() {
        let request = Request::from(&action);
        let mut both = || {
            let timeless = policy.evaluate(request, NoClock);
            let decision = policy.evaluate(request, black_box(|| now));
            let _ = black_box((decision.rule_name(), decision.origin(), decision.error(), timeless.error()));
            decisions += 1;
            errors += u32::from(decision.error().is_some());
        };
        assert_eq!(allocations(&mut both), 0, "{action:?}");
    }
    assert!(errors > 20 && decisions > errors, "{errors} of {decisions} decisions are errors");
}

#[test]
fn other_ways_to_give_params_allocate_nothing() {
    let policy = Policy::from_bytes(support::damage::artifact(support::damage::EVERY)).unwrap();
    let slots = policy.bind(["amount", "env", "tags", "email"]);
    let tags = vec![Json::from("urgent"), Json::Int(1)];
    let nested = Object::new();
    for kind in ["write", "send", "read_file", "delete", "alpha"] {
        let pairs = [("amount", Value::from(7)), ("env", Value::from("é")), ("nested", Value::Map(&nested))];
        let pairs = pairs.as_slice();
        let bound =
            slots.with([Value::from(1.5), Value::Null, Value::List(&tags), Value::from("a@corp.com")]);
        let ask = || {
            let request = Request::new(kind, "prod_db").agent("admin").description("DELETE it");
            let by_name = policy.evaluate(request.params(&pairs), NoClock);
            let by_slot = policy.evaluate(request.params(&bound), NoClock);
            let _ = black_box((by_name.rule_index(), by_slot.rule_index()));
        };
        assert_eq!(allocations(ask), 0, "{kind}");
    }
}

/// Many texts in more params than a decision keeps scans for, and many words; in texts, lists and
/// mappings, short and long.
#[test]
fn scans_allocate_nothing() {
    let mut yaml = String::from("rules:\n");
    for at in 0..240 {
        let (param, text) = (at % 6, format!("t{}", at / 6));
        yaml.push_str(&format!(
            "- {{conditions: {{param_contains: {{p{param}: {text}}}, weekdays: [7]}}}}\n"
        ));
        if at % 8 == 0 {
            yaml.push_str(&format!("- {{conditions: {{semantic: 'w{at} x{at}_y k{at}', weekdays: [7]}}}}\n"));
        }
    }
    let many: Vec<String> = (0..2_100).map(|at| format!("m{at}")).collect();
    yaml.push_str(&format!("- {{conditions: {{semantic: '{}', weekdays: [7]}}}}\n", many.join(" ")));
    let policy = Policy::from_bytes(support::damage::artifact(&yaml)).unwrap();
    let wednesday = Timestamp::from_unix(1_773_844_200, 0);
    let long = "t1 w8, x16_y İ \u{212a}8 m2000 t39 ".repeat(60);
    let list = Json::List(vec![Json::from("t3")]);
    let mut map = Object::new();
    map.insert("t5", 1);
    for value in [Json::from("t17t2"), Json::from(long.as_str()), Json::from(""), list, Json::Object(map)] {
        let action = (0..6)
            .fold(Action::new("\u{212a}0", "w0"), |action, at| action.param(format!("p{at}"), value.clone()));
        let request = Request::from(&action).description(&long);
        let ask = || {
            let decision = policy.evaluate(request, black_box(wednesday));
            assert_eq!(black_box(decision.error()), None);
        };
        assert_eq!(allocations(ask), 0, "{action:?}");
    }
}

/// Patterns of every kind, alone and in groups, in texts of every kind and in Python's `str` of every kind of
/// value, which comes in pieces.
#[test]
fn patterns_allocate_nothing() {
    let wide: String = ('\u{4e00}'..).step_by(2).take(300).map(|c| format!("{c}|")).collect();
    let alone = [
        r"x$|y\Z|12+|[ée]+",
        r"\w+\.com$",
        "[0-9é]+$|z$",
        "12",
        "1.{1,99}b",
        "a+corp",
        "(a|b)*a(a|b){20}",
        r"\b(a|b)*a(a|b){20}\b$",
        &"(?:WIDE)+2|q".replace("WIDE", wide.trim_end_matches('|')),
    ];
    let mut policies: Vec<(Vec<&str>, Policy)> = Vec::new();
    for pattern in alone {
        policies.push((vec![pattern], Searches::new(&[pattern]).into_policy()));
    }
    policies.push((ALL.to_vec(), every_kind().accepted()));
    for (patterns, policy) in policies {
        let (mut found, mut not) = (vec![0; patterns.len()], vec![0; patterns.len()]);
        for value in searched() {
            let action = Action::new("t", "").param("p", value.clone());
            let request = Request::from(&action);
            let mut search = || {
                let mut searches = policy.searches(value.value());
                for at in 0..patterns.len() {
                    let is_found = searches(at).unwrap();
                    *(if is_found { &mut found[at] } else { &mut not[at] }) += 1;
                    assert_eq!(policy.search(at, value.value()), Some(is_found));
                }
                let decision = policy.evaluate(request, NoClock);
                assert_eq!(black_box(decision.error()), None);
            };
            assert_eq!(allocations(&mut search), 0, "{patterns:?} in {value:?}");
        }
        let both = found.iter().zip(&not).all(|(&found, &not)| found > 0 && not > 0);
        assert!(both, "{patterns:?}: found {found:?}, not found {not:?}");
    }
}

/// Short and long texts of one to four bytes a character, with and without a final newline, numbers, lists
/// and mappings.
fn searched() -> Vec<Json> {
    let long = format!("ab axb é {}{}", "ba".repeat(60), " 12 x q.c日本r".repeat(20));
    let texts = [
        "",
        "\n",
        "ab",
        "abz\n",
        "bxxz q",
        "acc d",
        "x.com",
        "y.org",
        "é.com\n",
        "💳 12\n",
        "aéb céd eéf\n",
        "дaaaacorp",
        "\u{4e00}\u{4e04}2",
        &("ab".repeat(30) + "a"),
        &long,
        &format!("💳{long}\n"),
    ];
    let mut values: Vec<Json> = texts.into_iter().map(Json::from).collect();
    let mut map = Object::new();
    map.insert("é'x", Json::List(vec![Json::from("q日r.com"), Json::Int(12), Json::Null, Json::from(1e-7)]));
    let nested = Json::List(vec![Json::Object(map.clone()), Json::from(long.as_str()), Json::Bool(true)]);
    values.extend([Json::Int(-120), support::integer("123456789012345678901"), Json::from(0.5), Json::Null]);
    values.extend([Json::Object(map), nested, Json::List(Vec::new())]);
    values
}

/// More groups of globs, over each field, than a decision keeps the answers of; texts short, long, and none.
#[test]
fn groups_of_globs_allocate_nothing() {
    let mut yaml = String::from("rules:\n");
    for at in 0..240 {
        let field = ["type", "target", "agent"][at % 3];
        let (a, b) = (char::from(b'a' + u8::try_from(at % 26).unwrap()), at / 26);
        yaml.push_str(&format!(
            "- {{match: {{{field}: '*{a}*{b}*[é-ü]?*'}}, conditions: {{weekdays: [7]}}}}\n"
        ));
    }
    let policy = Policy::from_bytes(support::damage::artifact(&yaml)).unwrap();
    let mut ir = String::new();
    policy.write_ir(&mut ir).unwrap();
    assert!(ir.lines().filter(|line| line.contains(": globs through ")).count() > 16, "{ir}");
    let wednesday = Timestamp::from_unix(1_773_844_200, 0);
    let long = "a1éz b2üü💳\n".repeat(200);
    for text in ["", "a0é!", "*", "q9\u{10ffff}", &long] {
        let action = Action::new(text, "d3éé").agent(text);
        let request = Request::from(&action);
        let ask = || {
            let decision = policy.evaluate(request, black_box(wednesday));
            assert_eq!(black_box(decision.rule_index()), None);
        };
        assert_eq!(allocations(ask), 0, "{text}");
    }
}

/// For each rule's fields, each param as every kind of value.
fn actions() -> Vec<Action> {
    let fields = [
        ("alpha", "x mid y", "bot_1"),
        ("write", "prod_db", ""),
        ("write", "s", "é"),
        ("send", "to", "a"),
        ("read_file", "", ""),
        ("delete", "crm", "admin"),
        ("DELETE", "sb", "💳"),
        ("scan", "x", ""),
        ("scan", "a dwe", "x"),
    ];
    let params = ["amount", "big", "rate", "env", "nested", "tags", "day", "email"];
    let values = [
        "null",
        "true",
        "100",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "0.5",
        "1e400",
        "1e-7",
        r#""staging""#,
        r#""a@corp.com\n""#,
        r#""it's \"é\" 💳 \u0000""#,
        r#"["urgent", 1, [2.5, {"a": null}]]"#,
        r#"{"a": [1, null, true, {"b": 2.5}], "연락처": "é"}"#,
        "[]",
        "{}",
    ];
    let mut actions = Vec::new();
    for (kind, target, agent) in fields {
        for odd in params {
            for value in values {
                let mut action = Action::new(kind, target).agent(agent).description("kill the ssn, İ");
                for param in params {
                    let value = if param == odd { value } else { usual(param) };
                    action = action.param(param, json::parse(value).unwrap());
                }
                actions.push(action);
            }
        }
    }
    actions
}

/// The value with which a param's conditions hold, so that the conditions behind them are reached.
fn usual(param: &str) -> &'static str {
    match param {
        "amount" => "101",
        "big" => "5",
        "rate" => "0.75",
        "env" => r#""staging""#,
        "nested" => r#"{"연락처": "é", "a": [1.0, null, 1, {"b": 2.5}]}"#,
        "tags" => r#"["a", "URGENT", "urgent"]"#,
        "day" => "[2026]",
        _ => r#""x@corp.com""#,
    }
}
