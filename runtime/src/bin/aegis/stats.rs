//! `aegis stats`: how often each rule decided, and what came of it.

use crate::args::StatsArgs;
use crate::audit::{approval_style, open, unreadable};
use crate::table::{Cell, Column, Layout, Paper, none};
use crate::terminal;
use aegis_runtime::Status;
use aegis_runtime::audit::RuleCount;
use aegisc::command::output::{FAINT, counted, grouped};
use aegisc::command::{Failure, Shell};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use std::process::ExitCode;

const fn column(head: &'static str, least: Option<usize>, leaves: u8, right: bool) -> Column {
    Column { head, usual: 0, least, leaves, right }
}

const COLUMNS: [Column; 6] = [
    column("rule", Some(12), 0, false),
    column("stands in", Some(12), 2, false),
    column("approval", None, 1, false),
    column("actions", None, 0, true),
    column("", None, 0, false),
    column("of which", Some(20), 0, false),
];

/// The place of the bars among them.
const BAR: usize = 4;
/// The columns that bars take, at least and at most.
const BARS: (usize, usize) = (8, 40);
const BLUE: Style = AnsiColor::Blue.on_default();

pub(crate) fn run(args: &StatsArgs, shell: &Shell) -> Result<ExitCode, Failure> {
    let rules = open(&args.log.log)?.rules(&args.filter.filter()).map_err(|error| unreadable(&error))?;
    if args.json {
        shell.data(&as_json(&rules))?;
        return Ok(ExitCode::SUCCESS);
    }
    let paper = terminal::paper();
    shell.out(&drawn(&rules, Paper { utf8: paper.utf8 && !args.ascii, ..paper }))?;
    let actions = rules.iter().fold(0_u64, |sum, rule| sum.saturating_add(rule.actions));
    let actions = counted(usize::try_from(actions).unwrap_or(usize::MAX), "action");
    shell.err(&format!("{actions} by {}\n", counted(rules.len(), "rule")));
    Ok(ExitCode::SUCCESS)
}

fn drawn(rules: &[RuleCount], paper: Paper) -> String {
    let mut rows: Vec<Vec<Cell>> = rules.iter().map(cells).collect();
    // What the others leave, if they need not give way.
    let taken = Layout::new(&COLUMNS, &rows, true, Paper { room: usize::MAX, ..paper }).width();
    let width = paper.room.saturating_sub(taken).clamp(BARS.0, BARS.1);
    let most = rules.iter().map(|rule| rule.actions).max().unwrap_or(0);
    for (row, rule) in rows.iter_mut().zip(rules) {
        if let Some(cell) = row.get_mut(BAR) {
            *cell = Cell::new(&bar(rule.actions, most, width, paper.utf8), BLUE);
        }
    }
    let layout = Layout::new(&COLUMNS, &rows, true, paper);
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = layout.head(&mut out);
    for row in &rows {
        let _ = layout.row(row, &mut out);
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn cells(rule: &RuleCount) -> Vec<Cell> {
    let plain = Style::new();
    let ends = Status::ALL.into_iter().zip(rule.by_status).filter(|(_, count)| *count > 0);
    let ends: Vec<String> = ends.map(|(status, count)| format!("{} {status}", number(count))).collect();
    vec![
        Cell::new(&rule.rule, plain),
        rule.origin.as_ref().map_or_else(none, |origin| Cell::new(origin, FAINT)),
        Cell::new(&rule.approval, approval_style(&rule.approval)),
        Cell::new(&number(rule.actions), plain),
        Cell::new("", plain),
        Cell::new(&ends.join(", "), plain),
    ]
}

fn number(n: u64) -> String {
    grouped(usize::try_from(n).unwrap_or(usize::MAX))
}

/// A bar of which the greatest takes the whole width; what is not nothing shows.
fn bar(count: u64, most: u64, width: usize, utf8: bool) -> String {
    let parts = if utf8 { 8 } else { 1 };
    let width = u64::try_from(width).unwrap_or(0);
    let of = |n: u64| u128::from(n) * u128::from(width) * parts / u128::from(most.max(1));
    let length = of(count).max(u128::from(count > 0));
    let whole = usize::try_from(length / parts).unwrap_or(0);
    if !utf8 {
        return "#".repeat(whole);
    }
    let mut bar = "█".repeat(whole);
    bar.push_str(match length % parts {
        1 => "▏",
        2 => "▎",
        3 => "▍",
        4 => "▌",
        5 => "▋",
        6 => "▊",
        7 => "▉",
        _ => "",
    });
    bar
}

/// One array, a rule a line.
fn as_json(rules: &[RuleCount]) -> String {
    let rule = |rule: &RuleCount| {
        let mut json = json!({
            "rule": rule.rule,
            "origin": rule.origin,
            "approval": rule.approval,
            "actions": rule.actions,
        });
        if let Some(object) = json.as_object_mut() {
            for (status, count) in Status::ALL.into_iter().zip(rule.by_status) {
                object.insert(status.as_str().to_owned(), Value::from(count));
            }
        }
        json.to_string()
    };
    match rules {
        [] => "[]\n".to_owned(),
        rules => format!("[\n{}\n]\n", rules.iter().map(rule).collect::<Vec<_>>().join(",\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn bars_are_in_proportion_and_nothing_is_hidden() {
        assert_eq!(bar(10, 10, 4, true), "████");
        assert_eq!(bar(5, 10, 4, true), "██");
        assert_eq!(bar(1, 10, 4, true), "▍");
        assert_eq!(bar(1, 1_000_000, 4, true), "▏");
        assert_eq!(bar(0, 10, 4, true), "");
        assert_eq!((bar(10, 10, 4, false), bar(1, 1_000, 4, false)), ("####".to_owned(), "#".to_owned()));
        assert_eq!(bar(u64::MAX, u64::MAX, 4, true), "████");
    }
}
