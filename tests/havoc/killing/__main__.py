"""python -m tests.havoc.killing PATH [NUMBER]: one kill again; without a number, all of a path."""

from __future__ import annotations

import argparse
import os
import sys

from tests.havoc.killing.ptrace import refusal
from tests.havoc.killing.sweep import GROUND_OF, once, whole


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.havoc.killing")
    parser.add_argument("path", choices=GROUND_OF)
    parser.add_argument("number", nargs="?", type=int)
    asked = parser.parse_args()
    if refused := refusal():
        print(f"skipped: {refused}")
        return 0
    os.environ["PYTHONFAULTHANDLER"] = "1"
    with GROUND_OF[asked.path]() as ground:
        if asked.number is None:
            return 1 if whole(ground, asked.path) else 0
        return 1 if once(ground, asked.path, asked.number) else 0


if __name__ == "__main__":
    sys.exit(main())
