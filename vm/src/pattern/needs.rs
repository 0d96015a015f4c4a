//! Whether every text in which a pattern is found holds one of some literals: the loader's proof of a prefilter.
//!
//! The automaton of the pattern is walked together with that of the literals, for all texts at once: which pairs
//! of their states can be reached before a literal has been read? If the pattern is found in none of them, it
//! needs one of the literals. Letters count in either case, as prefilters compare them.

use super::machine::{Cells, Class, Classes, Machine, Visit, with};
use super::nfa::Nfa;
use crate::format::{
    AUTOMATON_SHARED, CLASS_BLOCK, GROUP_FORWARD, GroupAnswer, NONE, PATTERN_EMPTY, PREFILTER_FOLD,
    proof_steps,
};
use crate::pattern::Blocks;
use crate::tables::{Tables, index};
use std::collections::{BTreeMap, HashSet, VecDeque};

/// What proofs look at again and again.
pub(crate) struct Needs<'p> {
    tables: &'p Tables,
    /// How many characters each class has, and how many of ASCII.
    characters: Vec<u32>,
    in_ascii: Vec<u32>,
}

impl<'p> Needs<'p> {
    pub(crate) fn of(tables: &'p Tables) -> Self {
        let characters = sizes(tables).unwrap_or_default();
        let mut in_ascii = vec![0; characters.len()];
        for byte in 0..0x80 {
            let class = class_in_block(tables, 0, byte);
            in_ascii.get_mut(class.unwrap_or(usize::MAX)).into_iter().for_each(|size| *size += 1);
        }
        Needs { tables, characters, in_ascii }
    }

    /// Whether a pattern needs one of the literals, perhaps in texts of ASCII alone; `None` if that takes more
    /// steps than are left, or if the pattern has no automaton for it.
    pub(crate) fn prove(
        &self,
        pattern: usize,
        literals: &[&str],
        in_ascii: bool,
        steps_left: &mut usize,
    ) -> Option<bool> {
        let tables = self.tables;
        let pattern = tables.patterns.get(&tables.bytes, pattern)?;
        let (automaton, answers) = match pattern.forward.get() {
            NONE => {
                let group = tables.groups.get(&tables.bytes, index(pattern.group))?;
                let answers = tables.group_answers.run(&tables.bytes, group.first_answer, group.answers)?;
                (group.kind.get() == GROUP_FORWARD).then_some((index(group.automaton), answers))?
            }
            forward => (usize::try_from(forward).ok()?, &[][..]),
        };
        let record = tables.automata.get(&tables.bytes, automaton)?;
        *steps_left =
            steps_left.checked_sub(proof_steps(record, self.characters.len(), literals.iter().copied()))?;
        if pattern.flags.get() & PATTERN_EMPTY != 0 {
            return Some(false);
        }
        let shared = record.kind.get() & AUTOMATON_SHARED != 0;
        let own = shared.then_some((answers, 1_u64.checked_shl(pattern.bit.get())?));
        let columns = index(record.columns);
        with(
            tables,
            automaton,
            Proof { needs: self, literals: Literals::of(literals), own, in_ascii, columns },
        )
    }
}

/// The class at a place of a block of the class map.
fn class_in_block(tables: &Tables, block: usize, at: usize) -> Option<usize> {
    let at = block * CLASS_BLOCK + at;
    match tables.class_map.blocks {
        Blocks::Narrow(blocks) => blocks.get(&tables.bytes, at).map(|&class| usize::from(class)),
        Blocks::Wide(blocks) => blocks.get(&tables.bytes, at).map(|class| usize::from(class.get())),
    }
}

/// How many code points each class has.
fn sizes(tables: &Tables) -> Option<Vec<u32>> {
    let map = &tables.class_map;
    let stage1 = map.stage1.slice(&tables.bytes)?;
    let mut sizes = vec![0_u32; map.classes];
    let mut used = BTreeMap::new();
    for block in stage1 {
        *used.entry(usize::from(block.get())).or_insert(0_u32) += 1;
    }
    for (block, times) in used {
        for at in 0..CLASS_BLOCK {
            *sizes.get_mut(class_in_block(tables, block, at)?)? += times;
        }
    }
    let rest = 0x11_0000_usize.saturating_sub(stage1.len() * CLASS_BLOCK);
    *sizes.get_mut(map.rest)? += u32::try_from(rest).ok()?;
    Some(sizes)
}

/// The automaton of some literals over their characters, folded.
struct Literals {
    /// The symbols, each with the characters that are taken for it.
    symbols: Vec<Vec<char>>,
    /// For each state the state after each symbol; `None` where a literal ends.
    steps: Vec<Vec<Option<usize>>>,
}

/// What a character is compared by.
fn folded(c: char) -> char {
    match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() => char::from(byte | PREFILTER_FOLD),
        _ => c,
    }
}

impl Literals {
    fn of(literals: &[&str]) -> Self {
        let mut numbers: BTreeMap<char, usize> = BTreeMap::new();
        for c in literals.iter().flat_map(|literal| literal.chars()).map(folded) {
            let next = numbers.len();
            numbers.entry(c).or_insert(next);
        }
        let mut symbols = vec![Vec::new(); numbers.len()];
        for (&c, &number) in &numbers {
            let Some(symbol) = symbols.get_mut(number) else { continue };
            match u8::try_from(c) {
                Ok(byte) if byte.is_ascii() => {
                    symbol.extend([char::from(byte), char::from(byte & !PREFILTER_FOLD)]);
                }
                _ => symbol.push(c),
            }
        }
        // The tree of the literals, then (after Aho and Corasick) what follows where it has no branch.
        let mut tree: Vec<Vec<Option<usize>>> = vec![vec![None; symbols.len()]];
        let mut ends = vec![false];
        for literal in literals {
            let mut state = 0;
            for symbol in literal.chars().map(folded).filter_map(|c| numbers.get(&c)) {
                let next = tree.len();
                let Some(branch) = tree.get_mut(state).and_then(|row| row.get_mut(*symbol)) else { continue };
                state = *branch.get_or_insert(next);
                if state == next {
                    tree.push(vec![None; symbols.len()]);
                    ends.push(false);
                }
            }
            ends.get_mut(state).into_iter().for_each(|end| *end = true);
        }
        Literals { steps: completed(&tree, ends), symbols }
    }
}

/// The steps of a tree of literals; `None` where one ends.
fn completed(tree: &[Vec<Option<usize>>], mut ends: Vec<bool>) -> Vec<Vec<Option<usize>>> {
    let mut steps: Vec<Vec<usize>> = tree.iter().map(|row| vec![0; row.len()]).collect();
    let mut queue = VecDeque::from([(0, 0)]);
    // Nearest first, each with its longest end that is a beginning: that one is complete before.
    while let Some((state, falls_to)) = queue.pop_front() {
        let fallen = steps.get(falls_to).cloned().unwrap_or_default();
        let falls_to_end = ends.get(falls_to).copied().unwrap_or(false);
        ends.get_mut(state).into_iter().for_each(|end| *end |= falls_to_end);
        let branches = tree.get(state).map_or(&[][..], Vec::as_slice);
        for (symbol, branch) in branches.iter().enumerate() {
            let after_fall = fallen.get(symbol).copied().filter(|_| state != 0).unwrap_or(0);
            let to = branch.unwrap_or(after_fall);
            if let Some(step) = steps.get_mut(state).and_then(|row| row.get_mut(symbol)) {
                *step = to;
            }
            if branch.is_some() {
                queue.push_back((to, after_fall));
            }
        }
    }
    let open = |to: usize| (ends.get(to) == Some(&false)).then_some(to);
    steps.into_iter().map(|row| row.into_iter().map(open).collect()).collect()
}

/// A walk over both automata.
struct Proof<'n, 'p> {
    needs: &'n Needs<'p>,
    literals: Literals,
    /// The answers of the automaton and the bit of the pattern, if others share it.
    own: Option<(&'p [GroupAnswer], u64)>,
    in_ascii: bool,
    columns: usize,
}

/// What the characters of a column can be.
#[derive(Clone, Default)]
struct Column {
    /// A class of the column.
    class: usize,
    characters: u32,
    /// The symbols among them.
    symbols: Vec<usize>,
    /// How many characters are taken for one.
    known: u32,
}

impl<'p> Visit<'p> for Proof<'_, 'p> {
    type Out = bool;

    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C, K>,
        classes: Classes<'p, K>,
    ) -> Option<bool> {
        let columns = self.column_table(&machine, &classes)?;
        let is_found = |state: usize| -> Option<bool> {
            if state >= C::DEAD {
                return Some(state == C::FOUND);
            }
            match self.own {
                None => {
                    let said = machine.said(state);
                    Some(said.end || said.newline)
                }
                Some((answers, bit)) => {
                    let answer = answers.get(machine.answer(state)?)?;
                    Some((answer.now.get() | answer.end.get() | answer.newline.get()) & bit != 0)
                }
            }
        };
        let mut seen = HashSet::from([(machine.start, 0)]);
        let mut open = vec![(machine.start, 0)];
        while let Some((state, read)) = open.pop() {
            if is_found(state)? {
                return Some(false);
            }
            if state >= C::DEAD {
                continue;
            }
            for column in &columns {
                let to = machine.next(state, column.class)?;
                let mut reach = |read: usize| {
                    if seen.insert((to, read)) {
                        open.push((to, read));
                    }
                };
                if column.characters > column.known {
                    reach(0);
                }
                for &symbol in &column.symbols {
                    if let Some(read) = *self.literals.steps.get(read)?.get(symbol)? {
                        reach(read);
                    }
                }
            }
        }
        Some(true)
    }

    fn nfa<K: Class>(self, _nfa: Nfa<'p>, _classes: Classes<'p, K>) -> Option<bool> {
        None
    }
}

impl Proof<'_, '_> {
    /// The columns that have characters.
    fn column_table<'p, C: Cells<'p>, K: Class>(
        &self,
        machine: &Machine<'p, C, K>,
        classes: &Classes<'p, K>,
    ) -> Option<Vec<Column>> {
        let mut columns = vec![Column::default(); self.columns];
        let sizes = if self.in_ascii { &self.needs.in_ascii } else { &self.needs.characters };
        for (class, size) in sizes.iter().enumerate().filter(|(_, size)| **size > 0) {
            let column = columns.get_mut(machine.column(class)?)?;
            column.class = class;
            column.characters += size;
        }
        for (symbol, characters) in self.literals.symbols.iter().enumerate() {
            for &c in characters.iter().filter(|c| !self.in_ascii || c.is_ascii()) {
                let column = columns.get_mut(machine.column(classes.of(c)?)?)?;
                column.known += 1;
                if column.symbols.last() != Some(&symbol) {
                    column.symbols.push(symbol);
                }
            }
        }
        columns.retain(|column| column.characters > 0);
        Some(columns)
    }
}
