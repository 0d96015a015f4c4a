//! The example service, asked over HTTP, its policy replaced meanwhile.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may fail")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The example, which `cargo test` builds beside the tests; of one test alone it has to be built here.
fn service() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    let service = profile.join("examples/service").with_extension(std::env::consts::EXE_EXTENSION);
    if !service.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "-p", "aegis-runtime", "--example", "service", "--target-dir"]);
        build.arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success());
    }
    service
}

struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The status and the body of an answer.
fn ask(address: &str, request: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn write_policy(path: &Path, yaml: &str) {
    let policy: aegisc::Policy = yaml.parse().unwrap();
    let new = path.with_extension("new");
    std::fs::write(&new, policy.artifact()).unwrap();
    std::fs::rename(new, path).unwrap();
}

#[test]
fn actions_come_over_http_and_the_policy_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (policy, log) = (folder.path().join("policy.aegisb"), folder.path().join("audit.db"));
    write_policy(&policy, "rules: [{ name: look, match: { type: monitor }, approval: auto }]");
    let mut child = Command::new(service());
    let child = child.arg(&policy).arg(&log).arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
    let mut child = Stopped(child);
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap();

    let act = |kind: &str| {
        ask(address, "POST /actions", &format!(r#"{{"type": "{kind}", "target": "production"}}"#))
    };
    let (status, body) = act("monitor");
    assert_eq!(status, 200, "{body}");
    assert!(body.contains(r#""matched_rule":"look""#), "{body}");
    let (status, body) = act("deploy");
    assert_eq!(status, 403, "{body}");
    assert!(body.contains("no rule matched"), "{body}");
    assert_eq!(ask(address, "POST /actions", "{}"), (400, "{\"error\":\"`type` is missing\"}\n".to_owned()));

    write_policy(&policy, "rules: [{ name: ship, match: { type: deploy }, approval: auto }]");
    let began = Instant::now();
    loop {
        let (status, body) = act("deploy");
        if status == 200 {
            assert!(body.contains(r#""generation":2"#), "{body}");
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "the policy was not taken: {body}");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(act("monitor").0, 403);
    let (status, body) = ask(address, "GET /health", "");
    assert_eq!(status, 200);
    assert!(body.contains(r#""generation":2"#), "{body}");
    drop(child);
    let verified = aegis_runtime::audit::AuditReader::open(&log).unwrap().verify(None).unwrap();
    assert!(verified.is_good() && verified.rows >= 8, "{verified:?}");
}
