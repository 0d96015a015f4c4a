//! The files of a log beside SQLite.

use crate::audit::AuditError;
use rusqlite::Connection;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What is copied at a time.
const CHUNK: u64 = 1 << 20;

/// Makes sure that what stands in the write-ahead log is on the disk, before anything follows it.
///
/// A process may have ended after a sync that failed. The system then holds pages that never reached the disk, and
/// counts them as written: no later sync writes them. So they are written again, as they are. Nobody else writes
/// meanwhile, and who reads finds the same bytes. SQLite locks nothing of this file, so that no lock is lost when it
/// is closed here.
pub(super) fn settle(connection: &Connection, path: &Path, frames: i64) -> Result<(), AuditError> {
    let failed = |error: rusqlite::Error| AuditError::sqlite(&error, "open", path);
    if frames <= 0 {
        return Ok(());
    }
    let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(failed)?;
    // A header of 32 bytes, and one of 24 before each page.
    let length = frames.saturating_mul(page.saturating_add(24)).saturating_add(32);
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    connection.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
    let written = ahead(path).and_then(|ahead| write_again(&ahead, length));
    connection.execute_batch("ROLLBACK").map_err(failed)?;
    written.map_err(|error| AuditError::io(&error, "write", path))
}

fn write_again(path: &Path, length: u64) -> io::Result<()> {
    let mut file = match File::options().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut chunk = Vec::new();
    let mut at = 0;
    while at < length {
        chunk.clear();
        file.seek(SeekFrom::Start(at))?;
        let read = (&mut file).take(CHUNK.min(length - at)).read_to_end(&mut chunk)?;
        if read == 0 {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&chunk)?;
        at = at.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
    file.sync_data()
}

/// The write-ahead log of a log: beside the file itself, if the path is a link to it.
fn ahead(path: &Path) -> io::Result<PathBuf> {
    let mut name = OsString::from(path.canonicalize()?);
    name.push("-wal");
    Ok(PathBuf::from(name))
}
