//! Why a log cannot be written or read.

use rusqlite::ErrorCode;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Why a log was not written or read.
#[derive(Clone, Debug)]
pub struct AuditError {
    kind: AuditErrorKind,
    message: Arc<str>,
}

/// What kind of fault an [`AuditError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditErrorKind {
    /// The file cannot be opened, read or written.
    Io,
    /// There is no room on the disk.
    Full,
    /// Another process holds the log for longer than the time that was waited.
    Locked,
    /// The file is no audit log of this kind.
    Foreign,
    /// The log is of a version that this one does not write.
    Version,
    /// The file is damaged.
    Damaged,
    /// The log was closed, or its writer ended.
    Closed,
    /// More entries wait than the log takes.
    Overloaded,
    /// An entry does not fit the log: an outcome of no intent, or a second one.
    Misplaced,
}

impl AuditError {
    /// An error of a log of one's own.
    #[must_use]
    pub fn new(kind: AuditErrorKind, message: impl Into<String>) -> Self {
        AuditError { kind, message: message.into().into() }
    }

    pub(crate) fn closed() -> Self {
        Self::new(AuditErrorKind::Closed, "the audit log is closed: no action runs without it")
    }

    /// Of SQLite, about a file, while something was done.
    pub(crate) fn sqlite(error: &rusqlite::Error, doing: &str, path: &Path) -> Self {
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => AuditErrorKind::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => AuditErrorKind::Locked,
            Some(ErrorCode::NotADatabase) => AuditErrorKind::Foreign,
            Some(ErrorCode::DatabaseCorrupt) => AuditErrorKind::Damaged,
            Some(ErrorCode::ConstraintViolation) => AuditErrorKind::Misplaced,
            _ => AuditErrorKind::Io,
        };
        Self::failed(kind, error, doing, path)
    }

    /// Of the system, about a file, while something was done.
    pub(crate) fn io(error: &std::io::Error, doing: &str, path: &Path) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => AuditErrorKind::Full,
            _ => AuditErrorKind::Io,
        };
        Self::failed(kind, error, doing, path)
    }

    fn failed(kind: AuditErrorKind, error: &dyn fmt::Display, doing: &str, path: &Path) -> Self {
        let mend = match kind {
            AuditErrorKind::Full => ": make room, the log goes on by itself",
            AuditErrorKind::Locked => ": another process holds it",
            AuditErrorKind::Foreign => ": it is no SQLite database; name another file",
            AuditErrorKind::Damaged => ": keep the file, restore a copy",
            AuditErrorKind::Io => ": look at the disk, and at the rights of the file and its folder",
            _ => "",
        };
        Self::new(kind, format!("cannot {doing} the audit log `{}`: {error}{mend}", path.display()))
    }

    /// What kind of fault this is.
    #[must_use]
    pub fn kind(&self) -> AuditErrorKind {
        self.kind
    }
}

impl fmt::Display for AuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AuditError {}
