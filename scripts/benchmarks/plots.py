"""Pictures of what was measured: latency by payload, throughput by clients, curves of scale."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.table import UNITS, Row

WIDTH, HEIGHT, IN_A_ROW = 5.5, 4.0, 3
X_LABELS = {"payloads": "bytes", "clients": "clients", "scale": "servers", "limit": "servers"}
Y_LABELS = {"s": "seconds", "/s": "a second"}

Panel = tuple[str, str]
"""A picture and the unit of its y axis."""


def check() -> None:
    """Say what is missing before anything is measured."""
    if find_spec("matplotlib") is None:
        sys.exit("pictures need matplotlib, the extra `bench`: pip install -e '.[bench]'")


def draw(rows: list[Row], where: Path) -> None:
    """Into one file, if `where` has a suffix such as .png, else a file for each picture."""
    panels: dict[Panel, list[Row]] = {}
    for row in rows:
        if row.curve:
            panels.setdefault(_panel(row), []).append(row)
    if not panels:
        sys.exit("nothing of what was measured has a picture")
    if where.suffix:
        _save(panels, where)
        return
    where.mkdir(parents=True, exist_ok=True)
    for picture, keys in groupby(panels, key=lambda panel: panel[0]):
        _save({key: panels[key] for key in keys}, where / f"{picture}.png")


def _panel(row: Row) -> Panel:
    picture = row.curve.split(": ")[0]
    return picture, "s" if picture == "payloads" else row.unit


def _save(panels: dict[Panel, list[Row]], path: Path) -> None:
    from matplotlib.figure import Figure

    lines = -(-len(panels) // IN_A_ROW)
    columns = -(-len(panels) // lines)
    figure = Figure(figsize=(WIDTH * columns, HEIGHT * lines), layout="constrained")
    for place, (panel, rows) in enumerate(panels.items(), 1):
        _fill(figure.add_subplot(lines, columns, place), panel, rows)
    figure.savefig(path, dpi=120)
    print(f"drawn: {path}", file=sys.stderr)


def _fill(axes: Any, panel: Panel, rows: list[Row]) -> None:
    picture, unit = panel
    curves: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        scale = UNITS[row.unit] if picture == "payloads" else 1
        name = row.curve.split(": ")[1]
        curves.setdefault(name, []).append((row.x, row.value / scale))
    for name, points in curves.items():
        axes.plot(*zip(*sorted(points), strict=True), marker="o", markersize=3, label=name)
    axes.set(title=picture, xlabel=X_LABELS[picture], ylabel=Y_LABELS.get(unit, unit))
    axes.set_xscale("log")
    if picture == "payloads":
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
