//! Patterns and globs -> one class map, for each pattern the automata that search for it, within limits, and
//! the automata that globs share.

use super::bits::{self, BitNfa};
use super::classes::{ClassMap, Partition, Sets};
use super::dfa::{Answer, Columns, Excess, Search, determinise};
use super::digrams::{Clause, digrams};
use super::globs::{self, GlobGroup, GlobLimits};
use super::minimise::{Dfa, minimise};
use super::needed::{Needed, needed};
use super::nfa::{self, Direction, Nfa, StateId};
use super::shape::{self, End, Literals};
use crate::pyre::{Pattern, PatternError, PatternErrorKind, shown};
use std::ops::Range;

/// Limits on what patterns may take to compile. A limit on states alone does not bound the time,
/// as the states of a large pattern are themselves large; hence the limits on work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// States of the nondeterministic automaton, at most 65,534.
    pub nfa_states: usize,
    /// States of the deterministic automaton, before it is minimal, at most 65,533.
    pub dfa_states: usize,
    /// Steps of the subset construction, for one automaton.
    pub work: usize,
    /// Steps of the subset construction, for all patterns.
    pub total_work: usize,
    /// States of the nondeterministic automata of all patterns.
    pub total_nfa_states: usize,
    /// Limits on the automata of globs.
    pub globs: GlobLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            nfa_states: 20_000,
            dfa_states: 10_000,
            work: 10_000_000,
            total_work: 120_000_000,
            total_nfa_states: 2_000_000,
            globs: GlobLimits::default(),
        }
    }
}

/// The compiled patterns of a policy, and those of its globs that share automata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Automata {
    /// The map that all automata share.
    pub classes: ClassMap,
    /// What each pattern came to, in their order.
    pub patterns: Vec<Compiled>,
    /// The globs that are matched together.
    pub globs: Vec<GlobGroup>,
}

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// Steps over a text without its last newline.
    pub forward: Forward,
    /// Steps over a text from where its matches end.
    pub backward: Option<Backward>,
    /// What every text in which the pattern is found holds.
    pub literals: Literals,
    /// Whether the pattern is found in the empty text.
    pub empty: bool,
    /// Whether the pattern is made of characters and alternatives alone.
    pub finite: bool,
    /// Whether every match begins at the start of the text.
    pub anchored: bool,
    /// Digrams that every match holds: of each clause one, as symbols of `aegis_vm::format`.
    pub digrams: Vec<Vec<(u8, u8)>>,
    /// Literals of which every match holds one, if it has a deterministic automaton.
    pub needed: Option<Needed>,
    /// The state of a deterministic forward automaton after the prefix.
    pub after_prefix: Option<StateId>,
}

/// How a pattern is searched for from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forward {
    /// By a deterministic automaton.
    Dfa(Dfa),
    /// By sets of places, where a deterministic automaton would pass the limits.
    Bits(BitNfa),
}

/// How a pattern is searched for from where its matches end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backward {
    /// The automaton; anchored where a match ends.
    pub dfa: Dfa,
    /// Where that is.
    pub end: End,
}

impl Compiled {
    /// Whether the pattern is found in every text there is. Not known, and denied, of one that has no
    /// deterministic automaton.
    #[must_use]
    pub fn is_in_every_text(&self) -> bool {
        let found = |answer: &Answer| answer.now & 1 == 1 || answer.end & answer.newline & 1 == 1;
        self.empty && self.dfa().is_some_and(|dfa| dfa.answers.iter().all(found))
    }

    /// The forward automaton, if it is deterministic.
    #[must_use]
    pub fn dfa(&self) -> Option<&Dfa> {
        match &self.forward {
            Forward::Dfa(dfa) => Some(dfa),
            Forward::Bits(_) => None,
        }
    }
}

/// Some patterns passed a limit.
#[derive(Debug)]
pub struct TooLarge {
    /// Each of them, by its index, with what made it large.
    pub errors: Vec<(usize, PatternError)>,
    /// The automata of the others, by index; none of any where the classes of characters are too many.
    pub compiled: Vec<(usize, Compiled)>,
}

/// What one pattern needs before the classes are known.
struct Parts {
    forward: Nfa,
    backward: Option<(Nfa, End)>,
    literals: Literals,
    digrams: Vec<Clause>,
    needed: Option<Needed>,
}

/// Compiles patterns. The same patterns give the same automata, always and everywhere.
///
/// # Errors
///
/// [`TooLarge`] if a pattern passes a limit.
pub fn compile(patterns: &[Pattern], limits: &Limits) -> Result<Automata, TooLarge> {
    compile_with_globs(patterns, &[], limits)
}

/// As [`compile`], with globs: each list has those that may be asked of one text. Globs that pass a limit, or
/// that are too few, are in no group.
///
/// # Errors
///
/// As [`compile`]; never because of a glob.
pub fn compile_with_globs(
    patterns: &[Pattern],
    globs: &[Vec<&str>],
    limits: &Limits,
) -> Result<Automata, TooLarge> {
    let mut errors = Vec::new();
    let mut sets = Sets::default();
    let mut all = Vec::with_capacity(patterns.len());
    let mut states = 0_usize;
    for (index, pattern) in patterns.iter().enumerate() {
        if states > limits.total_nfa_states {
            errors.push((index, explain(pattern, Excess::TotalStates, limits)));
            continue;
        }
        match parts(pattern, limits, &mut sets) {
            Ok(parts) => {
                let backward = parts.backward.as_ref().map_or(0, |(nfa, _)| nfa.states.len());
                states = states.saturating_add(parts.forward.states.len()).saturating_add(backward);
                all.push((index, pattern, parts));
            }
            Err(error) => errors.push((index, error)),
        }
    }
    let own_sets = sets.len();
    let (globs, partition) = globs::group(globs, &limits.globs, &mut sets).unwrap_or_else(|| {
        sets.truncate(own_sets);
        (Vec::new(), sets.partition())
    });
    if patterns.is_empty() && globs.is_empty() {
        return Ok(Automata::default());
    }
    let Some(classes) = partition.to_map() else {
        let widest = all.iter().max_by_key(|(_, _, parts)| parts.forward.sets.len());
        let (index, length) = widest.map_or((0, 0), |&(index, pattern, _)| (index, pattern.text.len()));
        let message = "the patterns of this policy tell too many characters apart; this one the most";
        errors.push((index, too_large(0..length, message.to_owned(), "split the policy")));
        return Err(TooLarge { errors, compiled: Vec::new() });
    };
    let mut builder = Builder { sets: &sets, partition: &partition, limits, total: limits.total_work };
    let mut compiled = Vec::with_capacity(all.len());
    for (index, pattern, parts) in &all {
        match builder.compile(pattern, parts) {
            Ok(pattern) => compiled.push((*index, pattern)),
            Err(excess) => errors.push((*index, explain(pattern, excess, limits))),
        }
    }
    if errors.is_empty() {
        let patterns = compiled.into_iter().map(|(_, pattern)| pattern).collect();
        Ok(Automata { classes, patterns, globs })
    } else {
        Err(TooLarge { errors, compiled })
    }
}

fn parts(pattern: &Pattern, limits: &Limits, sets: &mut Sets) -> Result<Parts, PatternError> {
    let Pattern { ast, root, text, .. } = pattern;
    let forward = nfa::build(ast, *root, text, limits.nfa_states, Direction::Forward, sets)?;
    let literals = shape::literals(ast, *root);
    let digrams = digrams(ast, *root, sets);
    let needed = needed(ast, *root, sets);
    let backward = match shape::end(ast, *root, &literals) {
        Some(end) => {
            let backward = nfa::build(ast, *root, text, limits.nfa_states, Direction::Backward, sets)?;
            Some((backward, end))
        }
        None => None,
    };
    Ok(Parts { forward, backward, literals, digrams, needed })
}

struct Builder<'a> {
    sets: &'a Sets,
    partition: &'a Partition,
    limits: &'a Limits,
    /// What is left of the work for all patterns.
    total: usize,
}

/// The steps that a state takes beyond its construction: it is known again by its members, and made minimal.
const STATE_WORK: usize = 100;

/// A backward automaton is an addition: it may take this part of what a forward one may.
const BACKWARD_SHARE: usize = 20;

impl Builder<'_> {
    fn compile(&mut self, pattern: &Pattern, parts: &Parts) -> Result<Compiled, Excess> {
        let columns = Columns::new(&parts.forward, self.sets, self.partition)?;
        let limits = self.limits;
        let built = self.dfa(&parts.forward, &columns, Search::Anywhere, limits.dfa_states, limits.work);
        let forward = match built {
            Ok(dfa) => Forward::Dfa(dfa),
            Err(excess) => match bits::build(&parts.forward, self.sets, self.partition, &columns) {
                Some(bits) => Forward::Bits(bits),
                None => return Err(excess),
            },
        };
        let (states, work) = (limits.dfa_states / BACKWARD_SHARE, limits.work / BACKWARD_SHARE);
        let backward = parts.backward.as_ref().and_then(|(nfa, end)| {
            let dfa = self.dfa(nfa, &columns, Search::Anchored, states, work).ok()?;
            Some(match end {
                End::Literal => {
                    let start = self.after(&dfa, parts.literals.needed.chars().rev());
                    Backward { dfa: dfa.from(start), end: *end }
                }
                End::Text | End::Line => Backward { dfa, end: *end },
            })
        });
        let mut literals = parts.literals.clone();
        match backward.as_ref().map(|backward| backward.end) {
            Some(End::Literal) => {}
            // A walk from the end mostly ends sooner than a search for a literal.
            Some(End::Text | End::Line) => literals = Literals::default(),
            None => literals.suffix = false,
        }
        let after_prefix = match &forward {
            Forward::Dfa(dfa) if !literals.prefix.is_empty() => {
                Some(self.after(dfa, literals.prefix.chars()))
            }
            _ => None,
        };
        let Pattern { ast, root, .. } = pattern;
        Ok(Compiled {
            after_prefix,
            digrams: parts.digrams.clone(),
            needed: parts.needed.clone().filter(|_| matches!(forward, Forward::Dfa(_))),
            forward,
            backward,
            literals,
            empty: parts.forward.is_found_in_nothing(),
            finite: shape::is_finite(ast, *root),
            anchored: shape::is_anchored(ast, *root),
        })
    }

    /// The state after so many characters.
    fn after(&self, dfa: &Dfa, chars: impl Iterator<Item = char>) -> StateId {
        let column =
            |c: char| dfa.column_map.get(self.partition.class_of(u32::from(c))).copied().unwrap_or(0);
        chars.fold(dfa.start, |state, c| dfa.next(state, column(c).into()))
    }

    fn dfa(
        &mut self,
        nfa: &Nfa,
        columns: &Columns,
        search: Search,
        states: usize,
        work: usize,
    ) -> Result<Dfa, Excess> {
        let mut left = work.min(self.total);
        let exhausted = left < work;
        let before = left;
        let raw = determinise(nfa, self.sets, self.partition, columns, search, states, &mut left);
        let made = match &raw {
            Ok(raw) => raw.answers.len(),
            Err(Excess::States) => states,
            Err(_) => 0,
        };
        let taken = (before - left).saturating_add(made.saturating_mul(STATE_WORK));
        self.total = self.total.saturating_sub(taken);
        match raw {
            Ok(raw) => Ok(minimise(&raw, &columns.of_class)),
            Err(Excess::Work) if exhausted => Err(Excess::TotalWork),
            Err(excess) => Err(excess),
        }
    }
}

fn too_large(at: Range<usize>, message: String, help: &str) -> PatternError {
    PatternError { kind: PatternErrorKind::TooLarge, at, message, help: Some(help.to_owned()), edit: None }
}

/// Says what made a pattern large: its longest counted repetition, if it has one.
fn explain(pattern: &Pattern, excess: Excess, limits: &Limits) -> PatternError {
    let whole = 0..pattern.text.len();
    let limit = match excess {
        Excess::Columns => {
            let message = "the pattern tells more than 254 kinds of characters apart".to_owned();
            return too_large(whole, message, "split it into several rules");
        }
        Excess::TotalWork | Excess::TotalStates => {
            let taken = match excess {
                Excess::TotalWork => format!("{} steps of work", limits.total_work),
                _ => format!("{} states", limits.total_nfa_states),
            };
            let message = format!(
                "the patterns before this one have taken the {taken} that all patterns of a policy may"
            );
            return too_large(whole, message, "split the policy, or make the patterns simpler");
        }
        Excess::States => format!("more than {} states", limits.dfa_states),
        Excess::Work => format!("more than {} steps of work", limits.work),
    };
    match nfa::longest_repeat(&pattern.ast) {
        Some(at) => {
            let part = shown(pattern.text.get(at.clone()).unwrap_or_default());
            let message = format!("the automaton takes {limit}, most of them for {part}");
            too_large(at, message, "lower the bounds, or leave them out: `{n,}`, `*`, `+`")
        }
        None => {
            let message = format!("the automaton takes {limit}");
            too_large(whole, message, "split it into several rules")
        }
    }
}
