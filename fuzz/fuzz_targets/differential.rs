//! Drawn policies: the reference evaluator and the loaded artifact decide alike.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../compiler/tests/support/mod.rs"]
mod support;

fuzz_target!(|data: &[u8]| support::bodies::differential(data));
