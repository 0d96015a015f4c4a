//! Any bytes as action lines: read as another reader of JSON reads them, and decided as the policy means.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../compiler/tests/support/mod.rs"]
mod support;

fuzz_target!(|data: &[u8]| support::lines::action_json(data));
