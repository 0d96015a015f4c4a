//! Why an artifact is refused.

use core::fmt;

/// Why bytes were not loaded as a policy.
#[derive(Debug)]
pub struct LoadError {
    kind: LoadErrorKind,
    detail: String,
}

/// What kind of fault a [`LoadError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// The file could not be read.
    Io,
    /// The bytes are no artifact at all.
    NotAnArtifact,
    /// The artifact is of a format that this version does not read.
    UnsupportedFormat,
    /// The file is shorter or longer than its header says.
    WrongLength,
    /// A digest does not match: the bytes are damaged or were changed.
    Damaged,
    /// The digests match, but a table breaks a rule of the format.
    Malformed,
}

impl LoadError {
    pub(crate) fn new(kind: LoadErrorKind, detail: impl Into<String>) -> Self {
        LoadError { kind, detail: detail.into() }
    }

    /// What kind of fault this is.
    #[must_use]
    pub fn kind(&self) -> LoadErrorKind {
        self.kind
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl core::error::Error for LoadError {}
