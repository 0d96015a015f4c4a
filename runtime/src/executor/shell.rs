//! Actions carried out by a command.
/// Runs a command.
#[derive(Debug)]
pub struct ShellExecutor;
