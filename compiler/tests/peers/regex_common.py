"""What the comparisons of regular expressions share: characters, CPython's answers, and how they compare."""

import collections
import json
import re
import resource
import signal
import subprocess
import sys
import warnings

LETTERS = ["a", "b", "c", "k", "s", "i", "A", "K", "S", "I", "x", "_", "0", "1", "7", " ", "-", "@"]
ODD = [
    "\n", "\t", "\r", "\x1c", "\x85", "\u2028", "\xa0", "\xe9", "\xc9", "\xdf", "\u1e9e", "\u017f", "\u212a",
    "\u0131", "\u0130", "\xb5", "\u03bc", "\u03a3", "\u03c2", "\u03c3", "\u03a9", "\u2126", "\u0301", "\u0345",
    "\u03b9", "\xb2", "\xbd", "\u0663", "\u2167", "\u01c5", "\u01c6", "\u4e2d", "\ufb05", "\ufb06", "\u0432",
    "\u1c80", "\U00010400", "\U00010428", "\U0001d7d8", "\U0001f600", "\U0001e900", "\U0001e922", "\U0010ffff",
    "\0", "\x7f",
]
SPECIAL = list(".*+?{}()[]|^$\\#&~<>=!:,'\"/")
CLASSES = [r"\d", r"\D", r"\w", r"\W", r"\s", r"\S"]


def prepare():
    """Checks the version, and bounds what a pattern may take of this interpreter."""
    if sys.version_info[:2] != (3, 11):
        sys.exit("needs CPython 3.11")
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, give_up)
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


class GaveUp(Exception):
    """CPython took too long."""


def give_up(_signal, _frame):
    raise GaveUp


def oracle(pattern, texts):
    """CPython's answers, or its error; some patterns exhaust its time or memory, or meet its bugs."""
    signal.alarm(3)
    try:
        compiled = re.compile(pattern)
        return {"found": [compiled.search(text) is not None for text in texts]}
    except re.error as error:
        return {"error": error.msg, "pos": error.pos}
    except (OverflowError, ValueError, RecursionError) as error:
        return {"raised": f"{type(error).__name__}: {error}"}
    except (GaveUp, MemoryError, SystemError) as error:
        return {"gave up": type(error).__name__}
    finally:
        signal.alarm(0)


def vector(pattern, texts):
    """CPython's answers as `cargo test` reads them."""
    expected = oracle(pattern, texts)
    if "found" in expected:
        return {"pattern": pattern, "inputs": texts, "found": expected["found"]}
    if "error" in expected:
        case = {"pattern": pattern, "error": expected["error"]}
        if expected["pos"] is not None:
            case["start"] = len(pattern[:expected["pos"]].encode())
        return case
    return {"pattern": pattern, **expected}


def search(program, cases):
    """The answers of this compiler to pairs of a pattern and texts."""
    lines = "".join(json.dumps({"pattern": p, "inputs": t}) + "\n" for p, t in cases)
    run = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.rstrip("\n").split("\n")]


class Comparison:
    """Patterns so far, by how they compare."""

    def __init__(self):
        self.tally = collections.defaultdict(collections.Counter)
        self.differences = []

    def note(self, pattern, texts, expected, got):
        """Notes how one pattern compares; says whether it is a difference, or refused by us alone."""
        before = len(self.differences)
        error = got.get("error")
        if "found" in expected:
            if error:
                self.tally["refused by kind"][error["kind"]] += 1
                self.tally["refused although CPython accepts"][error["message"]] += 1
                if error["kind"] == "Invalid":
                    self.differences.append((pattern, "accepted by CPython", error))
                    return "difference"
                return self.note_rewrite(pattern, texts, expected, error)
            self.tally["patterns"]["both accept"] += 1
            self.tally["patterns"]["searches"] += len(texts)
            for route in ("naive", "dfa"):
                for text, want, have in zip(texts, expected["found"], got[route], strict=True):
                    if want != have:
                        self.differences.append((pattern, text, f"{route} says {have}, CPython says {want}"))
            return "difference" if len(self.differences) > before else "accepted"
        if "gave up" in expected:
            self.tally["CPython gave up"][pattern] += 1
            return "gave up"
        if "raised" in expected:
            self.tally["CPython raises something else"][expected["raised"]] += 1
            if not error or error["kind"] == "Invalid":
                self.differences.append((pattern, expected, got))
                return "difference"
            return "rejected"
        self.tally["patterns"]["CPython rejects"] += 1
        if not error:
            self.differences.append((pattern, expected, "accepted"))
            return "difference"
        if error["kind"] != "Invalid":
            self.tally["rejected by CPython, refused for another reason"][
                f"{expected['error']} / {error['message']}"] += 1
            return "rejected"
        place = expected["pos"]
        start = error["start"] if place is None else len(pattern[:place].encode())
        if (error["message"], error["start"]) != (expected["error"], start):
            self.differences.append((pattern, expected, error))
            return "difference"
        return "rejected"

    def note_rewrite(self, pattern, texts, expected, error):
        """Notes whether the rewrite that a refusal promises to be the same is."""
        if "the same texts match" not in (error["help"] or ""):
            return "refused"
        whole = pattern.encode()
        part = whole[error["start"]:error["end"]].decode()
        # Of a possessive repetition only the quantifier is pointed at.
        part = part[:-1] if not part.startswith("(?") else "(?:" + part[4 if part.startswith("(?<") else 3:]
        other = whole[:error["start"]].decode() + part + whole[error["end"]:].decode()
        self.tally["patterns"]["rewrites"] += 1
        if oracle(other, texts) in (expected, {"gave up": "GaveUp"}, {"gave up": "SystemError"}):
            return "refused"
        self.differences.append((pattern, "promised to be the same", other))
        return "difference"

    def print(self):
        """Prints the counts and the first differences."""
        for heading, counts in self.tally.items():
            print(f"{heading}:")
            for what, number in counts.most_common(40):
                print(f"  {number:8}  {what}")
        print(f"{len(self.differences)} differences")
        for difference in self.differences[:40]:
            print("  ", *map(ascii, difference))
