//! The main job, end to end: compiles a base layer with a domain layer into `policy.aegisb`, loads the
//! artifact as a service would, and decides a stream of actions from it.
//!
//! `cargo run --release --example quickstart`

use aegis_vm::json::{self, Json};
use aegis_vm::{Action, Outcome, Policy};
use aegisc::diag::{RenderOptions, render_pretty};
use aegisc::time::parse_rfc3339;
use aegisc::{LayerSource, Options, compile};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

const LAYERS: [&str; 2] = ["policies/base.yaml", "policies/devops-agent.yaml"];
const ACTIONS: &str = "policies/demo-actions.jsonl";

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let artifact = build(&root)?;
    let policy = Policy::from_file(&artifact)?;
    let mut out = format!("loaded {} rules from {}\n\n", policy.rules().len(), artifact.display());
    writeln!(out, "{:<34} {:<8} {:<9} by", "action", "approval", "risk")?;
    for line in fs::read_to_string(root.join(ACTIONS))?.lines() {
        decide(&policy, line, &mut out)?;
    }
    // A reader that has seen enough, such as `head`, is no fault.
    match io::stdout().write_all(out.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Compiles the layers and writes the artifact beside the build's other output.
fn build(root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let layer = |path: &str| -> io::Result<LayerSource> {
        Ok(LayerSource { path: path.to_owned(), bytes: fs::read(root.join(path))? })
    };
    let layers = LAYERS.into_iter().map(layer).collect::<Result<Vec<_>, _>>()?;
    let compilation = compile(layers, &Options::default())?;
    for diagnostic in &compilation.diagnostics {
        let options = RenderOptions { color: false, width: 100 };
        eprintln!("{}", render_pretty(diagnostic, &compilation.sources, options));
    }
    let output = compilation.output.ok_or("the layers were denied")?;
    let artifact = std::env::temp_dir().join("aegisc-quickstart.aegisb");
    fs::write(&artifact, &output.artifact)?;
    eprintln!("compiled {} into {} bytes ({})", LAYERS.join(" + "), output.artifact.len(), output.verified);
    Ok(artifact)
}

/// Decides one line of the stream, at the time that the line gives.
fn decide(policy: &Policy, line: &str, out: &mut String) -> Result<(), Box<dyn Error>> {
    let Json::Object(object) = json::parse(line)? else { return Err("an action is an object".into()) };
    let now = object.get("now").and_then(Json::as_str).ok_or("`now` is missing")?;
    let now = parse_rfc3339(now)?;
    let action = Action::from_object(object)?;
    let decision = policy.evaluate(&action, now);
    let by = match decision.outcome() {
        Outcome::Matched(rule) => format!("{} ({})", rule.name(), rule.origin()),
        Outcome::Default => "the defaults: no rule matched".to_owned(),
        Outcome::Error(_, error) => format!("{}, which could not be judged: {error}", decision.rule_name()),
    };
    let what = format!("{} on {}", action.kind(), action.target());
    let (approval, risk_level) = (decision.approval().as_str(), decision.risk_level().as_str());
    writeln!(out, "{what:<34} {approval:<8} {risk_level:<9} {by}")?;
    Ok(())
}
