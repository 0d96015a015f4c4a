//! An action as JSON text has it: checked in one pass, and read where it stands.
//!
//! The pass proves that the text is JSON and an action, notes where the fields and the params stand, and makes
//! nothing of them: a number becomes one when a condition asks for it, and text without an escape is never copied.
//! What is rare takes the way of [`Action::from_json`]: a text that is no action, for its words; many params, or a
//! key with an escape, for its search. So the two ways can only differ in what they cost.

mod marks;
mod reader;

use crate::action::{ActionError, Fault};
use crate::decision::Decision;
use crate::json::{self, Json, Object};
use crate::policy::Policy;
use crate::value::{BigInt, Kind, Value};
use crate::{Action, Clock, Params, Request};
use core::cell::OnceCell;
use core::fmt;
use core::ops::{ControlFlow, Range};
use reader::Reader;
use std::borrow::Cow;

/// An action that is read from JSON where it stands; the same as [`Action::from_json`] reads.
///
/// # Examples
///
/// ```
/// use aegis_vm::{JsonAction, NoClock, Policy};
///
/// let policy = Policy::from_file("examples/policy.aegisb")?;
/// let action = JsonAction::read(br#"{"type": "monitor", "target": "cpu", "params": {"every": 5}}"#)?;
/// assert_eq!(action.kind(), "monitor");
/// assert_eq!(policy.evaluate(&action, NoClock).rule_name(), "monitor_auto");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct JsonAction<'a> {
    kind: Cow<'a, str>,
    target: Cow<'a, str>,
    agent_id: Cow<'a, str>,
    description: Cow<'a, str>,
    now: Result<Option<Cow<'a, str>>, Kind>,
    params: JsonParams<'a>,
}

impl<'a> JsonAction<'a> {
    /// Checks that the bytes are an action in JSON: an object as [`Action::from_json`] reads it.
    ///
    /// # Errors
    ///
    /// [`ActionError`] if the bytes are not UTF-8 or not JSON, or are no action.
    pub fn read(bytes: &'a [u8]) -> Result<Self, ActionError> {
        let mut action = JsonAction::empty();
        action.fill(bytes)?;
        Ok(action)
    }

    fn empty() -> Self {
        JsonAction {
            kind: Cow::Borrowed(""),
            target: Cow::Borrowed(""),
            agent_id: Cow::Borrowed(""),
            description: Cow::Borrowed(""),
            now: Ok(None),
            params: JsonParams { text: "", entries: Entries::default(), read: OnceCell::new() },
        }
    }

    /// Reads into an action that is empty: it has a place already, and what is large is not moved.
    #[inline]
    fn fill(&mut self, bytes: &'a [u8]) -> Result<(), ActionError> {
        let text = str::from_utf8(bytes).map_err(|error| ActionError(Fault::Utf8(error.valid_up_to())))?;
        self.params.text = text;
        if Reader::new(text).action(self).is_none() {
            *self = Self::read_tree(text)?;
        }
        Ok(())
    }

    /// By a tree of the text: for the words of an error, and for what is rare.
    #[inline(never)]
    fn read_tree(text: &str) -> Result<Self, ActionError> {
        let Json::Object(object) = json::parse(text).map_err(|error| ActionError(Fault::Json(error)))? else {
            return Action::from_json(text).map(JsonAction::from);
        };
        let now = match object.get("now") {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Str(text)) => Ok(Some(Cow::Owned(text.clone()))),
            Some(other) => Err(other.value().kind()),
        };
        Ok(JsonAction { now, ..JsonAction::from(Action::from_object(object)?) })
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

    /// What the action is for; may be empty.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The text under `now`, which no rule reads: a caller may let it say the time of the action. Null counts as
    /// absent.
    ///
    /// # Errors
    ///
    /// The kind of what stands there, if it is no text.
    pub fn now(&self) -> Result<Option<&str>, Kind> {
        match &self.now {
            Ok(now) => Ok(now.as_deref()),
            Err(kind) => Err(*kind),
        }
    }
}

impl From<Action> for JsonAction<'_> {
    fn from(action: Action) -> Self {
        let (kind, target, agent_id, description, params) = action.into_parts();
        JsonAction {
            kind: Cow::Owned(kind),
            target: Cow::Owned(target),
            agent_id: Cow::Owned(agent_id),
            description: Cow::Owned(description),
            now: Ok(None),
            params: JsonParams {
                text: "",
                entries: Entries::default(),
                read: OnceCell::from(Read::All(params)),
            },
        }
    }
}

impl<'r> From<&'r JsonAction<'_>> for Request<'r> {
    fn from(action: &'r JsonAction<'_>) -> Self {
        Request {
            kind: &action.kind,
            target: &action.target,
            agent_id: &action.agent_id,
            description: &action.description,
            params: &action.params,
        }
    }
}

impl fmt::Debug for JsonAction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonAction")
            .field("kind", &self.kind)
            .field("target", &self.target)
            .field("agent_id", &self.agent_id)
            .finish_non_exhaustive()
    }
}

impl Policy {
    /// Decides an action that is JSON text, without a tree of it: [`JsonAction::read`], then
    /// [`evaluate`](Self::evaluate).
    ///
    /// # Errors
    ///
    /// [`ActionError`] if the bytes are no action: a caller must block it.
    ///
    /// # Examples
    ///
    /// ```
    /// use aegis_vm::{Approval, NoClock, Policy};
    ///
    /// let policy = Policy::from_file("examples/policy.aegisb")?;
    /// let line = br#"{"type": "destroy", "target": "production", "agent_id": "ci-7"}"#;
    /// assert_eq!(policy.evaluate_json(line, NoClock)?.approval(), Approval::Block);
    /// assert!(policy.evaluate_json(b"{}", NoClock).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evaluate_json(&self, action: &[u8], clock: impl Clock) -> Result<Decision<'_>, ActionError> {
        let mut read = JsonAction::empty();
        read.fill(action)?;
        Ok(self.evaluate(&read, clock))
    }
}

/// Params where they stand in the text.
struct JsonParams<'a> {
    text: &'a str,
    entries: Entries,
    /// What was made of them, once one was asked for of which more than a look must be made.
    read: OnceCell<Read>,
}

/// What was made of params.
enum Read {
    /// Of each entry that was asked for.
    Some(Box<[OnceCell<Json>; FEW]>),
    /// All of them.
    All(Object),
}

/// As many params are searched one by one.
const FEW: usize = 16;

/// A float of so many bytes is made anew at each look; a longer one is kept, as many tests may ask for it.
const SHORT: usize = 32;

/// The first params, in written order; a repeated key stands as often as it is written.
#[derive(Default)]
struct Entries {
    entries: [Entry; FEW],
    count: usize,
}

/// Where a param stands: 16 bytes, as they are moved with the action.
#[derive(Clone, Copy, Default)]
struct Entry {
    value: Place,
    key: u32,
    /// The bytes of the key. Longer ones are read the other way.
    length: u16,
    form: Form,
}

impl Entry {
    fn key(self, text: &str) -> &str {
        self.place().of(text)
    }

    fn is(self, text: &str, name: &str) -> bool {
        usize::from(self.length) == name.len()
            && text.as_bytes().get(self.place().range()) == Some(name.as_bytes())
    }

    fn place(self) -> Place {
        Place { start: self.key, end: self.key + u32::from(self.length) }
    }
}

/// A range of the text. Longer texts are read the other way.
#[derive(Clone, Copy, Default)]
struct Place {
    start: u32,
    end: u32,
}

impl Place {
    fn of(self, text: &str) -> &str {
        text.get(self.range()).unwrap_or_default()
    }

    fn range(self) -> Range<usize> {
        let index = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        index(self.start)..index(self.end)
    }
}

/// What a value is, as its text shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Absent,
    Null,
    True,
    False,
    /// No point and no exponent.
    Integer,
    Float,
    /// Text without an escape; the place is within the quotes.
    Text,
    /// Text with an escape, with its quotes.
    Escaped,
    List,
    Object,
}

impl Params for JsonParams<'_> {
    fn get(&self, name: &str) -> Option<Value<'_>> {
        if let Some(Read::All(all)) = self.read.get() {
            return Params::get(all, name);
        }
        let entries = self.entries.entries.get(..self.entries.count)?;
        let at = entries.iter().rposition(|entry| entry.is(self.text, name))?;
        self.value(at)
    }

    fn visit(&self, visit: &mut dyn FnMut(&str, Value<'_>) -> ControlFlow<()>) {
        if let Some(Read::All(all)) = self.read.get() {
            return Params::visit(all, visit);
        }
        let entries = self.entries.entries.get(..self.entries.count).unwrap_or_default();
        for (at, entry) in entries.iter().enumerate() {
            let key = entry.key(self.text);
            let same = |other: &Entry| other.key(self.text) == key;
            // Of a repeated key the first place and the last value stand.
            if entries.get(..at).is_some_and(|before| before.iter().any(same)) {
                continue;
            }
            let value = entries.iter().rposition(same).and_then(|last| self.value(last));
            if visit(key, value.unwrap_or(Value::Null)).is_break() {
                return;
            }
        }
    }
}

impl JsonParams<'_> {
    fn value(&self, at: usize) -> Option<Value<'_>> {
        let entry = self.entries.entries.get(at)?;
        let text = entry.value.of(self.text);
        Some(match entry.form {
            Form::Absent | Form::Null => Value::Null,
            Form::True => Value::Bool(true),
            Form::False => Value::Bool(false),
            // What is canonical but for `-0`, which is an `i64`.
            Form::Integer => text.parse().map_or_else(|_| Value::BigInt(BigInt::checked(text)), Value::Int),
            Form::Float if text.len() <= SHORT => Value::Float(text.parse().ok()?),
            Form::Text => Value::Str(text),
            Form::Float | Form::Escaped | Form::List | Form::Object => return self.made(at, text),
        })
    }

    #[inline(never)]
    fn made(&self, at: usize, text: &str) -> Option<Value<'_>> {
        let Read::Some(made) = self.read.get_or_init(|| Read::Some(Box::default())) else { return None };
        // The text was checked to be JSON.
        Some(made.get(at)?.get_or_init(|| json::parse(text).unwrap_or(Json::Null)).value())
    }
}
