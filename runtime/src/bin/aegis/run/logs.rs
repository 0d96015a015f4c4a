//! What the runtime tells while it runs, on standard error.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;

/// Begins to print it. What becomes of policies is said by the command itself.
pub(super) fn begin(verbose: bool) {
    let level = if verbose { LevelFilter::INFO } else { LevelFilter::WARN };
    let targets = Targets::new().with_default(level).with_target("aegis_runtime::policy", LevelFilter::OFF);
    let lines = layer().with_writer(std::io::stderr).with_ansi(false).with_target(false).without_time();
    // Only a second call could fail.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines).with(targets));
}
