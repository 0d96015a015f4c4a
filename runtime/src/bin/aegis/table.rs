//! Tables that fit the terminal: cells -> lines, of any number of rows.

use aegisc::command::output::{FAINT, STRONG, printable};
use anstyle::Style;
use std::io::{self, Write};
use textwrap::core::display_width;

/// Spaces between two columns.
const GAP: usize = 2;

/// A column: what stands above it, and how it gives way where there is too little room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) head: &'static str,
    /// What its cells usually take, for rows that are not known yet.
    pub(crate) usual: usize,
    /// What it keeps; one that never gives way has none.
    pub(crate) least: Option<usize>,
    /// Which is left out where there is no room even so: the greatest first, never 0.
    pub(crate) leaves: u8,
    pub(crate) right: bool,
}

/// What a table is printed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paper {
    /// The columns that a line may take.
    pub(crate) room: usize,
    /// Whether more than ASCII can be drawn.
    pub(crate) utf8: bool,
    /// Whether styles are printed; whoever takes them away where they are unwanted gets them.
    pub(crate) styled: bool,
}

/// A text with a style.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A text from a log, without what a terminal would obey.
    pub(crate) fn new(text: &str, style: Style) -> Self {
        Cell { text: printable(text), style }
    }
}

/// The widths of columns.
#[derive(Debug)]
pub(crate) struct Layout {
    columns: Vec<Fitted>,
    paper: Paper,
}

/// A column with what it takes.
#[derive(Debug)]
struct Fitted {
    column: Column,
    width: usize,
    shown: bool,
}

impl Fitted {
    fn least(&self) -> usize {
        self.column.least.unwrap_or(self.width).min(self.width)
    }
}

impl Layout {
    /// What fits the paper: as wide as the rows need that are known, or, if there are others, as wide as is usual.
    /// Columns that can give way do, those first that can most; where that is not enough, some are left out.
    pub(crate) fn new(columns: &[Column], rows: &[Vec<Cell>], all_known: bool, paper: Paper) -> Self {
        let size = |(at, column): (usize, &Column)| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            let widest = cells.map(|cell| display_width(&cell.text)).max().unwrap_or(0);
            let width = widest.max(if all_known { 0 } else { column.usual });
            Fitted { column: *column, width: width.max(display_width(column.head)), shown: true }
        };
        let mut layout = Layout { columns: columns.iter().enumerate().map(size).collect(), paper };
        while layout.total(Fitted::least) > paper.room {
            let leaves = layout.columns.iter_mut().filter(|fitted| fitted.shown && fitted.column.leaves > 0);
            let Some(fitted) = leaves.max_by_key(|fitted| fitted.column.leaves) else { break };
            fitted.shown = false;
        }
        while layout.width() > paper.room {
            let gives =
                layout.columns.iter_mut().filter(|fitted| fitted.shown && fitted.width > fitted.least());
            let Some(fitted) = gives.max_by_key(|fitted| fitted.width - fitted.least()) else { break };
            fitted.width -= 1;
        }
        layout
    }

    fn total(&self, width: impl Fn(&Fitted) -> usize) -> usize {
        let shown = self.columns.iter().filter(|fitted| fitted.shown);
        shown.map(|fitted| width(fitted) + GAP).sum::<usize>().saturating_sub(GAP)
    }

    /// The columns of a terminal that a line takes.
    pub(crate) fn width(&self) -> usize {
        self.total(|fitted| fitted.width)
    }

    /// The line above the rows.
    pub(crate) fn head(&self, out: &mut impl Write) -> io::Result<()> {
        let heads =
            self.columns.iter().map(|fitted| Cell { text: fitted.column.head.to_owned(), style: STRONG });
        self.row(&heads.collect::<Vec<_>>(), out)
    }

    /// A row.
    pub(crate) fn row(&self, cells: &[Cell], out: &mut impl Write) -> io::Result<()> {
        let mut spaces = 0;
        let sign = if self.paper.utf8 { '…' } else { '~' };
        for (fitted, cell) in self.columns.iter().zip(cells).filter(|(fitted, _)| fitted.shown) {
            let width = fitted.width;
            let text = cut(&cell.text, width, sign);
            let left = width.saturating_sub(display_width(&text));
            let before = if fitted.column.right { left } else { 0 };
            let style = if self.paper.styled { cell.style } else { Style::new() };
            if !text.is_empty() {
                write!(out, "{:1$}{style}{text}{style:#}", "", spaces + before)?;
                spaces = 0;
            } else {
                spaces += before;
            }
            spaces += GAP + left - before;
        }
        writeln!(out)
    }
}

/// The text, or its beginning with a sign that there is more.
fn cut(text: &str, width: usize, sign: char) -> String {
    if display_width(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += display_width(c.encode_utf8(&mut [0; 4]));
        if used > width {
            break;
        }
        kept.push(c);
    }
    kept.push(sign);
    kept
}

/// A cell that has nothing to say.
pub(crate) fn none() -> Cell {
    Cell { text: "-".to_owned(), style: FAINT }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { head: "id", usual: 4, least: None, leaves: 0, right: true },
        Column { head: "what", usual: 10, least: Some(4), leaves: 0, right: false },
        Column { head: "end", usual: 3, least: None, leaves: 1, right: false },
    ];

    fn drawn(rows: &[[&str; 3]], room: usize) -> String {
        let cells = |row: &[&str; 3]| row.iter().map(|text| Cell::new(text, Style::new())).collect();
        let rows: Vec<Vec<Cell>> = rows.iter().map(cells).collect();
        let paper = Paper { room, utf8: true, styled: false };
        let layout = Layout::new(&COLUMNS, &rows, true, paper);
        let mut out = Vec::new();
        for row in &rows {
            layout.row(row, &mut out).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_give_way_and_nothing_is_drawn_over() {
        assert_eq!(
            drawn(&[["1", "a", "ok"], ["22", "bcdefg", "bad"]], 80),
            " 1  a       ok\n22  bcdefg  bad\n"
        );
        assert_eq!(drawn(&[["22", "bcdefghijkl", "bad"]], 16), "22  bcdefg…  bad\n");
        // What is wide takes two columns.
        assert_eq!(drawn(&[["22", "東京都庁舎", "bad"]], 16), "22  東京都…  bad\n");
        assert_eq!(drawn(&[["1", "a\u{1b}[2J\u{202e}b", "x"]], 80), " 1  a␛[2J\u{fffd}b  x\n");
        assert_eq!(drawn(&[["1", "abcdefghijkl", "x"]], 3), " 1  abc…\n");
        assert_eq!(drawn(&[["1", "abcdefghijkl", "x"]], 13), " 1  abc…  x\n");
    }
}
