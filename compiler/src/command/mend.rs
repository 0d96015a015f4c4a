//! `check --fix`: layers -> the same files with every mend made, or with `--diff` the changes alone.

use super::args::CheckArgs;
use super::output::{Done, Failure, FindingsTo, Shell, counted};
use super::{atomic, check, input, patch};
use crate::diag::Decisions;
use crate::{LayerSource, Mend};
use std::fs;
use std::path::Path;

pub(super) fn run(args: &CheckArgs, shell: &Shell) -> Result<Done, Failure> {
    refuse_what_cannot_be_mended(args)?;
    let read = input::layers(&args.layers, &args.front)?;
    let mended = crate::mend(read.clone(), &args.front.options());
    let show = args.front.show();
    // Among findings that a program reads from standard error there is no line for people.
    let telling = Telling { shell, paths: &read, quiet: args.diff && show.format.is_data() };
    let layers = || args.layers.iter().zip(&read).zip(&mended.layers).enumerate();
    let changed = || layers().filter(|(_, ((_, old), new))| old.bytes != new.bytes);
    let of = |layer: usize| mended.mends.iter().filter(move |mend| mend.layer == layer);
    let to = if args.diff {
        for (layer, ((_, old), new)) in changed() {
            let (old_text, new_text) = (text(&old.bytes), text(&new.bytes));
            shell.out(&patch::unified(&old.path, &old_text, &new_text))?;
            of(layer).for_each(|mend| telling.mend("would fix", mend));
        }
        FindingsTo::Error
    } else {
        // Nothing is written where something could not be.
        for (_, ((path, _), _)) in changed() {
            atomic::check_writable(path).map_err(|error| cannot_write(path, &error))?;
        }
        for (layer, ((path, old), new)) in changed() {
            atomic::replace(path, &old.bytes, &new.bytes).map_err(|error| cannot_write(path, &error))?;
            of(layer).for_each(|mend| telling.mend("fixed", mend));
        }
        FindingsTo::Output
    };
    for layer in &mended.refused {
        telling.refused(*layer);
    }
    let done = check::report(&mended.checked, read.len(), show, to, shell)?;
    telling.total(&mended.mends, changed().count());
    Ok(if args.diff && !mended.mends.is_empty() { Done::PolicyAtFault } else { done })
}

/// Standard input has no file to write to, and a file that is two layers could get two sets of mends.
fn refuse_what_cannot_be_mended(args: &CheckArgs) -> Result<(), Failure> {
    if !args.diff && args.layers.iter().any(|path| input::is_standard_input(path)) {
        return Err(Failure::new(
            "`--fix` cannot write to standard input (`-`): name a file, or print the mends with `--fix --diff`",
        ));
    }
    let mut seen = Vec::with_capacity(args.layers.len());
    for path in &args.layers {
        let Ok(target) = fs::canonicalize(path) else { continue };
        if seen.contains(&target) {
            let message = format!("`{}` is given twice: `--fix` mends each file once", path.display());
            return Err(Failure::Message(message));
        }
        seen.push(target);
    }
    Ok(())
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write `{}`: {error}", path.display()))
}

/// A mended layer is text, with a byte-order mark or none.
fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Says on standard error what is mended.
struct Telling<'a> {
    shell: &'a Shell,
    paths: &'a [LayerSource],
    quiet: bool,
}

impl Telling<'_> {
    fn path(&self, layer: usize) -> &str {
        self.paths.get(layer).map_or("", |layer| layer.path.as_str())
    }

    fn mend(&self, verb: &str, mend: &Mend) {
        if self.quiet {
            return;
        }
        let (path, at, name) = (self.path(mend.layer), mend.position, mend.code.name());
        let decisions = match mend.decisions {
            Decisions::Kept => "keeps every decision",
            Decisions::MayChange => "may change decisions",
        };
        let rest = format!("{path}:{}:{}: {} [{name}], {decisions}", at.line, at.column, mend.message);
        self.shell.done(verb, &rest);
    }

    fn refused(&self, layer: usize) {
        if !self.quiet {
            let path = self.path(layer);
            self.shell
                .error(&format!("`{path}` keeps mends after which it could not be read: mend it by hand"));
        }
    }

    fn total(&self, mends: &[Mend], files: usize) {
        if self.quiet {
            return;
        }
        if mends.is_empty() {
            self.shell.err("nothing to mend\n");
            return;
        }
        let changing = mends.iter().filter(|mend| mend.decisions == Decisions::MayChange).count();
        let decisions = match changing {
            0 => "every decision is kept".to_owned(),
            1 => "1 may change decisions".to_owned(),
            several => format!("{several} may change decisions"),
        };
        let (mends, files) = (counted(mends.len(), "mend"), counted(files, "file"));
        self.shell.err(&format!("{mends} in {files}; {decisions}\n"));
    }
}
