//! Constants that nothing equals.

use crate::diag::{Diagnostic, Lint};
use crate::hir::{Const, ParamOp};
use crate::shown::shown;
use crate::source::SourceMap;
use crate::syntax::{Ask, Condition, in_quotes};

/// Pushes the constants of one condition with which no param compares.
pub(super) fn check(condition: &Condition, sources: &SourceMap, out: &mut Vec<Diagnostic>) {
    let Ask::Compare(op, params) = &condition.ask else { return };
    for param in &params.value {
        let never = match op {
            ParamOp::Eq if param.value.value == Const::Null => Some((
                "null",
                "an action without the param, or with a null, makes the condition false before it is compared",
            )),
            ParamOp::Eq | ParamOp::Contains => never_equal(&param.value.value),
            ParamOp::Gt | ParamOp::Gte | ParamOp::Lt | ParamOp::Lte => match param.value.value {
                Const::Float(x) if x.is_nan() => Some(NAN),
                _ => None,
            },
        };
        let Some((what, why)) = never else { continue };
        let key = &condition.key.value;
        let name = param.name.value.as_deref().map(shown).unwrap_or_default();
        let mut lint = Diagnostic::lint(
            Lint::NeverEqual,
            param.value.span,
            match op {
                ParamOp::Contains => format!(
                    "nothing equals {what}: `{key}` never holds, and blocks the action where `{name}` is text"
                ),
                ParamOp::Eq => format!("no param equals {what}: `{key}` never holds"),
                _ => format!("no param compares with {what}: `{key}` never holds"),
            },
        )
        .label(why)
        .help(match what {
            "null" => "an absent param cannot be asked for: order the rules so that the param is not needed",
            "a date or binary data" => "put it in quotes to compare it as the string that an action carries",
            _ => "compare with a value that JSON can carry",
        });
        if *op == ParamOp::Contains {
            lint = lint.note("only text can be looked for in text: anything else is a type error");
        }
        // A date that stands there itself, not in a list.
        if param.value.value == (Const::Foreign { hashable: true })
            && let Some(quoted) = in_quotes(param.value.span, sources)
        {
            let message = format!("write `{}`", shown(&quoted));
            lint = lint.fix(param.value.span, quoted, message);
        }
        out.push(lint);
    }
}

const NAN: (&str, &str) = ("NaN", "a NaN equals nothing, itself included");

/// What in a constant no JSON value equals.
fn never_equal(value: &Const) -> Option<(&'static str, &'static str)> {
    match value {
        Const::Float(x) if x.is_nan() => Some(NAN),
        Const::Foreign { hashable: true } => Some(("a date or binary data", "YAML 1.1 reads no string here")),
        Const::Foreign { hashable: false } => {
            Some(("this collection", "a JSON mapping has string keys, and a JSON list is a plain one"))
        }
        Const::List(items) => items.iter().find_map(never_equal),
        Const::Map(entries) => entries.iter().find_map(|(_, value)| never_equal(value)),
        Const::Null | Const::Bool(_) | Const::Int(_) | Const::Float(_) | Const::Str(_) => None,
    }
}
