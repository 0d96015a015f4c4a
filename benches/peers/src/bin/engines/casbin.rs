//! Casbin: a line of policy for each rule, one matcher for all.
//!
//! The request definition has the type, the target and what else the workload's rules look at; the policy
//! definition has a column for each kind of glob or test in the workload, `*` where a rule does not ask. The
//! matcher tests the columns in turn. Numbers are texts of one length, because the crate's policies have
//! texts alone. Patterns are found by a function of ours that keeps them compiled: the crate's own compiles
//! its pattern at every call. The effect is ours as well: it stops at the first line that matches and says
//! which it was.
//!
//! Timed: `Enforcer::enforce` with arguments that were made before, and the index of the line.

use crate::peer::{Entrant, Peer, said, timed};
use crate::task::{Case, Given, Glob, Rule, Task, Test};
use aegis_benches::timing::contestant;
use casbin::function_map::{OperatorFunction, dynamic_to_str};
use casbin::rhai::{Dynamic, ImmutableString};
use casbin::{CoreApi, DefaultModel, EffectKind, Effector, EffectorStream, Enforcer, StringAdapter};
use regex::Regex;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) const CASBIN: Peer = Peer {
    name: "casbin",
    package: "casbin",
    form: "a line for each rule, an effect that stops at the first; Enforcer::enforce; patterns as in cel",
    remote: false,
    enter,
};

fn enter(task: &Task) -> Result<Entrant<'_>, String> {
    let asked: Vec<BTreeMap<Column, String>> = task.rules.iter().map(columns).collect();
    let mut used: Vec<&Column> = asked.iter().flat_map(BTreeMap::keys).collect();
    used.sort();
    used.dedup();
    let names: Vec<&str> =
        task.cases().next().map(|case| case.values.iter().map(|value| value.0).collect()).unwrap_or_default();
    let model = model(&used, &names);
    let lines: Vec<String> = asked.iter().map(|row| line(row, &used)).collect();
    let text = lines.join("\n");
    let answer = Arc::new(AtomicU64::new(0));
    let effect = FirstMatch(Arc::clone(&answer));
    let (enforcer, load) = timed(|| pollster::block_on(enforcer(&model, text, effect)));
    let enforcer = enforcer.map_err(said)?;
    let requests: Vec<Vec<ImmutableString>> = task.cases().map(|case| request(&case)).collect();
    let contestant = contestant(CASBIN.name, move |case| {
        enforcer.enforce(requests[case].clone()).unwrap();
        answer.load(Ordering::Relaxed)
    });
    Ok(Entrant { load, contestant })
}

async fn enforcer(model: &str, text: String, effect: FirstMatch) -> casbin::Result<Enforcer> {
    let model = DefaultModel::from_str(model).await?;
    let mut enforcer = Enforcer::new(model, StringAdapter::new(text)).await?;
    enforcer.set_effector(Box::new(effect));
    enforcer.add_function("starts", OperatorFunction::Arg2(starts));
    enforcer.add_function("ends", OperatorFunction::Arg2(ends));
    enforcer.add_function("among", OperatorFunction::Arg2(among));
    enforcer.add_function("found", OperatorFunction::Arg2(found));
    Ok(enforcer)
}

fn starts(text: Dynamic, start: Dynamic) -> Dynamic {
    dynamic_to_str(&text).starts_with(&*dynamic_to_str(&start)).into()
}

fn ends(text: Dynamic, end: Dynamic) -> Dynamic {
    dynamic_to_str(&text).ends_with(&*dynamic_to_str(&end)).into()
}

fn among(day: Dynamic, days: Dynamic) -> Dynamic {
    dynamic_to_str(&days).contains(&*dynamic_to_str(&day)).into()
}

thread_local! {
    /// The patterns that [`found`] has met.
    static PATTERNS: RefCell<HashMap<String, Regex>> = RefCell::new(HashMap::new());
}

fn found(text: Dynamic, pattern: Dynamic) -> Dynamic {
    let (text, pattern) = (dynamic_to_str(&text), dynamic_to_str(&pattern));
    PATTERNS.with_borrow_mut(|patterns| {
        if !patterns.contains_key(&*pattern) {
            patterns.insert(pattern.to_string(), Regex::new(&pattern).unwrap());
        }
        patterns[&*pattern].is_match(&text).into()
    })
}

/// A kind of test, with the param that it looks at. Their order is that of the matcher.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Kind,
    KindStarts,
    Target,
    TargetEnds,
    Equal(String),
    Above(String),
    AtMost(String),
    Matches(String),
    After,
    Before,
    Weekdays,
}

impl Column {
    /// Its name in the policy definition, and its test of a request.
    fn test(&self) -> (String, String) {
        let (name, test) = match self {
            Column::Kind => ("kind".to_owned(), "r.kind == p.kind".to_owned()),
            Column::KindStarts => ("starts".to_owned(), "starts(r.kind, p.starts)".to_owned()),
            Column::Target => ("target".to_owned(), "r.target == p.target".to_owned()),
            Column::TargetEnds => ("ends".to_owned(), "ends(r.target, p.ends)".to_owned()),
            Column::Equal(param) => (format!("{param}_is"), format!("r.{param} == p.{param}_is")),
            Column::Above(param) => (format!("{param}_above"), format!("r.{param} > p.{param}_above")),
            Column::AtMost(param) => {
                (format!("{param}_most"), format!("r.{param} != \"\" && r.{param} <= p.{param}_most"))
            }
            Column::Matches(param) => (format!("{param}_has"), format!("found(r.{param}, p.{param}_has)")),
            Column::After => ("after".to_owned(), "r.minute >= p.after".to_owned()),
            Column::Before => ("before".to_owned(), "r.minute < p.before".to_owned()),
            Column::Weekdays => ("days".to_owned(), "among(r.weekday, p.days)".to_owned()),
        };
        let test = format!("(p.{name} == \"*\" || {test})");
        (name, test)
    }
}

/// What a rule asks for, by column.
fn columns(rule: &Rule) -> BTreeMap<Column, String> {
    let kind = match &rule.kind {
        Glob::Any => None,
        Glob::Is(text) => Some((Column::Kind, text.clone())),
        Glob::Starts(text) => Some((Column::KindStarts, text.clone())),
        Glob::Ends(text) => unreachable!("no workload here has the type *{text}"),
    };
    let target = match &rule.target {
        Glob::Any => None,
        Glob::Is(text) => Some((Column::Target, text.clone())),
        Glob::Ends(text) => Some((Column::TargetEnds, text.clone())),
        Glob::Starts(text) => unreachable!("no workload here has the target {text}*"),
    };
    let test = |test: &Test| match test {
        Test::After(minute) => (Column::After, digits((*minute).into())),
        Test::Before(minute) => (Column::Before, digits((*minute).into())),
        Test::Weekdays(days) => (Column::Weekdays, days.iter().map(|&day| digits(day.into())).collect()),
        Test::Equal(param, text) => (Column::Equal(param.clone()), text.clone()),
        Test::Above(param, number) => (Column::Above(param.clone()), digits(*number)),
        Test::AtMost(param, number) => (Column::AtMost(param.clone()), digits(*number)),
        Test::Matches(param, pattern) => (Column::Matches(param.clone()), pattern.clone()),
    };
    kind.into_iter().chain(target).chain(rule.tests.iter().map(test)).collect()
}

/// A number as a text that compares as the number does.
fn digits(number: i64) -> String {
    assert!((0..10_000_000).contains(&number), "{number} has more than seven digits");
    format!("{number:07}")
}

fn model(used: &[&Column], params: &[&str]) -> String {
    let (names, tests): (Vec<String>, Vec<String>) = used.iter().map(|column| column.test()).unzip();
    let request = ["kind", "target"].iter().chain(params).copied().collect::<Vec<_>>().join(", ");
    format!(
        "[request_definition]\nr = {request}\n[policy_definition]\np = {}\n\
         [policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\nm = {}\n",
        names.join(", "),
        tests.join(" && ")
    )
}

fn line(row: &BTreeMap<Column, String>, used: &[&Column]) -> String {
    let cell = |column: &&Column| row.get(column).map_or("*", String::as_str);
    let cells: Vec<&str> = used.iter().map(cell).collect();
    format!("p, {}", cells.join(", "))
}

fn request(case: &Case<'_>) -> Vec<ImmutableString> {
    let value = |&(_, value): &(&str, Given<'_>)| match value {
        Given::Absent => String::new(),
        Given::Number(number) => digits(number),
        Given::Text(text) => text.to_owned(),
    };
    let globs = [case.kind.to_owned(), case.target.to_owned()];
    globs.into_iter().chain(case.values.iter().map(value)).map(ImmutableString::from).collect()
}

/// The effect of the first line that matches, whose index and one more it stores.
struct FirstMatch(Arc<AtomicU64>);

struct Lines {
    seen: u64,
    answer: Arc<AtomicU64>,
}

impl Effector for FirstMatch {
    fn new_stream(&self, _: &str, _: usize) -> Box<dyn EffectorStream> {
        self.0.store(0, Ordering::Relaxed);
        Box::new(Lines { seen: 0, answer: Arc::clone(&self.0) })
    }
}

impl EffectorStream for Lines {
    fn next(&self) -> bool {
        self.answer.load(Ordering::Relaxed) != 0
    }

    fn push_effect(&mut self, effect: EffectKind) -> bool {
        self.seen += 1;
        let matched = effect == EffectKind::Allow;
        if matched {
            self.answer.store(self.seen, Ordering::Relaxed);
        }
        matched
    }
}
