//! Changes to sound artifacts with every digest right again: bytes, fields, records and whole sections.
//!
//! The loader may accept one if the tables still hold together. Fields are changed as the format has
//! them, a record's size known, and to the numbers that are just within and just beyond what a table
//! holds; the artifacts that are changed are small, each about other sections.

use super::agree::ONLY_ROWS;
use super::bytes::Bytes;
use super::crafted::ALL;
use super::damage::{self, EVERY, Parts, header_digest};
use super::patterns;
use aegis_vm::format::{
    Automaton, Const, DIGESTED_HEADER, Glob, GlobPart, GlobToken, Group, GroupAnswer, Header, Needle,
    Pattern, Root, Rule, RuleError, SECTIONS, Scan, SectionId, SectionRow, Slot, Test, Text, Word, WordSet,
};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::mem::offset_of;
use std::sync::OnceLock;

/// A sound artifact, taken apart.
pub struct Base {
    parts: Parts,
    digests: Vec<[u8; 32]>,
}

/// The artifacts that are changed.
pub fn bases() -> &'static [Base] {
    static BASES: OnceLock<Vec<Base>> = OnceLock::new();
    BASES.get_or_init(|| {
        let rows = Base::of(&damage::artifact_within(EVERY, ONLY_ROWS));
        texts().iter().map(|text| Base::of(&damage::artifact(text))).chain([rows]).collect()
    })
}

impl Base {
    fn of(artifact: &[u8]) -> Self {
        let parts = Parts::of(artifact);
        let digests = parts.sections.iter().map(|content| Sha256::digest(content).into()).collect();
        Base { parts, digests }
    }

    /// The whole artifact.
    pub fn artifact(&self) -> Vec<u8> {
        self.parts.assemble()
    }

    /// What was changed, put together; only sections that are not the base's are digested again.
    fn assemble(&self, changed: &Parts) -> Vec<u8> {
        changed.assemble_with(|at, content| {
            if *content == *self.parts.sections[at] {
                self.digests[at]
            } else {
                Sha256::digest(content).into()
            }
        })
    }
}

/// Policies that together use every section and kind of record.
fn texts() -> Vec<String> {
    let globs = "rules:
- {match: {target: '*secret*'}, approval: block}
- {match: {target: '*key*'}}
- {match: {agent: '*x*', type: 'read*'}}
- {match: {agent: '*y*'}, conditions: {param_matches: {p: '\\.exe$', q: 'b$'}}}
- {match: {type: t, agent: '?[!z-é]a'}, conditions: {param_matches: {p: '\\.dex$'}}}";
    let affixes = "rules:
- {match: {type: 'r*'}}
- {match: {type: 're*'}, conditions: {time_after: '20:00'}}
- {match: {type: 'ra*', target: '*s'}}
- {match: {type: 'w*'}, conditions: {param_gt: {p: 1}}}
- {match: {target: '*.e'}}
- {match: {target: '*.exe'}, conditions: {param_gt: {p: 1}}}
- {match: {target: '*.f'}}
- {match: {target: '*xe'}}";
    let constants = "rules:
- {match: {type: a}, conditions: {param_eq: {p: [1, null, true, {a: 2.5, b: []}], q: {c: {d: é}}}}}
- {match: {type: a}, conditions: {param_gt: {p: 123456789012345678901234567890}, param_lt: {q: m}}}
- {match: {type: b}, conditions: {param_contains: {p: 2026-01-01, q: 0.5}, weekdays: [1, 7]}}
- {match: {type: b}, conditions: {time_after: '09:00', time_before: '17:30', param_lte: {n: true}}}";
    let index = (0..24).fold(String::from("rules:\n"), |mut yaml, at| {
        let fields = ["type", "target", "agent"];
        let literal = |(bit, field): (usize, &str)| match at >> bit & 1 {
            0 => format!("{field}: v{}", at % 5),
            _ => format!("{field}: 'v{}*'", at % 3),
        };
        let fields: Vec<_> = fields.into_iter().enumerate().map(literal).collect();
        writeln!(yaml, "- {{name: n{}, match: {{{}}}}}", at % 7, fields.join(", ")).unwrap();
        yaml
    });
    // More lengths than a table of beginnings has: a trie.
    let trie = (1..=9).fold(String::from("rules:\n"), |mut yaml, length| {
        writeln!(yaml, "- {{match: {{type: {}*}}}}", "w".repeat(length)).unwrap();
        yaml
    });
    let needles = "a ab b abc ca xa é è yy zz z1 z2 z3 z4 z5 z6".split(' ');
    let scans = needles.fold(String::from("rules:\n"), |mut yaml, text| {
        writeln!(yaml, "- {{conditions: {{param_contains: {{p: '{text}'}}}}}}").unwrap();
        yaml
    });
    let words = "- {conditions: {semantic: 'ab_c c'}}\n- {conditions: {semantic: 'c d'}}\n";
    let few = ["^ab+", r"\.com$", r"(?m)^x|\by$", "[qs].{1,9}r", "a+corp", "日本|[가-힣]{2}"];
    let places = ["(a|b)*a(a|b){20}", "x"];
    let shipped = [
        include_str!("../../../policies/prod-hours.yaml"),
        include_str!("../../../policies/base.yaml"),
        EVERY,
        "{}",
        globs,
        affixes,
        constants,
    ];
    let mut texts: Vec<String> = shipped.map(str::to_owned).into();
    texts.extend([index, trie, scans + words]);
    texts.extend([patterns::yaml(&ALL), patterns::yaml(&few), patterns::yaml(&places)]);
    texts
}

/// A changed artifact.
pub fn mutant(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let base = &bases()[bytes.below(bases().len())];
    let mut parts = base.parts.clone();
    for _ in 0..bytes.between(1, 4) {
        edit(&mut parts.sections, bytes);
    }
    if bytes.chance(4) {
        parts.header.policy_id[bytes.below(64)] ^= bytes.byte();
    }
    let mut artifact = base.assemble(&parts);
    if bytes.chance(8) {
        edit_table(&mut artifact, bytes);
    }
    artifact
}

/// The size of a section's records; 1 where it holds bytes.
pub fn record(id: SectionId) -> usize {
    match id {
        SectionId::GlobRanges | SectionId::Params => size_of::<Text>(),
        SectionId::GlobTokens => size_of::<GlobToken>(),
        SectionId::GlobParts => size_of::<GlobPart>(),
        SectionId::Globs => size_of::<Glob>(),
        SectionId::Consts => size_of::<Const>(),
        SectionId::Words => size_of::<Word>(),
        SectionId::WordSets => size_of::<WordSet>(),
        SectionId::Automata => size_of::<Automaton>(),
        SectionId::Patterns => size_of::<Pattern>(),
        SectionId::Groups => size_of::<Group>(),
        SectionId::GroupMembers | SectionId::Switches | SectionId::Nodes | SectionId::Buckets => 4,
        SectionId::GroupAnswers => size_of::<GroupAnswer>(),
        SectionId::Needles => size_of::<Needle>(),
        SectionId::Scans => size_of::<Scan>(),
        SectionId::Tests => size_of::<Test>(),
        SectionId::Rules => size_of::<Rule>(),
        SectionId::Errors => size_of::<RuleError>(),
        SectionId::Slots => size_of::<Slot>(),
        SectionId::Roots => size_of::<Root>(),
        _ => 1,
    }
}

/// Changes bytes, a field, records or the length of one section.
fn edit(sections: &mut [Vec<u8>], bytes: &mut Bytes<'_>) {
    const OTHER_SIZES: [usize; 4] = [1, 2, 4, 8];
    let filled: Vec<usize> = (0..sections.len()).filter(|&at| !sections[at].is_empty()).collect();
    let at = match bytes.below(8) {
        // Empty sections have nothing to change, but can be given something.
        0 => bytes.below(sections.len()),
        _ => filled.get(bytes.below(filled.len())).copied().unwrap_or(0),
    };
    let kind = bytes.below(16);
    let size = if bytes.chance(32) { bytes.pick(&OTHER_SIZES) } else { record(SECTIONS[at]) };
    let limit = near_a_limit(sections, bytes);
    let content = &mut sections[at];
    let records = content.len() / size;
    let place = bytes.below(records + 1) * size;
    let other = bytes.below(records) * size;
    let whole = place + size <= content.len();
    match kind {
        0 if place < content.len() => content[place] ^= 1 << bytes.below(8),
        1 if place < content.len() => content[place] = bytes.byte(),
        2..=6 if whole => {
            let field = place + bytes.below(size / 4) * 4;
            number(content, field, limit, bytes);
        }
        7 if whole && size >= 4 => {
            // The same field of another record.
            let field = bytes.below(size / 4) * 4;
            content.copy_within(other + field..other + field + 4, place + field);
        }
        8 if whole => content.copy_within(other..other + size, place),
        9 if whole => {
            let (one, two) = (content[place..place + size].to_vec(), content[other..other + size].to_vec());
            content[place..place + size].copy_from_slice(&two);
            content[other..other + size].copy_from_slice(&one);
        }
        10 if whole => drop(content.drain(place..place + size)),
        11 if whole => {
            let record = content[place..place + size].to_vec();
            content.splice(place..place, record);
        }
        12 => {
            let added: Vec<u8> = (0..size).map(|_| bytes.byte()).collect();
            content.splice(place..place, added);
        }
        13 => content.truncate(place),
        14 => content.truncate(bytes.below(content.len() + 1)),
        15 if bytes.chance(128) => {
            let donor = &bases()[bytes.below(bases().len())];
            content.clone_from(&donor.parts.sections[at]);
        }
        15 => content.extend(std::iter::repeat_n(bytes.byte(), size * bytes.between(1, 4))),
        _ => {}
    }
}

/// How many records some section holds, or how many bytes; or one less, or one more.
fn near_a_limit(sections: &[Vec<u8>], bytes: &mut Bytes<'_>) -> u32 {
    let at = bytes.below(sections.len());
    let size = if bytes.chance(64) { 1 } else { record(SECTIONS[at]) };
    let count = u32::try_from(sections[at].len() / size).unwrap();
    count.wrapping_add([0, 0, u32::MAX, 1][bytes.below(4)])
}

/// Changes the number of four bytes that begins here.
fn number(content: &mut [u8], at: usize, limit: u32, bytes: &mut Bytes<'_>) {
    let Some(field) = content.get_mut(at..at + 4) else { return };
    let old = u32::from_le_bytes(field.try_into().unwrap());
    let new = match bytes.below(12) {
        0 => old.wrapping_add(1),
        1 => old.wrapping_sub(1),
        2 => 0,
        3 => u32::MAX,
        4 => u32::from(bytes.byte()),
        5 => old ^ 1 << bytes.below(32),
        6 => old.wrapping_mul(2),
        7 => bytes.word(),
        8 => u32::MAX - 1,
        _ => limit,
    };
    field.copy_from_slice(&new.to_le_bytes());
}

/// Changes a number of the header or of the section table, and makes the header's digest right.
fn edit_table(artifact: &mut [u8], bytes: &mut Bytes<'_>) {
    let rows = size_of::<Header>()..size_of::<Header>() + SECTIONS.len() * size_of::<SectionRow>();
    let at = match bytes.below(4) {
        0 => bytes.below(DIGESTED_HEADER / 4) * 4,
        1 => DIGESTED_HEADER + bytes.below((rows.start - DIGESTED_HEADER) / 4) * 4,
        _ => rows.start + bytes.below(SECTIONS.len()) * size_of::<SectionRow>() + bytes.below(6) * 4,
    };
    let limit = u32::try_from(artifact.len()).unwrap();
    number(artifact, at, limit, bytes);
    let digest = header_digest(&artifact[..DIGESTED_HEADER], &artifact[rows]);
    let place = offset_of!(Header, digest);
    artifact[place..place + digest.len()].copy_from_slice(&digest);
}
