//! Rules judged together by bits: `NODE_ROWS` of the format.

use super::asks::What;
use super::cells::{Cell, Kind, ParamCells, Status, minutes, time_status};
use super::{End, Graph, Item, TooLarge, halves, is_time, may_err, number, param_of};
use aegis_vm::format::{NODE_ROWS, node_head};
use std::collections::BTreeSet;

/// What the rules make of one cell: who may hold, who gives an error.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Masks {
    may: u64,
    error: u64,
}

impl<'h> Graph<'_, 'h> {
    /// A node of rows for at most 64 rules.
    pub(super) fn rows(&mut self, chunk: &[Item], next: u32) -> Result<u32, TooLarge> {
        let asks =
            |item: &Item| -> Vec<super::Ask<'h>> { item.asks.iter().map(|&(id, _)| self.ask(id)).collect() };
        let asks: Vec<Vec<super::Ask<'h>>> = chunk.iter().map(asks).collect();
        let params: BTreeSet<u32> = asks.iter().flatten().filter_map(|ask| param_of(ask.what)).collect();
        let timed = asks.iter().flatten().any(|ask| is_time(ask.what));
        let mut rows: Vec<(u32, Vec<Masks>)> = Vec::new();
        if timed {
            let cuts = minutes(asks.iter().flatten().filter(|ask| is_time(ask.what)).copied());
            let mut cells = vec![masks(&asks, |ask| is_time(ask.what).then(|| time_status(ask, None)))];
            for day in 0..7 {
                for minute in std::iter::once(0).chain(cuts.iter().copied()) {
                    let time = Some((day, minute));
                    cells.push(masks(&asks, |ask| is_time(ask.what).then(|| time_status(ask, time))));
                }
            }
            let cuts: Vec<u32> = cuts.into_iter().map(u32::from).collect();
            rows.push((self.time_cells(&cuts)?, cells));
        }
        for param in params {
            let own = asks.iter().flatten().filter(|ask| param_of(ask.what) == Some(param));
            let cells = ParamCells::of(own.copied());
            let in_cell = |cell: Cell<'h>| {
                masks(&asks, |ask| (param_of(ask.what) == Some(param)).then(|| cells.status(ask, cell)))
            };
            let fixed = [Cell::Absent, Cell::List, Cell::Map, Cell::Nan, Cell::OtherText];
            let texts = cells.texts.iter().map(|&(text, _)| Cell::Text(text));
            let numbers = (0..=cells.cuts.len()).map(Cell::Number);
            let all = fixed.into_iter().chain(texts).chain(numbers).map(in_cell).collect();
            rows.push((self.param_cells(param, &cells)?, all));
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
        let mut words = vec![node_head(NODE_ROWS, number(rows.len(), "rows")?.get()), next, count, low, high];
        words.extend(chunk.iter().map(|item| item.rule));
        for (switch, cells) in rows {
            words.push(switch);
            words.extend(cells.iter().flat_map(|cell| [halves(cell.may), halves(cell.error)]).flatten());
        }
        self.add_node(&words)
    }

    /// Whether every cell of its param settles a question.
    fn is_told(&self, id: super::AskId) -> bool {
        use crate::hir::{Const, ParamOp};
        match self.ask(id).what {
            What::Param { op: ParamOp::Contains, .. } => false,
            What::Param { op: ParamOp::Eq, value, .. } => !matches!(value, Const::List(_) | Const::Map(_)),
            What::Param { value, .. } => !matches!(value, Const::Str(_)),
            _ => false,
        }
    }
}

/// The masks of a cell, in which `status` is what a question of its row is worth.
fn masks(asks: &[Vec<super::Ask<'_>>], status: impl Fn(&super::Ask<'_>) -> Option<Status>) -> Masks {
    let mut masks = Masks { may: 0, error: 0 };
    for (bit, asks) in asks.iter().enumerate() {
        let own: Vec<(&super::Ask<'_>, Status)> =
            asks.iter().filter_map(|ask| Some((ask, status(ask)?))).collect();
        let fails = own.iter().any(|(_, status)| *status == Status::Fails);
        let errs = own.iter().any(|(ask, status)| match status {
            Status::Error => true,
            Status::Open(kind) => *kind != Kind::Any && may_err(ask, *kind),
            Status::Holds | Status::Fails => false,
        });
        masks.may |= u64::from(!fails) << bit;
        masks.error |= u64::from(errs) << bit;
    }
    masks
}
