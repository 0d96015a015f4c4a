//! Bytes -> [`Policy`]. Nothing is used before it was checked, in this order:
//!
//! 1. the header's length, magic, format version, file length, section count, signature slot;
//! 2. the header's digest, then its texts;
//! 3. the section table: ids in order, no gap, no overlap, the last ends the file;
//! 4. each section's digest;
//! 5. the manifest;
//! 6. each table (`check`): whole records, then every index, range and order that the evaluator
//!    relies on.
//!
//! Anything else is an error that says which section and what. A digest does not make bytes honest:
//! step 6 assumes that whoever wrote the file could also write the digests.

mod check;
mod scans;

use crate::decision;
use crate::error::{LoadError, LoadErrorKind};
use crate::format::{
    CLASS_BLOCK, ClassMapHead, DIGESTED_HEADER, FORMAT_VERSION, Header, MAGIC, Manifest, SECTIONS, SectionId,
    SectionRow,
};
use crate::pattern::{Blocks, ClassMap};
use crate::policy::{Policy, SectionInfo};
use crate::roots::LoadedRoot;
use crate::tables::{Table, Tables, index};
use crate::validity;
use core::ops::Range;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// The bytes of a file, if it begins as an artifact: no more of it than its header says, so that a file
/// without end is refused as any other.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let unread = |error: std::io::Error| {
        LoadError::new(LoadErrorKind::Io, format!("cannot read `{}`: {error}", path.display()))
    };
    let mut file = File::open(path).map_err(unread)?;
    let mut bytes = Vec::new();
    let head = u64::try_from(size_of::<Header>()).unwrap_or(u64::MAX);
    file.by_ref().take(head).read_to_end(&mut bytes).map_err(unread)?;
    if let Ok((header, _)) = Header::read_from_prefix(&bytes)
        && header.magic == MAGIC
    {
        // One byte more, so that a file that is too long shows.
        let rest = header.file_length.get().saturating_sub(head).saturating_add(1);
        file.take(rest).read_to_end(&mut bytes).map_err(unread)?;
    }
    Ok(bytes)
}

/// How many policies this process has loaded.
static LOADED: AtomicU64 = AtomicU64::new(0);

/// A policy of the bytes of an artifact.
pub(crate) fn load(bytes: Box<[u8]>) -> Result<Policy, LoadError> {
    let (header, rows) = head(&bytes)?;
    let ranges = section_ranges(&rows, bytes.len())?;
    let mut sections = Vec::with_capacity(SECTIONS.len());
    for ((id, row), range) in SECTIONS.into_iter().zip(&rows).zip(&ranges) {
        let content = bytes.get(range.clone()).ok_or_else(|| malformed(id, "lies outside the file"))?;
        if Sha256::digest(content).as_slice() != row.sha256 {
            return Err(LoadError::new(
                LoadErrorKind::Damaged,
                format!(
                    "the artifact is damaged: the {} section does not match its digest; copy or build it again",
                    id.name()
                ),
            ));
        }
        sections.push(SectionInfo { id, length: row.length.get(), sha256: row.sha256 });
    }
    let place = |id: SectionId| {
        let position = SECTIONS.iter().position(|&other| other == id).unwrap_or(usize::MAX);
        ranges.get(position).cloned().unwrap_or_default()
    };
    let manifest = manifest(bytes.get(place(SectionId::Manifest)).unwrap_or_default())?;
    let default =
        decision::approval(manifest.default_approval).zip(decision::risk_level(manifest.default_risk_level));
    let default = default.ok_or_else(|| malformed(SectionId::Manifest, "has unknown defaults"))?;
    let tables = tables(&bytes, place)?;
    let tables = Tables { bytes, ..tables };
    check::check(&tables, &manifest)?;
    let roots = tables.roots.slice(&tables.bytes).unwrap_or_default().iter();
    let roots: Option<Vec<LoadedRoot>> = roots.map(|root| LoadedRoot::of(&tables, root)).collect();
    let roots = roots.ok_or_else(|| malformed(SectionId::Roots, "has an unsound root"))?;
    Ok(Policy {
        manifest,
        header,
        compiler: padded(&header.compiler, "compiler")?.to_owned(),
        policy_id: padded(&header.policy_id, "policy id")?.to_owned(),
        sections,
        debug: place(SectionId::Debug),
        default,
        roots,
        minutes: validity::minutes(&tables),
        id: LOADED.fetch_add(1, Ordering::Relaxed),
        tables,
    })
}

fn not_an_artifact(detail: &str) -> LoadError {
    LoadError::new(
        LoadErrorKind::NotAnArtifact,
        format!("not an aegis artifact: {detail}; `aegisc build` makes one of layers of YAML"),
    )
}

fn malformed(section: SectionId, detail: &str) -> LoadError {
    let detail = format!("malformed artifact: the {} section {detail}", section.name());
    LoadError::new(LoadErrorKind::Malformed, detail)
}

fn head(bytes: &[u8]) -> Result<(Header, Vec<SectionRow>), LoadError> {
    let Ok((header, rest)) = Header::read_from_prefix(bytes) else {
        let known = bytes.get(..MAGIC.len()) == Some(&MAGIC);
        return Err(if known {
            LoadError::new(
                LoadErrorKind::WrongLength,
                "the artifact is cut short within its header; copy or build it again",
            )
        } else {
            not_an_artifact("its first bytes are not those of one")
        });
    };
    if header.magic != MAGIC {
        return Err(not_an_artifact("its first bytes are not those of one"));
    }
    if header.format_version.get() != FORMAT_VERSION {
        return Err(LoadError::new(
            LoadErrorKind::UnsupportedFormat,
            format!(
                "the artifact has format version {}, this loader reads version {FORMAT_VERSION}; \
                 build the policy again with a compiler of this version",
                header.format_version
            ),
        ));
    }
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if header.file_length.get() != length {
        return Err(LoadError::new(
            LoadErrorKind::WrongLength,
            format!(
                "the artifact should be {} bytes long and is {length}: it was cut or added to; copy or build it again",
                header.file_length
            ),
        ));
    }
    if index(header.section_count) != SECTIONS.len() {
        return Err(LoadError::new(
            LoadErrorKind::Malformed,
            format!("malformed artifact: {} sections instead of {}", header.section_count, SECTIONS.len()),
        ));
    }
    if header.signature != [0; 160] {
        let detail = "malformed artifact: the signature slot is not empty, and no signature is defined in this version";
        return Err(LoadError::new(LoadErrorKind::Malformed, detail));
    }
    let rows = rest.get(..size_of::<SectionRow>() * SECTIONS.len());
    let Some(rows) = rows.and_then(|rows| <[SectionRow]>::ref_from_bytes(rows).ok()) else {
        return Err(LoadError::new(
            LoadErrorKind::WrongLength,
            "the artifact is cut short within its section table; copy or build it again",
        ));
    };
    let mut digest = Sha256::new();
    digest.update(bytes.get(..DIGESTED_HEADER).unwrap_or_default());
    digest.update(rest.get(..size_of_val(rows)).unwrap_or_default());
    if digest.finalize().as_slice() != header.digest {
        return Err(LoadError::new(
            LoadErrorKind::Damaged,
            "the artifact is damaged: its header does not match its digest; copy or build it again",
        ));
    }
    Ok((header, rows.to_vec()))
}

fn section_ranges(rows: &[SectionRow], file_length: usize) -> Result<Vec<Range<usize>>, LoadError> {
    let mut ranges = Vec::with_capacity(rows.len());
    let mut end = size_of::<Header>() + size_of_val(rows);
    for (row, id) in rows.iter().zip(SECTIONS) {
        let start = end;
        if row.id.get() != id.number() || row.reserved.get() != 0 {
            return Err(malformed(id, "is not where it belongs"));
        }
        let length = usize::try_from(row.length.get()).ok();
        let next = length.and_then(|length| start.checked_add(length)).filter(|&next| next <= file_length);
        match next {
            Some(next) if usize::try_from(row.offset.get()) == Ok(start) => end = next,
            _ => return Err(malformed(id, "does not follow the one before it")),
        }
        ranges.push(start..end);
    }
    if end != file_length {
        return Err(malformed(SectionId::Debug, "is followed by bytes that belong to no section"));
    }
    Ok(ranges)
}

fn padded<'h>(bytes: &'h [u8], what: &str) -> Result<&'h str, LoadError> {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    let (text, padding) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
    match core::str::from_utf8(text) {
        Ok(text) if padding.iter().all(|&b| b == 0) => Ok(text),
        _ => {
            let detail = format!("malformed artifact: the header's {what} is not text padded with zeros");
            Err(LoadError::new(LoadErrorKind::Malformed, detail))
        }
    }
}

fn manifest(bytes: &[u8]) -> Result<Manifest, LoadError> {
    match postcard::take_from_bytes::<Manifest>(bytes) {
        Ok((manifest, [])) => Ok(manifest),
        Ok(_) => Err(malformed(SectionId::Manifest, "has bytes left over")),
        Err(_) => Err(malformed(SectionId::Manifest, "cannot be read")),
    }
}

/// The tables where they stand; `bytes` of the result is still empty.
fn tables(bytes: &[u8], place: impl Fn(SectionId) -> Range<usize>) -> Result<Tables, LoadError> {
    fn table<T: FromBytes + Immutable + KnownLayout + Unaligned>(
        id: SectionId,
        range: &Range<usize>,
    ) -> Result<Table<T>, LoadError> {
        let table = Table::new(range).ok_or_else(|| malformed(id, "is not a whole number of records"))?;
        match u32::try_from(table.len()) {
            Ok(_) => Ok(table),
            Err(_) => Err(malformed(id, "has more records than an index can name")),
        }
    }
    macro_rules! table {
        ($id:ident) => {
            table(SectionId::$id, &place(SectionId::$id))?
        };
    }
    let strings = bytes.get(place(SectionId::Strings)).unwrap_or_default();
    let strings = core::str::from_utf8(strings).map_err(|_| malformed(SectionId::Strings, "is not UTF-8"))?;
    Ok(Tables {
        bytes: Box::default(),
        strings: strings.into(),
        ascii: strings.is_ascii(),
        glob_ranges: table!(GlobRanges),
        glob_tokens: table!(GlobTokens),
        glob_parts: table!(GlobParts),
        globs: table!(Globs),
        params: table!(Params),
        consts: table!(Consts),
        words: table!(Words),
        word_sets: table!(WordSets),
        class_map: class_map(bytes, place(SectionId::ClassMap))?,
        column_maps: place(SectionId::ColumnMaps),
        automaton_bytes: place(SectionId::AutomatonBytes),
        automata: table!(Automata),
        patterns: table!(Patterns),
        groups: table!(Groups),
        group_members: table!(GroupMembers),
        group_answers: table!(GroupAnswers),
        needles: table!(Needles),
        scan_bytes: place(SectionId::ScanBytes),
        scans: table!(Scans),
        tests: table!(Tests),
        rules: table!(Rules),
        errors: table!(Errors),
        switches: table!(Switches),
        nodes: table!(Nodes),
        buckets: table!(Buckets),
        slots: table!(Slots),
        roots: table!(Roots),
    })
}

/// The class map in its section; empty if the section is.
fn class_map(bytes: &[u8], section: Range<usize>) -> Result<ClassMap, LoadError> {
    let malformed = |detail| malformed(SectionId::ClassMap, detail);
    let content = bytes.get(section.clone()).unwrap_or_default();
    let (classes, rest, stage1, blocks) = if content.is_empty() {
        (0, 0, 0, 0)
    } else {
        let (head, _) =
            ClassMapHead::read_from_prefix(content).map_err(|_| malformed("is shorter than its head"))?;
        (index(head.classes), index(head.rest), index(head.stage1), index(head.blocks))
    };
    let start = section.start + if content.is_empty() { 0 } else { size_of::<ClassMapHead>() };
    let width = if classes <= 256 { 1 } else { 2 };
    let middle = stage1.checked_mul(2).and_then(|length| start.checked_add(length));
    let length = blocks.checked_mul(CLASS_BLOCK * width);
    let end = middle.zip(length).and_then(|(middle, length)| middle.checked_add(length));
    let (Some(middle), true) = (middle, end == Some(section.end)) else {
        return Err(malformed("does not have the length that its head says"));
    };
    let whole = || malformed("is not a whole number of records");
    let range = middle..section.end;
    Ok(ClassMap {
        classes,
        rest,
        stage1: Table::new(&(start..middle)).ok_or_else(whole)?,
        blocks: match width {
            1 => Blocks::Narrow(Table::new(&range).ok_or_else(whole)?),
            _ => Blocks::Wide(Table::new(&range).ok_or_else(whole)?),
        },
    })
}
