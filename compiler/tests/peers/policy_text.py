"""Compares `aegisc` with the Python reference, from policies as people write them: as text.

    pip install agent-aegis==1.0.0        # under CPython 3.11
    cargo build --release -p aegisc
    python3.11 compiler/tests/peers/policy_text.py target/release/aegisc SEED POLICIES CASES

Random policies are written in many styles of YAML: block and flow, every kind of quotes, block
scalars, anchors, aliases and merge keys, tags, comments, odd YAML 1.1 scalars, repeated keys,
carriage returns, markers, and now and then a character too many or too few. Both sides get the same
files, and the reference alone says what a text means. For each policy:

* what the reference cannot load must be refused;
* what is refused though the reference loads it must be an error of the file that the language
  documents, and is counted by name;
* otherwise every decision must be the same, where an exception of the reference is a type error of
  the rule that raised it.

The exit code is 1 if anything differs. `--keep FOLDER` keeps the files of every difference, `--odd`
compares the hand-written texts of `odd_texts.py` as well.
"""

import argparse
import collections
import json
import logging
import multiprocessing
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import warnings
from datetime import UTC, datetime, timedelta

import aegis.core.conditions as conditions
import odd_texts
import yaml
from aegis.core.action import Action
from aegis.core.policy import Policy
from policy_writer import AGENTS, CONDITIONS, PARAMS, TARGETS, TEXTS, TYPES, Author, Scribe

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

# Errors of the language itself, where the reference is laxer.
DOCUMENTED = {
    "bad_glob", "bad_limit", "bad_name", "bad_pattern", "bad_steps", "bad_threshold", "bad_time", "bad_version",
    "bad_weekdays", "bad_window", "regex_too_large", "unknown_approval", "unknown_risk_level", "unsupported_regex",
    "wrong_kind",
}


class Clock(datetime):
    at = datetime(2026, 1, 1, tzinfo=UTC)

    @classmethod
    def now(cls, tz=None):
        return cls.at


conditions.datetime = Clock


# --- What is asked ------------------------------------------------------------------------------


def json_value(rng, depth=0):
    pick = rng.random()
    if pick < 0.35:
        return rng.choice(["0", "1", "50", "99", "100", "101", "1000", "99.5", "100.0", "-1", "1e2", "9007199254740993", "9007199254740992.0",
                           "18446744073709551616", "-0.0", "1e400", "83", "31", "5"])
    if pick < 0.75:
        return json.dumps(rng.choice(TEXTS + ["yes", "no"]), ensure_ascii=rng.random() < 0.5)
    if pick < 0.85 or depth > 2:
        return rng.choice(["null", "true", "false"])
    if pick < 0.95:
        return "[" + ", ".join(json_value(rng, depth + 1) for _ in range(rng.randrange(4))) + "]"
    return "{" + ", ".join(json.dumps(rng.choice(TEXTS)) + ": " + json_value(rng, depth + 1) for _ in range(rng.randrange(3))) + "}"


def near(rng, words):
    word = rng.choice(words)
    return rng.choice([word] * 6 + [word + "x", word[1:], word.upper(), ""])


def action_line(rng):
    now = datetime(2026, 3, 16, tzinfo=UTC) + timedelta(minutes=rng.randrange(7 * 1440), seconds=rng.choice([0, 0, 59]))
    if rng.random() < 0.5:
        now = now.replace(minute=rng.choice([0, 15, 30, 59, 14]))
    params = ", ".join(json.dumps(name) + ": " + json_value(rng) for name in PARAMS if rng.random() < 0.6)
    parts = ['"type": ' + json.dumps(near(rng, TYPES)), '"target": ' + json.dumps(near(rng, TARGETS)), '"params": {' + params + "}",
             '"now": ' + json.dumps(now.isoformat().replace("+00:00", "Z"))]
    if rng.random() < 0.5:
        parts.append('"agent_id": ' + json.dumps(rng.choice(AGENTS + [""])))
    if rng.random() < 0.2:
        parts.append('"description": ' + json.dumps(rng.choice(["delete it", "a credit_card", "İ urgent"])))
    return "{" + ", ".join(parts) + "}"


# --- Both sides ---------------------------------------------------------------------------------


def reference(policy, line):
    data = json.loads(line)
    Clock.at = datetime.fromisoformat(data["now"].replace("Z", "+00:00")).astimezone(UTC)
    action = Action(data["type"], data["target"], params=data["params"], agent_id=data.get("agent_id", ""), description=data.get("description", ""))
    for index, rule in enumerate(policy.rules):
        name = rule.name or f"{rule.match_type}@{rule.match_target}"
        try:
            if rule.matches(action):
                decision = policy.evaluate(action)
                return ["decides", decision.approval.value, decision.risk_level.name.lower(), decision.matched_rule, index]
        except Exception as error:
            # A plain 18:00 is a number to the reference, which fails on it; here it is its text.
            number = any(isinstance(rule.conditions.get(key), (int, float)) for key in ("time_after", "time_before"))
            return ["exempt"] if number and isinstance(error, AttributeError) else ["raises", "block", "critical", name, index]
    decision = policy.evaluate(action)
    return ["decides", decision.approval.value, decision.risk_level.name.lower(), decision.matched_rule, None]


def ours(line):
    data = json.loads(line)
    kind = {None: "decides", "type_error": "raises"}.get(data["error"] and data["error"]["kind"], "broken")
    return [kind, data["approval"], data["risk_level"], data["matched_rule"], data["rule_index"]]


def stricter(error, layers):
    """The name under which a refusal counts where the reference is laxer, or None if it may not be.

    Besides the errors of the language there is YAML that PyYAML reads and this parser refuses: what
    is known of that has its name here, each as narrow as it can be told.
    """
    name, message = error["name"], error["message"]
    if name in DOCUMENTED:
        return name
    if name == "tag" and "the tag `!` " in message:
        return "tag: `!` is no standard tag"
    if name == "alias" and "stands inside the node that it names" in message:
        return "alias: a value without an end"
    if name == "character" and any(code in message for code in ("U+0085", "U+2028", "U+2029")):
        return "character: a line break to YAML 1.1 alone"
    if name == "character" and "U+FEFF" in message:
        return "character: a byte-order mark within the text"
    if name == "tag" and "unknown tag `!!merge`" in message:
        return "tag: `!!merge` written out"
    if name == "scalar" and ("`!!int` takes" in message or "`!!float` takes" in message):
        return "scalar: an `!!int` or `!!float` as only Python reads it"
    if name == "anchor" and "cannot be the name of an anchor" in message:
        return "syntax: a `:` that touches an anchor or alias"
    for words, kind in (("only the directive", "a directive without a meaning"), ("the escape is no character", "an escaped surrogate"),
                        ("a `#` needs a space", "a comment that touches a value")):
        if name == "syntax" and words in message:
            return "syntax: " + kind
    if name == "anchor" and "cannot stand on a plain `<<`" in message:
        return "anchor: on a merge key"
    if name == "syntax":
        source = next(path for path in layers if path.name == error["file"]).read_bytes().decode().removeprefix("\ufeff")
        lines = source.split("\n")
        here = lines[error["line"] - 1] if error["line"] <= len(lines) else ""
        at = here[error["column"] - 1:][:2]
        index = sum(len(line) + 1 for line in lines[:error["line"] - 1]) + error["column"] - 1
        if "a space is missing after `:`" in message and at in (":[", ":{"):
            return "syntax: `key:[` and `key:{` in flow style"
        if at in ("-}", "-]", "-,"):
            return "syntax: a lone `-` in flow style"
        if "end this text at different places" in message and at[:1] == "?":
            return "syntax: a `?` that touches its key in flow style"
        if "a key is missing before `:`" in message and re.search(r"\\?\s*$", here[:error["column"] - 1]):
            return "syntax: a `?` without a key in flow style"
        if any(isinstance(token, yaml.ScalarToken) and token.style in ("'", '"') and token.start_mark.index < index <= token.end_mark.index
               for token in yaml.scan(source)):
            return "syntax: a quoted text continued at the margin"
        if re.search(r"[&*][\w-]+:", here):
            return "syntax: a `:` that touches an anchor or alias"
    return None


def run(task):
    command, seed, cases, keep, odd = task
    rng = random.Random(seed)
    count = collections.Counter()
    differences = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        layers = []
        written = [odd] if odd is not None else [Scribe(rng).document(Author(rng).layer()) for _ in range(rng.choice([1, 1, 1, 1, 2, 3]))]
        for at, source in enumerate(written):
            path = folder / f"layer{at}.yaml"
            path.write_bytes(source.encode())
            layers.append(path)
        actions = [action_line(rng) for _ in range(cases)]
        (folder / "actions.jsonl").write_text("".join(line + "\n" for line in actions), encoding="utf-8")
        try:
            policy, failure = Policy.from_yaml_files(*layers), None
        except Exception as error:
            policy, failure = None, f"{type(error).__name__}: {error}"
        artifact = folder / "policy.aegisb"
        build = subprocess.run([command, "build", *layers, "-o", artifact, "--cap-lints", "warn", "--format", "json"], capture_output=True, timeout=120)
        errors = [json.loads(one) for one in (build.stdout + build.stderr).decode().split("\n") if one.startswith("{")]
        names = sorted({one["name"] for one in errors if one["level"] == "error"})
        count["policies"] += 1
        if build.returncode not in (0, 1) or (build.returncode == 1) != bool(names):
            differences.append(f"the build ends with {build.returncode}: {build.stderr.decode()[-2000:]}")
        elif build.returncode == 1:
            if policy is None:
                count["refused by both"] += 1
            elif all(kinds := [stricter(one, layers) for one in errors if one["level"] == "error"]):
                count.update(f"stricter: {kind}" for kind in set(kinds))
                count["refused by ours alone"] += 1
            else:
                said = "; ".join(f"{one['name']} {one['line']}:{one['column']} {one['message']}" for one in errors if one["level"] == "error")
                differences.append(f"refused for {said}; the reference loads it")
        elif policy is None:
            differences.append(f"loads; the reference raises {failure}")
        else:
            count["loaded by both"] += 1
            done = subprocess.run([command, "eval", artifact, "--actions", folder / "actions.jsonl"], capture_output=True, timeout=120)
            answers = done.stdout.decode().split("\n")[:-1]
            if done.returncode != 0 or len(answers) != len(actions):
                differences.append(f"eval ends with {done.returncode}: {done.stderr.decode()[-2000:]}")
            for line, answer in zip(actions, answers):
                expected, found = reference(policy, line), ours(answer)
                if expected == ["exempt"]:
                    count["exempt: a plain time"] += 1
                    continue
                count["cases"] += 1
                count["cases: " + expected[0] + (" by default" if expected[4] is None else "")] += 1
                if expected != found:
                    differences.append(f"reference {expected}\n  found     {answer}\n  on        {line}")
                    break
        if differences and keep:
            place = pathlib.Path(keep) / str(seed).replace("/", "-")
            place.mkdir(parents=True, exist_ok=True)
            for path in folder.iterdir():
                (place / path.name).write_bytes(path.read_bytes())
            (place / "differences.txt").write_text("\n".join(differences), encoding="utf-8")
        texts = [f"  {path.name}: {path.read_bytes().decode()!r}" for path in layers]
    return count, [f"seed {seed}: {one}\n" + "\n".join(texts) for one in differences]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", help="the aegisc binary")
    parser.add_argument("seed", type=int)
    parser.add_argument("policies", type=int)
    parser.add_argument("cases", type=int, help="cases a policy")
    parser.add_argument("--keep", help="a folder for the files of every difference")
    parser.add_argument("--odd", action="store_true", help="the texts of odd_texts.py as well")
    parser.add_argument("--show", type=int, default=10, help="differences to print")
    given = parser.parse_args()
    if sys.version_info[:2] != (3, 11):
        sys.exit("CPython 3.11 is the reference: other versions read other regular expressions")
    command = str(pathlib.Path(given.command).resolve())
    tasks = [(command, f"{given.seed}/{at}", given.cases, given.keep, None) for at in range(given.policies)]
    if given.odd:
        texts = odd_texts.texts(CONDITIONS)
        tasks += [(command, f"{given.seed}/odd-{at}", given.cases, given.keep, one) for at, one in enumerate(texts)]
    total, differences = collections.Counter(), []
    with multiprocessing.Pool(2) as pool:
        for count, found in pool.imap_unordered(run, tasks, chunksize=8):
            total += count
            differences += found
            for one in found[:max(0, given.show - len(differences) + len(found))]:
                print(one, flush=True)
    for name, number in sorted(total.items()):
        print(f"{name}: {number}")
    print(f"different: {len(differences)}")
    sys.exit(bool(differences))


if __name__ == "__main__":
    main()
