//! What became of an attempt, told to whoever listens: `tracing`, the `metrics` facade, a callback.
//!
//! Takes generations and errors, gives nothing back. In one place, so that the names of fields and metrics are the same
//! whichever way a policy came.

use super::error::ReloadError;
use super::generation::Generation;
use super::handle::Reloaded;
use std::path::Path;
use std::sync::Arc;
use tracing::field::{DisplayValue, display};

/// The counter of attempts; its label `result` is `swapped`, `unchanged` or `refused`.
pub const RELOADS_METRIC: &str = "aegis_policy_reloads_total";

/// The gauge that has the number of the generation in service.
pub const GENERATION_METRIC: &str = "aegis_policy_generation";

/// What a [`PolicyWatcher`](super::PolicyWatcher) tells its callback.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ReloadEvent {
    /// The policy of the file is in service, as this generation.
    Swapped(Arc<Generation>),
    /// The file was written, and is the policy in service.
    Unchanged(Arc<Generation>),
    /// What is in the file, or that there is none, was refused. Told once for the same content.
    Refused(ReloadError),
    /// The system does not tell of changes, and why; the file is polled more often meanwhile.
    PollingOnly(String),
}

impl From<Result<Reloaded, ReloadError>> for ReloadEvent {
    fn from(result: Result<Reloaded, ReloadError>) -> Self {
        match result {
            Ok(Reloaded::Swapped(generation)) => ReloadEvent::Swapped(generation),
            Ok(Reloaded::Unchanged(generation)) => ReloadEvent::Unchanged(generation),
            Err(error) => ReloadEvent::Refused(error),
        }
    }
}

/// Tells of the first generation of a handle.
pub(super) fn serving(generation: &Generation) {
    tracing::info!(
        path = shown(generation.path()),
        generation = generation.number(),
        digest = generation.digest_hex(),
        revision = generation.revision(),
        "policy in service"
    );
}

pub(super) fn swapped(generation: &Generation) {
    tracing::info!(
        path = shown(generation.path()),
        generation = generation.number(),
        digest = generation.digest_hex(),
        revision = generation.revision(),
        "policy replaced"
    );
    count("swapped");
}

pub(super) fn unchanged(path: Option<&Path>, generation: &Generation) {
    tracing::info!(
        path = shown(path),
        generation = generation.number(),
        digest = generation.digest_hex(),
        revision = generation.revision(),
        "policy unchanged"
    );
    count("unchanged");
}

/// Tells of a refusal, and what serves on.
pub(super) fn refused(path: Option<&Path>, error: &ReloadError, generation: &Generation) {
    tracing::warn!(
        path = shown(path),
        generation = generation.number(),
        digest = generation.digest_hex(),
        revision = generation.revision(),
        error = %error,
        "policy refused"
    );
    count("refused");
}

pub(super) fn polling_only(path: &Path, why: &str) {
    tracing::warn!(path = %path.display(), error = why, "policy polled: the system does not tell of changes");
}

pub(super) fn callback_panicked(path: &Path) {
    tracing::warn!(path = %path.display(), "the callback of the policy's watcher panicked; the watcher goes on");
}

pub(super) fn gauge(number: u64) {
    metrics::gauge!(GENERATION_METRIC).set(f64::from(u32::try_from(number).unwrap_or(u32::MAX)));
}

pub(super) fn describe() {
    metrics::describe_counter!(RELOADS_METRIC, "Attempts to replace the policy in service, by result");
    metrics::describe_gauge!(GENERATION_METRIC, "The number of the policy generation in service");
}

/// A path as a field; none is no field.
fn shown(path: Option<&Path>) -> Option<DisplayValue<std::path::Display<'_>>> {
    path.map(|path| display(path.display()))
}

fn count(result: &'static str) {
    metrics::counter!(RELOADS_METRIC, "result" => result).increment(1);
}
