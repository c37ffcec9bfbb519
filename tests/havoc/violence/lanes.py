"""Who is hurt next: one lane for each region of the tree, one for the clients.

A lane makes one fault, waits until all has happened that must follow, and makes the next. What it
does is drawn from the seed alone, whatever the other lanes do meanwhile.
"""

from __future__ import annotations

import errno
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from otp import gen_server, process
from otp.terms import Pid
from tests.havoc.machine import PATIENCE
from tests.havoc.violence.family import Case
from tests.havoc.violence.faults import (
    BY_SIGNALS,
    TO_CLIENTS,
    TO_SERVERS,
    kill_and_wait,
    stop,
    stopped,
)
from tests.havoc.violence.people import Order, Report
from tests.havoc.violence.shape import Path
from tests.havoc.violence.siege import Siege

_LATE = 0.05
"""Seconds that a server which stands still is given to answer."""
_FLOOD = 1500
"""Casts, of which its pipe holds a part; the kernel keeps the others."""


class Lane:
    """`deck` is what it can do, each as often as the others."""

    def __init__(self, siege: Siege, number: int, seed: int) -> None:
        self.siege = siege
        self.number = number
        self.chance = random.Random(f"{seed} lane {number}")
        self.deck: dict[str, Callable[[Case], None]] = {}
        self._left: list[str] = []

    def next(self) -> None:
        if not self._left:
            self._left = list(self.deck)
            self.chance.shuffle(self._left)
        kind = self._left.pop()
        case = self.siege.cases[self.number] = Case(kind)
        self.siege.note(f"lane {self.number}: {kind}")
        self.deck[kind](case)

    def ask(self, who: Pid, orders: Any, then: Callable[[Report], None]) -> None:
        """Have this client carry out these orders; the case is not over before it has."""
        case = self.siege.case_of(self.number)
        case.reports += 1

        def heard(report: Report) -> None:
            case.reports -= 1
            then(report)

        self.siege.ask(who, orders, heard)


class Region(Lane):
    def __init__(self, siege: Siege, number: int, seed: int) -> None:
        super().__init__(siege, number, seed)
        deck = self.deck
        for what in TO_SERVERS:
            deck[f"a server: {what}"] = partial(self._server, what)
        for who in ("kernel", "launcher", "supervisor"):
            deck[f"a server: kill -9 while its {who} is stopped"] = partial(self._meanwhile, who)
        deck["a server: kill -9 while it is stopped"] = self._stopped_for_ever
        deck["a server: stopped for a while"] = self._stopped
        deck["a server: no more descriptors"] = self._few_descriptors
        deck["many servers at once: kill -9"] = self._storm
        for what in BY_SIGNALS:
            deck[f"a supervisor: {what}"] = partial(self._supervisor, what)

    def _victim(self) -> Path:
        return self.chance.choice(self.siege.family.shape.servers((self.number,)))

    def _server(self, what: str, case: Case) -> None:
        hurt, reason = TO_SERVERS[what]
        path = self._victim()
        victim = self.siege.family.there[path]
        self.siege.family.server_dies(case, path, reason)
        hurt(victim)

    def _supervisor(self, what: str, case: Case) -> None:
        hurt, reason = BY_SIGNALS[what]
        path = self._victim()[: self.chance.choice((1, 2, 2))]
        victim = self.siege.family.there[path]
        self.siege.family.supervisor_dies(case, path, reason)
        hurt(victim)

    def _meanwhile(self, who: str, case: Case) -> None:
        """Nobody can do anything about its death, until it is dead for good."""
        path, siege = self._victim(), self.siege
        supervisor, victim = siege.family.there[path[:-1]], siege.family.there[path]
        siege.family.server_dies(case, path, "killed")
        others = {"kernel": siege.kernel, "launcher": siege.launcher}
        with stopped(others.get(who, supervisor.os_pid)):
            kill_and_wait(victim.os_pid)

    def _stopped_for_ever(self, case: Case) -> None:
        path = self._victim()
        victim = self.siege.family.there[path]
        self.siege.family.server_dies(case, path, "killed")
        stop(victim.os_pid)
        process.exit(victim.pid, "kill")

    def _stopped(self, case: Case) -> None:
        """A call that gives up sooner is late; all that it was sent is done afterwards."""
        victim = self.siege.family.there[self._victim()]
        stop(victim.os_pid)

        def then(report: Report) -> None:
            os.kill(victim.os_pid, signal.SIGCONT)
            _expect(case, report, "late")

        self.ask(self.siege.prober, [Order(victim.pid, _FLOOD, 10, _LATE)], then)

    def _few_descriptors(self, case: Case) -> None:
        """It goes on to answer everybody, with parcels too."""
        victim = self.siege.family.there[self._victim()]
        gen_server.cast(victim.pid, "few descriptors")
        orders = [Order(victim.pid, 3, size, PATIENCE) for size in (10, 100_000)]
        self.ask(self.siege.prober, orders, partial(_expect, case, how="answered"))

    def _storm(self, case: Case) -> None:
        """As many as the supervisor restarts, where these have nothing to do with each other."""
        path, family = self._victim(), self.siege.family
        group, alone = path[:-1], family.shape.strategy(path[:-1]) == "one_for_one"
        count = min(family.restarts_left(group), family.shape.width(group)) if alone else 1
        numbers = self.chance.sample(range(family.shape.width(group)), max(1, count))
        victims = [family.there[*group, number] for number in numbers]
        for victim in victims:
            family.server_dies(case, victim.path, "killed")
        for victim in victims:
            os.kill(victim.os_pid, signal.SIGKILL)


class Clients(Lane):
    def __init__(self, siege: Siege, number: int, seed: int) -> None:
        super().__init__(siege, number, seed)
        for what in TO_CLIENTS:
            self.deck[f"a client: {what}"] = partial(self._client, what)
        self.deck["a client: its disk is full"] = self._full_disk
        self.deck["a client: no more descriptors"] = self._few_descriptors

    def _client(self, what: str, case: Case) -> None:
        hurt, reason = TO_CLIENTS[what]
        siege = self.siege
        victims = [pid for pid in siege.clients if pid not in siege.spared]
        victim = siege.clients[victims[self.chance.randrange(len(victims))]]
        case.downs[victim.pid] = reason
        case.births += Counter([victim.path])
        hurt(victim)
        siege.new_client()

    def _full_disk(self, case: Case) -> None:
        """What is too long for a frame cannot be sent, and has not been; all else can."""
        servers = self._servers(4)
        orders = [Order(pid, 1, size, PATIENCE) for pid in servers for size in (10, 1_000_000)]

        def then(report: Report) -> None:
            _expect(case, Report(report.client, report.outcomes[::2]), "answered")
            _expect(case, Report(report.client, report.outcomes[1::2]), "refused", errno.EFBIG)

        self.ask(self.siege.pauper, ("limited", "disk", orders), then)

    def _few_descriptors(self, case: Case) -> None:
        orders = [Order(pid, 1, 10, PATIENCE) for pid in self._servers(30)]
        then = partial(_expect, case, how="answered")
        self.ask(self.siege.pauper, ("limited", "descriptors", orders), then)

    def _servers(self, count: int) -> list[Pid]:
        family = self.siege.family
        return [family.there[p].pid for p in self.chance.choices(family.shape.servers(), k=count)]


def _expect(case: Case, report: Report, how: str, reason: Any = None) -> None:
    """All of its calls came to this; but those that are dead have an excuse."""
    for outcome in report.outcomes:
        if outcome.how not in ("ServerDied", "NoProcess") and outcome[2:] != (how, reason):
            case.harm.append(f"instead of {how!r}: {outcome}")
