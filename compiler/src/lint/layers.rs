//! Lints over the list of layers: defaults that allow, and what a later layer says and the merge drops. Scope
//! and version are not dropped: the artifact carries those of every layer.

use crate::diag::{Diagnostic, Lint};
use crate::source::Span;
use crate::syntax::{Layer, Spanned};
use aegis_vm::{Approval, RiskLevel};

/// Pushes what is wrong with the first layer's defaults, and what later layers say in vain: the defaults are
/// the first layer's alone.
pub(super) fn check(layers: &[Layer], out: &mut Vec<Diagnostic>) {
    let Some((first, later)) = layers.split_first() else { return };
    out.extend(first.defaults.approval.as_ref().and_then(fail_open));
    for layer in later {
        let ours = &first.defaults;
        let theirs = &layer.defaults;
        let shown =
            |approval: &Spanned<Approval>| Said { text: approval.value.to_string(), span: approval.span };
        let risk = |risk: &Spanned<RiskLevel>| Said { text: risk.value.to_string(), span: risk.span };
        defaults(
            "approval",
            ours.approval.as_ref().map(shown),
            theirs.approval.as_ref().map(shown),
            "block",
            out,
        );
        defaults(
            "risk_level",
            ours.risk_level.as_ref().map(risk),
            theirs.risk_level.as_ref().map(risk),
            "medium",
            out,
        );
    }
}

fn fail_open(approval: &Spanned<Approval>) -> Option<Diagnostic> {
    if approval.value != Approval::Auto {
        return None;
    }
    let message = "the policy fails open: what no rule matches happens, and nobody is asked";
    Some(
        Diagnostic::lint(Lint::FailOpenDefaults, approval.span, message)
            .label("a misspelt type, a new one and an absent param end here")
            .help(
                "write `approval: block`, and a rule with `approval: auto` for each action that may happen",
            ),
    )
}

/// What a layer says, where it says it.
struct Said {
    text: String,
    span: Span,
}

fn defaults(key: &str, first: Option<Said>, later: Option<Said>, absent: &str, out: &mut Vec<Diagnostic>) {
    let Some(later) = later else { return };
    let holds = first.as_ref().map_or(absent, |first| first.text.as_str());
    if holds == later.text {
        return;
    }
    let message = format!("the default `{key}: {}` of this layer is ignored: `{holds}` holds", later.text);
    let finding = Diagnostic::lint(Lint::LayerDefaultsIgnored, later.span, message)
        .label("only the first layer's defaults count")
        .help("set the default in the first layer, or end this layer with a rule that says it");
    out.push(match first {
        Some(first) => finding.also(first.span, "this one holds"),
        None => finding.note(format!("the first layer says nothing of it, and that means `{holds}`")),
    });
}
