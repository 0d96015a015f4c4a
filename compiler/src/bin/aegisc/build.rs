//! `aegisc build`: layers -> an artifact, written whole or not at all.

use crate::args::{BuildArgs, Emit};
use aegis_vm::Policy;
use aegisc::Options;
use aegisc::command::output::{Done, Failure, FindingsTo, Shell, counted};
use aegisc::command::{atomic, input};
use std::fs;
use std::path::Path;

pub(crate) fn run(args: &BuildArgs, shell: &Shell) -> Result<Done, Failure> {
    if let Some(output) = &args.output {
        check_output(output, args)?;
    }
    let layers = input::layers(&args.layers, &args.front)?;
    let options = Options {
        policy_id: args.policy_id.clone(),
        revision: args.revision,
        label: args.label.clone(),
        verify: args.front.verify(args.verify),
        ..args.front.options()
    };
    let compilation = aegisc::compile(layers, &options).map_err(|error| Failure::new(error.to_string()))?;
    let show = args.front.show();
    let format = show.format;
    let counts = shell.findings(&compilation.diagnostics, &compilation.sources, show, FindingsTo::Error)?;
    let Some(output) = compilation.output else {
        shell.refused(counts, format);
        return Ok(Done::PolicyAtFault);
    };
    // What does not load must not be written.
    let policy = Policy::from_bytes(output.artifact.as_slice())
        .map_err(|error| Failure::new(format!("nothing was written: the artifact does not load: {error}")))?;
    if let Some(Emit::Ir) = args.emit {
        let mut ir = String::new();
        policy.write_ir(&mut ir).map_err(|_| Failure::new("the decision table cannot be shown"))?;
        shell.out(&ir)?;
    }
    if let Some(path) = &args.output {
        atomic::write(path, &output.artifact)
            .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))?;
        if !format.is_data() {
            let parts = [
                counted(policy.manifest().layers.len(), "layer"),
                counted(policy.rules().count(), "rule"),
                counted(output.artifact.len(), "byte"),
                verified(&policy.manifest().verified),
            ];
            shell.done("built", &format!("{}: {}", path.display(), parts.join(", ")));
        }
    }
    Ok(Done::Fine)
}

/// What the manifest says of the check of the output, as the end of a sentence.
fn verified(note: &str) -> String {
    match note {
        "off" => "not verified".to_owned(),
        note => note.to_owned(),
    }
}

/// Refuses an output that would be lost work or a lost input, before any work is done.
fn check_output(output: &Path, args: &BuildArgs) -> Result<(), Failure> {
    let refuse = |why: String| Err(Failure::Message(format!("cannot write `{}`: {why}", output.display())));
    if input::is_standard_input(output) {
        return refuse("an artifact goes into a file, never to standard output; name one".to_owned());
    }
    match fs::metadata(output) {
        Ok(metadata) if metadata.is_dir() => {
            let inside = output.join("policy.aegisb");
            return refuse(format!("it is a folder; write `-o {}`", inside.display()));
        }
        Ok(metadata) if !metadata.is_file() => return refuse(atomic::NOT_A_FILE.to_owned()),
        _ => {}
    }
    match output.parent() {
        _ if output.file_name().is_none() => return refuse("it names no file".to_owned()),
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            return refuse(format!("the folder `{}` does not exist; create it first", folder.display()));
        }
        _ => {}
    }
    if let Err(error) = atomic::followed(output) {
        return refuse(error.to_string());
    }
    let Ok(target) = fs::canonicalize(output) else { return Ok(()) };
    match args.layers.iter().find(|layer| fs::canonicalize(layer).is_ok_and(|layer| layer == target)) {
        Some(_) => refuse("it is one of the layers; write to another file".to_owned()),
        None => Ok(()),
    }
}
