"""The way of a victim: what it does, and what the others may see of it when it is dead.

A trial (`tests.havoc.killing.trial`) goes through the methods of a path from above to below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from otp import gen_server, process
from otp.terms import Pid
from tests.expecting import expect, expect_down
from tests.havoc.killing.hunter import Point
from tests.havoc.killing.world import World, acts
from tests.servers.counter import Counter


class Path:
    """One is made for each trial."""

    name: ClassVar[str]
    promised: ClassVar[str]
    reasons: ClassVar[tuple[Any, ...]] = ("killed",)
    """What the others may hear as the reason of its death."""
    blocks: ClassVar[bool] = False
    """Whether `go` waits for the victim: then it is killed without us."""
    watched: ClassVar[bool] = True
    """Whether the victim is a process yet, and all are to hear of its end."""
    linked: ClassVar[bool] = True
    """Whether the victim is linked to us."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.outcome: Any = None
        """What `go` has come to, if it waits."""

    def act(self) -> Callable[[], Any]:
        """What the victim does."""
        raise NotImplementedError

    def stage(self) -> tuple[Pid, int]:
        """The victim, linked to us and about to act; and its OS process."""
        pid = process.spawn_link(acts, self.world.me, self.act())
        _, os_pid = expect(lambda message: isinstance(message, tuple) and message[0] == "victim")
        return pid, os_pid

    def prepare(self) -> None:
        """All others are ready."""

    def go(self, victim: Pid) -> None:
        process.send(victim, "go")

    def meanwhile(self) -> None:
        """The victim stands at its last point, and keeps nobody from anything."""
        process.send(self.world.listener, "meanwhile")

    def clean(self) -> None:
        """The victim is dead: see to those whom it has left behind."""

    def is_said(self, message: Any) -> bool:
        """Whether the victim itself has said this to the listener."""
        return False

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        """What is wrong with what the listener has heard, besides the death."""
        if heard != ["before", "meanwhile", "after"]:
            yield f"the listener has heard {heard!r}"


def await_ends(world: World) -> None:
    """Whoever was linked to the dead ends by itself."""
    for pid in world.newcomers():
        expect_down(process.monitor(pid))


def answers_again(name: str) -> Iterator[str]:
    """The name is free, and a new server by that name answers."""
    if (left := process.whereis(name)) is not None:
        yield f"{name!r} is still the name of {left}"
        return
    server = gen_server.start(Counter, 7, name=name)
    if gen_server.call(name, "count") != 7:
        yield f"the new {name!r} does not answer"
    gen_server.stop(server)
