"""A machine of few cores, played: what a policy of waiting costs, without a clock or a process.

Processes are generators that say what they do next. A core runs one until it sleeps, or until it
yields to those who wait for the same core. A sleeper is woken on a core that idles, if there is
one: that is dear, as it is in reality. A core that has nothing to do takes who waits for another.

Times are microseconds, and of the size measured on virtual machines: only their relations matter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

TRY: Final = 1.0
"""To yield and find nothing."""
SLEEP: Final = 2.0
"""To go to sleep."""
SWITCH: Final = 2.0
"""For a core to go on with another process."""
WAKE: Final = 50.0
"""For a core to come out of its own sleep."""
NEVER: Final = float("inf")
SECOND: Final = 1e6


class Policy(Protocol):
    """What a mailbox asks: `otp.wire.waiting.Spin`, whose times are seconds."""

    window: float

    def probe(self) -> float: ...
    def hit(self, in_vain: float, took: float) -> None: ...
    def missed(self, took: float) -> None: ...
    def slept(self, took: float) -> None: ...


Step = tuple[str, float]  # ("work" | "yield" | "sleep", how long)


class Process:
    def __init__(self, machine: Machine, policy: Policy, core: int) -> None:
        self.machine, self.policy, self.core = machine, policy, core
        self.messages = self.handled = 0
        self.asleep = False
        self.tried = 0.0

    def receive(self) -> Iterator[Step]:
        """As `Mailbox.wait` does it."""
        window = SECOND * (self.policy.window or self.policy.probe())
        if not window or not (yield from self._try(window)):
            begin = self.machine.now
            yield "sleep", SLEEP
            self.policy.slept((self.machine.now - begin) / SECOND)
        self.messages -= 1
        self.handled += 1

    def _try(self, window: float) -> Iterator[Step]:
        begin, in_vain = self.machine.now, 0.0
        while in_vain <= window:
            yield "yield", TRY
            self.tried += TRY
            so_far = self.machine.now - begin
            if self.messages:
                self.policy.hit(in_vain / SECOND, (so_far - in_vain) / SECOND)
                return True
            in_vain = so_far
        self.policy.missed(in_vain / SECOND)
        return False


@dataclass
class Core:
    now: float = NEVER
    """When it next does something; NEVER while it idles."""
    runs: tuple[Process, Iterator[Step]] | None = None
    waiting: deque[tuple[Process, Iterator[Step]]] = field(default_factory=deque)


class Machine:
    def __init__(self, cores: int, *, make_way: bool = True) -> None:
        self._make_way = make_way
        self.cores = [Core() for _ in range(cores)]
        self.now = 0.0
        self._asleep: dict[Process, Iterator[Step]] = {}
        self._alarms: list[tuple[float, Process]] = []

    def begin(self, process: Process, does: Iterator[Step]) -> None:
        self.cores[process.core].waiting.append((process, does))
        self.cores[process.core].now = 0.0

    def send(self, to: Process, after: float = 0.0) -> None:
        """A message; `after` some time by nobody's work, as from a timer."""
        if after:
            self._alarms.append((self.now + after, to))
            return
        to.messages += 1
        if to in self._asleep:
            self._wake(to, self._asleep.pop(to))

    def play(self, until: float) -> None:
        while self.now < until:
            core = min(self.cores, key=lambda c: c.now)
            if self._alarms and self._alarms[0][0] <= core.now:
                self.now, process = self._alarms.pop(0)
                self.send(process)
            elif core.now == NEVER:
                return
            else:
                self.now = core.now
                self._go_on(core)

    def _go_on(self, core: Core) -> None:
        if core.runs is None and not self._next(core):
            core.now = NEVER
            return
        assert core.runs is not None
        process, does = core.runs
        what, took = next(does)
        if what == "sleep" and not process.messages:
            self._asleep[process] = does
            core.runs = None
        elif what == "yield" and core.waiting and self._make_way:
            core.waiting.append(core.runs)
            core.runs = None
        core.now += took

    def _next(self, core: Core) -> bool:
        """Who is first in line here, or else behind somebody who runs elsewhere."""
        for other in (core, *self.cores):
            if other.waiting and (other is core or other.runs is not None):
                core.runs = other.waiting.popleft()
                core.runs[0].core = self.cores.index(core)
                core.now += SWITCH
                return True
        return False

    def _wake(self, process: Process, does: Iterator[Step]) -> None:
        idle = next((c for c in self.cores if c.now == NEVER), None)
        core = idle or self.cores[process.core]
        core.waiting.append((process, does))
        if idle is not None:
            idle.now = self.now + WAKE


# ---- clients and servers


@dataclass(frozen=True, slots=True)
class Outcome:
    calls: float
    """A second."""
    tried: float
    """Which part of its time a server has spent on trying."""


def pairs(
    policy: Callable[[], Policy],
    *,
    cores: int,
    number: int = 1,
    work: float = 4.0,
    every: float = 0.0,
    make_way: bool = True,
    until: float = 20_000.0,
) -> Outcome:
    """Clients that call a server each, for ever or `every` so often, which `work`s so long."""
    machine = Machine(cores, make_way=make_way)
    servers = []
    for _ in range(number):
        client = Process(machine, policy(), 0)
        server = Process(machine, policy(), cores - 1)
        machine.begin(client, _calls(client, server, every))
        machine.begin(server, _serves(server, client, work))
        servers.append(server)
    machine.play(until)
    calls = sum(server.handled for server in servers)
    tried = sum(server.tried for server in servers)
    return Outcome(calls * SECOND / machine.now, tried / machine.now / number)


def _calls(me: Process, server: Process, every: float) -> Iterator[Step]:
    while True:
        yield "work", 4.0
        me.machine.send(server)
        yield from me.receive()
        if every:
            me.machine.send(me, every)
            yield from me.receive()


def _serves(me: Process, client: Process, work: float) -> Iterator[Step]:
    while True:
        yield from me.receive()
        yield "work", work
        me.machine.send(client)
