//! Constants, and Python's `str` of them where one stands for a pattern.

use super::Pattern;
use super::reader::Reader;
use crate::hir::{Const, python};
use crate::yaml::{NodeKind, ScalarValue, Use};

/// The deepest nesting of a constant: as deep as the params of an action can be.
const MAX_DEPTH: usize = aegis_vm::json::MAX_DEPTH;

impl Reader<'_> {
    /// The constant that a node is.
    pub(super) fn constant(&mut self, at: Use) -> Option<Const> {
        self.constant_at(at, 0)
    }

    fn constant_at(&mut self, at: Use, depth: usize) -> Option<Const> {
        if depth > MAX_DEPTH {
            self.report_too_deep(at);
            return None;
        }
        self.warn_if_ambiguous(at);
        Some(match self.kind(at) {
            NodeKind::Scalar(scalar) => match &scalar.value {
                ScalarValue::Null => Const::Null,
                ScalarValue::Bool(b) => Const::Bool(*b),
                ScalarValue::Int(i) => Const::Int(i.clone()),
                ScalarValue::Float(x) => Const::Float(*x),
                ScalarValue::Str(text) => Const::Str(text.to_string()),
                ScalarValue::Timestamp(_) | ScalarValue::Binary(_) => Const::Foreign { hashable: true },
            },
            NodeKind::Sequence(items) => {
                let items: Option<_> = items.iter().map(|&item| self.constant_at(item, depth + 1)).collect();
                Const::List(items?)
            }
            NodeKind::Mapping(entries) => {
                let mut map = Vec::with_capacity(entries.len());
                let mut foreign = false;
                for field in self.fields(entries) {
                    self.warn_if_ambiguous(field.key);
                    let value = self.constant_at(field.value, depth + 1)?;
                    match self.str(field.key) {
                        Some(key) => map.push((key.to_owned(), value)),
                        None => foreign = true,
                    }
                }
                if foreign { Const::Foreign { hashable: false } } else { Const::Map(map) }
            }
            NodeKind::Foreign(_) => Const::Foreign { hashable: false },
        })
    }

    fn report_too_deep(&mut self, at: Use) {
        let error =
            self.value_error("too_deep", at, format!("a constant is nested more than {MAX_DEPTH} deep"));
        self.report(
            error.label("too deep").help("no param of an action is nested so deep: write a flatter value"),
        );
    }

    /// A pattern; what is not text is read as Python's `str` of it.
    pub(super) fn pattern(&mut self, at: Use) -> Option<Pattern> {
        let span = self.node(at.node).span;
        if let (Some(text), Some(scalar)) = (self.str(at), self.scalar(at)) {
            self.warn_if_ambiguous(at);
            return Some(Pattern { text: text.to_owned(), span, style: Some(scalar.style) });
        }
        let mut text = String::new();
        self.python_str(at, 0, &mut text)?;
        Some(Pattern { text, span, style: None })
    }

    /// Appends Python's `str` of a node; inside a collection (`depth` above 0), its `repr`.
    fn python_str(&mut self, at: Use, depth: usize, out: &mut String) -> Option<()> {
        if depth > MAX_DEPTH {
            self.report_too_deep(at);
            return None;
        }
        match self.kind(at) {
            NodeKind::Scalar(scalar) => match &scalar.value {
                ScalarValue::Null => out.push_str("None"),
                ScalarValue::Bool(b) => out.push_str(if *b { "True" } else { "False" }),
                ScalarValue::Int(i) => out.push_str(&i.to_string()),
                ScalarValue::Float(x) => out.push_str(&python::float(*x)),
                ScalarValue::Str(text) => out.push_str(&python::repr(text)),
                ScalarValue::Timestamp(text) if depth == 0 => out.push_str(text),
                ScalarValue::Timestamp(text) => out.push_str(&python::timestamp_repr(text)),
                ScalarValue::Binary(bytes) => out.push_str(&python::bytes_repr(bytes)),
            },
            NodeKind::Sequence(items) => {
                out.push('[');
                for (index, &item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    self.python_str(item, depth + 1, out)?;
                }
                out.push(']');
            }
            NodeKind::Mapping(entries) => {
                out.push('{');
                for (index, field) in self.fields(entries).into_iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    self.python_str(field.key, depth + 1, out)?;
                    out.push_str(": ");
                    self.python_str(field.value, depth + 1, out)?;
                }
                out.push('}');
            }
            NodeKind::Foreign(tag) => {
                let what = format!("a pattern must be a string, found `{tag}`");
                let error = self.value_error("bad_pattern", at, what);
                self.report(error.label("its text is not defined").help("write the pattern as a string"));
                return None;
            }
        }
        Some(())
    }
}
