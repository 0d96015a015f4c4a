//! Rules by what their globs over one field match, and texts that stand for those of the field.

use super::cover::cover;
use super::values::Representatives;
use crate::hir::{Policy, Rule, reference};
use hashbrown::{HashMap, HashSet};

/// A field of an action, and the glob that a rule has for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Type,
    Target,
    Agent,
}

impl Field {
    /// The glob of a rule over this field.
    pub(super) fn glob(self, rule: &Rule) -> &str {
        match self {
            Field::Type => &rule.type_glob,
            Field::Target => &rule.target_glob,
            Field::Agent => &rule.agent_glob,
        }
    }

    /// A text of the field as globs see it: an agent that is not named is `*`.
    fn seen(self, text: &str) -> &str {
        if self == Field::Agent && text.is_empty() { "*" } else { text }
    }
}

/// Whether a glob is nothing but runs.
pub(super) fn is_any(glob: &str) -> bool {
    !glob.is_empty() && glob.bytes().all(|byte| byte == b'*')
}

fn is_literal(glob: &str) -> bool {
    !glob.contains(['*', '?', '['])
}

/// What stands before the first wildcard of a glob.
fn lead(glob: &str) -> &str {
    let end = glob.find(['*', '?', '[']).unwrap_or(glob.len());
    glob.get(..end).unwrap_or_default()
}

/// Some rules, by their globs over a field.
pub(super) struct Index<'p> {
    field: Field,
    /// The rules of each literal.
    literals: HashMap<&'p str, Vec<usize>>,
    /// The literals in the order of their first rules.
    order: Vec<&'p str>,
    /// The other globs, each with its rules.
    globs: Vec<(&'p str, Vec<usize>)>,
    /// Their places by what stands before their first wildcard, with which a text must begin.
    leads: HashMap<&'p str, Vec<usize>>,
    longest_lead: usize,
}

impl<'p> Index<'p> {
    /// The rules of these positions, which ascend.
    pub(super) fn of(policy: &'p Policy, field: Field, rules: impl IntoIterator<Item = usize>) -> Self {
        let mut index = Index {
            field,
            literals: HashMap::new(),
            order: Vec::new(),
            globs: Vec::new(),
            leads: HashMap::new(),
            longest_lead: 0,
        };
        let mut places: HashMap<&str, usize> = HashMap::new();
        for at in rules {
            let Some(rule) = policy.rules.get(at) else { continue };
            let glob = field.glob(rule);
            if is_literal(glob) {
                let own = index.literals.entry(glob).or_default();
                if own.is_empty() {
                    index.order.push(glob);
                }
                own.push(at);
                continue;
            }
            let place = *places.entry(glob).or_insert(index.globs.len());
            match index.globs.get_mut(place) {
                Some((_, rules)) => rules.push(at),
                None => {
                    let lead = lead(glob);
                    index.longest_lead = index.longest_lead.max(lead.len());
                    index.leads.entry(lead).or_default().push(place);
                    index.globs.push((glob, vec![at]));
                }
            }
        }
        index
    }

    /// The globs, with their rules, that may match a text.
    fn candidates<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a (&'p str, Vec<usize>)> {
        let ends = (0..=text.len().min(self.longest_lead)).filter_map(|end| text.get(..end));
        let places = ends.filter_map(|lead| self.leads.get(lead)).flatten();
        places.filter_map(|&place| self.globs.get(place))
    }

    /// The rules whose glob matches a text, in order. The work is added to what was done before: a step a rule,
    /// and of a glob as many as it takes.
    pub(super) fn matching(&self, text: &str, work: &mut u64) -> Vec<usize> {
        let text = self.field.seen(text);
        let mut found = self.literals.get(text).cloned().unwrap_or_default();
        for (glob, rules) in self.candidates(text) {
            *work += steps(glob, text);
            if is_any(glob) || reference::glob_matches(glob, text) {
                found.extend(rules);
            }
        }
        *work += u64::try_from(found.len()).unwrap_or(u64::MAX);
        found.sort_unstable();
        found
    }

    /// What [`matching`](Self::matching) will do, without doing it.
    pub(super) fn work(&self, text: &str) -> u64 {
        let text = self.field.seen(text);
        self.candidates(text).map(|(glob, _)| steps(glob, text)).sum()
    }

    /// Texts that the rules tell apart: every literal, and every combination of the other globs that a text can
    /// match, as far as that can be said; with near misses. No glob of the policy has `filler`.
    ///
    /// What a text begins with and what it ends with are independent, as is each part that it has inside, since
    /// fillers keep them apart: so texts of a longest prefix, a longest suffix and some of the parts stand for
    /// all others. Other globs are walked side by side, and if that takes too long, or there would be more than
    /// `most` texts, there are examples. The steps of that walk are taken from those that are left.
    pub(super) fn texts(&self, filler: char, most: usize, steps: &mut u64) -> Representatives<String> {
        if self.order.is_empty() && self.globs.iter().all(|(glob, _)| is_any(glob)) {
            // All texts are alike.
            let text = if self.field == Field::Agent { String::new() } else { filler.into() };
            return Representatives { values: vec![text], covered: true };
        }
        let (mut starts, mut ends, mut parts) = (vec![""], vec![""], Vec::new());
        let mut examples = Vec::new();
        for (glob, _) in &self.globs {
            match *glob {
                glob if is_any(glob) => {}
                glob if glob.strip_suffix('*').is_some_and(is_literal) => {
                    starts.extend(glob.strip_suffix('*'));
                }
                glob if glob.strip_prefix('*').is_some_and(is_literal) => {
                    ends.extend(glob.strip_prefix('*'));
                }
                glob => match glob.strip_prefix('*').and_then(|glob| glob.strip_suffix('*')) {
                    Some(part) if is_literal(part) => parts.push(part),
                    _ => examples.push(example(glob)),
                },
            }
        }
        let all_sets = if examples.is_empty() {
            None
        } else {
            let others = self.globs.iter().map(|(glob, _)| *glob).filter(|glob| !is_any(glob));
            cover(&self.order.iter().copied().chain(others).collect::<Vec<_>>(), filler, steps)
        };
        let mut texts = Vec::new();
        for &literal in &self.order {
            texts.extend([literal.to_owned(), format!("{literal}{filler}"), shorter(literal)]);
        }
        for start in &starts {
            texts.extend([(*start).to_owned(), shorter(start)]);
        }
        for end in &ends {
            texts.extend([(*end).to_owned(), end.chars().skip(1).collect()]);
        }
        texts.extend(parts.iter().flat_map(|part| [(*part).to_owned(), shorter(part)]));
        texts.extend(examples.iter().cloned());
        let covered = match all_sets {
            Some(sets) => {
                texts.extend(sets);
                true
            }
            None => {
                combined(&starts, &ends, combinations(&parts, &examples, filler), most, &mut texts)
                    && examples.is_empty()
            }
        };
        if self.field == Field::Agent {
            texts.push(String::new());
        }
        once(&mut texts);
        Representatives { values: texts, covered }
    }
}

/// Leaves each text where it first stands.
fn once(texts: &mut Vec<String>) {
    let mut seen = HashSet::with_capacity(texts.len());
    let firsts: Vec<bool> = texts.iter().map(|text| seen.insert(text.as_str())).collect();
    drop(seen);
    let mut firsts = firsts.into_iter();
    texts.retain(|_| firsts.next().unwrap_or(true));
}

/// How long a glob takes on a text, in steps that take as long as a plain comparison.
fn steps(glob: &str, text: &str) -> u64 {
    u64::try_from(1 + glob.len() * text.len() / 64).unwrap_or(u64::MAX)
}

/// Adds texts of a start, an inside and an end: every combination, if there are at most so many, and each in some
/// combination otherwise. Whether these stand for all others.
fn combined(
    starts: &[&str],
    ends: &[&str],
    (insides, all): (Vec<String>, bool),
    most: usize,
    texts: &mut Vec<String>,
) -> bool {
    let within = starts.len().saturating_mul(ends.len()).saturating_mul(insides.len()) <= most;
    if within {
        for start in starts {
            for end in ends {
                texts.extend(insides.iter().map(|inside| format!("{start}{inside}{end}")));
            }
        }
    } else {
        let longest = starts.len().max(ends.len()).max(insides.len());
        let cycles = starts.iter().cycle().zip(ends.iter().cycle()).zip(insides.iter().cycle());
        let together = cycles.map(|((start, end), inside)| format!("{start}{inside}{end}"));
        texts.extend(together.take(longest.min(most)));
    }
    all && within
}

/// What stands between a start and an end: fillers, and between them each set of parts, if there are few, and
/// examples of globs; and whether these are all sets of the parts.
fn combinations(parts: &[&str], examples: &[String], filler: char) -> (Vec<String>, bool) {
    const FEW: usize = 5;
    let mut insides = vec![filler.to_string()];
    let few = parts.len() <= FEW;
    if few {
        for part in parts {
            let with = |inside: &String| format!("{inside}{part}{filler}");
            insides.extend(insides.iter().map(with).collect::<Vec<_>>());
        }
    } else {
        let joined = |parts: &[&str]| format!("{filler}{}{filler}", parts.join(&filler.to_string()));
        insides.extend(parts.chunks(1).map(joined));
        insides.extend(parts.windows(2).map(joined));
        insides.push(joined(parts));
    }
    insides.extend(examples.iter().map(|example| format!("{filler}{example}{filler}")));
    insides
        .extend(examples.windows(2).map(|two| format!("{filler}{}{filler}", two.join(&filler.to_string()))));
    (insides, few)
}

fn shorter(text: &str) -> String {
    let mut shorter = text.to_owned();
    shorter.pop();
    shorter
}

/// A text that the glob is likely to match: runs left out, `?` and sets filled.
pub(super) fn example(glob: &str) -> String {
    let mut out = String::new();
    let mut chars = glob.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' => {}
            '?' => out.push('a'),
            '[' => match chars.next() {
                Some('!') => {
                    let excluded: String = chars.by_ref().take_while(|&c| c != ']').collect();
                    out.extend(['~', 'q', '7'].into_iter().find(|&c| !excluded.contains(c)));
                }
                Some(member) => {
                    out.push(member);
                    chars.by_ref().take_while(|&c| c != ']').for_each(drop);
                }
                None => out.push('['),
            },
            c => out.push(c),
        }
    }
    out
}
