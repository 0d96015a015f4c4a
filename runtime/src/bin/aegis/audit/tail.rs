//! `aegis audit --tail`: actions as they end.

use super::sheet::Sheet;
use super::{each, unreadable};
use crate::args::Form;
use crate::terminal;
use aegis_runtime::audit::{AuditReader, AuditRow, Filter};
use aegisc::command::Failure;
use anstream::AutoStream;
use std::collections::HashSet;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

/// How often it is looked what has ended.
const LOOK: Duration = Duration::from_millis(250);

pub(super) fn run(reader: &AuditReader, filter: Filter, form: Form) -> Result<ExitCode, Failure> {
    let failed = |stopped| match stopped {
        super::Stopped::Log(error) => unreadable(&error),
        super::Stopped::Output(error) => Failure::of_output(&error),
    };
    if form == Form::Json {
        return Err(Failure::new("`--tail` has no end, which an array needs: use `--format jsonl`"));
    }
    let mut out = AutoStream::auto(io::stdout().lock());
    let mut sheet = (form == Form::Table).then(|| Sheet::new(terminal::paper()));
    // What ends between here and the first look is given by both.
    let mut follow = reader.follow(filter.clone()).map_err(|error| unreadable(&error))?;
    let mut shown = HashSet::new();
    if filter.last.is_some() {
        each(reader, &filter, |row| {
            if row.outcome_id.is_some() {
                shown.insert(row.id);
            }
            print(&mut sheet, &row, &mut out)
        })
        .map_err(failed)?;
    }
    let wrong = |error: io::Error| Failure::of_output(&error);
    if let Some(sheet) = &mut sheet {
        sheet.begin(&mut out).map_err(wrong)?;
    }
    loop {
        out.flush().map_err(wrong)?;
        if reader_is_gone() {
            return Err(Failure::BrokenPipe);
        }
        for row in follow.ended().map_err(|error| unreadable(&error))? {
            if !shown.contains(&row.id) {
                print(&mut sheet, &row, &mut out).map_err(wrong)?;
            }
        }
    }
}

fn print(sheet: &mut Option<Sheet>, row: &AuditRow, out: &mut impl Write) -> io::Result<()> {
    match sheet {
        Some(sheet) => sheet.add(row, out),
        None => {
            serde_json::to_writer(&mut *out, row)?;
            out.write_all(b"\n")
        }
    }
}

/// Waits until the next look; whether whoever reads what is printed went away meanwhile.
#[cfg(unix)]
fn reader_is_gone() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let out = io::stdout();
    let mut watched = [PollFd::new(&out, PollFlags::empty())];
    let wait = Timespec { tv_sec: 0, tv_nsec: LOOK.subsec_nanos().into() };
    match poll(&mut watched, Some(&wait)) {
        Ok(0) => false,
        Ok(_) => watched.iter().any(|fd| fd.revents().intersects(PollFlags::ERR | PollFlags::HUP)),
        // Such as a signal: no reason to look more often.
        Err(_) => {
            std::thread::sleep(LOOK);
            false
        }
    }
}

#[cfg(not(unix))]
fn reader_is_gone() -> bool {
    std::thread::sleep(LOOK);
    false
}
