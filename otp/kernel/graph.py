"""Who must hear of a death: links and monitors.

Bookkeeping only, in serial numbers. The kernel tells a Graph what happened and sends what it
answers.

1. A link is a pair without direction; made twice, it is there once.
2. A monitor points from a watcher to a target and is named by the watcher's tag; one watcher may
   hold several on the same target.
3. A death removes every edge that touches the dead, so nobody hears of it twice.

>>> graph = Graph()
>>> graph.link(1, 2)
>>> graph.monitor(3, 9, target=1)
>>> graph.died(1)
([2], [(3, 9)])
>>> graph.died(1)
([], [])
"""

from __future__ import annotations

from collections import defaultdict
from typing import TypeVar

Edge = TypeVar("Edge")


class Graph:
    def __init__(self) -> None:
        self._links: defaultdict[int, set[int]] = defaultdict(set)
        self._targets: dict[tuple[int, int], int] = {}
        self._watched: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
        self._watching: defaultdict[int, set[int]] = defaultdict(set)

    def link(self, a: int, b: int) -> None:
        if a != b:
            self._links[a].add(b)
            self._links[b].add(a)

    def are_linked(self, a: int, b: int) -> bool:
        return b in self._links.get(a, ())

    def unlink(self, a: int, b: int) -> None:
        for one, other in ((a, b), (b, a)):
            self._discard(self._links, one, other)

    def monitor(self, watcher: int, tag: int, *, target: int) -> None:
        self._targets[watcher, tag] = target
        self._watched[target].add((watcher, tag))
        self._watching[watcher].add(tag)

    def demonitor(self, watcher: int, tag: int) -> None:
        target = self._targets.pop((watcher, tag), None)
        if target is not None:
            self._discard(self._watched, target, (watcher, tag))
            self._discard(self._watching, watcher, tag)

    def died(self, who: int) -> tuple[list[int], list[tuple[int, int]]]:
        """Forget `who`; return its links, and its monitors as (watcher, tag)."""
        linked = sorted(self._links.pop(who, ()))
        for peer in linked:
            self._discard(self._links, peer, who)
        for tag in list(self._watching.get(who, ())):
            self.demonitor(who, tag)
        watchers = sorted(self._watched.get(who, ()))
        for watcher, tag in watchers:
            self.demonitor(watcher, tag)
        return linked, watchers

    def links(self, who: int) -> list[int]:
        return sorted(self._links.get(who, ()))

    def targets(self, who: int) -> list[int]:
        """Whom it monitors."""
        return sorted(self._targets[who, tag] for tag in self._watching.get(who, ()))

    def watchers(self, who: int) -> list[int]:
        """Who monitors it."""
        return sorted({watcher for watcher, _ in self._watched.get(who, ())})

    @staticmethod
    def _discard(index: defaultdict[int, set[Edge]], key: int, value: Edge) -> None:
        if key in index:
            index[key].discard(value)
            if not index[key]:
                del index[key]
