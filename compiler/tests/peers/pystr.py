"""Writes what CPython prints for many values, as the VM's tests read it.

    python3.11 compiler/tests/peers/pystr.py > vm/src/pystr/pystr.jsonl
"""

import json
import math
import random
import struct
import sys

if sys.version_info[:2] != (3, 11):
    sys.exit("needs CPython 3.11: later versions have other tables")

FIXED = [
    None, True, False, 0, -1, 7, 2**63 - 1, -(2**63), 2**63, 2**64 - 1, 2**64, -(2**64), 10**40, "", "a", "it's",
    'say "hi"', "both ' and \"", "tab\there", "line\nbreak\r", "back\\slash", "nul\0", "\x7f", "\x80\x85\xa0\xad",
    "\u0301", "\u0378", "\u200b\u200e\u2028\u2029", "\u3000", "\ue000", "\ufeff\ufffe", "é中😀", "\U0001faf7",
    "\U000e0001", "\U0010ffff", "\U0001f600\U000f0000", [], {}, [[]], [{}], {"a": {}}, {"": ""},
    {"it's": [1, None, True, 2.5, "x"], 'q"': {"k": -0.0}}, ["a", 1, None], {"k": 2.5}, ["\n", "'", '"', "'\""],
    0.0, -0.0, 1.0, -1.5, 0.1, 0.1 + 0.2, 1 / 3, 100.0, 123456789.125, 1e15, 1e16, 1e17, 9999999999999998.0,
    12345678901234567.0, 1e-4, 1e-5, 0.00012345, 0.000012345, 1e22, 1e23, 5e-324, 2.2250738585072014e-308,
    1.7976931348623157e308, math.inf, -math.inf, 2.0**53, 2.0**53 + 2, 4.35, 9007199254740993.0, 1e100, 123e-7,
    0.5, 0.25, 5e-5, 0.001, 1234567890123456.7, 999999999999999.9, 9.5e-300, 2.0**-1074 * 3, 1e21, 1.5e16,
]


def show(value):
    """JSON that reads back exactly; infinity as a literal that overflows."""
    return json.dumps(value, allow_nan=True).replace("Infinity", "1e999")


def main():
    rng = random.Random(14)
    values = list(FIXED)
    for value in FIXED:
        if isinstance(value, str):
            values.append([value])
            values.append({value: value})
    while len(values) < 450:
        x = struct.unpack("<d", rng.randbytes(8))[0]
        if math.isfinite(x):
            values.append(x)
    for _ in range(150):
        values.append(round(rng.uniform(-10, 10) * 10 ** rng.randrange(-8, 20), rng.randrange(12)))
    for _ in range(150):
        points = [rng.choice([rng.randrange(0x300), rng.randrange(0x3000), rng.randrange(0x110000)]) for _ in range(6)]
        values.append(["".join(chr(c) for c in points if not 0xD800 <= c < 0xE000)])
    for value in values:
        print(f"[{show(value)}, {json.dumps(str(value))}]")


main()
