//! Searches as JSON lines, for comparing with other engines: reads `{"pattern", "inputs"}`, writes
//! `{"error"}` or `{"naive"}` with a truth value for each input.

use aegisc::pyre;
use serde_json::{Value, json};
use std::io::{self, BufRead, Write};

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        writeln!(out, "{}", answer(&request))?;
    }
    out.flush()
}

fn answer(request: &Value) -> Value {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let inputs: Vec<String> = request["inputs"].as_array().into_iter().flatten().map(text).collect();
    let pattern = match pyre::parse(&text(&request["pattern"])) {
        Ok(pattern) => pattern,
        Err(error) => return refusal(&error),
    };
    let naive: Vec<bool> = inputs.iter().map(|input| pattern.naive_search(input)).collect();
    json!({ "naive": naive })
}

fn refusal(error: &pyre::PatternError) -> Value {
    json!({ "error": {
        "kind": format!("{:?}", error.kind),
        "start": error.at.start,
        "end": error.at.end,
        "message": error.message,
        "help": error.help,
    }})
}
