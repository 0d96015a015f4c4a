//! Loads a compiled policy and decides actions from it.

#![forbid(unsafe_code)]

mod action;
mod decision;
#[doc(hidden)]
pub mod dfa;
mod error;
pub mod format;
pub mod json;
mod pystr;
mod time;
mod value;

#[doc(hidden)]
pub use action::PolicyParam;
pub use action::{Action, ActionError, NoParams, Params, Request};
pub use decision::{Approval, RiskLevel};
pub use error::{LoadError, LoadErrorKind};
pub use time::{Clock, NoClock, Timestamp};
pub use value::{BigInt, Kind, List, Map, Value};

/// Why an action could not be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A condition met a value of a kind that it cannot judge.
    TypeError,
    /// A condition looks at the time, and there was none.
    NoTime,
}
