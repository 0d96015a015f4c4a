//! A plan: several actions with what the policy says of each, to look at before anything runs.

use crate::json;
use crate::task::Task;
use crate::verdict::Verdict;
use aegis_vm::{Approval, RiskLevel};
use std::fmt;

/// Actions in order, each decided.
///
/// Whatever a plan shows is what may happen: when it is executed each action is decided again, and of the two
/// decisions the stricter counts.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub(crate) steps: Vec<Planned>,
}

/// An action of a plan.
#[derive(Clone, Debug)]
pub struct Planned {
    pub(crate) task: Task,
    pub(crate) verdict: Verdict,
}

impl Planned {
    /// What is to be done.
    #[must_use]
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// What the policy says of it.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }
}

/// How many actions of a plan run, ask and are blocked, and the greatest risk among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Those that run without asking.
    pub auto: usize,
    /// Those that a person is asked about.
    pub approve: usize,
    /// Those that do not run.
    pub block: usize,
    /// The greatest risk of an action that is not blocked; none if all are.
    pub risk_level: Option<RiskLevel>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} auto, {} to approve, {} blocked", self.auto, self.approve, self.block)?;
        match self.risk_level {
            Some(level) => write!(f, "; risk at most {level}"),
            None => Ok(()),
        }
    }
}

impl Plan {
    /// The actions in order.
    #[must_use]
    pub fn steps(&self) -> &[Planned] {
        &self.steps
    }

    /// How many run, ask and are blocked.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let count = |approval| self.steps.iter().filter(|step| step.verdict.approval() == approval).count();
        let allowed = self.steps.iter().filter(|step| step.verdict.is_allowed());
        Summary {
            auto: count(Approval::Auto),
            approve: count(Approval::Approve),
            block: count(Approval::Block),
            risk_level: allowed.map(|step| step.verdict.risk_level()).max(),
        }
    }

    /// The plan of the actions that pass, in the same order.
    #[must_use]
    pub fn filter(mut self, mut keep: impl FnMut(&Planned) -> bool) -> Self {
        self.steps.retain(|step| keep(step));
        self
    }

    /// The actions with what the policy says of them, as a JSON array on one line. Params are as they are: a plan is
    /// for whoever made it.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = "[".to_owned();
        for (at, Planned { task, verdict }) in self.steps.iter().enumerate() {
            text.push_str(if at > 0 { ",{\"action\":" } else { "{\"action\":" });
            json::write_task(&mut text, task);
            text.push_str(",\"approval\":");
            json::write_text(&mut text, verdict.approval().as_str());
            text.push_str(",\"risk_level\":");
            json::write_text(&mut text, verdict.risk_level().as_str());
            text.push_str(",\"matched_rule\":");
            json::write_text(&mut text, verdict.rule_name());
            text.push_str(",\"origin\":");
            match verdict.origin() {
                Some(origin) => json::write_text(&mut text, &origin.to_string()),
                None => text.push_str("null"),
            }
            text.push_str(",\"error\":");
            match verdict.error() {
                Some(error) => json::write_text(&mut text, error),
                None => text.push_str("null"),
            }
            text.push('}');
        }
        text.push(']');
        text
    }
}

/// One line an action, and the summary.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Planned { task, verdict }) in self.steps.iter().enumerate() {
            let (kind, target) = (task.action().kind(), task.action().target());
            writeln!(
                f,
                "{:3}. {} on {}: {verdict}",
                at + 1,
                crate::approval::shown(kind),
                crate::approval::shown(target)
            )?;
        }
        write!(f, "{}", self.summary())
    }
}
