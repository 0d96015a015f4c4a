//! Any bytes as a pattern: read and compiled, or refused at a place of the text.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../compiler/tests/support/mod.rs"]
mod support;

fuzz_target!(|data: &[u8]| support::bodies::pattern_text(data));
