//! Loads a compiled policy and decides actions from it.
//!
//! `aegisc build` turns layers of policy YAML into one artifact, `policy.aegisb`. This crate loads
//! the artifact, once, and then decides actions: no parsing, no regular-expression compilation, no
//! allocation, no panic, no `unsafe`.
//!
//! ```no_run
//! use aegis_vm::{Action, Outcome, Policy, Timestamp};
//! use std::time::SystemTime;
//!
//! let policy = Policy::from_file("policy.aegisb")?;
//!
//! let action = Action::new("deploy", "web").agent("ci-7").param("env", "staging");
//! let decision = policy.evaluate(&action, || Timestamp::from(SystemTime::now()));
//!
//! match decision.outcome() {
//!     Outcome::Matched(rule) => println!("{} by {} ({})", decision.approval(), rule.name(), rule.origin()),
//!     Outcome::Default => println!("{} by default", decision.approval()),
//!     Outcome::Error(_, error) => println!("blocked: {error}"),
//! }
//! # Ok::<(), aegis_vm::LoadError>(())
//! ```
//!
//! # The path of a decision
//!
//! 1. An action comes as an [`Action`] (owned, also from JSON) or as a [`Request`] (borrowed). Its
//!    params come through [`Params`]: a JSON [`Object`](json::Object), a slice of pairs, or values in
//!    [`Slots`] that were bound once by name.
//! 2. [`Policy::evaluate`] finds the candidate rules by the action's literals, tests them, and answers
//!    with the first rule, in the order of the layers, that matches. The time comes from a [`Clock`]:
//!    a [`Timestamp`], or a closure that is called only if a candidate looks at the time.
//! 3. The [`Decision`] has the approval, the risk level, the rule and where it stands. If a rule could
//!    not be judged (a text compared with a number, say) the decision blocks at critical risk, and its
//!    [`Outcome`] is an error that says what was needed and what was found.
//! 4. [`Policy::trace`] walks the same tables and says what each rule made of the action.
//!
//! # Trust
//!
//! [`Policy::from_bytes`] checks every byte of an artifact before it uses any: digests first, then
//! every index and range of every table. The layout is drawn in [`mod@format`].

#![forbid(unsafe_code)]

mod action;
mod compare;
mod decision;
#[doc(hidden)]
pub mod dfa;
mod error;
mod eval;
pub mod format;
mod glob;
mod ir;
pub mod json;
mod load;
mod number;
mod policy;
mod pystr;
mod tables;
mod time;
mod trace;
mod value;
mod words;

#[doc(hidden)]
pub use action::PolicyParam;
pub use action::{Action, ActionError, NoParams, Params, Request};
pub use decision::{Approval, Decision, DecisionError, ErrorKind, Origin, Outcome, RiskLevel};
pub use error::{LoadError, LoadErrorKind};
pub use policy::{BoundParams, Policy, RuleView, SectionInfo, Slots};
pub use time::{Clock, NoClock, Timestamp};
pub use trace::{Field, Step, StepOutcome, Trace};
pub use value::{BigInt, Kind, List, Map, Value};
