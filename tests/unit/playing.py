"""A node without a process: events go into `otp.kernel.state.step`, what comes out is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pickle import dumps, loads
from typing import Any

from otp.kernel import state as kernel
from otp.kernel.effects import Effect, Kill, Launch, Send
from otp.kernel.table import State
from otp.wire.codec import flat
from otp.wire.protocol import (
    ANSWER,
    ATTACH,
    DOWN,
    EXIT,
    EXITING,
    FORKED,
    LAUNCHER,
    READY,
    REAPED,
    SPAWN,
)

PROGRAM = 100
ORDER: dict[str, Any] = {
    "link": False, "monitor": 0, "name": None, "label": "worker", "patience": 5.0,
    "module": None, "work": b"work", "in_parcel": False, "surroundings": {},
}  # fmt: skip


class Play:
    """`main` is the attached program. OS pids are 1000 + serial number."""

    def __init__(self) -> None:
        self.state = State(program=PROGRAM)
        self.now = 0.0
        self.main = self.attach(PROGRAM)

    def tell(self, kind: int, sender: int, *args: Any, ref: int = 0) -> list[Effect]:
        return kernel.step(self.state, (kind, sender, ref, dumps(args)), self.now)

    def raw(self, kind: int, sender: int, payload: bytes, ref: int = 0) -> list[Effect]:
        return kernel.step(self.state, (kind, sender, ref, payload), self.now)

    def ask(self, kind: int, sender: int, *args: Any) -> Any:
        """What the kernel answers; it must answer at once, and once."""
        (answer,) = answers(self.tell(kind, sender, *args, ref=77))
        assert (answer.to, answer.ref) == (sender, 77)
        return loads(answer.payload)

    def tick(self, now: float) -> list[Effect]:
        self.now = now
        return kernel.tick(self.state, now)

    # ---- lives

    def attach(self, os_pid: int, *, bell: bool = True) -> int:
        self.tell(ATTACH, 0, "new", os_pid, bell)
        return self.state.last_serial

    def order(self, parent: int, **wish: Any) -> list[Effect]:
        return self.tell(SPAWN, parent, ORDER | wish, ref=5)

    def spawn(self, parent: int | None = None, **wish: Any) -> int:
        """A worker that has been forked and is ready."""
        serial = self.launch(parent, **wish)
        self.fork(serial)
        self.tell(READY, serial, None, {}, 1000 + serial)
        return serial

    def launch(self, parent: int | None = None, **wish: Any) -> int:
        """A worker that is ordered, but not there yet."""
        effects = self.order(self.main if parent is None else parent, **wish)
        (launch,) = [e for e in effects if isinstance(e, Launch)]
        return launch.serial

    def fork(self, serial: int, launcher: int = LAUNCHER) -> list[Effect]:
        return self.tell(FORKED, launcher, serial, 1000 + serial, b"")

    def leave(self, serial: int, reason: Any = "normal") -> list[Effect]:
        """It says why, ends and is reaped: what happens then."""
        before = self.tell(EXITING, serial, flat(reason), 0, 0)
        return [*before, *self.reap(serial)]

    def reap(self, serial: int, status: int = 0) -> list[Effect]:
        return self.tell(REAPED, LAUNCHER, 1000 + serial, status)


def answers(effects: Sequence[Effect]) -> list[Send]:
    return [e for e in effects if isinstance(e, Send) and e.kind == ANSWER]


def news(effects: Sequence[Effect]) -> list[tuple[str, int, int, Any]]:
    """Who is told what: ("exit" or "down", to whom, who died, reason)."""
    names = {EXIT: "exit", DOWN: "down"}
    return [
        (names[e.kind], e.to, e.sender, loads(e.payload))
        for e in effects
        if isinstance(e, Send) and e.kind in names
    ]


def killed(effects: Sequence[Effect]) -> list[int]:
    return [e.to for e in effects if isinstance(e, Kill)]
