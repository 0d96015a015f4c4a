//! Compiles layers of policy YAML into one decision artifact.
//!
//! ```text
//! text → spanned nodes → layer tree → rule list → HIR → lints → automata, tables → bytes → verify
//!        yaml            syntax       layer       hir   lint    pyre, table        emit    verify
//! ```
//!
//! `pipeline` shows the passes one after the other on one screen; each is a module of the name above.
//!
//! - [`Policy`] does all of it in one step, for unit tests of policies.
//! - [`compile`] gives the artifact with every finding, [`check`] the findings alone: what the command
//!   `aegisc` is made of. [`diag`] draws them.
//! - [`mend`] makes the mends that findings carry.
//! - [`hir::reference`] is the plain evaluator that says what a policy means.
//!
//! All of it is pure, but for two things: [`Policy`] reads the files that it is given, and [`command`], what the
//! commands share, reads files, the clock and the environment, and prints.
//!
//! # Examples
//!
//! ```
//! use aegisc::{LayerSource, Options, compile};
//!
//! let layer = LayerSource {
//!     path: "team.yaml".into(),
//!     bytes: b"rules: [{name: reads, match: {type: 'read*'}, approval: auto}]".to_vec(),
//! };
//! let compilation = compile(vec![layer], &Options::default())?;
//! assert!(compilation.diagnostics.is_empty());
//! let artifact = compilation.output.unwrap().artifact;
//! let policy = aegis_vm::Policy::from_bytes(artifact).unwrap();
//! assert_eq!(policy.rules().len(), 1);
//! # Ok::<(), aegisc::BuildError>(())
//! ```

pub mod command;
pub mod diag;
mod emit;
mod glob;
pub mod hir;
mod layer;
mod lint;
mod mend;
mod nearest;
mod pipeline;
mod policy;
pub mod pyre;
pub mod schema;
mod shown;
pub mod source;
pub mod syntax;
mod table;
pub mod time;
mod verify;
pub mod yaml;

pub use aegis_vm::{Action, Approval, Decision, RiskLevel, Timestamp};
pub use mend::{Mend, Mended, mend};
pub use pipeline::{BuildError, check, compile};
pub use policy::{Policy, PolicyError, PolicyErrorKind};
pub use verify::boundary_cases;

use diag::{Diagnostic, Levels};
use source::SourceMap;

/// One input file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSource {
    /// The path as messages and the artifact show it.
    pub path: String,
    /// The file's bytes.
    pub bytes: Vec<u8>,
}

/// How to compile.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Levels of the lints.
    pub levels: Levels,
    /// Limits on each layer.
    pub limits: yaml::Limits,
    /// Limits on the policy.
    pub policy_limits: PolicyLimits,
    /// Limits on the decision graphs.
    pub table_limits: TableLimits,
    /// Carried in the artifact's header: at most 64 bytes.
    pub policy_id: String,
    /// Carried in the artifact's header.
    pub revision: u64,
    /// Carried in the artifact's manifest.
    pub label: String,
    /// How much of the output is checked against the specification.
    pub verify: Verify,
    /// Only so many rules, counted over all layers, go into the artifact: to see how its cost grows, and never for a
    /// policy that decides anything. Findings are those of the whole policy.
    pub first_rules: Option<usize>,
}

/// Limits on all layers together. Passing one is an error of the file that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyLimits {
    /// The most layers.
    pub layers: usize,
    /// The most rules.
    pub rules: usize,
}

impl Default for PolicyLimits {
    fn default() -> Self {
        PolicyLimits { layers: 1_000, rules: 1_000_000 }
    }
}

/// How far the graph of the rules that are found together may grow before they are cut into chunks of 64, and
/// that of a chunk before its rules are judged by rows of bits. It changes no decision, only what one costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableLimits {
    /// Words of four bytes for each graph.
    pub words: usize,
    /// And for each of its rules.
    pub words_a_rule: usize,
    /// Questions that are looked at while a graph is built.
    pub work: usize,
    /// And for each of its rules.
    pub work_a_rule: usize,
    /// The most rules of which one graph is tried.
    pub rules: usize,
    /// The most questions in a row.
    pub depth: usize,
    /// The fewest questions, over all rules of a list, that a look through a text for their literals must save.
    pub prefilter: usize,
}

impl Default for TableLimits {
    fn default() -> Self {
        TableLimits {
            words: 1 << 10,
            words_a_rule: 64,
            work: 1 << 16,
            work_a_rule: 1 << 10,
            rules: 1 << 14,
            depth: 128,
            prefilter: 8,
        }
    }
}

/// How much of the output is checked against the specification before it is given out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// Not at all.
    Off,
    /// The policy's own boundary cases and the kinds of action that its rules tell apart, within a budget.
    #[default]
    Fast,
    /// All of them, however many.
    Full,
}

/// What a front end run gives.
#[derive(Debug)]
pub struct Checked {
    /// The texts, for printing.
    pub sources: SourceMap,
    /// Every finding, in the order of the files and of the places in them.
    pub diagnostics: Vec<Diagnostic>,
    /// The policy, if nothing was denied.
    pub policy: Option<hir::Policy>,
}

/// What a whole run gives.
#[derive(Debug)]
pub struct Compilation {
    /// The texts, for printing.
    pub sources: SourceMap,
    /// Every finding, in the order of the files and of the places in them.
    pub diagnostics: Vec<Diagnostic>,
    /// The policy and its artifact, if nothing was denied.
    pub output: Option<Output>,
}

/// A policy and its artifact.
#[derive(Debug)]
pub struct Output {
    /// The policy as it is meant.
    pub policy: hir::Policy,
    /// The bytes of `policy.aegisb`.
    pub artifact: Vec<u8>,
    /// How the artifact was checked: `off`, or a sentence such as `proved: 725 kinds of action`.
    pub verified: String,
}
