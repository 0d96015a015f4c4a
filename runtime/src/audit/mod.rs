//! What happened, written down before and after: entries, the trait of a log, and the logs that come with the runtime.
//!
//! Every action has two rows. The *intent* says what was asked, what the policy decided and who approved it; it is
//! durable before anything runs. The *outcome* says how it ended. An intent without an outcome means that the end is
//! not known: the action still runs, or the process ended first. Rows are never updated, and each holds a hash over
//! itself and the row before it, see [`chain`](self#the-chain).
//!
//! # The chain
//!
//! The content of a row is its fields, each with its kind and length before it ([`Intent`] and [`Outcome`] have the
//! order). Its hash is `SHA-256(hash of the row before ‖ id ‖ id of its intent, or 0 ‖ SHA-256(content))`, numbers
//! as 8 bytes, big end first; before the first row stands a hash of the log's own id. Whoever can write the file can
//! write a whole new chain: keep a head of the chain ([`AuditReader::head`]) elsewhere to find that, too.

mod chain;
mod error;
mod memory;
mod reader;
mod record;
mod redact;
mod sqlite;
mod verify;

pub use chain::{Hash, HashError};
pub use error::{AuditError, AuditErrorKind};
pub use memory::MemoryLog;
pub use reader::{AuditReader, AuditRow, Filter, Follow, Head, RuleCount};
pub use record::{HumanDecision, Intent, Outcome, Status};
pub use redact::Redaction;
pub use sqlite::{SqliteLog, SqliteLogOptions};
pub use verify::{Anchored, Fault, Verified};

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// The number of a row: dense, from 1, in the order of the chain.
pub type RecordId = i64;

/// What a log is given.
#[derive(Debug)]
#[non_exhaustive]
pub enum Entry {
    /// An action is about to run.
    Intent(Box<Intent>),
    /// An action has ended.
    Outcome {
        /// The number of its intent.
        of: RecordId,
        /// How it ended.
        outcome: Outcome,
    },
    /// An action is not run: both rows at once.
    Refusal(Box<Intent>, Outcome),
}

/// Where entries go.
///
/// A log that answers with an error, or never, stops actions: nothing runs whose intent is not written.
pub trait AuditLog: Send + Sync + 'static {
    /// Takes an entry, without waiting. The receipt is ready when the entry is as durable as this log makes it; for
    /// an intent or a refusal it has the number of the intent. An entry is written also if its receipt is dropped.
    fn record(&self, entry: Entry) -> Receipt;

    /// The entries that wait to be written.
    fn pending(&self) -> usize {
        0
    }
}

impl<L: AuditLog + ?Sized> AuditLog for Arc<L> {
    fn record(&self, entry: Entry) -> Receipt {
        (**self).record(entry)
    }

    fn pending(&self) -> usize {
        (**self).pending()
    }
}

/// The promise of a log to have written an entry: a future.
#[derive(Debug)]
#[must_use = "an entry counts as written only when its receipt says so"]
pub struct Receipt(State);

#[derive(Debug)]
enum State {
    Ready(Option<Result<RecordId, AuditError>>),
    Waiting(oneshot::Receiver<Result<RecordId, AuditError>>),
}

impl Receipt {
    /// A receipt that is there at once.
    pub fn ready(result: Result<RecordId, AuditError>) -> Self {
        Receipt(State::Ready(Some(result)))
    }

    /// A receipt that the other half will fill. A half that is dropped is an error.
    pub fn channel() -> (ReceiptSender, Self) {
        let (sender, receiver) = oneshot::channel();
        (ReceiptSender(sender), Receipt(State::Waiting(receiver)))
    }
}

impl Future for Receipt {
    type Output = Result<RecordId, AuditError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Ready(result) => Poll::Ready(result.take().unwrap_or_else(|| Err(AuditError::closed()))),
            State::Waiting(receiver) => Pin::new(receiver)
                .poll(context)
                .map(|sent| sent.unwrap_or_else(|_| Err(AuditError::closed()))),
        }
    }
}

/// Fills a [`Receipt`].
#[derive(Debug)]
pub struct ReceiptSender(oneshot::Sender<Result<RecordId, AuditError>>);

impl ReceiptSender {
    /// Says how the write ended; whoever asked may have gone.
    pub fn send(self, result: Result<RecordId, AuditError>) {
        let _ = self.0.send(result);
    }
}
