"""Which action comes next: drawn by a seed, among those that can happen now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf
from random import Random
from typing import Any, Final

from tests.havoc.simulation.acting import Action
from tests.havoc.simulation.doing import DEEDS
from tests.havoc.simulation.forking import THREADED
from tests.havoc.simulation.living import Life
from tests.havoc.simulation.node import FOREIGN, Node
from tests.havoc.simulation.supervising import FAMILIES
from tests.havoc.simulation.system import ROOM
from tests.havoc.simulation.watching import PROGRAM

NAMES: Final = ("kv", "web")
REASONS: Final = ("boom", "boom", "normal", "kill", "shutdown")
_MODULES: Final = ("shop", "shop", "depot", THREADED)


class Chooser:
    def __init__(self, random: Random, node: Node) -> None:
        self._draw, self._node = random.random, node
        self._born = 0
        self._last = "main"

    def next(self) -> Action:
        return self.one_of(_VERBS)(self)

    def of_a_family(self) -> Action:
        """A supervisor to whom much happens."""
        children = [x for x in self._node.lives.values() if "." in x.name and not x.is_over]
        if not children or self._draw() < 0.3:
            return self.one_of((("rounds", 3), ("rounds", 6), self._clock(), self.next()))
        child = self.one_of(children)
        if child.is_idle and self._draw() < 0.5:
            return ("do", child.name, "leave", self.one_of(REASONS))
        return ("end", child.name, self.one_of((-9, 3)))

    def first(self) -> Action:
        """There is somebody to begin with: a worker, or a thread of another program."""
        if self._draw() < 0.2:
            return ("joined", self._new(), FOREIGN)
        parent = self.one_of([x for x in self._node.lives.values() if x.is_idle])
        return ("born", self._new(), parent.name, self._wish())

    def one_of(self, among: Sequence[Any]) -> Any:
        return among[int(self._draw() * len(among))]

    def _life(self) -> str:
        name: str = self.one_of(list(self._node.lives))
        return name

    def _new(self) -> str:
        self._born += 1
        return f"p{self._born}"

    def _idle(self) -> Life | None:
        idle = [x for x in self._node.lives.values() if x.is_idle and not x.receives]
        return self.one_of(idle) if idle else None

    def _do(self) -> Action:
        life = self._idle()
        if life is None:
            return self._kernel()
        deed = self.one_of(_DEEDS)
        return ("do", life.name, deed, *self._arguments(deed))

    def _arguments(self, deed: str) -> Iterable[Any]:
        return [_DRAW[kind](self) for kind in _TAKES.get(deed, ())]

    def _kernel(self) -> Action:
        if not self._node.system.kernel.frames and self._draw() < _MOSTLY:
            return self._turn()
        return ("kernel", self.one_of((1, 1, 2, 3, inf)))

    def _turn(self) -> Action:
        """Mostly of one who has something to hear, or has not begun."""
        pipes = self._node.system.pipes
        awake = [
            x.name
            for x in self._node.lives.values()
            if (pipe := pipes.get(f"p/{x.serial}")) is not None
            and (pipe.frames or x.context is None or x.is_leaving)
        ]
        return ("turn", self.one_of(awake) if awake and self._draw() < _MOSTLY else self._life())

    def _launcher(self) -> Action:
        verb = self.one_of(("launcher", "launcher", "reap"))
        return (verb, self.one_of(list(self._node.launchers)))

    def _bell(self) -> Action:
        return ("bell", self._life())

    def _end(self) -> Action:
        return ("end", self._life(), self.one_of((-9, -9, -11, 3)))

    def _clock(self) -> Action:
        return ("clock", self.one_of((0.01, 0.06, 0.3, 1.0, 6.0)))

    def _room(self) -> Action:
        return ("room", self._someone()[1:], self.one_of((0, 1, 2, ROOM)))

    def _stop(self) -> Action:
        return ("stop", self._someone()[1:], self._draw() < 0.7)

    def _supervise(self) -> Action:
        life = self._idle()
        family = int(self._draw() * len(FAMILIES))
        return ("supervise", life.name, family, self._new()) if life else self._kernel()

    def _attach(self) -> Action:
        if self._draw() < 0.5:
            return ("attach_in", self._new(), self._life())
        return ("attach", self._new(), self.one_of((PROGRAM, FOREIGN, FOREIGN)))

    def _rare(self) -> Action:
        if self._draw() < 0.5:
            return ("refuse", 1, self._draw() < 0.6)
        if self._draw() < 0.2:
            return ("end_launcher", self.one_of(list(self._node.launchers)))
        return ("scarce", self._draw() < 0.6)

    def _wish(self) -> dict[str, Any]:
        draw = self._draw
        return {
            "link": draw() < 0.5, "monitor": draw() < 0.4,
            "name": self.one_of(NAMES) if draw() < 0.3 else None,
            "trap": draw() < 0.4,
            "module": self.one_of(_MODULES) if draw() < 0.1 else None,
        }  # fmt: skip

    def _someone(self) -> str:
        """Often the one of the last time: what is strange happens between two."""
        if self._draw() < 0.5:
            self._last = self._life()
        return "@" + self._last


_MOSTLY: Final = 0.9
_WEIGHTS: Final[dict[Callable[[Chooser], Action], int]] = {
    Chooser._do: 40, Chooser._kernel: 22, Chooser._turn: 16, Chooser._launcher: 9,
    Chooser._bell: 2, Chooser._end: 3, Chooser._clock: 3, Chooser._room: 2, Chooser._stop: 2,
    Chooser._supervise: 2, Chooser._attach: 2, Chooser._rare: 1,
}  # fmt: skip
_VERBS: Final = [verb for verb, weight in _WEIGHTS.items() for _ in range(weight)]

_DRAW: Final[dict[str, Callable[[Chooser], Any]]] = {
    "one": Chooser._someone,
    "new": Chooser._new,
    "wish": Chooser._wish,
    "name": lambda chooser: chooser.one_of(NAMES),
    "either": lambda chooser: chooser.one_of((chooser._someone(), *NAMES)),
    "reason": lambda chooser: chooser.one_of(REASONS),
    "on": lambda chooser: chooser.one_of((True, True, False)),
    "then": lambda chooser: chooser.one_of(("watch", "send", "send", "ask")),
    "after": lambda chooser: chooser.one_of((0.0, 0.05, 1.0, 9.0)),
    "option": lambda chooser: chooser.one_of(("explicit_unalias", "demonitor", "reply_demonitor")),
    "number": lambda chooser: chooser.one_of(range(6)),
}

_TAKES: Final = {
    "send": ("one",), "exit": ("one", "reason"), "exits": ("one", "reason"),
    "exit_and": ("one", "reason", "then"), "link": ("one",), "unlink": ("one",),
    "monitor": ("one",), "monitor_name": ("name",), "spawn": ("new", "wish"),
    "register": ("name", "one"), "unregister": ("name",), "timer": ("either", "after"),
    "cancel": ("number",), "is_alive": ("one",), "reason_of": ("one",), "trap": ("on",),
    "alias": ("one", "option"), "mail": ("number",), "leave": ("reason",),
}  # fmt: skip

_OFTEN: Final = {"spawn": 7, "send": 5, "monitor": 4, "link": 3, "exit": 5, "leave": 2}
_DEEDS: Final = [
    deed for deed in DEEDS for _ in range(_OFTEN.get(deed, 2 if _TAKES.get(deed) else 1))
]
