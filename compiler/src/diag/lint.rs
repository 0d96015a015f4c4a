//! The lints: one list of names, default levels and summaries; a page on each is in `pages/`.

use super::Level;

macro_rules! lints {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal, $level:ident;)*) => {
        /// A finding whose level can be set by name. What a denied lint rejects compiles, with the
        /// meaning that the language gives it, once the lint is allowed or capped.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Lint {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Lint {
            /// Every lint.
            pub const ALL: &'static [Lint] = &[$(Lint::$variant,)*];

            /// The stable name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Lint::$variant => $name,)* }
            }

            /// The level unless set otherwise.
            #[must_use]
            pub fn default_level(self) -> Level {
                match self { $(Lint::$variant => Level::$level,)* }
            }

            /// Why it matters, a policy that draws it, and the mend, as Markdown: the first block of YAML
            /// draws this lint alone, the last one nothing. A line `---` stands between layers.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self { $(Lint::$variant => include_str!(concat!("pages/", $name, ".md")),)* }
            }

            /// One sentence on what the lint catches.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Lint::$variant => concat!($($doc),*).trim_ascii(),)* }
            }
        }
    };
}

lints! {
    /// A scalar that YAML 1.1 (which this language reads) and YAML 1.2 read differently.
    AmbiguousScalar = "ambiguous_scalar", Warn;
    /// A block on an agent that an action escapes which names no agent.
    AnonymousAgent = "anonymous_agent", Note;
    /// A backspace in a pattern: in double quotes `\b` is one, and no word boundary.
    BackspaceRegex = "backspace_regex", Warn;
    /// A block on a type that the same type in capitals escapes.
    CaseSensitiveBlock = "case_sensitive_block", Note;
    /// A `$` in a rule that allows: it lets a newline at the end of the text pass.
    DollarNewline = "dollar_newline", Note;
    /// A key given twice in one mapping: the first place is kept, with the last value.
    DuplicateKey = "duplicate_key", Error;
    /// A name that two rules of the merged list answer to: a decision does not say which it was.
    DuplicateName = "duplicate_name", Warn;
    /// `time_after` at or after `time_before`: no time is in the window, and the rule never matches.
    EmptyWindow = "empty_window", Error;
    /// `approval: auto` in the defaults that hold: what no rule matches happens, and nobody is asked.
    FailOpenDefaults = "fail_open_defaults", Warn;
    /// A glob that means something only as a regular expression, such as `{a,b}`, `a|b` or `[^a]`.
    GlobLooksLikeRegex = "glob_looks_like_regex", Warn;
    /// Text after a second colon of a time, which is ignored.
    IgnoredSeconds = "ignored_seconds", Note;
    /// A comment `# aegisc: …` that names no lint, or says something other than `allow(…)`.
    InvalidAllow = "invalid_allow", Warn;
    /// A pattern that Python's `re` rejects: the condition never holds.
    InvalidRegex = "invalid_regex", Error;
    /// `defaults` of a later layer that differ from the first layer's: they are ignored.
    LayerDefaultsIgnored = "layer_defaults_ignored", Warn;
    /// A comparison with a value that nothing equals: the condition never holds.
    NeverEqual = "never_equal", Error;
    /// A weekday written as a boolean or a decimal number: `true` counts as 1, Monday.
    NonIntegerWeekday = "non_integer_weekday", Warn;
    /// A param name that is not text and so names no param: the condition never holds.
    NonStringKey = "non_string_key", Warn;
    /// A pattern that is not text and is read as Python's `str` of the value.
    NonStringPattern = "non_string_pattern", Warn;
    /// `conditions:` that is null or empty: the rule is unconditional.
    NullConditions = "null_conditions", Error;
    /// `plan_rules` are checked and carried in the artifact, but not enforced yet.
    PlanRulesNotEnforced = "plan_rules_not_enforced", Error;
    /// A `semantic` text that is null or holds no keyword: the condition never holds.
    SemanticNever = "semantic_never", Error;
    /// `param_contains` with text in a rule that allows, on a param that is a list elsewhere: in a text it finds any part.
    SubstringContains = "substring_contains", Note;
    /// A threshold that is text in the form of a number: a number compared with it blocks the action.
    TextThreshold = "text_threshold", Warn;
    /// A literal such as `corp\.com` in a rule that allows: with no anchor it is found inside longer texts.
    UnanchoredRegex = "unanchored_regex", Note;
    /// A condition of a name that the language does not know: it never holds.
    UnknownCondition = "unknown_condition", Error;
    /// A key that the language does not know: it is ignored.
    UnknownKey = "unknown_key", Error;
    /// A version other than 1 and 2: it changes nothing.
    UnknownVersion = "unknown_version", Error;
    /// A comment `# aegisc: allow(…)` on a line that does not draw the lint.
    UnusedAllow = "unused_allow", Warn;
    /// A condition without params, or a pattern that is found in every text: it asks for nothing more than
    /// that the param is there.
    VacuousCondition = "vacuous_condition", Warn;
    /// `weekdays` with an element that is no ISO weekday, or with none.
    WeekdayNever = "weekday_never", Error;
}
