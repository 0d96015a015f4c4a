//! The parser: pattern text -> syntax tree, or the error that Python would report, or the reason
//! why an automaton cannot follow the pattern.
//!
//! It follows Python's own parser decision by decision, because where Python stops, and with what
//! words, depends on the order in which it looks. What is refused is still read to the end, so that
//! a pattern that Python rejects is always reported as such. Open groups are kept on a stack of our
//! own: no depth of nesting can exhaust the machine's.

use super::ast::{Ast, Item, Look, NodeId, NodeKind};
use super::branches::{Atom, Element, Piece, Shape};
use super::escape::Sign;
use super::flags::{Flags, Inline, parse_flags};
use super::groups::Groups;
use super::refusal::{self, Refusal};
use super::tokens::{Token, Tokens};
use super::width::Widths;
use super::{branches, rewrite};
use crate::hir::python;
use crate::pyre::{PatternError, PatternErrorKind, tables};
use std::ops::Range;

/// The longest pattern that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 16 * 1024;

/// The deepest nesting of groups that is read; CPython's own parser gives up at about twice that.
pub(crate) const MAX_DEPTH: usize = 250;

/// CPython's number for "without end", which no written count may reach.
const MAX_REPEAT: u32 = u32::MAX;

pub(crate) struct Parser<'p> {
    pub(crate) tokens: Tokens<'p>,
    pub(crate) groups: Groups,
    pub(crate) ast: Ast,
    frames: Vec<Frame>,
    /// The innermost frame: the place where elements are added.
    top: Frame,
    refusals: Vec<PatternError>,
    /// What the first refusal becomes if the tree is plain.
    better: Option<Refusal>,
    /// The possessive repetitions and the bodies of atomic groups, by the number of their refusals.
    once: Vec<(usize, NodeId)>,
    /// The bytes of the positive lookaheads that stand in no group and before any `|`.
    lookaheads: Vec<Range<usize>>,
    /// Why `(?a)` and `(?u)` together are refused, if they stand there. Python notices at the end.
    both_types: Option<PatternError>,
    widths: Widths,
    /// The first lookbehind whose width is not fixed, with Python's words.
    behind: Option<(Range<usize>, &'static str)>,
    /// The repetition that Python complains of under `(?t)`: of those that begin first, the longest.
    templated: Option<(Range<usize>, &'static str)>,
}

/// An open group.
struct Frame {
    opened: Opened,
    /// The place of its parenthesis.
    start: usize,
    flags: Flags,
    branches: Vec<Vec<Element>>,
    pieces: Vec<Piece>,
    /// The refusal that this group drew.
    refused: Option<usize>,
}

#[derive(Clone, Copy)]
enum Opened {
    Root,
    /// `(?:…)`: Python forgets that it was there.
    Plain,
    /// `(?i:…)`.
    Flagged,
    /// `(…)`, with its number.
    Capturing(usize),
    Lookahead {
        positive: bool,
    },
    Lookbehind {
        positive: bool,
        before: Option<usize>,
        first: bool,
    },
    Atomic,
    Conditional,
}

/// Reads a pattern: its tree and the root of it.
pub(crate) fn parse(text: &str) -> Result<(Ast, NodeId), PatternError> {
    if text.len() > MAX_BYTES {
        return Err(PatternError {
            kind: PatternErrorKind::TooLarge,
            at: 0..text.len(),
            message: format!("the pattern is {} bytes long; the limit is {MAX_BYTES}", text.len()),
            help: Some("split it into several rules".to_owned()),
            edit: None,
        });
    }
    let mut parser = Parser {
        tokens: Tokens::new(text)?,
        groups: Groups::new(),
        ast: Ast::default(),
        frames: Vec::new(),
        top: Frame::new(Opened::Root, 0, Flags::default()),
        refusals: Vec::new(),
        better: None,
        once: Vec::new(),
        lookaheads: Vec::new(),
        both_types: None,
        widths: Widths::default(),
        behind: None,
        templated: None,
    };
    parser.run()?;
    parser.finish()
}

impl Frame {
    fn new(opened: Opened, start: usize, flags: Flags) -> Self {
        Frame { opened, start, flags, branches: Vec::new(), pieces: Vec::new(), refused: None }
    }
}

impl Parser<'_> {
    /// The flags of this place.
    pub(crate) fn flags(&self) -> Flags {
        self.top.flags
    }

    /// Notes what an automaton cannot follow, from a place to here.
    pub(crate) fn refuse(&mut self, why: Refusal, start: usize) {
        let refusal = self.refusal(why, start);
        self.refusals.push(refusal);
    }

    /// What an automaton cannot follow, from a place to here, as an error.
    pub(crate) fn refusal(&self, why: Refusal, start: usize) -> PatternError {
        PatternError {
            kind: PatternErrorKind::Unsupported,
            at: self.tokens.bytes_from(start),
            message: why.message.to_owned(),
            help: Some(why.help.to_owned()),
            edit: None,
        }
    }

    pub(crate) fn check_lookbehind(&self, group: usize) -> Result<(), PatternError> {
        self.groups.check_lookbehind(group, &self.tokens)
    }

    fn run(&mut self) -> Result<(), PatternError> {
        while let Some(token) = self.tokens.peek() {
            match token.plain() {
                Some('|') => self.next_branch()?,
                Some(')') => self.close()?,
                _ => {
                    self.tokens.next()?;
                    self.element(token)?;
                }
            }
        }
        match self.frames.is_empty() {
            true => Ok(()),
            false => {
                let message = "missing ), unterminated subpattern".to_owned();
                Err(self.tokens.error_at(self.top.start, message))
            }
        }
    }

    fn element(&mut self, token: Token) -> Result<(), PatternError> {
        let start = self.tokens.place().saturating_sub(token.len());
        if let Some(escape) = token.escaped {
            let atom = self.escape(escape)?;
            self.push(atom, start);
            return Ok(());
        }
        let c = token.first;
        if self.top.flags.any(Flags::VERBOSE) {
            if matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c') {
                return Ok(());
            }
            if c == '#' {
                while let Some(token) = self.tokens.next()? {
                    if token.plain() == Some('\n') {
                        break;
                    }
                }
                return Ok(());
            }
        }
        let multi_line = self.top.flags.any(Flags::MULTI_LINE);
        let atom = match c {
            '[' => self.character_set()?,
            '(' => return self.open(start),
            '*' | '+' | '?' => return self.quantifier(c, start),
            '{' => match self.counts(start)? {
                Some((min, max)) => return self.repeat(min, max, start),
                None => self.literal(c),
            },
            '.' => {
                let newline = Item::Char(u32::from('\n'));
                let except = if self.top.flags.any(Flags::DOT_ALL) { Vec::new() } else { vec![newline] };
                Atom { shape: Shape::Any, ..self.set(except, Sign::Negated) }
            }
            '^' => {
                let look = if multi_line { Look::LineStart } else { Look::TextStart };
                Atom { kind: NodeKind::Look(look), shape: Shape::Look(c) }
            }
            '$' => {
                let look = if multi_line { Look::LineEnd } else { Look::End };
                Atom { kind: NodeKind::Look(look), shape: Shape::Look(c) }
            }
            other => self.literal(other),
        };
        self.push(atom, start);
        Ok(())
    }

    /// Adds what was read from `start` to here.
    fn push(&mut self, atom: Atom, start: usize) {
        let at = self.tokens.bytes_from(start);
        let node = self.ast.add(atom.kind, at.clone());
        if let Shape::Reference(group) = atom.shape {
            self.widths.refer(node, group);
        }
        self.top.pieces.push(Piece::One(Element { node, shape: atom.shape, at }));
    }

    fn quantifier(&mut self, c: char, start: usize) -> Result<(), PatternError> {
        match c {
            '?' => self.repeat(0, Some(1), start),
            '*' => self.repeat(0, None, start),
            _ => self.repeat(1, None, start),
        }
    }

    /// The counts after a `{`, or `None` if it is a literal.
    fn counts(&mut self, start: usize) -> Result<Option<(u32, Option<u32>)>, PatternError> {
        let here = self.tokens.place();
        if self.tokens.peek_plain() == Some('}') {
            return Ok(None);
        }
        let low = self.tokens.take_while(usize::MAX, |c| c.is_ascii_digit())?;
        let high = match self.tokens.eat(',')? {
            true => self.tokens.take_while(usize::MAX, |c| c.is_ascii_digit())?,
            false => low.clone(),
        };
        if !self.tokens.eat('}')? {
            self.tokens.go_back(here)?;
            return Ok(None);
        }
        let count = |digits: &str| match digits.parse::<u32>() {
            Ok(n) if n < MAX_REPEAT => Ok(n),
            // Python raises an OverflowError, which the language has no meaning for.
            _ => Err(PatternError {
                kind: PatternErrorKind::TooLarge,
                at: self.tokens.bytes_from(start),
                message: "the repetition number is too large".to_owned(),
                help: Some("leave out the upper bound: `{n,}`".to_owned()),
                edit: None,
            }),
        };
        let min = if low.is_empty() { 0 } else { count(&low)? };
        let max = if high.is_empty() { None } else { Some(count(&high)?) };
        if max.is_some_and(|max| max < min) {
            let message = "min repeat greater than max repeat".to_owned();
            return Err(self.tokens.error_at(here, message));
        }
        Ok(Some((min, max)))
    }

    /// Repeats the last element; the quantifier began at `start`.
    fn repeat(&mut self, min: u32, max: Option<u32>, start: usize) -> Result<(), PatternError> {
        match self.top.pieces.last() {
            Some(Piece::One(Element { shape: Shape::Repeat, .. })) => {
                return Err(self.tokens.error_at(start, "multiple repeat".to_owned()));
            }
            Some(Piece::One(Element { shape: Shape::Look(_), .. })) | None => {
                return Err(self.tokens.error_at(start, "nothing to repeat".to_owned()));
            }
            Some(_) => {}
        }
        let mut name = "MAX_REPEAT";
        if self.tokens.eat('?')? {
            name = "MIN_REPEAT";
        } else if self.tokens.eat('+')? {
            name = "POSSESSIVE_REPEAT";
        }
        let Some(operand) = self.top.pieces.pop() else { return Ok(()) };
        let (node, from) = match operand {
            Piece::One(element) => (element.node, element.at.start),
            Piece::Plain { row, at } => {
                let from = at.start;
                (self.sequence(&row, at), from)
            }
        };
        let at = from..self.tokens.bytes_from(start).end;
        // What is outside comes later, and is what Python meets first.
        if self.templated.as_ref().is_none_or(|(known, _)| at.start <= known.start) {
            self.templated = Some((at.clone(), name));
        }
        let node = self.ast.add(NodeKind::Repeat { node, min, max }, at.clone());
        if name == "POSSESSIVE_REPEAT" {
            self.once.push((self.refusals.len(), node));
            self.refuse(refusal::POSSESSIVE, start);
        }
        self.top.pieces.push(Piece::One(Element { node, shape: Shape::Repeat, at }));
        Ok(())
    }

    /// What follows a `(`.
    fn open(&mut self, start: usize) -> Result<(), PatternError> {
        if !self.tokens.eat('?')? {
            return self.open_group(None, start);
        }
        let Some(token) = self.tokens.next()? else { return Err(self.unexpected_end()) };
        match token.plain() {
            Some('P') => self.open_python(start),
            Some(':') => self.enter(Opened::Plain, start, self.top.flags),
            Some('#') => loop {
                if self.tokens.peek().is_none() {
                    let message = "missing ), unterminated comment".to_owned();
                    return Err(self.tokens.error_at(start, message));
                }
                if self.tokens.next()?.and_then(Token::plain) == Some(')') {
                    return Ok(());
                }
            },
            Some('=') => self.enter_refused(Opened::Lookahead { positive: true }, refusal::LOOKAHEAD, start),
            Some('!') => {
                let opened = Opened::Lookahead { positive: false };
                self.enter_refused(opened, refusal::NEGATIVE_LOOKAHEAD, start)
            }
            Some('<') => self.open_lookbehind(start),
            Some('(') => {
                let name = self.tokens.take_until(')', "group name")?;
                self.groups.condition(&name, &self.tokens)?;
                self.enter_refused(Opened::Conditional, refusal::CONDITIONAL, start)
            }
            Some('>') => self.enter_refused(Opened::Atomic, refusal::ATOMIC, start),
            _ if Flags::begin(token) => match parse_flags(&mut self.tokens, token)? {
                Inline::Global(flags) => self.set_global(flags, start),
                Inline::Scoped { on, off } => {
                    self.enter(Opened::Flagged, start, self.top.flags.scoped(on, off))
                }
            },
            _ => {
                let message = format!("unknown extension ?{}", token.text());
                Err(self.tokens.error_back(token.len() + 1, message))
            }
        }
    }

    fn unexpected_end(&self) -> PatternError {
        self.tokens.error("unexpected end of pattern".to_owned())
    }

    /// `(?P<name>…)` and `(?P=name)`.
    fn open_python(&mut self, start: usize) -> Result<(), PatternError> {
        if self.tokens.eat('<')? {
            let name = self.tokens.take_until('>', "group name")?;
            self.check_name(&name)?;
            return self.open_group(Some(name), start);
        }
        if self.tokens.eat('=')? {
            let name = self.tokens.take_until(')', "group name")?;
            self.check_name(&name)?;
            let group = self.groups.named(&name, &self.tokens)?;
            if self.groups.is_open(group) {
                let message = "cannot refer to an open group".to_owned();
                return Err(self.tokens.error_back(name.chars().count() + 1, message));
            }
            self.check_lookbehind(group)?;
            self.refuse(refusal::BACKREFERENCE, start);
            let reference = self.reference(group);
            self.push(reference, start);
            return Ok(());
        }
        match self.tokens.next()? {
            None => Err(self.unexpected_end()),
            Some(token) => {
                let message = format!("unknown extension ?P{}", token.text());
                Err(self.tokens.error_back(token.len() + 2, message))
            }
        }
    }

    fn open_lookbehind(&mut self, start: usize) -> Result<(), PatternError> {
        let Some(token) = self.tokens.next()? else { return Err(self.unexpected_end()) };
        let (positive, why) = match token.plain() {
            Some('=') => (true, refusal::LOOKBEHIND),
            Some('!') => (false, refusal::NEGATIVE_LOOKBEHIND),
            _ => {
                let message = format!("unknown extension ?<{}", token.text());
                return Err(self.tokens.error_back(token.len() + 2, message));
            }
        };
        let first = self.frames.is_empty() && self.top.pieces.is_empty();
        let before = self.groups.enter_lookbehind();
        self.enter_refused(Opened::Lookbehind { positive, before, first }, why, start)
    }

    fn open_group(&mut self, name: Option<String>, start: usize) -> Result<(), PatternError> {
        let group = self.groups.open(name, &self.tokens)?;
        self.enter(Opened::Capturing(group), start, self.top.flags)
    }

    fn check_name(&self, name: &str) -> Result<(), PatternError> {
        if tables::is_identifier(name) {
            return Ok(());
        }
        let message = format!("bad character in group name {}", python::repr(name));
        Err(self.tokens.error_back(name.chars().count() + 1, message))
    }

    fn set_global(&mut self, flags: Flags, start: usize) -> Result<(), PatternError> {
        let first = self.frames.is_empty() && self.top.branches.is_empty() && self.top.pieces.is_empty();
        if !first {
            let message = "global flags not at the start of the expression".to_owned();
            return Err(self.tokens.error_at(start, message));
        }
        self.top.flags = self.top.flags.with(flags);
        if self.top.flags.any(Flags::ASCII) && self.top.flags.any(Flags::UNICODE) {
            self.both_types.get_or_insert(self.refusal(refusal::BOTH_TYPE_FLAGS, start));
        }
        Ok(())
    }

    fn enter(&mut self, opened: Opened, start: usize, flags: Flags) -> Result<(), PatternError> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(PatternError {
                kind: PatternErrorKind::TooLarge,
                at: self.tokens.bytes_from(start),
                message: format!("groups are nested more than {MAX_DEPTH} deep"),
                help: None,
                edit: None,
            });
        }
        let frame = Frame::new(opened, start, flags);
        self.frames.push(std::mem::replace(&mut self.top, frame));
        Ok(())
    }

    fn enter_refused(&mut self, opened: Opened, why: Refusal, start: usize) -> Result<(), PatternError> {
        let refused = self.refusals.len();
        self.refuse(why, start);
        self.enter(opened, start, self.top.flags)?;
        self.top.refused = Some(refused);
        Ok(())
    }

    /// A `|`, which is not taken yet.
    fn next_branch(&mut self) -> Result<(), PatternError> {
        if matches!(self.top.opened, Opened::Conditional) && !self.top.branches.is_empty() {
            let message = "conditional backref with more than two branches".to_owned();
            return Err(self.tokens.error(message));
        }
        self.end_branch();
        self.tokens.next()?;
        Ok(())
    }

    fn end_branch(&mut self) {
        let pieces = std::mem::take(&mut self.top.pieces);
        self.top.branches.push(branches::unpack(pieces));
    }

    fn end_branches(&mut self, at: Range<usize>) -> Vec<Element> {
        self.end_branch();
        let branches = std::mem::take(&mut self.top.branches);
        self.alternation(branches, at)
    }

    /// A `)`, which is not taken yet.
    fn close(&mut self) -> Result<(), PatternError> {
        if self.frames.is_empty() {
            let unbalanced = self.tokens.error("unbalanced parenthesis".to_owned());
            return Err(self.both_types.take().unwrap_or(unbalanced));
        }
        let inside = self.tokens.bytes_from(self.top.start);
        let single = self.top.branches.is_empty();
        let row = self.end_branches(inside);
        self.tokens.next()?;
        let at = self.tokens.bytes_from(self.top.start);
        let Some(outer) = self.frames.pop() else { return Ok(()) };
        let inner = std::mem::replace(&mut self.top, outer);
        let ends = self.tokens.peek().is_none_or(|token| token.plain() == Some('|'));
        let at_end = self.frames.is_empty() && ends;
        let quantified = self.tokens.peek_plain().is_some_and(|c| matches!(c, '*' | '+' | '?' | '{'));
        let mut better = None;
        match inner.opened {
            Opened::Capturing(group) => self.groups.close(group),
            Opened::Lookahead { positive: true } => {
                if self.frames.is_empty() && self.top.branches.is_empty() {
                    self.lookaheads.push(at.clone());
                }
                better = at_end.then_some(refusal::LOOKAHEAD_AT_END);
            }
            Opened::Lookbehind { positive, before, first } => {
                self.groups.leave_lookbehind(before);
                better = (positive && first && !quantified).then_some(refusal::LOOKBEHIND_AT_START);
            }
            _ => {}
        }
        if let Some(number) = inner.refused {
            if let Some(error) = self.refusals.get_mut(number) {
                error.at = at.clone();
            }
            if let (0, Some(better)) = (number, better) {
                self.better = Some(better);
            }
        }
        let piece = match inner.opened {
            Opened::Plain => Piece::Plain { row, at },
            Opened::Flagged | Opened::Capturing(_) => {
                let opening = branches::opening(&row);
                let node = self.sequence(&row, at.clone());
                if let Opened::Capturing(group) = inner.opened {
                    self.widths.group(&self.ast, group, node);
                }
                Piece::One(Element { node, shape: Shape::Group { opening }, at })
            }
            opened => {
                let node = self.sequence(&row, at.clone());
                match (opened, inner.refused) {
                    (Opened::Atomic, Some(refused)) => self.once.push((refused, node)),
                    (Opened::Conditional, _) if single => self.widths.optional(&self.ast, node),
                    (Opened::Lookahead { .. }, _) => self.widths.looks(node),
                    (Opened::Lookbehind { .. }, _) => {
                        let error = self.widths.lookbehind_error(&self.ast, node);
                        let found = error.map(|message| (at.clone(), message));
                        self.behind =
                            self.behind.take().into_iter().chain(found).min_by_key(|(at, _)| at.start);
                        self.widths.looks(node);
                    }
                    _ => {}
                }
                Piece::One(Element { node, shape: Shape::OTHER, at })
            }
        };
        self.top.pieces.push(piece);
        Ok(())
    }

    /// What Python complains of only when it has read the whole pattern, without a place: the first.
    fn late_error(&mut self, flags: Flags) -> Option<(Range<usize>, String)> {
        let templated = self.templated.take().filter(|_| flags.any(Flags::TEMPLATE));
        let templated =
            templated.map(|(at, name)| (at, format!("internal: unsupported template operator {name}")));
        let behind = self.behind.take().map(|(at, message)| (at, message.to_owned()));
        templated.into_iter().chain(behind).min_by_key(|(at, _)| at.start)
    }

    fn finish(mut self) -> Result<(Ast, NodeId), PatternError> {
        if let Some(refused) = self.both_types {
            return Err(refused);
        }
        self.groups.check_promises(&self.tokens)?;
        let flags = self.top.flags;
        if let Some((at, message)) = self.late_error(flags) {
            return Err(PatternError {
                kind: PatternErrorKind::Invalid,
                at,
                message,
                help: None,
                edit: None,
            });
        }
        let whole = self.tokens.bytes_from(0);
        let many = !self.top.branches.is_empty();
        let row = self.end_branches(whole.clone());
        branches::mark_start(&mut self.ast, &row, flags.over());
        let root = self.sequence(&row, whole);
        let all_once = self.once.len() == self.refusals.len();
        let alone = self.refusals.len() == 1;
        let Some(mut refused) = self.refusals.into_iter().next() else { return Ok((self.ast, root)) };
        let text = self.tokens.text();
        let plain = rewrite::is_plain(&self.ast, flags.over());
        let first = self.once.iter().find(|&&(number, _)| number == 0).map(|&(_, node)| node);
        if let (true, true, Some(node)) = (plain, all_once, first) {
            if rewrite::is_same_greedy(&self.ast, text, root, node) {
                let part = rewrite::greedy(text, self.ast.get(node).map(|node| &node.at), &refused.at);
                refused.help = Some(format!("write {part}: the same texts match"));
                refused.edit = rewrite::to_greedy(text, self.ast.get(node).map(|node| &node.at), &refused.at);
            }
        } else if let (true, Some(better)) = (plain, self.better) {
            refused.help = Some(better.help.to_owned());
            refused.edit = rewrite::to_plain_group(text, &refused.at);
        } else if !many && self.lookaheads.first() == Some(&refused.at) {
            refused.help = rewrite::both_orders(text, &self.lookaheads).or(refused.help);
        }
        // What is said of one refusal is said of the pattern as it stands, with all others in it.
        refused.edit = refused.edit.filter(|_| alone);
        Err(refused)
    }
}
