"""Compares every construct of the dialect of regular expressions with CPython's own `re`.

    cargo build --release -p aegisc --example regex_search
    python3.11 compiler/tests/peers/regex_dialect.py target/release/examples/regex_search [patterns] [seed]
    python3.11 compiler/tests/peers/regex_dialect.py --vectors > compiler/tests/pyre/dialect.jsonl

The rows of `regex_rows.py` name the constructs; each is drawn equally often, at least ten times, and searched
for in 200 texts: texts that match, near misses, the characters about which case is odd, newlines at the ends; half
of them reach beyond ASCII. The exit code is 1 if anything differs, or if a pattern that CPython accepts is refused
for a reason that is not one of `REASONS`. CPython 3.11 only. The second form writes CPython's answers to a smaller
sample, for `cargo test`.
"""

import collections
import json
import random
import re._constants as op
import re._parser
import sys
import unicodedata

from regex_common import CLASSES, LETTERS, ODD, SPECIAL, Comparison, oracle, prepare, search, vector
from regex_rows import ROWS

# What an automaton cannot follow: the only reasons to refuse.
REASONS = [
    "a backreference needs memory", "lookahead cannot be followed", "lookbehind cannot be followed",
    "a conditional group needs memory", "an atomic group cannot be followed", "a possessive quantifier cannot",
]

# Letters past U+FFFF in both cases, and characters about which case is odd.
UPPER = ["\U00010400", "\U00010427", "\U000104B0", "\U00010570", "\U00010C80", "\U000118A0", "\U00016E40", "\U0001E900"]
LOWER = [c.lower() for c in UPPER]
WIDE = [
    "\u0149", "\u02bc", "\xff", "\u0178", "\u10d0", "\u1c90", "\uab70", "\u13a0", "\u01c4", "\u0390", "\u1fd3", "\u0250",
    "\u2c6f", "\u0180", "\u0243", "\u1e9e", "\u03f4", "\u2c2f", "\u2c5f", "\ua7c0", "\ufb13", "\u0587", "\u0308", "\u200d",
    "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0001f600", "\U00020000", "\xaa", "\u2160", "\u2170", "\u24b6", "\u24d0",
    "\u0660", "\uff11", "\u2003", "\x0b", "\x0c", "\x1f", "\ufeff", "\u20ac",
] + UPPER + LOWER
STRANGE = ODD + WIDE
NAMES = [
    "n", "group", "_", "a1", "1a", "\xe9", "e\u0301", "\u0301", "\xaa", "\u53d8\u91cf", "\u2118", "\u212e", "a\xb7", "\xb7",
    "\xb2", "a\u0661", "\u0661", "\U00010400", "\U0001f600", "\u200d", "a\u200d", "n-m", "n m", "'", "\"", "'\"", "\u037a",
    "\u0e33", "\ufb05", "\U0001d4d0", "\u309b", "\xad", "\u2028", "\U000e0100", "a\U000e0100", "\\n", "\uff3f",
]
NUMBERS = [
    "1", "01", " 1 ", "+1", "-1", "-0", "\u0661", "\uff11", "1_0", "_1", "1__0", "1_", "\u20031", "\x1c1", "0", "\u0660",
    "9" * 25, "1073741823", "1073741822", "\xb2", "1\0", "+\u0661", "+ 1", "\x851\xa0", "2", "\u0661\x1f", "1.0", "0x1", "",
    "0" * 4300 + "1", "0" * 4299 + "1", "\U0001d7cf",
]
ALIASES = [
    "NULL", "nbsp", "Line Feed", "ZWJ", "BELL", "ALERT", "NEW LINE", "VS17", "vs1", "LATIN CAPITAL LETTER GHA",
    "TAMIL DIGIT ZERO", "END OF LINE", "BYTE ORDER MARK", "PADDING CHARACTER", "WEIERSTRASS ELLIPTIC FUNCTION",
    "KEYCAP DIGIT ONE", "LATIN SMALL LETTER R WITH TILDE", "TANGUT IDEOGRAPH-17000", "HANGUL SYLLABLE HAN",
    "hangul syllable han", "CJK UNIFIED IDEOGRAPH-4E2D", "CJK UNIFIED IDEOGRAPH-4e2d", "CJK UNIFIED IDEOGRAPH-04E2D",
    "CJK UNIFIED IDEOGRAPH-9FFD", "CJK UNIFIED IDEOGRAPH-9FFE", "CJK UNIFIED IDEOGRAPH-2B739", "CJK UNIFIED IDEOGRAPH-31350",
    "HANGUL JUNGSEONG O-E", "HANGUL JUNGSEONG OE", "TIBETAN LETTER -A", "KAWI LETTER A", "WIRELESS", "SHAKING FACE",
    "EM  DASH", "EM_DASH", "EM-DASH", "EMDASH", " EM DASH", "EM DASH ", "Em Dash", "SOYOMBO LETTER A",
]


class Grammar:
    """Fills templates in."""

    def __init__(self, rng):
        self.rng = rng

    def pattern(self, template):
        text = self.fill(template)
        roll = self.rng.random()
        if roll < 0.6:
            return text
        if roll < 0.75:
            return text + self.atom()
        # In front of flags for the whole pattern nothing may stand.
        flags = text.startswith("(?") and ":" not in text[:text.find(")") + 1]
        if flags and roll < 0.95:
            return text + "|" + self.row()
        return self.rng.choice([f"(?:{text})", f"({text})", f"{self.atom()}{text}", f"(?m:{text})", f"{self.row()}|{text}"])

    def fill(self, template):
        out = []
        parts = iter(template)
        for c in parts:
            out.append(self.draw(next(parts)) if c == "@" else c)
        return "".join(out)

    def draw(self, letter):
        pick = self.rng.choice
        match letter:
            case "a":
                return self.atom()
            case "b":
                return pick([r"\b", r"\B", "^", "$", r"\A", r"\Z"])
            case "c":
                return self.character()
            case "d":
                return pick(NUMBERS)
            case "i":
                return pick(NAMES)
            case "k":
                return pick(CLASSES)
            case "L":
                return pick(LOWER)
            case "U":
                return pick(UPPER)
            case "m":
                return ",".join(map(str, sorted([self.rng.randrange(5), self.rng.randrange(5)])))
            case "n":
                return str(self.rng.randrange(5))
            case "N":
                return self.name()
            case "o":
                return self.odd_range() if self.rng.random() < 0.7 else pick(STRANGE)
            case "q":
                return pick(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{,2}?", "{2,}"])
            case "r":
                return self.row()
            case "R":
                return self.wide_range()
            case "s":
                return "".join(self.item() for _ in range(pick([1, 1, 2, 3])))
        raise ValueError(letter)

    def character(self):
        c = self.rng.choice(LETTERS if self.rng.random() < 0.5 else STRANGE)
        return "\\" + c if c in SPECIAL or c in " -" else c

    def item(self):
        roll = self.rng.random()
        if roll < 0.2:
            return self.rng.choice(CLASSES)
        if roll < 0.5:
            return self.odd_range()
        c = self.rng.choice(LETTERS if self.rng.random() < 0.5 else STRANGE)
        return "\\" + c if c in r"\]^-[" else c

    def odd_range(self):
        low, high = sorted(self.rng.sample(LETTERS[:15] + STRANGE, 2))
        return "-".join("\\" + c if c in r"\]^-[" else c for c in (low, high))

    def wide_range(self):
        low = self.rng.choice(STRANGE + ["a", "m", "Z", "[", "A", "{", "0"])
        low = chr(min(max(ord(low) + self.rng.choice([-1, 0, 0, 1]), 1), 0x10FFFE))
        if 0xD800 <= ord(low) <= 0xDFFF:
            low = "\ud7ff"
        high = self.rng.choice(UPPER + LOWER + ["\U00010000", "\U0010ffff", "\U0001e943", "\uffff"])
        low, high = sorted([low, high])
        return "-".join("\\" + c if c in r"\]^-[" else c for c in (low, high))

    def name(self):
        roll = self.rng.random()
        if roll < 0.3:
            return self.rng.choice(ALIASES)
        while True:
            c = self.rng.choice(STRANGE) if roll < 0.6 else chr(self.rng.randrange(0x20, 0x20000))
            name = unicodedata.name(c, "")
            if name:
                break
        roll = self.rng.random()
        if roll < 0.7:
            return name
        if roll < 0.8:
            return name.lower()
        cut = self.rng.randrange(len(name))
        return name[:cut] + self.rng.choice(["", " ", "-", "_", name[cut] * 2]) + name[cut + 1:]

    def atom(self):
        roll = self.rng.random()
        if roll < 0.5:
            return self.character()
        if roll < 0.65:
            return self.rng.choice(CLASSES)
        if roll < 0.7:
            return "."
        if roll < 0.85:
            return "[" + self.rng.choice(["", "", "^"]) + self.item() + self.item() + "]"
        if roll < 0.9:
            return f"(?i:{self.character()})"
        return self.rng.choice(["(", "(?:"]) + self.row() + self.rng.choice(["", "|" + self.character()]) + ")"

    def row(self):
        return "".join(self.rng.choice([self.character, self.character, self.atom])() for _ in range(self.rng.choice([1, 2, 2, 3])))


class Texts:
    """Draws texts for a pattern from its own parse tree."""

    def __init__(self, rng):
        self.rng = rng

    def draw(self, pattern, count):
        try:
            tree = re._parser.parse(pattern)
        except Exception:
            tree = []
        texts = ["", "\n", "\xe9", "\u212a"]
        own = [c for c in pattern if c not in SPECIAL] or LETTERS
        while len(texts) < count:
            if tree and self.rng.random() < 0.75:
                text = self.bend(self.sample(tree, 0))
            else:
                pools = [own, own, LETTERS, STRANGE]
                text = "".join(self.rng.choice(self.rng.choice(pools)) for _ in range(self.rng.choice([1, 1, 2, 3, 5])))
            if len(texts) % 2 and text.isascii():
                at = self.rng.choice([0, len(text), self.rng.randrange(len(text) + 1)])
                text = text[:at] + self.rng.choice(STRANGE[5:]) + text[at:]
            text += self.rng.choice(["", "", "", "\n", "\n\n"])
            texts.append("".join(c for c in text if not 0xD800 <= ord(c) <= 0xDFFF)[:60])
        return texts[:count]

    def bend(self, text):
        """The text, or one that nearly matches."""
        roll = self.rng.random()
        if roll < 0.35 or not text:
            return text
        at = self.rng.randrange(len(text))
        c = text[at]
        if roll < 0.6:
            forms = [c.lower(), c.upper(), c.swapcase(), c.casefold(), unicodedata.normalize("NFKC", c)]
            return text[:at] + self.rng.choice(forms) + text[at + 1:]
        if roll < 0.75:
            near = min(max(ord(c) + self.rng.choice([-1, 1, 32, -32, 40, -40]), 0), 0x10FFFF)
            return text[:at] + chr(near) + text[at + 1:]
        if roll < 0.85:
            return text[:at] + text[at + 1:]
        if roll < 0.93:
            return text[:at] + self.rng.choice(STRANGE + LETTERS) + text[at:]
        return self.rng.choice(["\n", "a", "\xe9", " "]) + text

    def sample(self, tree, depth):
        return "".join(self.one(code, value, depth) for code, value in tree)

    def one(self, code, value, depth):
        if code is op.LITERAL:
            return chr(value)
        if code in (op.NOT_LITERAL, op.ANY):
            return self.rng.choice(STRANGE + LETTERS)
        if code is op.IN:
            return self.member(value)
        if code is op.BRANCH:
            return self.sample(self.rng.choice(value[1]), depth)
        if code is op.SUBPATTERN:
            return self.sample(value[-1], depth)
        if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            low, high, inner = value
            most = min(int(high), low + 3) if low < 6 else 6
            times = self.rng.randint(min(low, 6), max(most, min(low, 6))) if depth < 4 else min(low, 2)
            return "".join(self.sample(inner, depth + 1) for _ in range(times))
        if code is op.ATOMIC_GROUP:
            return self.sample(value, depth)
        if code in (op.ASSERT, op.ASSERT_NOT):
            return self.sample(value[1], depth)
        return ""

    def member(self, items):
        code, value = self.rng.choice(items)
        if code is op.LITERAL:
            return chr(value)
        if code is op.RANGE:
            low, high = value
            edges = [low, high, low - 1, high + 1, (low + high) // 2, self.rng.randint(low, high)]
            return chr(min(max(self.rng.choice(edges), 0), 0x10FFFF))
        return self.rng.choice(STRANGE + LETTERS)


def cases(rng, total, inputs):
    """Patterns with texts, by row: every template at least once if there is room for it."""
    grammar, texts = Grammar(rng), Texts(rng)
    share = max(10, -(-total // len(ROWS)))
    for row, templates in ROWS.items():
        order = list(templates)
        rng.shuffle(order)
        for number in range(share):
            pattern = grammar.pattern(order[number % len(order)])
            yield row, pattern, texts.draw(pattern, inputs)


def write_vectors():
    """Prints a smaller sample with what CPython makes of it."""
    rng = random.Random(11)
    for _, pattern, inputs in cases(rng, 900, 12):
        case = vector(pattern, inputs)
        if "gave up" not in case:
            print(json.dumps(case, ensure_ascii=False))


def main():
    prepare()
    if sys.argv[1:] == ["--vectors"]:
        write_vectors()
        return
    program = sys.argv[1]
    total = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    drawn = list(cases(random.Random(seed), total, 200))
    answers = search(program, [(pattern, inputs) for _, pattern, inputs in drawn])
    comparison = Comparison()
    rows = collections.defaultdict(collections.Counter)
    beyond = []
    for (row, pattern, inputs), got in zip(drawn, answers, strict=True):
        verdict = comparison.note(pattern, inputs, oracle(pattern, inputs), got)
        rows[row]["patterns"] += 1
        rows[row][verdict] += 1
        if verdict == "refused":
            error = got["error"]
            if error["kind"] != "TooLarge" and not any(reason in error["message"] for reason in REASONS):
                beyond.append((pattern, error["message"]))
    print(f"{'row':46} patterns accepted rejected  refused differences")
    for row, counts in rows.items():
        counted = [counts[what] for what in ("patterns", "accepted", "rejected", "refused", "difference")]
        print(f"{row:46}" + "".join(f"{number:9}" for number in counted))
    comparison.print()
    print(f"{len(beyond)} refused for another reason")
    for pattern, message in beyond[:20]:
        print("  ", ascii(pattern), message)
    sys.exit(1 if comparison.differences or beyond else 0)


if __name__ == "__main__":
    main()
