//! The tables of regular expressions and of groups of globs, each in turn: class map, column maps, automata,
//! patterns, groups.

use super::{Checked, ensure};
use crate::format::{
    AUTOMATON_NFA, AUTOMATON_SHARED, CLASS_BLOCK, CLASS_LOW, CLASS_STAGE1, GLOB_GROUPED, NONE,
    PATTERN_DIGRAMS, PATTERN_EMPTY, PATTERN_EXACT, PATTERN_NEWLINE, PATTERN_SUFFIX, Pattern, SYMBOL_FURTHER,
    SectionId,
};
use crate::load::malformed;
use crate::pattern::{Blocks, check_automaton, check_group, leads};
use crate::tables::{Tables, index};

pub(super) fn check(tables: &Tables) -> Checked {
    check_class_map(tables)?;
    let widest = check_column_maps(tables)?;
    let greatest = check_automata(tables, &widest)?;
    check_patterns(tables)?;
    check_groups(tables, &greatest)
}

fn check_class_map(tables: &Tables) -> Checked {
    let wrong = |holds, detail| ensure(holds, SectionId::ClassMap, detail);
    let map = &tables.class_map;
    let (count, classes) = match map.blocks {
        Blocks::Narrow(blocks) => (
            blocks.len(),
            blocks
                .slice(&tables.bytes)
                .map(|blocks| blocks.iter().all(|&class| usize::from(class) < map.classes)),
        ),
        Blocks::Wide(blocks) => (
            blocks.len(),
            blocks
                .slice(&tables.bytes)
                .map(|blocks| blocks.iter().all(|class| usize::from(class.get()) < map.classes)),
        ),
    };
    wrong(classes == Some(true), "names a class that is not there")?;
    if map.classes == 0 {
        return wrong(count == 0 && map.stage1.len() == 0 && map.rest == 0, "has no class");
    }
    wrong(map.rest < map.classes && map.classes <= usize::from(u16::MAX), "has unsound counts")?;
    wrong(map.stage1.len() <= CLASS_STAGE1, "is longer than there are characters")?;
    let stage1 = map.stage1.slice(&tables.bytes).unwrap_or_default();
    let low = stage1.get(..CLASS_LOW).unwrap_or_default();
    let ordered = low.len() == CLASS_LOW && low.iter().zip(0..).all(|(block, at)| block.get() == at);
    wrong(ordered, "does not begin with its first blocks")?;
    let known = stage1.iter().all(|block| usize::from(block.get()) < count / CLASS_BLOCK);
    wrong(known, "names a block that is not there")
}

/// The greatest column of each column map.
fn check_column_maps(tables: &Tables) -> Result<Vec<u8>, crate::LoadError> {
    let wrong = |detail| malformed(SectionId::ColumnMaps, detail);
    let bytes = tables.bytes.get(tables.column_maps.clone()).unwrap_or_default();
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let classes = tables.class_map.classes;
    if classes == 0 || !bytes.len().is_multiple_of(classes) {
        return Err(wrong("is not a whole number of maps"));
    }
    Ok(bytes.chunks_exact(classes).map(|map| map.iter().copied().max().unwrap_or(0)).collect())
}

/// The greatest answer of each automaton.
fn check_automata(tables: &Tables, widest: &[u8]) -> Result<Vec<usize>, crate::LoadError> {
    let automata = tables.automata.slice(&tables.bytes).unwrap_or_default();
    let mut greatest = Vec::with_capacity(automata.len());
    let mut next = 0;
    for automaton in automata {
        let checked = check_automaton(tables, automaton, next, widest);
        let (end, answer) =
            checked.ok_or_else(|| malformed(SectionId::Automata, "has an unsound automaton"))?;
        greatest.push(answer);
        next = end;
    }
    let whole = next == tables.automaton_bytes.len();
    ensure(whole, SectionId::AutomatonBytes, "has bytes that belong to no automaton")?;
    Ok(greatest)
}

fn check_patterns(tables: &Tables) -> Checked {
    let deterministic = |automaton| {
        let automaton = tables.automata.get(&tables.bytes, index(automaton));
        automaton.is_some_and(|automaton| automaton.kind.get() != AUTOMATON_NFA)
    };
    let is_own = |automaton| {
        let automaton = tables.automata.get(&tables.bytes, index(automaton));
        automaton.is_some_and(|automaton| automaton.kind.get() & AUTOMATON_SHARED == 0)
    };
    for pattern in tables.patterns.slice(&tables.bytes).unwrap_or_default() {
        let &Pattern { flags, forward, backward, group, bit, .. } = pattern;
        let (literal, prefix) = (tables.text(pattern.literal), tables.text(pattern.prefix));
        let stands = |place: u8, text: Option<&str>| {
            place == 0 || text.is_some_and(|text| usize::from(place) < text.len())
        };
        let after_prefix = match pattern.after_prefix.get() {
            NONE => true,
            _ => {
                let forward = tables.automata.get(&tables.bytes, index(forward));
                forward.is_some_and(|forward| leads(forward, index(pattern.after_prefix)))
                    && pattern.prefix.length.get() > 0
            }
        };
        let known = PATTERN_EMPTY | PATTERN_EXACT | PATTERN_SUFFIX | PATTERN_NEWLINE | PATTERN_DIGRAMS;
        let needs = |flag, holds| flags.get() & flag == 0 || holds;
        let has_literal = pattern.literal.length.get() > 0;
        let sound = tables.text(pattern.text).is_some()
            && literal.is_some()
            && flags.get() & !known == 0
            && needs(PATTERN_EXACT, has_literal)
            && prefix.is_some_and(|prefix| !prefix.contains('\n'))
            && stands(pattern.literal_rarest, literal)
            && stands(pattern.prefix_rarest, prefix)
            && after_prefix
            && pattern.digrams.iter().flatten().all(|digram| is_digram(flags.get(), digram.get()))
            && needs(
                PATTERN_SUFFIX,
                has_literal && backward.get() != NONE && flags.get() & PATTERN_NEWLINE == 0,
            )
            && needs(PATTERN_NEWLINE, backward.get() != NONE)
            && (forward.get() == NONE && group.get() != NONE || is_own(forward))
            && (backward.get() == NONE || is_own(backward) && deterministic(backward))
            && (group.get() == NONE && bit.get() == 0 || index(group) < tables.groups.len());
        ensure(sound, SectionId::Patterns, "has an unsound pattern")?;
    }
    Ok(())
}

/// Whether a pattern may have a digram: two symbols, or nothing at all where none are looked at.
fn is_digram(flags: u32, digram: u16) -> bool {
    match flags & PATTERN_DIGRAMS {
        0 => digram == 0,
        _ => digram >> 6 <= SYMBOL_FURTHER.into() && (1..=SYMBOL_FURTHER.into()).contains(&(digram & 63)),
    }
}

/// A group's members know of it, and the group of a pattern or of a glob knows of it: they are as many.
fn check_groups(tables: &Tables, greatest: &[usize]) -> Checked {
    let mut next = [0; 3];
    for (at, group) in tables.groups.slice(&tables.bytes).unwrap_or_default().iter().enumerate() {
        ensure(check_group(tables, at, group, next, greatest), SectionId::Groups, "has an unsound group")?;
        let automaton = if group.automaton.get() == NONE { next[2] } else { index(group.automaton) + 1 };
        next = [next[0] + index(group.members), next[1] + index(group.answers), automaton];
    }
    let whole = next[..2] == [tables.group_members.len(), tables.group_answers.len()];
    ensure(whole, SectionId::Groups, "does not hold every member and answer")?;
    let patterns = tables.patterns.slice(&tables.bytes).unwrap_or_default();
    let patterns = patterns.iter().filter(|pattern| pattern.group.get() != NONE).count();
    let globs = tables.globs.slice(&tables.bytes).unwrap_or_default();
    let globs = globs.iter().filter(|glob| glob.kind() == GLOB_GROUPED).count();
    ensure(
        patterns + globs == tables.group_members.len(),
        SectionId::Groups,
        "leaves out a pattern or a glob",
    )
}
