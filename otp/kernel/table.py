"""All that the kernel knows.

1. A process is in `processes` from the moment its spawner is told its pid until its death is told
   to everyone who must hear of it.
2. A name is in `names` only while its process is in `processes`.
3. A timer for a process is in `timers` only while that process is in `processes`.
4. A grave keeps the reason of a dead process, for callers that saw its pipe close; the oldest are
   forgotten, and then the reason is "noproc".
5. Nothing that happens once for each process may look at all of them: `children`, `brood`,
   `threads` find those that are meant, and what is due at some time is in a `Deadlines`.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from otp.kernel.graph import Graph
from otp.kernel.groups import Groups
from otp.wire.codec import flat
from otp.wire.deadlines import Deadlines
from otp.wire.protocol import LAUNCHER

NORMAL: Final = flat("normal")
NOPROC: Final = flat("noproc")
KILLED: Final = flat("killed")
SHUTDOWN: Final = flat("shutdown")

_GRAVES = 10_000
_LONGEST_EPITAPH = 10_000


class Question(NamedTuple):
    """An answer that somebody waits for."""

    asker: int
    ref: int


class Death(NamedTuple):
    """The reason, as bytes; and whose signal it was, with that sender's count of signals."""

    reason: bytes
    by: int = 0
    number: int = 0


def stand_in(reason: bytes, why: str) -> bytes:
    """What is told instead of a reason, which the kernel cannot read."""
    return flat(f"(a reason of {len(reason)} bytes, {why})")


class Timer(NamedTuple):
    kind: int
    destination: int | str
    message: bytes


@dataclass(slots=True)
class Process:
    """One process: a worker, or a thread that is attached."""

    serial: int
    parent: int = 0
    label: str = ""
    patience: float | None = 1.5
    """How long the node's end waits for it, in seconds; None is without limit."""
    launcher: int = 0
    os_pid: int = 0
    attached: bool = False
    bell: bool = True
    name: str | None = None
    initial_call: tuple[str, str, int] | None = None
    hibernating: bool = False
    missed_bell: bool = False
    """It was rung for before there was an OS process that could hear it."""
    killed: Death | None = None
    said: Death | None = None
    """The reason it gave before it left; true once it is reaped."""
    told_to_end: bool = False
    asking: list[tuple[Question, int]] = field(default_factory=list)
    """Who wants to know its reason when it is dead; and how many signals they had sent before."""
    wondering: list[Question] = field(default_factory=list)
    """Who wants to know whether it survives the signals already sent."""
    bereaved: set[int] = field(default_factory=set)
    """Those of whose deaths it has not heard; if it does not trap exits, it dies of that link."""
    pondering: list[Question] = field(default_factory=list)
    """Who wants to know whether it survives all that it has not heard yet, whoever has sent it."""
    asked_for_timers: list[Question] = field(default_factory=list)
    """Who wants to cancel or read a timer that it keeps for itself."""
    unheard: set[tuple[int, int]] = field(default_factory=set)
    """Exit signals on their way to it: sender and number."""
    latecomers: dict[tuple[int, int], int] = field(default_factory=dict)
    """Who has monitored (serial, tag) or linked (serial, 0) it after such a signal of its own, with
    the number of that; until it is heard."""

    @property
    def is_leaving(self) -> bool:
        return self.said is not None or self.killed is not None


@dataclass(slots=True)
class Warmth:
    """The launcher generations: which modules are imported where."""

    current: int = LAUNCHER
    warm: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    wanted: dict[str, dict[str, Any]] = field(default_factory=dict)
    building: int = 0
    asked: set[str] = field(default_factory=set)
    """What the generation that is being built was asked to import."""
    stale: set[str] = field(default_factory=set)
    """Modules of which there is newer code on disk than the launchers have."""


@dataclass(slots=True)
class State:
    program: int
    """The OS process with which the node ends."""
    processes: dict[int, Process] = field(default_factory=dict)
    workers: dict[int, int] = field(default_factory=dict)
    """OS process to serial number."""
    launchers: dict[int, int] = field(default_factory=dict)
    """Serial number of a launcher to its OS process, 0 until it is forked; without the first."""
    children: Groups = field(default_factory=Groups)
    """The workers, by their parent."""
    brood: Groups = field(default_factory=Groups)
    """The workers, by the launcher that forks and reaps them."""
    threads: Groups = field(default_factory=Groups)
    """The processes that are attached, by their OS process."""
    doors: dict[int, set[str]] = field(default_factory=dict)
    """The mailboxes without a number yet that an OS process may be making, to attach with them."""
    names: dict[str, int] = field(default_factory=dict)
    graph: Graph = field(default_factory=Graph)
    parcels: Graph = field(default_factory=Graph)
    """Links those between whom there may be parcels."""
    timers: Deadlines[tuple[int, int], Timer] = field(default_factory=Deadlines)
    spared: Deadlines[int, None] = field(default_factory=Deadlines)
    """Those who are to be killed, but not before they could hear an earlier signal."""
    patience: Deadlines[int, None] = field(default_factory=Deadlines)
    """Those whom the node's end waits for, and until when."""
    unborn: Deadlines[int, None] = field(default_factory=Deadlines)
    """Those who are not there yet while the node ends, and by when they must be."""
    questions: Deadlines[Question, tuple[int, Any]] = field(default_factory=Deadlines)
    """Whom a question is about, and the answer if that one does not help with it in time."""
    timers_to: defaultdict[int, set[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(set)
    )
    graves: OrderedDict[int, Death] = field(default_factory=OrderedDict)
    warmth: Warmth = field(default_factory=Warmth)
    ending: bool = False
    last_serial: int = LAUNCHER

    def new_serial(self) -> int:
        self.last_serial += 1
        return self.last_serial

    def enter(self, process: Process) -> None:
        self.processes[process.serial] = process
        for group, key in self._groups(process):
            group.add(key, process.serial)

    def remove(self, process: Process) -> None:
        del self.processes[process.serial]
        self.unborn.cancel(process.serial)
        for group, key in self._groups(process):
            group.discard(key, process.serial)

    def _groups(self, process: Process) -> list[tuple[Groups, int]]:
        if process.attached:
            return [(self.threads, process.os_pid)]
        return [(self.children, process.parent), (self.brood, process.launcher)]

    def is_launcher(self, serial: int) -> bool:
        return serial == LAUNCHER or serial in self.launchers

    def is_worker(self, serial: int) -> bool:
        """Whether this is a live process that is no thread of somebody's program."""
        process = self.processes.get(serial)
        return process is not None and not process.attached

    def find(self, destination: int | str) -> Process | None:
        """The live process with this serial number or name."""
        serial = self.names.get(destination) if isinstance(destination, str) else destination
        return None if serial is None else self.processes.get(serial)

    def bury(self, serial: int, death: Death) -> None:
        if len(death.reason) > _LONGEST_EPITAPH:
            death = death._replace(reason=stand_in(death.reason, "too long to be kept"))
        self.graves[serial] = death
        if len(self.graves) > _GRAVES:
            self.graves.popitem(last=False)
