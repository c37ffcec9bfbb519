"""Many cases, one after another, in one node; after one that does harm, in another node."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Final

import pytest

from otp import node
from tests.havoc.hostile_bytes.world import World

_ENOUGH: Final = 5
"""Cases that do harm, and no more of their kind are tried."""
_QUIET_EVERY: Final = 25

Case = Callable[[World], object]


class Trial:
    """`close` it in the end."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._patched = pytest.MonkeyPatch()
        self._base = tempfile.mkdtemp(prefix="otp-hostile-")
        self._patched.setenv("OTP_RUNTIME_DIR", self._base)

    def close(self) -> None:
        self._renew()
        self._patched.undo()
        shutil.rmtree(self._base)

    def run(
        self, cases: Iterator[tuple[str, Case]], until: float, most: int | None = None
    ) -> tuple[int, int]:
        """How many there were, and how many of them did harm. Each harm is printed."""
        lost = 0
        for count, (what, case) in enumerate(cases, 1):
            harm = self._one(case)
            last = monotonic() >= until or count == most
            if not harm and (last or count % _QUIET_EVERY == 0):
                harm = [] if self._world is None else self._world.busy()
            if harm:
                lost += 1
                print(f"{what[:2000]}\n    {'; '.join(harm)}", flush=True)
                self._renew()
            if last or lost == _ENOUGH:
                return count, lost
        raise AssertionError("there is always another case")

    def _one(self, case: Case) -> list[str]:
        self._world = self._world or World()
        return self._world.bears(case)

    def _renew(self) -> None:
        if self._world is not None:
            try:
                self._world.close()
            finally:
                node.stop()
                self._world = None
