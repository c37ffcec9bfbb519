"""Somebody is killed at each system call that it makes (`tests.havoc.killing`).

Every point of every path, if there is time for all; else as many, as chance chooses. What is left
of the time goes to the kernel, the launcher and the program, of whom each kill costs a node.
"""

from __future__ import annotations

from tests.havoc.killing import ptrace
from tests.havoc.killing.sweep import sweep
from tests.havoc.report import Row


def run(seed: int, dose: float) -> list[Row]:
    seconds = 11 * dose
    if refused := ptrace.refusal():
        skipped = f"nobody can be killed at a system call: {refused}"
        return [Row("killed at a system call", 0, "the others go on", 0, skipped)]
    return sweep(seed, seconds)
