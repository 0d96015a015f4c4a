//! Rules that answer to one name, so that a decision does not say which of them it was.

use crate::diag::{Diagnostic, Lint};
use crate::layer::{Merged, NamedRule};
use crate::shown::shown;
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::Rule;
use hashbrown::HashMap;

/// Pushes the rules whose name an earlier rule of the merged list has: named ones one by one, unnamed
/// ones once a layer.
pub(super) fn check(merged: &Merged<'_>, sources: &SourceMap, out: &mut Vec<Diagnostic>) {
    let mut first: HashMap<&str, &NamedRule<'_>> = HashMap::with_capacity(merged.rules.len());
    let mut unnamed: Vec<Unnamed<'_>> = Vec::new();
    for named in &merged.rules {
        let earlier = *first.entry(&named.name).or_insert(named);
        if std::ptr::eq(earlier, named) {
            continue;
        }
        if named.rule.name.is_some() {
            out.push(taken(named, earlier, sources));
            continue;
        }
        let file = named.rule.span.file;
        match unnamed.last_mut() {
            Some(last) if last.file == file => last.more += 1,
            _ => unnamed.push(Unnamed { file, named, earlier, more: 0 }),
        }
    }
    out.extend(unnamed.iter().map(|unnamed| unnamed.finding(sources)));
}

fn taken(named: &NamedRule<'_>, earlier: &NamedRule<'_>, sources: &SourceMap) -> Diagnostic {
    let (at, before) = (place(named.rule, sources), place(earlier.rule, sources));
    let name = shown(&named.name);
    let lint = Diagnostic::lint(Lint::DuplicateName, at, format!("two rules answer to the name `{name}`"))
        .help("give each rule a name of its own");
    if at == before {
        return lint.label("an alias brings this name in again");
    }
    let lint = match &named.rule.name {
        Some(written) if written.value.as_deref().unwrap_or_default().is_empty() => {
            lint.label("an empty name is made of the globs of type and target")
        }
        _ => lint.label("a decision does not say which of the two it was"),
    };
    lint.also(before, format!("the first `{name}`"))
}

/// The rules of a layer that have no name, where the name that they get is taken.
struct Unnamed<'a> {
    file: FileId,
    named: &'a NamedRule<'a>,
    earlier: &'a NamedRule<'a>,
    more: usize,
}

impl Unnamed<'_> {
    fn finding(&self, sources: &SourceMap) -> Diagnostic {
        let name = shown(&self.named.name);
        let message = match self.more {
            0 => format!("two rules answer to the name `{name}`"),
            1 => format!("two rules answer to the name `{name}`, and so it is with 1 more of this layer"),
            more => {
                format!("two rules answer to the name `{name}`, and so it is with {more} more of this layer")
            }
        };
        Diagnostic::lint(Lint::DuplicateName, place(self.named.rule, sources), message)
            .label("a rule without a name is named after its place in its own layer")
            .also(place(self.earlier.rule, sources), format!("the first `{name}`"))
            .help("give each rule a name of its own, such as `name: deploy_block`")
    }
}

/// The rule's name, or the first line of a rule without one.
pub(super) fn place(rule: &Rule, sources: &SourceMap) -> Span {
    match &rule.name {
        Some(name) if name.value.is_some() => name.span,
        _ => {
            let span = rule.span;
            let line = sources.text(span).lines().next().unwrap_or_default();
            let start = span.range().start;
            Span::new(span.file, start..start + line.len())
        }
    }
}
