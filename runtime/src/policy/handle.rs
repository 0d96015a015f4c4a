//! What the threads that decide and those that replace share.
//!
//! Takes a policy and then others, gives the one in service. Readers take one pointer, without a lock. Writers take
//! turns: a policy is judged against the one that it will replace, so numbers have no gaps and no rule is passed by
//! two at once. Readings of files take turns of their own, from the first byte to the swap, so that what was read
//! first is never put in place last; a long reading does not hold up a policy from memory.

use super::error::{Fault, ReloadError, ReloadErrorKind};
use super::generation::{Generation, Serving};
use super::read::read;
use super::report;
use super::rules::ReloadRules;
use aegis_vm::Policy;
use arc_swap::ArcSwap;
use core::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A policy in service that can be replaced. A clone is another handle on the same.
///
/// # Examples
///
/// ```
/// use aegis_runtime::policy::{PolicyHandle, Reloaded};
/// use aegis_vm::{Action, NoClock, Policy};
///
/// let handle = PolicyHandle::new(Policy::from_file("../vm/examples/policy.aegisb")?);
/// let decider = handle.clone();
/// std::thread::spawn(move || {
///     let serving = decider.load();
///     let decision = serving.policy().evaluate(&Action::new("destroy_cluster", "staging"), NoClock);
///     assert!(!decision.is_allowed());
/// })
/// .join()
/// .unwrap();
///
/// // The same artifact again is no new generation.
/// let same = Policy::from_file("../vm/examples/policy.aegisb")?;
/// assert!(matches!(handle.replace(same)?, Reloaded::Unchanged(_)));
/// assert_eq!(handle.load().number(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PolicyHandle {
    inner: Arc<Inner>,
}

struct Inner {
    current: ArcSwap<Generation>,
    rules: ReloadRules,
    /// The handle's own file, absolute, so that it stays the same when the process changes its folder.
    file: Option<PathBuf>,
    /// Held while a policy is judged and put in place.
    writing: Mutex<()>,
    /// Held from the reading of a file until its policy is in place.
    reading: Mutex<()>,
}

/// What became of a policy that was not refused.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reloaded {
    /// It is in service, as this generation.
    Swapped(Arc<Generation>),
    /// It is the one in service, by its digest; nothing was done.
    Unchanged(Arc<Generation>),
}

impl Reloaded {
    /// The generation in service.
    #[must_use]
    pub fn generation(&self) -> &Arc<Generation> {
        match self {
            Reloaded::Swapped(generation) | Reloaded::Unchanged(generation) => generation,
        }
    }

    /// The number of the generation in service.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.generation().number()
    }
}

impl PolicyHandle {
    /// A handle on a policy from memory: generation 1. It has no file to reload or to watch.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self::new_with(policy, ReloadRules::default())
    }

    /// As [`new`](Self::new), with other rules.
    #[must_use]
    pub fn new_with(policy: Policy, rules: ReloadRules) -> Self {
        Self::of(policy, None, rules)
    }

    /// A handle on the policy of a file, which is the handle's own from then on.
    ///
    /// # Errors
    ///
    /// [`ReloadError`] if there is no such regular file, or it does not load.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ReloadError> {
        Self::from_file_with(path, ReloadRules::default())
    }

    /// As [`from_file`](Self::from_file), with other rules.
    ///
    /// # Errors
    ///
    /// As of [`from_file`](Self::from_file).
    pub fn from_file_with(path: impl AsRef<Path>, rules: ReloadRules) -> Result<Self, ReloadError> {
        let path = absolute(path.as_ref());
        let bytes = read(&path, rules.most_bytes());
        let policy = bytes.and_then(|bytes| Policy::from_bytes(bytes).map_err(Fault::from));
        match policy {
            Ok(policy) => Ok(Self::of(policy, Some(path), rules)),
            Err(fault) => Err(ReloadError::new(fault, Some(&path), None)),
        }
    }

    fn of(policy: Policy, file: Option<PathBuf>, rules: ReloadRules) -> Self {
        let first = Generation::new(policy, 1, file.clone());
        report::serving(&first);
        let inner = Inner {
            current: ArcSwap::from_pointee(first),
            rules,
            file,
            writing: Mutex::new(()),
            reading: Mutex::new(()),
        };
        let handle = PolicyHandle { inner: Arc::new(inner) };
        handle.publish();
        handle
    }

    /// The generation in service, for the span of a decision: never waits.
    #[must_use]
    #[inline]
    pub fn load(&self) -> Serving {
        Serving::new(self.inner.current.load())
    }

    /// The generation in service, to keep: never waits.
    #[must_use]
    pub fn load_full(&self) -> Arc<Generation> {
        self.inner.current.load_full()
    }

    /// The handle's own file, absolute.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.inner.file.as_deref()
    }

    /// The rules of this handle.
    #[must_use]
    pub fn rules(&self) -> ReloadRules {
        self.inner.rules
    }

    /// Puts a policy in the place of the one in service, by the handle's rules.
    ///
    /// # Errors
    ///
    /// [`ReloadError`] if the rules refuse it.
    pub fn replace(&self, policy: Policy) -> Result<Reloaded, ReloadError> {
        self.replace_with(policy, self.inner.rules)
    }

    /// As [`replace`](Self::replace), by other rules, this once.
    ///
    /// # Errors
    ///
    /// As of [`replace`](Self::replace).
    pub fn replace_with(&self, policy: Policy, rules: ReloadRules) -> Result<Reloaded, ReloadError> {
        let result = self.offer(policy, None, rules);
        self.tell(None, &result);
        result
    }

    /// Reads the handle's own file again.
    ///
    /// # Errors
    ///
    /// [`ReloadError`] if the handle has no file, the file cannot be read or does not load, or the rules refuse it.
    pub fn reload(&self) -> Result<Reloaded, ReloadError> {
        if let Some(path) = &self.inner.file {
            return self.reload_from(path);
        }
        let result = Err(self.refused(no_file(), None));
        self.tell(None, &result);
        result
    }

    /// Reads a file and puts its policy in place. The handle's own file stays what it is.
    ///
    /// # Errors
    ///
    /// [`ReloadError`] if the file cannot be read or does not load, or the rules refuse it.
    ///
    /// # Examples
    ///
    /// ```
    /// use aegis_runtime::policy::{PolicyHandle, Reloaded};
    ///
    /// let handle = PolicyHandle::from_file("../vm/examples/policy.aegisb")?;
    /// let again = handle.reload_from("../vm/examples/policy.aegisb")?;
    /// assert!(matches!(again, Reloaded::Unchanged(_)));
    /// assert_eq!(again.number(), 1);
    /// # Ok::<(), aegis_runtime::policy::ReloadError>(())
    /// ```
    pub fn reload_from(&self, path: impl AsRef<Path>) -> Result<Reloaded, ReloadError> {
        self.reload_from_with(path, self.inner.rules)
    }

    /// As [`reload_from`](Self::reload_from), by other rules, this once.
    ///
    /// # Errors
    ///
    /// As of [`reload_from`](Self::reload_from).
    pub fn reload_from_with(
        &self,
        path: impl AsRef<Path>,
        rules: ReloadRules,
    ) -> Result<Reloaded, ReloadError> {
        let path = absolute(path.as_ref());
        let result = {
            let _turn = self.reading();
            self.read(&path, rules).and_then(|bytes| self.offer_bytes(bytes, &path, rules))
        };
        self.tell(Some(&path), &result);
        result
    }

    /// Describes the metrics to the recorder and sets the gauge; for a recorder that was installed after the handle
    /// was made.
    pub fn describe_metrics(&self) {
        report::describe();
        self.publish();
    }

    /// The turn to read a file.
    pub(super) fn reading(&self) -> MutexGuard<'_, ()> {
        self.inner.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes of a file.
    pub(super) fn read(&self, path: &Path, rules: ReloadRules) -> Result<Vec<u8>, ReloadError> {
        read(path, rules.most_bytes()).map_err(|fault| self.refused(fault, Some(path)))
    }

    /// Offers the bytes of a file; tells nobody.
    pub(super) fn offer_bytes(
        &self,
        bytes: Vec<u8>,
        path: &Path,
        rules: ReloadRules,
    ) -> Result<Reloaded, ReloadError> {
        match Policy::from_bytes(bytes) {
            Ok(policy) => self.offer(policy, Some(path), rules),
            Err(error) => Err(self.refused(error.into(), Some(path))),
        }
    }

    /// Judges a policy and puts it in place; tells nobody.
    fn offer(
        &self,
        policy: Policy,
        path: Option<&Path>,
        rules: ReloadRules,
    ) -> Result<Reloaded, ReloadError> {
        let _turn = self.inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let serving = self.load_full();
        if serving.digest() == policy.digest() {
            return Ok(Reloaded::Unchanged(serving));
        }
        rules
            .check(serving.policy(), &policy)
            .map_err(|fault| ReloadError::new(fault, path, Some(&serving)))?;
        let number = serving.number().saturating_add(1);
        let next = Arc::new(Generation::new(policy, number, path.map(Path::to_path_buf)));
        self.inner.current.store(Arc::clone(&next));
        Ok(Reloaded::Swapped(next))
    }

    /// The error of a fault, while the policy in service serves on.
    pub(super) fn refused(&self, fault: Fault, path: Option<&Path>) -> ReloadError {
        ReloadError::new(fault, path, Some(&self.load()))
    }

    /// Tells what became of an attempt.
    pub(super) fn tell(&self, path: Option<&Path>, result: &Result<Reloaded, ReloadError>) {
        match result {
            Ok(Reloaded::Swapped(generation)) => report::swapped(generation),
            Ok(Reloaded::Unchanged(generation)) => report::unchanged(path, generation),
            Err(error) => report::refused(path, error, &self.load()),
        }
        self.publish();
    }

    /// Sets the gauge. Two swaps may tell in another order than they were made; the last word is of what serves.
    fn publish(&self) {
        loop {
            let number = self.load().number();
            report::gauge(number);
            if self.load().number() == number {
                return;
            }
        }
    }
}

impl fmt::Debug for PolicyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyHandle")
            .field("serving", &self.load())
            .field("file", &self.inner.file)
            .field("rules", &self.inner.rules)
            .finish_non_exhaustive()
    }
}

pub(super) fn no_file() -> Fault {
    Fault::new(
        ReloadErrorKind::NoFile,
        "the policy came from memory, and there is no file to read again; make the handle with `from_file`, or name \
         the file in `reload_from`",
    )
}

/// The path from the root, or as it is if the process has no folder.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}
