//! A policy in service, and the hold on it that a decision takes.
//!
//! Takes a policy, its number and its file; never changes afterwards, so that a decision can name what made it by the
//! number and the digest. A hold is `arc_swap`'s guard, wrapped so that it is no part of the interface: it borrows a
//! slot of the thread instead of the shared count of an `Arc`, on which threads would wait for each other.

use aegis_vm::Policy;
use arc_swap::Guard;
use core::fmt::{self, Write};
use core::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A policy that is or was in service, and what tells it from those before and after.
///
/// # Examples
///
/// ```
/// use aegis_runtime::policy::PolicyHandle;
///
/// let handle = PolicyHandle::from_file("../vm/examples/policy.aegisb")?;
/// let generation = handle.load_full();
/// assert_eq!((generation.number(), generation.revision()), (1, 0));
/// assert_eq!(generation.digest(), generation.policy().digest());
/// assert_eq!(generation.digest_hex().len(), 64);
/// assert!(generation.path().unwrap().ends_with("policy.aegisb"));
/// # Ok::<(), aegis_runtime::policy::ReloadError>(())
/// ```
pub struct Generation {
    policy: Policy,
    number: u64,
    digest_hex: String,
    path: Option<PathBuf>,
}

impl Generation {
    pub(super) fn new(policy: Policy, number: u64, path: Option<PathBuf>) -> Self {
        let digest_hex = policy.digest().iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        Generation { policy, number, digest_hex, path }
    }

    /// The policy, to decide with.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The number within its handle: 1 for the first policy, one more for each that took its place.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The digest of the artifact: its identity wherever it runs.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.policy.digest()
    }

    /// The digest in 64 hexadecimal digits.
    #[must_use]
    pub fn digest_hex(&self) -> &str {
        &self.digest_hex
    }

    /// The revision that the build was given.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.policy.revision()
    }

    /// The file that it was read from; none if the policy came from memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation")
            .field("number", &self.number)
            .field("digest", &self.digest_hex)
            .field("path", &self.path)
            .field("policy", &self.policy)
            .finish()
    }
}

/// The generation that was in service when it was asked for, held until this is dropped.
///
/// For the span of a decision. A thread has a few slots for these; what is kept for longer should be an
/// [`Arc`], by [`into_arc`](Self::into_arc). Whoever drops the last hold on an old generation frees its memory.
pub struct Serving(Guard<Arc<Generation>>);

impl Serving {
    pub(super) fn new(guard: Guard<Arc<Generation>>) -> Self {
        Serving(guard)
    }

    /// The generation, to keep.
    #[must_use]
    pub fn into_arc(self) -> Arc<Generation> {
        Guard::into_inner(self.0)
    }
}

impl Deref for Serving {
    type Target = Generation;

    #[inline]
    fn deref(&self) -> &Generation {
        &self.0
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
