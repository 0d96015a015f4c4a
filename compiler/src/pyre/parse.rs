//! The parser: pattern text -> syntax tree, or the error that Python would report, or the reason
//! why an automaton cannot follow the pattern.
//!
//! It follows Python's own parser decision by decision, because where Python stops, and with what
//! words, depends on the order in which it looks. What is refused is still read to the end, so that
//! a pattern that Python rejects is always reported as such. Open groups are kept on a stack of our
//! own: no depth of nesting can exhaust the machine's.

use super::ast::{Ast, Item, Look, NodeId, NodeKind};
use super::escape::Sign;
use super::flags::{Flags, Inline, parse_flags};
use super::groups::{Groups, is_identifier};
use super::refusal::{self, Refusal};
use super::tokens::{Token, Tokens, ascii_repr};
use super::{PatternError, PatternErrorKind};

/// The longest pattern that is read, in bytes.
pub(super) const MAX_BYTES: usize = 16 * 1024;

/// The deepest nesting of groups that is read; CPython's own parser gives up at about twice that.
pub(super) const MAX_DEPTH: usize = 250;

/// CPython's number for "without end", which no written count may reach.
const MAX_REPEAT: u32 = u32::MAX;

pub(super) struct Parser<'p> {
    pub(super) tokens: Tokens<'p>,
    pub(super) groups: Groups,
    ast: Ast,
    frames: Vec<Frame>,
    /// The innermost frame: the place where elements are added.
    top: Frame,
    refusals: Vec<PatternError>,
}

/// An open group.
struct Frame {
    opened: Opened,
    /// The place of its parenthesis.
    start: usize,
    flags: Flags,
    branches: Vec<NodeId>,
    branch_start: usize,
    elements: Vec<Element>,
    /// The refusal that this group drew.
    refused: Option<usize>,
}

#[derive(Clone, Copy)]
enum Opened {
    Root,
    Group(Option<usize>),
    Lookahead { positive: bool },
    Lookbehind { positive: bool, before: Option<usize>, first: bool },
    Atomic,
    Conditional,
}

/// What stands in a row, and whether a quantifier may follow.
struct Element {
    node: NodeId,
    kind: ElementKind,
    /// The first byte; a group's begins at its parenthesis.
    start: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ElementKind {
    Look,
    Repeat,
    Other,
}

/// Reads a pattern: its tree, and the flags of the whole.
pub(super) fn parse(text: &str) -> Result<(Ast, NodeId, Flags), PatternError> {
    if text.len() > MAX_BYTES {
        return Err(PatternError {
            kind: PatternErrorKind::TooLarge,
            at: 0..text.len(),
            message: format!("the pattern is {} bytes long; the limit is {MAX_BYTES}", text.len()),
            help: Some("split it into several rules".to_owned()),
        });
    }
    let mut parser = Parser {
        tokens: Tokens::new(text)?,
        groups: Groups::new(),
        ast: Ast::default(),
        frames: Vec::new(),
        top: Frame::new(Opened::Root, 0, 0, Flags::default()),
        refusals: Vec::new(),
    };
    parser.run()?;
    parser.finish()
}

impl Frame {
    fn new(opened: Opened, start: usize, inside: usize, flags: Flags) -> Self {
        Frame {
            opened,
            start,
            flags,
            branches: Vec::new(),
            branch_start: inside,
            elements: Vec::new(),
            refused: None,
        }
    }
}

impl Parser<'_> {
    /// The flags of this place.
    pub(super) fn flags(&self) -> Flags {
        self.top.flags
    }

    /// Notes what an automaton cannot follow, from a place to here.
    pub(super) fn refuse(&mut self, why: Refusal, start: usize) {
        let refusal = self.refusal(why, start);
        self.refusals.push(refusal);
    }

    /// What an automaton cannot follow, from a place to here, as an error.
    pub(super) fn refusal(&self, why: Refusal, start: usize) -> PatternError {
        PatternError {
            kind: PatternErrorKind::Unsupported,
            at: self.tokens.bytes_from(start),
            message: why.message.to_owned(),
            help: Some(why.help.to_owned()),
        }
    }

    pub(super) fn check_lookbehind(&self, group: usize) -> Result<(), PatternError> {
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
            let kind = self.escape(escape)?;
            self.push(kind, start);
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
        let kind = match c {
            '[' => self.character_set()?,
            '(' => return self.open(start),
            '*' | '+' | '?' => return self.quantifier(c, start),
            '{' => match self.counts(start)? {
                Some((min, max)) => return self.repeat(min, max, start),
                None => self.literal(Some(u32::from(c))),
            },
            '.' if self.top.flags.any(Flags::DOT_ALL) => self.set(Vec::new(), Sign::Negated),
            '.' => self.set(vec![Item::Char(u32::from('\n'))], Sign::Negated),
            '^' if multi_line => NodeKind::Look(Look::LineStart),
            '^' => NodeKind::Look(Look::TextStart),
            '$' if multi_line => NodeKind::Look(Look::LineEnd),
            '$' => NodeKind::Look(Look::End),
            other => self.literal(Some(u32::from(other))),
        };
        self.push(kind, start);
        Ok(())
    }

    /// Adds a node that was read from `start` to here.
    fn push(&mut self, kind: NodeKind, start: usize) {
        let element = if matches!(kind, NodeKind::Look(_)) { ElementKind::Look } else { ElementKind::Other };
        let at = self.tokens.bytes_from(start);
        let start = at.start;
        let node = self.ast.add(kind, at);
        self.top.elements.push(Element { node, kind: element, start });
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
        let (last, operand) = match self.top.elements.last() {
            Some(last) if last.kind == ElementKind::Other => (last.node, last.start),
            Some(last) if last.kind == ElementKind::Repeat => {
                return Err(self.tokens.error_at(start, "multiple repeat".to_owned()));
            }
            _ => return Err(self.tokens.error_at(start, "nothing to repeat".to_owned())),
        };
        if !self.tokens.eat('?')? && self.tokens.eat('+')? {
            self.refuse(refusal::POSSESSIVE, start);
        }
        let at = operand..self.tokens.bytes_from(start).end;
        let node = self.ast.add(NodeKind::Repeat { node: last, min, max }, at);
        self.top.elements.pop();
        self.top.elements.push(Element { node, kind: ElementKind::Repeat, start: operand });
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
            Some(':') => self.enter(Opened::Group(None), start, self.top.flags),
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
                self.check_ascii(&name)?;
                self.groups.condition(&name, &self.tokens)?;
                self.enter_refused(Opened::Conditional, refusal::CONDITIONAL, start)
            }
            Some('>') => self.enter_refused(Opened::Atomic, refusal::ATOMIC, start),
            _ if Flags::begin(token) => match parse_flags(&mut self.tokens, token)? {
                Inline::Global(flags) => self.set_global(flags, start),
                Inline::Scoped { on, off } => {
                    self.enter(Opened::Group(None), start, self.top.flags.scoped(on, off))
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
            let nothing = self.literal(None);
            self.push(nothing, start);
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
        let first = self.frames.is_empty() && self.top.elements.is_empty();
        let before = self.groups.enter_lookbehind();
        self.enter_refused(Opened::Lookbehind { positive, before, first }, why, start)
    }

    fn open_group(&mut self, name: Option<String>, start: usize) -> Result<(), PatternError> {
        let group = self.groups.open(name, &self.tokens)?;
        self.enter(Opened::Group(Some(group)), start, self.top.flags)
    }

    fn check_name(&self, name: &str) -> Result<(), PatternError> {
        self.check_ascii(name)?;
        if is_identifier(name) {
            return Ok(());
        }
        let message = format!("bad character in group name {}", ascii_repr(name));
        Err(self.tokens.error_back(name.chars().count() + 1, message))
    }

    /// Which names beyond ASCII Python takes, and how it quotes the others, depends on tables that
    /// nothing else needs, so such a name ends it.
    fn check_ascii(&self, name: &str) -> Result<(), PatternError> {
        let start = self.tokens.place().saturating_sub(name.chars().count() + 1);
        if name.is_ascii() { Ok(()) } else { Err(self.refusal(refusal::GROUP_NAME, start)) }
    }

    fn set_global(&mut self, flags: Flags, start: usize) -> Result<(), PatternError> {
        let first = self.frames.is_empty() && self.top.branches.is_empty() && self.top.elements.is_empty();
        if !first {
            let message = "global flags not at the start of the expression".to_owned();
            return Err(self.tokens.error_at(start, message));
        }
        self.top.flags = self.top.flags.with(flags);
        if flags.any(Flags::TEMPLATE) {
            self.refuse(refusal::TEMPLATE_FLAG, start);
        }
        if self.top.flags.any(Flags::ASCII) && self.top.flags.any(Flags::UNICODE) {
            self.refuse(refusal::BOTH_TYPE_FLAGS, start);
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
            });
        }
        let frame = Frame::new(opened, start, self.tokens.place(), flags);
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
        self.top.branch_start = self.tokens.place();
        Ok(())
    }

    fn end_branch(&mut self) {
        let elements = std::mem::take(&mut self.top.elements);
        let node = match elements.as_slice() {
            [only] => only.node,
            _ => {
                let nodes = elements.iter().map(|element| element.node).collect();
                self.ast.add(NodeKind::Concat(nodes), self.tokens.bytes_from(self.top.branch_start))
            }
        };
        self.top.branches.push(node);
    }

    fn end_branches(&mut self) -> NodeId {
        self.end_branch();
        let branches = std::mem::take(&mut self.top.branches);
        match branches.as_slice() {
            [only] => *only,
            _ => self.ast.add(NodeKind::Alternation(branches), self.tokens.bytes_from(self.top.start)),
        }
    }

    /// A `)`, which is not taken yet.
    fn close(&mut self) -> Result<(), PatternError> {
        if self.frames.is_empty() {
            return Err(self.tokens.error("unbalanced parenthesis".to_owned()));
        }
        let node = self.end_branches();
        self.tokens.next()?;
        let Some(outer) = self.frames.pop() else { return Ok(()) };
        let inner = std::mem::replace(&mut self.top, outer);
        let ends = self.tokens.peek().is_none_or(|token| token.plain() == Some('|'));
        let at_end = self.frames.is_empty() && ends;
        let mut better = None;
        match inner.opened {
            Opened::Group(Some(group)) => self.groups.close(group),
            Opened::Lookahead { positive: true } if at_end => better = Some(refusal::LOOKAHEAD_AT_END),
            Opened::Lookbehind { positive, before, first } => {
                self.groups.leave_lookbehind(before);
                better = (positive && first).then_some(refusal::LOOKBEHIND_AT_START);
            }
            _ => {}
        }
        if let Some(error) = inner.refused.and_then(|refused| self.refusals.get_mut(refused)) {
            error.at = self.tokens.bytes_from(inner.start);
            if let Some(better) = better {
                error.help = Some(better.help.to_owned());
            }
        }
        let start = self.tokens.bytes_from(inner.start).start;
        self.top.elements.push(Element { node, kind: ElementKind::Other, start });
        Ok(())
    }

    fn finish(mut self) -> Result<(Ast, NodeId, Flags), PatternError> {
        self.groups.check_promises(&self.tokens)?;
        let root = self.end_branches();
        match self.refusals.into_iter().next() {
            Some(refused) => Err(refused),
            None => Ok((self.ast, root, self.top.flags)),
        }
    }
}
