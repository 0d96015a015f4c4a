//! `aegisc schema`: the JSON Schema of a layer, printed or as a file.

use crate::args::SchemaArgs;
use aegisc::command::atomic;
use aegisc::command::output::{Done, Failure, Shell};

/// The file that `init` writes and the documentation names.
pub(crate) const FILE_NAME: &str = "aegis-policy.schema.json";

pub(crate) fn run(args: &SchemaArgs, shell: &Shell) -> Result<Done, Failure> {
    let Some(path) = &args.output else {
        shell.out(&text())?;
        return Ok(Done::Fine);
    };
    let shown = path.display();
    atomic::write(path, text().as_bytes())
        .map_err(|error| Failure::new(format!("cannot write `{shown}`: {error}")))?;
    shell.done("wrote", &shown.to_string());
    Ok(Done::Fine)
}

/// The schema as the text of a file.
pub(crate) fn text() -> String {
    format!("{:#}\n", aegisc::schema::layer())
}
