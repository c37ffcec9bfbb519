"""Where the victims of one path fall; after one whose death did harm, a new node."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import traceback
from abc import ABC, abstractmethod
from contextlib import suppress
from types import TracebackType
from typing import Self

import pytest

from otp.runtime import boot
from tests.havoc.killing.heart import HEARTS, PROMISED, try_heart
from tests.havoc.killing.hunter import END_OF_PATH, Hunter, Point
from tests.havoc.killing.paths import PATHS
from tests.havoc.killing.trial import try_point
from tests.havoc.killing.world import World, children
from tests.programs import gone


class Ground(ABC):
    """`take` a path first."""

    name: str
    promised: str

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, where: TracebackType | None
    ) -> None:
        self.renew()

    @abstractmethod
    def take(self, name: str) -> None:
        """From now on victims go this path."""

    @abstractmethod
    def attempt(self, number: int) -> tuple[Point, list[str]]:
        """One kill; where it was, and what was wrong then."""

    @abstractmethod
    def renew(self) -> None:
        """Leave nothing of the node; the next attempt makes another one."""

    def strike(self, number: int) -> tuple[Point, list[str]]:
        """One kill; after one that does harm, the harm and how to see it again are printed."""
        try:
            point, harm = self.attempt(number)
        except (Exception, pytest.fail.Exception) as error:
            print_stacks()
            point, harm = Point(number, "somewhere", before=True), [repr(error)]
            traceback.print_exception(error)
        if harm:
            command = f"python -m tests.havoc.killing {shlex.quote(self.name)} {number}"
            print(f"{self.name} {point}: {'; '.join(harm)}\n    again: {command}", flush=True)
            self.renew()
        return point, harm


class Beside(Ground):
    """Victims that die beside others, all in one node."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._settled = False

    def take(self, name: str) -> None:
        self.name, self._path = name, PATHS[name]
        self.promised = self._path.promised
        self._settled = False

    def attempt(self, number: int) -> tuple[Point, list[str]]:
        world = self._world = self._world or World()
        if not self._settled:  # what is left of the first is kept for the others
            try_point(world, self._path(world), END_OF_PATH)
            world.settle()
            self._settled = True
        return try_point(world, self._path(world), number)

    def renew(self) -> None:
        self._settled = False
        if self._world is not None:
            self._world.close()
            self._world = None


class Heart(Ground):
    """Victims with whom their node ends."""

    def __init__(self) -> None:
        self._hunter = Hunter()
        self.promised = PROMISED

    def take(self, name: str) -> None:
        self.name = name

    def attempt(self, number: int) -> tuple[Point, list[str]]:
        return try_heart(self._hunter, self.name, number)

    def renew(self) -> None:
        self._hunter.close()
        self._hunter = Hunter()


GROUNDS: dict[type[Ground], tuple[str, ...]] = {Beside: tuple(PATHS), Heart: tuple(HEARTS)}


def print_stacks() -> None:
    """Somebody is stuck: everybody prints where he is, and ends."""
    member = boot.membership()
    if member is None or member.program is None:
        return
    everyone = [member.os_pid]
    for os_pid in everyone:
        with suppress(FileNotFoundError):
            everyone += children(os_pid)
    for os_pid in reversed(everyone):
        sys.stderr.write(f"---- OS process {os_pid}\n")
        sys.stderr.flush()
        for number in (signal.SIGCONT, signal.SIGABRT):
            with suppress(ProcessLookupError):
                os.kill(os_pid, number)
        gone([os_pid], within=1.0)
        with suppress(ProcessLookupError):
            os.kill(os_pid, signal.SIGKILL)
