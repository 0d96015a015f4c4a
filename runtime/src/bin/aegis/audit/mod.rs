//! `aegis audit`: what a log has of actions, for people and for programs; and whether it is what was written.

mod head;
mod sheet;
mod tail;
mod verify;

use crate::args::{AuditArgs, AuditCommand, Form, ListArgs};
use crate::table::Paper;
use crate::terminal;
use aegis_runtime::audit::{AuditError, AuditReader, AuditRow, Filter};
use aegisc::command::output::{counted, printable};
use aegisc::command::{Failure, Shell, atomic};
use anstream::AutoStream;
use sheet::Sheet;
pub(crate) use sheet::approval_style;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

pub(crate) fn run(args: &AuditArgs, shell: &Shell) -> Result<ExitCode, Failure> {
    match &args.command {
        None => list(&args.list, shell),
        Some(AuditCommand::Head(args)) => head::run(args, shell),
        Some(AuditCommand::Verify(args)) => verify::run(args, shell),
    }
}

/// Opens a log to read.
pub(crate) fn open(path: &Path) -> Result<AuditReader, Failure> {
    AuditReader::open(path).map_err(|error| unreadable(&error))
}

pub(crate) fn unreadable(error: &AuditError) -> Failure {
    Failure::new(error.to_string())
}

/// Why a log was not shown to its end.
enum Stopped {
    Log(AuditError),
    Output(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Stopped::Output(error)
    }
}

fn list(args: &ListArgs, shell: &Shell) -> Result<ExitCode, Failure> {
    let reader = open(&args.log.log)?;
    let filter = args.filter.filter();
    if args.tail {
        return tail::run(&reader, filter, args.format);
    }
    let paper = terminal::paper();
    let count = match &args.output {
        None => {
            let out = io::stdout().lock();
            let written = match args.format {
                Form::Table => table(&reader, &filter, paper, &mut buffered(AutoStream::auto(out))),
                // Data goes as it is, whatever it may hold.
                form => data(&reader, &filter, form, &mut buffered(out)),
            };
            written.map_err(|stopped| match stopped {
                Stopped::Log(error) => unreadable(&error),
                Stopped::Output(error) => Failure::of_output(&error),
            })?
        }
        Some(path) => {
            not_the_log(path, &args.log.log)?;
            let written = atomic::fill(path, |file| match args.format {
                Form::Table => table(&reader, &filter, Paper { styled: false, ..paper }, file),
                form => data(&reader, &filter, form, file),
            });
            written.map_err(|stopped| match stopped {
                Stopped::Log(error) => unreadable(&error),
                Stopped::Output(error) => Failure::new(format!("cannot write `{}`: {error}", path.display())),
            })?
        }
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    match &args.output {
        Some(path) => shell.done("wrote", &format!("{} to {}", counted(count, "action"), path.display())),
        None if args.format == Form::Table => shell.err(&format!("{}\n", counted(count, "action"))),
        None => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn buffered<W: Write>(out: W) -> BufWriter<W> {
    BufWriter::with_capacity(1 << 16, out)
}

/// Refuses to put a file in the place of the log.
fn not_the_log(path: &Path, log: &Path) -> Result<(), Failure> {
    let same = match (path.canonicalize(), log.canonicalize()) {
        (Ok(path), Ok(log)) => ["", "-wal", "-shm"].iter().any(|end| {
            let mut beside = log.clone().into_os_string();
            beside.push(end);
            path.as_os_str() == beside
        }),
        _ => false,
    };
    if same {
        let message = format!("`{}` is the log itself: name another file", path.display());
        return Err(Failure::Message(printable(&message)));
    }
    Ok(())
}

/// The rows as a table, the widths of which the first of them say.
fn table(reader: &AuditReader, filter: &Filter, paper: Paper, out: &mut impl Write) -> Result<u64, Stopped> {
    let mut sheet = Sheet::new(paper);
    let count = each(reader, filter, |row| sheet.add(&row, out))?;
    sheet.end(out)?;
    out.flush()?;
    Ok(count)
}

/// The rows as JSON.
fn data(reader: &AuditReader, filter: &Filter, form: Form, out: &mut impl Write) -> Result<u64, Stopped> {
    let array = form == Form::Json;
    let mut first = true;
    let count = each(reader, filter, |row| {
        let before = match (array, std::mem::take(&mut first)) {
            (true, true) => "[\n",
            (true, false) => ",\n",
            (false, _) => "",
        };
        out.write_all(before.as_bytes())?;
        serde_json::to_writer(&mut *out, &row)?;
        if array { Ok(()) } else { out.write_all(b"\n") }
    })?;
    if array {
        out.write_all(if first { b"[]\n" } else { b"\n]\n" })?;
    }
    out.flush()?;
    Ok(count)
}

/// Gives the rows to a closure, one at a time.
fn each(
    reader: &AuditReader,
    filter: &Filter,
    mut give: impl FnMut(AuditRow) -> io::Result<()>,
) -> Result<u64, Stopped> {
    let mut failed = None;
    let count = reader.query(filter, |row| match give(row) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    });
    match failed {
        Some(error) => Err(Stopped::Output(error)),
        None => count.map_err(Stopped::Log),
    }
}
