//! A thread that reloads the policy when its file changes.
//!
//! Takes a handle with a file, gives events. The system's notifications make it quick; polling makes it sure, since
//! notifications are lost on overflow, on network file systems and behind links. Both only say when to look at the
//! metadata: `settle` decides what to read, the handle what to take.

use super::error::{Fault, ReloadError, ReloadErrorKind};
use super::folders::Folders;
use super::handle::{PolicyHandle, Reloaded, no_file};
use super::report::{self, ReloadEvent};
use super::settle::{Content, Look, Settle};
use core::fmt;
use sha2::{Digest, Sha256};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The interval of polling if the system does not tell of changes, and that of the options is longer.
const POLL_ALONE: Duration = Duration::from_millis(250);

/// The shortest time between two looks, whatever happens in the folder.
const LEAST: Duration = Duration::from_millis(20);

/// The longest time between two looks.
const MOST: Duration = Duration::from_secs(3600);

type Callback = Box<dyn FnMut(&ReloadEvent) + Send>;

/// How to watch.
///
/// # Examples
///
/// ```
/// use aegis_runtime::policy::{PolicyHandle, ReloadEvent, WatchOptions};
/// use std::time::Duration;
///
/// let handle = PolicyHandle::from_file("../vm/examples/policy.aegisb")?;
/// let options = WatchOptions::default().poll(Duration::from_secs(5)).on_event(|event| {
///     if let ReloadEvent::Refused(error) = event {
///         eprintln!("{error}");
///     }
/// });
/// let watcher = handle.watch(options)?;
/// // The file is watched until the watcher is dropped.
/// drop(watcher);
/// # Ok::<(), aegis_runtime::policy::ReloadError>(())
/// ```
pub struct WatchOptions {
    poll: Duration,
    settle: Duration,
    notify: bool,
    callback: Option<Callback>,
}

impl Default for WatchOptions {
    /// Notifications, polling every 2 s, a file at rest after 300 ms, no callback.
    fn default() -> Self {
        WatchOptions {
            poll: Duration::from_secs(2),
            settle: Duration::from_millis(300),
            notify: true,
            callback: None,
        }
    }
}

impl WatchOptions {
    /// How often the file's metadata are looked at, besides notifications; between 20 ms and an hour.
    #[must_use]
    pub fn poll(mut self, interval: Duration) -> Self {
        self.poll = interval.clamp(LEAST, MOST);
        self
    }

    /// How long a file that does not load must have been unchanged before it is told as refused; at most an hour.
    #[must_use]
    pub fn settle(mut self, time: Duration) -> Self {
        self.settle = time.min(MOST);
        self
    }

    /// Whether the system is asked to tell of changes; if not, the file is only polled.
    #[must_use]
    pub fn notifications(mut self, ask: bool) -> Self {
        self.notify = ask;
        self
    }

    /// Whom to tell, on the watcher's thread. A panic there is caught, and the watcher goes on.
    #[must_use]
    pub fn on_event(mut self, callback: impl FnMut(&ReloadEvent) + Send + 'static) -> Self {
        self.callback = Some(Box::new(callback));
        self
    }
}

impl fmt::Debug for WatchOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchOptions")
            .field("poll", &self.poll)
            .field("settle", &self.settle)
            .field("notifications", &self.notify)
            .finish_non_exhaustive()
    }
}

/// Watches the file of a handle until it is dropped.
///
/// Dropping waits for the thread, which ends at once unless it is loading a file or in the callback.
#[must_use = "the file is watched only until this is dropped"]
pub struct PolicyWatcher {
    signal: Arc<Signal>,
    thread: Option<JoinHandle<()>>,
}

impl PolicyHandle {
    /// Watches the handle's own file, and reloads it when it changes, by the handle's rules.
    ///
    /// A file may be renamed over, written in place, or reached by links that are swapped. One that is gone or does not
    /// load is told as refused when it has been so for the settle time, once for the same content; the policy in
    /// service serves on, and the next good file is taken. A file that the rules refused is not tried again before it
    /// changes.
    ///
    /// # Errors
    ///
    /// [`ReloadError`] if the handle has no file, or the system gives no thread. If it gives no notifications, that
    /// is told as [`ReloadEvent::PollingOnly`], and the file is polled.
    pub fn watch(&self, options: WatchOptions) -> Result<PolicyWatcher, ReloadError> {
        let Some(path) = self.path().map(Path::to_path_buf) else {
            return Err(self.refused(no_file(), None));
        };
        let signal = Arc::new(Signal::default());
        let task = Task { handle: self.clone(), path, options, signal: Arc::clone(&signal) };
        let thread = thread::Builder::new().name("aegis-policy".into()).spawn(move || task.run());
        match thread {
            Ok(thread) => Ok(PolicyWatcher { signal, thread: Some(thread) }),
            Err(error) => {
                let detail =
                    format!("the policy's file cannot be watched: the system gives no thread: {error}");
                Err(self.refused(Fault::new(ReloadErrorKind::NoThread, detail), self.path()))
            }
        }
    }
}

impl Drop for PolicyWatcher {
    fn drop(&mut self) {
        self.signal.update(|flags| flags.stop = true);
        // A callback that drops the watcher cannot wait for itself.
        if let Some(thread) =
            self.thread.take().filter(|thread| thread.thread().id() != thread::current().id())
        {
            // The thread catches what may panic; if it did all the same, the hook has told.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for PolicyWatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.thread.as_ref().is_some_and(|thread| !thread.is_finished());
        f.debug_struct("PolicyWatcher").field("running", &running).finish_non_exhaustive()
    }
}

/// What wakes the thread.
#[derive(Default)]
struct Signal {
    flags: Mutex<Flags>,
    changed: Condvar,
}

#[derive(Default)]
struct Flags {
    stop: bool,
    event: bool,
}

impl Signal {
    fn flags(&self) -> MutexGuard<'_, Flags> {
        self.flags.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, set: impl FnOnce(&mut Flags)) {
        set(&mut self.flags());
        self.changed.notify_all();
    }

    /// Waits until some time, or after the earliest for an event. Gives whether to go on.
    fn wait(&self, earliest: Instant, latest: Instant) -> bool {
        let mut flags = self.flags();
        loop {
            let until = if flags.event { earliest.min(latest) } else { latest };
            let left = until.saturating_duration_since(Instant::now());
            if flags.stop || left.is_zero() {
                flags.event = false;
                return !flags.stop;
            }
            flags = self.changed.wait_timeout(flags, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// What the thread has.
struct Task {
    handle: PolicyHandle,
    path: PathBuf,
    options: WatchOptions,
    signal: Arc<Signal>,
}

impl Task {
    fn run(mut self) {
        let signal = Arc::clone(&self.signal);
        let mut folders = self.options.notify.then(|| {
            let signal = Arc::clone(&signal);
            Folders::new(Arc::new(move || signal.update(|flags| flags.event = true)))
        });
        let mut settle = Settle::new(self.options.settle, Instant::now());
        let mut wait = true;
        while wait {
            let now = Instant::now();
            let mut poll = self.options.poll;
            if let Some(folders) = &mut folders {
                // Before the look, so that no change falls between the two.
                if let Some(why) = folders.renew(&self.path, poll, now) {
                    let _ = catch_unwind(|| report::polling_only(&self.path, &why));
                    self.call(&ReloadEvent::PollingOnly(why));
                }
                if !folders.is_up() {
                    poll = poll.min(POLL_ALONE);
                }
            }
            let mut took = Duration::ZERO;
            if settle.look(Look::at(&self.path), now) {
                // No file may end the watch, not even one that finds a fault of the loader.
                let read = catch_unwind(AssertUnwindSafe(|| self.read(&mut settle, now)));
                took = now.elapsed();
                if let Ok(Some(result)) = read {
                    // What listens may panic; a policy that was put in place stays there.
                    let _ = catch_unwind(AssertUnwindSafe(|| self.handle.tell(Some(&self.path), &result)));
                    self.call(&result.into());
                }
            }
            // A large file that is being written would else be read without a pause.
            let now = Instant::now();
            let latest = settle.due().map_or(now + poll, |due| due.min(now + poll));
            wait = signal.wait(now + LEAST.max(took), latest);
        }
    }

    /// Reads the file and offers what is in it.
    fn read(&self, settle: &mut Settle, now: Instant) -> Option<Result<Reloaded, ReloadError>> {
        let rules = self.handle.rules();
        let _turn = self.handle.reading();
        let (content, result) = match self.handle.read(&self.path, rules) {
            Ok(bytes) => {
                let content: Content = Sha256::digest(&bytes).into();
                if settle.knows(&content) {
                    return None;
                }
                (content, self.handle.offer_bytes(bytes, &self.path, rules))
            }
            Err(error) => (Sha256::digest(error.to_string()).into(), Err(error)),
        };
        settle.judge(content, result, now)
    }

    /// Tells the callback.
    fn call(&mut self, event: &ReloadEvent) {
        if let Some(callback) = &mut self.options.callback
            && catch_unwind(AssertUnwindSafe(|| callback(event))).is_err()
        {
            let _ = catch_unwind(|| report::callback_panicked(&self.path));
        }
    }
}
