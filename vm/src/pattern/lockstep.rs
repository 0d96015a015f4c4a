//! Patterns stepped side by side, each in its own automaton, over classes that are looked up once.

use super::machine::{Cells, Class, Classes, Machine, Visit, machine};
use super::nfa::Nfa;
use crate::format::LOCKSTEP;
use crate::tables::{Tables, index};
use zerocopy::little_endian::U32;

/// Steps each member in its own automaton, side by side, so that no step waits for another's table; gives the
/// members found. All have cells of one form.
pub(super) struct Lockstep<'p, 't> {
    pub(super) tables: &'p Tables,
    pub(super) members: &'p [U32],
    pub(super) text: &'t str,
}

/// How many classes of characters are looked up before they are stepped over.
const AHEAD: usize = 64;

/// How many automata are stepped side by side: as many as registers hold.
const SIDE_BY_SIDE: usize = 3;

impl<'p> Visit<'p> for Lockstep<'p, '_> {
    type Out = u64;

    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C, K>,
        classes: Classes<'p, K>,
    ) -> Option<u64> {
        // What fills up the last row is the first again.
        let mut machines = [machine; LOCKSTEP];
        for (slot, &member) in machines.iter_mut().zip(self.members) {
            *slot = self.member(member)?;
        }
        let mut states = machines.map(|machine| machine.start);
        let body = self.text.strip_suffix('\n');
        let mut chars = body.unwrap_or(self.text).chars();
        let mut ahead = [0_u16; AHEAD];
        loop {
            let mut filled = 0;
            for (slot, c) in ahead.iter_mut().zip(&mut chars) {
                *slot = u16::try_from(classes.of(c)?).ok()?;
                filled += 1;
            }
            let ahead = ahead.get(..filled)?;
            let used = self.members.len().div_ceil(SIDE_BY_SIDE);
            let abreast = machines.as_chunks::<SIDE_BY_SIDE>().0.iter();
            for (machines, states) in abreast.zip(states.as_chunks_mut::<SIDE_BY_SIDE>().0).take(used) {
                step_all(machines, states, ahead)?;
            }
            let open = states.iter().zip(self.members).any(|(&state, _)| state < C::DEAD);
            if filled < AHEAD || !open {
                break;
            }
        }
        let mut found = 0;
        for (bit, ((machine, &state), _)) in machines.iter().zip(&states).zip(self.members).enumerate() {
            let said = machine.said(state);
            found |= u64::from(if body.is_some() { said.newline } else { said.end }) << bit;
        }
        Some(found)
    }

    fn nfa<K: Class>(self, _nfa: Nfa<'p>, _classes: Classes<'p, K>) -> Option<u64> {
        // The loader refuses it.
        None
    }
}

impl<'p> Lockstep<'p, '_> {
    fn member<C: Cells<'p>, K: Class>(&self, member: U32) -> Option<Machine<'p, C, K>> {
        let pattern = self.tables.patterns.get(&self.tables.bytes, index(member))?;
        machine(self.tables, self.tables.automata.get(&self.tables.bytes, index(pattern.forward))?)
    }
}

// A function of its own, so that its states stay in registers.
#[inline(never)]
fn step_all<'p, C: Cells<'p>, K: Class>(
    machines: &[Machine<'p, C, K>; SIDE_BY_SIDE],
    states: &mut [usize; SIDE_BY_SIDE],
    classes: &[u16],
) -> Option<()> {
    let [a, b, c] = machines;
    let [mut in_a, mut in_b, mut in_c] = *states;
    for &class in classes {
        let class = usize::from(class);
        in_a = a.next_or_same(in_a, class)?;
        in_b = b.next_or_same(in_b, class)?;
        in_c = c.next_or_same(in_c, class)?;
    }
    *states = [in_a, in_b, in_c];
    Some(())
}
