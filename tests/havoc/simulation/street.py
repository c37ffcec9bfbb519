"""What has been sent from each to each, and who is who: what no process knows alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.havoc.simulation.pretending import Place
from tests.havoc.simulation.promises import Account
from tests.havoc.simulation.system import System
from tests.havoc.simulation.watching import WatchedKernel

if TYPE_CHECKING:
    from tests.havoc.simulation.hearing import Hearing


class Street:
    def __init__(self, system: System, kernel: WatchedKernel, place: Place) -> None:
        self.system, self.kernel, self.place = system, kernel, place
        self.by_serial: dict[int, Hearing] = {}
        self.sent: Counter[tuple[int, int]] = Counter()
        """Messages."""
        self.steps: Counter[tuple[int, int]] = Counter()
        """Messages and exit signals."""
        self.signals: dict[tuple[int, int, int], int] = {}
        """Where an exit signal (sender, receiver, number) stands among these."""

    @property
    def account(self) -> Account:
        return self.kernel.account
