//! Diagnostics: what is wrong, where, why, and how to mend it.
//!
//! Passes push [`Diagnostic`]s and go on; [`Levels`] then decides which lints are denied, and the
//! renderings turn them into text. An error of a file has no level to set: it is never compiled.

mod excerpt;
mod fingerprint;
mod github;
mod json;
mod levels;
mod lint;
mod mend;
mod pretty;
mod sarif;
#[cfg(test)]
mod tests;

pub use github::to_github;
pub use json::to_json;
pub use levels::{LevelSetting, Levels, UnknownLint};
pub use lint::Lint;
pub use mend::{MendedFile, mend};
pub use pretty::{RenderOptions, render_pretty, render_short};
pub use sarif::to_sarif;

pub use crate::nearest::nearest;

use crate::source::Span;

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Said for information.
    Note,
    /// Said, and compiled all the same.
    Warn,
    /// Not compiled.
    Error,
}

impl Level {
    /// `error`, `warn` or `note`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Note => "note",
        }
    }
}

/// What a diagnostic is about: an error of the file, or a lint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// An error of the file, by its stable name; cannot be allowed.
    Error(&'static str),
    /// A lint, whose level can be set by name.
    Lint(Lint),
}

impl Code {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Code::Error(name) => name,
            Code::Lint(lint) => lint.name(),
        }
    }
}

/// A place that a diagnostic also concerns, with a few words on why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The words.
    pub message: String,
}

/// A mechanical mend: replace the text of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What to replace; empty to insert.
    pub span: Span,
    /// The new text.
    pub replacement: String,
    /// What the mend does, as the words of a help line.
    pub message: String,
    /// What becomes of the decisions.
    pub decisions: Decisions,
}

/// What a mend does to the decisions of a policy: the approval, the risk level and the rule that every
/// action gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decisions {
    /// Every action is decided as it was before the mend.
    Kept,
    /// Some action may be decided otherwise, or the file gave no policy before; also where it is not
    /// certain.
    MayChange,
}

impl Decisions {
    /// `kept` or `may_change`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Decisions::Kept => "kept",
            Decisions::MayChange => "may_change",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What it is.
    pub code: Code,
    /// How grave it is; for a lint set by [`Levels`].
    pub level: Level,
    /// One terse line, in lower case, without a final period, the user's text in backticks.
    pub message: String,
    /// The place.
    pub primary: Span,
    /// A few words beside the primary place; may be empty.
    pub label: String,
    /// Other places.
    pub labels: Vec<Label>,
    /// Why it matters, as notes.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
    /// A mechanical mend, if there is one.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error of the file.
    #[must_use]
    pub fn error(name: &'static str, primary: Span, message: impl Into<String>) -> Self {
        Self::new(Code::Error(name), Level::Error, primary, message.into())
    }

    /// A lint at its default level.
    #[must_use]
    pub fn lint(lint: Lint, primary: Span, message: impl Into<String>) -> Self {
        Self::new(Code::Lint(lint), lint.default_level(), primary, message.into())
    }

    fn new(code: Code, level: Level, primary: Span, message: String) -> Self {
        Diagnostic {
            code,
            level,
            message,
            primary,
            label: String::new(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fix: None,
        }
    }

    /// Words beside the primary place.
    #[must_use]
    pub fn label(mut self, message: impl Into<String>) -> Self {
        self.label = message.into();
        self
    }

    /// Another place.
    #[must_use]
    pub fn also(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// Why it matters.
    #[must_use]
    pub fn note(mut self, message: impl Into<String>) -> Self {
        self.notes.push(message.into());
        self
    }

    /// What to do.
    #[must_use]
    pub fn help(mut self, message: impl Into<String>) -> Self {
        self.help.push(message.into());
        self
    }

    /// A mechanical mend, after which decisions may change.
    #[must_use]
    pub fn fix(self, span: Span, replacement: impl Into<String>, message: impl Into<String>) -> Self {
        self.with_fix(span, replacement.into(), message.into(), Decisions::MayChange)
    }

    /// A mechanical mend that keeps every decision.
    #[must_use]
    pub fn fix_that_keeps(
        self,
        span: Span,
        replacement: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        self.with_fix(span, replacement.into(), message.into(), Decisions::Kept)
    }

    fn with_fix(mut self, span: Span, replacement: String, message: String, decisions: Decisions) -> Self {
        self.fix = Some(Fix { span, replacement, message, decisions });
        self
    }
}
