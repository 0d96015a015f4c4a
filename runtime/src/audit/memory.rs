//! A log in memory: for tests, and for what it costs to decide and log without a disk.

use super::chain::{Hash, genesis, link};
use super::{AuditError, AuditErrorKind, AuditLog, Entry, Intent, Outcome, Receipt, RecordId};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps entries in memory, with the same hash chain as a file. What is kept is lost with the process.
///
/// # Examples
///
/// ```
/// use aegis_runtime::audit::MemoryLog;
///
/// let log = MemoryLog::new();
/// assert_eq!(log.len(), 0);
/// ```
#[derive(Debug)]
pub struct MemoryLog(Mutex<Rows>);

#[derive(Debug)]
struct Rows {
    head: Hash,
    rows: Vec<Row>,
}

#[derive(Debug)]
enum Row {
    Intent { intent: Box<Intent>, ended: bool },
    Outcome(RecordId, Outcome),
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryLog {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        MemoryLog(Mutex::new(Rows { head: genesis("memory"), rows: Vec::new() }))
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().rows.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The hash of the last row.
    #[must_use]
    pub fn head(&self) -> Hash {
        self.lock().head
    }

    /// The intents in order, each with its outcome if it has one.
    #[must_use]
    pub fn actions(&self) -> Vec<(Intent, Option<Outcome>)> {
        let rows = self.lock();
        let mut outcomes: std::collections::HashMap<RecordId, &Outcome> = rows
            .rows
            .iter()
            .filter_map(|row| match row {
                Row::Outcome(of, outcome) => Some((*of, outcome)),
                Row::Intent { .. } => None,
            })
            .collect();
        let numbered = (1..).zip(&rows.rows);
        numbered
            .filter_map(|(id, row)| match row {
                Row::Intent { intent, .. } => Some(((**intent).clone(), outcomes.remove(&id).cloned())),
                Row::Outcome(..) => None,
            })
            .collect()
    }

    /// Every change of the rows is whole before anything can panic.
    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn push(&mut self, row: Row, digest: &[u8; 32]) -> RecordId {
        let id = RecordId::try_from(self.rows.len()).unwrap_or(RecordId::MAX).saturating_add(1);
        let of = match &row {
            Row::Intent { .. } => None,
            Row::Outcome(of, _) => Some(*of),
        };
        self.head = link(self.head, id, of, digest);
        self.rows.push(row);
        id
    }

    fn outcome(&mut self, of: RecordId, outcome: Outcome, digest: &[u8; 32]) -> Result<RecordId, AuditError> {
        let at = usize::try_from(of.saturating_sub(1)).ok();
        let waits = match at.and_then(|at| self.rows.get_mut(at)) {
            Some(Row::Intent { ended, .. }) => !std::mem::replace(ended, true),
            _ => false,
        };
        if !waits {
            let message = format!("there is no intent {of} in this log that waits for an outcome");
            return Err(AuditError::new(AuditErrorKind::Misplaced, message));
        }
        self.push(Row::Outcome(of, outcome), digest);
        Ok(of)
    }
}

impl AuditLog for MemoryLog {
    fn record(&self, entry: Entry) -> Receipt {
        let result = match entry {
            Entry::Intent(intent) => {
                let digest = intent.digest();
                Ok(self.lock().push(Row::Intent { intent, ended: false }, &digest))
            }
            Entry::Outcome { of, outcome } => {
                let digest = outcome.digest();
                self.lock().outcome(of, outcome, &digest)
            }
            Entry::Refusal(intent, outcome) => {
                let digests = (intent.digest(), outcome.digest());
                let mut rows = self.lock();
                let id = rows.push(Row::Intent { intent, ended: false }, &digests.0);
                rows.outcome(id, outcome, &digests.1)
            }
        };
        Receipt::ready(result)
    }
}
