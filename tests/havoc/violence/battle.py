"""The faults, one after the other in each lane, and what came of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic

from otp import node, process, supervisor
from tests.footprint import parcels
from tests.havoc.machine import PATIENCE, Size
from tests.havoc.report import Row
from tests.havoc.violence.family import Case
from tests.havoc.violence.lanes import Clients, Lane, Region
from tests.havoc.violence.siege import Siege

PROMISED = {
    "a server": "its supervisor does what OTP says, no more",
    "a server: stopped for a while": "calls are late, and none is lost",
    "a server: no more descriptors": "it answers everybody",
    "many servers at once": "each is restarted once",
    "a supervisor": "it is restarted once, with all below it",
    "a client": "nobody else is harmed",
    "a client: its disk is full": "what is long is refused, the rest goes",
    "a client: no more descriptors": "its calls are answered",
}
_WARM_UP = 60
"""Faults until everyone has seen everything once, and has the size that it keeps."""
_MEMORY = 6 << 20
"""Bytes, which is less than the requests of a second."""


class Harmed(Exception):
    """Something was lost. From now on it is not certain any more what must follow from what."""


class Battle:
    def __init__(self, siege: Siege, seed: int) -> None:
        self.siege = siege
        regions = range(siege.family.shape.width(()))
        self.lanes: dict[int, Lane] = {n: Region(siege, n, seed) for n in regions}
        self.lanes[-1] = Clients(siege, -1, seed)
        self.made = Counter[str]()
        self.harmed = Counter[str]()
        self.given_up = 0
        self._sizes: dict[str, Size] = {}

    # ---- faults

    def fight(self, until: float) -> None:
        """Begin, hurt until the time is over, let all of that come to its end."""
        self.siege.begin()
        self._calm_sizes()
        self.siege.rage()
        for lane in self.lanes.values():
            lane.next()
        while self.siege.cases:
            self._settle(go_on=monotonic() < until)
            if self.siege.cases:
                self.siege.hear()
        self.siege.calm()
        self.siege.ledger.close()

    def _calm_sizes(self) -> None:
        """After some faults, when nobody does anything."""
        self.siege.rage()
        for lane in self.lanes.values():
            lane.next()
        while self.siege.cases:
            self._settle(go_on=self.made.total() < _WARM_UP)
            if self.siege.cases:
                self.siege.hear()
        self.siege.calm()
        self._sizes = self.siege.sizes()

    def _settle(self, *, go_on: bool) -> None:
        """Whatever has happened as it must is over, and another fault may be made there."""
        for number, case in list(self.siege.cases.items()):
            if case.is_late:
                raise TimeoutError(f"{case.kind} does not come to its end")
            if case.is_over:
                del self.siege.cases[number]
                if number >= 0:
                    case.harm += self.siege.check(number)
                self._count(case)
                if case.harm:
                    raise Harmed
                if go_on:
                    self.lanes[number].next()

    def _count(self, case: Case) -> None:
        self.made[case.kind] += 1
        self.given_up += case.given_up
        if case.harm:
            self.harmed[case.kind] += 1
            self.tell(case)

    def tell(self, case: Case) -> None:
        """What was wrong, and what had happened until then."""
        print(f"{case.kind}: {'; '.join(case.harm)}", flush=True)
        for line in self.siege.history:
            print(f"    {line}", flush=True)
        self.siege.history.clear()

    def stuck(self, why: object) -> None:
        """Something does not come that must: what each lane waits for."""
        for case in self.siege.cases.values():
            if case.harm or not case.is_over:
                case.harm.append(f"{why}; there is to come yet: {case}")
                self._count(case)

    # ---- the end

    def peace(self) -> list[str]:
        """All of them end; what is left then, and who has grown."""
        siege = self.siege
        harm = [*self._grown(siege.sizes()), *_unopened()]
        end = Case("the end")
        siege.cases = dict.fromkeys(self.lanes, end)
        top = siege.family.there[()].pid
        end.downs = {born.pid: "shutdown" for born in siege.family.there.values()}
        end.downs |= {top: "normal", **dict.fromkeys(siege.clients, "killed")}
        for pid in list(siege.clients):
            process.exit(pid, "kill")
        supervisor.stop(top)
        while not end.is_over:
            siege.hear()
        siege.catch_up()
        return [*harm, *end.harm, *siege.nothing.harm, *_left()]

    def _grown(self, now: dict[str, Size]) -> Iterator[str]:
        for who, before in self._sizes.items():
            if now[who].memory > before.memory + _MEMORY:
                yield f"the memory of {who} was {before.memory}, and is {now[who].memory}"
            if now[who].descriptors > before.descriptors + 1:
                yield f"the descriptors of {who} were {before}, and are {now[who]}"

    def rows(self) -> list[Row]:
        ledger = self.siege.ledger
        rows = [
            Row(kind, self.made[kind], _promise(kind), self.harmed[kind])
            for kind in sorted(self.made)
        ]
        calls = ledger.outcomes.total()
        skipped = "" if self.given_up else "there was no time for so many restarts"
        return [
            *rows,
            Row("supervisors that give up", self.given_up, "with one restart too many", 0, skipped),
            Row("requests meanwhile", ledger.requests, "once, in order", len(ledger.casts_harm)),
            Row("calls meanwhile", calls, "the answer, or a true error", len(ledger.calls_harm)),
        ]


def _promise(kind: str) -> str:
    return PROMISED.get(kind) or PROMISED[kind.partition(":")[0]]


def _unopened() -> list[str]:
    """Parcels that lie about, though all requests are done and everyone has time to look."""
    until, directory = monotonic() + PATIENCE, node.current().directory
    while (found := parcels(directory)) and monotonic() < until:
        with suppress(TimeoutError):
            process.receive(lambda message: False, timeout=0.01)
    return [f"nobody opens or removes {path}" for path in found]


def _left() -> Iterator[str]:
    if (there := process.processes()) != [process.self()]:
        yield f"processes are left: {there}"
    if names := process.registered():
        yield f"names are left: {names}"
    directory = node.current().directory
    if files := parcels(directory) + os.listdir(f"{directory}/names"):
        yield f"parcels and names are left: {files}"
