"""Decides with agent-aegis for the command that started it, and times itself.

The argument is a file of JSON: `policy`, `actions`, `now` in seconds since 1970, the `version`
that the package must have, and the limits `seconds`
and `bytes`. Standard output gets one line when the policy is loaded: the nanoseconds that took, or why it was
not. Then for each line of standard input, a list of indices of actions, the sum of the answers and the
nanoseconds of CPU time that they took. An answer is the index of the rule and one more, or 0.
"""

import json
import logging
import resource
import signal
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version

import aegis.core.conditions as conditions
from aegis.core.action import Action
from aegis.core.policy import Policy

logging.disable(logging.CRITICAL)


class Clock(datetime):
    at = datetime.now(UTC)

    @classmethod
    def now(cls, tz=None):
        return cls.at


def stop(*_):
    raise TimeoutError


def loaded(task):
    resource.setrlimit(resource.RLIMIT_AS, (task["bytes"], task["bytes"]))
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(task["seconds"])
    started = time.monotonic_ns()
    policy = Policy.from_dict(task["policy"])
    took = time.monotonic_ns() - started
    signal.alarm(0)
    return policy, took


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        task = json.load(file)
    found = version("agent-aegis")
    if found != task["version"]:
        sys.exit(f"agent-aegis is {found}")
    Clock.at = datetime.fromtimestamp(task["now"], UTC)
    conditions.datetime = Clock
    try:
        policy, took = loaded(task)
    except TimeoutError:
        sys.exit(f"loading takes more than {task['seconds']} s")
    except MemoryError:
        sys.exit(f"loading takes more than {task['bytes']} bytes")
    actions = [Action(**action) for action in task["actions"]]
    answers = {rule.name: i for i, rule in enumerate(policy.rules, 1)}
    answers["<default>"] = 0
    print(took, flush=True)
    evaluate = policy.evaluate
    for line in sys.stdin:
        cases = json.loads(line)
        total = 0
        started = time.thread_time_ns()
        for case in cases:
            total += answers[evaluate(actions[case]).matched_rule]
        took = time.thread_time_ns() - started
        print(total, took, flush=True)


main()
