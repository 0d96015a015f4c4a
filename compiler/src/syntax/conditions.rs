//! `conditions`: times, weekdays, params, patterns and `semantic`.

use super::keys::{Meant, list};
use super::reader::{Field, Reader};
use super::scalar::as_written;
use super::{Ask, Condition, Param, Spanned, python};
use crate::diag::{Diagnostic, Lint};
use crate::hir::{Const, ParamOp};
use crate::shown::shown;
use crate::yaml::{NodeKind, ScalarValue, Style, Use};

/// Every condition of the language.
pub const KNOWN_CONDITIONS: [&str; 11] = [
    "time_after",
    "time_before",
    "weekdays",
    "param_eq",
    "param_gt",
    "param_gte",
    "param_lt",
    "param_lte",
    "param_contains",
    "param_matches",
    "semantic",
];

/// Where a condition belongs that stands elsewhere.
pub(super) const PLACE: &str = "in `conditions`";

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Reader<'_> {
    pub(super) fn conditions(&mut self, key: Use, at: Use) -> Vec<Condition> {
        let empty = match self.kind(at) {
            NodeKind::Mapping(entries) => entries.is_empty(),
            _ => self.is_null(at),
        };
        if empty {
            self.report(
                Diagnostic::lint(
                    Lint::NullConditions,
                    key.span,
                    "`conditions` is empty: the rule is unconditional",
                )
                .label("nothing stands under this key")
                .help("remove the key if the rule is meant for every action that its globs match")
                .help("otherwise write the conditions, indented under the key"),
            );
            return Vec::new();
        }
        let Some(fields) = self.mapping(
            at,
            "`conditions`",
            "write each condition as a key, such as `param_gt: {amount: 100}`",
        ) else {
            return Vec::new();
        };
        let known: Vec<_> =
            fields.iter().filter_map(|field| self.known_name(field.key, &KNOWN_CONDITIONS)).collect();
        if known.len() == fields.len() {
            let none = Meant::from_iter([]);
            return fields.iter().filter_map(|&field| self.condition(field, None, &known, &none)).collect();
        }
        let near = |field: &Field| match self.known_name(field.key, &KNOWN_CONDITIONS) {
            Some(_) => None,
            None => self.near(field.key, &KNOWN_CONDITIONS),
        };
        let near: Vec<_> = fields.iter().map(near).collect();
        let meant: Meant = near.iter().copied().flatten().collect();
        let fields = fields.into_iter().zip(near);
        fields.filter_map(|(field, near)| self.condition(field, near, &known, &meant)).collect()
    }

    /// A condition, or nothing after an error that makes it unusable; `near` is the known one that an unknown
    /// one is near to, `known` are the known ones beside it, `meant` those that unknown ones are near to.
    fn condition(
        &mut self,
        Field { key, value }: Field,
        near: Option<&'static str>,
        known: &[&str],
        meant: &Meant,
    ) -> Option<Condition> {
        let ask = match self.known_name(key, &KNOWN_CONDITIONS) {
            Some(name @ "time_after") => Ask::TimeAfter(self.time(value, name)?),
            Some(name @ "time_before") => Ask::TimeBefore(self.time(value, name)?),
            Some("weekdays") => Ask::Weekdays(self.weekdays(value)?),
            Some(name @ "param_eq") => self.compare(ParamOp::Eq, value, name)?,
            Some(name @ "param_gt") => self.compare(ParamOp::Gt, value, name)?,
            Some(name @ "param_gte") => self.compare(ParamOp::Gte, value, name)?,
            Some(name @ "param_lt") => self.compare(ParamOp::Lt, value, name)?,
            Some(name @ "param_lte") => self.compare(ParamOp::Lte, value, name)?,
            Some(name @ "param_contains") => self.compare(ParamOp::Contains, value, name)?,
            Some(name @ "param_matches") => {
                let entries = self.mapping(value, &format!("`{name}`"), &example(name, "'^a'"))?;
                let params = self.params(&entries, |reader, field| reader.pattern(field.value))?;
                Ask::Matches(Spanned::new(params, value.span))
            }
            Some(_) if self.is_null(value) => Ask::Semantic(Spanned::new(None, value.span)),
            Some(_) => {
                let text = self.text(value, "`semantic`", "wrong_kind")?;
                Ask::Semantic(Spanned::new(Some(text.value), text.span))
            }
            None => {
                self.report_unknown_condition(key, near, known, meant);
                Ask::Unknown
            }
        };
        let name = self.str(key).unwrap_or_else(|| self.source(key)).to_owned();
        Some(Condition { key: Spanned::new(name, key.span), ask })
    }

    fn report_unknown_condition(
        &mut self,
        key: Use,
        near: Option<&'static str>,
        known: &[&str],
        meant: &Meant,
    ) {
        let shown = self.show_key(key);
        let mut lint = Diagnostic::lint(
            Lint::UnknownCondition,
            key.span,
            format!("unknown condition `{shown}`: it never holds, so the rule never matches"),
        );
        match near {
            Some(near) => {
                lint = lint.label(format!("did you mean `{near}`?"));
                if !known.contains(&near) && meant.once(near) && self.is_slip(key, near, &KNOWN_CONDITIONS) {
                    let written = as_written(near, self.sources.text(key.span));
                    lint = lint.fix(key.span, written, format!("write `{near}`"));
                }
            }
            None if self.str(key).is_none() => lint = lint.label(self.reading(key)),
            None => lint = lint.label("no such condition"),
        }
        self.report(lint.help(format!("the conditions are {}", list(&KNOWN_CONDITIONS))));
    }

    /// The minute of the day of `HH:MM`. A plain `18:00`, which YAML 1.1 reads as a number in base
    /// 60, is read as its text.
    fn time(&mut self, at: Use, condition: &str) -> Option<Spanned<u16>> {
        let text = match self.scalar(at).map(|scalar| (scalar.style, &scalar.value)) {
            Some((_, ScalarValue::Str(text))) => text,
            Some((Style::Plain, ScalarValue::Int(_) | ScalarValue::Float(_)))
                if self.source(at).contains(':') =>
            {
                self.source(at)
            }
            _ => {
                let found = self.describe(at);
                let error = self.value_error(
                    "bad_time",
                    at,
                    format!("`{condition}` must be a time of day, found {found}"),
                );
                self.report(error.label(self.reading(at)).help("write a time such as `\"18:00\"`"));
                return None;
            }
        };
        match minute_of_day(text) {
            Ok((minute, seconds)) => {
                if seconds {
                    self.report_seconds(at, text, minute);
                }
                Some(Spanned::new(minute, at.span))
            }
            Err(why) => {
                let error = self
                    .value_error("bad_time", at, format!("`{}` is no time of day", shown(text)))
                    .label(why)
                    .help("a time is an hour 0 to 23 and a minute 0 to 59, such as `\"18:00\"`");
                let midnight = text.trim_matches(python::is_space).starts_with("24:0");
                self.report(match (midnight, condition) {
                    (false, _) => error,
                    (true, "time_before") => {
                        error.help("leave `time_before` out to reach the end of the day")
                    }
                    (true, _) => error.help("the start of the day is `\"00:00\"`"),
                });
                None
            }
        }
    }

    fn report_seconds(&mut self, at: Use, text: &str, minute: u16) {
        let lint = Diagnostic::lint(
            Lint::IgnoredSeconds,
            at.span,
            format!("the seconds of `{}` are ignored: a time ends with its minutes", shown(text)),
        )
        .label("read up to the minutes");
        let quote = if self.source(at).starts_with('\'') { '\'' } else { '"' };
        let written = format!("{quote}{:02}:{:02}{quote}", minute / 60, minute % 60);
        let message = format!("write `{written}`");
        let is_block = self.scalar(at).is_none_or(|scalar| scalar.style == Style::Block);
        self.report(if is_block || self.is_tagged(at) {
            lint.help(message)
        } else {
            lint.fix_that_keeps(self.node(at.node).span, written, message)
        });
    }

    /// The set of ISO weekdays that a list names. Elements equal a weekday as in Python, so that
    /// `1.0` and `true` are Mondays; an element that equals none is reported.
    fn weekdays(&mut self, at: Use) -> Option<Spanned<u8>> {
        let NodeKind::Sequence(items) = self.kind(at) else {
            let found = self.describe(at);
            let error = self
                .value_error("bad_weekdays", at, format!("`weekdays` must be a list, found {found}"))
                .label(format!("this is {found}"))
                .help("write a list of ISO weekdays, Monday 1 to Sunday 7, such as `[1, 2, 3, 4, 5]`");
            self.report(match self.scalar(at) {
                Some(scalar) if weekday(&scalar.value).is_some() && !self.is_tagged(at) => error.fix(
                    self.node(at.node).span,
                    format!("[{}]", self.source(at)),
                    format!("write `[{}]`", shown(self.source(at))),
                ),
                _ => error,
            });
            return None;
        };
        if items.is_empty() {
            self.report(
                Diagnostic::lint(
                    Lint::WeekdayNever,
                    at.span,
                    "no weekday is listed: the condition never holds",
                )
                .label("an empty list")
                .help("list ISO weekdays, Monday 1 to Sunday 7, or remove `weekdays`"),
            );
        }
        let mut days = 0;
        for &item in items {
            match self.scalar(item).and_then(|scalar| weekday(&scalar.value)) {
                Some(day) => {
                    self.warn_if_ambiguous(item);
                    self.warn_unless_whole(item, day);
                    days |= 1_u8 << (day - 1);
                }
                None => self.report_weekday(item),
            }
        }
        Some(Spanned::new(days, at.span))
    }

    fn warn_unless_whole(&mut self, item: Use, day: u8) {
        if matches!(self.scalar(item).map(|scalar| &scalar.value), Some(ScalarValue::Int(_))) {
            return;
        }
        let name = DAYS.get(usize::from(day - 1)).copied().unwrap_or_default();
        let lint = Diagnostic::lint(
            Lint::NonIntegerWeekday,
            item.span,
            format!("`{}` is {}, and counts as {day}, {name}", self.show_key(item), self.describe(item)),
        )
        .label("a weekday is a whole number");
        self.report(if self.is_tagged(item) {
            lint.help(format!("write `{day}` without a tag, if {name} is meant"))
        } else {
            lint.help(format!("write `{day}` if {name} is meant")).fix_that_keeps(
                self.node(item.node).span,
                day.to_string(),
                format!("write `{day}`"),
            )
        });
    }

    fn report_weekday(&mut self, item: Use) {
        let text = self.str(item).map(str::trim);
        let digit = text.filter(|text| text.len() == 1 && "1234567".contains(text));
        let message = match digit {
            Some(day) => format!("`{}` is a string, not the number {day}", shown(self.source(item))),
            None => format!("`{}` is no ISO weekday", self.show_key(item)),
        };
        let lint =
            Diagnostic::lint(Lint::WeekdayNever, item.span, format!("{message}: this element never matches"))
                .label(format!("this is {}", self.describe(item)))
                .help("weekdays are the numbers 1 (Monday) to 7 (Sunday), without quotes");
        let named = |text: &str| {
            let begins =
                |day: &str| day.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text));
            (1..).zip(DAYS).find(|(_, day)| text.len() >= 2 && begins(day))
        };
        let meant = digit
            .map(str::to_owned)
            .or_else(|| text.and_then(named).map(|(day, _): (u8, _)| day.to_string()));
        self.report(match meant {
            // Under a tag a number would stay what the tag says.
            Some(_) if self.is_tagged(item) => lint.help("remove the tag, and write the number"),
            Some(day) => {
                let message = format!("write `{day}`");
                lint.fix(self.node(item.node).span, day, message)
            }
            None => lint,
        });
    }

    fn compare(&mut self, op: ParamOp, at: Use, condition: &str) -> Option<Ask> {
        let entries = self.mapping(at, &format!("`{condition}`"), &example(condition, "100"))?;
        let ordered = !matches!(op, ParamOp::Eq | ParamOp::Contains);
        let params = if ordered {
            self.params(&entries, |reader, field| reader.threshold(field, condition))?
        } else {
            self.params(&entries, |reader, Field { value, .. }| {
                Some(Spanned::new(reader.constant(value)?, value.span))
            })?
        };
        Some(Ask::Compare(op, Spanned::new(params, at.span)))
    }

    /// The params of a condition without those whose values are errors; nothing if none is left.
    fn params<T>(
        &mut self,
        entries: &[Field],
        mut read: impl FnMut(&mut Self, Field) -> Option<T>,
    ) -> Option<Vec<Param<T>>> {
        let mut params = Vec::with_capacity(entries.len());
        for &field in entries {
            let key = field.key;
            let name = Spanned::new(self.str(key).map(str::to_owned), key.span);
            match name.value {
                Some(_) => self.warn_if_ambiguous(key),
                None => self.report_nameless(key, entries),
            }
            if let Some(value) = read(self, field) {
                params.push(Param { name, value });
            }
        }
        (!params.is_empty() || entries.is_empty()).then_some(params)
    }

    fn report_nameless(&mut self, key: Use, beside: &[Field]) {
        let source = self.source(key);
        let taken = beside.iter().any(|field| self.str(field.key) == Some(source));
        let text = shown(source);
        let lint = Diagnostic::lint(
            Lint::NonStringKey,
            key.span,
            format!("the key `{text}` is no string and names no param: the condition never holds"),
        )
        .label(format!("YAML 1.1 reads {} here", self.describe(key)));
        self.report(match self.in_quotes(key).filter(|_| !taken) {
            Some(quoted) => lint.help("put the name in quotes").fix(
                self.node(key.node).span,
                quoted,
                format!("write `\"{text}\"`"),
            ),
            None => lint.help("give the name of a param, as a string"),
        });
    }

    /// What a param is ordered against: a number, a boolean or text.
    fn threshold(&mut self, field: Field, condition: &str) -> Option<Spanned<Const>> {
        let at = field.value;
        if let Some(text) = self.str(at).filter(|text| python::is_number(text)) {
            self.warn_of_text(field, text);
            return Some(Spanned::new(Const::Str(text.to_owned()), at.span));
        }
        let ordered = self.scalar(at).is_some_and(|scalar| {
            let number = matches!(scalar.value, ScalarValue::Int(_) | ScalarValue::Float(_));
            number || matches!(scalar.value, ScalarValue::Bool(_) | ScalarValue::Str(_))
        });
        if ordered {
            return Some(Spanned::new(self.constant(at)?, at.span));
        }
        let found = self.describe(at);
        let what = format!("the threshold of `{condition}` must be a number, a boolean or a string");
        let error = self
            .value_error("bad_threshold", at, format!("{what}, found {found}"))
            .label(format!("{found} has no order"));
        self.report(match self.describe(at) {
            "null" => error.help("write the threshold after the colon, or remove the param"),
            "a list" => error.help("a param is in a list: write one rule for each, or `param_eq`"),
            "a date" => {
                let help = "dates in an action are strings: put the date in quotes to order it as text";
                let error = error.help(help);
                match self.in_quotes(at) {
                    Some(quoted) => {
                        let message = format!("write `{quoted}`");
                        error.fix(self.node(at.node).span, quoted, message)
                    }
                    None => error,
                }
            }
            _ => error.help("write a number, such as `amount: 100`"),
        });
        None
    }
}

impl Reader<'_> {
    /// Warns of a threshold that is text and reads as a number. Where it is plain this stands in for
    /// the warning that other readers take it for a number, whose mend is quotes.
    fn warn_of_text(&mut self, Field { key, value: at }: Field, text: &str) {
        // A key that is no text names no param, of which nothing is compared.
        let Some(name) = self.str(key).map(shown) else { return };
        let lint = Diagnostic::lint(
            Lint::TextThreshold,
            at.span,
            format!(
                "`{}` is text: a number in `{name}` cannot be compared with it and blocks the action",
                shown(self.source(at))
            ),
        );
        let quoted =
            self.scalar(at).is_some_and(|scalar| matches!(scalar.style, Style::Single | Style::Double));
        self.report(if quoted && is_plain_decimal(text) && !self.is_tagged(at) {
            // No mend: the rule may be right about a param that is text, and without quotes it allows more.
            lint.label("a string, by its quotes")
                .help(format!("write `{text}` without quotes, unless the param is text"))
        } else {
            lint.label("a string")
                .help("write a number in plain digits, such as `100` or `0.5`, unless the param is text")
        });
    }
}

/// Whether every reader of YAML takes the text, written without quotes, for the number that it looks
/// like.
fn is_plain_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.len() <= 32 && digits(whole) && digits(fraction) && (whole == "0" || !whole.starts_with('0'))
}

/// How a condition on params is written.
fn example(condition: &str, value: &str) -> String {
    format!("write each param with its value, such as `{condition}: {{amount: {value}}}`")
}

/// The ISO weekday that a value equals.
fn weekday(value: &ScalarValue) -> Option<u8> {
    let number = match value {
        ScalarValue::Bool(true) => 1,
        ScalarValue::Int(number) => u8::try_from(number).ok()?,
        ScalarValue::Float(x) => u8::try_from(crate::hir::number::whole(*x)?).ok()?,
        _ => return None,
    };
    (1..=7).contains(&number).then_some(number)
}

/// The minute of the day, and whether anything follows a second colon; or why it is none.
fn minute_of_day(text: &str) -> Result<(u16, bool), &'static str> {
    let mut parts = text.trim_matches(python::is_space).split(':');
    let (Some(hour), Some(minute)) = (parts.next(), parts.next()) else {
        return Err("no colon between hour and minute");
    };
    let number = |part: &str| {
        let part = part.trim_matches(python::is_space);
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<u16>().ok()).flatten()
    };
    let hour = number(hour).ok_or("the hour must be one or two digits")?;
    let minute = number(minute).ok_or("the minute must be one or two digits")?;
    match (hour, minute) {
        (24.., _) => Err("the hour must be 0 to 23"),
        (_, 60..) => Err("the minute must be 0 to 59"),
        _ => Ok((hour * 60 + minute, parts.next().is_some())),
    }
}

#[cfg(test)]
mod tests {
    use super::minute_of_day;

    #[test]
    fn reads_times_as_the_language_does() {
        let cases = [
            ("00:00", Some((0, false))),
            ("9:5", Some((545, false))),
            (" 09 : 00 ", Some((540, false))),
            ("\u{1f}23:59\u{3000}", Some((1439, false))),
            ("10:30:59", Some((630, true))),
            ("10:30:", Some((630, true))),
            ("24:00", None),
            ("23:60", None),
            ("10", None),
            ("", None),
            ("1 0:00", None),
            ("010:00", None),
            ("+9:00", None),
            ("٠٩:٠٠", None),
            ("10:", None),
        ];
        for (text, expected) in cases {
            assert_eq!(minute_of_day(text).ok(), expected, "{text:?}");
        }
    }
}
