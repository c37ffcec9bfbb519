"""What several files of unit tests begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from otp.runtime import outbox as module
from otp.wire.place import Place
from tests.unit.posting import Bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(module, "_PATIENCE", 0.001)
    place = Place(str(tmp_path / "node"))
    place.make()
    bench = Bench(place)
    yield bench
    bench.close()
