"""The children of a supervisor in start order: bookkeeping only.

1. An entry is there from the first start of the child until it is deleted. That of a temporary
   child, and any under simple_one_for_one, goes as soon as the child ends and is not restarted.
2. An entry keeps its place in the order over all restarts.
3. A child has a process (`pid`), or waits for another try to restart it (`restarting`), or neither.
4. Under simple_one_for_one children have no id: their keys are numbers that nobody else sees.

>>> children = Children()
>>> for number, id in enumerate(("db", "web")):
...     children.add(ChildSpec(id, dict), Pid(number, "demo"))
>>> [(child.key, child.pid) for child in children]
[('db', <0.0.0>), ('web', <0.1.0>)]
>>> children.running(Pid(1, "demo")).key
'web'
>>> children.ended("db")
>>> children.info()
[ChildInfo(id='web', pid=<0.1.0>, kind='worker'), ChildInfo(id='db', pid=None, kind='worker')]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from otp.behaviour.child import ChildInfo, ChildSpec, Restart
from otp.behaviour.restarting import stays
from otp.behaviour.supervisor_flags import Strategy
from otp.terms import Pid


@dataclass(slots=True)
class Child:
    """`pid` is the process it has now, `former` the one whose restart has failed so far."""

    key: Any
    spec: ChildSpec
    pid: Pid | None = None
    restarting: bool = False
    former: Pid | None = None

    @property
    def process(self) -> Pid | Literal["restarting"] | None:
        """What is shown to those who ask for this child."""
        return "restarting" if self.restarting else self.pid


class Children:
    def __init__(self, strategy: Strategy = "one_for_one") -> None:
        self._strategy = strategy
        self._simple = strategy == "simple_one_for_one"
        self._last_number = 0
        self._entries: dict[Any, Child] = {}
        self._keys: dict[Pid, Any] = {}

    def __iter__(self) -> Iterator[Child]:
        return iter(list(self._entries.values()))

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Children({list(self)})"

    @property
    def family(self) -> Mapping[Any, Restart]:
        """The restart types by key in start order, as the decision wants to see them."""
        return _Family(self._entries)

    def get(self, key: Any) -> Child:
        return self._entries[key]

    def find(self, key: Any) -> Child | None:
        return self._entries.get(key)

    def running(self, pid: Pid) -> Child | None:
        return self._entries[self._keys[pid]] if pid in self._keys else None

    def restarting(self, former: Pid) -> Child | None:
        """The child whose process was `former` and could not be replaced up to now."""
        return next((c for c in self if c.restarting and c.former == former), None)

    def add(self, spec: ChildSpec, pid: Pid | None = None) -> None:
        """A new child, the last in start order."""
        self._last_number += 1
        key = self._last_number if self._simple else spec.id
        self._entries[key] = Child(key, spec)
        if pid is not None:
            self.started(key, pid)

    def started(self, key: Any, pid: Pid) -> None:
        self._settle(key, pid)
        self._keys[pid] = key

    def ended(self, key: Any) -> None:
        """It has no process now and gets none by itself."""
        self.down(key)
        if not stays(self._strategy, self._entries[key].spec.restart):
            del self._entries[key]

    def down(self, key: Any) -> None:
        """It has no process now and is about to be restarted."""
        self._settle(key, None)

    def not_restarted(self, key: Any, former: Pid | None) -> None:
        """It could not be restarted and is to be tried again."""
        child = self._entries[key]
        child.restarting, child.former = True, former

    def delete(self, key: Any) -> None:
        self.down(key)
        del self._entries[key]

    def significant_left(self) -> int:
        """How many significant children still run or are about to."""
        return sum(c.spec.significant and c.process is not None for c in self)

    def info(self) -> list[ChildInfo]:
        """The last started first, as OTP shows them."""
        return [
            ChildInfo(None if self._simple else c.key, c.process, c.spec.kind)
            for c in reversed(self._entries.values())
        ]

    def _settle(self, key: Any, pid: Pid | None) -> None:
        child = self._entries[key]
        if child.pid is not None and self._keys.get(child.pid) == key:
            del self._keys[child.pid]
        child.pid, child.restarting, child.former = pid, False, None


class _Family(Mapping[Any, Restart]):
    """A view, because a supervisor with thousands of children should not copy them at each end."""

    def __init__(self, entries: dict[Any, Child]) -> None:
        self._entries = entries

    def __getitem__(self, key: Any) -> Restart:
        return self._entries[key].spec.restart

    def __iter__(self) -> Iterator[Any]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
