"""The victim starts a server, is one that is started, or supervises some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from otp import gen_server, process, supervisor
from otp.errors import CallError, Ignored, StartError
from otp.gen_server import GenServer, NoReply, Ok, Reply
from otp.supervisor import ChildSpec
from otp.terms import Exit, Pid
from tests.expecting import expect, expect_down
from tests.havoc.killing.ends import Tidy
from tests.havoc.killing.hunter import Point, mark
from tests.havoc.killing.path import Path, answers_again, await_ends
from tests.servers.counter import Counter

NAME = "started"


class Starts(Path):
    name = "start"
    promised = "the server that it starts ends with it, the name is free"

    def act(self) -> Callable[[], Any]:
        return partial(gen_server.start_link, Counter, 0, name=NAME)

    def clean(self) -> None:
        await_ends(self.world)

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        yield from super().complaints(heard, point)
        yield from answers_again(NAME)


class Marked(GenServer[Any]):
    """Comes to the end of its path when it has acknowledged its start, or answered."""

    def init(self, listener: Pid, /) -> Ok[Any]:
        process.send(listener, ("init", process.self()))
        return Ok(None, then="mark")

    def handle_call(self, request: Any, caller: Any, state: Any) -> Reply[Any]:
        return Reply("answer", state, then="mark")

    def handle_continue(self, then: Any, state: Any) -> NoReply[Any]:
        mark()
        return NoReply(state)


def start_marked(listener: Pid) -> Pid:
    return gen_server.start_link(Marked, listener, name=NAME)


def _without_init(heard: list[Any]) -> list[Any]:
    return [message for message in heard if message[0] != "init"]


class Supervised(Path):
    """A server of a supervisor, that is killed while it serves a call."""

    name = "supervised"
    promised = "its supervisor starts it again, and it answers"
    blocks = True
    linked = False

    def stage(self) -> tuple[Pid, int]:
        spec = ChildSpec("child", partial(start_marked, self.world.listener))
        self._supervisor = supervisor.start_link([spec])
        self._server = process.whereis(NAME)
        assert self._server is not None
        return self._server, self.world.os_pid(self._server)

    def go(self, victim: Pid) -> None:
        try:
            self.outcome = gen_server.call(NAME, "get")
        except CallError as error:
            self.outcome = error

    def clean(self) -> None:
        supervisor.which_children(self._supervisor)  # it has done what it had to
        again = process.whereis(NAME)
        self._is_new = again not in (None, self._server)
        self._answer = gen_server.call(NAME, "get")
        supervisor.stop(self._supervisor)
        expect(Exit(self._supervisor, "normal"))

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        init = [message for message in heard if message[0] == "init"]
        rest = _without_init(heard)
        yield from super().complaints([*rest[:1], "meanwhile", *rest[1:]], point)
        yield from answers_again(NAME)
        if not self._is_new or self._answer != "answer" or len(init) != 2:
            yield f"it was not restarted once: {init}, {self._answer}"
        if isinstance(self.outcome, CallError) and point.done:
            yield f"the caller was told {self.outcome!r}"


class Restarts(Path):
    """A supervisor that is killed while it restarts its child."""

    name = "restart"
    promised = "a supervisor's children end with it; another one can take over"
    blocks = True

    def stage(self) -> tuple[Pid, int]:
        spec = ChildSpec("child", partial(start_marked, self.world.listener))
        victim = supervisor.start_link([spec])
        return victim, self.world.os_pid(victim)

    def go(self, victim: Pid) -> None:
        child = process.whereis(NAME)
        assert child is not None
        ref = process.monitor(child)
        process.exit(child, "kill")
        expect_down(ref)  # the supervisor has its news before what we ask it now
        with suppress(CallError):
            supervisor.start_child(victim, ChildSpec("end of the path", marks))

    def clean(self) -> None:
        await_ends(self.world)
        again = supervisor.start_link([ChildSpec("a", partial(start_marked, self.world.listener))])
        self._answer = gen_server.call(NAME, "get")
        supervisor.stop(again)
        expect(Exit(again, "normal"))

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        rest = [m for m in heard if m[0] not in ("init", "terminated")]
        yield from super().complaints([*rest[:1], "meanwhile", *rest[1:]], point)
        yield from answers_again(NAME)
        if self._answer != "answer":
            yield f"a new supervisor's child says {self._answer}"


def marks() -> None:
    mark()
    raise Ignored


class ShutsDown(Restarts):
    """A supervisor that is killed while it stops its children."""

    name = "shutdown"
    promised = "the same, on its way down; its children terminate once"
    reasons = ("killed", "shutdown")
    blocks = False

    def stage(self) -> tuple[Pid, int]:
        tidy = partial(gen_server.start_link, Tidy, self.world.listener)
        first = ChildSpec("child", partial(start_marked, self.world.listener))
        victim = supervisor.start_link([first, ChildSpec("tidy", tidy), ChildSpec("last", tidy)])
        return victim, self.world.os_pid(victim)

    def go(self, victim: Pid) -> None:
        process.exit(victim, "shutdown")

    def meanwhile(self) -> None:
        """As little as in the other one."""

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        yield from super().complaints(heard, point)
        told = [message[1] for message in heard if message[0] == "terminated"]
        if len(told) != 2 or {*told} - {"shutdown", "killed"}:
            yield f"two servers have terminated with {told}"


class IsStarted(Path):
    """A server that is killed from its first instruction on, and while it is nobody yet."""

    name = "start_link"
    promised = "its starter has it, or hears why not; the name is free"
    blocks = True
    watched = False

    def stage(self) -> tuple[Pid, int]:
        self._waiting = self.world.waiting()
        return self.world.listener, self._waiting

    def go(self, victim: Pid) -> None:
        try:
            self.outcome = start_marked(self.world.listener)
        except StartError as error:
            self.outcome = error

    def clean(self) -> None:
        if isinstance(self.outcome, Pid):
            known = process.info(self.outcome)
            if known is not None and known["os_pid"] != self._waiting:
                process.exit(self.outcome, "kill")  # it took the place of who was killed too early
        await_ends(self.world)
        if isinstance(self.outcome, Pid):
            self.outcome = expect(lambda m: isinstance(m, Exit) and m.pid == self.outcome)

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        rest = _without_init(heard)
        yield from super().complaints([*rest[:1], "meanwhile", *rest[1:]], point)
        yield from answers_again(NAME)
        if self.outcome.reason != "killed":
            yield f"its starter was told {self.outcome}"
        if point.done and not isinstance(self.outcome, Exit):
            yield f"it had started, and its starter was told {self.outcome!r}"


TREES: list[type[Path]] = [Starts, IsStarted, Supervised, Restarts, ShutsDown]
