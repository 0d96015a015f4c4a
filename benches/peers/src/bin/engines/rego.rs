//! Regorus, in three forms.
//!
//! `regorus` and `regorus interpreted`: an `else` for each rule of the policy, in groups, which stops at the
//! first that holds; run as a program of its virtual machine, and by its interpreter.
//! `regorus data`: for workloads with a rule for each key, the rules as data and one rule that looks the
//! key up, written by hand for the workload. A program has at most 65,535 instructions, and a file by default
//! at most a mebibyte: with too many rules the first two say so.
//!
//! Timed: setting the input, which is a value that was made before, and running the entry point;
//! interpreted, `CompiledPolicy::eval_with_input`. Patterns are compiled once: the cache is larger than
//! their number.

use crate::keyed::{Keyed, Shape};
use crate::peer::{Entrant, OTHER_FORM, Peer, said, timed};
use crate::task::{Glob, Rule, Task, Test};
use aegis_benches::timing::{Contestant, contestant};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::program::Program;
use regorus::rvm::vm::RegoVM;
use regorus::{CompiledPolicy, Engine, Rc, Value};
use serde_json::json;
use std::cell::RefCell;
use std::fmt::Write;
use std::sync::Arc;

pub(crate) const REGO: Peer = Peer {
    name: "regorus",
    package: "regorus",
    form: "an else for each rule, in groups of 16, compiled for its VM; RegoVM::set_input and execute_entry_point_by_index",
    remote: false,
    enter,
};

pub(crate) const INTERPRETED: Peer = Peer {
    name: "regorus interpreted",
    package: "regorus",
    form: "the same text; CompiledPolicy::eval_with_input",
    remote: false,
    enter: enter_interpreted,
};

pub(crate) const DATA: Peer = Peer {
    name: "regorus data",
    package: "regorus",
    form: "rules as data, a lookup written by hand for the workload; the calls of regorus",
    remote: false,
    enter: enter_data,
};

const ENTRY: &str = "data.policy.decision";

fn enter(task: &Task) -> Result<Entrant<'_>, String> {
    let text = text(&task.rules);
    let (program, load) = timed(|| compiled(text, None).and_then(|policy| program(&policy)));
    Ok(Entrant { load, contestant: machine(REGO.name, program?, Value::new_object(), task) })
}

fn enter_interpreted(task: &Task) -> Result<Entrant<'_>, String> {
    let text = text(&task.rules);
    let (policy, load) = timed(|| compiled(text, None));
    let (policy, inputs) = (policy?, inputs(task));
    let contestant = contestant(INTERPRETED.name, move |case| {
        policy.eval_with_input(inputs[case].clone()).unwrap().as_u64().unwrap()
    });
    Ok(Entrant { load, contestant })
}

fn enter_data(task: &Task) -> Result<Entrant<'_>, String> {
    let keyed = Keyed::of(task).ok_or(OTHER_FORM)?;
    let (text, data) = (lookup(&keyed), json!({"rules": keyed.rows}).to_string());
    let (loaded, load) = timed(|| {
        let data = Value::from_json_str(&data).map_err(said)?;
        let program = compiled(text, Some(data.clone())).and_then(|policy| program(&policy))?;
        Ok::<_, String>((program, data))
    });
    let (program, data) = loaded?;
    Ok(Entrant { load, contestant: machine(DATA.name, program, data, task) })
}

fn compiled(text: String, data: Option<Value>) -> Result<CompiledPolicy, String> {
    let mut engine = Engine::new();
    engine.add_policy("policy.rego".to_owned(), text).map_err(said)?;
    if let Some(data) = data {
        engine.add_data(data).map_err(said)?;
    }
    let entry: Rc<str> = ENTRY.into();
    engine.compile_with_entrypoint(&entry).map_err(said)
}

fn program(policy: &CompiledPolicy) -> Result<Arc<Program>, String> {
    Compiler::compile_from_policy(policy, &[ENTRY]).map_err(said)
}

fn machine<'t>(name: &str, program: Arc<Program>, data: Value, task: &Task) -> Contestant<'t> {
    let mut machine = RegoVM::new();
    machine.load_program(program);
    machine.set_data(data).unwrap();
    let (machine, inputs) = (RefCell::new(machine), inputs(task));
    contestant(name, move |case| {
        let mut machine = machine.borrow_mut();
        machine.set_input(inputs[case].clone());
        machine.execute_entry_point_by_index(0).unwrap().as_u64().unwrap()
    })
}

/// The index of the first rule that holds, and one more.
///
/// A rule of Rego has so many registers that its `else`s are few: the rules go into groups, and the groups
/// into groups, each asked only if those before it said nothing.
fn text(rules: &[Rule]) -> String {
    let answer = |(i, rule): (usize, &Rule)| (body(rule), (i + 1).to_string());
    let mut text = String::from("package policy\n\n");
    let mut level: Vec<(String, String)> = rules.iter().enumerate().map(answer).collect();
    for depth in 0.. {
        let mut groups = Vec::new();
        for (at, group) in level.chunks(GROUP).enumerate() {
            let name = format!("group_{depth}_{at}");
            for (i, (body, value)) in group.iter().enumerate() {
                let head = if i == 0 { name.as_str() } else { "else" };
                writeln!(text, "{head} := {value} if {{ {body} }}").unwrap();
            }
            text.push('\n');
            groups.push((name.clone(), name));
        }
        level = groups;
        if let [(_, name)] = level.as_slice() {
            writeln!(text, "default decision := 0\n\ndecision := {name}").unwrap();
            break;
        }
    }
    text
}

/// How many rules are in a group.
const GROUP: usize = 16;

/// All that a rule asks for.
fn body(rule: &Rule) -> String {
    let globs = [glob("kind", &rule.kind), glob("target", &rule.target)];
    let tests: Vec<String> = globs.into_iter().flatten().chain(rule.tests.iter().map(test)).collect();
    if tests.is_empty() { "true".to_owned() } else { tests.join("; ") }
}

fn glob(field: &str, glob: &Glob) -> Option<String> {
    match glob {
        Glob::Any => None,
        Glob::Is(text) => Some(format!("input.{field} == \"{text}\"")),
        Glob::Starts(text) => Some(format!("startswith(input.{field}, \"{text}\")")),
        Glob::Ends(text) => Some(format!("endswith(input.{field}, \"{text}\")")),
    }
}

fn test(test: &Test) -> String {
    match test {
        Test::After(minute) => format!("input.minute >= {minute}"),
        Test::Before(minute) => format!("input.minute < {minute}"),
        Test::Weekdays(days) => format!("input.weekday in {days:?}"),
        Test::Equal(param, text) => format!("input.{param} == \"{text}\""),
        Test::Above(param, number) => format!("input.{param} > {number}"),
        Test::AtMost(param, number) => format!("input.{param} <= {number}"),
        Test::Matches(param, pattern) => format!("regex.match(`{pattern}`, input.{param})"),
    }
}

/// The rule that looks up.
fn lookup(keyed: &Keyed) -> String {
    let by_number =
        r#"parts := split(input.kind, "_"); parts[0] == "svc"; parts[2]; rule := data.rules[parts[1]]"#;
    let find = match keyed.shape {
        Shape::Pair => "rule := data.rules[input.kind]; rule.target == input.target".to_owned(),
        Shape::Threshold => format!("{by_number}; input.amount > rule.above"),
        Shape::Zone => format!("{by_number}; endswith(input.target, rule.end)"),
    };
    let rest = keyed.rest;
    format!("package policy\n\ndefault decision := {rest}\n\ndecision := rule.answer if {{ {find} }}\n")
}

fn inputs(task: &Task) -> Vec<Value> {
    task.cases().map(|case| Value::from(case.json())).collect()
}
