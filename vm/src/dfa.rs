//! Runs an automaton of the artifact over a text that arrives in pieces.
//!
//! The form is drawn in [`format`](crate::format). A [`Runner`] borrows the tables, copies and
//! allocates nothing, and takes a fixed time for each character. It holds back a newline until it
//! knows whether another character follows, because the last newline of a text is not fed but
//! answered for.
//!
//! The loader has checked that every index is in range. Should one not be, the runner does not
//! panic, and does not guess: it reports [`Corrupt`], and the decision fails closed.

use crate::format::{ANSWER_DEAD, ANSWER_END, ANSWER_FOUND, ANSWER_NEWLINE, CLASS_BLOCK};
pub use zerocopy::little_endian::U16;

/// The class map of a policy, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Classes<'p> {
    /// For each 128 code points their block.
    pub stage1: &'p [U16],
    /// The blocks, 128 classes each.
    pub blocks: &'p [U16],
}

impl Classes<'_> {
    fn of(self, c: char) -> Option<usize> {
        let c = usize::try_from(u32::from(c)).ok()?;
        let block = usize::from(self.stage1.get(c / CLASS_BLOCK)?.get());
        Some(usize::from(self.blocks.get(block * CLASS_BLOCK + c % CLASS_BLOCK)?.get()))
    }
}

/// The transition table of an automaton, borrowed.
#[derive(Clone, Copy, Debug)]
pub enum Table<'p> {
    /// Entries of one byte.
    Narrow(&'p [u8]),
    /// Entries of two bytes.
    Wide(&'p [U16]),
}

/// An automaton, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Automaton<'p> {
    /// The class map that it steps over.
    pub classes: Classes<'p>,
    /// The column of each class.
    pub column_map: &'p [u8],
    /// The number of columns.
    pub columns: usize,
    /// The next state, by state and column.
    pub table: Table<'p>,
    /// The `ANSWER_` bits of each state.
    pub answers: &'p [u8],
    /// The state before the first character.
    pub start: usize,
    /// Whether the pattern is found in the empty text.
    pub empty: bool,
}

impl Automaton<'_> {
    fn next(&self, state: usize, c: char) -> Option<usize> {
        let column = usize::from(*self.column_map.get(self.classes.of(c)?)?);
        let index = state.checked_mul(self.columns)?.checked_add(column)?;
        Some(match self.table {
            Table::Narrow(table) => usize::from(*table.get(index)?),
            Table::Wide(table) => usize::from(table.get(index)?.get()),
        })
    }
}

/// The tables do not hold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

/// A search that is under way.
#[derive(Clone, Debug)]
pub struct Runner<'p> {
    automaton: Automaton<'p>,
    state: usize,
    /// The answers of `state`.
    answers: u8,
    /// Whether any character has arrived.
    begun: bool,
    /// Whether a newline has arrived that is not fed yet.
    newline: bool,
    corrupt: bool,
}

impl<'p> Runner<'p> {
    /// Begins a search.
    #[must_use]
    pub fn new(automaton: Automaton<'p>) -> Self {
        let state = automaton.start;
        let answers = automaton.answers.get(state).copied();
        Runner {
            automaton,
            state,
            answers: answers.unwrap_or(0),
            begun: false,
            newline: false,
            corrupt: answers.is_none(),
        }
    }

    /// Whether nothing that follows can change the result.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        // The empty text has an answer of its own, so a start that is a sink decides nothing yet.
        self.corrupt || (self.begun && self.answers & (ANSWER_FOUND | ANSWER_DEAD) != 0)
    }

    /// Feeds a piece of the text.
    pub fn push_str(&mut self, text: &str) {
        for c in text.chars() {
            if self.is_decided() {
                return;
            }
            self.push_char(c);
        }
    }

    /// Feeds a character of the text.
    pub fn push_char(&mut self, c: char) {
        self.begun = true;
        if self.newline {
            self.step('\n');
        }
        self.newline = c == '\n';
        if !self.newline {
            self.step(c);
        }
    }

    fn step(&mut self, c: char) {
        let next = self.automaton.next(self.state, c);
        let next = next.and_then(|state| Some((state, *self.automaton.answers.get(state)?)));
        match next {
            Some((state, answers)) => (self.state, self.answers) = (state, answers),
            None => self.corrupt = true,
        }
    }

    /// Ends the text: whether the pattern was found.
    ///
    /// # Errors
    ///
    /// [`Corrupt`] if an index of the tables led outside of them.
    pub fn finish(self) -> Result<bool, Corrupt> {
        if self.corrupt {
            return Err(Corrupt);
        }
        if !self.begun {
            return Ok(self.automaton.empty);
        }
        let wanted = if self.newline { ANSWER_NEWLINE } else { ANSWER_END };
        Ok(self.answers & (wanted | ANSWER_FOUND) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds `ab$`: classes 0 other, 1 `a`, 2 `b`; states 0 nothing, 1 after `a`, 2 after `ab`.
    struct Tables {
        stage1: Vec<U16>,
        blocks: Vec<U16>,
        column_map: Vec<u8>,
        table: Vec<u8>,
        answers: Vec<u8>,
    }

    impl Tables {
        fn new() -> Self {
            let mut blocks = vec![U16::new(0); 2 * CLASS_BLOCK];
            blocks[usize::from(b'a')] = U16::new(1);
            blocks[usize::from(b'b')] = U16::new(2);
            let mut stage1 = vec![U16::new(1); crate::format::CLASS_STAGE1];
            stage1[0] = U16::new(0);
            let answers = vec![0, 0, ANSWER_END | ANSWER_NEWLINE];
            Tables {
                stage1,
                blocks,
                column_map: vec![0, 1, 2],
                table: vec![0, 1, 0, 0, 1, 2, 0, 1, 0],
                answers,
            }
        }

        fn runner(&self) -> Runner<'_> {
            Runner::new(Automaton {
                classes: Classes { stage1: &self.stage1, blocks: &self.blocks },
                column_map: &self.column_map,
                columns: 3,
                table: Table::Narrow(&self.table),
                answers: &self.answers,
                start: 0,
                empty: true,
            })
        }

        fn search(&self, text: &str) -> Result<bool, Corrupt> {
            let mut runner = self.runner();
            runner.push_str(text);
            runner.finish()
        }
    }

    #[test]
    fn holds_back_one_newline() {
        let tables = Tables::new();
        let found = [
            ("ab", true),
            ("ab\n", true),
            ("ab\n\n", false),
            ("ab\nc", false),
            ("\nab", true),
            ("é😀ab", true),
        ];
        for (text, expected) in found {
            assert_eq!(tables.search(text), Ok(expected), "{text:?}");
        }
        assert_eq!(tables.search(""), Ok(true), "the empty text has an answer of its own");
        assert_eq!(tables.search("\n"), Ok(false));
    }

    #[test]
    fn any_corrupt_table_is_reported() {
        let broken: [fn(&mut Tables); 7] = [
            |tables| tables.stage1.truncate(0),
            |tables| tables.stage1[0] = U16::new(9),
            |tables| tables.blocks[usize::from(b'a')] = U16::new(3),
            |tables| tables.column_map.truncate(1),
            |tables| tables.table.truncate(1),
            |tables| tables.table[1] = 7,
            |tables| tables.answers.truncate(0),
        ];
        for (index, corrupt) in broken.iter().enumerate() {
            let mut tables = Tables::new();
            corrupt(&mut tables);
            assert_eq!(tables.search("ab"), Err(Corrupt), "case {index}");
        }
    }

    #[test]
    fn a_sink_decides_once_something_was_fed() {
        let mut tables = Tables::new();
        tables.answers = vec![ANSWER_DEAD, 0, ANSWER_FOUND];
        let mut runner = tables.runner();
        assert!(!runner.is_decided());
        runner.push_char('a');
        assert!(!runner.is_decided());
        runner.push_str("b and more");
        assert!(runner.is_decided());
        assert_eq!(runner.finish(), Ok(true));
    }
}
