"""Calls by a process in whose mailbox many messages stand: they must not be looked at each time."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.nodes import Bench, Notes, a_node, timed, times
from benchmarks.servers import Echo
from benchmarks.table import Row, compared
from benchmarks.values import REQUEST
from otp import gen_server, process
from otp.gen_server import call
from otp.terms import Pid

MESSAGES, CALLS = 100_000, 1_000
LAST = MESSAGES - 1


def rows(bench: Bench) -> Iterator[Row]:
    got = Notes()
    with a_node():
        echo = gen_server.start_link(Echo, None)
        for _ in range(bench.rounds):
            _measure(got, echo)
    many, empty = f"{MESSAGES:,}", "call, mailbox empty"
    before = got["empty"]
    yield compared(f"call, {many} messages in the mailbox", got["new"], before, empty, budget=2)
    yield compared("the same, all were looked at", got["seen"], before, empty, budget=2)
    for name in ("a flood to a process that waits", "receive, each in turn"):
        yield Row(name, MESSAGES / median(got[name]), "/s")


def _measure(got: Notes, echo: Pid) -> None:
    got.note("empty", times(CALLS, call, echo, REQUEST))
    flooded = timed(lambda: call(echo, ("flood", MESSAGES), None))
    got.note("a flood to a process that waits", flooded)
    got.note("new", times(CALLS, call, echo, REQUEST))
    process.receive(lambda message: message == LAST)
    got.note("seen", times(CALLS, call, echo, REQUEST))
    got.note("receive, each in turn", timed(_receive_the_rest))


def _receive_the_rest() -> None:
    for i in range(LAST):
        if process.receive() != i:
            raise RuntimeError(f"message {i} is not where it should be")
