"""Compares the regular expressions of this compiler with CPython's own `re`.

    cargo build --release -p aegisc --example regex_search
    python3.11 compiler/tests/peers/regex.py target/release/examples/regex_search [patterns] [seed]
    python3.11 compiler/tests/peers/regex.py --vectors > compiler/tests/pyre/vectors.jsonl

Random patterns are drawn from a grammar of the dialect, and searched for in random texts that
favour what the dialect is odd about. Every pattern that both accept must give the same answers;
every one that `re.compile` rejects must be rejected with the same words at the same place; the
rest is listed by reason. The exit code is 1 if anything differs. CPython 3.11 only: later
versions have other tables. The second form writes CPython's answers, for `cargo test`.
"""

import itertools
import json
import random
import sys

from regex_common import CLASSES, LETTERS, ODD, SPECIAL, Comparison, oracle, prepare, search, vector

LOOKS = ["^", "$", r"\A", r"\Z", r"\b", r"\B"]
RARE = [
    "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", r"(a)\1", "(?>a)", "a*+", "a?+", "a{1,2}+", "(?P<n>a)(?P=n)",
    "(a)?(?(1)b|c)", r"\N{EM DASH}", r"\ud800", "(?t)a", "(?P<é>a)",
]
BROKEN = [
    "*", "+", "?", "a**", "a{1}{2}", "^*", r"\b+", "(", ")", "(?", "(?P", "(?P<", "(?P<>a)", "(?P<1>a)",
    "(?P<a b>c)", "(?P=q)", "(?Pz)", "(?<n>a)", "(?<", "(?z)", "(?i", "(?i-", "(?i-:a)", "(?-a:b)",
    "(?i-i:a)", "(?au)", "(?L)", "(?L:a)", "(?iz)", "(?i.)", "(?-z:a)", "(?-i", "(?-i)", "(?t:a)",
    "(?-t:a)", "(?#", "(?(", "(?(1)a|b|c)", "(?(9)a)", "(?(9)a)(?(8)b)", "(?(x)a)", "(?(0)a)", "(?()a)", "(?( 1 )a)", "(?(-1)a)",
    "[", "[a", "[]", "[^]", "[b-a]", r"[\d-z]", r"[a-\d]", "[a-", r"[\8]", r"[\q]", r"[\A]", r"[\400]",
    r"\8", r"\1", r"\99", r"\400", r"\777", r"\x1", r"\x", r"\u12", r"\U0011", r"\U00110000", r"\N", r"\N{",
    r"\N{}", r"\p{L}", r"\z", r"\y", "a{2,1}", r"\u", "(?P<a>x)(?P<a>y)", r"(a\1)", "(?P<a>(?P=a))", "a\\",
    "x(?i)", "(?i)|(?m)", "((?i))", "[[:alpha:]", r"[\x1]", r"[\u12]", r"[\U1]", r"(?<=(a)\1)", "(?<!", "(?=",
    "(?>", "(?:", "(?P<n", "(?P=n", r"[z-\x41]", r"\é", "(?P<n\\>a)", "(?\\=a)", "(?<\\=a)", "(?P\\<", "(?i\\)",
    r"\012", r"\0", r"\08", r"\101", r"\1011", r"[\101]", r"[\b]", r"[]a]", r"[]-a]", r"[[]", r"[^]]", r"[^^]",
    "a{", "a{}", "{", "}", "]", "a{,}", "a{,3}", "a{ 1}", "a{1, 2}", "a{1", "a{1,", "a{1,2", '{"a"', "x{,2}{",
    "(?#c)a", "a(?#c)*", "(?x) a # c\n b", "(?x: a\\ b )", "(?i)(?m)a", "(?#c)(?i)a", "(?x)#\\\nb\nc", "()*", "(?:)+",
    "(|a)+", "(a|)*?b", "(?:^)*a", r"(?:\b)+", "||", "a||b", r"\B", r"\b", r"\b|\B", "$\n", "a$\n", r"$\b", "(?:a$|b)\n",
]


ODDITIES = [
    "(?i)\U00010400", "(?i)\U00010428", "(?i)[0\U00010400]", "(?i)[0\U00010428]", "(?i)[^\U00010400]",
    "(?i)[^0\U00010400]", "(?i)[\U00010400-\U00010405]", "(?i)[\u0100-\U00010405]", "(?i)[a-z]", "(?ai)[a-z]",
    "(?i)k", "(?ai)k", "(?i)[^k]", "(?i)i", "(?i)\u0130", "(?i)[\u0131]", "(?i)\u017f+", "(?i)[\u212a-\u2130]",
    "(?i)\xdf", "(?i)\u03c3", "(?i)\u0345", "(?i)[\\W]", "(?i)[^\\W\\d]", "(?i)\\xb5", r"(?a)\bk\b", r"\b\u0301",
    r"(?a:\b)\xe9", r"\bk(?a:\b)", "foo.{0,6}bar", "(?:a.{1,3}){1,3}b", "ab.{0,4}a", "[ab]{0,5}b{0,5}a$",
]


class Grammar:
    """Draws patterns."""

    def __init__(self, rng):
        self.rng = rng
        self.names = 0

    def pattern(self):
        roll = self.rng.random()
        if roll < 0.12:
            return self.broken()
        head = self.rng.choice(["(?i)", "(?a)", "(?u)", "(?m)", "(?s)", "(?x)", "(?ai)", "(?im)", "(?i)(?s)"]) \
            if self.rng.random() < 0.35 else ""
        return head + self.alternation(3)

    def broken(self):
        """Something that is, or nearly is, an error."""
        parts = [self.rng.choice(BROKEN)]
        if self.rng.random() < 0.5:
            parts.insert(self.rng.randrange(2), self.alternation(1))
        if self.rng.random() < 0.2:
            parts.insert(self.rng.randrange(len(parts) + 1), self.rng.choice(BROKEN))
        text = "".join(parts)
        if self.rng.random() < 0.2 and text:
            cut = self.rng.randrange(len(text))
            text = text[:cut] + text[cut + 1:]
        return text

    def alternation(self, depth):
        count = self.rng.choice([1, 1, 1, 2, 3])
        return "|".join(self.sequence(depth) for _ in range(count))

    def sequence(self, depth):
        count = self.rng.choice([0, 1, 1, 2, 2, 3, 4])
        return "".join(self.piece(depth) for _ in range(count))

    def piece(self, depth):
        roll = self.rng.random()
        if roll < 0.14:
            return self.rng.choice(LOOKS)
        if roll < 0.15:
            return self.rng.choice(RARE)
        atom = self.atom(depth)
        if self.rng.random() < 0.35:
            atom += self.rng.choice(["*", "+", "?", "{2}", "{1,3}", "{,2}", "{2,}", "{0}", "{0,1}", "{0,5}", "{1,6}"])
            atom += self.rng.choice(["", "", "?"])
        return atom

    def atom(self, depth):
        roll = self.rng.random()
        if roll < 0.40:
            return self.literal()
        if roll < 0.50:
            return self.rng.choice(CLASSES)
        if roll < 0.57:
            return "."
        if roll < 0.75 or depth == 0:
            return self.set()
        opening = self.rng.choice([
            "(", "(", "(?:", "(?:", "name", "(?i:", "(?-i:", "(?s:", "(?m:", "(?a:", "(?u:", "(?x:", "(?im-s:",
            "(?ai:", "(?i-m:",
        ])
        if opening == "name":
            self.names += 1
            opening = f"(?P<n{self.names}>"
        return opening + self.alternation(depth - 1) + ")"

    def character(self):
        return self.rng.choice(LETTERS if self.rng.random() < 0.6 else ODD)

    def literal(self):
        c = self.character()
        roll = self.rng.random()
        if roll < 0.75:
            return c if c not in SPECIAL else "\\" + c
        code = ord(c)
        if roll < 0.80 and code < 0x100:
            return f"\\x{code:02x}"
        if roll < 0.85 and code < 0x10000:
            return f"\\u{code:04x}"
        if roll < 0.90:
            return f"\\U{code:08x}"
        if roll < 0.93 and code < 0o400:
            return f"\\{code:03o}"
        return "\\" + self.rng.choice(SPECIAL)

    def set(self):
        items = []
        for _ in range(self.rng.choice([1, 1, 2, 3, 4])):
            roll = self.rng.random()
            if roll < 0.25:
                items.append(self.rng.choice(CLASSES))
            elif roll < 0.55:
                low, high = sorted([self.character(), self.character()])
                if self.rng.random() < 0.2:
                    high = self.rng.choice(["\u0100", "\u024f", "\uffff", "\U00010450", "\U0010ffff", "z"])
                    low, high = sorted([low, high])
                items.append(self.escaped(low) + "-" + self.escaped(high))
            else:
                items.append(self.escaped(self.character()))
        if self.rng.random() < 0.08:
            items.append(self.rng.choice(["-", "[", "&&", "--", "~~", "^", "\\]", "[:"]))
        return "[" + self.rng.choice(["", "", "^"]) + "".join(items) + "]"

    def escaped(self, c):
        return "\\" + c if c in "\\]^-[" else c


class SmallGrammar(Grammar):
    """Draws patterns over `a`, `b` and the newline, for texts that are tried exhaustively."""

    TEXTS = ["".join(text) for length in range(7) for text in itertools.product("ab\n", repeat=length)]

    def pattern(self, depth=4):
        head = self.rng.choice(["", "", "(?m)", "(?s)", "(?ms)"])
        return head + self.alternation(depth)

    def piece(self, depth):
        roll = self.rng.random()
        if roll < 0.15:
            return self.rng.choice(LOOKS)
        if roll < 0.5 and depth > 0:
            atom = self.rng.choice(["(?:", "(?:", "(", "(?m:", "(?s:"]) + self.alternation(depth - 1) + ")"
        else:
            atom = self.rng.choice(["a", "b", r"\n", ".", "[ab]", "[^a]", r"\w", r"\s", r"\W"])
        if self.rng.random() < 0.45:
            atom += self.rng.choice(["*", "+", "?", "{2}", "{1,3}", "{,2}", "{0,4}", "{2,5}", "{2,}"])
            atom += self.rng.choice(["", "?"])
        return atom


class Texts:
    """Draws texts, most of them from characters of the pattern."""

    def __init__(self, rng):
        self.rng = rng

    def draw(self, pattern, count):
        own = [c for c in pattern if c not in SPECIAL] or LETTERS
        own = own + [d for c in own for d in (c.upper(), c.lower()) if len(d) == 1]
        texts = ["", "\n", "\n\n", "a", "a\n", "\na"]
        while len(texts) < count:
            length = self.rng.choice([1, 1, 2, 3, 4, 5, 7, 10])
            pools = [own, own, own, own, LETTERS, ODD, ["\n"]]
            text = "".join(self.rng.choice(self.rng.choice(pools)) for _ in range(length))
            texts.append(text + self.rng.choice(["", "", "\n", "\n\n", " "]))
        return texts[:count]


def write_vectors():
    """Prints patterns with what CPython makes of them."""
    rng = random.Random(7)
    grammar, texts = Grammar(rng), Texts(rng)
    patterns = BROKEN + RARE + [grammar.pattern() for _ in range(600)]
    cases = [(pattern, texts.draw(pattern, 16)) for pattern in dict.fromkeys(patterns)]
    cases += [(pattern, texts.draw(pattern, 60) + ODD) for pattern in ODDITIES]
    small = SmallGrammar(rng)
    cases += [(small.pattern(2), rng.sample(small.TEXTS, 24)) for _ in range(200)]
    for pattern, inputs in cases:
        case = vector(pattern, inputs)
        if "found" in case or "start" in case:
            print(json.dumps(case))


def main():
    prepare()
    if sys.argv[1:] == ["--vectors"]:
        write_vectors()
        return
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng = random.Random(seed)
    grammar, texts = Grammar(rng), Texts(rng)
    patterns = BROKEN + RARE + ODDITIES + [grammar.pattern() for _ in range(count)]
    cases = [(pattern, texts.draw(pattern, 40)) for pattern in patterns]
    small = SmallGrammar(rng)
    cases += [(small.pattern(), small.TEXTS) for _ in range(count // 10)]
    comparison = Comparison()
    for (pattern, inputs), got in zip(cases, search(program, cases), strict=True):
        comparison.note(pattern, inputs, oracle(pattern, inputs), got)
    comparison.print()
    sys.exit(1 if comparison.differences else 0)


if __name__ == "__main__":
    main()
