//! The reference evaluator against the loaded artifact, through what both make public.

use super::generate::{Generated, generate};
use super::{layers, options};
use aegis_vm::json::Json;
use aegis_vm::{
    Action, Clock, Decision, Field, NoClock, Policy, Request, StepOutcome, Timestamp, Trace, Value,
};
use aegisc::diag::render_short;
use aegisc::hir;
use aegisc::hir::reference::{self, EvalError, Miss, RuleEvent, Verdict, Why};
use aegisc::source::SourceMap;
use aegisc::{Compilation, Options, Output, TableLimits, Verify, compile};
use std::sync::OnceLock;

/// What the cases came to, so that a test can tell that nothing was missed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub policies: usize,
    pub cases: usize,
    pub matched: usize,
    pub defaults: usize,
    pub errors: usize,
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.policies += other.policies;
        self.cases += other.cases;
        self.matched += other.matched;
        self.defaults += other.defaults;
        self.errors += other.errors;
    }
}

/// Limits that leave nothing but rows.
pub const ONLY_ROWS: TableLimits = TableLimits {
    words: 0,
    words_a_rule: 0,
    work: 0,
    work_a_rule: 0,
    rules: 0,
    depth: 0,
    prefilter: usize::MAX,
};

/// Limits that leave graphs whole, cut them early, or leave nothing but rows; and prefilters wherever there can
/// be any, or only some.
pub const TABLE_LIMITS: [TableLimits; 5] = [
    TableLimits {
        words: 1 << 20,
        words_a_rule: 0,
        work: 1 << 22,
        work_a_rule: 0,
        rules: 1 << 14,
        depth: 256,
        prefilter: 8,
    },
    TableLimits {
        words: 64,
        words_a_rule: 8,
        work: 1 << 20,
        work_a_rule: 0,
        rules: 1 << 14,
        depth: 256,
        prefilter: 2,
    },
    TableLimits {
        words: 1 << 16,
        words_a_rule: 0,
        work: 1 << 20,
        work_a_rule: 0,
        rules: 1,
        depth: 3,
        prefilter: 1,
    },
    ONLY_ROWS,
    TableLimits { prefilter: 1, ..ONLY_ROWS },
];

/// Draws a policy and its actions from bytes, and compares everything about them.
pub fn generated(bytes: &[u8]) -> Result<Tally, String> {
    let Generated { layers: texts, cases } = generate(bytes);
    let limits = TABLE_LIMITS[bytes.len() % TABLE_LIMITS.len()];
    let options = Options { table_limits: limits, ..options(Verify::Off) };
    let compilation = compile(layers(&texts), &options).map_err(|error| error.to_string())?;
    let Compilation { sources, diagnostics, output } = compilation;
    let Some(Output { policy, artifact, .. }) = output else {
        let said: Vec<_> = diagnostics.iter().map(|one| render_short(one, &sources)).collect();
        return Err(format!(
            "the generator drew a policy that is refused: {}\n{}",
            said.join("\n"),
            texts.join("---\n")
        ));
    };
    let vm = Policy::from_bytes(artifact).map_err(|error| format!("{error}\n{}", texts.join("---\n")))?;
    let compared = Compared { meant: &policy, sources: &sources, vm: &vm };
    let mut tally = Tally { policies: 1, ..Tally::default() };
    for (action, now) in &cases {
        compared
            .case(action, *now, &mut tally)
            .map_err(|why| format!("{why}\n  on {action:?}\n  at {now:?}\n  of\n{}", texts.join("---\n")))?;
    }
    compared.batch(&cases).map_err(|why| format!("{why}\n  of\n{}", texts.join("---\n")))?;
    Ok(tally)
}

/// A policy as it is meant, and as it was loaded.
pub struct Compared<'c> {
    pub meant: &'c hir::Policy,
    pub sources: &'c SourceMap,
    pub vm: &'c Policy,
}

impl Compared<'_> {
    /// Asks about all actions at once.
    fn batch(&self, cases: &[(Action, Option<Timestamp>)]) -> Result<(), String> {
        let requests: Vec<Request<'_>> = cases.iter().map(|(action, _)| Request::from(action)).collect();
        let now = cases.iter().find_map(|(_, now)| *now);
        let mut decisions = Vec::new();
        match now {
            Some(now) => self.vm.evaluate_batch(&requests, now, &mut decisions),
            None => self.vm.evaluate_batch(&requests, NoClock, &mut decisions),
        }
        if decisions.len() != requests.len() {
            return Err(format!("a batch of {} gave {} decisions", requests.len(), decisions.len()));
        }
        for ((action, _), decision) in cases.iter().zip(decisions) {
            let verdict = reference::evaluate(self.meant, action, now);
            alike("a batch", &self.said(&verdict), decision)
                .map_err(|why| format!("{why}\n  on {action:?}"))?;
        }
        Ok(())
    }

    /// Asks about one action in every way that there is.
    pub fn case(&self, action: &Action, now: Option<Timestamp>, tally: &mut Tally) -> Result<(), String> {
        let verdict = reference::evaluate(self.meant, action, now);
        tally.cases += 1;
        match (&verdict.error, verdict.rule) {
            (Some(_), _) => tally.errors += 1,
            (None, Some(_)) => tally.matched += 1,
            (None, None) => tally.defaults += 1,
        }
        let expected = self.said(&verdict);
        let request = Request::from(action);
        let same = |how: &str, decision: Decision<'_>| alike(how, &expected, decision);
        let mut calls = 0;
        let clock = CountedClock { now, calls: &mut calls };
        same("an owned action", self.vm.evaluate(action, clock))?;
        if calls > 1 {
            return Err(format!("the clock was read {calls} times"));
        }
        let mut pairs: Vec<(&str, Value<'_>)> = Vec::new();
        let entries = entries(action);
        // Every name first with another value: the last one counts.
        pairs.extend(entries.iter().map(|(name, _)| (name.as_str(), Value::from("no"))));
        pairs.extend(entries.iter().map(|(name, value)| (name.as_str(), value.value())));
        let slice = pairs.as_slice();
        same("a slice of pairs", decide(self.vm, request.params(&slice), now))?;
        self.slots(request, &entries, now)?;
        let trace = match now {
            Some(now) => self.vm.trace(action, now),
            None => self.vm.trace(action, NoClock),
        };
        same("a trace", trace.decision())?;
        self.steps(&trace, action, now)
    }

    /// The same params in slots. A null in a slot is an absent param, and so it is left out of the
    /// action that the reference is asked about.
    fn slots(
        &self,
        request: Request<'_>,
        entries: &[(String, Json)],
        now: Option<Timestamp>,
    ) -> Result<(), String> {
        let present: Vec<_> = entries.iter().filter(|(_, value)| *value != Json::Null).collect();
        let spare = ["delete", "amount", "transfer", "kill"];
        let spare = spare.into_iter().filter(|name| present.iter().all(|(other, _)| other != name));
        let named = present.iter().map(|(name, value)| (name.as_str(), value.value()));
        let mut slots =
            named.chain(spare.map(|name| (name, Value::Null))).chain(std::iter::repeat(("~", Value::Null)));
        let slots: [(&str, Value<'_>); SLOTS] = std::array::from_fn(|_| slots.next().unwrap());
        if present.len() > SLOTS {
            return Ok(());
        }
        let action = present.iter().fold(
            Action::new(request.kind, request.target)
                .agent(request.agent_id)
                .description(request.description),
            |action, (name, value)| action.param(name, value.clone()),
        );
        let expected = self.said(&reference::evaluate(self.meant, &action, now));
        let (names, values) = (slots.map(|(name, _)| name), slots.map(|(_, value)| value));
        let bound = self.vm.bind(names);
        alike("bound slots", &expected, decide(self.vm, request.params(&bound.with(values)), now))?;
        let elsewhere = stranger().bind(names);
        alike(
            "slots of another policy",
            &expected,
            decide(self.vm, request.params(&elsewhere.with(values)), now),
        )
    }

    /// Each step of a trace against the reference's own account of the rule.
    fn steps(&self, trace: &Trace<'_>, action: &Action, now: Option<Timestamp>) -> Result<(), String> {
        if trace.steps().len() != self.meant.rules.len() {
            return Err(format!("a trace has {} steps", trace.steps().len()));
        }
        let mut decided = false;
        for (at, step) in trace.steps().iter().enumerate() {
            let event = reference::explain_rule(self.meant, at, action, now).unwrap();
            let expected = if decided { "not reached".to_owned() } else { self.event(at, &event) };
            decided |= !matches!(event, RuleEvent::Miss(_));
            let found = outcome(step.outcome());
            if found != expected {
                return Err(format!("step {at} of a trace:\n  meant {expected}\n  found {found}"));
            }
        }
        Ok(())
    }

    fn event(&self, rule: usize, event: &RuleEvent) -> String {
        match event {
            RuleEvent::Match => "matched".to_owned(),
            RuleEvent::Error(error) => error_words(error),
            RuleEvent::Miss(Miss::Type) => "glob type".to_owned(),
            RuleEvent::Miss(Miss::Target) => "glob target".to_owned(),
            RuleEvent::Miss(Miss::Agent) => "glob agent".to_owned(),
            RuleEvent::Miss(Miss::Condition { condition, test, why }) => {
                let meant = &self.meant.rules[rule].conditions[*condition];
                let (key, param) = match &meant.tests[*test] {
                    hir::Test::Never => ("", None),
                    hir::Test::Param { param, .. } | hir::Test::Matches { param, .. } => {
                        (meant.key.as_str(), Some(param.as_str()))
                    }
                    _ => (meant.key.as_str(), None),
                };
                format!("condition {condition} {key:?} {param:?} {}", *why == Why::Absent)
            }
        }
    }

    /// Everything that a decision has to say, as one text.
    fn said(&self, verdict: &Verdict) -> String {
        let Verdict { approval, risk_level, rule, error } = verdict;
        let (name, origin) = match rule.and_then(|rule| self.meant.rules.get(rule)) {
            Some(rule) => {
                let line = self.sources.position(rule.span).line;
                (rule.name.as_str(), Some(format!("{}:{line}", self.sources.file(rule.span.file).path())))
            }
            None => ("<default>", None),
        };
        let error = error.as_ref().map(error_words);
        format!("{approval} {risk_level} {rule:?} {name:?} {origin:?} {error:?}")
    }
}

fn alike(how: &str, expected: &str, decision: Decision<'_>) -> Result<(), String> {
    match said(&decision) {
        found if found == expected => Ok(()),
        found => Err(format!("{how}:\n  meant {expected}\n  found {found}")),
    }
}

fn said(decision: &Decision<'_>) -> String {
    let (approval, risk_level) = (decision.approval(), decision.risk_level());
    let rule = decision.rule_index();
    let name = decision.rule_name();
    let origin = decision.origin().map(|origin| origin.to_string());
    let error = decision.error().map(|error| {
        let param = error.param().map(str::to_owned);
        format!(
            "{} {} {param:?} {} / {}",
            error.kind().as_str(),
            error.condition(),
            error.expected(),
            error.found()
        )
    });
    format!("{approval} {risk_level} {rule:?} {name:?} {origin:?} {error:?}")
}

fn error_words(error: &EvalError) -> String {
    let EvalError { kind, condition, param, expected, found } = error;
    format!("{} {condition} {param:?} {expected} / {found}", kind.as_str())
}

fn outcome(outcome: StepOutcome<'_>) -> String {
    match outcome {
        StepOutcome::Matched => "matched".to_owned(),
        StepOutcome::Glob { field: Field::Type } => "glob type".to_owned(),
        StepOutcome::Glob { field: Field::Target } => "glob target".to_owned(),
        StepOutcome::Glob { field: Field::Agent } => "glob agent".to_owned(),
        StepOutcome::Condition { condition, key, param, absent } => {
            format!("condition {condition} {key:?} {param:?} {absent}")
        }
        StepOutcome::Error(error) => format!(
            "{} {} {:?} {} / {}",
            error.kind().as_str(),
            error.condition(),
            error.param(),
            error.expected(),
            error.found()
        ),
        StepOutcome::NotReached => "not reached".to_owned(),
    }
}

/// A decision at a time, or at none.
pub fn decide<'p>(vm: &'p Policy, request: Request<'_>, now: Option<Timestamp>) -> Decision<'p> {
    match now {
        Some(now) => vm.evaluate(request, now),
        None => vm.evaluate(request, NoClock),
    }
}

struct CountedClock<'c> {
    now: Option<Timestamp>,
    calls: &'c mut usize,
}

impl Clock for CountedClock<'_> {
    fn now(&mut self) -> Option<Timestamp> {
        *self.calls += 1;
        self.now
    }
}

/// The params of an action, by name, in its order.
pub fn entries<'a>(action: impl Into<Request<'a>>) -> Vec<(String, Json)> {
    let mut entries = Vec::new();
    let request = action.into();
    request.params.visit(&mut |name, value| {
        entries.push((name.to_owned(), owned(value)));
        std::ops::ControlFlow::Continue(())
    });
    entries
}

/// A value as JSON.
pub fn owned(value: Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(b),
        Value::Int(i) => Json::Int(i),
        Value::Uint(u) => super::integer(&u.to_string()),
        Value::BigInt(big) => super::integer(big.as_str()),
        Value::Float(x) => Json::Float(x),
        Value::Str(text) => Json::from(text),
        Value::List(list) => Json::List((0..list.len()).map(|at| owned(list.get(at).unwrap())).collect()),
        Value::Map(map) => {
            let mut object = aegis_vm::json::Object::new();
            map.visit(&mut |key, value| {
                object.insert(key, owned(value));
                std::ops::ControlFlow::Continue(())
            });
            Json::Object(object)
        }
    }
}

/// More slots than the params of nearly every action, so that some are absent.
const SLOTS: usize = 7;

/// A policy that is none of those under test.
fn stranger() -> &'static Policy {
    static STRANGER: OnceLock<Policy> = OnceLock::new();
    STRANGER.get_or_init(|| {
        let text = "rules: [{match: {type: x}, conditions: {param_eq: {zzz: 1, env: 2}}}]";
        let output = compile(layers([text]), &options(Verify::Off)).unwrap().output.unwrap();
        Policy::from_bytes(output.artifact).unwrap()
    })
}
