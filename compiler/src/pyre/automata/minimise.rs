//! Minimisation: a deterministic automaton -> the smallest one with the same answers.
//!
//! Hopcroft's algorithm, with the blocks kept as runs of one permutation (after Valmari). The result
//! is canonical: states are numbered in the order in which a walk from the start meets them, columns
//! in the order of their classes, and columns that no state tells apart are one.

use super::dfa::{Answer, Raw};
use super::nfa::StateId;
use std::collections::{BTreeMap, VecDeque};

/// A deterministic automaton over classes: minimal, canonical.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dfa {
    /// The number of columns, 1 to 255.
    pub columns: usize,
    /// The state before the first character.
    pub start: StateId,
    /// The column of each class.
    pub column_map: Vec<u8>,
    /// The next state, by state and column.
    pub table: Vec<StateId>,
    /// What each state answers.
    pub answers: Vec<Answer>,
}

/// A state that leads only to itself, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    /// The pattern is found, whatever follows.
    Found,
    /// Nothing more is found, whatever follows.
    Dead,
}

/// What the cells of a table are; see `aegis_vm::format::Automaton`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellForm {
    /// Bytes that say where a row begins.
    Byte,
    /// Pairs of bytes that say where a row begins.
    Short,
    /// Pairs of bytes that count rows.
    Wide,
}

impl Dfa {
    /// The next state.
    pub(crate) fn next(&self, state: StateId, column: usize) -> StateId {
        self.table.get(usize::from(state) * self.columns + column).copied().unwrap_or(0)
    }

    /// The same automaton from another state.
    pub(crate) fn from(&self, start: StateId) -> Dfa {
        let (table, answers) = (self.table.clone(), self.answers.clone());
        minimise(&Raw { columns: self.columns, start, table, answers }, &self.column_map)
    }

    /// What a state answers.
    pub(crate) fn answer(&self, state: StateId) -> Answer {
        self.answers.get(usize::from(state)).copied().unwrap_or_default()
    }

    /// Whether a state leads only to itself and answers the same in the end as on the way.
    #[must_use]
    pub fn sink(&self, state: StateId) -> Option<Sink> {
        let Answer { now, end, newline } = self.answer(state);
        let absorbing = (0..self.columns).all(|column| self.next(state, column) == state);
        match (now, end, newline) {
            (0, 0, 0) if absorbing => Some(Sink::Dead),
            (1, 1, 1) if absorbing => Some(Sink::Found),
            _ => None,
        }
    }

    /// The states that are no sinks, in their order: those that have rows.
    pub fn rows(&self) -> impl Iterator<Item = StateId> {
        let states = (0..self.states()).filter_map(|state| StateId::try_from(state).ok());
        states.filter(|&state| self.sink(state).is_none())
    }

    /// The cells that its table takes.
    #[must_use]
    pub fn form(&self) -> CellForm {
        match self.rows().count() * self.columns {
            0..=0xfe => CellForm::Byte,
            0xff..=0xfffe => CellForm::Short,
            _ => CellForm::Wide,
        }
    }

    /// The bytes that its table takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let cells = self.rows().count() * self.columns;
        if self.form() == CellForm::Byte { cells } else { cells * 2 }
    }

    /// The number of states.
    #[must_use]
    pub fn states(&self) -> usize {
        self.answers.len()
    }
}

/// Minimises an automaton; `of_class` gives the column of each class.
pub(crate) fn minimise(raw: &Raw, of_class: &[u8]) -> Dfa {
    let block_of = Partition::of(raw).into_block_of();
    // Every state of a block leads into the same blocks, so any of them stands for it.
    let mut member: BTreeMap<usize, usize> = BTreeMap::new();
    for (state, &block) in block_of.iter().enumerate() {
        member.entry(block).or_insert(state);
    }
    let next = |state: usize, column: usize| -> usize {
        let to = raw.table.get(state * raw.columns + column).copied().unwrap_or(0);
        block_of.get(usize::from(to)).copied().unwrap_or(0)
    };
    // Walk from the start.
    let start = block_of.get(usize::from(raw.start)).copied().unwrap_or(0);
    let mut numbers: BTreeMap<usize, StateId> = BTreeMap::from([(start, 0)]);
    let mut queue = VecDeque::from([start]);
    let mut rows: Vec<Vec<StateId>> = Vec::new();
    let mut answers = Vec::new();
    while let Some(block) = queue.pop_front() {
        let state = member.get(&block).copied().unwrap_or(0);
        let mut row = Vec::with_capacity(raw.columns);
        for column in 0..raw.columns {
            let to = next(state, column);
            // There are no more blocks than states, and those are numbered in 16 bits.
            let fresh = StateId::try_from(numbers.len()).unwrap_or(StateId::MAX);
            let number = *numbers.entry(to).or_insert_with(|| {
                queue.push_back(to);
                fresh
            });
            row.push(number);
        }
        answers.push(raw.answers.get(state).copied().unwrap_or_default());
        rows.push(row);
    }
    let merged = merge_columns(&rows, raw.columns, of_class);
    Dfa { columns: merged.columns, start: 0, column_map: merged.of_class, table: merged.table, answers }
}

struct Merged {
    columns: usize,
    of_class: Vec<u8>,
    table: Vec<StateId>,
}

/// Makes equal columns one, numbered in the order of the first class of each.
fn merge_columns(rows: &[Vec<StateId>], columns: usize, of_class: &[u8]) -> Merged {
    let mut contents: Vec<Vec<StateId>> = vec![Vec::with_capacity(rows.len()); columns];
    for row in rows {
        for (content, &to) in contents.iter_mut().zip(row) {
            content.push(to);
        }
    }
    let mut known: BTreeMap<&[StateId], u8> = BTreeMap::new();
    let mut kept: Vec<&[StateId]> = Vec::new();
    let mut new_of_class = Vec::with_capacity(of_class.len());
    for &column in of_class {
        let content = contents.get(usize::from(column)).map_or(&[][..], Vec::as_slice);
        // There are no more columns than before, and those were numbered in 8 bits.
        let fresh = u8::try_from(kept.len()).unwrap_or(u8::MAX);
        let number = *known.entry(content).or_insert_with(|| {
            kept.push(content);
            fresh
        });
        new_of_class.push(number);
    }
    let table = (0..rows.len())
        .flat_map(|row| kept.iter().map(move |content| content.get(row).copied().unwrap_or(0)))
        .collect();
    Merged { columns: kept.len(), of_class: new_of_class, table }
}

/// States in blocks that are split until no column tells two states of a block apart.
struct Partition {
    /// The states, block after block.
    order: Vec<usize>,
    /// Where a state stands in `order`.
    place: Vec<usize>,
    block_of: Vec<usize>,
    /// Where a block begins and ends in `order`.
    blocks: Vec<(usize, usize)>,
    /// How many states at the beginning of a block are marked.
    marked: Vec<usize>,
    /// The blocks that still have to split others.
    waiting: Vec<usize>,
    is_waiting: Vec<bool>,
}

fn at(values: &[usize], index: usize) -> usize {
    values.get(index).copied().unwrap_or(0)
}

fn set(values: &mut [usize], index: usize, value: usize) {
    if let Some(slot) = values.get_mut(index) {
        *slot = value;
    }
}

impl Partition {
    fn of(raw: &Raw) -> Self {
        let sources = Sources::of(raw);
        let mut partition = Partition::by_answer(&raw.answers);
        let mut touched = Vec::new();
        while let Some(block) = partition.waiting.pop() {
            if let Some(waiting) = partition.is_waiting.get_mut(block) {
                *waiting = false;
            }
            let (from, to) = partition.blocks.get(block).copied().unwrap_or((0, 0));
            let splitter: Vec<usize> = partition.order.get(from..to).unwrap_or_default().to_vec();
            for column in 0..raw.columns {
                for &state in &splitter {
                    for &source in sources.get(state, column) {
                        partition.mark(usize::from(source), &mut touched);
                    }
                }
                for block in touched.drain(..) {
                    partition.split(block);
                }
            }
        }
        partition
    }

    fn by_answer(answers: &[Answer]) -> Self {
        let mut order: Vec<usize> = (0..answers.len()).collect();
        order.sort_by_key(|&state| answers.get(state).copied());
        let mut partition = Partition {
            place: vec![0; order.len()],
            block_of: vec![0; order.len()],
            blocks: Vec::new(),
            marked: Vec::new(),
            waiting: Vec::new(),
            is_waiting: Vec::new(),
            order,
        };
        let mut from = 0;
        let same = |a: &usize, b: &usize| answers.get(*a) == answers.get(*b);
        let lengths: Vec<usize> = partition.order.chunk_by(same).map(<[usize]>::len).collect();
        for length in lengths {
            let block = partition.add_block(from, from + length);
            partition.wait_for(block);
            from += length;
        }
        for place in 0..partition.order.len() {
            let state = at(&partition.order, place);
            set(&mut partition.place, state, place);
        }
        partition
    }

    fn add_block(&mut self, from: usize, to: usize) -> usize {
        let block = self.blocks.len();
        self.blocks.push((from, to));
        self.marked.push(0);
        self.is_waiting.push(false);
        for place in from..to {
            let state = at(&self.order, place);
            set(&mut self.block_of, state, block);
        }
        block
    }

    fn wait_for(&mut self, block: usize) {
        if let Some(waiting) = self.is_waiting.get_mut(block) {
            *waiting = true;
            self.waiting.push(block);
        }
    }

    /// Marks a state: moves it to the marked beginning of its block.
    fn mark(&mut self, state: usize, touched: &mut Vec<usize>) {
        let block = at(&self.block_of, state);
        let marked = at(&self.marked, block);
        let (from, _) = self.blocks.get(block).copied().unwrap_or((0, 0));
        let (place, border) = (at(&self.place, state), from + marked);
        if place < border {
            return;
        }
        if marked == 0 {
            touched.push(block);
        }
        let other = at(&self.order, border);
        set(&mut self.order, border, state);
        set(&mut self.order, place, other);
        set(&mut self.place, state, border);
        set(&mut self.place, other, place);
        set(&mut self.marked, block, marked + 1);
    }

    /// Splits the marked states off a block, if there are others. The smaller part becomes the new
    /// block, so that every state is renumbered at most a logarithm of times.
    fn split(&mut self, block: usize) {
        let (from, to) = self.blocks.get(block).copied().unwrap_or((0, 0));
        let border = from + at(&self.marked, block);
        set(&mut self.marked, block, 0);
        if border == to {
            return;
        }
        let (kept, split) = match border - from <= to - border {
            true => ((border, to), (from, border)),
            false => ((from, border), (border, to)),
        };
        if let Some(bounds) = self.blocks.get_mut(block) {
            *bounds = kept;
        }
        // If the block still waits, both parts must; if not, the smaller one is enough.
        let new = self.add_block(split.0, split.1);
        self.wait_for(new);
    }

    fn into_block_of(self) -> Vec<usize> {
        self.block_of
    }
}

/// For each state and column the states that lead to it.
struct Sources {
    columns: usize,
    /// Where the sources of a state and column begin, and one past the last.
    bounds: Vec<usize>,
    states: Vec<StateId>,
}

impl Sources {
    fn of(raw: &Raw) -> Self {
        let columns = raw.columns;
        let mut bounds = vec![0usize; raw.answers.len() * columns + 1];
        let slot = |index: usize, to: StateId| usize::from(to) * columns + index % columns.max(1);
        for (index, &to) in raw.table.iter().enumerate() {
            if let Some(count) = bounds.get_mut(slot(index, to) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for bound in &mut bounds {
            sum += *bound;
            *bound = sum;
        }
        let mut free = bounds.clone();
        let mut states = vec![0; raw.table.len()];
        for (index, &to) in raw.table.iter().enumerate() {
            let from = StateId::try_from(index / columns.max(1)).unwrap_or(StateId::MAX);
            if let Some(place) = free.get_mut(slot(index, to)) {
                if let Some(state) = states.get_mut(*place) {
                    *state = from;
                }
                *place += 1;
            }
        }
        Sources { columns, bounds, states }
    }

    fn get(&self, state: usize, column: usize) -> &[StateId] {
        let slot = state * self.columns + column;
        let (from, to) = (at(&self.bounds, slot), at(&self.bounds, slot + 1));
        self.states.get(from..to).unwrap_or_default()
    }
}
