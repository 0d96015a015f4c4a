//! Merge keys, and what aliases expand to.
//!
//! Merging copies entries, so a short file can ask for very many: every copy is counted before it
//! is made. What a reader of the tree would visit is counted over the finished nodes, children
//! first, without expanding anything.

use super::build::{Built, Stop};
use super::{Document, Entry, Limits, Node, NodeId, NodeKind};
use crate::diag::Diagnostic;
use crate::source::Span;

/// Below this many nodes a file may expand whatever its size.
const FLOOR: usize = 10_000;

/// Flattens the merge keys of a finished document, then bounds its expansion.
///
/// The merges are in the order in which their mappings ended, so that what a mapping takes in is
/// itself flat already.
pub(super) fn flatten(
    built: Built,
    limits: &Limits,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Document, Stop> {
    let Built { mut document, merges, written } = built;
    let limit = written.saturating_mul(limits.expansion).max(FLOOR);
    let mut copied = 0_usize;
    for merge in &merges {
        let mut entries = Vec::new();
        for &source in &merge.sources {
            let node = document.get(source);
            match &node.kind {
                NodeKind::Mapping(_) => take(&document, source.node, &mut entries, &mut copied, limit),
                NodeKind::Sequence(items) => {
                    // Of several mappings the first wins, so it comes last.
                    for item in items.iter().rev() {
                        match document.get(*item).kind {
                            NodeKind::Mapping(_) => {
                                take(&document, item.node, &mut entries, &mut copied, limit);
                            }
                            _ => diagnostics.push(not_a_mapping(item.span, merge.key)),
                        }
                    }
                }
                _ => diagnostics.push(not_a_mapping(source.span, merge.key)),
            }
            if copied > limit {
                return Err(too_large(merge.key, limit).into());
            }
        }
        if let Some(Node { kind: NodeKind::Mapping(own), .. }) = document.nodes.get_mut(merge.into.index()) {
            entries.append(own);
            *own = entries;
        }
    }
    bound(&document, limit)?;
    Ok(document)
}

/// Copies the entries of a mapping, unless that would pass the limit.
fn take(document: &Document, from: NodeId, into: &mut Vec<Entry>, copied: &mut usize, limit: usize) {
    if let NodeKind::Mapping(entries) = &document.node(from).kind {
        *copied = copied.saturating_add(entries.len());
        if *copied <= limit {
            into.extend(entries.iter().map(|entry| Entry { merged: true, ..*entry }));
        }
    }
}

fn not_a_mapping(span: Span, key: Span) -> Diagnostic {
    Diagnostic::error("merge", span, "`<<` merges a mapping or a list of mappings")
        .label("not a mapping")
        .also(key, "merged here")
        .help("name an anchor that stands on a mapping, as in `<<: *defaults`")
}

fn too_large(span: Span, limit: usize) -> Diagnostic {
    Diagnostic::error("expansion", span, format!("aliases expand to more than {limit} nodes"))
        .label("grows past the limit here")
        .help("write the values out, or share less through aliases and `<<`")
}

/// Refuses a document whose aliases, written out, would give more than `limit` nodes.
fn bound(document: &Document, limit: usize) -> Result<(), Stop> {
    let mut sizes: Vec<usize> = Vec::with_capacity(document.nodes.len());
    for node in &document.nodes {
        let of = |id: NodeId| sizes.get(id.index()).copied().unwrap_or(1);
        let children = match &node.kind {
            NodeKind::Sequence(items) => items.iter().fold(0, |sum: usize, i| sum.saturating_add(of(i.node))),
            NodeKind::Mapping(entries) => entries
                .iter()
                .fold(0, |sum: usize, e| sum.saturating_add(of(e.key.node)).saturating_add(of(e.value.node))),
            NodeKind::Scalar(_) | NodeKind::Foreign(_) => 0,
        };
        let size = children.saturating_add(1);
        if size > limit {
            return Err(too_large(node.span, limit).into());
        }
        sizes.push(size);
    }
    Ok(())
}
