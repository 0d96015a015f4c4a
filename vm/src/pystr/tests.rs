//! Values against what CPython 3.11 printed for them; `pystr.jsonl` has one `[json, str]` a line.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;
use crate::json::{self, Json};

fn python_str(value: Value<'_>) -> Result<String, TooDeep> {
    let mut text = String::new();
    write_str(value, &mut |piece| {
        text.push_str(piece);
        ControlFlow::Continue(())
    })?;
    Ok(text)
}

#[test]
fn prints_what_python_prints() {
    let mut cases = 0;
    for line in include_str!("pystr.jsonl").lines() {
        let case = json::parse(line).unwrap();
        let Json::List(case) = case else { panic!("not a list: {line}") };
        let [value, expected] = case.as_slice() else { panic!("not a pair: {line}") };
        assert_eq!(python_str(value.value()).as_deref(), Ok(expected.as_str().unwrap()), "{line}");
        cases += 1;
    }
    assert!(cases > 400, "only {cases} cases");
}

#[test]
fn prints_what_json_cannot_hold() {
    assert_eq!(python_str(Value::Float(f64::NAN)).unwrap(), "nan");
    assert_eq!(python_str(Value::Float(f64::NEG_INFINITY)).unwrap(), "-inf");
    assert_eq!(python_str(Value::Uint(u64::MAX)).unwrap(), "18446744073709551615");
}

fn nested(depth: usize) -> Json {
    (0..depth).fold(Json::from("a"), |inner, _| Json::List(vec![inner]))
}

#[test]
fn refuses_what_is_too_deep() {
    let deepest = nested(MAX_DEPTH);
    assert_eq!(python_str(deepest.value()).unwrap().len(), 2 * MAX_DEPTH + 3);
    assert_eq!(python_str(nested(MAX_DEPTH + 1).value()), Err(TooDeep));
}

#[test]
fn stops_when_the_sink_has_enough() {
    let value = Json::from(vec!["a", "b", "c"]);
    let mut text = String::new();
    let result = write_str(value.value(), &mut |piece| {
        text.push_str(piece);
        if piece == "b" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((result, text.as_str()), (Ok(()), "['a', 'b"));
}
