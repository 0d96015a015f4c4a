//! Explicit tags: the standard ones, with what PyYAML's `safe_load` makes of their content.

use super::number::{self, Unreadable};
use super::scalar::string;
use super::timestamp::{self, Form};
use super::{ScalarValue, base64};
use granit_parser::Tag as ParsedTag;

/// A tag as far as it concerns construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    None,
    /// `!`, which asks for the reading without a tag, and for scalars for the one without quotes.
    Bare,
    /// `!!str` and the other tags of scalars.
    Scalar(ScalarTag),
    /// `!!seq`.
    Seq,
    /// `!!map`.
    Map,
    /// `!!set`.
    Set,
    /// `!!omap` and `!!pairs`: lists of mappings with one entry each.
    Pairs(&'static str),
    /// Any other: refused.
    Unknown,
}

/// The standard tags of scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScalarTag {
    Str,
    Int,
    Float,
    Bool,
    Null,
    Binary,
    Timestamp,
}

impl Tag {
    pub(super) fn of(tag: Option<&ParsedTag>) -> Self {
        let Some(tag) = tag else { return Tag::None };
        if tag.handle().is_empty() && tag.suffix() == "!" {
            return Tag::Bare;
        }
        match tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() {
            Some("str") => Tag::Scalar(ScalarTag::Str),
            Some("int") => Tag::Scalar(ScalarTag::Int),
            Some("float") => Tag::Scalar(ScalarTag::Float),
            Some("bool") => Tag::Scalar(ScalarTag::Bool),
            Some("null") => Tag::Scalar(ScalarTag::Null),
            Some("binary") => Tag::Scalar(ScalarTag::Binary),
            Some("timestamp") => Tag::Scalar(ScalarTag::Timestamp),
            Some("seq") => Tag::Seq,
            Some("map") => Tag::Map,
            Some("set") => Tag::Set,
            Some("omap") => Tag::Pairs("!!omap"),
            Some("pairs") => Tag::Pairs("!!pairs"),
            _ => Tag::Unknown,
        }
    }
}

/// The value of a scalar under a tag.
pub(super) fn construct(tag: ScalarTag, text: &str) -> Result<ScalarValue, Unreadable> {
    let not = |why| Err(Unreadable(why));
    match tag {
        ScalarTag::Str => Ok(string(text)),
        ScalarTag::Null => Ok(ScalarValue::Null),
        ScalarTag::Bool => match text.to_ascii_lowercase().as_str() {
            "yes" | "true" | "on" => Ok(ScalarValue::Bool(true)),
            "no" | "false" | "off" => Ok(ScalarValue::Bool(false)),
            _ => not("`!!bool` takes yes, no, true, false, on or off"),
        },
        ScalarTag::Int => match number::integer(text) {
            Some(read) => read.map(ScalarValue::Int),
            None => not("`!!int` takes an integer"),
        },
        ScalarTag::Float => match number::tagged_float(text) {
            Some(read) => read.map(ScalarValue::Float),
            None => not("`!!float` takes a number"),
        },
        ScalarTag::Timestamp => match timestamp::timestamp(text, Form::Tagged) {
            Some(read) => read.map(|text| ScalarValue::Timestamp(text.into())),
            None => not("`!!timestamp` takes a date or a time"),
        },
        ScalarTag::Binary => match base64::decode(text) {
            Some(bytes) if text.is_ascii() => Ok(ScalarValue::Binary(bytes.into())),
            _ => not("`!!binary` takes base64 with its padding"),
        },
    }
}
