//! The tables as text, for people.
//!
//! ```text
//! roots
//!   type: 12 keys in 12 buckets, from rule 0
//!     "deploy" -> node 31
//! nodes
//!   31: param "env"
//!     "staging" -> node 4
//!     anything else -> no event
//! groups
//!   0: globs through 10 states: "*secret*" "*key*"
//! scans
//!   0: 120 texts in param "path", 1031 states, 38 classes of bytes
//! rules
//!   6 staging_deploy_hours (base.yaml:40) type "deploy" target * agent *
//!       param env = "staging"
//!       time >= 09:00
//!     -> auto, medium
//! ```

mod graph;

use crate::format::{
    AUTOMATON_NFA, CONST_BIG_INT, CONST_BOOL, CONST_FLOAT, CONST_INT, CONST_LIST, CONST_MAP, CONST_NULL,
    CONST_STR, Const, GROUP_BACKWARD, GROUP_FORWARD, GROUP_GLOBS, NO_SCAN, NONE, OP_CONTAINS, OP_EQ, OP_GT,
    OP_GTE, OP_LT, OP_LTE, OP_MATCHES, OP_NEEDLE, OP_NEVER, OP_SEMANTIC, OP_TIME_AFTER, OP_TIME_BEFORE,
    OP_WEEKDAYS, PATTERN_DIGRAMS, Pattern, Test, WORDS_SCAN, digram_symbol,
};
use crate::policy::{Policy, RuleView};
use crate::tables::{Tables, index};
use core::fmt::{self, Write};
use zerocopy::little_endian::{U16, U32};

impl Policy {
    /// Writes the tables as text, so that a person can follow a decision by hand.
    ///
    /// # Errors
    ///
    /// Only what `out` itself refuses.
    pub fn write_ir(&self, out: &mut impl Write) -> fmt::Result {
        self.write_roots(out)?;
        self.write_nodes(out)?;
        self.write_groups(out)?;
        self.write_scans(out)?;
        writeln!(out, "rules")?;
        for rule in self.rules() {
            self.write_rule(out, rule)?;
        }
        let (approval, risk_level) = self.default_outcome();
        writeln!(out, "default\n    -> {approval}, {risk_level}")
    }

    fn write_groups(&self, out: &mut impl Write) -> fmt::Result {
        let tables = &self.tables;
        let groups = tables.groups.slice(&tables.bytes).unwrap_or_default();
        if groups.is_empty() {
            return Ok(());
        }
        writeln!(out, "groups")?;
        for (at, group) in groups.iter().enumerate() {
            let automaton = tables.automata.get(&tables.bytes, index(group.automaton));
            let rows = automaton.map_or(0, |automaton| automaton.rows.get());
            match group.kind.get() {
                GROUP_FORWARD => write!(out, "  {at}: forward through {rows} states:")?,
                GROUP_BACKWARD => write!(out, "  {at}: backward through {rows} states:")?,
                GROUP_GLOBS => write!(out, "  {at}: globs through {rows} states:")?,
                _ => write!(out, "  {at}: side by side:")?,
            }
            let members = tables.group_members.run(&tables.bytes, group.first_member, group.members);
            let members = members.unwrap_or_default();
            if group.kind.get() == GROUP_GLOBS {
                let globs = members.iter().filter_map(|&member| tables.text(tables.glob(member)?.text));
                { globs }.try_for_each(|glob| write!(out, " {glob:?}"))?;
                writeln!(out)?;
                continue;
            }
            members.iter().try_for_each(|member| write!(out, " {member}"))?;
            writeln!(out)?;
        }
        Ok(())
    }

    /// What each scan looks for; nothing if there is none.
    fn write_scans(&self, out: &mut impl Write) -> fmt::Result {
        let tables = &self.tables;
        let scans = tables.scans.slice(&tables.bytes).unwrap_or_default();
        if !scans.is_empty() {
            writeln!(out, "scans")?;
        }
        for (at, scan) in scans.iter().enumerate() {
            match scan.param.get() {
                WORDS_SCAN => write!(out, "  {at}: {} words of the action", scan.members)?,
                _ => {
                    let param = tables.param(index(scan.param)).unwrap_or_default();
                    write!(out, "  {at}: {} texts in param {param:?}", scan.members)?;
                }
            }
            writeln!(out, ", {} states, {} classes of bytes", scan.states, scan.classes)?;
        }
        Ok(())
    }

    fn write_rule(&self, out: &mut impl Write, rule: RuleView<'_>) -> fmt::Result {
        let tables = &self.tables;
        write!(out, "  {} {:?} ({})", rule.index(), rule.name(), rule.origin())?;
        let globs =
            [("type", rule.type_glob()), ("target", rule.target_glob()), ("agent", rule.agent_glob())];
        for (field, glob) in globs.into_iter().filter(|(_, glob)| *glob != "*") {
            write!(out, " {field} {glob:?}")?;
        }
        writeln!(out)?;
        let tests = rule.record().and_then(|rule| tables.tests_of(rule)).unwrap_or_default();
        for test in tests {
            writeln!(out, "      {}", ShowTest { tables, test })?;
        }
        writeln!(out, "    -> {}, {}", rule.approval(), rule.risk_level())
    }
}

struct ShowTest<'p> {
    tables: &'p Tables,
    test: &'p Test,
}

impl fmt::Display for ShowTest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tables, a, b) = (self.tables, self.test.a, self.test.b);
        let minute = a.get();
        let param = tables.param(index(a)).unwrap_or_default();
        let compared = |f: &mut fmt::Formatter<'_>, sign: &str| {
            let constant = tables.consts.get(&tables.bytes, index(b));
            write!(f, "param {param:?} {sign} ")?;
            constant.map_or(Ok(()), |record| write!(f, "{}", ShowConst { tables, record }))
        };
        match self.test.op.get() {
            OP_NEVER => f.write_str("never"),
            OP_TIME_AFTER => write!(f, "time >= {:02}:{:02}", minute / 60, minute % 60),
            OP_TIME_BEFORE => write!(f, "time < {:02}:{:02}", minute / 60, minute % 60),
            OP_WEEKDAYS => {
                write!(f, "weekday in")?;
                (0..7).filter(|day| a.get() >> day & 1 == 1).try_for_each(|day| write!(f, " {}", day + 1))
            }
            OP_EQ => compared(f, "="),
            OP_GT => compared(f, ">"),
            OP_GTE => compared(f, ">="),
            OP_LT => compared(f, "<"),
            OP_LTE => compared(f, "<="),
            OP_CONTAINS => compared(f, "contains"),
            OP_NEEDLE => {
                let needle = tables.needles.get(&tables.bytes, index(b));
                let constant =
                    needle.and_then(|needle| tables.consts.get(&tables.bytes, index(needle.constant)));
                write!(f, "param {param:?} contains ")?;
                constant.map_or(Ok(()), |record| write!(f, "{}", ShowConst { tables, record }))?;
                needle.map_or(Ok(()), |needle| write!(f, " (scan {})", needle.scan))
            }
            OP_MATCHES => {
                let pattern = tables.patterns.get(&tables.bytes, index(b));
                let text = pattern.and_then(|pattern| tables.text(pattern.text)).unwrap_or_default();
                write!(f, "param {param:?} matches {text:?} (pattern {b}")?;
                if let Some(pattern) = pattern {
                    write!(f, "{}", ShowWay { tables, pattern })?;
                }
                f.write_char(')')
            }
            OP_SEMANTIC => {
                write!(f, "a word among")?;
                let set = tables.word_sets.get(&tables.bytes, index(a));
                let words = set.and_then(|set| tables.words.run(&tables.bytes, set.first, set.count));
                let words = words.unwrap_or_default().iter().filter_map(|word| tables.text(word.text));
                { words }.try_for_each(|word| write!(f, " {word}"))?;
                match set.map(|set| set.scan.get()) {
                    Some(scan) if scan != NO_SCAN => write!(f, " (scan {scan})"),
                    _ => Ok(()),
                }
            }
            op => write!(f, "unknown test {op}"),
        }
    }
}

/// By what a pattern is searched for.
struct ShowWay<'p> {
    tables: &'p Tables,
    pattern: &'p Pattern,
}

impl fmt::Display for ShowWay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tables, pattern) = (self.tables, self.pattern);
        let literal = tables.text(pattern.literal).unwrap_or_default();
        if pattern.group.get() != NONE {
            return write!(f, ": bit {} of group {}", pattern.bit, pattern.group);
        }
        if !literal.is_empty() {
            write!(f, ", needs {literal:?}")?;
        }
        if pattern.flags.get() & PATTERN_DIGRAMS != 0 {
            pattern.digrams.iter().enumerate().try_for_each(|(at, clause)| {
                f.write_str(if at == 0 { ", has " } else { " and " })?;
                write_clause(f, clause)
            })?;
        }
        let (way, automaton) = match pattern.backward.get() {
            NONE => ("forward", pattern.forward),
            _ => ("backward", pattern.backward),
        };
        match tables.automata.get(&tables.bytes, index(automaton)) {
            Some(nfa) if nfa.kind.get() == AUTOMATON_NFA => write!(f, ", {way} through sets of places"),
            Some(automaton) => write!(f, ", {way} through {} states", automaton.rows),
            None => Ok(()),
        }
    }
}

/// Digrams, each once: letters in lower case, `0` for digits, `…` for what is not ASCII.
fn write_clause(f: &mut fmt::Formatter<'_>, clause: &[U16]) -> fmt::Result {
    let shown = |symbol: u16| {
        let mut bytes = (b' '..=b'~').filter(|byte| !byte.is_ascii_uppercase());
        bytes.find(|&byte| u16::from(digram_symbol(byte)) == symbol).map_or('…', char::from)
    };
    for (at, digram) in clause.iter().enumerate() {
        let digram = digram.get();
        if clause.get(..at).is_none_or(|before| before.iter().all(|before| before.get() != digram)) {
            let text: String = [shown(digram >> 6), shown(digram & 63)].iter().collect();
            write!(f, "{}{text:?}", if at == 0 { "" } else { "|" })?;
        }
    }
    Ok(())
}

struct ShowConst<'p> {
    tables: &'p Tables,
    record: &'p Const,
}

impl fmt::Display for ShowConst<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tables, payload, n) = (self.tables, self.record.payload.get(), self.record.n);
        let place = U32::new(u32::try_from(payload).unwrap_or(u32::MAX));
        let text = tables.slice_of_strings(place, n).unwrap_or_default();
        let children = |each: u32| {
            let count = U32::new(n.get().saturating_mul(each));
            tables.consts.run(&tables.bytes, place, count).unwrap_or_default()
        };
        let show = |record| ShowConst { tables, record };
        match self.record.tag.get() {
            CONST_NULL => f.write_str("null"),
            CONST_BOOL => write!(f, "{}", payload != 0),
            CONST_INT => write!(f, "{}", i64::from_le_bytes(payload.to_le_bytes())),
            CONST_BIG_INT => f.write_str(text),
            CONST_FLOAT => write!(f, "{:?}", f64::from_bits(payload)),
            CONST_STR => write!(f, "{text:?}"),
            CONST_LIST => {
                f.write_char('[')?;
                for (at, child) in children(1).iter().enumerate() {
                    write!(f, "{}{}", if at == 0 { "" } else { ", " }, show(child))?;
                }
                f.write_char(']')
            }
            CONST_MAP => {
                f.write_char('{')?;
                for (at, pair) in children(2).chunks_exact(2).enumerate() {
                    f.write_str(if at == 0 { "" } else { ", " })?;
                    if let [key, value] = pair {
                        write!(f, "{}: {}", show(key), show(value))?;
                    }
                }
                f.write_char('}')
            }
            _ => f.write_str("(equal to no JSON value)"),
        }
    }
}
