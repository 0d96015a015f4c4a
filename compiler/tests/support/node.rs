//! YAML as it is drawn: a small tree, written as text by hand.
//!
//! Text is always in double quotes with everything odd escaped; a plain scalar is written as it
//! stands and says itself what it reads as. So what is written is what is meant, without a library
//! that could share a fault with the reader.

use aegis_vm::json::{Json, Object};
use std::fmt::Write;

/// A node.
#[derive(Clone, Debug)]
pub enum Node {
    /// Written as it stands; for an action it is this value.
    Plain(String, Json),
    Text(String),
    List(Vec<Node>),
    /// Entries in order; keys may stand twice, and need not be text.
    Map(Vec<(Node, Node)>),
}

impl Node {
    pub fn text(text: impl Into<String>) -> Self {
        Node::Text(text.into())
    }

    /// A plain scalar that is text to every reader.
    pub fn word(word: &str) -> Self {
        Node::Plain(word.to_owned(), Json::from(word))
    }

    pub fn null() -> Self {
        Node::Plain("null".to_owned(), Json::Null)
    }

    pub fn int(number: i64) -> Self {
        Node::Plain(number.to_string(), Json::Int(number))
    }

    /// The value that an action would hold; what JSON cannot say is null or left out.
    pub fn json(&self) -> Json {
        match self {
            Node::Plain(_, value) => value.clone(),
            Node::Text(text) => Json::from(text.as_str()),
            Node::List(items) => Json::List(items.iter().map(Node::json).collect()),
            Node::Map(entries) => {
                let mut object = Object::new();
                for (key, value) in entries {
                    if let Json::Str(key) = key.json() {
                        object.insert(key, value.json());
                    }
                }
                Json::Object(object)
            }
        }
    }

    /// On one line, in flow style.
    pub fn flow(&self, out: &mut String) {
        match self {
            Node::Plain(text, _) => out.push_str(text),
            Node::Text(text) => quoted(text, out),
            Node::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    item.flow(out);
                }
                out.push(']');
            }
            Node::Map(entries) => {
                out.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    key.flow(out);
                    out.push_str(": ");
                    value.flow(out);
                }
                out.push('}');
            }
        }
    }

    /// The lines of a block at an indentation, down to `levels` levels of blocks, flow below.
    pub fn block(&self, indent: usize, levels: usize, out: &mut String) {
        match self {
            Node::Map(entries) if levels > 0 && !entries.is_empty() => {
                for (key, value) in entries {
                    let _ = write!(out, "\n{:indent$}", "");
                    key.flow(out);
                    out.push(':');
                    value.under(indent + 2, levels - 1, out);
                }
            }
            Node::List(items) if levels > 0 && !items.is_empty() => {
                for item in items {
                    let _ = write!(out, "\n{:indent$}-", "");
                    item.under(indent + 2, levels - 1, out);
                }
            }
            _ => self.flow(out),
        }
    }

    fn under(&self, indent: usize, levels: usize, out: &mut String) {
        let is_block = match self {
            Node::Map(entries) => !entries.is_empty(),
            Node::List(items) => !items.is_empty(),
            _ => false,
        };
        if !is_block || levels == 0 {
            out.push(' ');
        }
        self.block(indent, levels, out);
    }
}

/// Text in double quotes: printable ASCII and letters as they are, the rest escaped.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            ' '..='~' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            c if u32::from(c) <= 0xff => drop(write!(out, "\\x{:02x}", u32::from(c))),
            c if u32::from(c) <= 0xffff => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => drop(write!(out, "\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
}
