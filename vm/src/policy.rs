//! A loaded policy: what it decides, what it is made of.

use crate::cost::Cost;
use crate::decision::{self, Approval, Decision, DecisionError, Origin, Outcome, RiskLevel};
use crate::error::LoadError;
use crate::eval::{Evaluation, Event, Settled};
use crate::format::{Debug, Header, Manifest, REF_ERROR, REF_LEAF, Rule, SectionId};
use crate::roots::{Found, LoadedRoot};
use crate::tables::Tables;
use crate::trace::Trace;
use crate::{Clock, Params, PolicyParam, Request, Value, load};
use core::fmt;
use core::ops::{ControlFlow, Range};
use std::path::Path;
use zerocopy::little_endian::U32;

/// A policy that was loaded and checked.
///
/// `Send` and `Sync`: share one behind an `Arc` between threads.
///
/// # Examples
///
/// ```
/// use aegis_vm::{Action, NoClock, Policy};
///
/// let policy = Policy::from_file("examples/policy.aegisb")?;
/// let decision = policy.evaluate(&Action::new("destroy_cluster", "staging"), NoClock);
/// assert!(!decision.is_allowed());
/// assert_eq!(decision.rule_name(), "destroy_block");
/// # Ok::<(), aegis_vm::LoadError>(())
/// ```
pub struct Policy {
    pub(crate) tables: Tables,
    pub(crate) manifest: Manifest,
    pub(crate) header: Header,
    pub(crate) compiler: String,
    pub(crate) policy_id: String,
    pub(crate) sections: Vec<SectionInfo>,
    pub(crate) debug: Range<usize>,
    pub(crate) default: (Approval, RiskLevel),
    pub(crate) roots: Vec<LoadedRoot>,
    /// The minutes of the day at which a decision may change.
    pub(crate) minutes: Vec<u16>,
    /// Another one for every policy that this process loads, so that slots know their policy.
    pub(crate) id: u64,
}

/// A section of the artifact, as its table of sections has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionInfo {
    /// Which section.
    pub id: SectionId,
    /// Its length in bytes.
    pub length: u64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

impl Policy {
    /// Loads a policy from the bytes of an artifact, after checking all of them.
    ///
    /// # Errors
    ///
    /// [`LoadError`] if the bytes are not a whole and sound artifact of a format that this version
    /// reads. Nothing of a refused artifact is used.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Result<Self, LoadError> {
        load::load(bytes.into().into_boxed_slice())
    }

    /// Loads a policy from a file; see [`from_bytes`](Self::from_bytes).
    ///
    /// # Errors
    ///
    /// [`LoadError`], also if the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::from_bytes(load::read(path.as_ref())?)
    }

    /// Decides an action.
    ///
    /// Never fails and never panics: an action that the policy cannot judge is blocked, and
    /// [`Decision::outcome`] says why. Allocates nothing. The clock is read at most once, and only
    /// if a candidate rule looks at the time.
    ///
    /// # Examples
    ///
    /// At a fixed time, a Wednesday at half past two:
    ///
    /// ```
    /// use aegis_vm::{Approval, Policy, Request, Timestamp};
    ///
    /// let policy = Policy::from_file("examples/policy.aegisb")?;
    /// let request = Request::new("deploy", "staging").agent("ci-7");
    /// let decision = policy.evaluate(request, Timestamp::from_unix(1_773_844_200, 0));
    /// assert_eq!(decision.approval(), Approval::Auto);
    /// assert_eq!(decision.rule_name(), "staging_day_auto");
    /// # Ok::<(), aegis_vm::LoadError>(())
    /// ```
    #[inline]
    pub fn evaluate<'a>(&self, request: impl Into<Request<'a>>, clock: impl Clock) -> Decision<'_> {
        let request = request.into();
        let Some((first, others)) = self.roots.split_first() else { return self.decision(Settled::NONE) };
        let found = first.find(&self.tables, &request, &mut ());
        let reference = found.reference();
        if reference & (REF_LEAF | REF_ERROR) == REF_LEAF {
            let settled = Settled::matched(reference);
            if settled.rule() < found.bound() {
                return self.decision(settled);
            }
        }
        self.evaluate_from(others, found, &request, clock)
    }

    /// Decides an action for which the first root has found something that does not settle it. Apart, so that
    /// an action that is settled does not pay for it.
    #[inline(never)]
    fn evaluate_from<'p, 'a>(
        &'p self,
        others: &'p [LoadedRoot],
        found: Found,
        request: &'a Request<'a>,
        clock: impl Clock,
    ) -> Decision<'p> {
        let mut evaluation = Evaluation::new(self, request, clock, ());
        let settled = evaluation.decide(found, others);
        if let Some(Event::Error(test)) = settled.event()
            && let Some(error) = evaluation.error_of(test)
        {
            let rule = RuleView { policy: self, index: settled.rule() };
            return Decision::error_in(Some(rule), error);
        }
        self.decision(settled)
    }

    /// The decision of a match, or of no event; else blocked as inconsistent.
    #[inline]
    fn decision(&self, settled: Settled) -> Decision<'_> {
        if settled == Settled::NONE {
            let (approval, risk_level) = self.default;
            return Decision { outcome: Outcome::Default, approval, risk_level };
        }
        if let Some(Event::Match(approval, risk_level)) = settled.event() {
            let rule = RuleView { policy: self, index: settled.rule() };
            return Decision { outcome: Outcome::Matched(rule), approval, risk_level };
        }
        Decision::error_in(None, DecisionError::inconsistent())
    }

    /// Decides an action and says what each rule made of it, in order, up to the one that decided.
    /// Allocates one step for each rule.
    ///
    /// # Examples
    ///
    /// ```
    /// use aegis_vm::{Action, Field, NoClock, Policy, StepOutcome};
    ///
    /// let policy = Policy::from_file("examples/policy.aegisb")?;
    /// let trace = policy.trace(&Action::new("monitor", "cpu"), NoClock);
    /// assert_eq!(trace.decision().rule_name(), "monitor_auto");
    /// assert_eq!(trace.steps()[2].rule().name(), "destroy_block");
    /// assert_eq!(trace.steps()[2].outcome(), StepOutcome::Glob { field: Field::Type });
    /// # Ok::<(), aegis_vm::LoadError>(())
    /// ```
    pub fn trace<'a>(&self, request: impl Into<Request<'a>>, clock: impl Clock) -> Trace<'_> {
        Trace::of(Evaluation::new(self, &request.into(), clock, ()))
    }

    /// A rule by its position over all layers.
    #[must_use]
    pub fn rule(&self, index: usize) -> Option<RuleView<'_>> {
        let index = (index < self.tables.rules.len()).then_some(index)?;
        Some(RuleView { policy: self, index: u32::try_from(index).ok()? })
    }

    /// The rules in the order of evaluation.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = RuleView<'_>> {
        // The loader refuses more rules than a u32 counts.
        let view = |index| RuleView { policy: self, index: u32::try_from(index).unwrap_or(u32::MAX) };
        (0..self.tables.rules.len()).map(view)
    }

    /// Whether a regular expression of the policy, by its position, is found in Python's `str` of the
    /// value, as a test of a rule would find it; `None` if there is no such pattern. For tests and
    /// benches of the automata.
    #[doc(hidden)]
    #[must_use]
    pub fn search(&self, pattern: usize, value: Value<'_>) -> Option<bool> {
        self.searches(value)(pattern)
    }

    /// As [`search`](Self::search), for several patterns in one value: what a group finds is kept between
    /// them, as within a decision.
    #[doc(hidden)]
    pub fn searches<'a>(&'a self, value: Value<'a>) -> impl FnMut(usize) -> Option<bool> + 'a {
        let mut groups = None;
        move |pattern| crate::pattern::find_grouped(&self.tables, &mut groups, pattern, 0, value)?.ok()
    }

    /// What holds when no rule matches.
    #[must_use]
    pub fn default_outcome(&self) -> (Approval, RiskLevel) {
        self.default
    }

    /// What a decision costs at most, worked out from the tables; the manifest has what the compiler found.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.tables.cost_tables().and_then(|tables| tables.cost()).unwrap_or(Cost::UNBOUNDED)
    }

    /// The steps that the decision of an action takes, for tests of [`cost`](Self::cost).
    #[doc(hidden)]
    #[must_use]
    pub fn measure<'a>(&self, request: impl Into<Request<'a>>, clock: impl Clock) -> Cost {
        let request = request.into();
        let mut evaluation = Evaluation::new(self, &request, clock, Cost::default());
        let Some((first, others)) = self.roots.split_first() else { return Cost::default() };
        let found = first.find(&self.tables, &request, &mut evaluation.tally);
        let settled = evaluation.decide(found, others);
        if let Some(Event::Error(test)) = settled.event() {
            evaluation.error_of(test);
        }
        evaluation.tally
    }

    /// What the policy was made of.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The id that the build was given; may be empty.
    #[must_use]
    pub fn policy_id(&self) -> &str {
        &self.policy_id
    }

    /// The revision that the build was given.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.header.revision.get()
    }

    /// The compiler and its version.
    #[must_use]
    pub fn compiler(&self) -> &str {
        &self.compiler
    }

    /// The digest of the header and, through it, of the whole artifact: its identity.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.header.digest
    }

    /// The sections, in the order in which they stand.
    pub fn sections(&self) -> impl ExactSizeIterator<Item = SectionInfo> {
        self.sections.iter().copied()
    }

    /// The conditions in their authors' words; `None` if the section does not fit the rules.
    #[must_use]
    pub fn debug(&self) -> Option<Debug> {
        let bytes = self.tables.bytes.get(self.debug.clone())?;
        let (debug, rest) = postcard::take_from_bytes::<Debug>(bytes).ok()?;
        (rest.is_empty() && debug.rules.len() == self.tables.rules.len()).then_some(debug)
    }

    /// Names the params that a caller will give by position, once, so that a decision looks nothing
    /// up by name.
    ///
    /// # Examples
    ///
    /// ```
    /// use aegis_vm::{NoClock, Policy, Request, Value};
    ///
    /// let policy = Policy::from_file("examples/policy.aegisb")?;
    /// let slots = policy.bind(["replicas", "reason"]);
    /// let params = slots.with([Value::from(12), Value::from("load")]);
    /// let decision = policy.evaluate(Request::new("scale_up", "api").params(&params), NoClock);
    /// assert_eq!(decision.rule_name(), "scale_up_medium_approve");
    /// # Ok::<(), aegis_vm::LoadError>(())
    /// ```
    #[must_use]
    pub fn bind<const N: usize>(&self, names: [&str; N]) -> Slots<N> {
        let slot_of = |param: usize| {
            let name = self.tables.param(param)?;
            names.iter().rposition(|&slot| slot == name)
        };
        Slots {
            policy: self.id,
            by_param: (0..self.tables.params.len()).map(slot_of).collect(),
            names: names.map(str::to_owned),
        }
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("policy_id", &self.policy_id)
            .field("revision", &self.revision())
            .field("rules", &self.tables.rules.len())
            .finish_non_exhaustive()
    }
}

/// A rule of a loaded policy.
#[derive(Clone, Copy)]
pub struct RuleView<'p> {
    policy: &'p Policy,
    index: u32,
}

impl<'p> RuleView<'p> {
    /// Its record; the loader has checked that references name rules that are there.
    pub(crate) fn record(self) -> Option<&'p Rule> {
        self.policy.tables.rule(usize::try_from(self.index).ok()?)
    }

    /// The position over all layers, from 0.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// The name as decisions report it.
    #[must_use]
    pub fn name(self) -> &'p str {
        self.record().and_then(|rule| self.policy.tables.text(rule.name)).unwrap_or_default()
    }

    /// The glob over the action's type.
    #[must_use]
    pub fn type_glob(self) -> &'p str {
        self.glob(|rule| rule.type_glob)
    }

    /// The glob over the action's target.
    #[must_use]
    pub fn target_glob(self) -> &'p str {
        self.glob(|rule| rule.target_glob)
    }

    /// The glob over the action's agent.
    #[must_use]
    pub fn agent_glob(self) -> &'p str {
        self.glob(|rule| rule.agent_glob)
    }

    fn glob(self, glob: impl Fn(&Rule) -> U32) -> &'p str {
        let tables = &self.policy.tables;
        let glob = self.record().and_then(|rule| tables.glob(glob(rule)));
        glob.and_then(|glob| tables.text(glob.text)).unwrap_or_default()
    }

    /// What the rule asks for.
    #[must_use]
    pub fn approval(self) -> Approval {
        self.record().and_then(|rule| decision::approval(rule.approval())).unwrap_or(Approval::Block)
    }

    /// The risk that the rule sees.
    #[must_use]
    pub fn risk_level(self) -> RiskLevel {
        self.record().and_then(|rule| decision::risk_level(rule.risk_level())).unwrap_or(RiskLevel::Critical)
    }

    /// Where the rule stands.
    #[must_use]
    pub fn origin(self) -> Origin<'p> {
        let record = self.record();
        let layers = &self.policy.manifest.layers;
        // The loader has checked that the rules of the layers follow each other.
        let layer = layers.partition_point(|layer| layer.first_rule <= self.index).checked_sub(1);
        let layer = layer.and_then(|layer| layers.get(layer));
        Origin {
            file: layer.map(|layer| layer.path.as_str()).unwrap_or_default(),
            line: record.map_or(0, |rule| rule.line.get()),
        }
    }
}

impl fmt::Debug for RuleView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {} `{}` at {}", self.index, self.name(), self.origin())
    }
}

/// Params given by position; made by [`Policy::bind`].
#[derive(Clone, Debug)]
pub struct Slots<const N: usize> {
    /// The policy, by its number in this process.
    policy: u64,
    /// For each param of the policy its slot.
    by_param: Vec<Option<usize>>,
    names: [String; N],
}

impl<const N: usize> Slots<N> {
    /// The params with these values, in the order in which they were named. [`Value::Null`] is an
    /// absent param: no condition sees it, and `semantic` does not see its name.
    #[must_use]
    pub fn with<'s>(&'s self, values: [Value<'s>; N]) -> BoundParams<'s, N> {
        BoundParams { slots: self, values }
    }
}

/// Values in slots. With another policy than the one that bound them they are found by name.
#[derive(Clone, Copy, Debug)]
pub struct BoundParams<'s, const N: usize> {
    slots: &'s Slots<N>,
    values: [Value<'s>; N],
}

impl<const N: usize> Params for BoundParams<'_, N> {
    fn get(&self, name: &str) -> Option<Value<'_>> {
        let slot = self.slots.names.iter().rposition(|slot| slot == name)?;
        self.values.get(slot).copied()
    }

    fn visit(&self, visit: &mut dyn FnMut(&str, Value<'_>) -> ControlFlow<()>) {
        for (at, (name, value)) in self.slots.names.iter().zip(self.values).enumerate() {
            let repeated = self.slots.names.iter().skip(at + 1).any(|other| other == name);
            let absent = matches!(value, Value::Null);
            if !repeated && !absent && visit(name, value).is_break() {
                return;
            }
        }
    }

    fn lookup(&self, param: PolicyParam<'_>) -> Option<Value<'_>> {
        if param.policy.id != self.slots.policy {
            return self.get(param.name());
        }
        let slot = (*self.slots.by_param.get(param.index)?)?;
        self.values.get(slot).copied()
    }
}
