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
    promised: str

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, where: TracebackType | None
    ) -> None:
        self.renew()

    @abstractmethod
    def attempt(self, number: int) -> tuple[Point, list[str]]:
        """One kill; where it was, and what was wrong then."""

    @abstractmethod
    def renew(self) -> None:
        """Leave nothing of the node; the next attempt makes another one."""

    def length(self) -> int:
        """The number of the last point. What the first victim leaves is there for the others."""
        return self.attempt(END_OF_PATH)[0].number

    def strike(self, number: int) -> tuple[Point, list[str]]:
        """One kill; after one that does harm, the harm and how to see it again are printed."""
        try:
            point, harm = self.attempt(number)
        except (Exception, pytest.fail.Exception) as error:
            print_stacks()
            point, harm = Point(number, "somewhere", before=True), [repr(error)]
            traceback.print_exception(error)
        if harm:
            command = f"python -m tests.havoc.killing {shlex.quote(self._name)} {number}"
            print(f"{self._name} {point}: {'; '.join(harm)}\n    again: {command}", flush=True)
            self.renew()
        return point, harm


class Beside(Ground):
    """Victims that die beside others, in one node."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._path = PATHS[name]
        self._world: World | None = None
        self.promised = self._path.promised

    def attempt(self, number: int) -> tuple[Point, list[str]]:
        if self._world is None:
            self._world = World()
            try_point(self._world, self._path(self._world), END_OF_PATH)
            self._world.settle()
        return try_point(self._world, self._path(self._world), number)

    def renew(self) -> None:
        if self._world is not None:
            self._world.close()
            self._world = None


class Heart(Ground):
    """Victims with whom their node ends."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._hunter = Hunter()
        self.promised = PROMISED

    def attempt(self, number: int) -> tuple[Point, list[str]]:
        return try_heart(self._hunter, self._name, number)

    def renew(self) -> None:
        self._hunter.close()
        self._hunter = Hunter()


def ground_of(name: str) -> Ground:
    return Heart(name) if name in HEARTS else Beside(name)


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
