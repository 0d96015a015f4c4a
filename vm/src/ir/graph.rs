//! Roots and nodes as text.

use super::{ShowConst, ShowTest};
use crate::format::{
    CELL_ABSENT, CELL_LIST, CELL_MAP, CELL_NAN, CELL_TEXT, CUT_BELOW, CUT_BEYOND, FIELD_AGENT, FIELD_TARGET,
    FIELD_TYPE, GROUP_GLOBS, NO_EVENT, NODE_CUT, NODE_FILTERED, NODE_FIRST, NODE_GLOB, NODE_ROWS,
    NODE_SWITCH, NODE_TEST, PREFILTER_FIELD, ROOT_ENDS, ROOT_HASH, ROOT_PREFIX, ROOT_STARTS, ROOT_SUFFIX,
    ROW_CELL, Reference, Root, TIME_SWITCH, cut_head, filtered_mask,
};
use crate::literals::Literals;
use crate::policy::Policy;
use crate::prefilter::Prefilter;
use crate::roots::slots;
use crate::switch::{ParamSwitch, TimeSwitch};
use crate::tables::{Tables, index};
use core::fmt::{self, Write};
use std::collections::HashMap;
use zerocopy::little_endian::U32;

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Policy {
    pub(super) fn write_roots(&self, out: &mut impl Write) -> fmt::Result {
        let tables = &self.tables;
        writeln!(out, "roots")?;
        for root in tables.roots.slice(&tables.bytes).unwrap_or_default() {
            let (fields, first) = (Fields(root.fields.get()), root.first_rule);
            match root.kind.get() {
                ROOT_HASH => self.write_buckets(out, root, "")?,
                ROOT_STARTS => self.write_buckets(out, root, "beginnings of ")?,
                ROOT_ENDS => self.write_buckets(out, root, "ends of ")?,
                kind @ (ROOT_PREFIX | ROOT_SUFFIX) => {
                    let what = if kind == ROOT_PREFIX { "beginnings" } else { "ends" };
                    writeln!(out, "  {what} of {fields}: {} slots, from rule {first}", root.count)?;
                    for (text, reference) in texts_of_trie(tables, root) {
                        writeln!(out, "    {text} -> {}", Show { tables, reference })?;
                    }
                }
                _ => {
                    let reference = root.first.get();
                    writeln!(out, "  any action: from rule {first} -> {}", Show { tables, reference })?;
                }
            }
        }
        Ok(())
    }

    fn write_buckets(&self, out: &mut impl Write, root: &Root, what: &str) -> fmt::Result {
        let tables = &self.tables;
        let Some(table) = Literals::of(tables, root) else { return Ok(()) };
        let used = |bucket: &&[U32]| bucket.get(1).is_some_and(|reference| reference.get() != NO_EVENT);
        let keys = table.buckets(tables).filter(used).count();
        let (fields, count, first) = (Fields(root.fields.get()), root.count, root.first_rule);
        writeln!(out, "  {what}{fields}: {keys} keys in {count} buckets, from rule {first}")?;
        for bucket in table.buckets(tables).filter(used) {
            let [_, reference, _, offset, lengths @ ..] = bucket else { continue };
            write!(out, "   ")?;
            let mut offset = *offset;
            for length in lengths {
                write!(out, " {:?}", tables.slice_of_strings(offset, *length).unwrap_or_default())?;
                offset += *length;
            }
            writeln!(out, " -> {}", Show { tables, reference: reference.get() })?;
        }
        Ok(())
    }

    /// Each node, those that are asked first last: a node refers only to nodes before it.
    pub(super) fn write_nodes(&self, out: &mut impl Write) -> fmt::Result {
        let tables = &self.tables;
        let nodes = tables.nodes.slice(&tables.bytes).unwrap_or_default();
        if !nodes.is_empty() {
            writeln!(out, "nodes")?;
        }
        let mut at = 0;
        while let Some(words) = nodes.get(at..).filter(|words| !words.is_empty()) {
            write!(out, "  {at}: ")?;
            match write_node(out, tables, words) {
                Some(size) => at += size?,
                None => break,
            }
        }
        Ok(())
    }
}

/// Writes the node that the words begin with; its words, or `None` if it is none.
fn write_node(out: &mut impl Write, tables: &Tables, words: &[U32]) -> Option<Result<usize, fmt::Error>> {
    let head = words.first()?.get();
    let edges = |out: &mut dyn Write, edges: &[(&str, U32)]| {
        { edges.iter() }.try_for_each(|(label, reference)| {
            writeln!(out, "    {label} -> {}", Show { tables, reference: reference.get() })
        })
    };
    Some(match head & 0xff {
        NODE_SWITCH => {
            let cells = cells_of(tables, *words.get(1)?)?;
            let references = words.get(2..)?.get(..cells.labels.len())?;
            let written = writeln!(out, "{}", cells.what)
                .and_then(|()| write_cells(out, tables, &cells.labels, references));
            written.map(|()| 2 + references.len())
        }
        NODE_CUT => {
            let [_, switch, _, _, below, beyond, wrong] = words.first_chunk()?;
            let cells = cells_of(tables, *switch)?;
            let none = match cut_head(head).1 {
                CUT_BELOW => *below,
                CUT_BEYOND => *beyond,
                _ => U32::new(NO_EVENT),
            };
            let references = [none, *wrong, *wrong, none, *wrong, *below, *beyond];
            let written = writeln!(out, "{}", cells.what)
                .and_then(|()| write_cells(out, tables, &cells.labels, &references));
            written.map(|()| 7)
        }
        NODE_TEST => {
            let [_, test, holds, fails, error] = words.first_chunk()?;
            let test = tables.tests.get(&tables.bytes, index(*test))?;
            let written = writeln!(out, "{}", ShowTest { tables, test })
                .and_then(|()| edges(out, &[("holds", *holds), ("fails", *fails), ("error", *error)]));
            written.map(|()| 5)
        }
        NODE_GLOB => {
            let [_, glob, matches, fails] = words.first_chunk()?;
            let text = tables.text(tables.glob(*glob)?.text)?;
            let written = writeln!(out, "{} {text:?}", Fields(head >> 8))
                .and_then(|()| edges(out, &[("matches", *matches), ("fails", *fails)]));
            written.map(|()| 4)
        }
        NODE_FIRST => write_first(out, tables, words)?,
        NODE_ROWS => write_rows(out, tables, words)?,
        NODE_FILTERED => write_filtered(out, tables, words)?,
        _ => return None,
    })
}

fn write_first(out: &mut impl Write, tables: &Tables, words: &[U32]) -> Option<Result<usize, fmt::Error>> {
    let ([head, group, place, none, low, high], rest) = words.split_first_chunk()?;
    let references = rest.get(..index(U32::new(head.get() >> 8)))?;
    let record = tables.groups.get(&tables.bytes, index(*group))?;
    let members = tables.group_members.run(&tables.bytes, record.first_member, record.members)?;
    let globs = record.kind.get() == GROUP_GLOBS;
    let of = match globs {
        true => Fields(place.get()).to_string(),
        false => format!("param {:?}", tables.param(index(*place))?),
    };
    let bits = u64::from(high.get()) << 32 | u64::from(low.get());
    let mut written = writeln!(out, "{of}, the first of group {group}");
    let chosen = members.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
    for ((_, member), reference) in chosen.zip(references) {
        let text = match globs {
            true => tables.text(tables.glob(*member)?.text)?,
            false => tables.text(tables.patterns.get(&tables.bytes, index(*member))?.text)?,
        };
        let reference = Show { tables, reference: reference.get() };
        written = written.and_then(|()| writeln!(out, "    {text:?} -> {reference}"));
    }
    let none = Show { tables, reference: none.get() };
    Some(written.and_then(|()| writeln!(out, "    none -> {none}")).map(|()| 6 + references.len()))
}

fn write_rows(out: &mut impl Write, tables: &Tables, words: &[U32]) -> Option<Result<usize, fmt::Error>> {
    let ([head, next, count, low, high], rest) = words.split_first_chunk()?;
    let (rules, mut rest) = rest.split_at_checked(index(*count))?;
    let bits = |low: U32, high: U32| u64::from(high.get()) << 32 | u64::from(low.get());
    let list = |bits: u64| -> String {
        let chosen = rules.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
        chosen.map(|(_, rule)| format!(" {rule}")).collect()
    };
    let mut written = writeln!(out, "rows of {count} rules:{}", list(u64::MAX));
    let untold = bits(*low, *high);
    if untold != 0 {
        written = written.and_then(|()| writeln!(out, "    asked test by test:{}", list(untold)));
    }
    for _ in 0..head.get() >> 8 {
        let (switch, cells) = rest.split_first()?;
        let described = cells_of(tables, *switch)?;
        let (cells, after) = cells.split_at_checked(described.labels.len() * ROW_CELL)?;
        written = written.and_then(|()| writeln!(out, "    {}", described.what));
        for (label, cell) in described.labels.iter().zip(cells.chunks_exact(ROW_CELL)) {
            let [may, may_high, error, error_high] = cell.first_chunk()?;
            let (may, error) = (bits(*may, *may_high), bits(*error, *error_high));
            written = written.and_then(|()| write!(out, "      {label}: may hold{}", list(may)));
            if error != 0 {
                written = written.and_then(|()| write!(out, ", error{}", list(error)));
            }
            written = written.and_then(|()| writeln!(out));
        }
        rest = after;
    }
    let next = Show { tables, reference: next.get() };
    Some(written.and_then(|()| writeln!(out, "    none -> {next}")).map(|()| words.len() - rest.len()))
}

fn write_filtered(out: &mut impl Write, tables: &Tables, words: &[U32]) -> Option<Result<usize, fmt::Error>> {
    let ([head, next, count], rest) = words.split_first_chunk()?;
    let (rules, rest) = rest.split_at_checked(index(*count))?;
    let (always, mut rest) = rest.split_at_checked(filtered_mask(rules.len()))?;
    let has =
        |mask: &[U32], bit: usize| mask.get(bit / 32).is_some_and(|word| word.get() >> (bit % 32) & 1 == 1);
    let mut written = write!(out, "prefilters of {count} rules");
    let others: String = rules
        .iter()
        .enumerate()
        .filter(|(bit, _)| has(always, *bit))
        .map(|(_, rule)| format!(" {rule}"))
        .collect();
    if !others.is_empty() {
        written = written.and_then(|()| write!(out, ", asked always:{others}"));
    }
    written = written.and_then(|()| writeln!(out));
    for _ in 0..head.get() >> 8 {
        let (prefilter, after) = Prefilter::split(rest, rules.len())?;
        let of = match prefilter.place.checked_sub(PREFILTER_FIELD) {
            Some(field) => Fields(field).to_string(),
            None => format!("param {:?}", tables.param(usize::try_from(prefilter.place).ok()?)?),
        };
        let Prefilter { block, stride, entries, bits, .. } = prefilter;
        written = written.and_then(|()| {
            let of_them = format!("{} in a table of {} bits", entries.len(), 1_u64 << bits);
            writeln!(out, "    {of}: blocks of {block} bytes, one in {stride}, {of_them}")
        });
        for (bit, rule) in rules.iter().enumerate() {
            let literals: Vec<String> = prefilter
                .literals(bit)
                .map(|[offset, length]| {
                    tables.slice_of_strings(offset, length).map(|text| format!("{text:?}"))
                })
                .collect::<Option<_>>()?;
            if !literals.is_empty() {
                let unless = if has(prefilter.unless_ascii, bit) { ", if the text is ASCII" } else { "" };
                let literals = literals.join(" or ");
                written = written.and_then(|()| writeln!(out, "      {rule} needs {literals}{unless}"));
            }
        }
        rest = after;
    }
    let next = Show { tables, reference: next.get() };
    Some(written.and_then(|()| writeln!(out, "    none -> {next}")).map(|()| words.len() - rest.len()))
}

/// Cells with the same reference together, in the order of the first of each; the reference of most comes last.
fn write_cells(out: &mut impl Write, tables: &Tables, labels: &[String], references: &[U32]) -> fmt::Result {
    let mut places: HashMap<u32, usize> = HashMap::new();
    let mut together: Vec<(u32, Vec<&str>)> = Vec::new();
    for (label, reference) in labels.iter().zip(references) {
        let place = *places.entry(reference.get()).or_insert(together.len());
        if place == together.len() {
            together.push((reference.get(), Vec::new()));
        }
        if let Some((_, labels)) = together.get_mut(place) {
            labels.push(label);
        }
    }
    // Of equally many the first.
    let common =
        together.iter().rev().max_by_key(|(_, labels)| labels.len()).map(|(reference, _)| *reference);
    for (reference, labels) in together.iter().filter(|(reference, _)| Some(*reference) != common) {
        writeln!(out, "    {} -> {}", labels.join(", "), Show { tables, reference: *reference })?;
    }
    match common {
        Some(reference) => writeln!(out, "    otherwise -> {}", Show { tables, reference }),
        None => Ok(()),
    }
}

/// A switch in words: what it looks at, and a label for each cell.
struct Cells {
    what: String,
    labels: Vec<String>,
}

fn cells_of(tables: &Tables, switch: U32) -> Option<Cells> {
    let words = tables.switches.slice(&tables.bytes)?.get(index(switch)..)?;
    if words.first()?.get() == TIME_SWITCH {
        let TimeSwitch { cuts } = TimeSwitch::of(words)?;
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let mut labels = vec!["no time".to_owned()];
        for day in DAYS {
            for at in 0..=cuts.len() {
                let from = at.checked_sub(1).and_then(|before| cuts.get(before)).map(|cut| clock(cut.get()));
                let to = cuts.get(at).map(|cut| clock(cut.get()));
                labels.push(match (from, to) {
                    (None, None) => day.to_owned(),
                    (None, Some(to)) => format!("{day} before {to}"),
                    (Some(from), None) => format!("{day} from {from}"),
                    (Some(from), Some(to)) => format!("{day} {from} to {to}"),
                });
            }
        }
        return Some(Cells { what: "time".to_owned(), labels });
    }
    let switch = ParamSwitch::of(words)?;
    let what = format!("param {:?}", tables.param(index(switch.param))?);
    let mut labels = vec![String::new(); CELL_TEXT + 1];
    for (cell, label) in [
        (CELL_ABSENT, "absent"),
        (CELL_LIST, "a list"),
        (CELL_MAP, "a mapping"),
        (CELL_NAN, "a NaN"),
        (CELL_TEXT, if switch.texts.is_empty() { "a text" } else { "another text" }),
    ] {
        label.clone_into(labels.get_mut(cell)?);
    }
    for text in switch.texts.chunks_exact(2) {
        let [offset, length] = text else { return None };
        labels.push(format!("{:?}", tables.slice_of_strings(*offset, *length)?));
    }
    let mut from: Option<String> = None;
    for cut in switch.cuts.chunks_exact(2) {
        let [constant, strict] = cut else { return None };
        let record = tables.consts.get(&tables.bytes, index(*constant))?;
        let constant = ShowConst { tables, record };
        let (below, above) = if strict.get() == 0 { ("<", ">=") } else { ("<=", ">") };
        labels.push(match &from {
            None => format!("{below} {constant}"),
            Some(from) => format!("{from} and {below} {constant}"),
        });
        from = Some(format!("{above} {constant}"));
    }
    labels.push(from.unwrap_or_else(|| "a number".to_owned()));
    Some(Cells { what, labels })
}

/// The texts of a trie that have a reference, in the order of their slots.
fn texts_of_trie(tables: &Tables, root: &Root) -> Vec<(String, u32)> {
    let slots = slots(tables, root).unwrap_or_default();
    let mut texts = Vec::new();
    for (at, slot) in slots.iter().enumerate().filter(|(_, slot)| slot.reference.get() != NO_EVENT) {
        let mut bytes = Vec::new();
        let mut child = at;
        // No text of a sound trie is longer than it has slots.
        while let Some(parent) = slots
            .get(child)
            .and_then(|slot| index(slot.parent).checked_sub(1))
            .filter(|_| bytes.len() <= slots.len())
        {
            let base = slots.get(parent).map_or(0, |slot| index(slot.base));
            bytes.extend(u8::try_from(child.saturating_sub(base)));
            child = parent;
        }
        if root.kind.get() == ROOT_PREFIX {
            bytes.reverse();
        }
        texts.push((format!("{:?}", String::from_utf8_lossy(&bytes)), slot.reference.get()));
    }
    texts
}

/// The fields of a mask.
struct Fields(u32);

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for (bit, name) in [(FIELD_TYPE, "type"), (FIELD_TARGET, "target"), (FIELD_AGENT, "agent")] {
            if self.0 & bit != 0 {
                write!(f, "{before}{name}")?;
                before = " + ";
            }
        }
        Ok(())
    }
}

/// A reference in words.
struct Show<'p> {
    tables: &'p Tables,
    reference: u32,
}

impl fmt::Display for Show<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Reference::of(self.reference) {
            Reference::Node(word) => write!(f, "node {word}"),
            Reference::Match { rule, .. } => write!(f, "rule {rule}"),
            Reference::NoEvent => f.write_str("no event"),
            Reference::Error(error) => {
                let tables = self.tables;
                let error = usize::try_from(error).ok().and_then(|at| tables.errors.get(&tables.bytes, at));
                match error.and_then(|e| Some((e.rule, tables.tests.get(&tables.bytes, index(e.test))?))) {
                    Some((rule, test)) => write!(f, "error of rule {rule} by {}", ShowTest { tables, test }),
                    None => f.write_str("an error that is not there"),
                }
            }
        }
    }
}
