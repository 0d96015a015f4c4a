//! Pattern text -> syntax tree, as CPython 3.11 reads it: `tokens` and `flags` cut the text, `parse` builds the
//! `ast` with `escape`, `groups` and `names`; `branches` rewrites it where Python's own rewriting shows, `width`
//! knows how long what a lookbehind asks for may be, `ends` which `$` lets a newline pass. What an automaton cannot follow is a `refusal`, with what
//! `rewrite` finds to write instead.

pub(super) mod ast;
mod branches;
mod ends;
mod escape;
mod flags;
mod groups;
mod names;
mod parse;
mod refusal;
mod rewrite;
mod tokens;
mod width;

pub(super) use ast::{Ast, NodeId};
pub(super) use ends::loose_ends;
pub(super) use parse::parse;
