//! Puts an agent's actions behind a compiled policy: decide, approve, execute, audit.
//!
//! ```text
//! Task ─▶ decide ─▶ approve ─▶ intent ─▶ execute ─▶ verify ─▶ outcome ─▶ ActionResult
//!         policy    a person   on disk   executor              on disk
//! ```
//!
//! A [`Runtime`] takes a [`Task`], asks the [policy](mod@policy) in service, asks a person by an
//! [approval handler](approval) if the policy says so, writes the intent into the [audit log](audit), and only then
//! hands the action to the [executor]. Whatever goes wrong on the way, an error, a panic, a timeout, a full disk,
//! ends with an action that does not run and a result that says why. The only way to an executor is a permit, and the
//! only place that makes one is `gate.rs`.
//!
//! [`blocking::Runtime`] is the same without futures.

#![forbid(unsafe_code)]

pub mod approval;
pub mod audit;
pub mod blocking;
mod caught;
mod core;
pub mod executor;
mod gate;
mod hooks;
mod http;
mod json;
mod plan;
pub mod policy;
mod result;
mod retry;
mod run;
mod runtime;
mod task;
pub mod telemetry;
mod time;
mod verdict;

pub use crate::core::Outcomes;
pub use aegis_vm::{Action, Approval, Policy, RiskLevel};
pub use audit::Status;
pub use http::EndpointError;
pub use plan::{Plan, Planned, Summary};
pub use result::ActionResult;
pub use retry::Retry;
pub use runtime::{BuildError, Mode, Runtime, RuntimeBuilder};
pub use task::{Task, TaskError};
pub use time::{micros_of, rfc3339};
pub use verdict::Verdict;
