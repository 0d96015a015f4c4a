//! What a policy decides about.

use crate::format::{FIELD_TARGET, FIELD_TYPE};
use crate::json::{self, Json, JsonError, Object};
use crate::policy::Policy;
use crate::value::{Map, Value};
use core::fmt;
use core::ops::ControlFlow;

/// An action that an agent wants to take, owned.
///
/// # Examples
///
/// ```
/// use aegis_vm::Action;
///
/// let action = Action::new("deploy", "web").agent("ci-7").param("env", "staging").param("replicas", 3);
/// assert_eq!(action.target(), "web");
///
/// let same = Action::from_json(
///     r#"{"type": "deploy", "target": "web", "agent_id": "ci-7",
///         "params": {"env": "staging", "replicas": 3}}"#,
/// ).unwrap();
/// assert_eq!(action, same);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Action {
    kind: String,
    target: String,
    agent_id: String,
    description: String,
    params: Object,
}

impl Action {
    /// An action of a type on a target, by no named agent and without params.
    #[must_use]
    pub fn new(kind: impl Into<String>, target: impl Into<String>) -> Self {
        Action { kind: kind.into(), target: target.into(), ..Self::default() }
    }

    /// Names the agent that acts.
    #[must_use]
    pub fn agent(mut self, agent_id: impl Into<String>) -> Self {
        self.agent_id = agent_id.into();
        self
    }

    /// Says what the action is for; only `semantic` conditions read it.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets a param.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        self.params.insert(name, value);
        self
    }

    /// Sets all params.
    #[must_use]
    pub fn params(mut self, params: Object) -> Self {
        self.params = params;
        self
    }

    /// The action's type.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The action's target.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The agent that acts; empty if not named.
    #[must_use]
    pub fn agent_id(&self) -> &str {
        &self.agent_id
    }

    /// What the action is for; empty if not said.
    #[must_use]
    pub fn description_text(&self) -> &str {
        &self.description
    }

    /// The params.
    #[must_use]
    pub fn param_values(&self) -> &Object {
        &self.params
    }

    /// Type, target, agent, description and params.
    pub(crate) fn into_parts(self) -> (String, String, String, String, Object) {
        (self.kind, self.target, self.agent_id, self.description, self.params)
    }

    /// Reads an action from a JSON object with `type` and `target`, and perhaps `agent_id`,
    /// `description` and `params`; other keys are ignored. A null `agent_id` or `description` counts
    /// as absent.
    ///
    /// # Errors
    ///
    /// [`ActionError`] if the text is not JSON, or is no action.
    pub fn from_json(text: &str) -> Result<Self, ActionError> {
        match json::parse(text).map_err(|e| ActionError(Fault::Json(e)))? {
            Json::Object(object) => Self::from_object(object),
            other => Err(ActionError(Fault::NotAnObject(other.value().kind().with_article()))),
        }
    }

    /// Reads an action from a JSON object; see [`from_json`](Self::from_json).
    ///
    /// # Errors
    ///
    /// [`ActionError`] if a key is missing or of the wrong kind.
    pub fn from_object(object: Object) -> Result<Self, ActionError> {
        let text = |key: &'static str, needed: bool| match object.get(key) {
            Some(Json::Str(text)) => Ok(text.clone()),
            None | Some(Json::Null) if !needed => Ok(String::new()),
            None => Err(ActionError(Fault::Missing(key))),
            Some(other) => Err(ActionError(Fault::NotText(key, other.value().kind().with_article()))),
        };
        let params = match object.get("params") {
            Some(Json::Object(params)) => params.clone(),
            None => Object::new(),
            Some(other) => {
                return Err(ActionError(Fault::ParamsNotAnObject(other.value().kind().with_article())));
            }
        };
        Ok(Action {
            kind: text("type", true)?,
            target: text("target", true)?,
            agent_id: text("agent_id", false)?,
            description: text("description", false)?,
            params,
        })
    }
}

/// Why a text is no action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionError(pub(crate) Fault);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// So many bytes before the first wrong one.
    Utf8(usize),
    Json(JsonError),
    NotAnObject(&'static str),
    Missing(&'static str),
    NotText(&'static str, &'static str),
    ParamsNotAnObject(&'static str),
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Fault::Utf8(valid) => write!(f, "not UTF-8: a wrong byte after {valid} bytes"),
            Fault::Json(error) => write!(f, "not JSON: {error}"),
            Fault::NotAnObject(found) => write!(f, "an action is a JSON object, found {found}"),
            Fault::Missing(key) => write!(f, "`{key}` is missing"),
            Fault::NotText(key, found) => write!(f, "`{key}` must be a string, found {found}"),
            Fault::ParamsNotAnObject(found) => write!(f, "`params` must be an object, found {found}"),
        }
    }
}

impl core::error::Error for ActionError {}

/// The params of an action, wherever they are kept.
///
/// Implemented for a JSON [`Object`], for slices of pairs, and for values bound to slots by
/// [`Policy::bind`](crate::Policy::bind).
pub trait Params {
    /// The value of a param, or `None` if it is absent.
    fn get(&self, name: &str) -> Option<Value<'_>>;

    /// Calls `visit` with each param until it answers `Break`. Only `semantic` conditions ask.
    fn visit(&self, visit: &mut dyn FnMut(&str, Value<'_>) -> ControlFlow<()>);

    /// The value of a param that a policy asks for; for params that know the policy's own numbering,
    /// as those of [`Policy::bind`](crate::Policy::bind) do. By name, unless implemented otherwise.
    fn lookup(&self, param: PolicyParam<'_>) -> Option<Value<'_>> {
        self.get(param.name())
    }
}

/// A param that a policy asks for: its name, and its number within that policy.
#[derive(Clone, Copy, Debug)]
pub struct PolicyParam<'p> {
    pub(crate) policy: &'p Policy,
    pub(crate) index: usize,
}

impl<'p> PolicyParam<'p> {
    /// The param's name.
    #[must_use]
    pub fn name(&self) -> &'p str {
        self.policy.tables.param(self.index).unwrap_or_default()
    }

    /// The param's number among those of the policy, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The digest of the policy that asks.
    #[must_use]
    pub fn policy(&self) -> [u8; 32] {
        self.policy.digest()
    }
}

/// No params.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoParams;

impl Params for NoParams {
    fn get(&self, _: &str) -> Option<Value<'_>> {
        None
    }

    fn visit(&self, _: &mut dyn FnMut(&str, Value<'_>) -> ControlFlow<()>) {}
}

impl Params for Object {
    fn get(&self, name: &str) -> Option<Value<'_>> {
        Map::get(self, name)
    }

    fn visit(&self, visit: &mut dyn FnMut(&str, Value<'_>) -> ControlFlow<()>) {
        Map::visit(self, visit);
    }
}

/// Pairs of a name and a value; of a repeated name the last counts.
impl<'v, const N: usize> Params for [(&'v str, Value<'v>); N] {
    fn get(&self, name: &str) -> Option<Value<'_>> {
        self.as_slice().get_param(name)
    }

    fn visit(&self, visit: &mut dyn FnMut(&str, Value<'_>) -> ControlFlow<()>) {
        self.as_slice().visit_params(visit);
    }
}

/// Pairs of a name and a value, a handful of them: they are searched one by one. Of a repeated name
/// the last counts.
impl<'v> Params for &[(&'v str, Value<'v>)] {
    fn get(&self, name: &str) -> Option<Value<'_>> {
        self.get_param(name)
    }

    fn visit(&self, visit: &mut dyn FnMut(&str, Value<'_>) -> ControlFlow<()>) {
        self.visit_params(visit);
    }
}

trait Pairs {
    fn get_param(&self, name: &str) -> Option<Value<'_>>;
    fn visit_params(&self, visit: &mut dyn FnMut(&str, Value<'_>) -> ControlFlow<()>);
}

impl<'v> Pairs for [(&'v str, Value<'v>)] {
    fn get_param(&self, name: &str) -> Option<Value<'_>> {
        self.iter().rev().find(|(key, _)| *key == name).map(|&(_, value)| value)
    }

    fn visit_params(&self, visit: &mut dyn FnMut(&str, Value<'_>) -> ControlFlow<()>) {
        for (index, &(key, value)) in self.iter().enumerate() {
            let later = self.get(index + 1..).unwrap_or_default();
            let repeated = later.iter().any(|(other, _)| *other == key);
            if !repeated && visit(key, value).is_break() {
                return;
            }
        }
    }
}

/// An action as the VM sees it: everything borrowed.
///
/// # Examples
///
/// ```
/// use aegis_vm::{Request, Value};
///
/// let params = [("env", Value::from("staging")), ("replicas", Value::from(3))];
/// let request = Request::new("deploy", "web").agent("ci-7").params(&params);
/// assert_eq!(request.kind, "deploy");
/// ```
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The action's type.
    pub kind: &'a str,
    /// The action's target.
    pub target: &'a str,
    /// The agent that acts; empty if not named.
    pub agent_id: &'a str,
    /// What the action is for; only `semantic` conditions read it.
    pub description: &'a str,
    /// The params.
    pub params: &'a dyn Params,
}

impl<'a> Request<'a> {
    /// An action of a type on a target, by no named agent and without params.
    #[must_use]
    pub fn new(kind: &'a str, target: &'a str) -> Self {
        Request { kind, target, agent_id: "", description: "", params: &NoParams }
    }

    /// Names the agent that acts.
    #[must_use]
    pub fn agent(self, agent_id: &'a str) -> Self {
        Request { agent_id, ..self }
    }

    /// Says what the action is for.
    #[must_use]
    pub fn description(self, description: &'a str) -> Self {
        Request { description, ..self }
    }

    /// Sets the params.
    #[must_use]
    pub fn params(self, params: &'a dyn Params) -> Self {
        Request { params, ..self }
    }
}

impl<'a> Request<'a> {
    /// A field, by its bit, as globs see it: an agent that is not named is `*`.
    #[inline]
    pub(crate) fn field(&self, bit: u32) -> &'a str {
        match bit {
            FIELD_TYPE => self.kind,
            FIELD_TARGET => self.target,
            _ if self.agent_id.is_empty() => "*",
            _ => self.agent_id,
        }
    }
}

impl<'a> From<&Request<'a>> for Request<'a> {
    fn from(request: &Request<'a>) -> Self {
        *request
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("kind", &self.kind)
            .field("target", &self.target)
            .field("agent_id", &self.agent_id)
            .finish_non_exhaustive()
    }
}

impl<'a> From<&'a Action> for Request<'a> {
    fn from(action: &'a Action) -> Self {
        Request {
            kind: &action.kind,
            target: &action.target,
            agent_id: &action.agent_id,
            description: &action.description,
            params: &action.params,
        }
    }
}
