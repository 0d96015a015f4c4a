"""Tables of CPython 3.11 (Unicode 14) that the reader of patterns needs.

    python3.11 compiler/tests/peers/regex_tables.py
    python3.11 compiler/tests/peers/regex_tables.py --write NameAliases.txt
    python3.11 compiler/tests/peers/regex_tables.py --names target/release/examples/regex_search [NameAliases.txt]

The first form says which of the tables in compiler/src/pyre/data differ from this interpreter; the second writes
them, with the aliases of a NameAliases.txt of the Unicode Character Database that `unicodedata.lookup`
knows; the third compares `\\N{…}` over every code point, alias, named sequence and near miss.
"""

import pathlib
import re
import sys
import unicodedata
import warnings

import _sre

from regex_common import search

warnings.simplefilter("ignore")

FOLDER = pathlib.Path(__file__).parents[2] / "src/pyre/data"
LAST = 0x10FFFF
EVERY = [c for c in range(LAST + 1) if not 0xD800 <= c <= 0xDFFF]


def ranges(wanted):
    """The code points for which `wanted` holds, as inclusive ranges."""
    found = []
    for c in EVERY:
        if wanted(chr(c)):
            if found and found[-1][1] == c - 1:
                found[-1][1] = c
            else:
                found.append([c, c])
    return ",".join(f"{low}-{high}" for low, high in found)


def identifiers():
    """What may begin an identifier, what may go on one, and what `str.isalpha` takes."""
    return "".join([
        f"start\t{ranges(str.isidentifier)}\n",
        f"continue\t{ranges(lambda c: ('a' + c).isidentifier())}\n",
        f"alpha\t{ranges(str.isalpha)}\n",
    ])


def upper():
    """`c:u` for each code point whose upper case `u`, as a range under `(?i)` sees it, is another."""
    lines = []
    for c in EVERY:
        # The first character of a longer upper case is what the engine takes.
        u = ord(chr(c).upper()[0])
        if u != c:
            lines.append(f"{c}:{u}\n")
            assert _sre.unicode_iscased(c), hex(c)
            # Ranges must end past U+FFFF to be compared with the upper case at all.
            if c > 0x7F and c < u:
                assert re.search(f"(?ai)[\\U{u:08x}-\\U0010ffff]", chr(c)), hex(c)
                assert not re.search(f"(?ai)[\\U{u + 1:08x}-\\U0010ffff]", chr(c)), hex(c)
            elif c > 0xFFFF:
                assert re.search(f"(?ai)[\\U{u:08x}-\\U{u:08x}]", chr(c)), hex(c)
    return "".join(lines)


def named(c):
    """Whether a character has a name of its own that is no syllable's or ideograph's."""
    name = unicodedata.name(c, "")
    return name != "" and not name.startswith(("CJK UNIFIED IDEOGRAPH-", "HANGUL SYLLABLE "))


def read_aliases(path):
    lines = [line.split(";") for line in pathlib.Path(path).read_text().splitlines() if ";" in line]
    return [(int(code, 16), alias) for code, alias, *_ in lines if not code.startswith("#")]


def lookup(name):
    """The code point of a name, as `\\N{…}` finds it."""
    try:
        found = unicodedata.lookup(name)
    except KeyError:
        return None
    return ord(found) if len(found) == 1 else None


def names(aliases):
    """The code points that have names, the ideographs, and the aliases."""
    known = [(code, alias) for code, alias in aliases if lookup(alias) == code]
    ideograph = ranges(lambda c: unicodedata.name(c, "").startswith("CJK UNIFIED IDEOGRAPH-"))
    lines = [f"named\t{ranges(named)}\n", f"ideograph\t{ideograph}\n"]
    lines += [f"{alias}\t{code}\n" for code, alias in sorted(known, key=lambda pair: pair[1])]
    return "".join(lines)


def known_aliases():
    lines = [line.split("\t") for line in (FOLDER / "names.txt").read_text().splitlines()[2:]]
    return [(int(code), alias) for alias, code in lines]


def tables(aliases):
    return {"identifiers.txt": identifiers(), "upper.txt": upper(), "names.txt": names(aliases)}


def compare_names(program, aliases):
    """Every name that there is, in capitals, small and bent, through the program and through CPython."""
    texts = []
    for c in EVERY:
        name = unicodedata.name(chr(c), "")
        if name:
            texts += [name, name.lower(), name.title()]
            if c % 7 == 0:
                texts += [name + " ", " " + name, name.replace(" ", "  ", 1), name.replace("-", "", 1)]
                texts += [name.replace(" ", "", 1), name.replace(" ", "_", 1), name.replace("-", " - ", 1), name[:-1]]
    for _, alias in aliases:
        texts += [alias, alias.lower(), alias.title(), alias.replace(" ", "_"), alias.replace(" ", ""), alias + " "]
    for c in range(0x3400, 0x33500, 13):
        texts += [f"CJK UNIFIED IDEOGRAPH-{c:X}", f"CJK UNIFIED IDEOGRAPH-{c:05X}", f"CJK UNIFIED IDEOGRAPH-{c:06X}"]
    texts += [f"CJK COMPATIBILITY IDEOGRAPH-{c:X}" for c in range(0xF900, 0xFB00)]
    texts += [f"TANGUT IDEOGRAPH-{c:X}" for c in range(0x17000, 0x17040)]
    texts += ["KEYCAP DIGIT ONE", "LATIN SMALL LETTER R WITH TILDE", "HANGUL JUNGSEONG O-E", "HANGUL JUNGSEONG OE"]
    texts += ["CJK UNIFIED IDEOGRAPH-", "HANGUL SYLLABLE ", "A" * 300, "\xe9", "SPACE\0", "\u017fPACE", "SPACE\u0301"]
    texts = list(dict.fromkeys(texts))
    known = [text for text in texts if lookup(text) is not None]
    rows = [known[at:at + 40] for at in range(0, len(known), 40)]
    # In sets, as what is not there must not match.
    cases = [("^" + "".join(f"[\\N{{{text}}}]" for text in row) + r"\Z", ["".join(chr(lookup(t)) for t in row)])
             for row in rows]
    wrong = [(row, got) for row, got in zip(rows, search(program, cases), strict=True) if got.get("dfa") != [True]]
    unknown = [text for text in texts if lookup(text) is None]
    answers = search(program, [(f"\\N{{{text}}}", []) for text in unknown])
    for text, got in zip(unknown, answers, strict=True):
        error = got.get("error", {})
        if (error.get("message"), error.get("start")) != (f"undefined character name {text!r}", 0):
            wrong.append((text, got))
    print(f"{len(known)} names known, {len(unknown)} unknown, {len(wrong)} differences")
    for difference in wrong[:20]:
        print("  ", *map(ascii, difference))
    sys.exit(1 if wrong else 0)


def main():
    if sys.version_info[:2] != (3, 11):
        sys.exit("needs CPython 3.11")
    arguments = sys.argv[1:]
    if arguments[:1] == ["--names"]:
        aliases = read_aliases(arguments[2]) if len(arguments) > 2 else known_aliases()
        compare_names(arguments[1], aliases)
    elif arguments[:1] == ["--write"]:
        for name, text in tables(read_aliases(arguments[1])).items():
            (FOLDER / name).write_text(text)
    else:
        stale = [name for name, text in tables(known_aliases()).items() if (FOLDER / name).read_text() != text]
        print("differ:", ", ".join(stale) or "none")
        sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main()
