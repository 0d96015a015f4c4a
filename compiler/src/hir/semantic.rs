//! The keywords of a `semantic` condition.

/// The categories: a token that names one stands for its words.
const CATEGORIES: [(&str, &[&str]); 5] = [
    ("destructive", &["delete", "drop", "remove", "destroy", "kill", "terminate", "truncate", "purge"]),
    (
        "data_exposure",
        &["export", "download", "share", "send", "email", "upload", "transfer", "leak", "expose"],
    ),
    ("privileged", &["admin", "root", "sudo", "superuser", "escalate", "override", "bypass"]),
    ("financial", &["payment", "transfer", "refund", "charge", "invoice", "billing", "withdraw"]),
    ("pii", &["name", "email", "phone", "address", "ssn", "passport", "credit_card", "dob"]),
];

/// Tokens of a text that stand for nothing.
const STOP_WORDS: [&str; 11] = ["or", "and", "the", "a", "an", "of", "in", "to", "for", "is", "with"];

/// The keywords that a text stands for, sorted, none twice.
///
/// A text that is nothing but a category's name is one token, so it needs no rule of its own, and
/// neither does the white space around a text.
#[must_use]
pub fn keywords(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut words: Vec<String> = Vec::new();
    for token in tokens(&lower) {
        if let Some((_, category)) = CATEGORIES.iter().find(|(name, _)| *name == token) {
            words.extend(category.iter().map(|&word| word.to_owned()));
        } else if !STOP_WORDS.contains(&token) {
            words.push(token.to_owned());
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// The runs of `[a-z0-9_]` in lower-cased text.
fn tokens(lower: &str) -> impl Iterator<Item = &str> {
    let in_token = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    lower.split(move |c| !in_token(c)).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::keywords;

    #[test]
    fn resolves_categories_and_stop_words() {
        let cases: [(&str, &[&str]); 6] = [
            ("the of", &[]),
            ("", &[]),
            ("Delete the FILES", &["delete", "files"]),
            (" Pii ", &["address", "credit_card", "dob", "email", "name", "passport", "phone", "ssn"]),
            // KELVIN SIGN lowers to `k`, CAPITAL I WITH DOT ABOVE to `i` and a combining dot.
            ("lea\u{212a} İd", &["d", "i", "leak"]),
            ("credit-card credit_card", &["card", "credit", "credit_card"]),
        ];
        for (text, expected) in cases {
            assert_eq!(keywords(text), expected, "{text:?}");
        }
    }
}
