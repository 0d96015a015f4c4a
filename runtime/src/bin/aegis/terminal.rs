//! The terminal that standard output is, if it is one: its width, and whether it shows more than ASCII.

use crate::table::Paper;
use std::io::{self, IsTerminal};

/// Columns where there is no terminal and `COLUMNS` says nothing.
const WIDTH: usize = 160;
/// Fewer columns are not reckoned with.
const LEAST: usize = 40;

/// What tables are printed on.
pub(crate) fn paper() -> Paper {
    Paper { room: width(), utf8: is_utf8(), styled: true }
}

/// The columns that a table may take.
fn width() -> usize {
    let said = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let size = io::stdout().is_terminal().then(|| terminal_size::terminal_size_of(io::stdout())).flatten();
    size.map(|(width, _)| usize::from(width.0)).or_else(said).unwrap_or(WIDTH).max(LEAST)
}

/// Whether the locale is one of UTF-8.
fn is_utf8() -> bool {
    let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set).unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8") || cfg!(any(windows, target_os = "macos"))
}
