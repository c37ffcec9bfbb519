"""python -m tests.havoc.hostile_bytes TARGET "b'...'" | CASES [--seed N] [--seconds S]

A finding of the fuzzer, again; or the cases of a seed (frames, files, pickles). Exit status 1 if
anything is wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
from ast import literal_eval
from time import monotonic

from tests.havoc.hostile_bytes import CASES, TARGETS
from tests.havoc.hostile_bytes.fuzzing import again
from tests.havoc.hostile_bytes.trial import Trial


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.havoc.hostile_bytes")
    parser.add_argument("what", choices=[*TARGETS, *CASES])
    parser.add_argument("data", nargs="?", type=literal_eval, help="a bytes literal")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    if asked.what in TARGETS:
        again(TARGETS[asked.what], asked.data)
        return 0
    trial = Trial()
    try:
        cases, _ = CASES[asked.what]
        chance = random.Random(f"{asked.what} {asked.seed}")
        count, lost = trial.run(cases(chance), monotonic() + asked.seconds)
    finally:
        trial.close()
    print(f"{count} cases, {lost} did harm")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
