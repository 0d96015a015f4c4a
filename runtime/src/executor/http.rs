//! Actions carried out by a web service.
/// Sends actions to a web service.
#[derive(Debug)]
pub struct HttpExecutor;
