//! Policies as a library: from YAML text or files, to decisions, in one step.
//!
//! What a team needs to test its policies in Rust. A service that decides at run time builds the
//! artifact beforehand and loads it with `aegis_vm` alone.

use crate::diag::{Diagnostic, Level, RenderOptions, render_pretty};
use crate::pipeline::{BuildError, compile};
use crate::{Compilation, LayerSource, Options};
use aegis_vm::{Action, Clock, Decision, NoClock};
use std::borrow::Borrow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A compiled policy, with the layers that it was compiled from.
///
/// # Examples
///
/// ```
/// use aegisc::{Action, Approval, Policy};
///
/// let policy: Policy = r#"
/// version: "1"
/// rules:
///   - name: monitor_auto
///     match: { type: monitor }
///     approval: auto
///     risk_level: low
/// "#.parse()?;
///
/// let decision = policy.evaluate(Action::new("monitor", "cpu"));
/// assert_eq!(decision.approval(), Approval::Auto);
/// assert_eq!(decision.rule_name(), "monitor_auto");
///
/// let decision = policy.evaluate(Action::new("delete", "db"));
/// assert!(!decision.is_allowed());
/// assert_eq!(decision.rule_name(), "<default>");
/// # Ok::<(), aegisc::PolicyError>(())
/// ```
#[derive(Debug)]
pub struct Policy {
    layers: Vec<LayerSource>,
    options: Options,
    warnings: Vec<String>,
    artifact: Vec<u8>,
    vm: aegis_vm::Policy,
}

impl Policy {
    /// Compiles one file.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if the file cannot be read, or if anything in it is denied; its text is what
    /// `aegisc check` prints.
    pub fn from_yaml(path: impl AsRef<Path>) -> Result<Self, PolicyError> {
        Self::from_yaml_files([path])
    }

    /// Compiles files as layers: rules in the order of the files, defaults from the first.
    ///
    /// # Errors
    ///
    /// See [`from_yaml`](Self::from_yaml); [`PolicyError`] also if there is no file.
    pub fn from_yaml_files<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Self, PolicyError> {
        let mut layers = Vec::new();
        for path in paths {
            let path = path.as_ref();
            let bytes = std::fs::read(path).map_err(|error| PolicyError::unread(path, &error))?;
            layers.push(LayerSource { path: path.display().to_string(), bytes });
        }
        Self::from_layers(layers, Options::default())
    }

    /// Compiles layers that are already in memory.
    ///
    /// # Errors
    ///
    /// See [`from_yaml`](Self::from_yaml); [`PolicyError`] also if there is no layer.
    pub fn from_layers(layers: Vec<LayerSource>, options: Options) -> Result<Self, PolicyError> {
        if layers.is_empty() {
            return Err(PolicyError::new(
                PolicyErrorKind::NoLayers,
                "a policy needs at least one layer".into(),
            ));
        }
        let Compilation { sources, diagnostics, output } = compile(layers.clone(), &options)?;
        let render = |diagnostic: &Diagnostic| {
            render_pretty(diagnostic, &sources, RenderOptions { color: false, width: 100 })
        };
        let Some(output) = output else {
            let errors = diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error);
            let text: Vec<_> = errors.map(render).collect();
            return Err(PolicyError::new(PolicyErrorKind::Denied, text.join("\n")));
        };
        let warnings = diagnostics.iter().map(render).collect();
        let vm = aegis_vm::Policy::from_bytes(output.artifact.as_slice())
            .map_err(|error| PolicyError::new(PolicyErrorKind::Build, error.to_string()))?;
        Ok(Policy { layers, options, warnings, artifact: output.artifact, vm })
    }

    /// The layers of this policy followed by those of another, compiled anew: this one's rules come
    /// first and its defaults hold. Both originals stay as they are.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if the layers together are denied.
    ///
    /// # Examples
    ///
    /// ```
    /// use aegisc::{Action, Policy};
    ///
    /// let base: Policy = "rules: [{name: no_delete, match: {type: delete}, approval: block}]".parse()?;
    /// let team: Policy = "rules: [{name: team, match: {type: '*'}, approval: auto}]".parse()?;
    /// let both = base.merge(&team)?;
    /// assert_eq!(both.evaluate(Action::new("delete", "x")).rule_name(), "no_delete");
    /// assert_eq!(both.evaluate(Action::new("read", "x")).rule_name(), "team");
    /// assert_eq!(base.evaluate(Action::new("read", "x")).rule_name(), "<default>");
    /// # Ok::<(), aegisc::PolicyError>(())
    /// ```
    pub fn merge(&self, other: &Self) -> Result<Self, PolicyError> {
        let layers = self.layers.iter().chain(&other.layers).cloned().collect();
        Self::from_layers(layers, self.options.clone())
    }

    /// Decides an action at no particular time: a rule that looks at the time is an error, and
    /// blocks. For such rules use [`evaluate_at`](Self::evaluate_at).
    pub fn evaluate(&self, action: impl Borrow<Action>) -> Decision<'_> {
        self.vm.evaluate(action.borrow(), NoClock)
    }

    /// Decides an action at a time: a [`Timestamp`](aegis_vm::Timestamp), or a closure that gives one.
    ///
    /// # Examples
    ///
    /// ```
    /// use aegisc::{Action, Policy, time::parse_rfc3339};
    ///
    /// let policy: Policy = r#"
    /// rules:
    ///   - name: office_hours
    ///     match: { type: deploy }
    ///     conditions: { time_after: "09:00", time_before: "18:00", weekdays: [1, 2, 3, 4, 5] }
    ///     approval: auto
    /// "#.parse()?;
    /// let deploy = Action::new("deploy", "web");
    /// let wednesday = parse_rfc3339("2026-03-18T14:30:00Z").unwrap();
    /// let sunday = parse_rfc3339("2026-03-22T14:30:00Z").unwrap();
    /// assert!(policy.evaluate_at(&deploy, wednesday).is_allowed());
    /// assert!(!policy.evaluate_at(&deploy, sunday).is_allowed());
    /// # Ok::<(), aegisc::PolicyError>(())
    /// ```
    pub fn evaluate_at(&self, action: impl Borrow<Action>, clock: impl Clock) -> Decision<'_> {
        self.vm.evaluate(action.borrow(), clock)
    }

    /// The loaded artifact.
    #[must_use]
    pub fn vm(&self) -> &aegis_vm::Policy {
        &self.vm
    }

    /// The bytes of the artifact.
    #[must_use]
    pub fn artifact(&self) -> &[u8] {
        &self.artifact
    }

    /// What was found and not denied, as `aegisc check` prints it.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    /// Compiles the text of one layer.
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let layer = LayerSource { path: "policy.yaml".into(), bytes: text.into() };
        Self::from_layers(vec![layer], Options::default())
    }
}

/// Why there is no policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    kind: PolicyErrorKind,
    message: String,
}

/// What kind of fault a [`PolicyError`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyErrorKind {
    /// A file could not be read.
    Unread(PathBuf),
    /// There was no layer.
    NoLayers,
    /// The layers have errors, or a lint is denied.
    Denied,
    /// The artifact could not be made.
    Build,
}

impl PolicyError {
    fn new(kind: PolicyErrorKind, message: String) -> Self {
        PolicyError { kind, message }
    }

    fn unread(path: &Path, error: &std::io::Error) -> Self {
        let message = format!("cannot read `{}`: {error}", path.display());
        Self::new(PolicyErrorKind::Unread(path.to_owned()), message)
    }

    /// What kind of fault this is.
    #[must_use]
    pub fn kind(&self) -> &PolicyErrorKind {
        &self.kind
    }
}

impl From<BuildError> for PolicyError {
    fn from(error: BuildError) -> Self {
        Self::new(PolicyErrorKind::Build, error.to_string())
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PolicyError {}
