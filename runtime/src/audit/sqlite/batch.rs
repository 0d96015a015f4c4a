//! Entries as the writer reads them: rows one behind the other, their texts in one piece of memory.
//!
//! Whoever brings an entry lays it out here, so that the writer, on another processor, neither waits for memory that is
//! all over the place nor gives it back.

use crate::audit::{Entry, Intent, Outcome, ReceiptSender, RecordId, Status};
use crate::verdict::Verdict;
use std::sync::Arc;
use std::time::Instant;

/// The texts of an intent; an outcome has fewer.
const TEXTS: usize = 9;

/// Verdicts among which the same one is looked for.
const LOOK_BACK: usize = 16;

/// What texts may keep for the next batch, in bytes.
const KEPT: usize = 1 << 20;

/// What is written in one transaction.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    /// One an entry.
    pub(super) receipts: Vec<ReceiptSender>,
    pub(super) sessions: Vec<Arc<str>>,
    pub(super) verdicts: Vec<Verdict>,
    /// When the first entry came.
    pub(super) since: Option<Instant>,
    texts: String,
}

/// A row without its number and its hash.
pub(super) struct Row {
    /// The digest of its content.
    pub(super) digest: [u8; 32],
    pub(super) time: i64,
    /// Which of the sessions.
    pub(super) session: usize,
    pub(super) kind: Kind,
    texts: [Text; TEXTS],
}

pub(super) enum Kind {
    Intent {
        /// Which of the verdicts.
        verdict: usize,
        /// What a person said and when.
        human: Option<(&'static str, i64)>,
        rollback_of: Option<RecordId>,
        chain_depth: u32,
    },
    Outcome {
        /// The number of its intent; of a refusal none, as that is the row before.
        of: Option<RecordId>,
        status: Status,
        attempts: u32,
    },
}

/// Where a text stands, if there is one.
#[derive(Clone, Copy)]
struct Text {
    start: usize,
    end: Option<usize>,
}

/// The digests of an entry's rows: worked out before anything is locked.
pub(super) struct Digests([[u8; 32]; 2]);

impl Digests {
    pub(super) fn of(entry: &Entry) -> Self {
        Digests(match entry {
            Entry::Intent(intent) => [intent.digest(), [0; 32]],
            Entry::Outcome { outcome, .. } => [[0; 32], outcome.digest()],
            Entry::Refusal(intent, outcome) => [intent.digest(), outcome.digest()],
        })
    }
}

impl Batch {
    pub(super) fn push(&mut self, entry: &Entry, digests: &Digests, receipt: ReceiptSender) {
        self.since.get_or_insert_with(Instant::now);
        let Digests([first, second]) = *digests;
        match entry {
            Entry::Intent(intent) => self.intent(intent, first),
            Entry::Outcome { of, outcome } => self.outcome(Some(*of), outcome, second),
            Entry::Refusal(intent, outcome) => {
                self.intent(intent, first);
                self.outcome(None, outcome, second);
            }
        }
        self.receipts.push(receipt);
    }

    fn intent(&mut self, intent: &Intent, digest: [u8; 32]) {
        let human = intent.human.as_ref();
        let texts = self.lay([
            Some(&intent.action_type),
            Some(&intent.action_target),
            Some(&intent.action_params),
            intent.action_desc.as_deref(),
            human.map(|human| &*human.by),
            human.map(|human| &*human.shown),
            intent.agent_id.as_deref(),
            intent.parent_agent_id.as_deref(),
            intent.chain_id.as_deref(),
        ]);
        let kind = Kind::Intent {
            verdict: self.verdict(&intent.verdict),
            human: human.map(|human| (human.as_str(), human.at)),
            rollback_of: intent.rollback_of,
            chain_depth: intent.chain_depth,
        };
        let session = self.session(&intent.session);
        self.rows.push(Row { digest, time: intent.time, session, kind, texts });
    }

    fn outcome(&mut self, of: Option<RecordId>, outcome: &Outcome, digest: [u8; 32]) {
        let mut texts = [None; TEXTS];
        let [data, error, ..] = &mut texts;
        (*data, *error) = (outcome.data.as_deref(), outcome.error.as_deref());
        let texts = self.lay(texts);
        let kind = Kind::Outcome { of, status: outcome.status, attempts: outcome.attempts };
        let session = self.session(&outcome.session);
        self.rows.push(Row { digest, time: outcome.time, session, kind, texts });
    }

    fn lay(&mut self, texts: [Option<&str>; TEXTS]) -> [Text; TEXTS] {
        texts.map(|text| {
            let start = self.texts.len();
            let end = text.map(|text| {
                self.texts.push_str(text);
                self.texts.len()
            });
            Text { start, end }
        })
    }

    fn session(&mut self, name: &Arc<str>) -> usize {
        let last = self.sessions.last();
        if last.is_none_or(|last| !Arc::ptr_eq(last, name)) {
            self.sessions.push(Arc::clone(name));
        }
        self.sessions.len().saturating_sub(1)
    }

    fn verdict(&mut self, verdict: &Verdict) -> usize {
        let mut last = self.verdicts.iter().enumerate().rev().take(LOOK_BACK);
        let known = last.find(|(_, known)| known.is_as(verdict)).map(|(at, _)| at);
        known.unwrap_or_else(|| {
            self.verdicts.push(verdict.clone());
            self.verdicts.len().saturating_sub(1)
        })
    }

    /// The texts of a row: of an intent its type, target, params, description, approver, what they saw, agent, parent
    /// agent and chain; of an outcome its data and error.
    pub(super) fn texts(&self, row: &Row) -> [Option<&str>; TEXTS] {
        row.texts.map(|text| self.texts.get(text.start..text.end?))
    }

    /// The bytes of its texts.
    pub(super) fn bytes(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.receipts.is_empty()
    }

    /// The number of entries.
    pub(super) fn len(&self) -> usize {
        self.receipts.len()
    }

    /// Makes it empty for the next entries.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.receipts.clear();
        self.sessions.clear();
        self.verdicts.clear();
        self.since = None;
        self.texts.clear();
        self.texts.shrink_to(KEPT);
    }
}
