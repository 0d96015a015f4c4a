//! What the system tells of changes where a file lies.
//!
//! Takes the file's path and whom to wake, gives nothing but wake-ups. Not the file but the folders are watched: the one
//! where the path is, since deploys rename over the name or swap a link beside it, and the one where the file really
//! is, if links lead elsewhere. Links between the two are left to polling. A folder can be renamed and made again, so
//! what is watched is compared with what is there each time.

use notify::event::{AccessKind, AccessMode, Event, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// The folders of a file, under watch.
pub(super) struct Folders {
    wake: Arc<dyn Fn() + Send + Sync>,
    watcher: Option<RecommendedWatcher>,
    watched: Vec<Folder>,
    /// Why nothing is told, and when it is tried again.
    down: Option<(String, Instant)>,
}

/// A folder, and which one it is.
#[derive(Debug, PartialEq, Eq)]
struct Folder {
    path: PathBuf,
    identity: Option<Identity>,
}

/// Device and inode; and the time it was made, since an inode may be used again.
type Identity = (u64, u64, Option<SystemTime>);

impl Folder {
    fn of(path: &Path) -> Self {
        Folder { path: path.to_path_buf(), identity: identity(path) }
    }
}

impl Folders {
    pub(super) fn new(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Folders { wake, watcher: None, watched: Vec::new(), down: None }
    }

    /// Whether changes are told.
    pub(super) fn is_up(&self) -> bool {
        self.down.is_none()
    }

    /// Watches the folders that the path leads to now; no more often than at the interval if that fails. Gives why it
    /// failed, if it did not fail before.
    pub(super) fn renew(&mut self, path: &Path, interval: Duration, now: Instant) -> Option<String> {
        if self.down.as_ref().is_some_and(|(_, again)| now < *again) {
            return None;
        }
        let wanted = folders(path);
        if self.down.is_none() && self.watched == wanted {
            return None;
        }
        let was_up = self.is_up();
        self.down = self.watch(wanted).err().map(|error| (error.to_string(), now + interval));
        self.down.as_ref().filter(|_| was_up).map(|(why, _)| why.clone())
    }

    fn watch(&mut self, wanted: Vec<Folder>) -> notify::Result<()> {
        let watcher = match &mut self.watcher {
            Some(watcher) => watcher,
            none => {
                let wake = Arc::clone(&self.wake);
                none.insert(notify::recommended_watcher(move |event: notify::Result<Event>| {
                    if event.is_ok_and(|event| !is_reading(event.kind)) {
                        wake();
                    }
                })?)
            }
        };
        for gone in self.watched.drain(..) {
            // One that is no more has no watch to end.
            let _ = watcher.unwatch(&gone.path);
        }
        for folder in &wanted {
            watcher.watch(&folder.path, RecursiveMode::NonRecursive)?;
        }
        self.watched = wanted;
        Ok(())
    }
}

/// Whether somebody only read, such as the watcher itself.
fn is_reading(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    }
}

/// The folder of the path, and that of the file where the path leads.
fn folders(path: &Path) -> Vec<Folder> {
    let of = |path: &Path| path.parent().map(Folder::of);
    let mut found: Vec<Folder> = of(path).into_iter().collect();
    if let Some(real) = std::fs::canonicalize(path).ok().and_then(|real| of(&real))
        && found.iter().all(|folder| folder.identity.is_none() || folder.identity != real.identity)
        && found.iter().all(|folder| folder.path != real.path)
    {
        found.push(real);
    }
    found
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino(), metadata.created().ok()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}
