//! The actions that are timed: those of a file, or the rules' own.

use aegis_vm::{Action, Request, Timestamp};
use aegisc::command::input;
use aegisc::command::lines::{self, Lines};
use aegisc::command::output::Failure;
use aegisc::command::value;
use aegisc::hir;
use serde_json::Value as Text;
use std::collections::BTreeSet;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

/// As many actions are taken; more would measure the memory of their own texts.
const MOST: usize = 100_000;
/// And as many bytes of them.
const MOST_BYTES: usize = 256 << 20;
/// As many are made of a policy, unless it has more rules.
const MADE: usize = 4_096;
/// As many indices has an order, unless there are more actions.
const ORDER: usize = 16_384;

/// Actions, each as a line and as a value, and an order to ask them in.
pub(super) struct Actions {
    pub(super) lines: Vec<String>,
    pub(super) values: Vec<Action>,
    pub(super) times: Vec<Timestamp>,
    /// Indices of the actions, drawn uniformly.
    pub(super) order: Vec<usize>,
    /// Where they are from, for people.
    pub(super) from: String,
}

impl Actions {
    /// Reads action lines. One that is no action ends the reading: what is timed should be what was meant.
    pub(super) fn from_file(path: &Path, longest: usize, at: Timestamp) -> Result<Self, Failure> {
        let shown = path.display();
        let cannot = |error: io::Error| Failure::new(format!("cannot read `{shown}`: {error}"));
        let mut bytes = 0_usize;
        let from = input::actions(path).map_err(cannot)?;
        let (mut lines, mut batch) = (Lines::new(from, longest), lines::Batch::default());
        let mut actions = Actions::none(format!("`{shown}`"));
        'all: loop {
            lines.fill(&mut batch).map_err(cannot)?;
            if batch.is_empty() {
                break;
            }
            for (number, line) in batch.lines() {
                if actions.values.len() == MOST || bytes > MOST_BYTES {
                    actions.from = format!("the first lines of `{shown}`");
                    break 'all;
                }
                let wrong =
                    |why: String| Failure::new(format!("line {number} of `{shown}` is no action: {why}"));
                let (_, now) = lines::read(line).map_err(wrong)?;
                let lines::Content::Whole(line) = line else { continue };
                bytes += line.len();
                actions.add(String::from_utf8_lossy(line).into_owned(), now.unwrap_or(at));
            }
        }
        if actions.values.is_empty() {
            return Err(Failure::new(format!("there is no action in `{shown}`")));
        }
        Ok(actions.ordered())
    }

    /// Makes an action for each rule, those beside its boundaries, and some that it misses.
    pub(super) fn of(meant: Option<&hir::Policy>, at: Timestamp) -> Result<Self, Failure> {
        let Some(meant) = meant else {
            return Err(Failure::new(
                "the actions are missing: an artifact does not hold the conditions to make some from; give \
                 `--actions FILE`, or the layers instead of the artifact",
            ));
        };
        let mut actions = Actions::none("made from the rules and their boundaries".to_owned());
        for (action, now) in aegisc::boundary_cases(meant, meant.rules.len().clamp(MADE, MOST)) {
            actions.add(line(&action), now.unwrap_or(at));
        }
        Ok(actions.ordered())
    }

    fn none(from: String) -> Self {
        Actions { lines: Vec::new(), values: Vec::new(), times: Vec::new(), order: Vec::new(), from }
    }

    /// Adds a line, unless it holds what JSON cannot.
    fn add(&mut self, line: String, now: Timestamp) {
        if let Ok(action) = Action::from_json(&line) {
            self.values.push(action);
            self.lines.push(line);
            self.times.push(now);
        }
    }

    /// The same order in each run.
    fn ordered(mut self) -> Self {
        let (count, mut random) = (self.values.len(), fastrand::Rng::with_seed(1));
        self.order = (0..ORDER.max(count)).map(|_| random.usize(..count)).collect();
        self
    }

    /// The first of them, for what needs a copy for each thread.
    pub(super) fn few(&self) -> Self {
        let count = self.values.len().min(MADE);
        let mut few = Actions::none(self.from.clone());
        few.lines = self.lines.iter().take(count).cloned().collect();
        few.values = self.values.iter().take(count).cloned().collect();
        few.times = self.times.iter().take(count).copied().collect();
        few.ordered()
    }

    /// The bytes of a line, on average.
    pub(super) fn line_bytes(&self) -> usize {
        self.lines.iter().map(String::len).sum::<usize>() / self.lines.len().max(1)
    }

    /// The params that the actions have, by name.
    pub(super) fn params(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for action in &self.values {
            Request::from(action).params.visit(&mut |name, _| {
                if !names.contains(name) {
                    names.insert(name.to_owned());
                }
                ControlFlow::Continue(())
            });
        }
        names
    }
}

/// The action as a line of JSON; of an infinite number, no JSON.
fn line(action: &Action) -> String {
    let request = Request::from(action);
    let mut params = String::new();
    request.params.visit(&mut |name, param| {
        let comma = if params.is_empty() { "" } else { "," };
        params.push_str(&format!("{comma}{}:{}", Text::from(name), value::whole(param)));
        ControlFlow::Continue(())
    });
    let [kind, target] = [request.kind, request.target].map(Text::from);
    let [agent, description] = [request.agent_id, request.description].map(Text::from);
    format!(
        "{{\"type\":{kind},\"target\":{target},\"agent_id\":{agent},\"description\":{description},\
         \"params\":{{{params}}}}}"
    )
}
