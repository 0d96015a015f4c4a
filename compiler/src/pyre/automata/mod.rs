//! Syntax trees -> what finds them. `classes` splits Unicode into the coarsest partition that the patterns of a
//! policy can tell apart; `nfa`, `dfa` and `minimise` make one small automaton a pattern over those classes, or
//! `bits` sets of places where that would be large, within the limits of `compile`; `shape`, `digrams` and
//! `needed` see what a pattern's form says of its matches; `group` joins patterns of one param, `globs` globs of one field.

mod bits;
pub(super) mod classes;
mod compile;
mod dfa;
mod digrams;
mod globs;
mod group;
mod minimise;
mod needed;
mod nfa;
mod shape;

pub use bits::{BitNfa, BitStep};
pub use classes::ClassMap;
pub use compile::{Automata, Backward, Compiled, Forward, Limits, TooLarge, compile, compile_with_globs};
pub use dfa::Answer;
pub use globs::{GlobGroup, GlobLimits};
pub use group::{Group, GroupKind, Shared, share};
pub use minimise::{CellForm, Dfa, Sink};
pub use needed::Needed;
pub(crate) use needed::rarity;
pub use nfa::StateId;
pub use shape::{End, Literals, rarest};
