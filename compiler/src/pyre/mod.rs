//! Python's `re` (3.11, `str` patterns): pattern text -> syntax tree -> automaton over code-point
//! classes.
//!
//! `parse` reads the dialect as Python does and refuses, with a position, what an automaton cannot
//! follow; `classes` splits Unicode into the coarsest partition that the patterns of a policy can
//! tell apart; `dfa` determinises over those classes; `naive` matches over the tree and shares
//! nothing with the automata, so that a fault in either shows.

use std::ops::Range;

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
}

/// A parsed pattern.
#[derive(Debug)]
pub struct Pattern {
    text: String,
}
