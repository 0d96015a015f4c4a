//! The policy in service, and what may take its place.
//!
//! A [`PolicyHandle`] is given a policy, or the file of one, and gives the [`Generation`] that decides now to any
//! number of threads, without a lock. [`replace`](PolicyHandle::replace), [`reload`](PolicyHandle::reload) and the
//! thread of [`watch`](PolicyHandle::watch) offer it another. What is offered is loaded and checked whole while the
//! old one decides, and then put in its place in one step: a decision is made by one generation or the next,
//! never by a part of both.
//!
//! What cannot be told to be the next policy is refused, and the one in service serves on:
//!
//! - bytes that do not load, whether foreign, damaged, cut short or half written;
//! - another policy: one whose id is not that of the one in service, if that has one;
//! - an older policy: one of the same id and a lower revision.
//!
//! [`ReloadRules`] allows each of the last two by name. Both are judged against the policy in service alone: a process
//! that starts takes whatever its file holds. A digest says that an artifact is whole, not who wrote it:
//! keep the file where only your pipeline writes.
//!
//! ```
//! use aegis_runtime::policy::{PolicyHandle, ReloadErrorKind};
//! use aegis_vm::{Action, NoClock};
//!
//! let handle = PolicyHandle::from_file("../vm/examples/policy.aegisb")?;
//! let serving = handle.load();
//! let decision = serving.policy().evaluate(&Action::new("monitor", "cpu"), NoClock);
//! assert_eq!(decision.rule_name(), "monitor_auto");
//! println!("generation {} of digest {}", serving.number(), serving.digest_hex());
//!
//! let error = handle.reload_from("Cargo.toml").unwrap_err();
//! assert_eq!(error.kind(), ReloadErrorKind::DoesNotLoad);
//! assert!(error.to_string().ends_with("the policy of generation 1 (revision 0) serves on"));
//! # Ok::<(), aegis_runtime::policy::ReloadError>(())
//! ```
//!
//! # What is told
//!
//! Each attempt is an event of `tracing` with the fields `path`, `generation`, `digest`, `revision` and, if it
//! failed, `error`. It also counts in `aegis_policy_reloads_total` with the label `result`, one of `swapped`,
//! `unchanged` and `refused`; the gauge `aegis_policy_generation` has the number of the generation in service.
//! Both go through the `metrics` facade.

mod error;
mod folders;
mod generation;
mod handle;
mod read;
mod report;
mod rules;
mod settle;
mod watch;

pub use error::{ReloadError, ReloadErrorKind};
pub use generation::{Generation, Serving};
pub use handle::{PolicyHandle, Reloaded};
pub use report::{GENERATION_METRIC, RELOADS_METRIC, ReloadEvent};
pub use rules::ReloadRules;
pub use watch::{PolicyWatcher, WatchOptions};
