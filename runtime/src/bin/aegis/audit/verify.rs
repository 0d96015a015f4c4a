//! `aegis audit verify`: whether a log is what was written.

use super::{open, unreadable};
use crate::args::VerifyArgs;
use aegis_runtime::audit::{Anchored, Hash, Verified};
use aegisc::command::output::{ERROR, GOOD, WARNING, counted, grouped, printable};
use aegisc::command::{Failure, Shell};
use serde_json::json;
use std::process::ExitCode;

/// So many actions without an end are named.
const NAMED: usize = 20;

pub(super) fn run(args: &VerifyArgs, shell: &Shell) -> Result<ExitCode, Failure> {
    let reader = open(&args.log.log)?;
    let found = reader.verify(args.anchor).map_err(|error| unreadable(&error))?;
    if args.json {
        shell.data(&format!("{}\n", as_json(&found)))?;
    } else {
        shell.out(&in_words(&found, args.anchor))?;
    }
    Ok(if found.is_good() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// An outcome closes one intent, so that each row is one of these.
fn actions(found: &Verified) -> u64 {
    found.rows.saturating_add(found.unknown) / 2
}

fn count(n: u64, noun: &str) -> String {
    counted(usize::try_from(n).unwrap_or(usize::MAX), noun)
}

fn in_words(found: &Verified, anchor: Option<Hash>) -> String {
    let (rows, actions) = (count(found.rows, "row"), count(actions(found), "action"));
    let mut text = match &found.fault {
        None => format!("{GOOD}whole{GOOD:#}: {rows}, {actions}; head {}\n", found.head),
        Some(fault) if fault.row == 0 => {
            let what = printable(&fault.what);
            format!(
                "{ERROR}wrong{ERROR:#}: {what}\n{rows}, {actions}, and each row is as written; head {}\n",
                found.head
            )
        }
        Some(fault) => format!(
            "{ERROR}wrong{ERROR:#}: {}\nthe {rows} before it, {actions}, are as written; their head is {}\n",
            printable(&fault.to_string()),
            found.head
        ),
    };
    match (found.anchored, anchor) {
        (Anchored::At(row), _) => {
            let row = u64::try_from(row).unwrap_or(0);
            text.push_str(&format!(
                "{GOOD}anchored{GOOD:#}: the head that was kept is that of row {}; {} came after it\n",
                grouped(usize::try_from(row).unwrap_or(usize::MAX)),
                count(found.rows.saturating_sub(row), "row")
            ));
        }
        (Anchored::Lost, Some(hash)) => text.push_str(&format!(
            "{ERROR}anchor lost{ERROR:#}: {hash} is the hash of no row{}: rows were cut from the end, or the log was \
             written anew\n",
            if found.fault.is_some() { " up to there" } else { "" }
        )),
        _ => text.push_str(&format!(
            "{WARNING}not anchored{WARNING:#}: rows cut from the end would not be missed; keep what `aegis audit head` \
             prints elsewhere, and give it as `--anchor`\n"
        )),
    }
    if found.unknown > 0 {
        let named: Vec<String> = found.first_unknown.iter().take(NAMED).map(ToString::to_string).collect();
        let more = found.unknown.saturating_sub(u64::try_from(named.len()).unwrap_or(u64::MAX));
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        text.push_str(&format!(
            "{WARNING}no outcome{WARNING:#}: {}, running still or cut short: {}{more}\n",
            count(found.unknown, "action"),
            named.join(", ")
        ));
    }
    text
}

fn as_json(found: &Verified) -> serde_json::Value {
    json!({
        "good": found.is_good(),
        "rows": found.rows,
        "actions": actions(found),
        "head": found.head.to_string(),
        "fault": found.fault.as_ref().map(|fault| json!({ "row": fault.row, "what": fault.what })),
        "anchor": match found.anchored {
            Anchored::NotGiven => json!("not given"),
            Anchored::Lost => json!("lost"),
            Anchored::At(row) => json!({ "row": row }),
        },
        "unknown": found.unknown,
        "first_unknown": found.first_unknown,
    })
}
