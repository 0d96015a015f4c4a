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
        machine: Machine<'p, C>,
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
                step_all(machines, states, ahead, self.tables.class_map.classes)?;
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
    fn member<C: Cells<'p>>(&self, member: U32) -> Option<Machine<'p, C>> {
        let pattern = self.tables.patterns.get(&self.tables.bytes, index(member))?;
        machine(self.tables, self.tables.automata.get(&self.tables.bytes, index(pattern.forward))?)
    }
}

/// A found or dead state and a column lead out of the table: it stays. `None` if a column map has fewer
/// columns than there are classes.
// A function of its own, so that its states stay in registers.
#[inline(never)]
fn step_all<'p, C: Cells<'p>>(
    machines: &[Machine<'p, C>; SIDE_BY_SIDE],
    states: &mut [usize; SIDE_BY_SIDE],
    classes: &[u16],
    count: usize,
) -> Option<()> {
    let [a, b, c] = machines;
    // Of one length, so that it takes one register.
    let maps = [a.column_map.get(..count)?, b.column_map.get(..count)?, c.column_map.get(..count)?];
    let [map_a, map_b, map_c] = maps;
    let [mut in_a, mut in_b, mut in_c] = *states;
    for &class in classes {
        let class = usize::from(class);
        if class >= count {
            return None;
        }
        in_a = a.step(in_a, *map_a.get(class)?).unwrap_or(in_a);
        in_b = b.step(in_b, *map_b.get(class)?).unwrap_or(in_b);
        in_c = c.step(in_c, *map_c.get(class)?).unwrap_or(in_c);
    }
    *states = [in_a, in_b, in_c];
    Some(())
}
