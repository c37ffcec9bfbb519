"""Much of the same, for long: what is left of it each time adds up.

people      those who live long, and what they do
floods      mailboxes of very many messages, messages of very many bytes
wear        short lives and restarts by the thousand
curve       whether memory and descriptors of the long-lived grow with what was done
"""

from __future__ import annotations

import random

from otp import node, process
from tests.havoc.machine import leftovers, runtime_directory
from tests.havoc.report import Row
from tests.havoc.slow_poison.floods import deep_mailboxes, long_messages
from tests.havoc.slow_poison.wear import restarts, short_lives

PRELOAD = (
    "tests.havoc.killing.quiet",
    "tests.havoc.slow_poison.people",
    "tests.servers.counter",
    "tests.servers.worker",
)


def run(seed: int, dose: float) -> list[Row]:
    seconds = 8 * dose
    chance = random.Random(seed)
    with runtime_directory() as base:
        node.start(preload=PRELOAD)
        process.trap_exit()
        rows = [
            *deep_mailboxes(chance, seconds * 0.25),
            *long_messages(chance, seconds * 0.15),
            *short_lives(seconds * 0.3),
            *restarts(chance, seconds * 0.3),
        ]
        node.stop()
        left = leftovers(base)
    print(f"{sum(row.injected for row in rows):6} messages, deaths and restarts", flush=True)
    if left:
        print(f"left behind: {left}", flush=True)
    return [*rows, Row("the end of such a node", 1, "leaves nothing behind", len(left))]
