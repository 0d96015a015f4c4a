//! Globs as Python's `fnmatch` reads them, case-sensitive, over the whole string.

/// Whether a glob matches a text, by characters.
pub(super) fn matches(glob: &str, text: &str) -> bool {
    let Some(meta) = glob.find(['*', '?', '[']) else { return glob == text };
    // What stands before the first of them is literal.
    if glob.get(..meta).is_none_or(|start| !text.starts_with(start)) {
        return false;
    }
    let steps = read(glob);
    let text: Vec<char> = text.chars().collect();
    let (mut step, mut at) = (0, 0);
    // The last `*` met, and how far its run reaches: where the rest fails, the run grows by one.
    let mut run: Option<(usize, usize)> = None;
    loop {
        match (steps.get(step), text.get(at)) {
            (None, None) => return true,
            (Some(Step::Run), _) => {
                run = Some((step, at));
                step += 1;
                continue;
            }
            (Some(one), Some(&c)) if one.takes(c) => {
                step += 1;
                at += 1;
                continue;
            }
            _ => {}
        }
        match run {
            Some((star, end)) if end < text.len() => {
                run = Some((star, end + 1));
                step = star + 1;
                at = end + 1;
            }
            _ => return false,
        }
    }
}

enum Step {
    Char(char),
    /// `?`
    Any,
    /// `*`
    Run,
    /// `[…]`
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Step {
    fn takes(&self, c: char) -> bool {
        match self {
            Step::Char(own) => *own == c,
            Step::Any => true,
            Step::Run => false,
            Step::Set { negated, ranges } => {
                ranges.iter().any(|&(low, high)| (low..=high).contains(&c)) != *negated
            }
        }
    }
}

fn read(glob: &str) -> Vec<Step> {
    let chars: Vec<char> = glob.chars().collect();
    let mut steps = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        at += 1;
        steps.push(match c {
            '*' => Step::Run,
            '?' => Step::Any,
            '[' => match set_end(&chars, at) {
                Some(end) => {
                    let set = set(chars.get(at..end).unwrap_or_default());
                    at = end + 1;
                    set
                }
                None => Step::Char('['),
            },
            c => Step::Char(c),
        });
    }
    steps
}

/// The place of the `]` that closes a set whose inside begins at `start`. A `]` that comes first, or
/// first after `!`, is part of the set.
fn set_end(chars: &[char], start: usize) -> Option<usize> {
    let negation = usize::from(chars.get(start) == Some(&'!'));
    let first = start + negation;
    let from = first + usize::from(chars.get(first) == Some(&']'));
    let rest = chars.get(from..)?;
    rest.iter().position(|&c| c == ']').map(|found| from + found)
}

/// The set between the brackets. Left to right, `x-y` is a range, dropped if it is reversed; a `-`
/// that is first or last, or follows a range, is itself.
fn set(inside: &[char]) -> Step {
    let (negated, mut rest) = match inside {
        ['!', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let mut ranges = Vec::new();
    loop {
        rest = match rest {
            [] => return Step::Set { negated, ranges },
            [low, '-', high, after @ ..] => {
                if low <= high {
                    ranges.push((*low, *high));
                }
                after
            }
            [c, after @ ..] => {
                ranges.push((*c, *c));
                after
            }
        };
    }
}
