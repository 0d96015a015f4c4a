//! Conditions that hold always or never, whatever the action.

use crate::diag::{Diagnostic, Lint};
use crate::hir::semantic;
use crate::shown::shown;
use crate::source::{SourceMap, Span};
use crate::syntax::{Ask, Condition, Pattern, in_quotes};

/// Pushes what is wrong with the form of one condition.
pub(super) fn check(condition: &Condition, sources: &SourceMap, out: &mut Vec<Diagnostic>) {
    match &condition.ask {
        Ask::Compare(_, params) if params.value.is_empty() => out.push(no_params(condition, params.span)),
        Ask::Matches(params) if params.value.is_empty() => out.push(no_params(condition, params.span)),
        Ask::Matches(params) => {
            for param in &params.value {
                let pattern = &param.value;
                if pattern.text.is_empty() {
                    let name = shown(param.name.value.as_deref().unwrap_or_default());
                    out.push(
                        Diagnostic::lint(
                            Lint::VacuousCondition,
                            pattern.span,
                            format!("an empty pattern is found in every text: this only asks that `{name}` is there"),
                        )
                        .label("matches everything")
                        .help("write a pattern; `^\\Z` is found in the empty text alone"),
                    );
                }
                if pattern.style.is_none() {
                    out.push(no_string(pattern, sources));
                }
            }
        }
        Ask::Semantic(text) => match text.value.as_deref() {
            None => out.push(
                never_semantic(text.span, "`semantic` is null: the condition never holds").label("no text"),
            ),
            Some(words) if semantic::keywords(words).is_empty() => {
                let what =
                    if words.is_empty() { "an empty text".to_owned() } else { format!("`{}`", shown(words)) };
                let message = format!("{what} holds no keyword: the condition never holds");
                out.push(
                    never_semantic(text.span, message)
                        .label("stop words and characters outside `a-z`, `0-9` and `_` are no keywords"),
                );
            }
            Some(_) => {}
        },
        _ => {}
    }
}

fn no_string(pattern: &Pattern, sources: &SourceMap) -> Diagnostic {
    let text = shown(&pattern.text);
    let message = format!("this pattern is no string and is read as `{text}`");
    let lint = Diagnostic::lint(Lint::NonStringPattern, pattern.span, message)
        .label("not a string")
        .help("put the pattern in quotes, or compare with `param_eq`");
    // Quotes around another spelling, such as `0x1F` or `true`, would make another pattern.
    match in_quotes(pattern.span, sources).filter(|_| sources.text(pattern.span) == pattern.text) {
        Some(quoted) => lint.fix_that_keeps(pattern.span, quoted, format!("write `\"{text}\"`")),
        None => lint,
    }
}

fn no_params(condition: &Condition, span: Span) -> Diagnostic {
    let key = &condition.key.value;
    Diagnostic::lint(Lint::VacuousCondition, span, format!("`{key}` names no param: it always holds"))
        .label("an empty mapping")
        .help("name the params that must compare so, or remove the condition")
}

fn never_semantic(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::lint(Lint::SemanticNever, span, message)
        .help("write words to look for, such as `\"delete\"`, or a category, such as `\"destructive\"`")
}
