//! The same runtime for programs without futures.
//!
//! ```
//! use aegis_runtime::audit::MemoryLog;
//! use aegis_runtime::executor::from_fn;
//! use aegis_runtime::policy::PolicyHandle;
//! use aegis_runtime::{Action, Runtime, blocking};
//!
//! let runtime = blocking::Runtime::new(
//!     Runtime::builder()
//!         .policy(PolicyHandle::from_file("../vm/examples/policy.aegisb")?)
//!         .executor(from_fn(|_| async { Ok("done".into()) }))
//!         .audit(MemoryLog::new())
//!         .build()?,
//! )?;
//! assert!(runtime.run_one(Action::new("monitor", "cpu"))?.is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::plan::Plan;
use crate::result::ActionResult;
use crate::runtime::Mode;
use crate::task::Task;
use std::fmt;
use std::future::Future;

/// A runtime whose calls wait.
///
/// Any number of threads may call it at once.
#[derive(Debug)]
pub struct Runtime {
    inner: crate::Runtime,
    tokio: tokio::runtime::Runtime,
}

impl Runtime {
    /// Gives a runtime threads of its own.
    ///
    /// # Errors
    ///
    /// [`BlockingError`] if they cannot be started.
    pub fn new(inner: crate::Runtime) -> Result<Self, BlockingError> {
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("aegis-runtime")
            .enable_all()
            .build()
            .map_err(|error| BlockingError(format!("cannot start the runtime's thread: {error}")))?;
        Ok(Runtime { inner, tokio })
    }

    /// Runs one action to its end.
    ///
    /// # Errors
    ///
    /// [`BlockingError`] in a thread that runs futures, which must not wait; the action was not begun.
    pub fn run_one(&self, task: impl Into<Task>) -> Result<ActionResult, BlockingError> {
        self.wait(self.inner.run_one(task))
    }

    /// Executes a plan; one result an action, in the order of the plan.
    ///
    /// # Errors
    ///
    /// As [`run_one`](Self::run_one).
    pub fn execute(&self, plan: Plan, mode: Mode) -> Result<Vec<ActionResult>, BlockingError> {
        self.wait(self.inner.execute_as(plan, mode))
    }

    /// The runtime itself, for what does not wait: plans, dry runs, the policy.
    #[must_use]
    pub fn inner(&self) -> &crate::Runtime {
        &self.inner
    }

    fn wait<F: Future>(&self, future: F) -> Result<F::Output, BlockingError> {
        if tokio::runtime::Handle::try_current().is_ok() {
            let message =
                "a thread that runs futures must not wait: use `aegis_runtime::Runtime` and `.await`";
            return Err(BlockingError(message.to_owned()));
        }
        Ok(self.tokio.block_on(future))
    }
}

/// Why nothing was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockingError(String);

impl fmt::Display for BlockingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BlockingError {}
