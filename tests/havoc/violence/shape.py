"""The tree: a supervisor of regions, each a supervisor of groups, each a supervisor of servers.

A path leads to each of them: () is the top, (1,) a region, (1, 0) a group, (1, 0, 4) a server.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from otp.behaviour.supervisor_flags import Strategy

Path = tuple[int, ...]

_SERVER: Final = 3
"""How long the path to a server is."""
_STRATEGIES: Final[tuple[Strategy, ...]] = ("one_for_one", "one_for_all", "rest_for_one")


@dataclass(frozen=True)
class Shape:
    """Restarts count for ever, so each supervisor gives up at a known one."""

    widths: dict[Path, int]
    strategies: dict[Path, Strategy]
    intensities: dict[Path, int]

    def width(self, path: Path) -> int:
        return self.widths[path]

    def strategy(self, path: Path) -> Strategy:
        return self.strategies.get(path, "one_for_one")

    def intensity(self, path: Path) -> int:
        return self.intensities.get(path, 1_000_000)

    def is_server(self, path: Path) -> bool:
        return len(path) == _SERVER

    def has_names(self, region: int) -> bool:
        """Every other one; a supervisor that is restarted finds these names free."""
        return region % 2 == 0

    def name(self, path: Path) -> str | None:
        return "server" + "".join(f"_{n}" for n in path) if self.has_names(path[0]) else None

    def below(self, path: Path) -> Iterator[Path]:
        """Its children, theirs, and so on; first those who start first."""
        if not self.is_server(path):
            for number in range(self.width(path)):
                yield from self.below((*path, number))
                yield (*path, number)

    def servers(self, path: Path = ()) -> list[Path]:
        return [below for below in self.below(path) if self.is_server(below)]


def draw(chance: random.Random) -> Shape:
    """60 to 140 servers."""
    widths: dict[Path, int] = {(): 4}
    strategies: dict[Path, Strategy] = {}
    intensities: dict[Path, int] = {}
    for region in range(4):
        widths[region,] = chance.randint(4, 5)
        intensities[region,] = chance.randint(1, 3)
        for group in range(widths[region,]):
            path = (region, group)
            widths[path] = chance.randint(4, 7)
            strategies[path] = _STRATEGIES[(region + group) % len(_STRATEGIES)]
            intensities[path] = chance.randint(1, 5)
    return Shape(widths, strategies, intensities)
