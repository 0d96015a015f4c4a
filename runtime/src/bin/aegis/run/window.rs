//! The actions that were begun and are not printed yet, in the order of their lines.
//!
//! So many run at a time, and no more than as many again wait for one before them to end.

use super::lines::{Line, Stopped};
use super::results::Results;
use super::signals;
use aegis_runtime::{ActionResult, Runtime, Task};
use std::collections::VecDeque;
use std::io;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{JoinError, JoinHandle};

pub(super) struct Window {
    runtime: Runtime,
    parallel: usize,
    /// Why what has not begun is skipped, where the first failure counts.
    stop: Option<Arc<OnceLock<String>>>,
    slots: VecDeque<Slot>,
}

struct Slot {
    line: u64,
    work: Work,
}

enum Work {
    Action(Task, JoinHandle<ActionResult>),
    Bad(String),
}

enum Ended {
    Action(Box<ActionResult>),
    Torn(Task, JoinError),
    Bad(String),
}

impl Window {
    pub(super) fn new(runtime: Runtime, parallel: usize, fail_fast: bool) -> Self {
        Window { runtime, parallel, stop: fail_fast.then(Arc::default), slots: VecDeque::new() }
    }

    /// Runs the actions of the lines; gives the exit code if it was interrupted.
    pub(super) async fn run(
        mut self,
        mut lines: mpsc::Receiver<io::Result<Line>>,
        results: &mut Results,
    ) -> Result<Option<ExitCode>, Stopped> {
        let mut interrupted = signals::interrupted();
        let room = Arc::new(Semaphore::new(self.parallel));
        // One at a time is printed before the next begins, which may ask on the same terminal.
        let most = if self.parallel == 1 { 1 } else { self.parallel.saturating_mul(2) };
        let mut permit: Option<OwnedSemaphorePermit> = None;
        let mut stopped: Option<Stopped> = None;
        let mut open = true;
        while open || !self.slots.is_empty() {
            let more = open && self.slots.len() < most;
            tokio::select! {
                biased;
                Ok(code) = &mut interrupted => {
                    self.give_up(results).await;
                    return Ok(Some(ExitCode::from(code)));
                }
                ended = self.first(), if !self.slots.is_empty() => {
                    let line = self.slots.pop_front().map_or(0, |slot| slot.line);
                    // Nobody reads any more: what runs may end, and nothing begins.
                    if let (None, Err(error)) = (&stopped, print(line, &ended, results)) {
                        stopped = Some(Stopped::Writing(error));
                        open = false;
                    }
                }
                free = Arc::clone(&room).acquire_owned(), if more && permit.is_none() => permit = free.ok(),
                line = lines.recv(), if more && permit.is_some() => match line {
                    Some(Ok(line)) => self.begin(line, &mut permit),
                    Some(Err(error)) => {
                        stopped = Some(Stopped::Reading(error));
                        open = false;
                    }
                    None => open = false,
                },
            }
        }
        stopped.map_or(Ok(None), Err)
    }

    fn begin(&mut self, Line { number, task }: Line, permit: &mut Option<OwnedSemaphorePermit>) {
        let work = match task {
            Err(why) => Work::Bad(why),
            Ok(task) => {
                let (runtime, stop, permit) = (self.runtime.clone(), self.stop.clone(), permit.take());
                let asked = task.clone();
                let run = async move {
                    let _permit = permit;
                    match stop {
                        None => runtime.run_one(asked).await,
                        Some(stop) => match stop.get() {
                            Some(why) => runtime.skip_one(asked, why).await,
                            None => {
                                let result = runtime.run_one(asked).await;
                                if let Some(why) = result.skips_rest() {
                                    // The first to fail names the reason.
                                    let _ = stop.set(why);
                                }
                                result
                            }
                        },
                    }
                };
                Work::Action(task, tokio::spawn(run))
            }
        };
        self.slots.push_back(Slot { line: number, work });
    }

    /// How the first of them ended, once it did. Whoever has it takes the slot away.
    async fn first(&mut self) -> Ended {
        match self.slots.front_mut() {
            None => std::future::pending().await,
            Some(slot) => slot.work.ended().await,
        }
    }

    /// Gives up what runs, and says so of each line. The log is told by the runtime.
    async fn give_up(&mut self, results: &mut Results) {
        results.interrupt();
        for slot in &self.slots {
            if let Work::Action(_, handle) = &slot.work {
                handle.abort();
            }
        }
        let mut readable = true;
        while let Some(mut slot) = self.slots.pop_front() {
            let ended = slot.work.ended().await;
            if readable {
                readable = print(slot.line, &ended, results).is_ok();
            }
        }
    }
}

impl Work {
    async fn ended(&mut self) -> Ended {
        match self {
            Work::Bad(why) => Ended::Bad(std::mem::take(why)),
            Work::Action(task, handle) => match handle.await {
                Ok(result) => Ended::Action(Box::new(result)),
                Err(error) => Ended::Torn(std::mem::take(task), error),
            },
        }
    }
}

fn print(line: u64, ended: &Ended, results: &mut Results) -> io::Result<()> {
    match ended {
        Ended::Action(result) => results.ended(line, result),
        Ended::Bad(why) => results.bad(line, why),
        Ended::Torn(task, error) if error.is_cancelled() => {
            results.given_up(line, task, "interrupted; the log says whether it was begun")
        }
        Ended::Torn(task, error) => results.given_up(line, task, &format!("it was torn down: {error}")),
    }
}
