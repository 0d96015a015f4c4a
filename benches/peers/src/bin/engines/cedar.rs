//! Cedar: a `permit` for each rule.
//!
//! The type is the action, the target the resource, the rest the context; a type or target without
//! wildcards is asked for in the scope, all else in a `when`. Cedar has no order: every policy is asked, and
//! the answer is the smallest index among the policies that determined the decision. It has no regular
//! expressions: what the patterns of W5 ask for is written with `like`.
//!
//! Timed: `Authorizer::is_authorized` with a request that was made before, and the smallest index.

use crate::peer::{Entrant, Peer, said, timed};
use crate::task::{Case, Given, Glob, Rule, Task, Test};
use aegis_benches::timing::contestant;
use cedar_policy::{
    Authorizer, Context, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression,
};
use std::fmt::Write;

pub(crate) const CEDAR: Peer = Peer {
    name: "cedar",
    package: "cedar-policy",
    form: "a permit for each rule; Authorizer::is_authorized, the smallest index of its reasons; like for patterns",
    remote: false,
    enter,
};

fn enter(task: &Task) -> Result<Entrant<'_>, String> {
    let text = text(&task.rules);
    let (policies, load) = timed(|| text.parse::<PolicySet>().map_err(said));
    let policies = policies?;
    let requests: Vec<Request> = task.cases().map(|case| request(&case)).collect();
    let (authorizer, entities) = (Authorizer::new(), Entities::empty());
    let contestant = contestant(CEDAR.name, move |case| {
        let response = authorizer.is_authorized(&requests[case], &policies, &entities);
        // A set that was read from one text has policy0, policy1 and so on.
        let index = |id: &cedar_policy::PolicyId| {
            AsRef::<str>::as_ref(id).trim_start_matches("policy").parse::<u64>().unwrap()
        };
        response.diagnostics().reason().map(index).min().map_or(0, |rule| rule + 1)
    });
    Ok(Entrant { load, contestant })
}

fn text(rules: &[Rule]) -> String {
    let mut text = String::new();
    for rule in rules {
        let (action, kind) = scope("action", "Action", "kind", &rule.kind);
        let (resource, target) = scope("resource", "Target", "target", &rule.target);
        let tests: Vec<String> = kind.into_iter().chain(target).chain(rule.tests.iter().map(test)).collect();
        write!(text, "permit(principal, {action}, {resource})").unwrap();
        if !tests.is_empty() {
            write!(text, " when {{ {} }}", tests.join(" && ")).unwrap();
        }
        text.push_str(";\n");
    }
    text
}

/// What a glob is in the scope and, if it has a wildcard, in a `when`.
fn scope(variable: &str, kind: &str, attribute: &str, glob: &Glob) -> (String, Option<String>) {
    let like =
        |pattern: String| (variable.to_owned(), Some(format!("context.{attribute} like \"{pattern}\"")));
    match glob {
        Glob::Any => (variable.to_owned(), None),
        Glob::Is(text) => (format!("{variable} == {kind}::\"{text}\""), None),
        Glob::Starts(text) => like(format!("{text}*")),
        Glob::Ends(text) => like(format!("*{text}")),
    }
}

fn test(test: &Test) -> String {
    let present = |param: &str, test: String| format!("context has {param} && context.{param} {test}");
    match test {
        Test::After(minute) => format!("context.minute >= {minute}"),
        Test::Before(minute) => format!("context.minute < {minute}"),
        Test::Weekdays(days) => format!("{days:?}.contains(context.weekday)"),
        Test::Equal(param, text) => present(param, format!("== \"{text}\"")),
        Test::Above(param, number) => present(param, format!("> {number}")),
        Test::AtMost(param, number) => present(param, format!("<= {number}")),
        Test::Matches(param, pattern) => {
            let end = pattern.strip_suffix('$').unwrap().replace("\\.", ".");
            assert!(
                !end.contains(['\\', '(', '[', '*', '+', '?', '|', '^']),
                "{pattern} is more than an end"
            );
            present(param, format!("like \"*{end}\""))
        }
    }
}

fn request(case: &Case<'_>) -> Request {
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let mut pairs = vec![("kind".to_owned(), text(case.kind)), ("target".to_owned(), text(case.target))];
    for &(name, value) in &case.values {
        let value = match value {
            Given::Absent => continue,
            Given::Number(number) => RestrictedExpression::new_long(number),
            Given::Text(value) => text(value),
        };
        pairs.push((name.to_owned(), value));
    }
    let context = Context::from_pairs(pairs).unwrap();
    let entity = |kind: &str, id: &str| {
        let kind: EntityTypeName = kind.parse().unwrap();
        EntityUid::from_type_name_and_id(kind, EntityId::new(id))
    };
    let [agent, action, target] = [("Agent", "agent"), ("Action", case.kind), ("Target", case.target)]
        .map(|(kind, id)| entity(kind, id));
    Request::new(agent, action, target, context, None).unwrap()
}
