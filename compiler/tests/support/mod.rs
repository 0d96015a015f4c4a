//! What several tests, the examples and the fuzz targets share.
//!
//! Policies and actions drawn from bytes (`generate`), patterns and texts (`dialect`), damage done to
//! artifacts (`damage`), with repaired digests (`mutate`) and on purpose (`crafted`), and the bodies of the fuzz targets
//! (`bodies`, `lines`), so that a kept input is replayed by the very code that found it. The fuzz crate takes
//! this folder in by its path.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests; each crate that takes this folder in uses its own part of it"
)]

pub mod actions;
pub mod agree;
pub mod bodies;
pub mod bytes;
pub mod constants;
pub mod crafted;
pub mod damage;
pub mod dialect;
pub mod filters;
pub mod generate;
pub mod globs;
pub mod hostile;
pub mod lines;
pub mod mutate;
pub mod node;
pub mod patterns;
pub mod traps;

use aegis_vm::json::{BigInteger, Json};
use aegisc::diag::{LevelSetting, Levels};
use aegisc::{LayerSource, Options, Verify};

/// Layers as files of the names that tests expect.
pub fn layers<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> Vec<LayerSource> {
    let layer = |(at, text): (usize, T)| LayerSource {
        path: format!("layer{at}.yaml"),
        bytes: text.as_ref().to_vec(),
    };
    texts.into_iter().enumerate().map(layer).collect()
}

/// Options under which no lint denies.
pub fn options(verify: Verify) -> Options {
    let mut levels = Levels::new();
    levels.cap(LevelSetting::Warn);
    Options { levels, verify, ..Options::default() }
}

/// A whole number that no `i64` holds.
pub fn integer(digits: &str) -> Json {
    Json::BigInt(BigInteger::new(digits).unwrap())
}
