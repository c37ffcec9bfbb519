"""Whether something grows with what was done: a straight line through samples of it.

The first quarter of the samples is warm-up: caches, code seen for the first time, tables that have
a bound (the kernel remembers why the last 10,000 died, which takes some 300 bytes each).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import linear_regression

from tests.havoc.machine import Size

BYTES_EACH = 512
"""More memory than this for each death counts as lost, once it has come to `BYTES_IN_ALL`."""
BYTES_IN_ALL = 768 << 10
DESCRIPTORS_IN_ALL = 2.5

Samples = Sequence[tuple[int, Mapping[str, Size]]]
"""How much was done until then, and what everyone had."""


def growth(samples: Samples) -> list[str]:
    """Who has grown, and by how much.

    >>> of = [(count, {"kernel": Size(4096, 7 + count)}) for count in range(9)]
    >>> growth(of)
    ['kernel: 1.000 descriptors for each of 6']
    """
    late = samples[len(samples) // 4 :]
    done = [count for count, _ in late]
    return [line for who in late[0][1] for line in _grown(who, done, [all[who] for _, all in late])]


def _grown(who: str, done: list[int], sizes: list[Size]) -> Iterator[str]:
    many = done[-1] - done[0]
    each = _slope(done, [size.memory for size in sizes])
    if each > BYTES_EACH and each * many > BYTES_IN_ALL:
        yield f"{who}: {each:.0f} bytes for each of {many}"
    each = _slope(done, [size.descriptors for size in sizes])
    if each * many > DESCRIPTORS_IN_ALL:
        yield f"{who}: {each:.3f} descriptors for each of {many}"


def _slope(done: list[int], sizes: list[int]) -> float:
    return linear_regression(done, sizes).slope
