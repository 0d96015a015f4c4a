//! Entries that wait for the writer: taken all at once.

use super::batch::{Batch, Digests};
use crate::audit::{AuditError, AuditErrorKind, Entry, ReceiptSender};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    most: usize,
}

#[derive(Default)]
struct State {
    batch: Batch,
    waiting: bool,
    closed: bool,
}

impl Queue {
    pub(super) fn new(most: usize) -> Self {
        Queue { state: Mutex::default(), arrived: Condvar::new(), most }
    }

    /// Adds an entry, or answers at once that it is not taken.
    pub(super) fn push(&self, entry: &Entry, receipt: ReceiptSender) {
        let digests = Digests::of(entry);
        let mut state = self.lock();
        if state.closed {
            drop(state);
            return receipt.send(Err(AuditError::closed()));
        }
        if state.batch.len() >= self.most {
            drop(state);
            let message = format!(
                "{} entries wait for the audit log: it is slower than what is asked of it, and no more actions run",
                self.most
            );
            return receipt.send(Err(AuditError::new(AuditErrorKind::Overloaded, message)));
        }
        state.batch.push(entry, &digests, receipt);
        if std::mem::take(&mut state.waiting) {
            drop(state);
            self.arrived.notify_one();
        }
    }

    /// Waits for entries and takes all of them, in order; none at the end. What it is given is empty.
    pub(super) fn take(&self, into: &mut Batch) {
        let mut state = self.lock();
        while state.batch.is_empty() && !state.closed {
            state.waiting = true;
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut state.batch, into);
    }

    /// Takes what came meanwhile, without waiting. Says whether there was any; what it is given is empty.
    pub(super) fn take_more(&self, into: &mut Batch) -> bool {
        std::mem::swap(&mut self.lock().batch, into);
        !into.is_empty()
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Closes it, and answers what waits that it will not be written.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        let batch = std::mem::take(&mut state.batch);
        drop(state);
        batch.receipts.into_iter().for_each(|receipt| receipt.send(Err(AuditError::closed())));
    }

    pub(super) fn len(&self) -> usize {
        self.lock().batch.len()
    }

    /// What panics while it is locked is want of memory, which ends the process.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
