//! A sound artifact with changed sections and right digests: refused, or harmless.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../compiler/tests/support/mod.rs"]
mod support;

fuzz_target!(|data: &[u8]| support::bodies::artifact_repaired(data));
