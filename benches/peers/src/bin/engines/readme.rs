//! The section of README.md that has the figures: between two markers, as a whole.

use crate::figures::{Entered, Row, machine, root, today, write};
use crate::peer::Peer;
use crate::table::{SAMPLE, times_ours};
use crate::{cel, python, rego, trial, zen};
use aegis_benches::timing::shown;
use std::fmt::Write;

const BEGIN: &str = "<!-- peers: begin -->\n";
const END: &str = "<!-- peers: end -->\n";

/// The engines of the table's columns, each with the form of it that has the rules as data.
const COLUMNS: [(&Peer, Option<&Peer>); 6] = [
    (&cel::CEL, Some(&cel::DATA)),
    (&zen::ZEN, Some(&zen::DATA)),
    (&rego::REGO, Some(&rego::DATA)),
    (&crate::cedar::CEDAR, None),
    (&crate::casbin::CASBIN, None),
    (&python::PYTHON, None),
];

/// Rewrites the section.
///
/// # Panics
///
/// If README.md has no markers.
pub(crate) fn write_section(rows: &[Row]) {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    write("README.md", &format!("{before}{BEGIN}{}{END}{after}", section(rows)));
}

fn section(rows: &[Row]) -> String {
    let mut text = format!(
        "Written by the command, {}: {}. A row is a workload of `benches` and its\n\
         number of rules. Ours is the time of a decision; the others are multiples of it, from the same prepared\n\
         actions to the index of the rule, in one process (the Python library in its own), where each finds the caches as\n\
         the others left them.\n\
         Answers are checked, where a decision takes long those to {SAMPLE} actions at least. *As data*: the rules are\n\
         data, and a lookup written by hand for the workload replaces them. No figure: the engine refused so many\n\
         rules, or took more than {} s or {} GiB to load them, or half a second to decide. In W5\n\
         cedar gets its `like`, as it has no regular expressions; zen compiles the pattern at each call, and cel and\n\
         casbin have a function of ours that keeps it compiled.\n\n",
        today(),
        machine(),
        trial::SECONDS,
        trial::BYTES >> 30,
    );
    text.push_str("| | ours | by hand |");
    for (peer, _) in COLUMNS {
        write!(text, " {} {} |", peer.name, peer.version()).unwrap();
    }
    text.push_str("\n| --- |");
    text.push_str(&" --- |".repeat(2 + COLUMNS.len()));
    for row in rows {
        let by_hand = times_ours(row.by_hand.ratio.middle);
        write!(text, "\n| {} | {} | {by_hand} |", row.title(), shown(row.ours.middle)).unwrap();
        for (peer, data) in COLUMNS {
            write!(text, " {} |", cell(row, peer, data)).unwrap();
        }
    }
    text.push_str("\n\n![Time of a decision by the number of rules](docs/peers.svg)\n");
    text
}

fn cell(row: &Row, peer: &Peer, data: Option<&Peer>) -> String {
    let of = |peer: &Peer| -> Option<&Entered> {
        let (_, entered) = row.peers.iter().find(|(other, _)| other.name == peer.name)?;
        entered.as_ref().ok()
    };
    let ratio = |entered: &Entered| times_ours(entered.times.ratio.middle);
    let rules = of(peer).map_or("–".to_owned(), ratio);
    match data.and_then(of) {
        Some(entered) => format!("{rules}; as data {}", ratio(entered)),
        None => rules,
    }
}
