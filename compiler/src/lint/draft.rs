//! A rule of the policy -> an action that it is meant for, as a line that `aegisc eval` reads.
//!
//! A draft is a guess: globs are filled with the shortest texts, thresholds passed by one, the first of
//! several words taken. Who makes one asks the reference evaluator what becomes of it, and says nothing
//! where that is not what was looked for. So a draft need not be right, and a finding always is: the line in
//! it is the very text that was decided.

use crate::glob::{self, Token};
use crate::hir::reference::{self, EvalError, Verdict};
use crate::hir::{Const, ParamOp, Policy, Rule, Test};
use crate::time::parse_rfc3339;
use aegis_vm::{Action, ErrorKind};
use serde_json::{Map, Value, json};

/// The longest line that a message shows whole, in characters.
const LONGEST: usize = 200;

/// An action in the making.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) kind: String,
    pub(super) target: String,
    pub(super) agent: String,
    description: String,
    pub(super) params: Map<String, Value>,
    when: When,
}

/// The time asked for: at or after the one minute, before the other, on one of the days.
#[derive(Clone, Copy, Debug)]
struct When {
    after: Option<u16>,
    before: Option<u16>,
    weekdays: u8,
}

impl Draft {
    /// An action that the rule may match; `None` where a glob or a condition gives no text.
    pub(super) fn of(rule: &Rule, policy: &Policy) -> Option<Self> {
        let mut draft = Draft {
            kind: example(&rule.type_glob)?,
            target: example(&rule.target_glob)?,
            agent: if rule.agent_glob == "*" { String::new() } else { example(&rule.agent_glob)? },
            description: String::new(),
            params: Map::new(),
            when: When { after: None, before: None, weekdays: 0x7f },
        };
        draft.ask(rule, policy)?;
        Some(draft)
    }

    /// Adds what the conditions of a rule ask for, where nothing is said of it yet.
    pub(super) fn ask(&mut self, rule: &Rule, policy: &Policy) -> Option<()> {
        let mut asked: Map<String, Value> = Map::new();
        let mut bounds: Vec<(&str, Bounds)> = Vec::new();
        for test in rule.conditions.iter().flat_map(|condition| &condition.tests) {
            match test {
                Test::TimeAfter(minute) => self.when.after = self.when.after.max(Some(*minute)),
                Test::TimeBefore(minute) => {
                    self.when.before = Some(self.when.before.map_or(*minute, |other| other.min(*minute)));
                }
                Test::Weekdays(days) => self.when.weekdays &= *days,
                Test::Param { param, op: ParamOp::Eq, value } => {
                    asked.insert(param.clone(), value_of(value)?);
                }
                Test::Param { param, op: ParamOp::Contains, value } => {
                    let value = value_of(value)?;
                    match asked.entry(param.clone()).or_insert_with(|| json!([])) {
                        Value::Array(items) => items.push(value),
                        _ => return None,
                    }
                }
                Test::Param { param, op, value: Const::Str(text) } => {
                    let above = if *op == ParamOp::Gt { format!("{text}x") } else { text.clone() };
                    let passing = if *op == ParamOp::Lt { String::new() } else { above };
                    asked.insert(param.clone(), Value::from(passing));
                }
                Test::Param { param, op, value } => {
                    let at = bounds.iter().position(|(name, _)| name == param).unwrap_or(bounds.len());
                    if at == bounds.len() {
                        bounds.push((param, Bounds::default()));
                    }
                    bounds.get_mut(at)?.1.narrow(*op, number(value)?);
                }
                Test::Matches { param, pattern } => {
                    let text = found_in(policy.patterns.get(*pattern)?.text())?;
                    asked.entry(param.clone()).or_insert_with(|| Value::from(text));
                }
                Test::Semantic(words) => {
                    if self.description.is_empty() {
                        self.description.clone_from(words.first()?);
                    }
                }
                Test::Never => return None,
            }
        }
        for (param, bounds) in bounds {
            asked.entry(param).or_insert(bounds.value());
        }
        for (param, value) in asked {
            self.params.entry(param).or_insert(value);
        }
        Some(())
    }

    /// What the policy decides; `None` if the line is no action, as where a param is too deep.
    pub(super) fn decide(&self, policy: &Policy) -> Option<Verdict> {
        let action = Action::from_json(&self.fields().concat()).ok()?;
        let verdict = reference::evaluate(policy, &action, None);
        match verdict.error {
            Some(EvalError { kind: ErrorKind::NoTime, .. }) => {
                Some(reference::evaluate(policy, &action, Some(parse_rfc3339(&self.now()).ok()?)))
            }
            _ => Some(verdict),
        }
    }

    /// The action as a line of JSON, with the time if the decision looks at it.
    pub(super) fn line(&self, policy: &Policy) -> String {
        let mut fields = self.fields();
        let without =
            Action::from_json(&fields.concat()).map(|action| reference::evaluate(policy, &action, None));
        let asks =
            without.is_ok_and(|verdict| verdict.error.is_some_and(|error| error.kind == ErrorKind::NoTime));
        if asks {
            fields.insert(fields.len() - 1, format!(r#","now":"{}""#, self.now()));
        }
        fields.concat()
    }

    /// The parts of the line, without the time.
    fn fields(&self) -> Vec<String> {
        let text = |text: &str| Value::from(text).to_string();
        let mut fields = vec![format!(r#"{{"type":{},"target":{}"#, text(&self.kind), text(&self.target))];
        if !self.agent.is_empty() {
            fields.push(format!(r#","agent_id":{}"#, text(&self.agent)));
        }
        if !self.params.is_empty() {
            fields.push(format!(r#","params":{}"#, Value::Object(self.params.clone())));
        }
        if !self.description.is_empty() {
            fields.push(format!(r#","description":{}"#, text(&self.description)));
        }
        fields.push("}".to_owned());
        fields
    }

    /// The line as a message shows it.
    pub(super) fn shown(&self, policy: &Policy) -> String {
        let line = self.line(policy);
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
            None => line,
        }
    }

    /// A moment of the week of Monday, 16 March 2026, at noon if any will do.
    fn now(&self) -> String {
        let When { after, before, weekdays } = self.when;
        let minute = after.or(before.map(|before| before.saturating_sub(1))).unwrap_or(720);
        let day = 16 + weekdays.trailing_zeros() % 7;
        format!("2026-03-{day:02}T{:02}:{:02}:00Z", minute / 60, minute % 60)
    }
}

/// A short text that a glob matches; `None` for a set that no character of a few is in.
///
/// A run is empty, but for an `x` where the text would else be empty or end in a sign: `delete_x`.
pub(super) fn example(glob: &str) -> Option<String> {
    let tokens = glob::read(glob);
    let mut text = String::new();
    for token in &tokens {
        match token {
            Token::Text(literal) => text.push_str(literal),
            Token::Ones(count) => text.extend((0..*count).map(|_| 'x')),
            Token::Run if text.ends_with(|c: char| !c.is_alphanumeric()) => text.push('x'),
            Token::Run => {}
            Token::Set { negated, ranges } => {
                let has = |c: char| ranges.iter().any(|&(low, high)| (low..=high).contains(&c)) != *negated;
                let usual = ('a'..='z').rev().chain('0'..='9').chain(['_', '-', '.', '/', ' ']);
                let first = ranges.first().map(|&(low, _)| low).filter(|_| !negated);
                // What has a lower case is written in it.
                let lower = first.map(|low| low.to_ascii_lowercase());
                text.push(lower.into_iter().chain(first).chain(usual).find(|&c| has(c))?);
            }
        }
    }
    if text.is_empty() && tokens.contains(&Token::Run) {
        text.push('x');
    }
    Some(text)
}

/// A text that a pattern is found in which is a literal between anchors.
fn found_in(pattern: &str) -> Option<String> {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').or_else(|| inner.strip_suffix(r"\Z")).unwrap_or(inner);
    let mut text = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(chars.next().filter(|c| c.is_ascii_punctuation())?),
            c if ".^$*+?{}[]|()".contains(c) => return None,
            c => text.push(c),
        }
    }
    Some(text)
}

/// The value of JSON that equals a constant.
fn value_of(constant: &Const) -> Option<Value> {
    Some(match constant {
        Const::Null => Value::Null,
        Const::Bool(b) => Value::from(*b),
        Const::Int(int) => Value::from(i64::try_from(int).ok()?),
        Const::Float(x) => Value::Number(serde_json::Number::from_f64(*x)?),
        Const::Str(text) => Value::from(text.as_str()),
        Const::List(items) => Value::Array(items.iter().map(value_of).collect::<Option<_>>()?),
        Const::Map(entries) => {
            let entry = |(key, value): &(String, Const)| Some((key.clone(), value_of(value)?));
            Value::Object(entries.iter().map(entry).collect::<Option<_>>()?)
        }
        Const::Foreign { .. } => return None,
    })
}

fn number(constant: &Const) -> Option<f64> {
    match constant {
        Const::Bool(b) => Some(f64::from(u8::from(*b))),
        Const::Int(int) => i32::try_from(int).ok().map(f64::from),
        Const::Float(x) => Some(*x).filter(|x| x.is_finite()),
        _ => None,
    }
}

/// The numbers that thresholds leave, the ends perhaps included.
#[derive(Clone, Copy, Debug, Default)]
struct Bounds {
    low: Option<f64>,
    high: Option<f64>,
}

impl Bounds {
    fn narrow(&mut self, op: ParamOp, threshold: f64) {
        match op {
            ParamOp::Gt | ParamOp::Gte => {
                self.low = Some(self.low.map_or(threshold, |low| low.max(threshold)));
            }
            _ => self.high = Some(self.high.map_or(threshold, |high| high.min(threshold))),
        }
    }

    /// A number between the ends, or beyond the only one.
    fn value(self) -> Value {
        let number = match (self.low, self.high) {
            (Some(low), Some(high)) => f64::midpoint(low, high),
            (Some(low), None) => low + 1.0,
            (None, Some(high)) => high - 1.0,
            (None, None) => 0.0,
        };
        let text = number.to_string();
        text.parse::<i64>().map_or_else(|_| Value::from(number), Value::from)
    }
}
