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
const HEADER: u64 = 32;

/// What stands before each page in it, the number of the page first.
const FRAME_HEADER: u64 = 24;

/// Frames that are in memory at a time.
const FRAMES: u64 = 256;

/// Writes again, by a connection that may write, what others or the process before may have left unwritten. Then
/// copies what can be copied.
pub(super) fn write_again(connection: &Connection, path: &Path, wait: Duration) -> Result<(), AuditError> {
    let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "open", path);
    let page: u64 = connection
        .query_row("PRAGMA page_size", [], |row| row.get::<_, i64>(0))
        .map_err(failed)
        .and_then(|page| u64::try_from(page).map_err(|_| damaged(path)))?;
    connection.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
    let written = locked(path, page, wait);
    connection.execute_batch("ROLLBACK").map_err(failed)?;
    written
}

fn locked(path: &Path, page: u64, wait: Duration) -> Result<(), AuditError> {
    let Some(lock) = checkpoint::Lock::take(path, wait)? else { return Err(held(path)) };
    // A connection that has a transaction is not told.
    let other = schema::open_to_copy(path)?;
    let (frames, copied) = other
        .query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| {
            Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })
        .map_err(|error| AuditError::sqlite(&error, "open", path))?;
    let (Ok(frames), Ok(copied)) = (u64::try_from(frames), u64::try_from(copied)) else { return Ok(()) };
    let failed = |error: io::Error| AuditError::io(&error, "write", path);
    let ahead = File::options().read(true).write(true).open(file::ahead(path).map_err(failed)?);
    let mut ahead = ahead.map_err(failed)?;
    let pages = again(&mut ahead, frames, page).map_err(failed)?;
    if copied > 0 {
        copy(&mut ahead, path, &pages, copied, page).map_err(failed)?;
    }
    drop(lock);
    Ok(())
}

/// Writes the write-ahead log again. Says in which frame each page stands last, from 1.
fn again(ahead: &mut File, frames: u64, page: u64) -> io::Result<HashMap<u32, u64>> {
    let mut last = HashMap::new();
    if frames == 0 {
        return Ok(last);
    }
    let size = FRAME_HEADER.saturating_add(page);
    let mut bytes = Vec::new();
    read_at(ahead, 0, HEADER, &mut bytes)?;
    write_at(ahead, 0, &bytes)?;
    let mut frame = 0;
    while frame < frames {
        let some = FRAMES.min(frames.saturating_sub(frame));
        let at = frame.saturating_mul(size).saturating_add(HEADER);
        read_at(ahead, at, some.saturating_mul(size), &mut bytes)?;
        for one in bytes.chunks(usize::try_from(size).unwrap_or(usize::MAX)) {
            frame = frame.saturating_add(1);
            if let Some(number) = one.first_chunk() {
                last.insert(u32::from_be_bytes(*number), frame);
            }
        }
        write_at(ahead, at, &bytes)?;
    }
    ahead.sync_data()?;
    Ok(last)
}

/// Writes into the file what counts as copied: of the pages that stand in no later frame, as those are copied anew.
fn copy(ahead: &mut File, path: &Path, pages: &HashMap<u32, u64>, copied: u64, page: u64) -> io::Result<()> {
    let kept = file::kept(path)?;
    let mut log: &File = &kept;
    let mut bytes = Vec::new();
    let mut counted: Vec<_> = pages.iter().filter(|&(_, &frame)| frame <= copied).collect();
    counted.sort_unstable();
    for (&number, &frame) in counted {
        let before = frame.saturating_sub(1).saturating_mul(FRAME_HEADER.saturating_add(page));
        let at = before.saturating_add(HEADER).saturating_add(FRAME_HEADER);
        read_at(ahead, at, page, &mut bytes)?;
        let to = u64::from(number).checked_sub(1).ok_or(io::ErrorKind::InvalidData)?;
        write_at(&mut log, to.saturating_mul(page), &bytes)?;
    }
    log.sync_data()
}

/// Reads so many bytes, or fails.
fn read_at(file: &mut File, at: u64, length: u64, into: &mut Vec<u8>) -> io::Result<()> {
    into.clear();
    file.seek(SeekFrom::Start(at))?;
    let read = file.take(length).read_to_end(into)?;
    if u64::try_from(read) == Ok(length) { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
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
    AuditError::new(AuditErrorKind::Damaged, format!("the audit log `{}` has no page size", path.display()))
}
