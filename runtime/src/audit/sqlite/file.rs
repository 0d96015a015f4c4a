//! The files of a log beside SQLite: whether they are still those that are written, and on the disk.

use crate::audit::{AuditError, AuditErrorKind};
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Which file it is, whatever its name: its device and its number there. None where that is not known.
type Identity = Option<(u64, u64)>;

/// The files of a log as they were when it was opened.
pub(super) struct Files {
    log: PathBuf,
    ahead: PathBuf,
    known: Known,
    /// The write-ahead log, to sync it.
    written: File,
}

/// Which files stand under the two names, and how long the first was. A log never gets shorter.
#[derive(Clone, Copy)]
struct Known {
    log: Identity,
    ahead: Identity,
    length: u64,
}

impl Files {
    /// Of a log that is open, so that both its files are there, and what stood there before.
    pub(super) fn new(path: &Path, before: Identity) -> Result<Self, AuditError> {
        let failed = |error: io::Error| AuditError::io(&error, "open", path);
        let ahead = ahead(path).map_err(failed)?;
        let known = look(path, &ahead).map_err(failed)?;
        if before.is_some() && before != known.log {
            return Err(gone(path));
        }
        // SQLite locks nothing of this file, so that no lock is lost when it is closed here.
        let written = File::options().read(true).write(true).open(&ahead).map_err(failed)?;
        if written.metadata().ok().as_ref().and_then(identity) != known.ahead {
            return Err(gone(path));
        }
        Ok(Files { log: path.to_owned(), ahead, known, written })
    }

    /// Brings to the disk what stands in the write-ahead log, and looks whether it is still where it was.
    pub(super) fn sync(&mut self) -> Result<(), AuditError> {
        self.written.sync_data().map_err(|error| AuditError::io(&error, "write", &self.log))?;
        self.still_there()
    }

    /// Whether whoever opens the log now finds what this process writes. SQLite goes on writing a file that was
    /// deleted or moved away; what it says is written then is lost.
    fn still_there(&mut self) -> Result<(), AuditError> {
        let before = self.known;
        let now = look(&self.log, &self.ahead)
            .ok()
            .filter(|now| now.log == before.log && now.ahead == before.ahead && now.length >= before.length);
        self.known = now.ok_or_else(|| gone(&self.log))?;
        Ok(())
    }
}

/// Which file a path names, if there is one.
pub(super) fn known(path: &Path) -> Identity {
    std::fs::metadata(path).ok().as_ref().and_then(identity)
}

/// A log that is not where it was.
pub(super) fn gone(path: &Path) -> AuditError {
    let message = format!(
        "the audit log `{}`, or its write-ahead log, was deleted, moved or replaced while it was written: no action \
         runs until it is back, or another is begun by starting this program anew",
        path.display()
    );
    AuditError::new(AuditErrorKind::Io, message)
}

/// The file of a log, opened beside SQLite. It is never closed: that would drop the locks that SQLite has on it, in
/// all of the process.
pub(super) fn kept(path: &Path) -> io::Result<Arc<File>> {
    static KEPT: Mutex<Vec<(Identity, Arc<File>)>> = Mutex::new(Vec::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let known = identity(&std::fs::metadata(path)?);
    if let Some((_, file)) = kept.iter().find(|(which, _)| which.is_some() && *which == known) {
        return Ok(Arc::clone(file));
    }
    let file = Arc::new(File::options().read(true).write(true).open(path)?);
    let opened = file.metadata().map(|opened| identity(&opened));
    kept.push((opened.as_ref().ok().copied().flatten(), Arc::clone(&file)));
    if opened? == known { Ok(file) } else { Err(io::Error::other("the file was replaced")) }
}

fn look(log: &Path, ahead: &Path) -> io::Result<Known> {
    let (log, ahead) = (std::fs::metadata(log)?, std::fs::metadata(ahead)?);
    Ok(Known { log: identity(&log), ahead: identity(&ahead), length: log.len() })
}

#[cfg(unix)]
fn identity(file: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Some((file.dev(), file.ino()))
}

/// A file that is open cannot be deleted elsewhere.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    None
}

/// The write-ahead log of a log: beside the file itself, if the path is a link to it.
pub(super) fn ahead(path: &Path) -> io::Result<PathBuf> {
    let mut name = OsString::from(path.canonicalize()?);
    name.push("-wal");
    Ok(PathBuf::from(name))
}
