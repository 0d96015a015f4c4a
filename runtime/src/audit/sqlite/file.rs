//! The files of a log beside SQLite: whether they are still those that are written, and on the disk.

use crate::audit::{AuditError, AuditErrorKind};
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Which file it is, whatever its name: its device and its number there. None where that is not known.
pub(super) type Identity = Option<(u64, u64)>;

/// The files of a log as they were when it was opened.
pub(super) struct Files {
    log: PathBuf,
    ahead: PathBuf,
    known: Known,
    /// The write-ahead log, to sync it.
    written: File,
    /// The write-ahead log, for whoever copies it.
    copied: Arc<File>,
}

/// Which files stand under the two names, and how long the first was. A log never gets shorter.
#[derive(Clone, Copy)]
struct Known {
    log: Identity,
    ahead: Identity,
    length: u64,
}

impl Files {
    /// Of a log that is open, so that both its files are there, and what stood there before. An error of a sync is told
    /// to those handles that are open when it happens: so these are opened before anything is relied upon.
    pub(super) fn new(path: &Path, before: Identity) -> Result<Self, AuditError> {
        let failed = |error: io::Error| AuditError::io(&error, "open", path);
        let ahead = ahead(path).map_err(failed)?;
        let known = look(path, &ahead).map_err(failed)?;
        if before.is_some() && before != known.log {
            return Err(gone(path));
        }
        // SQLite locks nothing of this file, so that no lock is lost when it is closed here.
        let open = || {
            let file = File::options().read(true).write(true).open(&ahead).map_err(failed)?;
            let opened = file.metadata().ok().as_ref().and_then(identity);
            if opened == known.ahead { Ok(file) } else { Err(gone(path)) }
        };
        let (written, copied) = (open()?, Arc::new(open()?));
        Ok(Files { log: path.to_owned(), ahead, known, written, copied })
    }

    /// Which file the log is.
    pub(super) fn identity(&self) -> Identity {
        self.known.log
    }

    /// The write-ahead log.
    pub(super) fn written(&self) -> &File {
        &self.written
    }

    /// The write-ahead log, by another handle.
    pub(super) fn copied(&self) -> &Arc<File> {
        &self.copied
    }

    /// Brings to the disk what stands in the write-ahead log.
    pub(super) fn sync(&self) -> Result<(), AuditError> {
        self.written.sync_data().map_err(|error| AuditError::io(&error, "write", &self.log))
    }

    /// Whether whoever opens the log now finds what this process writes. SQLite goes on writing a file that was
    /// deleted or moved away; what it says is written then is lost.
    pub(super) fn still_there(&mut self) -> bool {
        let before = self.known;
        let now = look(&self.log, &self.ahead)
            .ok()
            .filter(|now| now.log == before.log && now.ahead == before.ahead && now.length >= before.length);
        self.known = now.unwrap_or(before);
        now.is_some()
    }
}

/// Which file a path names, if there is one.
pub(super) fn known(path: &Path) -> Identity {
    std::fs::metadata(path).ok().as_ref().and_then(identity)
}

/// Refuses to open a log that is not there, or is empty, beside a write-ahead log that is not: SQLite would take that
/// for a rest of something else, and delete it with all that was not copied yet.
pub(super) fn guard(path: &Path) -> Result<(), AuditError> {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let ahead = ahead(path).unwrap_or_else(|_| beside(path));
    // In this order: while a log begins, the file is there first.
    if length(&ahead) == 0 || length(path) > 0 {
        return Ok(());
    }
    let message = format!(
        "the audit log `{}` is not there or is empty, but its write-ahead log is there and may have rows: put the log \
         back beside it, or move the write-ahead log away, too",
        path.display()
    );
    Err(AuditError::new(AuditErrorKind::Io, message))
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
fn ahead(path: &Path) -> io::Result<PathBuf> {
    Ok(beside(&path.canonicalize()?))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push("-wal");
    PathBuf::from(name)
}
