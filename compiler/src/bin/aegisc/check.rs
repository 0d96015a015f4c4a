//! `aegisc check`: layers -> everything that is wrong with them.

use crate::args::CheckArgs;
use crate::front::Show;
use crate::output::{Done, Failure, FindingsTo, Shell, counted};
use crate::{input, mend};
use aegisc::Checked;

pub(crate) fn run(args: &CheckArgs, shell: &Shell) -> Result<Done, Failure> {
    if args.fix {
        return mend::run(args, shell);
    }
    let layers = input::layers(&args.layers, &args.front)?;
    let count = layers.len();
    let checked = aegisc::check(layers, &args.front.options());
    report(&checked, count, args.front.show(), FindingsTo::Output, shell)
}

/// Shows what was found in so many layers, and the last line of the run.
pub(crate) fn report(
    checked: &Checked,
    count: usize,
    show: Show,
    to: FindingsTo,
    shell: &Shell,
) -> Result<Done, Failure> {
    let format = show.format;
    let counts = shell.findings(&checked.diagnostics, &checked.sources, show, to)?;
    let Some(policy) = &checked.policy else {
        shell.refused(counts, format);
        return Ok(Done::PolicyAtFault);
    };
    if !format.is_data() {
        let parts = [counted(count, "layer"), counted(policy.rules.len(), "rule")].join(", ");
        shell.done("checked", &format!("{parts}: {}", counts.text()));
    }
    Ok(Done::Fine)
}
