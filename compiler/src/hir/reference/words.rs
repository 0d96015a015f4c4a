//! The words of an action, which `semantic` looks through.

use aegis_vm::{Request, Value};
use std::collections::HashSet;
use std::ops::ControlFlow;

/// Whether one of the keywords is among the action's words.
pub(super) fn any_among(keywords: &[String], action: &Request<'_>) -> bool {
    let mut words = HashSet::new();
    add_words(action.kind, &mut words);
    add_words(action.target, &mut words);
    add_words(action.description, &mut words);
    action.params.visit(&mut |name, value| {
        add_words(name, &mut words);
        if let Value::Str(text) = value {
            add_words(text, &mut words);
        }
        ControlFlow::Continue(())
    });
    keywords.iter().any(|keyword| words.contains(keyword))
}

/// Adds every run of `[a-z0-9_]` of the lower-cased text, whole and in the parts between its
/// underscores.
fn add_words(text: &str, words: &mut HashSet<String>) {
    let mut word = String::new();
    // The space at the end closes the last word.
    for c in text.to_lowercase().chars().chain([' ']) {
        if matches!(c, 'a'..='z' | '0'..='9' | '_') {
            word.push(c);
        } else {
            words.extend(word.split('_').map(str::to_owned));
            words.insert(std::mem::take(&mut word));
        }
    }
}
