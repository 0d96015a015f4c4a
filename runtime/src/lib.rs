//! Puts an agent's actions behind a policy.

#![forbid(unsafe_code)]

pub mod approval;
pub mod executor;
mod http;
mod json;
mod task;

pub use aegis_vm::{Action, Approval, Policy, RiskLevel};
pub use http::EndpointError;
pub use task::{Task, TaskError};
