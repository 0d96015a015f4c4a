//! The Python library's runtime, with its own log, on the same actions and disk.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python that has the library: `AEGIS_PYTHON`, else `python3`.
pub(crate) fn find() -> PathBuf {
    std::env::var_os("AEGIS_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from)
}

const PROGRAM: &str = r#"
import asyncio, sys, time
from aegis.adapters.base import BaseExecutor
from aegis.core.action import Action
from aegis.core.policy import Policy
from aegis.core.result import Result, ResultStatus
from aegis.runtime.audit import AuditLogger
from aegis.runtime.engine import Runtime

class Done(BaseExecutor):
    async def execute(self, action):
        return Result(action=action, status=ResultStatus.SUCCESS, data={"ok": True})

async def main(policy, log, n):
    runtime = Runtime(executor=Done(), policy=Policy.from_yaml(policy), audit_logger=AuditLogger(log), session_id="bench")
    gate = asyncio.Semaphore(256)
    async def one(i):
        async with gate:
            return await runtime.run_one(Action("monitor", "cpu", params={"host": "web-1", "n": i}))
    began = time.perf_counter()
    results = await asyncio.gather(*[one(i) for i in range(n)])
    took = time.perf_counter() - began
    assert all(r.ok for r in results)
    print(n / took)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"#;

/// How many actions a second it governs.
pub(crate) fn run(python: &Path, folder: &Path, actions: usize) -> f64 {
    let log = folder.join("python.db");
    let _ = std::fs::remove_file(&log);
    let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/devops-agent.yaml");
    let output =
        Command::new(python).args(["-c", PROGRAM, policy]).arg(&log).arg(actions.to_string()).output();
    let output = output.expect("a Python to run; set AEGIS_PYTHON");
    let said = String::from_utf8_lossy(&output.stdout);
    let rate = said.trim().parse();
    rate.unwrap_or_else(|_| {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        f64::NAN
    })
}
