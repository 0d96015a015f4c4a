//! A question to a web service.
/// Asks a web service.
#[derive(Debug)]
pub struct WebhookApproval;
