//! The second half of a commit: what the writer put into the write-ahead log is brought to the disk, and receipts are
//! filled.
//!
//! The writer goes on with the next transaction meanwhile. SQLite is told not to sync a commit itself
//! (`synchronous = NORMAL`, under which it still syncs around a checkpoint); a commit counts only when the sync here,
//! which comes after it, has succeeded. After one that fails, nothing that was committed under the same opening of the
//! file counts any more, and the writer has to open it anew.

use super::file::Files;
use crate::audit::chain::Hash;
use crate::audit::{AuditError, ReceiptSender, RecordId};
use crate::telemetry;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// The most commits that wait for the disk; then the writer waits, too.
const MOST: usize = 16;

/// A commit that is not on the disk yet.
pub(super) struct Batch {
    /// Under which opening of the file.
    pub(super) opening: u64,
    pub(super) files: Arc<Files>,
    pub(super) receipts: Vec<(ReceiptSender, RecordId)>,
    /// The last row, which is the last that is acknowledged when all of this is.
    pub(super) head: (RecordId, Hash),
    /// Since when its first entry waited.
    pub(super) since: Option<Instant>,
}

pub(super) struct Syncer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    path: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    batches: Vec<Batch>,
    /// Whether some were taken and are not answered.
    busy: bool,
    /// The last opening under which a sync failed.
    failed: u64,
    /// The last row that was acknowledged.
    last: (RecordId, Hash),
    closed: bool,
}

impl Syncer {
    /// Begins the thread. Openings are counted from 1.
    pub(super) fn new(path: &Path, last: (RecordId, Hash)) -> std::io::Result<Self> {
        let state = State { batches: Vec::new(), busy: false, failed: 0, last, closed: false };
        let shared =
            Arc::new(Shared { path: path.to_owned(), state: Mutex::new(state), changed: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("aegis-sync".to_owned()).spawn(move || theirs.run())?;
        Ok(Syncer { shared, thread: Some(thread) })
    }

    /// Hands a commit over; waits if many are there.
    pub(super) fn push(&self, batch: Batch) {
        let mut state = self.shared.lock();
        while state.batches.len() >= MOST {
            state = self.shared.wait(state);
        }
        state.batches.push(batch);
        self.shared.changed.notify_all();
    }

    /// Whether a sync failed under this opening, or a later one.
    pub(super) fn has_failed(&self, opening: u64) -> bool {
        self.shared.lock().failed >= opening
    }

    /// The last row that was acknowledged.
    pub(super) fn last(&self) -> (RecordId, Hash) {
        self.shared.lock().last
    }

    /// Waits until everything that was handed over is answered.
    pub(super) fn flush(&self) {
        let mut state = self.shared.lock();
        while state.busy || !state.batches.is_empty() {
            state = self.shared.wait(state);
        }
    }
}

impl Shared {
    fn run(&self) {
        let mut batches = Vec::new();
        loop {
            let mut state = self.lock();
            state.busy = false;
            self.changed.notify_all();
            while state.batches.is_empty() {
                if state.closed {
                    return;
                }
                state = self.wait(state);
            }
            std::mem::swap(&mut state.batches, &mut batches);
            state.busy = true;
            let failed = state.failed;
            self.changed.notify_all();
            drop(state);
            self.answer(&mut batches, failed);
        }
    }

    /// Syncs once for all of them. They are of one opening, or of several of which all but the last have failed: the
    /// writer opens the file anew only when all that was before is answered.
    fn answer(&self, batches: &mut Vec<Batch>, failed: u64) {
        let Some(last) = batches.last() else { return };
        let (opening, head) = (last.opening, last.head);
        let synced = if opening > failed { last.files.sync() } else { Err(AuditError::unsynced(&self.path)) };
        match &synced {
            Ok(()) => self.lock().last = head,
            Err(error) => {
                self.lock().failed = opening.max(failed);
                telemetry::audit_failed(&self.path, error, opening <= failed);
            }
        }
        for batch in batches.drain(..) {
            if let (Ok(()), Some(since)) = (&synced, batch.since) {
                telemetry::audit_written(batch.receipts.len(), since.elapsed());
            }
            for (receipt, id) in batch.receipts {
                receipt.send(synced.clone().map(|()| id));
            }
        }
    }

    /// No invariant spans two changes of the state, so that one which a panic cut short is still good.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
