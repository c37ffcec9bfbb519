"""python -m tests.havoc [PART ...] [--seed N] [--seconds S]

Every part in turn, then the table of all; exit status 1 if anything was lost, or nothing injected.
The seed is printed first: the same seed makes the same faults. So many seconds of violence go with
as much of everything else: a minute is a whole dose, and each part says how much that is.
"""

from __future__ import annotations

import argparse
import importlib
import os
import secrets
import sys
from time import monotonic

from tests.havoc.report import Row, broken, table

PARTS = (
    "system_calls",
    "simulation",
    "ends_of_the_world",
    "slow_poison",
    "violence",
    "hostile_bytes",
)
"""The modules of this package."""
WHOLE_DOSE = 60.0
"""Seconds of violence."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.havoc")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    parser.add_argument(
        "--seconds", type=float, default=float(os.environ.get("SECONDS_OF_HAVOC", "60"))
    )
    asked = parser.parse_args()
    for name in asked.parts:
        if name not in PARTS:
            parser.error(f"{name} is no part: it is one of {', '.join(PARTS)}")
    rows = wreak(asked.parts or list(PARTS), asked.seed, asked.seconds)
    print(table(rows))
    for row in rows:
        if row.skipped:
            print(f"SKIPPED: {row.fault}: {row.skipped}")
    for row in broken(rows):
        print(f"BROKEN: {row.fault}: {row.promised}: {row.lost} of {row.injected}")
    return 1 if broken(rows) else 0


def wreak(parts: list[str], seed: int, seconds: float) -> list[Row]:
    print(f"seed {seed}, {seconds:g} s", flush=True)
    rows: list[Row] = []
    for name in parts:
        print(f"== {name}", flush=True)
        module, begin = importlib.import_module(f"tests.havoc.{name}"), monotonic()
        rows += module.run(seed, seconds / WHOLE_DOSE)
        print(f"{monotonic() - begin:6.1f} s", flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(main())
