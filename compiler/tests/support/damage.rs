//! Damage to artifacts: by chance, which the loader must refuse, and with every digest repaired,
//! which it may accept if the tables still hold together.

use super::bytes::Bytes;
use super::{layers, options};
use aegis_vm::Policy;
use aegis_vm::format::{DIGESTED_HEADER, Header, SECTIONS, SectionRow};
use aegisc::{Verify, compile};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, IntoBytes};

/// A policy of which every section holds something.
pub const EVERY: &str = include_str!("every.yaml");

/// The artifacts that tests damage: two shipped policies, and one with every section.
pub fn artifacts() -> &'static [Vec<u8>] {
    static ARTIFACTS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let texts = [
        include_str!("../../../policies/prod-hours.yaml"),
        include_str!("../../../policies/base.yaml"),
        EVERY,
    ];
    ARTIFACTS.get_or_init(|| texts.into_iter().map(artifact).collect())
}

/// The artifact of one layer.
pub fn artifact(text: &str) -> Vec<u8> {
    let compilation = compile(layers([text]), &options(Verify::Off)).unwrap();
    compilation.output.unwrap_or_else(|| panic!("refused: {:?}", compilation.diagnostics)).artifact
}

/// How many damaged artifacts were tried.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tried {
    pub truncations: usize,
    pub flips: usize,
    pub took: Duration,
}

/// Loads every truncation of an artifact, and the artifact with every single bit flipped.
///
/// # Errors
///
/// What was accepted.
pub fn refuse_all(artifact: &[u8]) -> Result<Tried, String> {
    let started = Instant::now();
    let mut tried = Tried::default();
    Policy::from_bytes(artifact).map_err(|error| format!("the whole artifact is refused: {error}"))?;
    for length in 0..artifact.len() {
        if Policy::from_bytes(&artifact[..length]).is_ok() {
            return Err(format!("accepted when cut to {length} of {} bytes", artifact.len()));
        }
        tried.truncations += 1;
    }
    let mut damaged = artifact.to_vec();
    for at in 0..artifact.len() {
        for bit in 0..8 {
            damaged[at] ^= 1 << bit;
            if Policy::from_bytes(damaged.as_slice()).is_ok() {
                return Err(format!("accepted with bit {bit} of byte {at} flipped"));
            }
            damaged[at] ^= 1 << bit;
            tried.flips += 1;
        }
    }
    tried.took = started.elapsed();
    Ok(tried)
}

/// An artifact taken apart.
#[derive(Clone)]
pub struct Parts {
    pub header: Header,
    pub sections: Vec<Vec<u8>>,
}

impl Parts {
    /// The parts of a sound artifact.
    pub fn of(artifact: &[u8]) -> Self {
        let (header, rest) = Header::read_from_prefix(artifact).unwrap();
        let (rows, _) = <[SectionRow]>::ref_from_prefix_with_elems(rest, SECTIONS.len()).unwrap();
        let section = |row: &SectionRow| {
            let start = usize::try_from(row.offset.get()).unwrap();
            artifact[start..start + usize::try_from(row.length.get()).unwrap()].to_vec()
        };
        Parts { header, sections: rows.iter().map(section).collect() }
    }

    /// An artifact whose lengths, offsets and digests are right, whatever the sections hold.
    pub fn assemble(&self) -> Vec<u8> {
        let wide = |n: usize| U64::new(u64::try_from(n).unwrap());
        let mut end = size_of::<Header>() + SECTIONS.len() * size_of::<SectionRow>();
        let mut rows = Vec::new();
        for (id, content) in SECTIONS.into_iter().zip(&self.sections) {
            rows.push(SectionRow {
                id: id.number().into(),
                reserved: 0.into(),
                offset: wide(end),
                length: wide(content.len()),
                sha256: Sha256::digest(content).into(),
            });
            end += content.len();
        }
        let mut header = Header { file_length: wide(end), ..self.header };
        let mut digest = Sha256::new();
        digest.update(&header.as_bytes()[..DIGESTED_HEADER]);
        digest.update(rows.as_bytes());
        header.digest = digest.finalize().into();
        [header.as_bytes(), rows.as_bytes(), &self.sections.concat()].concat()
    }

    /// Changes a few bytes, numbers or records of a few sections.
    pub fn mutate(&mut self, bytes: &mut Bytes<'_>) {
        for _ in 0..bytes.between(1, 4) {
            // Empty sections have nothing to change, but can be given something.
            let section = bytes.below(self.sections.len());
            edit(&mut self.sections[section], bytes);
        }
        if bytes.chance(4) {
            self.header.policy_id[bytes.below(64)] ^= bytes.byte();
        }
    }
}

/// The sizes of records: a change of a whole record is one of these long.
const RECORDS: [usize; 8] = [4, 8, 12, 16, 20, 24, 40, 1];

fn edit(content: &mut Vec<u8>, bytes: &mut Bytes<'_>) {
    let kind = bytes.below(8);
    let size = bytes.pick(&RECORDS);
    let place = bytes.below(content.len() / size + 1) * size;
    let whole = place + size <= content.len();
    match kind {
        0 if place < content.len() => content[place] ^= 1 << bytes.below(8),
        1 if place < content.len() => content[place] = bytes.byte(),
        2 | 3 if place + 4 <= content.len() => {
            let number = &mut content[place..place + 4];
            let old = u32::from_le_bytes(number.try_into().unwrap());
            let new = match bytes.below(8) {
                0 => old.wrapping_add(1),
                1 => old.wrapping_sub(1),
                2 => 0,
                3 => u32::MAX,
                4 => u32::from(bytes.byte()),
                5 => old ^ 1,
                6 => old.wrapping_mul(2),
                _ => bytes.word(),
            };
            number.copy_from_slice(&new.to_le_bytes());
        }
        4 if whole => {
            let from = bytes.below(content.len() / size) * size;
            content.copy_within(from..from + size, place);
        }
        5 if whole => drop(content.drain(place..place + size)),
        6 if whole => {
            let record = content[place..place + size].to_vec();
            content.splice(place..place, record);
        }
        7 => {
            let added: Vec<u8> = (0..size).map(|_| bytes.byte()).collect();
            content.splice(place..place, added);
        }
        _ => {}
    }
}
