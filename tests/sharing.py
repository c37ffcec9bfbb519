"""Tests shared out among several runs of pytest at once: ``--part 1/2`` runs the first half.

Files stay whole, and go, the heaviest first, to whoever has least to do. That tests of several runs
disturb each other as little as processes of several programs do is part of what is tested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

_OF_A_NODE = 6  # how much longer a test takes that starts processes
_OF_ITS_OWN = 30  # and one that starts a node


def weights(tests: Iterable[tuple[Path, Collection[str]]]) -> Counter[Path]:
    """The files of these tests, each given with its fixtures, by how long they may take."""
    found: Counter[Path] = Counter()
    for path, fixtures in tests:
        if "fresh_node" in fixtures:
            found[path] += _OF_ITS_OWN
        else:
            found[path] += _OF_A_NODE if "node" in path.parts else 1
    return found


def shares(weighed: Mapping[Path, int], count: int) -> list[set[Path]]:
    """So many sets of files of about equal weight.

    >>> a, b, c = map(Path, "abc")
    >>> shares({a: 3, b: 2, c: 2}, 2) == [{a}, {b, c}]
    True
    """
    taken = [0] * count
    out: list[set[Path]] = [set() for _ in range(count)]
    for path in sorted(weighed, key=lambda path: (-weighed[path], path)):
        least = taken.index(min(taken))
        taken[least] += weighed[path]
        out[least].add(path)
    return out


def part(text: str) -> tuple[int, int]:
    """What ``--part`` is given: which, and of how many."""
    number, count = (int(word) for word in text.split("/"))
    if not 1 <= number <= count:
        raise ValueError(f"{text} is no part: say 1/2, then 2/2")
    return number, count
