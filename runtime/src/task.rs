//! What an agent asks for: an action, and the chain of agents that it comes down.

use aegis_vm::{Action, ActionError, json};

/// An action with where it comes from.
///
/// A policy looks at the [`Action`]; the chain is kept in the audit log alone.
///
/// # Examples
///
/// ```
/// use aegis_runtime::{Action, Task};
///
/// let task = Task::new(Action::new("deploy", "staging").agent("ci-7")).parent("planner").chain("c-41", 2);
/// assert_eq!(task.parent_agent_id(), "planner");
/// assert_eq!(task.action().target(), "staging");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Task {
    action: Action,
    parent_agent_id: String,
    chain_id: String,
    chain_depth: u32,
}

impl Task {
    /// An action that no other agent asked for.
    #[must_use]
    pub fn new(action: Action) -> Self {
        Task { action, ..Self::default() }
    }

    /// Names the agent that had this action done.
    #[must_use]
    pub fn parent(mut self, agent_id: impl Into<String>) -> Self {
        self.parent_agent_id = agent_id.into();
        self
    }

    /// Names the chain of delegations, and how deep in it the action stands.
    #[must_use]
    pub fn chain(mut self, id: impl Into<String>, depth: u32) -> Self {
        self.chain_id = id.into();
        self.chain_depth = depth;
        self
    }

    /// Reads a task from a JSON object: an action as [`Action::from_json`] reads it, and perhaps
    /// `parent_agent_id`, `chain_id` (text) and `chain_depth` (a whole number from 0). Null counts as absent.
    ///
    /// # Errors
    ///
    /// [`TaskError`] if the text is no action, or one of the three is of the wrong kind.
    pub fn from_json(text: &str) -> Result<Self, TaskError> {
        let object = match json::parse(text) {
            Ok(json::Json::Object(object)) => object,
            // The same words as for any action.
            _ => return Action::from_json(text).map(Task::new).map_err(|e| TaskError(Fault::Action(e))),
        };
        let text = |key: &'static str| match object.get(key) {
            None | Some(json::Json::Null) => Ok(String::new()),
            Some(json::Json::Str(text)) => Ok(text.clone()),
            Some(other) => Err(TaskError(Fault::NotText(key, other.value().kind().with_article()))),
        };
        let (parent_agent_id, chain_id) = (text("parent_agent_id")?, text("chain_id")?);
        let chain_depth = match object.get("chain_depth") {
            None | Some(json::Json::Null) => 0,
            Some(json::Json::Int(depth)) => {
                u32::try_from(*depth).map_err(|_| TaskError(Fault::Depth("a number out of range")))?
            }
            Some(other) => return Err(TaskError(Fault::Depth(other.value().kind().with_article()))),
        };
        let action = Action::from_object(object).map_err(|e| TaskError(Fault::Action(e)))?;
        Ok(Task { action, parent_agent_id, chain_id, chain_depth })
    }

    /// What is to be done.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The agent that had it done; empty if there is none.
    #[must_use]
    pub fn parent_agent_id(&self) -> &str {
        &self.parent_agent_id
    }

    /// The chain of delegations; empty if there is none.
    #[must_use]
    pub fn chain_id(&self) -> &str {
        &self.chain_id
    }

    /// How deep in the chain the action stands.
    #[must_use]
    pub fn chain_depth(&self) -> u32 {
        self.chain_depth
    }

    /// The same task by an agent, unless it names one.
    pub(crate) fn or_agent(mut self, agent_id: &str) -> Self {
        if self.action.agent_id().is_empty() && !agent_id.is_empty() {
            self.action = self.action.agent(agent_id);
        }
        self
    }

    /// Another action in the same place of the chain.
    pub(crate) fn with_action(&self, action: Action) -> Self {
        Task { action, ..self.clone() }
    }
}

impl From<Action> for Task {
    fn from(action: Action) -> Self {
        Task::new(action)
    }
}

/// Why a text is no task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskError(Fault);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Action(ActionError),
    NotText(&'static str, &'static str),
    Depth(&'static str),
}

impl std::fmt::Display for TaskError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Fault::Action(error) => write!(f, "{error}"),
            Fault::NotText(key, found) => write!(f, "`{key}` must be a string, found {found}"),
            Fault::Depth(found) => write!(f, "`chain_depth` must be a whole number from 0, found {found}"),
        }
    }
}

impl std::error::Error for TaskError {}
