//! Action lines, read by a thread of their own: whoever waits for one can be interrupted.

use aegis_runtime::Task;
use aegisc::command::lines::{Batch, Content, Lines};
use std::io::{self, Read};
use tokio::sync::mpsc;

/// A line, and the action that it holds or why it is none.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) task: Result<Task, String>,
}

/// Why a run did not go to the end of its lines.
pub(super) enum Stopped {
    Reading(io::Error),
    Writing(io::Error),
}

impl Stopped {
    /// What is said of it; lines were read from so named a place.
    pub(super) fn of(self, name: &str) -> aegisc::command::Failure {
        match self {
            Stopped::Reading(error) => aegisc::command::Failure::new(format!("cannot read {name}: {error}")),
            Stopped::Writing(error) => aegisc::command::Failure::of_output(&error),
        }
    }
}

/// Begins to read.
pub(super) fn read(
    from: Box<dyn Read + Send>,
    longest: usize,
) -> io::Result<mpsc::Receiver<io::Result<Line>>> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::Builder::new().name("aegis-lines".to_owned()).spawn(move || {
        let ended = each(from, longest, |line| sender.blocking_send(Ok(line)).is_ok());
        if let Err(error) = ended {
            // Nobody is told who has gone.
            let _ = sender.blocking_send(Err(error));
        }
    })?;
    Ok(receiver)
}

/// Gives the lines to a closure, until it says no.
pub(super) fn each(from: impl Read, longest: usize, mut give: impl FnMut(Line) -> bool) -> io::Result<()> {
    let mut lines = Lines::new(from, longest);
    let mut batch = Batch::default();
    loop {
        lines.fill(&mut batch)?;
        if batch.is_empty() {
            return Ok(());
        }
        for (number, content) in batch.lines() {
            if !give(Line { number, task: task(content) }) {
                return Ok(());
            }
        }
    }
}

fn task(content: Content<'_>) -> Result<Task, String> {
    let bytes = match content {
        Content::Whole(bytes) => bytes,
        Content::LongerThan(limit) => {
            return Err(format!("the line is longer than the limit of {limit} bytes (`--max-line`)"));
        }
    };
    let text = str::from_utf8(bytes).map_err(|error| format!("the line is not UTF-8: {error}"))?;
    Task::from_json(text).map_err(|error| error.to_string())
}
