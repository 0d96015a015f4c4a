//! Levels of lints by name: `-A`, `-W`, `-D` in order, then `--cap-lints`.

use super::{Code, Diagnostic, Level, Lint};
use std::fmt;

/// What to do with a lint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelSetting {
    /// Say nothing.
    Allow,
    /// Say it, and compile.
    Warn,
    /// Refuse to compile.
    Deny,
}

/// A lint name that is not known, with the nearest one that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLint {
    /// The name as given.
    pub name: String,
    /// The nearest known name, if one is near.
    pub nearest: Option<&'static str>,
}

impl fmt::Display for UnknownLint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown lint `{}`", self.name)?;
        match self.nearest {
            Some(near) => write!(f, "; did you mean `{near}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownLint {}

#[derive(Clone, Copy, Debug)]
enum Selector {
    One(Lint),
    All,
    Warnings,
}

/// The levels that were asked for. Later settings win over earlier ones; the cap comes last.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    settings: Vec<(Selector, LevelSetting)>,
    cap: Option<LevelSetting>,
}

impl Levels {
    /// Every lint at its default level.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a lint by name; `all` is every lint, `warnings` every one that would warn.
    ///
    /// # Errors
    ///
    /// [`UnknownLint`] if no lint has that name.
    pub fn set(&mut self, name: &str, setting: LevelSetting) -> Result<(), UnknownLint> {
        let selector = match name {
            "all" => Selector::All,
            "warnings" => Selector::Warnings,
            _ => Selector::One(Self::lint(name)?),
        };
        self.settings.push((selector, setting));
        Ok(())
    }

    /// The lint of a name, in which `-` may stand for `_`.
    ///
    /// # Errors
    ///
    /// [`UnknownLint`] if no lint has that name.
    pub fn lint(name: &str) -> Result<Lint, UnknownLint> {
        let normal = name.replace('-', "_");
        let mut lints = Lint::ALL.iter().copied();
        lints.find(|lint| lint.name() == normal).ok_or_else(|| UnknownLint {
            name: name.to_owned(),
            nearest: crate::nearest::nearest(&normal, Lint::ALL.iter().map(|lint| lint.name())),
        })
    }

    /// Adds the settings of another list behind these; its cap, if it has one, wins.
    pub fn extend(&mut self, later: &Levels) {
        self.settings.extend_from_slice(&later.settings);
        self.cap = later.cap.or(self.cap);
    }

    /// Caps every lint: with `Warn` nothing is denied, with `Allow` nothing is said.
    pub fn cap(&mut self, cap: LevelSetting) {
        self.cap = Some(cap);
    }

    /// The diagnostics with their levels set, without those that are allowed.
    #[must_use]
    pub fn apply(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        diagnostics
            .into_iter()
            .filter_map(|d| self.level(&d).map(|level| Diagnostic { level, ..d }))
            .collect()
    }

    fn level(&self, diagnostic: &Diagnostic) -> Option<Level> {
        let Code::Lint(lint) = diagnostic.code else { return Some(Level::Error) };
        let mut level = Some(diagnostic.level);
        for &(selector, setting) in &self.settings {
            let selected = match selector {
                Selector::All => true,
                Selector::Warnings => level == Some(Level::Warn),
                Selector::One(one) => one == lint,
            };
            if selected {
                level = match setting {
                    LevelSetting::Allow => None,
                    LevelSetting::Warn => Some(Level::Warn),
                    LevelSetting::Deny => Some(Level::Error),
                };
            }
        }
        match self.cap {
            None | Some(LevelSetting::Deny) => level,
            Some(LevelSetting::Warn) => level.map(|l| l.min(Level::Warn)),
            Some(LevelSetting::Allow) => None,
        }
    }
}
