"""The victim ends by itself, and is killed while it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar

from otp import gen_server, process
from otp.errors import CallError
from otp.gen_server import GenServer, Ok
from otp.terms import Pid
from tests.havoc.killing.hunter import Point
from tests.havoc.killing.path import Path, answers_again

NAME = "ending"


def ends(reason: Any) -> None:
    process.register(NAME, process.self())
    process.exit(reason)


class Exits(Path):
    name = "exit"
    promised = "all hear the same reason: its own or 'killed'"
    reason: ClassVar[Any] = "done"
    reasons = ("killed", reason)

    def act(self) -> Callable[[], Any]:
        return partial(ends, self.reason)

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        yield from super().complaints(heard, point)
        yield from answers_again(NAME)


class ExitsLong(Exits):
    name = "exit-long"
    promised = "the same; its own is long"
    reason: ClassVar[Any] = ("done", bytes(9_000))
    reasons = ("killed", reason)


class Signalled(Exits):
    """It ends by the exit signal of another one."""

    name = "signal"
    promised = "all hear the same reason: that of the signal or 'killed'"
    reason: ClassVar[Any] = ("boom", bytes(9_000))
    reasons = ("killed", reason)

    def act(self) -> Callable[[], Any]:
        return process.receive

    def go(self, victim: Pid) -> None:
        super().go(victim)
        process.exit(victim, self.reason)


class Tidy(GenServer[Pid]):
    """Tells that it terminates."""

    def init(self, listener: Pid, /) -> Ok[Pid]:
        process.trap_exit()
        return Ok(listener)

    def terminate(self, reason: Any, state: Pid) -> None:
        process.send(state, ("terminated", reason))


class Stops(Path):
    name = "stop"
    promised = "who stops it hears that it is dead, and of what"
    reasons = ("killed", "normal")
    blocks = True

    def stage(self) -> tuple[Pid, int]:
        server = gen_server.start_link(Tidy, self.world.listener, name=NAME)
        return server, self.world.os_pid(server)

    def go(self, victim: Pid) -> None:
        try:
            gen_server.stop(victim)
        except CallError as error:
            self.outcome = error

    def is_said(self, message: Any) -> bool:
        return bool(message[0] == "terminated")

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        told = [message for message in heard if message[0] == "terminated"]
        rest = [message for message in heard if message[0] != "terminated"]
        yield from super().complaints([*rest[:1], "meanwhile", *rest[1:]], point)
        yield from answers_again(NAME)
        if told not in ([], [("terminated", "normal")]):
            yield f"the listener has heard {told}"
        if self.outcome is None and not told:
            yield "it was stopped, and has not terminated"
        if self.outcome is not None and self.outcome.reason not in ("killed", "noproc"):
            yield f"who stops it was told {self.outcome!r}"


ENDS: list[type[Path]] = [Exits, ExitsLong, Signalled, Stops]
