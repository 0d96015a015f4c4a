//! Keys: which of them are one to Python, and which of them the language knows.

use super::reader::{Field, Reader};
use super::scalar::as_written;
use crate::diag::{Diagnostic, Lint};
use crate::nearest::{nearest, slip};
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
    /// Keys that are known elsewhere, or here by another name.
    pub(super) elsewhere: &'static [&'static [(&'static str, Belongs)]],
}

/// Where a key belongs.
#[derive(Clone, Copy)]
pub(super) enum Belongs {
    /// Here, under this name.
    Named(&'static str),
    /// At another place, which these words tell.
    At(&'static str),
}

/// What a risk level and an approval are called in other languages.
pub(super) const OUTCOME_NAMES: &[(&str, Belongs)] =
    &[("effect", Belongs::Named("approval")), ("risk", Belongs::Named("risk_level"))];

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
        if found.len() == fields.len() {
            return found;
        }
        let unknown = fields.iter().filter(|field| self.known_name(field.key, keys.known).is_none());
        let unknown: Vec<_> = unknown.map(|field| (field.key, self.name_here(field.key, keys))).collect();
        let names = unknown.iter().filter_map(|(_, name)| *name);
        let meant: Meant = found.iter().map(|(name, _)| *name).chain(names).collect();
        let help = format!("the keys of {} are {}", keys.owner, list(keys.known));
        for (key, name) in unknown {
            self.report_unknown_key(key, name, keys, &meant, &help);
        }
        found
    }

    /// The known name that an unknown key is meant for, if it is one of the same mapping.
    fn name_here(&self, key: Use, keys: &Keys) -> Option<&'static str> {
        match self.belongs(key, keys) {
            Some((_, Belongs::Named(name))) => Some(name),
            Some((_, Belongs::At(_))) => None,
            None => self.near(key, keys.known),
        }
    }

    fn belongs(&self, key: Use, keys: &Keys) -> Option<(&'static str, Belongs)> {
        let text = self.str(key)?;
        keys.elsewhere.iter().copied().flatten().find(|(name, _)| *name == text).copied()
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

    /// Whether a key is surely a slip for the name that it is near to.
    pub(super) fn is_slip(&self, key: Use, name: &str, known: &[&'static str]) -> bool {
        let Some(key) = self.str(key) else { return false };
        MEANT.contains(&(key, name)) || slip(key, known.iter().copied()) == Some(name)
    }

    /// Reports a key that is meant for `name`, if for any; `meant` are the known names that the keys of the
    /// mapping are or are meant for.
    fn report_unknown_key(
        &mut self,
        key: Use,
        name: Option<&'static str>,
        keys: &Keys,
        meant: &Meant,
        help: &str,
    ) {
        let shown = self.show_key(key);
        let mut lint = Diagnostic::lint(
            Lint::UnknownKey,
            key.span,
            format!("unknown key `{shown}` in {}: it and its value are ignored", keys.owner),
        );
        lint = lint.label(match (self.belongs(key, keys), name) {
            (Some((key, Belongs::At(place))), _) => format!("`{key}` belongs {place}"),
            (Some((key, Belongs::Named(name))), _) => format!("`{key}` belongs under the name `{name}`"),
            (None, Some(name)) => format!("did you mean `{name}`?"),
            (None, None) if self.str(key).is_none() => self.reading(key),
            (None, None) => "no such key here".to_owned(),
        });
        if let Some(name) = name.filter(|name| meant.once(name)) {
            if self.belongs(key, keys).is_some() || self.is_slip(key, name, keys.known) {
                let written = as_written(name, self.sources.text(key.span));
                lint = lint.fix(key.span, written, format!("write `{name}`"));
            }
            if let Some(means) = absence(keys.owner, name) {
                lint = lint.note(means);
            }
        }
        self.report(lint.help(help));
    }

    /// A key as a message shows it.
    pub(super) fn show_key(&self, key: Use) -> String {
        shown(self.str(key).unwrap_or_else(|| self.source(key))).into_owned()
    }
}

/// The known names that the keys of a mapping are meant for, and by how many keys each.
pub(super) struct Meant(Vec<(&'static str, usize)>);

impl FromIterator<&'static str> for Meant {
    fn from_iter<I: IntoIterator<Item = &'static str>>(names: I) -> Self {
        // As long as the list of known names at most, however many keys there are.
        let mut counts: Vec<(&'static str, usize)> = Vec::new();
        for name in names {
            match counts.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None => counts.push((name, 1)),
            }
        }
        Meant(counts)
    }
}

impl Meant {
    /// Whether one key alone is meant for a name. Of two nobody knows which should have it.
    pub(super) fn once(&self, name: &str) -> bool {
        self.0.contains(&(name, 1))
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
        [first, rest @ .., last] => {
            let mut list = format!("`{first}`");
            for name in rest {
                list.extend([", `", name, "`"]);
            }
            list.extend([" and `", last, "`"]);
            list
        }
    }
}
