//! Action lines as bytes: this project's reader beside `serde_json`, and what a policy decides about the
//! values that they hold.
//!
//! The two readers part where they must: an integer beyond 64 bits is exact here, a double beyond all is
//! infinity here and an error there, `-0` is an integer here, and the deepest nesting is one deeper here.

use super::agree::{Compared, Tally, entries, owned};
use super::{layers, options};
use aegis_vm::json::{self, Json};
use aegis_vm::{Action, ActionError, JsonAction, Policy, Request, Timestamp};
use aegisc::hir;
use aegisc::source::SourceMap;
use aegisc::{Compilation, Output, Verify, compile};
use serde_json::Value;
use std::fmt::Write;
use std::ops::ControlFlow;
use std::sync::OnceLock;

/// One condition a rule, each rule for a type of its own; all ask about `p`, and a few about `q`.
const CONDITIONS: [&str; 34] = [
    "param_eq: {p: 1}",
    "param_eq: {p: 0.5}",
    "param_eq: {p: 9007199254740993}",
    "param_eq: {p: 123456789012345678901234567890}",
    "param_eq: {p: .inf}",
    "param_eq: {p: 1.0e+40}",
    "param_eq: {p: true}",
    "param_eq: {p: null}",
    "param_eq: {p: a}",
    "param_eq: {p: é💳}",
    "param_eq: {p: [1, null, true, {a: 2.5}]}",
    "param_eq: {p: {b: [], a: {c: é}}}",
    "param_eq: {p: {}, q: []}",
    "param_gt: {p: 9007199254740993}",
    "param_gt: {p: 170141183460469231731687303715884105728}",
    "param_gte: {p: -170141183460469231731687303715884105729}",
    "param_gte: {p: 1.7014118346046923e+38}",
    "param_lt: {p: 1.0e+300}",
    "param_lt: {p: -0.5, q: 2}",
    "param_lte: {p: m}",
    "param_lte: {p: .inf}",
    "param_lte: {p: true}",
    "param_contains: {p: a}",
    "param_contains: {p: 1}",
    "param_contains: {p: 100000000000000000000}",
    "param_contains: {p: [1]}",
    "param_contains: {p: {a: null}}",
    "param_matches: {p: '^-?[0-9]+$'}",
    r"param_matches: {p: 'e\+|inf|nan'}",
    r"param_matches: {p: 'None|True|\\x|\\u'}",
    r#"param_matches: {p: '["'']: \[', q: ''}"#,
    r"param_matches: {p: '\w\s\w|[가-힣]'}",
    "semantic: delete the credit_card or kill",
    "param_matches: {p: '^(a|b)*c', q: '(?i)É'}",
];

/// Texts in one param, as many as make a scan.
const NEEDLES: [&str; 18] = [
    "a", "ab", "b", "é", "None", "True", "1", "10", "e+", "inf", "x", "\\\\", "{", "[", ", ", "가", "💳",
    "\\n",
];

/// Reads each line, and decides about what it holds.
pub fn action_json(data: &[u8]) {
    data.split(|&byte| byte == b'\n').take(8).for_each(line);
}

fn line(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        // A command refuses the line before it is read.
        assert!(serde_json::from_slice::<Value>(bytes).is_err());
        assert!(JsonAction::read(bytes).unwrap_err().to_string().starts_with("not UTF-8: "));
        return;
    };
    let (ours, theirs) = (json::parse(text), serde_json::from_str::<Value>(text));
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => same(ours, theirs, text),
        (Err(error), Ok(_)) => panic!("{error}, where another reader finds nothing wrong: {text:?}"),
        (Ok(_), Err(error)) => {
            let said = error.to_string();
            let parted = ["number out of range", "recursion limit exceeded"];
            assert!(parted.iter().any(|words| said.starts_with(words)), "{said}, but read: {text:?}");
        }
        (Err(error), Err(_)) => {
            assert!(text.is_char_boundary(error.offset()), "{error}: {text:?}");
            assert!(!error.message().is_empty());
        }
    }
    let action = Action::from_json(text);
    where_it_stands(text, &action);
    if let Ok(theirs) = &theirs {
        assert_eq!(action.is_ok(), is_action(theirs), "{action:?}: {text:?}");
    }
    assert!(ours.is_ok() || action.is_err(), "an action that is not JSON: {text:?}");
    let (action, now) = match (action, ours) {
        (Ok(action), Ok(Json::Object(object))) => {
            let now = object.get("now").and_then(Json::as_str);
            (action, now.and_then(|now| aegisc::time::parse_rfc3339(now).ok()))
        }
        (Err(error), Ok(value)) => {
            assert!(!error.to_string().is_empty());
            (Action::new("", "").param("p", value), None)
        }
        (_, Ok(value)) => panic!("an action that is no object: {value:?}"),
        (_, Err(_)) => return,
    };
    decide(&action, now);
}

/// Reads a line where it stands and as a tree, which must be the same; whether it is an action.
pub fn read_both_ways(line: &[u8]) -> bool {
    match str::from_utf8(line) {
        Ok(text) => {
            let tree = Action::from_json(text);
            where_it_stands(text, &tree);
            tree.is_ok()
        }
        Err(_) => {
            assert!(JsonAction::read(line).unwrap_err().to_string().starts_with("not UTF-8: "));
            false
        }
    }
}

/// The action that is read where it stands is the one that is read as a tree.
fn where_it_stands(text: &str, tree: &Result<Action, ActionError>) {
    let read = JsonAction::read(text.as_bytes());
    let (read, tree) = match (&read, tree) {
        (Ok(read), Ok(tree)) => (read, tree),
        (Err(read), Err(tree)) => return assert_eq!(read, tree, "{text:?}"),
        (read, tree) => panic!("{read:?} is not {tree:?}: {text:?}"),
    };
    let vm = &asked().vm;
    let (ours, theirs) = (Request::from(read), Request::from(tree));
    let fields = |request: Request<'_>| {
        [request.kind, request.target, request.agent_id, request.description].map(str::to_owned)
    };
    assert_eq!(fields(ours), fields(theirs), "{text:?}");
    // Each param by name first: what is made of one must not change another.
    let params = entries(tree);
    for (name, value) in &params {
        assert_eq!(ours.params.get(name).map(owned).as_ref(), Some(value), "{name:?} of {text:?}");
    }
    assert!(ours.params.get("no such param").is_none(), "{text:?}");
    assert_eq!(entries(ours), params, "{text:?}");
    assert_eq!(entries(&JsonAction::read(text.as_bytes()).unwrap()), params, "{text:?}");
    let object = match json::parse(text) {
        Ok(Json::Object(object)) => object,
        other => panic!("an action that is no object: {other:?}"),
    };
    match (object.get("now"), read.now()) {
        (None | Some(Json::Null), Ok(None)) => {}
        (Some(Json::Str(now)), Ok(Some(read))) => assert_eq!(now, read, "{text:?}"),
        (Some(now), Err(kind)) => assert_eq!(now.value().kind(), kind, "{text:?}"),
        (now, read) => panic!("{now:?} is not {read:?}: {text:?}"),
    }
    let said = |request: Request<'_>| format!("{:?}", vm.evaluate(request, Timestamp::from_unix(0, 0)));
    assert_eq!(said(ours), said(theirs), "{text:?}");
    // A few conditions for each line, others for others.
    let kinds = (0..CONDITIONS.len()).map(|at| format!("k{at}")).chain(["scan".to_owned()]);
    for kind in kinds.skip(text.len() % 7).step_by(7) {
        let [ours, theirs] = [ours, theirs].map(|request| said(Request { kind: &kind, ..request }));
        assert_eq!(ours, theirs, "{kind} of {text:?}");
    }
}

/// What makes an action of a JSON value.
fn is_action(value: &Value) -> bool {
    let text = |key: &str, needed: bool| match value.get(key) {
        Some(Value::String(_)) => true,
        None | Some(Value::Null) => !needed,
        Some(_) => false,
    };
    value.is_object()
        && text("type", true)
        && text("target", true)
        && text("agent_id", false)
        && text("description", false)
        && value.get("params").is_none_or(Value::is_object)
}

fn same(ours: &Json, theirs: &Value, text: &str) {
    let alike = match (ours, theirs) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(ours), Value::Bool(theirs)) => ours == theirs,
        (Json::Int(ours), Value::Number(theirs)) => {
            theirs.as_i64() == Some(*ours) || (*ours == 0 && theirs.as_f64() == Some(0.0))
        }
        (Json::BigInt(ours), Value::Number(theirs)) => {
            let digits = ours.as_str();
            let exact = theirs.as_u64().map(|theirs| theirs.to_string() == digits);
            let near = || close(digits.parse().unwrap(), theirs.as_f64().unwrap());
            text.contains(digits) && exact.unwrap_or_else(near)
        }
        (Json::Float(ours), Value::Number(theirs)) => close(*ours, theirs.as_f64().unwrap()),
        (Json::Str(ours), Value::String(theirs)) => ours == theirs,
        (Json::List(ours), Value::Array(theirs)) => {
            ours.iter().zip(theirs).for_each(|(ours, theirs)| same(ours, theirs, text));
            ours.len() == theirs.len()
        }
        (Json::Object(ours), Value::Object(theirs)) => {
            for (key, theirs) in theirs {
                let ours = ours.get(key).unwrap_or_else(|| panic!("{key:?} is lost: {text:?}"));
                same(ours, theirs, text);
            }
            ours.len() == theirs.len() && ours.iter().all(|(key, _)| theirs.contains_key(key))
        }
        _ => false,
    };
    assert!(alike, "{ours:?} is not {theirs:?}: {text:?}");
}

/// The other reader rounds more than once.
fn close(ours: f64, theirs: f64) -> bool {
    let (ours, theirs) = (ours.to_bits(), theirs.to_bits());
    ours.abs_diff(theirs) <= 4
}

struct Asked {
    meant: hir::Policy,
    sources: SourceMap,
    vm: Policy,
}

fn asked() -> &'static Asked {
    static ASKED: OnceLock<Asked> = OnceLock::new();
    ASKED.get_or_init(|| {
        let mut yaml = String::from("rules:\n");
        for (at, condition) in CONDITIONS.iter().enumerate() {
            writeln!(yaml, "- match: {{type: k{at}}}\n  conditions: {{{condition}}}").unwrap();
        }
        for needle in NEEDLES {
            writeln!(yaml, "- match: {{type: scan}}\n  conditions: {{param_contains: {{p: \"{needle}\"}}}}")
                .unwrap();
        }
        yaml.push_str("- match: {agent: 'bot*'}\n  conditions: {time_after: '09:00', weekdays: [1, 2]}\n");
        let Compilation { sources, diagnostics, output } =
            compile(layers([yaml]), &options(Verify::Off)).unwrap();
        let Output { policy, artifact, .. } = output.unwrap_or_else(|| panic!("refused: {diagnostics:?}"));
        Asked { meant: policy, sources, vm: Policy::from_bytes(artifact).unwrap() }
    })
}

/// The same with the params in an array, as far as there is one, and without params.
fn borrowed(vm: &Policy, request: Request<'_>) {
    let Request { kind, target, agent_id, description, params } = request;
    let same = Request::new(kind, target).agent(agent_id).description(description);
    let now = Timestamp::from_unix(0, 0);
    let said = |request: Request<'_>| format!("{:?}", vm.evaluate(request, now));
    let mut count = 0;
    params.visit(&mut |_, _| {
        count += 1;
        ControlFlow::Continue(())
    });
    match (count, params.get("p")) {
        (0, _) => assert_eq!(said(same), said(request), "{request:?}"),
        (1, Some(value)) => assert_eq!(said(same.params(&[("p", value)])), said(request), "{request:?}"),
        _ => {}
    }
}

/// Asks about an action, and about one of the same params of every type that a rule speaks of.
fn decide(action: &Action, now: Option<Timestamp>) {
    let Asked { meant, sources, vm } = asked();
    let compared = Compared { meant, sources, vm };
    let request = Request::from(action);
    borrowed(vm, request);
    let params: json::Object = entries(action).into_iter().collect();
    let types = (0..CONDITIONS.len()).map(|at| format!("k{at}")).chain(["scan".to_owned()]);
    let others = types.map(|kind| {
        Action::new(kind, request.target).description(request.description).params(params.clone())
    });
    for action in std::iter::once(action.clone()).chain(others) {
        compared.case(&action, now, &mut Tally::default()).unwrap_or_else(|why| panic!("{why}\n{action:?}"));
        let decision = vm.evaluate(&action, now.unwrap_or(Timestamp::from_unix(0, 0)));
        assert!(decision.error().is_none_or(|error| !error.to_string().is_empty()));
    }
}
