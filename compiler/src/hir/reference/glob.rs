//! Globs as Python's `fnmatch` reads them, case-sensitive, over the whole string.

/// Whether a glob matches a text, by characters.
pub(super) fn matches(glob: &str, text: &str) -> bool {
    let Some(meta) = glob.find(['*', '?', '[']) else { return glob == text };
    // What stands before the first of them is literal.
    let (start, steps) = glob.split_at(meta);
    let Some(text) = text.strip_prefix(start) else { return false };
    let mut left = Left { steps, closable: true, text };
    // What is left behind the last `*` met and its run: where that fails, the run grows by one.
    let mut run: Option<Left<'_>> = None;
    loop {
        let mut after = left;
        match (after.step(), after.character()) {
            (None, None) => return true,
            (Some(Step::Run), _) => {
                left = Left { text: left.text, ..after };
                run = Some(left);
                continue;
            }
            (Some(one), Some(c)) if one.takes(c) => {
                left = after;
                continue;
            }
            _ => {}
        }
        let Some(longer) = &mut run else { return false };
        if longer.character().is_none() {
            return false;
        }
        left = *longer;
    }
}

/// What is left of a glob and of a text.
#[derive(Clone, Copy)]
struct Left<'a> {
    steps: &'a str,
    /// Whether a set may be closed: after one that is not, no later one is.
    closable: bool,
    text: &'a str,
}

impl<'a> Left<'a> {
    /// Takes a character off the text.
    fn character(&mut self) -> Option<char> {
        let mut chars = self.text.chars();
        let first = chars.next();
        self.text = chars.as_str();
        first
    }

    /// Takes a step off the glob.
    fn step(&mut self) -> Option<Step<'a>> {
        let mut chars = self.steps.chars();
        let first = chars.next()?;
        self.steps = chars.as_str();
        Some(match first {
            '*' => Step::Run,
            '?' => Step::Any,
            '[' if self.closable => match set_end(self.steps) {
                Some(end) => {
                    let (inside, rest) = self.steps.split_at(end);
                    self.steps = rest.strip_prefix(']').unwrap_or(rest);
                    Step::Set(inside)
                }
                None => {
                    self.closable = false;
                    Step::Char('[')
                }
            },
            c => Step::Char(c),
        })
    }
}

/// A step of a glob.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    /// The character itself.
    Char(char),
    /// `?`
    Any,
    /// `*`
    Run,
    /// `[…]`, by what stands between the brackets.
    Set(&'a str),
}

/// The steps of a glob.
pub(crate) fn read(glob: &str) -> Vec<Step<'_>> {
    let mut left = Left { steps: glob, closable: true, text: "" };
    std::iter::from_fn(|| left.step()).collect()
}

impl Step<'_> {
    /// Whether it is this one character, which a run is not.
    pub(crate) fn takes(&self, c: char) -> bool {
        match self {
            Step::Char(own) => *own == c,
            Step::Any => true,
            Step::Run => false,
            Step::Set(inside) => match inside.strip_prefix('!') {
                Some(members) => !is_member(members, c),
                None => is_member(inside, c),
            },
        }
    }
}

/// The place of the `]` that closes a set whose inside begins a text. A `]` that comes first, or first after
/// `!`, is part of the set.
fn set_end(text: &str) -> Option<usize> {
    let negation = usize::from(text.starts_with('!'));
    let from = negation + usize::from(text.get(negation..)?.starts_with(']'));
    text.get(from..)?.find(']').map(|found| from + found)
}

/// Whether a character is among members as written. Left to right, `x-y` is a range, empty if it is reversed;
/// a `-` that is first or last, or follows a range, is itself.
fn is_member(members: &str, c: char) -> bool {
    let mut members = members.chars();
    while let Some(low) = members.next() {
        let mut ahead = members.clone();
        let found = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(high)) => {
                members = ahead;
                (low..=high).contains(&c)
            }
            _ => low == c,
        };
        if found {
            return true;
        }
    }
    false
}
