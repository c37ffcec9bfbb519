"""What may happen to a node: the verbs of a schedule.

An action is a tuple of a verb and whatever it takes. One that cannot happen (its process is dead,
busy or was never made) does nothing, so that any part of a schedule is a schedule as well.
"""

from __future__ import annotations

from math import inf
from typing import Any, TypeAlias

from otp.wire import protocol as say
from tests.havoc.simulation import rest
from tests.havoc.simulation.doing import DEEDS
from tests.havoc.simulation.facts import Broken
from tests.havoc.simulation.living import Ended
from tests.havoc.simulation.node import Node
from tests.havoc.simulation.supervising import supervisor
from tests.havoc.simulation.system import System
from tests.havoc.simulation.watching import PROGRAM

Action: TypeAlias = tuple[Any, ...]

_STEPS_TO_BE_BORN, _STEPS_TO_JOIN = 4, 3


class Player:
    """A node to which actions happen."""

    def __init__(self, system: System) -> None:
        self.node = Node(system)

    def act(self, action: Action) -> None:
        verb, *args = action
        try:
            getattr(self, verb)(*args)
        except Ended:
            pass

    # ---- the verbs

    def kernel(self, at_most: float) -> None:
        self.node.kernel.go(at_most)

    def launcher(self, serial: int) -> None:
        if serial in self.node.launchers:
            self.node.launchers[serial].turn()

    def reap(self, serial: int) -> None:
        if serial in self.node.launchers:
            self.node.launchers[serial].reap()

    def refuse(self, serial: int, on: bool) -> None:
        if serial in self.node.launchers:
            self.node.launchers[serial].refuses = on

    def turn(self, name: str) -> None:
        if name in self.node.lives:
            self.node.lives[name].turn()

    def bell(self, name: str) -> None:
        if name in self.node.lives:
            self.node.lives[name].pull()

    def stop(self, name: str, on: bool) -> None:
        if name in self.node.lives:
            self.node.lives[name].is_stopped = on

    def end(self, name: str, status: int) -> None:
        """As by kill -9, a segmentation fault, os._exit."""
        life = self.node.lives.get(name)
        if life is not None and life.os is not None and life.os.os_pid != PROGRAM:
            life.os.end(status)

    def room(self, name: str, frames: int) -> None:
        life = self.node.lives.get(name)
        if life is not None and life.serial:
            pipe = self.node.system.pipes.get(f"p/{life.serial}")
            if pipe is not None:
                pipe.room = frames

    def clock(self, seconds: float) -> None:
        self.node.system.now += seconds

    def scarce(self, on: bool) -> None:
        self.node.system.is_scarce = on

    def attach(self, name: str, os_pid: int) -> None:
        if self.node.system.processes[os_pid].is_alive and name not in self.node.lives:
            self.node.attach(name, os_pid)

    def attach_in(self, name: str, worker: str) -> None:
        """A thread that a worker has started."""
        home = self.node.lives.get(worker)
        if home is not None and home.is_here and not home.is_thread and name not in self.node.lives:
            assert home.os is not None
            self.node.attach(name, home.os.os_pid)

    def end_launcher(self, serial: int) -> None:
        """Not the first, without which there is no node."""
        if serial != say.LAUNCHER and serial in self.node.launchers:
            self.node.launchers[serial].os.end(-9)

    def supervise(self, name: str, family: int, child: str) -> None:
        life = self.node.lives.get(name)
        if life is not None and life.is_idle and child not in self.node.lives:
            life.do(supervisor(self.node, life, child, family))

    def do(self, name: str, deed: str, *args: Any) -> None:
        life = self.node.lives.get(name)
        others = [self._one(deed, number, each) for number, each in enumerate(args)]
        if life is None or not life.is_idle or life.receives or None in others:
            return
        if deed == "spawn" and others[0] in self.node.lives:
            return
        life.do(DEEDS[deed](self.node, life, *others))

    def _one(self, deed: str, number: int, argument: Any) -> Any:
        """Processes are named with an @."""
        if not isinstance(argument, str) or argument[:1] != "@":
            return argument
        life = self.node.lives.get(argument[1:])
        return life if life is not None and life.serial else None

    def born(self, name: str, parent: str, wish: dict[str, Any]) -> None:
        """A worker, from its order to its first instruction, with nothing in between."""
        self.do(parent, "spawn", name, wish)
        life, launcher = self.node.lives.get(name), self.node.launchers[say.LAUNCHER]
        for _ in range(_STEPS_TO_BE_BORN):
            if life is None or life.is_over or life.is_here:
                return
            self.node.kernel.go(inf)
            launcher.turn()
            self.node.lives[parent].turn()
            life.turn()

    def joined(self, name: str, os_pid: int) -> None:
        """A thread, from its first use of the library until it is a process."""
        self.attach(name, os_pid)
        for _ in range(_STEPS_TO_JOIN):
            if name in self.node.lives:
                self.node.lives[name].turn()
            self.node.kernel.go(inf)

    def rounds(self, count: int) -> None:
        """Everyone has so many turns."""
        for _ in range(count):
            if not self.node.kernel.is_over:
                self.node.round()

    # ---- the end

    def finish(self, how: str) -> None:
        """Everything comes to rest; then the node ends, in this way, and that is looked at too."""
        self.node.come_to_rest()
        rest.check(self.node)
        if how == "rest" or self.node.kernel.is_over:
            return
        self._end(how)
        self.node.come_to_rest()
        if not self.node.kernel.is_over:
            raise Broken("the node was to end and goes on")
        rest.check(self.node)

    def _end(self, how: str) -> None:
        main = self.node.lives["main"]
        if how == "stop" and main.is_idle:
            main.context.tell(say.STOP)
        else:
            self.node.system.processes[PROGRAM].end(-9)
        if how == "deaf":
            for life in self.node.lives.values():
                life.is_deaf = True
