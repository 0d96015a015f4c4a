//! Why a rule did not match an action: a step of a trace -> words with the values that mattered.

use super::output::{ERROR, GOOD, WARNING, printable};
use super::value;
use aegis_vm::format::{ConditionDebug, Debug};
use aegis_vm::{
    Action, Approval, Decision, Field, Request, RiskLevel, RuleView, Step, StepOutcome, Timestamp,
};

/// What a trace is read against.
#[derive(Debug)]
pub struct Reasons<'a> {
    /// The conditions in their authors' words, if the artifact has them.
    pub debug: Option<&'a Debug>,
    /// The action.
    pub action: &'a Action,
    /// The time of the decision.
    pub now: Timestamp,
}

/// A reason, and the line of the condition that it is about.
#[derive(Debug)]
pub struct Reason {
    /// Such as `` param `env` is missing ``.
    pub text: String,
    /// The condition as its author wrote it, with its line.
    pub condition: Option<(String, u32)>,
}

impl Reasons<'_> {
    /// Why a step's rule was passed over; `None` if it was not.
    pub fn of(&self, step: &Step<'_>) -> Option<Reason> {
        match step.outcome() {
            StepOutcome::Glob { field } => {
                Some(Reason { text: self.glob(step.rule(), field), condition: None })
            }
            StepOutcome::Condition { condition, key, param, absent } => {
                let written = self.written(step.rule(), condition);
                let condition = written.map(|written| (printable(&written.text), written.line));
                Some(Reason { text: self.condition(key, param, absent), condition })
            }
            StepOutcome::Matched | StepOutcome::Error(_) | StepOutcome::NotReached => None,
        }
    }

    fn glob(&self, rule: RuleView<'_>, field: Field) -> String {
        let (glob, found) = match field {
            Field::Type => (rule.type_glob(), self.action.kind()),
            Field::Target => (rule.target_glob(), self.action.target()),
            Field::Agent => (rule.agent_glob(), self.action.agent_id()),
        };
        let glob = printable(glob);
        match (field, found) {
            (Field::Agent, "") => format!("agent `{glob}` is not met: no agent is named"),
            (field, found) => format!("{field} `{glob}` does not match `{}`", printable(found)),
        }
    }

    fn condition(&self, key: &str, param: Option<&str>, absent: bool) -> String {
        match (key, param) {
            ("", _) => "it never holds".to_owned(),
            ("time_after" | "time_before", _) => {
                let minute = self.now.minute_of_day();
                format!("it is {:02}:{:02} UTC", minute / 60, minute % 60)
            }
            ("weekdays", _) => format!("it is {} in UTC", weekday(self.now)),
            ("semantic", _) => "none of its words is among the action's".to_owned(),
            (_, Some(param)) => self.param(param, absent),
            (_, None) => "it does not hold".to_owned(),
        }
    }

    fn param(&self, param: &str, absent: bool) -> String {
        let shown = printable(param);
        match Request::from(self.action).params.get(param) {
            None => format!("param `{shown}` is missing"),
            Some(_) if absent => format!("param `{shown}` is null"),
            Some(found) => format!("param `{shown}` is {}", printable(&value::shown(found))),
        }
    }

    fn written(&self, rule: RuleView<'_>, condition: usize) -> Option<&ConditionDebug> {
        let index = usize::try_from(rule.index()).ok()?;
        self.debug?.rules.get(index)?.get(condition)
    }
}

fn weekday(now: Timestamp) -> &'static str {
    let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    days.get(usize::from(now.iso_weekday()).saturating_sub(1)).copied().unwrap_or("no day")
}

/// `HIGH / APPROVE (matched: name)`, in colours.
pub fn verdict(decision: &Decision<'_>) -> String {
    let outcome = outcome(decision.approval(), decision.risk_level());
    let how = if decision.error().is_some() { "could not be judged" } else { "matched" };
    format!("{outcome} ({how}: {})", printable(decision.rule_name()))
}

/// `HIGH / APPROVE`, in colours.
pub fn outcome(approval: Approval, risk_level: RiskLevel) -> String {
    let risk = match risk_level {
        RiskLevel::Low => GOOD,
        RiskLevel::Medium => WARNING,
        RiskLevel::High | RiskLevel::Critical => ERROR,
    };
    let asked = match approval {
        Approval::Auto => GOOD,
        Approval::Approve => WARNING,
        Approval::Block => ERROR,
    };
    let (level, approval) = (risk_level.as_str().to_uppercase(), approval.as_str().to_uppercase());
    format!("{risk}{level}{risk:#} / {asked}{approval}{asked:#}")
}
