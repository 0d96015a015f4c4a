//! The `aegisc` command.
fn main() {}
