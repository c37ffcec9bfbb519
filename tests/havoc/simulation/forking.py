"""The launchers of the pretended node: they fork, tell and reap as `otp.kernel.launcher` does."""

from __future__ import annotations

from collections.abc import Callable
from pickle import dumps
from typing import Any

from otp.kernel.warming import WORKER
from otp.wire import protocol as say
from otp.wire.codec import flat
from otp.wire.frame import pack, split
from otp.wire.plain import plain
from tests.havoc.simulation.system import TO_KERNEL, OsProcess, System

NO_MEMORY = flat("no memory")
THREADED = "threaded"
"""A module after whose import a launcher must not fork."""


class Launcher:
    """One generation. What it does takes three steps: the fork, the news of it, the reaping."""

    def __init__(
        self, serial: int, os: OsProcess, system: System, fork: Callable[..., Any]
    ) -> None:
        self.serial, self.os, self.system = serial, os, system
        self.refuses = False
        """The system has no room for another process."""
        self.modules: list[str] | None = None
        """What it has still to import."""
        self._fork = fork
        self._children: list[OsProcess] = []
        self._to_tell: list[bytes] = []
        self._pipe = system.pipes[f"p/{serial}"]
        self._pipe.readers += 1

    @property
    def is_killed(self) -> bool:
        return self.os.status < 0

    def turn(self) -> bool:
        """One step; whether there was one to take."""
        if not self.os.is_alive:
            return False
        if self._to_tell:
            self.system.write(TO_KERNEL, self._to_tell.pop(0))
        elif self.modules is not None:
            self._warm()
        elif self._pipe.frames:
            ((kind, _, _, payload),), _ = split(self._pipe.frames.popleft())
            if kind == say.STOP:
                self.os.end(0)
            else:
                self._obey(*plain(payload))
        else:
            return self.reap()
        return True

    def reap(self) -> bool:
        """Collect the children that have died."""
        if not self.os.is_alive or self._to_tell:
            return False
        dead = [child for child in self._children if not child.is_alive]
        for child in dead:
            self._children.remove(child)
            child.is_reaped = True
            self._tell(say.REAPED, child.os_pid, child.status)
        return bool(dead)

    def _obey(self, what: str, serial: int, *order: Any) -> None:
        if self.refuses:
            self._tell(say.FORKED, serial, 0, NO_MEMORY)
            return
        child = OsProcess(1000 + serial)
        self.system.processes[child.os_pid] = child
        self._children.append(child)
        self._fork(what == WORKER, serial, child, *order)
        self._tell(say.FORKED, serial, child.os_pid, b"")

    def _warm(self) -> None:
        modules, self.modules = self.modules or [], None
        good = THREADED not in modules
        self.system.write(TO_KERNEL, pack(say.WARMED, self.serial, 0, dumps((modules, [], good))))
        if not good:
            self.os.end(0)

    def _tell(self, kind: int, *args: Any) -> None:
        self._to_tell.append(pack(kind, self.serial, 0, dumps(args)))
