//! Diagnostics for people.

use super::Diagnostic;
use crate::source::SourceMap;

/// How to render for people.
#[derive(Clone, Copy, Debug)]
pub struct RenderOptions {
    /// With ANSI colour.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// rustc's form.
#[must_use]
pub fn render_pretty(diagnostic: &Diagnostic, sources: &SourceMap, options: RenderOptions) -> String {
    let _ = (diagnostic, sources, options);
    String::new()
}

/// One line: `path:line:column: level: message [name]`.
#[must_use]
pub fn render_short(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let _ = (diagnostic, sources);
    String::new()
}
