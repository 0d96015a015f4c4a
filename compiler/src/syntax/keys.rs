//! Keys: which of them are one to Python, and which of them the language knows.

use super::reader::{Field, Reader};
use crate::diag::{Diagnostic, Lint};
use crate::nearest::nearest;
use crate::shown::shown;
use crate::yaml::{ScalarValue, Use};
use num_bigint::BigInt;

/// A key as Python's `dict` tells keys apart: `1`, `1.0` and `true` are one key.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum KeyId<'a> {
    Null,
    Whole(BigInt),
    Fraction(u64),
    Str(&'a str),
    Timestamp(&'a str),
    Binary(&'a [u8]),
}

/// The longest key, in bytes, that is compared with known names.
pub(super) const LONGEST_NAME: usize = 64;

/// The keys that one kind of mapping may have, and where other keys belong.
pub(super) struct Keys {
    /// The mapping, in the words of a message.
    pub(super) owner: &'static str,
    pub(super) known: &'static [&'static str],
    /// Keys that are known elsewhere, with the place where they belong.
    pub(super) elsewhere: &'static [&'static [(&'static str, &'static str)]],
}

/// What a risk level and an approval are called in other languages.
pub(super) const OUTCOME_NAMES: &[(&str, &str)] =
    &[("effect", "under the name `approval`"), ("risk", "under the name `risk_level`")];

/// Names of other languages whose nearest name here, by letters alone, means something else.
const MEANT: [(&str, &str); 4] = [
    ("param_le", "param_lte"),
    ("param_ge", "param_gte"),
    ("param_leq", "param_lte"),
    ("param_geq", "param_gte"),
];

impl<'a> Reader<'a> {
    /// The identity of a key; `None` for a NaN, which is no other key, and for a collection.
    pub(super) fn key_id(&self, key: Use) -> Option<KeyId<'a>> {
        Some(match &self.scalar(key)?.value {
            ScalarValue::Null => KeyId::Null,
            ScalarValue::Bool(b) => KeyId::Whole(BigInt::from(u8::from(*b))),
            ScalarValue::Int(i) => KeyId::Whole(i.clone()),
            ScalarValue::Float(x) if x.is_nan() => return None,
            ScalarValue::Float(x) => match crate::hir::number::whole(*x) {
                Some(whole) => KeyId::Whole(whole),
                None => KeyId::Fraction(x.to_bits()),
            },
            ScalarValue::Str(text) => KeyId::Str(text),
            ScalarValue::Timestamp(text) => KeyId::Timestamp(text),
            ScalarValue::Binary(bytes) => KeyId::Binary(bytes),
        })
    }

    /// The fields whose keys are known, by name; every other key is reported.
    pub(super) fn known_fields(&mut self, fields: &[Field], keys: &Keys) -> Vec<(&'static str, Field)> {
        let named = |field: &Field| Some((self.known_name(field.key, keys.known)?, *field));
        let found: Vec<_> = fields.iter().filter_map(named).collect();
        let unknown = fields.iter().filter(|field| self.known_name(field.key, keys.known).is_none());
        for key in unknown.map(|field| field.key).collect::<Vec<_>>() {
            self.report_unknown_key(key, keys, &found);
        }
        found
    }

    /// The known name that a key is.
    pub(super) fn known_name(&self, key: Use, known: &[&'static str]) -> Option<&'static str> {
        let key = self.str(key)?;
        known.iter().copied().find(|&name| name == key)
    }

    /// The known name that a key is near to. Long keys are near to none, and comparing them costs.
    pub(super) fn near(&self, key: Use, known: &[&'static str]) -> Option<&'static str> {
        let key = self.str(key).filter(|key| key.len() <= LONGEST_NAME)?;
        let meant = MEANT.iter().find(|(other, _)| *other == key).map(|&(_, name)| name);
        meant.filter(|name| known.contains(name)).or_else(|| nearest(key, known.iter().copied()))
    }

    fn report_unknown_key(&mut self, key: Use, keys: &Keys, found: &[(&'static str, Field)]) {
        let shown = self.show_key(key);
        let mut lint = Diagnostic::lint(
            Lint::UnknownKey,
            key.span,
            format!("unknown key `{shown}` in {}: it and its value are ignored", keys.owner),
        );
        let text = self.str(key);
        let near = self.near(key, keys.known);
        let belongs =
            text.and_then(|text| keys.elsewhere.iter().copied().flatten().find(|(name, _)| *name == text));
        match (belongs, near) {
            (Some((name, place)), _) => lint = lint.label(format!("`{name}` belongs {place}")),
            (None, Some(near)) => {
                lint = lint.label(format!("did you mean `{near}`?"));
                if !found.iter().any(|(name, _)| *name == near) {
                    lint = lint.fix(key.span, near, format!("write `{near}`"));
                }
            }
            (None, None) if text.is_none() => lint = lint.label(self.reading(key)),
            (None, None) => lint = lint.label("no such key here"),
        }
        // What a place says last is the known key, as in "under the name `type`".
        let place = belongs.and_then(|(_, place)| place.strip_suffix('`')?.rsplit_once('`'));
        let meant = place.map(|(_, name)| name).or(near);
        let is_there = |meant: &str| found.iter().any(|(name, _)| *name == meant);
        if let Some(means) =
            meant.filter(|meant| !is_there(meant)).and_then(|meant| absence(keys.owner, meant))
        {
            lint = lint.note(means);
        }
        self.report(lint.help(format!("the keys of {} are {}", keys.owner, list(keys.known))));
    }

    /// A key as a message shows it.
    pub(super) fn show_key(&self, key: Use) -> String {
        shown(self.str(key).unwrap_or_else(|| self.source(key))).into_owned()
    }
}

/// What it means that a key is absent.
fn absence(owner: &str, key: &str) -> Option<&'static str> {
    Some(match (owner, key) {
        ("a rule", "conditions") => "a rule without `conditions` is unconditional",
        ("a rule", "match") => "a rule without `match` matches every action",
        ("a rule", "approval") => "a rule without `approval` asks for one, as `approve` does",
        ("a rule", "risk_level") => "a rule without `risk_level` is of medium risk",
        ("`match`", "type") => "a `match` without `type` matches every type",
        ("`match`", "target") => "a `match` without `target` matches every target",
        ("`match`", "agent") => "a `match` without `agent` matches every agent",
        ("`defaults`", "approval") => "without `approval` the default is to block",
        ("`defaults`", "risk_level") => "without `risk_level` the default is medium",
        ("a policy", "rules") => "a policy without `rules` leaves every action to its defaults",
        _ => return None,
    })
}

/// Names as a message lists them.
pub(super) fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [rest @ .., last] => {
            let rest: Vec<String> = rest.iter().map(|name| format!("`{name}`")).collect();
            format!("{} and `{last}`", rest.join(", "))
        }
    }
}
