//! The cells into which a param, or the time, falls, and what each question is worth in a cell.

use super::asks::{Ask, What};
use crate::hir::number::{compare, whole};
use crate::hir::{Const, ParamOp};
use num_bigint::BigInt;
use std::cmp::Ordering;

/// What is known of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Holds,
    Fails,
    Error,
    /// It must be asked, of a value of this kind.
    Open(Kind),
}

/// What is known of the value that a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Nothing.
    Any,
    Text,
    Number,
    List,
    Map,
}

/// A value of a param, as far as a cell tells it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'h> {
    Absent,
    List,
    Map,
    Nan,
    /// A text that is none of the texts.
    OtherText,
    Text(&'h str),
    /// A number that is at or beyond so many cuts.
    Number(usize),
}

/// A cut: the numbers at or beyond a constant, or, if strict, beyond it.
#[derive(Clone, Copy)]
pub(super) struct Cut<'h> {
    pub(super) value: &'h Const,
    pub(super) constant: u32,
    pub(super) strict: bool,
}

/// The texts and the cuts of the questions about one param.
#[derive(Default)]
pub(super) struct ParamCells<'h> {
    /// Each with its constant.
    pub(super) texts: Vec<(&'h str, u32)>,
    /// Ascending, no two alike.
    pub(super) cuts: Vec<Cut<'h>>,
}

impl<'h> ParamCells<'h> {
    /// The cells of questions about one param.
    pub(super) fn of(asks: impl Iterator<Item = Ask<'h>>) -> Self {
        let mut cells = ParamCells::default();
        let mut seen = hashbrown::HashSet::new();
        for ask in asks {
            let What::Param { op, value, constant, .. } = ask.what else { continue };
            match (op, value) {
                (ParamOp::Contains, _) => {}
                (ParamOp::Eq, Const::Str(text)) if seen.insert(text.as_str()) => {
                    cells.texts.push((text, constant));
                }
                (ParamOp::Eq, Const::Str(_)) => {}
                (_, value) if is_number(value) => {
                    let mut cut = |strict| cells.cuts.push(Cut { value, constant, strict });
                    match op {
                        ParamOp::Gte | ParamOp::Lt => cut(false),
                        ParamOp::Gt | ParamOp::Lte => cut(true),
                        ParamOp::Eq | ParamOp::Contains => {
                            cut(false);
                            cut(true);
                        }
                    }
                }
                _ => {}
            }
        }
        cells.cuts.sort_by(|a, b| order(a.value, b.value).then(a.strict.cmp(&b.strict)));
        cells.cuts.dedup_by(|a, b| a.strict == b.strict && order(a.value, b.value).is_eq());
        cells
    }

    /// The number of cuts that a number equal to `value` is at or beyond, strict ones counted or not.
    fn place(&self, value: &Const, strict: bool) -> usize {
        self.cuts.partition_point(|cut| order(cut.value, value).then(cut.strict.cmp(&strict)).is_le())
    }

    /// What a question about this param is worth in a cell.
    pub(super) fn status(&self, ask: &Ask<'h>, cell: Cell<'h>) -> Status {
        match ask.what {
            What::Param { op: ParamOp::Eq, value, .. } => self.equals(value, cell),
            What::Param { op: ParamOp::Contains, value, .. } => contains(value, cell),
            What::Param { op, value, .. } => self.ordered(op, value, cell),
            What::Matches { .. } => match cell {
                Cell::Absent => Status::Fails,
                Cell::List => Status::Open(Kind::List),
                Cell::Map => Status::Open(Kind::Map),
                Cell::Nan | Cell::Number(_) => Status::Open(Kind::Number),
                Cell::OtherText | Cell::Text(_) => Status::Open(Kind::Text),
            },
            _ => Status::Open(Kind::Any),
        }
    }

    fn equals(&self, value: &Const, cell: Cell<'h>) -> Status {
        match (value, cell) {
            (Const::Str(text), Cell::Text(other)) => holds(text == other),
            (Const::List(_), Cell::List) => Status::Open(Kind::List),
            (Const::Map(_), Cell::Map) => Status::Open(Kind::Map),
            (value, Cell::Number(beyond)) if is_number(value) => {
                holds((self.place(value, false)..self.place(value, true)).contains(&beyond))
            }
            _ => Status::Fails,
        }
    }

    fn ordered(&self, op: ParamOp, value: &Const, cell: Cell<'h>) -> Status {
        match (value, cell) {
            (_, Cell::Absent) => Status::Fails,
            (Const::Str(text), Cell::Text(other)) => holds(order_holds(op, other.cmp(text.as_str()))),
            (Const::Str(_), Cell::OtherText) => Status::Open(Kind::Text),
            (Const::Str(_), _) => Status::Error,
            (value, Cell::Number(beyond)) if is_number(value) => {
                let at_or_beyond = beyond >= self.place(value, false);
                let beyond = beyond >= self.place(value, true);
                holds(match op {
                    ParamOp::Gt => beyond,
                    ParamOp::Gte => at_or_beyond,
                    ParamOp::Lt => !at_or_beyond,
                    _ => !beyond,
                })
            }
            // A constant that is a NaN.
            (_, Cell::Nan | Cell::Number(_)) => Status::Fails,
            _ => Status::Error,
        }
    }
}

fn holds(holds: bool) -> Status {
    if holds { Status::Holds } else { Status::Fails }
}

fn order_holds(op: ParamOp, order: Ordering) -> bool {
    match op {
        ParamOp::Gt => order.is_gt(),
        ParamOp::Gte => order.is_ge(),
        ParamOp::Lt => order.is_lt(),
        _ => order.is_le(),
    }
}

/// Python's `value in param`.
fn contains(value: &Const, cell: Cell<'_>) -> Status {
    let scalar = !matches!(value, Const::List(_) | Const::Map(_) | Const::Foreign { hashable: false });
    match (cell, value) {
        (Cell::Absent, _) => Status::Fails,
        (Cell::List, _) => Status::Open(Kind::List),
        (Cell::Map, Const::Str(_)) => Status::Open(Kind::Map),
        // Only text can be a key of a JSON mapping.
        (Cell::Map, _) if scalar => Status::Fails,
        (Cell::Text(text), Const::Str(part)) => holds(text.contains(part.as_str())),
        (Cell::OtherText, Const::Str(_)) => Status::Open(Kind::Text),
        _ => Status::Error,
    }
}

/// Whether a constant is a number that has an order.
fn is_number(value: &Const) -> bool {
    match value {
        Const::Bool(_) | Const::Int(_) => true,
        Const::Float(x) => !x.is_nan(),
        _ => false,
    }
}

/// The order of two numbers that are no NaN.
fn order(a: &Const, b: &Const) -> Ordering {
    let int = |value: &Const| match value {
        Const::Bool(b) => Some(BigInt::from(u8::from(*b))),
        Const::Int(int) => Some(int.clone()),
        _ => None,
    };
    match (a, b) {
        (Const::Int(a), Const::Int(b)) => a.cmp(b),
        (Const::Float(a), Const::Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
        (Const::Float(a), b) => {
            int(b).and_then(|b| compare(&b, *a)).map_or(Ordering::Equal, Ordering::reverse)
        }
        (a, Const::Float(b)) => int(a).and_then(|a| compare(&a, *b)).unwrap_or(Ordering::Equal),
        (a, b) => int(a).cmp(&int(b)),
    }
}

/// Where the integers at or beyond a cut begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Least {
    /// Every `i64` is.
    All,
    From(i64),
    /// No `i64` is.
    None,
}

impl Cut<'_> {
    pub(super) fn least(&self) -> Least {
        let least = match self.value {
            Const::Bool(b) => BigInt::from(u8::from(*b) + u8::from(self.strict)),
            Const::Int(int) => int + u8::from(self.strict),
            Const::Float(x) if *x == f64::NEG_INFINITY => return Least::All,
            Const::Float(x) => match whole(x.floor()) {
                None => return Least::None,
                Some(floor) => floor + u8::from(self.strict || x.fract() != 0.0),
            },
            _ => return Least::None,
        };
        match i64::try_from(&least) {
            Ok(i64::MIN) => Least::All,
            Ok(least) => Least::From(least),
            Err(_) if least < BigInt::from(0) => Least::All,
            Err(_) => Least::None,
        }
    }
}

/// The minutes of the day at which questions about the time change, ascending.
pub(super) fn minutes<'h>(asks: impl Iterator<Item = Ask<'h>>) -> Vec<u16> {
    let mut minutes: Vec<u16> = asks
        .filter_map(|ask| match ask.what {
            What::After(minute) | What::Before(minute) => Some(minute).filter(|minute| *minute > 0),
            _ => None,
        })
        .collect();
    minutes.sort_unstable();
    minutes.dedup();
    minutes
}

/// What a question about the time is worth on a day (Monday 0) at a minute, or if there is no time.
pub(super) fn time_status(ask: &Ask<'_>, time: Option<(u8, u16)>) -> Status {
    let Some((day, now)) = time else { return Status::Error };
    match ask.what {
        What::After(minute) => holds(now >= minute),
        What::Before(minute) => holds(now < minute),
        What::Weekdays(days) => holds(days >> day & 1 == 1),
        _ => Status::Open(Kind::Any),
    }
}
