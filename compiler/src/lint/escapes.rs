//! Blocks that an action escapes by how it is written: a type in other case, an agent that is not named.
//!
//! Nothing is said but what was decided: the reference evaluator is asked about two actions that differ in the
//! one text, and a finding stands where the first is blocked by the rule and the second is let through, or
//! asked about, by another rule or by the defaults. What ends in the same place is said once, at the first
//! block. The search is bounded, so that a policy of many thousand rules is not searched whole.

use super::draft::{self, Draft};
use super::names;
use crate::diag::{Diagnostic, Lint};
use crate::hir::reference::glob_matches;
use crate::hir::{Policy, Rule};
use crate::shown::shown;
use crate::source::{SourceMap, Span};
use crate::syntax;
use aegis_vm::Approval;
use hashbrown::HashMap;

/// The most globs and rules that are looked at for one policy.
const STEPS: usize = 200_000;

/// The most rules of which each gives an action to try, for one block.
const TRIED: usize = 8;

/// Pushes the blocks that are escaped. `written` are the rules of the layers in the policy's order.
pub(super) fn check(
    written: &[&syntax::Rule],
    policy: &Policy,
    defaults: Option<Span>,
    sources: &SourceMap,
    out: &mut Vec<Diagnostic>,
) {
    let mut search = Search { policy, loose: Loose::of(policy), steps: STEPS };
    let mut found: Vec<Escape> = Vec::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        if rule.outcome.approval != Approval::Block || search.loose.is_none_at_all(policy) {
            continue;
        }
        let escapes = [search.other_case(index, rule), search.no_agent(index, rule)];
        for escape in escapes.into_iter().flatten() {
            match found.iter_mut().find(|one| one.lint == escape.lint && one.lands == escape.lands) {
                Some(first) => first.more += 1,
                None => found.push(escape),
            }
        }
    }
    let place = |at: Option<usize>| match at {
        Some(rule) => written.get(rule).map(|rule| names::place(rule, sources)),
        None => defaults,
    };
    out.extend(found.iter().filter_map(|escape| {
        let rule = policy.rules.get(escape.blocked)?;
        Some(escape.finding(rule, written.get(escape.blocked)?, place(escape.lands), policy))
    }));
}

/// An action that escapes a block.
struct Escape {
    lint: Lint,
    /// The rule that blocks.
    blocked: usize,
    /// The action as the block means it, and as it escapes.
    meant: Draft,
    escaping: Draft,
    /// The rule that decides it in place of the block; `None` for the defaults.
    lands: Option<usize>,
    approval: Approval,
    /// How many later blocks are escaped to the same place.
    more: usize,
}

impl Escape {
    fn finding(
        &self,
        rule: &Rule,
        written: &syntax::Rule,
        lands: Option<Span>,
        policy: &Policy,
    ) -> Diagnostic {
        let approval = self.approval;
        let (kind, other) = (shown(&self.meant.kind), shown(&self.escaping.kind));
        let is_case = self.lint == Lint::CaseSensitiveBlock;
        let glob = if is_case { &written.type_glob } else { &written.agent_glob };
        let at = glob.as_ref().map_or(written.span, |glob| glob.span);
        let mut finding = if is_case {
            let message = format!("`{other}` escapes this block, and the answer is `{approval}`");
            let finding = Diagnostic::lint(self.lint, at, message)
                .label(format!("`{kind}` is blocked, `{other}` is another type: case counts"));
            if kind.contains(|c: char| c.is_ascii_uppercase()) {
                finding
            } else {
                finding.help(
                    "refuse capitals before all else, by a rule with `type: \"*[A-Z]*\"` and `approval: block`",
                )
            }
            .help(format!("or spell the glob in both cases, such as `{}`", both_cases(&rule.type_glob)))
        } else {
            let message =
                format!("an action that names no agent escapes this block, and the answer is `{approval}`");
            let glob = shown(&rule.agent_glob);
            Diagnostic::lint(self.lint, at, message)
                .label(format!("no agent is matched as the text `*`, which `{glob}` does not match"))
                .help("block for every agent, and let those through that may by rules before it")
        };
        if let Some(span) = lands {
            let what = if is_case { format!("`{other}`") } else { "such an action".to_owned() };
            finding = finding.also(span, format!("{what} ends here: `{approval}`"));
        }
        let finding = finding.note(format!("for example `{}`", self.escaping.shown(policy)));
        match self.more {
            0 => finding,
            1 => finding.note("one more block is escaped to the same place"),
            more => finding.note(format!("{more} more blocks are escaped to the same place")),
        }
    }
}

/// The glob with both cases of each letter, or how that looks where it would be long or has sets.
fn both_cases(glob: &str) -> String {
    const LONGEST: usize = 12;
    if glob.len() > LONGEST || glob.contains('[') {
        return "[Dd][Ee][Ll]*".to_owned();
    }
    let spell = |c: char| match c {
        c if c.is_ascii_alphabetic() => format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase()),
        c => c.to_string(),
    };
    glob.chars().map(spell).collect()
}

struct Search<'p> {
    policy: &'p Policy,
    loose: Loose,
    steps: usize,
}

impl Search<'_> {
    /// The block escaped by its type in capitals, or with one in front.
    fn other_case(&mut self, index: usize, rule: &Rule) -> Option<Escape> {
        let kind = draft::example(&rule.type_glob)?;
        let upper = kind.to_ascii_uppercase();
        let mut capital = kind.clone();
        let first = kind.find(|c: char| c.is_ascii_alphabetic())?;
        capital.get_mut(first..=first)?.make_ascii_uppercase();
        let is_other = |other: &String| !glob_matches(&rule.type_glob, other);
        [upper, capital].into_iter().filter(is_other).find_map(|other| {
            self.try_all(Lint::CaseSensitiveBlock, index, rule, |draft| draft.kind.clone_from(&other))
        })
    }

    /// The block escaped by an action without an agent.
    fn no_agent(&mut self, index: usize, rule: &Rule) -> Option<Escape> {
        if glob_matches(&rule.agent_glob, "*") {
            return None;
        }
        self.try_all(Lint::AnonymousAgent, index, rule, |draft| draft.agent.clear())
    }

    /// Tries the plainest action of the rule, and then those that a looser rule is meant for.
    fn try_all(
        &mut self,
        lint: Lint,
        index: usize,
        rule: &Rule,
        mut escape: impl FnMut(&mut Draft),
    ) -> Option<Escape> {
        let plain = Draft::of(rule, self.policy)?;
        let mut escaping = plain.clone();
        escape(&mut escaping);
        let is_case = lint == Lint::CaseSensitiveBlock;
        let near = if is_case {
            self.loose.of_type(&escaping.kind, self.policy, &mut self.steps)
        } else {
            self.loose.for_nobody(rule, self.policy, &mut self.steps)
        };
        if near.is_empty() && self.policy.default.approval == Approval::Block {
            return None;
        }
        let meant_for = |loose: &Rule| {
            let mut draft = plain.clone();
            if loose.target_glob != "*" {
                draft.target = draft::example(&loose.target_glob)?;
            }
            if is_case && loose.agent_glob != "*" {
                draft.agent = draft::example(&loose.agent_glob)?;
            }
            if !is_case && !glob_matches(&loose.type_glob, &draft.kind) {
                draft.kind = draft::example(&loose.type_glob)?;
            }
            draft.ask(loose, self.policy)?;
            Some(draft)
        };
        let others = near.iter().filter_map(|&loose| meant_for(self.policy.rules.get(loose)?));
        let drafts: Vec<Draft> = std::iter::once(plain.clone()).chain(others).collect();
        drafts.into_iter().find_map(|meant| {
            self.steps = self.steps.checked_sub(2 * self.policy.rules.len())?;
            let mut escaping = meant.clone();
            escape(&mut escaping);
            let blocked = meant.decide(self.policy)?;
            let let_through = escaping.decide(self.policy)?;
            let is_escape = blocked.rule == Some(index)
                && blocked.error.is_none()
                && let_through.approval != Approval::Block;
            let (lands, approval) = (let_through.rule, let_through.approval);
            is_escape.then_some(Escape { lint, blocked: index, meant, escaping, lands, approval, more: 0 })
        })
    }
}

/// The rules that do not block, by the character that a type must begin with.
struct Loose {
    by_start: HashMap<Option<char>, Vec<usize>>,
    all: Vec<usize>,
}

impl Loose {
    fn of(policy: &Policy) -> Self {
        let mut by_start: HashMap<Option<char>, Vec<usize>> = HashMap::new();
        let mut all = Vec::new();
        for (index, rule) in policy.rules.iter().enumerate() {
            if rule.outcome.approval != Approval::Block {
                by_start.entry(start(&rule.type_glob)).or_default().push(index);
                all.push(index);
            }
        }
        Loose { by_start, all }
    }

    /// Whether everything is blocked.
    fn is_none_at_all(&self, policy: &Policy) -> bool {
        self.all.is_empty() && policy.default.approval == Approval::Block
    }

    /// A few of the rules that match a type.
    fn of_type(&self, kind: &str, policy: &Policy, steps: &mut usize) -> Vec<usize> {
        let matches = |rule: &Rule| glob_matches(&rule.type_glob, kind);
        self.few(kind.chars().next(), policy, steps, matches)
    }

    /// A few of the rules that match without an agent a type that the rule matches with one.
    fn for_nobody(&self, rule: &Rule, policy: &Policy, steps: &mut usize) -> Vec<usize> {
        let own = draft::example(&rule.type_glob).unwrap_or_default();
        let meets = |loose: &Rule| {
            glob_matches(&loose.type_glob, &own)
                || draft::example(&loose.type_glob).is_some_and(|kind| glob_matches(&rule.type_glob, &kind))
        };
        let matches = |loose: &Rule| glob_matches(&loose.agent_glob, "*") && meets(loose);
        self.few(start(&rule.type_glob), policy, steps, matches)
    }

    /// A few of the rules whose type may begin so; every rule's may where no beginning is given.
    fn few(
        &self,
        start: Option<char>,
        policy: &Policy,
        steps: &mut usize,
        matches: impl Fn(&Rule) -> bool,
    ) -> Vec<usize> {
        let (mut few, mut looked_at) = (Vec::new(), 0);
        let list = |key: Option<char>| self.by_start.get(&key).map(Vec::as_slice).unwrap_or_default();
        let lists = match start {
            Some(_) => [list(start), list(None)],
            None => [self.all.as_slice(), &[]],
        };
        for &index in lists.into_iter().flatten() {
            looked_at += 1;
            if looked_at > *steps || few.len() == TRIED {
                break;
            }
            if policy.rules.get(index).is_some_and(&matches) {
                few.push(index);
            }
        }
        *steps = steps.saturating_sub(looked_at);
        few
    }
}

/// The character that every text begins with that a glob matches, if there is one.
fn start(glob: &str) -> Option<char> {
    glob.chars().next().filter(|c| !matches!(c, '*' | '?' | '['))
}
