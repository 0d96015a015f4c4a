//! Regular expressions on their own: patterns in an artifact, searched as a test of a rule would.

use super::{layers, options};
use aegis_vm::{Policy, Value};
use aegisc::pyre::{self, Limits, Pattern, PatternError};
use aegisc::{Verify, compile};
use std::collections::HashMap;
use std::fmt::Write;

/// Patterns that were all accepted, in a loaded artifact.
pub struct Searches {
    policy: Policy,
    /// For each pattern its place in the artifact, where each text stands once.
    places: Vec<usize>,
}

impl Searches {
    /// Compiles a policy with one rule a pattern. All are accepted.
    pub fn new<T: AsRef<str>>(patterns: &[T]) -> Self {
        let policy = Policy::from_bytes(artifact(patterns)).unwrap_or_else(|error| panic!("{error}"));
        let mut known = HashMap::new();
        let place = |text: &T| {
            let next = known.len();
            *known.entry(text.as_ref().to_owned()).or_insert(next)
        };
        Searches { policy, places: patterns.iter().map(place).collect() }
    }

    /// Whether a pattern is found in a text.
    pub fn find(&self, pattern: usize, text: &str) -> bool {
        self.find_in(pattern, Value::from(text))
    }

    /// Which patterns are found in a text; what several share is searched for once.
    pub fn in_text<'a>(&'a self, text: &'a str) -> impl FnMut(usize) -> bool + 'a {
        let mut searches = self.policy.searches(Value::from(text));
        move |pattern| searches(self.places[pattern]).unwrap()
    }

    /// Whether a pattern is found in Python's `str` of a value.
    pub fn find_in(&self, pattern: usize, value: Value<'_>) -> bool {
        self.policy.search(self.places[pattern], value).unwrap()
    }

    /// The policy: rule `i` asks type `t` whether pattern `i` is found in the param `p`.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The policy on its own.
    pub fn into_policy(self) -> Policy {
        self.policy
    }
}

/// The bytes of the policy of [`Searches`].
pub fn artifact<T: AsRef<str>>(patterns: &[T]) -> Vec<u8> {
    let compilation = compile(layers([yaml(patterns)]), &options(Verify::Off)).unwrap();
    match compilation.output {
        Some(output) => output.artifact,
        None => panic!("{:?}", compilation.diagnostics),
    }
}

/// The policy of [`Searches`] as text.
pub fn yaml<T: AsRef<str>>(patterns: &[T]) -> String {
    let mut yaml = String::from("rules:\n");
    for (at, pattern) in patterns.iter().enumerate() {
        let pattern = quoted(pattern.as_ref());
        let conditions = format!("{{param_matches: {{p: {pattern}}}}}");
        writeln!(yaml, "- {{name: r{at}, match: {{type: t}}, conditions: {conditions}, approval: auto}}")
            .unwrap();
    }
    yaml
}

/// A double-quoted scalar of YAML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            ' '..='~' if c != '"' && c != '\\' => out.push(c),
            c => write!(out, "\\U{:08x}", u32::from(c)).unwrap(),
        }
    }
    out.push('"');
    out
}

/// Reads patterns and compiles those that can be: for each pattern the error, or its place in
/// the [`Searches`].
pub fn accepted<T: AsRef<str>>(patterns: &[T]) -> (Vec<Result<usize, PatternError>>, Searches) {
    let mut answers: Vec<Result<usize, PatternError>> = Vec::new();
    let mut parsed: Vec<(usize, Pattern)> = Vec::new();
    for (at, text) in patterns.iter().enumerate() {
        match pyre::parse(text.as_ref()) {
            Ok(pattern) => {
                answers.push(Ok(at));
                parsed.push((at, pattern));
            }
            Err(error) => answers.push(Err(error)),
        }
    }
    let mut trees: Vec<Pattern> = Vec::new();
    let mut places = Vec::new();
    for (at, pattern) in parsed {
        match pyre::compile(std::slice::from_ref(&pattern), &Limits::default()) {
            Ok(_) => {
                places.push(at);
                trees.push(pattern);
            }
            Err(mut refused) => answers[at] = Err(refused.errors.remove(0).1),
        }
    }
    for (place, &at) in places.iter().enumerate() {
        answers[at] = Ok(place);
    }
    let texts: Vec<&str> = trees.iter().map(Pattern::text).collect();
    (answers, Searches::new(&texts))
}
