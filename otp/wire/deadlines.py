"""What is to happen when: the timers of one process, or of the kernel.

>>> deadlines = Deadlines()
>>> deadlines.add(1, 30.0, "late"); deadlines.add(2, 10.0, "soon"); deadlines.add(3, 20.0, "never")
>>> deadlines.cancel(3)
20.0
>>> deadlines.first(), deadlines.due(now=29.0), deadlines.due(now=30.0), deadlines.first()
(10.0, [(2, 'soon')], [(1, 'late')], None)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from typing import Final, Generic, TypeVar

Id = TypeVar("Id", bound=Hashable)
Item = TypeVar("Item")

_FEW: Final = 64  # stale entries that are not worth a thought


class Deadlines(Generic[Id, Item]):
    """Items by due time; equal times in the order they were added. Time is the caller's.

    What is cancelled stays in the heap until it comes to the top, or until most of the heap is
    stale. The doorbell may `cancel` between any two instructions of the others: so `cancel` leaves
    the heap alone, and an entry that has gone stale meanwhile is never taken for anything else.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Id]] = []
        self.items: dict[Id, tuple[float, int, Item]] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, id: Id) -> bool:
        return id in self.items

    def add(self, id: Id, when: float, item: Item) -> None:
        if len(self._heap) > 2 * len(self.items) + _FEW:
            self._compact()
        self._count += 1
        self.items[id] = (when, self._count, item)
        heappush(self._heap, (when, self._count, id))

    def when(self, id: Id) -> float | None:
        entry = self.items.get(id)
        return entry[0] if entry else None

    def item(self, id: Id) -> Item | None:
        entry = self.items.get(id)
        return entry[2] if entry else None

    def cancel(self, id: Id) -> float | None:
        """Forget it; return when it was due, or None if it is not there any more."""
        entry = self.items.pop(id, None)
        return entry[0] if entry else None

    def first(self) -> float | None:
        """When the next one is due."""
        heap = self._heap
        while heap and not self._is_current(heap[0]):
            heappop(heap)
        return heap[0][0] if heap else None

    def due(self, now: float) -> list[tuple[Id, Item]]:
        """Take out all that are due, earliest first."""
        out = []
        while (when := self.first()) is not None and when <= now:
            id = heappop(self._heap)[2]
            if (entry := self.items.pop(id, None)) is not None:
                out.append((id, entry[2]))
        return out

    def move(self, now: float, to: deque[Item]) -> None:
        """The same, each put straight behind the others.

        By operators alone, so that a signal handler that raises loses none (`otp.runtime.mailbox`).
        """
        while (when := self.first()) is not None and when <= now:
            id = self._heap[0][2]
            to += (self.items[id][2],)
            del self.items[id]

    def _compact(self) -> None:
        current = list(self.items.items())
        heap = [(when, count, id) for id, (when, count, _) in current]
        heapify(heap)
        self._heap = heap

    def _is_current(self, entry: tuple[float, int, Id]) -> bool:
        _, count, id = entry
        item = self.items.get(id)
        return item is not None and item[1] == count
