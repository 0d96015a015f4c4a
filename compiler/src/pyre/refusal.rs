//! What Python accepts and this compiler refuses, with the reason and, where one is plain, the
//! rewrite.

/// A reason to refuse a construct.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub(super) message: &'static str,
    pub(super) help: &'static str,
}

pub(super) const BACKREFERENCE: Refusal = Refusal {
    message: "a backreference needs memory that an automaton does not have",
    help: "write out the alternatives that the group can match, or test the parts in rules of their own",
};

pub(super) const LOOKAHEAD: Refusal = Refusal {
    message: "a lookahead cannot be followed by an automaton",
    help: "write the orders in which the parts can stand as alternatives, or put a rule before this one \
           for the texts that lack a part",
};

pub(super) const LOOKAHEAD_AT_END: Refusal = Refusal {
    message: "a lookahead cannot be followed by an automaton",
    help: "at the end of a pattern that is only searched for, write `(?:…)` in place of `(?=…)`: the \
           same texts match",
};

pub(super) const NEGATIVE_LOOKAHEAD: Refusal = Refusal {
    message: "a negative lookahead cannot be followed by an automaton",
    help: "put a rule that matches what must not stand there before this one",
};

pub(super) const LOOKBEHIND: Refusal = Refusal {
    message: "a lookbehind cannot be followed by an automaton",
    help: "write the orders in which the parts can stand as alternatives, or put a rule before this one \
           for the texts that lack a part",
};

pub(super) const LOOKBEHIND_AT_START: Refusal = Refusal {
    message: "a lookbehind cannot be followed by an automaton",
    help: "at the start of a pattern that is only searched for, write `(?:…)` in place of `(?<=…)`: the \
           same texts match",
};

pub(super) const NEGATIVE_LOOKBEHIND: Refusal = Refusal {
    message: "a negative lookbehind cannot be followed by an automaton",
    help: "put a rule that matches what must not stand there before this one, or begin with `(?:^|[^…])`",
};

pub(super) const CONDITIONAL: Refusal = Refusal {
    message: "a conditional group needs memory that an automaton does not have",
    help: "write both cases as alternatives: `(?:<a>|a)` for `(<)?a(?(1)>)`",
};

pub(super) const ATOMIC: Refusal = Refusal {
    message: "an atomic group cannot be followed by an automaton",
    help: "write `(?:…)`: matching is linear here without it, but more texts may match",
};

pub(super) const POSSESSIVE: Refusal = Refusal {
    message: "a possessive quantifier cannot be followed by an automaton",
    help: "leave out the second `+`: matching is linear here without it, but more texts may match",
};

pub(super) const SURROGATE: Refusal = Refusal {
    message: "a lone surrogate stands in no text",
    help: "leave it out, or write the whole character, such as `\\U0001f600`",
};

pub(super) const NAMED_CHARACTER: Refusal = Refusal {
    message: "character names are not known here",
    help: "write the character itself, or its number as `\\u2014`",
};

pub(super) const GROUP_NAME: Refusal = Refusal {
    message: "a group name outside ASCII is not supported",
    help: "leave out the name: `(…)` matches the same texts",
};

pub(super) const TEMPLATE_FLAG: Refusal =
    Refusal { message: "the flag `t` is undocumented and not supported", help: "leave it out" };

pub(super) const BOTH_TYPE_FLAGS: Refusal = Refusal {
    message: "the flags `a` and `u` exclude each other",
    help: "leave out `u`, which is the default, or `a`",
};

pub(super) const FIRST_SCOPED_CLASS: Refusal = Refusal {
    message: "Python finds this only in part: it looks for the start of a match under the outer flags",
    help: "put `(?a)` or `(?u)` at the start of the pattern instead",
};

pub(super) const ASCII_CASE_RANGE: Refusal = Refusal {
    message: "a range past U+FFFF under `(?ai)` is not supported",
    help: "leave out the flag `a`, or end the range at `\\uffff`",
};

pub(super) const ASTRAL_UPPER: Refusal = Refusal {
    message: "whether this letter matches under `(?i)` depends on how Python rewrites the alternation",
    help: "write the lower-case letter: under `(?i)` it matches both",
};
