"""What several files of unit tests begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from otp.runtime import outbox as module
from otp.wire.place import Place
from tests.unit.posting import Bench


@pytest.fixture
def bench(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(module, "_PATIENCE", 0.001)
    bench = Bench(place)
    yield bench
    bench.close()
