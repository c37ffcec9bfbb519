"""What servers and clients tell of requests, and whether it fits together.

Casts and calls of one client to one server are numbered together, so what the server has heard must
be 1, 2, 3 and so on: each once, none missing, in order. What a client is told must be true.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from otp.terms import Pid
from tests.havoc.violence.people import Did, Outcome, Report

Pair = tuple[Pid, Pid]
"""Server and client."""


class Ledger:
    def __init__(self) -> None:
        self.reasons: dict[Pid, Any] = {}
        """Why the dead have died, as we were told."""
        self.casts_harm: list[str] = []
        self.calls_harm: list[str] = []
        self.outcomes = Counter[str]()
        self._heard = Counter[Pair]()
        self._sent = Counter[Pair]()
        self._answered = Counter[Pair]()
        self._errors: list[tuple[Pid, Outcome]] = []

    @property
    def requests(self) -> int:
        return self._heard.total()

    def did(self, did: Did) -> None:
        pair = did.server, did.client
        if did.server in self.reasons:
            self.casts_harm.append(f"{did.server} speaks after the news of its death: {did}")
        if did.number != self._heard[pair] + 1:
            self.casts_harm.append(f"{did}, after number {self._heard[pair]}")
        self._heard[pair] = did.number

    def report(self, report: Report, *, may_be_late: bool = False) -> None:
        for outcome in report.outcomes:
            pair = outcome.server, report.client
            self._sent[pair] = outcome.number
            self.outcomes[outcome.how] += 1
            if outcome.how == "answered":
                self._answered[pair] = outcome.number
            elif outcome.how in ("ServerDied", "NoProcess"):
                self._errors.append((report.client, outcome))
            elif outcome.how != "refused" and not (may_be_late and outcome.how == "late"):
                self.calls_harm.append(f"{report.client}: {outcome}")

    def died(self, pid: Pid, reason: Any) -> None:
        if pid in self.reasons:
            self.calls_harm.append(f"{pid} has died of {self.reasons[pid]!r}, and of {reason!r}")
        self.reasons[pid] = reason

    def close(self) -> None:
        """All is said: every living server has answered every living client."""
        self.calls_harm += self._lies()
        self.casts_harm += self._losses()

    def _lies(self) -> Iterator[str]:
        for client, outcome in self._errors:
            reason = self.reasons.get(outcome.server, "alive")
            true = outcome.reason == ("noproc" if outcome.how == "NoProcess" else reason)
            if not true or reason == "alive":
                yield f"{client}: {outcome}, and the truth is {reason!r}"
        for pair, number in self._answered.items():
            if number > self._heard[pair]:
                yield f"{pair[0]} has answered {number} of {pair[1]}, and has not heard it"

    def _losses(self) -> Iterator[str]:
        for pair, number in self._sent.items():
            server, client = pair
            if client in self.reasons:
                continue
            heard = self._heard[pair]
            if heard > number or (heard < number and server not in self.reasons):
                yield f"{server} has heard {heard} of {number} of {client}"
