//! The tables of an automaton where they stand: class map, column map, cells.
//!
//! Classes have one or two bytes, cells three forms: [`with`] picks the loop that was compiled for the
//! forms at hand, so that no step asks for them.

use super::nfa::{self, Nfa};
use crate::format::{
    AUTOMATON_BYTE, AUTOMATON_NFA, AUTOMATON_SHARED, AUTOMATON_SHORT, AUTOMATON_WIDE, Automaton, CLASS_BLOCK,
    CLASS_LOW, cell_dead, cell_found,
};
use crate::tables::{Table, Tables, index};
use zerocopy::FromBytes;
use zerocopy::little_endian::U16;

/// Where the class map stands.
#[derive(Clone, Copy)]
pub(crate) struct ClassMap {
    pub(crate) classes: usize,
    pub(crate) rest: usize,
    pub(crate) stage1: Table<U16>,
    pub(crate) blocks: Blocks,
}

/// Blocks of classes, by the bytes of a class.
#[derive(Clone, Copy)]
pub(crate) enum Blocks {
    Narrow(Table<u8>),
    Wide(Table<U16>),
}

/// A class as the map holds it.
pub(super) trait Class: Copy {
    /// The column of each class.
    type Columns<'p>: Copy;

    fn number(self) -> usize;

    /// A column map, which begins so many bytes into the artifact.
    fn columns(bytes: &[u8], start: usize, classes: usize) -> Option<Self::Columns<'_>>;

    /// The column of a class.
    fn column(columns: Self::Columns<'_>, class: usize) -> Option<u8>;
}

impl Class for u8 {
    /// More than there are classes, so that no lookup asks how many there are: what follows is of other tables.
    type Columns<'p> = &'p [u8; 256];

    #[inline(always)]
    fn number(self) -> usize {
        usize::from(self)
    }

    fn columns(bytes: &[u8], start: usize, _classes: usize) -> Option<&[u8; 256]> {
        bytes.get(start..)?.first_chunk()
    }

    #[inline(always)]
    fn column(columns: &[u8; 256], class: usize) -> Option<u8> {
        columns.get(class & 0xff).copied()
    }
}

impl Class for U16 {
    type Columns<'p> = &'p [u8];

    #[inline(always)]
    fn number(self) -> usize {
        usize::from(self.get())
    }

    fn columns(bytes: &[u8], start: usize, classes: usize) -> Option<&[u8]> {
        bytes.get(start..start.checked_add(classes)?)
    }

    #[inline(always)]
    fn column(columns: &[u8], class: usize) -> Option<u8> {
        columns.get(class).copied()
    }
}

/// The code points below this one need no first stage.
const LOW: usize = CLASS_LOW * CLASS_BLOCK;

/// The class map, borrowed.
#[derive(Clone, Copy)]
pub(super) struct Classes<'p, K> {
    /// The classes of the code points that need no first stage.
    low: &'p [K; LOW],
    stage1: &'p [U16],
    blocks: &'p [K],
    rest: usize,
}

impl<'p, K: Class> Classes<'p, K> {
    fn new(map: &ClassMap, stage1: &'p [U16], blocks: &'p [K]) -> Option<Self> {
        Some(Classes { low: blocks.first_chunk()?, stage1, blocks, rest: map.rest })
    }

    /// The class of a byte of ASCII.
    #[inline(always)]
    pub(super) fn ascii(&self, byte: u8) -> Option<usize> {
        Some(self.low.get(usize::from(byte))?.number())
    }

    /// The class of a character.
    #[inline(always)]
    pub(super) fn of(&self, c: char) -> Option<usize> {
        let code = usize::try_from(u32::from(c)).ok()?;
        if let Some(class) = self.low.get(code) {
            return Some(class.number());
        }
        match self.stage1.get(code / CLASS_BLOCK) {
            Some(block) => {
                let at = usize::from(block.get()) * CLASS_BLOCK + code % CLASS_BLOCK;
                Some(self.blocks.get(at)?.number())
            }
            None => Some(self.rest),
        }
    }
}

/// The cells of a table in one of their forms. A state is what a cell holds.
pub(super) trait Cells<'p>: Copy {
    /// The least of the states that have no row.
    const DEAD: usize;
    /// The state that means found.
    const FOUND: usize;

    /// The cells of a table of so many cells, from the one after `skip` others.
    fn of(bytes: &'p [u8], skip: usize, count: usize) -> Option<Self>;

    /// The state of a row.
    fn state(row: usize, stride: usize) -> usize;

    /// The cell of a row and a column.
    fn cell(self, state: usize, stride: usize, column: u8) -> Option<usize>;

    /// The same, but a state without a row stays.
    fn cell_or_same(self, state: usize, stride: usize, column: u8) -> usize;
}

/// Tables of this form have no more than 254 bytes, so that a row and a column lead nowhere past this window:
/// no lookup has to ask. The bytes that follow the table are not its own.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'p>(&'p [u8; WINDOW]);

/// More bytes than a row and a column can lead to. The class map, which stands behind all tables, has more.
const WINDOW: usize = 0x200;

impl<'p> Cells<'p> for Bytes<'p> {
    const DEAD: usize = 0xfe;
    const FOUND: usize = 0xff;

    #[inline(always)]
    fn of(bytes: &'p [u8], skip: usize, _count: usize) -> Option<Self> {
        Some(Bytes(bytes.get(skip..)?.first_chunk()?))
    }

    fn state(row: usize, stride: usize) -> usize {
        row * stride
    }

    // The column first: it is known before the state is.
    #[inline(always)]
    fn cell(self, state: usize, _stride: usize, column: u8) -> Option<usize> {
        let column: &[u8; 0x100] = self.0.get(usize::from(column)..)?.first_chunk()?;
        column.get(state & 0xff).map(|&cell| usize::from(cell))
    }

    #[inline(always)]
    fn cell_or_same(self, state: usize, stride: usize, column: u8) -> usize {
        match self.cell(state, stride, column) {
            Some(cell) if state < Self::DEAD => cell,
            _ => state,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Shorts<'p>(&'p [U16]);

impl<'p> Cells<'p> for Shorts<'p> {
    const DEAD: usize = 0xfffe;
    const FOUND: usize = 0xffff;

    #[inline(always)]
    fn of(bytes: &'p [u8], skip: usize, count: usize) -> Option<Self> {
        Some(Shorts(shorts(bytes.get(..count.wrapping_mul(2))?).get(skip..)?))
    }

    fn state(row: usize, stride: usize) -> usize {
        row * stride
    }

    #[inline(always)]
    fn cell(self, state: usize, _stride: usize, column: u8) -> Option<usize> {
        Some(usize::from(self.0.get(state + usize::from(column))?.get()))
    }

    #[inline(always)]
    fn cell_or_same(self, state: usize, stride: usize, column: u8) -> usize {
        // It has no row, so there is no cell.
        self.cell(state, stride, column).unwrap_or(state)
    }
}

#[derive(Clone, Copy)]
pub(super) struct Rows<'p>(&'p [U16]);

impl<'p> Cells<'p> for Rows<'p> {
    const DEAD: usize = 0xfffe;
    const FOUND: usize = 0xffff;

    #[inline(always)]
    fn of(bytes: &'p [u8], skip: usize, count: usize) -> Option<Self> {
        Some(Rows(shorts(bytes.get(..count.wrapping_mul(2))?).get(skip..)?))
    }

    fn state(row: usize, _stride: usize) -> usize {
        row
    }

    #[inline(always)]
    fn cell(self, state: usize, stride: usize, column: u8) -> Option<usize> {
        Some(usize::from(self.0.get(state * stride + usize::from(column))?.get()))
    }

    #[inline(always)]
    fn cell_or_same(self, state: usize, stride: usize, column: u8) -> usize {
        self.cell(state, stride, column).unwrap_or(state)
    }
}

/// A deterministic automaton, borrowed.
#[derive(Clone, Copy)]
pub(super) struct Machine<'p, C, K: Class> {
    columns: K::Columns<'p>,
    /// The cells, so that a row and a column lead to the next state.
    cells: C,
    /// Every cell, so that a row leads to the answer of a shared automaton.
    all: C,
    stride: usize,
    pub(super) start: usize,
    pub(super) marks: [usize; 3],
}

/// What a state says of a text that ends there.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The pattern is found.
    pub(super) end: bool,
    /// The pattern is found if a final newline follows.
    pub(super) newline: bool,
}

impl<'p, C: Cells<'p>, K: Class> Machine<'p, C, K> {
    /// The state after one that has a row.
    #[inline(always)]
    pub(super) fn next(&self, state: usize, class: usize) -> Option<usize> {
        self.cells.cell(state, self.stride, K::column(self.columns, class)?)
    }

    /// The state after any; found and dead ones stay.
    #[inline(always)]
    pub(super) fn next_or_same(&self, state: usize, class: usize) -> Option<usize> {
        Some(self.cells.cell_or_same(state, self.stride, K::column(self.columns, class)?))
    }

    /// The column of a class.
    pub(super) fn column(&self, class: usize) -> Option<usize> {
        K::column(self.columns, class).map(usize::from)
    }

    /// What a state of a pattern's own automaton says.
    #[inline(always)]
    pub(super) fn said(&self, state: usize) -> Said {
        let [newline, both, end] = self.marks;
        let is_row = state < C::DEAD;
        let found = state == C::FOUND;
        Said {
            end: found || is_row && state >= both,
            newline: found || is_row && (newline..end).contains(&state),
        }
    }

    /// The number of the answer of a row of a shared automaton.
    #[inline(always)]
    pub(super) fn answer(&self, state: usize) -> Option<usize> {
        self.all.cell(state, self.stride, 0)
    }

    /// The numbers of the answers of the rows of a shared automaton before its first mark.
    pub(super) fn before_mark(&self, rows: usize) -> impl Iterator<Item = Option<usize>> {
        let states = (0..rows).map(|row| C::state(row, self.stride));
        states.take_while(|&state| state < self.marks[0]).map(|state| self.answer(state))
    }
}

/// Something to do with an automaton, whatever the forms of its tables.
pub(super) trait Visit<'p> {
    /// What it gives.
    type Out;

    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C, K>,
        classes: Classes<'p, K>,
    ) -> Option<Self::Out>;

    fn nfa<K: Class>(self, nfa: Nfa<'p>, classes: Classes<'p, K>) -> Option<Self::Out>;
}

/// Visits the automaton of an index.
#[inline(always)]
pub(super) fn with<'p, V: Visit<'p>>(tables: &'p Tables, automaton: usize, visit: V) -> Option<V::Out> {
    let automaton = tables.automata.get(&tables.bytes, automaton)?;
    let map = &tables.class_map;
    let stage1 = map.stage1.slice(&tables.bytes)?;
    match map.blocks {
        Blocks::Narrow(blocks) => {
            with_classes(tables, automaton, Classes::new(map, stage1, blocks.slice(&tables.bytes)?)?, visit)
        }
        Blocks::Wide(blocks) => {
            with_classes(tables, automaton, Classes::new(map, stage1, blocks.slice(&tables.bytes)?)?, visit)
        }
    }
}

#[inline(always)]
fn with_classes<'p, K: Class, V: Visit<'p>>(
    tables: &'p Tables,
    automaton: &Automaton,
    classes: Classes<'p, K>,
    visit: V,
) -> Option<V::Out> {
    match automaton.kind.get() & !AUTOMATON_SHARED {
        AUTOMATON_BYTE => visit.machine(machine::<Bytes<'p>, K>(tables, automaton)?, classes),
        AUTOMATON_SHORT => visit.machine(machine::<Shorts<'p>, K>(tables, automaton)?, classes),
        AUTOMATON_WIDE => visit.machine(machine::<Rows<'p>, K>(tables, automaton)?, classes),
        _ => {
            let (start, count) = column_map(tables, automaton);
            let columns = tables.bytes.get(start..start.checked_add(count)?)?;
            visit.nfa(Nfa::new(columns, automaton, table(tables, automaton)?)?, classes)
        }
    }
}

/// Pairs of bytes as numbers; an odd number of bytes is none.
#[inline(always)]
fn shorts(bytes: &[u8]) -> &[U16] {
    <[U16]>::ref_from_bytes(bytes).unwrap_or_default()
}

/// The automaton of a record with its cells in one form.
#[inline(always)]
pub(super) fn machine<'p, C: Cells<'p>, K: Class>(
    tables: &'p Tables,
    automaton: &Automaton,
) -> Option<Machine<'p, C, K>> {
    // The loader has seen that none of these is too large.
    let bytes = tables.bytes.get(tables.automaton_bytes.start.wrapping_add(index(automaton.table))..)?;
    let skip = answer_cells(automaton);
    let stride = index(automaton.columns).wrapping_add(skip);
    let count = index(automaton.rows).wrapping_mul(stride);
    let (start, classes) = column_map(tables, automaton);
    Some(Machine {
        columns: K::columns(&tables.bytes, start, classes)?,
        cells: C::of(bytes, skip, count)?,
        all: C::of(bytes, 0, count)?,
        stride,
        start: index(automaton.start),
        marks: automaton.marks.map(index),
    })
}

/// The cells of a row that stand before those of its columns.
fn answer_cells(automaton: &Automaton) -> usize {
    usize::from(automaton.kind.get() & AUTOMATON_SHARED != 0)
}

/// Where a column map begins in the artifact, and its length.
fn column_map(tables: &Tables, automaton: &Automaton) -> (usize, usize) {
    let classes = tables.class_map.classes;
    let before = index(automaton.column_map).wrapping_mul(classes);
    (tables.column_maps.start.wrapping_add(before), classes)
}

fn table<'p>(tables: &'p Tables, automaton: &Automaton) -> Option<&'p [u8]> {
    let start = tables.automaton_bytes.start.checked_add(index(automaton.table))?;
    tables.bytes.get(start..start.checked_add(table_length(automaton)?)?)
}

/// The bytes of an automaton's table.
fn table_length(automaton: &Automaton) -> Option<usize> {
    let rows = index(automaton.rows);
    let cells = rows.checked_mul(index(automaton.columns) + answer_cells(automaton))?;
    match automaton.kind.get() & !AUTOMATON_SHARED {
        AUTOMATON_BYTE => Some(cells),
        AUTOMATON_SHORT | AUTOMATON_WIDE => cells.checked_mul(2),
        AUTOMATON_NFA => Some(rows),
        _ => None,
    }
}

/// Whether a cell of a deterministic automaton leads to a row, or says that something or nothing is found.
pub(crate) fn leads(automaton: &Automaton, cell: usize) -> bool {
    let kind = automaton.kind.get() & !AUTOMATON_SHARED;
    let (skip, rows) = (answer_cells(automaton), index(automaton.rows));
    let row = match kind {
        AUTOMATON_BYTE | AUTOMATON_SHORT => {
            let stride = index(automaton.columns) + skip;
            cell.is_multiple_of(stride) && cell / stride < rows
        }
        AUTOMATON_WIDE => cell < rows,
        _ => false,
    };
    // What a group finds it goes on from.
    row || cell == cell_dead(kind) || cell == cell_found(kind) && skip == 0
}

/// Whether an automaton is sound: its table begins at `next`, its column map names no column that is not
/// there (`widest` has the greatest column of each map), and every cell leads to a row. Gives
/// where its table ends, and the greatest answer of its rows.
pub(crate) fn check_automaton(
    tables: &Tables,
    automaton: &Automaton,
    next: usize,
    widest: &[u8],
) -> Option<(usize, usize)> {
    let (columns, rows) = (index(automaton.columns), index(automaton.rows));
    let kind = automaton.kind.get() & !AUTOMATON_SHARED;
    let widest = usize::from(*widest.get(index(automaton.column_map))?);
    if !(1..=255).contains(&columns) || widest >= columns || index(automaton.table) != next {
        return None;
    }
    let end = next.checked_add(table_length(automaton)?)?;
    let bytes = table(tables, automaton)?;
    if end > tables.automaton_bytes.len() {
        return None;
    }
    let marks = automaton.marks.map(index);
    if automaton.kind.get() == AUTOMATON_NFA {
        let unused = automaton.start.get() == 0 && marks == [0; 3];
        return (unused && nfa::is_sound(bytes, columns)).then_some((end, 0));
    }
    let skip = answer_cells(automaton);
    let stride = columns + skip;
    let dead = cell_dead(kind);
    // No row begins where a dead or found cell and a column would lead into the table.
    let roomy = match kind {
        AUTOMATON_WIDE => rows <= dead,
        AUTOMATON_BYTE | AUTOMATON_SHORT => rows.checked_mul(stride)? <= dead,
        _ => false,
    };
    let leads = |cell: usize| leads(automaton, cell);
    let sound = |cell: &dyn Fn(usize) -> Option<usize>| {
        let mut greatest = 0;
        for row in 0..rows {
            if skip > 0 {
                greatest = cell(row * stride)?.max(greatest);
            }
            for column in skip..stride {
                cell(row * stride + column).filter(|&cell| leads(cell))?;
            }
        }
        Some(greatest)
    };
    let greatest = match kind {
        AUTOMATON_BYTE => sound(&|at| bytes.get(at).map(|&cell| usize::from(cell))),
        _ => sound(&|at| shorts(bytes).get(at).map(|cell| usize::from(cell.get()))),
    }?;
    let bounds = leads(index(automaton.start)) && marks.is_sorted() && marks.iter().all(|&mark| leads(mark));
    (roomy && bounds && marks[2] <= dead).then_some((end, greatest))
}
