#!/usr/bin/env python3
"""Compares this YAML reader with PyYAML's safe_load on random texts.

    cargo build --release -p aegisc --example yaml_dump
    python3 compiler/tests/peers/yaml_text.py [--count N] [--seed S] [--corpus FILE...]

Needs PyYAML 6.0.3. Texts are written from a seed in every style that YAML has, half of them then
broken at random; files given as corpus are mutated in the same way, whole or a few lines at a
time (a `.jsonl` file gives every string in it that has a line break). Exits 1 if both readers
accept a text with different meanings, or if only this one accepts it.
"""

import argparse
import collections
import json
import math
import random
import re
import struct
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
DUMP = ROOT / "target/release/examples/yaml_dump"
LIMIT = 5000

WORDS = """a b c key name rules match type target conditions yes no on off Yes NO True FALSE y n null ~
Null 0 1 -1 007 010 08 0o7 0x1F 0b101 -0x1f +12 1_000 1__0 1_ 12e3 1e3 1.5 1. .5 -.5 +.5 1.0e+3 1.5e-3
1.0e3 .inf -.INF +.Inf .nan .NaN -.nan 190:20:30 18:00 09:00 1:60 1:59.5 -1:30 0:30 2024-01-01 2024-13-01
2024-1-1 2024-02-30 2001-12-14t21:59:43.10-05:00 2001-12-15T02:59:43.1Z 2001-12-14T21:59:43 = << - ? :
0b_ 0x_ 0_ 0_7 -0 00 a:b a::b :a ?a -a a- a# #a a'b a"b @a `a %a !a &a *a |a >a a|b http://x.y/z?q=1,2
x,y x[0] {x} [x] x] x} é 日本 😀 1e999 1.0e+999 123456789012345678901234567890 a.b a/b * --- ... ---a ...a
0xFFFFFFFFFFFFFFFFFF 1_000.5_0 1:2:3.4 0.0 -0.0 ? 12_3:4_5 1:5_0 \\d+ a\\b <<a =a <= 0b2 0x 0b 1.e+5""".split()
PLAIN = """a b c key name rules match type target conditions yes no on off 0 1 12 1.5 null true low high block
delete* prod-? 18:00 a:b x.y user@corp.com http://x.y/z?q=1 https://a/b#c 1_000 0x1F 2024-01-01 007 1e3 ~ -1 -x
Null No 'q' "w" a'b é 日本 .5 100% a,b [x] {y} x- -- a&b c*d e!f g|h i>j k=l <= >= a#b 3d +1 ...x ? -""".split()
TAGS = "!!str !!int !!float !!bool !!null !!binary !!timestamp !!set !!omap !!pairs !!seq !!map ! !x !!x".split()
ESCAPES = ["\\n", "\\t", "\\\\", '\\"', "\\/", "\\x41", "\\u00e9", "\\U0001F600", "\\0", "\\a", "\\b", "\\e",
           "\\f", "\\v", "\\r", "\\ ", "\\N", "\\_", "\\L", "\\P", "\\\n  ", "\\q", "\\x4", "\\ud83d\\ude00"]


class Writer:
    """Writes one random document."""

    def __init__(self, rng):
        self.rng = rng
        self.anchors = []
        self.serial = 0
        # How much of the document is odd; most documents are meant to be read.
        self.odd = rng.choice([0, 0, 0.01, 0.05, 0.3])

    def oddly(self):
        return self.rng.random() < self.odd

    def document(self):
        rng = self.rng
        head = rng.choice([""] * 14 + ["---\n", "--- ", "# c\n", "%YAML 1.1\n---\n", "%YAML 1.2\n--- # c\n", "\n\n"])
        tail = rng.choice([""] * 14 + ["...\n", "# end", "\n\n", "...", "---\n", "  # end\n", "   "])
        text = head + self.block(0, 0) + tail
        if rng.random() < 0.06:
            text = text.replace("\n", "\r\n")
        elif rng.random() < 0.01:
            text = text.replace("\n", "\r")
        if rng.random() < 0.1:
            text = text.rstrip("\n")
        return text

    def properties(self):
        rng, out = self.rng, []
        if rng.random() < 0.08:
            self.serial += 1
            name = f"n{self.serial}" if rng.random() < 0.95 else "n1"
            self.anchors.append(name)
            out.append("&" + name)
        if rng.random() < 0.03:
            out.append(rng.choice(TAGS if self.oddly() else TAGS[:1]))
        rng.shuffle(out)
        return " ".join(out) + " " if out else ""

    def alias(self):
        return "*" + self.rng.choice(self.anchors) if self.anchors else ("*none" if self.oddly() else self.word())

    def word(self):
        return self.rng.choice(WORDS) if self.oddly() else self.rng.choice(PLAIN)

    def first(self):
        word = self.word()
        while word[0] in "\"'[{*&!|>%@`?-,#:" and word[1:] in ("", "x") and not self.oddly():
            word = self.word()
        return word

    def words(self):
        return " ".join([self.first()] + [self.word() for _ in range(self.rng.choice([0, 0, 0, 1, 2]))])

    def quoted(self, indent):
        rng = self.rng
        glue = [" ", "", "  ", "\n" + " " * (indent + 1), "\n\n" + " " * (indent + 2), "\t"]
        glue += [" \n\t ", "\n"] if self.oddly() else []
        parts = []
        double = rng.random() < 0.5
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            part = rng.choice(ESCAPES) if double and rng.random() < 0.4 else self.word()
            part = part if double and part in ESCAPES else part.replace('"' if double else "'", "" if double else "''")
            if double and part not in ESCAPES:
                part = part.replace("\\", "\\\\")
            elif double and part in ESCAPES[-3:] and not self.oddly():
                part = "\\n"
            parts.append(part + rng.choice(glue if rng.random() < 0.3 else [" "]))
        return '"%s"' % "".join(parts) if double else "'%s'" % "".join(parts)

    def plain(self, indent, flow):
        rng = self.rng
        text = self.words()
        if rng.random() < 0.12:
            lead = " " * (indent + rng.choice([0, 1, 1, 2, 4]))
            text += rng.choice(["\n", "\n\n", "\n\n\n", " \n"]) + lead + self.words()
        return text

    def literal(self, indent):
        rng = self.rng
        header = rng.choice("|>") + rng.choice(["", "", "+", "-"])
        depth = rng.choice([1, 1, 2, 2, 3, 4])
        if rng.random() < 0.15:
            header += str(rng.choice([1, 2, 9, 0]) if self.oddly() else depth)
        if rng.random() < 0.1:
            header += rng.choice([" ", " # comment", "#x" if self.oddly() else "  "])
        lines = []
        for _ in range(rng.choice([0, 1, 2, 3, 4])):
            extra = rng.choice(["", "", "", " ", "   ", "\t", "- ", "# "]) if lines else ""
            line = " " * (indent + depth) + extra + self.words()
            lines.append(rng.choice([line] * 6 + ["", " " * rng.randrange(indent + depth + 3), "\t", line + " "]))
        return header + "\n" + "".join(line + "\n" for line in lines)

    def key(self):
        rng = self.rng
        pick = rng.random()
        if pick < 0.04:
            return "<<"
        if pick < 0.1:
            return self.alias() + " "
        if pick < 0.2:
            return self.quoted(0)
        return (self.properties() if rng.random() < 0.1 else "") + self.first()

    def comment(self):
        if self.oddly():
            return self.rng.choice([" \t# c", "#c", " #c\t", "\n #"])
        return self.rng.choice([""] * 12 + [" # c", "  # c: d", " #", "\n# c", "\n      # c"])

    def flow(self, depth, indent):
        rng = self.rng
        if depth > 2 or rng.random() < 0.5:
            return self.alias() if rng.random() < 0.1 else self.properties() + (
                self.quoted(indent) if rng.random() < 0.3 else self.plain(indent, True))
        gap = lambda: rng.choice([""] * 8 + [" ", "\n" + " " * (indent + 1), " # c\n ", "\n"])
        items = []
        listed = rng.random() < 0.5
        for _ in range(rng.choice([0, 1, 2, 3])):
            item = self.flow(depth + 1, indent)
            if not listed or rng.random() < 0.15:
                colon = rng.choice([": "] * 8 + [" : ", ":\n " + " " * indent])
                colon = rng.choice([":", "\n: "]) if self.oddly() else colon
                key = rng.choice(["", "? "] if self.oddly() else [self.key()])
                item = key + colon + item if rng.random() < 0.9 else key
            items.append(gap() + item + gap())
        body = ",".join(items) + rng.choice([""] * 6 + [",", ",," if self.oddly() else ""])
        return self.properties() + ("[%s]" % body if listed else "{%s}" % body)

    def value(self, depth, indent):
        """What follows `key:` or `-`: with its leading blank and its line break."""
        rng = self.rng
        pick = rng.random()
        space = rng.choice(["\t", "", " \t"]) if self.oddly() else rng.choice([" "] * 9 + ["  "])
        if depth < 4 and pick < 0.3:
            inner = indent + rng.choice([1, 2, 2, 2, 4])
            if self.oddly():
                inner = indent
            return (" " + self.properties()).rstrip() + self.comment() + "\n" + self.block(depth + 1, inner)
        if pick < 0.36:
            return self.comment() + "\n"
        if pick < 0.44:
            return space + self.alias() + self.comment() + "\n"
        if pick < 0.56:
            return space + self.properties() + self.literal(indent)
        if pick < 0.7:
            return space + self.flow(1, indent) + self.comment() + "\n"
        if pick < 0.82:
            return space + self.properties() + self.quoted(indent) + self.comment() + "\n"
        return space + self.properties() + self.plain(indent, False) + self.comment() + "\n"

    def block(self, depth, indent):
        rng = self.rng
        pick = rng.random()
        pad = " " * indent
        if pick < 0.1:
            return pad + self.value(9, indent).lstrip(" ")
        count = rng.choice([1, 1, 2, 3])
        out = []
        if pick < 0.4:
            for _ in range(count):
                out.append(pad + "-" + self.compact(depth, indent))
        else:
            for _ in range(count):
                if rng.random() < 0.06:
                    out.append(pad + "?" + self.value(depth + 1, indent))
                    if rng.random() < 0.8:
                        out.append(pad + ":" + self.value(depth + 1, indent))
                    continue
                colon = rng.choice([":"] * 14 + [" :"])
                if depth < 4 and rng.random() < 0.1:
                    out.append(pad + self.key() + colon + "\n" + "".join(
                        pad + "-" + self.compact(depth + 1, indent) for _ in range(2)))
                else:
                    out.append(pad + self.key() + colon + self.value(depth, indent))
        if rng.random() < 0.06:
            out.insert(rng.randrange(len(out) + 1), rng.choice(["\n", "# c\n", pad + "# c\n", "   \n", "\t\n" if self.oddly() else ""]))
        return "".join(out)

    def compact(self, depth, indent):
        rng = self.rng
        if depth < 4 and rng.random() < 0.35:
            inner = indent + rng.choice([2, 2, 2, 4])
            return " " * (inner - indent - 1) + self.block(depth + 1, inner).lstrip(" ")
        return self.value(depth, indent)


PIECES = list(" \n\t:-?#,[]{}&*!|>'\"%@`~=<\\x1") + [": ", "- ", "? ", " #", "\n\n", "  ", "---\n", "...\n", "<<: ",
                                                      "\r\n", "\r", "é", "\u00a0", "&n1 ", "*n1", "!!str ", "\n  "]


def broken(rng, text):
    """The text with one to three random edits."""
    for _ in range(rng.choice([1, 1, 2, 3])):
        at, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        pick = rng.random()
        if pick < 0.4:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif pick < 0.6:
            text = text[:at] + text[at + rng.choice([1, 1, 2, 4]):]
        elif pick < 0.75:
            text = text[:at] + rng.choice(PIECES) + text[at + 1:]
        elif pick < 0.85:
            text = text[:end] + text[at:end][:40] + text[end:]
        else:
            lines = text.splitlines(True)
            if lines:
                at = rng.randrange(len(lines))
                pick = rng.randrange(4)
                if pick == 0:
                    lines[at] = " " * rng.choice([1, 2]) + lines[at]
                elif pick == 1:
                    lines[at] = lines[at][rng.choice([1, 2]):]
                elif pick == 2:
                    del lines[at]
                else:
                    lines.insert(rng.randrange(len(lines)), lines[at])
                text = "".join(lines)
    return text


def strings(value):
    if isinstance(value, str):
        if "\n" in value:
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def corpus(paths):
    texts = []
    for path in paths:
        content = Path(path).read_text(encoding="utf-8")
        if path.endswith(".jsonl"):
            for line in content.splitlines():
                texts.extend(strings(json.loads(line)))
        else:
            texts.append(content)
    return texts


def excerpt(rng, text):
    lines = text.splitlines(True)
    start = rng.randrange(len(lines)) if lines else 0
    return "".join(lines[start:start + rng.choice([3, 6, 12, 25])]) if len(text) > 2000 else text


class Foreign(Exception):
    pass


def typed(value, seen=()):
    if id(value) in seen:
        raise Foreign("recursive")
    if value is None:
        return ["null"]
    if isinstance(value, bool):
        return ["bool", value]
    if isinstance(value, int):
        return ["int", format(value, "x")]
    if isinstance(value, float):
        return ["float", "nan" if math.isnan(value) else struct.pack(">d", value).hex()]
    if isinstance(value, str):
        return ["str", value]
    if isinstance(value, (date, datetime)):
        return ["time", str(value)]
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    seen = (*seen, id(value))
    if isinstance(value, list):
        if value and all(isinstance(item, tuple) for item in value):
            return ["foreign", "pairs"]
        return ["list", [typed(item, seen) for item in value]]
    if isinstance(value, dict):
        return ["map", [[typed(k), typed(v, seen)] for k, v in value.items()]]
    return ["foreign", "!!set"]


def same(ours, theirs):
    """Whether two typed values agree; an empty `!!omap` is a list to Python."""
    stack = [(ours, theirs)]
    while stack:
        a, b = stack.pop()
        if isinstance(a, list) and isinstance(b, list):
            if a and a[0] == "foreign":
                if b[0] not in ("foreign", "list") or (a[1] == "!!set") != (b[1] == "!!set"):
                    return False
                continue
            if len(a) != len(b):
                return False
            stack.extend(zip(a, b))
        elif a != b or type(a) is not type(b):
            return False
    return True


def theirs(text):
    try:
        text.encode("utf-8")
        return typed(yaml.safe_load(text)), None
    except RecursionError:
        return None, "recursion"
    except Foreign as error:
        return None, str(error)
    except Exception as error:  # PyYAML lets errors of the constructors through
        return None, f"{type(error).__name__}: {getattr(error, 'problem', None) or error}"


def batch(texts):
    lines = "".join(json.dumps({"yaml": text}) + "\n" for text in texts)
    run = subprocess.run([DUMP], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.split("\n") if line]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", nargs="*", default=[])
    parser.add_argument("--examples", type=int, default=3)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    seeds = corpus(args.corpus)
    counts, reasons = collections.Counter(), collections.defaultdict(list)
    left = args.count
    while left > 0:
        texts = []
        for _ in range(min(LIMIT, left)):
            text = excerpt(rng, rng.choice(seeds)) if seeds and rng.random() < 0.5 else Writer(rng).document()
            texts.append(broken(rng, text) if rng.random() < 0.5 else text)
        left -= len(texts)
        for text, ours in zip(texts, batch(texts), strict=True):
            value, error = theirs(text)
            if ours.get("span"):
                kind, reason = "wrong span", ours["error"].split(" of ")[0]
            elif "ok" in ours and error is None:
                kind = "same" if same(ours["ok"], value) else "differ"
                reason = ""
            elif "ok" in ours:
                kind, reason = "only ours accepts", error
            elif error is None:
                kind, reason = "only PyYAML accepts", ours["error"]
            else:
                kind, reason = "both reject", ""
            counts[kind] += 1
            if kind not in ("same", "both reject"):
                reasons[kind, re.sub("'.*'|found .*", "", reason)[:90]].append((text, ours, value))
    print(f"seed {args.seed}: {sum(counts.values())} texts")
    for kind, count in counts.most_common():
        print(f"  {count:7} {kind}")
    for (kind, reason), found in sorted(reasons.items(), key=lambda item: (item[0][0], -len(item[1]))):
        print(f"{kind}: {len(found)} x {reason}")
        for text, ours, value in sorted(found, key=lambda item: len(item[0]))[:args.examples]:
            detail = f" {json.dumps(ours)[:150]} | {json.dumps(value)[:150]}" if kind in ("differ", "wrong span") else ""
            print(f"    {text[:200]!r}{detail}")
    return 1 if counts["differ"] or counts["only ours accepts"] or counts["wrong span"] else 0


if __name__ == "__main__":
    sys.exit(main())
