//! Copies the write-ahead log into the file beside the writer, so that no entry waits for most of it.
//!
//! While the writer goes on, its log never ends, and SQLite begins it anew only when all of it was copied. So this is
//! done twice: here, which takes long, and then by the writer between two commits, which has little left to copy.
//!
//! Whoever copies, in whatever process, holds a lock on the write-ahead log, as SQLite has none for what
//! [`repair`](super::repair) does. (But for SQLite when it closes the last connection: nobody else has the log open then.)

use super::{file, schema};
use crate::audit::{AuditError, AuditErrorKind};
use rusqlite::Connection;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// After so many pages, as far as they can be told.
const PAGES: usize = 1_000;

/// What a commit writes apart from rows: the last page of each table and index, and their parents.
const PAGES_OF_COMMIT: usize = 6;

const ROWS_OF_PAGE: usize = 10;

const BYTES_OF_PAGE: usize = 4_096;

pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    pages: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// What is to be copied.
    ahead: Mutex<Option<Arc<File>>>,
    /// Why the last copy failed.
    failed: Mutex<Option<AuditError>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Asked,
    Copied,
    Closed,
}

impl Checkpointer {
    /// Begins a thread that waits; without one the writer copies everything by itself.
    pub(super) fn new(path: PathBuf) -> Self {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("aegis-checkpoint".to_owned());
        let thread = thread.spawn(move || theirs.run(&path)).ok();
        Checkpointer { shared, thread, pages: 0 }
    }

    /// Why a copy failed since this was asked, if one did. Waits for one that is at work.
    pub(super) fn failed(&self) -> Option<AuditError> {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        while *state == State::Asked {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        self.shared.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Told of each commit, and of the write-ahead log it is in. Says whether it is the writer's turn.
    pub(super) fn committed(&mut self, rows: usize, bytes: usize, ahead: &Arc<File>) -> bool {
        let pages = PAGES_OF_COMMIT.saturating_add(rows / ROWS_OF_PAGE).saturating_add(bytes / BYTES_OF_PAGE);
        self.pages = self.pages.saturating_add(pages);
        if self.pages < PAGES {
            return false;
        }
        // Without a thread it is always the writer's.
        let writers = self.thread.is_none() || self.shared.turn(ahead) == State::Copied;
        if writers {
            self.pages = 0;
        }
        writers
    }
}

impl Shared {
    fn set(&self, state: State) {
        let mut now = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != State::Closed {
            *now = state;
        }
        self.changed.notify_all();
    }

    /// What it is; from idle it becomes asked, from copied idle.
    fn turn(&self, ahead: &Arc<File>) -> State {
        let mut now = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *now;
        match before {
            State::Idle => {
                *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(ahead));
                *now = State::Asked;
                self.changed.notify_all();
            }
            State::Copied => *now = State::Idle,
            State::Asked | State::Closed => {}
        }
        before
    }

    fn run(&self, path: &Path) {
        loop {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            while !matches!(*state, State::Asked | State::Closed) {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if *state == State::Closed {
                return;
            }
            drop(state);
            let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(ahead) = ahead
                && let Err(error) = copy(path, &ahead)
                && error.kind() != AuditErrorKind::Locked
            {
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
            self.set(State::Copied);
        }
    }
}

/// By a connection of its own, opened each time: the file may have been replaced meanwhile.
fn copy(path: &Path, ahead: &File) -> Result<(), AuditError> {
    let connection = schema::open_to_copy(path)?;
    let Some(_lock) = Lock::take(ahead, path, Duration::ZERO)? else { return Ok(()) };
    let failed = |error: std::io::Error| AuditError::io(&error, "write", path);
    // A sync that failed before the connection was opened is told to this handle, a later one to the connection's.
    ahead.sync_data().map_err(failed)?;
    checkpoint(&connection, "PASSIVE", path)?;
    // SQLite syncs what it copies only if that is all: the writer would have all of it to sync in its turn.
    file::kept(path).and_then(|log| log.sync_data()).map_err(failed)
}

/// Copies all, if nobody reads what stood there before, and has the write-ahead log begin anew if so; waits for nobody.
pub(super) fn copy_all(
    connection: &Connection,
    ahead: &File,
    mode: &str,
    path: &Path,
) -> Result<(), AuditError> {
    let Some(_lock) = Lock::take(ahead, path, Duration::ZERO)? else { return Ok(()) };
    checkpoint(connection, mode, path)
}

fn checkpoint(connection: &Connection, mode: &str, path: &Path) -> Result<(), AuditError> {
    let copied = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
    copied.map_err(|error| AuditError::sqlite(&error, "write", path))
}

/// The right to copy, until it is dropped.
pub(super) struct Lock<'f>(&'f File);

impl<'f> Lock<'f> {
    /// Nothing, if another has it for longer than that.
    pub(super) fn take(ahead: &'f File, path: &Path, wait: Duration) -> Result<Option<Self>, AuditError> {
        let began = Instant::now();
        loop {
            match ahead.try_lock() {
                Ok(()) => return Ok(Some(Lock(ahead))),
                Err(TryLockError::Error(error)) => return Err(AuditError::io(&error, "open", path)),
                Err(TryLockError::WouldBlock) if began.elapsed() >= wait => return Ok(None),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // Closing the file does so, too.
        let _ = self.0.unlock();
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.shared.set(State::Closed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
