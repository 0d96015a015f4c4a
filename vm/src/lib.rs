//! Loads a compiled policy and decides actions from it.
//!
//! `aegisc build` turns layers of policy YAML into one artifact, `policy.aegisb`. This crate loads
//! the artifact, once, and then decides actions: no parsing, no regular-expression compilation, no
//! allocation, no panic, no `unsafe`. The artifact of these examples is made of `base.yaml` and
//! `devops-agent.yaml` of the shipped policies.
//!
//! ```
//! use aegis_vm::{Action, Outcome, Policy, Timestamp};
//! use std::time::SystemTime;
//!
//! let policy = Policy::from_file("examples/policy.aegisb")?;
//!
//! let action = Action::new("monitor", "cpu").agent("ops-7");
//! let decision = policy.evaluate(&action, || Timestamp::from(SystemTime::now()));
//!
//! match decision.outcome() {
//!     Outcome::Matched(rule) => println!("{} by {}", decision.approval(), rule.name()),
//!     Outcome::Default => println!("{} by default", decision.approval()),
//!     Outcome::Error(_, error) => println!("blocked: {error}"),
//! }
//! assert_eq!(decision.rule_name(), "monitor_auto");
//! assert_eq!(decision.origin().unwrap().to_string(), "policies/devops-agent.yaml:16");
//! # Ok::<(), aegis_vm::LoadError>(())
//! ```
//!
//! # The path of a decision
//!
//! 1. An action comes as an [`Action`] (owned, also from JSON) or as a [`Request`] (borrowed). Its
//!    params come through [`Params`]: a JSON [`Object`](json::Object), a slice of pairs, or values in
//!    [`Slots`] that were bound once by name.
//! 2. [`Policy::evaluate`] finds the rules that the action's type, target and agent leave, asks their decision graph
//!    for what is left of them, and answers with the first rule, in the order of the layers, that matches. The time
//!    comes from a [`Clock`]: a [`Timestamp`], or a closure that is called only if a rule that is left looks at the
//!    time. [`Policy::evaluate_batch`] does the same for many actions at once.
//! 3. The [`Decision`] has the approval, the risk level, the rule and where it stands.
//! 4. [`Policy::valid_until`] says until when the same action is decided so.
//! 5. [`Policy::trace`] asks the same tests, rule by rule, and says what each rule made of the action.
//!
//! # What cannot be judged is blocked
//!
//! A rule that compares `replicas` with a number cannot judge text. The decision then blocks, at
//! critical risk, and its [`Outcome`] is an error, which no match of a rule can be mistaken for:
//!
//! ```
//! # use aegis_vm::{Action, ErrorKind, NoClock, Policy};
//! # let policy = Policy::from_file("examples/policy.aegisb")?;
//! let decision = policy.evaluate(&Action::new("scale_up", "api").param("replicas", "5"), NoClock);
//! let error = decision.error().unwrap();
//! assert_eq!(error.kind(), ErrorKind::TypeError);
//! assert_eq!(error.to_string(), "`param_gt` needs `replicas` to be a number, found a string");
//! assert!(!decision.is_allowed());
//! # Ok::<(), aegis_vm::LoadError>(())
//! ```
//!
//! So does a rule that looks at the time when there is none ([`NoClock`]). An action that is not even
//! one, a line of JSON without a type, say, is an [`ActionError`] before any policy is asked.
//!
//! # Params without JSON
//!
//! ```
//! # use aegis_vm::{NoClock, Policy, Request, Value};
//! # let policy = Policy::from_file("examples/policy.aegisb")?;
//! // On the stack, by name:
//! let params = [("replicas", Value::from(7))];
//! let decision = policy.evaluate(Request::new("scale_up", "api").params(&params), NoClock);
//! assert_eq!(decision.rule_name(), "scale_up_small_auto");
//!
//! // In slots that were bound once, so that nothing is looked up by name:
//! let slots = policy.bind(["replicas"]);
//! let params = slots.with([Value::from(70)]);
//! let decision = policy.evaluate(Request::new("scale_up", "api").params(&params), NoClock);
//! assert_eq!(decision.rule_name(), "scale_up_rest_block");
//! # Ok::<(), aegis_vm::LoadError>(())
//! ```
//!
//! # Why not that rule?
//!
//! ```
//! # use aegis_vm::{Action, Policy, StepOutcome, Timestamp};
//! # let policy = Policy::from_file("examples/policy.aegisb")?;
//! // 2026-03-18T14:30:00Z, a Wednesday.
//! let now = Timestamp::from_unix(1_773_844_200, 0);
//! let trace = policy.trace(&Action::new("deploy", "production"), now);
//! assert_eq!(trace.decision().rule_name(), "production_day_approve");
//! let weekend = trace.steps().iter().find(|step| step.rule().name() == "production_weekend_block");
//! assert!(matches!(weekend.unwrap().outcome(), StepOutcome::Condition { key: "weekdays", .. }));
//! # Ok::<(), aegis_vm::LoadError>(())
//! ```
//!
//! # Trust
//!
//! [`Policy::from_bytes`] checks every byte of an artifact before it uses any: digests first, then
//! every index and range of every table. The layout is drawn in [`mod@format`]. A digest says that the
//! bytes are whole, not who wrote them: keep artifacts where only your pipeline writes.

#![forbid(unsafe_code)]

mod action;
mod batch;
mod border;
mod compare;
mod cost;
mod decision;
mod error;
mod eval;
mod find;
pub mod format;
mod glob;
mod graph;
mod hash;
mod ir;
pub mod json;
mod json_action;
mod literals;
mod load;
mod number;
mod pattern;
mod policy;
mod prefilter;
mod pystr;
mod roots;
mod scan;
mod scanned;
mod switch;
mod tables;
mod time;
mod trace;
mod validity;
mod value;
mod words;

pub use action::{Action, ActionError, NoParams, Params, PolicyParam, Request};
pub use cost::Cost;
pub use decision::{Approval, Decision, DecisionError, ErrorKind, Origin, Outcome, RiskLevel};
pub use error::{LoadError, LoadErrorKind};
pub use json_action::JsonAction;
pub use policy::{BoundParams, Policy, RuleView, SectionInfo, Slots};
pub use time::{Clock, NoClock, Timestamp};
pub use trace::{Field, Step, StepOutcome, Trace};
pub use value::{BigInt, Kind, List, Map, Value};
