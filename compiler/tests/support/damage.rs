//! Damage to artifacts by chance, all of which the loader must refuse, and artifacts taken apart, which
//! can be put together again with every digest right.

use super::{layers, options};
use aegis_vm::Policy;
use aegis_vm::format::{DIGESTED_HEADER, Header, SECTIONS, SectionRow};
use aegisc::{Options, TableLimits, Verify, compile};
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
    artifact_within(text, TableLimits::default())
}

/// The artifact of one layer, its graphs within limits.
pub fn artifact_within(text: &str, table_limits: TableLimits) -> Vec<u8> {
    let options = Options { table_limits, ..options(Verify::Off) };
    let compilation = compile(layers([text]), &options).unwrap();
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
        self.assemble_with(|_, content| Sha256::digest(content).into())
    }

    /// As [`Parts::assemble`], with the digests that are known already.
    pub fn assemble_with(&self, digest: impl Fn(usize, &[u8]) -> [u8; 32]) -> Vec<u8> {
        let wide = |n: usize| U64::new(u64::try_from(n).unwrap());
        let mut end = size_of::<Header>() + SECTIONS.len() * size_of::<SectionRow>();
        let mut rows = Vec::new();
        for (at, (id, content)) in SECTIONS.into_iter().zip(&self.sections).enumerate() {
            rows.push(SectionRow {
                id: id.number().into(),
                reserved: 0.into(),
                offset: wide(end),
                length: wide(content.len()),
                sha256: digest(at, content),
            });
            end += content.len();
        }
        let mut header = Header { file_length: wide(end), ..self.header };
        header.digest = header_digest(&header.as_bytes()[..DIGESTED_HEADER], rows.as_bytes());
        [header.as_bytes(), rows.as_bytes(), &self.sections.concat()].concat()
    }
}

/// The digest of a header and of the section table that follows it.
pub fn header_digest(header: &[u8], rows: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(header).chain_update(rows).finalize().into()
}
