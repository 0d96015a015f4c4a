//! ZEN, in two forms.
//!
//! `zen`: a decision table with hit policy `first`, a row for each rule. A column of plain texts gets an
//! index, so the type and the target without wildcards are such columns. `zen data`: for workloads with a
//! rule for each key, an expression that looks the key up in the rules, which are part of the context;
//! written by hand for the workload. The engine walks over that data in a
//! decision, so that it is slower with more of it. Patterns are those of its own `matches`, which compiles
//! them at every call.
//!
//! Timed: `Decision::evaluate` of a compiled decision with a context that was made before, and reading the
//! answer out of the result. Its futures never wait here.

use crate::keyed::{Keyed, Shape};
use crate::peer::{Entrant, OTHER_FORM, Peer, said, timed};
use crate::task::{Case, Glob, Rule, Task, Test};
use aegis_benches::timing::{Contestant, contestant};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use zen_engine::model::GraphContent;
use zen_engine::{Decision, Variable};

pub(crate) const ZEN: Peer = Peer {
    name: "zen",
    package: "zen-engine",
    form: "a decision table, first hit, compiled; Decision::evaluate and its result; matches compiles at every call",
    remote: false,
    enter,
};

pub(crate) const DATA: Peer = Peer {
    name: "zen data",
    package: "zen-engine",
    form: "rules as data in the context, a lookup written by hand for the workload; the call of zen",
    remote: false,
    enter: enter_data,
};

fn enter(task: &Task) -> Result<Entrant<'_>, String> {
    let text = graph(&json!({
        "id": "rules", "name": "rules", "type": "decisionTableNode", "content": table(&task.rules),
    }));
    let (decision, load) = timed(|| compiled(&text));
    let contexts = task.cases().map(|case| Variable::from(case.json())).collect();
    Ok(Entrant { load, contestant: evaluator(ZEN.name, decision?, contexts) })
}

fn enter_data(task: &Task) -> Result<Entrant<'_>, String> {
    let keyed = Keyed::of(task).ok_or(OTHER_FORM)?;
    let (expression, data) = (lookup(&keyed), Value::Object(keyed.rows).to_string());
    let text = graph(&json!({
        "id": "rules", "name": "rules", "type": "expressionNode",
        "content": {"expressions": [{"id": "answer", "key": "answer", "value": expression}]},
    }));
    let (loaded, load) = timed(|| {
        let data: Value = serde_json::from_str(&data).map_err(said)?;
        Ok::<_, String>((compiled(&text)?, Variable::from(data)))
    });
    let (decision, data) = loaded?;
    let with_data = |case: Case<'_>| {
        let context = Variable::from(case.json());
        context.dot_insert("rules", data.clone());
        context
    };
    let contexts = task.cases().map(with_data).collect();
    Ok(Entrant { load, contestant: evaluator(DATA.name, decision, contexts) })
}

fn compiled(text: &str) -> Result<Decision, String> {
    let content: GraphContent = serde_json::from_str(text).map_err(said)?;
    let mut decision = Decision::from(content);
    decision.compile();
    Ok(decision)
}

fn evaluator<'t>(name: &str, decision: Decision, contexts: Vec<Variable>) -> Contestant<'t> {
    contestant(name, move |case| {
        let response = pollster::block_on(decision.evaluate(contexts[case].clone())).unwrap();
        let answer = response.result.dot("answer").and_then(|answer| answer.as_number());
        answer.map_or(0, |answer| answer.try_into().unwrap())
    })
}

/// A decision of one node between the input and the output.
fn graph(node: &Value) -> String {
    let end = |kind: &str| json!({"id": kind, "name": kind, "type": kind, "content": {}});
    let edge = |from: &str, to: &str| json!({"id": from, "sourceId": from, "targetId": to});
    json!({
        "nodes": [end("inputNode"), node, end("outputNode")],
        "edges": [edge("inputNode", "rules"), edge("rules", "outputNode")],
    })
    .to_string()
}

fn table(rules: &[Rule]) -> Value {
    let rows: Vec<Map<String, Value>> = rules.iter().enumerate().map(row).collect();
    let columns: BTreeSet<&String> = rows.iter().flat_map(Map::keys).filter(|id| *id != "answer").collect();
    let inputs: Vec<Value> =
        columns.into_iter().map(|id| json!({"id": id, "name": id, "field": id})).collect();
    json!({
        "hitPolicy": "first",
        "inputs": inputs,
        "outputs": [{"id": "answer", "name": "answer", "field": "answer"}],
        "rules": rows,
    })
}

/// The cells of a rule by the field that each asks about, and what it answers.
fn row((i, rule): (usize, &Rule)) -> Map<String, Value> {
    let mut cells: Vec<(&str, String)> = Vec::new();
    let globs = [("kind", &rule.kind), ("target", &rule.target)];
    cells.extend(globs.into_iter().filter_map(|(field, glob)| Some((field, cell(glob)?))));
    cells.extend(rule.tests.iter().map(test));
    let mut row = Map::new();
    for (field, cell) in cells {
        let before = row.get(field).and_then(Value::as_str).map(|before| format!("{before} and {cell}"));
        row.insert(field.to_owned(), before.unwrap_or(cell).into());
    }
    row.insert("answer".to_owned(), (i + 1).to_string().into());
    row
}

fn cell(glob: &Glob) -> Option<String> {
    match glob {
        Glob::Any => None,
        Glob::Is(text) => Some(format!("\"{text}\"")),
        Glob::Starts(text) => Some(format!("startsWith($, \"{text}\")")),
        Glob::Ends(text) => Some(format!("endsWith($, \"{text}\")")),
    }
}

/// The field that a test asks about, and the cell.
fn test(test: &Test) -> (&str, String) {
    match test {
        Test::After(minute) => ("minute", format!("$ >= {minute}")),
        Test::Before(minute) => ("minute", format!("$ < {minute}")),
        Test::Weekdays(days) => ("weekday", format!("$ in {days:?}")),
        Test::Equal(param, text) => (param, format!("\"{text}\"")),
        Test::Above(param, number) => (param, format!("> {number}")),
        Test::AtMost(param, number) => (param, format!("<= {number}")),
        Test::Matches(param, pattern) => (param, format!("matches($, '{pattern}')")),
    }
}

/// The expression that looks up.
fn lookup(keyed: &Keyed) -> String {
    let by_number = r#"split(kind, "_")[0] == "svc" and len(split(kind, "_")) > 2 and "#;
    let (guard, row, test) = match keyed.shape {
        Shape::Pair => ("", "rules[kind]", "ROW.target == target"),
        Shape::Threshold => (by_number, r#"rules[split(kind, "_")[1]]"#, "amount > ROW.above"),
        Shape::Zone => (by_number, r#"rules[split(kind, "_")[1]]"#, "endsWith(target, ROW.end)"),
    };
    let rest = keyed.rest;
    format!("{guard}ROW != null and {test} ? ROW.answer : {rest}").replace("ROW", row)
}
