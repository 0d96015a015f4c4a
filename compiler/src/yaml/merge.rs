//! Merge keys, and what aliases expand to.
//!
//! Merging copies entries, so a short file can ask for very many: every copy is counted before it
//! is made. What a reader of the tree would visit is counted over the finished nodes, children
//! first, without expanding anything.

use super::build::{Built, Stop};
use super::{Document, Entry, Limits, Node, NodeId, NodeKind, ScalarValue};
use crate::diag::Diagnostic;
use crate::source::Span;

/// Below this many nodes a file may expand whatever its size.
const FLOOR: usize = 10_000;
/// Below so many bytes of text a file may expand whatever its size.
const TEXT_FLOOR: usize = 16 << 20;

/// Flattens the merge keys of a finished document, then bounds its expansion.
///
/// The merges are in the order in which their mappings ended, so that what a mapping takes in is
/// itself flat already.
pub(super) fn flatten(
    built: Built,
    source_length: usize,
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
                return Err(too_large(merge.key, limit, "nodes").into());
            }
        }
        if let Some(Node { kind: NodeKind::Mapping(own), .. }) = document.nodes.get_mut(merge.into.index()) {
            entries.append(own);
            *own = entries;
        }
    }
    let text = source_length.saturating_mul(limits.expansion).max(TEXT_FLOOR);
    bound(&document, Size { nodes: limit, text })?;
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

fn too_large(span: Span, limit: usize, of: &str) -> Diagnostic {
    Diagnostic::error("expansion", span, format!("aliases expand to more than {limit} {of}"))
        .label("grows past the limit here")
        .help("write the values out, or share less through aliases and `<<`")
}

/// What a part of a document would be with its aliases written out.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    text: usize,
}

impl Size {
    fn and(self, other: Size) -> Size {
        Size { nodes: self.nodes.saturating_add(other.nodes), text: self.text.saturating_add(other.text) }
    }
}

/// Refuses a document whose aliases, written out, would give more nodes or text than the limit: later
/// passes keep what they need of each use.
fn bound(document: &Document, limit: Size) -> Result<(), Stop> {
    let mut sizes: Vec<Size> = Vec::with_capacity(document.nodes.len());
    for node in &document.nodes {
        let of = |id: NodeId| sizes.get(id.index()).copied().unwrap_or_default();
        let children = match &node.kind {
            NodeKind::Sequence(items) => {
                items.iter().fold(Size::default(), |sum, item| sum.and(of(item.node)))
            }
            NodeKind::Mapping(entries) => entries
                .iter()
                .fold(Size::default(), |sum, entry| sum.and(of(entry.key.node)).and(of(entry.value.node))),
            NodeKind::Scalar(scalar) => Size { nodes: 0, text: text_length(&scalar.value) },
            NodeKind::Foreign(_) => Size::default(),
        };
        let size = children.and(Size { nodes: 1, text: 0 });
        if size.nodes > limit.nodes {
            return Err(too_large(node.span, limit.nodes, "nodes").into());
        }
        if size.text > limit.text {
            return Err(too_large(node.span, limit.text, "bytes of text").into());
        }
        sizes.push(size);
    }
    Ok(())
}

fn text_length(value: &ScalarValue) -> usize {
    match value {
        ScalarValue::Str(text) | ScalarValue::Timestamp(text) => text.len(),
        ScalarValue::Binary(bytes) => bytes.len(),
        ScalarValue::Null | ScalarValue::Bool(_) | ScalarValue::Int(_) | ScalarValue::Float(_) => 0,
    }
}
