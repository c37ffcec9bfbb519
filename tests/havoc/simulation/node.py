"""A whole node in one process: the real kernel, pretended launchers, workers and threads."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from pickle import dumps
from typing import Any

from otp.wire import protocol as say
from otp.wire.frame import first, pack
from otp.wire.plain import plain
from tests.havoc.simulation.facts import Broken
from tests.havoc.simulation.forking import Launcher
from tests.havoc.simulation.living import Life
from tests.havoc.simulation.pretending import Place
from tests.havoc.simulation.speaking import Deed
from tests.havoc.simulation.street import Street
from tests.havoc.simulation.system import TO_KERNEL, OsProcess, System
from tests.havoc.simulation.watching import PROGRAM, WatchedKernel

FOREIGN = 102
"""An OS process that the program has forked, and whose threads attach."""

_ROUNDS = 3000


class Node:
    def __init__(self, system: System) -> None:
        system.reset()
        system.at_continue = self._go_on
        self.system = system
        for os_pid in (PROGRAM, 101, FOREIGN):
            system.processes[os_pid] = OsProcess(os_pid)
        self.place = Place(system)
        self.kernel = WatchedKernel(system, self.place)
        self.street = Street(system, self.kernel, self.place)
        self.lives: dict[str, Life] = {}
        self.launchers: dict[int, Launcher] = {}
        self.teams: list[Any] = []
        """The supervisors (`supervising`)."""
        self.timers: list[tuple[int, int, int | str]] = []
        """All that were ever started: owner, tag, destination."""
        self.aliases: list[tuple[Life, int]] = []
        system.make(self.place.pipe(say.LAUNCHER))
        self._generation(say.LAUNCHER, system.processes[101])
        self.attach("main", PROGRAM)
        self._settle(lambda: self.lives["main"].is_idle)

    def _settle(self, done: Callable[[], bool]) -> None:
        while not done():
            self.lives["main"].turn()
            self.kernel.go(inf)

    # ---- beginnings

    def _generation(self, serial: int, os: OsProcess) -> Launcher:
        launcher = Launcher(serial, os, self.system, self._forked)
        self.launchers[serial] = launcher
        return launcher

    def _forked(self, worker: bool, serial: int, os: OsProcess, *order: Any) -> None:
        if not worker:
            launcher = self._generation(serial, os)
            launcher.modules = list(order[0])
            return
        life = self.lives[order[0]["label"]]
        life.serial, life.os = serial, os
        self.street.by_serial[serial] = life
        os.at_end = life.over

    def attach(self, name: str, os_pid: int) -> None:
        """A thread of this OS process uses the library for the first time."""
        life = self.lives[name] = Life(name, self.street)
        life.is_thread, life.os = True, self.system.processes[os_pid]
        before = life.os.at_end
        life.os.at_end = lambda: (before(), life.over())
        life.do(self._introduced(life, f"new-{name}"))

    def _introduced(self, life: Life, door: str) -> Deed:
        system, path = self.system, f"/p/new-{life.name}"
        assert life.os is not None
        knock = dumps((door, life.os.os_pid))
        system.write(TO_KERNEL, pack(say.KNOCK, 0, 0, knock))
        yield iter((False, True)).__next__  # in its next turn
        system.make(path)
        mailbox, pipe = system.open_mailbox(path), system.pipes[path]
        who = (door, life.os.os_pid, life.os.os_pid == PROGRAM)
        system.write(TO_KERNEL, pack(say.ATTACH, 0, 0, dumps(who)))
        yield lambda: pipe.frames
        payload, _ = first(pipe.frames.popleft())
        match plain(payload):
            case int(serial):
                self.kernel.owed[serial].pop(0)
                life.open(serial, mailbox)
            case _:
                system.close(mailbox)
                life.is_over = True

    def expect(self, name: str, parent: Life, body: Callable[[Life], Deed] | None = None) -> Life:
        """A worker that is about to be ordered."""
        life = self.lives[name] = Life(name, self.street, parent=parent)
        life.body = body
        return life

    # ---- to the end

    def come_to_rest(self) -> None:
        """Everyone has his turn until nothing moves, at this time and all later ones."""
        self.system.is_scarce = False
        for pipe in self.system.pipes.values():
            pipe.room = max(pipe.room, 1)
        for launcher in self.launchers.values():
            launcher.refuses = False
        self._go_on()
        for _ in range(_ROUNDS):
            if not self.round() and not self._later():
                return
            if self.kernel.is_over:
                return
        raise Broken("it never comes to rest")

    def round(self) -> bool:
        moved = self.kernel.has_work()
        if moved:
            self.kernel.go(inf)
        for launcher in list(self.launchers.values()):
            while launcher.turn():
                moved = True
        for life in [life for life in self.lives.values() if not life.is_over]:
            moved |= life.turn()
        return moved

    def _go_on(self) -> None:
        """Nobody is stopped any more (`SIGCONT`)."""
        for life in self.lives.values():
            life.is_stopped = False

    def _later(self) -> bool:
        """The clock goes on to the next time at which something is due."""
        here = [life for life in self.lives.values() if life.is_here and not life.is_deaf]
        times = [self.kernel.next_time(), *(life.until for life in here)]
        times += [life.context.timers.first() for life in here]
        due = min((when for when in times if when is not None), default=None)
        if due is None:
            return False
        self.system.now = max(self.system.now, due)
        self.kernel.go(inf)
        return True
