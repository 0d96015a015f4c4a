//! A workload as the engines get it: rules with the few kinds of globs and tests that the workloads have,
//! and actions with the values that those tests look at.
//!
//! The rules are read from the workload's YAML by the compiler's front end. Each engine writes its own text
//! from them; the answers that it must give come from the workload's generator.

use aegis_benches::{Workload, param, workloads};
use aegis_vm::Value;
use aegisc::hir::{self, Const, ParamOp};
use aegisc::{LayerSource, Options, PolicyLimits};
use serde_json::Map;

/// A workload with its rules.
pub(crate) struct Task {
    /// The actions, the answers, the order.
    pub(crate) workload: Workload,
    /// The rules in order.
    pub(crate) rules: Vec<Rule>,
}

/// A rule: both globs match and all tests hold.
pub(crate) struct Rule {
    pub(crate) kind: Glob,
    pub(crate) target: Glob,
    pub(crate) tests: Vec<Test>,
}

/// A glob over the type or the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Glob {
    /// `*`
    Any,
    /// A text without wildcards.
    Is(String),
    /// `text*`
    Starts(String),
    /// `*text`
    Ends(String),
}

/// A condition on the time or a param. An absent param makes it false.
pub(crate) enum Test {
    /// The minute of the day is at least this.
    After(u16),
    /// The minute of the day is below this.
    Before(u16),
    /// The ISO weekday is one of these.
    Weekdays(Vec<u8>),
    /// The param is this text.
    Equal(String, String),
    /// The param is a number above this.
    Above(String, i64),
    /// The param is a number not above this.
    AtMost(String, i64),
    /// The regular expression is found in the param.
    Matches(String, String),
}

/// An action with what the rules look at. Names are those of [`Rule`]'s fields and of the params; `minute`
/// and `weekday` are there if a rule asks for the time.
pub(crate) struct Case<'t> {
    pub(crate) kind: &'t str,
    pub(crate) target: &'t str,
    pub(crate) values: Vec<(&'t str, Given<'t>)>,
}

/// A value of an action.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'t> {
    Absent,
    Number(i64),
    Text(&'t str),
}

impl Task {
    /// The task of a workload's name and size.
    pub(crate) fn new(name: &str, size: usize) -> Self {
        let workload = workloads::named(name, size).unwrap();
        let layer = LayerSource { path: "policy.yaml".to_owned(), bytes: workload.yaml().into() };
        let policy_limits = PolicyLimits { rules: 200_000, ..PolicyLimits::default() };
        let options = Options { policy_limits, ..Options::default() };
        let policy = aegisc::check(vec![layer], &options).policy.unwrap();
        let rules = policy.rules.iter().map(|rule| Rule::of(rule, &policy)).collect();
        Task { workload, rules }
    }

    /// The actions.
    pub(crate) fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        let timed = self.rules.iter().flat_map(|rule| &rule.tests).any(Test::asks_the_time);
        let minute = Given::Number(self.workload.now.minute_of_day().into());
        let weekday = Given::Number(self.workload.now.iso_weekday().into());
        let times = [("minute", minute), ("weekday", weekday)];
        self.workload.actions.iter().map(move |(action, _)| {
            let params = self.workload.params.iter().map(|&name| (name, given(param(action, name))));
            let times = times.into_iter().filter(|_| timed);
            Case { kind: action.kind(), target: action.target(), values: params.chain(times).collect() }
        })
    }
}

impl Case<'_> {
    /// The action as an object; what is absent is left out.
    pub(crate) fn json(&self) -> serde_json::Value {
        let mut fields = Map::new();
        fields.insert("kind".to_owned(), self.kind.into());
        fields.insert("target".to_owned(), self.target.into());
        for &(name, value) in &self.values {
            match value {
                Given::Absent => continue,
                Given::Number(number) => fields.insert(name.to_owned(), number.into()),
                Given::Text(text) => fields.insert(name.to_owned(), text.into()),
            };
        }
        fields.into()
    }
}

impl Rule {
    fn of(rule: &hir::Rule, policy: &hir::Policy) -> Self {
        assert_eq!(rule.agent_glob, "*");
        let tests = rule.conditions.iter().flat_map(|condition| &condition.tests);
        Rule {
            kind: Glob::of(&rule.type_glob),
            target: Glob::of(&rule.target_glob),
            tests: tests.map(|test| Test::of(test, policy)).collect(),
        }
    }
}

impl Glob {
    fn of(glob: &str) -> Self {
        let text = glob.trim_matches('*').to_owned();
        assert!(!text.contains(['*', '?', '[']), "no workload here has the glob {glob}");
        match (glob.starts_with('*'), glob.ends_with('*')) {
            _ if text.is_empty() && !glob.is_empty() => Glob::Any,
            (false, false) => Glob::Is(text),
            (false, true) => Glob::Starts(text),
            (true, false) => Glob::Ends(text),
            (true, true) => unreachable!("no workload here has the glob {glob}"),
        }
    }
}

impl Test {
    fn of(test: &hir::Test, policy: &hir::Policy) -> Self {
        match test {
            hir::Test::TimeAfter(minute) => Test::After(*minute),
            hir::Test::TimeBefore(minute) => Test::Before(*minute),
            hir::Test::Weekdays(days) => {
                Test::Weekdays((1..=7).filter(|day| days >> (day - 1) & 1 == 1).collect())
            }
            hir::Test::Param { param, op: ParamOp::Eq, value: Const::Str(text) } => {
                Test::Equal(param.clone(), text.clone())
            }
            hir::Test::Param { param, op: ParamOp::Gt, value: Const::Int(number) } => {
                Test::Above(param.clone(), number.try_into().unwrap())
            }
            hir::Test::Param { param, op: ParamOp::Lte, value: Const::Int(number) } => {
                Test::AtMost(param.clone(), number.try_into().unwrap())
            }
            hir::Test::Matches { param, pattern } => {
                Test::Matches(param.clone(), policy.patterns[*pattern].text().to_owned())
            }
            other => unreachable!("no workload here has {other:?}"),
        }
    }

    fn asks_the_time(&self) -> bool {
        matches!(self, Test::After(_) | Test::Before(_) | Test::Weekdays(_))
    }
}

fn given(value: Value<'_>) -> Given<'_> {
    match value {
        Value::Null => Given::Absent,
        Value::Int(number) => Given::Number(number),
        Value::Str(text) => Given::Text(text),
        other => unreachable!("no workload here has {other:?}"),
    }
}
