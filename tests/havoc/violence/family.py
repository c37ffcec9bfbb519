"""Who is to die and to be born after a fault: what OTP says of supervisors, as a ledger of deaths.

A `Case` is one fault with all that must follow from it. In one region there is one at a time, so
what follows is certain: a death or birth that is not due belongs to no fault, and one that does not
come is missing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from otp.terms import Pid
from tests.havoc.machine import PATIENCE
from tests.havoc.violence.people import Born
from tests.havoc.violence.shape import Path, Shape


@dataclass
class Case:
    """What is due: news of deaths with their reasons, births, and reports of clients."""

    kind: str
    downs: dict[Pid, Any] = field(default_factory=dict)
    births: Counter[Path] = field(default_factory=Counter)
    reports: int = 0
    given_up: int = 0
    """How many supervisors must give up."""
    harm: list[str] = field(default_factory=list)
    begun: float = field(default_factory=monotonic)

    @property
    def is_late(self) -> bool:
        """What is due has not come, though everybody had the time for it."""
        return monotonic() - self.begun > PATIENCE

    @property
    def is_over(self) -> bool:
        return not (self.downs or self.births or self.reports)

    def __str__(self) -> str:
        return f"{self.kind}: deaths {self.downs}, births {dict(self.births)}, {self.reports}"


class Family:
    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.there: dict[Path, Born] = {}
        self.paths: dict[Pid, Path] = {}
        self._restarts = Counter[Path]()

    def begins(self) -> Case:
        return Case("the start", births=Counter([*self.shape.below(()), ()]))

    def born(self, born: Born, case: Case) -> None:
        self.there[born.path], self.paths[born.pid] = born, born.path
        if not case.births[born.path]:
            case.harm.append(f"{born.path} is born as {born.pid} once too often")
        case.births -= Counter([born.path])

    def died(self, pid: Pid, reason: Any, case: Case) -> None:
        if pid not in case.downs:
            case.harm.append(f"{self.paths[pid]}, {pid}, has died of {reason!r}, of no fault")
        elif case.downs.pop(pid) != reason:
            case.harm.append(f"{self.paths[pid]}, {pid}, has died of {reason!r} instead")

    # ---- what is due

    def server_dies(self, case: Case, path: Path, reason: Any) -> None:
        case.downs[self.there[path].pid] = reason
        group = path[:-1]
        self._restarts[group] += 1
        if self._restarts[group] > self.shape.intensity(group):
            self._gives_up(case, group)
            return
        brothers = [(*group, number) for number in range(self.shape.width(group))]
        first = {"one_for_all": 0, "rest_for_one": path[-1]}.get(self.shape.strategy(group))
        members = [path] if first is None else brothers[first:]
        self._all_die(case, members, "shutdown")
        case.births.update(members)

    def supervisor_dies(self, case: Case, path: Path, reason: Any) -> None:
        """Its children die of the same reason; those that are supervisors stop theirs first."""
        children = [(*path, number) for number in range(self.shape.width(path))]
        self._all_die(case, [path, *children], reason)
        self._all_die(case, self.shape.below(path), "shutdown")
        self._restarted(case, path)

    def restarts_left(self, path: Path) -> int:
        return self.shape.intensity(path) - self._restarts[path]

    def _gives_up(self, case: Case, path: Path) -> None:
        case.given_up += 1
        self._all_die(case, [*self.shape.below(path), path], "shutdown")
        self._restarted(case, path)

    def _restarted(self, case: Case, path: Path) -> None:
        """It is, with all below it, or its own supervisor gives up."""
        above = path[:-1]
        self._restarts[above] += 1
        if self._restarts[above] > self.shape.intensity(above):
            self._gives_up(case, above)
            return
        everybody = [*self.shape.below(path), path]
        case.births.update(everybody)
        for below in everybody:
            self._restarts[below] = 0

    def _all_die(self, case: Case, paths: Any, reason: Any) -> None:
        """But for those of whom it is known already of what they die."""
        for path in paths:
            case.downs.setdefault(self.there[path].pid, reason)
