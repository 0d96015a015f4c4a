//! What the programs of this package share: patterns in an artifact, as the compiler's tests have them.

#[path = "../../../compiler/tests/support/mod.rs"]
pub mod support;
