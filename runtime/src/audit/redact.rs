//! Which params are kept from the log and from the questions: by their names.

/// The words of names whose values are kept out of logs and questions, in any case, anywhere in the name.
const WORDS: [&str; 9] = [
    "password",
    "secret",
    "token",
    "api_key",
    "apikey",
    "authorization",
    "credential",
    "private_key",
    "access_key",
];

/// Which params are redacted: those whose name holds a word, in any case, at any depth.
///
/// # Examples
///
/// ```
/// use aegis_runtime::audit::Redaction;
///
/// let redaction = Redaction::default().word("iban");
/// assert!(redaction.hides("DB_Password"));
/// assert!(redaction.hides("customer-IBAN"));
/// assert!(!redaction.hides("replicas"));
/// ```
#[derive(Clone, Debug)]
pub struct Redaction {
    words: Vec<String>,
}

impl Default for Redaction {
    /// `password`, `secret`, `token`, `api_key`, `apikey`, `authorization`, `credential`, `private_key` and
    /// `access_key`.
    fn default() -> Self {
        Redaction { words: WORDS.iter().map(|&word| word.to_owned()).collect() }
    }
}

impl Redaction {
    /// Nothing is redacted. For logs that are kept as safe as the secrets themselves.
    #[must_use]
    pub fn none() -> Self {
        Redaction { words: Vec::new() }
    }

    /// Also redacts names with this word; an empty word redacts everything.
    #[must_use]
    pub fn word(mut self, word: &str) -> Self {
        self.words.push(word.to_lowercase());
        self
    }

    /// Whether the value under this name is redacted.
    #[must_use]
    pub fn hides(&self, name: &str) -> bool {
        if name.is_ascii() {
            let holds = |word: &String| {
                word.is_empty()
                    || name.as_bytes().windows(word.len()).any(|at| at.eq_ignore_ascii_case(word.as_bytes()))
            };
            return self.words.iter().any(holds);
        }
        let lower = name.to_lowercase();
        self.words.iter().any(|word| lower.contains(word.as_str()))
    }
}
