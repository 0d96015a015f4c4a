//! When a watched file is worth a reading, and what of a reading is worth telling.
//!
//! Takes looks at the file's metadata and the outcome of readings, each with its time; gives whether to read, and what
//! to tell. It owns no clock, file or thread, so that its tests need none.
//!
//! A reading may catch a file half written. Such a one is never taken, since its digest refuses it, but neither is it
//! told as a fault before the file has been at rest for a while. What was taken is read once more at rest too: two
//! writes within one tick of the file system's clock look alike.

use super::error::ReloadError;
use super::handle::Reloaded;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// The SHA-256 of what was read, or of why nothing was.
pub(super) type Content = [u8; 32];

/// So many settle times may a file that does not load go on changing before that is told all the same.
const RESTLESS: u32 = 100;

/// The most contents that are remembered as told.
const MOST_TOLD: usize = 64;

/// What the metadata of a file say without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    File { length: u64, modified: Option<SystemTime>, identity: Identity },
    Unseen(ErrorKind),
}

impl Look {
    /// At the file that a path leads to, through every symbolic link.
    pub(super) fn at(path: &Path) -> Self {
        match std::fs::metadata(path) {
            Ok(metadata) => Look::File {
                length: metadata.len(),
                modified: metadata.modified().ok(),
                identity: Identity::of(&metadata),
            },
            Err(error) => Look::Unseen(error.kind()),
        }
    }
}

/// Which file it is, and when anything of it was changed; times can be set back, this one cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity([i128; 4]);

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let (device, inode) = (metadata.dev().into(), metadata.ino().into());
        Identity([device, inode, metadata.ctime().into(), metadata.ctime_nsec().into()])
    }

    #[cfg(not(unix))]
    fn of(metadata: &Metadata) -> Self {
        let created =
            metadata.created().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        let nanos = created.and_then(|time| i128::try_from(time.as_nanos()).ok());
        Identity([nanos.unwrap_or_default(), 0, 0, 0])
    }
}

/// What is known of a watched file.
#[derive(Debug)]
pub(super) struct Settle {
    settle: Duration,
    look: Option<Look>,
    /// When the metadata changed last.
    since: Instant,
    /// When the file is read again though its metadata are the same.
    due: Option<Instant>,
    /// Whether this is the first reading since the metadata changed.
    fresh: bool,
    /// Whether nothing was read yet: then a file that is in service is no news.
    first: bool,
    /// The content that was loaded last.
    taken: Option<Content>,
    /// Since when nothing loads.
    faulty: Option<Instant>,
    /// What was told as refused since something loaded.
    told: Vec<Content>,
}

impl Settle {
    pub(super) fn new(settle: Duration, now: Instant) -> Self {
        Settle {
            settle,
            look: None,
            since: now,
            due: None,
            fresh: false,
            first: true,
            taken: None,
            faulty: None,
            told: Vec::new(),
        }
    }

    /// When to look next at the latest, for a file that came to rest.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether the file is to be read after this look.
    pub(super) fn look(&mut self, look: Look, now: Instant) -> bool {
        self.fresh = self.look.as_ref() != Some(&look);
        if self.fresh {
            self.look = Some(look);
            self.since = now;
            self.due = now.checked_add(self.settle);
            return true;
        }
        let due = self.due.is_some_and(|due| due <= now);
        if due {
            self.due = None;
        }
        due
    }

    /// Whether a content need not be loaded: that which was loaded last, in a file at rest.
    pub(super) fn knows(&self, content: &Content) -> bool {
        !self.fresh && self.taken.as_ref() == Some(content)
    }

    /// The outcome of a reading, if it is worth telling; with the time of the look that led to it.
    pub(super) fn judge(
        &mut self,
        content: Content,
        result: Result<Reloaded, ReloadError>,
        now: Instant,
    ) -> Option<Result<Reloaded, ReloadError>> {
        let first = core::mem::take(&mut self.first);
        let error = match result {
            Ok(reloaded) => {
                self.taken = Some(content);
                self.faulty = None;
                let recovered = !core::mem::take(&mut self.told).is_empty();
                let news = match reloaded {
                    Reloaded::Swapped(_) => true,
                    Reloaded::Unchanged(_) => recovered || self.fresh && !first,
                };
                return news.then_some(Ok(reloaded));
            }
            Err(error) => error,
        };
        let content = if error.kind().may_pass() {
            let faulty = *self.faulty.get_or_insert(now);
            let restless = now.saturating_duration_since(faulty) >= self.settle.saturating_mul(RESTLESS);
            match (now.saturating_duration_since(self.since) >= self.settle, restless) {
                (true, _) => content,
                // Whatever it holds by then: told once, not for every write.
                (false, true) => [0; 32],
                (false, false) => return None,
            }
        } else {
            self.taken = Some(content);
            self.faulty = None;
            content
        };
        if self.told.contains(&content) {
            return None;
        }
        if self.told.len() >= MOST_TOLD {
            self.told.remove(0);
        }
        self.told.push(content);
        Some(Err(error))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::policy::error::{Fault, ReloadErrorKind};
    use crate::policy::generation::Generation;
    use aegis_vm::Policy;
    use std::sync::Arc;

    const SETTLE: Duration = Duration::from_millis(300);

    fn after(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    fn file(length: u64) -> Look {
        Look::File { length, modified: None, identity: Identity([0; 4]) }
    }

    fn bad(kind: ReloadErrorKind) -> Result<Reloaded, ReloadError> {
        Err(ReloadError::new(Fault::new(kind, "bad"), None, None))
    }

    fn good() -> Arc<Generation> {
        Arc::new(Generation::new(Policy::from_file("../vm/examples/policy.aegisb").unwrap(), 1, None))
    }

    fn broken() -> Result<Reloaded, ReloadError> {
        bad(ReloadErrorKind::DoesNotLoad)
    }

    #[test]
    fn a_fault_is_told_once_and_at_rest() {
        let start = Instant::now();
        let mut settle = Settle::new(SETTLE, start);
        assert!(settle.look(file(1), start));
        assert!(settle.judge([1; 32], broken(), start).is_none());
        assert_eq!(settle.due(), Some(after(start, 300)));
        assert!(!settle.look(file(1), after(start, 299)));
        // It was still being written.
        assert!(settle.look(file(2), after(start, 299)));
        assert!(settle.judge([2; 32], broken(), after(start, 299)).is_none());
        assert!(!settle.look(file(2), after(start, 598)));
        assert!(settle.look(file(2), after(start, 599)));
        assert!(settle.judge([2; 32], broken(), after(start, 599)).is_some());
        // A thousand polls of the same file, then another file of the same bytes.
        assert!((600..1600).all(|millis| !settle.look(file(2), after(start, millis))));
        assert_eq!(settle.due(), None);
        assert!(settle.look(file(3), after(start, 2000)));
        assert!(settle.judge([2; 32], broken(), after(start, 2000)).is_none());
        assert!(settle.look(file(3), after(start, 2300)));
        assert!(settle.judge([2; 32], broken(), after(start, 2300)).is_none());
    }

    #[test]
    fn a_file_that_never_rests_is_told_once() {
        let start = Instant::now();
        let mut settle = Settle::new(SETTLE, start);
        // A write every 100 ms, for a minute.
        let mut told = Vec::new();
        for millis in (0..60_000).step_by(100) {
            let now = after(start, millis);
            assert!(settle.look(file(millis), now));
            if settle.judge([7; 32], broken(), now).is_some() {
                told.push(millis);
            }
        }
        assert_eq!(told, [30_000]);
    }

    #[test]
    fn what_the_rules_refuse_is_told_at_once_and_once() {
        let start = Instant::now();
        let mut settle = Settle::new(SETTLE, start);
        for (length, news) in [(1, true), (2, false)] {
            assert!(settle.look(file(length), start));
            assert_eq!(settle.judge([1; 32], bad(ReloadErrorKind::OtherPolicy), start).is_some(), news);
        }
    }

    #[test]
    fn what_was_taken_is_read_once_more_at_rest() {
        let start = Instant::now();
        let mut settle = Settle::new(SETTLE, start);
        assert!(settle.look(file(1), start));
        // What is in service when the watch begins is no news.
        assert!(settle.judge([1; 32], Ok(Reloaded::Unchanged(good())), start).is_none());
        assert!(!settle.knows(&[1; 32]));
        assert!(settle.look(file(1), after(start, 300)));
        assert!(settle.knows(&[1; 32]) && !settle.knows(&[2; 32]));
        // Other bytes that look alike.
        assert!(settle.judge([2; 32], Ok(Reloaded::Swapped(good())), after(start, 300)).is_some());
        assert!(!settle.look(file(1), after(start, 9000)));
        // Written again with the same.
        assert!(settle.look(file(2), after(start, 9001)));
        assert!(!settle.knows(&[2; 32]));
        assert!(settle.judge([2; 32], Ok(Reloaded::Unchanged(good())), after(start, 9001)).is_some());
    }

    #[test]
    fn a_fault_that_comes_back_is_told_again() {
        let start = Instant::now();
        let mut settle = Settle::new(Duration::ZERO, start);
        let mut missing = |now| {
            settle.look(Look::Unseen(ErrorKind::NotFound), now);
            let told = settle.judge([1; 32], bad(ReloadErrorKind::Missing), now).is_some();
            assert!(settle.look(file(1), now));
            // It is the one in service, and that it is back is news.
            assert!(settle.judge([2; 32], Ok(Reloaded::Unchanged(good())), now).is_some());
            told
        };
        assert!(missing(start) && missing(after(start, 1)));
    }
}
