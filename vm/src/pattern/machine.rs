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
    fn number(self) -> usize;
}

impl Class for u8 {
    #[inline(always)]
    fn number(self) -> usize {
        usize::from(self)
    }
}

impl Class for U16 {
    #[inline(always)]
    fn number(self) -> usize {
        usize::from(self.get())
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

    /// The class of a byte, if it is a character of its own.
    #[inline(always)]
    pub(super) fn ascii(&self, byte: u8) -> Option<usize> {
        (byte < 0x80).then_some(self.low.get(usize::from(byte))?.number())
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

/// The cells of a table in one of their forms.
pub(super) trait Cells<'p>: Copy {
    /// The least of the cells that are no row.
    const DEAD: usize;
    /// The cell that means found.
    const FOUND: usize;
    /// The bytes of a cell.
    const WIDTH: usize;

    /// The cells of a table.
    fn of(bytes: &'p [u8]) -> Self;

    /// What a cell holds.
    fn cell(self, at: usize) -> Option<usize>;

    /// Where the row of a state begins.
    fn row(state: usize, stride: usize) -> usize;
}

#[derive(Clone, Copy)]
pub(super) struct Bytes<'p>(&'p [u8]);

impl<'p> Cells<'p> for Bytes<'p> {
    const DEAD: usize = 0xfe;
    const FOUND: usize = 0xff;
    const WIDTH: usize = 1;

    #[inline(always)]
    fn of(bytes: &'p [u8]) -> Self {
        Bytes(bytes)
    }

    #[inline(always)]
    fn cell(self, at: usize) -> Option<usize> {
        Some(usize::from(*self.0.get(at)?))
    }

    #[inline(always)]
    fn row(state: usize, _stride: usize) -> usize {
        state
    }
}

#[derive(Clone, Copy)]
pub(super) struct Shorts<'p>(&'p [U16]);

impl<'p> Cells<'p> for Shorts<'p> {
    const DEAD: usize = 0xfffe;
    const FOUND: usize = 0xffff;
    const WIDTH: usize = 2;

    #[inline(always)]
    fn of(bytes: &'p [u8]) -> Self {
        Shorts(shorts(bytes))
    }

    #[inline(always)]
    fn cell(self, at: usize) -> Option<usize> {
        Some(usize::from(self.0.get(at)?.get()))
    }

    #[inline(always)]
    fn row(state: usize, _stride: usize) -> usize {
        state
    }
}

#[derive(Clone, Copy)]
pub(super) struct Rows<'p>(&'p [U16]);

impl<'p> Cells<'p> for Rows<'p> {
    const DEAD: usize = 0xfffe;
    const FOUND: usize = 0xffff;
    const WIDTH: usize = 2;

    #[inline(always)]
    fn of(bytes: &'p [u8]) -> Self {
        Rows(shorts(bytes))
    }

    #[inline(always)]
    fn cell(self, at: usize) -> Option<usize> {
        Some(usize::from(self.0.get(at)?.get()))
    }

    #[inline(always)]
    fn row(state: usize, stride: usize) -> usize {
        state * stride
    }
}

/// A deterministic automaton, borrowed.
#[derive(Clone, Copy)]
pub(super) struct Machine<'p, C> {
    pub(super) column_map: &'p [u8],
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

impl<'p, C: Cells<'p>> Machine<'p, C> {
    /// The next state.
    #[inline(always)]
    pub(super) fn next(&self, state: usize, class: usize) -> Option<usize> {
        self.step(state, *self.column_map.get(class)?)
    }

    /// The next state by the column of a character.
    #[inline(always)]
    pub(super) fn step(&self, state: usize, column: u8) -> Option<usize> {
        self.cells.cell(C::row(state, self.stride) + usize::from(column))
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
        self.all.cell(C::row(state, self.stride))
    }

    /// The numbers of the answers of the rows of a shared automaton before its first mark.
    pub(super) fn before_mark(&self) -> impl Iterator<Item = usize> {
        let mark = C::row(self.marks[0], self.stride);
        (0..mark).step_by(self.stride).map_while(|row| self.all.cell(row))
    }
}

/// Something to do with an automaton, whatever the forms of its tables.
pub(super) trait Visit<'p> {
    /// What it gives.
    type Out;

    fn machine<C: Cells<'p>, K: Class>(
        self,
        machine: Machine<'p, C>,
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
        AUTOMATON_BYTE => visit.machine(machine::<Bytes<'p>>(tables, automaton)?, classes),
        AUTOMATON_SHORT => visit.machine(machine::<Shorts<'p>>(tables, automaton)?, classes),
        AUTOMATON_WIDE => visit.machine(machine::<Rows<'p>>(tables, automaton)?, classes),
        _ => visit
            .nfa(Nfa::new(column_map(tables, automaton)?, automaton, table(tables, automaton)?)?, classes),
    }
}

/// Pairs of bytes as numbers; an odd number of bytes is none.
#[inline(always)]
fn shorts(bytes: &[u8]) -> &[U16] {
    <[U16]>::ref_from_bytes(bytes).unwrap_or_default()
}

/// The automaton of a record with its cells in one form.
#[inline(always)]
pub(super) fn machine<'p, C: Cells<'p>>(tables: &'p Tables, automaton: &Automaton) -> Option<Machine<'p, C>> {
    let table = table(tables, automaton)?;
    let skip = answer_cells(automaton);
    Some(Machine {
        column_map: column_map(tables, automaton)?,
        cells: C::of(table.get(skip * C::WIDTH..)?),
        all: C::of(table),
        stride: index(automaton.columns) + skip,
        start: index(automaton.start),
        marks: automaton.marks.map(index),
    })
}

/// The cells of a row that stand before those of its columns.
fn answer_cells(automaton: &Automaton) -> usize {
    usize::from(automaton.kind.get() & AUTOMATON_SHARED != 0)
}

fn column_map<'p>(tables: &'p Tables, automaton: &Automaton) -> Option<&'p [u8]> {
    let classes = tables.class_map.classes;
    let start = tables.column_maps.start.checked_add(index(automaton.column_map).checked_mul(classes)?)?;
    tables.bytes.get(start..start.checked_add(classes)?)
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
    let bytes = table(tables, automaton).filter(|_| end <= tables.automaton_bytes.len())?;
    let marks = automaton.marks.map(index);
    if automaton.kind.get() == AUTOMATON_NFA {
        let unused = automaton.start.get() == 0 && marks == [0; 3];
        return (unused && nfa::is_sound(bytes, columns)).then_some((end, 0));
    }
    let skip = answer_cells(automaton);
    let stride = columns + skip;
    let (dead, found) = (cell_dead(kind), cell_found(kind));
    // No row begins where a dead or found cell and a column would lead into the table.
    let roomy = match kind {
        AUTOMATON_WIDE => rows <= dead,
        AUTOMATON_BYTE | AUTOMATON_SHORT => rows.checked_mul(stride)? <= dead,
        _ => false,
    };
    let leads = |cell: usize| {
        let row = match kind {
            AUTOMATON_WIDE => cell < rows,
            _ => cell.is_multiple_of(stride) && cell / stride < rows,
        };
        // What a group finds it goes on from.
        row || cell == dead || cell == found && skip == 0
    };
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
        AUTOMATON_BYTE => sound(&|at| Bytes(bytes).cell(at)),
        _ => sound(&|at| Shorts(shorts(bytes)).cell(at)),
    }?;
    let bounds = leads(index(automaton.start)) && marks.is_sorted() && marks.iter().all(|&mark| leads(mark));
    (roomy && bounds && marks[2] <= dead).then_some((end, greatest))
}
