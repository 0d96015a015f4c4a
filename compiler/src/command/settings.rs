//! Settings that no flag gives: `aegisc.toml` in the working folder or above, and the environment.
//!
//! A key of the file, the environment and the flag have one name: `max-depth`, `AEGISC_MAX_DEPTH`,
//! `--max-depth`. Flags win over the environment, the environment over the file. A name that nothing knows is an
//! error wherever it stands: a setting that is dropped in silence would loosen what a pipeline relies on.

use super::args::VerifyArg;
use super::front::{self, Cap, Format};
use super::output::{Failure, Shell};
use crate::diag::{Diagnostic, LevelSetting, Levels, nearest};
use crate::source::{FileId, SourceMap, Span};
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The name of the file.
const FILE: &str = "aegisc.toml";

const PREFIX: &str = "AEGISC_";

/// The longest file that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// What the file and the environment ask for.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub(super) levels: Levels,
    pub(super) format: Option<Format>,
    pub(super) verify: Option<VerifyArg>,
    limits: BTreeMap<&'static str, usize>,
}

/// The keys beside `lints`.
const KEYS: [&str; 12] = [
    "cap-lints",
    "format",
    "max-depth",
    "max-expansion",
    "max-file",
    "max-findings",
    "max-layers",
    "max-line",
    "max-nodes",
    "max-rules",
    "max-scalar",
    "verify",
];

/// The lists of lints that the environment may give, in the order in which they count.
const LISTS: [(&str, LevelSetting); 3] =
    [("allow", LevelSetting::Allow), ("warn", LevelSetting::Warn), ("deny", LevelSetting::Deny)];

/// What is wrong with the file and the environment.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// What has no place in a text.
    pub(super) said: Vec<String>,
    /// What is wrong with the file.
    pub(super) found: Vec<Diagnostic>,
    /// The file.
    pub(super) sources: SourceMap,
}

impl Settings {
    /// Finds the file, unless none is wanted, reads it and the environment, and says all that is wrong with them.
    ///
    /// # Errors
    ///
    /// Something is wrong, and was said.
    pub fn find(no_config: bool, shell: &Shell) -> Result<Self, Failure> {
        let folder = std::env::current_dir().ok().filter(|_| !no_config);
        let file = folder.and_then(|folder| find(&folder));
        Settings::load(file).map_err(|refused| {
            shell.refused_settings(&refused);
            Failure::Said
        })
    }

    /// Reads the file, if one is named, and then the environment.
    ///
    /// # Errors
    ///
    /// All that is wrong with them.
    fn load(file: Option<PathBuf>) -> Result<Self, Refused> {
        let mut settings = Settings::default();
        let mut refused = Refused::default();
        if let Some(path) = file {
            match read(&path) {
                Ok(text) => {
                    let id = refused.sources.add(path.display().to_string(), text.as_str());
                    settings.file(&text, id, &mut refused.found);
                    refused.found.sort_by_key(|diagnostic| diagnostic.primary);
                }
                Err(error) => refused.said.push(format!("cannot read `{}`: {error}", path.display())),
            }
        }
        let mut variables: Vec<_> = std::env::vars_os().collect();
        variables.sort();
        settings.environment(&variables, &mut refused.said);
        if refused.said.is_empty() && refused.found.is_empty() { Ok(settings) } else { Err(refused) }
    }

    /// The limit of a name, if it is set.
    pub(super) fn limit(&self, name: &str) -> Option<usize> {
        self.limits.get(name).copied()
    }

    fn environment(&mut self, variables: &[(OsString, OsString)], wrong: &mut Vec<String>) {
        let mut lists = [None; LISTS.len()];
        for (variable, value) in variables {
            let Some((variable, name)) = variable.to_str().and_then(|v| Some((v, v.strip_prefix(PREFIX)?)))
            else {
                continue;
            };
            let mut refuse = |why: &dyn Display| {
                wrong.push(format!("the environment variable `{variable}`: {why}"));
            };
            let Some(value) = value.to_str() else {
                refuse(&"its value is not UTF-8");
                continue;
            };
            let key = name.to_ascii_lowercase().replace('_', "-");
            if value.is_empty() || key == "color" {
                continue;
            }
            if let Some(at) = LISTS.iter().position(|(list, _)| *list == key) {
                lists[at] = Some((variable, value));
            } else if let Err(why) = self.set(&key, value) {
                refuse(&why);
            }
        }
        for ((_, setting), list) in LISTS.into_iter().zip(lists) {
            let Some((variable, names)) = list else { continue };
            for name in names.split([',', ' ']).filter(|name| !name.is_empty()) {
                if let Err(unknown) = self.levels.set(name, setting) {
                    wrong.push(format!("the environment variable `{variable}`: {unknown}"));
                }
            }
        }
    }

    fn file(&mut self, text: &str, id: FileId, found: &mut Vec<Diagnostic>) {
        match DeTable::parse(text) {
            Ok(table) => self.table(table.get_ref(), id, found),
            Err(error) => {
                let span = Span::new(id, error.span().unwrap_or_default());
                found.push(finding(span, error.message().replace('\n', ", ")));
            }
        }
    }

    fn table(&mut self, table: &DeTable<'_>, id: FileId, found: &mut Vec<Diagnostic>) {
        for (key, value) in table {
            let place = Span::new(id, key.span());
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("lints", DeValue::Table(lints)) => self.lints(lints, id, found),
                ("lints", other) => {
                    let message = format!("`lints` must be a table, found {}", kind(other));
                    found.push(
                        finding(Span::new(id, value.span()), message)
                            .help("write `[lints]`, and below it `NAME = \"warn\"`"),
                    );
                }
                (key, _) if !KEYS.contains(&key) => found.push(unknown_key(place, key)),
                (key, _) => {
                    let span = Span::new(id, value.span());
                    match text(value) {
                        Some(text) => {
                            found.extend(self.set(key, &text).err().map(|why| finding(span, why)));
                        }
                        None => {
                            let found_kind = kind(value.get_ref());
                            let message = format!("`{key}` must be a text or a number, found {found_kind}");
                            found.push(finding(span, message));
                        }
                    }
                }
            }
        }
    }

    /// `all` counts first, then `warnings`, then the names: a table has no order.
    fn lints(&mut self, lints: &DeTable<'_>, id: FileId, found: &mut Vec<Diagnostic>) {
        let rank = |name: &str| match name {
            "all" => 0,
            "warnings" => 1,
            _ => 2,
        };
        let mut entries: Vec<_> = lints.iter().collect();
        entries.sort_by_key(|(name, _)| rank(name.get_ref()));
        for (name, value) in entries {
            let setting = value.get_ref().as_str();
            let setting = LISTS.iter().find(|(level, _)| setting == Some(*level));
            let Some(&(_, setting)) = setting else {
                let message = format!("`{}` must be `\"allow\"`, `\"warn\"` or `\"deny\"`", name.get_ref());
                found.push(finding(Span::new(id, value.span()), message));
                continue;
            };
            if let Err(unknown) = self.levels.set(name.get_ref(), setting) {
                let finding = finding(Span::new(id, name.span()), unknown.to_string());
                found.push(finding.help("`aegisc lints` lists the lints"));
            }
        }
    }

    /// Sets one of [`KEYS`].
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "format" => self.format = Some(one_of(value)?),
            "verify" => self.verify = Some(one_of(value)?),
            "cap-lints" => self.levels.cap(LevelSetting::from(one_of::<Cap>(value)?)),
            "max-depth" => {
                self.limits.insert("max-depth", front::depth(value)?);
            }
            _ => match KEYS.into_iter().find(|known| *known == key) {
                Some(limit) => {
                    self.limits.insert(limit, front::count(value)?);
                }
                None => return Err(unknown(key)),
            },
        }
        Ok(())
    }
}

/// The nearest file of that name, from a folder upward.
fn find(folder: &Path) -> Option<PathBuf> {
    let mut up = PathBuf::new();
    folder.ancestors().find_map(|ancestor| {
        let found = up.join(FILE);
        up.push("..");
        ancestor.join(FILE).symlink_metadata().is_ok().then_some(found)
    })
}

fn read(path: &Path) -> io::Result<String> {
    // To open a pipe would be to wait for whoever writes to it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = String::new();
    let file = fs::File::open(path)?;
    file.take(LONGEST + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= LONGEST) {
        Ok(text)
    } else {
        Err(io::Error::other(format!("it is longer than {LONGEST} bytes")))
    }
}

/// The word for a value of an enumeration.
fn one_of<T: ValueEnum>(value: &str) -> Result<T, String> {
    T::from_str(value, true).map_err(|_| {
        let words: Vec<String> = T::value_variants()
            .iter()
            .filter_map(|variant| variant.to_possible_value())
            .map(|word| format!("`{}`", word.get_name()))
            .collect();
        format!("`{value}` is none of {}", words.join(", "))
    })
}

/// A text or a whole number as the text that a flag would take.
fn text(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        _ => None,
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number that is not decimal",
        DeValue::Float(_) => "a decimal fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn unknown(key: &str) -> String {
    let near = nearest(key, KEYS.into_iter().chain(LISTS.map(|(list, _)| list)));
    let mean =
        near.map(|near| format!("; did you mean `{PREFIX}{}`?", near.to_ascii_uppercase().replace('-', "_")));
    format!("there is no such setting{}", mean.unwrap_or_default())
}

fn unknown_key(place: Span, key: &str) -> Diagnostic {
    let finding = finding(place, format!("unknown key `{key}`"));
    match nearest(key, KEYS.into_iter().chain(["lints"])) {
        Some(near) => finding.label(format!("did you mean `{near}`?")),
        None if Levels::lint(key).is_ok() => {
            finding.help("levels stand in a table: write `[lints]` above them")
        }
        None => finding.help(format!("the keys are `lints`, `{}`", KEYS.join("`, `"))),
    }
}

fn finding(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("settings", span, message)
}
