//! `# aegisc: allow(name)`: comments that allow a lint in one place.
//!
//! A comment of its own speaks of the next line that is neither blank nor a comment, one at the end of a line
//! of that line: of the findings whose place begins there. Behind the parenthesis a reason may stand. An error
//! of the file is no lint and stays; an allow that silences nothing is itself a finding, so that none outlives
//! what it was for.

use crate::diag::{Code, Diagnostic, Levels, Lint};
use crate::shown::shown;
use crate::source::{FileId, SourceMap, Span};
use crate::yaml::{Document, NodeKind};
use std::collections::HashMap;
use std::ops::Range;

/// What begins the comment, behind `#` and blanks.
const MARK: &str = "aegisc:";

/// The allows of every layer.
#[derive(Debug, Default)]
pub(crate) struct Allows {
    written: Vec<Allow>,
}

/// One lint, allowed on one line.
#[derive(Debug)]
struct Allow {
    lint: Lint,
    name: Span,
    file: FileId,
    /// The line that is spoken of; none if nothing follows the comment.
    line: Option<u32>,
    /// What to take away if it is not needed, if it allows this lint alone.
    removal: Option<Span>,
}

impl Allows {
    /// Adds the allows of one layer, and pushes what is wrong with their form.
    pub(crate) fn read(&mut self, document: &Document, sources: &SourceMap, out: &mut Vec<Diagnostic>) {
        let file = document.file();
        let text = sources.file(file).text();
        let marks: Vec<_> =
            text.match_indices(MARK).filter_map(|(at, _)| Some((at, hash(text, at)?))).collect();
        if marks.is_empty() {
            return;
        }
        let scalars = scalars(document);
        let mut comments: Vec<Comment<'_>> = Vec::new();
        // The end of the last line that is known to end in a comment, so that each is looked through once.
        let mut passed = 0;
        for (mark, hash) in marks {
            // The last scalar that begins at or before the `#`.
            let before = scalars.partition_point(|scalar| scalar.start <= hash).checked_sub(1);
            let scalar_end = before.and_then(|at| scalars.get(at)).map_or(0, |scalar| scalar.end);
            if hash < scalar_end.max(passed) {
                continue;
            }
            let comment = Comment { text, file, hash, mark };
            passed = comment.end();
            if !comment.is_inside_another(scalar_end) {
                comments.push(comment);
            }
        }
        // From the last one, so that a run of comments is walked over once.
        let mut below = None;
        for comment in comments.into_iter().rev() {
            let line = comment.line(below);
            if comment.is_alone() {
                below = Some((comment.line_start(), line));
            }
            self.comment(comment, line, sources, out);
        }
    }

    /// `line` is where the line begins that the comment speaks of.
    fn comment(
        &mut self,
        comment: Comment<'_>,
        line: Option<usize>,
        sources: &SourceMap,
        out: &mut Vec<Diagnostic>,
    ) {
        let Some(names) = comment.names() else {
            out.push(comment.unknown());
            return;
        };
        let line = line.map(|at| sources.position(Span::new(comment.file, at..at)).line);
        let alone = names.len() == 1;
        for name in names {
            let span = Span::new(comment.file, name.clone());
            let written = comment.text.get(name).unwrap_or_default();
            match Levels::lint(written) {
                Ok(lint) => self.written.push(Allow {
                    lint,
                    name: span,
                    file: comment.file,
                    line,
                    removal: alone.then(|| Span::new(comment.file, comment.whole())),
                }),
                Err(unknown) => {
                    let written = shown(written);
                    let message = match written.as_ref() {
                        "all" | "warnings" => format!("`{written}` cannot be allowed in a comment"),
                        _ => format!("no lint is named `{written}`: this comment allows nothing"),
                    };
                    let mut finding = Diagnostic::lint(Lint::InvalidAllow, span, message);
                    if let Some(near) = unknown.nearest {
                        finding = finding.label(format!("did you mean `{near}`?"));
                    }
                    out.push(finding.help(
                        "name each lint; `aegisc lints` lists them, and an error of the file cannot be allowed",
                    ));
                }
            }
        }
    }

    /// The findings that no comment allows. Comments that allow nothing are among them, if everything was
    /// found: an error of a file may keep a lint from being drawn.
    pub(crate) fn apply(self, mut found: Vec<Diagnostic>, sources: &SourceMap) -> Vec<Diagnostic> {
        if self.written.is_empty() {
            return found;
        }
        let all_found = found.iter().all(|diagnostic| matches!(diagnostic.code, Code::Lint(_)));
        let mut by_place: HashMap<(FileId, u32, Lint), bool> = HashMap::new();
        for allow in &self.written {
            if let Some(line) = allow.line {
                by_place.insert((allow.file, line, allow.lint), false);
            }
        }
        found.retain(|diagnostic| {
            let Code::Lint(lint) = diagnostic.code else { return true };
            let line = sources.position(diagnostic.primary).line;
            let used = by_place.get_mut(&(diagnostic.primary.file, line, lint));
            used.map(|used| *used = true).is_none()
        });
        let unused = self.written.iter().filter(|allow| {
            let place = allow.line.map(|line| (allow.file, line, allow.lint));
            !place.and_then(|place| by_place.get(&place)).is_some_and(|&used| used)
        });
        if all_found {
            found.extend(unused.map(Allow::unused));
        }
        found
    }
}

impl Allow {
    fn unused(&self) -> Diagnostic {
        let name = self.lint.name();
        let message = match self.line {
            Some(line) => format!("`{name}` is not drawn on line {line}: there is nothing to allow"),
            None => format!("no line follows on which `{name}` could be drawn: there is nothing to allow"),
        };
        let finding = Diagnostic::lint(Lint::UnusedAllow, self.name, message);
        match self.removal {
            Some(removal) => finding.fix_that_keeps(removal, "", "remove the comment"),
            None => finding.help("remove the name from the comment"),
        }
    }
}

/// A comment that begins with [`MARK`].
#[derive(Clone, Copy)]
struct Comment<'a> {
    text: &'a str,
    file: FileId,
    hash: usize,
    mark: usize,
}

impl Comment<'_> {
    /// The names in `allow(…)`; none if something else stands there.
    fn names(&self) -> Option<Vec<Range<usize>>> {
        let from = self.mark + MARK.len();
        let rest = self.text.get(from..self.end())?;
        let inside = rest.trim_start_matches(BLANK).strip_prefix("allow")?.trim_start_matches(BLANK);
        let (inside, _) = inside.strip_prefix('(')?.split_once(')')?;
        let offset = |part: &str| part.as_ptr().addr() - self.text.as_ptr().addr();
        let names = inside.split(',').map(|part| part.trim_matches(BLANK));
        let names: Vec<_> = names
            .filter(|name| !name.is_empty())
            .map(|name| offset(name)..offset(name) + name.len())
            .collect();
        (!names.is_empty()).then_some(names)
    }

    fn unknown(&self) -> Diagnostic {
        let span = Span::new(self.file, self.mark..self.end());
        Diagnostic::lint(
            Lint::InvalidAllow,
            span,
            "this comment is addressed to `aegisc` and says nothing known",
        )
        .help("write `# aegisc: allow(LINT)` on the line above the finding, or at the end of its line")
    }

    /// The end of its line.
    fn end(&self) -> usize {
        let rest = self.text.get(self.mark..).unwrap_or_default();
        self.mark + rest.find(BREAK).unwrap_or(rest.len())
    }

    fn line_start(&self) -> usize {
        self.text.get(..self.hash).unwrap_or_default().rfind(BREAK).map_or(0, |at| at + 1)
    }

    /// Whether another comment begins before this one on its line, behind the scalars that end at `scalar_end`.
    fn is_inside_another(&self, scalar_end: usize) -> bool {
        let start = self.line_start().max(scalar_end);
        let before = self.text.get(start..self.hash).unwrap_or_default();
        before.match_indices('#').any(|(at, _)| {
            let before = self.text.get(..start + at).unwrap_or_default();
            before.is_empty() || before.ends_with(BLANK) || before.ends_with(BREAK)
        })
    }

    fn is_alone(&self) -> bool {
        self.text.get(self.line_start()..self.hash).unwrap_or_default().trim_matches(BLANK).is_empty()
    }

    /// Where the line that is spoken of begins. `below` is the start of a later line with a comment alone, and
    /// where the line begins that it speaks of.
    fn line(&self, below: Option<(usize, Option<usize>)>) -> Option<usize> {
        if !self.is_alone() {
            return Some(self.line_start());
        }
        let mut at = self.end();
        for line in self.text.get(at..)?.split_inclusive(BREAK) {
            if let Some((start, line)) = below
                && start == at
            {
                return line;
            }
            let written = line.trim_matches([' ', '\t', '\r', '\n']);
            if !written.is_empty() && !written.starts_with('#') {
                return Some(at);
            }
            at += line.len();
        }
        None
    }

    /// The comment with the blanks before it, or with its line.
    fn whole(&self) -> Range<usize> {
        if !self.is_alone() {
            let before = self.text.get(..self.hash).unwrap_or_default();
            return before.trim_end_matches(BLANK).len()..self.end();
        }
        let rest = self.text.get(self.end()..).unwrap_or_default();
        let line_break = if rest.starts_with("\r\n") { 2 } else { usize::from(!rest.is_empty()) };
        let mut start = self.line_start();
        if line_break == 0 {
            // The last line goes with the break before it, so that the file still ends as it did.
            let before = self.text.get(..start).unwrap_or_default();
            let before = before.strip_suffix('\n').unwrap_or(before);
            start = before.strip_suffix('\r').unwrap_or(before).len();
        }
        start..self.end() + line_break
    }
}

const BLANK: [char; 2] = [' ', '\t'];
const BREAK: [char; 2] = ['\n', '\r'];

/// The place of the `#` that begins a comment with the mark at `at`.
fn hash(text: &str, at: usize) -> Option<usize> {
    let before = text.get(..at)?.trim_end_matches(BLANK).strip_suffix('#')?;
    (before.is_empty() || before.ends_with(BLANK) || before.ends_with(BREAK)).then_some(before.len())
}

/// The places of all scalars, in order.
fn scalars(document: &Document) -> Vec<Range<usize>> {
    let ids = (0..document.node_count()).filter_map(|index| document.id(index));
    let nodes = ids.map(|id| document.node(id));
    let scalars = nodes.filter(|node| matches!(node.kind, NodeKind::Scalar(_))).map(|node| node.span.range());
    let mut scalars: Vec<_> = scalars.collect();
    scalars.sort_by_key(|range| range.start);
    scalars
}
