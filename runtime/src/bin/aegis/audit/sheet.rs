//! Actions as a table.

use crate::table::{Cell, Column, Layout, Paper, none};
use aegis_runtime::audit::AuditRow;
use aegis_runtime::rfc3339;
use aegisc::command::output::{ERROR, FAINT, GOOD, WARNING};
use anstyle::Style;
use std::io::{self, Write};

/// So many rows say how wide the columns are.
const SAMPLE: usize = 200;

const COLUMNS: [Column; 9] = [
    Column { head: "id", usual: 6, least: None, leaves: 0, right: true },
    Column { head: "time (UTC)", usual: 19, least: None, leaves: 0, right: false },
    Column { head: "session", usual: 9, least: Some(6), leaves: 3, right: false },
    Column { head: "action", usual: 28, least: Some(16), leaves: 0, right: false },
    Column { head: "risk", usual: 8, least: None, leaves: 0, right: false },
    Column { head: "approval", usual: 8, least: None, leaves: 2, right: false },
    Column { head: "rule", usual: 24, least: Some(12), leaves: 0, right: false },
    Column { head: "human", usual: 16, least: Some(8), leaves: 1, right: false },
    Column { head: "result", usual: 8, least: None, leaves: 0, right: false },
];

/// A table of actions, one row after the other.
pub(super) struct Sheet {
    paper: Paper,
    sample: Vec<Vec<Cell>>,
    layout: Option<Layout>,
}

impl Sheet {
    pub(super) fn new(paper: Paper) -> Self {
        Sheet { paper, sample: Vec::new(), layout: None }
    }

    /// Adds a row; it may be printed later.
    pub(super) fn add(&mut self, row: &AuditRow, out: &mut impl Write) -> io::Result<()> {
        let cells = cells(row);
        match &self.layout {
            Some(layout) => layout.row(&cells, out),
            None => {
                self.sample.push(cells);
                if self.sample.len() < SAMPLE { Ok(()) } else { self.settle(false, out) }
            }
        }
    }

    /// Prints the head and what was added, as more may come.
    pub(super) fn begin(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.layout.is_none() { self.settle(false, out) } else { Ok(()) }
    }

    /// Prints what was not printed yet.
    pub(super) fn end(mut self, out: &mut impl Write) -> io::Result<()> {
        if self.layout.is_none() { self.settle(true, out) } else { Ok(()) }
    }

    fn settle(&mut self, all_known: bool, out: &mut impl Write) -> io::Result<()> {
        let layout = Layout::new(&COLUMNS, &self.sample, all_known, self.paper);
        layout.head(out)?;
        for cells in self.sample.drain(..) {
            layout.row(&cells, out)?;
        }
        self.layout = Some(layout);
        Ok(())
    }
}

fn cells(row: &AuditRow) -> Vec<Cell> {
    let plain = Style::new();
    let risk = row.risk_level.to_ascii_lowercase();
    let human = match (&row.human_decision, &row.approver) {
        (None, _) => none(),
        (Some(said), Some(by)) => Cell::new(&format!("{said} by {by}"), plain),
        (Some(said), None) => Cell::new(said, plain),
    };
    let styled = |text: &str, style: Style| Cell::new(text, style);
    vec![
        styled(&row.id.to_string(), FAINT),
        styled(&time(row.timestamp), plain),
        styled(&row.session_id, FAINT),
        styled(&format!("{}:{}", row.action_type, row.action_target), plain),
        styled(&risk, risk_style(&risk)),
        styled(&row.approval, approval_style(&row.approval)),
        styled(&row.matched_rule, plain),
        human,
        styled(&row.result_status, status_style(&row.result_status)),
    ]
}

/// To the second.
fn time(micros: i64) -> String {
    let text = rfc3339(micros);
    match text.get(..19) {
        Some(to_the_second) => to_the_second.replace('T', " "),
        None => text,
    }
}

fn risk_style(risk: &str) -> Style {
    match risk {
        "critical" => ERROR,
        "high" => WARNING,
        _ => Style::new(),
    }
}

pub(crate) fn approval_style(approval: &str) -> Style {
    match approval {
        "auto" => GOOD,
        "approve" => WARNING,
        _ => ERROR,
    }
}

fn status_style(status: &str) -> Style {
    match status {
        "success" => GOOD,
        "blocked" | "denied" => WARNING,
        "skipped" => FAINT,
        _ => ERROR,
    }
}
