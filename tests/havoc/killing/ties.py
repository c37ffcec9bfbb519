"""The victim starts, links, watches, names."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from otp import process
from otp.terms import Exit, Pid
from tests.expecting import expect_down
from tests.havoc.killing.hunter import Point, mark
from tests.havoc.killing.path import Path, answers_again, await_ends

NAME = "victim"


def lives(listener: Pid, luggage: bytes = b"") -> None:
    process.send(listener, ("born", process.self()))
    process.receive(lambda message: message == "end")


class Spawn(Path):
    name = "spawn"
    promised = "a whole process or none"
    luggage = b""

    def act(self) -> Callable[[], Any]:
        return partial(process.spawn, lives, self.world.listener, self.luggage)

    def clean(self) -> None:
        self.found = self.world.newcomers()
        for pid in self.found:
            ref = process.monitor(pid)
            process.send(pid, "end")
            expect_down(ref)

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        born = [message for message in heard if message[0] == "born"]
        yield from super().complaints([m for m in heard if m[0] != "born"], point)
        if born != [("born", pid) for pid in self.found] or len(born) > 1:
            yield f"there were {self.found}, and the listener has heard {born}"
        if point.done and not born:
            yield "a process that was started did not live"


class SpawnLong(Spawn):
    name = "spawn-long"
    promised = "the same; its arguments are long"
    luggage = bytes(30_000)


class SpawnLink(Spawn):
    name = "spawn-link"
    promised = "nobody, or one that ends with it"

    def act(self) -> Callable[[], Any]:
        return partial(process.spawn_link, lives, self.world.listener)

    def clean(self) -> None:
        await_ends(self.world)

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        yield from Path.complaints(self, [m for m in heard if m[0] != "born"], point)


def links(pid: Pid) -> None:
    process.link(pid)
    process.unlink(pid)
    process.link(pid)


class Link(Path):
    name = "link"
    promised = "who is linked hears of the death once"

    def act(self) -> Callable[[], Any]:
        return partial(links, self.world.listener)

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        news = [message for message in heard if isinstance(message, Exit)]
        yield from super().complaints([m for m in heard if not isinstance(m, Exit)], point)
        if [exit.reason for exit in news] not in ([], ["killed"]):
            yield f"the linked one has heard {news}"
        if point.done and not news:
            yield "the linked one has heard of no end"


def watches(name: str, pid: Pid) -> None:
    ref = process.monitor(pid)
    process.demonitor(ref)
    process.monitor(name)
    process.spawn_monitor(process.receive, lambda message: message == "end")


class Monitor(Path):
    name = "monitor"
    promised = "nothing of its monitors is left"

    def act(self) -> Callable[[], Any]:
        return partial(watches, "listener", self.world.listener)

    def clean(self) -> None:
        for pid in self.world.newcomers():
            process.send(pid, "end")
        await_ends(self.world)


def takes_names() -> None:
    process.register(NAME, process.self())
    process.unregister(NAME)
    process.register(NAME, process.self())


class Register(Path):
    name = "register"
    promised = "its name is free, and another one answers by it"

    def act(self) -> Callable[[], Any]:
        return takes_names

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        yield from super().complaints(heard, point)
        yield from answers_again(NAME)


class Attach(Path):
    """A child that the program has forked: no process of the node, and about to become one."""

    name = "attach"
    promised = "it is a process or none, and nothing is left of it"
    watched = False

    def stage(self) -> tuple[Pid, int]:
        self._ours, its = socket.socketpair()
        child = os.fork()
        if not child:
            try:
                its.send(b"forked")
                its.recv(1)
                process.send(self.world.listener, "attached")
            finally:
                mark()
                os._exit(1)
        its.close()
        assert self._ours.recv(6) == b"forked"
        return self.world.listener, child

    def go(self, victim: Pid) -> None:
        self._ours.send(b"!")
        self._ours.close()

    def clean(self) -> None:
        await_ends(self.world)

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        yield from super().complaints([m for m in heard if m != "attached"], point)
        if heard.count("attached") > 1 or (point.done and "attached" not in heard):
            yield f"the listener has heard {heard}"


TIES: list[type[Path]] = [Spawn, SpawnLong, SpawnLink, Link, Monitor, Register, Attach]
