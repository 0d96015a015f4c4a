//! Rules that were found together -> a decision graph: what to ask, in which order, and where it leads.
//!
//! A graph is built from the *residual*: the list of rules that may still have an event, each with the
//! questions that are open. The first question of the first rule is asked next; with each answer the residual
//! shrinks, until a rule matches, cannot be judged, or none is left. All questions about one param, or about
//! the time, are answered at once, by the cell of a switch. Equal residuals are one node (hash-consing).
//!
//! Errors are exact: a rule whose later condition is known to fail stays while an earlier one may still give
//! an error, and the leaf is what the order in the file gives.
//!
//! Of a list of rules that each need some literal in a text, most are told by a pass over the text that they have
//! no event (`filters`); such parts of a list stand in front of the graph of what follows them.
//!
//! A graph can multiply. Each has a budget of words and work ([`TableLimits`]); a list that passes it is cut into chunks, each
//! of which leads to the next if none of its rules has an event, and a chunk that passes it still becomes rows
//! of bits (`rows`), whose size only adds up.

mod asks;
mod cells;
mod filters;
mod rows;
mod switches;

pub(super) use asks::Asks;

use super::strings::Strings;
use super::{Tables, TooLarge, number};
use crate::TableLimits;
use aegis_vm::format::{
    CUT_BELOW, CUT_BEYOND, CUT_NO_EVENT, MAX_CUT_PARAMS, MAX_ERRORS, MAX_ROW_RULES, NO_EVENT, NODE_CUT,
    NODE_FIRST, NODE_GLOB, NODE_SWITCH, NODE_TEST, REF_ERROR, REF_LEAF, RuleError, RuleRange,
    match_reference, node_head,
};
use asks::{Ask, AskId, Shared, What};
use cells::{Cell, Kind, ParamCells, Status, minutes, time_status};
use filters::Segment;
use hashbrown::HashMap;
use std::collections::BTreeSet;
use zerocopy::little_endian::U32;

/// The work on one list, however long it is.
const MOST_WORK: usize = 1 << 22;
/// A list of more rules is long.
const LONG: usize = 1 << 10;
/// The most questions in a row for a long list.
const LONG_DEPTH: usize = 16;
/// Longer residuals are hardly met twice, and take memory.
const WORTH_KEEPING: usize = 256;

/// A rule of the residual.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Item {
    pub(super) rule: u32,
    /// The open questions, in order, each with what is known of the value it is about.
    asks: Vec<(AskId, Kind)>,
    end: End,
}

impl Item {
    /// Whether the rule has an event whatever the action is.
    pub(super) fn is_certain(&self) -> bool {
        self.asks.is_empty()
    }
}

/// What a rule makes of an action for which all its open questions hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum End {
    Match,
    /// Nothing: it stays for the errors that its questions may give.
    Fails,
    /// An error, by this test.
    Error(u32),
}

/// The rules that are judged by other means than a graph of their own.
#[derive(Default)]
pub(super) struct Spread {
    chunks: BTreeSet<u32>,
    rows: BTreeSet<u32>,
    sifted: BTreeSet<u32>,
}

impl Spread {
    pub(super) fn ranges(&self) -> aegis_vm::format::Spread {
        let [chunks, rows, sifted] = [&self.chunks, &self.rows, &self.sifted].map(ranges);
        aegis_vm::format::Spread { chunks, rows, sifted }
    }
}

/// Numbers as ranges, ascending.
fn ranges(rules: &BTreeSet<u32>) -> Vec<RuleRange> {
    let mut ranges: Vec<RuleRange> = Vec::new();
    for &rule in rules {
        match ranges.last_mut() {
            Some(range) if range.last + 1 == rule => range.last = rule,
            _ => ranges.push(RuleRange { first: rule, last: rule }),
        }
    }
    ranges
}

/// Why a graph was given up.
enum Over {
    Budget,
    TooLarge(TooLarge),
}

impl From<TooLarge> for Over {
    fn from(error: TooLarge) -> Self {
        Over::TooLarge(error)
    }
}

/// The graph while it grows.
pub(super) struct Graph<'t, 'h> {
    pub(super) asks: Asks<'h>,
    /// The texts of the policy, to which those of prefilters are added.
    pub(super) strings: Strings,
    tables: &'t Tables,
    limits: TableLimits,
    pub(super) nodes: Vec<U32>,
    pub(super) switches: Vec<U32>,
    pub(super) errors: Vec<RuleError>,
    pub(super) spread: Spread,
    error_places: HashMap<(u32, u32), u32>,
    switch_places: HashMap<Vec<u32>, u32>,
    /// The switches of the list that is being built.
    added_switches: Vec<Vec<u32>>,
    /// Nodes of the list that is being built.
    node_places: HashMap<Vec<u32>, u32>,
    residuals: HashMap<Vec<Item>, u32>,
    work: usize,
}

/// What the list that is being built may still cost, and where it leads if no rule has an event.
#[derive(Clone, Copy)]
struct Within {
    words: usize,
    work: usize,
    depth: usize,
    next: u32,
}

impl<'t, 'h> Graph<'t, 'h> {
    pub(super) fn new(asks: Asks<'h>, strings: Strings, tables: &'t Tables, limits: TableLimits) -> Self {
        Graph {
            asks,
            strings,
            tables,
            limits,
            nodes: Vec::new(),
            switches: Vec::new(),
            errors: Vec::new(),
            spread: Spread::default(),
            error_places: HashMap::new(),
            switch_places: HashMap::new(),
            added_switches: Vec::new(),
            node_places: HashMap::new(),
            residuals: HashMap::new(),
            work: 0,
        }
    }

    /// A rule with the questions that its place among the roots leaves open: globs over fields, and its
    /// conditions; `None` if it never has an event.
    pub(super) fn item(&mut self, rule: u32, globs: impl IntoIterator<Item = (u32, u32)>) -> Option<Item> {
        let tables = self.tables;
        let mut asks: Vec<(AskId, Kind)> = Vec::new();
        for (field, glob) in globs {
            asks.push((self.asks.glob(field, glob, tables), Kind::Any));
        }
        let own = self.asks.of_rule(usize::try_from(rule).ok()?);
        asks.extend(own.iter().map(|&ask| (ask, Kind::Any)));
        let item = Item { rule, asks, end: End::Match };
        self.specialised(&item, |ask| match ask.what {
            What::Never => Status::Fails,
            _ => Status::Open(Kind::Any),
        })
    }

    /// The reference of a list of rules, in order.
    pub(super) fn build(&mut self, list: Vec<Item>) -> Result<u32, TooLarge> {
        let mut next = NO_EVENT;
        for Segment { rules, sifted } in self.segments(&list).into_iter().rev() {
            let items = list.get(rules).unwrap_or_default();
            next = match sifted {
                Some(sifted) => {
                    self.spread.sifted.extend(items.iter().map(|item| item.rule));
                    self.filtered(items, &sifted, next)?
                }
                None => self.unfiltered(items.to_vec(), next)?,
            };
        }
        Ok(next)
    }

    /// The reference of a list of rules of which no texts are looked through for all at once.
    fn unfiltered(&mut self, list: Vec<Item>, mut next: u32) -> Result<u32, TooLarge> {
        if list.len() <= self.limits.rules
            && let Some(reference) = self.tried(list.clone(), next)?
        {
            return Ok(reference);
        }
        let size = usize::try_from(MAX_ROW_RULES).unwrap_or(64);
        let chunks: Vec<&[Item]> = list.chunks(size).collect();
        if chunks.len() > 1 {
            self.spread.chunks.extend(list.iter().map(|item| item.rule));
        }
        for chunk in chunks.into_iter().rev() {
            next = match self.tried(chunk.to_vec(), next)? {
                Some(reference) => reference,
                None => {
                    self.spread.rows.extend(chunk.iter().map(|item| item.rule));
                    self.rows(chunk, next)?
                }
            };
        }
        Ok(next)
    }

    /// The reference of a list that leads to `next`; `None` if its graph passes the budget.
    fn tried(&mut self, list: Vec<Item>, next: u32) -> Result<Option<u32>, TooLarge> {
        let marks = (self.nodes.len(), self.switches.len(), self.errors.len());
        let TableLimits { words, words_a_rule, work, work_a_rule, depth, .. } = self.limits;
        self.work = 0;
        forget(&mut self.node_places);
        forget(&mut self.residuals);
        self.added_switches.clear();
        // A long list is held once for each question in a row: few, or it takes too much memory.
        let depth = if list.len() > LONG { depth.min(LONG_DEPTH) } else { depth };
        let within = Within {
            words: marks.0 + words + words_a_rule * list.len(),
            work: (work + work_a_rule * list.len()).min(MOST_WORK),
            depth,
            next,
        };
        match self.residual(list, within) {
            Ok(reference) => Ok(Some(reference)),
            Err(Over::TooLarge(error)) => Err(error),
            Err(Over::Budget) => {
                self.nodes.truncate(marks.0);
                self.switches.truncate(marks.1);
                for switch in self.added_switches.drain(..) {
                    self.switch_places.remove(&switch);
                }
                for error in self.errors.drain(marks.2..) {
                    self.error_places.remove(&(error.rule.get(), error.test.get()));
                }
                Ok(None)
            }
        }
    }

    fn residual(&mut self, list: Vec<Item>, within: Within) -> Result<u32, Over> {
        let Some(first) = list.first() else { return Ok(within.next) };
        let Some(&(ask, kind)) = first.asks.first() else { return Ok(self.leaf(first)?) };
        if self.work > within.work || self.nodes.len() > within.words || within.depth == 0 {
            return Err(Over::Budget);
        }
        if list.len() <= WORTH_KEEPING
            && let Some(&reference) = self.residuals.get(&list)
        {
            return Ok(reference);
        }
        let inner = Within { depth: within.depth - 1, ..within };
        let reference = match (self.ask(ask).what, kind) {
            (What::Param { param, .. } | What::Matches { param }, Kind::Any) => {
                self.param_switch(&list, param, inner)?
            }
            (What::After(_) | What::Before(_) | What::Weekdays(_), _) => self.time_switch(&list, inner)?,
            _ => self.question(&list, (ask, kind), inner)?,
        };
        if list.len() <= WORTH_KEEPING {
            self.residuals.insert(list, reference);
        }
        Ok(reference)
    }

    fn ask(&self, ask: AskId) -> Ask<'h> {
        let never = Ask { what: What::Never, record: 0, shared: None, literals: None };
        usize::try_from(ask).ok().and_then(|ask| self.asks.asks.get(ask)).copied().unwrap_or(never)
    }

    /// The reference of an item without open questions.
    fn leaf(&mut self, item: &Item) -> Result<u32, TooLarge> {
        match item.end {
            End::Match | End::Fails => {
                let record = usize::try_from(item.rule).ok().and_then(|rule| self.tables.rules.get(rule));
                record
                    .map(|record| match_reference(item.rule, record.approval(), record.risk_level()))
                    .ok_or(TooLarge("rules"))
            }
            End::Error(test) => {
                let place = number(self.errors.len(), "errors")?.get();
                if place >= MAX_ERRORS {
                    return Err(TooLarge("errors"));
                }
                let place = *self.error_places.entry((item.rule, test)).or_insert(place);
                if usize::try_from(place) == Ok(self.errors.len()) {
                    self.errors.push(RuleError { rule: U32::new(item.rule), test: U32::new(test) });
                }
                Ok(REF_LEAF | REF_ERROR | place)
            }
        }
    }

    /// The item with what is known now; `None` if it has no event any more.
    fn specialised(&self, item: &Item, status: impl Fn(Ask<'h>) -> Status) -> Option<Item> {
        let mut asks: Vec<(AskId, Kind)> = Vec::with_capacity(item.asks.len());
        let mut end = item.end;
        for &(id, kind) in &item.asks {
            match status(self.ask(id)) {
                // What was known of its value before still is.
                Status::Open(Kind::Any) => asks.push((id, kind)),
                Status::Open(kind) => asks.push((id, kind)),
                Status::Holds => {}
                Status::Fails => {
                    end = End::Fails;
                    break;
                }
                Status::Error => {
                    end = End::Error(self.ask(id).record);
                    break;
                }
            }
        }
        if end == End::Fails {
            // Only errors are left to find.
            while asks.pop_if(|&mut (id, kind)| !may_err(&self.ask(id), kind)).is_some() {}
            if asks.is_empty() {
                return None;
            }
        }
        Some(Item { rule: item.rule, asks, end })
    }

    /// The list with what is known now, up to the first rule that is certain to have an event.
    fn narrowed(&mut self, list: &[Item], status: impl Fn(Ask<'h>) -> Status) -> Vec<Item> {
        let mut narrowed = Vec::new();
        for item in list {
            self.work += 1 + item.asks.len();
            if let Some(item) = self.specialised(item, &status) {
                let last = item.asks.is_empty();
                narrowed.push(item);
                if last {
                    break;
                }
            }
        }
        narrowed
    }

    fn param_switch(&mut self, list: &[Item], param: u32, within: Within) -> Result<u32, Over> {
        let asks: Vec<Ask<'h>> = self.asks_of(list, |what| param_of(what) == Some(param));
        let mut cells = ParamCells::of(asks.into_iter());
        let reference_in = |graph: &mut Self, cells: &ParamCells<'h>, cell: Cell<'h>| {
            let narrowed = graph.narrowed(list, |ask| match param_of(ask.what) == Some(param) {
                true => cells.status(&ask, cell),
                false => Status::Open(Kind::Any),
            });
            if graph.work > within.work {
                return Err(Over::Budget);
            }
            graph.residual(narrowed, within)
        };
        let mut references = Vec::with_capacity(5 + cells.texts.len() + cells.cuts.len() + 1);
        for cell in [Cell::Absent, Cell::List, Cell::Map, Cell::Nan, Cell::OtherText] {
            references.push(reference_in(self, &cells, cell)?);
        }
        let other = references.last().copied();
        let mut texts = Vec::new();
        for &(text, constant) in &cells.texts {
            let reference = reference_in(self, &cells, Cell::Text(text))?;
            if Some(reference) != other {
                texts.push((text, constant));
                references.push(reference);
            }
        }
        let mut numbers = vec![reference_in(self, &cells, Cell::Number(0))?];
        let mut cuts = Vec::new();
        for at in 0..cells.cuts.len() {
            let reference = reference_in(self, &cells, Cell::Number(at + 1))?;
            if numbers.last() != Some(&reference) {
                cuts.extend(cells.cuts.get(at).copied());
                numbers.push(reference);
            }
        }
        references.extend(numbers);
        if let Some(&first) = references.first()
            && references.iter().all(|&reference| reference == first)
        {
            return Ok(first);
        }
        cells.texts = texts;
        cells.cuts = cuts;
        let switch = self.param_cells(param, &cells)?;
        match self.cut_of(switch, &references) {
            Some((head, int, sides)) => self.node(head, &[switch, int[0], int[1]], &sides),
            None => self.node(node_head(NODE_SWITCH, 0), &[switch], &references),
        }
    }

    /// The head, the integer and the references of a node that is short for a switch, if there is one.
    fn cut_of(&self, switch: u32, references: &[u32]) -> Option<(u32, [u32; 2], [u32; 3])> {
        let words = self.switches.get(usize::try_from(switch).ok()?..)?;
        let [param, texts, _, cuts, least, end, low, high] = words.first_chunk()?.map(U32::get);
        let &[absent, list, map, nan, text, below, beyond] = references else { return None };
        let one_integer = (texts, cuts, least, end) == (0, 1, 0, 1);
        let none = match absent {
            _ if absent == below => CUT_BELOW,
            _ if absent == beyond => CUT_BEYOND,
            NO_EVENT => CUT_NO_EVENT,
            _ => return None,
        };
        let alike = absent == nan && list == map && map == text;
        let short = one_integer && alike && param < MAX_CUT_PARAMS;
        short.then_some((node_head(NODE_CUT, param << 2 | none), [low, high], [below, beyond, list]))
    }

    fn time_switch(&mut self, list: &[Item], within: Within) -> Result<u32, Over> {
        let asks = self.asks_of(list, is_time);
        let all = minutes(asks.into_iter());
        let reference_at = |graph: &mut Self, time: Option<(u8, u16)>| {
            let narrowed = graph.narrowed(list, |ask| match is_time(ask.what) {
                true => time_status(&ask, time),
                false => Status::Open(Kind::Any),
            });
            if graph.work > within.work {
                return Err(Over::Budget);
            }
            graph.residual(narrowed, within)
        };
        let none = reference_at(self, None)?;
        // For each minute from which on something changes, what holds on each day.
        let mut columns: Vec<(u16, [u32; 7])> = Vec::new();
        for minute in std::iter::once(0).chain(all) {
            let mut days = [0; 7];
            for (day, reference) in (0..7_u8).zip(&mut days) {
                *reference = reference_at(self, Some((day, minute)))?;
            }
            if columns.last().is_none_or(|(_, before)| *before != days) {
                columns.push((minute, days));
            }
        }
        let mut references = vec![none];
        for day in 0..7 {
            references.extend(columns.iter().filter_map(|(_, days)| days.get(day)));
        }
        if references.iter().all(|&reference| reference == none) {
            return Ok(none);
        }
        let cuts: Vec<u32> = columns.iter().skip(1).map(|(minute, _)| u32::from(*minute)).collect();
        let switch = self.time_cells(&cuts)?;
        self.node(node_head(NODE_SWITCH, 0), &[switch], &references)
    }

    /// A question on its own, or the first of several whose answers are found together.
    fn question(&mut self, list: &[Item], first: (AskId, Kind), within: Within) -> Result<u32, Over> {
        let record = self.ask(first.0);
        let mut rest = list.to_vec();
        let mut chain: Vec<(u32, u32)> = Vec::new();
        if let Some(Shared { group, place, .. }) = record.shared.filter(|_| is_shared(&record, first.1)) {
            while let Some((id, kind)) = rest.first().and_then(|item| item.asks.first().copied()) {
                let ask = self.ask(id);
                let bit = match ask.shared.filter(|_| is_shared(&ask, kind)) {
                    Some(shared) if (shared.group, shared.place) == (group, place) => shared.bit,
                    _ => break,
                };
                if chain.last().is_some_and(|(before, _)| *before >= bit) {
                    break;
                }
                let holds = self.answered(&rest, id, Status::Holds);
                chain.push((bit, self.residual(holds, within)?));
                rest = self.answered(&rest, id, Status::Fails);
                if self.work > within.work {
                    return Err(Over::Budget);
                }
            }
            if chain.len() > 1 {
                let none = self.residual(rest, within)?;
                let bits = chain.iter().fold(0_u64, |bits, (bit, _)| bits | 1 << bit);
                let [low, high] = halves(bits);
                let references: Vec<u32> = chain.iter().map(|(_, reference)| *reference).collect();
                let count = number(references.len(), "references")?.get();
                let operands = [group, place, none, low, high];
                return self.node(node_head(NODE_FIRST, count), &operands, &references);
            }
        }
        let holds = self.answered(list, first.0, Status::Holds);
        let holds = self.residual(holds, within)?;
        let fails = self.answered(list, first.0, Status::Fails);
        let fails = self.residual(fails, within)?;
        let error = match may_err(&record, first.1) {
            true => {
                let error = self.answered(list, first.0, Status::Error);
                self.residual(error, within)?
            }
            false => NO_EVENT,
        };
        if holds == fails && !may_err(&record, first.1) {
            return Ok(holds);
        }
        match record.what {
            What::Glob(field) => self.node(node_head(NODE_GLOB, field), &[record.record], &[holds, fails]),
            _ => self.node(node_head(NODE_TEST, 0), &[record.record], &[holds, fails, error]),
        }
    }

    /// The list once a question is answered.
    fn answered(&mut self, list: &[Item], answered: AskId, status: Status) -> Vec<Item> {
        let asked = self.ask(answered);
        let same = move |ask: Ask<'h>| is_same(&ask, &asked);
        self.narrowed(list, |ask| if same(ask) { status } else { Status::Open(Kind::Any) })
    }

    /// The open questions of a kind, each once.
    fn asks_of(&self, list: &[Item], wanted: impl Fn(What<'h>) -> bool) -> Vec<Ask<'h>> {
        let mut seen = hashbrown::HashSet::new();
        let open = list.iter().flat_map(|item| &item.asks).filter(|(id, _)| seen.insert(*id));
        open.map(|&(id, _)| self.ask(id)).filter(|ask| wanted(ask.what)).collect()
    }

    /// Where a node stands; an equal one is not written again.
    fn node(&mut self, head: u32, operands: &[u32], references: &[u32]) -> Result<u32, Over> {
        let words: Vec<u32> = [&[head], operands, references].concat();
        if let Some(&place) = self.node_places.get(&words) {
            return Ok(place);
        }
        let place = self.add_node(&words)?;
        self.node_places.insert(words, place);
        Ok(place)
    }

    fn add_node(&mut self, words: &[u32]) -> Result<u32, TooLarge> {
        let place = self.nodes.len();
        self.nodes.extend(words.iter().map(|&word| U32::new(word)));
        // References to nodes have 31 bits.
        i32::try_from(self.nodes.len()).map_err(|_| TooLarge("nodes"))?;
        Ok(number(place, "nodes")?.get())
    }
}

/// Empties a map, whose emptying must not cost what an earlier list took.
fn forget<K, V>(map: &mut HashMap<K, V>) {
    const LARGE: usize = 1 << 10;
    if map.capacity() > LARGE { *map = HashMap::new() } else { map.clear() }
}

/// The low and the high word.
fn halves(wide: u64) -> [u32; 2] {
    let low = u32::try_from(wide & u64::from(u32::MAX)).unwrap_or(0);
    let high = u32::try_from(wide >> 32).unwrap_or(0);
    [low, high]
}

fn param_of(what: What<'_>) -> Option<u32> {
    match what {
        What::Param { param, .. } | What::Matches { param } => Some(param),
        _ => None,
    }
}

fn is_time(what: What<'_>) -> bool {
    matches!(what, What::After(_) | What::Before(_) | What::Weekdays(_))
}

/// Whether two questions are one.
fn is_same(a: &Ask<'_>, b: &Ask<'_>) -> bool {
    a.record == b.record
        && match (a.what, b.what) {
            (What::Glob(a), What::Glob(b)) => a == b,
            (What::Glob(_), _) | (_, What::Glob(_)) => false,
            _ => true,
        }
}

/// Whether the answer is found with those of a group.
fn is_shared(ask: &Ask<'_>, kind: Kind) -> bool {
    ask.shared.is_some() && (kind == Kind::Text || matches!(ask.what, What::Glob(_)))
}

/// Whether a question may give an error.
fn may_err(ask: &Ask<'_>, kind: Kind) -> bool {
    use crate::hir::ParamOp;
    match ask.what {
        What::Glob(_) | What::Semantic | What::Never => false,
        What::After(_) | What::Before(_) | What::Weekdays(_) => true,
        What::Param { op: ParamOp::Eq, .. } => false,
        What::Param { .. } => kind == Kind::Any,
        What::Matches { .. } => matches!(kind, Kind::Any | Kind::List | Kind::Map),
    }
}
