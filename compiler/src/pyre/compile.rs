//! Patterns -> one class map and one minimal automaton a pattern, within limits.

use super::classes::{ClassMap, Partition, Sets};
use super::dfa::{Columns, Excess, determinise};
use super::minimise::{Dfa, minimise};
use super::nfa::{self, Nfa};
use super::{Pattern, PatternError, PatternErrorKind, shown};
use std::ops::Range;

/// Limits on what a pattern may take to compile. A limit on states alone does not bound the time,
/// as the states of a large pattern are themselves large; hence the limit on work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// States of the nondeterministic automaton, at most 65,534.
    pub nfa_states: usize,
    /// States of the deterministic automaton, before it is minimal, at most 65,535.
    pub dfa_states: usize,
    /// Steps of the subset construction.
    pub work: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { nfa_states: 20_000, dfa_states: 10_000, work: 20_000_000 }
    }
}

/// The compiled patterns of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Automata {
    /// The map that all automata share.
    pub classes: ClassMap,
    /// An automaton for each pattern, in their order.
    pub dfas: Vec<Dfa>,
}

/// Compiles patterns. The same patterns give the same automata, always and everywhere.
///
/// # Errors
///
/// The index of the first pattern that passes a limit, with what made it large.
pub fn compile(patterns: &[Pattern], limits: &Limits) -> Result<Automata, (usize, PatternError)> {
    if patterns.is_empty() {
        return Ok(Automata::default());
    }
    let mut sets = Sets::default();
    let mut nfas = Vec::with_capacity(patterns.len());
    for (index, pattern) in patterns.iter().enumerate() {
        let nfa = nfa::build(&pattern.ast, pattern.root, &pattern.text, limits.nfa_states, &mut sets);
        nfas.push(nfa.map_err(|error| (index, error))?);
    }
    let partition = sets.partition();
    let Some(classes) = partition.to_map() else {
        let widest = nfas.iter().zip(patterns).enumerate().max_by_key(|(_, (nfa, _))| nfa.sets.len());
        let (index, length) = widest.map_or((0, 0), |(index, (_, pattern))| (index, pattern.text.len()));
        let message = "the patterns of this policy tell too many characters apart; this one the most";
        return Err((index, too_large(0..length, message.to_owned(), "split the policy")));
    };
    let mut dfas = Vec::with_capacity(patterns.len());
    for (index, (pattern, nfa)) in patterns.iter().zip(&nfas).enumerate() {
        let dfa = build(nfa, &sets, &partition, limits)
            .map_err(|excess| (index, explain(pattern, excess, limits)))?;
        dfas.push(dfa);
    }
    Ok(Automata { classes, dfas })
}

fn build(nfa: &Nfa, sets: &Sets, partition: &Partition, limits: &Limits) -> Result<Dfa, Excess> {
    let columns = Columns::new(nfa, sets, partition)?;
    let raw = determinise(nfa, sets, partition, &columns, limits.dfa_states, limits.work)?;
    Ok(minimise(&raw, &columns.of_class))
}

fn too_large(at: Range<usize>, message: String, help: &str) -> PatternError {
    PatternError { kind: PatternErrorKind::TooLarge, at, message, help: Some(help.to_owned()) }
}

/// Says what made a pattern large: its longest counted repetition, if it has one.
fn explain(pattern: &Pattern, excess: Excess, limits: &Limits) -> PatternError {
    let limit = match excess {
        Excess::Columns => {
            let message = "the pattern tells more than 256 kinds of characters apart".to_owned();
            return too_large(0..pattern.text.len(), message, "split it into several rules");
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
            too_large(0..pattern.text.len(), message, "split it into several rules")
        }
    }
}
