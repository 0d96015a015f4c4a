//! Walks over the automaton that a group shares: what is found on the way, and at the end.

use super::machine::{Cells, Class, Classes, Machine, Visit};
use super::nfa::Nfa;
use crate::format::GroupAnswer;

/// Steps from the start of a text; gives the members found.
pub(super) struct Forward<'p, 't> {
    pub(super) answers: &'p [GroupAnswer],
    pub(super) text: &'t str,
    /// Whether a final newline follows, which the text was fed without.
    pub(super) newline: bool,
}

/// Steps from the end of a text; gives the members found.
pub(super) struct Backward<'p, 't> {
    pub(super) answers: &'p [GroupAnswer],
    pub(super) text: &'t str,
}

/// Where a walk stands, and what it has found.
#[derive(Clone, Copy)]
struct Place {
    state: usize,
    found: u64,
}

impl Place {
    /// Takes a character; `None` if the tables do not hold together.
    #[inline(always)]
    fn step<'p, C: Cells<'p>, K: Class>(
        &mut self,
        machine: &Machine<'p, C, K>,
        answers: &[GroupAnswer],
        class: Option<usize>,
    ) -> Option<()> {
        self.state = machine.next(self.state, class?)?;
        if self.state >= machine.marks[0] && self.state < C::DEAD {
            self.found |= answers.get(machine.answer(self.state)?)?.now.get();
        }
        Some(())
    }

    /// Takes characters, until nothing more can be found.
    #[inline(always)]
    fn walk<'p, C: Cells<'p>, K: Class>(
        &mut self,
        machine: &Machine<'p, C, K>,
        answers: &[GroupAnswer],
        classes: impl Iterator<Item = Option<usize>>,
    ) -> Option<()> {
        for class in classes {
            if self.state >= C::DEAD {
                break;
            }
            self.step(machine, answers, class)?;
        }
        Some(())
    }
}

/// The fewest bytes of a text that are worth two halves, and how many characters of a guess are walked again.
const FEWEST: usize = 32;
const AGAIN: usize = 8;

/// Walks the second half of a text of ASCII beside the first, from a guess, as `walk` does. What the guess
/// finds counts from where it is known to be right.
#[inline(always)]
fn halves<'p, C: Cells<'p>, K: Class>(
    machine: &Machine<'p, C, K>,
    classes: &Classes<'p, K>,
    answers: &[GroupAnswer],
    text: &[u8],
) -> Option<Place> {
    let class = |&byte: &u8| classes.ascii(byte);
    let (first, second) = text.split_at(text.len() / 2);
    let (first_again, first_rest) = first.split_at_checked(AGAIN)?;
    let (second_again, second_rest) = second.split_at_checked(AGAIN)?;
    let mut place = Place { state: machine.start, found: 0 };
    let mut guess = place;
    for (byte, ahead) in first_again.iter().zip(second_again) {
        place.step(machine, answers, class(byte))?;
        if place.state >= C::DEAD {
            return Some(place);
        }
        guess.state = machine.next_or_same(guess.state, class(ahead)?)?;
    }
    let guessed = guess.state;
    for (byte, ahead) in first_rest.iter().zip(second_rest) {
        place.step(machine, answers, class(byte))?;
        if place.state >= C::DEAD {
            return Some(place);
        }
        if guess.state < C::DEAD {
            guess.step(machine, answers, class(ahead))?;
        }
    }
    place.walk(machine, answers, second_again.iter().map(class))?;
    // The second half may be longer by one.
    let (paired, last) = second_rest.split_at_checked(first_rest.len())?;
    if place.state == guessed {
        place = Place { state: guess.state, found: place.found | guess.found };
    } else {
        place.walk(machine, answers, paired.iter().map(class))?;
    }
    place.walk(machine, answers, last.iter().map(class))?;
    Some(place)
}

impl<'p> Visit<'p> for Forward<'p, '_> {
    type Out = u64;

    // A function of its own for each form of tables: together they would share too few registers.
    #[inline(never)]
    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C, K>,
        classes: Classes<'p, K>,
    ) -> Option<u64> {
        let Forward { answers, text, newline } = self;
        let Place { state, found } = if text.len() >= FEWEST && text.is_ascii() {
            halves(&machine, &classes, answers, text.as_bytes())?
        } else {
            let mut place = Place { state: machine.start, found: 0 };
            place.walk(&machine, answers, text.chars().map(|c| classes.of(c)))?;
            place
        };
        if state >= C::DEAD {
            return Some(found);
        }
        let last = answers.get(machine.answer(state)?)?;
        Some(found | if newline { last.newline.get() } else { last.end.get() })
    }

    fn nfa<K: Class>(self, _nfa: Nfa<'p>, _classes: Classes<'p, K>) -> Option<u64> {
        // The loader refuses it.
        None
    }
}

impl<'p> Visit<'p> for Backward<'p, '_> {
    type Out = u64;

    #[inline(never)]
    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C, K>,
        classes: Classes<'p, K>,
    ) -> Option<u64> {
        let Backward { answers, text } = self;
        let mut place = Place { state: machine.start, found: 0 };
        place.walk(&machine, answers, text.chars().rev().map(|c| classes.of(c)))?;
        let Place { state, found } = place;
        if state >= C::DEAD {
            return Some(found);
        }
        Some(found | answers.get(machine.answer(state)?)?.end.get())
    }

    fn nfa<K: Class>(self, _nfa: Nfa<'p>, _classes: Classes<'p, K>) -> Option<u64> {
        // The loader refuses it.
        None
    }
}

/// Whether every row that finds something on the way stands from the first mark on.
pub(super) struct Order<'p> {
    pub(super) answers: &'p [GroupAnswer],
    pub(super) rows: usize,
}

impl<'p> Visit<'p> for Order<'p> {
    type Out = bool;

    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C, K>,
        _classes: Classes<'p, K>,
    ) -> Option<bool> {
        let answer = |number: Option<usize>| self.answers.get(number?);
        let quiet = |number| answer(number).is_some_and(|answer| answer.now.get() == 0);
        Some(machine.before_mark(self.rows).all(quiet))
    }

    fn nfa<K: Class>(self, _nfa: Nfa<'p>, _classes: Classes<'p, K>) -> Option<bool> {
        None
    }
}

/// Steps a table group on from a state over a piece of a text.
pub(super) struct GroupPiece<'p, 't> {
    pub(super) answers: &'p [GroupAnswer],
    pub(super) text: &'t str,
    pub(super) state: usize,
    /// What was found so far.
    pub(super) found: u64,
}

/// Where a walk of a group over pieces stands.
pub(super) struct GroupStand {
    pub(super) state: usize,
    pub(super) found: u64,
    /// Whether nothing more can be found.
    pub(super) decided: bool,
    /// What is found as well if the text ends here.
    pub(super) end: u64,
    /// What is found as well if only a final newline follows.
    pub(super) newline: u64,
}

impl<'p> Visit<'p> for GroupPiece<'p, '_> {
    type Out = GroupStand;

    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C, K>,
        classes: Classes<'p, K>,
    ) -> Option<GroupStand> {
        let (mut state, mut found) = (self.state, self.found);
        for c in self.text.chars() {
            state = machine.next(state, classes.of(c)?)?;
            if state >= C::DEAD {
                return Some(GroupStand { state, found, decided: true, end: 0, newline: 0 });
            }
            found |= self.answers.get(machine.answer(state)?)?.now.get();
        }
        let last = self.answers.get(machine.answer(state)?)?;
        Some(GroupStand { state, found, decided: false, end: last.end.get(), newline: last.newline.get() })
    }

    fn nfa<K: Class>(self, _nfa: Nfa<'p>, _classes: Classes<'p, K>) -> Option<GroupStand> {
        // The loader refuses it.
        None
    }
}
