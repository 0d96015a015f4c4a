//! CEL, in two forms.
//!
//! `cel`: a program for each rule, run in order until one is true. `cel data`: for workloads with a rule
//! for each key, one program that looks the key up in a map of the rules, which the contexts share; written
//! by hand for the workload. Functions of ours, which hosts may add: `found`, because `matches` of the
//! crate compiles its pattern at every call, and `part`, because CEL by itself cannot split a text.
//!
//! Timed: `Program::execute` with a context that was made before, for each rule until the first that holds.

use crate::keyed::{Keyed, Shape};
use crate::peer::{Entrant, OTHER_FORM, Peer, said, timed};
use crate::task::{Case, Given, Glob, Rule, Task, Test};
use aegis_benches::timing::contestant;
use cel::objects::Key;
use cel::{Context, Program, Value};
use regex::Regex;
use std::collections::HashMap;
use std::sync::Arc;

pub(crate) const CEL: Peer = Peer {
    name: "cel",
    package: "cel",
    form: "a program for each rule, in order; Program::execute; patterns by a function that holds them compiled",
    remote: false,
    enter,
};

pub(crate) const DATA: Peer = Peer {
    name: "cel data",
    package: "cel",
    form: "rules as data in the context, a lookup written by hand for the workload; Program::execute",
    remote: false,
    enter: enter_data,
};

fn enter(task: &Task) -> Result<Entrant<'_>, String> {
    let texts: Vec<String> = task.rules.iter().map(text).collect();
    let compile = || texts.iter().map(|text| Program::compile(text)).collect::<Result<Vec<_>, _>>();
    let (programs, load) = timed(compile);
    let programs = programs.map_err(said)?;
    let shared = shared(|context| context.add_function("found", found(&task.rules)).unwrap());
    let contexts: Vec<_> = task.cases().map(|case| context(shared, &case)).collect();
    let contestant = contestant(CEL.name, move |case| {
        let holds = |program: &Program| matches!(program.execute(&contexts[case]), Ok(Value::Bool(true)));
        programs.iter().position(holds).map_or(0, |rule| u64::try_from(rule).unwrap() + 1)
    });
    Ok(Entrant { load, contestant })
}

fn enter_data(task: &Task) -> Result<Entrant<'_>, String> {
    let keyed = Keyed::of(task).ok_or(OTHER_FORM)?;
    let text = lookup(&keyed);
    let ((program, rows), load) = timed(|| (Program::compile(&text), rows(&keyed)));
    let program = program.map_err(said)?;
    let shared = shared(|context| {
        context.add_variable_from_value("rules", rows);
        context.add_function("part", part).unwrap();
    });
    let contexts: Vec<_> = task.cases().map(|case| context(shared, &case)).collect();
    let contestant = contestant(DATA.name, move |case| match program.execute(&contexts[case]) {
        Ok(Value::Int(answer)) => answer.try_into().unwrap(),
        other => panic!("{other:?}"),
    });
    Ok(Entrant { load, contestant })
}

/// What all contexts of a task begin with. It lives as long as the program: contexts borrow from it.
fn shared(fill: impl FnOnce(&mut Context<'static, 'static>)) -> &'static Context<'static, 'static> {
    let mut context = Context::default();
    fill(&mut context);
    Box::leak(Box::new(context))
}

fn context(shared: &'static Context<'static, 'static>, case: &Case<'_>) -> Context<'static, 'static> {
    let mut context = shared.new_inner_scope();
    let text = |text: &str| Value::String(Arc::new(text.to_owned()));
    context.add_variable_from_value("kind", text(case.kind));
    context.add_variable_from_value("target", text(case.target));
    for &(name, value) in &case.values {
        let value = match value {
            Given::Absent => Value::Null,
            Given::Number(number) => Value::Int(number),
            Given::Text(value) => text(value),
        };
        context.add_variable_from_value(name, value);
    }
    context
}

fn text(rule: &Rule) -> String {
    let globs = [glob("kind", &rule.kind), glob("target", &rule.target)];
    let tests: Vec<String> = globs.into_iter().flatten().chain(rule.tests.iter().map(test)).collect();
    if tests.is_empty() { "true".to_owned() } else { tests.join(" && ") }
}

fn glob(field: &str, glob: &Glob) -> Option<String> {
    match glob {
        Glob::Any => None,
        Glob::Is(text) => Some(format!("{field} == \"{text}\"")),
        Glob::Starts(text) => Some(format!("{field}.startsWith(\"{text}\")")),
        Glob::Ends(text) => Some(format!("{field}.endsWith(\"{text}\")")),
    }
}

fn test(test: &Test) -> String {
    match test {
        Test::After(minute) => format!("minute >= {minute}"),
        Test::Before(minute) => format!("minute < {minute}"),
        Test::Weekdays(days) => format!("weekday in {days:?}"),
        Test::Equal(param, text) => format!("{param} == \"{text}\""),
        Test::Above(param, number) => format!("{param} > {number}"),
        Test::AtMost(param, number) => format!("{param} <= {number}"),
        Test::Matches(param, pattern) => format!("found({param}, r\"{pattern}\")"),
    }
}

/// A function that finds one of the patterns of the rules in a text.
fn found(rules: &[Rule]) -> impl Fn(Arc<String>, Arc<String>) -> bool + Send + Sync + 'static {
    let pattern = |test: &Test| match test {
        Test::Matches(_, pattern) => Some((pattern.clone(), Regex::new(pattern).unwrap())),
        _ => None,
    };
    let patterns: HashMap<String, Regex> =
        rules.iter().flat_map(|rule| &rule.tests).filter_map(pattern).collect();
    move |text, pattern| patterns[pattern.as_str()].is_match(&text)
}

/// A part of a text between `_`; empty if there is none.
fn part(text: Arc<String>, at: i64) -> String {
    text.split('_').nth(at.try_into().unwrap()).unwrap_or_default().to_owned()
}

fn lookup(keyed: &Keyed) -> String {
    let by_number = r#"part(kind, 0) == "svc" && part(kind, 2) != "" && "#;
    let (guard, key, test) = match keyed.shape {
        Shape::Pair => ("", "kind", "rules[KEY].target == target"),
        Shape::Threshold => (by_number, "part(kind, 1)", "amount > rules[KEY].above"),
        Shape::Zone => (by_number, "part(kind, 1)", "target.endsWith(rules[KEY].end)"),
    };
    let rest = keyed.rest;
    format!("{guard}KEY in rules && {test} ? rules[KEY].answer : {rest}").replace("KEY", key)
}

fn rows(keyed: &Keyed) -> Value {
    let key = |text: &str| Key::String(Arc::new(text.to_owned()));
    let value = |value: &serde_json::Value| match value.as_i64() {
        Some(number) => Value::Int(number),
        None => Value::String(Arc::new(value.as_str().unwrap().to_owned())),
    };
    let row = |row: &serde_json::Value| -> HashMap<Key, Value> {
        row.as_object().unwrap().iter().map(|(name, of)| (key(name), value(of))).collect()
    };
    let rows = keyed.rows.iter().map(|(name, of)| (key(name), Value::Map(row(of).into())));
    Value::Map(rows.collect::<HashMap<Key, Value>>().into())
}
