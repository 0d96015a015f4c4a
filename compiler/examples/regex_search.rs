//! Searches as JSON lines, for comparing with other engines: reads `{"pattern", "inputs"}`, writes
//! `{"error"}` or `{"naive", "dfa"}` with a truth value for each input. Patterns are compiled many
//! at a time, as those of a policy are, and the automata run in the artifact's own runner.

use aegis_vm::dfa::{Automaton, Classes, Runner, Table, U16};
use aegisc::pyre::{self, Automata, Pattern, PatternError};
use serde_json::{Value, json};
use std::io::{self, BufRead, Write};

/// How many patterns share a class map.
const TOGETHER: usize = 64;

fn main() -> io::Result<()> {
    let requests: Result<Vec<Value>, io::Error> =
        io::stdin().lock().lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect();
    let mut out = io::BufWriter::new(io::stdout().lock());
    for requests in requests?.chunks(TOGETHER) {
        for answer in answers(requests) {
            writeln!(out, "{answer}")?;
        }
    }
    out.flush()
}

fn answers(requests: &[Value]) -> Vec<Value> {
    let mut answers = vec![Value::Null; requests.len()];
    let mut places = Vec::new();
    let mut patterns = Vec::new();
    for (place, request) in requests.iter().enumerate() {
        match pyre::parse(request["pattern"].as_str().unwrap_or_default()) {
            Ok(pattern) => {
                places.push(place);
                patterns.push(pattern);
            }
            Err(error) => answers[place] = refusal(&error),
        }
    }
    let automata = loop {
        match pyre::compile(&patterns, &pyre::Limits::default()) {
            Ok(automata) => break automata,
            Err((index, error)) => {
                answers[places.remove(index)] = refusal(&error);
                patterns.remove(index);
            }
        }
    };
    for (index, (place, pattern)) in places.into_iter().zip(&patterns).enumerate() {
        answers[place] = search(pattern, &automata, index, &requests[place]);
    }
    answers
}

fn search(pattern: &Pattern, automata: &Automata, index: usize, request: &Value) -> Value {
    let inputs: Vec<&str> =
        request["inputs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let little = |values: &[u16]| values.iter().map(|&n| U16::new(n)).collect::<Vec<_>>();
    let (stage1, blocks) = (little(&automata.classes.stage1), little(&automata.classes.blocks));
    let dfa = &automata.dfas[index];
    let narrow: Option<Vec<u8>> = dfa.table.iter().map(|&n| u8::try_from(n).ok()).collect();
    let wide = little(&dfa.table);
    let automaton = Automaton {
        classes: Classes { stage1: &stage1, blocks: &blocks },
        column_map: &dfa.column_map,
        columns: usize::try_from(dfa.columns).unwrap_or(usize::MAX),
        table: match &narrow {
            Some(table) if dfa.width() == 1 => Table::Narrow(table),
            _ => Table::Wide(&wide),
        },
        answers: &dfa.answers,
        start: usize::try_from(dfa.start).unwrap_or(usize::MAX),
        empty: dfa.empty,
    };
    let run = |input: &&str| {
        let mut runner = Runner::new(automaton);
        runner.push_str(input);
        runner.finish().ok()
    };
    json!({
        "naive": inputs.iter().map(|input| pattern.naive_search(input)).collect::<Vec<_>>(),
        "dfa": inputs.iter().map(run).collect::<Vec<_>>(),
        "states": dfa.states,
        "bytes": dfa.size(),
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
