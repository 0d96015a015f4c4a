//! Any bytes as layers of YAML: no panic, bounded time, and what compiles decides as it is meant.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../compiler/tests/support/mod.rs"]
mod support;

fuzz_target!(|data: &[u8]| support::bodies::yaml_text(data));
