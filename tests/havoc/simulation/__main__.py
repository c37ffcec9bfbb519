"""python -m tests.havoc.simulation [--seed N] [--count N]

One schedule by its seed, or so many of them from it on: the first that breaks a promise is told,
with as few actions as it takes. Exit status 1 if there is one.
"""

from __future__ import annotations

import argparse
import sys

from tests.havoc.simulation.playing import by_seed, stage, told


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.havoc.simulation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    asked = parser.parse_args()
    with stage() as system:
        for seed in range(asked.seed, asked.seed + asked.count):
            if by_seed(system, seed).broken is not None:
                print(told(system, seed))
                return 1
    print(f"{asked.count} schedules, nothing broken")
    return 0


if __name__ == "__main__":
    sys.exit(main())
