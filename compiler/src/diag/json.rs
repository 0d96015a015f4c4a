//! Diagnostics as JSON, one object a line.

use super::Diagnostic;
use crate::source::SourceMap;

/// One diagnostic as a JSON object, without a line break.
#[must_use]
pub fn to_json(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let _ = (diagnostic, sources);
    String::new()
}
