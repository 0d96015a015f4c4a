//! The loops over a whole text.

use super::machine::{Cells, Class, Classes, Machine, Said, Visit};
use super::nfa::{Nfa, Places};

/// Steps over a text from a state; stops at a state that nothing can change.
#[inline(always)]
fn forward<'p, C: Cells<'p>, K: Class>(
    machine: Machine<'p, C>,
    classes: Classes<'p, K>,
    text: &str,
    from: usize,
) -> Option<usize> {
    let mut state = from;
    let mut rest = text;
    while state < C::DEAD {
        // ASCII is most of what policies see: its bytes are its characters.
        let mut steps = rest.bytes();
        let mut taken = 0;
        loop {
            let Some(byte) = steps.next() else { return Some(state) };
            let Some(class) = classes.ascii(byte) else { break };
            state = machine.next(state, class)?;
            if state >= C::DEAD {
                return Some(state);
            }
            taken += 1;
        }
        let mut chars = rest.get(taken..)?.chars();
        loop {
            let Some(c) = chars.next() else { return Some(state) };
            state = machine.next(state, classes.of(c)?)?;
            if c.is_ascii() || state >= C::DEAD {
                break;
            }
        }
        rest = chars.as_str();
    }
    Some(state)
}

/// Steps over a text from its end; stops at a state that nothing can change.
#[inline(always)]
fn backward<'p, C: Cells<'p>, K: Class>(
    machine: Machine<'p, C>,
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

/// Steps from the start of a text without its last newline; gives what is found.
pub(super) struct Forward<'t> {
    pub(super) text: &'t str,
}

impl<'p> Visit<'p> for Forward<'_> {
    type Out = Said;

    // A function of its own for each form of tables: together they would share too few registers.
    #[inline(never)]
    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C>,
        classes: Classes<'p, K>,
    ) -> Option<Said> {
        Some(machine.said(forward(machine, classes, self.text, machine.start)?))
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
        machine: Machine<'p, C>,
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
        machine: Machine<'p, C>,
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
        _machine: Machine<'p, C>,
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
