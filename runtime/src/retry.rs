//! When an action that failed is tried again, and what undoes one that failed for good.

use crate::task::Task;
use aegis_vm::Action;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

type Undo = Arc<dyn Fn(&Task, &str) -> Option<Action> + Send + Sync>;

/// How often an action is tried, how long is waited in between, and what undoes it.
///
/// Before each further try the policy is asked again. A rollback is an action as any other: the policy decides it, a
/// person approves it if one has to, and the log has it.
///
/// # Examples
///
/// ```
/// use aegis_runtime::{Action, Retry};
/// use std::time::Duration;
///
/// let retry = Retry::times(3)
///     .wait(Duration::from_millis(200))
///     .rollback(|task, _error| Some(Action::new("undo_deploy", task.action().target())));
/// assert_eq!(retry.wait_before(2), Duration::from_millis(400));
/// ```
#[derive(Clone)]
pub struct Retry {
    times: u32,
    wait: Duration,
    most: Duration,
    undo: Option<Undo>,
}

impl Default for Retry {
    /// An action is tried once, and nothing is undone.
    fn default() -> Self {
        Retry { times: 0, wait: Duration::from_secs(1), most: Duration::from_secs(60), undo: None }
    }
}

impl Retry {
    /// Tries so many times more.
    #[must_use]
    pub fn times(times: u32) -> Self {
        Retry { times, ..Self::default() }
    }

    /// How long to wait before the second try; twice as long before each further one.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// The longest wait: a minute, unless said otherwise.
    #[must_use]
    pub fn at_most(mut self, most: Duration) -> Self {
        self.most = most;
        self
    }

    /// What undoes an action that failed for good, given the error; nothing, if there is no such action.
    #[must_use]
    pub fn rollback(mut self, undo: impl Fn(&Task, &str) -> Option<Action> + Send + Sync + 'static) -> Self {
        self.undo = Some(Arc::new(undo));
        self
    }

    /// How long to wait before a further try, counted from 1.
    #[must_use]
    pub fn wait_before(&self, retry: u32) -> Duration {
        let doubled =
            1_u32.checked_shl(retry.saturating_sub(1)).and_then(|times| self.wait.checked_mul(times));
        doubled.unwrap_or(self.most).min(self.most)
    }

    /// How often is tried after the first time.
    pub(crate) fn further(&self) -> u32 {
        self.times
    }

    /// What undoes this.
    pub(crate) fn undoes(&self, task: &Task, error: &str) -> Option<Action> {
        self.undo.as_ref().and_then(|undo| undo(task, error))
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("times", &self.times)
            .field("wait", &self.wait)
            .field("at_most", &self.most)
            .field("rollback", &self.undo.is_some())
            .finish()
    }
}
