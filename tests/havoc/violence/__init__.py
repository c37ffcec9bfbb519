"""Servers, supervisors and clients are hurt in all ways while they work, in a node that lives on.

    shape       the tree of supervisors and servers
    people      servers, supervisors, clients: what runs in the node
    ledger      what servers and clients tell of requests, and whether it fits together
    family      who is to die and to be born after a fault
    faults      what is done to one of them
    lanes       who is hurt next
    siege       the node, its load, and what is heard of it
    battle      the faults, and what came of them

What is not hurt here are kernel and launcher, with whom a node ends (`ends_of_the_world`); they are
only stopped for a while. The same seed makes the same tree and the same faults in each lane.
"""

from __future__ import annotations

import os
import signal
import traceback
from contextlib import suppress
from time import monotonic

import pytest

from otp import node
from tests.expecting import at_most
from tests.havoc.machine import PATIENCE, leftovers, runtime_directory
from tests.havoc.report import Row
from tests.havoc.violence.battle import Battle, Harmed
from tests.havoc.violence.siege import Siege

PRELOAD = ("tests.havoc.killing.quiet", "tests.havoc.violence.people")


def run(seed: int, dose: float) -> list[Row]:
    seconds = 60 * dose
    until = monotonic() + seconds
    with runtime_directory() as base:
        kernel = node.start(preload=PRELOAD).os_pid
        assert kernel is not None
        battle = Battle(Siege(seed), seed)
        harm = _fought(battle, until)
        if harm:  # whoever is stuck does not keep us
            with suppress(ProcessLookupError):
                os.killpg(kernel, signal.SIGKILL)
        node.stop()
        harm += [f"left behind: {what}" for what in leftovers(base)]
    ledger = battle.siege.ledger
    for line in (*harm, *ledger.calls_harm[:20], *ledger.casts_harm[:20]):
        print(f"seed {seed}: {line}", flush=True)
    outcomes = ", ".join(f"{count} {how}" for how, count in ledger.outcomes.most_common())
    print(f"{battle.made.total():6} faults; {ledger.requests} requests; {outcomes}", flush=True)
    rest = Row("all of it", 1, "memory and descriptors are back, nothing is left", len(harm))
    return [*battle.rows(), rest]


def _fought(battle: Battle, until: float) -> list[str]:
    try:
        with at_most(until - monotonic() + 2 * PATIENCE):
            battle.fight(until)
            return battle.peace()
    except Harmed:
        return ["it was given up"]
    except (Exception, pytest.fail.Exception) as error:
        traceback.print_exc()
        battle.stuck(repr(error))
        return [f"stuck: {error!r}"]
