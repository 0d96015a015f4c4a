//! The loops over a whole text.
//!
//! A step has to wait for the table that the step before it looked into, and while it waits the processor
//! has time for another. So a text is taken in blocks of two halves: the first is walked from where the
//! walk stands, and beside it the second from the start, as a guess. Where the first half ends, the second is
//! walked again from there, but only until the guess comes to the same state: from then on it is right. What is
//! searched for mostly forgets within a few characters what stood before them. (After Mytkowicz,
//! Musuvathi and Schulte, "Data-parallel finite-state machines", 2014.)

use super::machine::{Cells, Class, Classes, Machine, Said, Visit};
use super::nfa::{Nfa, Places};

/// The most bytes of a block: what is not ASCII makes its own block slower, and no other.
const BLOCK: usize = 256;
/// The fewest bytes of a text that are worth two halves.
const FEWEST: usize = 24;

/// Steps over a text from a state; stops at a state that nothing can change.
#[inline(always)]
fn forward<'p, C: Cells<'p>, K: Class>(
    machine: Machine<'p, C, K>,
    classes: Classes<'p, K>,
    text: &str,
    from: usize,
) -> Option<usize> {
    let mut state = from;
    let mut rest = text;
    while rest.len() >= FEWEST && state < C::DEAD {
        let (block, after) = rest.split_at(rest.floor_char_boundary(BLOCK));
        let (first, second) = block.split_at(block.floor_char_boundary(block.len() / 2));
        state = match block.is_ascii() {
            true => ascii_halves(machine, classes, state, first.as_bytes(), second.as_bytes())?,
            false => halves(machine, state, characters(classes, first), characters(classes, second))?,
        };
        rest = after;
    }
    for class in characters(classes, rest) {
        if state >= C::DEAD {
            break;
        }
        state = machine.next(state, class?)?;
    }
    Some(state)
}

/// The classes of a text.
#[inline(always)]
fn characters<'p, K: Class>(
    classes: Classes<'p, K>,
    text: &str,
) -> impl Iterator<Item = Option<usize>> + Clone {
    text.chars().map(move |c| classes.of(c))
}

/// How many of the first states of a guess are kept to be met again.
const KEPT: usize = 16;

/// Steps over two halves of a block of ASCII, of which the second is no shorter.
#[inline(always)]
fn ascii_halves<'p, C: Cells<'p>, K: Class>(
    machine: Machine<'p, C, K>,
    classes: Classes<'p, K>,
    from: usize,
    first: &[u8],
    second: &[u8],
) -> Option<usize> {
    let (mut state, mut guess) = (from, machine.start);
    let mut guesses = [0; KEPT];
    for ((&byte, &ahead), kept) in first.iter().zip(second).zip(&mut guesses) {
        state = machine.next(state, classes.ascii(byte)?)?;
        if state >= C::DEAD {
            return Some(state);
        }
        guess = machine.next_or_same(guess, classes.ascii(ahead)?)?;
        *kept = guess;
    }
    for (&byte, &ahead) in
        first.get(KEPT..).unwrap_or_default().iter().zip(second.get(KEPT..).unwrap_or_default())
    {
        state = machine.next(state, classes.ascii(byte)?)?;
        if state >= C::DEAD {
            return Some(state);
        }
        guess = machine.next_or_same(guess, classes.ascii(ahead)?)?;
    }
    let (paired, last) = second.split_at_checked(first.len())?;
    let mut rest = paired;
    for &kept in guesses.iter().take(first.len()) {
        let Some((&byte, after)) = rest.split_first() else { break };
        state = machine.next(state, classes.ascii(byte)?)?;
        if state >= C::DEAD {
            return Some(state);
        }
        rest = after;
        if kept == state {
            state = guess;
            rest = &[];
        }
    }
    for &byte in rest.iter().chain(last) {
        if state >= C::DEAD {
            break;
        }
        state = machine.next(state, classes.ascii(byte)?)?;
    }
    Some(state)
}

/// Steps over two halves of a block.
#[inline(always)]
fn halves<'p, C: Cells<'p>, K: Class>(
    machine: Machine<'p, C, K>,
    from: usize,
    mut first: impl Iterator<Item = Option<usize>>,
    second: impl Iterator<Item = Option<usize>> + Clone,
) -> Option<usize> {
    let (mut state, mut guess) = (from, machine.start);
    // No state is as great.
    let mut guesses = [usize::MAX; KEPT];
    let mut ahead = second.clone();
    for kept in &mut guesses {
        let Some(class) = first.next() else { break };
        state = machine.next(state, class?)?;
        if state >= C::DEAD {
            return Some(state);
        }
        if let Some(class) = ahead.next() {
            guess = machine.next_or_same(guess, class?)?;
            *kept = guess;
        }
    }
    for class in first {
        state = machine.next(state, class?)?;
        if state >= C::DEAD {
            return Some(state);
        }
        if let Some(class) = ahead.next() {
            guess = machine.next_or_same(guess, class?)?;
        }
    }
    let mut kept = guesses.iter();
    for class in second {
        state = machine.next(state, class?)?;
        if state >= C::DEAD {
            return Some(state);
        }
        if kept.next() == Some(&state) {
            state = guess;
            for class in ahead {
                if state >= C::DEAD {
                    break;
                }
                state = machine.next(state, class?)?;
            }
            break;
        }
    }
    Some(state)
}

/// Steps over a text from its end; stops at a state that nothing can change.
#[inline(always)]
fn backward<'p, C: Cells<'p>, K: Class>(
    machine: Machine<'p, C, K>,
    classes: Classes<'p, K>,
    text: &str,
) -> Option<usize> {
    let mut state = machine.start;
    if state < C::DEAD {
        for c in text.chars().rev() {
            state = machine.next(state, classes.of(c)?)?;
            if state >= C::DEAD {
                break;
            }
        }
    }
    Some(state)
}

/// Steps over a text without its last newline; gives what is found.
pub(super) struct Forward<'t> {
    pub(super) text: &'t str,
    /// Where to step from; `None` is the start.
    pub(super) from: Option<usize>,
}

impl<'p> Visit<'p> for Forward<'_> {
    type Out = Said;

    // A function of its own for each form of tables: together they would share too few registers.
    #[inline(never)]
    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C, K>,
        classes: Classes<'p, K>,
    ) -> Option<Said> {
        Some(machine.said(forward(machine, classes, self.text, self.from.unwrap_or(machine.start))?))
    }

    fn nfa<K: Class>(self, nfa: Nfa<'p>, classes: Classes<'p, K>) -> Option<Said> {
        let mut places = Places::default();
        for c in self.text.chars() {
            if !nfa.step(&mut places, classes.of(c)?)? {
                break;
            }
        }
        nfa.said(&places)
    }
}

/// Steps from the end of a text; gives what is found where it begins.
pub(super) struct Backward<'t> {
    pub(super) text: &'t str,
}

impl<'p> Visit<'p> for Backward<'_> {
    type Out = Said;

    #[inline(never)]
    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C, K>,
        classes: Classes<'p, K>,
    ) -> Option<Said> {
        Some(machine.said(backward(machine, classes, self.text)?))
    }

    fn nfa<K: Class>(self, _nfa: Nfa<'p>, _classes: Classes<'p, K>) -> Option<Said> {
        // Only patterns of deterministic automata have backward ones.
        None
    }
}

/// Steps on from a state over a piece of a text; gives the next state.
pub(super) struct Piece<'t> {
    pub(super) text: &'t str,
    pub(super) state: usize,
}

/// Where a walk over pieces stands.
pub(super) struct Stand {
    pub(super) state: usize,
    /// Whether nothing that follows can change what is found.
    pub(super) decided: bool,
    /// What is found if the text ends here.
    pub(super) said: Said,
}

impl<'p> Visit<'p> for Piece<'_> {
    type Out = Stand;

    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C, K>,
        classes: Classes<'p, K>,
    ) -> Option<Stand> {
        let state = forward(machine, classes, self.text, self.state)?;
        Some(Stand { state, decided: state >= C::DEAD, said: machine.said(state) })
    }

    fn nfa<K: Class>(self, _nfa: Nfa<'p>, _classes: Classes<'p, K>) -> Option<Stand> {
        // Its state is a set of places: `NfaPiece`.
        None
    }
}

/// The same over sets of places.
pub(super) struct NfaPiece<'t, 's> {
    pub(super) text: &'t str,
    pub(super) places: &'s mut Places,
}

impl<'p> Visit<'p> for NfaPiece<'_, '_> {
    type Out = Stand;

    fn machine<C: Cells<'p>, K: Class>(
        self,
        _machine: Machine<'p, C, K>,
        _classes: Classes<'p, K>,
    ) -> Option<Stand> {
        None
    }

    fn nfa<K: Class>(self, nfa: Nfa<'p>, classes: Classes<'p, K>) -> Option<Stand> {
        let mut open = true;
        for c in self.text.chars() {
            open = nfa.step(self.places, classes.of(c)?)?;
            if !open {
                break;
            }
        }
        Some(Stand { state: 0, decided: !open, said: nfa.said(self.places)? })
    }
}
