"""The kernel or a launcher is killed at a system call: the whole node ends, and leaves nothing.

Each kill costs a node, so there is time only for some of the points, which chance chooses.
"""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from otp import gen_server, node, process
from otp.errors import CallError, NodeDown, NoProcess, StartError
from otp.terms import Pid
from tests.expecting import at_most
from tests.footprint import opened_by
from tests.havoc.killing.hunter import Hunter, Point
from tests.havoc.killing.world import PRELOAD, children
from tests.servers import relay
from tests.servers.counter import Counter

HEARTS = ("kernel", "launcher")
PROMISED = "the whole node ends within 2 s, and leaves nothing"
WITHIN = 2.0  # seconds: guarantee 6
_PATIENCE = 10.0


def try_heart(hunter: Hunter, heart: str, number: int) -> tuple[Point, list[str]]:
    """Where it was killed, and what was wrong then."""
    before = sorted(opened_by("self").values())
    with at_most(_PATIENCE), _everyone_of_a_node() as everyone:
        current = node.current()
        assert current.os_pid is not None
        victim = current.os_pid if heart == "kernel" else children(current.os_pid)[0]
        hunter.seize(victim)
        killed = hunter.run_to_and_kill(number)
        with suppress(NodeDown, NoProcess, CallError, StartError, OSError):
            _errand()
            os.kill(victim, 9)  # it has come to the end of its path
        complaints = list(_complaints(everyone, current.directory))
        point = killed.result()
    after = sorted(opened_by("self").values())
    return point, [*complaints, *([f"descriptors: {before}, then {after}"] * (before != after))]


def _errand() -> None:
    """A bit of all that they do for others."""
    me = process.self()
    process.trap_exit()
    server = gen_server.start_link(Counter, 0, name="counter")
    pid, _ = process.spawn_monitor(relay.passes_on, me)
    process.send_after(3600, pid, "never")
    process.send(pid, bytes(10_000))
    process.receive(bytes)
    process.spawn_link(relay.does_much, me)
    process.receive(lambda message: message == "much")
    process.exit(pid, "kill")
    process.receive(lambda message: getattr(message, "reason", "") == "killed")
    process.spawn(_lives_on, bytes(10_000), me)
    process.receive(lambda message: message == "alive")
    gen_server.stop(server)


def _lives_on(luggage: bytes, owner: Pid) -> None:
    process.send(owner, "alive")
    process.receive()


@contextmanager
def _everyone_of_a_node() -> Iterator[int]:
    """A new node; and a pipe that is at its end when no process of it is left.

    All of them have its other end, as their standard output.
    """
    everyone, write = os.pipe()
    kept = os.dup(1)
    os.dup2(write, 1)
    os.close(write)
    try:
        node.start(preload=PRELOAD)
    finally:
        os.dup2(kept, 1)
        os.close(kept)
    try:
        yield everyone
    finally:
        node.stop()
        os.close(everyone)


def _complaints(everyone: int, directory: str) -> Iterator[str]:
    """Our own thread hears of the end; the others are gone, and their files."""
    try:
        process.receive(lambda message: False, timeout=WITHIN)
    except NodeDown:
        pass
    except TimeoutError:
        yield "we have not heard that the node is down"
    if not select.select([everyone], [], [], WITHIN)[0] or os.read(everyone, 1):
        yield "somebody of the node lives"
    if os.path.exists(directory):
        yield f"files are left: {os.listdir(directory)}"
