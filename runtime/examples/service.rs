//! A service that puts its agents' actions behind a policy.
//!
//! ```sh
//! cargo run -p aegis-runtime --example service -- vm/examples/policy.aegisb audit.db 127.0.0.1:8080
//! curl -s localhost:8080/actions -d '{"type": "monitor", "target": "cpu", "agent_id": "ops-7"}'
//! curl -s localhost:8080/actions -d '{"type": "destroy", "target": "production", "agent_id": "ops-7"}'
//! ```
//!
//! The policy is replaced while it serves: build another over the file. Actions that need approval are denied here, as
//! nobody is asked; give the builder an `.approval(...)` to change that.

use aegis_runtime::audit::SqliteLog;
use aegis_runtime::executor::{Data, ExecuteError, Executor};
use aegis_runtime::policy::{PolicyHandle, WatchOptions};
use aegis_runtime::{Runtime, Status, Task};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};

/// What the actions of this service do: a place for calls to the systems behind it.
struct Platform;

impl Executor for Platform {
    async fn execute(&self, task: &Task) -> Result<Data, ExecuteError> {
        let action = task.action();
        match action.kind() {
            "monitor" => Ok(serde_json::json!({ "load": 0.2, "of": action.target() })),
            "deploy" => Ok(serde_json::json!({ "deployed": action.target() })),
            other => Err(ExecuteError::permanent(format!("this service does not know how to {other}"))),
        }
    }
}

/// One action in, one result out. Whoever goes away gives the action up: the handler is dropped, and the log says so.
async fn act(State(runtime): State<Runtime>, body: String) -> impl IntoResponse {
    let task = match Task::from_json(&body) {
        Ok(task) => task,
        Err(error) => {
            return (
                StatusCode::BAD_REQUEST,
                format!("{}\n", serde_json::json!({ "error": error.to_string() })),
            );
        }
    };
    let result = runtime.run_one(task).await;
    let status = match result.status() {
        Status::Success => StatusCode::OK,
        // No action runs while the log cannot be written.
        _ if result.record().is_none() => StatusCode::SERVICE_UNAVAILABLE,
        Status::Blocked | Status::Denied | Status::Skipped => StatusCode::FORBIDDEN,
        Status::Failed | Status::Unknown => StatusCode::BAD_GATEWAY,
    };
    (status, format!("{}\n", result.to_json()))
}

/// Which policy decides, and whether the log keeps up.
async fn health(State(runtime): State<Runtime>) -> String {
    let serving = runtime.policy().load();
    let health = serde_json::json!({
        "generation": serving.number(),
        "digest": serving.digest_hex(),
        "revision": serving.revision(),
        "audit_pending": runtime.audit_pending(),
    });
    format!("{health}\n")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let policy = args.next().unwrap_or_else(|| "policy.aegisb".to_owned());
    let log = args.next().unwrap_or_else(|| "audit.db".to_owned());
    let address = args.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());

    let handle = PolicyHandle::from_file(&policy)?;
    // Until it is dropped, what is built over the file takes over.
    let _watcher = handle.watch(WatchOptions::default())?;
    let runtime =
        Runtime::builder().policy(handle).executor(Platform).audit(SqliteLog::open(&log)?).build()?;

    let service =
        Router::new().route("/actions", post(act)).route("/health", get(health)).with_state(runtime);
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, service).await?;
    Ok(())
}
