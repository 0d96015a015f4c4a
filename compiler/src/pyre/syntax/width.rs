//! How many characters a node takes, as CPython counts them: a lookbehind whose count is not fixed
//! is an error of the pattern.

use super::ast::{Ast, NodeId, NodeKind};
use std::collections::HashMap;

/// CPython's number for "without end". All counts stop there.
const WITHOUT_END: u128 = 1 << 64;

/// The greatest fixed width of a lookbehind.
const MAX_LOOKBEHIND: u128 = 0xffff_ffff;

/// The least and the most characters.
#[derive(Clone, Copy, Default)]
struct Width {
    least: u128,
    most: u128,
}

/// Widths that the tree does not show: of lookaround, of conditions, of what backreferences repeat.
#[derive(Default)]
pub(crate) struct Widths {
    known: HashMap<NodeId, Width>,
    groups: HashMap<usize, Width>,
}

impl Widths {
    /// Notes a group that has been read.
    pub(crate) fn group(&mut self, ast: &Ast, group: usize, node: NodeId) {
        self.groups.insert(group, self.of(ast, node));
    }

    /// Notes that a node repeats what a group took.
    pub(crate) fn refer(&mut self, node: NodeId, group: usize) {
        self.known.insert(node, self.groups.get(&group).copied().unwrap_or_default());
    }

    /// Notes that a node takes nothing: lookaround, the width of whose body has been asked for.
    pub(crate) fn looks(&mut self, node: NodeId) {
        self.known.insert(node, Width::default());
    }

    /// Notes that a node may be left out: a condition with one branch.
    pub(crate) fn optional(&mut self, ast: &Ast, node: NodeId) {
        let width = Width { least: 0, ..self.of(ast, node) };
        self.known.insert(node, width);
    }

    /// Why a node cannot be the body of a lookbehind, in CPython's words.
    pub(crate) fn lookbehind_error(&self, ast: &Ast, node: NodeId) -> Option<&'static str> {
        let width = self.of(ast, node);
        if width.least > MAX_LOOKBEHIND {
            Some("looks too much behind")
        } else if width.least != width.most {
            Some("look-behind requires fixed-width pattern")
        } else {
            None
        }
    }

    fn of(&self, ast: &Ast, id: NodeId) -> Width {
        if let Some(&known) = self.known.get(&id) {
            return known;
        }
        let width = match ast.get(id).map(|node| &node.kind) {
            None | Some(NodeKind::Look(_)) => Width::default(),
            Some(NodeKind::Leaf(_)) => Width { least: 1, most: 1 },
            Some(NodeKind::Concat(nodes)) => nodes.iter().fold(Width::default(), |sum, &node| {
                let width = self.of(ast, node);
                Width { least: sum.least + width.least, most: sum.most + width.most }
            }),
            Some(NodeKind::Alternation(nodes)) => {
                let widths = || nodes.iter().map(|&node| self.of(ast, node));
                Width {
                    least: widths().map(|width| width.least).min().unwrap_or(0),
                    most: widths().map(|width| width.most).max().unwrap_or(0),
                }
            }
            Some(&NodeKind::Repeat { node, min, max }) => {
                let once = self.of(ast, node);
                let most = match max {
                    None if once.most > 0 => WITHOUT_END,
                    _ => once.most * u128::from(max.unwrap_or(0)),
                };
                Width { least: once.least * u128::from(min), most }
            }
        };
        Width { least: width.least.min(WITHOUT_END), most: width.most.min(WITHOUT_END) }
    }
}
