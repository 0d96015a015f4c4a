//! One pass over a text for many members.
//!
//! The form is drawn in [`mod@format`], under *Scans*. A [`Scan`] borrows the tables and
//! allocates nothing. Each byte is one step, whatever the number of members; what ends in a state is
//! found by following links, from the longest to the shortest, up to one that was found before: those
//! behind it were found with it. So a pass takes a time in proportion to the text and the members.
//!
//! The loader has proven that the tables are the automaton of the members. Should a lookup miss all
//! the same, the pass gives `None`, and the decision fails closed.

use crate::format::{self, BORDER, MAX_MEMBERS, NO_MEMBER};
use crate::tables::{Tables, index};
use crate::{Params, Request, Value};
use core::ops::ControlFlow;
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// A scan, with its parts where they stand.
pub(crate) struct Scan<'p> {
    pub(crate) record: &'p format::Scan,
    pub(crate) classes: &'p [u8; 256],
    pub(crate) table: Table<'p>,
    pub(crate) columns: usize,
    /// The first entry of the first state in which a needle ends.
    pub(crate) first_output: usize,
    /// For each state in which a needle ends the longest one's member.
    pub(crate) outputs: &'p [U16],
    /// For each member the next longest that ends with it.
    pub(crate) links: &'p [U16],
    /// Where its parts end in `SCAN_BYTES`.
    pub(crate) end: usize,
}

/// The transition table, by the width of its entries.
#[derive(Clone, Copy)]
pub(crate) enum Table<'p> {
    Narrow(&'p [U16]),
    Wide(&'p [U32]),
}

/// An entry of a transition table: the first entry of a state's row.
trait Entry: Copy {
    fn row(self) -> usize;
}

impl Entry for U16 {
    fn row(self) -> usize {
        usize::from(self.get())
    }
}

impl Entry for U32 {
    fn row(self) -> usize {
        index(self)
    }
}

/// The members that a pass found.
pub(crate) struct Found {
    bits: [u64; MAX_MEMBERS / 64],
    /// How many are still to be found.
    left: usize,
}

/// Why a pass stopped before the end of its texts.
enum Stop {
    AllFound,
    Broken,
}

impl<'p> Scan<'p> {
    /// The scan of an index; `None` if its parts do not lie where its sizes say.
    pub(crate) fn get(tables: &'p Tables, scan: U32) -> Option<Self> {
        let record = tables.scans.get(&tables.bytes, index(scan))?;
        let bytes = tables.bytes.get(tables.scan_bytes.clone())?;
        let (states, columns, width) = (index(record.states), index(record.classes), index(record.width));
        let (classes, rest) = bytes.get(index(record.start)..)?.split_first_chunk()?;
        let cells = states.checked_mul(columns)?;
        let (table, rest) = rest.split_at_checked(cells.checked_mul(width)?)?;
        let (outputs, rest) = records(rest, index(record.outputs))?;
        let (links, rest) = records(rest, index(record.members))?;
        Some(Scan {
            record,
            classes,
            table: match width {
                2 => Table::Narrow(<[U16]>::ref_from_bytes(table).ok()?),
                4 => Table::Wide(<[U32]>::ref_from_bytes(table).ok()?),
                _ => return None,
            },
            columns,
            first_output: states.checked_sub(outputs.len())?.checked_mul(columns)?,
            outputs,
            links,
            end: bytes.len() - rest.len(),
        })
    }

    /// The members that are in the text.
    pub(crate) fn text(&self, text: &str) -> Option<Found> {
        self.pass(|walk| walk.text(text), |walk| walk.text(text))
    }

    /// The members that are among the words of an action.
    pub(crate) fn words(&self, request: &Request<'_>) -> Option<Found> {
        self.pass(|walk| walk.request(request), |walk| walk.request(request))
    }

    /// A pass with the table as it is.
    fn pass(
        &self,
        narrow: impl FnOnce(&mut Walk<'_, 'p, U16>) -> ControlFlow<Stop>,
        wide: impl FnOnce(&mut Walk<'_, 'p, U32>) -> ControlFlow<Stop>,
    ) -> Option<Found> {
        let mut found = Found { bits: [0; MAX_MEMBERS / 64], left: self.links.len() };
        let stopped = match self.table {
            Table::Narrow(table) => narrow(&mut Walk { scan: self, table, row: 0, found: &mut found }),
            Table::Wide(table) => wide(&mut Walk { scan: self, table, row: 0, found: &mut found }),
        };
        (!matches!(stopped, ControlFlow::Break(Stop::Broken))).then_some(found)
    }
}

/// `count` records, and the bytes behind them.
fn records<T: FromBytes + Immutable + KnownLayout + Unaligned>(
    bytes: &[u8],
    count: usize,
) -> Option<(&[T], &[u8])> {
    <[T]>::ref_from_prefix_with_elems(bytes, count).ok()
}

impl Found {
    /// Whether a member was found; `None` if there is no such member.
    pub(crate) fn has(&self, member: usize) -> Option<bool> {
        Some(self.bits.get(member / 64)? >> (member % 64) & 1 == 1)
    }

    /// Adds a member, and those that its links lead to.
    fn add(&mut self, member: U16, links: &[U16]) -> ControlFlow<Stop> {
        let mut next = member.get();
        while next != NO_MEMBER {
            let member = usize::from(next);
            let (Some(word), Some(link)) = (self.bits.get_mut(member / 64), links.get(member)) else {
                return ControlFlow::Break(Stop::Broken);
            };
            let bit = 1 << (member % 64);
            if *word & bit != 0 {
                return ControlFlow::Continue(());
            }
            *word |= bit;
            self.left = self.left.saturating_sub(1);
            next = link.get();
        }
        if self.left == 0 { ControlFlow::Break(Stop::AllFound) } else { ControlFlow::Continue(()) }
    }
}

/// A pass: where it is, and what it found.
struct Walk<'w, 'p, E> {
    scan: &'w Scan<'p>,
    table: &'p [E],
    row: usize,
    found: &'w mut Found,
}

impl<E: Entry> Walk<'_, '_, E> {
    #[inline]
    fn step(&mut self, byte: u8) -> ControlFlow<Stop> {
        let class = usize::from(self.scan.classes[usize::from(byte)]);
        match self.table.get(self.row + class) {
            Some(entry) => self.row = entry.row(),
            None => return ControlFlow::Break(Stop::Broken),
        }
        if self.row >= self.scan.first_output {
            let output = (self.row - self.scan.first_output) / self.scan.columns;
            return match self.scan.outputs.get(output) {
                Some(&member) => self.found.add(member, self.scan.links),
                None => ControlFlow::Break(Stop::Broken),
            };
        }
        ControlFlow::Continue(())
    }

    fn text(&mut self, text: &str) -> ControlFlow<Stop> {
        text.bytes().try_for_each(|byte| self.step(byte))
    }

    /// The texts of an action, each between borders.
    fn request(&mut self, request: &Request<'_>) -> ControlFlow<Stop> {
        self.step(BORDER)?;
        for text in [request.kind, request.target, request.description] {
            self.words(text)?;
        }
        let params: &dyn Params = request.params;
        let mut stopped = ControlFlow::Continue(());
        params.visit(&mut |name, value| {
            if stopped.is_continue() {
                stopped = self.words(name);
            }
            if let (ControlFlow::Continue(()), Value::Str(text)) = (&stopped, value) {
                stopped = self.words(text);
            }
            if stopped.is_break() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        stopped
    }

    /// A text and a border behind it. Lower case makes letters of words of only two characters beside
    /// the ASCII ones: the Kelvin sign is `k`; the capital dotted I is `i` and a combining dot, which
    /// ends the word.
    fn words(&mut self, text: &str) -> ControlFlow<Stop> {
        if text.is_ascii() {
            self.text(text)?;
        } else {
            for c in text.chars() {
                match c {
                    '\u{212a}' => self.step(b'k')?,
                    '\u{130}' => {
                        self.step(b'i')?;
                        self.step(BORDER)?;
                    }
                    c => self.step(u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(BORDER))?,
                }
            }
        }
        self.step(BORDER)
    }
}
