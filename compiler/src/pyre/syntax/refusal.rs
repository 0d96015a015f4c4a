//! What Python accepts and this compiler refuses, with the reason and, where one is plain, the
//! rewrite.

/// A reason to refuse a construct.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    pub(crate) message: &'static str,
    pub(crate) help: &'static str,
}

pub(crate) const BACKREFERENCE: Refusal = Refusal {
    message: "a backreference needs memory that an automaton does not have",
    help: "write out the alternatives that the group can match, or test the parts in rules of their own",
};

pub(crate) const LOOKAHEAD: Refusal = Refusal {
    message: "a lookahead cannot be followed by an automaton",
    help: "write the orders in which the parts can stand as alternatives, or put a rule before this one \
           for the texts that lack a part",
};

pub(crate) const LOOKAHEAD_AT_END: Refusal = Refusal {
    message: "a lookahead cannot be followed by an automaton",
    help: "at the end of a pattern that is only searched for, write `(?:…)` in place of `(?=…)`: the \
           same texts match",
};

pub(crate) const NEGATIVE_LOOKAHEAD: Refusal = Refusal {
    message: "a negative lookahead cannot be followed by an automaton",
    help: "put a rule that matches what must not stand there before this one",
};

pub(crate) const LOOKBEHIND: Refusal = Refusal {
    message: "a lookbehind cannot be followed by an automaton",
    help: "write the orders in which the parts can stand as alternatives, or put a rule before this one \
           for the texts that lack a part",
};

pub(crate) const LOOKBEHIND_AT_START: Refusal = Refusal {
    message: "a lookbehind cannot be followed by an automaton",
    help: "at the start of a pattern that is only searched for, write `(?:…)` in place of `(?<=…)`: the \
           same texts match",
};

pub(crate) const NEGATIVE_LOOKBEHIND: Refusal = Refusal {
    message: "a negative lookbehind cannot be followed by an automaton",
    help: "put a rule that matches what must not stand there before this one, or begin with `(?:^|[^…])`",
};

pub(crate) const CONDITIONAL: Refusal = Refusal {
    message: "a conditional group needs memory that an automaton does not have",
    help: "write both cases as alternatives: `(?:<a>|a)` for `(<)?a(?(1)>)`",
};

pub(crate) const ATOMIC: Refusal = Refusal {
    message: "an atomic group cannot be followed by an automaton",
    help: "write `(?:…)`: matching is linear here without it, but more texts may match",
};

pub(crate) const POSSESSIVE: Refusal = Refusal {
    message: "a possessive quantifier cannot be followed by an automaton",
    help: "leave out the second `+`: matching is linear here without it, but more texts may match",
};

pub(crate) const BOTH_TYPE_FLAGS: Refusal = Refusal {
    message: "the flags `a` and `u` exclude each other",
    help: "leave out `u`, which is the default, or `a`",
};
