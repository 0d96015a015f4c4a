//! Actions as `simulate` and `explain` are given them: arguments -> a policy and actions.

use super::args::TryArgs;
use super::input::has_extension;
use super::output::Failure;
use aegis_vm::json::{self, Json, Object};
use aegis_vm::{Action, Timestamp};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What to decide, and when.
#[derive(Debug)]
pub struct Trial {
    /// The policy's files.
    pub policy: Vec<PathBuf>,
    /// The actions.
    pub actions: Vec<Action>,
    /// The time: as given, or the clock's, read once.
    pub now: Timestamp,
}

impl Trial {
    /// Reads the arguments: those that end like a policy's file are the policy, the first other one
    /// begins the actions.
    ///
    /// # Errors
    ///
    /// There is no policy, no action, or a param that is no `key=value`.
    pub fn new(args: &TryArgs) -> Result<Self, Failure> {
        let is_policy = |arg: &OsString| has_extension(Path::new(arg), &["yaml", "yml", "aegisb"]);
        let all = &args.policy_and_actions;
        let count = all.iter().take_while(|arg| is_policy(arg)).count();
        let (policy, actions) = all.split_at_checked(count).unwrap_or_default();
        if let (true, Some(first)) = (policy.is_empty(), actions.first()) {
            return Err(Failure::new(format!(
                "a policy is missing before `{}`: its files end in .yaml, .yml or .aegisb",
                first.display()
            )));
        }
        if actions.is_empty() {
            return Err(Failure::new("an action is missing after the policy: write `type:target`"));
        }
        let params = params(&args.params)?;
        let actions = actions.iter().map(|spec| action(spec, args, &params)).collect::<Result<_, _>>()?;
        let now = args.at.unwrap_or_else(|| Timestamp::from(SystemTime::now()));
        Ok(Trial { policy: policy.iter().map(PathBuf::from).collect(), actions, now })
    }
}

/// `type:target`, split at the first colon; without one the target is `*`.
fn action(spec: &OsString, args: &TryArgs, params: &Object) -> Result<Action, Failure> {
    let Some(spec) = spec.to_str() else {
        return Err(Failure::new(format!("`{}` is not UTF-8, which an action must be", spec.display())));
    };
    let (kind, target) = spec.split_once(':').unwrap_or((spec, "*"));
    let action = Action::new(kind, target).agent(&*args.agent).description(&*args.description);
    Ok(action.params(params.clone()))
}

/// `key=value`s, a value read as JSON, or as text if it is not JSON; of a repeated key the last.
fn params(pairs: &[String]) -> Result<Object, Failure> {
    let mut params = Object::new();
    for pair in pairs {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(Failure::new(format!("`--param {pair}` has no `=`: write `--param key=value`")));
        };
        params.insert(key, json::parse(value).unwrap_or_else(|_| Json::from(value)));
    }
    Ok(params)
}

/// The action as a person writes it.
pub fn shown(action: &Action) -> String {
    format!("{}:{}", action.kind(), action.target())
}
