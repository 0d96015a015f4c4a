//! The front end: files -> the policy as it is meant, or everything that is wrong with it.

use crate::diag::{Diagnostic, Level};
use crate::source::SourceMap;
use crate::{Checked, LayerSource, Options, hir, layer, lint, syntax, yaml};
use std::collections::HashSet;

/// Reads, merges and lints layers, the first of which gives the defaults.
///
/// Every error of every file is found in one run. There is a policy only if nothing was denied.
#[must_use]
pub fn check(layers: Vec<LayerSource>, options: &Options) -> Checked {
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
    for file in files {
        if let Some(document) = yaml::parse(file, &sources, &options.limits, &mut found) {
            trees.push(syntax::read(&document, &sources, &mut found));
        }
    }
    for tree in &trees {
        lint::layer(tree, &mut found);
    }
    let merged = layer::merge(&trees, &mut found);
    let policy = hir::lower(merged, &sources, &mut found);
    let diagnostics = options.levels.apply(in_order(found));
    let denied = diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error);
    Checked { sources, diagnostics, policy: (!denied).then_some(policy) }
}

/// In the order of the files and of the places in them. What an alias brings in twice is said once.
fn in_order(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by_key(|diagnostic| diagnostic.primary);
    let mut said = HashSet::new();
    found.retain(|diagnostic| said.insert((diagnostic.code, diagnostic.primary, diagnostic.message.clone())));
    found
}
