"""What was done to a part of the library, and what was lost by it: the rows of ``make havoc``.

>>> print(table([Row("kill -9 of a server", 40, "its supervisor restarts it", 0)]))
fault               | injected | promised                   | lost
--------------------|----------|----------------------------|-----
kill -9 of a server |       40 | its supervisor restarts it |    0
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    fault: str
    injected: int
    promised: str
    lost: int
    """How often the promise was broken."""
    skipped: str = ""
    """Why nothing was injected, where that is no fault of ours."""


_TITLE = ("fault", "injected", "promised", "lost")


def table(rows: Sequence[Row]) -> str:
    lines = [
        _TITLE,
        *([row.fault, f"{row.injected:,}", row.promised, _lost(row)] for row in rows),
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_TITLE))]
    texts = [_line(line, widths) for line in lines]
    return "\n".join([texts[0], "-|-".join("-" * width for width in widths), *texts[1:]])


def _lost(row: Row) -> str:
    return "skipped" if row.skipped else str(row.lost)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    fault, injected, promised, lost = (
        f"{cell:{'<>'[number]}{width}}"
        for cell, width, number in zip(cells, widths, (0, 1, 0, 1), strict=True)
    )
    return f"{fault} | {injected} | {promised} | {lost}".rstrip()


def broken(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.lost or not (row.injected or row.skipped)]
