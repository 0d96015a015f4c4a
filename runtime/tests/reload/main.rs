//! The policy in service while others take its place, or try to.

#![expect(clippy::unwrap_used, clippy::panic, clippy::as_conversions, reason = "tests")]

mod generations;
mod handle;
mod reports;
mod swaps;
mod watcher;
