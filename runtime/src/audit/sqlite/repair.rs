//! After a crash or an error: what may not be on the disk is written again, before anything follows it.
//!
//! After a sync that failed, the system may hold pages that never reached the disk and count them as written: no later
//! sync writes them. A process may have ended right then, and nobody else was told. So whoever opens a log writes again
//! what stands in its write-ahead log, and what SQLite counts as copied from there into the file. (A copy that ends
//! before the write-ahead log does is not synced, but counts; with a later sync that fails, it is never on the disk.)
//!
//! All of it is written as it is, so that who reads meanwhile finds the same bytes. Nobody writes, as a transaction is
//! open, and nobody copies, as the copies are locked.

use super::file;
use super::{checkpoint, schema};
use crate::audit::{AuditError, AuditErrorKind};
use rusqlite::Connection;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

/// The header of the write-ahead log.
const HEADER: usize = 32;

/// What stands before each page in it: its number, the length of the file after a commit, the salt, the sum.
const FRAME_HEADER: usize = 24;

/// Frames that are in memory at a time.
const FRAMES: u64 = 256;

/// Writes again, by a connection that may write and a handle of the write-ahead log, what others or the process before
/// may have left unwritten.
pub(super) fn write_again(
    connection: &Connection,
    ahead: &File,
    path: &Path,
    wait: Duration,
) -> Result<(), AuditError> {
    let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "open", path);
    let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(failed)?;
    let page = usize::try_from(page).map_err(|_| damaged(path))?;
    let Some(_lock) = checkpoint::Lock::take(ahead, path, wait)? else { return Err(held(path)) };
    connection.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
    let written = locked(ahead, path, page);
    connection.execute_batch("ROLLBACK").map_err(failed)?;
    written
}

fn locked(ahead: &File, path: &Path, page: usize) -> Result<(), AuditError> {
    // A connection that has a transaction is not told.
    let other = schema::open_to_copy(path)?;
    let (frames, copied) = other
        .query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| {
            Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })
        .map_err(|error| AuditError::sqlite(&error, "open", path))?;
    let (Ok(frames), Ok(copied)) = (u64::try_from(frames), u64::try_from(copied)) else {
        return Err(damaged(path));
    };
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => damaged(path),
        _ => AuditError::io(&error, "write", path),
    };
    let pages = again(ahead, frames, page).map_err(failed)?;
    if copied > 0 {
        copy(ahead, path, &pages, copied, page).map_err(failed)?;
    }
    Ok(())
}

/// Writes the write-ahead log again. Says in which frame each page stands last, from 1.
///
/// A page that was given up may be read back as it was long before, which must not be made to last: each frame has the
/// salt of the header, and a sum over all before it.
fn again(mut ahead: &File, frames: u64, page: usize) -> io::Result<HashMap<u32, u64>> {
    let mut last = HashMap::new();
    if frames == 0 {
        return Ok(last);
    }
    let size = FRAME_HEADER.saturating_add(page);
    let mut bytes = Vec::new();
    read_at(&mut ahead, 0, HEADER, &mut bytes)?;
    let (mut sum, salt) = Sum::of_header(&bytes).ok_or(io::ErrorKind::InvalidData)?;
    write_at(&mut ahead, 0, &bytes)?;
    let mut frame = 0;
    while frame < frames {
        let some = FRAMES.min(frames.saturating_sub(frame));
        let at = place(frame, page);
        read_at(&mut ahead, at, usize::try_from(some).unwrap_or(0).saturating_mul(size), &mut bytes)?;
        for one in bytes.chunks(size) {
            frame = frame.saturating_add(1);
            let (header, content) = one.split_at_checked(FRAME_HEADER).ok_or(io::ErrorKind::InvalidData)?;
            let &[number, _, salt_1, salt_2, sum_1, sum_2] = words(header).as_slice() else {
                return Err(io::ErrorKind::InvalidData.into());
            };
            sum.add(header.get(..8).unwrap_or_default());
            sum.add(content);
            if number == 0 || [salt_1, salt_2] != salt || [sum_1, sum_2] != sum.now {
                return Err(io::ErrorKind::InvalidData.into());
            }
            last.insert(number, frame);
        }
        write_at(&mut ahead, at, &bytes)?;
    }
    ahead.sync_data()?;
    Ok(last)
}

/// Where a frame begins, counted from 0.
fn place(frame: u64, page: usize) -> u64 {
    let size = u64::try_from(FRAME_HEADER.saturating_add(page)).unwrap_or(u64::MAX);
    frame.saturating_mul(size).saturating_add(u64::try_from(HEADER).unwrap_or(u64::MAX))
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|word| u32::from_be_bytes(*word)).collect()
}

/// The sum of SQLite's write-ahead log, see its description of the file format.
struct Sum {
    now: [u32; 2],
    big_end_first: bool,
}

impl Sum {
    /// Of the header, and the salt in it; nothing if it is none.
    fn of_header(header: &[u8]) -> Option<(Self, [u32; 2])> {
        let &[magic, _, _, _, salt_1, salt_2, sum_1, sum_2] = words(header).as_slice() else { return None };
        let mut sum = Sum { now: [0; 2], big_end_first: magic & 1 == 1 };
        sum.add(header.get(..24)?);
        (magic | 1 == 0x377f_0683 && sum.now == [sum_1, sum_2]).then_some((sum, [salt_1, salt_2]))
    }

    fn add(&mut self, bytes: &[u8]) {
        let word = if self.big_end_first { u32::from_be_bytes } else { u32::from_le_bytes };
        let [mut first, mut second] = self.now;
        for pair in bytes.as_chunks::<8>().0 {
            let &[a, b, c, d, e, f, g, h] = pair;
            first = first.wrapping_add(word([a, b, c, d])).wrapping_add(second);
            second = second.wrapping_add(word([e, f, g, h])).wrapping_add(first);
        }
        self.now = [first, second];
    }
}

/// Writes into the file what counts as copied: of the pages that stand in no later frame, as those are copied anew.
fn copy(
    mut ahead: &File,
    path: &Path,
    pages: &HashMap<u32, u64>,
    copied: u64,
    page: usize,
) -> io::Result<()> {
    let kept = file::kept(path)?;
    let mut log: &File = &kept;
    let mut bytes = Vec::new();
    let mut counted: Vec<_> = pages.iter().filter(|&(_, &frame)| frame <= copied).collect();
    counted.sort_unstable();
    for (&number, &frame) in counted {
        let header = u64::try_from(FRAME_HEADER).unwrap_or(u64::MAX);
        let at = place(frame.saturating_sub(1), page).saturating_add(header);
        read_at(&mut ahead, at, page, &mut bytes)?;
        let to = u64::from(number).checked_sub(1).ok_or(io::ErrorKind::InvalidData)?;
        write_at(&mut log, to.saturating_mul(u64::try_from(page).unwrap_or(u64::MAX)), &bytes)?;
    }
    log.sync_data()
}

/// Reads so many bytes, or fails.
fn read_at(file: &mut (impl Read + Seek), at: u64, length: usize, into: &mut Vec<u8>) -> io::Result<()> {
    into.resize(length, 0);
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(into)
}

fn write_at(file: &mut (impl Write + Seek), at: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}

fn held(path: &Path) -> AuditError {
    let message = format!(
        "cannot open the audit log `{}`: another process copies its write-ahead log: no action runs \
         until it has ended",
        path.display()
    );
    AuditError::new(AuditErrorKind::Locked, message)
}

fn damaged(path: &Path) -> AuditError {
    let message = format!(
        "the write-ahead log of `{}` is not what was written: keep the files; what is whole of it is read once all \
         programs that have it open have ended",
        path.display()
    );
    AuditError::new(AuditErrorKind::Damaged, message)
}
