//! Rules judged together by bits: `NODE_ROWS` of the format.

use super::asks::{Ask, What};
use super::cells::{Cell, Kind, ParamCells, Status, minutes, time_status};
use super::{AskId, End, Graph, Item, TooLarge, halves, is_time, may_err, number, param_of};
use aegis_vm::format::{MAX_ROW_RULES, NODE_ROWS, node_head};
use std::collections::BTreeMap;

/// The head of a node has 24 bits for the number of rows.
const MOST_ROWS: usize = 1 << 24;

/// What the rules make of one cell: who may hold, who gives an error.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Masks {
    may: u64,
    error: u64,
}

impl<'h> Graph<'_, 'h> {
    /// A node of rows for at most 64 rules.
    pub(super) fn rows(&mut self, chunk: &[Item], next: u32) -> Result<u32, TooLarge> {
        // The questions of each row, each with the bit of its rule.
        let mut of_time: Vec<Own<'h>> = Vec::new();
        let mut of_params: BTreeMap<u32, Vec<Own<'h>>> = BTreeMap::new();
        for (item, bit) in chunk.iter().zip(0..) {
            for &(id, _) in &item.asks {
                let ask = self.ask(id);
                match param_of(ask.what) {
                    Some(param) => of_params.entry(param).or_default().push((bit, ask)),
                    None if is_time(ask.what) => of_time.push((bit, ask)),
                    None => {}
                }
            }
        }
        let all = u64::MAX.checked_shr(MAX_ROW_RULES - number(chunk.len(), "rules")?.get()).unwrap_or(0);
        let mut rows: Vec<(u32, Vec<Masks>)> = Vec::new();
        if !of_time.is_empty() {
            let cuts = minutes(of_time.iter().map(|(_, ask)| *ask));
            let at = |time| masks(&of_time, all, |ask| time_status(ask, time));
            let instants = (0..7)
                .flat_map(|day| std::iter::once(0).chain(cuts.iter().copied()).map(move |cut| (day, cut)));
            let cells = std::iter::once(None).chain(instants.map(Some)).map(at).collect();
            let cuts: Vec<u32> = cuts.iter().copied().map(u32::from).collect();
            rows.push((self.time_cells(&cuts)?, cells));
        }
        for (param, own) in of_params {
            let cells = ParamCells::of(own.iter().map(|(_, ask)| *ask));
            let in_cell = |cell: Cell<'h>| masks(&own, all, |ask| cells.status(ask, cell));
            let fixed = [Cell::Absent, Cell::List, Cell::Map, Cell::Nan, Cell::OtherText];
            let texts = cells.texts.iter().map(|&(text, _)| Cell::Text(text));
            let numbers = (0..=cells.cuts.len()).map(Cell::Number);
            let masks = fixed.into_iter().chain(texts).chain(numbers).map(in_cell).collect();
            rows.push((self.param_cells(param, &cells)?, masks));
        }
        // A question about what is in a text, say, is in no row.
        let told = |item: &&Item| {
            item.end == End::Match
                && item.asks.iter().all(|&(id, _)| {
                    let what = self.ask(id).what;
                    is_time(what) || matches!(what, What::Param { .. }) && self.is_told(id)
                })
        };
        let untold = chunk.iter().enumerate().filter(|(_, item)| !told(item));
        let untold = untold.fold(0_u64, |bits, (bit, _)| bits | 1 << bit);
        let [low, high] = halves(untold);
        let count = number(chunk.len(), "rules")?.get();
        if rows.len() >= MOST_ROWS {
            return Err(TooLarge("params in one rule"));
        }
        let mut words = vec![node_head(NODE_ROWS, number(rows.len(), "rows")?.get()), next, count, low, high];
        words.extend(chunk.iter().map(|item| item.rule));
        for (switch, cells) in rows {
            words.push(switch);
            words.extend(cells.iter().flat_map(|cell| [halves(cell.may), halves(cell.error)]).flatten());
        }
        self.add_node(&words)
    }

    /// Whether every cell of its param settles a question.
    fn is_told(&self, id: AskId) -> bool {
        use crate::hir::{Const, ParamOp};
        match self.ask(id).what {
            What::Param { op: ParamOp::Contains, .. } => false,
            What::Param { op: ParamOp::Eq, value, .. } => !matches!(value, Const::List(_) | Const::Map(_)),
            What::Param { value, .. } => !matches!(value, Const::Str(_)),
            _ => false,
        }
    }
}

/// A question of a row, and the bit of the rule that asks it.
type Own<'h> = (u32, Ask<'h>);

/// The masks of a cell, in which `status` is what a question of its row is worth; a rule without one may hold.
fn masks<'h>(own: &[Own<'h>], all: u64, status: impl Fn(&Ask<'h>) -> Status) -> Masks {
    let mut masks = Masks { may: all, error: 0 };
    for (bit, ask) in own {
        match status(ask) {
            Status::Fails => masks.may &= !(1 << bit),
            Status::Error => masks.error |= 1 << bit,
            Status::Open(kind) if kind != Kind::Any && may_err(ask, kind) => masks.error |= 1 << bit,
            Status::Open(_) | Status::Holds => {}
        }
    }
    masks
}
