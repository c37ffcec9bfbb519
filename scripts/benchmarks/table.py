"""A row of the table, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any

UNITS = {"s": 1.0, "ms": 1e3, "µs": 1e6}
_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, in `unit`; as a multiple of something else; and what it may be."""

    name: str
    value: float
    unit: str
    p99: float | None = None
    ratio: float | None = None
    of: str = ""
    """What the ratio is a multiple of, measured in the same rounds."""
    budget: float | None = None
    at_least: bool = False
    curve: str = ""
    x: float = 0
    """Where it stands in a picture."""

    @property
    def is_met(self) -> bool | None:
        """Whether the budget is kept: of the ratio if there is one, else of the value."""
        if self.budget is None:
            return None
        got = self.value if self.ratio is None else self.ratio
        return got >= self.budget if self.at_least else got <= self.budget

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "is_met": self.is_met}


def p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98] if len(values) >= _HUNDRED else max(values)


def latency(name: str, seconds: list[float], unit: str = "µs", **more: Any) -> Row:
    """A row of the median and the 99th percentile of these times."""
    scale = UNITS[unit]
    return Row(name, median(seconds) * scale, unit, p99(seconds) * scale, **more)


def compared(
    name: str, seconds: list[float], base: list[float], of: str, unit: str = "µs", **more: Any
) -> Row:
    """The same with the ratio of the medians."""
    return latency(name, seconds, unit, ratio=median(seconds) / median(base), of=of, **more)


HEADING = f"{'':44}{'median':>10}{'':7}{'p99':>10}  {'ratio':>7}   budget"


def line(row: Row) -> str:
    """The row as text.

    >>> line(Row("call", 10.5, "µs", 66.0, 2.4, "a bare pipe", 2.5)).split()
    ['call', '10.5', 'µs', '66.0', '2.40', '≤', '2.5', 'of', 'a', 'bare', 'pipe']
    """
    ratio = "" if row.ratio is None else _number(row.ratio)
    late = "" if row.p99 is None else _number(row.p99)
    budget = "" if row.budget is None else f"{'≥' if row.at_least else '≤'} {row.budget:g}"
    missed = "  missed" if row.is_met is False else ""
    of = f"of {row.of}" if row.of else ""
    numbers = f"{_number(row.value):>10} {row.unit:6}{late:>10}  {ratio:>7}   {budget:6}"
    return f"{row.name:44}{numbers} {of}{missed}".rstrip()


def markdown(rows: Iterable[Row]) -> str:
    """The rows that have a budget, as a table for README.md."""
    head = "| | here | ratio | to | budget |\n| --- | --- | --- | --- | --- |"
    return "\n".join([head, *(_markdown_line(row) for row in rows if row.budget is not None)])


def _markdown_line(row: Row) -> str:
    ratio = "" if row.ratio is None else _number(row.ratio)
    budget = "" if row.budget is None else f"{'≥' if row.at_least else '≤'} {row.budget:g}"
    missed = " (missed)" if row.is_met is False else ""
    return (
        f"| {row.name} | {_number(row.value)} {row.unit} | {ratio} | {row.of} | {budget}{missed} |"
    )


def _number(value: float) -> str:
    for least, digits in ((_HUNDRED, 0), (10, 1), (0.1, 2)):
        if abs(value) >= least:
            return f"{value:,.{digits}f}"
    return f"{value:.3g}"
