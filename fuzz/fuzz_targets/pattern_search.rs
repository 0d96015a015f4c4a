//! Drawn patterns and texts, or raw ones: the loaded artifact finds what the plain matcher finds.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../compiler/tests/support/mod.rs"]
mod support;

fuzz_target!(|data: &[u8]| support::bodies::pattern_search(data));
