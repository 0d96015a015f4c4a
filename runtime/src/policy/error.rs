//! Why a policy was not taken.
//!
//! A fault is found where nobody knows yet what serves on; it becomes an error, whose text says what, where, why and
//! how to mend, where that is known. Errors are opaque, and are told apart by their kind.

use super::generation::Generation;
use aegis_vm::{LoadError, LoadErrorKind};
use core::fmt;
use std::path::Path;

/// Why a policy did not take the place of the one in service.
///
/// # Examples
///
/// ```
/// use aegis_runtime::policy::{PolicyHandle, ReloadErrorKind};
///
/// let error = PolicyHandle::from_file("nowhere.aegisb").unwrap_err();
/// assert_eq!(error.kind(), ReloadErrorKind::Missing);
/// assert!(error.to_string().contains("nowhere.aegisb` was not taken: there is no such file"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReloadError {
    kind: ReloadErrorKind,
    load: Option<LoadErrorKind>,
    message: String,
}

/// What kind of fault a [`ReloadError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReloadErrorKind {
    /// There is no such file.
    Missing,
    /// The file could not be read.
    Unreadable,
    /// What the path names is no regular file.
    NotAFile,
    /// The file has more bytes than [`ReloadRules`](super::ReloadRules) allows.
    TooLarge,
    /// The bytes are not a whole and sound artifact; [`ReloadError::load_kind`] says more.
    DoesNotLoad,
    /// The policy has another id than the one in service.
    OtherPolicy,
    /// The policy has a lower revision than the one in service.
    LowerRevision,
    /// The handle was made without a file, so that there is none to reload or to watch.
    NoFile,
    /// The system gave no thread to watch with.
    NoThread,
}

impl ReloadErrorKind {
    /// Whether another reading of the same file may end otherwise: all that a file that is being written can show.
    pub(super) fn may_pass(self) -> bool {
        !matches!(self, Self::OtherPolicy | Self::LowerRevision)
    }
}

impl ReloadError {
    pub(super) fn new(fault: Fault, path: Option<&Path>, serving: Option<&Generation>) -> Self {
        let Fault { kind, load, detail } = fault;
        let mut message = match (kind, path) {
            (ReloadErrorKind::NoFile | ReloadErrorKind::NoThread, _) => detail,
            (_, Some(path)) => format!("`{}` was not taken: {detail}", path.display()),
            (_, None) => format!("the policy that was offered was not taken: {detail}"),
        };
        if let Some(serving) = serving {
            let (number, revision) = (serving.number(), serving.revision());
            message += &format!("; the policy of generation {number} (revision {revision}) serves on");
        }
        ReloadError { kind, load, message }
    }

    /// What kind of fault this is.
    #[must_use]
    pub fn kind(&self) -> ReloadErrorKind {
        self.kind
    }

    /// Why the bytes did not load, if that is the fault.
    #[must_use]
    pub fn load_kind(&self) -> Option<LoadErrorKind> {
        self.load
    }
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for ReloadError {}

/// What is wrong, without what serves on.
#[derive(Debug)]
pub(super) struct Fault {
    kind: ReloadErrorKind,
    load: Option<LoadErrorKind>,
    detail: String,
}

impl Fault {
    pub(super) fn new(kind: ReloadErrorKind, detail: impl Into<String>) -> Self {
        Fault { kind, load: None, detail: detail.into() }
    }
}

impl From<LoadError> for Fault {
    fn from(error: LoadError) -> Self {
        let detail = error.to_string();
        Fault { kind: ReloadErrorKind::DoesNotLoad, load: Some(error.kind()), detail }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::NotFound {
            return Fault::new(
                ReloadErrorKind::Missing,
                "there is no such file; name another, or make it with `aegisc build -o`",
            );
        }
        Fault::new(ReloadErrorKind::Unreadable, format!("it cannot be read: {error}"))
    }
}
