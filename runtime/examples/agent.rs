//! An agent's runtime in a few lines: a policy, an executor, a person at the terminal, a log.
//!
//! It wants the `policy.aegisb` that `docs/runtime.md` builds in the working folder.

use aegis_runtime::approval::TerminalApproval;
use aegis_runtime::audit::SqliteLog;
use aegis_runtime::executor::{Data, ExecuteError, Executor};
use aegis_runtime::policy::{PolicyHandle, WatchOptions};
use aegis_runtime::{Action, Runtime, Task};

struct Shop;

impl Executor for Shop {
    async fn execute(&self, task: &Task) -> Result<Data, ExecuteError> {
        // Only what the policy allows comes here, with its intent on the disk.
        Ok(serde_json::json!({ "did": task.action().kind() }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policy = PolicyHandle::from_file("policy.aegisb")?;
    let _watcher = policy.watch(WatchOptions::default())?;
    let runtime = Runtime::builder()
        .policy(policy)
        .executor(Shop)
        .approval(TerminalApproval::new())
        .audit(SqliteLog::open("aegis_audit.db")?)
        .agent_id("support-1")
        .build()?;

    for amount in [5, 200] {
        let result = runtime.run_one(Action::new("refund", "shop").param("amount", amount)).await;
        println!("{result}");
    }
    Ok(())
}
