#!/usr/bin/env python3
"""Rewrites the right-hand column of tests/yaml/meanings.txt from PyYAML 6.0.3's safe_load.

Each line is a YAML text as a JSON string, a tab, and what it means: `error`, or a value written as
`null`, `true`, `i12`, `f` and the bits of a double in hex, a JSON string, `t2024-01-01`, `b` and
bytes in hex, `[…]`, `{k: v}`, or `foreign` for a set or a list of pairs. Lines that start with `#`
stay. A text that only this reader refuses says `refused` and is left as it is.
"""

import json
import math
import struct
from datetime import date
from pathlib import Path

import yaml

TABLE = Path(__file__).resolve().parents[1] / "yaml/meanings.txt"


def show(value):
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            return f"i{value}"
        case float():
            return "fnan" if math.isnan(value) else "f" + struct.pack(">d", value).hex()
        case str():
            return json.dumps(value, ensure_ascii=False)
        case date():
            return f"t{value}"
        case bytes():
            return "b" + value.hex()
        case [tuple(), *_]:
            return "foreign"
        case list():
            return "[" + ", ".join(map(show, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{show(k)}: {show(v)}" for k, v in value.items()) + "}"
    return "foreign"


def meaning(text):
    try:
        return show(yaml.safe_load(text))
    except Exception:
        return "error"


lines = []
for line in TABLE.read_text(encoding="utf-8").split("\n"):
    text, _, known = line.partition("\t")
    if text and not line.startswith("#") and known != "refused":
        line = text + "\t" + meaning(json.loads(text))
    lines.append(line)
TABLE.write_text("\n".join(lines), encoding="utf-8")
