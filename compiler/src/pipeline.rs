//! The pipeline: files -> the policy as it is meant -> the artifact, or everything that is wrong.

use crate::diag::{Code, Decisions, Diagnostic, Level};
use crate::hir;
use crate::pyre::{self, Automata, TooLarge};
use crate::source::{FileId, SourceMap, Span};
use crate::{
    Checked, Compilation, LayerSource, Options, Output, PolicyLimits, emit, glob, layer, lint, syntax, table,
    verify, yaml,
};
use aegis_vm::format::POLICY_ID_MAX;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::{fmt, thread};

/// Reads, merges and lints layers, the first of which gives the defaults.
///
/// Every error of every file is found in one run. There is a policy only if nothing was denied.
#[must_use]
pub fn check(layers: Vec<LayerSource>, options: &Options) -> Checked {
    // No glob is refused for its automaton, so that none is needed to tell what is wrong.
    let compile = |policy: &hir::Policy| pyre::compile(&policy.patterns, &pyre::Limits::default());
    let Front { sources, diagnostics, meant } = front(layers, options, compile);
    Checked { sources, diagnostics, policy: meant.map(|(policy, _)| policy) }
}

/// Compiles layers into an artifact, and checks the artifact against the policy.
///
/// What is wrong with the layers is found as by [`check`] and is no error of this function: then
/// there is no output.
///
/// # Errors
///
/// [`BuildError`] if the options cannot be written, if a table would pass 2^32 entries, or if the
/// artifact does not decide as the policy says, which is a fault of the compiler.
pub fn compile(layers: Vec<LayerSource>, options: &Options) -> Result<Compilation, BuildError> {
    compile_within(layers, options, &pyre::Limits::default())
}

/// As [`compile`], with other limits on automata.
pub(crate) fn compile_within(
    layers: Vec<LayerSource>,
    options: &Options,
    limits: &pyre::Limits,
) -> Result<Compilation, BuildError> {
    if options.policy_id.len() > POLICY_ID_MAX || options.policy_id.contains('\0') {
        return Err(BuildError::new(format!(
            "the policy id must be at most {POLICY_ID_MAX} bytes without a zero byte, and is {} bytes long",
            options.policy_id.len()
        )));
    }
    let digests: Vec<[u8; 32]> = layers.iter().map(|layer| Sha256::digest(&layer.bytes).into()).collect();
    let compile = |policy: &hir::Policy| {
        pyre::compile_with_globs(&policy.patterns, &glob::asked_together(policy), limits)
    };
    let Front { sources, diagnostics, meant } = front(layers, options, compile);
    let Some((policy, automata)) = meant else {
        return Ok(Compilation { sources, diagnostics, output: None });
    };
    let tables = || table::build(&policy, &automata, &sources, options.table_limits);
    let (tables, plan) = beside(tables, || verify::plan(&policy, options.verify));
    let tables = tables.map_err(|error| BuildError::new(error.to_string()))?;
    let verified = plan.note();
    let build = emit::Build {
        policy: &policy,
        sources: &sources,
        digests: &digests,
        policy_id: &options.policy_id,
        revision: options.revision,
        label: &options.label,
        verified: verified.clone(),
        cost: tables.cost().ok_or_else(|| BuildError::new("the tables do not fit together".to_owned()))?,
    };
    let artifact = emit::emit(&build, &tables);
    verify::check(&policy, &artifact, &plan).map_err(|fault| {
        BuildError::new(format!("the compiler's own check failed, and nothing was written: {fault}"))
    })?;
    drop(plan);
    Ok(Compilation { sources, diagnostics, output: Some(Output { policy, artifact, verified }) })
}

/// What two functions give that know nothing of each other: the second runs in a thread of its own, if there can
/// be one. What to ask of an artifact is found out without a look at its tables, and takes about as long as they do.
fn beside<A, B: Send>(one: impl FnOnce() -> A, other: impl Fn() -> B + Sync) -> (A, B) {
    // As much as a main thread has.
    const STACK: usize = 8 << 20;
    thread::scope(|scope| {
        let running = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, &other).ok();
        let one = one();
        match running.map(thread::ScopedJoinHandle::join) {
            Some(Ok(other)) => (one, other),
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => (one, other()),
        }
    })
}

/// Why no artifact was made of a policy that is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    message: String,
}

impl BuildError {
    fn new(message: String) -> Self {
        BuildError { message }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BuildError {}

/// What the front end gives: the policy and its automata only if nothing was denied.
struct Front {
    sources: SourceMap,
    diagnostics: Vec<Diagnostic>,
    meant: Option<(hir::Policy, Automata)>,
}

/// Runs the front end; `compile` makes the automata that the caller needs, those of the patterns at the least.
fn front(
    layers: Vec<LayerSource>,
    options: &Options,
    compile: impl Fn(&hir::Policy) -> Result<Automata, TooLarge>,
) -> Front {
    let mut sources = SourceMap::new();
    let mut found = Vec::new();
    let mut files = Vec::with_capacity(layers.len());
    for LayerSource { path, bytes } in layers {
        let (text, error) = yaml::decode(&bytes);
        let file = sources.add(path, text);
        match error {
            None => files.push(file),
            Some(error) => found.push(error.diagnostic(file)),
        }
    }
    let mut trees = Vec::with_capacity(files.len());
    let mut allows = lint::Allows::default();
    let mut aliased = HashSet::new();
    for file in files {
        if let Some(document) = yaml::parse(file, &sources, &options.limits, &mut found) {
            allows.read(&document, &sources, &mut found);
            if document.has_aliases {
                aliased.insert(document.file());
            }
            trees.push(syntax::read(&document, &sources, &mut found));
        }
    }
    if let Some(passed) = beyond(&trees, &options.policy_limits) {
        found.push(passed);
        return Front { sources, diagnostics: options.levels.apply(in_order(found)), meant: None };
    }
    for tree in &trees {
        lint::layer(tree, &sources, &mut found);
    }
    lint::layers(&trees, &mut found);
    let merged = layer::merge(&trees, &mut found);
    lint::merged(&merged, &sources, &mut found);
    let policy = hir::lower(merged, &sources, &mut found);
    let compiled = compile(&policy);
    lint::patterns(&trees, &policy, &compiled, &sources, &mut found);
    if let Err(TooLarge { errors, .. }) = &compiled {
        hir::report_uncompiled(errors, &policy, &trees, &sources, &mut found);
    }
    // A file with an error says less than its author means.
    if !found.iter().any(|diagnostic| matches!(diagnostic.code, Code::Error(_))) {
        lint::decisions(&trees, &policy, &sources, &mut found);
    }
    doubt_mends(&mut found, &aliased);
    let diagnostics = options.levels.apply(in_order(allows.apply(found, &sources)));
    let denied = diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error);
    let whole = compiled.ok().filter(|_| !denied).map(|automata| (policy, automata));
    let meant = match options.first_rules {
        Some(most) => whole.and_then(|_| {
            let mut merged = layer::merge(&trees, &mut Vec::new());
            merged.rules.truncate(most);
            let policy = hir::lower(merged, &sources, &mut Vec::new());
            compile(&policy).ok().map(|automata| (policy, automata))
        }),
        None => whole,
    };
    Front { sources, diagnostics, meant }
}

/// The limit on layers or rules that is passed, where it is passed.
fn beyond(trees: &[syntax::Layer], limits: &PolicyLimits) -> Option<Diagnostic> {
    let passed = |code, at, limit: usize, what: &str| {
        let message = format!("the policy has more than {limit} {what}, which is the limit");
        Some(Diagnostic::error(code, at, message).label("one too many").help("split the policy"))
    };
    if let Some(layer) = trees.get(limits.layers) {
        return passed("too_many_layers", Span::new(layer.file, 0..0), limits.layers, "layers");
    }
    let rule = trees.iter().flat_map(|layer| &layer.rules).nth(limits.rules)?;
    passed("too_many_rules", rule.span, limits.rules, "rules")
}

/// A mend is thought out for one use of a node. Where aliases use it elsewhere too, nothing is certain.
fn doubt_mends(found: &mut [Diagnostic], aliased: &HashSet<FileId>) {
    for fix in found.iter_mut().filter_map(|diagnostic| diagnostic.fix.as_mut()) {
        if aliased.contains(&fix.span.file) {
            fix.decisions = Decisions::MayChange;
        }
    }
}

/// In the order of the files and of the places in them. What an alias brings in twice is said once.
fn in_order(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by_key(|diagnostic| diagnostic.primary);
    let mut again = Vec::with_capacity(found.len());
    for of_place in found.chunk_by(|one, other| one.primary == other.primary) {
        if let [_] = of_place {
            again.push(false);
            continue;
        }
        let mut said = HashSet::new();
        again.extend(of_place.iter().map(|one| !said.insert((one.code, one.message.as_str()))));
    }
    let mut again = again.into_iter();
    found.retain(|_| !again.next().unwrap_or(false));
    found
}
