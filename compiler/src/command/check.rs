//! `check`, also called `validate`: layers -> everything that is wrong with them.

use super::args::CheckArgs;
use super::front::Show;
use super::output::{Done, Failure, FindingsTo, Shell, counted};
use super::{input, mend};
use crate::Checked;

/// Checks the layers and shows what is found; with `--fix`, mends them.
///
/// # Errors
///
/// The layers cannot be read or mended, or standard output cannot be written.
pub fn run(args: &CheckArgs, shell: &Shell) -> Result<Done, Failure> {
    if args.fix {
        return mend::run(args, shell);
    }
    let layers = input::layers(&args.layers, &args.front)?;
    let count = layers.len();
    let checked = crate::check(layers, &args.front.options());
    report(&checked, count, args.front.show(), FindingsTo::Output, shell)
}

/// Shows what was found in so many layers, and the last line of the run.
pub(super) fn report(
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
