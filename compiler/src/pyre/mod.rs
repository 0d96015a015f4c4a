//! Python's `re` (3.11, `str` patterns): pattern text -> syntax tree -> automaton over code-point
//! classes.
//!
//! [`parse`](parse()) reads the dialect as Python does and refuses, with a position and a reason, what an
//! automaton cannot follow (`syntax`). [`compile`](compile()) makes the automata of all patterns of a policy,
//! over one map of classes (`automata`). `naive` matches over the tree and shares nothing with them, so that a
//! fault in either shows. `tables` has CPython's data, read off it into `data/`.

mod automata;
mod naive;
mod syntax;
mod tables;

pub(crate) use automata::rarity;
pub use automata::{
    Answer, Automata, Backward, BitNfa, BitStep, CellForm, ClassMap, Compiled, Dfa, End, Forward, GlobGroup,
    GlobLimits, Group, GroupKind, Limits, Literals, Needed, Shared, Sink, StateId, TooLarge, compile,
    compile_with_globs, rarest, share,
};

use std::ops::Range;
use syntax::{Ast, NodeId};

/// Why a pattern cannot be compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternErrorKind {
    /// Python's `re.compile` rejects it: the condition would never hold.
    Invalid,
    /// Python accepts it, an automaton cannot follow it.
    Unsupported,
    /// Its automaton would pass a limit.
    TooLarge,
}

/// An error of a pattern, at a place of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// Why.
    pub kind: PatternErrorKind,
    /// The byte range of the pattern's text.
    pub at: Range<usize>,
    /// One terse line, in lower case; for `Invalid` in Python's own terms.
    pub message: String,
    /// What to write instead, where that is plain.
    pub help: Option<String>,
    /// An edit after which the pattern matches the same texts and is not refused for this any more.
    pub edit: Option<Edit>,
}

/// A part of a pattern, and what to write in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The byte range of the pattern's text.
    pub at: Range<usize>,
    /// The new text.
    pub with: &'static str,
}

/// A parsed pattern.
///
/// # Examples
///
/// ```
/// let pattern = aegisc::pyre::parse(r"\w+@corp\.com$").unwrap();
/// assert!(pattern.naive_search("ann@corp.com\n"));
/// assert!(!pattern.naive_search("ann@corp.com.example"));
/// ```
#[derive(Debug)]
pub struct Pattern {
    text: String,
    ast: Ast,
    root: NodeId,
}

/// Reads a pattern of Python's `re`.
///
/// # Errors
///
/// [`PatternErrorKind::Invalid`] with Python's own words and place if `re.compile` rejects it;
/// [`PatternErrorKind::Unsupported`] if an automaton cannot follow it, or if Python would raise
/// something other than `re.error`; [`PatternErrorKind::TooLarge`] if it is too long, too deeply
/// nested, or repeats too often.
pub fn parse(pattern: &str) -> Result<Pattern, PatternError> {
    let (ast, root) = syntax::parse(pattern)?;
    Ok(Pattern { text: pattern.to_owned(), ast, root })
}

impl Pattern {
    /// The pattern as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte ranges of each `$` that ends the pattern and lets a newline after it pass, where `\Z` would not.
    #[must_use]
    pub fn loose_ends(&self) -> Vec<Range<usize>> {
        let ends = syntax::loose_ends(&self.ast, self.root);
        ends.into_iter().filter(|at| self.text.get(at.clone()) == Some("$")).collect()
    }

    /// Whether Python's `re.search` finds the pattern in a text, by a route of its own: over the
    /// tree, without classes or automata. Slower than an automaton, but never exponential.
    #[must_use]
    pub fn naive_search(&self, text: &str) -> bool {
        naive::search(&self.ast, self.root, text)
    }
}

/// A part of a pattern for a message: in backticks, cut in the middle if it is long.
fn shown(part: &str) -> String {
    const ENDS: usize = 20;
    let count = part.chars().count();
    if count <= 2 * ENDS {
        return format!("`{part}`");
    }
    let head: String = part.chars().take(ENDS).collect();
    let tail: String = part.chars().skip(count - ENDS).collect();
    format!("`{head}…{tail}`")
}
