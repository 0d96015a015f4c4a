//! A question on the terminal.
/// Asks on the terminal.
#[derive(Debug, Default)]
pub struct TerminalApproval;
