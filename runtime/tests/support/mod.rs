//! What several tests need: policies from text, executors that count.

#![allow(dead_code, clippy::expect_used, reason = "each test uses a part; a test may fail")]

use aegis_runtime::executor::{Data, ExecuteError, Executor};
use aegis_runtime::policy::PolicyHandle;
use aegis_runtime::{Policy, Task};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The shipped policies for an agent that deploys.
pub(crate) fn devops() -> PolicyHandle {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/");
    let layers = ["base.yaml", "devops-agent.yaml"].map(|name| format!("{policies}{name}"));
    let policy = aegisc::Policy::from_yaml_files(layers).expect("the shipped policies compile");
    PolicyHandle::new(Policy::from_bytes(policy.artifact()).expect("what was compiled loads"))
}

/// A policy of YAML.
pub(crate) fn policy(yaml: &str) -> Policy {
    let policy: aegisc::Policy = yaml.parse().expect("the policy compiles");
    Policy::from_bytes(policy.artifact()).expect("what was compiled loads")
}

/// Says what it did, and how often.
#[derive(Clone, Default)]
pub(crate) struct Counting(pub(crate) Arc<AtomicUsize>);

impl Counting {
    pub(crate) fn calls(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Executor for Counting {
    async fn execute(&self, task: &Task) -> Result<Data, ExecuteError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        match task.action().target() {
            "fails" => Err(ExecuteError::new("it fails")),
            "panics" => panic!("it panics"),
            target => Ok(serde_json::json!({ "did": target })),
        }
    }
}
