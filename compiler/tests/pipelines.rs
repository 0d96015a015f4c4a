//! The pipelines that the documentation gives, run as their services would, without a network: the workflow
//! and the job under `docs/examples`, and the hook for pre-commit.
//!
//! Steps that fetch something (`uses`, `cargo install`) are passed over; all others run in a folder of their
//! own, once with a policy that is right and once with one at fault.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "schema/editor.rs"]
mod editor;

use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const BASE: &str = "defaults: {approval: block}\nrules: [{name: a, match: {type: read}, approval: auto}]\n";
const RIGHT: &str = "rules: [{name: b, match: {type: list}, approval: auto}]\n";
const AT_FAULT: &str = "rules: [{name: b, match: {type: list}, aproval: block}]\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> Value {
    editor::json(&fs::read(root().join(path)).unwrap()).unwrap()
}

/// A repository whose second layer is `team`.
fn repository(team: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("policies")).unwrap();
    fs::write(folder.path().join("policies/base.yaml"), BASE).unwrap();
    fs::write(folder.path().join("policies/team.yaml"), team).unwrap();
    folder
}

/// A command in a folder, with `aegisc` where commands are looked for.
fn command(program: &str, folder: &Path) -> Command {
    let aegisc = Path::new(env!("CARGO_BIN_EXE_aegisc")).parent().unwrap();
    let mut path = OsString::from(aegisc);
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let mut command = Command::new(program);
    command.env("PATH", path).current_dir(folder);
    command
}

/// Runs a line of a pipeline as GitHub and GitLab do: in bash, which ends at the first failure.
fn bash(line: &str, variables: &Value, folder: &Path) -> Output {
    let mut bash = command("bash", folder);
    for (name, value) in variables.as_object().unwrap() {
        bash.env(name, value.as_str().unwrap());
    }
    bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", line]).output().unwrap()
}

/// What became of a job: whether it failed, and what ran or would have run of its steps.
struct Job {
    failed: bool,
    reached: Vec<String>,
    log: String,
}

/// Runs the steps of a job in order, each if its `if` says so.
fn run(job: &Value, variables: &Value, folder: &Path) -> Job {
    let mut done = Job { failed: false, reached: Vec::new(), log: String::new() };
    for step in job["steps"].as_array().unwrap() {
        let reached = match step["if"].as_str() {
            None => !done.failed,
            Some("always()") => true,
            Some("failure()") => done.failed,
            Some("steps.cache.outputs.cache-hit != 'true'") => true,
            Some(other) => panic!("what does `if: {other}` mean?"),
        };
        if !reached {
            continue;
        }
        done.reached.push(step["name"].as_str().or(step["uses"].as_str()).unwrap().to_owned());
        let Some(line) = step["run"].as_str().filter(|line| !line.starts_with("cargo install ")) else {
            continue;
        };
        let output = bash(line, variables, folder);
        done.failed |= !output.status.success();
        done.log += &String::from_utf8(output.stderr).unwrap();
    }
    done
}

fn workflow() -> (Value, Value) {
    let workflow = read("docs/examples/github-actions.yml");
    let mut variables = workflow["env"].clone();
    variables["GITHUB_RUN_NUMBER"] = json!("42");
    variables["GITHUB_SHA"] = json!("0123abc");
    (workflow["jobs"]["policy"].clone(), variables)
}

fn sarif(folder: &Path) -> Vec<String> {
    let sarif: Value = serde_json::from_slice(&fs::read(folder.join("aegisc.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let line = |result: &Value| {
        let place = &result["locations"][0]["physicalLocation"];
        format!(
            "{} {}",
            place["artifactLocation"]["uri"].as_str().unwrap(),
            result["ruleId"].as_str().unwrap()
        )
    };
    results.iter().map(line).collect()
}

#[test]
fn the_workflow_builds_a_policy_that_is_right() {
    let (job, variables) = workflow();
    let folder = repository(RIGHT);
    let done = run(&job, &variables, folder.path());
    assert!(!done.failed, "{}", done.log);
    assert_eq!(done.reached[2..], ["install", "check", "upload", "build", "actions/upload-artifact@v4"]);
    assert_eq!(sarif(folder.path()), [""; 0]);
    let artifact = folder.path().join(job["steps"][7]["with"]["path"].as_str().unwrap());
    let policy = aegis_vm::Policy::from_file(artifact).unwrap();
    assert_eq!((policy.rules().len(), policy.revision()), (2, 42));
}

#[test]
fn the_workflow_uploads_what_is_found_and_fails() {
    let (job, variables) = workflow();
    let folder = repository(AT_FAULT);
    let done = run(&job, &variables, folder.path());
    assert!(done.failed);
    assert_eq!(done.reached[2..], ["install", "check", "say in the log what is denied", "upload"]);
    assert_eq!(sarif(folder.path()), ["policies/team.yaml unknown_key"]);
    assert!(done.log.contains("error[unknown_key]"), "{}", done.log);
    assert!(!folder.path().join("policy.aegisb").exists());
}

#[test]
fn the_workflow_asks_for_no_more_than_it_needs() {
    let workflow = read("docs/examples/github-actions.yml");
    assert_eq!(workflow["permissions"], json!({ "contents": "read" }));
    let job = &workflow["jobs"]["policy"];
    assert_eq!(job["permissions"], json!({ "contents": "read", "security-events": "write" }));
    for step in job["steps"].as_array().unwrap() {
        if let Some(uses) = step["uses"].as_str() {
            assert!(uses.contains("@v"), "{uses}");
        }
    }
    let upload = job["steps"].as_array().unwrap().iter().find(|step| step["name"] == "upload").unwrap();
    assert_eq!(upload["with"]["sarif_file"], "aegisc.sarif");
}

#[test]
fn the_job_of_gitlab_runs() {
    let job = &read("docs/examples/gitlab-ci.yml")["policy"];
    let lines: Vec<_> = job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let mut variables = job["variables"].clone();
    variables["CI_PIPELINE_IID"] = json!("7");
    variables["CI_COMMIT_SHA"] = json!("0123abc");
    for (team, code) in [(RIGHT, 0), (AT_FAULT, 1)] {
        let folder = repository(team);
        let output = bash(&lines.join("\n"), &variables, folder.path());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert_eq!(said.contains("policies/team.yaml:1:"), code == 1, "{said}");
        assert_eq!(folder.path().join(job["artifacts"]["paths"][0].as_str().unwrap()).exists(), code == 0);
    }
}

/// pre-commit splits `entry` as a shell would, and puts `args` and then the files behind it.
#[test]
fn the_hook_of_pre_commit_runs() {
    let hooks = read(".pre-commit-hooks.yaml");
    let hook = &hooks[0];
    assert_eq!((&hook["id"], &hook["language"]), (&json!("aegisc-check"), &json!("system")));
    let entry: Vec<_> = hook["entry"].as_str().unwrap().split(' ').collect();
    let files = ["policies/base.yaml", "policies/team.yaml"];
    let with_args = [&files[..], &["-D", "warnings"]].concat();
    for (team, code) in [(RIGHT, 0), (AT_FAULT, 1)] {
        for behind in [&files[..], &with_args] {
            let folder = repository(team);
            let output = command(entry[0], folder.path()).args(&entry[1..]).args(behind).output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{output:?}");
        }
    }
}

/// What the guide shows of the files is theirs, but for the space before the lines.
#[test]
fn the_guide_shows_lines_of_the_examples() {
    let guide = fs::read_to_string(root().join("docs/guide.md")).unwrap();
    let lines = |text: &str| -> Vec<String> { text.lines().map(|line| line.trim().to_owned()).collect() };
    for (name, at_least) in [("github-actions.yml", 5), ("gitlab-ci.yml", 3)] {
        let (_, behind) = guide.split_once(&format!("(examples/{name})")).unwrap();
        let shown = behind.split("```").nth(1).unwrap().strip_prefix("yaml\n").unwrap();
        let example = lines(&fs::read_to_string(root().join("docs/examples").join(name)).unwrap());
        let bare = |line: &str| line.trim_start_matches("- ").to_owned();
        let example: Vec<_> = example.iter().map(|line| bare(line)).collect();
        let shown: Vec<_> = lines(shown).iter().map(|line| bare(line)).collect();
        assert!(shown.len() >= at_least);
        for line in shown {
            assert!(example.contains(&line), "{name} has no line `{line}`");
        }
    }
}
