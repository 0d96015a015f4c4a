//! Entries that wait for the writer: taken all at once.

use crate::audit::{AuditError, AuditErrorKind, Entry, ReceiptSender};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// An entry with who waits for it.
pub(super) struct Job {
    pub(super) digests: Digests,
    pub(super) entry: Entry,
    pub(super) sender: ReceiptSender,
    pub(super) since: Instant,
}

/// The digests of an entry's rows: worked out by whoever brings it, as the writer has enough to do.
pub(super) struct Digests {
    pub(super) first: [u8; 32],
    pub(super) second: [u8; 32],
}

impl Digests {
    fn of(entry: &Entry) -> Self {
        match entry {
            Entry::Intent(intent) => Digests { first: intent.digest(), second: [0; 32] },
            Entry::Outcome { outcome, .. } => Digests { first: outcome.digest(), second: [0; 32] },
            Entry::Refusal(intent, outcome) => Digests { first: intent.digest(), second: outcome.digest() },
        }
    }
}

pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    most: usize,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    waiting: bool,
    closed: bool,
}

impl Queue {
    pub(super) fn new(most: usize) -> Self {
        Queue { state: Mutex::default(), arrived: Condvar::new(), most }
    }

    /// Adds an entry, or answers at once that it is not taken.
    pub(super) fn push(&self, entry: Entry, sender: ReceiptSender) {
        let job = Job { digests: Digests::of(&entry), entry, sender, since: Instant::now() };
        let mut state = self.lock();
        if state.closed {
            drop(state);
            return job.sender.send(Err(AuditError::closed()));
        }
        if state.jobs.len() >= self.most {
            drop(state);
            let message = format!(
                "{} entries wait for the audit log: it is slower than what is asked of it, and no more actions run",
                self.most
            );
            return job.sender.send(Err(AuditError::new(AuditErrorKind::Overloaded, message)));
        }
        state.jobs.push(job);
        if std::mem::take(&mut state.waiting) {
            drop(state);
            self.arrived.notify_one();
        }
    }

    /// Waits for entries and takes all of them, in order; none at the end.
    pub(super) fn take(&self, into: &mut Vec<Job>) {
        let mut state = self.lock();
        while state.jobs.is_empty() && !state.closed {
            state.waiting = true;
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut state.jobs, into);
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    pub(super) fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// No invariant spans two changes of the state, so that one which a panic cut short is still good.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
