//! `aegisc check`: layers -> everything that is wrong with them.

use crate::args::CheckArgs;
use crate::input;
use crate::output::{Done, Failure, FindingsTo, Shell, counted};

pub(crate) fn run(args: &CheckArgs, shell: &Shell) -> Result<Done, Failure> {
    let layers = input::layers(&args.layers, &args.front)?;
    let count = layers.len();
    let checked = aegisc::check(layers, &args.front.options());
    let format = args.front.format;
    let counts = shell.findings(&checked.diagnostics, &checked.sources, &args.front, FindingsTo::Output)?;
    let Some(policy) = checked.policy else {
        shell.refused(counts, format);
        return Ok(Done::PolicyAtFault);
    };
    if !format.is_data() {
        let parts = [counted(count, "layer"), counted(policy.rules.len(), "rule")].join(", ");
        shell.done("checked", &format!("{parts}: {}", counts.text()));
    }
    Ok(Done::Fine)
}
