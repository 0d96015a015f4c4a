//! Diagnostics for people: in rustc's form, drawn by `annotate-snippets`, and on one line.
//!
//! The drawing crate sees excerpts only, so it cannot know the column of a line that was cut. It is
//! therefore given a mark in place of each path, which is exchanged for the true origin afterwards.

use super::excerpt::{self, Excerpt};
use super::{Code, Diagnostic, Fix, Level, Lint};
use crate::source::{SourceMap, Span};
use annotate_snippets::{
    Annotation, AnnotationKind, Group, Patch, Renderer, Snippet, normalize_untrusted_str,
};
use std::ops::Range;

/// Stands around the number of an origin. Not a character of any text: it is replaced in all others.
pub(super) const ORIGIN: char = '\u{fdd0}';

/// The longest message, note or label that is shown whole, in bytes.
const LONGEST_TEXT: usize = 4096;

/// How to render for people.
#[derive(Clone, Copy, Debug)]
pub struct RenderOptions {
    /// With ANSI colour.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// rustc's form, without a line break at the end.
///
/// ```text
/// error[unknown_key]: unknown key `aproval` in a rule
///   --> policies/base.yaml:12:5
///    |
/// 12 |     aproval: block
///    |     ^^^^^^^ not a key of a rule
///    |
///    = note: `unknown_key` is denied by default; see `aegisc lints unknown_key`
/// help: write `approval`
///    |
/// 12 |     approval: block
///    |       +
/// ```
#[must_use]
pub fn render_pretty(diagnostic: &Diagnostic, sources: &SourceMap, options: RenderOptions) -> String {
    let level = match diagnostic.level {
        Level::Error => annotate_snippets::Level::ERROR,
        Level::Warn => annotate_snippets::Level::WARNING,
        Level::Note => annotate_snippets::Level::NOTE,
    };
    let mut origins = Vec::new();
    let wrap = Wrap::new(diagnostic, sources, options.width);
    let title = level.primary_title(wrap.title(diagnostic)).id(diagnostic.code.name());
    let mut main = Group::with_title(title);
    for cluster in clusters(diagnostic, sources, options.width) {
        main = main.element(cluster.snippet(sources, &mut origins));
    }
    let notes = diagnostic.notes.iter().map(|note| clean(note)).chain(lint_note(diagnostic));
    main = main.elements(notes.map(|note| annotate_snippets::Level::NOTE.message(wrap.aside(&note))));
    let help = diagnostic.help.iter().map(|help| wrap.aside(&clean(help)));
    main = main.elements(help.map(|help| annotate_snippets::Level::HELP.message(help)));
    let mut report = vec![main];
    if let Some(fix) = &diagnostic.fix {
        report.push(fix_group(fix, diagnostic.primary, sources, &mut origins, options.width));
    }
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
    put_origins(&renderer.term_width(options.width).render(&report), &origins)
}

/// One line: `path:line:column: level: message: label [name]`, the label only if there is one that says more.
#[must_use]
pub fn render_short(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let level = match diagnostic.level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Note => "note",
    };
    let message = headline(diagnostic).replace('\n', "␊");
    format!("{}: {level}: {message} [{}]", origin(diagnostic.primary, sources), diagnostic.code.name())
}

/// The message, with the label if there is one that says more.
pub(super) fn headline(diagnostic: &Diagnostic) -> String {
    let (message, label) = (&diagnostic.message, &diagnostic.label);
    // Beside its place `this is a list` is of use; after `…, found a list` it is not.
    let repeated = label.strip_prefix("this is ").is_some_and(|what| message.ends_with(what));
    let label = if label.is_empty() || repeated { String::new() } else { format!(": {}", clean(label)) };
    format!("{}{label}", clean(message))
}

/// Breaks texts between words, as the drawing crate leaves it to the terminal to break them anywhere.
struct Wrap {
    width: usize,
    /// The columns before the text of a note.
    aside: usize,
}

impl Wrap {
    /// The narrowest column of text that is worth its breaks.
    const NARROWEST: usize = 24;

    fn new(diagnostic: &Diagnostic, sources: &SourceMap, width: usize) -> Self {
        let spans = diagnostic.labels.iter().map(|label| label.span).chain([diagnostic.primary]);
        let last = spans.map(|span| sources.position(span).line).max().unwrap_or_default();
        let number = last.to_string().len();
        Wrap { width, aside: number + " = note: ".len() }
    }

    fn title(&self, diagnostic: &Diagnostic) -> String {
        let level = match diagnostic.level {
            Level::Error => "error",
            Level::Warn => "warning",
            Level::Note => "note",
        };
        let before = level.len() + "[]: ".len() + diagnostic.code.name().len();
        self.broken(&clean(&diagnostic.message), before)
    }

    fn aside(&self, text: &str) -> String {
        self.broken(text, self.aside)
    }

    fn broken(&self, text: &str, before: usize) -> String {
        let columns = self.width.saturating_sub(before);
        if columns < Self::NARROWEST {
            return text.to_owned();
        }
        let options = textwrap::Options::new(columns)
            .break_words(false)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        textwrap::fill(text, options)
    }
}

/// What is said below the lines, one text each: why it matters, and what to do.
pub(super) fn asides(diagnostic: &Diagnostic) -> impl Iterator<Item = String> {
    let notes = diagnostic.notes.iter().map(|note| format!("note: {}", clean(note)));
    let fix = diagnostic.fix.iter().map(|fix| &fix.message);
    let help = diagnostic.help.iter().chain(fix).map(|help| format!("help: {}", clean(help)));
    notes.chain(help)
}

/// What the level of a lint comes from, and how to silence it.
fn lint_note(diagnostic: &Diagnostic) -> Option<String> {
    let Code::Lint(lint) = diagnostic.code else { return None };
    let name = lint.name();
    Some(match by_default(diagnostic.level, lint) {
        Some(said) => format!("`{name}` {said} by default; see `aegisc lints {name}`"),
        None => format!("`{name}` has this level as asked for; see `aegisc lints {name}`"),
    })
}

fn by_default(level: Level, lint: Lint) -> Option<&'static str> {
    (level == lint.default_level()).then_some(match level {
        Level::Error => "is denied",
        Level::Warn => "warns",
        Level::Note => "is noted",
    })
}

/// A place to show, with its words.
struct Mark<'a> {
    span: Span,
    range: Range<usize>,
    label: &'a str,
    kind: AnnotationKind,
}

/// Marks of one file that are shown together, in the order of their places.
struct Cluster<'a> {
    marks: Vec<Mark<'a>>,
    end: usize,
}

/// The marks of a diagnostic: near ones together, the primary one's first.
fn clusters<'a>(diagnostic: &'a Diagnostic, sources: &SourceMap, width: usize) -> Vec<Cluster<'a>> {
    let mark = |span: Span, label: &'a str, kind| {
        let range = excerpt::visible(sources.file(span.file).text(), span.range());
        Mark { span, range, label, kind }
    };
    let primary = mark(diagnostic.primary, &diagnostic.label, AnnotationKind::Primary);
    let others = diagnostic.labels.iter().map(|l| mark(l.span, &l.message, AnnotationKind::Context));
    let mut marks: Vec<Mark<'a>> = std::iter::once(primary).chain(others).collect();
    marks.sort_by_key(|mark| (mark.span.file != diagnostic.primary.file, mark.span.file, mark.range.start));
    let mut clusters: Vec<Cluster<'a>> = Vec::new();
    for mark in marks {
        match clusters.last_mut() {
            Some(last) if last.takes(&mark, sources, width) => {
                last.end = last.end.max(mark.range.end);
                last.marks.push(mark);
            }
            _ => clusters.push(Cluster { end: mark.range.end, marks: vec![mark] }),
        }
    }
    clusters.sort_by_key(|cluster| !cluster.marks.iter().any(Mark::is_primary));
    clusters
}

impl Mark<'_> {
    fn is_primary(&self) -> bool {
        matches!(self.kind, AnnotationKind::Primary)
    }
}

impl Cluster<'_> {
    fn takes(&self, mark: &Mark<'_>, sources: &SourceMap, width: usize) -> bool {
        let text = sources.file(mark.span.file).text();
        self.marks.first().is_some_and(|first| {
            let shown = first.range.start..self.end;
            first.span.file == mark.span.file && excerpt::near(text, &shown, &mark.range, width)
        })
    }

    fn snippet(
        &self,
        sources: &SourceMap,
        origins: &mut Vec<String>,
    ) -> Snippet<'static, Annotation<'static>> {
        let named = self.marks.iter().find(|mark| mark.is_primary()).or(self.marks.first());
        let (Some(named), Some(first)) = (named, self.marks.first()) else {
            return Snippet::source("");
        };
        let file = sources.file(named.span.file);
        let excerpt =
            Excerpt::new(file, &(first.range.start..self.end.max(first.range.start)), excerpt::MARGIN);
        let annotations = self.marks.iter().map(|mark| {
            let label = (!mark.label.is_empty()).then(|| clean(mark.label));
            mark.kind.span(excerpt.place(&mark.range)).label(label)
        });
        let annotations: Vec<_> = annotations.collect();
        Snippet::source(excerpt.text)
            .line_start(line_number(excerpt.line))
            .path(origin_mark(named.span, sources, origins))
            .annotations(annotations)
    }
}

/// Columns of a line's number and of the sign before a line of a patch, at the most.
const GUTTER: usize = 12;

/// The mend as a patch; without one if it would take away more than is shown.
fn fix_group(
    fix: &Fix,
    primary: Span,
    sources: &SourceMap,
    origins: &mut Vec<String>,
    width: usize,
) -> Group<'static> {
    let message = Wrap { width, aside: "help: ".len() }.aside(&clean(&fix.message));
    let group = Group::with_title(annotate_snippets::Level::HELP.secondary_title(message));
    let file = sources.file(fix.span.file);
    let range = fix.span.range();
    let whole = file.text().get(range.clone()).is_some_and(|text| text.len() <= LONGEST_TEXT);
    if !whole || fix.replacement.len() > LONGEST_TEXT {
        return group;
    }
    // The renderer does not trim patches.
    let line = file.line(file.position(fix.span.start).line);
    // Bytes first: a line may be as long as the file.
    let fits = line.len() <= 4 * width
        && textwrap::core::display_width(line) + fix.replacement.len() + GUTTER <= width;
    let excerpt = Excerpt::new(file, &range, if fits { excerpt::MARGIN } else { (width / 3).max(8) });
    let patch = Patch::new(excerpt.place(&range), clean(&fix.replacement));
    let elsewhere = fix.span.file != primary.file;
    let path = elsewhere.then(|| origin_mark(fix.span, sources, origins));
    let line = line_number(excerpt.line);
    group.element(Snippet::source(excerpt.text).line_start(line).path(path).patch(patch))
}

fn line_number(line: u32) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX)
}

/// `path:line:column`.
pub(super) fn origin(span: Span, sources: &SourceMap) -> String {
    let file = sources.file(span.file);
    let at = file.position(span.start);
    format!("{}:{}:{}", clean(file.path()).replace('\n', "␊"), at.line, at.column)
}

/// Keeps an origin and gives the mark that stands for it.
fn origin_mark(span: Span, sources: &SourceMap, origins: &mut Vec<String>) -> String {
    let mark = format!("{ORIGIN}{}{ORIGIN}", origins.len());
    origins.push(origin(span, sources));
    mark
}

/// Exchanges each mark, with the line and column that were drawn behind it, for its origin.
fn put_origins(drawn: &str, origins: &[String]) -> String {
    let mut out = String::with_capacity(drawn.len());
    let mut rest = drawn;
    while let Some((before, from)) = rest.split_once(ORIGIN) {
        out.push_str(before);
        let (number, after) = from.split_once(ORIGIN).unwrap_or((from, ""));
        let origin = number.parse().ok().and_then(|n: usize| origins.get(n));
        out.push_str(origin.map_or("", String::as_str));
        rest = after.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
    }
    out.push_str(rest);
    out
}

/// A text without what a terminal would obey, and not too long.
pub(super) fn clean(text: &str) -> String {
    let shown = excerpt::boundary(text, LONGEST_TEXT);
    let head = text.get(..shown).unwrap_or_default();
    let mut clean: String = normalize_untrusted_str(head).chars().map(excerpt::harmless).collect();
    if shown < text.len() {
        clean.push_str("...");
    }
    clean
}
