//! One decision: what each root finds, the first event of each, the smallest rule index.
//!
//! A rule's event on an action is none, match or error. The answer is the event of the smallest rule
//! index whose event is not none; minimum is associative, so each root's rules are judged apart, and a root
//! that cannot lower the answer any more is passed over. `roots` has the searches, `graph` the walk.

use crate::compare::Constant;
use crate::cost::Tally;
use crate::decision::{Condition, DecisionError, Expected};
use crate::format::{
    FIELD_AGENT, FIELD_TARGET, FIELD_TYPE, MAX_RULES, OP_CONTAINS, OP_EQ, OP_GT, OP_GTE, OP_LT, OP_LTE,
    OP_MATCHES, OP_NEEDLE, OP_NEVER, OP_SEMANTIC, OP_TIME_AFTER, OP_TIME_BEFORE, OP_WEEKDAYS, REF_LEAF, Rule,
    Test, match_reference,
};
use crate::pattern::{self, Groups};
use crate::policy::Policy;
use crate::roots::{Found, LoadedRoot};
use crate::scanned::Scanned;
use crate::tables::{Tables, index};
use crate::value::Value;
use crate::{Approval, Clock, PolicyParam, Request, RiskLevel, Timestamp, glob, pystr};
use core::cmp::Ordering;
use zerocopy::little_endian::U32;

/// The first rule with an event, and the event, in one number: the smaller one is the answer. The rule is its
/// high half; the low one is the reference of a match, or the test that gives an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Settled(u64);

/// What a rule makes of an action.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Match(Approval, RiskLevel),
    /// It cannot be judged, by this test.
    Error(u32),
}

impl Settled {
    /// No rule has an event.
    pub(crate) const NONE: Settled = Settled(u64::MAX);
    /// A table is inconsistent: before every rule, so that nothing is allowed. It is an error of the first rule
    /// by a test that is not there.
    pub(crate) const INCONSISTENT: Settled = Settled(0);

    /// Of a reference to a match.
    #[inline]
    pub(crate) fn matched(reference: u32) -> Self {
        Settled::new(reference & (MAX_RULES - 1), reference)
    }

    /// Of a rule, and the test that gives the error; tests are counted from 1 here.
    pub(crate) fn error(rule: u32, test: u32) -> Self {
        Settled::new(rule, test.saturating_add(1) & !REF_LEAF)
    }

    #[inline]
    fn new(rule: u32, event: u32) -> Self {
        Settled(u64::from(rule) << 32 | u64::from(event))
    }

    /// The rule; of no event one that is after every other.
    #[inline]
    pub(crate) fn rule(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(0)
    }

    /// The event, if there is one.
    #[inline]
    pub(crate) fn event(self) -> Option<Event> {
        let event = u32::try_from(self.0 & u64::from(u32::MAX)).unwrap_or(0);
        if self == Settled::NONE {
            None
        } else if event & REF_LEAF != 0 {
            Some(Event::Match(approval_of(event), risk_level_of(event)))
        } else {
            event.checked_sub(1).map(Event::Error)
        }
    }
}

/// The approval in a reference to a match.
#[inline]
pub(crate) fn approval_of(reference: u32) -> Approval {
    match reference >> 28 & 3 {
        0 => Approval::Auto,
        1 => Approval::Approve,
        _ => Approval::Block,
    }
}

/// The risk level in a reference to a match.
#[inline]
pub(crate) fn risk_level_of(reference: u32) -> RiskLevel {
    match reference >> 26 & 3 {
        0 => RiskLevel::Low,
        1 => RiskLevel::Medium,
        2 => RiskLevel::High,
        _ => RiskLevel::Critical,
    }
}

/// What a test makes of an action. The error is the [`Evaluation`]'s.
#[derive(Clone, Copy)]
pub(crate) enum Tested {
    Holds,
    Fails { absent: bool },
    Error,
}

/// The action and the time, as one decision sees them.
pub(crate) struct Evaluation<'p, 'a, C, T = ()> {
    pub(crate) policy: &'p Policy,
    pub(crate) request: &'a Request<'a>,
    clock: C,
    /// What the clock said, once it was read: also that there is no time.
    time: Option<Option<Timestamp>>,
    /// The param that was asked for last, or an index of none, and its value: rules in a row often ask for
    /// the same one.
    last_param: usize,
    last_value: Option<Value<'a>>,
    /// What groups of patterns and of globs found, once one was asked.
    pub(crate) groups: Option<Groups>,
    /// What scans found in the action's texts.
    scanned: Option<Scanned>,
    /// The error of the last test that gave one: kept here, so that answers are small.
    pub(crate) error: Option<DecisionError<'p>>,
    /// What counts the steps.
    pub(crate) tally: T,
}

impl<'p, 'a, C: Clock, T: Tally> Evaluation<'p, 'a, C, T> {
    #[inline(always)]
    pub(crate) fn new(policy: &'p Policy, request: &'a Request<'a>, clock: C, tally: T) -> Self {
        Evaluation {
            policy,
            request,
            clock,
            time: None,
            last_param: usize::MAX,
            last_value: None,
            groups: None,
            scanned: None,
            error: None,
            tally,
        }
    }

    pub(crate) fn tables(&self) -> &'p Tables {
        &self.policy.tables
    }

    /// The first rule with an event, and the event, of an action for which one root has found something, from
    /// that and from the other roots.
    #[inline]
    pub(crate) fn decide(&mut self, found: Found, others: &[LoadedRoot]) -> Settled {
        let mut best = self.settle(found.reference());
        if best.rule() < found.bound() {
            return best;
        }
        for root in others {
            if root.first_rule() < best.rule() {
                let found = root.find(self.tables(), self.request, &mut self.tally);
                let settled = self.settle(found.reference());
                if settled.rule() < found.bound() {
                    return settled;
                }
                best = best.min(settled);
            }
        }
        best
    }

    /// The error of a test that gives one; `None` if it gives none after all.
    pub(crate) fn error_of(&mut self, test: u32) -> Option<DecisionError<'p>> {
        let tables = self.tables();
        let test = tables.tests.get(&tables.bytes, usize::try_from(test).ok()?)?;
        match self.test(test)? {
            Tested::Error => self.error,
            Tested::Holds | Tested::Fails { .. } => None,
        }
    }

    /// The rule's event, asked glob by glob and test by test.
    pub(crate) fn event(&mut self, rule: U32) -> Option<Settled> {
        let tables = self.tables();
        let record = tables.rule(index(rule))?;
        if self.failed_glob(record)?.is_some() {
            return Some(Settled::NONE);
        }
        for (test, at) in tables.tests_of(record)?.iter().zip(record.first_test.get()..) {
            match self.test(test)? {
                Tested::Holds => {}
                Tested::Fails { .. } => return Some(Settled::NONE),
                Tested::Error => return Some(Settled::error(rule.get(), at)),
            }
        }
        Some(Settled::matched(match_reference(rule.get(), record.approval(), record.risk_level())))
    }

    /// The bit of the first field whose glob does not match.
    pub(crate) fn failed_glob(&mut self, rule: &Rule) -> Option<Option<u32>> {
        let globs =
            [(FIELD_TYPE, rule.type_glob), (FIELD_TARGET, rule.target_glob), (FIELD_AGENT, rule.agent_glob)];
        for (bit, glob) in globs {
            if !self.matches(glob, bit)? {
                return Some(Some(bit));
            }
        }
        Some(None)
    }

    /// Whether a field matches a glob.
    pub(crate) fn matches(&mut self, glob: U32, field: u32) -> Option<bool> {
        let (tables, text) = (self.tables(), self.request.field(field));
        self.tally.test();
        self.tally.read(|| tables.cost_tables()?.glob_reads(glob));
        glob::matches(self.tables(), &mut self.groups, glob, field, text)
    }

    /// One test of a rule.
    pub(crate) fn test(&mut self, test: &'p Test) -> Option<Tested> {
        let tables = self.tables();
        self.tally.test();
        self.tally.read(|| tables.cost_tables()?.test_reads(test));
        let holds = match test.op.get() {
            OP_NEVER => false,
            OP_TIME_AFTER | OP_TIME_BEFORE | OP_WEEKDAYS => match self.time() {
                Some(time) => time_holds(test, time)?,
                None => {
                    self.error = Some(DecisionError::no_time(Condition::of(test.op.get())?));
                    return Some(Tested::Error);
                }
            },
            OP_SEMANTIC => {
                let (tables, request) = (self.tables(), self.request);
                self.scanned.get_or_insert_default().meets(tables, test.a, request)?
            }
            OP_NEEDLE => match &self.scanned {
                Some(scanned) => match scanned.known(self.tables(), test.b)? {
                    Some(holds) => holds,
                    None => return self.param_test(test),
                },
                None => return self.param_test(test),
            },
            _ => return self.param_test(test),
        };
        Some(if holds { Tested::Holds } else { Tested::Fails { absent: false } })
    }

    pub(crate) fn time(&mut self) -> Option<Timestamp> {
        *self.time.get_or_insert_with(|| self.clock.now())
    }

    fn param_test(&mut self, test: &Test) -> Option<Tested> {
        let tables = self.tables();
        let param_index = index(test.a);
        let value = match self.param(param_index) {
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
                found.map_err(|pystr::TooDeep| Expected::Shallow)
            }
            OP_NEEDLE => self.scanned.get_or_insert_default().is_in(tables, test.b, value)?,
            _ => return None,
        };
        let holds = match judged {
            Ok(holds) => holds,
            Err(expected) => {
                let condition = Condition::of(test.op.get())?;
                let name = tables.param(param_index)?;
                self.error = Some(DecisionError::type_error(condition, name, expected, value.kind()));
                return Some(Tested::Error);
            }
        };
        Some(if holds { Tested::Holds } else { Tested::Fails { absent: false } })
    }

    /// The value of a param of the policy; it is looked up unless it was the last to be.
    #[inline]
    pub(crate) fn param(&mut self, param: usize) -> Option<Value<'a>> {
        if self.last_param != param {
            self.last_value = self.request.params.lookup(PolicyParam { policy: self.policy, index: param });
            self.last_param = param;
        }
        self.last_value
    }
}

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
