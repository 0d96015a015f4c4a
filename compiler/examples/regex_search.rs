//! Searches as JSON lines, for comparing with other engines: reads `{"pattern", "inputs"}`, writes
//! `{"error"}` or `{"naive", "dfa"}` with a truth value for each input. Patterns are compiled many
//! at a time into one artifact, and searched there as a test of a rule would.

use aegisc::pyre::{self, PatternError};
use serde_json::{Value, json};
use std::io::{self, BufRead, Write};

#[path = "../tests/support/mod.rs"]
mod support;

use support::patterns::{Searches, accepted};

/// How many patterns share a class map.
const TOGETHER: usize = 64;

fn main() -> io::Result<()> {
    let requests: Result<Vec<Value>, io::Error> =
        io::stdin().lock().lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect();
    let mut out = io::BufWriter::new(io::stdout().lock());
    for requests in requests?.chunks(TOGETHER) {
        let patterns: Vec<&str> =
            requests.iter().map(|request| request["pattern"].as_str().unwrap_or_default()).collect();
        let (answers, searches) = accepted(&patterns);
        for (request, answer) in requests.iter().zip(answers) {
            match answer {
                Ok(place) => writeln!(out, "{}", search(&searches, place, request))?,
                Err(error) => writeln!(out, "{}", refusal(&error))?,
            }
        }
    }
    out.flush()
}

fn search(searches: &Searches, place: usize, request: &Value) -> Value {
    let inputs: Vec<&str> =
        request["inputs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let pattern = pyre::parse(request["pattern"].as_str().unwrap_or_default()).ok();
    let naive = |input: &&str| pattern.as_ref().map(|pattern| pattern.naive_search(input));
    json!({
        "naive": inputs.iter().map(naive).collect::<Vec<_>>(),
        "dfa": inputs.iter().map(|input| searches.find(place, input)).collect::<Vec<_>>(),
    })
}

fn refusal(error: &PatternError) -> Value {
    json!({ "error": {
        "kind": format!("{:?}", error.kind),
        "start": error.at.start,
        "end": error.at.end,
        "message": error.message,
        "help": error.help,
    }})
}
