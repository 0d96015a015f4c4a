//! One decision: the candidates of each shape, the first event of each, the smallest rule index.
//!
//! A rule's event on an action is none, match or error. The answer is the event of the smallest rule
//! index whose event is not none; minimum is associative, so each shape's candidates are walked
//! apart and stopped as soon as they cannot lower it any more.

use crate::compare::Constant;
use crate::decision::{Condition, DecisionError};
use crate::format::{
    OP_CONTAINS, OP_EQ, OP_GT, OP_GTE, OP_LT, OP_LTE, OP_MATCHES, OP_NEEDLE, OP_NEVER, OP_SEMANTIC,
    OP_TIME_AFTER, OP_TIME_BEFORE, OP_WEEKDAYS, Rule, SHAPE_AGENT, SHAPE_TARGET, SHAPE_TYPE, Shape, Test,
    hash_key, hash_text,
};
use crate::pattern::{self, Groups};
use crate::policy::Policy;
use crate::scanned::Scanned;
use crate::tables::{Tables, bucket_place, globs_of, index, low_half};
use crate::value::Value;
use crate::{Clock, PolicyParam, Request, Timestamp, glob, pystr};
use core::cmp::Ordering;
use zerocopy::little_endian::U32;

/// What a rule makes of an action. The error is the [`Evaluation`]'s.
#[derive(Clone, Copy)]
pub(crate) enum Event {
    None,
    Match,
    Error,
}

/// What a test makes of an action. The error is the [`Evaluation`]'s.
#[derive(Clone, Copy)]
pub(crate) enum Tested {
    Holds,
    Fails { absent: bool },
    Error,
}

/// The action and the time, as one decision sees them.
pub(crate) struct Evaluation<'p, 'a, C> {
    pub(crate) policy: &'p Policy,
    pub(crate) request: Request<'a>,
    /// The agent as globs see it: `*` if none is named.
    agent: &'a str,
    clock: C,
    /// What the clock said, once it was read: also that there is no time.
    time: Option<Option<Timestamp>>,
    /// The param that was asked for last, and its value: rules in a row often ask for the same one.
    last_param: Option<usize>,
    last_value: Option<Value<'a>>,
    /// What groups of patterns and of globs found, once one was asked.
    groups: Option<Groups>,
    /// What scans found in the action's texts.
    scanned: Scanned,
    /// The error of the last test that gave one: kept here, so that answers are small.
    pub(crate) error: Option<DecisionError<'p>>,
}

impl<'p, 'a, C: Clock> Evaluation<'p, 'a, C> {
    pub(crate) fn new(policy: &'p Policy, request: Request<'a>, clock: C) -> Self {
        let agent = if request.agent_id.is_empty() { "*" } else { request.agent_id };
        Evaluation {
            policy,
            request,
            agent,
            clock,
            time: None,
            last_param: None,
            last_value: None,
            groups: None,
            scanned: Scanned::default(),
            error: None,
        }
    }

    fn tables(&self) -> &'p Tables {
        &self.policy.tables
    }

    /// The first rule with an event, and the event; `None` inside if there is no such rule, `None`
    /// outside if a table is inconsistent.
    pub(crate) fn decide(&mut self) -> Option<Option<(usize, Event)>> {
        let tables = self.tables();
        let shapes = tables.shapes.slice(&tables.bytes)?;
        // Each field is hashed at most once, and only if some shape looks at it.
        let looked_at = shapes.iter().fold(0, |fields, shape| fields | shape.mask.get());
        let hash = |bit, text| if looked_at & bit != 0 { hash_text(text) } else { 0 };
        let hashes = self.fields().map(|(bit, text)| (bit, hash(bit, text)));
        let mut best: Option<(usize, Event)> = None;
        for shape in shapes {
            for candidate in self.candidates(shape, &hashes)? {
                let rule = index(*candidate);
                if best.is_some_and(|(best, _)| best <= rule) {
                    break;
                }
                match self.event(tables.rule(rule)?, shape.mask.get())? {
                    Event::None => {}
                    event => {
                        best = Some((rule, event));
                        break;
                    }
                }
            }
        }
        Some(best)
    }

    fn fields(&self) -> [(u32, &'a str); 3] {
        [(SHAPE_TYPE, self.request.kind), (SHAPE_TARGET, self.request.target), (SHAPE_AGENT, self.agent)]
    }

    /// The rules whose literal fields are the action's.
    fn candidates(&self, shape: &Shape, hashes: &[(u32, u64); 3]) -> Option<&'p [U32]> {
        let tables = self.tables();
        let mask = shape.mask.get();
        let literal = hashes.iter().filter(|(bit, _)| mask & bit != 0).map(|&(_, hash)| hash);
        let hash = hash_key(shape.seed.get(), literal);
        for probe in 0..shape.max_probes.get() {
            let place = bucket_place(shape, hash, probe);
            let bucket = tables.buckets.get(&tables.bytes, place)?;
            if bucket.count.get() == 0 {
                break;
            }
            if bucket.hash.get() == low_half(hash) {
                let candidates = tables.candidates.run(&tables.bytes, bucket.first, bucket.count)?;
                let first = tables.rule(index(*candidates.first()?))?;
                if self.has_literals(first, mask)? {
                    return Some(candidates);
                }
            }
        }
        Some(&[])
    }

    /// Whether the fields of the mask are the rule's literals.
    fn has_literals(&self, rule: &Rule, mask: u32) -> Option<bool> {
        for ((bit, text), glob) in self.fields().into_iter().zip(globs_of(rule)) {
            if mask & bit != 0 && self.tables().literal(glob)? != text {
                return Some(false);
            }
        }
        Some(true)
    }

    /// The rule's event; the globs of the fields in `known` are known to match.
    fn event(&mut self, rule: &'p Rule, known: u32) -> Option<Event> {
        if self.failed_glob(rule, known)?.is_some() {
            return Some(Event::None);
        }
        for test in self.tables().tests_of(rule)? {
            match self.test(test)? {
                Tested::Holds => {}
                Tested::Fails { .. } => return Some(Event::None),
                Tested::Error => return Some(Event::Error),
            }
        }
        Some(Event::Match)
    }

    /// The first field whose glob does not match.
    pub(crate) fn failed_glob(&mut self, rule: &Rule, known: u32) -> Option<Option<u32>> {
        let tables = self.tables();
        let mut failed = |bit, glob: U32, text| {
            let free = known & bit != 0 || glob == tables.any_glob;
            Some(!free && !glob::matches(tables, &mut self.groups, glob, bit, text)?)
        };
        Some(if failed(SHAPE_TYPE, rule.type_glob, self.request.kind)? {
            Some(SHAPE_TYPE)
        } else if failed(SHAPE_TARGET, rule.target_glob, self.request.target)? {
            Some(SHAPE_TARGET)
        } else if failed(SHAPE_AGENT, rule.agent_glob, self.agent)? {
            Some(SHAPE_AGENT)
        } else {
            None
        })
    }

    /// One test of a rule.
    pub(crate) fn test(&mut self, test: &'p Test) -> Option<Tested> {
        let holds = match test.op.get() {
            OP_NEVER => false,
            OP_TIME_AFTER | OP_TIME_BEFORE | OP_WEEKDAYS => match self.time() {
                Some(time) => time_holds(test, time)?,
                None => {
                    self.error = Some(DecisionError::no_time(Condition::of(test.op.get())?));
                    return Some(Tested::Error);
                }
            },
            OP_SEMANTIC => self.scanned.meets(self.tables(), test.a, &self.request)?,
            OP_NEEDLE => match self.scanned.known(self.tables(), test.b)? {
                Some(holds) => holds,
                None => return self.param_test(test),
            },
            _ => return self.param_test(test),
        };
        Some(if holds { Tested::Holds } else { Tested::Fails { absent: false } })
    }

    fn time(&mut self) -> Option<Timestamp> {
        *self.time.get_or_insert_with(|| self.clock.now())
    }

    fn param_test(&mut self, test: &Test) -> Option<Tested> {
        let tables = self.tables();
        let param_index = index(test.a);
        self.look_up(param_index)?;
        let value = match self.last_value {
            None | Some(Value::Null) => return Some(Tested::Fails { absent: true }),
            Some(value) => value,
        };
        let judged = match test.op.get() {
            OP_EQ => Ok(Constant::get(tables, test.b)?.equals(value)?),
            OP_GT | OP_GTE | OP_LT | OP_LTE => {
                let order = Constant::get(tables, test.b)?.order(value)?;
                order.map(|order| order.is_some_and(|order| order_holds(test.op.get(), order)))
            }
            OP_CONTAINS => Constant::get(tables, test.b)?.is_in(value)?,
            OP_MATCHES => {
                let found =
                    pattern::find_grouped(tables, &mut self.groups, index(test.b), param_index, value)?;
                found.map_err(|pystr::TooDeep| SHALLOW)
            }
            OP_NEEDLE => self.scanned.is_in(tables, test.b, value)?,
            _ => return None,
        };
        let holds = match judged {
            Ok(holds) => holds,
            Err(expected) => {
                let condition = Condition::of(test.op.get())?;
                let name = tables.param(param_index)?;
                let found = value.kind().with_article();
                self.error = Some(DecisionError::type_error(condition, name, expected, found));
                return Some(Tested::Error);
            }
        };
        Some(if holds { Tested::Holds } else { Tested::Fails { absent: false } })
    }

    /// Looks a param up, unless it was the last to be.
    fn look_up(&mut self, param: usize) -> Option<()> {
        if self.last_param != Some(param) {
            let name = self.tables().param(param)?;
            let asked = PolicyParam { name, index: param, policy: self.policy.digest() };
            self.last_value = self.request.params.lookup(asked);
            self.last_param = Some(param);
        }
        Some(())
    }
}

/// What Python's `str` can be written of here; deeper nesting cannot come from JSON.
const SHALLOW: &str = "a value nested at most 128 deep";

fn time_holds(test: &Test, time: Timestamp) -> Option<bool> {
    let minute = u32::from(time.minute_of_day());
    match test.op.get() {
        OP_TIME_AFTER => Some(minute >= test.a.get()),
        OP_TIME_BEFORE => Some(minute < test.a.get()),
        OP_WEEKDAYS => Some(test.a.get() >> (time.iso_weekday() - 1) & 1 == 1),
        _ => None,
    }
}

fn order_holds(op: u16, order: Ordering) -> bool {
    match op {
        OP_GT => order.is_gt(),
        OP_GTE => order.is_ge(),
        OP_LT => order.is_lt(),
        _ => order.is_le(),
    }
}
