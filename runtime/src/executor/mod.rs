//! What carries actions out: the trait, and an executor made of a closure.
//!
//! An executor is only ever called by the runtime, and only with an action that the policy allows, that a person
//! approved if one had to, and whose intent is on disk.

mod http;
mod shell;

pub use http::HttpExecutor;
pub use shell::ShellExecutor;

use crate::task::Task;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// What an executor gives back.
pub type Data = serde_json::Value;

/// Carries actions out.
///
/// # Examples
///
/// ```
/// use aegis_runtime::executor::{Data, ExecuteError, Executor};
/// use aegis_runtime::Task;
///
/// struct Deployer;
///
/// impl Executor for Deployer {
///     async fn execute(&self, task: &Task) -> Result<Data, ExecuteError> {
///         match task.action().target() {
///             "staging" => Ok(serde_json::json!({ "version": 41 })),
///             other => Err(ExecuteError::new(format!("there is no `{other}` here"))),
///         }
///     }
/// }
/// ```
pub trait Executor: Send + Sync + 'static {
    /// Carries an action out.
    ///
    /// # Errors
    ///
    /// [`ExecuteError`] if it did not succeed; the runtime may try again, see [`Retry`](crate::Retry).
    fn execute(&self, task: &Task) -> impl Future<Output = Result<Data, ExecuteError>> + Send;

    /// Looks whether an action that succeeded had its effect. Says yes, unless implemented otherwise.
    ///
    /// # Errors
    ///
    /// [`ExecuteError`] if it had not: the action then counts as failed.
    fn verify(&self, _task: &Task, _data: &Data) -> impl Future<Output = Result<(), ExecuteError>> + Send {
        async { Ok(()) }
    }
}

/// Why an action did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecuteError {
    message: String,
    last: bool,
}

impl ExecuteError {
    /// An error that may pass: the action may be tried again.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        ExecuteError { message: message.into(), last: false }
    }

    /// An error that trying again cannot mend.
    #[must_use]
    pub fn permanent(message: impl Into<String>) -> Self {
        ExecuteError { message: message.into(), last: true }
    }

    /// Whether trying again cannot mend it.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.last
    }
}

impl fmt::Display for ExecuteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExecuteError {}

/// An executor made of a closure that takes the task and gives a future.
///
/// # Examples
///
/// ```
/// use aegis_runtime::executor::{ExecuteError, from_fn};
///
/// let echo = from_fn(|task| async move { Ok(serde_json::json!(task.action().target())) });
/// # let _ = echo;
/// # let _: fn(&str) -> ExecuteError = |text| ExecuteError::new(text);
/// ```
pub fn from_fn<F, R>(execute: F) -> impl Executor
where
    F: Fn(Task) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Data, ExecuteError>> + Send,
{
    FromFn(execute)
}

struct FromFn<F>(F);

impl<F, R> Executor for FromFn<F>
where
    F: Fn(Task) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Data, ExecuteError>> + Send,
{
    async fn execute(&self, task: &Task) -> Result<Data, ExecuteError> {
        (self.0)(task.clone()).await
    }
}

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An executor behind a pointer.
pub(crate) trait DynExecutor: Send + Sync {
    fn execute<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, Result<Data, ExecuteError>>;
    fn verify<'a>(&'a self, task: &'a Task, data: &'a Data) -> BoxFuture<'a, Result<(), ExecuteError>>;
}

impl<E: Executor> DynExecutor for E {
    fn execute<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, Result<Data, ExecuteError>> {
        // Made within the future, so that a panic on the way to one is caught, too.
        Box::pin(async move { Executor::execute(self, task).await })
    }

    fn verify<'a>(&'a self, task: &'a Task, data: &'a Data) -> BoxFuture<'a, Result<(), ExecuteError>> {
        Box::pin(async move { Executor::verify(self, task, data).await })
    }
}
