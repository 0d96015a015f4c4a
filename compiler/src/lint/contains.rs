//! `param_contains` with text, on a param that another condition takes for a list.
//!
//! In a list the text is an element, in a text it is any part. Where the rule allows, and the reference
//! evaluator lets a text through that has the element as a part only, a caller who sends text in place of a
//! list passes with `not-admin`. A param that is text in the other conditions too is meant to be searched,
//! and a block that finds more than it was meant for is on the safe side: nothing is said of either.

use super::draft::Draft;
use crate::diag::{Diagnostic, Lint};
use crate::hir::{Const, ParamOp, Policy};
use crate::shown::shown;
use crate::source::Span;
use crate::syntax::{self, Ask};
use aegis_vm::Approval;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// The most rules that are looked at for one policy.
const STEPS: usize = 200_000;

/// Pushes the conditions that let too much text through, the first of each param. `written` are the rules of the layers in the policy's
/// order.
pub(super) fn check(written: &[&syntax::Rule], policy: &Policy, out: &mut Vec<Diagnostic>) {
    let lists = lists(written);
    if lists.is_empty() {
        return;
    }
    let (mut steps, mut said) = (STEPS, HashSet::new());
    for (index, rule) in written.iter().enumerate() {
        let Some(meant) = policy.rules.get(index) else { return };
        if meant.outcome.approval == Approval::Block {
            continue;
        }
        for (param, element, at) in compared(rule, ParamOp::Contains) {
            let (Const::Str(element), Some(list)) = (element, lists.get(param)) else { continue };
            if said.contains(param) {
                continue;
            }
            let Some(draft) = Draft::of(meant, policy).filter(|_| !element.is_empty()) else { continue };
            let Some(left) = steps.checked_sub(2 * policy.rules.len()) else { return };
            steps = left;
            let longer = format!("not-{element}");
            let with = |value: Value| {
                let mut draft = draft.clone();
                draft.params.insert(param.to_owned(), value);
                draft
            };
            let (text, list_of_it) = (with(Value::from(longer.as_str())), with(json!([longer])));
            let (Some(passes), Some(stopped)) = (text.decide(policy), list_of_it.decide(policy)) else {
                continue;
            };
            if passes.rule == Some(index) && passes.error.is_none() && stopped.approval > passes.approval {
                said.insert(param);
                out.push(finding(param, element, at, list, &text.shown(policy)));
            }
        }
    }
}

fn finding(param: &str, element: &str, at: Span, list: &List, action: &str) -> Diagnostic {
    let (param, element) = (shown(param), shown(element));
    Diagnostic::lint(
        Lint::SubstringContains,
        at,
        format!("where `{param}` is text, `{element}` is found in `not-{element}` too, and this rule allows"),
    )
    .label("an element of a list, but any part of a text")
    .also(list.span, list.why)
    .note(format!("for example `{action}` passes"))
    .help(format!(
        "to accept lists alone, put a rule before it that blocks `param_contains: {{{param}: null}}`: text is a type error there, and blocked"
    ))
    .help(format!("where `{param}` is text, compare it whole: `param_eq`"))
}

/// Where a param is taken for a list.
struct List {
    span: Span,
    why: &'static str,
}

/// The first place of each param that is taken for a list.
fn lists<'a>(written: &[&'a syntax::Rule]) -> HashMap<&'a str, List> {
    let mut lists = HashMap::new();
    for rule in written {
        for (param, value, span) in compared(rule, ParamOp::Eq) {
            if matches!(value, Const::List(_)) {
                lists.entry(param).or_insert(List { span, why: "here it is a list" });
            }
        }
        for (param, value, span) in compared(rule, ParamOp::Contains) {
            if !matches!(value, Const::Str(_)) {
                lists
                    .entry(param)
                    .or_insert(List { span, why: "here it is no text: only a list can hold this" });
            }
        }
    }
    lists
}

/// The params that a rule compares so, with what and where.
fn compared(rule: &syntax::Rule, with: ParamOp) -> impl Iterator<Item = (&str, &Const, Span)> {
    let params = rule.conditions.iter().filter_map(move |condition| match &condition.ask {
        Ask::Compare(op, params) if *op == with => Some(&params.value),
        _ => None,
    });
    params
        .flatten()
        .filter_map(|param| Some((param.name.value.as_deref()?, &param.value.value, param.value.span)))
}
