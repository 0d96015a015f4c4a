//! `aegisc init`: a first policy to start from, and the schema that editors check it with.

use crate::args::InitArgs;
use crate::schema;
use aegisc::command::atomic;
use aegisc::command::output::{Done, Failure, Shell};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// The file that is written. It passes `check` without a finding.
const STARTER: &str = include_str!("starter.yaml");

pub(crate) fn run(args: &InitArgs, shell: &Shell) -> Result<Done, Failure> {
    let policy = if args.schema { with_schema(STARTER) } else { STARTER.to_owned() };
    let written = if args.force {
        atomic::write(&args.file, policy.as_bytes())
    } else {
        let file = OpenOptions::new().write(true).create_new(true).open(&args.file);
        file.and_then(|mut file| file.write_all(policy.as_bytes()))
    };
    let shown = args.file.display();
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::new(format!("`{shown}` is there already; `--force` writes over it"))
        }
        _ => Failure::new(format!("cannot write `{shown}`: {error}")),
    })?;
    if args.schema {
        write_schema(args, shell)?;
    }
    shell.done("wrote", &format!("{shown}; next: aegisc check {shown}"));
    Ok(Done::Fine)
}

/// A policy that names the schema in its first line, where editors with the YAML language server look. The
/// path is relative to the policy, so that the two files can move together.
fn with_schema(policy: &str) -> String {
    format!("# yaml-language-server: $schema=./{}\n{policy}", schema::FILE_NAME)
}

/// Writes the schema beside the policy. One that is there serves other policies, too, and is left as it is
/// unless force is used.
fn write_schema(args: &InitArgs, shell: &Shell) -> Result<(), Failure> {
    let path = args.file.parent().unwrap_or(Path::new("")).join(schema::FILE_NAME);
    let (shown, text) = (path.display(), schema::text());
    let there = fs::read(&path).ok().filter(|_| !args.force);
    if let Some(there) = there {
        if there != text.as_bytes() {
            shell.done("kept", &format!("{shown}, which differs; `aegisc schema -o {shown}` writes it anew"));
        }
        return Ok(());
    }
    atomic::write(&path, text.as_bytes())
        .map_err(|error| Failure::new(format!("cannot write `{shown}`: {error}")))?;
    shell.done("wrote", &shown.to_string());
    Ok(())
}
